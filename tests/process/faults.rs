//! What may go wrong around a run with a checkpoint: no memory, a full disk, a sink that fails or blocks, a process that is
//! stopped. It ends with a sentence, and the run that goes on makes up for it.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::tempdir;

use super::{Done, Live, proc_status, run, shell, streamer, sums, until};

/// Runs a script, in which `$0` is the program, in a directory.
fn sh(dir: &Path, script: &str) -> Done {
    run(shell(script).current_dir(dir), b"")
}

/// Many keys, each of them once, and so many bytes longer than need be.
fn keys(dir: &Path, count: usize, longer: usize) {
    let text: String = (0..count).map(|key| format!("key{}{key:07}\n", "-".repeat(longer))).collect();
    fs::write(dir.join("keys"), text).unwrap();
}

/// More keys than memory: a sentence and status 1, and with more memory the run goes on to what it would have been.
#[test]
#[cfg(target_os = "linux")]
fn without_memory_a_run_ends_with_a_sentence_and_goes_on_with_more() {
    let dir = tempdir().unwrap();
    keys(dir.path(), 100_000, 1000);
    let job = |limit: &str, more: &str| {
        let chain = "window all --emit changed then count --by line then filter 'count > 1 OR line LIKE \"%999\"'";
        sh(dir.path(), &format!("{limit} exec \"$0\" --shards 1 --from keys --batch 5000lines {more} {chain}"))
    };
    let whole = job("", "").ok();
    let mut short = 0;
    for limit in (100..400).step_by(20) {
        let done = job(&format!("ulimit -v {limit}000;"), "--checkpoint state --to out");
        match done.status.code() {
            Some(0) => break,
            // Not even the libraries, or a thread, could be loaded.
            Some(127) => continue,
            Some(1) => {}
            status => panic!("status {status:?} with {limit} MB: {}", done.stderr),
        }
        assert!(!done.stderr.contains("panicked") && !done.stderr.contains("internal error"), "{}", done.stderr);
        short += usize::from(done.stderr.contains("streamer: out of memory: the system gives no further"));
    }
    assert!(short > 0, "it never ran out of memory");
    job("", "--checkpoint state --to out").ok();
    assert_eq!(fs::read_to_string(dir.path().join("out")).unwrap_or_default(), whole);
}

/// The disk is full under the checkpoint, at whatever size of its files: once there is room the run goes on.
#[test]
fn a_full_disk_under_the_checkpoint_loses_nothing() {
    let dir = tempdir().unwrap();
    keys(dir.path(), 4000, 0);
    let job = |limit: &str, more: &str| {
        let chain = "window all --emit changed then count --by line";
        sh(dir.path(), &format!("{limit} exec \"$0\" --from keys --batch 500lines {more} {chain}"))
    };
    let whole = job("", "").ok();
    let (mut out, mut refused) = (String::new(), 0);
    for blocks in [0, 2, 8, 20, 40, 80] {
        let done = job(&format!("ulimit -f {blocks};"), "--checkpoint state");
        refused += usize::from(done.status.code() == Some(1));
        let said = &done.stderr;
        assert!(said.is_empty() || said.contains("checkpoint") && said.contains("file too large"), "{blocks}: {said}");
        out += &done.text();
    }
    assert!(refused > 1, "{refused}");
    let done = job("", "--checkpoint state");
    assert_eq!(done.status.code(), Some(0), "{}", done.stderr);
    out += &done.text();
    // Standard output cannot be taken back: a batch may come twice.
    let sorted = |text: &str| text.lines().map(String::from).collect::<std::collections::BTreeSet<_>>();
    assert!(sorted(&out) == sorted(&whole), "{} rows of {}", sorted(&out).len(), whole.lines().count());
}

/// The same under the journal: what stood in it before is not lost.
#[test]
fn a_full_disk_under_the_journal_is_said() {
    let dir = tempdir().unwrap();
    let words = "--batch 1h --checkpoint state --journal count --by '$1'";
    let script = format!("ulimit -f 64; exec \"$0\" {words}");
    let mut live = Live::start(shell(&script).current_dir(dir.path()).stdin(Stdio::piped()));
    live.write(b"kept\n");
    let journal = || fs::read(dir.path().join("state/journal-0")).ok().filter(|bytes| bytes.ends_with(b"kept\n"));
    until("journal", journal);
    let mut stdin = live.stdin.take().unwrap();
    let _ = std::io::Write::write_all(&mut stdin, &b"lost\n".repeat(100_000));
    let done = live.wait();
    assert_eq!(done.status.code(), Some(1), "{}", done.stderr);
    assert!(done.stderr.contains("journal") && done.stderr.contains("file too large"), "{}", done.stderr);
    let next = run(streamer(words).current_dir(dir.path()), b"");
    assert_eq!(next.status.code(), Some(0), "{}", next.stderr);
    let counted = [&done.stdout[..], &next.stdout].concat();
    assert_eq!(sums(&counted).get("kept"), Some(&1), "in the batch that the run has ended with, or in the next run");
}

/// A command that fails in mid-run ends it; the run that goes on tells the command which batch it may have had.
#[test]
fn a_sink_that_fails_gets_its_batch_again() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("in"), (0..50).map(|n| format!("line {n}\n")).collect::<String>()).unwrap();
    let script = "cat > got.$STREAMER_BATCH.$STREAMER_REDO; [ -e mended ] || [ $STREAMER_BATCH != 3 ]";
    let job = || {
        let words = format!("--from in --batch 10lines --checkpoint state --to 'exec:sh -c \"{script}\"' grep line");
        run(streamer(&words).current_dir(dir.path()), b"")
    };
    let said = job().failed(1);
    assert!(said.contains("failed with exit status 1"), "{said}");
    fs::write(dir.path().join("mended"), "").unwrap();
    let done = job();
    assert_eq!(done.status.code(), Some(0), "{}", done.stderr);
    let mut got: Vec<String> = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("got."))
        .collect();
    got.sort();
    assert_eq!(got, ["got.0.0", "got.1.0", "got.2.0", "got.3.0", "got.3.1", "got.4.0"]);
    let read = |name: &str| fs::read_to_string(dir.path().join(name)).unwrap();
    assert_eq!(read("got.3.1"), read("got.3.0"));
    assert_eq!(read("got.4.0").lines().last(), Some("line 49"));
}

/// A sink that takes nothing holds the reader back, memory stays what it is; killed then, nothing is lost.
#[test]
#[cfg(target_os = "linux")]
fn a_sink_that_blocks_holds_the_reader_back_and_loses_nothing() {
    let dir = tempdir().unwrap();
    let text: String =
        (0..300_000).map(|n| format!("line {n} with something behind it, so that it takes room\n")).collect();
    fs::write(dir.path().join("in"), &text).unwrap();
    let blocks = "exec:sh -c \"echo \\$\\$ > begun; exec sleep 1000\"";
    let words = |to: &str| format!("--from in --batch 1000lines --checkpoint state --to '{to}' grep line");
    let live = Live::start(streamer(&words(blocks)).current_dir(dir.path()));
    let begun = || fs::read_to_string(dir.path().join("begun")).ok()?.trim().parse().ok().and_then(Pid::from_raw);
    let sink = until("sink", begun);
    assert!(super::peak_memory(live.pid) < 600 << 20, "{}", proc_status(live.pid, "VmHWM"));
    live.signal(Signal::KILL);
    // It holds our pipes open.
    kill_process(sink, Signal::KILL).unwrap();
    live.wait();
    let done = run(streamer(&words("out")).current_dir(dir.path()), b"");
    assert_eq!(done.status.code(), Some(0), "{}", done.stderr);
    assert!(fs::read_to_string(dir.path().join("out")).unwrap() == text, "the file differs");
}

/// Stopped and continued: what came meanwhile is there, and times go on.
#[test]
#[cfg(target_os = "linux")]
fn a_process_that_is_stopped_goes_on_where_it_was() {
    let dir = tempdir().unwrap();
    let words = "--batch 20ms --checkpoint state --journal count";
    let mut live = Live::start(streamer(words).current_dir(dir.path()).stdin(Stdio::piped()));
    live.write(b"a\nb\n");
    let counted = |bytes: &[u8]| -> u64 {
        let text = std::str::from_utf8(bytes).unwrap();
        text.lines().filter_map(|row| row.split('\t').nth(1)?.parse::<u64>().ok()).sum()
    };
    live.stdout.until("the first lines", |rows| rows.ends_with(b"\n") && counted(rows) == 2);
    live.signal(Signal::STOP);
    until("stop", || proc_status(live.pid, "State").starts_with('T').then_some(()));
    live.write(b"c\nd\ne\n");
    live.signal(Signal::CONT);
    live.stdout.until("the other lines", |rows| rows.ends_with(b"\n") && counted(rows) == 5);
    let done = live.end();
    assert_eq!((done.status.code(), counted(&done.stdout)), (Some(0), 5), "{}", done.stderr);
    let text = done.text();
    let times: Vec<&str> = text.lines().map(|row| row.split('\t').next().unwrap()).collect();
    assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "{times:?}");
}

/// Where a checkpoint cannot be, the message names the place and the reason, before anything is read or written.
#[test]
#[cfg(target_os = "linux")]
fn a_checkpoint_that_cannot_be_made_is_said_at_once() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("in"), "a\n").unwrap();
    for place in ["in/state", "/proc/state", "in"] {
        let words = format!("--from in --checkpoint {place} --to out count");
        let said = run(streamer(&words).current_dir(dir.path()), b"").failed(1);
        assert!(said.contains(place) && said.contains("checkpoint") && said.lines().count() == 1, "{said}");
        assert!(!dir.path().join("out").exists());
    }
}

/// A descriptor too few, at whatever place: all of it or a sentence; with enough of them the run goes on.
#[test]
#[cfg(target_os = "linux")]
fn without_descriptors_a_checkpoint_loses_nothing() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("in"), "a b a\n".repeat(100)).unwrap();
    let job = |limit: &str| {
        let words = "--from in --batch 10lines --checkpoint state --to '{batch}.csv' wordcount";
        sh(dir.path(), &format!("{limit} exec \"$0\" {words}"))
    };
    let mut refused = 0;
    for limit in 6..40 {
        let done = job(&format!("ulimit -n {limit};"));
        match done.status.code() {
            Some(0) => break,
            Some(1) => {
                refused += 1;
                assert!(done.stderr.contains("too many open files"), "{limit} descriptors: {}", done.stderr);
            }
            status => assert_eq!(status, Some(127), "{limit} descriptors: {}", done.stderr),
        }
    }
    assert!(refused > 0);
    assert_eq!(job("").status.code(), Some(0));
    let paths = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<_> = paths.filter(|path| path.extension().is_some()).collect();
    assert_eq!(files.len(), 10, "{files:?}");
    for file in files {
        assert_eq!(fs::read_to_string(file).unwrap(), "word,count\na,20\nb,10\n");
    }
}
