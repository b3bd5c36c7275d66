//! streamer: Spark Streaming for the shell.

pub mod cli;
pub mod clock;
pub mod data;
pub mod error;
pub mod formats;
pub mod io;
pub mod operators;
pub mod sinks;
pub mod sources;
pub mod stop;
