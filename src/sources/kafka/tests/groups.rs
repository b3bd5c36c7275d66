//! Streamers that share the partitions of a topic, one after the other: the mock cluster takes no offsets while a group is about
//! to share anew, as a real broker does (tests/servers/kafka_in.rs).

use super::*;
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
