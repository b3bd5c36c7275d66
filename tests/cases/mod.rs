//! Plays every story of this folder: see `harness.rs` for how they are written.

use std::path::Path;

use crate::harness::play;

/// Every case file comes out as it is written; each story in it says what it proves.
#[test]
fn stories() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| {
        file.extension().is_some_and(|e| e == "story") && (crate::WHOLE || !file.ends_with("whole.story"))
    });
    files.sort();
    assert!(!files.is_empty());
    for file in files {
        play(&file);
    }
}
