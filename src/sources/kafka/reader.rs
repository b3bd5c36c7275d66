//! The reader: gives what there is of its partitions in turn, each chunk of one of them. On the receiver thread, which has helpers while
//! much is there ([`filling`]).
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
use rdkafka::error::KafkaError;

use super::super::support::trail::lock;
use super::super::{Chunk, Intake, Step};
use super::address::Choice;
use super::again::Again;
use super::client::{self, Client, list};
use super::group::Group;
use super::message::Writer;
use super::part::{Filled, Part};
use super::shared::Shared;
use super::start::Start;
use super::trail::{Partition, Place};
use crate::clock::{Bell, Clock};
use crate::data::buffer::{Buffer, Quota};
use crate::error::{Error, Result};
use crate::kafka::{Topics, says};
use crate::messages::Messages;
use crate::stop::Stop;

mod filling;
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
/// So many partitions are fetched and read at once, while much is there.
pub const ATONCE: usize = 4;
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
    /// They fetch, each its share of the partitions: what one does with what it has fetched takes one processor. In a group only
    /// the one that is its member.
    pub clients: Vec<Arc<Client>>,
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
    /// So many partitions are read at once.
    writers: [Writer; ATONCE],
    begun: bool,
    /// The partition that was read last.
    turn: usize,
    /// The last chunk was as large as one can be: there is more.
    busy: bool,
    /// Chunks that are on their way.
    given: VecDeque<Step>,
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
    /// The group has given us something, be it nothing; until then since when that is waited for, and whether it was said.
    joined: bool,
    waits: Option<Duration>,
    told: bool,
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
        let subscribed = self.member().consumer().subscribe(&self.start.address.topics.subscription());
        subscribed.map_err(|error| self.failed(&error))
    }

    /// The one that may be in a group.
    fn member(&self) -> &Arc<Client> {
        &self.clients[0]
    }

    /// Reads these as well, from these places; `take` tells the library so.
    fn read(
        &mut self,
        parts: &[(Partition, Place)],
        take: impl Fn(&client::Consumer, &rdkafka::TopicPartitionList) -> rdkafka::error::KafkaResult<()>,
    ) -> Result<()> {
        let before = self.parts.len();
        for (partition, place) in parts {
            let id = lock(&self.shared.trail).put(partition, *place);
            let load =
                |client: &&Arc<Client>| self.parts.iter().filter(|part| Arc::ptr_eq(&part.client, client)).count();
            let client = self.clients.iter().min_by_key(load).unwrap_or(self.member());
            let part = Part::new(client, id, partition.clone(), *place, &self.bell);
            let mut part = part.ok_or_else(|| Error::failed(format!("{}: there is no {partition}", self.name())))?;
            part.head_for(self.ends.as_ref().map(|ends| ends.get(partition).copied().unwrap_or(0)));
            self.parts.push(part);
        }
        for client in &self.clients {
            let own = self.parts[before..].iter().filter(|part| Arc::ptr_eq(&part.client, client));
            let offsets: Vec<_> = own.map(|part| (&part.partition, Offset::Offset(part.reached.next))).collect();
            // Whoever is told of no partition reads none any more.
            if !offsets.is_empty() || self.clients.len() == 1 {
                take(client.consumer(), &list(offsets)).map_err(|error| self.failed(&error))?;
            }
        }
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
        for client in &self.clients {
            while let Some(polled) = client.consumer().poll(Duration::ZERO) {
                match polled {
                    // It was on its way when its partition got a queue of its own.
                    Ok(message) => {
                        let (topic, number) =
                            (rdkafka::Message::topic(&message), rdkafka::Message::partition(&message));
                        let is_it =
                            |part: &&mut Part| part.partition.number == number && *part.partition.topic == *topic;
                        if let Some(part) = self.parts.iter_mut().find(is_it) {
                            part.hold(&message, &mut self.state.writers[0]);
                        }
                    }
                    Err(KafkaError::PartitionEOF(_)) => {}
                    Err(error) => self.state.trouble.heard(&error),
                }
            }
            if let Some(fatal) = client.context().watcher.fatal() {
                return Err(Error::failed(format!("{}: {fatal}", self.name())));
            }
        }
        drop(self.scout.consumer().poll(Duration::ZERO));
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

    /// The partitions that there are now; nothing if that cannot be told at the moment, or a topic that is named is gone.
    fn partitions(&self) -> Option<Vec<Partition>> {
        let address = &self.start.address;
        let ask = |topic| self.scout.consumer().fetch_metadata(topic, ANSWER).ok();
        let topics = match &address.topics {
            // A cluster may have many more.
            Choice::Named(names) => {
                let answers = names.iter().map(|name| ask(Some(name))).collect::<Option<Vec<_>>>()?;
                Topics::of(answers.iter())
            }
            Choice::Matching(..) => Topics::of([&ask(None)?]),
        };
        address.topics.partitions(&address.cluster, &topics).ok()
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
        if self.parts.iter().any(Part::is_awaited) && now < self.state.idle + IDLE {
            return false;
        }
        self.parts.iter_mut().for_each(|part| part.head_for(None));
        (self.state.answered, self.state.aims) = (asked, false);
        true
    }

    /// Sets the goals: where the partitions end now. False if that cannot be told.
    fn aim(&mut self) -> bool {
        let is_read = |part: &Part| !part.stopped && !part.gone;
        let wanted: Vec<Partition> =
            self.parts.iter().filter(|part| is_read(part)).map(|part| part.partition.clone()).collect();
        let patience = if self.state.trouble.is_there() { SERVE } else { ANSWER };
        let ends = match self.scout.offsets(&wanted, Offset::End, patience) {
            Ok(ends) => ends,
            Err(error) => {
                self.state.trouble.heard(&error);
                return false;
            }
        };
        for (part, end) in self.parts.iter_mut().filter(|part| is_read(part)).zip(ends) {
            part.head_for(Some(end));
        }
        (self.state.aims, self.state.idle) = (true, self.clock.monotonic());
        true
    }

    /// Looks anew at partitions whose last offsets are no records: markers of transactions, and what was compacted.
    fn nudge(&mut self) {
        if !self.parts.iter().any(|part| part.goal.is_some() && part.is_awaited()) {
            return;
        }
        for client in &self.clients {
            let Ok(positions) = client.consumer().position() else { continue };
            for part in self.parts.iter_mut().filter(|part| Arc::ptr_eq(&part.client, client)) {
                let element = positions.find_partition(&part.partition.topic, part.partition.number);
                if let Some(Offset::Offset(offset)) = element.map(|element| element.offset()) {
                    part.reached.next = part.reached.next.max(offset);
                }
            }
        }
        if self.clock.monotonic() < self.state.idle + NUDGE {
            return;
        }
        let stuck = |part: &&mut Part| part.goal.is_some() && part.is_awaited() && part.reached.ended && !part.sought;
        for part in self.parts.iter_mut().filter(stuck) {
            if seek(part) {
                (part.sought, part.reached.ended) = (true, false);
            }
        }
    }
}

/// Fetches anew from where it is.
fn seek(part: &Part) -> bool {
    let place = list([(&part.partition, Offset::Offset(part.reached.next))]);
    part.client.consumer().seek_partitions(place, ANSWER).is_ok()
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.shared.group.iter().for_each(Group::over);
    }
}

impl Intake for Reader {
    fn next(&mut self, quota: &Arc<Quota>) -> Result<Step> {
        if let Some(step) = self.state.given.pop_front() {
            return Ok(step);
        }
        if let Some(mut again) = self.again.take() {
            let position = lock(&self.shared.trail).end();
            if let Some((part, filled)) = again.next(&mut self.state.writers[0], quota, position)? {
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
            if !self.parts.iter().any(|part| part.goal.is_some() && part.is_awaited()) && self.state.aims {
                continue;
            }
            self.stop.sleep(&*self.clock, &self.bell, self.state.served);
        }
        Ok(Step::End)
    }

    /// A member that does not listen is thrown out (max.poll.interval.ms).
    fn attends(&self) -> Option<Duration> {
        (self.state.begun && self.shared.group.is_some()).then_some(SERVE)
    }

    fn attend(&mut self) -> Result<()> {
        if self.attends().is_some() { self.serve() } else { Ok(()) }
    }
}
