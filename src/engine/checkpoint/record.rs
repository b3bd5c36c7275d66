//! What a checkpoint holds: how far a run has come ([`Progress`]), and the records that move it on, batch by batch. Written and
//! read by the codec of [`state::checkpoint`](crate::state::checkpoint).

use crate::data::batch::BatchInfo;
use crate::data::time::Time;
use crate::engine::alarms::Standing;
use crate::engine::event::again::{EventLogged, LanePlace};
use crate::state::changes::{Change, StageChanges, StageRest, StageWhole};
use crate::state::checkpoint::codec::{Read, Reader, Unreadable, Writer};
use crate::state::window::Timeline;

/// How far a run has come.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Progress {
    /// The number and the end of the last batch that is complete.
    pub last: Option<(u64, Time)>,
    /// The columns of the rows that stages keep.
    pub columns: Vec<String>,
    /// The lanes.
    pub lanes: Vec<LaneKept>,
    /// The number that no lane had yet.
    pub next_lane: u64,
    /// Where the records' times cut: how far that has come.
    pub event: Option<EventLogged>,
    /// How the alarms stand.
    pub alarms: Vec<Standing>,
    /// The batch that was begun and not completed.
    pub pending: Option<Pending>,
}

/// What is kept of a lane.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LaneKept {
    /// Its number among all that there ever were, by which the journal knows it.
    pub number: u64,
    /// Which input of the plan it belongs to.
    pub input: usize,
    /// As messages name it.
    pub name: String,
    /// The position to go on from.
    pub position: u64,
    /// How many records stand before that, if they are counted.
    pub records: u64,
    /// What its source has to know to go on there; none if it cannot.
    pub marks: Vec<Vec<u8>>,
    /// What stood at the begin of it, or of the file in it.
    pub head: Option<HeadKept>,
    /// How many of its files stand before the one that is being written, and how many lines of that have been.
    pub lines: (u64, u64),
}

/// What stood at the begin of a lane, or of the file in it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HeadKept {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The file as messages name it, if not by the name of the lane.
    pub file: Option<String>,
    /// How many files of the lane stand before it.
    pub number: u64,
}

/// A batch that was begun and not completed.
#[derive(Debug, Clone, PartialEq)]
pub struct Pending {
    /// Where the sinks stood before it.
    pub stands: Vec<Stand>,
    /// What it holds, if that was settled.
    pub intent: Option<Intent>,
}

/// Where a sink stood.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stand {
    /// The sink as it was written.
    pub sink: String,
    /// In its own words.
    pub stand: Vec<u8>,
}

/// What a batch holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Intent {
    /// Its number and interval.
    pub info: BatchInfo,
    /// No other batch of this end will come.
    pub complete: bool,
    /// It is there for what windows still held at the end of the input.
    pub closing: bool,
    /// How far it goes in the lanes.
    pub lanes: Vec<LaneIntent>,
    /// Where the records' times cut: how far that has come.
    pub event: Option<EventLogged>,
}

/// How far a batch goes in a lane.
#[derive(Debug, Clone, PartialEq)]
pub struct LaneIntent {
    /// Which one of [`Progress::lanes`].
    pub lane: usize,
    /// See [`LaneKept::position`].
    pub position: u64,
    /// See [`LaneKept::records`].
    pub records: u64,
    /// What its source has to know to go on there.
    pub mark: Option<Vec<u8>>,
    /// See [`LaneKept::head`].
    pub head: Option<HeadKept>,
}

/// That a batch is complete.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Commit {
    /// The lanes of which lines have been written, and their [`LaneKept::lines`].
    pub lines: Vec<(usize, (u64, u64))>,
    /// How the alarms stand.
    pub alarms: Vec<Standing>,
}

/// What moves [`Progress`] on.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// A run has begun: how far it has come, in its lanes.
    Started(Progress),
    /// Something of a batch is about to be written that is not cut yet: where the sinks stand.
    Begun(Vec<Stand>),
    /// Something of a batch is about to be written: where the sinks stand, unless it was begun before.
    Intended(Intent, Vec<Stand>),
    /// The batch is complete; it is told once more what it holds if that was not intended before.
    Committed(Option<Intent>, Commit),
}

impl Progress {
    /// Goes on by one record.
    pub fn apply(&mut self, record: Record) {
        match record {
            Record::Started(progress) => *self = progress,
            Record::Begun(stands) => self.pending = Some(Pending { stands, intent: None }),
            Record::Intended(intent, stands) => match &mut self.pending {
                Some(pending) if pending.intent.is_none() => pending.intent = Some(intent),
                _ => self.pending = Some(Pending { stands, intent: Some(intent) }),
            },
            Record::Committed(intent, commit) => {
                let pending = self.pending.take().and_then(|pending| pending.intent);
                if let Some(intent) = intent.or(pending) {
                    self.complete(intent);
                }
                // By the times of records lanes are read again from elsewhere than they were written to.
                let by_event = self.event.is_some();
                for (lane, lines) in commit.lines {
                    if let Some(kept) = self.lanes.get_mut(lane).filter(|_| !by_event) {
                        kept.lines = lines;
                    }
                }
                self.alarms = commit.alarms;
            }
        }
    }

    fn complete(&mut self, intent: Intent) {
        self.last = Some((intent.info.id, intent.info.end));
        for LaneIntent { lane, position, records, mark, head } in intent.lanes {
            let Some(kept) = self.lanes.get_mut(lane) else { continue };
            (kept.position, kept.records) = (position, records);
            kept.marks.extend(mark);
            kept.head = head.or(kept.head.take());
        }
        for (lane, place) in self.lanes.iter_mut().zip(intent.event.iter().flat_map(|event| &event.places)) {
            lane.lines.1 = place.lines;
        }
        self.event = intent.event.or(self.event.take());
    }
}

/// What can be written and read again.
pub trait Coded: Sized {
    /// Appends it.
    fn write(&self, to: &mut Writer);

    /// Reads it.
    fn read(from: &mut Reader<'_>) -> Read<Self>;
}

/// Fields one after the other.
macro_rules! coded {
    ($name:ident { $($field:ident),* $(,)? }) => {
        impl Coded for $name {
            fn write(&self, to: &mut Writer) {
                $(self.$field.write(to);)*
            }

            fn read(from: &mut Reader<'_>) -> Read<Self> {
                $(let $field = Coded::read(from)?;)*
                Ok($name { $($field),* })
            }
        }
    };
}

coded!(Progress { last, columns, lanes, next_lane, event, alarms, pending });
coded!(LaneKept { number, input, name, position, records, marks, head, lines });
coded!(HeadKept { bytes, file, number });
coded!(Pending { stands, intent });
coded!(Stand { sink, stand });
coded!(Intent { info, complete, closing, lanes, event });
coded!(LaneIntent { lane, position, records, mark, head });
coded!(Commit { lines, alarms });
coded!(Standing { batches, last, acted });
coded!(BatchInfo { id, start, end, redo });
coded!(EventLogged { origin, places, known });
coded!(LanePlace { position, records, lines, newest });
coded!(StageChanges { stage, changes, rest });
coded!(StageWhole { stage, owners, rest });
coded!(StageRest { rows, blocks, news, timeline, start, given });

/// Values that the codec knows itself.
macro_rules! plain {
    ($($kind:ty: $write:expr, $read:expr;)*) => {
        $(impl Coded for $kind {
            fn write(&self, to: &mut Writer) {
                let write: fn(&mut Writer, &$kind) = $write;
                write(to, self);
            }

            fn read(from: &mut Reader<'_>) -> Read<Self> {
                let read: fn(&mut Reader<'_>) -> Read<$kind> = $read;
                read(from)
            }
        })*
    };
}

plain! {
    bool: |to, value| to.bool(*value), |from| from.bool();
    u64: |to, value| to.u64(*value), |from| from.u64();
    i64: |to, value| to.i64(*value), |from| from.i64();
    usize: |to, value| to.u64(*value as u64), |from| from.number();
    String: |to, value| to.str(value), |from| Ok(from.str()?.to_string());
    Vec<u8>: |to, value| to.bytes(value), |from| Ok(from.bytes()?.to_vec());
    Time: |to, value| to.time(*value), |from| from.time();
    crate::data::rows::Rows: |to, value| to.rows(value), |from| from.rows();
    crate::data::packed::Packed: |to, value| to.packed(value), |from| from.packed();
    Vec<crate::operators::Saved>: |to, value| to.saved(value), |from| from.saved();
    Timeline: |to, value| value.parts().iter().for_each(|part| part.write(to)),
        |from| Ok(Timeline::of_parts([Coded::read(from)?, Coded::read(from)?, Coded::read(from)?, Coded::read(from)?]));
}

impl<T: Coded> Coded for Option<T> {
    fn write(&self, to: &mut Writer) {
        to.bool(self.is_some());
        self.iter().for_each(|value| value.write(to));
    }

    fn read(from: &mut Reader<'_>) -> Read<Self> {
        from.bool()?.then(|| T::read(from)).transpose()
    }
}

impl<A: Coded, B: Coded> Coded for (A, B) {
    fn write(&self, to: &mut Writer) {
        self.0.write(to);
        self.1.write(to);
    }

    fn read(from: &mut Reader<'_>) -> Read<Self> {
        Ok((A::read(from)?, B::read(from)?))
    }
}

/// What stands in lists.
trait Listed: Coded {}

/// One behind the other.
macro_rules! listed {
    ($($kind:ty),* $(,)?) => {
        $(impl Listed for $kind {})*
    };
}

listed!(LaneKept, String, Vec<u8>, Stand, LaneIntent, Standing, LanePlace, u64, StageChanges, StageWhole, Change);
listed!((usize, (u64, u64)), (Time, crate::data::packed::Packed), crate::data::rows::Rows);
listed!((Option<crate::data::rows::Rows>, Option<Vec<crate::operators::Saved>>));

impl<T: Listed> Coded for Vec<T> {
    fn write(&self, to: &mut Writer) {
        to.u64(self.len() as u64);
        self.iter().for_each(|value| value.write(to));
    }

    fn read(from: &mut Reader<'_>) -> Read<Self> {
        let count = from.count(1)?;
        (0..count).map(|_| T::read(from)).collect()
    }
}

impl Coded for Change {
    fn write(&self, to: &mut Writer) {
        match self {
            Change::Owned(parts) => {
                to.u8(0);
                parts.write(to);
            }
            Change::Entered(info) => {
                to.u8(1);
                info.write(to);
            }
            Change::Emptied => to.u8(2),
            Change::Given(info) => {
                to.u8(3);
                info.write(to);
            }
        }
    }

    fn read(from: &mut Reader<'_>) -> Read<Self> {
        Ok(match from.u8()? {
            0 => Change::Owned(Coded::read(from)?),
            1 => Change::Entered(Coded::read(from)?),
            2 => Change::Emptied,
            3 => Change::Given(Coded::read(from)?),
            _ => return Err(Unreadable::NotUnderstood),
        })
    }
}

impl Coded for Record {
    fn write(&self, to: &mut Writer) {
        match self {
            Record::Started(progress) => {
                to.u8(0);
                progress.write(to);
            }
            Record::Begun(stands) => {
                to.u8(1);
                stands.write(to);
            }
            Record::Intended(intent, stands) => {
                to.u8(2);
                intent.write(to);
                stands.write(to);
            }
            Record::Committed(intent, commit) => {
                to.u8(3);
                intent.write(to);
                commit.write(to);
            }
        }
    }

    fn read(from: &mut Reader<'_>) -> Read<Self> {
        Ok(match from.u8()? {
            0 => Record::Started(Coded::read(from)?),
            1 => Record::Begun(Coded::read(from)?),
            2 => Record::Intended(Coded::read(from)?, Coded::read(from)?),
            3 => Record::Committed(Coded::read(from)?, Coded::read(from)?),
            _ => return Err(Unreadable::NotUnderstood),
        })
    }
}
