//! How a person says it: the arguments and the environment to what is to be run, or to a text to be shown.
//!
//! [`globals`] has the global options, [`chain`] makes operators of the words, `hints` says what is wrong with them,
//! [`help`], [`guide`] and [`manual`] explain, [`complete`] answers the shell.

pub mod chain;
mod checkpoint;
pub mod complete;
mod event;
pub mod globals;
pub mod guide;
mod habits;
pub mod help;
mod hints;
pub mod manual;
mod values;
mod words;

use std::collections::HashMap;
use std::ffi::OsString;

pub use event::EventTime;
pub use globals::{Cut, Globals};
pub use hints::{pointing_to_help, quoted};

use crate::error::Result;
use crate::operators::{Entry, Operator, REGISTRY};

/// What the command line asks for.
pub enum Parsed {
    /// A text on standard output, and status 0: help, version, completions.
    Show(String),
    /// A run.
    Run(Box<Invocation>),
}

/// A run, as the command line says it.
pub struct Invocation {
    /// The global options.
    pub globals: Globals,
    /// The operators, at least one; macros are expanded.
    pub chain: Vec<Box<dyn Operator>>,
    /// The words of the chain, macros expanded, without global options.
    pub words: Vec<String>,
}

/// Reads the arguments, the program's name first. Errors are [`Usage`](crate::error::Error::Usage) (to be shown with
/// [`pointing_to_help`]), or a chain file that cannot be read.
pub fn parse(args: &[OsString], env: &HashMap<OsString, OsString>) -> Result<Parsed> {
    parse_with(REGISTRY, args, env)
}

fn parse_with(registry: &'static [Entry], args: &[OsString], env: &HashMap<OsString, OsString>) -> Result<Parsed> {
    match complete::answer(registry, args, env) {
        Some(answer) => answer.map(Parsed::Show),
        None => chain::read(registry, args.get(1..).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests;
