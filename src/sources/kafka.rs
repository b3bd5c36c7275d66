//! `kafka://BROKERS/TOPIC`: the records of topics, as Spark's direct stream has them: each batch holds those up to where the
//! partitions ended at its cut.
//!
//! One lane, on its receiver thread ([`reader`]), whose chunks hold records of one partition each ([`record`] has the layout).
//! [`trail`] knows which offsets a position stands for: that is what a checkpoint keeps. With a group the partitions are shared
//! with other streamers ([`group`], [`claims`]), else all are read and the broker is told nothing. At the stop it gives no more,
//! and leaves the group once the output is done with what was given.

mod address;
mod again;
mod claims;
mod client;
mod group;
mod input;
mod message;
mod part;
mod reader;
mod record;
mod shared;
mod start;
mod trail;

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

use rdkafka::Offset;
use rdkafka::consumer::Consumer as _;
use rdkafka::error::KafkaResult;

use super::support::marks::not_understood;
use super::{Entry, Feed, Kept, Lane, Setup, Source, Wanted};
use crate::data::framing::Framing;
use crate::error::{Error, Result};
use crate::kafka::{self, reach, says};
use crate::url::Url;

use address::Address;
use again::{Again, Range};
use client::{Client, PATIENCE};
use group::{Group, Held};
use reader::{ATONCE, Reader, State};
use shared::Shared;
use start::Start;
use trail::{Partition, Place, Places, Trail, places};

pub(super) const ENTRY: Entry = Entry {
    scheme: "kafka",
    form: "kafka://BROKERS/TOPIC",
    about: "the records of Kafka topics (TOPIC,TOPIC or ~PATTERN; HOST:PORT,HOST:PORT): a batch holds what was there at its cut, \
            of transactions only what was committed. `line` is the value, null if there is none; key, value, topic, partition, \
            offset, timestamp and headers (JSON) are columns too, called kafka.key and so on beside the columns of --in. \
            ?from=earliest or latest (the default; with --once it is earliest), a time, or offsets: ?from=clicks:0=5,1=7. \
            ?group=NAME shares the partitions with other streamers, and goes on where the group was: without --checkpoint its \
            offsets are committed after the output; with it each record is in the batches of one streamer. ?lost=skip goes on \
            where records are gone. ?kafka.NAME=VALUE and ?properties=FILE are settings of librdkafka; passwords stand in FILE \
            or in STREAMER_KAFKA_PASSWORD",
    parse: |spelling| Ok(Box::new(Kafka { address: Arc::new(Address::parse(&spelling.written)?) })),
};

struct Kafka {
    address: Arc<Address>,
}

/// What an earlier run has left.
struct Before {
    position: u64,
    /// Where it had come to.
    places: Places,
    /// The batch that it was writing ends here, and begins there.
    redo: Option<(u64, (Places, Places))>,
}

impl Before {
    fn of(kept: &Kept) -> Result<Self> {
        let last = kept.marks.last().map(|mark| places(kept, mark)).transpose()?;
        let redo = kept.redo.as_ref().filter(|(until, _)| *until > kept.position);
        let redo = redo.map(|(until, mark)| Ok((*until, places(kept, mark)?))).transpose()?;
        Ok(Before { position: kept.position, places: last.unwrap_or_default().0, redo })
    }

    /// Where the next batch begins.
    fn next(&self) -> &[(Partition, Place)] {
        self.redo.as_ref().map_or(&self.places, |(_, (ends, _))| ends)
    }
}

fn place_in(places: &[(Partition, Place)], part: &Partition) -> Option<Place> {
    places.iter().find(|(known, _)| known == part).map(|(_, place)| *place)
}

impl Kafka {
    fn lanes(&self, setup: &Setup, kept: Option<&Kept>) -> Result<Vec<Lane>> {
        let (address, before) = (&self.address, kept.map(Before::of).transpose()?);
        let failed = |error: rdkafka::error::KafkaError| {
            Error::failed(format!("cannot begin with {}: {}", address.cluster.name, says(&error)))
        };
        let scout = Client::new(&address.cluster, None, 1)?;
        let consumer = scout.consumer();
        let topics =
            reach(&address.cluster, consumer.client(), &scout.context().watcher, |wait| drop(consumer.poll(wait)))?;
        let parts = address.topics.partitions(&address.cluster, &topics)?;
        let start = Start { address: Arc::clone(address), once: setup.once, messages: Arc::clone(&setup.messages) };
        let ends = match setup.once {
            true => Some(scout.offsets(&parts, Offset::End, PATIENCE).map_err(failed)?),
            false => None,
        };
        let ends = ends.map(|ends| parts.iter().cloned().zip(ends).collect::<BTreeMap<_, _>>());
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let count = if address.group.is_some() { 1 } else { processors.min(ATONCE).min(parts.len()).max(1) };
        let client = || Client::new(&address.cluster, address.group.as_deref(), parts.len()).map(Arc::new);
        let clients = (0..count).map(|_| client()).collect::<Result<Vec<_>>>()?;
        let known = match &address.group {
            None => self.known(&scout, &start, &parts, before.as_ref()).map_err(failed)??,
            Some(_) => parts.iter().map(|part| (part.clone(), Place::default())).collect(),
        };
        let (position, mut places) = match &before {
            Some(before) => (before.position, before.places.clone()),
            None => (0, Vec::new()),
        };
        if before.is_none() && address.group.is_none() {
            places.clone_from(&known);
        }
        let mut trail = Trail::at(position, places);
        let again = match (&before, &setup.checkpoint) {
            (Some(before), Some(id)) => self.again(&clients[0], before, id, &parts, &mut trail, setup)?,
            _ => None,
        };
        let bell = setup.stop.bell(&*setup.clock);
        let group = address.group.as_ref().map(|_| Group {
            name: address.cluster.name.clone(),
            client: Arc::clone(&clients[0]),
            id: setup.checkpoint.clone(),
            clock: Arc::clone(&setup.clock),
            messages: Arc::clone(&setup.messages),
            held: Mutex::new(Held::default()),
        });
        let shared = Arc::new(Shared {
            trail: Mutex::new(trail),
            asked: AtomicU64::new(0),
            by_cut: setup.poll.is_none() && !setup.once,
            marks: setup.checkpoint.is_some(),
            bell: Arc::clone(&bell),
            group,
        });
        let reader = Reader {
            again,
            parts: Vec::new(),
            shared: Arc::clone(&shared),
            start,
            known,
            ends,
            clients,
            scout,
            clock: Arc::clone(&setup.clock),
            stop: Arc::clone(&setup.stop),
            bell,
            messages: Arc::clone(&setup.messages),
            state: State::default(),
        };
        Ok(vec![Lane {
            name: self.name(),
            feed: Feed::Records(Box::new(reader)),
            pull: false,
            size: None,
            control: shared,
            resumes: kept.map(|_| 0),
        }])
    }

    /// Where to begin in each partition, without a group.
    fn known(
        &self,
        scout: &Client,
        start: &Start,
        parts: &[Partition],
        before: Option<&Before>,
    ) -> KafkaResult<Result<Vec<(Partition, Place)>>> {
        let places = before.map(Before::next);
        // All records of a partition are wanted that was not there then.
        let begins = start.offsets(scout, parts, |_| places.is_none(), PATIENCE)?;
        let place = |(part, begin): (&Partition, i64)| {
            let place = places.and_then(|places| place_in(places, part));
            (part.clone(), place.unwrap_or(Place::at(begin)))
        };
        let mut known: Vec<_> = parts.iter().zip(begins).map(place).collect();
        Ok(start.check(scout, &mut known, PATIENCE)?.map(|()| known))
    }

    /// What is to be read first: the batch that was being written, and what was claimed of the group and not logged.
    fn again(
        &self,
        client: &Client,
        before: &Before,
        id: &str,
        parts: &[Partition],
        trail: &mut Trail,
        setup: &Setup,
    ) -> Result<Option<Again>> {
        let name = self.name();
        let mut ranges = VecDeque::new();
        let mut range = |partition: &Partition, from: Place, to: Place| {
            if from < to {
                ranges.push_back(Range { part: trail.begin(partition, from), partition: partition.clone(), from, to });
            }
            ranges.len()
        };
        let mut again = 0;
        for ((part, to), (_, from)) in before.redo.iter().flat_map(|(_, (ends, begins))| ends.iter().zip(begins)) {
            again = range(part, *from, *to);
        }
        let redo = before.redo.as_ref().map(|(until, _)| (again, *until));
        if redo.is_some() && again == 0 {
            return Err(not_understood(&Kept { name, ..Kept::default() }));
        }
        if self.address.group.is_some() {
            let committed = group::committed(client, parts, PATIENCE).map_err(|error| {
                Error::failed(format!("cannot go on with {name}: where its group is cannot be told: {}", says(&error)))
            })?;
            for (part, (_, claims)) in parts.iter().zip(committed) {
                for claim in claims.of(id) {
                    // What of it is logged already.
                    let (begin, places) = (Place::at(claim.from), before.next().iter());
                    let logged =
                        places.filter(|(known, place)| known == part && *place >= begin).map(|(_, place)| *place);
                    range(part, logged.min().unwrap_or(begin), Place::at(claim.until));
                }
            }
        }
        if ranges.is_empty() {
            return Ok(None);
        }
        let client = Client::new(&self.address.cluster, None, 1)?;
        Ok(Some(Again { name, client, ranges, open: None, redo, stop: Arc::clone(&setup.stop) }))
    }
}

impl Source for Kafka {
    fn name(&self) -> String {
        self.address.cluster.name.clone()
    }

    /// Where it began is known from then on; how brokers are reached may change, and what is done where records are gone.
    fn identity(&self, written: &str) -> String {
        Url::without(written, |option| kafka::is_about_reaching(option) || ["from", "lost"].contains(&option))
    }

    fn format(&self) -> Wanted {
        self.address.format.clone()
    }

    fn cannot_tick(&self) -> Option<&'static str> {
        Some("its records come by the clock")
    }

    fn cannot_go_by_event(&self, kept: bool) -> Option<&'static str> {
        let shared = self.address.group.is_some() && !kept;
        shared.then_some("its group is told how far it was read batch by batch; add --checkpoint, or leave out group=")
    }

    fn open(&self, setup: &Setup, _: Framing) -> Result<Vec<Lane>> {
        self.lanes(setup, None)
    }

    fn resume(&self, setup: &Setup, _: Framing, kept: &[Kept]) -> Result<Vec<Lane>> {
        self.lanes(setup, kept.first())
    }
}

#[cfg(test)]
mod tests;
