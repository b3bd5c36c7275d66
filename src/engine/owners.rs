//! What is kept of aggregates from batch to batch lies on the shard that owns the key: here the parts of a batch come to it, and
//! its results come back. Small work is done at once, large work by all shards.

use std::any::Any;
use std::sync::Arc;

use crate::data::batch::BatchInfo;
use crate::data::fast::HugeVec;
use crate::data::order;
use crate::data::rows::Rows;
use crate::operators::{Accumulator, Aggregate, Over, Running, Saved, Spread};
use crate::state::Merged;
use crate::state::changes::Change;
use crate::state::stage::Owner;

use super::core::Core;
use super::shares;
use super::shuffle::{Feed, Ordered, SMALL, keep, sorts_for_next, start};

type Part = Box<dyn Accumulator>;
type Parcel = Box<dyn Any + Send>;

/// How many shards own something.
fn owners_of(core: &Core, aggregate: &dyn Aggregate) -> usize {
    if aggregate.spread() == Spread::Whole { 1 } else { core.shards }
}

/// The owners of a stage, to be put back by [`put_back`]. A run that goes on with a checkpoint has as many as the first had,
/// however many shards it has itself.
fn taken(core: &Core, at: usize, aggregate: &dyn Aggregate) -> Vec<Owner> {
    let mut owners = std::mem::take(&mut core.kept(at).owners);
    if owners.is_empty() {
        owners.resize_with(owners_of(core, aggregate), Owner::default);
    }
    owners
}

fn put_back(core: &Core, at: usize, owners: Vec<Owner>) {
    core.kept(at).owners = owners;
}

/// `work` on each, by all shards if that pays.
fn each<T, R, F>(core: &Arc<Core>, size: usize, items: Vec<T>, work: F) -> Vec<R>
where
    T: Send + 'static,
    R: Send + 'static,
    F: Fn(usize, T) -> R + Send + Sync + 'static,
{
    if size < SMALL {
        return items.into_iter().enumerate().map(|(at, item)| work(at, item)).collect();
    }
    shares::map(core, items, work)
}

/// Brings the parts of a batch to those who own their keys, where they are combined with those of the same pane.
pub(super) fn own(core: &Arc<Core>, at: usize, aggregate: &dyn Aggregate, parts: Vec<Part>) {
    if parts.is_empty() {
        return;
    }
    core.kept(at).record(|| Change::Owned(parts.iter().map(|part| part.save()).collect()));
    let owners = taken(core, at, aggregate);
    let ways = owners.len();
    let size: usize = parts.iter().map(|part| part.len()).sum();
    // A part stays where it is if its shard has nothing yet.
    let stays: Vec<bool> =
        (0..parts.len()).map(|me| owners.get(me).is_some_and(|owner| owner.open.is_none())).collect();
    let loose = aggregate.spread() == Spread::Loose;
    let shipped = each(core, size, parts, move |me, mut part: Part| {
        let goes = |to: usize| if loose { to == me % ways } else { true };
        let mut parcels: Vec<Option<Parcel>> = Vec::with_capacity(ways);
        for to in 0..ways {
            let wanted = goes(to) && !(stays[me] && to == me);
            parcels.push(wanted.then(|| if loose { part.ship(0, 1) } else { part.ship(to, ways) }));
        }
        (part, stays[me], parcels)
    });
    let mut work: Vec<(Owner, Vec<Parcel>)> = owners.into_iter().map(|owner| (owner, Vec::new())).collect();
    for (me, (part, stays, parcels)) in shipped.into_iter().enumerate() {
        for ((_, mine), parcel) in work.iter_mut().zip(parcels) {
            mine.extend(parcel);
        }
        match work.get_mut(me) {
            Some((owner, _)) if stays => owner.open = Some(part),
            _ => keep(core, at, part),
        }
    }
    let shared = Arc::clone(core);
    let owners = each(core, size, work, move |_, (mut owner, parcels): (Owner, Vec<Parcel>)| {
        for parcel in parcels {
            owner.open.get_or_insert_with(|| start(&shared, at)).take(parcel);
        }
        owner
    });
    put_back(core, at, owners);
}

/// What is open comes to what is kept, as what came in with this batch.
pub(super) fn enter(core: &Arc<Core>, at: usize, aggregate: &Arc<dyn Aggregate>, over: Over, info: BatchInfo) {
    core.kept(at).record(|| Change::Entered(info));
    let owners = taken(core, at, &**aggregate);
    let size = owners.iter().filter_map(|owner| owner.open.as_ref()).map(|open| open.len()).sum();
    let (shared, core_of) = (Arc::clone(aggregate), Arc::clone(core));
    let owners = each(core, size, owners, move |_, mut owner: Owner| {
        if let Some(mut open) = owner.open.take() {
            running(&mut owner, &shared, over).enter(&mut *open, &info);
            keep(&core_of, at, open);
        }
        owner
    });
    put_back(core, at, owners);
}

fn running<'a>(owner: &'a mut Owner, aggregate: &Arc<dyn Aggregate>, over: Over) -> &'a mut dyn Running {
    let made = || aggregate.running(over).unwrap_or_else(|| Box::new(Merged::new(aggregate, over)));
    &mut **owner.running.get_or_insert_with(made)
}

/// What is open is not wanted.
pub(super) fn forget(core: &Arc<Core>, at: usize, aggregate: &dyn Aggregate) {
    core.kept(at).record(|| Change::Emptied);
    let mut owners = taken(core, at, aggregate);
    for mut open in owners.iter_mut().filter_map(|owner| owner.open.take()) {
        open.finish();
        keep(core, at, open);
    }
    put_back(core, at, owners);
}

/// The result of what is kept, after what is older than the batch `info` has left.
pub(super) fn result(core: &Arc<Core>, at: usize, aggregate: &Arc<dyn Aggregate>, over: Over, info: BatchInfo) -> Feed {
    core.kept(at).record(|| Change::Given(info));
    let sort = sorts_for_next(core, at);
    let owners = taken(core, at, &**aggregate);
    let size = owners.iter().filter_map(|owner| owner.running.as_ref()).map(|running| running.len()).sum();
    let (shared, keys) = (Arc::clone(aggregate), aggregate.order());
    let done = each(core, size, owners, move |_, mut owner: Owner| {
        let running = running(&mut owner, &shared, over);
        if over == Over::Panes {
            running.leave(info.start);
        }
        let rows = running.finish(&info);
        let entries = if sort { order::sorted(&rows, &keys) } else { HugeVec::new() };
        (owner, rows, entries)
    });
    ordered(core, at, &**aggregate, done).feed(sort)
}

/// The result of what is kept was given by a run before this one.
pub(super) fn pass(core: &Arc<Core>, at: usize, aggregate: &Arc<dyn Aggregate>, over: Over, info: BatchInfo) {
    let owners = taken(core, at, &**aggregate);
    let shared = Arc::clone(aggregate);
    let owners = each(core, 0, owners, move |_, mut owner: Owner| {
        let running = running(&mut owner, &shared, over);
        if over == Over::Panes {
            running.leave(info.start);
        }
        running.pass(&info);
        owner
    });
    put_back(core, at, owners);
}

/// What the owners had, from a checkpoint.
pub(super) fn restore(
    core: &Arc<Core>,
    at: usize,
    aggregate: &Arc<dyn Aggregate>,
    over: Over,
    kept: Vec<(Option<Rows>, Option<Vec<Saved>>)>,
) {
    let (shared, core_of) = (Arc::clone(aggregate), Arc::clone(core));
    let owners = shares::map(core, kept, move |_, (open, kept)| {
        let mut owner = Owner::default();
        if let Some(rows) = open {
            owner.open.insert(start(&core_of, at)).restore(rows);
        }
        if let Some(saved) = kept {
            running(&mut owner, &shared, over).restore(saved);
        }
        owner
    });
    put_back(core, at, owners);
}

/// The result of what is open, of which nothing is kept.
pub(super) fn finish_open(core: &Arc<Core>, at: usize, aggregate: &dyn Aggregate) -> Feed {
    core.kept(at).record(|| Change::Emptied);
    let sort = sorts_for_next(core, at);
    let owners = taken(core, at, aggregate);
    let size = owners.iter().filter_map(|owner| owner.open.as_ref()).map(|open| open.len()).sum();
    let (shared, keys, whole) = (Arc::clone(core), aggregate.order(), aggregate.spread() == Spread::Whole);
    let done = each(core, size, owners, move |_, mut owner: Owner| {
        // Without keys there is a result of no rows as well.
        let open = owner.open.take().or_else(|| whole.then(|| start(&shared, at)));
        let rows = open.map_or_else(Rows::default, |mut open| {
            let rows = open.finish();
            keep(&shared, at, open);
            rows
        });
        let entries = if sort { order::sorted(&rows, &keys) } else { HugeVec::new() };
        (owner, rows, entries)
    });
    ordered(core, at, aggregate, done).feed(sort)
}

fn ordered(
    core: &Core,
    at: usize,
    aggregate: &dyn Aggregate,
    done: Vec<(Owner, Rows, HugeVec<order::Entry>)>,
) -> Ordered {
    let mut ordered = Ordered::of(aggregate.order());
    let mut owners = Vec::with_capacity(done.len());
    for (owner, rows, entries) in done {
        ordered.push(rows, entries);
        owners.push(owner);
    }
    put_back(core, at, owners);
    ordered
}
