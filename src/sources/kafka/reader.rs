//! The reader: gives what there is of its partitions in turn, each chunk of one of them. On the receiver thread.
//!
//! At a cut it asks where the partitions end, and says that all has been given once it has come so far. Before all else it reads
//! what an earlier run has left. What the group decides is done here as well: partitions that it takes away are not read any
//! more, and are let go when what was read of them is done with.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rdkafka::Offset;
use rdkafka::consumer::Consumer as _;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

use super::super::support::trail::lock;
use super::super::{Chunk, Intake, Step};
use super::again::Again;
use super::client::{self, Client, list};
use super::message::Writer;
use super::part::{Filled, Part};
use super::shared::Shared;
use super::start::Start;
use super::trail::{Partition, Place};
use crate::clock::{Bell, Clock};
use crate::data::buffer::{Buffer, Quota};
use crate::error::{Error, Result};
use crate::kafka::{passes, says};
use crate::messages::Messages;
use crate::stop::Stop;

mod members;
mod trouble;

use members::Leaving;
use trouble::Trouble;

/// So often it is looked what the library has to say beside messages.
const SERVE: Duration = Duration::from_millis(50);
/// So often it is looked whether there are new partitions.
const REFRESH: Duration = Duration::from_secs(5);
/// A partition that has not come to where it ends, and gives nothing for so long, is looked at anew.
const NUDGE: Duration = Duration::from_millis(200);
/// A cut is kept waiting by partitions that give nothing for so long, and no longer: their leader may be away.
const IDLE: Duration = Duration::from_secs(2);
/// So long an answer is waited for while batches are waiting.
const ANSWER: Duration = Duration::from_secs(1);

/// Reads the partitions of a source.
pub struct Reader {
    /// What was left to be done by an earlier run.
    pub again: Option<Again>,
    /// Those that are read. Their queues must go before the clients.
    pub parts: Vec<Part>,
    /// Shared with those who cut and write batches.
    pub shared: Arc<Shared>,
    /// Where to begin.
    pub start: Start,
    /// The partitions to begin with; in a group, those that were there when the run began.
    pub known: Vec<(Partition, Place)>,
    /// Where they end, if there is to be no more.
    pub ends: Option<BTreeMap<Partition, i64>>,
    /// Fetches.
    pub client: Arc<Client>,
    /// Is asked: an answer that comes by the connection of a fetch may wait for that.
    pub scout: Client,
    /// The time, and who ends all waiting.
    pub clock: Arc<dyn Clock>,
    /// Told when the run ends.
    pub stop: Arc<Stop>,
    /// Wakes it.
    pub bell: Arc<Bell>,
    /// Where it is said that something is in trouble but goes on.
    pub messages: Arc<Messages>,
    /// What it goes by.
    pub state: State,
}

/// What a reader goes by while it runs.
#[derive(Default)]
pub struct State {
    writer: Writer,
    begun: bool,
    /// The partition whose turn it is.
    turn: usize,
    /// When the library is listened to again ...
    served: Duration,
    /// ... and when it is looked for new partitions.
    looked: Duration,
    /// So many of the questions of cuts were answered, and whether the goals of the next one are set.
    answered: u64,
    aims: bool,
    /// Since when nothing has come.
    idle: Duration,
    /// What the group has given and is not read yet.
    fresh: VecDeque<Vec<Partition>>,
    leaving: Option<Leaving>,
    /// The group has given us something, be it nothing.
    joined: bool,
    trouble: Trouble,
}

impl Reader {
    fn name(&self) -> &str {
        &self.start.address.cluster.name
    }

    fn failed(&self, error: &KafkaError) -> Error {
        Error::failed(format!("{}: {}", self.name(), says(error)))
    }

    /// What is given of a partition.
    fn chunk(&self, part: usize, filled: Filled, quota: &Arc<Quota>) -> Step {
        let Filled { bytes, first, next } = filled;
        let len = bytes.len() as u64;
        let from = self.shared.gave(part, first, next, len);
        let lease = quota.lease(bytes.capacity());
        let buffer = Buffer::leased(bytes, lease);
        Step::Records(Chunk { buffer, from, until: from + len, begins: None, too_long: Vec::new() })
    }

    /// Begins with the partitions, by hand or as a member of the group.
    fn begin(&mut self) -> Result<()> {
        self.state.begun = true;
        (self.state.looked, self.state.idle) = (self.clock.monotonic() + REFRESH, self.clock.monotonic());
        if self.shared.group.is_none() {
            let parts = self.known.clone();
            return self.read(&parts, |consumer, list| consumer.assign(list));
        }
        let subscribed = self.client.consumer().subscribe(&self.start.address.topics.subscription());
        subscribed.map_err(|error| self.failed(&error))
    }

    /// Reads these as well, from these places; `take` tells the library so.
    fn read(
        &mut self,
        parts: &[(Partition, Place)],
        take: impl FnOnce(&client::Consumer, &rdkafka::TopicPartitionList) -> rdkafka::error::KafkaResult<()>,
    ) -> Result<()> {
        for (partition, place) in parts {
            let id = lock(&self.shared.trail).put(partition, *place);
            let part = Part::new(&self.client, id, partition.clone(), *place, &self.bell);
            let mut part = part.ok_or_else(|| Error::failed(format!("{}: there is no {partition}", self.name())))?;
            part.head_for(self.ends.as_ref().map(|ends| ends.get(partition).copied().unwrap_or(0)));
            self.parts.push(part);
        }
        let offsets = parts.iter().map(|(part, place)| (part, Offset::Offset(place.offset)));
        take(self.client.consumer(), &list(offsets)).map_err(|error| self.failed(&error))?;
        self.state.served = Duration::ZERO;
        Ok(())
    }

    /// Listens to what is there beside messages.
    fn serve(&mut self) -> Result<()> {
        let now = self.clock.monotonic();
        if now < self.state.served {
            return Ok(());
        }
        self.state.served = now + SERVE;
        while let Some(polled) = self.client.consumer().poll(Duration::ZERO) {
            match polled {
                // It was on its way when its partition got a queue of its own.
                Ok(message) => {
                    let (topic, number) = (rdkafka::Message::topic(&message), rdkafka::Message::partition(&message));
                    let is_it = |part: &&mut Part| part.partition.number == number && *part.partition.topic == *topic;
                    if let Some(part) = self.parts.iter_mut().find(is_it) {
                        part.hold(&message, &mut self.state.writer);
                    }
                }
                Err(KafkaError::PartitionEOF(_)) => {}
                Err(error) => self.state.trouble.heard(&error),
            }
        }
        drop(self.scout.consumer().poll(Duration::ZERO));
        if let Some(fatal) = self.client.context().watcher.fatal() {
            return Err(Error::failed(format!("{}: {fatal}", self.name())));
        }
        if self.shared.group.is_some() {
            self.members(now)?;
        } else if self.ends.is_none() && now >= self.state.looked {
            self.look_for_new()?;
        }
        self.look_for_trouble(now);
        Ok(())
    }

    /// Reads partitions that are new, from their begin.
    fn look_for_new(&mut self) -> Result<()> {
        self.state.looked = self.clock.monotonic() + REFRESH;
        let Some(all) = self.partitions() else { return Ok(()) };
        let is_new = |part: &Partition| !self.parts.iter().any(|known| known.partition == *part);
        let fresh: Vec<Partition> = all.into_iter().filter(is_new).collect();
        if fresh.is_empty() {
            return Ok(());
        }
        let Ok(offsets) = self.start.offsets(&self.scout, &fresh, |_| false, ANSWER) else { return Ok(()) };
        let fresh: Vec<_> = fresh.into_iter().zip(offsets.into_iter().map(Place::at)).collect();
        self.read(&fresh, |consumer, list| consumer.incremental_assign(list))
    }

    /// The partitions that there are now; nothing if that cannot be told at the moment.
    fn partitions(&self) -> Option<Vec<Partition>> {
        let metadata = self.scout.consumer().fetch_metadata(None, ANSWER).ok()?;
        let topics = crate::kafka::Topics::of(&metadata);
        self.start.address.topics.partitions(&self.start.address.cluster, &topics).ok()
    }

    /// What there is, of the partition whose turn it is.
    fn fill(&mut self, quota: &Arc<Quota>) -> Result<Option<Step>> {
        for _ in 0..self.parts.len() {
            self.state.turn = (self.state.turn + 1) % self.parts.len();
            let part = &mut self.parts[self.state.turn];
            if part.rests() {
                continue;
            }
            let id = part.id;
            match part.fill(&mut self.state.writer, quota) {
                Ok(None) => {}
                Ok(Some(filled)) => {
                    self.state.idle = self.clock.monotonic();
                    self.state.trouble.over();
                    return Ok(Some(self.chunk(id, filled, quota)));
                }
                Err(error) => self.wrong(&error)?,
            }
        }
        Ok(None)
    }

    /// A partition could not be read.
    fn wrong(&mut self, error: &KafkaError) -> Result<()> {
        let at = self.state.turn;
        match error.rdkafka_error_code() {
            Some(Code::AutoOffsetReset | Code::OffsetOutOfRange) => {
                let part = &self.parts[at];
                let mut place = [(part.partition.clone(), Place::at(part.reached.next))];
                match self.start.check(&self.scout, &mut place, ANSWER) {
                    Ok(checked) => checked?,
                    Err(error) if passes(&error) => {}
                    Err(error) => return Err(self.failed(&error)),
                }
                let part = &mut self.parts[at];
                part.reached.next = place[0].1.offset;
                seek(&self.client, std::slice::from_ref(part));
                Ok(())
            }
            Some(Code::TopicAuthorizationFailed | Code::GroupAuthorizationFailed | Code::Fatal) => {
                Err(self.failed(error))
            }
            _ => {
                self.state.trouble.heard(error);
                Ok(())
            }
        }
    }

    /// Whether all has been read that is to be.
    fn is_over(&self) -> bool {
        let joined = self.shared.group.is_none() || (self.state.joined && self.state.fresh.is_empty());
        self.ends.is_some() && joined && self.parts.iter().all(Part::rests)
    }

    /// Whether all that a cut has asked for has been given.
    fn answer(&mut self) -> bool {
        let asked = self.shared.asked.load(Ordering::SeqCst);
        if asked == self.state.answered {
            return false;
        }
        if !self.state.aims {
            if !self.aim() {
                self.state.answered = asked;
                return true;
            }
            return false;
        }
        let now = self.clock.monotonic();
        if !self.parts.iter().all(Part::rests) && now < self.state.idle + IDLE {
            return false;
        }
        self.parts.iter_mut().for_each(|part| part.head_for(None));
        (self.state.answered, self.state.aims) = (asked, false);
        true
    }

    /// Sets the goals: where the partitions end now. False if that cannot be told.
    fn aim(&mut self) -> bool {
        let wanted: Vec<Partition> =
            self.parts.iter().filter(|part| !part.stopped).map(|part| part.partition.clone()).collect();
        let patience = if self.state.trouble.is_there() { SERVE } else { ANSWER };
        let ends = match self.scout.offsets(&wanted, Offset::End, patience) {
            Ok(ends) => ends,
            Err(error) => {
                self.state.trouble.heard(&error);
                return false;
            }
        };
        for (part, end) in self.parts.iter_mut().filter(|part| !part.stopped).zip(ends) {
            part.head_for(Some(end));
        }
        (self.state.aims, self.state.idle) = (true, self.clock.monotonic());
        true
    }

    /// Looks anew at partitions whose last offsets are no records: markers of transactions, and what was compacted.
    fn nudge(&mut self) {
        if !self.parts.iter().any(|part| part.goal.is_some() && !part.rests()) {
            return;
        }
        if let Ok(positions) = self.client.consumer().position() {
            for part in &mut self.parts {
                let element = positions.find_partition(&part.partition.topic, part.partition.number);
                if let Some(Offset::Offset(offset)) = element.map(|element| element.offset()) {
                    part.reached.next = part.reached.next.max(offset);
                }
            }
        }
        if self.clock.monotonic() < self.state.idle + NUDGE {
            return;
        }
        let stuck = |part: &&mut Part| part.goal.is_some() && !part.rests() && part.reached.ended && !part.sought;
        for part in self.parts.iter_mut().filter(stuck) {
            if seek(&self.client, std::slice::from_ref(part)) {
                (part.sought, part.reached.ended) = (true, false);
            }
        }
    }
}

/// Fetches anew from where they are.
fn seek(client: &Client, parts: &[Part]) -> bool {
    let places = parts.iter().map(|part| (&part.partition, Offset::Offset(part.reached.next)));
    client.consumer().seek_partitions(list(places), ANSWER).is_ok()
}

impl Intake for Reader {
    fn next(&mut self, quota: &Arc<Quota>) -> Result<Step> {
        if let Some(mut again) = self.again.take() {
            let position = lock(&self.shared.trail).end();
            if let Some((part, filled)) = again.next(&mut self.state.writer, quota, position)? {
                self.again = Some(again);
                return Ok(self.chunk(part, filled, quota));
            }
        }
        while !self.stop.is_told() {
            if !self.state.begun {
                self.begin()?;
            }
            self.serve()?;
            if let Some(step) = self.fill(quota)? {
                return Ok(step);
            }
            self.nudge();
            if self.is_over() {
                break;
            }
            if self.answer() {
                return Ok(Step::Done);
            }
            if !self.parts.iter().any(|part| part.goal.is_some() && !part.rests()) && self.state.aims {
                continue;
            }
            self.stop.sleep(&*self.clock, &self.bell, self.state.served);
        }
        Ok(Step::End)
    }
}
