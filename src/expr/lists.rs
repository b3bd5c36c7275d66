//! Text as lists: a JSON array is the list of its items. Strings lose their quotes and escapes, other items are what is
//! written there, null is null; text that is no JSON array is null.

mod json;

use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::data::column::{Column, Lists, Span, Text};
use crate::data::schema::Kind;

use super::Node;

impl Node {
    /// Its values as lists: those that text spells as JSON arrays. Other kinds are none; the error says what was found.
    pub fn into_list(self) -> Result<Node, String> {
        match self.kind {
            Kind::List(_) => Ok(self),
            Kind::Input | Kind::Text => {
                let kind = Kind::List(Box::new(Kind::Input));
                Ok(self.converted(kind, &TimeZone::UTC, |column, _| lists(column)))
            }
            _ => Err(format!("{} is no list", self.kind.name())),
        }
    }
}

/// The lists that text spells; lists stay.
pub fn lists(column: &Column) -> Column {
    let Column::Text(text) = column else { return column.clone() };
    let bytes = text.data.bytes();
    let mut items = json::Items::new(bytes);
    let mut spans = Vec::with_capacity(text.spans.len());
    for span in &text.spans {
        let start = items.len();
        let read = span.of(bytes).is_some() && items.read(span.start as usize, (span.start + span.len) as usize);
        spans.push(if read && items.len() < u32::MAX as usize { Span::range(start, items.len()) } else { Span::NULL });
    }
    let items = match items.finish() {
        (spans, None) => Column::Text(Text { data: Arc::clone(&text.data), spans }),
        (spans, Some(copied)) => {
            Column::Text(Text { data: Arc::new(crate::data::buffer::Buffer::from_vec(copied)), spans })
        }
    };
    Column::List(Lists { items: Arc::new(items), spans })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::data::column::Cell;
    use crate::data::rows::block_of;

    /// The items of each text.
    fn read(texts: &[&[u8]]) -> Vec<Option<Vec<Option<Vec<u8>>>>> {
        let block = block_of(&[texts.iter().map(|text| Some(*text)).collect()]);
        let column = lists(&block.columns[0]);
        let item = |cell: Cell<'_>| match cell {
            Cell::Text(text) => Some(text.to_vec()),
            _ => None,
        };
        let list = |row| match column.cell(row) {
            Cell::List(list) => Some(list.cells().map(item).collect()),
            _ => None,
        };
        (0..column.len()).map(list).collect()
    }

    fn items(text: &str) -> Option<Vec<Option<String>>> {
        let list = read(&[text.as_bytes()]).remove(0)?;
        Some(list.into_iter().map(|item| item.map(|item| String::from_utf8(item).expect("text"))).collect())
    }

    fn some(items: &[&str]) -> Option<Vec<Option<String>>> {
        Some(items.iter().map(|item| Some(item.to_string())).collect())
    }

    #[test]
    fn arrays_are_lists_of_what_is_written_in_them() {
        assert_eq!(items(" [ ] "), some(&[]));
        assert_eq!(items(r#"["a", 1 ,-2.50e1,true]"#), some(&["a", "1", "-2.50e1", "true"]));
        assert_eq!(items("[null]"), Some(vec![None]));
        assert_eq!(items(r#"[{"a": [1, "]"]},[ ],""]"#), some(&[r#"{"a": [1, "]"]}"#, "[ ]", ""]));
        assert_eq!(items(r#"["\"\\\/\n\u00e9\ud83d\ude00"]"#), some(&["\"\\/\né😀"]));
    }

    #[test]
    fn what_is_no_array_is_null() {
        let no = [
            "",
            "[",
            "]",
            "[1",
            "[1,]",
            "[,1]",
            "[1 2]",
            "[1]x",
            "x[1]",
            "1",
            "\"a\"",
            "{}",
            "[\"a]",
            "[\"\\x\"]",
            "[\"\\u12\"]",
            "[\"\\ud800\"]",
            "[\"\\ud800\\u0041\"]",
            "[01]",
            "[+1]",
            "[1.]",
            "[nul]",
            "[True]",
            "[NaN]",
            "[\"\t\"]",
            "[{\"a\"}]",
            "[{1:2}]",
            "[[1]",
            "null",
        ];
        for text in no {
            assert_eq!(items(text), None, "{text}");
        }
    }

    /// Nothing that a text before has begun is left, and the bytes of an array need not be UTF-8.
    #[test]
    fn texts_beside_each_other_do_not_mix() {
        let lists = read(&[b"[1,2", b"[\"a\\n\",\"\xff\"]", b"[3]", b"[\"x\", \"y\\"]);
        assert_eq!(lists[0], None);
        assert_eq!(lists[1], Some(vec![Some(b"a\n".to_vec()), Some(b"\xff".to_vec())]));
        assert_eq!(lists[2], Some(vec![Some(b"3".to_vec())]));
        assert_eq!(lists[3], None);
    }

    #[test]
    fn deep_nesting_is_refused() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(items(&nested(100)).is_some());
        assert_eq!(items(&nested(1_000_000)), None);
        assert_eq!(items(&"[".repeat(1_000_000)), None);
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            (-1e9..1e9f64).prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            "[\\x00-\\x7f]{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    /// What is in the list, against serde_json.
    fn agrees(text: &[u8]) -> Result<(), TestCaseError> {
        let found = read(&[text]).remove(0);
        let Ok(Value::Array(values)) = serde_json::from_slice(text) else {
            prop_assert!(found.is_none() || std::str::from_utf8(text).is_err(), "{}", String::from_utf8_lossy(text));
            return Ok(());
        };
        let Some(found) = found else {
            return Err(TestCaseError::fail(format!("{} is an array", String::from_utf8_lossy(text))));
        };
        prop_assert_eq!(found.len(), values.len());
        for (found, value) in found.into_iter().zip(values) {
            match (found, value) {
                (None, value) => prop_assert_eq!(value, Value::Null),
                (Some(text), Value::String(string)) => prop_assert_eq!(text, string.into_bytes()),
                (Some(text), value) => prop_assert_eq!(serde_json::from_slice::<Value>(&text).ok(), Some(value)),
            }
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn arrays_are_read_as_serde_json_reads_them(values in prop::collection::vec(value(), 0..5), pretty: bool) {
            let value = Value::from(values);
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
            agrees(text.expect("JSON").as_bytes())?;
        }

        #[test]
        fn broken_arrays_are_refused_as_serde_json_refuses_them(
            values in prop::collection::vec(value(), 0..4), at: prop::sample::Index, byte: u8, cut: bool, noise in "[\\[\\]{}\",:0-9a-u\\\\ .eE+-]{0,12}",
        ) {
            let mut text = serde_json::to_string(&Value::from(values)).expect("JSON").into_bytes();
            let at = at.index(text.len());
            if cut { text.truncate(at) } else { text[at] = byte }
            agrees(&text)?;
            agrees(format!("[{noise}]").as_bytes())?;
        }
    }
}
