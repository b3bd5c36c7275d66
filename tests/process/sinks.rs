//! Files that cannot be written: full, where nothing can be made, and with no descriptor left. Whole batches stay, nothing half.

use std::fs;
use std::path::Path;

use tempfile::tempdir;

use super::{Done, run, shell, streamer};

/// Runs a script, in which `$0` is the program, in a directory.
fn sh(dir: &Path, script: &str, input: &[u8]) -> Done {
    run(shell(script).current_dir(dir), input)
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).expect("a directory");
    entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8")).collect()
}

/// A file can have 32 KiB, as if the disk were full then.
const LIMIT: &str = "ulimit -f 64; exec \"$0\"";

#[test]
#[cfg(target_os = "linux")]
fn on_a_full_disk_no_half_batch_is_left() {
    let dir = tempdir().expect("a directory");
    let input: String = (0..20_000).map(|n| format!("row {n:06}\n")).collect();
    fs::write(dir.path().join("out"), "whole\n").expect("written");
    let said = sh(dir.path(), &format!("{LIMIT} sort line --batch all --to out"), input.as_bytes()).failed(1);
    assert_eq!(said, "streamer: cannot write to out: file too large; the unfinished batch was taken back\n");
    let text = fs::read_to_string(dir.path().join("out")).expect("a file");
    let rows: Vec<&str> = text.strip_prefix("whole\n").expect("it stays").split_terminator('\n').collect();
    assert!(text.ends_with('\n') && rows.iter().all(|row| row.len() == 10), "rows are whole");
    let place = dir.path().join("files");
    fs::create_dir(&place).expect("a directory");
    let said = sh(&place, &format!("{LIMIT} sort line --batch all --to '{{batch}}.csv'"), input.as_bytes()).failed(1);
    assert_eq!(said, "streamer: cannot write to {batch}.csv: file too large\n");
    assert_eq!(names(&place), Vec::<String>::new());
}

#[test]
#[cfg(target_os = "linux")]
fn bad_records_on_a_full_disk_are_kept_whole() {
    let dir = tempdir().expect("a directory");
    let input: String = (0..20_000).map(|n| format!("bad {n:06}\n")).collect();
    let done = sh(dir.path(), &format!("{LIMIT} count --in json --batch all --bad bad"), input.as_bytes());
    let said = "streamer: cannot keep bad records in bad: file too large; the unfinished batch was taken back\n";
    assert!(done.status.code() == Some(1) && done.stderr.contains(said), "{}", done.stderr);
    let text = fs::read_to_string(dir.path().join("bad")).expect("a file");
    assert!(input.starts_with(&text) && (text.is_empty() || text.ends_with('\n')), "records are whole");
}

/// Even for who may do everything there are directories where nothing can be made.
#[test]
#[cfg(target_os = "linux")]
fn where_nothing_can_be_made_the_message_names_it() {
    for to in ["/proc/{batch}.csv", "/proc/out.csv"] {
        let said = run(streamer("count").args(["--to", to]), b"a\n").failed(1);
        assert!(said.starts_with(&format!("streamer: cannot write to {to}: ")) && said.lines().count() == 1, "{said}");
    }
}

/// However few descriptors there are: all of it or a message, and never a half file.
#[test]
#[cfg(target_os = "linux")]
fn without_descriptors_it_is_all_or_a_message() {
    let dir = tempdir().expect("a directory");
    fs::write(dir.path().join("in"), "a b a\n").expect("written");
    let (mut ran, mut refused) = (0, 0);
    for limit in 4..40 {
        let place = dir.path().join(format!("{limit}"));
        fs::create_dir(&place).expect("a directory");
        let script = format!("ulimit -n {limit}; exec \"$0\" --from ../in wordcount --to '{{batch}}.csv' --bad bad");
        let done = sh(&place, &script, b"");
        match done.status.code() {
            Some(0) => {
                ran += 1;
                assert_eq!(done.stderr, "", "{limit} descriptors");
                assert_eq!(fs::read_to_string(place.join("0.csv")).expect("a file"), "word,count\na,2\nb,1\n");
            }
            Some(1) => {
                refused += 1;
                assert!(done.stderr.contains("too many open files"), "{limit} descriptors: {}", done.stderr);
                assert!(
                    !done.stderr.contains("panicked") && !done.stderr.contains("internal error"),
                    "{}",
                    done.stderr
                );
                assert!(names(&place).iter().all(|name| name == "bad"), "{limit} descriptors: {:?}", names(&place));
            }
            // Then not even the libraries can be opened.
            status => assert!(status == Some(127) && limit < 6, "{limit} descriptors: {status:?} {}", done.stderr),
        }
    }
    assert!(ran > 0 && refused > 0, "{ran} ran, {refused} did not");
}
