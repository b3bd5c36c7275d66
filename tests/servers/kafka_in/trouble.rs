//! What may happen to topics, to members of a group and to brokers while a streamer reads.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::process::Stdio;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::{Offset, TopicPartitionList};
use rustix::process::Signal;

use super::{broker, counted, producer, send, wait_for_all, writing};
use crate::process::{Live, run, streamer, until};
use crate::servers::Server;

fn admin(broker: &Server) -> AdminClient<DefaultClientContext> {
    ClientConfig::new().set("bootstrap.servers", &broker.address).create().expect("a client")
}

/// The answer to what an admin asks.
fn answer<T>(asked: impl Future<Output = T>) -> T {
    let mut asked = pin!(asked);
    until("answer", || match asked.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => Some(answer),
        Poll::Pending => None,
    })
}

/// Does away with the records of all partitions before this offset, as retention does.
fn forget(broker: &Server, offset: i64) {
    let mut offsets = TopicPartitionList::new();
    (0..4).for_each(|part| offsets.add_partition_offset("t", part, Offset::Offset(offset)).expect("a partition"));
    answer(admin(broker).delete_records(&offsets, &AdminOptions::new())).expect("deleted");
}

#[test]
#[ignore = "needs servers: tests/servers/run"]
fn records_that_retention_took_are_told_and_passed_over_only_if_that_is_wanted() {
    let (broker, dir) = (broker(), tempfile::tempdir().expect("a directory"));
    let producer = producer(&broker.address, &[]);
    send(&producer, "t", 0..400);
    let to = dir.path().display();
    let words = |options: &str| {
        format!("--from 'kafka://{}/t?from=earliest&{options}' --once --checkpoint {to}/c map line", broker.address)
    };
    assert_eq!(run(&mut streamer(&words("")), b"").ok().lines().count(), 400);
    send(&producer, "t", 400..1200);
    forget(&broker, 150);
    let said = run(&mut streamer(&words("")), b"").failed(1);
    assert!(said.contains("t partition 0 keeps nothing before offset 150, so that 50 from 100 on are lost"), "{said}");
    assert!(said.contains("lost=skip goes on"), "{said}");
    let done = run(&mut streamer(&words("lost=skip")), b"");
    assert_eq!((done.status.code(), done.text().lines().count()), (Some(0), 600), "{}", done.stderr);
    assert!(done.stderr.contains("50 from 100 on are lost"), "{}", done.stderr);
}

#[test]
#[ignore = "needs servers: tests/servers/run"]
fn records_that_go_before_a_run_has_come_to_them_end_it() {
    let (broker, dir) = (broker(), tempfile::tempdir().expect("a directory"));
    let producer = producer(&broker.address, &[]);
    send(&producer, "t", 0..400);
    let live = writing(&broker.address, "", &dir, "s");
    wait_for_all(&dir, 400);
    live.signal(Signal::STOP);
    send(&producer, "t", 400..40_000);
    forget(&broker, 9_990);
    live.signal(Signal::CONT);
    let done = live.wait();
    assert_eq!(done.status.code(), Some(1), "{}", done.stderr);
    assert!(done.stderr.contains("keeps nothing before offset 9990, so that"), "{}", done.stderr);
    let done = run(&mut streamer(&again(&broker, &dir, "lost=skip")), b"");
    assert_eq!(done.status.code(), Some(0), "{}", done.stderr);
    let counts = counted(dir.path());
    assert!((39_960..40_000).all(|number| counts.get(&number) == Some(&1)), "{} are there", counts.len());
}

/// The same streamer once more, up to what is there.
fn again(broker: &Server, dir: &tempfile::TempDir, options: &str) -> String {
    let (dir, to, address) = (dir.path().display(), "{batch}", &broker.address);
    format!(
        "--from 'kafka://{address}/t?from=earliest&{options}' --once --batch 100ms --checkpoint {dir}/s --to {dir}/s-{to}.csv map line"
    )
}

#[test]
#[ignore = "needs servers: tests/servers/run"]
fn a_topic_that_is_deleted_is_told_and_one_made_anew_is_not_taken_for_it() {
    let (broker, dir) = (broker(), tempfile::tempdir().expect("a directory"));
    let sender = producer(&broker.address, &[]);
    send(&sender, "t", 0..400);
    let mut live = writing(&broker.address, "", &dir, "s");
    wait_for_all(&dir, 400);
    let deleted = answer(admin(&broker).delete_topics(&["t"], &AdminOptions::new())).expect("an answer");
    assert_eq!(deleted, [Ok("t".to_string())]);
    live.stderr.until_text("the topic `t` is not there any more: nothing comes from it until it is made again");
    assert!(live.over(Duration::ZERO).is_none(), "it may come back");
    send(&producer(&broker.address, &[]), "t", 400..500);
    let done = live.wait();
    assert_eq!(done.status.code(), Some(1), "{}", done.stderr);
    assert!(done.stderr.contains("was the topic made anew?"), "{}", done.stderr);
    wait_for_all(&dir, 400);
    let done = run(&mut streamer(&again(&broker, &dir, "lost=skip")), b"");
    assert_eq!(done.status.code(), Some(0), "{}", done.stderr);
    wait_for_all(&dir, 500);
}

#[test]
#[ignore = "needs servers: tests/servers/run"]
fn a_member_that_stood_still_for_too_long_gives_way_and_nothing_comes_twice() {
    let (broker, dir) = (broker(), tempfile::tempdir().expect("a directory"));
    let producer = producer(&broker.address, &[]);
    let options = "group=g&kafka.session.timeout.ms=3000&kafka.heartbeat.interval.ms=300";
    send(&producer, "t", 0..100);
    let mut still = writing(&broker.address, options, &dir, "still");
    let other = writing(&broker.address, options, &dir, "other");
    wait_for_all(&dir, 100);
    send(&producer, "t", 100..10_000);
    // In the middle of some batch; the others get what it had not claimed, and it gives what it had, when it is awake.
    still.signal(Signal::STOP);
    send(&producer, "t", 10_000..20_000);
    // None of these has come to who stands still: they come once the group has given its partitions to the other.
    let has_all = |counts: BTreeMap<u64, u64>| counts.range(10_000..20_000).count() == 10_000;
    until("what came meanwhile", || has_all(counted(dir.path())).then_some(()));
    still.signal(Signal::CONT);
    send(&producer, "t", 20_000..30_000);
    until("all records", || {
        if still.over(Duration::ZERO).is_some() {
            let said = String::from_utf8_lossy(&still.stderr.end()).into_owned();
            assert!(said.contains("start it again"), "{said}");
            still = writing(&broker.address, options, &dir, "still");
        }
        (counted(dir.path()).len() == 30_000).then_some(())
    });
    wait_for_all(&dir, 30_000);
    drop(other);
}

/// Its records have all come and are let pass a few at a time, which takes minutes; the group gives it up and takes it back.
#[test]
#[ignore = "needs servers: tests/servers/run"]
fn a_member_whose_records_wait_for_their_rate_listens_to_its_group() {
    let (broker, dir) = (broker(), tempfile::tempdir().expect("a directory"));
    send(&producer(&broker.address, &[]), "t", 0..10_000);
    let words = format!(
        "--from 'kafka://{}/t?group=g&from=earliest&kafka.session.timeout.ms=3000&kafka.heartbeat.interval.ms=300' \
         --max-rate 20 --batch 100ms --checkpoint state map line",
        broker.address
    );
    let live = Live::start(streamer(&words).current_dir(dir.path()));
    let lines = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'\n').count();
    live.stdout.until("first records", |bytes| lines(bytes) > 0);
    broker.signal("kafka", Signal::STOP);
    // So long that the group has given it up when it is awake.
    std::thread::park_timeout(Duration::from_secs(6));
    let before = lines(&live.stdout.until("records", |_| true));
    broker.signal("kafka", Signal::CONT);
    let came = String::from_utf8(live.stdout.until("later records", |bytes| lines(bytes) > before + 40)).expect("text");
    let numbers: std::collections::BTreeSet<&str> = came.lines().collect();
    assert_eq!(numbers.len(), came.lines().count(), "each comes once: {came}");
}

#[test]
#[ignore = "needs servers: tests/servers/run"]
fn a_broker_that_stops_for_a_minute_is_waited_for() {
    let (broker, dir) = (broker(), tempfile::tempdir().expect("a directory"));
    let producer = producer(&broker.address, &[]);
    send(&producer, "t", 0..1000);
    let live = writing(&broker.address, "group=g", &dir, "s");
    let to = format!("kafka://{}/out?create=true&value=line", broker.address);
    let mut out = Live::start(
        streamer(&format!("--batch 1lines --verbose --to '{to}' grep .")).stdin(Stdio::piped()).stdout(Stdio::null()),
    );
    out.write(b"a\n");
    wait_for_all(&dir, 1000);
    broker.signal("kafka", Signal::STOP);
    out.write(b"b\n");
    out.stderr.until_text("is away (");
    std::thread::park_timeout(Duration::from_secs(60));
    broker.signal("kafka", Signal::CONT);
    live.stderr.until_text("the brokers are back");
    out.stderr.until_text("is back: going on");
    send(&producer, "t", 1000..2000);
    wait_for_all(&dir, 2000);
    assert_eq!(out.end().status.code(), Some(0));
    let words = format!("--from 'kafka://{}/out' --once sort line", broker.address);
    assert_eq!(run(&mut streamer(&words), b"").ok(), "a\nb\n");
}

/// Who asks for TLS and SCRAM gets them; who the broker is has to be shown.
#[test]
#[cfg(feature = "kafka-tls")]
#[ignore = "needs servers: tests/servers/run"]
fn brokers_are_reached_over_tls_and_with_scram() {
    let broker = Server::start("kafka", "up.sh", &["tls"]);
    send(&producer(&broker.address, &[]), "t", 0..10);
    let (host, port) = broker.address.rsplit_once(':').expect("a port");
    let tls = format!("{host}:{}", port.parse::<u16>().expect("a number") + 3);
    let certificate = broker.dir().join("broker.pem");
    let trusted = format!("kafka.ssl.ca.location={}", certificate.display());
    let with = |trusted: &str, mechanism: &str, password: &str, words: &str| {
        let options = format!("kafka.security.protocol=SASL_SSL&kafka.sasl.mechanism={mechanism}");
        let from = format!("kafka://{tls}/t?from=earliest&{options}&kafka.sasl.username=streamer&{trusted}");
        let words = words.replace("FROM", &format!("'{from}'"));
        run(streamer(&words).env("STREAMER_KAFKA_PASSWORD", password), b"a\n")
    };
    let from = "--from FROM --once count";
    for mechanism in ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] {
        assert_eq!(with(&trusted, mechanism, "brook-4711", from).ok(), "10\n", "{mechanism}");
        let said = with(&trusted, mechanism, "hunter2", from).failed(1);
        assert!(said.contains("the broker refused us") && !said.contains("hunter2"), "{mechanism}: {said}");
    }
    let said = with("", "SCRAM-SHA-256", "brook-4711", from).failed(1);
    assert!(said.contains("certificate") && said.contains("kafka.ssl.ca.location"), "{said}");
    let options = "kafka.security.protocol=SASL_SSL&kafka.sasl.mechanism=SCRAM-SHA-512&kafka.sasl.username=streamer";
    let words = format!("--to 'kafka://{tls}/out?create=true&value=line&{options}&{trusted}' grep .");
    let done = run(streamer(&words).env("STREAMER_KAFKA_PASSWORD", "brook-4711"), b"a\n");
    assert_eq!(done.status.code(), Some(0), "{}", done.stderr);
    let words = format!("--from 'kafka://{}/out' --once map line", broker.address);
    assert_eq!(run(&mut streamer(&words), b"").ok(), "a\n");
}
