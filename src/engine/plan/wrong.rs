//! What is said of windows and the like that do not fit where they stand.

use crate::data::human::written;
use crate::error::Error;
use crate::operators::Over;

/// Something stands only behind batches that have an interval.
pub(super) fn needs_interval(what: &str) -> Error {
    Error::usage(format!(
        "`{what}` needs batches that end at fixed times: add for example --batch 1s (files are one batch unless it is given)"
    ))
}

/// What is kept so long, if only batches that have an interval can tell how long that is.
pub(super) fn without_interval(over: Over) -> Option<Error> {
    let (option, millis) = match over {
        Over::All { ttl, .. } => ("--ttl", ttl?),
        Over::Session { gap } => ("--gap", gap),
        Over::Within { millis } => ("--within", millis),
        Over::Panes => return None,
    };
    Some(needs_interval(&format!("{option} {}", written(millis))))
}

/// A time that is to be a multiple of the interval.
pub(super) fn no_multiple(what: &str, time: i64, unit: i64) -> Error {
    let (below, above) = (time / unit * unit, (time / unit + 1) * unit);
    let fits = if below > 0 { format!("{} or {}", written(below), written(above)) } else { written(above) };
    Error::usage(format!(
        "the {what} of {} is no multiple of {}, which is how far apart the batches before it are: write {fits}, or other batches",
        written(time),
        written(unit)
    ))
}

/// An operator that needs rows, behind `window all`.
pub(super) fn for_ever(name: &str) -> Error {
    Error::usage(format!(
        "`window all then {name}` would keep every row for ever: put an aggregate between them, or use a window of some length"
    ))
}

/// What names window_start or window_end where they are not known yet.
pub(super) fn times_of_session() -> Error {
    Error::usage(
        "window_start and window_end are those of the session here, and known when it is closed: name them outside of \
         aggregates and --by, or behind this operator",
    )
}

/// The same, in what is kept up to date for ever.
pub(super) fn times_of_ever() -> Error {
    Error::usage(
        "behind `window all` what is combined is kept, not the rows, and window_start and window_end grow with each batch: name them \
         in front of it, for the time of each row's own batch, or behind this operator",
    )
}

/// Everything since the start comes with each batch.
pub(super) fn within_all() -> Error {
    Error::usage(
        "behind `window all` each batch is everything since the start, so that there is nothing to hold back: leave --within out, or \
         the window",
    )
}

/// Options of `window all` that are about keys.
pub(super) fn no_keys(option: &str) -> Error {
    Error::usage(format!(
        "`window all {option}` looks at each key, and there are none here: write it before count, agg or reduce with --by"
    ))
}

/// `window all` before what is no aggregate.
pub(super) fn no_batches(name: &str) -> Error {
    Error::usage(format!(
        "`{name} all` stands before an aggregate, which is kept up to date: count, agg, reduce, distinct or top; rows and batches are \
         not kept for ever: use a length, such as window 1h"
    ))
}

/// A session before what is no aggregate.
pub(super) fn no_aggregate() -> Error {
    Error::usage(
        "session stands directly before the aggregate that is made of each session: session --gap 30m --by ip then agg 'count(*) \
         AS hits'",
    )
}
