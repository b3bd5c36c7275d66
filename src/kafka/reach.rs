//! Asks a cluster which topics it has, before anything runs: so that a wrong address, wrong credentials and a wrong name are
//! found then.

use std::time::Duration;

use rdkafka::client::{Client, ClientContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::metadata::{Metadata, MetadataTopic};

use crate::data::schema::nearest;
use crate::error::{Error, Result};

use super::{Cluster, Watcher, says};

/// So many times it is asked, each time for so long: a broker that starts up is waited for, but nobody for ever.
const TIMES: usize = 10;
const EACH: Duration = Duration::from_secs(1);

/// Topics by name, with their partitions.
pub struct Topics(Vec<(String, Vec<i32>)>);

impl Topics {
    /// Those that answers tell of.
    pub fn of<'a>(answers: impl IntoIterator<Item = &'a Metadata>) -> Self {
        let partitions = |topic: &MetadataTopic| topic.partitions().iter().map(|partition| partition.id()).collect();
        let topics = answers.into_iter().flat_map(Metadata::topics);
        Topics(topics.map(|topic| (topic.name().to_string(), partitions(topic))).collect())
    }

    /// The partitions of a topic, if there is one of this name.
    pub fn partitions(&self, topic: &str) -> Option<&[i32]> {
        self.0.iter().find(|(name, _)| name == topic).map(|(_, partitions)| partitions.as_slice())
    }

    /// All of them, but for those that are Kafka's own.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str()).filter(|name| !name.starts_with("__"))
    }

    /// What is said of a topic that is not there.
    pub fn missing(&self, cluster: &Cluster, topic: &str) -> Error {
        const SHOWN: usize = 10;
        let mut names: Vec<&str> = self.names().collect();
        names.sort_unstable();
        let near = nearest(topic, names.iter().copied());
        let hint = match (near.is_empty(), names.len()) {
            (false, _) => format!("did you mean {}?", near.join(" or ")),
            (true, 0) => "there is none at all".to_string(),
            (true, all) => {
                let more = if all > SHOWN { format!(" and {} more", all - SHOWN) } else { String::new() };
                format!("the topics are {}{more}", names[..all.min(SHOWN)].join(", "))
            }
        };
        Error::failed(format!("{} has no topic `{topic}`: {hint}", cluster.brokers))
    }
}

/// The topics of a cluster. `poll` lets the client say what it has to: waits for that as long as it is told. A broker that is not
/// reached in some ten seconds, or that refuses, is an error.
pub fn reach<C: ClientContext>(
    cluster: &Cluster,
    client: &Client<C>,
    watcher: &Watcher,
    poll: impl Fn(Duration),
) -> Result<Topics> {
    let mut found = String::new();
    for _ in 0..TIMES {
        poll(Duration::ZERO);
        match client.fetch_metadata(None, EACH) {
            Ok(all) => {
                watcher.forget();
                return Ok(Topics::of([&all]));
            }
            Err(error) => found = says(&error),
        }
        // What it says of it comes with the next poll.
        poll(Duration::from_millis(100));
        if let Some(fatal) = watcher.fatal() {
            let what =
                format!("{}: the broker refused us: {fatal}; look at sasl.username and the password", cluster.name);
            return Err(Error::failed(what));
        }
    }
    let found = watcher.trouble().unwrap_or(found);
    Err(Error::failed(format!("cannot reach a broker of {}: {found}; is Kafka running there?", cluster.name)))
}

/// Whether an error passes by itself once the brokers are back, or have agreed who leads.
pub fn passes(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            Code::BrokerTransportFailure
                | Code::AllBrokersDown
                | Code::OperationTimedOut
                | Code::RequestTimedOut
                | Code::WaitingForCoordinator
                | Code::CoordinatorNotAvailable
                | Code::CoordinatorLoadInProgress
                | Code::NotCoordinator
                | Code::NotLeaderForPartition
                | Code::LeaderNotAvailable
                | Code::ReplicaNotAvailable
                | Code::FencedLeaderEpoch
                | Code::UnknownLeaderEpoch
                | Code::OffsetNotAvailable
                | Code::KafkaStorageError
                | Code::NetworkException
                | Code::WaitCache
                | Code::Resolve
                | Code::Retry
                | Code::InProgress
        )
    )
}
