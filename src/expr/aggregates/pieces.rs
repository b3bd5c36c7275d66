//! Groups in pieces that can be put into columns, and their keys as columns again.

use super::state::{Known, valid};
use crate::data::block::Block;
use crate::data::column::Column;
use crate::data::keys::Decoder;

/// So many groups are exported or finished at once.
const PIECE: usize = 1 << 20;
/// ... and no more than about so many bytes of what states hold.
const PIECE_BYTES: usize = 1 << 30;

/// About how much there is to export.
pub(super) fn weight<K: Known + ?Sized>(states: &[Box<K>]) -> usize {
    states.iter().map(|state| state.weight()).sum()
}

/// How many of so many groups make a piece.
pub(super) fn rows_of(weight: usize, groups: usize) -> usize {
    match weight {
        0..PIECE_BYTES => PIECE,
        _ => (groups / (weight / PIECE_BYTES + 1) / 2).clamp(1, PIECE),
    }
}

/// How many groups there are in what was exported of a piece.
pub(super) fn rows_in(piece: &[Vec<Column>]) -> usize {
    piece.iter().flatten().next().map_or(0, Column::len)
}

/// Whether a column holds no value.
pub(super) fn nothing(column: Option<&Column>) -> bool {
    column.is_none_or(|column| valid(column).is_some_and(|valid| valid.iter().all(|valid| !valid)))
}

/// Keys on their way into columns.
pub(super) struct Keys {
    decoder: Decoder,
    values: Vec<i64>,
}

impl Keys {
    /// None yet; each will be so many columns of text.
    pub(super) fn new(width: usize) -> Self {
        Keys { decoder: Decoder::new(width), values: Vec::new() }
    }

    /// Makes room for so many keys.
    pub(super) fn reserve(&mut self, keys: usize) {
        self.decoder.reserve(keys);
        self.values.reserve(keys);
    }

    /// One more key, its group and what lies beside it.
    pub(super) fn push(&mut self, key: Option<&[u8]>, group: u32, value: i64) {
        self.decoder.push(key, i64::from(group));
        self.values.push(value);
    }

    /// Blocks of at most so many keys: what `make` makes of their columns, their groups and what lies beside them.
    pub(super) fn blocks(self, rows: usize, make: impl Fn(Block, &[u32], &[i64]) -> Block) -> Vec<Block> {
        let (mut blocks, mut rest) = (Vec::new(), &self.values[..]);
        for mut block in self.decoder.finish() {
            let numbers = block.columns.pop();
            let numbers = numbers.as_ref().and_then(Column::as_ints).unwrap_or_default();
            let groups: Vec<u32> = numbers.iter().map(|group| *group as u32).collect();
            if groups.len() <= rows {
                let (values, more) = rest.split_at(groups.len());
                rest = more;
                blocks.push(make(block, &groups, values));
                continue;
            }
            let mut first = 0;
            for piece in groups.chunks(rows) {
                let (values, more) = rest.split_at(piece.len());
                rest = more;
                let mut part = block.clone();
                part.keep(&(first..first + piece.len() as u32).collect::<Vec<_>>());
                first += piece.len() as u32;
                blocks.push(make(part, piece, values));
            }
        }
        blocks
    }
}
