//! What can go wrong, and which exit status each of it is (SPEC: 1 it failed, 2 usage, that of an alarm).
//!
//! Messages are for people: lower case; what was attempted, what was found, what to do.

use std::fmt::Display;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

/// Everything that ends a run early.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The command line is wrong: status 2, and a pointer to `--help`.
    #[error("{0}")]
    Usage(String),
    /// A source, a sink or an operator failed: status 1.
    #[error("{0}")]
    Failed(String),
    /// Whoever reads standard output has gone: the run ends quietly with status 0.
    #[error("standard output was closed")]
    Closed,
    /// An alarm ended the run with this status, and said why.
    #[error("an alarm ended the run")]
    Alarm(u8),
}

/// The result of everything here that can fail.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A mistake in the command line.
    pub fn usage(message: impl Into<String>) -> Self {
        Error::Usage(message.into())
    }

    /// Something that failed while running.
    pub fn failed(message: impl Into<String>) -> Self {
        Error::Failed(message.into())
    }

    /// `attempted`, with what the system answered.
    pub fn io(attempted: impl Display, found: &std::io::Error) -> Self {
        Error::Failed(format!("{attempted}: {}", describe(found)))
    }

    /// The exit status that stands for this error.
    pub fn exit_status(&self) -> u8 {
        match self {
            Error::Usage(_) => 2,
            Error::Failed(_) => 1,
            Error::Closed => 0,
            Error::Alarm(status) => *status,
        }
    }
}

/// What the system answered, without Rust's "(os error 2)" behind it.
pub fn describe(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(at) => text[..at].to_lowercase(),
        None => text,
    }
}

/// How a child ended that did not succeed: `failed with exit status 3`, `was ended by SIGKILL`.
pub fn describe_end(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("failed with exit status {code}"),
        (None, Some(signal)) => match signal_hook::low_level::signal_name(signal) {
            Some(name) => format!("was ended by {name}"),
            None => format!("was ended by signal {signal}"),
        },
        (None, None) => format!("failed: {status}"),
    }
}
