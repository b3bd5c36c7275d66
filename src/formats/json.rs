//! `json` out: one object a line. Runs on the shards; blocks in, bytes out.

use super::{Output, Settings, Stamp};
use crate::data::batch::BatchInfo;
use crate::data::block::{Block, Cell};
use crate::data::json;

struct Json {
    settings: Settings,
    columns: Vec<Column>,
}

struct Column {
    at: usize,
    /// `,"name":`, without the comma if it comes first in the row.
    key: Vec<u8>,
    /// Never a number: `line` is always the text of the record.
    text: bool,
}

/// The output format `json`.
pub(super) fn output(settings: &Settings) -> Box<dyn Output> {
    let mut columns = Vec::new();
    for at in settings.shown() {
        let name = &settings.schema.fields[at].name;
        let first = columns.is_empty() && settings.stamp == Stamp::None;
        let mut key = if first { Vec::new() } else { vec![b','] };
        json::string(name.as_bytes(), &mut key);
        key.push(b':');
        columns.push(Column { at, key, text: name == "line" });
    }
    Box::new(Json { settings: settings.clone(), columns })
}

impl Output for Json {
    fn rows(&self, block: &Block, batch: &BatchInfo, out: &mut Vec<u8>) {
        let times = self.settings.times(batch);
        let stamps: Vec<String> = self
            .settings
            .stamp
            .names()
            .iter()
            .zip(times)
            .map(|(name, time)| format!("\"{name}\":\"{time}\""))
            .collect();
        let prefix = format!("{{{}", stamps.join(","));
        for row in 0..block.rows {
            out.extend_from_slice(prefix.as_bytes());
            for column in &self.columns {
                out.extend_from_slice(&column.key);
                match block.columns[column.at].cell(row) {
                    Cell::Text(value) if column.text => json::string(value, out),
                    other => json::value(other, &self.settings.zone, out),
                }
            }
            out.extend_from_slice(b"}\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::super::tests::{BATCH, block, printed, settings, text};
    use super::*;
    use crate::data::block::Column;

    #[test]
    fn the_row_of_the_contract() {
        let with = Settings { stamp: Stamp::End, ..settings(&["word", "count"]) };
        let rows = block(vec![text(&[Some(b"a")]), Column::ints(vec![2])]);
        let expected = "{\"window_end\":\"1970-01-01T00:00:02.000Z\",\"word\":\"a\",\"count\":2}\n";
        assert_eq!(printed(&*output(&with), &rows), expected);
        let both = Settings { stamp: Stamp::Both, ..with };
        assert!(
            printed(&*output(&both), &rows)
                .starts_with("{\"window_start\":\"1970-01-01T00:00:01.000Z\",\"window_end\":")
        );
    }

    #[test]
    fn numbers_are_bare_but_in_line() {
        let rows = block(vec![text(&[Some(b"1.50")]), text(&[Some(b"1.50")]), text(&[Some(b"07")]), text(&[None])]);
        let printed = printed(&*output(&settings(&["line", "x", "y", "z"])), &rows);
        assert_eq!(printed, "{\"line\":\"1.50\",\"x\":1.50,\"y\":\"07\",\"z\":null}\n");
    }

    #[test]
    fn keys_are_escaped() {
        let rows = block(vec![Column::ints(vec![1])]);
        assert_eq!(printed(&*output(&settings(&["a\"\n"])), &rows), "{\"a\\\"\\n\":1}\n");
    }

    proptest! {
        #[test]
        fn every_line_is_valid_json_with_the_values(values in prop::collection::vec(any::<Vec<u8>>(), 1..5), name: String) {
            let cells: Vec<Option<&[u8]>> = values.iter().map(|v| Some(v.as_slice())).collect();
            let mut out = Vec::new();
            let name = format!("k{name}");
            output(&settings(&["line", &name])).rows(&block(vec![text(&cells), text(&cells)]), &BATCH, &mut out);
            let lines: Vec<Value> = out.split(|&b| b == b'\n').filter(|l| !l.is_empty())
                .map(|l| serde_json::from_slice(l).expect("valid JSON")).collect();
            prop_assert_eq!(lines.len(), values.len());
            for (line, value) in lines.iter().zip(&values) {
                let text = String::from_utf8_lossy(value);
                prop_assert_eq!(&line["line"], &json!(text));
                prop_assert!(line[&name] == json!(text) || (line[&name].is_number() && json::is_number(value)));
            }
        }
    }
}
