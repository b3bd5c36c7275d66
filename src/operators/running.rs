//! What is kept of an aggregate from batch to batch: under `window`, `window all`, `session` and `distinct --within`. The
//! engine owns one for each shard, which holds the keys that belong to that shard, and calls it for batch after batch.

use crate::data::batch::BatchInfo;
use crate::data::rows::Rows;
use crate::data::time::Time;

use super::Accumulator;

/// For how long rows count (SPEC 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// As long as the engine says: what came in with a pane leaves with it.
    Panes,
    /// For ever; of a key until no row of it has come for more than `ttl` milliseconds. With `changed` a result holds only the
    /// keys that the batch has touched.
    All {
        /// `--ttl`.
        ttl: Option<i64>,
        /// `--emit changed`.
        changed: bool,
    },
    /// Until no row of the same key has come for more than so many milliseconds; only then there is a result.
    Session {
        /// `--gap`.
        gap: i64,
    },
    /// Each batch by itself, but keys that have passed are held back for so long.
    Within {
        /// `--within`.
        millis: i64,
    },
}

/// Which batches the operators behind `window` and `session` see. Times are in milliseconds, above 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rebatch {
    /// The last `length` of data, given every `slide`; without one as often as the batches before it.
    Window {
        /// How long it is.
        length: i64,
        /// How often it is given.
        slide: Option<i64>,
    },
    /// What the aggregate behind it keeps: everything since the start, or sessions.
    Over(Over),
}

/// What one shard keeps of an aggregate. It owns its bytes.
pub trait Running: Send {
    /// What was combined of a batch, or of all batches of a pane, comes in; `part` is empty then. `batch.end` grows from call
    /// to call.
    fn enter(&mut self, part: &mut dyn Accumulator, batch: &BatchInfo);

    /// What came in with an end of `until` or before leaves.
    fn leave(&mut self, until: Time) {
        let _ = until;
    }

    /// The rows of the result of this batch, in any order, as [`Accumulator::finish`] gives them. Asked once for each batch that
    /// has a result, after what belongs to it has come in and left.
    fn finish(&mut self, batch: &BatchInfo) -> Rows;

    /// What [`Running::finish`] does, where nobody wants the rows: a run before this one has given them.
    fn pass(&mut self, batch: &BatchInfo) {
        self.finish(batch);
    }

    /// The first batch that ends after this time has a result, even if nothing comes in until then.
    fn due(&self) -> Option<Time> {
        None
    }

    /// How many keys (or rows) it holds ...
    fn len(&self) -> usize;

    /// Whether that is none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// ... and about how many bytes.
    fn bytes(&self) -> usize;

    /// All that it holds, to be written out; [`Running::restore`] of it into an empty one gives the same again.
    fn save(&self) -> Vec<Saved>;

    /// Takes over what [`Running::save`] gave.
    fn restore(&mut self, saved: Vec<Saved>);
}

/// Some of what is kept.
#[derive(Clone, Default)]
pub struct Saved {
    /// What it is, in the words of who keeps it.
    pub what: u8,
    /// A time that belongs to it.
    pub time: Time,
    /// Its rows.
    pub rows: Rows,
}
