//! Runs that are killed, and runs that go on where those ended: the files are those of a run that nobody disturbed.
//!
//! A run is killed once it has said that so many batches are done (`--verbose`); where in the next one it is then, nobody knows.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use rustix::process::Signal;
use tempfile::tempdir;

use super::{Live, Random, run, shell, streamer, until};

/// All files of a directory, with what they hold; none of them hidden.
fn files(dir: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(dir).expect("a directory").map(|entry| entry.expect("an entry").path());
    let read = |path: &Path| String::from_utf8_lossy(&fs::read(path).expect("a file")).into_owned();
    entries.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), read(&path))).collect()
}

/// The input: words of a clock that ticks, and records that tell their times, in two files, not all of them in order.
fn input(dir: &Path, random: &mut Random) {
    let mut ticks = String::new();
    for line in 0..6000 {
        ticks += &format!("w{} {}\n", random.below(300), random.below(1000));
        if line % 100 == 99 {
            // Now and then batches without a record.
            ticks += ["TICK\n", "TICK\nTICK\nTICK\n"][usize::from(line % 700 == 99)];
        }
    }
    fs::write(dir.join("ticks.txt"), ticks).unwrap();
    for name in ["a.log", "b.log"] {
        let (mut time, mut text) = (1_700_000_000, String::new());
        for _ in 0..6000 {
            time += random.below(3) / 2;
            text += &format!(
                "{} u{} {}\n",
                time - [0, 0, 0, 2, 30][random.below(5) as usize],
                random.below(50),
                random.below(9)
            );
        }
        fs::write(dir.join(name), text).unwrap();
    }
}

/// `words` with `--to` a file, or files, in `out`: killed again and again, and once more to its end; then the same at one go.
fn killed(words: &str, to: &str, seed: u64) {
    let mut random = Random(seed);
    let dir = tempdir().unwrap();
    input(dir.path(), &mut random);
    let place = |name: &str| {
        fs::create_dir(dir.path().join(name)).unwrap();
        format!("{words} --to {name}/{to}")
    };
    let whole = place("whole");
    let done = run(streamer(&whole).current_dir(dir.path()), b"");
    assert_eq!(done.status.code(), Some(0), "{}", done.stderr);
    let words = format!("{} --checkpoint state --verbose", place("out"));
    let mut kills = 0;
    for _ in 0..12 {
        let live = Live::start(streamer(&words).current_dir(dir.path()));
        let batches = 1 + random.below(6) as usize;
        // The last of them may have no more than so many left.
        live.stderr.until_or_end(|said| said.iter().filter(|byte| **byte == b'\n').count() >= batches);
        live.signal(Signal::KILL);
        let done = live.wait();
        assert!(!done.stderr.contains("cannot"), "{}", done.stderr);
        kills += usize::from(done.status.code().is_none());
    }
    let done = run(streamer(&words).current_dir(dir.path()), b"");
    assert_eq!(done.status.code(), Some(0), "{}", done.stderr);
    let (whole, out) = (files(&dir.path().join("whole")), files(&dir.path().join("out")));
    assert_eq!(out.keys().collect::<Vec<_>>(), whole.keys().collect::<Vec<_>>(), "after {kills} kills");
    let differ: Vec<_> = whole.iter().filter(|(name, text)| out[*name] != **text).map(|(name, _)| name).collect();
    assert!(differ.is_empty(), "{differ:?} differ after {kills} kills");
}

#[test]
fn a_file_of_batches_by_number_is_whole_after_kills() {
    killed("--from ticks.txt --batch 100lines wordcount", "out.csv", 1);
}

#[test]
fn rows_as_they_are_stand_in_a_file_once_after_kills() {
    killed("--from ticks.txt --batch 100lines grep w1", "out.txt", 2);
}

#[test]
fn windows_go_on_after_kills() {
    killed("--from ticks.txt --tick TICK window 10s --every 2s then wordcount", "{end}.csv", 3);
    killed("--from ticks.txt --tick TICK window 6s --every 3s then sort line then head 9", "{end}.csv", 4);
}

#[test]
fn running_totals_go_on_after_kills() {
    killed("--from ticks.txt --tick TICK window all --ttl 5s --emit changed then count --by '$1'", "{end}.csv", 5);
    killed("--from ticks.txt --tick TICK window all then agg 'sum($2) AS s, p50($2) AS m' --by '$1'", "out.csv", 6);
}

#[test]
fn what_was_seen_before_is_known_after_kills() {
    killed("--from ticks.txt --tick TICK distinct --by '$1' --within 9s", "out.csv", 7);
    killed("--from ticks.txt --tick TICK count --by '$1' --fill", "{end}.csv", 8);
}

#[test]
fn batches_by_the_times_of_records_go_on_after_kills() {
    let from = "--from a.log --from b.log --event-time '$1' --batch 60s";
    killed(&format!("{from} agg 'sum($3) AS s, count(*) AS n' --by '$2'"), "{end}.csv", 9);
    killed(&format!("{from} window 5m --every 2m then count --by '$2'"), "out.csv", 10);
    killed(&format!("{from} session --gap 90s --by '$2' then agg 'count(*) AS n' --by '$2'"), "out.csv", 11);
}

/// What a pipe gave and was in no complete batch comes from the journal.
#[test]
fn what_a_pipe_gave_is_in_the_journal() {
    let dir = tempdir().unwrap();
    let words = "--batch 3lines --checkpoint state --journal --to out.txt count --by line";
    let mut live = Live::start(streamer(words).current_dir(dir.path()).stdin(std::process::Stdio::piped()));
    live.write(b"a\nb\na\nc\nc\n");
    let state = dir.path().join("state");
    let journalled = || {
        fs::read_dir(&state)
            .ok()?
            .filter_map(Result::ok)
            .find(|entry| entry.file_name().to_string_lossy().starts_with("journal-"))
    };
    let has = || {
        journalled().is_some_and(|entry| {
            fs::read(entry.path()).is_ok_and(|bytes| memchr::memmem::find(&bytes, b"c\nc\n").is_some())
        })
    };
    until("journal", || has().then_some(()));
    live.signal(Signal::KILL);
    live.wait();
    let done = run(streamer(words).current_dir(dir.path()), b"d\n");
    assert_eq!(done.status.code(), Some(0), "{}", done.stderr);
    assert_eq!(fs::read_to_string(dir.path().join("out.txt")).unwrap(), "a\t2\nb\t1\nc\t2\nd\t1\n");
}

/// A cron job: each run takes what is new, also of files that have grown.
#[test]
fn a_run_at_a_time_takes_what_is_new() {
    let dir = tempdir().unwrap();
    let job = || {
        let words =
            "--from '*.csv' --in csv --once --checkpoint state window all then agg 'sum(amount) AS amount' --by store";
        run(streamer(words).current_dir(dir.path()), b"").ok()
    };
    fs::write(dir.path().join("a.csv"), "store,amount\nx,1\ny,2\n").unwrap();
    assert_eq!(job(), "x\t1\ny\t2\n");
    assert_eq!(job(), "", "nothing is new");
    fs::write(dir.path().join("b.csv"), "amount,store\n5,x\n").unwrap();
    let grown = fs::read_to_string(dir.path().join("a.csv")).unwrap() + "z,7\n";
    fs::write(dir.path().join("a.csv"), grown).unwrap();
    assert_eq!(job(), "x\t6\ny\t2\nz\t7\n");
}

/// The head of a pipe tells which columns there are: what was read for that is not lost in a run that goes on.
#[test]
fn a_pipe_whose_head_is_looked_at_goes_on() {
    let dir = tempdir().unwrap();
    let job = |input: &[u8]| {
        let words = "--in csv --batch all --checkpoint state --journal filter 'n > 0' --out csv";
        run(streamer(words).current_dir(dir.path()), input).ok()
    };
    assert_eq!(job(b"n,s\n1,a\n"), "n,s\n1,a\n");
    assert_eq!(job(b"n,s\n2,b\n3,c\n"), "n,s\n2,b\n3,c\n");
}

#[test]
fn another_chain_and_a_second_run_are_refused() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("in"), "a\n").unwrap();
    run(streamer("--from in --checkpoint state wordcount").current_dir(dir.path()), b"").ok();
    let said = run(streamer("--from in --checkpoint state count").current_dir(dir.path()), b"").failed(1);
    assert!(said.contains("words then count --by word") && said.contains("this run has"), "{said}");
    let mut live = Live::start(
        shell("exec \"$0\" --checkpoint two --verbose --batch 1lines count")
            .current_dir(dir.path())
            .stdin(std::process::Stdio::piped()),
    );
    live.write(b"a\n");
    live.stderr.until_text("batch");
    let said = run(streamer("--checkpoint two --batch 1lines count").current_dir(dir.path()), b"").failed(1);
    assert!(
        said.contains("each run needs a checkpoint of its own")
            && said.contains(&live.pid.as_raw_nonzero().to_string()),
        "{said}"
    );
    live.end();
}

/// Standard output cannot be taken back: it is said which batch comes again.
#[test]
fn what_comes_again_to_standard_output_is_said() {
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("in"), "a b\n".repeat(1000)).unwrap();
    let words = "--from in --batch 10lines --checkpoint state wordcount";
    // Nobody reads: the run waits in the middle of its output.
    let live = Live::started(
        streamer(words).current_dir(dir.path()).stdout(full_pipe()).spawn().unwrap(),
        super::Tap::on(std::io::empty()),
    );
    let intended =
        || fs::read(dir.path().join("state/log-1")).is_ok_and(|log| memchr::memmem::find(&log, b"left out").is_some());
    until("intent", || intended().then_some(()));
    live.signal(Signal::KILL);
    live.wait();
    let done = run(streamer(words).current_dir(dir.path()), b"");
    assert!(done.stderr.contains("comes again to standard output"), "{}", done.stderr);
    assert_eq!(done.text(), "a\t10\nb\t10\n".repeat(100), "nothing was complete");
}

/// The writing end of a pipe that takes no more.
fn full_pipe() -> std::process::Stdio {
    let (reading, writing) = std::io::pipe().unwrap();
    rustix::io::ioctl_fionbio(&writing, true).unwrap();
    let mut into = &writing;
    while std::io::Write::write(&mut into, &[0; 4096]).is_ok() {}
    rustix::io::ioctl_fionbio(&writing, false).unwrap();
    // Its other end stays open as long as the test runs.
    std::mem::forget(reading);
    writing.into()
}

/// In a build that may be made to die (`--features failpoints`): at every point of the program, at the first, third and seventh
/// pass of it, and once more in the run that goes on.
#[test]
#[cfg(feature = "failpoints")]
fn at_whatever_step_a_run_dies_the_files_are_whole() {
    const POINTS: [&str; 14] = [
        "append-after",
        "append-before",
        "append-half",
        "begun-after",
        "commit-after",
        "commit-before",
        "intent-after",
        "intent-before",
        "log-started",
        "old-removed",
        "sink",
        "sink-half",
        "snapshot-renamed",
        "snapshot-written",
    ];
    let jobs = [
        ("--from ticks.txt --tick TICK window 6s --every 2s then count --by '$1'", "{end}.csv"),
        ("--from ticks.txt --batch 300lines wordcount", "out.csv"),
        ("--from a.log --from b.log --event-time '$1' --batch 300s agg 'sum($3) AS s' --by '$2'", "{end}.csv"),
        ("--from ticks.txt grep w1", "out.txt"),
    ];
    let mut died = BTreeMap::new();
    for (words, to) in jobs {
        let dir = tempdir().unwrap();
        input(dir.path(), &mut Random(12));
        let job = |place: &str, more: &str| {
            let mut command = streamer(&format!("{words} --to {place}/{to} {more}"));
            command.current_dir(dir.path());
            command
        };
        fs::create_dir(dir.path().join("whole")).unwrap();
        assert_eq!(run(&mut job("whole", ""), b"").status.code(), Some(0));
        let whole = files(&dir.path().join("whole"));
        for point in POINTS {
            for pass in [1, 3, 7] {
                let out = dir.path().join("out");
                fs::create_dir(&out).unwrap();
                let mut die = |pass: u64| {
                    let wanted = format!("{point}:{pass}");
                    let done = run(job("out", "--checkpoint state").env("STREAMER_FAILPOINT", wanted), b"");
                    assert!(!done.stderr.contains("cannot"), "{point}:{pass} of {words}: {}", done.stderr);
                    *died.entry(point).or_insert(0) += u64::from(done.status.code().is_none());
                };
                die(pass);
                die(2);
                let done = run(&mut job("out", "--checkpoint state"), b"");
                assert_eq!(done.status.code(), Some(0), "{point}:{pass} of {words}: {}", done.stderr);
                assert!(files(&out) == whole, "after {point}:{pass} the files of {words} differ");
                fs::remove_dir_all(out).unwrap();
                fs::remove_dir_all(dir.path().join("state")).unwrap();
            }
        }
    }
    // Whether rows are written before their batch is cut depends on who is faster.
    for point in POINTS.into_iter().filter(|point| *point != "begun-after") {
        assert!(died.get(point).is_some_and(|times| *times > 0), "no run died at {point}: {died:?}");
    }
}
