//! Gathers the whole records of many senders into one buffer. Unfinished ones wait with their sender; those that are longer
//! than the limit are skipped to their end and reported.

use std::collections::VecDeque;
use std::sync::Arc;

use memchr::{memchr, memrchr};

use crate::data::buffer::{Buffer, Quota};
use crate::data::framing::{Framing, Reached};
use crate::sources::{Chunk, TooLong};

/// What a sender has begun and not ended.
#[derive(Default)]
pub struct Carry {
    bytes: Vec<u8>,
    /// How much has been skipped of a record that is too long.
    skipped: Option<u64>,
    /// How far into it.
    reached: Reached,
}

/// A carry that has grown beyond this gives its memory back, in bytes: there may be thousands.
const KEPT: usize = 4 * 1024;

/// The buffer being filled.
pub struct Gathered {
    framing: Framing,
    max_record: usize,
    out: Vec<u8>,
    /// Last records whose quotes their senders have not closed: each has to end with its own buffer.
    open: VecDeque<Vec<u8>>,
    /// The lengths of records that were too long.
    too_long: Vec<u64>,
    position: u64,
}

impl Gathered {
    /// Records of at most `max_record` bytes, without what ends them.
    pub fn new(framing: Framing, max_record: usize) -> Self {
        Gathered { framing, max_record, out: Vec::new(), open: VecDeque::new(), too_long: Vec::new(), position: 0 }
    }

    /// Begins the next buffer.
    pub fn begin(&mut self, quota: &Quota) {
        self.out = quota.vec();
    }

    /// Gives the buffer back, which is empty.
    pub fn abandon(&mut self, quota: &Quota) {
        quota.unused(std::mem::take(&mut self.out));
    }

    /// Bytes gathered.
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// Whether there is nothing to hand over, not even a report.
    pub fn is_empty(&self) -> bool {
        self.out.is_empty() && self.too_long.is_empty() && self.open.is_empty()
    }

    /// Bytes that a sender has sent.
    pub fn add(&mut self, carry: &mut Carry, mut bytes: &[u8]) {
        let delimiter = self.framing.delimiter;
        // The record that was begun before.
        let plain = self.framing.quoted.is_none();
        if carry.skipped.is_some() || (plain && !carry.bytes.is_empty()) {
            let end = if plain { memchr(delimiter, bytes) } else { carry.reached.end(self.framing, bytes) };
            let Some(end) = end else { return self.begun(carry, bytes) };
            self.begun(carry, &bytes[..end]);
            self.end(carry);
            bytes = &bytes[end + 1..];
        }
        if !plain {
            return self.add_quoted(carry, bytes);
        }
        let Some(last) = memrchr(delimiter, bytes) else { return self.begun(carry, bytes) };
        if last <= self.max_record {
            self.out.extend_from_slice(&bytes[..=last]);
        } else {
            for record in bytes[..last].split(|b| *b == delimiter) {
                self.record(record);
            }
        }
        self.begun(carry, &bytes[last + 1..]);
    }

    /// The same where records may hold delimiters: where one ends is told from its begin.
    fn add_quoted(&mut self, carry: &mut Carry, bytes: &[u8]) {
        if memchr(self.framing.delimiter, bytes).is_none() {
            return self.begun(carry, bytes);
        }
        let mut begun = std::mem::take(&mut carry.bytes);
        let all = if begun.is_empty() {
            bytes
        } else {
            begun.extend_from_slice(bytes);
            &begun
        };
        let whole = self.framing.last_end(all).unwrap_or(0);
        if whole <= self.max_record {
            self.out.extend_from_slice(&all[..whole]);
        } else {
            let framing = self.framing;
            framing.each(all, 0, whole, |record| self.record(record.of(all).unwrap_or_default()));
        }
        let rest = &all[whole..];
        self.begun(carry, &rest[self.framing.blank(rest)..]);
    }

    /// A part of a record whose end is not here yet.
    fn begun(&mut self, carry: &mut Carry, part: &[u8]) {
        match &mut carry.skipped {
            Some(skipped) => *skipped += part.len() as u64,
            None if carry.bytes.len() + part.len() > self.max_record => {
                carry.skipped = Some((carry.bytes.len() + part.len()) as u64);
                carry.reached = Reached::default();
                carry.reached.end(self.framing, &carry.bytes);
                carry.reached.end(self.framing, part);
                carry.bytes = Vec::new();
            }
            None => carry.bytes.extend_from_slice(part),
        }
    }

    /// The record that was begun ends here, if there is one: by its delimiter, or with its sender.
    pub fn end(&mut self, carry: &mut Carry) {
        if let Some(len) = carry.skipped.take() {
            self.too_long.push(len);
        } else if !carry.bytes.is_empty() {
            let mut ended = std::mem::take(&mut carry.bytes);
            ended.push(self.framing.delimiter);
            let closed = self.framing.last_end(&ended) == Some(ended.len());
            ended.pop();
            if closed {
                self.record(&ended);
                carry.bytes = ended;
            } else {
                self.open.push_back(ended);
            }
        }
        carry.bytes.clear();
        carry.bytes.shrink_to(KEPT);
    }

    fn record(&mut self, record: &[u8]) {
        if record.len() > self.max_record {
            self.too_long.push(record.len() as u64);
        } else {
            self.out.extend_from_slice(record);
            self.out.push(self.framing.delimiter);
        }
    }

    /// What was gathered; records that were too long stand behind it.
    pub fn finish(&mut self, quota: &Arc<Quota>) -> Chunk {
        let mut bytes = std::mem::take(&mut self.out);
        if bytes.is_empty()
            && self.too_long.is_empty()
            && let Some(open) = self.open.pop_front()
        {
            quota.unused(std::mem::replace(&mut bytes, open));
        }
        let from = self.position;
        self.position += bytes.len() as u64;
        let place = |len| {
            let at = self.position;
            self.position += len + 1;
            TooLong { at, len, lines: 1, blank: 0 }
        };
        let too_long = self.too_long.drain(..).map(place).collect();
        let lease = quota.lease(bytes.capacity());
        Chunk { buffer: Buffer::leased(bytes, lease), from, until: self.position, begins: None, too_long }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sources::support::testing::quota;

    fn finish(gathered: &mut Gathered) -> (String, Vec<(u64, u64)>, u64) {
        let chunk = gathered.finish(&quota());
        let text = String::from_utf8_lossy(chunk.buffer.bytes()).into_owned();
        (text, chunk.too_long.iter().map(|t| (t.at, t.len)).collect(), chunk.until)
    }

    #[test]
    fn senders_do_not_run_together() {
        let mut gathered = Gathered::new(Framing::plain(b'\n'), 100);
        let (mut one, mut two) = (Carry::default(), Carry::default());
        gathered.add(&mut one, b"a1\na");
        gathered.add(&mut two, b"b");
        gathered.add(&mut one, b"2");
        gathered.add(&mut two, b"1\n\n");
        assert_eq!(finish(&mut gathered), ("a1\nb1\n\n".into(), vec![], 7));
        gathered.end(&mut one);
        gathered.end(&mut two);
        assert_eq!(finish(&mut gathered), ("a2\n".into(), vec![], 10));
    }

    #[test]
    fn long_records_are_skipped_to_their_end_and_reported_with_their_place() {
        let mut gathered = Gathered::new(Framing::plain(b'\n'), 3);
        let mut carry = Carry::default();
        gathered.add(&mut carry, b"ab\nabcd\nabc\nab");
        gathered.add(&mut carry, b"cd");
        assert!(carry.bytes.is_empty(), "what is skipped is not kept");
        gathered.add(&mut carry, b"efgh\nx\n12345");
        assert_eq!(finish(&mut gathered), ("ab\nabc\nx\n".into(), vec![(9, 4), (14, 8)], 23));
        gathered.end(&mut carry);
        assert_eq!(finish(&mut gathered), (String::new(), vec![(23, 5)], 29));
    }

    #[test]
    fn a_quote_that_a_sender_leaves_open_does_not_reach_the_next_one() {
        let mut gathered = Gathered::new(Framing::quoted(b'\n', b','), 20);
        let (mut one, mut two) = (Carry::default(), Carry::default());
        gathered.add(&mut one, b"1,\"a\n");
        gathered.add(&mut two, b"2,b\n\n3,\"c");
        gathered.add(&mut one, b"b\"\n4,\"d\n");
        gathered.end(&mut one);
        gathered.end(&mut two);
        let mut buffers = Vec::new();
        while !gathered.is_empty() {
            buffers.push(finish(&mut gathered).0);
        }
        assert_eq!(buffers, ["2,b\n\n1,\"a\nb\"\n", "4,\"d\n", "3,\"c"]);
        gathered.add(&mut one, b"\"123456789\n123456789\n\"\nx\n");
        assert_eq!(finish(&mut gathered).1, [(24, 22)]);
    }

    #[test]
    fn a_long_record_ends_where_its_quotes_close_however_it_is_cut() {
        let sent = b"a,b\n\n1,\"aaaa\nbb,b\"\"\ncccc\"\nx,y\n";
        for step in 1..sent.len() {
            let mut gathered = Gathered::new(Framing::quoted(b'\n', b','), 8);
            let mut carry = Carry::default();
            sent.chunks(step).for_each(|part| gathered.add(&mut carry, part));
            gathered.end(&mut carry);
            let (text, too_long, _) = finish(&mut gathered);
            assert_eq!((text.replace("\n\n", "\n").as_str(), too_long.len()), ("a,b\nx,y\n", 1), "{step} at once");
            assert_eq!(too_long[0].1, 20, "{step} at once");
        }
    }

    proptest! {
        /// However the bytes of two senders are cut and mixed, each sender's records come whole and in its order.
        #[test]
        fn chunking_does_not_matter(
            sent in proptest::collection::vec((any::<bool>(), "[ab\n]{0,6}"), 0..30),
            max_record in 1..8usize,
        ) {
            let mut gathered = Gathered::new(Framing::plain(b'\n'), max_record);
            gathered.begin(&quota());
            let mut carries = [Carry::default(), Carry::default()];
            let mut whole = [String::new(), String::new()];
            for (second, text) in &sent {
                let who = usize::from(*second);
                // Which sender a record is from shows in its case.
                let text = if *second { text.to_uppercase() } else { text.clone() };
                gathered.add(&mut carries[who], text.as_bytes());
                whole[who].push_str(&text);
            }
            carries.iter_mut().for_each(|c| gathered.end(c));
            let (text, too_long, until) = finish(&mut gathered);
            let fits = |l: &&str| l.len() <= max_record;
            for (who, whole) in whole.iter().enumerate() {
                let mine = |l: &&str| !l.is_empty() && l.chars().all(|c| c.is_uppercase() == (who == 1));
                let expected: Vec<&str> = whole.lines().filter(mine).filter(fits).collect();
                prop_assert_eq!(text.lines().filter(mine).collect::<Vec<_>>(), expected);
            }
            let lines = |w: &String| w.lines().count();
            prop_assert_eq!(text.lines().count() + too_long.len(), whole.iter().map(lines).sum::<usize>());
            let skipped: u64 = too_long.iter().map(|t| t.1 + 1).sum();
            prop_assert_eq!(until, text.len() as u64 + skipped);
        }
    }
}
