//! What is read before all else when a run goes on: the batch that an earlier one had begun, and what it had claimed of its
//! group and not logged. Partition by partition, with a consumer of its own that is in no group.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::Offset;
use rdkafka::consumer::Consumer as _;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

use super::client::{Client, list};
use super::message::Writer;
use super::part::{Filled, Reached};
use super::trail::{Partition, Place};
use crate::data::buffer::{BLOCK, Quota};
use crate::error::{Error, Result};
use crate::kafka::{passes, says};
use crate::stop::Stop;

/// So long a record is waited for before it is looked whether the run ends.
const LOOK: Duration = Duration::from_millis(50);

/// Records of a partition from one place to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    /// Its number in the trail.
    pub part: usize,
    /// Which it is.
    pub partition: Partition,
    /// The first record.
    pub from: Place,
    /// Behind the last.
    pub to: Place,
}

/// What is to be read again.
pub struct Again {
    /// As messages name the source.
    pub name: String,
    /// A consumer for this alone.
    pub client: Client,
    /// What is left of it; the first one is being read if `open`.
    pub ranges: VecDeque<Range>,
    /// How far that is, and how many bytes were taken of what stands behind the offset of its end.
    pub open: Option<(Reached, u64)>,
    /// After so many ranges the position must be this.
    pub redo: Option<(usize, u64)>,
    /// Told when to stop.
    pub stop: Arc<Stop>,
}

impl Again {
    /// The next of it, with the range that it is part of; nothing if that was all, or the run stops. `position`: of the lane.
    pub fn next(&mut self, writer: &mut Writer, quota: &Quota, position: u64) -> Result<Option<(usize, Filled)>> {
        while let Some(range) = self.ranges.front().cloned() {
            if self.open.is_none() {
                self.begin(&range)?;
            }
            if let Some(filled) = self.fill(&range, writer, quota)? {
                return Ok(Some((range.part, filled)));
            }
            if self.stop.is_told() {
                return Ok(None);
            }
            self.ranges.pop_front();
            self.open = None;
            let Some((left, until)) = &mut self.redo else { continue };
            *left -= 1;
            if *left == 0 && position != *until {
                return Err(self.gone("what a batch held that was being written"));
            }
        }
        Ok(None)
    }

    fn begin(&mut self, range: &Range) -> Result<()> {
        let assigned = self.client.consumer().assign(&list([(&range.partition, Offset::Offset(range.from.offset))]));
        assigned.map_err(|error| Error::failed(format!("{}: {}", self.name, says(&error))))?;
        let behind = if range.from.offset == range.to.offset { range.from.skip } else { 0 };
        self.open = Some((Reached::at(range.from), behind));
        Ok(())
    }

    /// A chunk of the range that is open; nothing at its end.
    fn fill(&mut self, range: &Range, writer: &mut Writer, quota: &Quota) -> Result<Option<Filled>> {
        let Some((reached, behind)) = &mut self.open else { return Ok(None) };
        let (mut filled, to) = (Filled { bytes: quota.vec(), ..Filled::default() }, range.to);
        let mut gone = false;
        while filled.bytes.len() < BLOCK && !self.stop.is_told() {
            if *behind >= to.skip && reached.next >= to.offset {
                break;
            }
            match self.client.consumer().poll(LOOK) {
                None => {}
                Some(Ok(message)) => {
                    let before = filled.bytes.len();
                    let past = rdkafka::Message::offset(&message) >= to.offset;
                    if past && *behind >= to.skip {
                        // A gap stood before the end.
                        reached.next = to.offset;
                        break;
                    }
                    reached.take(&message, &range.partition, writer, &mut filled);
                    if past {
                        *behind += (filled.bytes.len() - before) as u64;
                    }
                }
                // Markers of transactions may stand before the end.
                Some(Err(KafkaError::PartitionEOF(_))) => {
                    gone = *behind < to.skip;
                    reached.next = to.offset;
                    break;
                }
                Some(Err(error)) if passes(&error) => {}
                Some(Err(error)) => {
                    let code = error.rdkafka_error_code();
                    if matches!(code, Some(Code::AutoOffsetReset | Code::OffsetOutOfRange)) {
                        gone = true;
                        break;
                    }
                    return Err(Error::failed(format!("cannot read {} again: {}", range.partition, says(&error))));
                }
            }
        }
        if gone {
            return Err(self.gone(&format!("the records of {} from offset {} on", range.partition, range.from.offset)));
        }
        if filled.bytes.is_empty() {
            quota.unused(filled.bytes);
            return Ok(None);
        }
        Ok(Some(filled))
    }

    fn gone(&self, what: &str) -> Error {
        Error::failed(format!(
            "cannot go on with {}: {what} cannot be read again, for the topic does not keep it any longer; begin anew with another \
             directory for the checkpoint",
            self.name
        ))
    }
}
