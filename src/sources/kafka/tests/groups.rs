//! Streamers that share the partitions of a topic, one after the other: the mock cluster takes no offsets while a group is about
//! to share anew, as a real broker does (tests/servers/kafka_in.rs).

use std::thread::JoinHandle;

use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

use super::*;
use crate::error::Result;
use crate::sources::Kept;

/// A member, with a checkpoint of this name or none.
fn member(broker: &Broker, id: Option<&str>, kept: &[Kept]) -> (Read, Setup, Said) {
    let (setup, said) = setup();
    let setup = Setup { checkpoint: id.map(String::from), ..setup };
    let source = broker.source("group=g&from=earliest&kafka.session.timeout.ms=8000&kafka.heartbeat.interval.ms=200");
    let read = Read::of(source.resume(&setup, Framing::sized(), kept));
    (read, setup, said)
}

fn kept(read: &Read, position: u64, mark: Vec<u8>) -> Kept {
    Kept { name: read.name.clone(), position, marks: vec![mark], redo: None }
}

/// Tells the group how far it is, on a thread of its own as the engine does: what is logged, or what is out. The broker knows nothing
/// of the member any more.
fn told_by_nobody(broker: &Broker, read: &Read, logs: bool) -> JoinHandle<Result<()>> {
    let unknown = RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID;
    broker.cluster.request_errors(RDKafkaApiKey::OffsetCommit, &[unknown]);
    let (control, until) = (Arc::clone(&read.control), read.position);
    std::thread::spawn(move || {
        if logs {
            return control.mark(until, false).map(drop);
        }
        control.committed(Time(0), &Range { from: 0, until });
        Ok(())
    })
}

/// Reads on until the group has been told: what came meanwhile.
fn told(read: &mut Read, telling: JoinHandle<Result<()>>) -> (Rows, Result<()>) {
    let mut rows = Rows::new();
    while !telling.is_finished() {
        rows.extend(read.batch());
    }
    (rows, telling.join().expect("no panic"))
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

/// One claims the records 0 and 1, and dies before they are logged; another one goes on with record 2. What the first has left.
fn left_by_one_that_died(broker: &Broker) -> Kept {
    broker.send(0, &["a", "b"]);
    let (mut one, _setup, _) = member(broker, Some("one"), &[]);
    let before = one.control.mark(0, true).unwrap().unwrap();
    assert_eq!(one.some(2), ["0:0 a", "0:1 b"]);
    one.control.mark(one.position, false).unwrap();
    let left = kept(&one, 0, before);
    drop(one);
    broker.send(0, &["c"]);
    let (mut two, _setup, _) = member(broker, Some("two"), &[]);
    two.control.mark(0, true).unwrap();
    assert_eq!(two.some(1), ["0:2 c"], "what is claimed is another's");
    two.control.mark(two.position, false).unwrap();
    left
}

#[test]
fn what_was_claimed_and_not_logged_is_given_by_the_next_run_alone() {
    let broker = Broker::with(1);
    let left = left_by_one_that_died(&broker);
    broker.send(0, &["d"]);
    let (mut one, _setup, _) = member(&broker, Some("one"), &[left]);
    assert_eq!(one.some(2), ["0:0 a", "0:1 b"], "also when another has gone on since");
    assert_eq!(one.some(1), ["0:3 d"]);
}

/// What it claimed before it died and what comes now stand apart, with records of another between them.
#[test]
fn records_of_another_between_two_claims_are_never_its_own() {
    let broker = Broker::with(1);
    let left = left_by_one_that_died(&broker);
    // Its batch ends before anything new: the group stays where it is.
    let (mut one, _setup, _) = member(&broker, Some("one"), std::slice::from_ref(&left));
    assert_eq!(one.some(2), ["0:0 a", "0:1 b"]);
    let again = one.position;
    broker.send(0, &["d"]);
    assert_eq!(one.some(1), ["0:3 d"]);
    one.control.mark(again, false).unwrap();
    drop(one);
    let (mut three, _setup, _) = member(&broker, Some("three"), &[]);
    assert_eq!(three.some(1), ["0:3 d"]);
    drop(three);
    // Or behind it: both are claimed, and given again with what is logged or without.
    let (mut one, _setup, _) = member(&broker, Some("one"), std::slice::from_ref(&left));
    assert_eq!(one.some(3), ["0:0 a", "0:1 b", "0:3 d"]);
    let logged = one.control.mark(one.position, false).unwrap().unwrap();
    let redo = Kept { redo: Some((one.position, logged)), ..left.clone() };
    drop(one);
    for left in [left, redo] {
        let (mut one, _setup, _) = member(&broker, Some("one"), &[left]);
        assert_eq!(one.some(3), ["0:0 a", "0:1 b", "0:3 d"]);
    }
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

/// A partition that came with the batch that was being written is in no mark before it.
#[test]
fn a_batch_is_given_again_with_a_partition_that_is_new_in_it() {
    let broker = Broker::with(1);
    broker.send(0, &["a", "b"]);
    let (mut one, _setup, _) = member(&broker, Some("one"), &[]);
    let before = one.control.mark(0, true).unwrap().unwrap();
    assert_eq!(one.some(2), ["0:0 a", "0:1 b"]);
    let logged = one.control.mark(one.position, false).unwrap().unwrap();
    let left = Kept { redo: Some((one.position, logged)), ..kept(&one, 0, before) };
    drop(one);
    broker.send(0, &["c"]);
    let (mut one, _setup, _) = member(&broker, Some("one"), &[left]);
    assert_eq!(one.some(2), ["0:0 a", "0:1 b"]);
    assert_eq!(one.some(1), ["0:2 c"]);
}

/// Whoever comes while another member stands still is told what is waited for, and has its part when that one is gone.
#[test]
fn it_is_said_that_a_group_waits_for_a_member() {
    let broker = Broker::with(1);
    broker.send(0, &["a"]);
    let of_group = || {
        let (setup, said) = setup();
        let source = broker.source("group=g&from=earliest&kafka.session.timeout.ms=20000");
        (Read::of(source.open(&setup, Framing::sized())), setup, said)
    };
    let (mut still, _setup, said) = of_group();
    assert_eq!(still.some(1), ["0:0 a"]);
    assert_eq!(said.text(), "");
    let (mut comes, _setup, said) = of_group();
    while !said.text().contains("the group `g` has given no partition to this streamer yet") {
        assert_eq!(comes.batch(), Rows::new());
    }
    drop(still);
    assert_eq!(comes.some(1), ["0:0 a"], "nothing was done with it");
}

/// Its brokers were away for longer than they wait for a member, say: nobody else was there.
#[test]
fn what_is_taken_away_and_given_back_goes_on() {
    for id in [Some("one"), None] {
        let broker = Broker::with(2);
        broker.send(0, &["a", "b"]);
        broker.send(1, &["c"]);
        let (mut one, _setup, said) = member(&broker, id, &[]);
        assert_eq!(one.some(3).len(), 3);
        let telling = told_by_nobody(&broker, &one, id.is_some());
        let (rows, end) = told(&mut one, telling);
        assert_eq!((rows, end.is_ok()), (Rows::new(), true), "{id:?}");
        broker.send(0, &["d"]);
        assert_eq!(one.some(1), ["0:2 d"]);
        if id.is_some() {
            drop(one.control.mark(one.position, false).unwrap())
        } else {
            one.done(0)
        }
        assert!(!said.text().contains("twice"), "{}", said.text());
        drop(one);
        broker.send(1, &["e"]);
        let (mut two, _setup, _) = member(&broker, id.map(|_| "two"), &[]);
        assert_eq!(two.some(1), ["1:1 e"], "the group has come so far");
    }
}

#[test]
fn what_another_has_read_meanwhile_ends_the_run() {
    let broker = Broker::with(1);
    broker.send(0, &["a", "b"]);
    let (mut one, _setup, _) = member(&broker, Some("one"), &[]);
    assert_eq!(one.some(2), ["0:0 a", "0:1 b"]);
    let telling = told_by_nobody(&broker, &one, true);
    // It does not listen until then.
    let (mut two, _setup, _) = member(&broker, Some("two"), &[]);
    assert_eq!(two.some(2), ["0:0 a", "0:1 b"]);
    two.control.mark(two.position, false).unwrap();
    drop(two);
    let error = told(&mut one, telling).1.expect_err("it is another's");
    assert!(error.to_string().contains("start it again: nothing is lost"), "{error}");
}
