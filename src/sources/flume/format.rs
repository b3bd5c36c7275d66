//! The columns of events: those of the body, as the format of `--in` cuts them, and the headers.
//!
//! Runs on the shards, over records as [`super::rpc::Records`] writes them.

use std::sync::Arc;

use crate::data::block::{Column, Span, Text};
use crate::data::buffer::Buffer;
use crate::data::framing::Framing;
use crate::data::schema::{Field, Live, Schema};
use crate::error::{Error, Result};
use crate::formats::{Cut, Input};

/// The headers, where bodies are lines of text.
const HEADERS: &str = "headers";
/// ... and where their columns have names of their own.
const OWN: &str = "flume.headers";

/// Events whose bodies are of a format.
pub struct Events {
    body: Arc<dyn Input>,
    /// What the headers are called.
    headers: &'static str,
}

impl Events {
    /// With bodies of this format, which is called so.
    pub fn of(body: Arc<dyn Input>, name: &str) -> Arc<dyn Input> {
        Arc::new(Events { headers: if name == "text" { HEADERS } else { OWN }, body })
    }

    /// The headers and the body of a record.
    fn parts(record: Span, bytes: &[u8]) -> (Span, Span) {
        let (start, end) = (record.start as usize, (record.start + record.len) as usize);
        let length = bytes[start..end].first_chunk().map_or(0, |length| u32::from_le_bytes(*length) as usize);
        // Only what was damaged on its way through a journal is not as it was written.
        let headers = (start + 4).min(end);
        let body = headers.saturating_add(length).min(end);
        (Span::range(headers, body), Span::range(body, end))
    }
}

impl Input for Events {
    fn framing(&self) -> Framing {
        Framing::sized()
    }

    fn head(&self, record: &[u8]) -> Result<Option<Arc<dyn Input>>> {
        let (_, body) = Self::parts(Span::range(0, record.len()), record);
        let seen = body.of(record).map(|body| self.body.head(body)).transpose()?.flatten();
        Ok(seen.map(|body| Arc::new(Events { headers: self.headers, body }) as Arc<dyn Input>))
    }

    fn schema(&self, live: &Live) -> Result<Schema> {
        let mut of_body = live.clone();
        let wanted = of_body.names.remove(self.headers);
        let mut schema = self.body.schema(&of_body).map_err(|error| match error {
            Error::Usage(text) => Error::Usage(format!("{text}; the headers of an event are `{}`", self.headers)),
            other => other,
        })?;
        if wanted {
            schema.fields.push(Field { json: true, ..Field::hidden(self.headers) });
        }
        Ok(schema)
    }

    fn cut(&self, data: &Arc<Buffer>, records: Vec<Span>, schema: &Schema) -> Cut {
        let parts: Vec<(Span, Span)> = records.iter().map(|record| Self::parts(*record, data.bytes())).collect();
        // Where fields may be quoted, what holds nothing is no record.
        let passes_over = self.body.framing().quoted.is_some();
        let holds = |at: &usize| !passes_over || !matches!(parts[*at].1.of(data.bytes()), Some([] | [b'\r']));
        let places: Vec<usize> = (0..parts.len()).filter(holds).collect();
        let at = schema.fields.iter().position(|field| field.name == self.headers);
        let mut of_body = schema.clone();
        at.map(|at| of_body.fields.remove(at));
        let bodies = places.iter().map(|&place| parts[place].1).collect();
        let Cut { rows, records: told, mut columns, mut bad } = self.body.cut(data, bodies, &of_body);
        // Which records are rows is told by where their bodies begin, or by which are bad.
        let is_told = told.len() == rows;
        let mut told = told.iter().map(|body| body.start).peekable();
        let mut unfit = bad.iter().map(|bad| bad.at).peekable();
        let mut good = Vec::with_capacity(rows);
        for (at, &place) in places.iter().enumerate() {
            let start = parts[place].1.start;
            let is_row = if is_told { told.next_if_eq(&start).is_some() } else { unfit.next_if_eq(&at).is_none() };
            if is_row {
                good.push(place);
            }
        }
        if let Some(at) = at {
            let spans = good.iter().map(|&place| parts[place].0).collect();
            columns.insert(at, Column::Text(Text { data: Arc::clone(data), spans }));
        }
        bad.iter_mut().for_each(|bad| bad.at = places[bad.at]);
        Cut { rows, records: good.iter().map(|&place| records[place]).collect(), columns, bad }
    }

    fn is_costly(&self) -> bool {
        self.body.is_costly()
    }

    fn is_json(&self) -> bool {
        self.body.is_json()
    }

    fn unseen(&self) -> Vec<String> {
        self.body.unseen()
    }
}

#[cfg(test)]
mod tests {
    use super::super::rpc::{self, Records};
    use super::*;
    use crate::data::block::Cell;
    use crate::formats::{self, BadRecord, Reading};

    /// The rows of events with one header each, columns joined by `|`, null as `-`; and what is bad.
    fn rows(format: &str, bodies: &[&str], live: &Live) -> (Vec<String>, Vec<(usize, String)>) {
        let names: Vec<String> = (0..bodies.len()).map(|at| at.to_string()).collect();
        let headers: Vec<[(&str, &str); 1]> = names.iter().map(|name| [("n", name.as_str())]).collect();
        let events: Vec<rpc::tests::Event<'_>> =
            headers.iter().zip(bodies).map(|(headers, body)| (headers.as_slice(), body.as_bytes())).collect();
        let mut records = Records::new(1000);
        rpc::read(&rpc::tests::batch(false, &events), false, &mut records).expect("events");
        let reading = Reading { delimiter: b'\n', header: Some(vec!["a".into(), "b".into()]), argument: None };
        let events = Events::of(formats::input(format, &reading).expect("a format"), format);
        let data = Arc::new(Buffer::from_vec(records.out));
        let mut spans = Vec::new();
        events.framing().each(data.bytes(), 0, data.len(), |span| spans.push(span));
        let schema = events.schema(live).expect("columns");
        let all = spans.clone();
        let cut = events.cut(&data, spans, &schema);
        assert!(cut.records.iter().all(|record| all.contains(record)) && cut.records.len() == cut.rows);
        let cell = |column: &Column, row| match column.cell(row) {
            Cell::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            _ => "-".into(),
        };
        let row = |row| cut.columns.iter().map(|c| cell(c, row)).collect::<Vec<_>>().join("|");
        let body =
            |bad: &BadRecord| String::from_utf8_lossy(bad.span.of(data.bytes()).unwrap_or_default()).into_owned();
        ((0..cut.rows).map(row).collect(), cut.bad.iter().map(|bad| (bad.at, body(bad))).collect())
    }

    #[test]
    fn a_line_is_the_whole_body_and_its_fields_are_there() {
        let live = Live::all().and(["headers", "$2"]);
        let (found, bad) = rows("text", &["a b\nc", "", "x\r\n"], &live);
        assert_eq!(found, ["a b\nc|b|{\"n\":\"0\"}", "|-|{\"n\":\"1\"}", "x\r\n|-|{\"n\":\"2\"}"]);
        assert!(bad.is_empty());
        assert_eq!(rows("text", &["a"], &Live::all()).0, ["a"], "headers are there for who names them");
    }

    #[test]
    fn bodies_of_a_format_have_its_columns_and_bad_ones_keep_headers_in_step() {
        let live = Live::only(["a", "flume.headers"]);
        let (found, bad) = rows("json", &["{\"a\":1}", "no", "{\"a\":\n3}", "", "{\"b\":4}"], &live);
        assert_eq!(found, ["1|{\"n\":\"0\"}", "3|{\"n\":\"2\"}", "-|{\"n\":\"4\"}"]);
        assert_eq!(bad, [(1, "no".to_string())], "what holds nothing is no record");
        let (found, bad) = rows("csv", &["1,2", "", "3,4,5", "\"x\ny\",z"], &live);
        assert_eq!(found, ["1|{\"n\":\"0\"}", "x\ny|{\"n\":\"3\"}"]);
        assert_eq!(bad, [(2, "3,4,5".to_string())]);
        assert_eq!(rows("logfmt", &["a=1 b=2"], &Live::only(["b"])).0, ["2"]);
    }

    #[test]
    fn an_unknown_column_tells_of_the_headers() {
        let text = Events::of(formats::text_input(b'\n'), "text");
        let error = text.schema(&Live::only(["header"])).expect_err("unknown").to_string();
        assert!(error.ends_with("the columns are: line; the headers of an event are `headers`"), "{error}");
    }
}
