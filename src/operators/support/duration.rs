//! Durations among the arguments of an operator.

use crate::data::human::parse_duration;
use crate::error::{Error, Result};

/// What was written for `what`, in milliseconds.
pub fn millis(what: &str, text: &str) -> Result<i64> {
    match parse_duration(text) {
        Ok(duration) => Ok(duration.as_millis() as i64),
        Err(reason) => Err(Error::usage(format!("{what} `{text}`: {reason}"))),
    }
}
