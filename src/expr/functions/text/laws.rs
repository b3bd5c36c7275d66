//! Laws that every function of text and of regexes keeps, whatever the bytes and the numbers.

use proptest::prelude::*;

use super::testing::{bytes, shown};
use crate::data::block::Block;
use crate::data::column::{Column, Number};
use crate::data::schema::Kind;
use crate::expr::functions::{Function, regex};
use crate::expr::node::TextBuilder;
use crate::expr::{Context, Node};

/// Texts, some of which are numbers or regexes.
fn texts() -> impl Strategy<Value = Option<Vec<u8>>> {
    let words = ["-1", "2", "3e9", "a*", "(a)|.", "$", "[", r"\B", "$1", r"\", ""].map(|word| word.as_bytes().to_vec());
    prop_oneof![4 => bytes().prop_map(Some), 2 => proptest::sample::select(words.to_vec()).prop_map(Some), 1 => Just(None)]
}

fn numbers() -> impl Strategy<Value = Number> {
    let floats = [f64::NAN, f64::INFINITY, -1e300, 2.5].map(Number::Float);
    let ints = [i64::MIN, i64::MAX, -1, 0, 1, 4_294_967_296].map(Number::Int);
    prop_oneof![
        4 => (-3i64..9).prop_map(Number::Int),
        1 => proptest::sample::select(ints.to_vec()),
        1 => proptest::sample::select(floats.to_vec()),
        1 => Just(Number::Null)
    ]
}

/// Three columns of text and one of numbers.
fn block(rows: &[([Option<Vec<u8>>; 3], Number)]) -> Block {
    let text = |at: usize| {
        let mut made = TextBuilder::default();
        rows.iter().for_each(|(texts, _)| made.push(texts[at].as_deref()));
        made.finish()
    };
    let numbers = Column::Number(rows.iter().map(|(_, number)| *number).collect());
    Block { rows: rows.len(), columns: vec![text(0), text(1), text(2), numbers], ..Block::default() }
}

/// All nodes that a function makes of the columns; `row` given, of constants that are its values instead.
fn nodes(function: &Function, of: &Block, row: Option<usize>) -> Vec<Option<Node>> {
    let argument = |at: usize| {
        let kind = if at == 3 { Kind::Number } else { Kind::Input };
        let Some(row) = row else { return Node::column(at, kind) };
        let mut value = of.columns[at].clone();
        value.keep(&[row as u32]);
        Node::constant(kind, value)
    };
    let calls = [vec![0], vec![3], vec![0, 1], vec![0, 3], vec![0, 1, 2], vec![0, 1, 3], vec![0, 3, 1], vec![0, 3, 3]];
    let bind = |call: &Vec<usize>| (function.bind)(call.iter().map(|at| argument(*at)).collect(), &Context::default());
    calls.iter().map(|call| bind(call).ok()).collect()
}

proptest! {
    /// No function panics; each row is computed by itself, and constants give what columns of the same values do, but that
    /// they may be refused where a row is null.
    #[test]
    fn a_row_is_computed_by_itself(
        rows in proptest::collection::vec((proptest::array::uniform3(texts()), numbers()), 1..4)
    ) {
        let block = block(&rows);
        let one = Block { rows: 1, ..Block::default() };
        for function in super::FAMILY.functions.iter().chain(regex::FAMILY.functions) {
            let columns = nodes(function, &block, None);
            prop_assert!(columns.iter().any(Option::is_some), "{} was never called", function.name);
            for row in 0..rows.len() {
                for (varying, constant) in columns.iter().zip(nodes(function, &block, Some(row))) {
                    let Some(varying) = varying else { continue };
                    let column = varying.eval(&block);
                    prop_assert_eq!(column.len(), rows.len());
                    let expected = match &constant {
                        Some(constant) => shown(constant.eval(&one).cell(0)),
                        None => "NULL".to_string(),
                    };
                    let result = shown(column.cell(row));
                    prop_assert_eq!(&result, &expected, "{} of {:?}", function.name, &rows[row]);
                }
            }
        }
    }
}
