//! `hbase://HOST:PORT/TABLE?row=COLUMN&family=FAMILY`: a row of a table for each row, through HBase's REST gateway, many of them in a
//! request. The end of the batch is the timestamp of its cells, so that a batch that is given again overwrites itself.

mod cells;
mod gateway;
#[cfg(test)]
mod tests;

use super::support::rows;
use super::{Parsed, Setup, Sink, Spec};
use crate::data::batch::BatchInfo;
use crate::error::{Error, Result};
use crate::formats::{Output, Settings};
use crate::url::Url;

use self::gateway::{Gateway, Place};

/// `hbase://...`.
#[derive(Clone)]
struct Hbase {
    /// As messages name it.
    name: String,
    place: Place,
    /// The column that is the key of a row.
    row: String,
}

pub(super) const ABOUT: &str = "a row of a table for each row, through the REST gateway at HOST:PORT: its key is the column COLUMN, \
    each other column a cell FAMILY:NAME with the end of the batch as its timestamp (null makes no cell). create=true makes the \
    table; user=NAME with the password in STREAMER_HBASE_PASSWORD";

/// The environment variable that holds the password.
const PASSWORD: &str = "STREAMER_HBASE_PASSWORD";

/// A request is sent when it is so long, in bytes.
const REQUEST: usize = 1 << 20;

pub(super) fn parse(spec: &str) -> Parsed {
    let url = Url::parse("hbase", spec)?;
    Some(url.and_then(of_url).map(|hbase| Box::new(hbase) as _))
}

fn of_url(mut url: Url) -> Result<Hbase> {
    let host = url.authority.clone();
    if host.is_empty() || host.contains(',') {
        return Err(url.wrong("it names no REST gateway: write hbase://HOST:PORT/TABLE?row=COLUMN&family=FAMILY"));
    }
    let authority =
        if host.rsplit_once(':').is_some_and(|(_, port)| !port.ends_with(']')) { host } else { host + ":8080" };
    let table = url.path.clone();
    if table.is_empty() || !table.chars().all(|c| c.is_ascii_alphanumeric() || "._-:".contains(c)) {
        return Err(
            url.wrong(&format!("`{table}` is no name of a table: letters, digits and . _ -, or NAMESPACE:TABLE"))
        );
    }
    let needed = |url: &mut Url, name: &str| {
        let value = url.take(name).filter(|value| !value.is_empty());
        value.ok_or_else(|| url.wrong(&format!("{name}= is missing: write ?row=COLUMN&family=FAMILY")))
    };
    let (row, family) = (needed(&mut url, "row")?, needed(&mut url, "family")?);
    if family.contains([':', '/']) {
        return Err(url.wrong(&format!("`{family}` is no name of a family: it has a colon or a slash")));
    }
    let (user, create) = (url.take("user"), url.take_flag("create")?);
    url.finish(&["row", "family", "user", "create"])?;
    Ok(Hbase { name: url.name.clone(), place: Place { authority, table, family, user, create }, row })
}

impl Spec for Hbase {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn output(&self, _: Option<&str>, settings: &Settings) -> Option<Result<Box<dyn Output>>> {
        let output = cells::output(&self.row, settings).map_err(|error| match error {
            Error::Usage(text) => Error::Usage(format!("{}: {text}", self.name)),
            other => other,
        });
        Some(output)
    }

    fn by_batch(&self) -> bool {
        true
    }

    fn replaces(&self) -> bool {
        true
    }

    fn needs_end(&self) -> bool {
        true
    }

    fn open(&self, setup: &Setup) -> Result<Box<dyn Sink>> {
        let gateway = Gateway::open(&self.name, &self.place, std::env::var(PASSWORD).ok(), setup)?;
        let mut header = setup.header.as_slice();
        let mut columns = Vec::new();
        while let Some(name) = rows::next(&mut header) {
            columns.push([self.place.family.as_bytes(), b":", name.unwrap_or_default()].concat());
        }
        Ok(Box::new(Open { gateway, row: self.row.clone(), columns, end: 0, body: Vec::new(), scratch: Vec::new() }))
    }
}

struct Open {
    gateway: Gateway,
    row: String,
    /// `FAMILY:NAME` of each cell of a row.
    columns: Vec<Vec<u8>>,
    /// The end of the batch, in milliseconds since the epoch.
    end: i64,
    /// Rows that were not sent yet.
    body: Vec<u8>,
    scratch: Vec<u8>,
}

impl Sink for Open {
    fn begin(&mut self, batch: &BatchInfo) -> Result<()> {
        self.end = batch.end.0;
        Ok(())
    }

    fn write(&mut self, mut bytes: &[u8]) -> Result<()> {
        while let Some(key) = rows::next(&mut bytes) {
            let Some(key) = key.filter(|key| !key.is_empty()) else {
                let name = self.gateway.name();
                return Err(Error::failed(format!(
                    "cannot write to {name}: a row has no `{}`, which is its key: leave such rows out with filter, or choose \
                     another column",
                    self.row
                )));
            };
            let cells = self.columns.iter().map_while(|column| Some((column.as_slice(), rows::next(&mut bytes)?)));
            cells::row(key, cells, self.end, &mut self.scratch, &mut self.body);
            if self.body.len() >= REQUEST {
                self.flush()?;
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        if !self.body.is_empty() {
            self.gateway.put(&self.body)?;
            self.body.clear();
        }
        Ok(())
    }

    fn end(&mut self, _: &BatchInfo) -> Result<()> {
        self.flush()
    }
}
