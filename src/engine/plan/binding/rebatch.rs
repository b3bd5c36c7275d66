//! What is done with a window (and the like), once it is known what stands behind it.

use super::super::sides::Spans;
use super::super::wrong::{for_ever, needs_interval, no_aggregate, no_batches, no_keys, no_multiple, without_interval};
use super::super::{Across, End};
use super::{Binder, Pending, What};
use crate::data::human::written;
use crate::error::Result;
use crate::operators::{Aggregate, Over, Rebatch, Spread};
use crate::state::Window;

impl Binder<'_> {
    /// From here on other batches come.
    pub(super) fn rebatch(&mut self, rebatch: Rebatch, name: &'static str, at: usize) -> Result<()> {
        let what = match rebatch {
            Rebatch::Window { length, slide } => {
                let Some(unit) = self.unit else { return Err(needs_interval(&format!("{name} {}", written(length)))) };
                let slide = slide.unwrap_or(unit);
                for (what, time) in [("length", length), ("--every", slide)] {
                    if time % unit != 0 {
                        return Err(no_multiple(what, time, unit));
                    }
                }
                (self.unit, self.windowed) = (Some(slide), true);
                let window = Window::new(length, slide, &self.context.zone);
                self.spans = Spans::Window(window.clone(), length);
                What::Window(window)
            }
            Rebatch::Over(over) => {
                if let (None, Some(wrong)) = (self.unit, without_interval(over)) {
                    return Err(wrong);
                }
                self.windowed |= matches!(over, Over::Session { .. });
                if matches!(over, Over::All { .. }) {
                    self.spans = Spans::Ever;
                }
                What::Over(over)
            }
        };
        self.pending = Some(Pending { what, name, at });
        Ok(())
    }

    /// Which batches this aggregate combines.
    pub(super) fn across(&mut self, aggregate: &dyn Aggregate, name: &str) -> Result<Across> {
        let Some(Pending { what, at, .. }) = self.pending.take() else { return Ok(Across::Batch) };
        let (across, keeps) = match what {
            What::Window(window) => {
                let keeps = match window.panes() {
                    1 => "what is combined of the window".to_string(),
                    panes => format!("what is combined of each of its {panes} panes"),
                };
                (Across::Window(window), keeps)
            }
            What::Over(over) => {
                let keyed = aggregate.spread() == Spread::ByKey;
                match over {
                    Over::All { ttl: None, changed: false } if aggregate.spread() == Spread::Loose => {
                        return Err(for_ever(name));
                    }
                    Over::All { ttl: None, changed: false } => {}
                    Over::All { ttl, .. } if !keyed || aggregate.running(over).is_none() => {
                        let option = if ttl.is_some() { "--ttl" } else { "--emit changed" };
                        return Err(no_keys(option));
                    }
                    Over::All { .. } | Over::Session { .. } | Over::Within { .. } | Over::Panes => {}
                }
                let keeps = match over {
                    Over::All { ttl: None, .. } => "what is combined of all rows since the start".to_string(),
                    Over::All { ttl: Some(ttl), .. } => {
                        format!(
                            "what is combined of each key, until no row of it has come for more than {}",
                            written(ttl)
                        )
                    }
                    Over::Session { .. } | Over::Panes => "what is combined of each open session".to_string(),
                    Over::Within { .. } => self.explained[at].keeps.clone(),
                };
                (Across::All(over), keeps)
            }
        };
        self.explained[at].keeps = keeps;
        Ok(across)
    }

    /// Whatever comes now has to stand behind the window: its rows are kept.
    pub(super) fn settle(&mut self) -> Result<()> {
        let Some(Pending { what, name, at }) = self.pending.take() else { return Ok(()) };
        match what {
            What::Window(window) => {
                self.explained[at].keeps = "its rows, of their columns those that are needed".to_string();
                self.explained[at].stage = self.stages.len();
                let end = End::Window(window);
                self.explained[at].shuffle = Some(end.shuffle());
                self.stage(end);
                Ok(())
            }
            What::Over(Over::All { .. }) => Err(no_batches(name)),
            What::Over(Over::Session { .. } | Over::Within { .. } | Over::Panes) => Err(no_aggregate()),
        }
    }
}
