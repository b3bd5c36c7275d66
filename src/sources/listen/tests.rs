//! Real senders on the loopback address.

use std::io::Write;
use std::net::Shutdown;
use std::sync::mpsc;

use super::super::parse;
use super::super::support::testing::{LeapingClock, PLAIN, Said, quota, setup, setup_on};
use super::*;
use crate::messages::Messages;
use crate::sources::Chunk;

/// Listens on a port of the system's choice.
fn open(setup: &Setup) -> (Box<dyn Intake>, String) {
    let lane = parse("listen://127.0.0.1:0").unwrap().open(setup, PLAIN).unwrap().pop().unwrap();
    let address = lane.name["listen://".len()..].to_string();
    match lane.feed {
        Feed::Records(intake) => (intake, address),
        Feed::Bytes(_) => panic!("records were expected"),
    }
}

fn connect(address: &str) -> TcpStream {
    TcpStream::connect(address).unwrap()
}

fn next(intake: &mut dyn Intake) -> Option<Chunk> {
    match intake.next(&quota()).unwrap() {
        Step::Records(chunk) => Some(chunk),
        Step::Unread { .. } | Step::Done | Step::End => None,
    }
}

/// Reads until there are so many lines.
fn lines(intake: &mut dyn Intake, count: usize) -> Vec<String> {
    let mut all = Vec::new();
    while all.len() < count {
        let chunk = next(intake).expect("more lines");
        assert!(chunk.buffer.bytes().ends_with(b"\n"), "records are whole");
        all.extend(String::from_utf8_lossy(chunk.buffer.bytes()).lines().map(String::from));
    }
    assert_eq!(all.len(), count);
    all
}

/// Two hundred connections that write bit by bit, cut anywhere: every record comes once, whole, in its sender's order.
#[test]
fn many_senders_interleave_without_mixing() {
    let setup = setup();
    let (mut intake, address) = open(&setup);
    let sending = std::thread::spawn(move || {
        let mut senders: Vec<TcpStream> = (0..200).map(|_| connect(&address)).collect();
        for line in 0..5 {
            for (who, sender) in senders.iter_mut().enumerate() {
                write!(sender, "{who} ").unwrap();
            }
            for sender in &mut senders {
                // The last line has no end: closing the connection ends it.
                write!(sender, "{line}{}", if line < 4 { "\n" } else { "" }).unwrap();
            }
        }
    });
    let all = lines(&mut *intake, 1000);
    sending.join().unwrap();
    for who in 0..200 {
        let prefix = format!("{who} ");
        let mine: Vec<&str> = all.iter().filter_map(|l| l.strip_prefix(&prefix)).collect();
        assert_eq!(mine, ["0", "1", "2", "3", "4"], "of sender {who}");
    }
}

/// What is ready when it looks comes in one buffer, also from many senders.
#[test]
fn tiny_senders_share_a_buffer() {
    let setup = setup();
    let (mut intake, address) = open(&setup);
    let senders: Vec<TcpStream> = (0..50)
        .map(|n| {
            let mut sender = connect(&address);
            writeln!(sender, "{n}").unwrap();
            sender
        })
        .collect();
    let mut chunks = Vec::new();
    let mut seen = 0;
    while seen < 50 {
        let chunk = next(&mut *intake).unwrap();
        seen += chunk.buffer.bytes().iter().filter(|b| **b == b'\n').count();
        chunks.push(chunk);
    }
    assert!(chunks.len() <= 3, "{} buffers for 50 lines that were all there", chunks.len());
    assert!(chunks.windows(2).all(|w| w[0].until == w[1].from));
    drop(senders);
}

/// A sender that has begun a line and says no more holds nobody up; one that sends without end lets others have their turn.
#[test]
fn neither_slow_nor_fast_senders_keep_others_out() {
    let setup = setup();
    let (mut intake, address) = open(&setup);
    let mut slow = connect(&address);
    slow.write_all(b"begun").unwrap();
    let (fast_address, stop) = (address.clone(), Arc::clone(&setup.stop));
    let fast = std::thread::spawn(move || {
        let mut fast = connect(&fast_address);
        let lines = b"fast\n".repeat(10_000);
        while !stop.is_told() && fast.write_all(&lines).is_ok() {}
    });
    assert_eq!(next(&mut *intake).unwrap().buffer.bytes()[..5], *b"fast\n");
    let mut other = connect(&address);
    other.write_all(b"other\n").unwrap();
    loop {
        let chunk = next(&mut *intake).unwrap();
        assert!(chunk.buffer.len() < BLOCK + TURN + 16);
        if memchr::memmem::find(chunk.buffer.bytes(), b"other\n").is_some() {
            break;
        }
    }
    setup.stop.tell();
    let last = next(&mut *intake).expect("what was begun");
    assert!(memchr::memmem::find(last.buffer.bytes(), b"begun\n").is_some());
    assert!(next(&mut *intake).is_none());
    drop(intake);
    fast.join().unwrap();
}

#[test]
fn a_stop_wakes_it_and_hands_over_what_was_begun() {
    let setup = setup();
    let (mut intake, address) = open(&setup);
    let (mut one, mut two) = (connect(&address), connect(&address));
    one.write_all(b"x\nbegun by one").unwrap();
    two.write_all(b"y\nbegun by two").unwrap();
    let mut first = lines(&mut *intake, 2);
    first.sort();
    assert_eq!(first, ["x", "y"]);
    let (send, received) = mpsc::channel();
    let waiting = std::thread::spawn(move || {
        while let Some(chunk) = next(&mut *intake) {
            send.send(chunk.buffer.bytes().to_vec()).unwrap();
        }
    });
    setup.stop.tell();
    waiting.join().unwrap();
    assert_eq!(received.iter().collect::<Vec<_>>(), [b"begun by one\nbegun by two\n"]);
}

/// A connection that is reset has ended: what it had begun counts, and the others go on.
#[test]
fn a_sender_that_breaks_off_hurts_nobody() {
    let setup = setup();
    let (mut intake, address) = open(&setup);
    let (mut dying, mut living) = (connect(&address), connect(&address));
    dying.write_all(b"a\nmid-li").unwrap();
    assert_eq!(lines(&mut *intake, 1), ["a"]);
    rustix::net::sockopt::set_socket_linger(&dying, Some(Duration::ZERO)).unwrap();
    drop(dying);
    assert_eq!(lines(&mut *intake, 1), ["mid-li"]);
    living.write_all(b"b\n").unwrap();
    assert_eq!(lines(&mut *intake, 1), ["b"]);
}

#[test]
fn a_record_over_the_limit_is_reported_and_the_rest_of_its_sender_counts() {
    let setup = Setup { max_record: 5, ..setup() };
    let (mut intake, address) = open(&setup);
    let mut sender = connect(&address);
    sender.write_all(b"12345\n123456\nend\n1234567").unwrap();
    sender.shutdown(Shutdown::Write).unwrap();
    let (mut text, mut too_long) = (Vec::new(), Vec::new());
    while too_long.len() < 2 {
        let chunk = next(&mut *intake).unwrap();
        text.extend_from_slice(chunk.buffer.bytes());
        too_long.extend(chunk.too_long.iter().map(|t| t.len));
    }
    assert_eq!((text.as_slice(), too_long), (b"12345\nend\n".as_slice(), vec![6, 7]));
}

#[test]
fn a_port_in_use_is_an_error_that_says_so() {
    let setup = setup();
    let (_intake, address) = open(&setup);
    let error = parse(&format!("listen://{address}")).unwrap().open(&setup, PLAIN).err().expect("it is in use");
    let message = error.to_string();
    assert!(
        message.starts_with(&format!("cannot listen on {address}: address already in use; another program")),
        "{message}"
    );
}

/// With no descriptor left for another sender it says so once, goes on with those that it has, and takes the next one when
/// it can.
#[test]
fn a_shortage_of_descriptors_is_survived() {
    let said = Said::default();
    let setup =
        Setup { messages: Messages::new(Box::new(said.clone())), ..setup_on(Arc::new(LeapingClock::default())) };
    let spelled = Listen { address: "127.0.0.1:0".into(), format: Wanted::default() };
    let mut senders = spelled.senders(&setup, PLAIN).unwrap();
    let address = senders.listener.name["listen://".len()..].to_string();
    assert!(said.text().contains(&format!("listening on {address}\n")), "a port of the system's choice is told");
    for _ in 0..3 {
        assert_eq!(senders.listener.not_taken(Errno::MFILE, 0), Ok(()));
    }
    assert!(senders.listener.shortage);
    assert_eq!(said.text().matches("cannot take another sender beside 0: too many open files").count(), 1);
    connect(&address).write_all(b"late\n").unwrap();
    assert_eq!(lines(&mut senders, 1), ["late"]);
    assert!(!senders.listener.shortage);
    assert_eq!(senders.listener.not_taken(Errno::CONNABORTED, 0), Ok(()), "that sender has gone");
    assert_eq!(senders.listener.not_taken(Errno::INVAL, 0), Err(Errno::INVAL), "nobody will ever come");
}

#[test]
fn spellings_of_the_address() {
    let name = |spec: &str| parse(spec).map(|s| s.name());
    for spec in ["listen://9999", "listen://:9999", "listen://127.0.0.1:9999", "listen://9999?in=text"] {
        assert_eq!(name(spec).unwrap(), "listen://127.0.0.1:9999", "{spec}");
    }
    assert_eq!(name("listen://0.0.0.0:80").unwrap(), "listen://0.0.0.0:80");
    assert_eq!(name("listen://[::1]:80").unwrap(), "listen://[::1]:80");
    for spec in ["listen:9999", "listen://", "listen://x", "listen://h:", "listen://70000", "listen://1?reconnect=2s"] {
        assert!(matches!(parse(spec), Err(Error::Usage(_))), "{spec}");
    }
}
