//! Rows for sinks that take them one by one: rendered by the shards as pieces, walked by the output thread.
//!
//! A piece is the length of a value (`u32`, little endian) and its bytes; [`NULL`] stands for the length of no value. A row has as many
//! pieces as its sink says.

use jiff::tz::TimeZone;

use crate::data::block::{Block, Cell, Column};
use crate::data::write;
use crate::error::Result;
use crate::formats::Settings;

/// The length of no value.
const NULL: u32 = u32::MAX;

/// A column of what is written: one of the rows, or one of the times that lead them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Where it stands in a block.
    Column(usize),
    /// Which of the times.
    Time(usize),
    /// It is not cut yet: the rows are records, and whether they have it is found when it is asked for.
    Asked,
}

impl Place {
    /// The place of the column of this name; an unknown one is a usage error with the nearest names.
    pub fn named(name: &str, settings: &Settings) -> Result<Place> {
        let schema = &settings.schema;
        if let Some(at) = settings.stamp.names().iter().position(|time| *time == name) {
            return Ok(Place::Time(at));
        }
        if schema.fields.iter().all(|field| field.name != name)
            && (schema.records || schema.open || schema.json.is_some())
        {
            return Ok(Place::Asked);
        }
        schema.index(name).map(Place::Column)
    }

    /// Appends its value in a row as a piece. `times`: what leads each row.
    pub fn piece(self, block: &Block, row: usize, times: &[String], zone: &TimeZone, out: &mut Vec<u8>) {
        let column = match self {
            Place::Column(at) => &block.columns[at],
            Place::Time(at) => return piece(times.get(at).map(String::as_bytes), out),
            Place::Asked => return piece(None, out),
        };
        if let Column::Text(text) = column {
            return piece(text.spans[row].of(text.data.bytes()), out);
        }
        match column.cell(row) {
            Cell::Null => piece(None, out),
            cell => {
                let at = out.len();
                out.extend_from_slice(&[0; 4]);
                write::cell(cell, zone, out);
                let length = (out.len() - at - 4) as u32;
                out[at..at + 4].copy_from_slice(&length.to_le_bytes());
            }
        }
    }
}

/// Appends a piece.
pub fn piece(value: Option<&[u8]>, out: &mut Vec<u8>) {
    out.extend_from_slice(&value.map_or(NULL, |value| value.len() as u32).to_le_bytes());
    out.extend_from_slice(value.unwrap_or_default());
}

/// Takes the next piece off `bytes`; the outer `None`: there is none left.
pub fn next<'a>(bytes: &mut &'a [u8]) -> Option<Option<&'a [u8]>> {
    let (length, behind) = bytes.split_first_chunk()?;
    let length = u32::from_le_bytes(*length);
    if length == NULL {
        *bytes = behind;
        return Some(None);
    }
    let (value, behind) = behind.split_at_checked(length as usize)?;
    *bytes = behind;
    Some(Some(value))
}
