//! Against the mock cluster of librdkafka, which knows offsets, groups and errors, but no transactions.

mod groups;
mod resume;
mod wrong;

use std::sync::Arc;
use std::time::Duration;

use rdkafka::config::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer};

use super::super::support::testing::{Said, quota};
use super::super::{Control, Feed, Intake, Lane, Range, Setup, Source, Step, parse};
use super::record::Parts;
use crate::clock::SystemClock;
use crate::data::framing::Framing;
use crate::data::time::Time;
use crate::messages::Messages;
use crate::sources::support::testing;

/// A cluster of one broker.
pub struct Broker {
    cluster: MockCluster<'static, DefaultProducerContext>,
    producer: BaseProducer,
}

impl Broker {
    /// With a topic `t` of so many partitions.
    pub fn with(partitions: i32) -> Self {
        let cluster = MockCluster::new(1).unwrap();
        cluster.create_topic("t", partitions, 1).unwrap();
        let mut config = ClientConfig::new();
        let producer = config.set("bootstrap.servers", cluster.bootstrap_servers()).create().unwrap();
        Broker { cluster, producer }
    }

    /// Puts records into a partition of `t`.
    pub fn send(&self, partition: i32, values: &[&str]) {
        values.iter().for_each(|value| self.add("t", partition, None, Some(value.as_bytes())));
        self.producer.flush(Duration::from_secs(10)).unwrap();
    }

    /// Puts a record into a partition.
    pub fn put(&self, topic: &str, partition: i32, key: Option<&[u8]>, value: Option<&[u8]>) {
        self.add(topic, partition, key, value);
        self.producer.flush(Duration::from_secs(10)).unwrap();
    }

    fn add(&self, topic: &str, partition: i32, key: Option<&[u8]>, value: Option<&[u8]>) {
        let mut record = BaseRecord::<[u8], [u8]>::to(topic).partition(partition).timestamp(1000);
        if let Some(key) = key {
            record = record.key(key).headers(OwnedHeaders::new().insert(Header { key: "h", value: Some("\"") }));
        }
        if let Some(value) = value {
            record = record.payload(value);
        }
        self.producer.send(record).map_err(|(error, _)| error).unwrap();
    }

    /// A source of `t`, with these options.
    pub fn source(&self, options: &str) -> Box<dyn Source> {
        self.source_of("t", options)
    }

    /// A source of topics.
    pub fn source_of(&self, topics: &str, options: &str) -> Box<dyn Source> {
        parse(&format!("kafka://{}/{topics}?{options}", self.cluster.bootstrap_servers())).unwrap()
    }
}

/// A setup on the system's clock, and what is said.
pub fn setup() -> (Setup, Said) {
    let said = Said::default();
    let messages = Messages::new(Box::new(said.clone()));
    (Setup { messages, ..testing::setup_on(Arc::new(SystemClock::new())) }, said)
}

/// A lane that is read.
pub struct Read {
    pub name: String,
    pub reader: Box<dyn Intake>,
    pub control: Arc<dyn Control>,
    /// Where it began.
    pub begin: Option<u64>,
    /// Where it stands.
    pub position: u64,
    pub bytes: Vec<u8>,
}

/// Records as `partition:offset value`.
pub type Rows = Vec<String>;

impl Read {
    /// The one lane of a source.
    pub fn of(lanes: crate::error::Result<Vec<Lane>>) -> Self {
        let lane = lanes.unwrap().remove(0);
        let Feed::Records(reader) = lane.feed else { panic!("it gives records") };
        Read { name: lane.name, reader, control: lane.control, begin: None, position: 0, bytes: Vec::new() }
    }

    /// What comes up to the next pause that is told, or the end: each chunk is of one partition, and stands behind the last.
    pub fn rest(&mut self) -> Rows {
        let mut rows = Vec::new();
        while self.step(&mut rows) {}
        rows
    }

    /// What comes until there are so many rows.
    pub fn some(&mut self, count: usize) -> Rows {
        let mut rows = Vec::new();
        while rows.len() < count && self.step(&mut rows) {}
        rows
    }

    /// The next chunk; false if there is none.
    pub fn step(&mut self, rows: &mut Rows) -> bool {
        let Step::Records(chunk) = self.reader.next(&quota()).unwrap() else { return false };
        let bytes = chunk.buffer.bytes();
        assert_eq!(chunk.until - chunk.from, bytes.len() as u64);
        assert!(self.begin.is_none_or(|_| self.position == chunk.from), "no gap between chunks");
        self.begin.get_or_insert(chunk.from);
        self.position = chunk.until;
        self.bytes.extend_from_slice(bytes);
        let before = rows.len();
        rows.extend(shown(bytes));
        let partition = |row: &String| row.split(':').next().map(String::from);
        assert!(rows[before..].iter().all(|row| partition(row) == partition(&rows[before])), "one partition a chunk");
        true
    }

    /// The records of a batch that is cut now, by partition and offset.
    pub fn batch(&mut self) -> Rows {
        self.control.ask();
        let mut rows = self.rest();
        rows.sort();
        rows
    }

    /// The output of what was read since that position is out.
    pub fn done(&self, from: u64) {
        self.control.committed(Time(0), &Range { from, until: self.position });
    }
}

/// Records as text.
pub fn shown(bytes: &[u8]) -> Rows {
    let mut rows = Vec::new();
    Framing::sized().each(bytes, 0, bytes.len(), |record| {
        let parts = Parts::of(bytes, record);
        let value = parts.value.of(bytes).map_or("null".into(), String::from_utf8_lossy);
        rows.push(format!("{}:{} {}", parts.partition, parts.offset, value));
    });
    rows
}

#[test]
fn a_batch_holds_what_was_there_at_its_cut() {
    let broker = Broker::with(2);
    broker.send(0, &["a", "b"]);
    broker.send(1, &["c"]);
    let (setup, _) = setup();
    let mut read = Read::of(broker.source("from=earliest").open(&setup, Framing::sized()));
    assert!(read.control.is_asked());
    assert_eq!(read.batch(), ["0:0 a", "0:1 b", "1:0 c"]);
    assert_eq!(read.batch(), Rows::new(), "an empty batch is one");
    broker.send(1, &["d"]);
    assert_eq!(read.batch(), ["1:1 d"]);
    // What comes is given before it is asked for as well.
    broker.send(0, &["e"]);
    assert_eq!(read.some(1), ["0:2 e"]);
    setup.stop.tell();
    assert_eq!(read.rest(), Rows::new());
}

#[test]
fn with_once_it_ends_where_the_partitions_ended_when_it_began() {
    let broker = Broker::with(3);
    broker.send(0, &["a"]);
    broker.send(1, &["b", "c"]);
    let (mut setup, _) = setup();
    setup.once = true;
    let mut read = Read::of(broker.source("").open(&setup, Framing::sized()));
    broker.send(0, &["later"]);
    broker.send(2, &["later"]);
    assert!(!read.control.is_asked());
    let mut rows = read.rest();
    rows.sort();
    assert_eq!(rows, ["0:0 a", "1:0 b", "1:1 c"]);
}

#[test]
fn it_begins_where_it_is_told_to() {
    let broker = Broker::with(2);
    broker.send(0, &["a", "b", "c"]);
    broker.send(1, &["d", "e"]);
    let begin = |options: &str, later: &str| {
        let (setup, _) = setup();
        let mut read = Read::of(broker.source(options).open(&setup, Framing::sized()));
        broker.send(1, &[later]);
        read.batch()
    };
    assert_eq!(begin("", "f"), ["1:2 f"]);
    assert_eq!(begin("from=latest", "g"), ["1:3 g"]);
    assert_eq!(begin("from=t:0=2,1=3", "h"), ["0:2 c", "1:3 g", "1:4 h"]);
    assert_eq!(begin("from=0=3", "i").len(), 6, "a partition that is not named is read from its begin");
}

#[test]
fn topics_of_a_pattern_come_later_too() {
    let broker = Broker::with(1);
    broker.cluster.create_topic("other", 1, 1).unwrap();
    broker.put("other", 0, None, Some(b"no"));
    broker.send(0, &["a"]);
    let (setup, _) = setup();
    let mut read = Read::of(broker.source_of("~^t", "from=latest").open(&setup, Framing::sized()));
    assert_eq!(read.batch(), Rows::new());
    broker.cluster.create_topic("t2", 2, 1).unwrap();
    broker.put("t2", 1, None, Some(b"b"));
    assert_eq!(read.some(1), ["1:0 b"], "it is read from its begin");
    broker.send(0, &["c"]);
    assert_eq!(read.batch(), ["0:1 c"]);
}

#[test]
fn keys_headers_and_values_may_be_missing_or_anything() {
    let broker = Broker::with(1);
    broker.put("t", 0, Some(b"k\n"), None);
    broker.put("t", 0, None, Some(b"\0\xff\n"));
    broker.put("t", 0, None, Some(b""));
    let (setup, _) = setup();
    let mut read = Read::of(broker.source("from=earliest").open(&setup, Framing::sized()));
    read.batch();
    let mut parts = Vec::new();
    Framing::sized().each(&read.bytes, 0, read.bytes.len(), |record| parts.push(Parts::of(&read.bytes, record)));
    let part = |span: crate::data::column::Span| span.of(&read.bytes);
    let found: Vec<_> = parts.iter().map(|p| (part(p.key), part(p.headers), part(p.value))).collect();
    let headers = &b"{\"h\":\"\\\"\"}"[..];
    assert_eq!(found[0], (Some(&b"k\n"[..]), Some(headers), None));
    assert_eq!(found[1], (None, None, Some(&b"\0\xff\n"[..])));
    assert_eq!((found[2], parts.len()), ((None, None, Some(&b""[..])), 3));
    assert!(parts.iter().all(|p| p.timestamp == Some(1000) && part(p.topic) == Some(b"t")));
}

#[test]
fn a_message_may_be_larger_than_what_is_fetched_at_once() {
    let broker = Broker::with(1);
    let long = "x".repeat(900_000);
    broker.send(0, &["a", &long, "b"]);
    let (setup, _) = setup();
    let source = broker.source("from=earliest&kafka.fetch.message.max.bytes=10000");
    let mut read = Read::of(source.open(&setup, Framing::sized()));
    let rows = read.batch();
    assert_eq!((rows.len(), rows[1].len()), (3, long.len() + 4));
}
