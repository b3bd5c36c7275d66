//! How late a batch is printed, and what an empty one costs: `cargo run --release --example latency [-- BATCHES [STREAMER]]`.
//!
//! Rows carry `window_end`, the border that their batch was cut at; the time from there until the row has come out of the
//! pipe is what cutting, counting, printing and waking the reader add. Then the same to the last row of a batch, under load
//! (`load.rs`). Linux only, for it reads /proc.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros)] // it measures real time, and prints

mod load;

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use load::Load;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let batches: usize = args.next().map_or(Ok(30), |n| n.parse())?;
    let beside = || Ok::<_, std::io::Error>(std::env::current_exe()?.with_file_name("../streamer"));
    let streamer = args.next().map_or_else(beside, |path| Ok(path.into()))?;
    let streamer = streamer.to_str().ok_or("the path of streamer is not text")?;

    println!("| what | batches | median ms | maximum ms |\n|---|---:|---:|---:|");
    for interval in [1_000, 100] {
        for every in [Some(interval / 4), Some(interval * 5 / 2), None] {
            let mut late = boundaries(streamer, interval, every, batches)?;
            late.sort_by(f64::total_cmp);
            let what = match every {
                Some(every) => format!("`--batch {interval}ms count`, a line through a socket every {every} ms"),
                None => format!("`--batch {interval}ms count`, a silent socket: empty batches"),
            };
            let worst = late.last().ok_or("no batch came")?;
            println!("| {what} | {} | {:.2} | {worst:.2} |", late.len(), late[late.len() / 2]);
        }
    }
    let (empty, micros) = idle(streamer)?;
    println!(
        "\nAn empty batch costs {micros:.1} µs of CPU ({empty} batches of `--batch 1ms count`, nothing arriving)."
    );

    println!(
        "\n| `count --by '$1'`, 100 thousand keys | batches | keys in a batch | MB/s taken | median ms | maximum ms |"
    );
    println!("|---|---:|---:|---:|---:|---:|");
    for pipe in [false, true] {
        for interval in [100, 1_000] {
            for (rate, steps) in [(1, false), (10, false), (100, false), (100, true)] {
                // A third of the batches where they are long.
                let batches = if interval == 1_000 { batches.div_ceil(3) } else { batches };
                let shown = load::measure(streamer, &Load { interval, rate, steps, pipe }, batches)?;
                let (late, way) = (&shown.late, if pipe { "pipe" } else { "socket" });
                let how = if steps { ", every millisecond" } else { "" };
                let (middle, worst) = (late[late.len() / 2], late.last().ok_or("no batch came")?);
                print!(
                    "| `--batch {interval}ms`, {rate} MB/s through a {way}{how} | {} | {} |",
                    late.len(),
                    shown.keys
                );
                println!(" {:.1} | {middle:.2} | {worst:.2} |", shown.taken);
            }
        }
    }
    Ok(())
}

/// For each batch how many milliseconds after its border its row came. A line is sent every so many milliseconds.
fn boundaries(streamer: &str, interval: u64, every: Option<u64>, batches: usize) -> Result<Vec<f64>> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let from = format!("tcp://{}", listener.local_addr()?);
    let (batch, count) = (format!("{interval}ms"), batches.to_string());
    let mut child = spawn(streamer, &["--from", &from, "--batch", &batch, "--batches", &count, "count"])?;
    let (mut socket, _) = listener.accept()?;
    // It ends with the socket, which the child closes.
    thread::spawn(move || {
        while socket.write_all(if every.is_some() { b"a line\n" } else { b"" }).is_ok() {
            thread::sleep(Duration::from_millis(every.unwrap_or(interval)));
        }
    });
    let mut late = Vec::new();
    for row in BufReader::new(child.stdout.take().ok_or("no pipe")?).lines() {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64() * 1e3;
        let row = row?;
        let border: Timestamp = row.split('\t').next().unwrap_or_default().parse()?;
        late.push(now - border.as_millisecond() as f64);
    }
    child.wait()?;
    Ok(late)
}

/// How many empty batches came in five seconds, and the microseconds of CPU that each took.
fn idle(streamer: &str) -> Result<(usize, f64)> {
    let mut child = spawn(streamer, &["--batch", "1ms", "count"])?;
    let mut rows = BufReader::new(child.stdout.take().ok_or("no pipe")?).lines();
    rows.next();
    let before = cpu(&child)?;
    let wanted = 5_000;
    for row in rows.by_ref().take(wanted) {
        row?;
    }
    let spent = cpu(&child)? - before;
    drop(child.stdin.take());
    rows.by_ref().for_each(drop);
    child.wait()?;
    Ok((wanted, spent / wanted as f64))
}

/// What all threads of a child have used so far, in microseconds.
fn cpu(child: &Child) -> Result<f64> {
    let mut nanoseconds = 0.0;
    for thread in std::fs::read_dir(format!("/proc/{}/task", child.id()))? {
        let usage = std::fs::read_to_string(thread?.path().join("schedstat"))?;
        nanoseconds += usage.split(' ').next().unwrap_or_default().parse::<f64>()?;
    }
    Ok(nanoseconds / 1e3)
}

fn spawn(streamer: &str, args: &[&str]) -> Result<Child> {
    let mut command = Command::new(streamer);
    command.args(args).args(["--shards", "2"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    command
        .spawn()
        .map_err(|error| format!("cannot run {streamer}: {error}; build it with cargo build --release").into())
}
