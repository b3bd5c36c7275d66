//! Going on with a checkpoint.

use super::*;
use crate::sources::Kept;

fn kept(read: &Read, position: u64, mark: &[u8], redo: Option<(u64, Vec<u8>)>) -> Kept {
    Kept { name: read.name.clone(), position, marks: vec![mark.to_vec()], redo }
}

fn mark(read: &Read, until: u64) -> Vec<u8> {
    read.control.mark(until, false).unwrap().unwrap()
}

fn with_checkpoint() -> Setup {
    Setup { checkpoint: Some("id".into()), ..setup().0 }
}

#[test]
fn a_batch_comes_again_with_the_same_records_and_then_what_is_behind_it() {
    let broker = Broker::with(2);
    broker.send(0, &["a", "b"]);
    broker.send(1, &["c"]);
    let (setup, source) = (with_checkpoint(), broker.source("from=earliest"));
    let mut read = Read::of(source.open(&setup, Framing::sized()));
    mark(&read, 0);
    read.batch();
    let (first, at_first) = (read.position, mark(&read, read.position));
    broker.send(0, &["d"]);
    broker.send(1, &["e", "f", "g"]);
    let second = read.batch();
    let at_second = mark(&read, read.position);
    let bytes = read.bytes[first as usize..].to_vec();
    broker.send(1, &["h"]);
    // Behind the first batch, without a second one that was begun.
    let left = kept(&read, first, &at_first, None);
    let mut next = Read::of(source.resume(&with_checkpoint(), Framing::sized(), &[left]));
    let rows = next.batch();
    assert_eq!(rows.len(), second.len() + 1);
    assert_eq!(next.begin, Some(first), "it begins where the checkpoint stands");
    // The second was begun.
    let begun = kept(&read, first, &at_first, Some((read.position, at_second.clone())));
    let mut again = Read::of(source.resume(&with_checkpoint(), Framing::sized(), &[begun]));
    // Chunks may be let pass piece by piece, before it has begun with anything else.
    let mut rows = again.some(1);
    again.reader.attend().unwrap();
    rows.extend(again.some(second.len() - rows.len()));
    assert_eq!((again.begin, again.position), (Some(first), read.position));
    rows.sort();
    assert_eq!(rows, second);
    let sorted = |bytes: &[u8]| {
        let mut records = Vec::new();
        Framing::sized().each(bytes, 0, bytes.len(), |span| records.push(span.of(bytes).unwrap().to_vec()));
        records.sort();
        records
    };
    assert_eq!(sorted(&again.bytes), sorted(&bytes), "byte for byte");
    assert_eq!(mark(&again, read.position), at_second);
    assert_eq!(again.batch(), ["1:4 h"]);
}

#[test]
fn a_batch_may_end_anywhere_in_a_chunk() {
    let broker = Broker::with(1);
    let values: Vec<String> = (0..40).map(|n| "v".repeat(n)).collect();
    broker.send(0, &values.iter().map(String::as_str).collect::<Vec<_>>());
    let source = broker.source("from=earliest");
    let mut whole = Read::of(source.open(&with_checkpoint(), Framing::sized()));
    let rows = whole.batch();
    let end = |count: usize| Framing::sized().nth_end(&whole.bytes, count).unwrap() as u64;
    for (from, until) in [(end(7), end(23)), (end(7), end(40)), (end(1), end(2))] {
        let mut read = Read::of(source.open(&with_checkpoint(), Framing::sized()));
        read.batch();
        let (at_from, at_until) = (mark(&read, from), mark(&read, until));
        let begun = kept(&read, from, &at_from, Some((until, at_until.clone())));
        let mut again = Read::of(source.resume(&with_checkpoint(), Framing::sized(), &[begun]));
        again.batch();
        assert_eq!(again.bytes, whole.bytes[from as usize..], "from {from}, behind {until} too");
        let plain = kept(&read, until, &at_until, None);
        let mut next = Read::of(source.resume(&with_checkpoint(), Framing::sized(), &[plain]));
        next.batch();
        assert_eq!(next.bytes, whole.bytes[until as usize..], "from {until}");
    }
    assert_eq!(rows.len(), 40);
}

#[test]
fn what_came_while_nothing_ran_is_not_lost_in_new_partitions_either() {
    let broker = Broker::with(1);
    broker.send(0, &["a"]);
    let source = broker.source_of("~^t", "");
    let mut read = Read::of(source.open(&with_checkpoint(), Framing::sized()));
    let at = mark(&read, 0);
    assert_eq!(read.batch(), Rows::new(), "it begins with what is new");
    broker.send(0, &["b"]);
    broker.cluster.create_topic("tt", 1, 1).unwrap();
    broker.put("tt", 0, None, Some(b"c"));
    let left = kept(&read, 0, &at, None);
    let mut next = Read::of(source.resume(&with_checkpoint(), Framing::sized(), &[left]));
    assert_eq!(next.batch(), ["0:0 c", "0:1 b"]);
}

#[test]
fn what_cannot_be_read_again_is_an_error() {
    let broker = Broker::with(1);
    broker.send(0, &["a", "b", "c"]);
    let source = broker.source("from=earliest");
    let mut read = Read::of(source.open(&with_checkpoint(), Framing::sized()));
    let at = mark(&read, 0);
    read.batch();
    let at_end = mark(&read, read.position);
    let begun = kept(&read, 0, &at, Some((read.position + 1, at_end)));
    let mut again = Read::of(source.resume(&with_checkpoint(), Framing::sized(), &[begun]));
    let error = loop {
        match again.reader.next(&quota()) {
            Ok(Step::Records(_)) => {}
            Ok(_) => panic!("it is not what it was"),
            Err(error) => break error.to_string(),
        }
    };
    assert!(error.contains("cannot be read again"), "{error}");
}
