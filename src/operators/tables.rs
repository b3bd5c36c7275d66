//! What operators know of the rows that others are joined with: a table stands in files and may change there, a side is another
//! input of the run. Who reads them is told at [`Operator::open`](super::Operator::open).

use std::ops::Range;
use std::sync::{Arc, Mutex};

use crate::data::buffer::Buffer;
use crate::data::schema::{Live, Schema};
use crate::error::{Error, Result};
use crate::formats::Input;

/// What a chain may join with.
pub trait Tables: Send + Sync {
    /// What `spec` spells: a table, opened so that its columns are known, or one more input of the run.
    fn right(&self, spec: &str) -> Result<Right>;
}

/// What rows are joined with.
#[derive(Clone)]
pub enum Right {
    /// Rows that stand in files.
    Table(Arc<dyn Table>),
    /// Those of the same batch of another input.
    Side(Arc<Side>),
}

/// An input of the run that is read for a join only.
pub struct Side {
    name: String,
    format: Mutex<Format>,
}

struct Format {
    input: Arc<dyn Input>,
    /// Only the head of the input has told which columns there are.
    by_head: bool,
}

impl Side {
    /// Nothing of it has been seen yet.
    pub fn new(name: String, input: Arc<dyn Input>) -> Arc<Self> {
        Arc::new(Side { name, format: Mutex::new(Format { input, by_head: false }) })
    }

    /// As messages name it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How its records are cut, as far as is known.
    pub fn format(&self) -> Arc<dyn Input> {
        Arc::clone(&self.format.lock().unwrap_or_else(|e| e.into_inner()).input)
    }

    /// Its head has told this.
    pub fn tell(&self, input: Arc<dyn Input>) {
        *self.format.lock().unwrap_or_else(|e| e.into_inner()) = Format { input, by_head: true };
    }

    /// The columns that `live` asks for, as [`Input::schema`]; errors name the side.
    pub fn schema(&self, live: &Live) -> Result<Schema> {
        let format = self.format.lock().unwrap_or_else(|e| e.into_inner());
        format.input.schema(live).map_err(|error| match own_header(error) {
            Error::Usage(text) if format.by_head => Error::failed(format!("{}: {text}", self.name)),
            Error::Usage(text) => Error::usage(format!("{}: {text}", self.name)),
            other => other,
        })
    }
}

/// `--header` is for `--from` only: a hint at it becomes one at what the right may say of itself.
pub(super) fn own_header(error: Error) -> Error {
    let own = |text: String| text.replace("--header a,b", "?in=csv&header=a,b behind it");
    match error {
        Error::Usage(text) => Error::Usage(own(text)),
        Error::Failed(text) => Error::Failed(own(text)),
        other @ (Error::Closed | Error::Alarm(_)) => other,
    }
}

/// Rows that stand in files.
pub trait Table: Send + Sync {
    /// As messages name it.
    fn name(&self) -> String;

    /// The columns that `live` asks for, as [`Input::schema`]; errors name the table.
    fn schema(&self, live: &Live) -> Result<Schema>;

    /// What is there at this moment: equal to what it was before exactly if nothing has changed.
    fn version(&self) -> Result<Version>;

    /// Gives all records, in order.
    fn read(&self, give: &mut dyn FnMut(&Records) -> Result<()>) -> Result<()>;
}

/// Tells one content of a table from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version(pub String);

/// Some whole records of a table.
pub struct Records {
    /// The file that they stand in.
    pub file: String,
    /// How they are cut.
    pub format: Arc<dyn Input>,
    /// What they are part of.
    pub buffer: Arc<Buffer>,
    /// Their bytes.
    pub range: Range<usize>,
    /// The number of the line of the file at which they begin, from 1.
    pub line: u64,
    /// None of them may be longer.
    pub max_record: usize,
}
