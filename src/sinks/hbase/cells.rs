//! Rows as cells: the shards render the key and each other column as pieces; of these the output thread makes the body of a
//! request, HBase's `CellSet` in protocol buffers: `repeated Row rows = 1`, with `bytes key = 1` and `repeated Cell values = 2`,
//! with `bytes column = 2`, `int64 timestamp = 3` and `bytes data = 4`.

use crate::data::batch::BatchInfo;
use crate::data::block::Block;
use crate::data::schema::Live;
use crate::error::Result;
use crate::formats::{Output, Settings};
use crate::sinks::support::rows::{Place, piece};

struct Cells {
    settings: Settings,
    row: Place,
    /// Of the row, if it is not a time.
    needed: Option<String>,
    columns: Vec<(String, Place)>,
}

/// Rows as cells, each by its name, but for the column `row`, which is their key.
pub fn output(row: &str, settings: &Settings) -> Result<Box<dyn Output>> {
    let place = Place::named(row, settings)?;
    let times = settings.stamp.names().iter().enumerate().map(|(at, name)| (name.to_string(), Place::Time(at)));
    let shown = settings.shown().into_iter().map(|at| (settings.schema.fields[at].name.clone(), Place::Column(at)));
    let columns = times.chain(shown).filter(|(_, other)| *other != place).collect();
    let needed = (!matches!(place, Place::Time(_))).then(|| row.to_string());
    Ok(Box::new(Cells { settings: settings.clone(), row: place, needed, columns }))
}

impl Output for Cells {
    /// The names of the cells: they go to the sink as what stands before its rows.
    fn header(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.columns.iter().for_each(|(name, _)| piece(Some(name.as_bytes()), &mut out));
        out
    }

    fn needs(&self) -> Live {
        Live::all().and(&self.needed)
    }

    fn rows(&self, block: &Block, batch: &BatchInfo, out: &mut Vec<u8>) {
        let (times, zone) = (self.settings.times(batch), &self.settings.zone);
        for row in 0..block.rows {
            self.row.piece(block, row, &times, zone, out);
            for (_, column) in &self.columns {
                column.piece(block, row, &times, zone, out);
            }
        }
    }
}

/// Appends a row to a body. One without any cell is none: HBase knows no such rows.
pub fn row<'a>(
    key: &[u8],
    cells: impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)>,
    time: i64,
    scratch: &mut Vec<u8>,
    out: &mut Vec<u8>,
) {
    scratch.clear();
    field(1, key, scratch);
    let bare = scratch.len();
    for (column, value) in cells {
        let Some(value) = value else { continue };
        let length = sized(column) + 1 + varint_len(time as u64) + sized(value);
        tag(2, scratch);
        varint(length as u64, scratch);
        field(2, column, scratch);
        scratch.push(3 << 3);
        varint(time as u64, scratch);
        field(4, value, scratch);
    }
    if scratch.len() > bare {
        field(1, scratch, out);
    }
}

/// The tag of a field that is bytes.
fn tag(number: u8, out: &mut Vec<u8>) {
    out.push(number << 3 | 2);
}

fn field(number: u8, bytes: &[u8], out: &mut Vec<u8>) {
    tag(number, out);
    varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

/// How long a field of these bytes is.
fn sized(bytes: &[u8]) -> usize {
    1 + varint_len(bytes.len() as u64) + bytes.len()
}

fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn varint_len(value: u64) -> usize {
    (64 - (value | 1).leading_zeros() as usize).div_ceil(7)
}
