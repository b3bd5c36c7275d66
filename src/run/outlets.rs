//! The outlets of a plan, and the sinks that they write to.

use std::sync::Arc;

use crate::cli::Globals;
use crate::data::schema::Schema;
use crate::engine::plan::{Outlet, Outlets, Place};
use crate::error::{Error, Result};
use crate::formats::{self, Settings, Stamp};
use crate::io::Io;
use crate::sinks::{self, Spec};

/// A sink that outlets write to.
pub struct Wanted {
    /// As it was written.
    pub spec: String,
    pub sink: Box<dyn Spec>,
    /// What stands before the first row.
    pub header: Vec<u8>,
    /// Of which level the batches are that it was first asked for.
    pub level: usize,
}

/// Makes outlets and remembers their sinks.
pub struct Made<'a> {
    pub globals: &'a Globals,
    pub io: &'a Io,
    /// A duration was written (or ticks are): aggregated rows are led by their time.
    pub written: bool,
    pub interval: bool,
    pub sinks: Vec<Wanted>,
    pub outlets: Vec<Outlet>,
}

impl Outlets for Made<'_> {
    fn make(&mut self, spec: Option<&str>, schema: &Schema, place: Place) -> Result<Vec<usize>> {
        let specs = match spec {
            Some(spec) => vec![spec.to_string()],
            None if self.globals.to.is_empty() => vec!["-".to_string()],
            None => self.globals.to.clone(),
        };
        specs.into_iter().map(|spec| self.one(spec, schema, place)).collect()
    }

    fn take(&mut self) -> Vec<Outlet> {
        std::mem::take(&mut self.outlets)
    }
}

impl Made<'_> {
    fn one(&mut self, spec: String, schema: &Schema, place: Place) -> Result<usize> {
        let parsed = sinks::parse(&spec)?;
        let terminal = parsed.is_stdout() && self.io.stdout_terminal;
        let name = parsed.format().or(self.globals.out.as_deref()).unwrap_or(if terminal { "table" } else { "text" });
        let stamp = self.globals.time.unwrap_or(if place.aggregated && (self.written || place.windowed) {
            Stamp::End
        } else {
            Stamp::None
        });
        let settings = Settings {
            schema: schema.clone(),
            stamp,
            zone: self.globals.zone.clone(),
            limit: self.globals.limit,
            color: parsed.is_stdout() && self.io.color(self.globals.color),
            width: terminal.then(|| self.io.width()).flatten(),
            interval: self.interval,
        };
        let own = parsed.output(self.globals.out.as_deref(), &settings);
        let output = own.unwrap_or_else(|| formats::output(name, &settings))?;
        let needs = output.needs();
        let names_end = matches!(stamp, Stamp::End | Stamp::Both);
        let late = parsed.needs_end() && !self.interval && place.level == 0;
        let header = output.header();
        let sink = match self.sinks.iter().position(|s| s.spec == spec) {
            // What is no more than a stream of rows takes those of batches of any length.
            Some(at)
                if self.sinks[at].header == header && (self.sinks[at].level == place.level || !parsed.by_batch()) =>
            {
                at
            }
            Some(at) if self.sinks[at].header == header => {
                return Err(Error::usage(format!(
                    "{} would get the batches from before a window and those behind it: write them to different sinks",
                    parsed.name()
                )));
            }
            Some(_) => {
                return Err(Error::usage(format!(
                    "{} would get rows of different columns: write them to different sinks",
                    parsed.name()
                )));
            }
            None => {
                self.sinks.push(Wanted { spec, sink: parsed, header, level: place.level });
                self.sinks.len() - 1
            }
        };
        let Place { stage, level, .. } = place;
        self.outlets.push(Outlet { output: Arc::from(output), sink, stage, level, names_end, needs, late });
        Ok(self.outlets.len() - 1)
    }
}
