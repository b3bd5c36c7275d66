//! What is said of windows that do not fit where they stand.

use crate::error::Error;

/// A duration, as it is written.
pub(super) fn written(millis: i64) -> String {
    humantime::format_duration(std::time::Duration::from_millis(millis as u64)).to_string()
}

/// Something stands only behind batches that have an interval.
pub(super) fn needs_interval(what: &str) -> Error {
    Error::usage(format!(
        "`{what}` needs batches that end at fixed times: add for example --batch 1s (files are one batch unless it is given)"
    ))
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
