//! What can be wrong: each thing has its clear message and its status, and nothing is lost silently.

use std::os::unix::net::UnixListener;

use super::{run, streamer};
use crate::harness::gz;

/// Fails with this status, and with one line that says all of this.
fn refused(words: &str, status: i32, says: &[&str]) {
    let said = run(&mut streamer(words), b"a\n").failed(status);
    assert!(said.starts_with("streamer: "), "{said}");
    for what in says {
        assert!(said.contains(what), "{words}: no `{what}` in {said}");
    }
    assert_eq!(said.lines().count(), if status == 2 { 2 } else { 1 }, "{said}");
}

#[test]
fn files_that_cannot_be_read() {
    let dir = tempfile::tempdir().expect("a directory");
    let at = |name: &str| dir.path().join(name).display().to_string();
    std::os::unix::fs::symlink(at("gone"), at("dangling")).expect("a link");
    std::os::unix::fs::symlink(at("loop"), at("loop")).expect("a link");
    let _socket = UnixListener::bind(at("socket")).expect("a socket");
    std::fs::write(at("file"), "").expect("written");
    for (name, found) in [
        ("missing", "no such file or directory"),
        ("dangling", "no such file or directory"),
        ("loop", "symbolic links"),
        ("socket", "no such device or address"),
        ("file/x", "not a directory"),
        ("", "it is a directory, not a file; to read the files in it: --from '"),
    ] {
        refused(&format!("count --from '{}'", at(name)), 1, &["cannot read ", &at(name), found]);
    }
    refused(&format!("count --from '{}'", at("*.log")), 1, &["no file matches ", "*.log"]);
    // One bad file among good ones is told before any of them is read.
    refused(&format!("grep '' --from {} --from {}", at("file"), at("missing")), 1, &["missing"]);
}

#[test]
fn a_directory_as_standard_input() {
    let mut command = streamer("count");
    let directory = std::fs::File::open("/").expect("a directory");
    let said = super::Live::start(command.stdin(directory)).wait().failed(1);
    assert!(said.contains("cannot read standard input: it is a directory"), "{said}");
}

#[test]
fn a_compressed_file_that_is_broken_is_an_error_after_what_could_be_read() {
    let dir = tempfile::tempdir().expect("a directory");
    let text = super::input::text(2000);
    let zst = zstd::encode_all(&text[..], 1).expect("memory");
    for (name, bytes) in [("cut.gz", gz(&text)), ("cut.zst", zst)] {
        let path = dir.path().join(name);
        std::fs::write(&path, &bytes[..bytes.len() / 2]).expect("written");
        let done = run(streamer("grep '' --from").arg(&path), b"");
        assert_eq!(done.status.code(), Some(1), "{name}");
        assert!(done.stderr.contains(name) && done.stderr.lines().count() == 1, "{}", done.stderr);
        assert!(text.starts_with(done.stdout.strip_suffix(b"\n").unwrap_or_default()), "{name}");
    }
}

#[test]
fn sinks_that_cannot_be_written() {
    let dir = tempfile::tempdir().expect("a directory");
    let dir = dir.path().display();
    refused(&format!("count --to {dir}"), 1, &["cannot write to ", "it is a directory"]);
    refused(&format!("count --to {dir}/no/out"), 1, &["cannot write to ", "no, make it first"]);
    refused(&format!("count --to '{dir}/no/{{end}}.csv'"), 1, &["cannot write to ", "no, make it first"]);
    refused(&format!("count --stats {dir}/no/out"), 1, &["cannot write statistics to "]);
}

#[test]
fn commands_that_make_no_sense() {
    refused("wordcount --batch 5", 2, &["--batch 5", "durations need a unit", "5s"]);
    refused("wordcount --max-record 5", 2, &["--max-record 5", "sizes need a unit"]);
    refused("wordcuont", 2, &["wordcuont", "did you mean `wordcount`"]);
    refused("words then tpo 5 word", 2, &["tpo", "did you mean `top`"]);
    refused("top 5 nothing", 2, &["there is no column `nothing` here", "line"]);
    refused("wordcount then top 5 cuont", 2, &["cuont", "did you mean count"]);
    refused("count --by lien", 2, &["lien", "did you mean line"]);
    refused("count f.txt", 2, &["to read a file", "--from f.txt"]);
    refused("count --batch 1s --batch 2s", 2, &["--batch", "1s", "2s"]);
    let said = run(&mut streamer("grep '('"), b"a\n").failed(2);
    assert!(said.contains("unclosed group") && said.contains("grep -F '('"), "{said}");
    refused("count --from tcp://localhost", 2, &["tcp://"]);
    refused("count --out nonsense", 2, &["nonsense", "text"]);
    refused("count --tz Mars", 2, &["Mars"]);
    refused("count --batches 0", 2, &["--batches"]);
    refused("count --shards 0", 2, &["--shards"]);
}

#[test]
fn a_record_over_the_limit_is_told_or_refused() {
    let input = b"a\nlonger than that\nb";
    let told = run(&mut streamer("grep '' --max-record 9B"), input);
    assert_eq!((told.status.code(), told.text().as_str()), (Some(0), "a\nb\n"));
    assert!(told.stderr.contains("line 2: a record of 16 bytes is longer than --max-record (9 bytes)"));
    let strict = run(&mut streamer("grep '' --max-record 9B --strict"), input);
    assert_eq!(strict.status.code(), Some(1));
    assert!(strict.stderr.contains("line 2") && strict.stderr.contains("without --strict"), "{}", strict.stderr);
    // At the very end of the input, and exactly at the limit.
    let last = run(&mut streamer("count --batch all --max-record 9B"), b"a\nlonger than that");
    assert_eq!((last.text().as_str(), last.stderr.lines().count()), ("1\n", 1));
    assert_eq!(run(&mut streamer("grep '' --max-record 9B"), b"123456789\n12345678\n").ok(), "123456789\n12345678\n");
    assert_eq!(run(&mut streamer("grep '' --max-record 9B"), b"123456789").ok(), "123456789\n");
}

/// Bytes that are no text are counted like any others.
#[test]
fn odd_bytes_are_words_too() {
    let done = run(&mut streamer("wordcount --batch all"), b"\xff\xfe a\0b\n\xff\xfe \xc3\x28\na\0b");
    assert_eq!(done.stdout, b"a\0b\t2\n\xc3\x28\t1\n\xff\xfe\t2\n");
    assert_eq!((done.status.code(), done.stderr.as_str()), (Some(0), ""));
}
