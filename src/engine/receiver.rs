//! Receivers: one thread for each source that is not read by the shards.
//!
//! In come bytes; out go buffers that end at a record, to the batcher. A receiver only looks for the **last** record end of
//! a buffer and carries the rest over, so a byte costs it next to nothing. At stop it hands over what it has read; of a file,
//! which can be read again, only whole records.

use std::sync::Arc;

use crate::data::buffer::{BLOCK, Buffer, Quota};
use crate::data::fast::WINDOW;
use crate::data::framing::{Framing, Reached};
use crate::error::{Error, Result};
use crate::sources::{Chunk, Got, Intake, Step, Stream, TooLong};

/// Finds the records of a stream of bytes.
pub struct Receiver {
    stream: Box<dyn Stream>,
    framing: Framing,
    max_record: usize,
    /// How many bytes are read at once, at most.
    most: usize,
    /// Whoever works on records may read them.
    shared: bool,
    /// Whoever does may search them where the system holds them.
    searched: bool,
    /// Bytes have been handed over.
    begun: bool,
    /// What was read behind the last whole record.
    carry: Vec<u8>,
    /// The position of the first byte of `carry`.
    position: u64,
    /// The record that is being left out because it is too long.
    skipping: Option<TooLong>,
    /// How far into it.
    reached: Reached,
    /// The file whose first chunk comes next, if another one has begun.
    begins: Option<Arc<str>>,
    ended: bool,
    /// Why it ended, if it broke: said once what was read before has been handed over.
    failure: Option<Error>,
}

impl Receiver {
    /// Records of `stream`, none of them longer than `max_record` bytes.
    pub fn new(stream: Box<dyn Stream>, framing: Framing, max_record: usize) -> Self {
        Receiver {
            stream,
            framing,
            max_record,
            most: BLOCK,
            shared: false,
            searched: false,
            begun: false,
            carry: Vec::new(),
            position: 0,
            skipping: None,
            reached: Reached::default(),
            begins: None,
            ended: false,
            failure: None,
        }
    }

    /// Goes on at this position of the lane.
    #[must_use]
    pub fn from(mut self, position: u64) -> Self {
        (self.position, self.begun) = (position, position > 0);
        self
    }

    /// Reads no more than so many bytes at once: what waits for `--max-rate` is better left where it is.
    #[must_use]
    pub fn in_steps(mut self, most: usize) -> Self {
        self.most = most.clamp(1, BLOCK);
        self
    }

    /// Leaves the reading to whoever works on the records, where that can be done. The first of them are read here all the same.
    #[must_use]
    pub fn shared(mut self, shared: bool) -> Self {
        self.shared = shared && self.framing.quoted.is_none();
        self
    }

    /// Lets whoever reads them search whole windows of a file.
    #[must_use]
    pub fn searched(mut self, searched: bool) -> Self {
        self.searched = searched && self.max_record >= 2 * WINDOW;
        self
    }

    /// Whole records that need not be read here.
    fn unread(&mut self) -> Option<Step> {
        if !self.shared || !self.begun || self.ended || self.skipping.is_some() {
            return None;
        }
        let most = if self.searched { WINDOW } else { self.most };
        let unread = self.stream.pass_over(self.carry.len(), most, self.framing.delimiter)?;
        self.carry.clear();
        let from = self.position;
        self.position += unread.len() as u64;
        Some(Step::Unread { unread, from, until: self.position })
    }

    /// The first `whole` bytes as a chunk; what is behind them is carried over.
    fn chunk(&mut self, bytes: Vec<u8>, filled: usize, whole: usize, quota: &Arc<Quota>) -> Chunk {
        self.carry.clear();
        self.carry.extend_from_slice(&bytes[whole..filled]);
        let from = self.position;
        self.position += whole as u64;
        self.begun |= whole > 0;
        let lease = quota.lease(bytes.len());
        let (buffer, begins) = (Buffer::filled(bytes, 0..whole, lease), self.begins.take());
        Chunk { buffer, from, until: self.position, begins, too_long: Vec::new() }
    }

    /// Leaves out bytes up to the end of the record that is too long: how many, and whether it has ended.
    fn skip(&mut self, bytes: &[u8]) -> (usize, bool) {
        let Some(skipping) = &mut self.skipping else { return (0, true) };
        let end = self.reached.end(self.framing, bytes);
        let left_out = end.map_or(bytes.len(), |at| at + 1);
        skipping.len += end.unwrap_or(bytes.len()) as u64;
        if self.framing.quoted.is_some() {
            skipping.lines += memchr::memchr_iter(b'\n', &bytes[..left_out]).count() as u64;
        }
        self.position += left_out as u64;
        (left_out, end.is_some())
    }

    /// What a record that was left out leaves behind: no bytes, but word of it.
    fn left_out(&mut self, rest: Vec<u8>, quota: &Arc<Quota>) -> Option<Chunk> {
        let too_long = self.skipping.take()?;
        let mut chunk = self.chunk(Vec::new(), 0, 0, quota);
        self.carry = rest;
        chunk.too_long.push(too_long);
        Some(chunk)
    }
}

impl Intake for Receiver {
    fn next(&mut self, quota: &Arc<Quota>) -> Result<Step> {
        if let Some(unread) = self.unread() {
            return Ok(unread);
        }
        let mut bytes = quota.space();
        let mut filled = self.carry.len();
        if bytes.len() < filled + BLOCK {
            bytes.resize(filled + BLOCK, 0);
        }
        bytes[..filled].copy_from_slice(&self.carry);
        loop {
            if self.skipping.is_some() {
                let (left_out, ended) = self.skip(&bytes[..filled]);
                bytes.copy_within(left_out..filled, 0);
                filled -= left_out;
                if ended || self.ended {
                    let rest = bytes[..filled].to_vec();
                    return Ok(self.left_out(rest, quota).map_or(Step::End, Step::Records));
                }
            }
            let mark = if self.position == 0 { self.framing.mark(&bytes[..filled]) } else { 0 };
            let whole = self.framing.last_end(&bytes[mark..filled]).map(|whole| mark + whole);
            if whole.is_none() && filled > self.max_record {
                // Empty lines before a record are no part of it; nor are they kept without end.
                let blank = self.framing.blank(&bytes[..filled]);
                let long = filled - blank > self.max_record;
                if long || blank > self.max_record {
                    let lines = memchr::memchr_iter(b'\n', &bytes[..blank]).count() as u64;
                    bytes.copy_within(blank..filled, 0);
                    (filled, self.position) = (filled - blank, self.position + blank as u64);
                    self.reached = Reached::default();
                    self.skipping = long.then_some(TooLong { at: self.position, len: 0, lines, blank: lines });
                    continue;
                }
            }
            match whole {
                Some(whole) if filled >= self.most || self.ended => {
                    return Ok(Step::Records(self.chunk(bytes, filled, whole, quota)));
                }
                None if self.ended && filled == 0 => {
                    return self.failure.take().map_or(Ok(Step::End), Err);
                }
                // The last record has no end of its own.
                None if self.ended => return Ok(Step::Records(self.chunk(bytes, filled, filled, quota))),
                _ => {}
            }
            if filled == bytes.len() {
                let longer = (filled * 2).min(self.max_record.saturating_add(BLOCK));
                bytes.resize(longer.max(filled + BLOCK / 8), 0);
            }
            // With a whole record at hand only what is there at once is read as well.
            let end = bytes.len().min(filled.saturating_add(self.most));
            let got = self.stream.read(&mut bytes[filled..end], whole.is_none()).unwrap_or_else(|error| {
                self.failure = Some(error);
                Got::End
            });
            match (got, whole) {
                (Got::Bytes(n), _) => filled += n,
                (Got::Later, Some(whole)) => return Ok(Step::Records(self.chunk(bytes, filled, whole, quota))),
                (Got::Later, None) => {}
                (Got::Break | Got::File, _) => {
                    let too_long = self.skipping.take();
                    let ended = (filled > 0 || too_long.is_some()).then(|| {
                        let mut chunk = self.chunk(std::mem::take(&mut bytes), filled, filled, quota);
                        chunk.too_long.extend(too_long);
                        chunk
                    });
                    if got == Got::File {
                        self.begins = Some(self.stream.file());
                    }
                    if let Some(chunk) = ended {
                        return Ok(Step::Records(chunk));
                    }
                }
                // Behind a break: nothing is begun.
                (Got::Done, _) => {
                    quota.unused(bytes);
                    self.carry.clear();
                    return Ok(Step::Done);
                }
                (Got::End, _) => self.ended = true,
                (Got::Stop, whole) => {
                    (filled, self.skipping, self.ended) = (whole.unwrap_or(0), None, true);
                }
            }
        }
    }

    fn progress(&self) -> u64 {
        self.stream.progress()
    }
}

#[cfg(test)]
mod tests;
