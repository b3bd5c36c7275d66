//! Every example of a help text is true: it is run, and gives what the help shows.

use std::path::Path;

use streamer::cli::guide;
use streamer::operators::{Example, REGISTRY};

use crate::harness::run;

/// A file that an example names stands in the folder `examples`.
fn check(owner: &str, example: &Example) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/examples");
    let place = |word: &str| match folder.join(word) {
        file if file.is_file() => file.display().to_string(),
        _ => word.to_string(),
    };
    let command: Vec<String> = example.command.split(' ').map(place).collect();
    let (status, stdout, stderr) = run(&command.join(" "), example.input.as_bytes());
    let stdout = String::from_utf8(stdout).unwrap();
    assert_eq!(stdout, example.output, "{owner}: {}\nstderr: {stderr}", example.command);
    assert_eq!(status, 0, "{owner}: {}\nstderr: {stderr}", example.command);
}

/// Those of the operators; every operator has one.
#[test]
fn examples_of_operators() {
    for entry in REGISTRY {
        assert!(!entry.examples.is_empty(), "{} has no example", entry.name);
        entry.examples.iter().for_each(|example| check(entry.name, example));
    }
}

/// Those of the main help.
#[test]
fn examples_of_the_main_help() {
    guide::EXAMPLES.iter().for_each(|example| check("streamer", example));
}
