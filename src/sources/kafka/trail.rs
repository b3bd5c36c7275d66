//! Which positions of the lane are which offsets: what was given, chunk by chunk, until its batch is logged or out.
//!
//! A mark is the place in every partition, at a position: numbers as in [`marks`](super::super::support::marks), of each
//! partition the topic, its number, the offset, and how many bytes of the records from there on had been taken as well (a batch
//! may end inside a chunk); then the place at the position that was marked before, for a partition may have come since.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use super::super::Kept;
use super::super::support::marks::{Reader, header, put, put_signed};
use crate::error::Result;

/// A partition of a topic.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition {
    /// The topic.
    pub topic: Arc<str>,
    /// Which of its partitions.
    pub number: i32,
}

/// As messages name it.
impl std::fmt::Display for Partition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} partition {}", self.topic, self.number)
    }
}

/// A place in a partition.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The record of this offset, or the next one behind it.
    pub offset: i64,
    /// So many bytes of the records from there on stand before the place.
    pub skip: u64,
}

impl Place {
    /// Before the record of this offset.
    pub fn at(offset: i64) -> Self {
        Place { offset, skip: 0 }
    }
}

/// What was given of a partition at once.
#[derive(Clone)]
struct Step {
    /// The position behind it.
    until: u64,
    part: usize,
    first: Place,
    /// The offset behind its last record.
    next: i64,
}

/// The places in the partitions at a position, and the way from there to where the reader stands.
#[derive(Default, Clone)]
pub struct Trail {
    parts: Vec<(Partition, Place)>,
    position: u64,
    end: u64,
    steps: VecDeque<Step>,
}

/// A partition of which records stand before a position that was passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passed {
    /// Its place before.
    pub from: Place,
    /// Its place now.
    pub place: Place,
    /// The offset behind all records of the chunk in which that is.
    pub next: i64,
}

impl Trail {
    /// At a position, with nothing given behind it.
    pub fn at(position: u64, parts: Vec<(Partition, Place)>) -> Self {
        Trail { parts, position, end: position, steps: VecDeque::new() }
    }

    /// Where the reader stands.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// A partition by its number here.
    pub fn partition(&self, part: usize) -> &Partition {
        &self.parts[part].0
    }

    /// The place of a partition at the position that was passed last, or where it is begun anew behind that.
    pub fn place(&self, partition: &Partition) -> Option<Place> {
        self.known(partition).map(|part| self.parts[part].1)
    }

    fn add(&mut self, partition: &Partition, place: Place) -> usize {
        self.parts.push((partition.clone(), place));
        self.parts.len() - 1
    }

    /// A number for what is given of a partition from this place on. Of a group others may have read what stands before it.
    pub fn begin(&mut self, partition: &Partition, place: Place) -> usize {
        let stands = self.parts.iter().position(|(known, at)| known == partition && *at == place);
        stands.unwrap_or_else(|| self.add(partition, place))
    }

    /// From here on it is read from this place; its number here. That is a new one where others have read what stands between
    /// this and what is not passed yet.
    pub fn put(&mut self, partition: &Partition, place: Place) -> usize {
        let known = self.known(partition);
        match known.filter(|part| !self.waits(*part) || self.given(*part) == Some(place.offset)) {
            None => self.add(partition, place),
            Some(part) if self.steps.is_empty() => {
                self.parts[part].1 = place;
                part
            }
            Some(part) => {
                self.gave(part, place, place.offset, 0);
                part
            }
        }
    }

    /// So many bytes of a partition were given, the records from `first` up to the offset `next`. Gives their position.
    pub fn gave(&mut self, part: usize, first: Place, next: i64, bytes: u64) -> u64 {
        let from = self.end;
        self.end += bytes;
        self.steps.push_back(Step { until: self.end, part, first, next });
        from
    }

    /// Whether records of the partition were given and are not passed yet.
    pub fn waits(&self, part: usize) -> bool {
        self.steps.iter().any(|step| step.part == part && step.next > step.first.offset)
    }

    /// How many steps are kept.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// The number of a partition that is known here: the last it was given.
    pub fn known(&self, partition: &Partition) -> Option<usize> {
        self.parts.iter().rposition(|(known, _)| known == partition)
    }

    /// The offset behind what was given of a partition and is not passed yet, if there is any.
    pub fn given(&self, part: usize) -> Option<i64> {
        self.steps.iter().rev().find(|step| step.part == part).map(|step| step.next)
    }

    /// What [`pass`](Self::pass) would tell.
    pub fn ahead(&self, until: u64) -> BTreeMap<usize, Passed> {
        self.clone().pass(until)
    }

    /// Goes on to a position: the partitions of which records stand before it, by their numbers here.
    pub fn pass(&mut self, until: u64) -> BTreeMap<usize, Passed> {
        let mut passed: BTreeMap<usize, Passed> = BTreeMap::new();
        while let Some(step) = self.steps.front_mut() {
            let (part, next, bytes) = (step.part, step.next, step.until - self.position);
            if until <= self.position && bytes > 0 {
                break;
            }
            let place = if step.until <= until {
                if bytes == 0 { step.first } else { Place::at(next) }
            } else {
                step.first.skip += until - self.position;
                step.first
            };
            let is_whole = step.until <= until;
            self.position = step.until.min(until);
            let from = std::mem::replace(&mut self.parts[part].1, place);
            if bytes > 0 {
                let known = passed.entry(part).or_insert(Passed { from, place, next });
                (known.place, known.next) = (place, next);
            }
            if is_whole {
                self.steps.pop_front();
            } else {
                break;
            }
        }
        passed
    }

    /// What has to be stored to go on from the position that was passed last, and to give again what was `passed` with it.
    pub fn mark(&self, passed: &BTreeMap<usize, Passed>) -> Vec<u8> {
        let mut out = header(b'k');
        let last: HashMap<&Partition, usize> =
            self.parts.iter().enumerate().map(|(at, (part, _))| (part, at)).collect();
        // Where one was begun anew, what was before is of no use once it is passed.
        let is_of_use = |at: usize| last[&self.parts[at].0] == at || passed.contains_key(&at) || self.waits(at);
        let parts: Vec<usize> = (0..self.parts.len()).filter(|at| is_of_use(*at)).collect();
        put(&mut out, parts.len() as u64);
        for at in parts {
            let (Partition { topic, number }, place) = &self.parts[at];
            put(&mut out, topic.len() as u64);
            out.extend_from_slice(topic.as_bytes());
            put_signed(&mut out, i64::from(*number));
            for place in [*place, passed.get(&at).map_or(*place, |passed| passed.from)] {
                put_signed(&mut out, place.offset);
                put(&mut out, place.skip);
            }
        }
        out
    }
}

/// Partitions, and a place in each.
pub type Places = Vec<(Partition, Place)>;

/// The places that a mark tells of, and those at the mark before.
pub fn places(kept: &Kept, mark: &[u8]) -> Result<(Places, Places)> {
    let mut reader = Reader::new(kept, mark, b'k')?;
    let mut read = || {
        let (mut parts, mut before) = (Vec::new(), Vec::new());
        for _ in 0..reader.number()? {
            let len = usize::try_from(reader.number()?).ok()?;
            let topic = std::str::from_utf8(reader.bytes(len)?).ok()?.into();
            let number = i32::try_from(reader.signed()?).ok()?;
            let partition = Partition { topic, number };
            parts.push((partition.clone(), Place { offset: reader.signed()?, skip: reader.number()? }));
            before.push((partition, Place { offset: reader.signed()?, skip: reader.number()? }));
        }
        reader.is_at_end().then_some((parts, before))
    };
    read().ok_or_else(|| super::super::support::marks::not_understood(kept))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partition(number: i32) -> Partition {
        Partition { topic: "t".into(), number }
    }

    /// Two partitions; ten bytes of the first (offsets 5 to 7), twenty of the second (0 to 1), ten of the first (8 to 9).
    fn trail() -> Trail {
        let mut trail = Trail::at(100, Vec::new());
        let (one, two) = (trail.put(&partition(0), Place::at(5)), trail.put(&partition(1), Place::at(0)));
        assert_eq!(trail.gave(one, Place::at(5), 8, 10), 100);
        assert_eq!(trail.gave(two, Place::at(0), 2, 20), 110);
        assert_eq!(trail.gave(one, Place::at(8), 10, 10), 130);
        trail
    }

    fn shown(trail: &Trail) -> Vec<(i64, u64)> {
        let kept = Kept { name: "k".into(), ..Kept::default() };
        let (places, before) = places(&kept, &trail.mark(&BTreeMap::new())).unwrap();
        assert_eq!(places, before, "nothing was passed");
        places.into_iter().map(|(_, place)| (place.offset, place.skip)).collect()
    }

    #[test]
    fn a_mark_tells_the_place_in_every_partition() {
        let mut trail = trail();
        assert_eq!(shown(&trail), [(5, 0), (0, 0)]);
        assert_eq!(trail.pass(100), BTreeMap::new());
        let passed = trail.pass(110);
        assert_eq!(passed[&0], Passed { from: Place::at(5), place: Place::at(8), next: 8 });
        assert_eq!((passed.len(), shown(&trail)), (1, vec![(8, 0), (0, 0)]));
        assert_eq!(trail.pass(110), BTreeMap::new(), "it may be asked again");
        assert_eq!(trail.pass(140).len(), 2);
        assert_eq!((shown(&trail), trail.len()), (vec![(10, 0), (2, 0)], 0));
    }

    #[test]
    fn a_batch_may_end_inside_a_chunk_and_once_more_in_the_same() {
        let mut trail = trail();
        trail.pass(113);
        assert_eq!(shown(&trail), [(8, 0), (0, 3)]);
        let passed = trail.pass(120)[&1];
        assert_eq!((passed.place, passed.next), (Place { offset: 0, skip: 10 }, 2));
        assert!(trail.waits(1));
        assert_eq!(trail.pass(131)[&0].place, Place { offset: 8, skip: 1 });
        assert_eq!((shown(&trail), trail.waits(1)), (vec![(8, 1), (2, 0)], false));
    }

    #[test]
    fn a_partition_that_is_begun_elsewhere_stands_there_from_then_on() {
        let mut trail = trail();
        trail.put(&partition(1), Place::at(50));
        trail.put(&partition(2), Place::at(7));
        assert_eq!(shown(&trail), [(5, 0), (0, 0), (50, 0), (7, 0)], "what was given of it stands before that");
        trail.pass(130);
        assert_eq!(trail.pass(140).keys().copied().collect::<Vec<_>>(), [0]);
        assert_eq!(shown(&trail), [(10, 0), (50, 0), (7, 0)]);
    }

    /// Others have read what stands between: that is in no range that is claimed or given again.
    #[test]
    fn what_was_given_before_and_behind_records_of_others_is_told_apart() {
        let mut trail = Trail::at(0, vec![(partition(0), Place::at(3))]);
        let before = trail.begin(&partition(0), Place::at(5));
        trail.gave(before, Place::at(5), 8, 10);
        let behind = trail.put(&partition(0), Place::at(12));
        trail.gave(behind, Place::at(12), 20, 10);
        let passed = trail.pass(20);
        let range = |part| (passed[&part].from, passed[&part].next);
        assert_eq!((range(before), range(behind)), ((Place::at(5), 8), (Place::at(12), 20)));
        assert_eq!(trail.put(&partition(0), Place::at(20)), behind);
        assert_eq!(shown(&trail), [(20, 0)]);
    }

    #[test]
    fn a_mark_of_anything_else_is_refused() {
        let kept = Kept { name: "kafka://b/t".into(), ..Kept::default() };
        let whole = trail().mark(&BTreeMap::new());
        for mark in [&whole[..whole.len() - 1], &[1, b'k', 9], &[1, b'f', 0], &[]] {
            let error = places(&kept, mark).unwrap_err().to_string();
            assert!(error.contains("cannot go on with kafka://b/t"), "{error}");
        }
    }
}
