//! Very many rows in order without a list of them all: each shard deals what it has into ranges of the order, then range after
//! range is sorted and finished by itself, within the caches.

use std::any::Any;

use super::super::block::Block;

/// What has so many rows that it should be dealt, on one shard.
pub trait Deals {
    /// How many rows there are, or more.
    fn rows(&self) -> usize;

    /// The [`prefix`](super::prefix)es of the first sort key of about so many of them.
    fn sample(&self, count: usize) -> Vec<u64>;

    /// Takes everything out, in the ranges that the borders make.
    fn deal(&mut self, borders: &Borders) -> Box<dyn Ranges>;
}

/// Rows in ranges of their order.
pub trait Ranges: Any + Send + Sync {
    /// Takes in what of the same ranges another shard has dealt.
    fn join(&mut self, other: Box<dyn Ranges>);

    /// The rows of one of the ranges, in order.
    fn finish(&self, range: usize) -> Vec<Block>;
}

/// More ranges than this are not made: each takes a buffer while rows are dealt.
const MOST: usize = 4096;
/// So many prefixes are sampled for each range.
const SAMPLES: usize = 32;

/// Where one range of the order ends and the next begins.
pub struct Borders {
    /// The first prefix of each range but the first; each once.
    firsts: Vec<u64>,
}

impl Borders {
    /// Makes ranges of about `size` rows each. `None` if there are too few rows, or too many of the same prefix.
    pub fn of(deals: &[&dyn Deals], size: usize) -> Option<Self> {
        let rows: usize = deals.iter().map(|deals| deals.rows()).sum();
        let ranges = (rows / size).min(MOST);
        let samples = |deals: &&dyn Deals| {
            // As many of each as it has of the rows.
            deals.sample((ranges * SAMPLES).min(deals.rows()) * deals.rows() / rows.max(1))
        };
        if ranges < 2 { None } else { Borders::between(deals.iter().flat_map(samples).collect(), ranges) }
    }

    /// Makes about so many ranges of what is sampled, if that can tell them apart.
    pub fn between(mut samples: Vec<u64>, ranges: usize) -> Option<Self> {
        samples.sort_unstable();
        let mut firsts: Vec<u64> =
            (1..ranges).filter_map(|at| samples.get(at * samples.len() / ranges).copied()).collect();
        firsts.dedup();
        // What stands in one range must be sorted together.
        if firsts.len() + 1 < ranges - ranges / 4 {
            return None;
        }
        Some(Borders { firsts })
    }

    /// How many ranges there are.
    pub fn ranges(&self) -> usize {
        self.firsts.len() + 1
    }

    /// Which range a row of this prefix belongs to.
    #[inline(always)]
    pub fn range(&self, prefix: u64) -> usize {
        self.firsts.partition_point(|first| *first <= prefix)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_range_is_what_lies_between_its_borders(
            samples in prop::collection::vec(prop_oneof![any::<u64>(), 0u64..500, (0u64..64).prop_map(|bit| 1 << bit)], 0..400),
            ranges in 2usize..40, others: Vec<u64>,
        ) {
            let Some(borders) = Borders::between(samples.clone(), ranges) else {
                let mut different = samples;
                different.sort_unstable();
                different.dedup();
                prop_assert!(different.len() < 5 * ranges, "samples that differ are told apart");
                return Ok(());
            };
            prop_assert!(borders.ranges() <= ranges);
            for prefix in samples.into_iter().chain(others).chain([0, u64::MAX]) {
                let expected = borders.firsts.iter().filter(|first| **first <= prefix).count();
                prop_assert_eq!(borders.range(prefix), expected);
            }
        }
    }

    #[test]
    fn ranges_are_of_about_equal_size() {
        let borders = Borders::between((0..10_000).map(|n: u64| n * n).collect(), 10).unwrap();
        let mut sizes = [0; 10];
        (0..10_000).for_each(|n: u64| sizes[borders.range(n * n)] += 1);
        assert!(sizes.iter().all(|size| (900..1100).contains(size)), "{sizes:?}");
        assert!(Borders::between(vec![7; 1000], 10).is_none(), "nothing tells them apart");
    }
}
