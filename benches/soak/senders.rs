//! Senders that are many, slow, or never end a line.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, setrlimit};

use crate::watched::{Watched, most};
use crate::{Result, streamer};

/// Lines of each connection.
const LINES: usize = 100;

/// All of them: so many connections, so many gigabytes without a line end.
pub fn soak(connections: u64, gigabytes: u64) -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit })?;
    many(connections as usize)?;
    slow(60)?;
    endless(gigabytes)
}

/// A streamer that listens, and the address where.
fn listening(chain: &[&str]) -> Result<(Child, String, BufReader<ChildStderr>)> {
    let mut command = Command::new(streamer()?);
    command.args(["--from", "listen://127.0.0.1:0", "--batch", "1s"]).args(chain);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let mut said = BufReader::new(child.stderr.take().ok_or("no pipe")?);
    let mut line = String::new();
    said.read_line(&mut line)?;
    let address = line.trim().rsplit(' ').next().ok_or("it does not say where it listens")?.to_string();
    Ok((child, address, said))
}

fn terminate(child: &Child) -> Result<()> {
    Ok(kill_process(Pid::from_child(child), Signal::TERM)?)
}

/// Many connections at once, each of which sends its lines in halves while all others do the same.
fn many(connections: usize) -> Result<()> {
    let (mut child, address, _said) = listening(&["count", "--by", "$1"])?;
    let watched = Watched::new(child.id());
    let began = Instant::now();
    let mut senders = (0..connections).map(|_| TcpStream::connect(&address)).collect::<std::io::Result<Vec<_>>>()?;
    let open = began.elapsed().as_secs_f64();
    let rows = child.stdout.take().ok_or("no pipe")?;
    let sender = thread::spawn(move || -> std::io::Result<()> {
        for line in 0..LINES {
            for (at, sender) in senders.iter_mut().enumerate() {
                sender.write_all(format!("sender{at} li").as_bytes())?;
            }
            for sender in &mut senders {
                sender.write_all(format!("ne {line}\n").as_bytes())?;
            }
        }
        Ok(())
    });
    let mut counts: HashMap<String, usize> = HashMap::new();
    let mut came = 0;
    for row in BufReader::new(rows).lines() {
        let row = row?;
        let mut columns = row.split('\t').skip(1);
        let (Some(key), Some(count)) = (columns.next(), columns.next()) else { return Err("half a row".into()) };
        let count: usize = count.parse()?;
        *counts.entry(key.to_string()).or_default() += count;
        came += count;
        if came == connections * LINES {
            terminate(&child)?;
        }
    }
    sender.join().expect("no panic")?;
    let took = began.elapsed().as_secs_f64();
    let memory = most(watched.end().into_iter().map(|(_, megabytes)| megabytes));
    child.wait()?;
    let wrong = counts.values().filter(|count| **count != LINES).count();
    println!(
        "{connections} connections (open after {open:.1} s), {LINES} lines each, in halves: {came} lines after {took:.1} s, \
         of {} senders, {wrong} of them with another count; {memory:.0} MB",
        counts.len()
    );
    if wrong > 0 || counts.len() != connections { Err("lines of senders were lost or mixed".into()) } else { Ok(()) }
}

/// One that sends a byte a second, beside one that sends as fast as it can: nobody waits for the slow one, and its line is whole.
fn slow(bytes: usize) -> Result<()> {
    let (mut child, address, _said) = listening(&["count", "--by", "$1"])?;
    let (mut slow, mut fast) = (TcpStream::connect(&address)?, TcpStream::connect(&address)?);
    let rows = child.stdout.take().ok_or("no pipe")?;
    let began = Instant::now();
    let sender = thread::spawn(move || -> std::io::Result<usize> {
        let word = "s".repeat(bytes - 1);
        let mut sent = 0;
        for byte in format!("{word}\n").bytes() {
            slow.write_all(&[byte])?;
            let next = Instant::now() + Duration::from_secs(1);
            while Instant::now() < next {
                fast.write_all("fast\n".repeat(1000).as_bytes())?;
                sent += 1000;
                thread::sleep(Duration::from_millis(10));
            }
        }
        Ok(sent)
    });
    let (mut quick, mut whole, mut gap, mut last) = (0, false, 0f64, Instant::now());
    for row in BufReader::new(rows).lines() {
        let row = row?;
        gap = gap.max(last.elapsed().as_secs_f64());
        last = Instant::now();
        match row.split('\t').skip(1).collect::<Vec<_>>()[..] {
            ["fast", count] => quick += count.parse::<usize>()?,
            [key, "1"] => whole = key.len() == bytes - 1,
            _ => return Err(format!("an unknown row: {row}").into()),
        }
        if whole && sender.is_finished() {
            terminate(&child)?;
        }
    }
    let sent = sender.join().expect("no panic")?;
    child.wait()?;
    let took = began.elapsed().as_secs_f64();
    println!(
        "a byte a second for {took:.0} s: its line {}; beside it {quick} of {sent} lines, at most {gap:.1} s between two batches",
        if whole { "whole" } else { "not whole" }
    );
    if whole && quick == sent && gap < 3.0 {
        Ok(())
    } else {
        Err("a slow sender was not served, or held up another".into())
    }
}

/// Gigabytes without a line end, then two lines.
fn endless(gigabytes: u64) -> Result<()> {
    let mut command = Command::new(streamer()?);
    command.args(["count"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let watched = Watched::new(child.id());
    let mut input = child.stdin.take().ok_or("no pipe")?;
    let began = Instant::now();
    let piece = vec![b'x'; 1 << 20];
    for _ in 0..gigabytes * 1000 {
        input.write_all(&piece)?;
    }
    input.write_all(b"\none\ntwo\n")?;
    drop(input);
    let done = child.wait_with_output()?;
    let took = began.elapsed().as_secs_f64();
    let memory = most(watched.end().into_iter().map(|(_, megabytes)| megabytes));
    let (rows, said) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    let counted: u64 = rows.lines().filter_map(|row| row.rsplit('\t').next()?.parse::<u64>().ok()).sum();
    println!("{gigabytes} GB without a line end in {took:.1} s, {memory:.0} MB: counted {counted}; {}", said.trim());
    if counted == 2 && memory < 300.0 { Ok(()) } else { Err("a record without an end was not left out".into()) }
}
