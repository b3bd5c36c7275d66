//! Back-pressure and bounds: a blocked sink blocks the reader, memory stays small, nothing is lost.
#![cfg(target_os = "linux")]

use std::io::{Read, Write};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::{Live, Tap, peak_memory, proc_status, run, streamer, until};
use crate::harness::gz;

/// More than any run may hold on its way, and little enough for a test.
const MUCH: u64 = 192 << 20;
/// What a run may hold: a quota for its source, copies in each shard, and the program itself.
const BOUND: u64 = 100 << 20;

/// What every thread of a process is doing, and the processor time that they have used.
fn doing(pid: rustix::process::Pid) -> Vec<String> {
    let tasks = std::fs::read_dir(format!("/proc/{}/task", pid.as_raw_nonzero())).expect("it lives");
    let of = |task: std::fs::DirEntry| {
        let stat = std::fs::read_to_string(task.path().join("stat")).unwrap_or_default();
        let fields: Vec<_> = stat.rsplit(") ").next().unwrap_or("").split(' ').map(String::from).collect();
        format!("{} {} {}", fields[0], fields.get(11).map_or("", |f| f), fields.get(12).map_or("", |f| f))
    };
    tasks.map(|task| of(task.expect("a task"))).collect()
}

#[test]
fn a_blocked_stdout_blocks_the_reader_and_nothing_is_lost() {
    for words in ["grep ''", "grep '' --batch 20ms", "grep '' --batch 1000lines"] {
        let mut child = streamer(words).stdin(Stdio::piped()).spawn().expect("it starts");
        let mut stdout = child.stdout.take().expect("a pipe");
        let mut live = Live::started(child, Tap::on(std::io::empty()));
        let (written, all) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let mut input = live.stdin.take().expect("a pipe");
        let writer = {
            let (written, all) = (Arc::clone(&written), Arc::clone(&all));
            std::thread::spawn(move || {
                let line = [[b'x'; 1023].as_slice(), b"\n"].concat();
                let lines = line.repeat(64);
                while written.load(Ordering::SeqCst) < MUCH {
                    input.write_all(&lines).expect("it reads in the end");
                    written.fetch_add(lines.len() as u64, Ordering::SeqCst);
                }
                all.store(true, Ordering::SeqCst);
                input
            })
        };
        // Either the whole input is swallowed, or all threads come to rest while the writer waits.
        let mut before = (0, Vec::new());
        until("rest", || {
            let now = (written.load(Ordering::SeqCst), doing(live.pid));
            let rests = now.0 > 1 << 20 && now == before && now.1.iter().all(|task| task.starts_with('S'));
            before = now;
            (rests || all.load(Ordering::SeqCst)).then_some(())
        });
        assert!(!all.load(Ordering::SeqCst), "{words}: all of it was read, and nobody wanted it");
        let mut bytes = vec![0; 1 << 20];
        let mut read = 0;
        while read < MUCH {
            let got = stdout.read(&mut bytes).expect("rows");
            assert!(got > 0, "{words}: {read} bytes came");
            read += got as u64;
        }
        let peak = peak_memory(live.pid);
        assert!(peak < BOUND, "{words}: {peak} bytes of memory");
        drop(writer.join().expect("no panic"));
        assert_eq!(stdout.read(&mut bytes).expect("the end"), 0);
        let done = live.wait();
        assert_eq!(done.status.code(), Some(0));
        // A delay may be told, once; nothing else.
        assert!(done.stderr.lines().count() <= 1 && !done.stderr.contains("left out"), "{}", done.stderr);
    }
}

/// A line of 64 MiB under a limit of 1 MiB: left out, counted, and never held.
#[test]
fn an_endless_line_is_a_bad_record_in_bounded_memory() {
    let mut live = Live::start(streamer("grep '' --batch all --max-record 1MiB").stdin(Stdio::piped()));
    live.write(b"before\n");
    for _ in 0..64 {
        live.write(&vec![b'x'; 1 << 20]);
    }
    live.write(b"\nafter\n");
    live.stdout.until_text("after\n");
    let peak = peak_memory(live.pid);
    assert!(peak < 64 << 20, "{peak} bytes of memory, {}", proc_status(live.pid, "Threads"));
    let done = live.end();
    assert_eq!((done.status.code(), done.text().as_str()), (Some(0), "before\nafter\n"));
    let size = 64 << 20;
    let expected = format!(
        "streamer: standard input, line 2: a record of {size} bytes is longer than --max-record (1048576 bytes); \
         it is left out\n"
    );
    assert_eq!(done.stderr, expected);
}

/// The same in files, compressed too, where a small file may hold a large line.
#[test]
fn an_endless_line_in_a_file_is_left_out_too() {
    let dir = tempfile::tempdir().expect("a directory");
    let lines = [b"before\n".as_slice(), &vec![b'x'; 64 << 20], b"\nafter\n"].concat();
    for (name, bytes) in [("packed.gz", gz(&lines)), ("plain", lines)] {
        std::fs::write(dir.path().join(name), bytes).expect("written");
        // The gate keeps the run alive until its memory was looked at.
        let words = format!("grep '' --max-record 1MiB --from {} --from -", dir.path().join(name).display());
        let live = Live::start(streamer(&words).stdin(Stdio::piped()));
        live.stdout.until_text("after\n");
        let peak = peak_memory(live.pid);
        assert!(peak < 64 << 20, "{name}: {peak} bytes of memory");
        let done = live.end();
        assert_eq!(done.text(), "before\nafter\n");
        assert!(done.stderr.contains("line 2: a record of 67108864 bytes"), "{}", done.stderr);
        assert_eq!(done.stderr.lines().count(), 1);
    }
}

/// Counting holds words, not input.
#[test]
fn memory_grows_with_the_words_and_not_with_the_input() {
    let text = b"the same few words again and again\n".repeat(30_000);
    let mut live = Live::start(streamer("tee /dev/null then wordcount --batch all").stdin(Stdio::piped()));
    for _ in 0..100 {
        live.write(&text);
    }
    let peak = peak_memory(live.pid);
    assert!(peak < BOUND, "{peak} bytes of memory");
    let rows = live.end().ok();
    assert_eq!(super::sums(rows.as_bytes())["again"], 2 * 100 * 30_000);
}

#[test]
fn bad_records_are_shown_three_times_and_then_counted() {
    let input = b"good\nlonger than that\n".repeat(50);
    let done = run(&mut streamer("grep '' --max-record 9B"), &input);
    assert_eq!((done.status.code(), done.text()), (Some(0), "good\n".repeat(50)));
    let said: Vec<_> = done.stderr.lines().collect();
    assert_eq!(said.len(), 4, "{said:#?}");
    for (said, number) in said.iter().zip([2, 4, 6]) {
        assert!(said.contains(&format!("standard input, line {number}: a record of 16 bytes")), "{said}");
    }
    assert_eq!(said[3], "streamer: 50 bad records were left out");
}

/// A pipe that someone else made non-blocking, on either side: waited for, nothing lost.
#[test]
fn pipes_that_do_not_block_are_waited_for() {
    use rustix::pipe::{PipeFlags, pipe_with};
    let (their_in, our_in) = pipe_with(PipeFlags::CLOEXEC).expect("a pipe");
    let (our_out, their_out) = pipe_with(PipeFlags::CLOEXEC).expect("a pipe");
    for end in [&their_in, &their_out] {
        rustix::io::ioctl_fionbio(end, true).expect("a pipe");
    }
    let text = super::input::text(200_000);
    let mut command = streamer("grep ''");
    let child = command.stdin(their_in).stdout(their_out).spawn().expect("it starts");
    drop(command);
    let live = Live::started(child, Tap::on(std::fs::File::from(our_out)));
    std::fs::File::from(our_in).write_all(&text).expect("it reads");
    let done = live.wait();
    assert!(done.stdout == text, "{} of {} bytes", done.stdout.len(), text.len());
    assert_eq!((done.status.code(), done.stderr.as_str()), (Some(0), ""));
}
