//! Alarms: their commands are started after the output of the batch and stop nothing, are reaped, and are waited for at the end.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use super::{Live, run, streamer, until};

/// A command that appends what it is told to the file `log`.
const LOG: &str = "sh -c 'echo $STREAMER_WINDOW_START $STREAMER_WINDOW_END $STREAMER_ALARM >>log'";

/// The lines of a file, sorted: commands of several batches run side by side.
fn lines(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let mut lines: Vec<String> = text.lines().map(String::from).collect();
    lines.sort();
    lines
}

/// A fifo that stays open: whoever reads a line of it waits until we write one.
fn fifo(path: &Path) -> File {
    rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, 0o600.into(), 0).expect("a fifo");
    File::options().read(true).write(true).open(path).expect("a fifo")
}

/// Batches of many blocks, in each of which one row may hold; before a window and behind it, on any number of shards.
#[test]
fn commands_are_told_of_batches_and_of_windows() {
    let mut input = Vec::new();
    for bad in [false, true, true, false, true, true, true] {
        for row in 0..20_000 {
            let odd = bad && row == 13_000;
            input.extend_from_slice(if odd { b"bad\n" } else { b"some text of a line\n" });
        }
        input.extend_from_slice(b"\n");
    }
    let times = |from: u32, to: u32| format!("1970-01-01T00:00:0{from}.000Z 1970-01-01T00:00:0{to}.000Z");
    let expected = [
        format!("{} line = \"bad\"", times(2, 3)),
        format!("{} line = \"bad\"", times(5, 6)),
        format!("{} line = \"bad\"", times(6, 7)),
        format!("{} n > 1", times(1, 3)),
        format!("{} n > 1", times(4, 6)),
        format!("{} n > 1", times(5, 7)),
    ];
    let mut expected = expected.to_vec();
    expected.sort();
    for shards in [1, 2, 8] {
        let dir = tempfile::tempdir().expect("a directory");
        let words = format!(
            "--shards {shards} --tick ^$ --time none alarm 'line = \"bad\"' --for 2 -- {LOG} then window 2s then \
             agg 'count_if(line = \"bad\") AS n' then alarm 'n > 1' -- {LOG}"
        );
        let done = run(streamer(&words).current_dir(&dir), &input);
        assert_eq!(done.ok(), "0\n1\n2\n1\n1\n2\n2\n");
        assert_eq!(lines(&dir.path().join("log")), expected, "{shards} shards");
    }
}

#[test]
fn the_output_of_the_batch_is_there_before_its_command() {
    let dir = tempfile::tempdir().expect("a directory");
    let words = "--to rows --to {batch}.txt count then alarm true -- sh -c 'cat rows 0.txt >seen'";
    run(streamer(words).current_dir(&dir), b"a\nb\n").ok();
    assert_eq!(lines(&dir.path().join("seen")), ["2", "2"]);
}

#[test]
fn a_command_that_hangs_stops_nothing_and_is_waited_for_at_the_end() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut fifo = fifo(&dir.path().join("fifo"));
    let words = "--batch 1lines alarm 'line = \"0\"' -- sh -c 'read x <fifo; echo done >log'";
    let mut live = Live::start(streamer(words).current_dir(&dir).stdin(Stdio::piped()));
    for row in 0..10 {
        live.write(format!("{row}\n").as_bytes());
        live.stdout.until_text(&format!("{row}\n"));
    }
    live.stdin = None;
    fifo.write_all(b"go\n").expect("written");
    live.wait().ok();
    assert_eq!(lines(&dir.path().join("log")), ["done"], "the run ended after it");
}

/// With a command that hangs for each batch their number is bounded, which is said once.
#[test]
fn commands_that_hang_do_not_pile_up() {
    let dir = tempfile::tempdir().expect("a directory");
    let (log, mut fifo) = (dir.path().join("log"), fifo(&dir.path().join("fifo")));
    let words = "--batch 1lines alarm true -- sh -c 'echo started >>log; read x <fifo'";
    let mut live = Live::start(streamer(words).current_dir(&dir).stdin(Stdio::piped()));
    for row in 100..120 {
        live.write(format!("{row}\n").as_bytes());
        live.stdout.until_text(&format!("{row}\n"));
    }
    live.stderr.until_text("alarm: 16 of `sh` still run: no more are started until one ends\n");
    live.stdin = None;
    fifo.write_all("go\n".repeat(16).as_bytes()).expect("written");
    let done = live.wait();
    assert_eq!((done.status.code(), done.stderr.lines().count()), (Some(0), 1), "{}", done.stderr);
    assert_eq!(lines(&log).len(), 16);
}

/// It was there when the run began.
#[test]
fn a_command_that_cannot_be_started_any_more_is_said_and_the_run_goes_on() {
    let dir = tempfile::tempdir().expect("a directory");
    let command = dir.path().join("page");
    std::os::unix::fs::symlink("/bin/true", &command).expect("a link");
    let words = "--batch 1lines alarm 'line = \"go\"' -- ./page";
    let mut live = Live::start(streamer(words).current_dir(&dir).stdin(Stdio::piped()));
    live.write(b"a\n");
    live.stdout.until_text("a\n");
    std::fs::remove_file(command).expect("removed");
    live.write(b"go\n");
    live.stderr.until_text("streamer: alarm cannot run `./page`: no such file or directory\n");
    live.write(b"b\n");
    live.stdout.until_text("b\n");
    let done = live.end();
    assert_eq!((done.status.code(), done.stderr.lines().count()), (Some(0), 1), "{}", done.stderr);
}

/// A failure is told while the run goes on, not at its end or with the next batch.
#[test]
fn a_command_that_fails_or_is_killed_is_named_at_once() {
    for (script, how) in [("exit 3", "failed with exit status 3"), ("kill -KILL $$", "was ended by SIGKILL")] {
        let words = format!("--batch 1lines alarm true -- sh -c '{script}'");
        let mut live = Live::start(streamer(&words).stdin(Stdio::piped()));
        live.write(b"a\n");
        live.stderr.until_text(&format!("streamer: alarm: the command `sh` {how}\n"));
        let done = live.end();
        assert_eq!((done.status.code(), done.text().as_str()), (Some(0), "a\n"), "{}", done.stderr);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn commands_are_reaped_while_the_run_goes_on() {
    let mut live = Live::start(streamer("--batch 1lines alarm true -- true").stdin(Stdio::piped()));
    // Fewer than may run at once: on a busy machine all of them do.
    for row in 0..12 {
        live.write(format!("{row}\n").as_bytes());
        live.stdout.until_text(&format!("{row}\n"));
    }
    let children = || {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", live.pid.as_raw_nonzero())).expect("it lives");
        // The thread that waits for a command ends with it.
        let of = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
        tasks.filter_map(Result::ok).map(of).collect::<String>()
    };
    until("end of all commands", || children().trim().is_empty().then_some(()));
    live.end().ok();
}

/// Nothing to read, its words on standard error, a group of its own.
#[test]
#[cfg(target_os = "linux")]
fn a_command_stands_alone() {
    let done = run(&mut streamer("alarm true -- sh -c 'cat; echo said; echo $$; cat /proc/$$/stat'"), b"x\n");
    assert_eq!((done.status.code(), done.text().as_str()), (Some(0), "x\n"));
    let said: Vec<&str> = done.stderr.lines().collect();
    let group = said[2].split(' ').nth(4);
    assert_eq!((said[0], group), ("said", Some(said[1])), "{}", done.stderr);
}

/// The input goes on; what was written is whole, and the command has ended.
#[test]
fn an_alarm_ends_the_run_with_its_status() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut fifo = fifo(&dir.path().join("fifo"));
    let words = "--batch 20ms --to {end}.txt --to - --time none count then alarm 'count = 0' --for 3 --exit 3 \
                 -- sh -c 'read x <fifo; echo done >log'";
    let mut live = Live::start(streamer(words).current_dir(&dir).stdin(Stdio::piped()));
    live.stderr.until_text("streamer: alarm: count = 0 held in 3 batches, up to ");
    live.stderr.until_text("; the run ends with status 3\n");
    fifo.write_all(b"go\n").expect("written");
    let input = live.stdin.take();
    let done = live.wait();
    drop(input);
    assert_eq!((done.status.code(), done.stderr.lines().count()), (Some(3), 1), "{}", done.stderr);
    assert_eq!(done.text(), "0\n0\n0\n");
    let names = std::fs::read_dir(&dir).expect("a directory").map(|entry| entry.expect("a file").file_name());
    let files: Vec<_> = names.filter(|name| name.to_string_lossy().ends_with("Z.txt")).collect();
    assert_eq!(files.len(), 3, "{files:?}");
    assert_eq!(lines(&dir.path().join("log")), ["done"], "the run ended after it");
}
