//! What becomes of late records, and what is said of them. Owned by the output thread, told piece by piece in the order of
//! each lane.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::data::human;
use crate::data::time::Time;
use crate::engine::kept_file::KeptFile;
use crate::engine::message::{Late, Passed};
use crate::error::Result;

/// The time of a record in microseconds, and where it stands.
#[derive(Clone)]
struct Seen {
    time: i64,
    /// The file, if the lane has several.
    file: Option<Arc<str>>,
    /// Counted from 1.
    line: u64,
}

/// The late records of a run.
pub struct LateRecords {
    lanes: Vec<Lane>,
    count: u64,
    /// Where they are kept.
    file: Option<KeptFile>,
}

#[derive(Default)]
struct Lane {
    /// The number of the next piece.
    next: u64,
    /// Pieces that came before their turn.
    waiting: BTreeMap<u64, Passed>,
    newest: Option<Seen>,
    /// The first late record, and the one that had moved the time on farthest before it.
    first: Option<(Seen, Option<Seen>)>,
}

impl LateRecords {
    /// None so far.
    pub fn new(lanes: usize, file: Option<KeptFile>) -> Self {
        LateRecords { lanes: (0..lanes).map(|_| Lane::default()).collect(), count: 0, file }
    }

    /// A piece is done: gives it back, with those behind it, as soon as its turn has come.
    pub fn in_order(&mut self, passed: Passed) -> Vec<Passed> {
        let lane = &mut self.lanes[passed.lane];
        lane.waiting.insert(passed.seq, passed);
        let mut ready = Vec::new();
        while let Some(passed) = lane.waiting.remove(&lane.next) {
            lane.next += 1;
            ready.push(passed);
        }
        ready
    }

    /// The next piece of a lane, before which so many lines of its file stand.
    pub fn piece(
        &mut self,
        lane: usize,
        (file, lines): (Option<Arc<str>>, u64),
        newest: Option<(i64, u64)>,
        late: Option<Late>,
    ) -> Result<()> {
        let seen = |(time, line): (i64, u64)| Seen { time, file: file.clone(), line: lines + line + 1 };
        let lane = &mut self.lanes[lane];
        if let Some(late) = late {
            self.count += late.count;
            let moved = late.moved.map(seen).or_else(|| lane.newest.clone());
            lane.first.get_or_insert_with(|| (seen((late.time, late.line)), moved));
            if let Some(file) = &mut self.file {
                for record in &late.kept {
                    file.write(record)?;
                }
            }
        }
        if let Some(newest) = newest.filter(|newest| lane.newest.as_ref().is_none_or(|before| newest.0 > before.time)) {
            lane.newest = Some(seen(newest));
        }
        Ok(())
    }

    /// Where they are kept.
    pub fn file(&mut self) -> Option<&mut KeptFile> {
        self.file.as_mut()
    }

    /// What is to be said at the end of the run, if there were any. `name`: a lane as messages name it.
    pub fn said(&self, name: impl Fn(usize) -> String, zone: &TimeZone) -> Option<String> {
        let count = self.count;
        let (lane, first) = self.lanes.iter().enumerate().find_map(|(at, lane)| Some((at, lane.first.as_ref()?)))?;
        let time = |micros: i64| Time(micros.div_euclid(1000)).rfc3339(zone);
        let (late, moved) = first;
        let name = late.file.as_deref().map_or_else(|| name(lane), String::from);
        let were = if count == 1 { "was" } else { "were" };
        let mut text = format!("{} {were} ", human::counted(count, "late record"));
        text += if self.file.is_some() { "left out and kept" } else { "left out" };
        text += &format!(
            "; {}{name}, line {}, is of {}",
            if count == 1 { "" } else { "the first, " },
            late.line,
            time(late.time)
        );
        text += &match moved {
            Some(newest) if newest.time > late.time => {
                let other = newest.file.as_deref().filter(|file| Some(*file) != late.file.as_deref());
                let of = other.map(|file| format!(" of {file}")).unwrap_or_default();
                format!(
                    "; line {}{of} had moved the time on to {}; --late DURATION waits longer",
                    newest.line,
                    time(newest.time)
                )
            }
            _ => "; its source had been silent for so long that nobody waited: --idle DURATION does longer".to_string(),
        };
        text += if self.file.is_some() { "" } else { ", --late-to FILE keeps them" };
        Some(text)
    }
}
