//! Requests as an agent writes them, and what else may come.

use proptest::prelude::*;

use super::*;

/// A number as Avro writes it.
pub fn long(number: i64) -> Vec<u8> {
    let mut left = ((number << 1) ^ (number >> 63)) as u64;
    let mut out = Vec::new();
    while left >= 0x80 {
        out.push(left as u8 | 0x80);
        left >>= 7;
    }
    out.push(left as u8);
    out
}

fn bytes(bytes: &[u8]) -> Vec<u8> {
    [long(bytes.len() as i64).as_slice(), bytes].concat()
}

fn map(entries: &[(&str, &str)]) -> Vec<u8> {
    let mut out = Vec::new();
    if !entries.is_empty() {
        out.extend(long(entries.len() as i64));
    }
    for (name, value) in entries {
        out.extend([bytes(name.as_bytes()), bytes(value.as_bytes())].concat());
    }
    out.push(0);
    out
}

/// Headers and body.
pub type Event<'a> = (&'a [(&'a str, &'a str)], &'a [u8]);

/// `appendBatch`, as the first request of a connection or a later one.
pub fn batch(first: bool, events: &[Event<'_>]) -> Vec<u8> {
    let mut out = if first { greeting() } else { Vec::new() };
    out.push(0);
    out.extend(bytes(b"appendBatch"));
    if !events.is_empty() {
        out.extend(long(events.len() as i64));
    }
    events.iter().for_each(|(headers, body)| out.extend([map(headers), bytes(body)].concat()));
    out.push(0);
    out
}

fn greeting() -> Vec<u8> {
    [&[7; HASH][..], &long(1), &bytes(b"{\"protocol\":\"AvroSourceProtocol\"}"), &[7; HASH], &long(0)].concat()
}

/// The records that a request holds, each with its headers.
fn records(request: &[u8], first: bool) -> Result<Vec<(String, Vec<u8>)>, String> {
    let mut records = Records::new(100);
    assert_eq!(read(request, first, &mut records)?, Request::Events);
    let (mut rest, mut all) = (records.out.as_slice(), Vec::new());
    let number = |rest: &mut &[u8]| {
        let (number, behind) = rest.split_first_chunk().expect("a number");
        *rest = behind;
        u32::from_le_bytes(*number) as usize
    };
    while !rest.is_empty() {
        let (length, headers) = (number(&mut rest), number(&mut rest));
        let (record, behind) = rest.split_at(length - 4);
        let (headers, body) = record.split_at(headers);
        all.push((String::from_utf8(headers.to_vec()).expect("JSON"), body.to_vec()));
        rest = behind;
    }
    Ok(all)
}

#[test]
fn events_become_records_with_their_headers_in_order() {
    let events: [Event<'_>; 3] = [(&[("b", "2\""), ("a", "1")], b"x\ny"), (&[], b""), (&[("h", "")], b"\xff\0")];
    let expected = [("{\"a\":\"1\",\"b\":\"2\\\"\"}", "x\ny".as_bytes()), ("{}", b""), ("{\"h\":\"\"}", b"\xff\0")];
    let expected = expected.map(|(headers, body)| (headers.to_string(), body.to_vec())).to_vec();
    assert_eq!(records(&batch(true, &events), true), Ok(expected.clone()));
    assert_eq!(records(&batch(false, &events), false), Ok(expected));
    let one = [&[0][..], &bytes(b"append"), &map(&[("k", "v")]), &bytes(b"body")].concat();
    assert_eq!(records(&one, false), Ok(vec![("{\"k\":\"v\"}".to_string(), b"body".to_vec())]));
}

/// Avro allows several blocks, those of negative counts with their size.
#[test]
fn blocks_are_read_as_avro_may_write_them() {
    let event = |body: &[u8]| [map(&[]), bytes(body)].concat();
    let blocks = [long(-2), long(99), event(b"a"), event(b"b"), long(1), event(b"c"), vec![0]].concat();
    let request = [&[0][..], &bytes(b"appendBatch"), &blocks].concat();
    let bodies: Vec<Vec<u8>> = records(&request, false).expect("events").into_iter().map(|(_, body)| body).collect();
    assert_eq!(bodies, [b"a", b"b", b"c"]);
}

#[test]
fn what_is_longer_than_the_limit_is_left_out_and_told() {
    let mut all = Records::new(20);
    let request = batch(false, &[(&[], b"short"), (&[], &[b'x'; 30]), (&[], b"last")]);
    assert_eq!(read(&request, false, &mut all), Ok(Request::Events));
    assert_eq!((all.too_long, all.out.len()), (vec![36], 2 * 10 + 5 + 4));
}

#[test]
fn what_is_no_request_leaves_nothing_behind() {
    let whole = batch(true, &[(&[("a", "b")], b"body"), (&[], &[b'x'; 200])]);
    for end in 0..whole.len() {
        let mut all = Records { out: b"before".to_vec(), max_record: 100, too_long: vec![1] };
        assert!(read(&whole[..end], true, &mut all).is_err(), "the first {end} bytes");
        assert_eq!((all.out.as_slice(), all.too_long.as_slice()), (b"before".as_slice(), [1].as_slice()));
    }
    let wrong = |request: &[u8]| records(request, false).expect_err("refused");
    assert!(wrong(&[&[0][..], &bytes(b"drop")].concat()).contains("it asks for `drop`"));
    assert!(wrong(&[&batch(false, &[])[..], b"x"].concat()).contains("no request of Avro"), "more than it says");
    assert!(wrong(&[&[0][..], &bytes(b"append"), &long(i64::MIN)].concat()).contains("no request"));
    assert!(wrong(&[0xff; 30]).contains("no request"));
}

#[test]
fn a_handshake_alone_is_answered_without_a_status() {
    let mut out = Vec::new();
    let request = read(&[&greeting()[..], &[0, 0]].concat(), true, &mut Records::new(9)).expect("a request");
    write_ok(&request, true, &mut out);
    assert_eq!(out, [0; 4]);
    write_ok(&Request::Events, true, &mut out);
    assert_eq!(out, [0; 4 + 7]);
}

proptest! {
    #[test]
    fn numbers_are_read_as_they_are_written(number: i64) {
        let written = long(number);
        let mut reader = Reader(&written);
        prop_assert_eq!((reader.long(), reader.0.len()), (Some(number), 0));
    }

    /// Real requests with a few bytes changed, cut or doubled: a result, or a reason; never more than what is there.
    #[test]
    fn changed_requests_are_read_or_refused(
        events in prop::collection::vec((prop::collection::vec(("[a-c]{0,3}", "[x-z]{0,3}"), 0..3), "[a-z]{0,9}"), 0..4),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4u8), 0..6),
        first: bool,
    ) {
        let headers: Vec<Vec<(&str, &str)>> =
            events.iter().map(|(headers, _)| headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect()).collect();
        let all: Vec<Event<'_>> = headers.iter().zip(&events).map(|(h, (_, body))| (h.as_slice(), body.as_bytes())).collect();
        let mut request = batch(first, &all);
        for (at, byte, how) in changes {
            let at = at.index(request.len() + 1).min(request.len().saturating_sub(1));
            match how {
                0 if !request.is_empty() => request[at] = byte,
                1 => request.truncate(at),
                2 => request.insert(at, byte),
                _ => request.extend_from_within(at..),
            }
        }
        let mut found = Records::new(1000);
        let read = read(&request, first, &mut found);
        prop_assert!(read.is_ok() || found.out.is_empty());
        // A name takes six bytes at most for each of its own, and each record eight beside two.
        prop_assert!(found.out.len() <= 16 * request.len());
    }
}
