//! The Kafka sink against a real broker: each row is there once for who reads what is committed, whoever is killed and when.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::{Offset, TopicPartitionList};
use rustix::process::Signal;
use tempfile::tempdir;

use super::Server;
use crate::process::{Live, Random, run, streamer, until};

pub(super) const LONG: Duration = Duration::from_secs(60);
/// The broker makes topics of so many partitions.
const PARTITIONS: i32 = 4;

/// Lines that are there once each, of a clock that ticks after every 50 of them: `BATCHES` batches.
fn input(file: &Path) -> Vec<String> {
    let lines: Vec<String> = (0..50 * BATCHES).map(|line| format!("{line} u{}", line * 7919 % 500)).collect();
    let ticking = lines.chunks(50).map(|batch| batch.join("\n") + "\nTICK\n").collect::<String>();
    fs::write(file, ticking).expect("written");
    lines
}

const BATCHES: usize = 200;

/// Key and value of every message of a topic that is committed, sorted.
pub(super) fn committed(address: &str, topic: &str) -> Vec<(String, String)> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", address)
        .set("group.id", "reader")
        .set("isolation.level", "read_committed")
        .set("enable.partition.eof", "true")
        .create()
        .expect("a consumer");
    let mut all = TopicPartitionList::new();
    (0..PARTITIONS).for_each(|at| all.add_partition_offset(topic, at, Offset::Beginning).expect("a partition"));
    consumer.assign(&all).expect("assigned");
    let text = |bytes: Option<&[u8]>| String::from_utf8(bytes.unwrap_or_default().to_vec()).expect("text");
    let (mut pairs, mut ended) = (Vec::new(), 0);
    while ended < PARTITIONS {
        match consumer.poll(LONG).expect("something comes") {
            Ok(message) => pairs.push((text(message.key()), text(message.payload()))),
            Err(KafkaError::PartitionEOF(_)) => ended += 1,
            Err(error) => panic!("{error}"),
        }
    }
    pairs.sort();
    pairs
}

fn values(pairs: &[(String, String)]) -> Vec<&str> {
    let mut values: Vec<&str> = pairs.iter().map(|pair| pair.1.as_str()).collect();
    values.sort_unstable();
    values
}

/// Waits until it has said so many lines more, or has ended.
fn said(live: &Live, lines: usize) {
    live.stderr.until_or_end(|said| said.iter().filter(|byte| **byte == b'\n').count() >= lines);
}

#[test]
#[ignore = "needs servers: tests/servers/run"]
fn rows_are_those_of_a_file() {
    let server = Server::start("kafka", "up.sh", &[]);
    let dir = tempdir().expect("a directory");
    input(&dir.path().join("in.txt"));
    let words = "--from in.txt --tick TICK agg 'count(*) AS n, sum($1) AS s' --by '$2 AS u'";
    let whole = run(streamer(&format!("{words} --out json")).current_dir(dir.path()), b"").ok();
    let to = format!("{words} --to 'kafka://{}/rates?key=u&create=true'", server.address);
    let done = run(streamer(&to).current_dir(dir.path()), b"");
    assert_eq!(done.status.code(), Some(0), "{}", done.stderr);
    let sent = committed(&server.address, "rates");
    let mut expected: Vec<&str> = whole.lines().collect();
    expected.sort_unstable();
    assert_eq!(values(&sent), expected);
    for (key, value) in &sent {
        assert!(value.contains(&format!("\"u\":\"{key}\"")), "{key}: {value}");
    }
    // A name that is not there, and one that is near.
    let done = run(streamer(&format!("{words} --to kafka://{}/rate", server.address)).current_dir(dir.path()), b"");
    assert_eq!(done.status.code(), Some(1));
    assert!(done.stderr.contains("has no topic `rate`: did you mean rates?"), "{}", done.stderr);
}

/// Kills streamer again and again, and the broker now and then; runs once more to the end.
fn killed(server: &mut Server, words: &str, topic: &str, seed: u64) -> Vec<(String, String)> {
    let mut random = Random(seed);
    let dir = tempdir().expect("a directory");
    input(&dir.path().join("in.txt"));
    let words = format!(
        "--from in.txt --tick TICK --checkpoint state --verbose --to 'kafka://{}/{topic}?create=true&key=u&kafka.reconnect.backoff.max.ms=500' \
         {words}",
        server.address
    );
    let mut kills = 0;
    for round in 0..14 {
        let live = Live::start(streamer(&words).current_dir(dir.path()));
        said(&live, 1 + random.below(20) as usize);
        if round % 4 == 3 {
            server.signal("kafka", Signal::KILL);
            server.restart();
            said(&live, 30 + random.below(5) as usize);
        }
        live.signal(Signal::KILL);
        let done = live.wait();
        assert!(!done.stderr.contains("cannot"), "{}", done.stderr);
        kills += usize::from(done.status.code().is_none());
    }
    assert!(kills > 5, "only {kills} kills came before the end");
    let done = run(streamer(&words).current_dir(dir.path()), b"");
    assert_eq!(done.status.code(), Some(0), "{}", done.stderr);
    committed(&server.address, topic)
}

#[test]
#[ignore = "needs servers: tests/servers/run"]
fn each_row_is_there_once_after_kills_of_streamer_and_of_the_broker() {
    let mut server = Server::start("kafka", "up.sh", &[]);
    let dir = tempdir().expect("a directory");
    let mut lines = input(&dir.path().join("in.txt"));
    lines.sort();
    let sent = killed(&mut server, "map 'line, $2 AS u' then map 'line, u' --out text", "rows", 1);
    let sent: Vec<&str> = sent.iter().map(|(_, value)| value.split_once('\t').expect("two columns").0).collect();
    let counts = sent.iter().fold(BTreeMap::new(), |mut counts, line| {
        *counts.entry(*line).or_insert(0) += 1;
        counts
    });
    let twice: Vec<_> = counts.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.is_empty(), "{} are there more than once: {:?}", twice.len(), &twice[..twice.len().min(5)]);
    assert_eq!(counts.len(), lines.len(), "lost");

    // What is made of whole batches and windows is the same as that of a run that nobody disturbed.
    let chain = "window 6s --every 2s then agg 'count(*) AS n, sum($1) AS s' --by '$2 AS u'";
    let whole =
        run(streamer(&format!("--from in.txt --tick TICK {chain} --out json")).current_dir(dir.path()), b"").ok();
    let mut expected: Vec<&str> = whole.lines().collect();
    expected.sort_unstable();
    let sent = killed(&mut server, chain, "windows", 2);
    assert_eq!(values(&sent), expected);
}

/// The broker is gone for a while in mid-run: it is waited for, and nothing is lost or there twice, without a checkpoint too.
#[test]
#[ignore = "needs servers: tests/servers/run"]
fn a_broker_that_goes_away_is_waited_for() {
    let mut server = Server::start("kafka", "up.sh", &[]);
    let dir = tempdir().expect("a directory");
    for checkpoint in ["", "--checkpoint state --journal"] {
        let topic = if checkpoint.is_empty() { "plain" } else { "kept" };
        let to =
            format!("kafka://{}/{topic}?create=true&value=line&kafka.reconnect.backoff.max.ms=500", server.address);
        let words = format!("--batch 1lines {checkpoint} --verbose --to '{to}' grep .");
        let mut live = Live::start(streamer(&words).current_dir(dir.path()).stdin(std::process::Stdio::piped()));
        live.write(b"a\nb\n");
        said(&live, 2);
        server.signal("kafka", Signal::KILL);
        live.write(b"c\nd\n");
        live.stderr.until_text("is away (");
        server.restart();
        live.stderr.until_text("is back: going on");
        live.write(b"e\n");
        let done = live.end();
        assert_eq!(done.status.code(), Some(0), "{}", done.stderr);
        assert_eq!(values(&committed(&server.address, topic)), ["a", "b", "c", "d", "e"], "{checkpoint}");
    }
}

/// Of two runs with copies of one checkpoint the one that began first ends, and nothing of its open batch is there.
#[test]
#[ignore = "needs servers: tests/servers/run"]
fn a_second_streamer_with_a_copy_of_the_checkpoint_ends_the_first() {
    let server = Server::start("kafka", "up.sh", &[]);
    let dir = tempdir().expect("a directory");
    let to = format!("kafka://{}/fenced?create=true&value=line", server.address);
    let words = |state: &str| format!("--batch 1lines --checkpoint {state} --journal --verbose --to '{to}' grep .");
    let start =
        |state: &str| Live::start(streamer(&words(state)).current_dir(dir.path()).stdin(std::process::Stdio::piped()));
    // What is said of a batch comes before it is there.
    let there = |count: usize| until("message", || (committed(&server.address, "fenced").len() == count).then_some(()));
    let mut first = start("state");
    first.write(b"a\n");
    said(&first, 1);
    there(1);
    let copied = std::process::Command::new("cp").args(["-r", "state", "copy"]).current_dir(dir.path()).status();
    assert!(copied.expect("it runs").success());
    let mut second = start("copy");
    second.write(b"b\n");
    said(&second, 1);
    there(2);
    first.write(b"c\n");
    let done = first.wait();
    assert_eq!(done.status.code(), Some(1), "{}", done.stderr);
    assert!(done.stderr.contains("another streamer has taken over"), "{}", done.stderr);
    assert_eq!(second.end().status.code(), Some(0));
    assert_eq!(values(&committed(&server.address, "fenced")), ["a", "b"]);
}

/// What was open for longer than the broker allows is not there, and comes again.
#[test]
#[ignore = "needs servers: tests/servers/run"]
fn a_batch_that_is_open_for_too_long_is_told_and_comes_again() {
    let server = Server::start("kafka", "up.sh", &[]);
    let dir = tempdir().expect("a directory");
    let limits = "kafka.transaction.timeout.ms=1500&kafka.message.timeout.ms=1000";
    let to = format!("kafka://{}/long?create=true&value=line&{limits}", server.address);
    let words = format!("--batch 1000lines --checkpoint state --journal --to '{to}' grep .");
    let mut live = Live::start(streamer(&words).current_dir(dir.path()).stdin(std::process::Stdio::piped()));
    live.write(b"a\n");
    // Each line is sent on its own, until one of them finds the transaction given up.
    until("end of the run", || {
        let _ = live.stdin.as_mut().expect("a pipe").write_all(b"b\n");
        live.over(Duration::from_millis(200))
    });
    let said = String::from_utf8(live.stderr.end()).expect("text");
    assert!(said.contains("the broker has given up the transaction, which was open for too long"), "{said}");
    assert!(committed(&server.address, "long").is_empty());
    let done = run(streamer(&words).current_dir(dir.path()), b"c\n");
    assert_eq!(done.status.code(), Some(0), "{}", done.stderr);
    let there = committed(&server.address, "long");
    let there = values(&there);
    assert_eq!((there[0], there[there.len() - 1]), ("a", "c"));
}

#[test]
#[ignore = "needs servers: tests/servers/run"]
fn a_name_and_a_password_are_asked_for() {
    let server = Server::start("kafka", "up.sh", &[]);
    let (host, port) = server.address.rsplit_once(':').expect("host and port");
    let asking = format!("{host}:{}", port.parse::<u16>().expect("a port") + 2);
    let options = "create=true&value=line&kafka.security.protocol=SASL_PLAINTEXT&kafka.sasl.username=streamer";
    let words = format!("--to 'kafka://{asking}/secret?{options}' grep .");
    let with = |password: &str| run(streamer(&words).env("STREAMER_KAFKA_PASSWORD", password), b"a\n");
    let wrong = with("hunter2");
    assert_eq!(wrong.status.code(), Some(1));
    assert!(wrong.stderr.contains("the broker refused us") && !wrong.stderr.contains("hunter2"), "{}", wrong.stderr);
    let right = with("brook-4711");
    assert_eq!(right.status.code(), Some(0), "{}", right.stderr);
    assert_eq!(values(&committed(&server.address, "secret")), ["a"]);
}

/// The run dies right before and right after a batch is committed, and again while that batch comes again.
#[test]
#[cfg(feature = "failpoints")]
#[ignore = "needs servers: tests/servers/run"]
fn each_row_is_there_once_at_whatever_step_the_run_dies() {
    let server = Server::start("kafka", "up.sh", &[]);
    let dir = tempdir().expect("a directory");
    let mut lines = input(&dir.path().join("in.txt"));
    lines.sort();
    let to = format!("kafka://{}/steps?create=true&value=line", server.address);
    let words = format!("--from in.txt --tick TICK --checkpoint state --to '{to}' grep -v TICK");
    for point in [
        "kafka-commit-after:3",
        "kafka-commit-before",
        "intent-after",
        "commit-before",
        "kafka-commit-after:9",
        "commit-before",
        "intent-after",
        "commit-after",
    ] {
        let died = run(streamer(&words).current_dir(dir.path()).env("STREAMER_FAILPOINT", point), b"");
        assert_eq!(died.status.code(), None, "{point}: {}", died.stderr);
    }
    let done = run(streamer(&words).current_dir(dir.path()), b"");
    assert_eq!(done.status.code(), Some(0), "{}", done.stderr);
    assert_eq!(values(&committed(&server.address, "steps")), lines);
}
