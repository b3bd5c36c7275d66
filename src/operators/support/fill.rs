//! `--fill`: keys that were seen in an earlier batch are given again when they have no row: counts 0, all else null. What is
//! kept from batch to batch are the keys, in their order.

use clap::{Arg, ArgAction};

use crate::data::batch::BatchInfo;
use crate::data::block::Block;
use crate::data::builder::Builder;
use crate::data::column::{Column, Number};
use crate::data::order::{SortKey, compare_keys};
use crate::data::rows::Rows;
use crate::data::schema::Field;
use crate::error::Result;
use crate::operators::WholeBatch;

/// The option, for the operators that have it.
pub fn option() -> Arg {
    let help = "Give keys of earlier batches again when they have no row: counts 0, all else null";
    Arg::new("fill").long("fill").action(ArgAction::SetTrue).requires("by").help(help)
}

/// Fills up the rows of an aggregate, which come in order of their keys.
pub struct Fill {
    /// How many columns the keys have.
    keys: usize,
    /// One row: what the other columns are for a key without rows.
    nothing: Vec<Column>,
}

impl Fill {
    /// For rows of these fields, the first `keys` of them the keys; `counts` tells of each other one whether it is 0 without a
    /// row.
    pub fn new(keys: usize, fields: &[Field], counts: &[bool]) -> Self {
        let nothing = fields[keys..].iter().zip(counts).map(|(field, count)| match count {
            true => Column::Number(std::iter::once(Number::Int(0)).collect()),
            false => Column::nulls(&field.kind, 1),
        });
        Fill { keys, nothing: nothing.collect() }
    }
}

impl WholeBatch for Fill {
    fn run(&self, blocks: Vec<Block>, _: &BatchInfo, state: &mut Rows) -> Result<Vec<Block>> {
        let order: Vec<SortKey> =
            (0..self.keys).map(|column| SortKey { column, descending: false, bytes: true }).collect();
        let (mut out, mut seen) = (Building::default(), Building::default());
        let known = std::mem::take(state);
        let mut before = known.blocks.iter().flat_map(|block| (0..block.rows).map(move |row| (block, row))).peekable();
        for block in &blocks {
            let keys = self.keys_of(block);
            for row in 0..block.rows {
                while let Some(missing) = before.next_if(|&known| compare_keys(&order, known, (&keys, row)).is_lt()) {
                    self.missing(missing, &mut out, &mut seen);
                }
                before.next_if(|&known| compare_keys(&order, known, (&keys, row)).is_eq());
                out.push(block, row);
                seen.push(&keys, row);
            }
        }
        for missing in before {
            self.missing(missing, &mut out, &mut seen);
        }
        *state = Rows { blocks: seen.finish(), orders: Vec::new() };
        Ok(out.finish())
    }
}

impl Fill {
    /// The columns of the keys alone.
    fn keys_of(&self, block: &Block) -> Block {
        Block { rows: block.rows, columns: block.columns[..self.keys].to_vec(), ..Block::default() }
    }

    /// A row for a key that has none.
    fn missing(&self, (block, row): (&Block, usize), out: &mut Building, seen: &mut Building) {
        let mut columns = block.columns.clone();
        columns.iter_mut().for_each(|column| column.keep(&[row as u32]));
        columns.extend(self.nothing.iter().cloned());
        out.push(&Block { rows: 1, columns, ..Block::default() }, 0);
        seen.push(block, row);
    }
}

/// Rows that are collected into blocks of bounded size.
#[derive(Default)]
struct Building {
    builder: Builder,
    blocks: Vec<Block>,
}

impl Building {
    fn push(&mut self, block: &Block, row: usize) {
        self.builder.push(block, row);
        if self.builder.is_full() {
            self.blocks.push(self.builder.finish());
        }
    }

    fn finish(mut self) -> Vec<Block> {
        if !self.builder.is_empty() {
            self.blocks.push(self.builder.finish());
        }
        self.blocks
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::column::Cell;
    use crate::data::rows::block_of;
    use crate::data::schema::Kind;
    use crate::operators::testing::BATCH;

    #[test]
    fn keys_of_earlier_batches_are_given_again_in_order() {
        let fields = [Field::shown("k"), Field::shown("n").of(Kind::Number), Field::shown("x")];
        let fill = Fill::new(1, &fields, &[true, false]);
        let mut state = Rows::default();
        let mut batch = |keys: &[Option<&[u8]>]| {
            let mut block = block_of(&[keys.to_vec(), vec![Some(b"v"); keys.len()]]);
            block.columns.insert(1, Column::ints(vec![7; keys.len()]));
            let blocks = fill.run(if keys.is_empty() { vec![] } else { vec![block] }, &BATCH, &mut state).unwrap();
            let text = |cell: Cell<'_>| match cell {
                Cell::Text(text) => String::from_utf8_lossy(text).into_owned(),
                Cell::Int(value) => value.to_string(),
                _ => "-".into(),
            };
            let row =
                |block: &Block, row| block.columns.iter().map(|c| text(c.cell(row))).collect::<Vec<_>>().join(" ");
            blocks.iter().flat_map(|block| (0..block.rows).map(|at| row(block, at)).collect::<Vec<_>>()).collect()
        };
        let given: Vec<String> = batch(&[Some(b"b"), Some(b"d")]);
        assert_eq!(given, ["b 7 v", "d 7 v"]);
        assert_eq!(batch(&[None, Some(b"c")]), ["- 7 v", "b 0 -", "c 7 v", "d 0 -"]);
        assert_eq!(batch(&[]), ["- 0 -", "b 0 -", "c 0 -", "d 0 -"]);
    }
}
