//! Reads JSON arrays (RFC 8259). Items are pieces of the text as long as no string has an escape; from then on they are copied.

use crate::data::column::Span;
use crate::data::json::is_number;

/// How deep arrays and objects may stand in each other.
const DEPTH: usize = 127;

/// The items of all arrays that were read.
pub(super) struct Items<'a> {
    text: &'a [u8],
    spans: Vec<Span>,
    /// What the spans point into, once it is not the text.
    copied: Option<Vec<u8>>,
}

impl<'a> Items<'a> {
    /// Of arrays in this text.
    pub(super) fn new(text: &'a [u8]) -> Self {
        Items { text, spans: Vec::new(), copied: None }
    }

    /// How many.
    pub(super) fn len(&self) -> usize {
        self.spans.len()
    }

    /// Where they are, and the bytes that they are in, unless it is the text.
    pub(super) fn finish(self) -> (Vec<Span>, Option<Vec<u8>>) {
        (self.spans, self.copied)
    }

    /// Adds the items of the array that stands in this piece of the text. `false`, and nothing is added, if there is none.
    pub(super) fn read(&mut self, start: usize, end: usize) -> bool {
        let (items, bytes) = (self.spans.len(), self.copied.as_ref().map(Vec::len));
        let read = self.array(start, end).is_some();
        if !read {
            self.spans.truncate(items);
            if let (Some(copied), Some(bytes)) = (&mut self.copied, bytes) {
                copied.truncate(bytes);
            }
        }
        read
    }

    fn array(&mut self, start: usize, end: usize) -> Option<()> {
        let mut reader = Reader { text: &self.text[..end], at: start };
        reader.blanks();
        reader.expect(b'[')?;
        reader.blanks();
        if !reader.found(b']') {
            loop {
                self.item(&mut reader)?;
                reader.blanks();
                if reader.found(b']') {
                    break;
                }
                reader.expect(b',')?;
                reader.blanks();
            }
        }
        reader.blanks();
        (reader.at == end).then_some(())
    }

    fn item(&mut self, reader: &mut Reader<'a>) -> Option<()> {
        let start = reader.at;
        match reader.peek()? {
            b'"' => {
                let escaped = reader.skip_string()?;
                self.push(start + 1, reader.at - 1, escaped)
            }
            b'n' => {
                reader.value(0)?;
                self.spans.push(Span::NULL);
                Some(())
            }
            _ => {
                reader.value(1)?;
                self.push(start, reader.at, false)
            }
        }
    }

    /// One more item, which stands here in the text.
    fn push(&mut self, start: usize, end: usize, escaped: bool) -> Option<()> {
        if self.copied.is_none() && escaped {
            let mut copied = Vec::new();
            for span in self.spans.iter_mut().filter(|span| !span.is_null()) {
                let from = copied.len();
                copied.extend_from_slice(&self.text[span.start as usize..(span.start + span.len) as usize]);
                *span = Span::range(from, copied.len());
            }
            self.copied = Some(copied);
        }
        let span = match &mut self.copied {
            None => Span::range(start, end),
            Some(copied) => {
                let from = copied.len();
                if escaped {
                    unescape(&self.text[start..end], copied)?;
                } else {
                    copied.extend_from_slice(&self.text[start..end]);
                }
                Span::range(from, copied.len())
            }
        };
        self.spans.push(span);
        Some(())
    }
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn found(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.found(byte).then_some(())
    }

    /// Goes behind a value, whose arrays and objects stand in `depth` others.
    fn value(&mut self, depth: usize) -> Option<()> {
        match self.peek()? {
            b'"' => self.string(),
            b'[' | b'{' if depth >= DEPTH => None,
            b'[' => self.members(b']', depth, |_| Some(())),
            b'{' => self.members(b'}', depth, |reader| {
                reader.string()?;
                reader.blanks();
                reader.expect(b':')?;
                reader.blanks();
                Some(())
            }),
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'n' => self.word(b"null"),
            _ => self.number(),
        }
    }

    /// Goes behind an array or an object, with `key` before each value.
    fn members(&mut self, end: u8, depth: usize, key: fn(&mut Self) -> Option<()>) -> Option<()> {
        self.at += 1;
        self.blanks();
        if self.found(end) {
            return Some(());
        }
        loop {
            key(self)?;
            self.value(depth + 1)?;
            self.blanks();
            if self.found(end) {
                return Some(());
            }
            self.expect(b',')?;
            self.blanks();
        }
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        let found = self.text[self.at..].starts_with(word);
        self.at += word.len();
        found.then_some(())
    }

    fn number(&mut self) -> Option<()> {
        let rest = &self.text[self.at..];
        let length = rest.iter().take_while(|byte| b"+-.eE0123456789".contains(byte)).count();
        self.at += length;
        is_number(&rest[..length]).then_some(())
    }

    /// Goes behind a string with valid escapes.
    fn string(&mut self) -> Option<()> {
        let start = self.at + 1;
        if self.skip_string()? { unescape(&self.text[start..self.at - 1], &mut Vec::new()) } else { Some(()) }
    }

    /// Goes behind a string. Whether it has an escape; these are not looked at.
    fn skip_string(&mut self) -> Option<bool> {
        self.expect(b'"')?;
        let mut escaped = false;
        loop {
            match self.peek()? {
                b'"' => break,
                b'\\' => {
                    escaped = true;
                    self.at += 2;
                }
                0..0x20 => return None,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        Some(escaped)
    }
}

/// Appends what stands in a string. `None` for an escape that there is not.
fn unescape(mut text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    while let Some(at) = memchr::memchr(b'\\', text) {
        out.extend_from_slice(&text[..at]);
        let (&letter, rest) = text[at + 1..].split_first()?;
        text = rest;
        out.push(match letter {
            b'"' | b'\\' | b'/' => letter,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let (unit, rest) = hex(text)?;
                text = rest;
                let code = match unit {
                    0xd800..0xdc00 => {
                        let (low, rest) = hex(text.strip_prefix(b"\\u")?)?;
                        text = rest;
                        let low = low.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
                        0x10000 + (unit - 0xd800) * 0x400 + low
                    }
                    unit => unit,
                };
                out.extend_from_slice(char::from_u32(code)?.encode_utf8(&mut [0; 4]).as_bytes());
                continue;
            }
            _ => return None,
        });
    }
    out.extend_from_slice(text);
    Some(())
}

/// The number of four hexadecimal digits, and the rest.
fn hex(text: &[u8]) -> Option<(u32, &[u8])> {
    let (digits, rest) = text.split_at_checked(4)?;
    let digit = |value: Option<u32>, byte: &u8| Some(value? * 16 + (*byte as char).to_digit(16)?);
    Some((digits.iter().fold(Some(0), digit)?, rest))
}
