//! Event time: batches are cut by the records' own time (SPEC 1).
//!
//! A piece of a lane goes to any shard, which cuts its records into columns, computes their times and groups the rows by batch
//! ([`sorting`]). Then the pieces of each lane are let in, strictly in the lane's order ([`admission`]): what is late is
//! decided there, by a comparison for each group, and each group becomes a piece of its batch. A batch is cut when the times
//! of all lanes have passed its end. [`blocks`] is what the shards do, [`by_time`] what the plan holds, [`late`] what becomes
//! of late records.

pub mod admission;
pub mod again;
mod batches;
pub mod blocks;
pub mod by_time;
pub mod idle;
pub mod late;
pub mod sorting;

use std::time::Duration;

use crate::data::calendar::Calendar;

/// What the command line says about event time.
#[derive(Clone)]
pub struct Event {
    /// Where batches end.
    pub calendar: Calendar,
    /// How much older than the newest record before it a record may be, in microseconds.
    pub late: i64,
    /// A live lane that is silent for so long does not hold the others back.
    pub idle: Duration,
}

#[cfg(test)]
mod tests;
