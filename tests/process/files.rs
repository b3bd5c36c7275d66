//! Files that come, grow and go while the program runs: directories that are watched, logs that are followed.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use rustix::process::Signal;
use tempfile::{TempDir, tempdir};

use super::input::{counts, text};
use super::{Live, peak_memory, streamer, sums};

/// A directory that is watched, and one beside it from which files are moved in.
struct Place {
    dir: TempDir,
    watched: PathBuf,
}

fn place() -> Place {
    let dir = tempdir().expect("a directory");
    let watched = dir.path().join("in");
    fs::create_dir(&watched).expect("a directory");
    Place { dir, watched }
}

impl Place {
    /// Moves a whole file into place.
    fn put(&self, name: &str, content: &[u8]) {
        let outside = self.dir.path().join("outside");
        fs::write(&outside, content).expect("written");
        fs::rename(outside, self.watched.join(name)).expect("moved");
    }

    /// A run over the directory, once it has looked what is there at the start: it tells of its first batch.
    fn watch(&self, words: &str) -> Live {
        let from = format!("dir:{}", self.watched.display());
        let live = Live::start(streamer(words).args(["--verbose", "--from", &from]));
        live.stderr.until_text("batch");
        live
    }
}

fn append(path: &Path, content: &str) {
    let file = OpenOptions::new().append(true).create(true).open(path);
    file.and_then(|mut file| file.write_all(content.as_bytes())).expect("written");
}

/// Every file is wholly in one batch: of each key that stands in all of its lines there is one row.
#[test]
fn files_that_are_moved_in_are_each_in_one_batch() {
    let place = place();
    let live = place.watch("count --by $1 --batch 20ms --time none");
    for number in 0..30 {
        let lines = format!("file{number} x\n").repeat(20_000);
        place.put(&format!("{number}"), lines.as_bytes());
        live.stdout.until_text(&format!("file{number}\t20000\n"));
    }
    live.signal(Signal::INT);
    let done = live.wait();
    assert_eq!(done.text().lines().count(), 30, "{}", done.text());
}

/// Every word of many files, put there while batches are cut, is counted once.
#[test]
fn every_word_of_a_stream_of_files_is_counted_once() {
    let place = place();
    let live = place.watch("wordcount --batch 5ms --time none");
    let text = text(2000);
    for number in 0..100 {
        place.put(&format!("{}", number % 10), &text);
    }
    // A file that was replaced before a cut saw it was not there.
    place.put("last", b"the-last\n");
    live.stdout.until_text("the-last\t1\n");
    live.signal(Signal::INT);
    let sums = sums(live.wait().text().as_bytes());
    let (once, word) = (counts(&text), "w1");
    assert!(sums[word].is_multiple_of(once[word]) && sums[word] >= 10 * once[word]);
    assert!(once.iter().all(|(key, count)| sums[key] * once[word] == count * sums[word]), "whole files only");
}

/// A file of rows that are larger than all quotas, behind a source that is silent: the cut waits for it, and it for no cut.
#[test]
fn a_large_file_behind_a_silent_source_is_one_batch_in_little_memory() {
    let place = place();
    let from = format!("dir:{}", place.watched.display());
    for (words, rows) in [("grep x", 3_000_000), ("count", 1)] {
        let mut command = streamer(&format!("{words} --batch 50ms --verbose"));
        let mut live = Live::start(command.args(["--from", "-", "--from", &from]).stdin(Stdio::piped()));
        live.stderr.until_text("batch");
        let silent = live.stdin.take();
        place.put(words, "xxxxxxxxxxxxx\n".repeat(3_000_000).as_bytes());
        let is_there = |out: &[u8]| match rows {
            1 => memchr::memmem::find(out, b"\t3000000\n").is_some(),
            rows => memchr::memchr_iter(b'\n', out).count() == rows,
        };
        live.stdout.until("all rows", is_there);
        if rows == 1 {
            assert!(peak_memory(live.pid) < 120 << 20, "{} bytes", peak_memory(live.pid));
        }
        live.signal(Signal::TERM);
        live.wait();
        drop(silent);
    }
}

/// A signal while a file is being read: what was read is printed, whole records only, and the process ends by the signal.
#[test]
fn a_signal_in_mid_file_gives_what_was_read() {
    let place = place();
    // Nothing is read before the first cut; beside --max-rate nothing waits for it.
    let from = format!("dir:{}?existing=true", place.watched.display());
    place.put("a", "0123456789\n".repeat(1000).as_bytes());
    let live = Live::start(streamer("tee - then count --batch 24h --time none --max-rate 20").args(["--from", &from]));
    live.stdout.until_text("0123456789\n0123456789\n");
    live.signal(Signal::INT);
    let text = live.ended_by(Signal::INT);
    let (last, rows) = text.lines().collect::<Vec<_>>().split_last().map(|(l, r)| (*l, r.to_vec())).expect("rows");
    assert!(rows.iter().all(|row| *row == "0123456789"));
    assert_eq!(last, rows.len().to_string());
}

/// Where nobody knows the columns before the first file comes, it is waited for; each has a header of its own.
#[test]
fn the_first_file_tells_the_columns_that_are_shown() {
    let place = place();
    let from = format!("dir:{}?glob=*.csv", place.watched.display());
    let live = Live::start(streamer("head 9 --out csv --batch 20ms").args(["--from", &from]));
    place.put("b.csv", b"user,n\nann,1\n");
    place.put("c.csv", b"n,user\n2,bob\n");
    // Which of them were there when the run began is not in our hand: those are not new.
    place.put("d.csv", b"user,n\ncid,3\n");
    super::until("the last file", || {
        place.put("e.csv", b"n,user\n4,dan\n");
        memchr::memmem::find(&live.stdout.until("header", |_| true), b"dan,4\n").map(drop)
    });
    live.signal(Signal::TERM);
    let text = live.wait().text();
    assert!(text.starts_with("user,n\n"), "{text}");
}

#[test]
fn a_header_that_lacks_a_column_is_told_with_its_file() {
    let place = place();
    let from = format!("dir:{}?in=csv", place.watched.display());
    let live = Live::start(streamer("map 'user, n' --batch 20ms --verbose").args(["--from", &from]));
    live.stderr.until_text("batch");
    place.put("a", b"user,n\nann,1\n");
    live.stdout.until_text("ann\t1\n");
    place.put("b", b"user,m\nbob,1\n");
    let done = live.wait();
    assert_eq!((done.status.code(), done.text().as_str()), (Some(1), "ann\t1\n"));
    assert!(done.stderr.contains("/in/b: there is no column `n` here, the columns are: user, m"), "{}", done.stderr);
}

/// A log that is rotated as logrotate does, by renaming, while its writer goes on: every line once and in order.
#[test]
fn a_log_that_is_renamed_is_followed() {
    let dir = tempdir().expect("a directory");
    let path = dir.path().join("app.log");
    let live = Live::start(streamer("grep . --batch 20ms --follow").args(["--from".as_ref(), path.as_os_str()]));
    live.stderr.until_text("is not there; waiting for it");
    let mut expected = String::new();
    for rotation in 0..4 {
        let mut writer = OpenOptions::new().append(true).create(true).open(&path).expect("a file");
        for line in 0..200 {
            let text = format!("{rotation} {line}\n");
            writer.write_all(text.as_bytes()).expect("written");
            expected += &text;
        }
        live.stdout.until_text(&format!("{rotation} 199\n"));
        fs::rename(&path, dir.path().join(format!("app.log.{rotation}"))).expect("renamed");
        // The writer has not heard of it yet.
        writer.write_all(format!("{rotation} late\n").as_bytes()).expect("written");
        expected += &format!("{rotation} late\n");
    }
    append(&path, "no end");
    expected += "no end\n";
    live.stdout.until_text("3 late\n");
    super::until("the last file being read", || fds(&live).contains(&path).then_some(()));
    live.signal(Signal::TERM);
    let text = live.wait().text();
    // What has no end is a record at the end, if it was read by then.
    assert!(text == expected || text == expected.trim_end_matches("no end\n"), "{text}");
}

/// What a process has open.
fn fds(live: &Live) -> Vec<PathBuf> {
    let fds = fs::read_dir(format!("/proc/{}/fd", live.pid.as_raw_nonzero())).expect("it lives");
    fds.filter_map(|fd| fs::read_link(fd.ok()?.path()).ok()).collect()
}

/// The same with copytruncate: the file is cut down to nothing under its writer.
#[test]
fn a_log_that_is_truncated_is_followed() {
    let dir = tempdir().expect("a directory");
    let path = dir.path().join("app.log");
    append(&path, "");
    let live = Live::start(streamer("grep . --batch 20ms --follow").args(["--from".as_ref(), path.as_os_str()]));
    let mut writer = OpenOptions::new().append(true).open(&path).expect("a file");
    for rotation in 0..3 {
        for line in 0..100 {
            writer.write_all(format!("{rotation} {line}\n").as_bytes()).expect("written");
        }
        live.stdout.until_text(&format!("{rotation} 99\n"));
        OpenOptions::new().write(true).open(&path).and_then(|file| file.set_len(0)).expect("truncated");
        live.stderr.until("word of it", |said| {
            memchr::memmem::find_iter(said, "was truncated; reading it from its start again").count() == rotation + 1
        });
    }
    live.signal(Signal::TERM);
    let text = live.wait().text();
    let expected: String = (0..3).flat_map(|r| (0..100).map(move |line| format!("{r} {line}\n"))).collect();
    assert_eq!(text, expected);
}

/// Many files side by side: the first being silent holds none of the others up.
#[test]
fn every_file_of_a_glob_is_followed() {
    let dir = tempdir().expect("a directory");
    let path = |number: usize| dir.path().join(format!("{number:02}.log"));
    (0..40).for_each(|number| append(&path(number), ""));
    let from = format!("{}/*.log", dir.path().display());
    let live = Live::start(streamer("count --by line --batch 20ms --time none --follow").args(["--from", &from]));
    for number in (1..40).rev() {
        append(&path(number), &format!("of {number}\n"));
    }
    let expected: usize = 39;
    live.stdout.until("all of them", |rows| memchr::memchr_iter(b'\n', rows).count() == expected);
    live.signal(Signal::TERM);
    let sums = sums(live.wait().text().as_bytes());
    assert!(sums.len() == expected && sums.values().all(|count| *count == 1));
}

/// Rows of a followed file that wait for those of a silent one before it, where only numbers cut: they do not wait for ever.
#[test]
fn cuts_by_number_do_not_wait_for_a_silent_file() {
    let dir = tempdir().expect("a directory");
    let (silent, loud) = (dir.path().join("a"), dir.path().join("b"));
    File::create(&silent).expect("a file");
    fs::write(&loud, "0123456789012345678901234567890123456789\n".repeat(1_000_000)).expect("written");
    let from = format!("{}/*", dir.path().display());
    let live = Live::start(streamer("grep . --batch 1000000lines --follow").args(["--from", &from]));
    live.stdout.until("all rows", |rows| rows.len() == 41_000_000);
    live.signal(Signal::TERM);
    live.wait();
}

#[test]
fn once_reads_what_is_there() {
    let place = place();
    place.put("a.csv", b"user,n\nann,1\n");
    place.put("b.csv", b"n,user\n2,ann");
    let from = format!("dir:{}?glob=*.csv", place.watched.display());
    let live = Live::start(streamer("agg 'sum(n) AS n' --by user --once").args(["--from", &from]));
    assert_eq!(live.wait().ok(), "ann\t3\n");
    let path = place.watched.join("a.csv");
    let words = "agg 'sum(n) AS n' --by user --once --follow";
    assert_eq!(Live::start(streamer(words).args(["--from".as_ref(), path.as_os_str()])).wait().ok(), "ann\t1\n");
}
