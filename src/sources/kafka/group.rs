//! What the group of consumers is told: how far its partitions are done with. Called by the output thread; the reader tells what
//! it holds and what was taken away.
//!
//! Without a checkpoint the offsets of a batch are committed once its output is out. With one they are committed before the batch
//! is logged, as a claim ([`claims`](super::claims)): the broker takes that only from who is still in the group, and whoever
//! reads a partition after us begins behind it. So every record is in the batches of just one checkpoint.
//!
//! A group gives up a member that it has not heard of for too long, also if that is for want of a broker. What was read and not
//! told by then waits until the group takes us back: if it gives us the partition again and stands where it stood, we go on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rdkafka::consumer::{CommitMode, Consumer as _};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode as Code};
use rdkafka::{Offset, TopicPartitionList};

use super::super::support::trail::lock;
use super::claims::Claims;
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
    own: BTreeMap<usize, Own>,
    /// Of these records were given that were not passed when they were taken away. The group may give them back.
    lost: BTreeMap<usize, Own>,
    /// Of these the group has given to another one what was not passed.
    gone: BTreeSet<usize>,
    /// Partitions are let go when what was read of them is told.
    waited: bool,
    /// Nobody listens to the group any more.
    over: bool,
}

/// A partition that is ours, or was.
#[derive(Debug, Clone, Default)]
pub struct Own {
    /// What is claimed of it.
    pub claims: Claims,
    /// Where the group stands in it, as far as we know ...
    pub stands: i64,
    /// ... or here, if a commit was taken that has failed for us.
    pub tried: Option<i64>,
}

/// A partition by its number in the trail, and what of it is about to be passed.
pub type Ahead = (usize, Partition, Passed);

/// What became of a commit.
enum Fate {
    Taken,
    /// Members come and go, or the brokers cannot take it at the moment.
    Later(KafkaError),
    /// We are no member at the moment.
    Out,
}

impl Group {
    /// For each partition how far the group has come, and the claims.
    pub fn committed(&self, parts: &[Partition], timeout: Duration) -> KafkaResult<Vec<(Option<i64>, Claims)>> {
        committed(&self.client, parts, timeout)
    }

    /// Whether what was given of a partition and is not passed is still ours, if the group gives it to us now and stands here in
    /// it: then nobody has gone on from there meanwhile, or a claim of ours was taken that has failed for us.
    pub fn goes_on(&self, part: usize, stands: Option<i64>, claims: &Claims) -> bool {
        let held = lock(&self.held);
        let is_own = self.id.as_deref().is_some_and(|id| claims.of(id).any(|claim| Some(claim.until) == stands));
        held.lost.get(&part).is_some_and(|lost| stands == Some(lost.stands) || (is_own && stands == lost.tried))
    }

    /// These are ours from now on; `goes_on`: also what was given of them before. Of what else was taken away another one reads on.
    pub fn hold(&self, parts: impl IntoIterator<Item = (usize, Own, bool)>, trail: &Trail) {
        let mut held = lock(&self.held);
        for (part, own, goes_on) in parts {
            if goes_on {
                held.lost.remove(&part);
            } else if !trail.waits(part) {
                held.lost.remove(&part);
                held.gone.remove(&part);
            }
            held.own.insert(part, own);
        }
        let gone = std::mem::take(&mut held.lost);
        if self.id.is_some() {
            held.gone.extend(gone.into_keys());
        } else if !gone.is_empty() {
            self.messages.note(&format!(
                "{}: the group took {} away before their output was out; what was read of them may come twice",
                self.name,
                count(gone.len())
            ));
        }
    }

    /// These are not ours any more; `lost`: before we let them go. Whose is then what was given of them and is not passed the
    /// group will tell.
    pub fn leave(&self, parts: &[usize], trail: &Trail, lost: bool) {
        let mut held = lock(&self.held);
        for part in parts {
            if let Some(own) = held.own.remove(part).filter(|_| lost && trail.waits(*part)) {
                held.lost.insert(*part, own);
            }
        }
    }

    /// Partitions are to be let go as soon as what was read of them is told (or not any more): whoever is no member then cannot
    /// become one before.
    pub fn lets_go(&self, waits: bool) {
        lock(&self.held).waited = waits;
    }

    /// The group will not say any more whose is what it has taken away.
    pub fn give_up(&self) {
        let mut held = lock(&self.held);
        let lost = std::mem::take(&mut held.lost);
        held.gone.extend(lost.into_keys());
    }

    /// Nobody will tell any more what the group has decided.
    pub fn over(&self) {
        lock(&self.held).over = true;
    }

    /// Claims what of our partitions stands before a position that is about to be logged.
    pub fn claim(&self, ahead: &[Ahead]) -> Result<()> {
        if self.id.is_some() { self.settle(ahead) } else { Ok(()) }
    }

    /// The output of what stands before a position is out.
    pub fn done(&self, ahead: &[Ahead]) {
        if self.id.is_none()
            && let Err(error) = self.settle(ahead)
        {
            self.messages.note(&format!("{error}; what was read may come twice"));
        }
    }

    /// Sets where a partition begins of which the group knows nothing, so that another one begins there too.
    pub fn pin(&self, parts: &[(Partition, Place)]) -> KafkaResult<()> {
        let mut pinned = TopicPartitionList::new();
        parts.iter().for_each(|(part, place)| add(&mut pinned, part, place.offset, ""));
        if parts.is_empty() { Ok(()) } else { self.client.consumer().commit(&pinned, CommitMode::Sync) }
    }

    /// Tells the group, as soon as it listens to us; an error if it has given to another one what this is about.
    fn settle(&self, ahead: &[Ahead]) -> Result<()> {
        let bell = self.clock.bell();
        bell.rest();
        let mut left = TRIES;
        loop {
            match self.commit(ahead)? {
                Fate::Taken => return Ok(()),
                Fate::Later(error) if left == 0 => match error.rdkafka_error_code() {
                    Some(Code::IllegalGeneration) => return Err(self.taken(ahead.len())),
                    _ => return Err(self.failed(&error)),
                },
                Fate::Later(_) => left -= 1,
                Fate::Out => left = TRIES,
            }
            self.clock.wait(&bell, self.clock.monotonic() + APART);
        }
    }

    /// Tries it once. The reader waits meanwhile with what the group decides, so that we stay who we are.
    fn commit(&self, ahead: &[Ahead]) -> Result<Fate> {
        let mut held = lock(&self.held);
        let all = |is: &dyn Fn(&usize) -> bool| ahead.iter().filter(|(part, ..)| is(part)).count();
        let (gone, lost) = (all(&|part| held.gone.contains(part)), all(&|part| held.lost.contains_key(part)));
        let out = |parts: usize, over: bool| if over { Err(self.taken(parts)) } else { Ok(Fate::Out) };
        if gone > 0 || lost > 0 {
            return out(gone + lost, gone > 0 || held.over);
        }
        let mut list = TopicPartitionList::new();
        for (part, partition, Passed { place, next, .. }) in ahead {
            let Some(own) = held.own.get_mut(part) else { continue };
            let (until, written) = match &self.id {
                Some(id) => {
                    // Also what an earlier run has claimed of it, if that is not logged before.
                    let of_it = ahead.iter().filter(|(_, other, _)| other == partition);
                    own.claims.claim(id, of_it.map(|(.., passed)| (passed.from.offset, passed.next)));
                    (*next, own.claims.written())
                }
                None if place.offset <= own.stands => continue,
                None => (place.offset, String::new()),
            };
            own.tried = Some(until);
            add(&mut list, partition, until, &written);
        }
        if list.count() == 0 {
            return Ok(Fate::Taken);
        }
        // Whoever was thrown out might be let in again as nobody, which proves nothing.
        let consumer = self.client.consumer();
        if consumer.assignment_lost() {
            return out(list.count(), held.over);
        }
        if let Err(error) = consumer.commit(&list, CommitMode::Sync) {
            return match error.rdkafka_error_code() {
                Some(Code::FencedInstanceId) => Err(self.taken(list.count())),
                Some(Code::UnknownMemberId) => out(list.count(), held.over || held.waited),
                // Those who stay are told the number of the new round within a moment.
                Some(Code::RebalanceInProgress | Code::IllegalGeneration) => Ok(Fate::Later(error)),
                _ if passes(&error) => Ok(Fate::Later(error)),
                _ => Err(self.failed(&error)),
            };
        }
        if consumer.assignment_lost() {
            return out(list.count(), held.over);
        }
        for (part, ..) in ahead {
            if let Some(own) = held.own.get_mut(part) {
                own.stands = own.tried.take().unwrap_or(own.stands);
            }
        }
        Ok(Fate::Taken)
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

fn add(list: &mut TopicPartitionList, part: &Partition, offset: i64, beside: &str) {
    let mut element = list.add_partition(&part.topic, part.number);
    // Only a negative offset could be refused, and there is none.
    let _ = element.set_offset(Offset::Offset(offset));
    if !beside.is_empty() {
        element.set_metadata(beside);
    }
}

fn count(parts: usize) -> String {
    if parts == 1 { "a partition".to_string() } else { format!("{parts} partitions") }
}
