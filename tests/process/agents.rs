//! Agents of Flume, played here: what they send is in the results once they are answered, however the run ends.
//!
//! Real ones: `tests/servers/flume.rs`.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Result, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;

use rustix::process::Signal;
use tempfile::tempdir;

use super::{Live, streamer, until};

/// A number as Avro writes it, not negative.
fn long(number: usize) -> Vec<u8> {
    let (mut left, mut out) = (number << 1, Vec::new());
    while left >= 0x80 {
        out.push(left as u8 | 0x80);
        left >>= 7;
    }
    out.push(left as u8);
    out
}

fn text(text: &str) -> Vec<u8> {
    [&long(text.len()), text.as_bytes()].concat()
}

/// The avro sink of an agent.
struct Agent {
    stream: TcpStream,
    serial: u32,
}

impl Agent {
    fn connect(address: &str) -> Result<Agent> {
        Ok(Agent { stream: TcpStream::connect(address)?, serial: 0 })
    }

    /// Sends events whose header `n` is their number, and waits until they are taken.
    fn append(&mut self, bodies: &[String]) -> Result<()> {
        self.send(bodies)?;
        let mut answer = vec![0; if self.serial == 1 { 19 } else { 15 }];
        self.stream.read_exact(&mut answer)
    }

    fn send(&mut self, bodies: &[String]) -> Result<()> {
        let mut request = Vec::new();
        if self.serial == 0 {
            request.extend([vec![1; 16], long(0), vec![1; 16], long(0)].concat());
        }
        request.extend([long(0), text("appendBatch"), long(bodies.len())].concat());
        for (number, body) in bodies.iter().enumerate() {
            request.extend([long(1), text("n"), text(&number.to_string()), long(0), text(body)].concat());
        }
        request.extend(long(0));
        let head = [self.serial, 1, request.len() as u32].map(u32::to_be_bytes).concat();
        self.serial += 1;
        self.stream.write_all(&[head, request].concat())
    }
}

/// A run that listens, and where: at a port of the system's choice.
fn listening(words: &str, dir: &Path) -> (Live, String) {
    let live = Live::start(streamer(&format!("--from flume://0 {words}")).current_dir(dir));
    let said = live.stderr.until("port", |said| said.contains(&b'\n'));
    let line = String::from_utf8_lossy(&said).lines().next().unwrap_or_default().to_string();
    let address = line.strip_prefix("streamer: listening on ").unwrap_or_else(|| panic!("it said {line}"));
    (live, address.to_string())
}

fn bodies(from: usize, count: usize) -> Vec<String> {
    (from..from + count).map(|n| format!("event {n}")).collect()
}

/// Those without a column of the body too, and with the time of the batch.
#[test]
fn events_are_rows_with_headers() {
    let dir = tempdir().unwrap();
    let (live, address) = listening("--batch 50ms --out csv map 'line, headers, $1 AS first'", dir.path());
    let mut agent = Agent::connect(&address).unwrap();
    agent.append(&["a b\nc".to_string(), String::new()]).unwrap();
    live.signal(Signal::TERM);
    let done = live.wait();
    let expected = "line,headers,first\n\"a b\nc\",\"{\"\"n\"\":\"\"0\"\"}\",a\n\"\",\"{\"\"n\"\":\"\"1\"\"}\",\n";
    assert_eq!(done.text(), expected, "{}", done.stderr);
    let (live, address) = listening("--in json --out json map 'a, flume.headers AS h'", dir.path());
    let mut agent = Agent::connect(&address).unwrap();
    agent.append(&["{\"a\":{\"b\":1}}".to_string(), "no".to_string()]).unwrap();
    live.signal(Signal::TERM);
    let done = live.wait();
    assert_eq!(done.text(), "{\"a\":{\"b\":1},\"h\":{\"n\":\"0\"}}\n");
    assert!(done.stderr.contains(", line 2: not JSON"), "{}", done.stderr);
}

/// Records that hold line ends are counted, cut and paced as one.
#[test]
fn an_event_is_one_record_wherever_records_are_counted() {
    let dir = tempdir().unwrap();
    for words in [
        "--batch 10lines count",
        "--batch 10lines --max-rate 100000 count",
        "--batch 10lines --shards 3 agg 'count(line)'",
    ] {
        let (live, address) = listening(words, dir.path());
        let mut agent = Agent::connect(&address).unwrap();
        let all: Vec<String> = (0..95).map(|n| format!("{}x", "\n".repeat(n % 7))).collect();
        for some in all.chunks(19) {
            agent.append(some).unwrap();
        }
        live.signal(Signal::TERM);
        let done = live.wait();
        assert_eq!(done.text(), "10\n".repeat(9) + "5\n", "{words}: {}", done.stderr);
    }
}

/// Behind the last batch that was asked for nothing is taken: its agent keeps it.
#[test]
fn what_no_batch_holds_is_not_answered() {
    let dir = tempdir().unwrap();
    let (live, address) = listening("--batch 10lines --batches 2 count", dir.path());
    let mut agent = Agent::connect(&address).unwrap();
    agent.append(&bodies(0, 15)).unwrap();
    assert!(agent.append(&bodies(15, 15)).is_err(), "half of it is in no batch");
    assert_eq!(live.wait().text(), "10\n10\n");
}

/// An agent that sends until it is answered, and runs that are killed: every event is there.
#[test]
fn nothing_is_lost_in_runs_that_are_killed() {
    let dir = tempdir().unwrap();
    fs::create_dir(dir.path().join("out")).unwrap();
    // The same address in each run, for that is by which the journal knows it.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let words = "--batch 20ms --checkpoint state --journal --verbose --to out/{batch}.txt grep event";
    let (mut next, total) = (0, 3000);
    for run in 0..8 {
        let live = Live::start(streamer(&format!("--from flume://{address} {words}")).current_dir(dir.path()));
        let (last, mut from, to) = (run == 7, next, address.clone());
        let sending = std::thread::spawn(move || {
            let mut agent = until("connection", || Agent::connect(&to).ok());
            while from < total && agent.append(&bodies(from, 10)).is_ok() {
                from += 10;
            }
            from
        });
        if !last {
            live.stderr.until("batches", |said| said.iter().filter(|b| **b == b'\n').count() >= 2 + run);
            live.signal(Signal::KILL);
        }
        next = sending.join().unwrap();
        if last {
            live.signal(Signal::TERM);
        }
        let done = live.wait();
        assert!(!done.stderr.contains("cannot"), "{}", done.stderr);
    }
    assert_eq!(next, total, "the last run took all that was left");
    let mut found: Vec<String> = Vec::new();
    for file in until("files", || fs::read_dir(dir.path().join("out")).ok()) {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        found.extend(text.lines().map(String::from));
    }
    let lines = found.len();
    let found: BTreeSet<String> = found.into_iter().collect();
    assert!(found == bodies(0, total).into_iter().collect(), "{} of {total}", found.len());
    // What was taken and could not be answered came again: once for each kill.
    assert!(lines <= total + 7 * 10, "{lines} of {total}");
}
