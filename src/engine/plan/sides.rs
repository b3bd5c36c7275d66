//! The sides of joins: inputs that are read to be looked up, and how long their rows are kept.

use crate::data::human::written;
use crate::data::schema::Live;
use crate::engine::cutter::Cutter;
use crate::error::{Error, Result};
use crate::operators::Side;
use crate::state::Window;

use super::{End, PlanInput, Stage};

/// How much of what was received a batch stands for, at some place of the chain.
pub(super) enum Spans {
    /// What came in with it.
    Batch,
    /// So many milliseconds before its end.
    Window(Window, i64),
    /// All since the start.
    Ever,
}

impl Spans {
    /// The input that is read for a join there, as number `number` of the sides, of which `live` is needed; the stage that it
    /// feeds; and which of its rows are kept, in words.
    pub(super) fn bind(&self, side: &Side, live: Live, number: usize) -> Result<(PlanInput, Stage, String)> {
        let name = side.name().to_string();
        let (window, keeps) = match self {
            Spans::Batch => (None, "of the batch".to_string()),
            Spans::Window(window, length) => (Some(window.clone()), format!("of the last {}", written(*length))),
            Spans::Ever => {
                return Err(Error::usage(format!(
                    "behind `window all` a batch is everything since the start, so that every row of {name} would be kept for \
                     ever: join before it: join {name} --on id then window all then count --by id"
                )));
            }
        };
        let format = side.format();
        let schema = side.schema(&live)?;
        let needs_head = side.schema(&Live::all())?.open;
        let cutter = Cutter::new(format, &live, &schema, &[])?;
        let keeps = format!("the rows of the batch, and those of {name} {keeps}");
        let input = PlanInput { name, cutter, live, first: Vec::new(), feeds: number + 1, needs_head };
        Ok((input, Stage { schema, level: 0, calendar: None, steps: Vec::new(), end: End::Side(window) }, keeps))
    }
}
