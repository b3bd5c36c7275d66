//! streamer: Spark Streaming for the shell.

pub mod clock;
pub mod data;
pub mod error;
pub mod formats;
pub mod io;
pub mod operators;
pub mod progress;
pub mod sinks;
pub mod sources;
pub mod stats;
pub mod stop;
