//! Real sockets on 127.0.0.1: trickles, floods, broken connections, many senders; every word counted once.

use std::io::Write;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::Signal;

use super::input::{counts, text};
use super::{Live, run, streamer, sums};

/// A server, and its address.
fn server() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    (listener, address)
}

/// A run that reads a server, connected.
fn connected(words: &str) -> (Live, TcpStream) {
    let (listener, address) = server();
    let live = Live::start(streamer(words).args(["--from", &format!("tcp://{address}")]));
    (live, listener.accept().expect("it connects").0)
}

/// Byte by byte, each a packet of its own: rows come as lines are whole, and no word is torn.
#[test]
fn a_trickle_is_read_line_by_line() {
    let (live, mut peer) = connected("words");
    peer.set_nodelay(true).expect("a socket");
    for line in ["one two\n", "three\n"] {
        for byte in line.as_bytes() {
            peer.write_all(&[*byte]).expect("it reads");
        }
        live.stdout.until_text(&line.replace(' ', "\n"));
    }
    drop(peer);
    assert_eq!(live.wait().ok(), "one\ntwo\nthree\n");
}

#[test]
fn every_word_of_a_trickle_is_in_one_batch() {
    let (live, mut peer) = connected("wordcount --batch 5ms --time none");
    let text = text(300);
    for piece in text.chunks(13) {
        peer.write_all(piece).expect("it reads");
    }
    drop(peer);
    assert!(sums(live.wait().ok().as_bytes()) == counts(&text));
}

#[test]
fn every_word_of_a_flood_is_in_one_batch() {
    let (live, mut peer) = connected("wordcount --batch 50ms --time none");
    let text = text(20_000);
    let times = (50 << 20) / text.len() as u64 + 1;
    for _ in 0..times {
        peer.write_all(&text).expect("it reads");
    }
    drop(peer);
    let expected = counts(&text).into_iter().map(|(word, count)| (word, count * times)).collect();
    assert!(sums(live.wait().ok().as_bytes()) == expected);
}

/// An orderly end in mid-line: the last line is a line.
#[test]
fn a_stream_that_ends_in_mid_line_keeps_its_last_words() {
    let (live, mut peer) = connected("wordcount --batch 20ms --time none");
    peer.write_all(b"one two\ntwo half").expect("it reads");
    peer.shutdown(Shutdown::Both).expect("a socket");
    let sums = sums(live.wait().ok().as_bytes());
    assert_eq!(sums.into_iter().collect::<Vec<_>>(), [("half".into(), 1), ("one".into(), 1), ("two".into(), 2)]);
}

/// A connection that breaks is a failure, after what had come was given.
#[test]
fn a_connection_that_breaks_is_told_and_what_came_is_given() {
    let (live, mut peer) = connected("grep .");
    peer.write_all(b"one\nhal").expect("it reads");
    live.stdout.until_text("one\n");
    rustix::net::sockopt::set_socket_linger(&peer, Some(Duration::ZERO)).expect("a socket");
    drop(peer);
    let done = live.wait();
    assert_eq!((done.status.code(), done.text().lines().next()), (Some(1), Some("one")));
    assert!(
        done.stderr.contains("connection reset by peer") && done.stderr.contains("reconnect=2s"),
        "{}",
        done.stderr
    );
    assert_eq!(done.stderr.lines().count(), 1);
}

#[test]
fn a_refused_connection_is_told_before_anything_runs() {
    let (listener, address) = server();
    drop(listener);
    let said = run(&mut streamer(&format!("count --from tcp://{address}")), b"").failed(1);
    assert!(said.contains(&format!("cannot connect to {address}: connection refused")), "{said}");
    assert_eq!(said.lines().count(), 1);
}

/// A line that a break cut in two is never joined with what the next connection sends.
#[test]
fn reconnecting_goes_on_with_the_next_connection() {
    let (listener, address) = server();
    let words = format!("grep . --batch 20ms --from tcp://{address}?reconnect=10ms");
    let live = Live::start(&mut streamer(&words));
    for (sent, row) in [("a\nhalf", "half\n"), ("b\n", "b\n"), ("c\n", "c\n")] {
        let (mut peer, _) = listener.accept().expect("it connects again");
        peer.write_all(sent.as_bytes()).expect("it reads");
        drop(peer);
        live.stdout.until_text(row);
    }
    live.signal(Signal::TERM);
    let done = live.wait();
    assert_eq!(done.text(), "a\nhalf\nb\nc\n");
    assert!(!done.status.success() && done.status.code().is_none());
}

/// The port that a run listens on, which it tells.
fn port(live: &Live) -> String {
    let said = live.stderr.until("the port", |said| said.ends_with(b"\n"));
    let said = String::from_utf8(said).expect("UTF-8");
    said.trim().rsplit(' ').next().expect("an address").to_string()
}

#[test]
fn every_word_of_many_senders_is_counted_once() {
    let live = Live::start(&mut streamer("wordcount --batch 20ms --time none --from listen://127.0.0.1:0"));
    let address = port(&live);
    let text = text(500);
    std::thread::scope(|scope| {
        for sender in 0..24 {
            let (address, text) = (&address, &text);
            scope.spawn(move || {
                let mut peer = TcpStream::connect(address).expect("it listens");
                // Cut at odd places; every other sender ends in mid-line.
                for piece in text[..text.len() - sender % 2].chunks(700 + sender * 131) {
                    peer.write_all(piece).expect("it reads");
                }
            });
        }
    });
    let expected = counts(&text).into_iter().map(|(word, count)| (word, 24 * count)).collect();
    live.stdout.until("all words", |rows| rows.ends_with(b"\n") && sums(rows) == expected);
    live.signal(Signal::TERM);
    let done = live.wait();
    assert!(sums(&done.stdout) == expected, "and nothing comes twice");
}

/// What a sender has begun is given at the end too.
#[test]
fn a_sender_that_is_still_there_loses_nothing_at_the_end() {
    let live = Live::start(&mut streamer("grep . --from listen://127.0.0.1:0"));
    let mut peer = TcpStream::connect(port(&live)).expect("it listens");
    peer.write_all(b"whole\nbegun").expect("it reads");
    live.stdout.until_text("whole\n");
    live.signal(Signal::TERM);
    assert_eq!(live.wait().text(), "whole\nbegun\n");
}

#[test]
fn a_port_in_use_is_told_before_anything_runs() {
    let (_taken, address) = server();
    let mut command = streamer(&format!("count --from listen://{address}"));
    let said = Live::start(command.stdin(Stdio::null())).wait().failed(1);
    assert!(said.contains(&format!("cannot listen on {address}: address already in use")), "{said}");
}

/// A source that breaks ends the run also while another one is silent; what both gave is printed.
#[test]
fn a_broken_source_does_not_wait_for_a_silent_one() {
    let (listener, address) = server();
    let words = format!("wordcount --batch 24h --time none --from - --from tcp://{address}");
    let mut live = Live::start(streamer(&words).stdin(Stdio::piped()));
    let (peer, _) = listener.accept().expect("it connects");
    let silent = live.stdin.take();
    rustix::net::sockopt::set_socket_linger(&peer, Some(Duration::ZERO)).expect("a socket");
    drop(peer);
    let done = live.wait();
    assert_eq!(done.status.code(), Some(1));
    assert!(done.stderr.contains("connection reset by peer"), "{}", done.stderr);
    drop(silent);
}

/// Without a source that says so, nothing is connected and nothing listens.
#[test]
#[cfg(target_os = "linux")]
fn no_network_is_used_unless_a_source_says_so() {
    let internet = |live: &Live| {
        let tables = ["tcp", "tcp6", "udp", "udp6"].map(|t| std::fs::read_to_string(format!("/proc/net/{t}")));
        let tables: String = tables.into_iter().flatten().collect();
        let open = std::fs::read_dir(format!("/proc/{}/fd", live.pid.as_raw_nonzero())).expect("it lives");
        let targets = open.filter_map(|fd| Some(std::fs::read_link(fd.ok()?.path()).ok()?.display().to_string()));
        let inode = |target: String| Some(target.strip_prefix("socket:[")?.strip_suffix(']')?.to_string());
        targets.filter_map(inode).filter(|inode| tables.contains(&format!(" {inode} "))).count()
    };
    for (from, sockets) in [("-", 0), ("listen://127.0.0.1:0", 1)] {
        let words = format!("count --batch 20ms --time none --from {from}");
        let mut live = Live::start(streamer(&words).stdin(Stdio::piped()));
        let silent = live.stdin.take();
        live.stdout.until_text("0\n");
        assert_eq!(internet(&live), sockets, "{from}");
        drop(silent);
    }
}

/// Records that a source finds itself tell the columns as those of a stream of bytes do, and the first of them is given too.
#[test]
fn the_first_records_of_senders_tell_the_columns() {
    let live =
        Live::start(&mut streamer("--from listen://127.0.0.1:0 --in json --out csv --batch 100ms filter 'b > 0'"));
    live.stderr.until_text("\n");
    let said = String::from_utf8(live.stderr.until("address", |bytes| bytes.ends_with(b"\n"))).unwrap();
    let mut sender = TcpStream::connect(said.trim().rsplit(' ').next().unwrap()).unwrap();
    sender.write_all(b"{\"b\":1,\"a\":\"x\"}\n").unwrap();
    live.stdout.until_text("b,a\n1,x\n");
    sender.write_all(b"{\"a\":\"y\",\"b\":2}\n").unwrap();
    live.stdout.until_text("2,y\n");
    live.signal(Signal::TERM);
}
