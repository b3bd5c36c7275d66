//! The time from the border of a batch to the last byte of its result, while lines come at a steady rate.
//!
//! The lines are sent by the clock, whether the last were taken or not: who falls behind is later at every border. All 100
//! thousand keys come in turn, so a batch holds as many of them as it has lines. The first batch, which began before the
//! first line, is left out.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

use crate::{Result, spawn};

const KEYS: usize = 100_000;
/// Bytes of a line: a key, a space, a number that is always the same.
const LINE: usize = 20;

/// What is sent, and how.
pub struct Load {
    /// Milliseconds of a batch.
    pub interval: u64,
    /// Megabytes a second.
    pub rate: usize,
    /// What falls due in a millisecond is sent at once; else each line as soon as it falls due, which at 100 megabytes a second
    /// keeps one processor busy.
    pub steps: bool,
    /// Through a pipe; else through a socket.
    pub pipe: bool,
}

/// What a run showed.
pub struct Measured {
    /// For each batch the milliseconds from its border to its last byte, smallest first.
    pub late: Vec<f64>,
    /// Rows of the middle batch: its distinct keys.
    pub keys: usize,
    /// Megabytes a second that were taken.
    pub taken: f64,
}

/// A batch as its rows came.
struct Batch {
    border: Vec<u8>,
    rows: usize,
    /// When its last row had come, in milliseconds of the epoch.
    last: f64,
}

/// Runs `count --by $1` over so many batches.
pub fn measure(streamer: &str, load: &Load, batches: usize) -> Result<Measured> {
    let (batch, count) = (format!("{}ms", load.interval), (batches + 1).to_string());
    let chain = ["--batch", &batch, "--batches", &count, "count", "--by", "$1"];
    let (mut child, into): (_, Box<dyn Write + Send>) = if load.pipe {
        let mut child = spawn(streamer, &chain)?;
        let into = child.stdin.take().ok_or("no pipe")?;
        (child, Box::new(into))
    } else {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let from = format!("tcp://{}", listener.local_addr()?);
        let child = spawn(streamer, &[["--from", from.as_str()].as_slice(), &chain].concat())?;
        (child, Box::new(listener.accept()?.0))
    };
    let (rate, steps) = (load.rate * 1_000_000, load.steps);
    // It ends with the pipe or the socket, which the child closes.
    let feeder = thread::spawn(move || feed(into, rate, if steps { rate / 1_000 } else { LINE }));
    let mut came = receive(child.stdout.take().ok_or("no pipe")?)?;
    child.wait()?;
    let taken = feeder.join().map_err(|_| "the feeder failed")?;
    if came.len() < 2 {
        return Err("no whole batch came".into());
    }
    came.remove(0);
    let since = |batch: &Batch| -> Result<f64> {
        let border: Timestamp = std::str::from_utf8(&batch.border)?.parse()?;
        Ok(batch.last - border.as_millisecond() as f64)
    };
    let mut late = came.iter().map(since).collect::<Result<Vec<f64>>>()?;
    late.sort_by(f64::total_cmp);
    let mut rows: Vec<usize> = came.iter().map(|batch| batch.rows).collect();
    rows.sort_unstable();
    Ok(Measured { late, keys: rows[rows.len() / 2], taken })
}

/// Sends lines at so many bytes a second until nobody takes them, at least `least` bytes at once but at the end of all lines; the
/// megabytes a second that were taken.
fn feed(mut into: impl Write, rate: usize, least: usize) -> f64 {
    // Each key once: the factor has no divisor in common with their number.
    let lines: Vec<u8> =
        (0..KEYS).flat_map(|n| format!("k{:07} 0123456789\n", n * 61_803 % KEYS).into_bytes()).collect();
    debug_assert_eq!(lines.len(), KEYS * LINE);
    let began = Instant::now();
    let (mut sent, mut at) = (0, 0);
    loop {
        let due = (began.elapsed().as_secs_f64() * rate as f64) as usize - sent;
        let part = (due / LINE * LINE).min(lines.len() - at);
        if part < least.min(lines.len() - at) {
            thread::sleep(Duration::from_millis(1));
        } else if into.write_all(&lines[at..at + part]).is_err() {
            return sent as f64 / 1e6 / began.elapsed().as_secs_f64();
        } else {
            sent += part;
            at = (at + part) % lines.len();
        }
    }
}

/// Reads rows to the end, led by the borders of their batches. It shares the processors with what it measures, so it looks at each
/// row only where a batch ends, and else at the last one that came.
fn receive(mut rows: impl Read) -> Result<Vec<Batch>> {
    let (mut buffer, mut filled) = (vec![0; 1 << 20], 0);
    let mut batches: Vec<Batch> = Vec::new();
    loop {
        let read = rows.read(&mut buffer[filled..])?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64() * 1e3;
        if read == 0 {
            return Ok(batches);
        }
        filled += read;
        let whole = memchr::memrchr(b'\n', &buffer[..filled]).map_or(0, |end| end + 1);
        let last_row = buffer[..whole].trim_ascii_end().rsplit(|&byte| byte == b'\n').next().unwrap_or_default();
        match batches.last_mut() {
            Some(batch) if batch.border == border(last_row) => {
                (batch.rows, batch.last) = (batch.rows + memchr::memchr_iter(b'\n', &buffer[..whole]).count(), now);
            }
            _ => {
                for row in buffer[..whole].trim_ascii_end().split(|&byte| byte == b'\n').filter(|row| !row.is_empty()) {
                    match batches.last_mut() {
                        Some(batch) if batch.border == border(row) => (batch.rows, batch.last) = (batch.rows + 1, now),
                        _ => batches.push(Batch { border: border(row).to_vec(), rows: 1, last: now }),
                    }
                }
            }
        }
        buffer.copy_within(whole..filled, 0);
        filled -= whole;
    }
}

/// The end of the batch that a row is of.
fn border(row: &[u8]) -> &[u8] {
    row.split(|&byte| byte == b'\t').next().unwrap_or_default()
}
