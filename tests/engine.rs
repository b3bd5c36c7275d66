//! What large inputs and slow neighbours bring to light: sources that hold each other up, order over many files, what is
//! counted of them, a run that falls behind.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use assert_cmd::Command;

use streamer::data::time::Time;

use crate::harness::{PATIENCE, Run, gz, run_chunked};
use crate::process::until;

/// Runs `streamer` in a directory; killed if it hangs.
fn streamer(dir: &Path, words: &str) -> Output {
    let mut command = Command::cargo_bin("streamer").unwrap();
    command.current_dir(dir).args(shlex::split(words).unwrap()).timeout(PATIENCE).output().unwrap()
}

/// Lines of this letter, about so many MiB of them.
fn lines(letter: char, size: usize) -> Vec<u8> {
    let line = format!("{}\n", letter.to_string().repeat(63));
    line.into_bytes().repeat(size << 14)
}

/// Lines that are slow to decompress, about so many MiB of them.
fn noise(size: usize) -> Vec<u8> {
    let mut state = 1u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 16
    };
    (0..size << 16).flat_map(|_| format!("{:015x}\n", next() >> 4).into_bytes()).collect()
}

fn assert_same(found: &Output, expected: &[u8]) {
    assert!(found.status.success(), "{}: {}", found.status, String::from_utf8_lossy(&found.stderr));
    assert!(found.stdout == expected, "{} bytes instead of {}", found.stdout.len(), expected.len());
}

/// The rows of the second file wait for those of the first and take up all the room of the source: the first goes on.
#[test]
fn a_slow_first_file_is_not_locked_out_by_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (noise(32), lines('b', 64));
    std::fs::write(dir.path().join("1.gz"), gz(&first)).unwrap();
    std::fs::write(dir.path().join("2"), &second).unwrap();
    let found = streamer(dir.path(), "--from '*' --shards 3 grep .");
    assert_same(&found, &[first, second].concat());
}

/// Of a file that is searched where the system holds it the same passes as of one that is read.
#[test]
fn a_file_that_is_searched_is_searched_to_its_end() {
    let dir = tempfile::tempdir().unwrap();
    for size in [(9 << 20) - 1, 9 << 20, (9 << 20) + 4097] {
        let mut text: Vec<u8> = (0..size / 16 + 1).flat_map(|n| format!("{n:08} lines\n").into_bytes()).collect();
        text.truncate(size);
        std::fs::write(dir.path().join("f"), &text).unwrap();
        let lines: Vec<&[u8]> = text.strip_suffix(b"\n").unwrap_or(&text).split(|&byte| byte == b'\n').collect();
        let holds = |what: &'static [u8]| move |line: &&&[u8]| line.windows(what.len()).any(|part| part == what);
        let few: Vec<&[u8]> = lines.iter().filter(holds(b"00777")).copied().collect();
        let most = lines.iter().filter(holds(b"lines")).count();
        for shards in [1, 3] {
            let run = |words: &str| streamer(dir.path(), &format!("--shards {shards} --from f {words}"));
            assert_same(&run("count"), format!("{}\n", lines.len()).as_bytes());
            assert_same(&run("grep 00777 then count"), format!("{}\n", few.len()).as_bytes());
            assert_same(&run("grep '00[7]77' then count"), format!("{}\n", few.len()).as_bytes());
            assert_same(&run("grep lines then count"), format!("{most}\n").as_bytes());
            assert_same(&run("grep -v lines then count"), format!("{}\n", lines.len() - most).as_bytes());
            assert_same(&run("grep 00777"), &[few.join(&b'\n'), b"\n".to_vec()].concat());
            assert_same(&run("grep ''"), &[lines.join(&b'\n'), b"\n".to_vec()].concat());
        }
    }
}

/// A file that someone cuts off while it is searched is an error that is said, or it was searched before or after.
#[test]
fn a_file_that_is_cut_off_meanwhile_does_not_end_the_process() {
    let dir = tempfile::tempdir().unwrap();
    let text = lines('x', 48);
    let (all, left) = (text.len() / 64, text.len() / 128);
    for turn in 0..24 {
        let path = dir.path().join("f");
        std::fs::write(&path, &text).unwrap();
        let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("streamer"));
        child.args(["--shards", "2", "--from"]).arg(&path).args(["grep", "-v", "y", "then", "count"]);
        let child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // Later at each turn.
        (0..turn * 500).for_each(|_| drop(file.metadata()));
        file.set_len(64 * left as u64).unwrap();
        let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
        let (found, said) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
        match status.code() {
            Some(0) => assert!(found == format!("{all}\n") || found == format!("{left}\n"), "{found}"),
            Some(1) => assert!(said.contains("it has shrunk"), "{said}"),
            _ => panic!("{status}: {said}"),
        }
    }
}

/// So many keys that they are not looked up any more when they come: the results are the same, sorted or not.
#[test]
fn very_many_keys_are_counted_as_few_are() {
    let dir = tempfile::tempdir().unwrap();
    let keys = 1_500_000;
    let all = (0..keys).chain((0..keys).step_by(5)).map(|n| format!("{n:07}\n"));
    std::fs::write(dir.path().join("keys"), all.collect::<String>()).unwrap();
    let sorted: String = (0..keys).map(|n| format!("{n:07}\t{}\n", 1 + u32::from(n % 5 == 0))).collect();
    for shards in [1, 2] {
        for (then, expected) in [
            ("", &*sorted),
            ("then count", "1500000\n"),
            ("then agg 'sum(count) AS n'", "1800000\n"),
            ("then top 2 count", "0000000\t2\n0000005\t2\n"),
        ] {
            let found = streamer(dir.path(), &format!("--from keys --shards {shards} count --by line {then}"));
            assert_same(&found, expected.as_bytes());
        }
    }
}

/// The first source has ticked and waits for the second, whose rows wait for those of the first.
#[test]
fn a_long_tick_of_the_second_source_does_not_wait_for_the_first() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("1"), "a\nTICK\nb\n").unwrap();
    let second = lines('c', 32);
    std::fs::write(dir.path().join("2"), [&second[..], b"TICK\nd\n"].concat()).unwrap();
    let found = streamer(dir.path(), "--from 1 --from 2 --tick ^TICK$ grep .");
    assert_same(&found, &[&b"a\n"[..], &second, b"b\nd\n"].concat());
}

/// Which records a batch of so many lines holds does not depend on how many files are read at once.
#[test]
fn files_cut_by_count_are_cut_in_their_order() {
    let dir = tempfile::tempdir().unwrap();
    for letter in ['a', 'b', 'c'] {
        std::fs::write(dir.path().join(letter.to_string()), lines(letter, 4)).unwrap();
    }
    let found = streamer(dir.path(), "--from '*' --shards 3 --batch 50000lines count --by line");
    let count = |letter: char, count: u64| format!("{}\t{count}\n", letter.to_string().repeat(63));
    let rest = [count('a', 15_536), count('b', 34_464), count('b', 31_072), count('c', 18_928), count('c', 46_608)];
    assert_same(&found, [count('a', 50_000), rest.concat()].concat().as_bytes());
}

/// A record that is too long counts as one, whether the receiver left it out or a shard did.
#[test]
fn records_are_counted_the_same_however_they_are_read() {
    let short: String = (0..60).map(|i| format!("{i}\n")).collect();
    let input = format!("{0}\n{0}\n{short}", "long ".repeat(20));
    for command in ["sample 0.3", "head 3 --batch 7lines", "count --batch 1lines"] {
        let run = |most| run_chunked(&format!("streamer --max-record 9B {command}"), input.as_bytes(), most);
        let whole = run(0);
        assert!(whole.0 == 0 && whole.1.len() > 20);
        assert_eq!(run(3), whole, "{command}");
        assert_eq!(run(10), whole, "{command}");
    }
}

/// Blocks of later batches are done before their turn has come: each counts for its own batch.
#[test]
fn statistics_tell_what_each_source_gave_to_each_batch() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a"), "x\n".repeat(2000)).unwrap();
    let found = streamer(dir.path(), "--from a --stats stats --batch 10lines count");
    assert_same(&found, "10\n".repeat(200).as_bytes());
    let stats = std::fs::read_to_string(dir.path().join("stats")).unwrap();
    assert_eq!(stats.lines().count(), 200);
    assert!(stats.lines().all(|line| line.matches("\"numInputRows\":10,").count() == 1), "{stats}");
    assert!(stats.lines().all(|line| line.contains("\"numInputRows\":10}]")), "{stats}");
}

/// A source that is faster than `--max-rate` is held to it at the cuts as well, and its batches come.
#[test]
fn a_rate_above_the_maximum_is_held_to_it() {
    let dir = tempfile::tempdir().unwrap();
    let found = streamer(dir.path(), "--from rate:100000 --max-rate 50 --batch 100ms --batches 3 count --time none");
    assert!(found.status.success());
    let counts = String::from_utf8(found.stdout).unwrap();
    let counts: Vec<u32> = counts.lines().map(|line| line.parse().unwrap()).collect();
    // Five in each tenth of a second; a step may fall on either side of a border.
    assert!(counts.len() == 3 && counts.iter().all(|count| *count <= 10), "{counts:?}");
}

/// `head` of a batch that never ends by itself is done once it has its rows: those in the order of the sources.
#[test]
fn head_of_everything_reads_no_further() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("1"), "a\nb\n").unwrap();
    assert_same(&streamer(dir.path(), "--from 1 --from exec:yes --batch all head 3"), b"a\nb\ny\n");
    assert_same(&streamer(dir.path(), "--from exec:yes --batch all grep y then head 4 then count"), b"4\n");
}

/// What waits for its turn under `--max-rate` has not been read: a stop brings no flood of it.
#[test]
fn little_is_read_ahead_of_the_maximum_rate() {
    let dir = tempfile::tempdir().unwrap();
    let found = streamer(dir.path(), "--from exec:yes --max-rate 5 --batch 300ms --batches 2 grep y");
    assert!(found.status.success());
    assert!(found.stdout.len() <= 2 * 20, "{} bytes", found.stdout.len());
}

/// A batch that comes out long after its end is told once, with its delay; those behind it come in time again.
#[test]
fn falling_behind_is_told_once() {
    let dir = tempfile::tempdir().unwrap();
    let fifo = dir.path().join("fifo");
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    // The child of the first batch waits for the other side of the fifo.
    let wait = format!("cat; if [ -e {0} ]; then cat {0}; rm {0}; fi", fifo.display());
    let run = Run::start(&["streamer", "--batch", "1s", "pipe", "--", "sh", "-c", &wait].map(String::from), Time(0));
    run.input.feed(b"a\n");
    run.clock.forward(Duration::from_secs(1));
    // Without waiting it can be opened only once the child is there.
    let flags = rustix::fs::OFlags::NONBLOCK.bits() as i32;
    let open = || std::fs::File::options().write(true).custom_flags(flags).open(&fifo).ok();
    let mut held = until("child", open);
    run.clock.forward(Duration::from_secs(5));
    held.write_all(b"late\n").unwrap();
    drop(held);
    run.settle();
    let (status, stdout, stderr) = run.end();
    assert_eq!((status, stdout.take()), (0, b"a\nlate\n".to_vec()));
    let told = "streamer: falling behind: batch 1970-01-01T00:00:01.000Z came out 5.0 s after its end; input waits, \
                nothing is dropped\n";
    assert_eq!(String::from_utf8(stderr.take()).unwrap(), told);
}

/// A file that shards read side by side is its records in their order, and each is counted once: whatever its records are
/// like where one range ends and the next begins, and wherever the file was opened.
#[test]
fn a_file_read_side_by_side_is_its_records_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let long = |at: usize| match at % 1000 {
        0 => 300_000,
        1..20 => 5_000,
        rest => rest % 30,
    };
    let record = |at: usize| format!("{at} {}{}", "abc ".repeat(at % 90), "x".repeat(long(at)));
    let records: Vec<String> = (0..30_001).map(record).collect();
    let has = |record: &&String| record.contains("9 abc");
    let hits: Vec<&str> = records.iter().filter(has).map(String::as_str).collect();
    for (delimiter, option) in [("\n", ""), ("\0", "-0")] {
        for last in ["", delimiter, "\r"] {
            let text = records.join(delimiter) + last;
            assert!(text.len() > 8 << 20);
            std::fs::write(dir.path().join("f"), &text).unwrap();
            let count = format!("{}\n", hits.len());
            let written: String = hits.iter().map(|hit| format!("{hit}\n")).collect();
            for shards in [1, 2, 8] {
                let run = |chain: &str| {
                    let words = format!("{option} --shards {shards} --stats stats {chain}");
                    let found = [streamer(dir.path(), &format!("--from f {words}")), piped(dir.path(), "f", &words)];
                    let rows = format!("\"numInputRows\":{},", records.len());
                    let stats = std::fs::read_to_string(dir.path().join("stats")).unwrap();
                    std::fs::remove_file(dir.path().join("stats")).unwrap();
                    assert!(stats.lines().all(|line| line.contains(&rows)) && stats.lines().count() == 2, "{stats}");
                    found
                };
                for found in run("grep -F '9 abc' then count") {
                    assert_same(&found, count.as_bytes());
                }
                for found in run("grep -F '9 abc'") {
                    assert_same(&found, written.as_bytes());
                }
            }
        }
    }
}

/// The same with a file as standard input.
fn piped(dir: &Path, file: &str, words: &str) -> Output {
    let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin("streamer"));
    let input = std::fs::File::open(dir.join(file)).unwrap();
    command.current_dir(dir).args(shlex::split(words).unwrap()).stdin(input).output().unwrap()
}
