//! One walk over a record: checks it to its end and finds the values that are wanted. Runs on the shards, on every byte of
//! JSON that is read.
//!
//! Records of one stream mostly have the same members in the same order. So a walk remembers, as bytes, what stood between
//! the values of the records before (`,"status":`), and compares all of it at once; only what is new is taken apart.

use super::super::column::Span;
use super::lex::{self, Fault, Lexed, What, byte, expected};
use super::paths::{NOTHING, Paths, ROOT};
use super::unescape;

/// Values may be nested in less than so many others, as in serde_json.
pub const DEPTH: u32 = 128;
/// So many keys are remembered.
const KEPT: usize = 1024;
/// So many of them may be missing in a row before a key counts as new.
const AHEAD: usize = 12;
/// So many bytes of a key are compared at once.
const WORD: usize = 16;

/// A value that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Value {
    /// The content of a string, of any other value its text. A length of [`Span::NULL_LEN`]: null, or missing.
    pub span: Span,
    /// It is a string with escapes.
    pub escaped: bool,
    /// It is there.
    pub there: bool,
}

impl Value {
    /// No such member.
    const MISSING: Value = Value { span: Span::NULL, escaped: false, there: false };
}

/// What stands before a value: a comma, the key, a colon, and white space between them.
struct Key {
    /// The first [`WORD`] bytes, of which `mask` tells how many count.
    word: u128,
    mask: u128,
    /// The place that holds the member, and whether it is the first one there.
    holder: (u16, bool),
    member: u16,
    /// All bytes.
    text: Box<[u8]>,
}

/// What comes next in an object.
enum Next {
    /// A member of it; the value is here.
    Member(u16, usize),
    /// Its end, which is before here.
    End(usize),
}

/// Walks over the records of a buffer.
pub struct Walk<'a> {
    /// With its padding.
    text: &'a [u8],
    /// Where the record ends.
    end: usize,
    paths: &'a Paths,
    keys: Vec<Key>,
    /// Which of them is expected next.
    next: usize,
    /// What was found in the record, one for each slot of the paths.
    pub found: Vec<Value>,
    name: Vec<u8>,
}

impl<'a> Walk<'a> {
    /// Over records of `text`, the padding of a buffer included.
    pub fn new(text: &'a [u8], paths: &'a Paths) -> Self {
        let found = vec![Value::MISSING; paths.slots];
        Walk { text, end: 0, paths, keys: Vec::new(), next: 0, found, name: Vec::new() }
    }

    /// Walks over a record; false if it is blank.
    #[inline]
    pub fn record(&mut self, record: Span) -> Lexed<bool> {
        self.next = 0;
        self.end = record.start as usize + record.len as usize;
        self.found.fill(Value::MISSING);
        let at = lex::space(self.text, record.start as usize, self.end);
        if at == self.end {
            return Ok(false);
        }
        let end = match byte(self.text, at) {
            b'{' => self.object(ROOT, at + 1, 1)?,
            _ => self.value(NOTHING, at, 0)?,
        };
        // Past the end: what ends the record was taken for a part of it.
        if lex::space(self.text, end, self.end) != self.end || end > self.end {
            return expected(end.min(self.end), "nothing more");
        }
        if byte(self.text, at) == b'{' { Ok(true) } else { Err(Fault { at, what: What::NoObject }) }
    }

    /// Whether this is a value, and nothing else.
    pub fn is_value(&mut self, span: Span) -> bool {
        self.next = 0;
        self.end = span.start as usize + span.len as usize;
        self.value(NOTHING, span.start as usize, 0).is_ok_and(|end| end == self.end)
    }

    /// Gives of each member of a record its key as it is written, without quotes, and all its bytes.
    pub fn members(&mut self, record: Span, mut give: impl FnMut(&'a [u8], &'a [u8])) -> Lexed<()> {
        let text = self.text;
        self.next = 0;
        self.end = record.start as usize + record.len as usize;
        let mut at = lex::space(text, record.start as usize, self.end);
        if byte(text, at) != b'{' {
            return expected(at, "an object");
        }
        at += 1;
        let mut first = true;
        loop {
            let from = at;
            let Next::Member(_, value) = self.key((NOTHING, first), at)? else { return Ok(()) };
            at = self.value(NOTHING, value, 1)?;
            let skipped = |b: &u8| matches!(b, b',' | b' ' | b'\t' | b'\n' | b'\r');
            let key = from + text[from..value].iter().take_while(|b| skipped(b)).count();
            let (end, _) = lex::string(text, key + 1)?;
            give(&text[key + 1..end], &text[key..at]);
            first = false;
        }
    }

    fn object(&mut self, holder: u16, mut at: usize, depth: u32) -> Lexed<usize> {
        if depth >= DEPTH {
            return Err(Fault { at: at - 1, what: What::Deep });
        }
        if byte(self.text, at) == b'}' {
            return Ok(at + 1);
        }
        let mut first = true;
        loop {
            let (member, value) = match self.expected_key((holder, first), at) {
                Some(next) => next,
                None => match self.key((holder, first), at)? {
                    Next::Member(member, value) => (member, value),
                    Next::End(at) => return Ok(at),
                },
            };
            at = self.value(member, value, depth)?;
            if byte(self.text, at) == b'}' {
                return Ok(at + 1);
            }
            first = false;
        }
    }

    /// The next key, if it is the one that is expected.
    #[inline(always)]
    fn expected_key(&mut self, holder: (u16, bool), at: usize) -> Option<(u16, usize)> {
        let key = self.keys.get(self.next)?;
        if (lex::word(self.text, at) ^ key.word) & key.mask != 0 || key.holder != holder {
            return None;
        }
        let len = key.text.len();
        if len > WORD && self.text.get(at..at + len) != Some(&*key.text) {
            return None;
        }
        self.next += 1;
        Some((key.member, at + len))
    }

    /// The next key, if there is one, and whatever it is.
    #[inline(never)]
    fn key(&mut self, holder: (u16, bool), start: usize) -> Lexed<Next> {
        let expected_next = self.next;
        for ahead in expected_next..self.keys.len().min(expected_next + AHEAD) {
            self.next = ahead;
            if let Some((member, value)) = self.expected_key(holder, start) {
                return Ok(Next::Member(member, value));
            }
        }
        self.next = expected_next;
        let (text, end) = (self.text, self.end);
        let mut at = lex::space(text, start, end);
        match byte(text, at) {
            b'}' => return Ok(Next::End(at + 1)),
            b',' if !holder.1 => at = lex::space(text, at + 1, end),
            _ if !holder.1 => return expected(at, "`,` or `}`"),
            _ => {}
        }
        if byte(text, at) != b'"' {
            return expected(at, "a key in quotes");
        }
        let (close, escaped) = lex::string(text, at + 1)?;
        let name = &text[at + 1..close];
        let member = if escaped {
            self.name.clear();
            unescape(name, &mut self.name);
            self.paths.member(holder.0, &self.name)
        } else {
            self.paths.member(holder.0, name)
        };
        at = lex::space(text, close + 1, end);
        if byte(text, at) != b':' {
            return expected(at, "`:`");
        }
        at = lex::space(text, at + 1, end);
        if at <= end {
            self.remember(&text[start..at], holder, member);
        }
        Ok(Next::Member(member, at))
    }

    fn remember(&mut self, text: &[u8], holder: (u16, bool), member: u16) {
        // A key of great length is no name, and will not come again.
        if self.keys.len() < KEPT && text.len() < 256 {
            let mask = if text.len() < WORD { (1 << (8 * text.len())) - 1 } else { u128::MAX };
            let key = Key { word: lex::word(text, 0), mask, holder, member, text: text.into() };
            self.keys.insert(self.next, key);
            self.next += 1;
        }
    }

    fn array(&mut self, holder: u16, mut at: usize, depth: u32) -> Lexed<usize> {
        if depth >= DEPTH {
            return Err(Fault { at: at - 1, what: What::Deep });
        }
        at = lex::space(self.text, at, self.end);
        if byte(self.text, at) == b']' {
            return Ok(at + 1);
        }
        // The objects of an array have the same members, too.
        let keys = self.next;
        let mut number = 0;
        loop {
            let item = if holder == NOTHING { NOTHING } else { self.paths.item(holder, number) };
            self.next = keys;
            at = self.value(item, at, depth)?;
            if byte(self.text, at) != b',' {
                at = lex::space(self.text, at, self.end);
            }
            match byte(self.text, at) {
                b',' => at += 1,
                b']' => return Ok(at + 1),
                _ => return expected(at, "`,` or `]`"),
            }
            number += 1;
        }
    }

    /// The value at `at`, which is in so many others: where it ends.
    #[inline(always)]
    fn value(&mut self, place: u16, at: usize, depth: u32) -> Lexed<usize> {
        match byte(self.text, at) {
            b' ' | b'\t' | b'\n' | b'\r' => self.tight(place, lex::space(self.text, at, self.end), depth),
            _ => self.tight(place, at, depth),
        }
    }

    /// The same without white space before it.
    #[inline(always)]
    fn tight(&mut self, place: u16, at: usize, depth: u32) -> Lexed<usize> {
        match byte(self.text, at) {
            b'"' => {
                let (end, escaped) = lex::string(self.text, at + 1)?;
                self.keep(place, at + 1, end, escaped);
                Ok(end + 1)
            }
            b'-' | b'0'..=b'9' => {
                let end = lex::number(self.text, at)?;
                self.keep(place, at, end, false);
                Ok(end)
            }
            open @ (b'{' | b'[') => {
                // What an earlier member of the same name had is gone.
                if place != NOTHING {
                    self.forget(place);
                }
                let end = if open == b'{' {
                    self.object(place, at + 1, depth + 1)?
                } else {
                    self.array(place, at + 1, depth + 1)?
                };
                if let Some(slot) = self.paths.slot(place) {
                    let span = Span::range(at, end);
                    self.found[slot as usize] = Value { span, escaped: false, there: true };
                }
                Ok(end)
            }
            first => {
                let end = lex::literal(self.text, at)?;
                self.keep(place, at, end, false);
                if first == b'n'
                    && let Some(slot) = self.paths.slot(place)
                {
                    self.found[slot as usize].span = Span::NULL;
                }
                Ok(end)
            }
        }
    }

    /// Keeps a value if it is wanted.
    #[inline(always)]
    fn keep(&mut self, place: u16, at: usize, end: usize, escaped: bool) {
        if place != NOTHING {
            self.forget(place);
            if let Some(slot) = self.paths.slot(place) {
                self.found[slot as usize] = Value { span: Span::range(at, end), escaped, there: true };
            }
        }
    }

    /// Nothing was found below a place.
    fn forget(&mut self, place: u16) {
        for &slot in self.paths.below(place) {
            self.found[slot as usize] = Value::MISSING;
        }
    }
}

#[cfg(test)]
mod tests;
