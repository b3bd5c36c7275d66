//! Children: reaped, with default signals, without our descriptors; their failure is told.

use std::process::{Command, Stdio};

use super::{Live, run, streamer};

#[test]
fn a_child_that_fails_fails_the_run_and_is_named() {
    for (words, message) in [
        ("grep . --from \"exec:sh -c 'echo a; exit 3'\"", "`sh -c 'echo a; exit 3'` failed with exit status 3"),
        ("pipe -- sh -c 'cat; exit 3'", "pipe: the command `sh` failed with exit status 3"),
        ("pipe -- sh -c 'kill -KILL $$'", "pipe: the command `sh` was ended by SIGKILL"),
        ("grep . --to \"exec:sh -c 'cat >/dev/null; exit 3'\"", "failed with exit status 3"),
    ] {
        let done = run(&mut streamer(words), b"x\n");
        assert_eq!(done.status.code(), Some(1), "{words}");
        assert!(done.stderr.starts_with("streamer: ") && done.stderr.contains(message), "{words}: {}", done.stderr);
        assert_eq!(done.stderr.lines().count(), 1, "{}", done.stderr);
    }
    // What it gave before it failed is not lost.
    let done = run(&mut streamer("grep . --from \"exec:sh -c 'echo a; exit 3'\""), b"");
    assert_eq!(done.text(), "a\n");
}

#[test]
fn a_command_that_does_not_exist_is_told_before_anything_runs() {
    for words in ["grep . --from exec:/no/such", "pipe -- /no/such", "alarm true -- /no/such"] {
        let done = run(&mut streamer(words), b"x\n");
        assert!(done.failed(1).contains("/no/such"), "{words}");
    }
    assert!(run(&mut streamer("grep . --to exec:/no/such"), b"x\n").failed(1).contains("/no/such"));
}

/// What a command prints as a child of ours in each place where there are children.
fn everywhere(command: &str) -> [(&'static str, String); 4] {
    let dir = tempfile::tempdir().expect("a directory");
    let (stats, to) = (dir.path().join("stats"), dir.path().join("to"));
    let open = |words: &str| {
        let mut streamer = streamer(words);
        streamer.args(["--stats".as_ref(), stats.as_os_str(), "--to".as_ref(), to.as_os_str()]);
        streamer
    };
    let source = run(open("grep '' --to -").args(["--from", &format!("exec:{command}")]), b"").ok();
    let pipe = run(open("pipe --to -").arg("--").args(shlex::split(command).expect("words")), b"x\n").ok();
    let sink = run(open("head 1").args(["--to", &format!("exec:{command}")]), b"x\n").ok();
    let alarm = run(open("alarm true").arg("--").args(shlex::split(command).expect("words")), b"x\n");
    assert_eq!((alarm.status.code(), alarm.stdout.as_slice()), (Some(0), &b""[..]), "{}", alarm.stderr);
    [("exec: source", source), ("pipe", pipe), ("exec: sink", sink), ("alarm", alarm.stderr)]
}

#[test]
#[cfg(target_os = "linux")]
fn children_inherit_none_of_our_descriptors() {
    let alone = Command::new("ls").arg("/proc/self/fd").stdin(Stdio::piped()).output().expect("ls");
    let expected = String::from_utf8(alone.stdout).expect("UTF-8");
    assert!(["0", "1", "2"].iter().all(|fd| expected.lines().any(|line| line == *fd)), "{expected}");
    for (place, found) in everywhere("ls /proc/self/fd") {
        assert_eq!(found, expected, "{place}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn children_have_default_signals() {
    let masks = |text: &str| -> Vec<u64> {
        let mask = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("a line of the status");
            // The system library keeps two above these to itself.
            u64::from_str_radix(line.trim(), 16).expect("a mask") & ((1 << 31) - 1)
        };
        ["SigBlk:", "SigIgn:"].map(mask).to_vec()
    };
    let ours = masks(&std::fs::read_to_string("/proc/self/status").expect("a status"));
    const PIPE: u64 = 1 << (13 - 1);
    for (place, found) in everywhere("cat /proc/self/status") {
        let found = masks(&found);
        assert_eq!(found[0], 0, "{place}: nothing is blocked");
        // What the tests themselves were told to ignore is not ours to change.
        assert_eq!(found[1], ours[1] & !PIPE, "{place}: nothing is ignored, least of all SIGPIPE");
    }
}

/// With batch after batch and a child for each, none is left behind, dead or alive.
#[test]
#[cfg(target_os = "linux")]
fn children_are_reaped() {
    let mut command = streamer("pipe --batch 1lines --from - --from 'exec:echo child' --to - --to 'exec:cat' -- cat");
    let mut live = Live::start(command.stdin(Stdio::piped()));
    live.stdout.until("the child's line, twice", |rows| rows == b"child\nchild\n");
    for row in 0..20 {
        live.write(format!("{row}\n").as_bytes());
        live.stdout.until_text(&format!("\n{row}\n{row}\n"));
    }
    let children = || {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", live.pid.as_raw_nonzero())).expect("it lives");
        let of = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
        tasks.map(|task| of(task.expect("a task"))).collect::<String>()
    };
    super::until("end of all children", || children().trim().is_empty().then_some(()));
    assert_eq!(live.end().status.code(), Some(0));
}

/// One child for each batch, an empty one too; it sees its batch and nothing else.
#[test]
fn every_batch_has_a_child_of_its_own() {
    let done = run(&mut streamer("pipe --batch 2lines -- wc -l"), b"1\n2\n3\n");
    assert_eq!(done.ok().split_whitespace().collect::<Vec<_>>(), ["2", "1"]);
    assert_eq!(run(&mut streamer("pipe -- wc -l"), b"").ok().trim(), "0");
}

/// When a sink fails, the endless child that feeds the run ends too.
#[test]
#[cfg(target_os = "linux")]
fn a_failed_run_leaves_no_child_behind() {
    let dir = tempfile::tempdir().expect("a directory");
    let pid = dir.path().join("pid");
    let script = format!("sh -c 'echo $$ >{}; exec yes'", pid.display());
    let done = run(&mut streamer(&format!("grep y --to /dev/full --from \"exec:{script}\"")), b"");
    assert_eq!(done.status.code(), Some(1));
    let pid = std::fs::read_to_string(pid).expect("it ran").trim().to_string();
    assert!(!std::path::Path::new("/proc").join(pid).exists());
}
