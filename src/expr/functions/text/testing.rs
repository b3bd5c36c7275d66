//! What the tests of functions on text share: calls written as in SQL (constants only), columns, texts of all sorts.

use proptest::prelude::*;

use crate::data::block::Block;
use crate::data::column::{Cell, Column, Number};
use crate::data::schema::Kind;
use crate::data::write;
use crate::expr::node::TextBuilder;
use crate::expr::{Context, Node, functions};

/// What a call gives, as `--out text` prints it; `NULL` for null.
pub fn shown(cell: Cell<'_>) -> String {
    let mut out = Vec::new();
    match cell {
        Cell::Null => out.extend(b"NULL"),
        cell => write::cell(cell, &Context::default().zone, &mut out),
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Binds a function of these arguments.
pub fn bound(name: &str, args: Vec<Node>) -> Result<Node, String> {
    let function = functions::find(name).unwrap_or_else(|| panic!("no function {name}"));
    (function.bind)(args, &Context::default())
}

/// Computes a function of texts, each a column: the results by row.
pub fn computed(name: &str, columns: &[&[Option<&[u8]>]], more: Vec<Node>) -> Column {
    let rows = columns[0].len();
    let made = columns.iter().map(|values| {
        let mut made = TextBuilder::default();
        made.push(Some(b"not at the start of the buffer"));
        values.iter().for_each(|value| made.push(*value));
        let mut column = made.finish();
        column.keep(&(1..=rows as u32).collect::<Vec<_>>());
        column
    });
    let block = Block { rows, columns: made.collect(), ..Block::default() };
    let mut args: Vec<Node> = (0..columns.len()).map(|at| Node::column(at, Kind::Input)).collect();
    args.extend(more);
    bound(name, args).unwrap().eval(&block).into_owned()
}

/// The texts of a column.
pub fn texts(column: &Column) -> Vec<Option<Vec<u8>>> {
    let text = |row| match column.cell(row) {
        Cell::Text(bytes) => Some(bytes.to_vec()),
        Cell::Null => None,
        other => panic!("no text: {other:?}"),
    };
    (0..column.len()).map(text).collect()
}

/// What `expression` gives, computed as constants and computed as columns, which must be the same.
pub fn call(expression: &str) -> String {
    let (constant, more) = read(expression, false);
    let (varying, _) = read(expression, true);
    assert_eq!(more, "", "{expression}");
    let varying = varying.unwrap_or_else(|e| panic!("{expression}: {e}"));
    let constant = constant.unwrap_or_else(|e| panic!("{expression}: {e}"));
    let block = Block { rows: 3, ..Block::default() };
    let (column, one) = (varying.eval(&block).into_owned(), constant.eval(&block).into_owned());
    assert_eq!(column.len(), 3);
    let result = shown(column.cell(2));
    assert_eq!(shown(one.cell(1)), result, "{expression}: constants and columns differ");
    result
}

/// Why `expression` is refused.
pub fn refused(expression: &str) -> String {
    read(expression, false).0.err().unwrap_or_else(|| panic!("{expression} is not refused"))
}

/// A literal or a call; what is behind it. `vary`: constants hide that they are.
fn read(text: &str, vary: bool) -> (Result<Node, String>, &str) {
    let text = text.trim_start();
    if let Some(inside) = text.strip_prefix('\'') {
        let mut end = inside.find('\'').expect("a quote");
        while inside[end + 1..].starts_with('\'') {
            end = end + 2 + inside[end + 2..].find('\'').expect("a quote");
        }
        let value = inside[..end].replace("''", "'");
        return (Ok(hidden(Node::text(value.as_bytes()), vary)), &inside[end + 1..]);
    }
    let end = text.find(['(', ',', ')', ' ']).unwrap_or(text.len());
    let (word, mut rest) = text.split_at(end);
    let Some(inside) = rest.strip_prefix('(') else {
        let node = match word {
            "NULL" => Node::null(),
            "true" | "false" => Node::constant(Kind::Bool, Column::Bool(vec![(word == "true").into()])),
            _ => Node::number(word.parse().map_or_else(|_| Number::Float(word.parse().expect(word)), Number::Int)),
        };
        return (Ok(hidden(node, vary)), rest);
    };
    rest = inside.trim_start();
    let mut args = Vec::new();
    while !rest.starts_with(')') {
        let (arg, behind) = read(rest, vary);
        args.push(arg.unwrap());
        rest = behind.trim_start().trim_start_matches(',').trim_start();
    }
    (bound(word, args), &rest[1..])
}

fn hidden(node: Node, vary: bool) -> Node {
    struct Hidden(Node);
    impl crate::expr::Eval for Hidden {
        fn eval<'a>(&'a self, block: &'a Block) -> std::borrow::Cow<'a, Column> {
            self.0.eval(block)
        }
    }
    if vary { Node::new(node.kind.clone(), Hidden(node)) } else { node }
}

/// Texts of characters of all widths and of bytes that are none.
pub fn bytes() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: [&[u8]; 13] = [
        b"a",
        b"b",
        b"B",
        b" ",
        b".",
        "é".as_bytes(),
        "ß".as_bytes(),
        "用户".as_bytes(),
        "😀".as_bytes(),
        b"\xff",
        b"\xe7\x94",
        b"\x80",
        b"\xc3",
    ];
    let piece = (0..PIECES.len()).prop_map(|at| PIECES[at]);
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// The characters of a text, and the bytes that are none.
pub fn characters(text: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    for chunk in text.utf8_chunks() {
        let mut rest = chunk.valid().as_bytes();
        chunk.valid().chars().for_each(|c| {
            let (char, behind) = rest.split_at(c.len_utf8());
            found.push(char);
            rest = behind;
        });
        found.extend(chunk.invalid().chunks(1));
    }
    found
}
