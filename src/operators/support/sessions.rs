//! Aggregates of sessions: the rows of a batch are combined by key and by bucket, a stretch of time as long as the gap, whose rows
//! belong together for certain; the buckets of a key come together where the key belongs.

use std::sync::Arc;

use super::combined::Calls;
use crate::data::batch::BatchInfo;
use crate::data::block::{Block, Column};
use crate::data::order::SortKey;
use crate::data::rows::Rows;
use crate::data::schema::{Field, Kind, Schema};
use crate::data::time::Time;
use crate::error::{Error, Result};
use crate::expr::Context;
use crate::expr::aggregates::{Plan, Sessions, Shipped, Table};
use crate::expr::by::By;
use crate::operators::{Accumulator, Aggregate, Map, Over, Running, Saved, Spread, Work};

/// The columns of a session's own times.
pub const TIMES: [&str; 2] = ["window_start", "window_end"];
/// The columns that are added to the rows: no names that a person can write.
const TIME: &str = "\u{1}time";
const BUCKET: &str = "\u{1}bucket";

/// The keys of an aggregate that stands behind a session of keys `by`.
pub fn group(own: &mut Option<By>, by: &By, fill: bool) -> Result<()> {
    if fill {
        return Err(Error::usage("--fill is not for sessions, of which only those are given that close: leave it out"));
    }
    match own {
        Some(own) if !own.is_like(by) => Err(Error::usage(
            "its --by is another one than that of the session before it, whose rows it combines: leave it out, or write the same",
        )),
        Some(_) => Ok(()),
        None => {
            *own = Some(by.clone());
            Ok(())
        }
    }
}

/// What computes these calls of each session (`gap`: in milliseconds), and the columns of the result: those of the keys,
/// [`TIMES`], then one for each call.
pub fn combine(calls: &Calls, by: &By, gap: i64, input: &Schema, context: &Context) -> Result<(Vec<Work>, Schema)> {
    let gap = gap.saturating_mul(1000);
    let calls = calls.with_extremes(TIME);
    let mut rows = input.clone();
    rows.fields.extend([TIME, BUCKET].map(|name| Field::hidden(name).of(Kind::Number)));
    let keys = by.bind(input, context)?;
    let width = keys.width();
    let buckets = keys.with(Field::hidden(BUCKET).of(Kind::Number), input.fields.len() + 1);
    let (buckets, _) = calls.bind(Some(buckets), &rows, context)?;
    let (keys, combined) = calls.bind(Some(by.bind(input, context)?), &rows, context)?;
    let mut fields = combined.fields;
    fields.truncate(fields.len() - 2);
    fields.splice(width..width, TIMES.map(|name| Field::hidden(name).of(Kind::Time)));
    let aggregate = Sessioned { buckets, keys, width };
    let work = vec![Work::Map(Box::new(Timed { gap })), Work::Aggregate(Box::new(aggregate))];
    Ok((work, Schema { fields, ..Schema::default() }))
}

/// Adds to each row its time and its bucket.
struct Timed {
    /// In microseconds.
    gap: i64,
}

impl Map for Timed {
    fn map(&self, mut block: Block, batch: &BatchInfo) -> Result<Block> {
        let end = batch.end.0.saturating_mul(1000);
        let times = block.origins.times.take().unwrap_or_else(|| vec![end; block.rows]);
        let buckets = times.iter().map(|time| time.div_euclid(self.gap)).collect();
        block.columns.extend([times, buckets].map(Column::ints));
        Ok(block)
    }
}

/// Combines the rows of each session.
struct Sessioned {
    /// By key and bucket, for the rows of a batch.
    buckets: Arc<Plan>,
    /// By key, for what is kept.
    keys: Arc<Plan>,
    /// How many columns the keys have.
    width: usize,
}

impl Aggregate for Sessioned {
    fn spread(&self) -> Spread {
        Spread::ByKey
    }

    fn start(&self) -> Box<dyn Accumulator> {
        Box::new(Table::owned_by(Arc::clone(&self.buckets), self.width))
    }

    /// By key, then by when they began.
    fn order(&self) -> Vec<SortKey> {
        (0..=self.width).map(|column| SortKey { column, descending: false, bytes: true }).collect()
    }

    fn running(&self, over: Over) -> Option<Box<dyn Running>> {
        match over {
            Over::Session { gap } => Some(Box::new(Sessions::new(&self.keys, gap.saturating_mul(1000)))),
            _ => None,
        }
    }
}

impl Running for Sessions {
    fn enter(&mut self, part: &mut dyn Accumulator, _: &BatchInfo) {
        let shipped = part.ship(0, 1).downcast::<Shipped>().expect("what is combined of sessions are tables");
        Sessions::enter(self, *shipped);
    }

    fn finish(&mut self, batch: &BatchInfo) -> Rows {
        Sessions::finish(self, batch.end)
    }

    fn due(&self) -> Option<Time> {
        Sessions::due(self)
    }

    fn len(&self) -> usize {
        Sessions::len(self)
    }

    fn bytes(&self) -> usize {
        Sessions::bytes(self)
    }

    fn save(&self) -> Vec<Saved> {
        Sessions::save(self).into_iter().map(|(what, rows)| Saved { what, rows, ..Saved::default() }).collect()
    }

    fn restore(&mut self, saved: Vec<Saved>) {
        Sessions::restore(self, saved.into_iter().map(|saved| (saved.what, saved.rows)).collect());
    }
}
