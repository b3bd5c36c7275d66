//! What ends batches, and buffers that are to be split at it. Looked through outside the engine's lock.

use std::ops::Range as Span;
use std::sync::Arc;

use grep_matcher::Matcher;
use grep_regex::RegexMatcher;

use crate::data::buffer::BLOCK;
use crate::data::framing::Framing;
use crate::engine::core::LaneHead;
use crate::sources::{Chunk, TooLong, Unread};

use super::batch::Content;
use super::event::Event;

/// What ends a batch.
pub enum Cutting {
    /// The timer.
    Time,
    /// The end of the input.
    All,
    /// So many records; with a calendar also the timer, and then the batch carries the interval's end.
    Lines(u64),
    /// Lines of the input itself, which are dropped.
    Tick(RegexMatcher),
    /// The times of the records.
    Event(Event),
}

/// What has to be known of a buffer before it is placed.
#[derive(Default)]
pub struct Marks {
    /// Records, if anyone asks for them.
    pub(super) records: u64,
    /// The lines that are ticks, their ends included.
    pub(super) ticks: Vec<Span<usize>>,
}

impl Cutting {
    /// Whether records have their batch whatever they say.
    pub fn is_blind(&self) -> bool {
        matches!(self, Cutting::Time | Cutting::All)
    }

    /// Looks the bytes of `range` through, outside the engine's lock.
    fn marks(&self, bytes: &[u8], range: &Span<usize>, framing: Framing, count: bool) -> Marks {
        let mut marks = Marks::default();
        let bytes = &bytes[..range.end];
        if count || matches!(self, Cutting::Lines(_)) {
            marks.records = framing.count(&bytes[range.start..]);
        }
        if let Cutting::Tick(matcher) = self {
            let delimiter = framing.delimiter;
            let mut at = range.start;
            while at < bytes.len() {
                // A tick is rare: search the whole rest, then find the line around the hit.
                let Ok(Some(hit)) = matcher.find_at(bytes, at) else { break };
                if hit.start() >= bytes.len() {
                    break;
                }
                let start = memchr::memrchr(delimiter, &bytes[at..hit.start()]).map_or(at, |p| at + p + 1);
                let end = memchr::memchr(delimiter, &bytes[hit.start()..]).map_or(bytes.len(), |p| hit.start() + p + 1);
                marks.ticks.push(start..end);
                at = end;
            }
        }
        marks
    }
}

/// What of a buffer has no batch yet.
pub struct Rest {
    pub(super) content: Content,
    /// Of the lane, or of the file in it.
    pub(super) head: Arc<LaneHead>,
    pub(super) marks: Marks,
    /// Which of its bytes.
    pub range: Span<usize>,
    /// The next of the marked ticks.
    pub(super) tick: usize,
    pub(super) from: u64,
    pub(super) until: u64,
    pub(super) too_long: Vec<TooLong>,
}

impl Rest {
    /// A chunk behind this head, of which it holds so many bytes, looked through for what `cutting` needs; `count` asks for the
    /// number of records as well.
    pub fn new(
        chunk: Chunk,
        (begun, head): (usize, Arc<LaneHead>),
        cutting: &Cutting,
        framing: Framing,
        count: bool,
    ) -> Self {
        let Chunk { buffer, from, until, too_long, .. } = chunk;
        let range = begun..buffer.len();
        let marks = cutting.marks(buffer.bytes(), &range, framing, count);
        let content = Content::Read(Arc::new(buffer));
        Rest { content, head, marks, range, tick: 0, from, until, too_long }
    }

    /// Records that are still to be read; only where nothing has to be known of them to place them.
    pub fn unread(unread: Unread, head: Arc<LaneHead>, from: u64, until: u64) -> Self {
        let (range, marks) = (0..unread.len(), Marks::default());
        let content = Content::Unread(unread);
        Rest { content, head, marks, range, tick: 0, from, until, too_long: Vec::new() }
    }

    /// How many records, if they were counted.
    pub fn records(&self) -> u64 {
        self.marks.records
    }

    /// The position of the record behind it.
    pub fn until(&self) -> u64 {
        self.until
    }

    /// Where in its bytes the record of this position begins.
    pub fn place_of(&self, position: u64) -> usize {
        if self.until <= position {
            return self.range.end;
        }
        (position.saturating_sub(self.from) as usize).clamp(self.range.start, self.range.end)
    }

    /// Whether nothing is left of it.
    pub(super) fn is_done(&self) -> bool {
        self.range.is_empty() && self.too_long.is_empty()
    }

    /// What is left of it, to be placed later.
    pub(super) fn take(&mut self, cutting: &Cutting, framing: Framing) -> Rest {
        let (range, too_long) = (self.range.clone(), std::mem::take(&mut self.too_long));
        self.range.start = self.range.end;
        let marks = match &self.content {
            Content::Read(buffer) => cutting.marks(buffer.bytes(), &range, framing, self.marks.records > 0),
            Content::Unread(_) => Marks::default(),
        };
        let (content, head) = (self.content.clone(), Arc::clone(&self.head));
        Rest { content, head, marks, range, tick: 0, from: self.from, until: self.until, too_long }
    }

    /// Whether it is so little that blocks of this size cost more than their records.
    pub fn is_little(&self) -> bool {
        self.until - self.from < BLOCK as u64 / 4
    }

    /// Takes the first `records` records off, which must be fewer than there are.
    pub fn split(&mut self, records: u64, cutting: &Cutting, framing: Framing) -> Rest {
        let bytes = &self.content.bytes()[self.range.clone()];
        let last = framing.nth_end(bytes, records as usize);
        let end = last.map_or(self.range.end, |end| self.range.start + end);
        let range = self.range.start..end;
        self.range.start = end;
        self.marks = cutting.marks(self.content.bytes(), &self.range, framing, true);
        let marks = cutting.marks(self.content.bytes(), &range, framing, true);
        let (from, until) = (self.from, self.from + end as u64);
        let (content, head) = (self.content.clone(), Arc::clone(&self.head));
        Rest { content, head, marks, range, tick: 0, from, until, too_long: Vec::new() }
    }
}
