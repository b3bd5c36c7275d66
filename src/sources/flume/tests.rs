//! Agents on the loopback address, as a real one speaks.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};

use super::super::support::testing::{PLAIN, Said, heard, quota};
use super::super::{Chunk, Control, Intake, Step, parse};
use super::rpc::tests::{Event, batch};
use super::*;
use crate::error::Error;

/// Listens on a port of the system's choice.
struct Open {
    setup: Setup,
    said: Said,
    intake: Box<dyn Intake>,
    control: Arc<dyn Control>,
    address: String,
}

fn open(options: &str, max_record: usize) -> Open {
    let (setup, said) = heard();
    let setup = Setup { max_record, ..setup };
    let source = parse(&format!("flume://127.0.0.1:0{options}")).unwrap();
    let lane = source.open(&setup, PLAIN).unwrap().pop().unwrap();
    let address = lane.name["flume://".len()..].to_string();
    let Feed::Records(intake) = lane.feed else { panic!("records were expected") };
    Open { setup, said, intake, control: lane.control, address }
}

impl Open {
    /// The bodies of the next chunk, and where it ends.
    fn next(&mut self) -> (Vec<String>, Chunk) {
        let Step::Records(chunk) = self.intake.next(&quota()).unwrap() else { panic!("it has ended") };
        let mut bodies = Vec::new();
        let bytes = chunk.buffer.bytes();
        Framing::sized().each(bytes, 0, bytes.len(), |record| {
            let record = record.of(bytes).unwrap();
            let headers = u32::from_le_bytes(*record.first_chunk().unwrap()) as usize;
            bodies.push(String::from_utf8_lossy(&record[4 + headers..]).into_owned());
        });
        (bodies, chunk)
    }

    /// So many bodies, all of them taken over.
    fn take(&mut self, count: usize) -> Vec<String> {
        let mut all = Vec::new();
        while all.len() < count {
            let (bodies, chunk) = self.next();
            all.extend(bodies);
            self.control.taken(chunk.until);
        }
        assert_eq!(all.len(), count);
        all
    }
}

/// An agent.
struct Agent {
    stream: TcpStream,
    serial: u32,
    zlib: Option<(Compress, Decompress)>,
}

impl Agent {
    fn connect(open: &Open) -> Agent {
        Agent { stream: TcpStream::connect(&open.address).unwrap(), serial: 0, zlib: None }
    }

    /// A batch, in parts as Avro writes them.
    fn send(&mut self, events: &[Event<'_>]) {
        let request = batch(self.serial == 0, events);
        let mut frame = self.serial.to_be_bytes().to_vec();
        let parts: Vec<&[u8]> = request.chunks(8192).collect();
        frame.extend((parts.len() as u32).to_be_bytes());
        for part in parts {
            frame.extend((part.len() as u32).to_be_bytes());
            frame.extend(part);
        }
        if let Some((compress, _)) = &mut self.zlib {
            let mut packed = Vec::with_capacity(frame.len() + 100);
            compress.compress_vec(&frame, &mut packed, FlushCompress::Sync).unwrap();
            frame = packed;
        }
        self.stream.write_all(&frame).unwrap();
        self.serial += 1;
    }

    /// Waits for the answer to the request before, which is OK.
    fn is_answered(&mut self) {
        let first = self.serial == 1;
        let body: &[u8] = if first { &[0; 7] } else { &[0; 3] };
        let head = [self.serial - 1, 1, body.len() as u32].map(u32::to_be_bytes).concat();
        let mut answer = Vec::new();
        while answer.len() < head.len() + body.len() {
            let mut byte = [0];
            self.stream.read_exact(&mut byte).expect("an answer");
            match &mut self.zlib {
                None => answer.push(byte[0]),
                Some((_, inflate)) => {
                    let mut plain = Vec::with_capacity(100);
                    inflate.decompress_vec(&byte, &mut plain, FlushDecompress::None).unwrap();
                    answer.extend(plain);
                }
            }
        }
        assert_eq!(answer, [&head, body].concat());
    }

    /// Whether nothing was answered so far.
    fn is_waiting(&self) -> bool {
        self.stream.set_nonblocking(true).unwrap();
        let read = (&self.stream).read(&mut [0]);
        self.stream.set_nonblocking(false).unwrap();
        matches!(read, Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
    }

    fn is_closed(&mut self) -> bool {
        matches!(self.stream.read(&mut [0]), Ok(0) | Err(_))
    }
}

#[test]
fn an_agent_is_answered_once_its_events_are_taken() {
    let mut open = open("", 1 << 20);
    let mut agent = Agent::connect(&open);
    for round in 0..3 {
        let bodies = [format!("{round} a\nb"), String::new()];
        agent.send(&[(&[("k", "v")], bodies[0].as_bytes()), (&[], bodies[1].as_bytes())]);
        let (found, chunk) = open.next();
        assert_eq!(found, bodies);
        open.control.taken(chunk.from);
        assert!(agent.is_waiting(), "nobody has taken them yet");
        open.control.taken(chunk.until);
        agent.is_answered();
    }
    // A batch without events: there is nothing to be taken, and the next one comes behind it.
    agent.send(&[]);
    let other = std::thread::scope(|scope| {
        scope.spawn(|| {
            agent.is_answered();
            agent.send(&[(&[], b"last")]);
        });
        open.next().0
    });
    assert_eq!(other, ["last"]);
}

#[test]
fn many_agents_give_to_one_lane() {
    let mut open = open("", 1 << 20);
    let mut agents: Vec<Agent> = (0..50).map(|_| Agent::connect(&open)).collect();
    for round in 0..3 {
        for (who, agent) in agents.iter_mut().enumerate() {
            let bodies: Vec<String> = (0..4).map(|n| format!("{who} {}", round * 4 + n)).collect();
            let events: Vec<Event<'_>> = bodies.iter().map(|body| (&[][..], body.as_bytes())).collect();
            agent.send(&events);
        }
        let all = open.take(200);
        for who in 0..50 {
            let prefix = format!("{who} ");
            let mine: Vec<usize> = all.iter().filter_map(|l| l.strip_prefix(&prefix)?.parse().ok()).collect();
            assert_eq!(mine, [0, 1, 2, 3].map(|n| round * 4 + n), "of agent {who}");
        }
        agents.iter_mut().for_each(Agent::is_answered);
    }
}

#[test]
fn a_connection_may_be_compressed_both_ways() {
    let mut open = open("?compression=deflate", 1 << 20);
    let mut agent = Agent::connect(&open);
    agent.zlib = Some((Compress::new(Compression::default(), true), Decompress::new(true)));
    let long = "x".repeat(300_000);
    for body in ["one", &long, "three"] {
        agent.send(&[(&[], body.as_bytes())]);
        assert_eq!(open.take(1), [body]);
        agent.is_answered();
    }
}

/// What was begun, and what was not taken, comes again when the agent does.
#[test]
fn a_request_that_breaks_off_is_nothing() {
    let mut open = open("", 1 << 20);
    let mut dying = Agent::connect(&open);
    let request = batch(true, &[(&[], b"lost")]);
    let head = [0, 1, request.len() as u32].map(u32::to_be_bytes).concat();
    dying.stream.write_all(&[&head, &request[..request.len() - 1]].concat()).unwrap();
    dying.stream.shutdown(Shutdown::Write).unwrap();
    let mut living = Agent::connect(&open);
    living.send(&[(&[], b"here")]);
    assert_eq!(open.take(1), ["here"]);
    living.is_answered();
    // The answer to someone who has gone hurts nobody.
    let mut gone = Agent::connect(&open);
    gone.send(&[(&[], b"taken")]);
    drop(gone);
    assert_eq!(open.take(1), ["taken"]);
    living.send(&[(&[], b"still here")]);
    assert_eq!(open.take(1), ["still here"]);
    living.is_answered();
}

#[test]
fn who_is_no_agent_is_closed_and_told_of_once() {
    let mut open = open("", 1000);
    let (address, stop) = (open.address.clone(), Arc::clone(&open.setup.stop));
    let clients = std::thread::spawn(move || {
        let wrong: [&[u8]; 4] = [
            b"GET / HTTP/1.1\r\n\r\n",
            b"GET / HTTP/1.1\r\n\r\n",
            &[0x78, 0x9c, 1, 2, 3, 4, 5, 6],
            b"\0\0\0\0\0\0\0\x01\0\0\0\x01x",
        ];
        for sent in wrong {
            let mut stream = TcpStream::connect(&address).unwrap();
            stream.write_all(sent).unwrap();
            assert!(matches!(stream.read(&mut [0]), Ok(0) | Err(_)), "it is closed");
        }
        stop.tell();
    });
    assert!(matches!(open.intake.next(&quota()), Ok(Step::End)));
    clients.join().unwrap();
    let said = open.said.text();
    assert_eq!(
        said.matches("closed a connection from 127.0.0.1: its first bytes are no frame of Avro\n").count(),
        1,
        "{said}"
    );
    assert!(said.contains("it may be compressed: add ?compression=deflate\n"), "{said}");
    assert!(said.contains("no request of Avro"), "{said}");
}

#[test]
fn what_is_not_compressed_though_it_should_be_is_told() {
    let mut open = open("?compression=deflate", 1000);
    let mut agent = Agent::connect(&open);
    agent.send(&[(&[], b"plain")]);
    let stop = Arc::clone(&open.setup.stop);
    let client = std::thread::spawn(move || {
        assert!(agent.is_closed());
        stop.tell();
    });
    assert!(matches!(open.intake.next(&quota()), Ok(Step::End)));
    client.join().unwrap();
    assert!(open.said.text().contains("give its sink compression-type = deflate"), "{}", open.said.text());
}

/// Too long for a record: left out and told, and its agent is answered all the same, or it would send it for ever.
#[test]
fn an_event_over_the_limit_is_reported_and_answered() {
    let mut open = open("", 100);
    let mut agent = Agent::connect(&open);
    agent.send(&[(&[], b"a"), (&[], &[b'x'; 200])]);
    let (bodies, chunk) = open.next();
    assert_eq!((bodies, chunk.too_long.len(), chunk.too_long[0].len), (vec!["a".to_string()], 1, 206));
    open.control.taken(chunk.until);
    agent.is_answered();
    agent.send(&[(&[], &[b'y'; 200])]);
    let (bodies, chunk) = open.next();
    assert_eq!((bodies.len(), chunk.too_long.len()), (0, 1));
    open.control.taken(chunk.until);
    agent.is_answered();
}

#[test]
fn spellings() {
    let name = |spec: &str| parse(spec).map(|source| source.name());
    for spec in ["flume://4141", "flume://127.0.0.1:4141", "flume://4141?compression=none&in=json"] {
        assert_eq!(name(spec).unwrap(), "flume://127.0.0.1:4141", "{spec}");
    }
    assert_eq!(name("flume://0.0.0.0:1").unwrap(), "flume://0.0.0.0:1");
    for spec in ["flume:4141", "flume://", "flume://h:", "flume://1?compression=gzip", "flume://1?compress=deflate"] {
        assert!(matches!(parse(spec), Err(Error::Usage(_))), "{spec}");
    }
}
