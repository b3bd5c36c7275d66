//! What a batch is to those who see it: its number and its interval.

use super::time::Time;

/// One batch: every record received in `[start, end)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchInfo {
    /// Counted from 0 at the start of the run.
    pub id: u64,
    /// Start of the interval.
    pub start: Time,
    /// End of the interval: the batch time, as in Spark.
    pub end: Time,
    /// A batch that was already given to the sinks, perhaps in part, by a run that broke off.
    pub redo: bool,
}
