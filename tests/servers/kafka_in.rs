//! Kafka in: against a real broker, which has what the mock one has not: transactions, retention, real failures.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rdkafka::config::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rustix::process::Signal;
use tempfile::TempDir;

use super::Server;
use crate::process::{Live, Random, run, streamer, until};

mod trouble;

pub(super) fn broker() -> Server {
    Server::start("kafka", "up.sh", &[])
}

pub(super) fn producer(address: &str, more: &[(&str, &str)]) -> BaseProducer {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", address).set("linger.ms", "2").set("acks", "all");
    config.set("message.timeout.ms", "120000").set("enable.idempotence", "true").set("message.max.bytes", "20000000");
    more.iter().for_each(|(name, value)| _ = config.set(*name, *value));
    config.create().expect("a producer")
}

/// Sends numbers, each to a partition of four.
fn send(producer: &BaseProducer, topic: &str, numbers: std::ops::Range<u64>) {
    for number in numbers {
        let text = number.to_string();
        let record = BaseRecord::<[u8], str>::to(topic).partition((number % 4) as i32).payload(&text);
        producer.send(record).map_err(|(error, _)| error).expect("sent");
    }
    producer.flush(Duration::from_secs(120)).expect("taken");
}

/// How often each number stands in the files of a directory.
fn counted(dir: &Path) -> BTreeMap<u64, u64> {
    let mut counts = BTreeMap::new();
    for file in std::fs::read_dir(dir).expect("a directory").flatten() {
        let path = file.path();
        if path.extension().is_some_and(|extension| extension == "csv") {
            // A file of a batch that comes again may go while it is looked at.
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            text.lines().skip(1).for_each(|line| *counts.entry(line.parse().expect("a number")).or_default() += 1);
        }
    }
    counts
}

/// A streamer that writes what comes into files of its own.
fn writing(address: &str, options: &str, dir: &TempDir, name: &str) -> Live {
    let (dir, to) = (dir.path().display(), "{batch}");
    let words = format!(
        "--from 'kafka://{address}/t?from=earliest&{options}' --batch 100ms --checkpoint {dir}/{name} --to {dir}/{name}-{to}.csv map line"
    );
    Live::start(streamer(&words).stdout(Stdio::null()))
}

fn once(address: &str, options: &str, words: &str) -> String {
    run(&mut streamer(&format!("--from 'kafka://{address}/t?{options}' --once {words}")), b"").ok()
}

/// All of them, and each just once.
fn wait_for_all(dir: &TempDir, all: u64) {
    until("all records", || (counted(dir.path()).len() as u64 == all).then_some(()));
    let counts = counted(dir.path());
    let twice: Vec<_> = counts.iter().filter(|(_, count)| **count > 1).take(5).collect();
    assert!(twice.is_empty(), "came twice: {twice:?}");
}

#[test]
#[ignore = "needs servers: tests/servers/run"]
fn the_results_are_those_of_the_same_data_from_a_file() {
    let broker = broker();
    let producer = producer(&broker.address, &[("compression.type", "lz4")]);
    send(&producer, "t", 0..50_000);
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("numbers");
    let text: String = (0..50_000).map(|number| format!("{number}\n")).collect();
    std::fs::write(&file, text).expect("written");
    let chain = "agg 'count(*) AS n, sum(line) AS s, median(line) AS m' --by 'floor(line / 1000) AS k'";
    let from_file = run(&mut streamer(&format!("--from {} {chain}", file.display())), b"").ok();
    assert_eq!(once(&broker.address, "", chain), from_file);
    assert_eq!(once(&broker.address, "group=g", "count"), "50000\n");
    assert_eq!(once(&broker.address, "group=g", "count"), "0\n", "the group goes on where it was");
    assert_eq!(once(&broker.address, "from=0=12000,1=12500,2=12500,3=12500", "count"), "500\n");
    let json = once(&broker.address, "from=2100-01-01T00:00:00Z", "--in json count");
    assert_eq!(json, "0\n", "nothing is so late");
}

#[test]
#[ignore = "needs servers: tests/servers/run"]
fn records_of_aborted_transactions_are_never_seen_and_markers_keep_nobody_waiting() {
    let broker = broker();
    let producer = producer(&broker.address, &[("transactional.id", "x"), ("message.timeout.ms", "30000")]);
    let wait = Duration::from_secs(60);
    producer.init_transactions(wait).expect("a transactional producer");
    for (round, keep) in [true, false, true].into_iter().enumerate() {
        producer.begin_transaction().expect("begun");
        send(&producer, "t", round as u64 * 10..round as u64 * 10 + 10);
        if keep { producer.commit_transaction(wait) } else { producer.abort_transaction(wait) }.expect("ended");
    }
    let found = once(&broker.address, "", "agg 'count(*) AS n, sum(line) AS s'");
    assert_eq!(found, format!("20\t{}\n", (0..10).chain(20..30).sum::<u64>()));
    // A batch ends at its cut though the last offset of each partition is a marker.
    let words =
        format!("--from 'kafka://{}/t?from=earliest' --batch 200ms --batches 3 --time none count", broker.address);
    assert_eq!(run(&mut streamer(&words), b"").ok(), "20\n0\n0\n");
}

#[test]
#[ignore = "needs servers: tests/servers/run"]
fn each_record_is_in_one_file_however_often_the_streamer_is_killed() {
    let (broker, dir) = (broker(), tempfile::tempdir().expect("a directory"));
    let (producer, mut random) = (producer(&broker.address, &[]), Random(std::process::id().into()));
    send(&producer, "t", 0..1);
    let mut live = writing(&broker.address, "", &dir, "s");
    for round in 1..16 {
        send(&producer, "t", (round - 1) * 1000 + 1..round * 1000 + 1);
        // Somewhere on its way.
        let some = counted(dir.path()).len() as u64 + random.below(900);
        until("more records", || (counted(dir.path()).len() as u64 >= some.min(round * 1000)).then_some(()));
        live.signal(Signal::KILL);
        live.wait();
        live = writing(&broker.address, "", &dir, "s");
    }
    wait_for_all(&dir, 15_001);
}

#[test]
#[ignore = "needs servers: tests/servers/run"]
fn a_broker_that_is_killed_loses_and_repeats_nothing() {
    let (mut broker, dir) = (broker(), tempfile::tempdir().expect("a directory"));
    let producer = producer(&broker.address, &[]);
    send(&producer, "t", 0..1000);
    let live = writing(&broker.address, "group=g", &dir, "s");
    wait_for_all(&dir, 1000);
    broker.signal("kafka", Signal::KILL);
    live.stderr.until_text("nothing comes from there meanwhile");
    broker.restart();
    send(&producer, "t", 1000..2000);
    wait_for_all(&dir, 2000);
}

#[test]
#[ignore = "needs servers: tests/servers/run"]
fn three_streamers_share_the_partitions_and_each_record_is_in_the_output_of_one() {
    let (broker, dir) = (broker(), tempfile::tempdir().expect("a directory"));
    let (producer, mut random) = (producer(&broker.address, &[]), Random(std::process::id().into()));
    send(&producer, "t", 0..1);
    let options = "group=g&kafka.session.timeout.ms=3000&kafka.heartbeat.interval.ms=300";
    let start = |member: usize| writing(&broker.address, options, &dir, &format!("m{member}"));
    let mut members: Vec<Live> = (0..3).map(start).collect();
    for round in 1..12 {
        send(&producer, "t", (round - 1) * 1000 + 1..round * 1000 + 1);
        let victim = random.below(3) as usize;
        let some = counted(dir.path()).len() as u64 + random.below(500);
        // The records of one that has died wait for its next run.
        until("more records", || (counted(dir.path()).len() as u64 >= some.min(round * 600)).then_some(()));
        members[victim].signal(Signal::KILL);
        for (member, live) in members.iter_mut().enumerate() {
            if member == victim || live.over(Duration::ZERO).is_some() {
                *live = start(member);
            }
        }
    }
    until("all records", || {
        for (member, live) in members.iter_mut().enumerate() {
            // One that was taken for dead says so, and is started again.
            if live.over(Duration::ZERO).is_some() {
                let said = String::from_utf8_lossy(&live.stderr.end()).into_owned();
                assert!(said.contains("start it again"), "{said}");
                *live = start(member);
            }
        }
        (counted(dir.path()).len() == 11_001).then_some(())
    });
    wait_for_all(&dir, 11_001);
}

#[test]
#[ignore = "needs servers: tests/servers/run"]
fn messages_without_a_value_with_a_broken_one_and_of_ten_megabytes() {
    let broker = broker();
    let producer = producer(&broker.address, &[]);
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(10_000_000));
    for value in [Some("{\"a\":\"1\"}"), None, Some("{\"a\":"), Some(long.as_str())] {
        let mut record = BaseRecord::<str, str>::to("t").partition(0).key("k");
        if let Some(value) = value {
            record = record.payload(value);
        }
        producer.send(record).map_err(|(error, _)| error).expect("sent");
    }
    producer.flush(Duration::from_secs(60)).expect("taken");
    let words = format!(
        "--from 'kafka://{}/t' --once --in json map 'length(a) AS n, kafka.key AS k, kafka.offset AS o'",
        broker.address
    );
    let done = run(&mut streamer(&words), b"");
    assert_eq!(done.text(), "1\tk\t0\n10000000\tk\t3\n");
    assert!(done.stderr.contains("t partition 0 offset 1: has no value"), "{}", done.stderr);
    assert!(done.stderr.contains("t partition 0 offset 2: not JSON"), "{}", done.stderr);
    assert_eq!(once(&broker.address, "", "agg 'count(*) AS n, count(line) AS v'"), "4\t3\n");
}

#[test]
#[ignore = "needs servers: tests/servers/run"]
fn credentials_are_asked_for_and_a_password_is_never_shown() {
    let broker = broker();
    let (host, port) = broker.address.rsplit_once(':').expect("a port");
    let sasl = format!("{host}:{}", port.parse::<u16>().expect("a number") + 2);
    send(&producer(&broker.address, &[]), "t", 0..10);
    let options = "kafka.security.protocol=SASL_PLAINTEXT&kafka.sasl.username=streamer";
    let with = |password: &str| -> Command {
        let mut command = streamer(&format!("--from 'kafka://{sasl}/t?{options}' --once count"));
        command.env("STREAMER_KAFKA_PASSWORD", password);
        command
    };
    assert_eq!(run(&mut with("brook-4711"), b"").ok(), "10\n");
    let said = run(&mut with("hunter2"), b"").failed(1);
    assert!(said.contains("refused") && !said.contains("hunter2"), "{said}");
}
