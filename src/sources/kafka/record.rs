//! A message as a record of the lane: the one place that knows the layout.
//!
//! | bytes | |
//! |---|---|
//! | 4 | how many follow: the [size](crate::data::framing::Framing::sized) of the record |
//! | 8 | offset |
//! | 8 | timestamp, milliseconds since the epoch; the smallest number: none |
//! | 4 | partition |
//! | 4 each | the lengths of topic, key, headers and value; the greatest number: null |
//! | | topic, key, headers (as JSON), value |
//!
//! All numbers are little endian. The same message always takes the same bytes, so that positions of the lane, which count them,
//! can be found again.

use crate::data::column::Span;
use crate::data::framing::SIZE;

/// How long a record is without its size and what its lengths tell of.
const FIXED: usize = 8 + 8 + 4 + 4 * 4;
/// The length of what is null.
const NULL: u32 = u32::MAX;
/// The timestamp of a message that has none.
const NO_TIME: i64 = i64::MIN;

/// A message, to be written.
pub struct Message<'a> {
    /// Its place in the partition.
    pub offset: i64,
    /// Milliseconds since the epoch.
    pub timestamp: Option<i64>,
    /// Its partition ...
    pub partition: i32,
    /// ... and the topic of that.
    pub topic: &'a [u8],
    /// Its key.
    pub key: Option<&'a [u8]>,
    /// Its headers, as JSON.
    pub headers: Option<&'a [u8]>,
    /// What it says.
    pub value: Option<&'a [u8]>,
}

impl Message<'_> {
    /// How long it is as a record; what is longer than 4 GiB is none.
    pub fn size(&self) -> usize {
        let lengths = [Some(self.topic), self.key, self.headers, self.value];
        SIZE + FIXED + lengths.into_iter().flatten().map(<[u8]>::len).sum::<usize>()
    }

    /// Appends it as a record.
    pub fn write(&self, out: &mut Vec<u8>) {
        let mut head = [0; SIZE + FIXED];
        let mut at = 0;
        let mut put = |bytes: &[u8]| {
            head[at..at + bytes.len()].copy_from_slice(bytes);
            at += bytes.len();
        };
        put(&((self.size() - SIZE) as u32).to_le_bytes());
        put(&self.offset.to_le_bytes());
        put(&self.timestamp.unwrap_or(NO_TIME).to_le_bytes());
        put(&self.partition.to_le_bytes());
        let parts = [Some(self.topic), self.key, self.headers, self.value];
        for part in parts {
            put(&part.map_or(NULL, |part| part.len() as u32).to_le_bytes());
        }
        out.extend_from_slice(&head);
        parts.into_iter().flatten().for_each(|part| out.extend_from_slice(part));
    }
}

/// A message, read: where its parts are in the buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    /// Its place in the partition.
    pub offset: i64,
    /// Milliseconds since the epoch.
    pub timestamp: Option<i64>,
    /// Its partition.
    pub partition: i32,
    /// The topic of that.
    pub topic: Span,
    /// Its key.
    pub key: Span,
    /// Its headers, as JSON.
    pub headers: Span,
    /// What it says.
    pub value: Span,
}

impl Parts {
    /// The record that lies there, without its size.
    #[inline]
    pub fn of(bytes: &[u8], record: Span) -> Self {
        let head = record.of(bytes).and_then(|record| record.first_chunk()).unwrap_or(&[0; FIXED]);
        let mut from = record.start as usize + FIXED;
        let mut span = |number: usize| match four(head, 20 + 4 * number) {
            NULL => Span::NULL,
            len => {
                let start = from;
                from += len as usize;
                Span::range(start, from)
            }
        };
        let (topic, key, headers, value) = (span(0), span(1), span(2), span(3));
        let timestamp = Some(eight(head, 8)).filter(|time| *time != NO_TIME);
        let partition = four(head, 16).cast_signed();
        Parts { offset: eight(head, 0), timestamp, partition, topic, key, headers, value }
    }
}

fn four(head: &[u8; FIXED], at: usize) -> u32 {
    u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]])
}

fn eight(head: &[u8; FIXED], at: usize) -> i64 {
    (u64::from(four(head, at)) | u64::from(four(head, at + 4)) << 32).cast_signed()
}

/// Where the value of a record is: all that most chains ask for.
#[inline]
pub fn value(bytes: &[u8], record: Span) -> Span {
    Parts::of(bytes, record).value
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::data::framing::Framing;

    type Part = Option<Vec<u8>>;

    fn part() -> impl Strategy<Value = Part> {
        proptest::option::of(proptest::collection::vec(any::<u8>(), 0..6))
    }

    proptest! {
        /// Whatever a message holds, it is read as it was written, beside others.
        #[test]
        fn what_was_written_is_read(
            written in proptest::collection::vec((any::<(i64, Option<i64>, i32)>(), "[a-z]{0,4}", part(), part(), part()), 0..5),
        ) {
            let mut bytes = vec![7; 3];
            for ((offset, timestamp, partition), topic, key, headers, value) in &written {
                let (timestamp, topic) = (timestamp.filter(|time| *time != NO_TIME), topic.as_bytes());
                let (key, headers, value) = (key.as_deref(), headers.as_deref(), value.as_deref());
                let (message, before) = (Message { offset: *offset, timestamp, partition: *partition, topic, key, headers, value }, bytes.len());
                message.write(&mut bytes);
                prop_assert_eq!(bytes.len() - before, message.size());
            }
            let mut read = Vec::new();
            Framing::sized().each(&bytes, 3, bytes.len(), |record| {
                let parts = Parts::of(&bytes, record);
                let part = |span: Span| span.of(&bytes).map(<[u8]>::to_vec);
                let topic = String::from_utf8(part(parts.topic).unwrap()).unwrap();
                let time = parts.timestamp;
                read.push(((parts.offset, time, parts.partition), topic, part(parts.key), part(parts.headers), part(parts.value)));
            });
            let expected: Vec<_> = written.into_iter().map(|(mut head, topic, key, headers, value)| {
                head.1 = head.1.filter(|time| *time != NO_TIME);
                (head, topic, key, headers, value)
            }).collect();
            prop_assert_eq!(read, expected);
        }
    }
}
