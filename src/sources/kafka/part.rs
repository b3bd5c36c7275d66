//! A partition that is being read: its own queue of librdkafka, and the chunk that is filled from it.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::consumer::base_consumer::PartitionQueue;
use rdkafka::error::KafkaError;
use rdkafka::message::BorrowedMessage;

use super::client::{Client, Context};
use super::message::Writer;
use super::trail::{Partition, Place};
use crate::clock::Bell;
use crate::data::buffer::{BLOCK, Quota};

/// Records of one partition.
#[derive(Default)]
pub struct Filled {
    /// As the lane has them.
    pub bytes: Vec<u8>,
    /// The offset of the first.
    pub first: i64,
    /// The offset behind the last.
    pub next: i64,
}

/// How far a partition has been read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reached {
    /// The offset of the next record, or less.
    pub next: i64,
    /// Its end was met since the last record.
    pub ended: bool,
    /// So many bytes of the next records were taken by an earlier run.
    skip: u64,
}

impl Reached {
    /// A place from where it is read.
    pub fn at(place: Place) -> Self {
        Reached { next: place.offset, ended: false, skip: place.skip }
    }

    /// Takes a message over, unless an earlier run has taken it.
    #[inline]
    pub fn take(&mut self, message: &BorrowedMessage<'_>, of: &Partition, writer: &mut Writer, filled: &mut Filled) {
        let before = filled.bytes.len();
        let offset = writer.write(message, of.topic.as_bytes(), &mut filled.bytes);
        (self.next, self.ended) = (offset + 1, false);
        if self.skip > 0 {
            self.skip = self.skip.saturating_sub((filled.bytes.len() - before) as u64);
            filled.bytes.truncate(before);
            return;
        }
        if before == 0 {
            filled.first = offset;
        }
        filled.next = self.next;
    }
}

/// A partition that is being read.
pub struct Part {
    /// Its number in the trail.
    pub id: usize,
    /// Which it is.
    pub partition: Partition,
    queue: PartitionQueue<Context>,
    /// Who fetches it.
    pub client: Arc<Client>,
    /// How far that is.
    pub reached: Reached,
    /// It is read up to this offset, and no further for the time being.
    pub goal: Option<i64>,
    /// Since the goal was set its end has been looked for anew.
    pub sought: bool,
    /// It is not read any more: the group takes it away.
    pub stopped: bool,
    /// Its topic is not there at the moment.
    pub gone: bool,
    /// Records that did not come by the queue, and what went wrong behind them.
    held: Filled,
    failed: Option<KafkaError>,
}

impl Part {
    /// Gets a queue of its own, which rings the bell when something comes; before it is assigned. Nothing if there is none.
    pub fn new(client: &Arc<Client>, id: usize, partition: Partition, place: Place, bell: &Arc<Bell>) -> Option<Self> {
        let mut queue = client.consumer().split_partition_queue(&partition.topic, partition.number)?;
        let bell = Arc::clone(bell);
        queue.set_nonempty_callback(move || bell.ring());
        let (goal, sought, stopped, gone) = (None, false, false, false);
        let (reached, held, failed) = (Reached::at(place), Filled::default(), None);
        let client = Arc::clone(client);
        Some(Part { id, partition, queue, client, reached, goal, sought, stopped, gone, held, failed })
    }

    /// Reads up to this offset; the partition may have a last record before it.
    pub fn head_for(&mut self, goal: Option<i64>) {
        (self.goal, self.sought) = (goal, false);
    }

    /// Whether all before the goal has been read.
    pub fn is_there(&self) -> bool {
        self.goal.is_some_and(|goal| self.reached.next >= goal || (self.sought && self.reached.ended))
    }

    /// Whether it is left alone for the time being.
    pub fn rests(&self) -> bool {
        self.stopped || self.is_there()
    }

    /// Whether a cut waits for it.
    pub fn is_awaited(&self) -> bool {
        !self.gone && !self.rests()
    }

    /// A record that did not come by the queue.
    pub fn hold(&mut self, message: &BorrowedMessage<'_>, writer: &mut Writer) {
        let Part { partition, held, reached, .. } = self;
        reached.take(message, partition, writer, held);
    }

    /// What is there at the moment, or a chunk of it.
    pub fn fill(&mut self, writer: &mut Writer, quota: &Quota) -> Result<Option<Filled>, KafkaError> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let mut filled = std::mem::take(&mut self.held);
        while filled.bytes.len() < BLOCK && !self.is_there() {
            let Some(polled) = self.queue.poll(Duration::ZERO) else { break };
            match polled {
                Ok(message) => {
                    if filled.bytes.capacity() == 0 {
                        filled.bytes = quota.vec();
                    }
                    self.reached.take(&message, &self.partition, writer, &mut filled);
                }
                Err(KafkaError::PartitionEOF(_)) => {
                    self.reached.ended = true;
                    break;
                }
                Err(error) if filled.bytes.is_empty() => return Err(error),
                Err(error) => {
                    self.failed = Some(error);
                    break;
                }
            }
        }
        if filled.bytes.is_empty() {
            quota.unused(filled.bytes);
            return Ok(None);
        }
        Ok(Some(filled))
    }
}
