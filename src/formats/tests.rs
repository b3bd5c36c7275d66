//! What the tests of several formats need.

use super::*;
use crate::data::block::Text;
use crate::data::schema::Field;
use crate::data::time::Time;

/// A batch of the second before 1970-01-01T00:00:02Z.
pub const BATCH: BatchInfo = BatchInfo { id: 1, start: Time(1000), end: Time(2000), redo: false };

pub fn settings(names: &[&str]) -> Settings {
    let schema = Schema { fields: names.iter().map(|n| Field::shown(*n)).collect(), ..Schema::default() };
    Settings { limit: 10, interval: true, ..Settings::plain(schema) }
}

pub fn text(values: &[Option<&[u8]>]) -> Column {
    let (mut data, mut spans) = (Vec::new(), Vec::new());
    for value in values {
        let start = data.len();
        data.extend_from_slice(value.unwrap_or_default());
        spans.push(if value.is_some() { Span::range(start, data.len()) } else { Span::NULL });
    }
    Column::Text(Text { data: Arc::new(Buffer::from_vec(data)), spans })
}

pub fn block(columns: Vec<Column>) -> Block {
    Block { rows: columns[0].len(), columns, ..Block::default() }
}

/// The block as a format without a layout prints it.
pub fn printed(output: &dyn Output, block: &Block) -> String {
    let mut out = Vec::new();
    output.rows(block, &BATCH, &mut out);
    String::from_utf8(out).expect("text")
}

/// A batch of this block as a format with a layout prints it.
pub fn laid_out(output: &dyn Output, blocks: &[Block], summary: &Summary) -> String {
    let mut layout = output.layout().expect("a layout");
    let mut out = Vec::new();
    layout.begin(&BATCH);
    for block in blocks {
        let mut rendered = Vec::new();
        output.rows(block, &BATCH, &mut rendered);
        layout.rows(&rendered, &mut out);
    }
    layout.end(&BATCH, summary, &mut out);
    String::from_utf8(out).expect("text")
}

#[test]
fn every_output_format_is_found_by_its_name_and_others_are_hinted_at() {
    for entry in OUTPUTS {
        assert!(output(entry.name, &settings(&["a"])).is_ok(), "{}", entry.name);
    }
    let error = output("jsno", &settings(&["a"])).err().expect("unknown").to_string();
    assert!(error.contains("`jsno`") && error.ends_with("did you mean json?"), "{error}");
}
