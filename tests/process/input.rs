//! Where bytes come from, and that all of them arrive as they were.

use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{Live, Tap, run, shell, streamer, sums};
use crate::harness::gz;

const TEXT: &[u8] = b"b a\n\nb c b\nlast";
const COUNTS: &str = "a\t1\nb\t3\nc\t1\nlast\t1\n";

/// A named pipe in a directory.
fn fifo(dir: &Path) -> std::path::PathBuf {
    let path = dir.join("fifo");
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, 0o600.into(), 0).expect("a fifo");
    path
}

#[test]
fn the_same_bytes_give_the_same_rows_from_a_pipe_a_file_and_a_socket() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("text");
    std::fs::write(&path, TEXT).expect("written");
    let command = || streamer("wordcount --batch all");
    assert_eq!(run(&mut command(), TEXT).ok(), COUNTS, "a pipe");
    let file = File::open(&path).expect("a file");
    assert_eq!(Live::start(command().stdin(file)).wait().ok(), COUNTS, "a file");
    assert_eq!(run(streamer("wordcount --from").arg(&path), b"").ok(), COUNTS, "a path");
    assert_eq!(run(streamer("wordcount --batch all --from -").stdin(Stdio::null()), TEXT).ok(), COUNTS, "-");
    let (ours, theirs) = UnixStream::pair().expect("sockets");
    let live = Live::start(command().stdin(OwnedFd::from(theirs)));
    (&ours).write_all(TEXT).expect("it reads");
    drop(ours);
    assert_eq!(live.wait().ok(), COUNTS, "a socket");
}

#[test]
fn a_file_as_standard_input_is_one_batch_and_a_pipe_is_cut_each_second() {
    let command = || streamer("count --explain");
    let batches = |said: String| said.lines().find_map(|line| line.strip_prefix("batches  ").map(String::from));
    let file = tempfile::tempfile().expect("a file");
    let explained = Live::start(command().stdin(file)).wait().ok();
    assert_eq!(batches(explained).as_deref(), Some("one, at the end of the input"));
    assert_eq!(batches(run(&mut command(), b"").ok()).as_deref(), Some("every 1s"));
}

#[test]
fn neither_environment_nor_terminal_nor_session_is_needed() {
    let program = assert_cmd::cargo::cargo_bin!("streamer");
    for wrapper in [&["env", "-i"][..], &["setsid"], &["setsid", "env", "-i"]] {
        let mut command = Command::new(wrapper[0]);
        command.args(&wrapper[1..]).arg(program).args(["wordcount", "--batch", "all"]);
        let done = run(command.stdout(Stdio::piped()).stderr(Stdio::piped()), TEXT);
        assert_eq!(done.ok(), COUNTS, "{wrapper:?}");
    }
}

#[test]
fn an_empty_input_is_an_input() {
    for chain in ["wordcount", "count", "count --batch all", "grep x"] {
        let expected = if chain.starts_with("count") { "0\n" } else { "" };
        assert_eq!(Live::start(&mut streamer(chain)).wait().ok(), expected, "/dev/null: {chain}");
        assert_eq!(run(&mut streamer(chain), b"").ok(), expected, "an empty pipe: {chain}");
        let closed = Live::start(&mut shell(&format!("exec \"$0\" {chain} <&-"))).wait();
        assert_eq!(closed.ok(), expected, "closed: {chain}");
    }
}

#[test]
fn a_row_comes_while_the_writer_of_a_fifo_waits() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = fifo(dir.path());
    let count = "count --by $1 --batch 50ms --time none";
    for (chain, row) in [("grep .", "one\n"), (count, "one\t1\n"), ("words --batch all", "one\n")] {
        for by_path in [true, false] {
            let mut command = streamer(chain);
            // Opened for both sides, so that it neither waits for a reader nor ends before one comes.
            let mut writer = File::options().read(true).write(true).open(&path).expect("a fifo");
            match by_path {
                true => command.arg("--from").arg(&path),
                false => command.stdin(File::open(&path).expect("a fifo")),
            };
            let live = Live::start(&mut command);
            drop(command);
            writer.write_all(b"one\n").expect("room");
            live.stdout.until("row", |rows| rows == row.as_bytes());
            drop(writer);
            assert_eq!(live.wait().ok(), row, "{chain}");
        }
    }
}

/// The real timer, on an input that never says a word.
#[test]
fn a_silent_input_still_gives_its_batches() {
    let mut live = Live::start(streamer("count --batch 50ms --time none --batches 3").stdin(Stdio::piped()));
    let silent = live.stdin.take();
    assert_eq!(live.wait().ok(), "0\n0\n0\n");
    drop(silent);
}

#[test]
fn every_byte_survives() {
    let odd = b"\xef\xbb\xbfbom\n\0\xff\xfe\r\n\n\n\xf0\x9f\x98\n\x1b[2J\t \nlast";
    let all: Vec<u8> = (0..=255).collect();
    for bytes in [&odd[..], &all] {
        for chain in ["grep ''", "grep '' --batch 2lines", "head 99", "pipe -- cat", "grep -v nothing then tail 99"] {
            let done = run(&mut streamer(chain), bytes);
            assert_eq!(done.stdout, [bytes, b"\n"].concat(), "{chain}, with the last newline");
            assert_eq!((done.status.code(), done.stderr.as_str()), (Some(0), ""));
        }
    }
}

#[test]
fn names_that_find_prints_end_in_nul() {
    let dir = tempfile::tempdir().expect("a directory");
    for name in ["a b", "a\nb", "c"] {
        File::create(dir.path().join(name)).expect("a file");
    }
    let script = "find . -type f -print0 | \"$0\" -0 grep '^\\./a' then count";
    assert_eq!(run(shell(script).current_dir(dir.path()), b"").ok(), "2\n");
    let script = "find . -type f -print0 | \"$0\" -0 grep -v . then count";
    assert_eq!(run(shell(script).current_dir(dir.path()), b"").ok(), "0\n");
}

/// Enough text for many blocks, with words of many lengths.
pub fn text(lines: usize) -> Vec<u8> {
    let mut text = Vec::new();
    for line in 0..lines {
        let _ = writeln!(text, "w{} w{} {}  w{line}x", line % 7, line % 1013, "long".repeat(line % 5));
    }
    text
}

/// Counted word by word, as a person would.
pub fn counts(text: &[u8]) -> std::collections::BTreeMap<String, u64> {
    let mut counts = std::collections::BTreeMap::new();
    for word in std::str::from_utf8(text).expect("UTF-8").split_ascii_whitespace() {
        *counts.entry(word.to_string()).or_default() += 1;
    }
    counts
}

#[test]
fn one_shard_gives_what_eight_give_twenty_times() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("text");
    std::fs::write(&path, text(20_000)).expect("written");
    for chain in ["wordcount", "words then distinct", "words then count --by word then top 50 count"] {
        let bytes = |shards: usize, piped: bool| {
            let mut command = streamer(&format!("{chain} --batch all --shards {shards}"));
            match piped {
                true => command.stdin(File::open(&path).expect("a file")),
                false => command.arg("--from").arg(&path),
            };
            Live::start(&mut command).wait().ok()
        };
        let one = bytes(1, false);
        assert!(one.lines().count() >= 50);
        for run in 0..20 {
            assert!(bytes(8, run % 2 == 0) == one, "{chain}, run {run}");
        }
    }
}

#[test]
fn no_locale_changes_a_byte() {
    let input = "ä 2\nZ 10\na 9\nB 1234567\nÄ 3\n";
    for chain in ["sort line", "sort '$2:desc'", "wordcount --out json", "count --out csv --batch 2lines"] {
        let plain = run(streamer(chain).env("LC_ALL", "C"), input.as_bytes()).ok();
        for locale in ["de_DE.UTF-8", "tr_TR.UTF-8", "en_US.UTF-8", "nonsense"] {
            let found = run(streamer(chain).env("LC_ALL", locale).env("LANG", locale), input.as_bytes());
            assert_eq!(found.ok(), plain, "{chain} in {locale}");
        }
    }
    assert_eq!(run(&mut streamer("sort line --batch all"), input.as_bytes()).ok(), "B 1234567\nZ 10\na 9\nÄ 3\nä 2\n");
}

/// Compressed files are known by their content, and a glob takes all of them: every word once.
#[test]
fn every_word_of_compressed_and_plain_files_is_counted_once() {
    let dir = tempfile::tempdir().expect("a directory");
    let text = text(30_000);
    let third = text.len() / 3;
    // Cut anywhere, also in a word: then the parts are counted apart.
    let parts = [&text[..third], &text[third..2 * third], &text[2 * third..]];
    let half = parts[1].len() / 2;
    let frames = [&parts[1][..half], &parts[1][half..]].map(|part| zstd::encode_all(part, 1).expect("memory"));
    for (name, bytes) in [("1.log", gz(parts[0])), ("2.log.zst", frames.concat()), ("3.log", parts[2].to_vec())] {
        std::fs::write(dir.path().join(name), bytes).expect("written");
    }
    let mut expected = std::collections::BTreeMap::new();
    for (word, count) in parts.iter().flat_map(|part| counts(part)) {
        *expected.entry(word).or_default() += count;
    }
    for cut in ["all", "1000lines", "20ms"] {
        let words = format!("wordcount --batch {cut} --time none --from '{}/*.log*'", dir.path().display());
        let found = run(&mut streamer(&words), b"").ok();
        assert!(sums(found.as_bytes()) == expected, "--batch {cut}");
    }
}

/// Several sources at once, live and files: their union.
#[test]
fn sources_of_all_kinds_are_counted_together() {
    let dir = tempfile::tempdir().expect("a directory");
    let (path, gate) = (dir.path().join("text"), fifo(dir.path()));
    std::fs::write(&path, text(1000)).expect("written");
    let words =
        format!("wordcount --batch 20ms --time none --from {} --from - --from {}", path.display(), gate.display());
    let mut live = Live::start(streamer(&format!("{words} --from 'exec:echo child child'")).stdin(Stdio::piped()));
    let mut writer = File::options().read(true).write(true).open(&gate).expect("a fifo");
    writer.write_all(b"fifo\n").expect("room");
    live.write(b"pipe\npi");
    live.stdout.until_text("fifo\t1\n");
    live.write(b"pe");
    drop(writer);
    let found = live.end().ok();
    let mut expected = counts(&text(1000));
    expected.extend([("fifo".to_string(), 1), ("pipe".to_string(), 2), ("child".to_string(), 2)]);
    assert_eq!(sums(found.as_bytes()), expected);
}

/// A tap on nothing ends at once: the helper itself does not hang.
#[test]
fn a_stream_that_ends_is_seen_to_end() {
    assert_eq!(Tap::on(&b"x"[..]).end(), b"x");
}
