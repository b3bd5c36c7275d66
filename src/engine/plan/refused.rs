//! What a plan refuses: which batches an operator needs, and has not.

use crate::data::human::written;
use crate::error::Error;

/// Batches have to end at fixed times.
pub(super) fn needs_interval(what: &str) -> Error {
    Error::usage(format!(
        "`{what}` needs batches that end at fixed times: add for example --batch 1s (files are one batch unless it is given)"
    ))
}

/// A window is as long as some batches before it.
pub(super) fn no_multiple(what: &str, time: i64, unit: i64) -> Error {
    let (below, above) = (time / unit * unit, (time / unit + 1) * unit);
    let fits = if below > 0 { format!("{} or {}", written(below), written(above)) } else { written(above) };
    Error::usage(format!(
        "the {what} of {} is no multiple of {}, which is how far apart the batches before it are: write {fits}, or other batches",
        written(time),
        written(unit)
    ))
}

/// Rows would be kept for ever.
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

/// Everything since the start comes with each batch.
pub(super) fn within_all() -> Error {
    Error::usage(
        "behind `window all` each batch is everything since the start, so that there is nothing to hold back: leave --within out, or \
         the window",
    )
}
