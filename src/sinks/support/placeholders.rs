//! Placeholders in the names of files: `out/{end}.csv`.

use std::path::PathBuf;

use jiff::tz::TimeZone;

use crate::data::batch::BatchInfo;
use crate::data::schema::nearest;

/// What may stand in braces.
const NAMES: [&str; 5] = ["start", "end", "start_ms", "end_ms", "batch"];

/// A path with placeholders.
#[derive(Clone)]
pub struct Placeholders {
    parts: Vec<Part>,
}

#[derive(Clone)]
enum Part {
    Text(String),
    /// One of [`NAMES`].
    Name(&'static str),
}

impl Placeholders {
    /// Those of a path; an error says what is wrong with them.
    pub fn new(path: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = path;
        while let Some((before, behind)) = rest.split_once('{') {
            let (name, behind) = behind.split_once('}').ok_or_else(|| format!("`{{{behind}` has no `}}`"))?;
            let known = NAMES.into_iter().find(|n| *n == name).ok_or_else(|| {
                let near = nearest(name, NAMES.into_iter());
                let hint = near.first().map_or(String::new(), |n| format!(", did you mean {{{n}}}?"));
                format!("`{{{name}}}` is unknown{hint}")
            })?;
            if behind.contains('/') {
                return Err(format!("`{{{name}}}` stands in the name of a directory, it must be in that of the file"));
            }
            parts.extend([Part::Text(before.to_string()), Part::Name(known)]);
            rest = behind;
        }
        parts.push(Part::Text(rest.to_string()));
        Ok(Placeholders { parts })
    }

    /// All that there are, as they are written.
    pub fn all() -> String {
        NAMES.map(|name| format!("{{{name}}}")).join(" ")
    }

    /// With its dot; empty if there is none. Times hold a dot too, but that is no extension.
    pub fn extension(&self) -> &str {
        match self.parts.last() {
            Some(Part::Text(text)) => text.rfind('.').map_or("", |dot| &text[dot..]),
            _ => "",
        }
    }

    /// The path of a batch.
    pub fn path(&self, batch: &BatchInfo, zone: &TimeZone) -> PathBuf {
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Name("start") => batch.start.compact(zone),
            Part::Name("end") => batch.end.compact(zone),
            Part::Name("start_ms") => batch.start.0.to_string(),
            Part::Name("end_ms") => batch.end.0.to_string(),
            Part::Name(_) => batch.id.to_string(),
        };
        self.parts.iter().map(part).collect::<String>().into()
    }
}
