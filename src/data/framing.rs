//! Where records end: at each delimiter, or, where fields are quoted (csv, tsv), at each one outside quotes, or where the length
//! says that stands before each (what a source makes of messages, which may hold any bytes).
//!
//! Called by receivers on every buffer they read and by whoever counts or splits records. All texts begin at a record.

use memchr::{memchr, memchr_iter, memrchr};

use super::column::Span;
use super::fast::Fields;
use super::scan;

/// How many bytes are looked through at once.
const PIECE: usize = 4096;

/// How the records of a format end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Framing {
    /// Ends a record: `\n`, or NUL with `-0`.
    pub delimiter: u8,
    /// What separates fields, if these may be quoted: then a record may hold delimiters, and an empty one is none.
    pub quoted: Option<u8>,
    /// Nothing ends a record: before each stands how many bytes follow, a `u32` in little endian. Only for sources that give
    /// whole records ([`Intake`](crate::sources::Intake)): nobody looks for them in a stream.
    pub sized: bool,
}

/// How many bytes the length of a sized record takes.
pub const SIZE: usize = size_of::<u32>();

impl Framing {
    /// A record ends at every delimiter.
    pub const fn plain(delimiter: u8) -> Self {
        Framing { delimiter, quoted: None, sized: false }
    }

    /// Fields that `separator` separates may be quoted, as in RFC 4180.
    pub const fn quoted(delimiter: u8, separator: u8) -> Self {
        Framing { delimiter, quoted: Some(separator), sized: false }
    }

    /// The length of a record stands before it.
    pub const fn sized() -> Self {
        Framing { delimiter: b'\n', quoted: None, sized: true }
    }

    /// Where the sized record that begins at `from` ends; behind the bytes, if it is not all there.
    #[inline]
    fn sized_end(bytes: &[u8], from: usize) -> Option<usize> {
        let size = bytes.get(from..)?.first_chunk()?;
        Some(from + SIZE + u32::from_le_bytes(*size) as usize)
    }

    /// Where each whole sized record ends.
    fn sized_ends(bytes: &[u8]) -> impl Iterator<Item = usize> {
        let next = |from: &usize| Self::sized_end(bytes, *from).filter(|end| *end <= bytes.len());
        std::iter::successors(next(&0), next)
    }

    /// Where the first record ends, its delimiter included.
    pub fn first_end(&self, bytes: &[u8]) -> Option<usize> {
        if self.sized {
            return Self::sized_ends(bytes).next();
        }
        match self.quoted {
            None => memchr(self.delimiter, bytes).map(|at| at + 1),
            Some(_) => self.next_end(bytes, 0),
        }
    }

    /// Where the last whole record ends, its delimiter included. Empty lines that are no records may stand behind it, but
    /// alone they are none.
    pub fn last_end(&self, bytes: &[u8]) -> Option<usize> {
        if self.sized {
            return Self::sized_ends(bytes).last();
        }
        if self.is_simple(bytes) {
            let end = memrchr(self.delimiter, bytes).map(|at| at + 1)?;
            return (self.quoted.is_none() || !self.is_empty(&bytes[..end])).then_some(end);
        }
        let mut last = None;
        self.ends(bytes, 0, |end| {
            last = Some(end);
            true
        });
        last.filter(|end| !self.is_empty(&bytes[..*end]))
    }

    /// How many records there are, an unended last one included.
    pub fn count(&self, bytes: &[u8]) -> u64 {
        if self.sized {
            let (mut count, mut at) = (0, 0);
            while at < bytes.len() {
                at = Self::sized_end(bytes, at).unwrap_or(bytes.len());
                count += 1;
            }
            return count;
        }
        if self.quoted.is_some() {
            let mut count = 0;
            self.each(bytes, 0, bytes.len(), |_| count += 1);
            return count;
        }
        let ended = scan::count(self.delimiter, bytes) as u64;
        ended + u64::from(bytes.last().is_some_and(|b| *b != self.delimiter))
    }

    /// Where record number `count` (from 1) ends, its delimiter included, if there are so many.
    pub fn nth_end(&self, bytes: &[u8], count: usize) -> Option<usize> {
        if self.sized {
            return Self::sized_ends(bytes).nth(count.saturating_sub(1));
        }
        if self.quoted.is_none() {
            return memchr_iter(self.delimiter, bytes).nth(count.saturating_sub(1)).map(|at| at + 1);
        }
        let (mut left, mut from, mut found) = (count, 0, None);
        self.ends(bytes, 0, |end| {
            left -= usize::from(!self.is_blank(&bytes[from..end]));
            from = end;
            found = (left == 0).then_some(end);
            left > 0
        });
        found
    }

    /// Gives the span of each record of `bytes[start..end]`, without its delimiter; also of a last one that has none.
    pub fn each(&self, bytes: &[u8], start: usize, end: usize, mut give: impl FnMut(Span)) {
        let (text, mut from) = (&bytes[..end], start);
        if self.sized {
            while from < end {
                let to = Self::sized_end(text, from).map_or(end, |to| to.min(end));
                give(Span::range((from + SIZE).min(to), to));
                from = to;
            }
            return;
        }
        if self.quoted.is_none() {
            for at in memchr_iter(self.delimiter, &text[start..]) {
                give(Span::range(from, start + at));
                from = start + at + 1;
            }
            if from < end {
                give(Span::range(from, end));
            }
            return;
        }
        self.ends(text, start, |end| {
            if !self.is_blank(&text[from..end]) {
                give(Span::range(from, end - 1));
            }
            from = end;
            true
        });
        if from < end && !self.is_blank(&text[from..]) {
            give(Span::range(from, end));
        }
    }

    /// Where each whole record from `start` on ends, where fields may be quoted, as long as `more` says so.
    fn ends(&self, bytes: &[u8], start: usize, mut more: impl FnMut(usize) -> bool) {
        let new = || Fields::new(self.quoted.unwrap_or(self.delimiter), self.delimiter).ends_only();
        let mut marks = [0; PIECE + Fields::ROOM];
        // Where the open record begins, and where to look on.
        let (mut from, mut at, mut fields) = (start, start, new());
        while at < bytes.len() {
            let to = bytes.len().min(at + PIECE);
            let step = fields.step(bytes, at, to, &mut marks);
            if !step.odd {
                for mark in &marks[..step.found] {
                    from = *mark as usize + 1;
                    if !more(from) {
                        return;
                    }
                }
                at = to;
                continue;
            }
            // Quotes in mid-field: record by record, up to one that begins behind the step.
            while from < to {
                let Some(end) = self.next_end(bytes, from) else { return };
                from = end;
                if !more(from) {
                    return;
                }
            }
            (at, fields) = (from, new());
        }
    }

    /// How long the byte-order mark is at the begin of a lane, where it would hide that the first field opens with a quote.
    pub fn mark(&self, bytes: &[u8]) -> usize {
        if self.quoted.is_some() && bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 }
    }

    /// How many bytes at the begin are records that hold nothing and are none, where fields may be quoted.
    pub fn blank(&self, bytes: &[u8]) -> usize {
        let mut blank = 0;
        while self.quoted.is_some()
            && let Some(end) = memchr(self.delimiter, &bytes[blank..])
            && self.is_blank(&bytes[blank..blank + end])
        {
            blank += end + 1;
        }
        blank
    }

    /// Whether every delimiter ends a record, in these bytes at least.
    fn is_simple(&self, bytes: &[u8]) -> bool {
        self.quoted.is_none() || memchr(b'"', bytes).is_none()
    }

    /// Whether there is nothing but records that hold nothing.
    fn is_empty(&self, bytes: &[u8]) -> bool {
        let mut from = 0;
        // Nearly always the first record tells.
        while let Some(at) = memchr(self.delimiter, &bytes[from..]) {
            if !self.is_blank(&bytes[from..from + at]) {
                return false;
            }
            from += at + 1;
        }
        self.is_blank(&bytes[from..])
    }

    /// Whether a record, its delimiter included or not, holds nothing.
    fn is_blank(&self, record: &[u8]) -> bool {
        let record = record.strip_suffix(&[self.delimiter]).unwrap_or(record);
        matches!(record, [] | [b'\r'])
    }

    /// Where the record that begins at `from` ends, its delimiter included. A quote opens at the begin of a field only, and
    /// closes where it is not doubled.
    fn next_end(&self, bytes: &[u8], from: usize) -> Option<usize> {
        let separator = self.quoted.unwrap_or(self.delimiter);
        let mut at = from;
        loop {
            if bytes.get(at) == Some(&b'"') {
                at += 1;
                loop {
                    at += memchr(b'"', bytes.get(at..)?)? + 1;
                    if bytes.get(at) != Some(&b'"') {
                        break;
                    }
                    at += 1;
                }
            }
            at += memchr::memchr2(separator, self.delimiter, bytes.get(at..)?)? + 1;
            if bytes[at - 1] == self.delimiter {
                return Some(at);
            }
        }
    }
}

/// Where a record stands whose bytes come in parts and are not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reached {
    /// At the begin of a field.
    #[default]
    Field,
    /// Where quotes are text, up to the end of the field.
    Text,
    /// In quotes.
    Quotes,
    /// Behind a quote in quotes: it closes them, or the next one doubles it.
    Quote,
}

impl Reached {
    /// Goes on over the next bytes of the record: where its delimiter stands in them, if it does.
    pub fn end(&mut self, framing: Framing, bytes: &[u8]) -> Option<usize> {
        let Some(separator) = framing.quoted else { return memchr(framing.delimiter, bytes) };
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            *self = match (*self, byte) {
                (Reached::Field | Reached::Quote, b'"') => Reached::Quotes,
                (Reached::Quotes, _) => {
                    at += memchr(b'"', &bytes[at..])?;
                    Reached::Quote
                }
                _ => {
                    *self = Reached::Text;
                    at += memchr::memchr2(separator, framing.delimiter, &bytes[at..])?;
                    if bytes[at] == framing.delimiter {
                        return Some(at);
                    }
                    Reached::Field
                }
            };
            at += 1;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CSV: Framing = Framing::quoted(b'\n', b',');

    fn records(framing: Framing, bytes: &[u8]) -> Vec<String> {
        let mut records = Vec::new();
        framing.each(bytes, 0, bytes.len(), |span| {
            records.push(String::from_utf8_lossy(span.of(bytes).unwrap_or_default()).into_owned());
        });
        records
    }

    #[test]
    fn a_quoted_field_may_hold_delimiters_and_empty_lines_are_no_records() {
        let text = b"a,\"b\nc\"\n\r\n\nd\"e,\"f\"\"\n\"\n\"g";
        assert_eq!(records(CSV, text), ["a,\"b\nc\"", "d\"e,\"f\"\"\n\"", "\"g"]);
        assert_eq!(records(Framing::plain(b'\n'), b"a\n\nb"), ["a", "", "b"]);
        assert_eq!(CSV.first_end(text), Some(8));
        assert_eq!(CSV.last_end(text), Some(22));
        assert_eq!(CSV.nth_end(text, 2), Some(22));
        assert_eq!(CSV.nth_end(text, 3), None);
    }

    proptest! {
        /// Sized records are found as they were put there, whatever they hold, also behind others, and by every way to look.
        #[test]
        fn sized_records_are_found_by_their_lengths(
            written in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..9), 0..9),
            cut in 0..5usize,
        ) {
            let framing = Framing::sized();
            let (mut bytes, mut ends) = (Vec::new(), Vec::new());
            for record in &written {
                bytes.extend_from_slice(&(record.len() as u32).to_le_bytes());
                bytes.extend_from_slice(record);
                ends.push(bytes.len());
            }
            let found = |start: usize| {
                let mut found = Vec::new();
                framing.each(&bytes, start, bytes.len(), |span| found.push(span.of(&bytes).unwrap_or_default().to_vec()));
                found
            };
            prop_assert_eq!(&found(0), &written);
            prop_assert_eq!(framing.count(&bytes), written.len() as u64);
            prop_assert_eq!(framing.first_end(&bytes), ends.first().copied());
            prop_assert_eq!(framing.last_end(&bytes), ends.last().copied());
            for (at, end) in ends.iter().enumerate() {
                prop_assert_eq!(framing.nth_end(&bytes, at + 1), Some(*end));
                prop_assert_eq!(&found(*end), &written[at + 1..]);
            }
            prop_assert_eq!(framing.nth_end(&bytes, ends.len() + 1), None);
            // Of what is not all there nothing is taken for whole, and nothing is read behind the end.
            let part = &bytes[..bytes.len().saturating_sub(cut)];
            prop_assert_eq!(framing.last_end(part), ends.iter().copied().rfind(|end| *end <= part.len()));
            let mut spans = Vec::new();
            framing.each(part, 0, part.len(), |span| spans.push(span));
            prop_assert_eq!(spans.len() as u64, framing.count(part));
        }

        /// All ways to look at records agree with a walk, byte by byte, that knows three states.
        #[test]
        fn every_way_to_find_records_agrees_with_a_plain_walk(bytes in prop_oneof![
            "[a,\"\r\n]{0,40}",
            "[\r\n]{0,3}(([ab]{0,30}|\"([ab,\n\r]{0,40}|\"\"){0,4}\")[,\n]){0,400}",
            "([ab]{0,30}[,\n]){0,500}a\"(\"[ab,\n]{0,9}\"[,\n]){0,400}",
        ]) {
            let text = bytes.as_bytes();
            let (mut ends, mut quoted, mut field_start, mut closing) = (Vec::new(), false, true, false);
            for (at, &byte) in text.iter().enumerate() {
                if quoted && !closing {
                    closing = byte == b'"';
                    continue;
                }
                if closing && byte == b'"' {
                    closing = false;
                    continue;
                }
                (quoted, closing) = (field_start && byte == b'"', false);
                field_start = byte == b',' || byte == b'\n';
                if byte == b'\n' {
                    ends.push(at + 1);
                }
            }
            prop_assert_eq!(CSV.first_end(text), ends.first().copied());
            let lines = text[..ends.last().copied().unwrap_or(0)].split(|b| *b == b'\n');
            let empty = lines.into_iter().all(|line| matches!(line, [] | [b'\r']));
            prop_assert_eq!(CSV.last_end(text), ends.last().copied().filter(|_| !empty));
            let mut starts: Vec<usize> = vec![0];
            starts.extend(&ends);
            let all = starts.iter().zip(ends.iter().copied().chain([text.len()])).map(|(&from, to)| &bytes[from..to]);
            let ended = |at: usize| usize::from(at < ends.len());
            let strip = |(at, record): (usize, &str)| record[..record.len() - ended(at)].to_string();
            let expected: Vec<String> = all.enumerate().map(strip).filter(|r| !r.is_empty() && r != "\r").collect();
            prop_assert_eq!(CSV.count(text), expected.len() as u64);
            let mut reached = Reached::default();
            let end = text.chunks(3).enumerate().find_map(|(n, part)| Some(n * 3 + reached.end(CSV, part)? + 1));
            prop_assert_eq!(end, ends.first().copied());
            prop_assert_eq!(records(CSV, text), expected);
        }
    }
}
