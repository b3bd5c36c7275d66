//! A file per batch: `out/{end}.csv`. Written beside under a hidden name and renamed when the batch is complete, so that
//! whoever looks sees whole files only. An empty batch makes none. Under `--checkpoint` each stands there exactly once: see
//! [`once`].

mod hidden;
mod once;

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use jiff::tz::TimeZone;

use self::hidden::Hidden;
use self::once::Once;
use super::support::placeholders::Placeholders;
use super::{Parsed, Setup, Sink, Spec, check_directory, format_of};
use crate::data::batch::BatchInfo;
use crate::error::{Error, Result};
use crate::messages::Messages;

pub(super) const ABOUT: &str = "a file per batch, renamed into place when it is whole; none for an empty batch; one that \
    exists is kept, the new one gets -2. Names in braces: start, end, start_ms, end_ms, batch. Under --checkpoint each is there \
    exactly once (at least once on a file system without hard links)";

/// A path with placeholders.
#[derive(Clone)]
struct Template {
    spec: String,
    names: Placeholders,
}

pub(super) fn parse(spec: &str) -> Parsed {
    if !spec.contains('{') || spec.starts_with("file:") {
        return None;
    }
    Some(Template::new(spec).map(|t| Box::new(t) as _))
}

impl Template {
    fn new(spec: &str) -> Result<Self> {
        let names = Placeholders::new(spec).map_err(|what| {
            let names = Placeholders::all();
            Error::usage(format!(
                "`{spec}` is no template of a file: {what}; there are {names} (file:PATH takes braces as they are)"
            ))
        })?;
        Ok(Template { spec: spec.to_string(), names })
    }
}

impl Spec for Template {
    fn name(&self) -> String {
        self.spec.clone()
    }

    fn format(&self) -> Option<&'static str> {
        format_of(&self.spec)
    }

    fn by_batch(&self) -> bool {
        true
    }

    fn replaces(&self) -> bool {
        true
    }

    fn open(&self, setup: &Setup) -> Result<Box<dyn Sink>> {
        check_directory(Path::new(&self.spec))?;
        Ok(Box::new(Open {
            once: setup.checkpoint.as_deref().map(|id| Once::new(&self.spec, id)),
            template: self.clone(),
            header: setup.header.clone(),
            zone: setup.zone.clone(),
            messages: Arc::clone(&setup.messages),
            file: None,
        }))
    }
}

struct Open {
    template: Template,
    header: Vec<u8>,
    zone: TimeZone,
    messages: Arc<Messages>,
    /// Of the present batch; named at its end only, which need not be known before.
    file: Option<Hidden>,
    /// Under `--checkpoint`.
    once: Option<Once>,
}

impl Open {
    fn failed(&self, found: &std::io::Error) -> Error {
        Error::io(format!("cannot write to {}", self.template.spec), found)
    }

    fn begin_file(&mut self) -> std::io::Result<&mut Hidden> {
        let mut file = match &mut self.once {
            Some(once) => once.begin()?,
            None => Hidden::beside(Path::new(&self.template.spec), &format!("tmp{}", std::process::id()), &mut 0)?,
        };
        file.to.write_all(&self.header)?;
        Ok(self.file.insert(file))
    }

    /// What the sink remembers of what is not committed does something.
    fn once(&mut self, does: impl FnOnce(&mut Once) -> std::io::Result<()>) -> Result<()> {
        let done = self.once.as_mut().map_or(Ok(()), does);
        done.map_err(|e| self.failed(&e))
    }
}

impl Sink for Open {
    fn begin(&mut self, _: &BatchInfo) -> Result<()> {
        self.file = None;
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        let written = match &mut self.file {
            Some(file) => file.to.write_all(bytes),
            None => self.begin_file().and_then(|file| file.to.write_all(bytes)),
        };
        written.map_err(|e| self.failed(&e))
    }

    /// Nobody may see a part of a batch.
    fn flush(&mut self) -> Result<()> {
        Ok(())
    }

    fn end(&mut self, batch: &BatchInfo) -> Result<()> {
        let Some(mut file) = self.file.take() else { return Ok(()) };
        let path = self.template.names.path(batch, &self.zone);
        let extension = self.template.names.extension();
        let done = file.to.flush().and_then(|()| match &mut self.once {
            Some(once) => once.place(file, &path, extension),
            None => file.place(&path, extension),
        });
        done.map_err(|e| Error::io(format!("cannot write to {}", path.display()), &e))
    }

    fn stand(&mut self) -> Result<Vec<u8>> {
        self.once(Once::tidy)?;
        let place = self.once.as_ref().map_or(Ok(Vec::new()), Once::place_of);
        place.map_err(|e| self.failed(&e))
    }

    fn take_back(&mut self, stand: &[u8]) -> Result<()> {
        self.once(Once::take_back)?;
        let place = self.once.as_ref().map_or(Ok(Vec::new()), Once::place_of).map_err(|e| self.failed(&e))?;
        if !stand.is_empty() && place != stand {
            let (before, now) = (String::from_utf8_lossy(stand), String::from_utf8_lossy(&place));
            self.messages.note(&format!(
                "{} goes to {now}, and to {before} when the checkpoint was written: files of the unfinished batch may stand \
                 there",
                self.template.spec
            ));
        }
        Ok(())
    }

    fn sync(&mut self) -> Result<()> {
        self.once(Once::sync)
    }

    fn committed(&mut self) -> Result<()> {
        self.once(Once::committed)
    }
}

#[cfg(test)]
mod tests;
