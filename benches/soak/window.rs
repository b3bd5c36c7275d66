//! A sliding window over a million keys at a steady rate, for a long time.
//!
//! Which records a window holds is not ours to say, for batches are cut by the clock: `--stats` tells how many records each
//! batch had, and they came in order. So a window is a range of records, and the model slides along with it.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::watched::{Watched, middle, most};
use crate::{Result, mixed, streamer};

const KEYS: u64 = 1_000_000;
/// Seconds of the window ...
const LENGTH: i64 = 60;
/// ... and between two of them.
const EVERY: i64 = 10;

/// What the model knows of a key: how many records, and the sum of their values.
type Totals = (u32, u64);

/// The key and the value of a record.
fn record(at: u64) -> (usize, u64) {
    let mixed = mixed(at);
    ((mixed % KEYS) as usize, (mixed >> 40) % 1000)
}

/// Sends records at a steady rate, in bytes a second, for so long: how many there were, and the most milliseconds that the
/// pipe was behind the clock.
fn send(mut into: impl Write, rate: f64, long: Duration, sent: &AtomicU64) -> std::io::Result<(u64, f64)> {
    let began = Instant::now();
    let (mut at, mut bytes, mut behind) = (0, 0u64, 0f64);
    let mut lines = Vec::with_capacity(1 << 20);
    loop {
        let now = began.elapsed();
        if now >= long {
            return Ok((at, behind));
        }
        let due = (now.as_secs_f64() * rate) as u64;
        behind = behind.max((due - bytes) as f64 / rate * 1e3);
        lines.clear();
        while bytes + (lines.len() as u64) < due && lines.len() < (1 << 19) {
            let (key, value) = record(at);
            at += 1;
            writeln!(lines, "k{key:07},{value}")?;
        }
        into.write_all(&lines)?;
        bytes += lines.len() as u64;
        sent.store(bytes, Ordering::Relaxed);
        if began.elapsed().as_secs_f64() * rate < (bytes + 4096) as f64 {
            thread::sleep(Duration::from_millis(2));
        }
    }
}

/// A batch as `--stats` tells of it.
struct Batch {
    /// In milliseconds of the epoch.
    end: i64,
    records: u64,
    /// Milliseconds from its end until its rows were out.
    delay: f64,
}

/// The batches of a run, as far as it has got.
struct Stats {
    path: PathBuf,
    read: u64,
    batches: Vec<Batch>,
}

impl Stats {
    fn refresh(&mut self) -> Result<()> {
        let Ok(mut file) = std::fs::File::open(&self.path) else { return Ok(()) };
        std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(self.read))?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        for line in text.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
            self.read += line.len() as u64;
            let batch: serde_json::Value = serde_json::from_str(line)?;
            let end: Timestamp = batch["timestamp"].as_str().ok_or("no timestamp")?.parse()?;
            let records = batch["numInputRows"].as_u64().ok_or("no numInputRows")?;
            let delay = batch["totalDelay"].as_f64().ok_or("no totalDelay")?;
            self.batches.push(Batch { end: end.as_millisecond(), records, delay });
        }
        Ok(())
    }

    /// The records of the window with this end, once that can be told.
    fn range(&mut self, end: i64, ended: bool) -> Result<Option<(u64, u64)>> {
        self.refresh()?;
        if !ended && self.batches.last().is_none_or(|last| last.end < end) {
            return Ok(None);
        }
        let before = |end: i64| self.batches.iter().filter(|batch| batch.end <= end).map(|batch| batch.records).sum();
        Ok(Some((before(end - LENGTH * 1000), before(end))))
    }
}

/// The counts and sums of a range of records that only moves on.
struct Model {
    range: (u64, u64),
    totals: Vec<Totals>,
}

impl Model {
    fn slide(&mut self, to: (u64, u64)) {
        for at in self.range.1..to.1 {
            let (key, value) = record(at);
            self.totals[key].0 += 1;
            self.totals[key].1 += value;
        }
        for at in self.range.0..to.0 {
            let (key, value) = record(at);
            self.totals[key].0 -= 1;
            self.totals[key].1 -= value;
        }
        self.range = to;
    }

    /// How many rows are not as they have to be, or are missing.
    fn wrong(&self, rows: &[(usize, Totals)]) -> usize {
        let mut seen = vec![false; self.totals.len()];
        let twice = rows.iter().filter(|(key, _)| std::mem::replace(&mut seen[*key], true)).count();
        let other = rows.iter().filter(|(key, totals)| self.totals[*key] != *totals).count();
        let missing = self.totals.iter().zip(&seen).filter(|(totals, seen)| totals.0 > 0 && !**seen).count();
        twice + other + missing
    }
}

/// A window as its rows came.
struct Window {
    end: i64,
    rows: Vec<(usize, Totals)>,
}

/// Reads the rows of all windows.
fn receive(rows: impl Read, to: &mpsc::Sender<Window>) -> Result<()> {
    let mut reader = BufReader::with_capacity(1 << 20, rows);
    let (mut line, mut stamp) = (Vec::new(), Vec::new());
    let mut window = Window { end: 0, rows: Vec::new() };
    while reader.read_until(b'\n', &mut line)? > 0 {
        let mut columns = line.strip_suffix(b"\n").ok_or("half a row")?.split(|byte| *byte == b'\t');
        let mut column =
            || columns.next().and_then(|column| std::str::from_utf8(column).ok()).ok_or("a row of too few");
        let end = column()?;
        if end.as_bytes() != stamp {
            if !window.rows.is_empty() {
                to.send(window)?;
            }
            window =
                Window { end: end.parse::<Timestamp>()?.as_millisecond(), rows: Vec::with_capacity(KEYS as usize) };
            stamp = end.as_bytes().to_vec();
        }
        let key = column()?.strip_prefix('k').ok_or("no key")?.parse()?;
        window.rows.push((key, (column()?.parse()?, column()?.parse()?)));
        line.clear();
    }
    if !window.rows.is_empty() {
        to.send(window)?;
    }
    Ok(())
}

/// Holds every window against the model: how many there were, their rows, and how many of these were wrong.
fn check(windows: &mpsc::Receiver<Window>, stats: &mut Stats) -> Result<(u64, u64, u64)> {
    let mut model = Model { range: (0, 0), totals: vec![(0, 0); KEYS as usize] };
    let (mut count, mut rows, mut wrong) = (0, 0, 0);
    let mut next = windows.recv().ok();
    while let Some(window) = next {
        // Of a batch is told behind its rows: with the next window, or at the end, it is there.
        next = windows.recv().ok();
        let range = stats.range(window.end, next.is_none())?.ok_or("no statistics of a batch whose window came")?;
        model.slide(range);
        let bad = model.wrong(&window.rows) as u64;
        if bad > 0 {
            println!("the window that ends at {} has {bad} wrong rows", Timestamp::from_millisecond(window.end)?);
        }
        (count, rows, wrong) = (count + 1, rows + window.rows.len() as u64, wrong + bad);
    }
    Ok((count, rows, wrong))
}

/// The soak: so many seconds at so many megabytes a second.
pub fn soak(seconds: u64, rate: u64, more: &[String]) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut stats = Stats { path: folder.path().join("stats"), read: 0, batches: Vec::new() };
    let (length, every) = (format!("{LENGTH}s"), format!("{EVERY}s"));
    let mut command = Command::new(streamer()?);
    command.args(["--in", "csv", "--header", "key,value", "--batch", "1s", "--stats"]).arg(&stats.path).args(more);
    command.args(["window", &length, "--every", &every, "then"]);
    command.args(["agg", "count(*) AS n, sum(value) AS value", "--by", "key"]);
    let mut child = command.current_dir(&folder).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let watched = Watched::new(child.id());
    let (input, output) = (child.stdin.take().ok_or("no pipe")?, child.stdout.take().ok_or("no pipe")?);
    let sent = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&sent);
    let sender = thread::spawn(move || send(input, rate as f64 * 1e6, Duration::from_secs(seconds), &counted));
    let (to, windows) = mpsc::channel();
    let reader = thread::spawn(move || receive(output, &to).map_err(|error| error.to_string()));
    let (count, rows, wrong) = check(&windows, &mut stats)?;
    let memory = watched.end();
    let (records, behind) = sender.join().expect("no panic")?;
    reader.join().expect("no panic")?;
    let status = child.wait()?;

    stats.refresh()?;
    let came: u64 = stats.batches.iter().map(|batch| batch.records).sum();
    println!("| minutes | memory MB, most | delay ms, middle | most | of batches with a window, middle | most |");
    println!("|---|---:|---:|---:|---:|---:|");
    let first = stats.batches.first().ok_or("no batch came")?.end;
    let part = |from: f64, to: f64| {
        let within = move |second: f64| second >= from && second < to;
        let memory = most(memory.iter().filter(|(at, _)| within(*at)).map(|(_, megabytes)| *megabytes));
        let delays = |fires: bool| {
            let of =
                |batch: &&Batch| within((batch.end - first) as f64 / 1e3) && (batch.end % (EVERY * 1000) == 0) == fires;
            stats.batches.iter().filter(of).map(|batch| batch.delay).collect::<Vec<_>>().into_iter()
        };
        (memory, (middle(delays(false)), most(delays(false))), (middle(delays(true)), most(delays(true))))
    };
    let tenth = seconds as f64 / 10.0;
    for at in 0..10 {
        let (from, to) = (f64::from(at) * tenth, f64::from(at + 1) * tenth);
        let (memory, plain, fires) = part(from, to);
        print!("| {:.0} to {:.0} | {memory:.0} | {:.1} | {:.1} |", from / 60.0, to / 60.0, plain.0, plain.1);
        println!(" {:.1} | {:.1} |", fires.0, fires.1);
    }
    let megabytes = sent.load(Ordering::Relaxed) as f64 / 1e6;
    println!("\n{records} records, {megabytes:.0} MB in {seconds} s, the pipe at most {behind:.0} ms behind the clock");
    println!("{count} windows with {rows} rows, {wrong} of them wrong; {came} records counted; {status}");

    // The first third fills the window and the allocator.
    let (second, third) = (part(3.0 * tenth, 6.5 * tenth), part(6.5 * tenth, 10.0 * tenth));
    let mut failed = Vec::new();
    if wrong > 0 || came != records || count < seconds / EVERY as u64 || !status.success() {
        failed.push("the results are not those of the model".to_string());
    }
    if third.0 > second.0 * 1.1 {
        failed.push(format!("memory has grown from {:.0} to {:.0} MB", second.0, third.0));
    }
    for (what, before, after) in [("batches", second.1.0, third.1.0), ("windows", second.2.0, third.2.0)] {
        if after > before * 1.5 + 20.0 {
            failed.push(format!("the delay of {what} has grown from {before:.0} to {after:.0} ms"));
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(failed.join("; ").into()) }
}
