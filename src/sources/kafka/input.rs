//! Records of the lane to rows: the value in the format of `--in`, and the columns of the message beside those of the value. Runs
//! on the shards.

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::record::{self, Parts};
use crate::data::block::{Column, Span, Text};
use crate::data::buffer::Buffer;
use crate::data::framing::Framing;
use crate::data::schema::{Field, Live, Schema, nearest};
use crate::data::write;
use crate::error::{Error, Result};
use crate::formats::{BadRecord, Cut, Input};

/// The columns of a message.
const NAMES: [&str; 7] = ["key", "value", "topic", "partition", "offset", "timestamp", "headers"];
/// What stands before these where the value has columns of its own.
const PREFIX: &str = "kafka.";

/// Messages whose value is of another format.
struct Messages {
    /// That of the value.
    value: Arc<dyn Input>,
    /// It is text: any value is a row, also none.
    text: bool,
}

/// The format of messages whose values are of this format, which is called so.
pub fn wrap(value: Arc<dyn Input>, name: &str) -> Arc<dyn Input> {
    Arc::new(Messages { value, text: name == "text" })
}

impl Messages {
    /// Which column of the message a name stands for.
    fn own<'a>(&self, name: &'a str) -> Option<&'a str> {
        let name = if self.text { name } else { name.strip_prefix(PREFIX)? };
        NAMES.contains(&name).then_some(name)
    }

    /// An unknown column that is nearly one of the message.
    fn near(&self, live: &Live, error: Error) -> Error {
        let prefix = if self.text { "" } else { PREFIX };
        let shown = |names: &[&str], between: &str| {
            let names: Vec<String> = names.iter().map(|name| format!("{prefix}{name}")).collect();
            names.join(between)
        };
        let unknown = |name: &&String| self.value.schema(&Live::only([name])).is_err();
        let Some(name) = live.names.iter().find(unknown) else { return error };
        let near = nearest(name.strip_prefix(PREFIX).unwrap_or(name), NAMES.into_iter());
        match error {
            Error::Usage(text) if near.is_empty() => {
                Error::usage(format!("{text} (those of the message are {})", shown(&NAMES, ", ")))
            }
            _ if near.is_empty() => error,
            _ => Error::usage(format!("there is no column `{name}` here; did you mean {}?", shown(&near, " or "))),
        }
    }

    /// A column of the message for each of these records.
    fn column(name: &str, data: &Arc<Buffer>, records: &[Span]) -> Column {
        let bytes = data.bytes();
        let parts = records.iter().map(|record| Parts::of(bytes, *record));
        let spans: fn(Parts) -> Span = match name {
            "key" => |parts| parts.key,
            "topic" => |parts| parts.topic,
            "headers" => |parts| parts.headers,
            "value" => |parts| parts.value,
            _ => return Self::written(name, parts),
        };
        Column::Text(Text { data: Arc::clone(data), spans: parts.map(spans).collect() })
    }

    /// One that is text only here: numbers are kept as such.
    fn written(name: &str, parts: impl Iterator<Item = Parts>) -> Column {
        let (mut own, mut spans) = (Vec::new(), Vec::with_capacity(parts.size_hint().0));
        // Many messages have the time of those before.
        let mut before = None;
        for parts in parts {
            let start = own.len();
            match (name, parts.timestamp) {
                ("partition", _) => write::int(i64::from(parts.partition), &mut own),
                ("offset", _) => write::int(parts.offset, &mut own),
                (_, None) => {
                    spans.push(Span::NULL);
                    continue;
                }
                (_, Some(time)) => match before {
                    Some((known, span)) if known == time => {
                        spans.push(span);
                        continue;
                    }
                    _ => {
                        write::time(time.saturating_mul(1000), &TimeZone::UTC, &mut own);
                        before = Some((time, Span::range(start, own.len())));
                    }
                },
            }
            spans.push(Span::range(start, own.len()));
        }
        Column::Text(Text { data: Arc::new(Buffer::from_vec(own)), spans })
    }

    /// The values as records of their format, the numbers of those that are rows, and what is wrong with the others.
    fn cut_values(&self, data: &Arc<Buffer>, records: &[Span], schema: &Schema) -> (Cut, Vec<u32>, Vec<BadRecord>) {
        let bytes = data.bytes();
        let (mut values, mut places, mut bad) = (Vec::with_capacity(records.len()), Vec::new(), Vec::new());
        for (at, record) in records.iter().enumerate() {
            match record::value(bytes, *record) {
                Span { len: Span::NULL_LEN, .. } => {
                    let span = Span { start: record.start, len: 0 };
                    bad.push(BadRecord { at, span, what: "has no value".into() });
                }
                value => {
                    values.push(value);
                    places.push(at as u32);
                }
            }
        }
        let mut cut = self.value.cut(data, values.clone(), schema);
        let unfit = std::mem::take(&mut cut.bad);
        let rows = if cut.rows == values.len() {
            places.clone()
        } else {
            self.rows(data, schema, &values, &cut, &unfit).into_iter().map(|row| places[row]).collect()
        };
        bad.extend(unfit.into_iter().map(|unfit| BadRecord { at: places[unfit.at] as usize, ..unfit }));
        bad.sort_by_key(|bad| bad.at);
        for (shown, bad) in bad.iter_mut().enumerate() {
            if shown >= Cut::SHOWN {
                bad.what = String::new();
                continue;
            }
            let parts = Parts::of(bytes, records[bad.at]);
            let topic = String::from_utf8_lossy(parts.topic.of(bytes).unwrap_or_default());
            bad.what = format!("{topic} partition {} offset {}: {}", parts.partition, parts.offset, bad.what);
        }
        (cut, rows, bad)
    }

    /// Which of the values are rows: those that are not bad, and that the format does not pass over because they hold nothing.
    fn rows(&self, data: &Arc<Buffer>, schema: &Schema, values: &[Span], cut: &Cut, unfit: &[BadRecord]) -> Vec<usize> {
        if cut.records.len() == cut.rows {
            let mut good = cut.records.iter().peekable();
            return (0..values.len()).filter(|at| good.next_if(|good| **good == values[*at]).is_some()).collect();
        }
        let mut unfit = unfit.iter().map(|unfit| unfit.at).peekable();
        let fits: Vec<usize> = (0..values.len()).filter(|at| unfit.next_if_eq(at).is_none()).collect();
        if fits.len() == cut.rows {
            return fits;
        }
        fits.into_iter().filter(|at| self.value.cut(data, vec![values[*at]], schema).rows == 1).collect()
    }
}

impl Input for Messages {
    fn framing(&self) -> Framing {
        Framing::sized()
    }

    fn head(&self, record: &[u8]) -> Result<Option<Arc<dyn Input>>> {
        let value = record::value(record, Span::range(0, record.len()));
        let seen = value.of(record).map(|value| self.value.head(value)).transpose()?.flatten();
        Ok(seen.map(|value| Arc::new(Messages { value, text: self.text }) as Arc<dyn Input>))
    }

    fn schema(&self, live: &Live) -> Result<Schema> {
        let (own, of_value): (Vec<String>, Vec<String>) =
            live.names.iter().cloned().partition(|name| self.own(name).is_some());
        let of_value = Live { shown: live.shown, ..Live::only(of_value) };
        let mut schema = self.value.schema(&of_value).map_err(|error| self.near(&of_value, error))?;
        schema.fields.extend(own.into_iter().map(|name| {
            let json = self.own(&name) == Some("headers");
            Field { json, ..Field::hidden(name) }
        }));
        Ok(schema)
    }

    fn cut(&self, data: &Arc<Buffer>, mut records: Vec<Span>, schema: &Schema) -> Cut {
        let bytes = data.bytes();
        let is_own = |field: &&Field| self.own(&field.name).is_some();
        let of_value =
            Schema { fields: schema.fields.iter().filter(|field| !is_own(field)).cloned().collect(), ..schema.clone() };
        let own = |records: &[Span]| -> Vec<Column> {
            let names = schema.fields.iter().filter_map(|field| self.own(&field.name));
            names.map(|name| Self::column(name, data, records)).collect()
        };
        let (cut, own, records, bad) = if self.text {
            let own = own(&records);
            records.iter_mut().for_each(|record| *record = record::value(bytes, *record));
            (self.value.cut(data, records, &of_value), own, Vec::new(), Vec::new())
        } else {
            let (cut, rows, bad) = self.cut_values(data, &records, &of_value);
            if rows.len() < records.len() {
                records = rows.into_iter().map(|row| records[row as usize]).collect();
            }
            (cut, own(&records), records, bad)
        };
        let (mut of_value, mut own) = (cut.columns.into_iter(), own.into_iter());
        let next = |field| if is_own(&field) { own.next() } else { of_value.next() };
        let columns = schema.fields.iter().filter_map(next).collect();
        Cut { rows: cut.rows, records, columns, bad }
    }

    fn cut_range(&self, data: &Arc<Buffer>, range: std::ops::Range<usize>, schema: &Schema) -> Option<Cut> {
        // Only counted.
        let counted = self.text && schema.fields.is_empty();
        counted.then(|| Cut::all(self.framing().count(&data.bytes()[range]) as usize, Vec::new()))
    }

    fn is_costly(&self) -> bool {
        self.value.is_costly()
    }

    fn is_json(&self) -> bool {
        self.value.is_json()
    }

    fn unseen(&self) -> Vec<String> {
        self.value.unseen()
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::Message;
    use super::*;
    use crate::data::block::Cell;
    use crate::formats::{self, Reading};

    fn format(name: &str) -> Arc<dyn Input> {
        let header = name.starts_with("csv").then(|| vec!["a".to_string(), "b".to_string()]);
        wrap(formats::input(name, &Reading { delimiter: b'\n', header, argument: None }).unwrap(), name)
    }

    /// Messages with these values, offsets from 5, in one buffer.
    fn buffer(values: &[Option<&str>]) -> Arc<Buffer> {
        let mut bytes = Vec::new();
        for (at, value) in values.iter().enumerate() {
            let key = (at % 2 == 0).then_some(&b"k"[..]);
            let (topic, value, timestamp) = (&b"clicks"[..], value.map(str::as_bytes), Some(at as i64 * 1000));
            let headers = (at == 0).then_some(&b"{\"h\":\"1\"}"[..]);
            Message { offset: 5 + at as i64, timestamp, partition: 3, topic, key, headers, value }.write(&mut bytes);
        }
        Arc::new(Buffer::from_vec(bytes))
    }

    /// The rows, columns joined by `|`, null as `-`, and what is wrong with the bad ones.
    fn rows(format: &str, values: &[Option<&str>], names: &[&str]) -> (Vec<String>, Vec<String>) {
        let (format, data) = (self::format(format), buffer(values));
        let schema = format.schema(&Live::only(names)).unwrap();
        let mut records = Vec::new();
        format.framing().each(data.bytes(), 0, data.len(), |span| records.push(span));
        let (count, cut) = (records.len(), format.cut(&data, records.clone(), &schema));
        if cut.rows + cut.bad.len() < count || format.is_costly() {
            assert_eq!(cut.records.len(), cut.rows, "which record each row is");
        }
        assert!(cut.bad.iter().all(|bad| bad.at < count));
        let by_name = |name: &&str| &cut.columns[schema.index(name).unwrap()];
        let cell = |column: &Column, row| match column.cell(row) {
            Cell::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            _ => "-".into(),
        };
        let row = |row| names.iter().map(|name| cell(by_name(name), row)).collect::<Vec<_>>().join("|");
        ((0..cut.rows).map(row).collect(), cut.bad.into_iter().map(|bad| bad.what).collect())
    }

    #[test]
    fn text_is_the_value_with_all_its_bytes_and_the_message_has_its_columns() {
        let names = ["line", "$2", "key", "value", "topic", "partition", "offset", "timestamp", "headers"];
        let (found, bad) = rows("text", &[Some("a b\nc\r\n"), None, Some("")], &names);
        assert!(bad.is_empty());
        assert_eq!(
            found,
            [
                "a b\nc\r\n|b|k|a b\nc\r\n|clicks|3|5|1970-01-01T00:00:00.000Z|{\"h\":\"1\"}",
                "-|-|-|-|clicks|3|6|1970-01-01T00:00:01.000Z|-",
                "|-|k||clicks|3|7|1970-01-01T00:00:02.000Z|-",
            ]
        );
    }

    #[test]
    fn in_another_format_the_columns_are_those_of_the_value() {
        let values = [Some("{\"a\":1,\"key\":2}"), None, Some(" "), Some("{\"a\":"), Some("{\"b\":\"x\\ny\",\"a\":3}")];
        let (found, bad) = rows("json", &values, &["a", "b", "key", "kafka.key", "kafka.offset", "line"]);
        assert_eq!(found, ["1|-|2|k|5|{\"a\":1,\"key\":2}", "3|x\ny|-|k|9|{\"b\":\"x\\ny\",\"a\":3}"]);
        assert_eq!(bad.len(), 2);
        assert_eq!(bad[0], "clicks partition 3 offset 6: has no value");
        assert!(bad[1].starts_with("clicks partition 3 offset 8: not JSON"), "{}", bad[1]);
    }

    #[test]
    fn values_of_csv_may_hold_line_ends_and_those_that_do_not_fit_are_bad() {
        let values = [Some("1,\"x\ny\""), Some("1"), Some("7,8\n"), Some("")];
        let (found, bad) = rows("csv", &values, &["a", "b", "kafka.offset"]);
        assert_eq!(found[0], "1|x\ny|5");
        assert_eq!(found[1], "7|8|7");
        assert!(bad[0].contains("offset 6"), "{bad:?}");
    }

    #[test]
    fn only_the_first_reasons_are_told() {
        let (found, bad) = rows("json", &[None; 5], &["a"]);
        assert!(found.is_empty());
        assert_eq!(bad.iter().filter(|what| !what.is_empty()).count(), Cut::SHOWN);
    }

    #[test]
    fn a_range_is_only_counted_where_nothing_is_asked_for() {
        let (format, data) = (format("text"), buffer(&[Some("a"), None]));
        let nothing = format.schema(&Live::default()).unwrap();
        assert_eq!(format.cut_range(&data, 0..data.len(), &nothing).unwrap().rows, 2);
        let line = format.schema(&Live::all()).unwrap();
        assert!(format.cut_range(&data, 0..data.len(), &line).is_none());
    }

    #[test]
    fn unknown_columns_name_the_near_ones() {
        let message = |kind: &str, name: &str| format(kind).schema(&Live::only([name])).unwrap_err().to_string();
        assert!(message("text", "topik").contains("did you mean topic?"));
        assert!(message("csv", "kafka.ofset").contains("did you mean kafka.offset?"));
        assert!(message("csv", "zzz").contains("kafka.key, kafka.value"), "{}", message("csv", "zzz"));
    }
}
