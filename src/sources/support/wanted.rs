//! In which format a source's records are: what it says itself, and what the command line says of all.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::formats::{self, Input, Reading};
use crate::sources::Source;

/// What a source says about the format of its records; nothing: the one of `--in`.
#[derive(Clone, Default)]
pub struct Wanted {
    /// The format that `?in=` names.
    pub format: Option<String>,
    /// The names of the columns that `&header=` gives.
    pub header: Option<String>,
    /// The path whose extension tells the format, unless one is named.
    pub path: Option<String>,
    /// The one that it makes itself.
    pub own: Option<Arc<dyn Input>>,
    /// What it makes of the format that was found, and what that is called: its records hold more.
    pub wrap: Option<Wrap>,
    /// It gathers the records of many senders, whose heads would mix.
    pub gathers: bool,
}

/// The format of records that hold one of this format, which is called so, and more.
pub type Wrap = fn(Arc<dyn Input>, &str) -> Arc<dyn Input>;

/// What the command line says about the formats of all sources.
#[derive(Debug, Clone)]
pub struct Said {
    /// `--in`.
    pub format: Option<String>,
    /// `--header`.
    pub header: Option<String>,
    /// What ends a record: `\n`, or NUL with `-0`.
    pub delimiter: u8,
}

/// The format of a source's records: of its own, by its extension, by `--in`, or text.
pub fn format_of(source: &dyn Source, said: &Said) -> Result<Arc<dyn Input>> {
    let Wanted { format, header, path, own, wrap, gathers } = source.format();
    if let Some(own) = own {
        return Ok(own);
    }
    let by_extension = || path.as_deref().and_then(formats::by_extension).map(String::from);
    let name = format.or_else(by_extension).or_else(|| said.format.clone()).unwrap_or_else(|| "text".to_string());
    let named = header.is_some();
    let header = header.or_else(|| said.header.clone()).map(|row| formats::header(&row)).transpose()?;
    if gathers && header.is_none() && ["csv", "tsv"].contains(&name.as_str()) {
        return Err(Error::usage(format!(
            "{} gathers many senders, so that {name} needs the names of its columns: add --header a,b",
            source.name()
        )));
    }
    if named && !["csv", "tsv"].contains(&name.as_str()) {
        return Err(Error::usage(format!(
            "{}: `header=` names the columns of csv and tsv, not of {name}",
            source.name()
        )));
    }
    let input = formats::input(&name, &Reading { delimiter: said.delimiter, header, argument: None })?;
    Ok(wrap.map_or_else(|| Arc::clone(&input), |wrap| wrap(Arc::clone(&input), &name)))
}
