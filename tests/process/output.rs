//! Where bytes go: full, closed, and appearing by rename; exit statuses; nothing anywhere else.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::Signal;

use super::{Live, Tap, run, shell, streamer};

const FORMATS: [&str; 6] = ["text", "csv", "tsv", "json", "table", "spark"];

fn full() -> File {
    File::options().write(true).open("/dev/full").expect("/dev/full")
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_a_failure_also_at_the_last_flush() {
    const FULL: &str = "streamer: cannot write to standard output: no space left on device\n";
    for out in FORMATS {
        for chain in ["wordcount", "words", "head 1", "wordcount --batch 20ms"] {
            let done = run(streamer(&format!("{chain} --out {out}")).stdout(full()), b"a b a\n");
            assert_eq!(done.failed(1), FULL, "{chain} --out {out}");
        }
        let to_file = run(&mut streamer(&format!("wordcount --out {out} --to /dev/full")), b"a b a\n");
        assert_eq!(to_file.failed(1), "streamer: cannot write to /dev/full: no space left on device\n", "{out}");
    }
    for words in ["--version", "--help", "-h", "top --help", "wordcount --explain"] {
        assert_eq!(run(streamer(words).stdout(full()), b"").failed(1), FULL, "{words}");
    }
    let header = run(streamer("words --out csv").stdout(full()), b"");
    assert_eq!(header.failed(1), FULL, "a header alone");
    let stats = run(&mut streamer("words --stats /dev/full"), b"");
    assert_eq!(stats.failed(1), "streamer: cannot write statistics to /dev/full: no space left on device\n");
}

/// `yes | streamer … | head -1`: the first row, silence, 0; and `yes` is not held up either.
#[test]
fn a_closed_stdout_is_a_quiet_end() {
    for words in ["grep y", "wordcount --batch 20ms --time none", "words --out json", "words --out csv --batch 10lines"]
    {
        let mut yes = Command::new("yes").stdout(Stdio::piped()).spawn().expect("yes");
        let mut child = streamer(words).stdin(yes.stdout.take().expect("a pipe")).spawn().expect("it starts");
        let mut rows = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut first = String::new();
        rows.read_line(&mut first).expect("a row");
        assert!(first.contains('y') || first == "word\n", "{first}");
        let live = Live::started(child, Tap::on(std::io::empty()));
        drop(rows);
        assert_eq!(live.wait().ok(), "", "{words}");
        let ended = Live::started(yes, Tap::on(std::io::empty())).wait();
        assert!(!ended.status.success(), "SIGPIPE");
    }
    let help = run(&mut shell("\"$0\" --help | true"), b"");
    assert_eq!(help.ok(), "");
}

/// Also while nothing arrives: the next batch shows it.
#[test]
fn a_stdout_that_closes_while_the_input_is_silent_ends_the_run() {
    let mut child = streamer("count --batch 20ms --time none").stdin(Stdio::piped()).spawn().expect("it starts");
    let mut rows = BufReader::new(child.stdout.take().expect("a pipe"));
    rows.read_line(&mut String::new()).expect("a row");
    let mut live = Live::started(child, Tap::on(std::io::empty()));
    let silent = live.stdin.take();
    drop(rows);
    assert_eq!(live.wait().ok(), "");
    drop(silent);
}

#[test]
#[cfg(target_os = "linux")]
fn a_closed_or_full_stderr_hurts_nothing() {
    let input = [&b"a\n"[..], &[b'x'; 99], b"\nb\n"].concat();
    for redirection in ["2>&-", "2>/dev/full"] {
        for options in ["--max-record 9B", "--max-record 9B --verbose", "--batch 20ms --max-record 9B"] {
            let done = run(&mut shell(&format!("exec \"$0\" grep '' {options} {redirection}")), &input);
            assert_eq!(done.ok(), "a\nb\n", "{options} {redirection}");
        }
        // An error that nobody can be told of still has its status.
        assert_eq!(run(&mut shell(&format!("exec \"$0\" nonsense {redirection}")), b"").failed(2), "");
        assert_eq!(run(&mut shell(&format!("exec \"$0\" count --from /no {redirection}")), b"").failed(1), "");
    }
    // With both closed, what is opened later must not be taken for either of them.
    let dir = tempfile::tempdir().expect("a directory");
    let script = "exec \"$0\" grep '' --max-record 9B --to out --to - --stats stats <in >&- 2>&-";
    std::fs::write(dir.path().join("in"), &input).expect("written");
    run(shell(script).current_dir(dir.path()), b"");
    assert_eq!(std::fs::read_to_string(dir.path().join("out")).expect("a file"), "a\nb\n");
    assert_eq!(std::fs::read_to_string(dir.path().join("stats")).expect("a file").lines().count(), 1);
}

#[test]
fn results_go_to_stdout_and_words_to_stderr_unless_quiet() {
    let input = [&b"a\n"[..], &[b'x'; 99], b"\nb\n"].concat();
    let bad = "streamer: standard input, line 2: a record of 99 bytes is longer than --max-record (9 bytes); \
               it is left out\n";
    let done = run(&mut streamer("grep '' --max-record 9B"), &input);
    assert_eq!((done.status.code(), done.text().as_str(), done.stderr.as_str()), (Some(0), "a\nb\n", bad));
    assert_eq!(run(&mut streamer("grep '' --max-record 9B -q"), &input).ok(), "a\nb\n");
    let verbose = run(&mut streamer("grep '' --verbose"), b"a\n");
    assert_eq!(verbose.text(), "a\n");
    assert!(verbose.stderr.starts_with("streamer: batch 0 of "), "{}", verbose.stderr);
    // Errors are never silenced.
    assert!(run(&mut streamer("-q count --from /no/such"), b"").failed(1).contains("/no/such"));
    assert!(run(&mut streamer("-q nonsense"), b"").failed(2).contains("nonsense"));
}

#[test]
fn help_and_version_are_results() {
    let version = run(&mut streamer("--version"), b"").ok();
    assert_eq!((version.lines().count(), version.starts_with("streamer ")), (1, true), "{version}");
    for words in ["--help", "-h", "top --help", "wordcount then top -h"] {
        assert!(run(&mut streamer(words), b"").ok().contains("Usage: "), "{words}");
    }
    assert!(run(&mut streamer("--no-such-option"), b"").failed(2).ends_with("see: streamer --help\n"));
    assert!(run(&mut streamer(""), b"").failed(2).ends_with("see: streamer --help\n"));
}

#[test]
fn dash_is_stdout_beside_a_file() {
    let dir = tempfile::tempdir().expect("a directory");
    let out = dir.path().join("out");
    assert_eq!(run(streamer("words --to - --to").arg(&out), b"a b\n").ok(), "a\nb\n");
    assert_eq!(std::fs::read_to_string(&out).expect("a file"), "a\nb\n");
}

/// Everything in a directory that does not hide itself.
fn visible(dir: &Path) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(dir).expect("a directory").map(|entry| entry.expect("an entry"));
    let named = entries.map(|e| (e.file_name().into_string().expect("UTF-8"), e.path()));
    let mut files: Vec<_> = named.filter(|(name, _)| !name.starts_with('.')).collect();
    files.sort();
    files.into_iter().map(|(name, path)| (name, std::fs::read_to_string(path).expect("a file"))).collect()
}

/// The rows of the open batch are on stdout already, and no file shows before its batch has ended.
#[test]
fn a_file_per_batch_is_whole_or_not_there() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut command = streamer("grep . --batch 3lines --to '{batch}.txt' --to -");
    let mut live = Live::start(command.current_dir(dir.path()).stdin(Stdio::piped()));
    let seen = |text: &str| if text == "0.txt" { "1\n2\n3\n" } else { "4\n5\n6\n" };
    for row in 1..=7 {
        live.write(format!("{row}\n").as_bytes());
        live.stdout.until_text(&format!("{row}\n"));
        for (name, text) in visible(dir.path()) {
            assert_eq!(text, seen(&name), "{name} after row {row}");
        }
        assert!(visible(dir.path()).len() <= row / 3);
    }
    // A run that is killed leaves nothing half written under a name that counts.
    live.signal(Signal::KILL);
    live.wait();
    let names: Vec<_> = visible(dir.path()).into_iter().map(|file| file.0).collect();
    assert_eq!(names, ["0.txt", "1.txt"]);
}

/// A file that is named by a time that only its end tells holds nobody up: rows stream beside it.
#[test]
fn a_file_named_by_its_end_does_not_hold_the_rows() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut command = streamer("grep . --batch all --to '{end}.txt' --to -");
    let mut live = Live::start(command.current_dir(dir.path()).stdin(Stdio::piped()));
    live.write(b"one\n");
    live.stdout.until_text("one\n");
    assert_eq!(visible(dir.path()), []);
    assert_eq!(live.end().ok(), "one\n");
    let files = visible(dir.path());
    assert_eq!((files.len(), files[0].1.as_str()), (1, "one\n"));
    assert!(files[0].0.starts_with("20") && files[0].0.ends_with("Z.txt"), "{}", files[0].0);
}

#[test]
fn nothing_is_written_where_nobody_asked_for_it() {
    let (dir, home) = (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    let around = |words: &str| {
        let mut command = streamer(words);
        command.current_dir(dir.path());
        for name in ["HOME", "TMPDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"] {
            command.env(name, home.path());
        }
        run(&mut command, &super::input::text(2000))
    };
    assert!(around("wordcount --batch 20ms --time none").status.success());
    assert!(around("words then sort word then pipe -- cat").status.success());
    assert!(around("nonsense").status.code() == Some(2));
    assert_eq!(visible(dir.path()), []);
    assert_eq!(around("words then head 1 then tee tee.txt --to out.txt --stats /dev/null").ok(), "");
    let names: Vec<_> =
        std::fs::read_dir(dir.path()).expect("a directory").map(|e| e.expect("an entry").file_name()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert_eq!(std::fs::read_dir(home.path()).expect("a directory").count(), 0);
}

#[test]
fn the_exit_status_tells_a_failure_from_a_wrong_command_and_from_no_rows() {
    let status = |words: &str, input: &[u8]| run(&mut streamer(words), input).status.code();
    assert_eq!(status("grep nothing", b"a\n"), Some(0), "no rows are no failure");
    assert_eq!(status("count --from /no/such/file", b""), Some(1), "a source");
    assert_eq!(status("count --to /no/such/dir/file", b""), Some(1), "a sink");
    assert_eq!(status("grep . --max-record 1B --strict", b"ab\n"), Some(1), "a bad record where none may be");
    assert_eq!(status("grep . --max-record 1B", b"ab\n"), Some(0), "a bad record");
    for usage in
        ["grep", "count --by", "count --no", "nonsense", "count then", "then count", "top x line", "count f.txt"]
    {
        assert_eq!(status(usage, b""), Some(2), "{usage}");
    }
}
