//! `sum`, `avg`, `variance`, `stddev`: from exact sums of the numbers and of their squares, rounded once, so that nothing
//! depends on the order of the rows.

use super::state::{Folded, Known, State, ints, resize, texts};
use crate::data::column::{Column, Number};
use crate::data::exact::Exact;
use crate::expr::node::TextBuilder;

/// What is made of the sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// `sum`.
    Sum,
    /// `avg`.
    Mean,
    /// `variance`, `var_samp`; of one value it is null.
    Variance,
    /// `var_pop`.
    PopulationVariance,
    /// `stddev`, `stddev_samp`; of one value it is null.
    Deviation,
    /// `stddev_pop`.
    PopulationDeviation,
}

/// Sums for each group.
#[derive(Default)]
pub struct Sums {
    moments: Vec<Moment>,
    counted: bool,
    squared: bool,
    counts: Vec<i64>,
    sums: Vec<Exact>,
    squares: Vec<Exact>,
}

impl Moment {
    /// Whether the number of values is needed.
    pub(super) fn counts(self) -> bool {
        self != Moment::Sum
    }

    /// Whether the sum of the squares is needed.
    pub(super) fn squares(self) -> bool {
        !matches!(self, Moment::Sum | Moment::Mean)
    }
}

impl Sums {
    /// Sums of nothing, of which these moments are wanted.
    pub fn new(moments: &[Moment]) -> Self {
        Sums {
            moments: moments.to_vec(),
            counted: moments.iter().any(|moment| moment.counts()),
            squared: moments.iter().any(|moment| moment.squares()),
            ..Sums::default()
        }
    }

    /// Whether it knows of no group.
    pub fn is_empty(&self) -> bool {
        self.sums.is_empty()
    }

    /// The sum of a group, to be added to; there are `count` groups.
    #[cold]
    pub fn sum(&mut self, group: u32, count: usize) -> &mut Exact {
        self.reach(count.max(group as usize + 1));
        &mut self.sums[group as usize]
    }

    /// The sum of a group, if it has one.
    pub fn known(&self, group: u32) -> Option<&Exact> {
        self.sums.get(group as usize)
    }

    fn reach(&mut self, count: usize) {
        resize(&mut self.sums, count);
        resize(&mut self.counts, if self.counted { count } else { 0 });
        resize(&mut self.squares, if self.squared { count } else { 0 });
    }

    /// Sums of all rows: whole numbers are added up on their own first.
    fn fold_all(&mut self, rows: &Folded<'_>) {
        let sum = &mut self.sums[0];
        let (mut whole, mut seen) = (0i128, false);
        rows.numbers(|_, number| match number {
            Number::Int(value) => {
                whole += i128::from(value);
                seen = true;
            }
            other => sum.add(other),
        });
        if seen {
            sum.add_ints(whole);
        }
    }
}

/// What is made of the sum of so many values, and of that of their squares.
pub(super) fn moment(moment: Moment, sum: &Exact, squares: Option<&Exact>, count: u64) -> Number {
    let variance = |divisor: u64| match (divisor, squares) {
        (1.., Some(squares)) => Some(sum.variance(squares, count, divisor)),
        _ => None,
    };
    let made = match moment {
        Moment::Sum => return sum.total(),
        Moment::Mean => return sum.mean(count),
        Moment::Variance => variance(count.saturating_sub(1)),
        Moment::PopulationVariance => variance(count),
        Moment::Deviation => variance(count.saturating_sub(1)).map(f64::sqrt),
        Moment::PopulationDeviation => variance(count).map(f64::sqrt),
    };
    made.map_or(Number::Null, Number::Float)
}

/// Sums as they are exported; null for those of nothing.
pub(super) fn written<'a>(sums: impl ExactSizeIterator<Item = Option<&'a Exact>>) -> Column {
    let mut text = TextBuilder::with_capacity(sums.len());
    for sum in sums {
        match sum.filter(|sum| !sum.is_empty()) {
            Some(sum) => text.write(|out| sum.write(out)),
            None => text.push(None),
        }
    }
    text.finish()
}

impl Known for Sums {
    fn export(&self, groups: &[u32]) -> Vec<Column> {
        let written = |sums: &[Exact]| written(groups.iter().map(|group| sums.get(*group as usize)));
        let mut columns = vec![written(&self.sums)];
        if self.counted {
            let count = |group: &u32| self.counts.get(*group as usize).copied().unwrap_or(0);
            columns.push(Column::ints(groups.iter().map(count).collect()));
        }
        if self.squared {
            columns.push(written(&self.squares));
        }
        columns
    }

    fn import(&mut self, columns: &[Column], groups: &[u32], count: usize) {
        self.reach(count);
        let merge = |sums: &mut [Exact], column: Option<&Column>| {
            for (bytes, group) in texts(column).zip(groups) {
                if let Some(bytes) = bytes {
                    sums[*group as usize].merge(&Exact::read(bytes));
                }
            }
        };
        merge(&mut self.sums, columns.first());
        if self.counted {
            for (more, group) in ints(columns.get(1)).iter().zip(groups) {
                self.counts[*group as usize] += more;
            }
        }
        if self.squared {
            merge(&mut self.squares, columns.get(2));
        }
    }

    fn finish(&self, groups: &[u32]) -> Vec<Column> {
        let made = |wanted: Moment, group: usize| {
            let count = self.counts.get(group).map_or(0, |count| *count as u64);
            self.sums.get(group).map_or(Number::Null, |sum| moment(wanted, sum, self.squares.get(group), count))
        };
        let column = |wanted: &Moment| groups.iter().map(|group| made(*wanted, *group as usize)).collect();
        self.moments.iter().map(|moment| Column::Number(column(moment))).collect()
    }
}

impl State for Sums {
    fn fold(&mut self, rows: &Folded<'_>) {
        self.reach(rows.count);
        if self.squared {
            let (sums, squares, counts) = (&mut self.sums, &mut self.squares, &mut self.counts);
            rows.numbers(|group, number| {
                sums[group].add(number);
                squares[group].add_square(number);
                counts[group] += i64::from(number != Number::Null);
            });
        } else if self.counted {
            let (sums, counts) = (&mut self.sums, &mut self.counts);
            rows.numbers(|group, number| {
                sums[group].add(number);
                counts[group] += i64::from(number != Number::Null);
            });
        } else if rows.groups.is_none() {
            self.fold_all(rows);
        } else {
            let sums = &mut self.sums;
            rows.numbers(|group, number| sums[group].add(number));
        }
    }

    fn clear(&mut self) {
        self.counts.clear();
        self.sums.clear();
        self.squares.clear();
    }
}
