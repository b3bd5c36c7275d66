//! The sink against librdkafka's mock cluster. That has no transactions: `tests/servers/kafka_out.rs` has those.

use std::time::Duration;

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use rdkafka::{Offset, TopicPartitionList};

use super::*;
use crate::clock::SystemClock;
use crate::sinks::support::rows::piece;
use crate::sinks::tests::{batch, hasty};

type Cluster = MockCluster<'static, DefaultProducerContext>;

fn cluster(topics: &[&str]) -> Cluster {
    let cluster = MockCluster::new(1).expect("a cluster");
    topics.iter().for_each(|topic| cluster.create_topic(topic, 2, 1).expect("a topic"));
    cluster
}

fn spec(cluster: &Cluster, rest: &str) -> Kafka {
    let spec = format!("kafka://{}/{rest}", cluster.bootstrap_servers());
    of_url(&spec, Url::parse("kafka", &spec).expect("of the scheme").expect("an address")).expect("a sink")
}

fn rows(pairs: &[(Option<&str>, Option<&str>)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (key, value) in pairs {
        piece(key.map(str::as_bytes), &mut out);
        piece(value.map(str::as_bytes), &mut out);
    }
    out
}

fn given(sink: &mut dyn Sink, rows: &[u8]) -> Result<()> {
    sink.begin(&batch(0))?;
    sink.write(rows)?;
    sink.end(&batch(0))
}

type Pair = (Option<String>, Option<String>);

/// So many messages of a topic, sorted.
fn read(cluster: &Cluster, topic: &str, count: usize) -> Vec<Pair> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", cluster.bootstrap_servers())
        .set("group.id", "test")
        .create()
        .expect("a consumer");
    let found = consumer.fetch_metadata(Some(topic), Duration::from_secs(30)).expect("it is there");
    let partitions = found.topics()[0].partitions().len() as i32;
    let mut all = TopicPartitionList::new();
    (0..partitions).for_each(|at| all.add_partition_offset(topic, at, Offset::Beginning).expect("a partition"));
    consumer.assign(&all).expect("assigned");
    let text = |bytes: Option<&[u8]>| bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let mut pairs = Vec::new();
    while pairs.len() < count {
        let message = consumer.poll(Duration::from_secs(30)).expect("it comes").expect("a message");
        pairs.push((text(message.key()), text(message.payload())));
    }
    pairs.sort();
    pairs
}

#[test]
fn what_a_batch_holds_is_delivered_when_it_has_ended() {
    let cluster = cluster(&["t"]);
    let (setup, said) = hasty(b"");
    // Patience in real time: nothing is to be said.
    let setup = Setup { clock: std::sync::Arc::new(SystemClock::new()), ..setup };
    let mut sink = spec(&cluster, "t").open(&setup).expect("opened");
    let pairs = [(Some("a"), Some("1")), (None, Some("2")), (Some("c"), None), (Some(""), Some(""))];
    given(&mut *sink, &rows(&pairs)).expect("written");
    let mut expected = pairs.map(|(key, value)| (key.map(String::from), value.map(String::from))).to_vec();
    expected.sort();
    assert_eq!(read(&cluster, "t", 4), expected);
    assert!(said.lock().expect("no panic").is_empty());
}

/// As Java's clients do: so both put a key into the same partition, and what is joined by it lies together.
#[test]
fn a_key_has_its_partition() {
    let cluster = cluster(&["t"]);
    let (setup, _) = hasty(b"");
    let mut sink = spec(&cluster, "t").open(&setup).expect("opened");
    given(&mut *sink, &rows(&[(Some("21"), Some("x")); 3])).expect("written");
    let consumer: BaseConsumer =
        ClientConfig::new().set("bootstrap.servers", cluster.bootstrap_servers()).create().expect("a consumer");
    let marks: Vec<i64> =
        (0..2).map(|at| consumer.fetch_watermarks("t", at, Duration::from_secs(30)).expect("marks").1).collect();
    // murmur2("21") of Java's clients is -973932308.
    let expected = if (-973932308_i32 & 0x7fff_ffff) % 2 == 0 { [3, 0] } else { [0, 3] };
    assert_eq!(marks, expected);
}

#[test]
fn a_topic_that_is_not_there_is_said_before_anything_runs() {
    let cluster = cluster(&["rates", "clicks"]);
    let (setup, _) = hasty(b"");
    let error = |rest| spec(&cluster, rest).open(&setup).err().expect("no topic").to_string();
    let said = error("rate");
    assert!(said.contains("has no topic `rate`: did you mean rates?; to have it made: create=true"), "{said}");
    let said = error("zzz");
    assert!(said.contains("the topics are clicks, rates"), "{said}");
    let mut made = spec(&cluster, "zzz?create=true").open(&setup).expect("made");
    given(&mut *made, &rows(&[(None, Some("1"))])).expect("written");
    assert_eq!(read(&cluster, "zzz", 1), [(None, Some("1".to_string()))]);
}

#[test]
fn more_than_may_wait_is_waited_for() {
    let cluster = cluster(&["t"]);
    let (setup, _) = hasty(b"");
    let mut sink = spec(&cluster, "t?kafka.queue.buffering.max.messages=10").open(&setup).expect("opened");
    let pairs = [(None, Some("x")); 1000];
    given(&mut *sink, &rows(&pairs)).expect("written");
    assert_eq!(read(&cluster, "t", 1000).len(), 1000);
}

#[test]
fn a_broker_that_is_away_is_waited_for_and_that_is_said_once() {
    let cluster = cluster(&["t"]);
    let (setup, said) = hasty(b"");
    let mut sink = spec(&cluster, "t?kafka.reconnect.backoff.max.ms=200").open(&setup).expect("opened");
    given(&mut *sink, &rows(&[(None, Some("1"))])).expect("written");
    cluster.broker_down(-1).expect("down");
    let writing = std::thread::spawn(move || given(&mut *sink, &rows(&[(None, Some("2"))])));
    let said = || String::from_utf8(said.lock().expect("no panic").clone()).expect("text");
    while !said().contains("is away (") {
        assert!(!writing.is_finished(), "nothing can have been delivered");
        std::thread::yield_now();
    }
    cluster.broker_up(-1).expect("up");
    writing.join().expect("no panic").expect("written");
    assert_eq!(read(&cluster, "t", 2).len(), 2);
    // Back once more for a moment may be seen, but never two notes of the same.
    let back: Vec<bool> = said().lines().map(|line| line.ends_with("is back: going on")).collect();
    assert!(back.chunks(2).all(|pair| pair == [false, true]), "{}", said());
}

#[test]
fn what_the_broker_will_never_take_ends_the_run() {
    for (error, what) in [
        (RDKafkaRespErr::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, "kafka.message.max.bytes"),
        (RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, "no right to this topic"),
    ] {
        let cluster = cluster(&["t"]);
        let (setup, _) = hasty(b"");
        let mut sink = spec(&cluster, "t").open(&setup).expect("opened");
        cluster.request_errors(RDKafkaApiKey::Produce, &[error; 10]);
        let said = given(&mut *sink, &rows(&[(None, Some("1"))])).expect_err("refused").to_string();
        assert!(said.starts_with("cannot write to kafka://") && said.contains(what), "{said}");
    }
}

#[test]
fn a_message_that_is_too_large_ends_the_run() {
    let cluster = cluster(&["t"]);
    let (setup, _) = hasty(b"");
    let mut sink = spec(&cluster, "t").open(&setup).expect("opened");
    let large = "x".repeat(2_000_000);
    let said = given(&mut *sink, &rows(&[(None, Some(&large))])).expect_err("too large").to_string();
    assert!(said.contains("a message is larger than") && said.contains("kafka.message.max.bytes"), "{said}");
}

#[test]
fn a_cluster_that_is_not_reached_is_an_error_after_a_while() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let text = format!("kafka://{address}/t");
    let spec = of_url(&text, Url::parse("kafka", &text).expect("of the scheme").expect("an address")).expect("a sink");
    let said = spec.open(&hasty(b"").0).err().expect("nobody is there").to_string();
    assert!(said.starts_with(&format!("cannot reach a broker of {text}: {address}: connection refused")), "{said}");
}

#[test]
fn mistakes_in_an_address_are_usage_errors() {
    for (spec, what) in [
        ("kafka://h:1/a,b", "`a,b` is no name of a topic"),
        ("kafka://h:1/{end}", "is no name of a topic"),
        ("kafka://h:1/t?keys=a", "did you mean key?"),
        ("kafka://h:1/t?create=maybe", "true or false"),
        ("kafka://h:1/t?kafka.transactional.id=x", "streamer's own"),
    ] {
        let error = parse(spec).expect("of the scheme").err().expect(spec);
        assert!(error.exit_status() == 2 && error.to_string().contains(what), "{error}");
    }
}

#[test]
fn whether_a_batch_is_there_is_told_by_its_number() {
    let there = |last, stand| numbers::is_there(last, stand, "kafka://a/t");
    assert!(!there(Some(4), 4).expect("known"), "it was not committed: it comes again");
    assert!(there(Some(5), 4).expect("known"), "it was: what comes again is dropped");
    for last in [None, Some(3), Some(6)] {
        let said = there(last, 4).expect_err("unknown").to_string();
        assert!(said.contains("should have 4 or 5 as its number, and has"), "{said}");
    }
    let (one, other) = (numbers::id("kafka://a/t", "c"), numbers::id("kafka://a/u", "c"));
    assert!(one != other && one.starts_with("streamer-c-"), "a run may have several");
}
