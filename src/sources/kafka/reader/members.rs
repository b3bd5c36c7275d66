//! The group: partitions come and go.

use std::time::Duration;

use super::super::client::{News, PATIENCE, let_go, list, take};
use super::super::group::Own;
use super::super::trail::{Partition, Place};
use super::{Reader, lock};
use crate::error::Result;
use crate::kafka::passes;
use rdkafka::Offset;
use rdkafka::consumer::Consumer as _;
use rdkafka::error::RDKafkaErrorCode as Code;

/// The group lets a member take so long over a change, unless it is told otherwise (max.poll.interval.ms).
const INTERVAL: Duration = Duration::from_secs(300);

/// A new member is given its partitions within such a time, unless others are missed.
const SOON: Duration = Duration::from_secs(5);

/// Partitions that are to be let go when what was read of them is done with.
pub struct Leaving {
    parts: Vec<Partition>,
    /// When it is too late.
    until: Duration,
}

impl Reader {
    /// Does what the group has decided.
    pub(super) fn members(&mut self, now: Duration) -> Result<()> {
        if let Some(leaving) = self.state.leaving.take() {
            self.leave(leaving, now)?;
        }
        while self.state.leaving.is_none()
            && let Some(news) = self.member().context().news()
        {
            match news {
                News::Assigned(parts) => self.state.fresh.push_back(parts),
                News::Revoked(parts) => {
                    for part in self.parts.iter_mut().filter(|part| parts.contains(&part.partition)) {
                        part.stopped = true;
                    }
                    // Another one may be about to read them: rather too early than too late.
                    self.leave(Leaving { parts, until: now + self.interval() * 9 / 10 }, now)?;
                }
                News::Lost(parts) => self.drop_parts(&parts, true)?,
            }
        }
        while self.state.leaving.is_none()
            && let Some(parts) = self.state.fresh.pop_front()
        {
            if !self.join(&parts)? {
                self.state.fresh.push_front(parts);
                break;
            }
        }
        self.say_who_is_missed(now);
        Ok(())
    }

    /// So long a member may take over a change: then the group goes on without it.
    fn interval(&self) -> Duration {
        let property = self.start.address.cluster.property("max.poll.interval.ms");
        property.and_then(|text| text.parse().ok()).map_or(INTERVAL, Duration::from_millis)
    }

    /// The group shares its partitions anew only when it has heard of all its members, or has given them up.
    fn say_who_is_missed(&mut self, now: Duration) {
        if self.state.joined || self.state.trouble.is_there() {
            self.state.waits = None;
            return;
        }
        let since = *self.state.waits.get_or_insert(now);
        if now >= since + self.interval()
            && let Some(group) = &self.shared.group
        {
            group.give_up();
        }
        if self.state.told || now < since + SOON {
            return;
        }
        self.state.told = true;
        let group = self.start.address.group.as_deref().unwrap_or_default();
        self.messages.note(&format!(
            "{}: the group `{group}` has given no partition to this streamer yet: it waits for a member that is busy, or was killed; one that \
             was killed is given up after 45 s, or what kafka.session.timeout.ms says",
            self.name()
        ));
    }

    /// Lets partitions go if nothing of them is on its way any more.
    fn leave(&mut self, leaving: Leaving, now: Duration) -> Result<()> {
        let is_lost = self.member().consumer().assignment_lost() || now >= leaving.until;
        let ids: Vec<usize> = self.ids(&leaving.parts);
        let trail = lock(&self.shared.trail);
        let waits = ids.iter().any(|id| trail.waits(*id));
        drop(trail);
        let waits = waits && !is_lost;
        self.shared.group.iter().for_each(|group| group.lets_go(waits));
        if waits {
            self.state.leaving = Some(leaving);
            return Ok(());
        }
        self.drop_parts(&leaving.parts, is_lost)
    }

    fn ids(&self, parts: &[Partition]) -> Vec<usize> {
        self.parts.iter().filter(|part| parts.contains(&part.partition)).map(|part| part.id).collect()
    }

    fn drop_parts(&mut self, parts: &[Partition], lost: bool) -> Result<()> {
        let ids = self.ids(parts);
        if let Some(group) = &self.shared.group {
            group.leave(&ids, &lock(&self.shared.trail), lost);
        }
        if lost {
            (self.state.joined, self.state.waits, self.state.told) = (false, None, false);
        }
        self.parts.retain(|part| !parts.contains(&part.partition));
        let list = list(parts.iter().map(|part| (part, Offset::Invalid)));
        let_go(self.member().consumer(), &list).map_err(|error| self.failed(&error))
    }

    /// Reads what the group has given, from where it has come to; false if that cannot be told at the moment.
    fn join(&mut self, parts: &[Partition]) -> Result<bool> {
        let Some(group) = &self.shared.group else { return Ok(true) };
        let known = |part: &Partition| self.known.iter().any(|(known, _)| known == part);
        let places = || -> rdkafka::error::KafkaResult<_> {
            let committed = group.committed(parts, PATIENCE)?;
            let begins = self.start.offsets(&self.scout, parts, known, PATIENCE)?;
            let (mut places, mut unknown, mut owns) = (Vec::new(), Vec::new(), Vec::new());
            for (at, part) in parts.iter().enumerate() {
                let (offset, claims) = committed[at].clone();
                let trail = lock(&self.shared.trail);
                let id = trail.known(part).filter(|id| group.goes_on(*id, offset, &claims));
                let given = id.and_then(|id| trail.given(id));
                let mark = trail.place(part).map(|place| place.offset);
                drop(trail);
                let place = Place::at(given.or(offset.max(mark)).unwrap_or(begins[at]));
                if offset.is_none() {
                    unknown.push((part.clone(), place));
                }
                places.push((part.clone(), place));
                owns.push((Own { claims, stands: offset.unwrap_or(place.offset), tried: None }, given.is_some()));
            }
            let checked = self.start.check(&self.scout, &mut places, PATIENCE)?;
            group.pin(&unknown)?;
            Ok((places, owns, checked))
        };
        let (places, owns, checked) = match places() {
            Ok(found) => found,
            Err(error) if passes(&error) || error.rdkafka_error_code() == Some(Code::RebalanceInProgress) => {
                self.state.trouble.heard(&error);
                return Ok(false);
            }
            Err(error) => return Err(self.failed(&error)),
        };
        checked?;
        self.read(&places, take)?;
        if let Some(group) = &self.shared.group {
            let ids = parts.iter().flat_map(|part| self.ids(std::slice::from_ref(part)));
            let owns = ids.zip(owns).map(|(id, (own, goes_on))| (id, own, goes_on));
            group.hold(owns, &lock(&self.shared.trail));
        }
        self.state.joined = true;
        Ok(true)
    }
}
