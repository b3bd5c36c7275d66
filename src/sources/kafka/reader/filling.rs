//! Chunks of partitions, and what may be wrong with one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode as Code};

use super::super::message::Writer;
use super::super::part::{Filled, Part};
use super::super::trail::Place;
use super::{ANSWER, Reader, seek};
use crate::data::buffer::{BLOCK, Quota};
use crate::error::{Error, Result};
use crate::kafka::passes;
use crate::sources::Step;

/// So many chunks of each partition are taken at once, while much is there ...
const CHUNKS: usize = 4;
/// ... and up to so many of those that are quicker than the others.
const MOST: usize = 16;

/// There is no such topic or partition, now.
fn is_missing(error: &KafkaError) -> bool {
    let code = error.rdkafka_error_code();
    matches!(code, Some(Code::UnknownPartition | Code::UnknownTopic | Code::UnknownTopicOrPartition))
}

impl Reader {
    /// What there is: of the partition whose turn it is, and while much is there of several at once, for what the library does
    /// with each message takes one processor longer than all that is done with it afterwards.
    pub(super) fn fill(&mut self, quota: &Arc<Quota>) -> Result<Option<Step>> {
        for _ in 0..self.parts.len() {
            let (turn, most) = (self.state.turn + 1, if self.state.busy { self.state.writers.len() } else { 1 });
            let mut chosen: Vec<usize> = (turn..turn + self.parts.len()).map(|at| at % self.parts.len()).collect();
            chosen.retain(|&at| !self.parts[at].rests());
            chosen.truncate(most);
            let Some(&last) = chosen.last() else { return Ok(None) };
            (self.state.turn, self.state.busy) = (last, false);
            for (at, filled) in self.filled(&chosen, quota) {
                match filled {
                    Ok(None) => {}
                    Ok(Some(filled)) => {
                        self.parts[at].gone = false;
                        self.state.busy |= filled.bytes.len() >= BLOCK;
                        self.state.idle = self.clock.monotonic();
                        self.state.trouble.over();
                        // It is known at once as given, so that nobody lets the partition go before it is done with.
                        let step = self.chunk(self.parts[at].id, filled, quota);
                        self.state.given.push_back(step);
                    }
                    Err(error) => self.wrong(at, &error)?,
                }
            }
            if let Some(step) = self.state.given.pop_front() {
                return Ok(Some(step));
            }
        }
        Ok(None)
    }

    /// Chunks of these partitions, side by side: of one alone just one, for somebody may be waiting. Who has done his share goes on
    /// until all have.
    fn filled(&mut self, chosen: &[usize], quota: &Arc<Quota>) -> Vec<(usize, KafkaResult<Option<Filled>>)> {
        let (share, most) = if chosen.len() > 1 { (CHUNKS, MOST) } else { (1, 1) };
        let behind = AtomicUsize::new(chosen.len());
        let writers = &mut self.state.writers;
        let of_chosen = self.parts.iter_mut().enumerate().filter(|(at, _)| chosen.contains(at));
        let mut work: Vec<_> = of_chosen.zip(writers).collect();
        let fill = |((at, part), writer): ((usize, &mut Part), &mut Writer)| {
            let mut chunks = Vec::new();
            while chunks.len() < share || (chunks.len() < most && behind.load(Relaxed) > 0) {
                let filled = part.fill(writer, quota);
                let is_full = matches!(&filled, Ok(Some(filled)) if filled.bytes.len() >= BLOCK);
                chunks.push((at, filled));
                if chunks.len() == share || (!is_full && chunks.len() < share) {
                    behind.fetch_sub(1, Relaxed);
                }
                if !is_full {
                    break;
                }
            }
            chunks
        };
        let Some(own) = work.pop() else { return Vec::new() };
        std::thread::scope(|scope| {
            let others: Vec<_> = work.into_iter().map(|work| scope.spawn(move || fill(work))).collect();
            let mut chunks = fill(own);
            for other in others {
                chunks.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            }
            chunks
        })
    }

    /// A partition could not be read.
    fn wrong(&mut self, at: usize, error: &KafkaError) -> Result<()> {
        match error.rdkafka_error_code() {
            Some(Code::AutoOffsetReset | Code::OffsetOutOfRange) => {
                let part = &self.parts[at];
                let mut place = [(part.partition.clone(), Place::at(part.reached.next))];
                let is_there = match self.start.check(&self.scout, &mut place, ANSWER) {
                    Ok(checked) => checked.map(|()| true)?,
                    // A topic that is being made anew is not known to all at once.
                    Err(error) if passes(&error) || is_missing(&error) => false,
                    Err(error) => return Err(self.failed(&error)),
                };
                let part = &mut self.parts[at];
                part.reached.next = place[0].1.offset;
                part.gone &= !is_there;
                seek(part);
                Ok(())
            }
            Some(_) if is_missing(error) => self.without(at),
            Some(Code::TopicAuthorizationFailed | Code::GroupAuthorizationFailed | Code::Fatal) => {
                Err(self.failed(error))
            }
            _ => {
                self.state.trouble.heard(error);
                Ok(())
            }
        }
    }

    /// The topic of a partition has been deleted. It may be made again: whether that is another one its offsets tell.
    fn without(&mut self, at: usize) -> Result<()> {
        let topic = Arc::clone(&self.parts[at].partition.topic);
        let gone = format!("{}: the topic `{topic}` is not there any more", self.name());
        if self.ends.is_some() {
            return Err(Error::failed(format!("{gone}, and was not read to its end")));
        }
        if !self.parts.iter().any(|part| part.gone && part.partition.topic == topic) {
            self.messages.note(&format!("{gone}: nothing comes from it until it is made again"));
        }
        self.parts[at].gone = true;
        Ok(())
    }
}
