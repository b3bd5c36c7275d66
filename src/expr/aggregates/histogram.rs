//! A histogram of floats whose bins are those of their leading bits: each is a thousandth of its values wide. It does not
//! depend on the order of what is added or merged.

use ahash::AHashMap;

/// How many bits of a float do not tell bins apart: ten of the mantissa do.
const DROPPED: u32 = 42;

/// How many values fell into which bin.
#[derive(Debug, Clone)]
pub struct Histogram {
    bins: AHashMap<u32, u64>,
    /// All values are whole numbers.
    whole: bool,
}

impl Default for Histogram {
    fn default() -> Self {
        Histogram { bins: AHashMap::new(), whole: true }
    }
}

/// The leading bits, in the order of the values.
fn bin(value: f64) -> u32 {
    let bits = value.to_bits();
    let ordered = if bits >> 63 == 0 { bits | 1 << 63 } else { !bits };
    (ordered >> DROPPED) as u32
}

impl Histogram {
    /// One more value.
    pub fn add(&mut self, value: f64) {
        self.whole &= value.fract() == 0.0;
        *self.bins.entry(bin(value)).or_default() += 1;
    }

    /// All values of another one.
    pub fn merge(&mut self, other: &Histogram) {
        self.whole &= other.whole;
        other.bins.iter().for_each(|(bin, count)| *self.bins.entry(*bin).or_default() += count);
    }

    /// The bins in order of their values, each with its count.
    pub fn bins(&self) -> Vec<(u32, u64)> {
        let mut bins: Vec<(u32, u64)> = self.bins.iter().map(|(bin, count)| (*bin, *count)).collect();
        bins.sort_unstable();
        bins
    }

    /// Appends all that it holds, for [`Histogram::read`].
    pub fn write(&self, out: &mut Vec<u8>) {
        out.push(u8::from(self.whole));
        for (bin, count) in self.bins() {
            out.extend_from_slice(&bin.to_le_bytes());
            out.extend_from_slice(&count.to_le_bytes());
        }
    }

    /// What was written.
    pub fn read(bytes: &[u8]) -> Self {
        let (whole, rest) = bytes.split_first().unwrap_or((&1, &[]));
        let entry = |bytes: &[u8]| {
            let (bin, count) = bytes.split_first_chunk()?;
            Some((u32::from_le_bytes(*bin), u64::from_le_bytes(*count.first_chunk()?)))
        };
        Histogram { bins: rest.chunks_exact(12).filter_map(entry).collect(), whole: *whole == 1 }
    }

    /// About how many bytes it takes.
    pub fn bytes(&self) -> usize {
        16 * self.bins.capacity()
    }

    /// A value near the least one that so large a part of all values does not exceed.
    pub fn quantile(&self, part: f64) -> f64 {
        let bins = self.bins();
        let total: u64 = bins.iter().map(|bin| bin.1).sum();
        let mut rest = rank(part, total);
        for (bin, count) in bins {
            if rest < count {
                return self.middle(bin);
            }
            rest -= count;
        }
        f64::NAN
    }

    /// The middle of a bin; of whole numbers a whole one, which is exact below 2048.
    fn middle(&self, bin: u32) -> f64 {
        let ordered = u64::from(bin) << DROPPED;
        let negative = ordered >> 63 == 0;
        let size = if negative { !ordered >> DROPPED << DROPPED } else { ordered } & (u64::MAX >> 1);
        let (low, high) = (f64::from_bits(size), f64::from_bits(size + (1 << DROPPED)));
        let middle = match (size >> 52, low.is_finite()) {
            // Zero, and what is as good as zero.
            (0, _) => 0.0,
            (_, false) => low,
            _ if high.is_finite() => low + (high - low) / 2.0,
            _ => low,
        };
        let middle = if self.whole && middle.is_finite() { middle.trunc() } else { middle };
        if negative { -middle } else { middle }
    }
}

/// Which of so many values in order (counted from 0) is the least that so large a part of them does not exceed.
pub fn rank(part: f64, count: u64) -> u64 {
    ((part * count as f64).ceil() as u64).clamp(1, count.max(1)) - 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_quantile_is_a_thousandth_off_at_most(
            mut values in prop::collection::vec(prop_oneof![-1e6..1e6f64, (-300..300i32).prop_map(|e| 2f64.powi(e))], 1..200),
            part in 0.0..=1.0f64, at in 0usize..200,
        ) {
            let (mut a, mut b) = (Histogram::default(), Histogram::default());
            let at = at.min(values.len());
            values[..at].iter().for_each(|value| a.add(*value));
            values[at..].iter().for_each(|value| b.add(*value));
            let mut bytes = Vec::new();
            b.write(&mut bytes);
            a.merge(&Histogram::read(&bytes));
            values.sort_by(f64::total_cmp);
            let exact = values[rank(part, values.len() as u64) as usize];
            let found = a.quantile(part);
            prop_assert!((found - exact).abs() <= exact.abs() / 1000.0, "{} {}", found, exact);
        }

        #[test]
        fn small_whole_numbers_are_themselves(value in -2047i32..=2047) {
            let mut histogram = Histogram::default();
            histogram.add(f64::from(value));
            prop_assert_eq!(histogram.quantile(0.5), f64::from(value));
        }
    }

    #[test]
    fn what_is_not_finite_has_its_bins() {
        let mut histogram = Histogram::default();
        [f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 0.5].iter().for_each(|value| histogram.add(*value));
        assert_eq!(histogram.quantile(0.0), f64::NEG_INFINITY);
        assert_eq!(histogram.quantile(0.75), f64::INFINITY);
        assert!(histogram.quantile(1.0).is_nan());
    }
}
