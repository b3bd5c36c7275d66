//! Sums from which what was added can be taken out again, and nothing of it stays: not in the sum, and not in what it says of
//! its values.

use super::{Exact, SEEN, Wide};

/// A sum of sums that come and go.
#[derive(Debug, Clone, Default)]
pub struct Moving {
    sum: Exact,
    /// How many of the sums that are in it have values, and how many of them floats.
    seen: u32,
    floats: u32,
    /// How many have a value that is no number, is infinite, or minus infinite; few ever do.
    special: Option<Box<[u32; 3]>>,
}

impl From<i64> for Exact {
    fn from(value: i64) -> Self {
        Exact { sum: i128::from(value), flags: SEEN, ..Exact::default() }
    }
}

impl Moving {
    /// The sum of what is in it now.
    pub fn sum(&self) -> &Exact {
        &self.sum
    }

    /// Adds all that a sum holds.
    #[inline]
    pub fn merge(&mut self, other: &Exact) {
        self.sum.merge(other);
        self.tally(other.flags, |count| *count += 1);
    }

    /// Takes out a sum that was added before.
    pub fn retract(&mut self, other: &Exact) {
        self.tally(other.flags, |count| *count -= 1);
        if self.seen == 0 {
            *self = Moving::default();
            return;
        }
        self.sum.take_out(other);
        let special = self.special.as_deref().unwrap_or(&[0; 3]);
        let counts = [self.seen, self.floats, special[0], special[1], special[2]];
        self.sum.flags = counts.iter().zip(0..).map(|(count, bit)| u8::from(*count > 0) << bit).sum();
    }

    /// For each of the flags that are set, in their order, its count.
    #[inline]
    fn tally(&mut self, flags: u8, count: impl Fn(&mut u32)) {
        let set = |bit: u8| flags >> bit & 1 == 1;
        if set(0) {
            count(&mut self.seen);
        }
        if set(1) {
            count(&mut self.floats);
        }
        if flags >> 2 != 0 {
            let special = self.special.get_or_insert_default();
            (0..3).filter(|at| set(at + 2)).for_each(|at| count(&mut special[usize::from(at)]));
        }
    }

    /// Bytes beyond those of the struct itself.
    pub fn more_bytes(&self) -> usize {
        self.sum.wide.as_ref().map_or(0, |wide| size_of::<Wide>() + 8 * wide.limbs.len())
    }
}

impl Exact {
    /// Takes the value of another sum out of this one.
    fn take_out(&mut self, other: &Exact) {
        match other.sum.checked_neg() {
            Some(sum) => self.push(sum, other.low),
            None => {
                self.push(i128::MAX, other.low);
                self.push(1, other.low);
            }
        }
        if let Some(wide) = &other.wide {
            let mine = self.wide.get_or_insert_default();
            for (limb, exponent) in wide.limbs.iter().zip(wide.first..) {
                mine.add(-i128::from(*limb), 32 * exponent);
            }
        }
        self.narrow();
    }

    /// Makes the sum as small as its value allows, as if what is gone had never been in it.
    fn narrow(&mut self) {
        if let Some(wide) = &mut self.wide {
            wide.add(self.sum, self.low);
            (self.sum, self.low) = (0, 0);
            if let Some((sum, low)) = wide.narrowed() {
                (self.sum, self.low) = (sum, low);
                self.wide = None;
            }
        }
        if self.sum == 0 {
            self.low = 0;
        } else if self.low < 0 {
            let zeros = (self.sum.trailing_zeros() as i32).min(-self.low);
            self.sum >>= zeros;
            self.low += zeros;
        }
    }
}

impl Wide {
    /// Hands carries on and drops limbs that say nothing; the value and its exponent if it fits easily.
    fn narrowed(&mut self) -> Option<(i128, i32)> {
        self.settle();
        // A limb of -1 is all that is left of a negative sum, as far up as limbs were settled.
        while let [.., below, last @ (0 | -1)] = &mut self.limbs[..] {
            *below += *last << 32;
            self.limbs.pop();
        }
        let zeros = self.limbs.iter().take_while(|limb| **limb == 0).count();
        self.limbs.drain(..zeros);
        self.first += zeros as i32;
        let sum = |limbs: &[i64]| limbs.iter().rev().fold(0, |sum: i128, limb| (sum << 32) + i128::from(*limb));
        (self.limbs.len() <= 3).then(|| (sum(&self.limbs), 32 * self.first))
    }
}
