//! The order of values and of rows (SPEC 3): nulls, then numbers by value, then text by bytes.

/// A column to order by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SortKey {
    /// Which column of the block.
    pub column: usize,
    /// Greatest first.
    pub descending: bool,
}
