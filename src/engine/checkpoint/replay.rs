//! Puts back what the stages kept when a run before this one ended: the last that was written as a whole, then what batches
//! have changed since, done once more. Before any thread of the run begins.

use std::sync::Arc;

use crate::operators::{Aggregate, Over};
use crate::state::changes::{Change, Recorded, StageChanges, StageWhole};

use super::super::core::Core;
use super::super::owners;
use super::super::plan::{Across, End};
use super::super::shuffle;

/// Puts it back, and records from then on.
pub fn restore(core: &Arc<Core>, whole: Vec<StageWhole>, changes: Vec<StageChanges>) {
    for StageWhole { stage, owners, rest } in whole {
        if let Some((aggregate, over)) = kept_of(core, stage) {
            owners::restore(core, stage, &aggregate, over, owners);
        }
        core.kept(stage).restore(rest);
    }
    for StageChanges { stage, changes, rest } in changes {
        if let Some((aggregate, over)) = kept_of(core, stage) {
            changes.into_iter().for_each(|change| again(core, stage, &aggregate, over, change));
        }
        core.kept(stage).restore(rest);
    }
    (0..core.plan.stages.len()).for_each(|stage| core.kept(stage).recorded = Some(Recorded::default()));
}

/// What is kept of an aggregate at a stage, and for how long.
fn kept_of(core: &Core, stage: usize) -> Option<(Arc<dyn Aggregate>, Over)> {
    match &core.plan.stages.get(stage)?.end {
        End::Aggregate(aggregate, Across::Window(_)) => Some((Arc::clone(aggregate), Over::Panes)),
        End::Aggregate(aggregate, Across::All(over)) => Some((Arc::clone(aggregate), *over)),
        _ => None,
    }
}

fn again(core: &Arc<Core>, at: usize, aggregate: &Arc<dyn Aggregate>, over: Over, change: Change) {
    match change {
        Change::Owned(parts) => {
            let part = |rows| {
                let mut part = shuffle::start(core, at);
                part.restore(rows);
                part
            };
            owners::own(core, at, &**aggregate, parts.into_iter().map(part).collect());
        }
        Change::Entered(info) => owners::enter(core, at, aggregate, over, info),
        Change::Emptied => owners::forget(core, at, &**aggregate),
        Change::Given(info) => owners::pass(core, at, aggregate, over, info),
    }
}
