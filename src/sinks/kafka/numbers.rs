//! The number of the last batch that is there, kept by the broker: as the offset of a group of our own, committed in the
//! transaction of the batch itself. So after a crash it tells whether the batch that was under way is there.

use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerGroupMetadata};
use rdkafka::error::KafkaResult;
use rdkafka::producer::Producer;
use rdkafka::{Offset, TopicPartitionList};

use crate::error::{Error, Result};
use crate::failpoint;
use crate::kafka::{Cluster, passes, says};
use crate::sinks::support::names::tag;

use super::producer::Sending;

/// How long an answer is waited for, and how often that is tried.
const EACH: Duration = Duration::from_secs(5);
const TIMES: usize = 6;

/// The name of the producer and of the group: of this sink under this checkpoint only.
pub fn id(spec: &str, checkpoint: &str) -> String {
    format!("streamer-{}", tag(spec, checkpoint))
}

/// The numbers of the batches of this sink.
pub struct Numbers {
    topic: String,
    group: ConsumerGroupMetadata,
    /// That of the last batch that is there; the broker knows none at first.
    last: Option<u64>,
}

impl Numbers {
    /// Reads the number back. What a producer of this id has left must be ended before.
    pub fn open(cluster: &Cluster, topic: &str, id: &str, sending: &Sending) -> Result<Numbers> {
        let fixed = [
            ("group.id", id),
            ("enable.auto.commit", "false"),
            ("isolation.level", "read_committed"),
            ("log_level", "0"),
        ];
        let failed =
            |what: String| Error::failed(format!("{}: cannot read the number of the last batch: {what}", cluster.name));
        let consumer: KafkaResult<BaseConsumer> = cluster.config(&[], &fixed).create();
        let consumer = consumer.map_err(|e| failed(says(&e)))?;
        let mut wanted = TopicPartitionList::new();
        wanted.add_partition(topic, 0);
        let mut tries = 0;
        let found = loop {
            tries += 1;
            match consumer.committed_offsets(wanted.clone(), EACH) {
                Ok(found) => break found,
                Err(error) if tries < TIMES && passes(&error) => sending.producer().poll(EACH / 50),
                Err(error) => return Err(failed(says(&error))),
            }
        };
        let last = match found.find_partition(topic, 0).map(|found| found.offset()) {
            Some(Offset::Offset(number)) => u64::try_from(number).ok(),
            _ => None,
        };
        let group = consumer.group_metadata().ok_or_else(|| failed("the client library knows no group".to_string()))?;
        // Dropping a consumer may take its time, and nothing hangs on it.
        let _ = std::thread::Builder::new().name("kafka-close".to_string()).spawn(move || drop(consumer));
        Ok(Numbers { topic: topic.to_string(), group, last })
    }

    /// The number that is there before the next batch. The first one is made known to the broker, so that none at all always
    /// means that it has forgotten it.
    pub fn stand(&mut self, sending: &mut Sending) -> Result<u64> {
        if let Some(last) = self.last {
            return Ok(last);
        }
        sending.begin()?;
        self.settle(sending, 0)
    }

    /// Whether the batch is there that was begun at this number.
    pub fn is_there(&self, stand: u64, name: &str) -> Result<bool> {
        is_there(self.last, stand, name)
    }

    /// Makes what the open transaction holds visible, with the next number.
    pub fn commit(&mut self, sending: &mut Sending) -> Result<()> {
        let next = self.last.map_or(0, |last| last + 1);
        self.settle(sending, next).map(drop)
    }

    fn settle(&mut self, sending: &mut Sending, number: u64) -> Result<u64> {
        let mut offsets = TopicPartitionList::new();
        offsets
            .add_partition_offset(&self.topic, 0, Offset::Offset(number as i64))
            .map_err(|e| Error::failed(format!("{}: {}", sending.name(), says(&e))))?;
        let group = &self.group;
        sending.retried(|producer| producer.send_offsets_to_transaction(&offsets, group, EACH))?;
        failpoint::pass("kafka-commit-before");
        sending.retried(|producer| producer.commit_transaction(EACH))?;
        failpoint::pass("kafka-commit-after");
        self.last = Some(number);
        Ok(number)
    }
}

/// Whether the batch is there that was begun at this number, where the broker has `last` as that of the last one.
pub fn is_there(last: Option<u64>, stand: u64, name: &str) -> Result<bool> {
    match last {
        Some(last) if last == stand => Ok(false),
        Some(last) if last == stand + 1 => Ok(true),
        found => {
            let (next, found) = (stand + 1, found.map_or("none".to_string(), |found| found.to_string()));
            Err(Error::failed(format!(
                "cannot go on with {name}: whether the last batch is there is not known, for the broker should have {stand} or {next} \
                 as its number, and has {found} (it forgets it after offsets.retention.minutes, or with the topic); look at the \
                 topic, and begin anew with another checkpoint"
            )))
        }
    }
}
