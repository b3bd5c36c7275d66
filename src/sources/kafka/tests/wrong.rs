//! What is wrong, and said.

use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

use super::*;

fn failure(broker: &Broker, topics: &str, options: &str) -> String {
    let opened = broker.source_of(topics, options).open(&setup().0, Framing::sized());
    opened.err().expect("it cannot be opened").to_string()
}

#[test]
fn a_broker_that_is_not_there_is_an_error() {
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let opened = parse(&format!("kafka://127.0.0.1:{port}/t")).unwrap().open(&setup().0, Framing::sized());
    let error = opened.err().expect("nobody is there").to_string();
    assert!(error.contains("cannot reach a broker of kafka://127.0.0.1") && error.contains("refused"), "{error}");
}

#[test]
fn a_topic_that_is_not_there_is_an_error_with_the_near_names() {
    let broker = Broker::with(1);
    broker.cluster.create_topic("clicks", 1, 1).unwrap();
    let error = failure(&broker, "t,click", "");
    assert!(error.contains("has no topic `click`") && error.contains("did you mean clicks?"), "{error}");
}

#[test]
fn records_that_are_gone_are_an_error_unless_they_are_to_be_passed_over() {
    let broker = Broker::with(1);
    broker.send(0, &["a", "b"]);
    let error = failure(&broker, "t", "from=0=7");
    assert!(error.contains("ends at offset 2") && error.contains("lost=skip"), "{error}");
    let (setup, said) = setup();
    let mut read = Read::of(broker.source("from=0=7&lost=skip").open(&setup, Framing::sized()));
    assert_eq!(read.batch(), ["0:0 a", "0:1 b"]);
    assert!(said.text().contains("records are gone"), "{}", said.text());
}

#[test]
fn errors_that_pass_lose_nothing() {
    let broker = Broker::with(2);
    let values: Vec<String> = (0..500).map(|n| n.to_string()).collect();
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    broker.send(0, &values[..100]);
    let (setup, _) = setup();
    let mut read = Read::of(broker.source("from=earliest").open(&setup, Framing::sized()));
    let errors = [
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
        RDKafkaRespErr::RD_KAFKA_RESP_ERR__TRANSPORT,
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
    ];
    broker.cluster.request_errors(RDKafkaApiKey::Fetch, &errors);
    broker.send(1, &values[100..300]);
    let mut rows = read.some(300);
    broker.cluster.request_errors(RDKafkaApiKey::ListOffsets, &errors[..1]);
    rows.extend(read.batch());
    broker.send(0, &values[300..]);
    rows.extend(read.some(500 - rows.len()));
    rows.sort();
    rows.dedup();
    assert_eq!(rows.len(), 500);
}

#[test]
fn ticks_are_refused_and_csv_needs_its_columns() {
    let broker = Broker::with(1);
    assert!(broker.source("").cannot_tick().is_some());
    let said = crate::sources::Said { format: Some("csv".into()), header: None, delimiter: b'\n' };
    let error = crate::sources::format_of(&*broker.source(""), &said).err().expect("no header").to_string();
    assert!(error.contains("add --header a,b"), "{error}");
}
