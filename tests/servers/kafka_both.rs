//! Out of Kafka and back into it: what is committed adds up to what was sent, whoever is killed and when.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rdkafka::producer::{BaseRecord, Producer};
use rustix::process::Signal;
use serde_json::Value;
use tempfile::tempdir;

use super::kafka_in::{broker, producer};
use super::kafka_out::{LONG, committed};
use crate::process::{Live, Random, run, streamer, until};

/// Clicks of twenty users, in JSON.
fn click(number: u64) -> String {
    format!("{{\"user\":\"u{}\",\"page\":{number}}}", number * 7919 % 20)
}

fn start(address: &str, dir: &Path) -> Live {
    let words = format!(
        "--from 'kafka://{address}/clicks?group=rates&from=earliest&kafka.session.timeout.ms=3000&kafka.heartbeat.interval.ms=300' \
         --in json --batch 100ms --checkpoint state --verbose agg 'count(*) AS n' --by user \
         --to 'kafka://{address}/rates?key=user&create=true&kafka.reconnect.backoff.max.ms=500'"
    );
    Live::start(streamer(&words).current_dir(dir).stdout(Stdio::null()))
}

/// Waits until it says that a batch of it had records: then this is being committed.
fn busy(live: &Live) {
    let is_busy = |line: &str| line.contains(" records, ") && !line.contains(" 0 records, ");
    live.stderr.until_or_end(|said| String::from_utf8_lossy(said).lines().any(is_busy));
}

/// What all messages of the topic add up to, user by user.
fn counted(address: &str) -> BTreeMap<String, u64> {
    let mut sums = BTreeMap::new();
    for (key, value) in committed(address, "rates") {
        let row: Value = serde_json::from_str(&value).expect("JSON");
        assert_eq!(row["user"], Value::from(key.as_str()), "{value}");
        *sums.entry(key).or_default() += row["n"].as_u64().expect("a count");
    }
    sums
}

#[test]
#[ignore = "needs servers: tests/servers/run"]
fn each_click_is_counted_once_whoever_is_killed() {
    let (mut broker, dir) = (broker(), tempdir().expect("a directory"));
    let (producer, mut random) = (producer(&broker.address, &[]), Random(std::process::id().into()));
    let (mut sent, mut expected, mut file) = (0, BTreeMap::new(), String::new());
    let mut send = |count: u64| {
        for number in sent..sent + count {
            let text = click(number);
            let record = BaseRecord::<[u8], str>::to("clicks").partition((number % 4) as i32).payload(&text);
            producer.send(record).map_err(|(error, _)| error).expect("sent");
            *expected.entry(format!("u{}", number * 7919 % 20)).or_insert(0) += 1;
            file += &(text + "\n");
        }
        producer.flush(LONG).expect("taken");
        sent += count;
    };
    send(1);
    let mut live = start(&broker.address, dir.path());
    for round in 0..12 {
        send(500);
        busy(&live);
        send(500);
        // Somewhere in one of the next batches, or between them.
        std::thread::park_timeout(Duration::from_millis(random.below(200)));
        if round % 4 == 3 {
            broker.signal("kafka", Signal::KILL);
            // Now and then it is away for longer than it waits for a member: what was read is given back to the only one.
            std::thread::park_timeout(Duration::from_millis(random.below(6000)));
            broker.restart();
        } else {
            live.signal(Signal::KILL);
            let done = live.wait();
            assert!(!done.stderr.contains("cannot"), "{}", done.stderr);
            live = start(&broker.address, dir.path());
        }
    }
    send(500);
    let all = |sums: &BTreeMap<String, u64>| sums.values().sum::<u64>();
    let sums = until("all clicks", || {
        // One that has ended brings no more.
        let over = live.over(Duration::ZERO);
        let sums = counted(&broker.address);
        assert!(over.is_none(), "{over:?}: {}", String::from_utf8_lossy(&live.stderr.end()));
        Some(sums).filter(|sums| all(sums) >= 12_501)
    });
    assert_eq!(sums, expected);
    live.signal(Signal::TERM);
    let done = live.wait();
    assert!(!done.stderr.contains("cannot"), "{}", done.stderr);
    // The same from a file, at one go.
    std::fs::write(dir.path().join("clicks.json"), file).expect("written");
    let words = "--from clicks.json agg 'count(*) AS n' --by user --out text";
    let whole = run(streamer(words).current_dir(dir.path()), b"").ok();
    let rows = whole.lines().map(|row| row.split_once('\t').expect("two columns"));
    let whole: BTreeMap<String, u64> = rows.map(|(user, n)| (user.into(), n.parse().expect("a count"))).collect();
    assert_eq!(sums, whole);
}
