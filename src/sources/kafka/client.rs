//! The consumer of librdkafka: how it is set up, what it is asked, and how it is let go. It is polled by the receiver thread; the
//! output thread commits with it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext, RebalanceProtocol};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode as Code};
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{Offset, TopicPartitionList};

use super::super::support::trail::lock;
use super::trail::Partition;
use crate::error::{Error, Result};
use crate::kafka::{Cluster, Watcher, says};

/// A consumer that tells of changes of its group.
pub type Consumer = BaseConsumer<Context>;

/// So long an answer is waited for before anything runs.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// So long a consumer may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(3);
/// What is fetched ahead of the engine, of all partitions together: in KiB, and in messages, whose own weight counts too.
const AHEAD: (usize, usize) = (64 << 10, 400_000);
/// The group of a consumer that is in none: the library asks for a name, of which nobody hears.
const NO_GROUP: &str = "streamer";

/// What the group has decided; the reader does it.
#[derive(Debug)]
pub enum News {
    /// These are ours.
    Assigned(Vec<Partition>),
    /// These are to be let go ...
    Revoked(Vec<Partition>),
    /// ... or are gone already.
    Lost(Vec<Partition>),
}

/// What a consumer calls back.
#[derive(Default)]
pub struct Context {
    /// Hears of errors.
    pub watcher: Watcher,
    news: Mutex<VecDeque<News>>,
    closing: AtomicBool,
}

impl Context {
    /// The oldest decision of the group that was not heard yet.
    pub fn news(&self) -> Option<News> {
        lock(&self.news).pop_front()
    }
}

impl ClientContext for Context {
    fn log(&self, _: RDKafkaLogLevel, _: &str, _: &str) {}

    fn error(&self, error: KafkaError, reason: &str) {
        // That a partition ends is no trouble; the reader is told by its queue.
        if error.rdkafka_error_code() == Some(Code::PartitionEOF) {
            return;
        }
        self.watcher.error(error, reason);
    }
}

impl ConsumerContext for Context {
    fn rebalance(&self, consumer: &BaseConsumer<Self>, what: RDKafkaRespErr, list: &mut TopicPartitionList) {
        if self.closing.load(Ordering::SeqCst) {
            // Nobody is left who could still read, or be told of a failure.
            let _ = let_go(consumer, list);
            return;
        }
        let parts = partitions(list);
        let news = match what {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => News::Assigned(parts),
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS if !consumer.assignment_lost() => News::Revoked(parts),
            _ => News::Lost(parts),
        };
        lock(&self.news).push_back(news);
    }
}

/// Tells the group that these are not read any more.
pub fn let_go(consumer: &Consumer, list: &TopicPartitionList) -> KafkaResult<()> {
    if matches!(consumer.rebalance_protocol(), RebalanceProtocol::Cooperative) {
        consumer.incremental_unassign(list)
    } else {
        consumer.unassign()
    }
}

/// Tells the group that these are read from now on.
pub fn take(consumer: &Consumer, list: &TopicPartitionList) -> KafkaResult<()> {
    if matches!(consumer.rebalance_protocol(), RebalanceProtocol::Cooperative) {
        consumer.incremental_assign(list)
    } else {
        consumer.assign(list)
    }
}

/// The partitions of a list.
pub fn partitions(list: &TopicPartitionList) -> Vec<Partition> {
    let partition = |e: &rdkafka::topic_partition_list::TopicPartitionListElem<'_>| Partition {
        topic: e.topic().into(),
        number: e.partition(),
    };
    list.elements().iter().map(partition).collect()
}

/// A list of partitions, each with an offset; one that is not to be is left out.
pub fn list<'a>(parts: impl IntoIterator<Item = (&'a Partition, Offset)>) -> TopicPartitionList {
    let mut list = TopicPartitionList::new();
    for (part, offset) in parts {
        let mut element = list.add_partition(&part.topic, part.number);
        // Only a negative offset could be refused, and there is none.
        let _ = element.set_offset(offset);
    }
    list
}

/// A consumer, which is given time to say goodbye when it is dropped, but no more than that.
pub struct Client {
    consumer: Option<Arc<Consumer>>,
}

impl Client {
    /// A consumer of a cluster, in a group or in none, that is going to read so many partitions.
    pub fn new(cluster: &Cluster, group: Option<&str>, partitions: usize) -> Result<Self> {
        let partitions = partitions.max(1);
        let kbytes = (AHEAD.0 / partitions).clamp(1 << 10, 16 << 10).to_string();
        let messages = (AHEAD.1 / partitions).clamp(1000, AHEAD.1).to_string();
        let defaults = [
            // There is a queue for each partition.
            ("queued.max.messages.kbytes", kbytes.as_str()),
            ("queued.min.messages", messages.as_str()),
            // Smaller answers, while the one before is taken apart; a larger message comes all the same.
            ("fetch.message.max.bytes", "524288"),
            // What is full comes free within a moment.
            ("fetch.queue.backoff.ms", "2"),
            ("fetch.error.backoff.ms", "100"),
            ("reconnect.backoff.max.ms", "1000"),
            ("topic.metadata.refresh.interval.ms", "5000"),
            ("partition.assignment.strategy", "cooperative-sticky"),
            ("topic.blacklist", "^__"),
        ];
        let fixed = [
            ("group.id", group.unwrap_or(NO_GROUP)),
            ("enable.auto.commit", "false"),
            ("enable.auto.offset.store", "false"),
            ("enable.partition.eof", "true"),
            ("auto.offset.reset", "error"),
            ("isolation.level", "read_committed"),
        ];
        let made = cluster.config(&defaults, &fixed).create_with_context(Context::default());
        let consumer = made.map_err(|e| Error::failed(format!("{}: {}", cluster.name, says(&e))))?;
        Ok(Client { consumer: Some(Arc::new(consumer)) })
    }

    /// The consumer.
    pub fn consumer(&self) -> &Arc<Consumer> {
        self.consumer.as_ref().expect("only a drop takes it")
    }

    /// What it calls back.
    pub fn context(&self) -> &Context {
        self.consumer().context()
    }

    /// For each partition the offset that an [`Offset`] stands for: its begin, its end, or what a time in milliseconds (as
    /// [`Offset::Offset`]) leads to, which is its end if nothing is so late.
    pub fn offsets(&self, parts: &[Partition], of: Offset, timeout: Duration) -> KafkaResult<Vec<i64>> {
        if parts.is_empty() {
            return Ok(Vec::new());
        }
        let asked = list(parts.iter().map(|part| (part, of)));
        let found = self.consumer().offsets_for_times(asked, timeout)?;
        let mut ends = None;
        let mut offsets = Vec::with_capacity(parts.len());
        for (at, part) in parts.iter().enumerate() {
            let element = found.find_partition(&part.topic, part.number);
            let element =
                element.ok_or(KafkaError::MetadataFetch(rdkafka::types::RDKafkaErrorCode::UnknownPartition))?;
            element.error()?;
            offsets.push(match element.offset() {
                Offset::Offset(offset) => offset,
                _ if ends.is_none() && of != Offset::End => {
                    let all = ends.insert(self.offsets(parts, Offset::End, timeout)?);
                    all[at]
                }
                _ => ends.as_ref().map_or(0, |ends| ends[at]),
            });
        }
        Ok(offsets)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let Some(consumer) = self.consumer.take() else { return };
        consumer.context().closing.store(true, Ordering::SeqCst);
        let (done, closed) = mpsc::channel();
        let close = move || {
            drop(consumer);
            let _ = done.send(());
        };
        if std::thread::Builder::new().name("kafka-close".into()).spawn(close).is_ok() {
            let _ = closed.recv_timeout(GOODBYE);
        }
    }
}
