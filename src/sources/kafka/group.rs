//! What the group of consumers is told: how far its partitions are done with. Called by the output thread; the reader tells what
//! it holds and what was taken away.
//!
//! Without a checkpoint the offsets of a batch are committed once its output is out. With one they are committed before the batch
//! is logged, as a claim ([`claims`](super::claims)): the broker takes that only from who is still in the group, and whoever
//! reads a partition after us begins behind it. So every record is in the batches of just one checkpoint.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rdkafka::consumer::{CommitMode, Consumer as _};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode as Code};
use rdkafka::{Offset, TopicPartitionList};

use super::super::support::trail::lock;
use super::claims::{Claim, Claims};
use super::client::Client;
use super::trail::{Partition, Passed, Place, Trail};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::kafka::{passes, says};
use crate::messages::Messages;

/// So often a commit is tried again that the brokers cannot take at the moment, so far apart.
const TRIES: u32 = 100;
const APART: Duration = Duration::from_millis(100);

/// A group, as one of its streamers sees it.
pub struct Group {
    /// As messages name the source.
    pub name: String,
    /// The consumer that is in it.
    pub client: Arc<Client>,
    /// The name of the checkpoint, if there is one.
    pub id: Option<String>,
    /// Between tries time passes.
    pub clock: Arc<dyn Clock>,
    /// Where it is said that records may come twice.
    pub messages: Arc<Messages>,
    /// What is held at the moment.
    pub held: Mutex<Held>,
}

/// The partitions that the group has given us, by their numbers in the trail.
#[derive(Default)]
pub struct Held {
    own: BTreeMap<usize, Claims>,
    /// Of these records were given that were not claimed when they were taken away.
    lost: BTreeSet<usize>,
}

impl Group {
    /// For each partition how far the group has come, and the claims.
    pub fn committed(&self, parts: &[Partition], timeout: Duration) -> KafkaResult<Vec<(Option<i64>, Claims)>> {
        committed(&self.client, parts, timeout)
    }

    /// These are ours from now on.
    pub fn hold(&self, parts: impl IntoIterator<Item = (usize, Claims)>) {
        lock(&self.held).own.extend(parts);
    }

    /// These are not ours any more; `lost`: before we let them go. What was given of them and is not passed is another's.
    pub fn leave(&self, parts: &[usize], trail: &Trail, lost: bool) {
        let mut held = lock(&self.held);
        for part in parts {
            held.own.remove(part);
        }
        let waiting: Vec<usize> = parts.iter().copied().filter(|part| trail.waits(*part)).collect();
        if lost && !waiting.is_empty() {
            match self.id {
                Some(_) => held.lost.extend(waiting),
                None => self.messages.note(&format!(
                    "{}: the group took {} away before their output was out; what was read of them may come twice",
                    self.name,
                    count(waiting.len())
                )),
            }
        }
    }

    /// Claims what of our partitions stands before a position that is about to be logged.
    pub fn claim(&self, passed: &BTreeMap<usize, Passed>, trail: &Trail) -> Result<()> {
        let Some(id) = &self.id else { return Ok(()) };
        let mut held = lock(&self.held);
        let lost = passed.keys().filter(|part| held.lost.contains(part)).count();
        if lost > 0 {
            return Err(self.taken(lost));
        }
        let mut parts = Vec::new();
        for (part, Passed { from, next, .. }) in passed {
            if let Some(claims) = held.own.get_mut(part) {
                claims.claim(Claim { id: id.clone(), from: from.offset, until: *next });
                parts.push((trail.partition(*part), *next, claims.written()));
            }
        }
        self.commit(&parts)
    }

    /// The output of what stands before a position is out.
    pub fn done(&self, passed: &BTreeMap<usize, Passed>, trail: &Trail) {
        if self.id.is_some() {
            return;
        }
        let held = lock(&self.held);
        let own = passed.iter().filter(|(part, _)| held.own.contains_key(part));
        let part = |(part, passed): (&usize, &Passed)| (trail.partition(*part), passed.place.offset, String::new());
        let parts: Vec<(&Partition, i64, String)> = own.map(part).collect();
        if let Err(error) = self.commit(&parts) {
            self.messages.note(&format!("{error}; what was read may come twice"));
        }
    }

    /// Sets where a partition begins of which the group knows nothing, so that another one begins there too.
    pub fn pin(&self, parts: &[(Partition, Place)]) -> KafkaResult<()> {
        let pinned = list(parts.iter().map(|(part, place)| (part, place.offset, String::new())));
        if parts.is_empty() { Ok(()) } else { self.client.consumer().commit(&pinned, CommitMode::Sync) }
    }

    fn commit(&self, parts: &[(&Partition, i64, String)]) -> Result<()> {
        if parts.is_empty() {
            return Ok(());
        }
        let consumer = self.client.consumer();
        let list = list(parts.iter().map(|(part, offset, beside)| (*part, *offset, beside.clone())));
        let bell = self.clock.bell();
        bell.rest();
        for left in (0..TRIES).rev() {
            // Whoever was thrown out might be let in again as nobody, which proves nothing.
            if consumer.assignment_lost() {
                return Err(self.taken(parts.len()));
            }
            let Err(error) = consumer.commit(&list, CommitMode::Sync) else { break };
            match error.rdkafka_error_code() {
                Some(Code::UnknownMemberId | Code::FencedInstanceId) => return Err(self.taken(parts.len())),
                // Members come and go: those who stay are told the number of the new round within a moment.
                Some(Code::RebalanceInProgress | Code::IllegalGeneration) if left > 0 => {}
                Some(Code::IllegalGeneration) => return Err(self.taken(parts.len())),
                _ if left > 0 && passes(&error) => {}
                _ => return Err(self.failed(&error)),
            }
            self.clock.wait(&bell, self.clock.monotonic() + APART);
        }
        if consumer.assignment_lost() { Err(self.taken(parts.len())) } else { Ok(()) }
    }

    fn failed(&self, error: &KafkaError) -> Error {
        Error::failed(format!("{}: cannot tell the group how far it is done: {}", self.name, says(error)))
    }

    fn taken(&self, parts: usize) -> Error {
        let lost = if self.id.is_some() { "; start it again: nothing is lost, and nothing comes twice" } else { "" };
        Error::failed(format!(
            "{}: the group took {} away from this streamer, which had not been heard of for too long{lost}",
            self.name,
            count(parts)
        ))
    }
}

/// For each partition how far its group has come, and what is claimed.
pub fn committed(client: &Client, parts: &[Partition], timeout: Duration) -> KafkaResult<Vec<(Option<i64>, Claims)>> {
    if parts.is_empty() {
        return Ok(Vec::new());
    }
    let asked = super::client::list(parts.iter().map(|part| (part, Offset::Invalid)));
    let found = client.consumer().committed_offsets(asked, timeout)?;
    let mut all = Vec::with_capacity(parts.len());
    for part in parts {
        let Some(element) = found.find_partition(&part.topic, part.number) else {
            all.push((None, Claims::default()));
            continue;
        };
        element.error()?;
        let offset = match element.offset() {
            Offset::Offset(offset) => Some(offset),
            _ => None,
        };
        all.push((offset, Claims::read(element.metadata())));
    }
    Ok(all)
}

fn list<'a>(parts: impl IntoIterator<Item = (&'a Partition, i64, String)>) -> TopicPartitionList {
    let mut list = TopicPartitionList::new();
    for (part, offset, beside) in parts {
        let mut element = list.add_partition(&part.topic, part.number);
        // Only a negative offset could be refused, and there is none.
        let _ = element.set_offset(Offset::Offset(offset));
        if !beside.is_empty() {
            element.set_metadata(beside);
        }
    }
    list
}

fn count(parts: usize) -> String {
    if parts == 1 { "a partition".to_string() } else { format!("{parts} partitions") }
}
