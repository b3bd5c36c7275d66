//! Streamers that share the partitions of a topic.

use super::*;
use crate::sources::Kept;

/// A member, with a checkpoint of this name or none.
fn member(broker: &Broker, id: Option<&str>, kept: &[Kept]) -> (Read, Setup, Said) {
    let (setup, said) = setup();
    let setup = Setup { checkpoint: id.map(String::from), ..setup };
    let source = broker.source("group=g&from=earliest&kafka.session.timeout.ms=6000&kafka.heartbeat.interval.ms=200");
    let read = Read::of(source.resume(&setup, Framing::sized(), kept));
    (read, setup, said)
}

fn kept(read: &Read, position: u64, mark: Vec<u8>) -> Kept {
    Kept { name: read.name.clone(), position, marks: vec![mark], redo: None }
}

#[test]
fn without_a_checkpoint_a_group_goes_on_behind_what_was_out() {
    let broker = Broker::with(2);
    broker.send(0, &["a", "b"]);
    broker.send(1, &["c"]);
    let (mut read, _setup, _) = member(&broker, None, &[]);
    let mut rows = read.some(3);
    rows.sort();
    assert_eq!(rows, ["0:0 a", "0:1 b", "1:0 c"]);
    read.done(0);
    broker.send(0, &["d"]);
    assert_eq!(read.some(1), ["0:2 d"]);
    // That was not out when it died.
    drop(read);
    let (mut read, _setup, _) = member(&broker, None, &[]);
    assert_eq!(read.some(1), ["0:2 d"]);
}

#[test]
fn what_was_claimed_and_not_logged_is_given_by_the_next_run_alone() {
    let broker = Broker::with(1);
    broker.send(0, &["a", "b"]);
    let (mut one, _setup, _) = member(&broker, Some("one"), &[]);
    let before = one.control.mark(0, true).unwrap().unwrap();
    assert_eq!(one.some(2), ["0:0 a", "0:1 b"]);
    // The claim is made, and then it dies.
    one.control.mark(one.position, false).unwrap();
    let left = kept(&one, 0, before);
    drop(one);
    broker.send(0, &["c"]);
    let (mut two, _setup, _) = member(&broker, Some("two"), &[]);
    two.control.mark(0, true).unwrap();
    assert_eq!(two.some(1), ["0:2 c"], "what is claimed is another's");
    two.control.mark(two.position, false).unwrap();
    drop(two);
    broker.send(0, &["d"]);
    let (mut one, _setup, _) = member(&broker, Some("one"), &[left]);
    assert_eq!(one.some(2), ["0:0 a", "0:1 b"], "also when another has gone on since");
    assert_eq!(one.some(1), ["0:3 d"]);
}

#[test]
fn what_was_logged_is_not_claimed_again() {
    let broker = Broker::with(1);
    broker.send(0, &["a", "b"]);
    let (mut one, _setup, _) = member(&broker, Some("one"), &[]);
    one.some(2);
    let logged = one.control.mark(one.position, false).unwrap().unwrap();
    let left = kept(&one, one.position, logged);
    drop(one);
    broker.send(0, &["c"]);
    let (mut one, _setup, _) = member(&broker, Some("one"), &[left]);
    assert_eq!(one.some(1), ["0:2 c"]);
}

#[test]
fn two_members_share_the_partitions_and_nothing_comes_twice() {
    let broker = Broker::with(2);
    broker.send(0, &["a"]);
    broker.send(1, &["b"]);
    let (mut one, stop_one, said) = member(&broker, Some("one"), &[]);
    assert_eq!(one.some(2).len(), 2);
    // A second one comes. The first lets a partition go only once what it has given of it is claimed.
    let two = std::thread::scope(|scope| {
        let (sender, rows) = std::sync::mpsc::channel();
        let second = scope.spawn({
            let (mut two, stop_two, _) = member(&broker, Some("two"), &[]);
            move || {
                let rows = two.some(1);
                sender.send(rows.clone()).unwrap();
                stop_two.stop.tell();
                rows
            }
        });
        let first = scope.spawn(move || {
            let mut rows = Vec::new();
            one.control.mark(one.position, false).unwrap();
            while one.step(&mut rows) {
                one.control.mark(one.position, false).unwrap();
            }
            (one, rows)
        });
        // Until the second has something of a partition of its own.
        let mut sent = 0;
        while rows.recv_timeout(Duration::from_millis(300)).is_err() {
            sent += 1;
            assert!(sent < 200, "{}", said.text());
            broker.send(0, &["x"]);
            broker.send(1, &["x"]);
        }
        stop_one.stop.tell();
        let (_one, first) = first.join().unwrap();
        (first, second.join().unwrap())
    });
    let (first, second) = two;
    assert!(!second.is_empty() && second.iter().all(|row| !first.contains(row)), "{first:?} {second:?}");
}
