//! What operators know of tables: rows that stand in files and may change there. Who reads them is told at
//! [`Operator::open`](super::Operator::open).

use std::ops::Range;
use std::sync::Arc;

use crate::data::buffer::Buffer;
use crate::data::schema::{Live, Schema};
use crate::error::Result;
use crate::formats::Input;

/// The tables that a chain may ask for.
pub trait Tables: Send + Sync {
    /// Opens what `spec` spells, so that its columns are known.
    fn table(&self, spec: &str) -> Result<Arc<dyn Table>>;
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
