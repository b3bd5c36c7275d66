//! Rows as messages: for each row its key and its value, as pieces. Runs on the shards.

use crate::data::batch::BatchInfo;
use crate::data::block::Block;
use crate::data::schema::Live;
use crate::error::{Error, Result};
use crate::formats::{self, Output, Settings};
use crate::sinks::support::rows::{Place, piece};

/// The formats of which a row can stand alone.
const FORMATS: [&str; 4] = ["json", "csv", "tsv", "text"];

struct Messages {
    settings: Settings,
    key: Option<Place>,
    value: Value,
    needs: Live,
}

enum Value {
    /// The row, in a format.
    Row(Box<dyn Output>),
    Column(Place),
}

/// Rows as messages whose key and value are these columns; without the latter the row in this format.
pub fn output(
    name: &str,
    (key, value): (Option<&str>, Option<&str>),
    format: Option<&str>,
    settings: &Settings,
) -> Result<Box<dyn Output>> {
    let about = |error| match error {
        Error::Usage(text) => Error::Usage(format!("{name}: {text}")),
        other => other,
    };
    let place = |column: &str| Place::named(column, settings).map_err(about);
    let key_place = key.map(place).transpose()?;
    let (value, mut needs) = match value {
        Some(column) => (Value::Column(place(column)?), Live::only(named(column, settings))),
        None => {
            let format = format.unwrap_or("json");
            let output = formats::output(format, settings)?;
            if !FORMATS.contains(&format) {
                return Err(Error::usage(format!(
                    "{name}: a message cannot be a row of `{format}`; it can be one of {}",
                    FORMATS.join(", ")
                )));
            }
            let needs = output.needs();
            (Value::Row(output), needs)
        }
    };
    needs = needs.and(key.iter().flat_map(|key| named(key, settings)));
    Ok(Box::new(Messages { settings: settings.clone(), key: key_place, value, needs }))
}

/// The column of the rows that this is, if it is one of them.
fn named<'a>(column: &'a str, settings: &Settings) -> Option<&'a str> {
    Some(column).filter(|column| !settings.stamp.names().contains(column))
}

impl Output for Messages {
    fn needs(&self) -> Live {
        self.needs.clone()
    }

    fn rows(&self, block: &Block, batch: &BatchInfo, out: &mut Vec<u8>) {
        let (times, zone) = (self.settings.times(batch), &self.settings.zone);
        let (mut rows, mut ends) = (Vec::new(), Vec::new());
        if let Value::Row(output) = &self.value {
            output.rows_apart(block, batch, &mut rows, &mut ends);
            out.reserve(rows.len() + 16 * block.rows);
        }
        let mut start = 0;
        for row in 0..block.rows {
            match self.key {
                Some(key) => key.piece(block, row, &times, zone, out),
                None => piece(None, out),
            }
            match &self.value {
                Value::Column(value) => value.piece(block, row, &times, zone, out),
                Value::Row(_) => {
                    let end = ends.get(row).copied().unwrap_or(start);
                    // Without its line end.
                    piece(Some(&rows[start..end.saturating_sub(1).max(start)]), out);
                    start = end;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::tz::TimeZone;

    use super::*;
    use crate::data::block::{Column, Span, Text};
    use crate::data::buffer::Buffer;
    use crate::data::schema::{Field, Schema};
    use crate::data::time::Time;
    use crate::formats::Stamp;
    use crate::sinks::support::rows::next;

    const BATCH: BatchInfo = BatchInfo { id: 1, start: Time(1000), end: Time(2000), redo: false };

    fn settings(names: &[&str], stamp: Stamp) -> Settings {
        let schema = Schema { fields: names.iter().map(|n| Field::shown(*n)).collect(), ..Schema::default() };
        Settings { schema, stamp, zone: TimeZone::UTC, limit: 10, color: false, width: None, interval: true }
    }

    fn rows() -> Block {
        let data = Arc::new(Buffer::from_vec(b"a\nb".to_vec()));
        let words = Column::Text(Text { data, spans: vec![Span::range(0, 3), Span::NULL, Span::range(0, 0)] });
        Block { rows: 3, columns: vec![words, Column::ints(vec![1, 2, 3])], ..Block::default() }
    }

    type Pair = (Option<String>, Option<String>);

    fn printed(key: Option<&str>, value: Option<&str>, format: Option<&str>, stamp: Stamp) -> Vec<Pair> {
        let output = output("kafka://a/t", (key, value), format, &settings(&["word", "n"], stamp)).expect("an output");
        let mut out = Vec::new();
        output.rows(&rows(), &BATCH, &mut out);
        let mut rest = out.as_slice();
        let text = |piece: Option<&[u8]>| piece.map(|piece| String::from_utf8_lossy(piece).into_owned());
        let mut pairs = Vec::new();
        while let Some(key) = next(&mut rest) {
            pairs.push((text(key), text(next(&mut rest).expect("a value"))));
        }
        pairs
    }

    fn pair(key: Option<&str>, value: Option<&str>) -> Pair {
        (key.map(String::from), value.map(String::from))
    }

    #[test]
    fn a_value_is_the_row_without_its_line_end_whatever_is_in_it() {
        let json = printed(Some("word"), None, None, Stamp::None);
        let expected = [
            pair(Some("a\nb"), Some("{\"word\":\"a\\nb\",\"n\":1}")),
            pair(None, Some("{\"word\":null,\"n\":2}")),
            pair(Some(""), Some("{\"word\":\"\",\"n\":3}")),
        ];
        assert_eq!(json, expected);
        let csv = printed(Some("n"), None, Some("csv"), Stamp::None);
        assert_eq!(csv[0], pair(Some("1"), Some("\"a\nb\",1")), "no header, and a line end that is quoted");
        let text = printed(None, None, Some("text"), Stamp::None);
        assert_eq!(text, [pair(None, Some("a\nb\t1")), pair(None, Some("\t2")), pair(None, Some("\t3"))]);
    }

    #[test]
    fn a_value_can_be_a_column_and_null_is_no_value() {
        let pairs = printed(Some("n"), Some("word"), None, Stamp::None);
        assert_eq!(pairs, [pair(Some("1"), Some("a\nb")), pair(Some("2"), None), pair(Some("3"), Some(""))]);
    }

    #[test]
    fn the_times_that_lead_a_row_are_columns() {
        let end = "1970-01-01T00:00:02.000Z";
        let pairs = printed(Some("window_end"), Some("window_end"), None, Stamp::End);
        assert_eq!(pairs[0], pair(Some(end), Some(end)));
        let rows = printed(None, None, Some("csv"), Stamp::End);
        assert_eq!(rows[1], pair(None, Some(&format!("{end},,2"))));
    }

    #[test]
    fn unknown_columns_and_formats_are_usage_errors() {
        let error = |key, format| {
            let made = output("kafka://a/t", (Some(key), None), format, &settings(&["word", "n"], Stamp::None));
            let error = made.err().expect("wrong");
            assert_eq!(error.exit_status(), 2);
            error.to_string()
        };
        let said = error("wrod", None);
        assert!(said.starts_with("kafka://a/t: there is no column `wrod` here") && said.contains("did you mean word?"));
        assert!(error("window_end", None).contains("no column `window_end`"), "no time leads the rows");
        assert!(error("word", Some("table")).contains("cannot be a row of `table`"));
        assert!(error("word", Some("jsno")).contains("json"));
    }

    /// Whether a record has a member is found only when it is cut: it is asked for.
    #[test]
    fn columns_of_records_are_asked_for() {
        let mut with = settings(&["line"], Stamp::None);
        with.schema.records = true;
        let output = output("kafka://a/t", (Some("user"), None), Some("text"), &with).expect("an output");
        assert_eq!(output.needs(), Live::only(["line", "user"]));
    }
}
