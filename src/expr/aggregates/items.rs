//! `collect_list`, and whatever is `DISTINCT` (`collect_set` is): values of each group that are kept with their place in the
//! input.

use std::borrow::Cow;
use std::sync::Arc;

use super::state::{Folded, Known, Orders, State, all_valid, ints, items};
use crate::data::block::{Block, Order};
use crate::data::buffer::Buffer;
use crate::data::builder::Builder;
use crate::data::column::{Column, Lists, Span, Text};
use crate::data::groups::Groups;
use crate::data::keys;
use crate::data::order::Entry;
use crate::data::rows::{Rows, gather};
use crate::data::schema::Kind;

/// Where a value is kept.
#[derive(Debug, Clone, Copy)]
struct Item {
    group: u32,
    order: Order,
    block: u32,
    row: u32,
}

/// Values, or several side by side.
struct Items {
    kinds: Vec<Kind>,
    items: Vec<Item>,
    blocks: Vec<Block>,
    /// The rows of the next block.
    open: Builder,
    bytes: usize,
}

/// The values of some groups, group by group.
pub(super) struct Sorted {
    /// The group of each, as an index into those that were asked for.
    pub(super) of: Vec<u32>,
    pub(super) orders: Vec<Order>,
    pub(super) columns: Vec<Column>,
}

impl Items {
    fn new(kinds: &[Kind]) -> Self {
        let (items, blocks) = (Vec::new(), Vec::new());
        Items { kinds: kinds.to_vec(), items, blocks, open: Builder::default(), bytes: 0 }
    }

    /// Keeps these rows, the first of which is of group `groups[0]`.
    fn add(&mut self, args: &[Cow<'_, Column>], rows: &[u32], of: impl Fn(usize) -> (u32, Order)) {
        if rows.is_empty() {
            return;
        }
        let columns: Vec<Column> = args.iter().map(|column| column.clone().into_owned()).collect();
        let block = Block { rows: columns.first().map_or(0, Column::len), columns, ..Block::default() };
        for &row in rows {
            let (group, order) = of(row as usize);
            let (block, at) = (self.blocks.len() as u32, 0);
            self.items.push(Item { group, order, block, row: at });
        }
        let first = self.items.len() - rows.len();
        // In bulk, but no block may outgrow what a block may be.
        for (piece, items) in rows.chunks(1024).zip(self.items[first..].chunks_mut(1024)) {
            for (n, item) in items.iter_mut().enumerate() {
                item.block = self.blocks.len() as u32;
                item.row = (self.open.len() + n) as u32;
            }
            self.open.extend(&block, piece.iter().map(|row| *row as usize));
            if self.open.is_full() {
                let full = self.open.finish();
                self.bytes += full.columns.iter().map(Column::bytes).sum::<usize>();
                self.blocks.push(full);
            }
        }
    }

    /// The values of these groups, those of each in the order of the input.
    fn sorted(&self, groups: &[u32]) -> Sorted {
        let last = groups.iter().max().map_or(0, |last| *last as usize + 1);
        let mut index = vec![u32::MAX; last];
        groups.iter().zip(0..).for_each(|(group, at)| index[*group as usize] = at);
        let wanted = |item: &&Item| index.get(item.group as usize).is_some_and(|at| *at != u32::MAX);
        let mut chosen: Vec<Item> = self.items.iter().filter(wanted).copied().collect();
        chosen.iter_mut().for_each(|item| item.group = index[item.group as usize]);
        chosen.sort_unstable_by_key(|item| (item.group, item.order));
        let mut rows = Rows { blocks: self.blocks.clone(), orders: Vec::new() };
        rows.blocks.push(self.open.clone().finish());
        let entry = |item: &Item| Entry { prefix: 0, block: item.block, row: item.row };
        let entries: Vec<Entry> = chosen.iter().map(entry).collect();
        let columns = match rows.blocks.iter().any(|block| block.rows > 0) {
            // A block without rows has no columns yet, and gathering looks at those of the first.
            true => {
                rows.blocks.retain(|block| block.rows > 0);
                gather(&rows, &entries).columns
            }
            false => self.kinds.iter().map(|kind| Column::nulls(kind, 0)).collect(),
        };
        let (of, orders) = chosen.iter().map(|item| (item.group, item.order)).unzip();
        Sorted { of, orders, columns }
    }

    fn clear(&mut self) {
        self.items.clear();
        self.blocks.clear();
        self.open = Builder::default();
        self.bytes = 0;
    }

    fn weight(&self) -> usize {
        self.bytes + 16 * self.items.len()
    }
}

impl Sorted {
    /// What is made of these values of so many groups, which are different.
    pub(super) fn distinct(self, inner: &Inner, groups: usize) -> Vec<Column> {
        let args: Vec<Cow<'_, Column>> = self.columns.into_iter().map(Cow::Owned).collect();
        let (mut state, orders) = (inner(), Orders::Each(&self.orders));
        state.fold(&Folded { rows: self.of.len(), count: groups, groups: Some(&self.of), args: &args, orders });
        state.finish(&(0..groups as u32).collect::<Vec<_>>())
    }

    /// A list for each of so many groups.
    pub(super) fn lists(&self, groups: usize, column: Column) -> Column {
        let mut spans = vec![Span { start: 0, len: 0 }; groups];
        for (at, group) in self.of.iter().enumerate() {
            let span = &mut spans[*group as usize];
            if span.len == 0 {
                span.start = at as u32;
            }
            span.len += 1;
        }
        Column::List(Lists { items: Arc::new(column), spans })
    }

    pub(super) fn export(mut self, groups: usize) -> Vec<Column> {
        let (blocks, rows) = self.orders.iter().map(|order| order.pair()).unzip();
        let (blocks, rows) = (Column::ints(blocks), Column::ints(rows));
        let values = std::mem::take(&mut self.columns);
        [blocks, rows].into_iter().chain(values).map(|column| self.lists(groups, column)).collect()
    }
}

/// What [`Sorted::export`] gave, item by item: the group of each, and the columns.
pub(super) fn flat(columns: &[Column], groups: &[u32]) -> (Vec<u32>, Vec<Column>) {
    let mut groups_of = Vec::new();
    let flat = |column: &Column| {
        let (column, at, of) = items(column, groups);
        groups_of = of;
        column.pick(&at)
    };
    let columns = columns.iter().map(flat).collect();
    (groups_of, columns)
}

/// What orders of items are exported as, read again.
pub(super) fn orders(columns: &[Column]) -> Vec<Order> {
    let pairs = ints(columns.first()).iter().zip(ints(columns.get(1)));
    pairs.map(|(block, rest)| Order::of_pair(*block, *rest)).collect()
}

/// Folds what [`Sorted::export`] gave.
fn fold(state: &mut dyn State, columns: &[Column], groups: &[u32], count: usize) {
    let (of, columns) = flat(columns, groups);
    let orders = orders(&columns);
    let args: Vec<Cow<'_, Column>> = columns.iter().skip(2).map(Cow::Borrowed).collect();
    let orders = Orders::Each(&orders);
    state.fold(&Folded { rows: of.len(), count, groups: Some(&of), args: &args, orders });
}

/// All values of each group that are not null, in record order.
pub struct Collected {
    items: Items,
}

impl Collected {
    /// Of values of this kind.
    pub fn new(kind: &Kind) -> Self {
        Collected { items: Items::new(std::slice::from_ref(kind)) }
    }
}

/// The rows that have a value in every column.
fn valid_rows(rows: &Folded<'_>) -> Vec<u32> {
    match all_valid(rows.args) {
        None => (0..rows.rows as u32).collect(),
        Some(valid) => (0..rows.rows as u32).filter(|row| valid[*row as usize]).collect(),
    }
}

impl Known for Collected {
    fn export(&self, groups: &[u32]) -> Vec<Column> {
        self.items.sorted(groups).export(groups.len())
    }

    fn import(&mut self, columns: &[Column], groups: &[u32], count: usize) {
        fold(self, columns, groups, count);
    }

    fn finish(&self, groups: &[u32]) -> Vec<Column> {
        let mut sorted = self.items.sorted(groups);
        let values = std::mem::take(&mut sorted.columns);
        values.into_iter().map(|column| sorted.lists(groups.len(), column)).collect()
    }

    fn weight(&self) -> usize {
        self.items.weight()
    }
}

impl State for Collected {
    fn fold(&mut self, rows: &Folded<'_>) {
        self.items.add(rows.args, &valid_rows(rows), |row| (rows.group(row) as u32, rows.orders.of(row)));
    }

    fn clear(&mut self) {
        self.items.clear();
    }
}

/// Makes what is to be made of different values.
pub(super) type Inner = Box<dyn Fn() -> Box<dyn State> + Send>;

/// What another state makes of the different values of each group, the first of each in record order.
pub struct Distinct {
    /// Group and value together are a key, whose number is that of its item.
    pairs: Groups,
    items: Items,
    inner: Inner,
}

impl Distinct {
    /// Of values of these kinds, for the state that `inner` makes.
    pub(super) fn new(kinds: &[Kind], inner: Inner) -> Self {
        Distinct { pairs: Groups::new(), items: Items::new(kinds), inner }
    }
}

/// The group of each of these rows, and its values, as one key.
pub(super) fn pairs(rows: &Folded<'_>, chosen: &[u32]) -> Text {
    let columns: Vec<Column> = rows.args.iter().map(|column| column.clone().into_owned()).collect();
    let all: Vec<usize> = (0..columns.len()).collect();
    let block = Block { rows: rows.rows, columns, ..Block::default() };
    let values = keys::encode(&block, &all);
    let (mut data, mut spans) = (Vec::new(), Vec::with_capacity(chosen.len()));
    for &row in chosen {
        let start = data.len();
        data.extend_from_slice(&(rows.group(row as usize) as u32).to_le_bytes());
        data.extend_from_slice(values.spans[row as usize].of(values.data.bytes()).unwrap_or_default());
        spans.push(Span::range(start, data.len()));
    }
    Text { data: Arc::new(Buffer::from_vec(data)), spans }
}

impl Known for Distinct {
    fn export(&self, groups: &[u32]) -> Vec<Column> {
        self.items.sorted(groups).export(groups.len())
    }

    fn import(&mut self, columns: &[Column], groups: &[u32], count: usize) {
        fold(self, columns, groups, count);
    }

    fn finish(&self, groups: &[u32]) -> Vec<Column> {
        self.items.sorted(groups).distinct(&self.inner, groups.len())
    }

    fn weight(&self) -> usize {
        self.items.weight()
    }
}

impl State for Distinct {
    fn fold(&mut self, rows: &Folded<'_>) {
        let chosen = valid_rows(rows);
        let (mut new, items) = (Vec::new(), &mut self.items.items);
        let mut known = items.len();
        self.pairs.update(&pairs(rows, &chosen), |at, pair, first| {
            // A value that is new in this block is compared with what is kept of it only when it comes again.
            let order = rows.orders.of(chosen[at] as usize);
            if pair as usize == known {
                known += 1;
                new.push((chosen[at], order));
            } else if let Some(item) = items.get_mut(pair as usize) {
                item.order = item.order.min(order);
            } else {
                let kept: &mut (u32, Order) = &mut new[pair as usize - items.len()];
                kept.1 = kept.1.min(order);
            }
            *first = 1;
        });
        let chosen: Vec<u32> = new.iter().map(|(row, _)| *row).collect();
        let first = self.items.items.len();
        self.items.add(rows.args, &chosen, |row| (rows.group(row) as u32, rows.orders.of(row)));
        self.items.items[first..].iter_mut().zip(new).for_each(|(item, (_, order))| item.order = order);
    }

    fn clear(&mut self) {
        self.pairs.clear();
        self.items.clear();
    }
}
