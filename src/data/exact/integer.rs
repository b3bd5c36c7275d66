//! Whole numbers of any size, times a power of two: as much arithmetic as the end of an exact sum takes.

/// `± limbs × 2^exponent`.
#[derive(Debug, Clone)]
pub(super) struct Integer {
    negative: bool,
    /// The lowest first; none for zero, else the last is not zero.
    limbs: Vec<u32>,
    exponent: i32,
}

impl Integer {
    pub(super) fn new(value: i128, exponent: i32) -> Self {
        let size = value.unsigned_abs();
        let limbs = (0..4).map(|limb| (size >> (32 * limb)) as u32).collect();
        Integer { negative: value < 0, limbs, exponent }.trimmed()
    }

    /// Limbs of 32 bits whose carries were not handed on.
    pub(super) fn of_limbs(limbs: &[i64], exponent: i32) -> Self {
        let carried = |sign: i128| {
            let mut carry = 0;
            let settle = |limb: &i64| {
                let sum = sign * i128::from(*limb) + carry;
                carry = sum >> 32;
                sum as u32
            };
            let mut limbs: Vec<u32> = limbs.iter().map(settle).collect();
            let negative = carry < 0;
            limbs.extend([carry as u32, (carry >> 32) as u32]);
            (negative, limbs)
        };
        let (negative, limbs) = carried(1);
        let limbs = if negative { carried(-1).1 } else { limbs };
        Integer { negative, limbs, exponent }.trimmed()
    }

    fn trimmed(mut self) -> Self {
        let length = self.limbs.iter().rposition(|limb| *limb != 0).map_or(0, |last| last + 1);
        self.limbs.truncate(length);
        self.negative &= length > 0;
        self
    }

    fn bits(&self) -> i32 {
        self.limbs.last().map_or(0, |last| 32 * self.limbs.len() as i32 - last.leading_zeros() as i32)
    }

    /// The 64 bits from this one on; those that are not there are zero.
    fn word(&self, from: i32) -> u64 {
        let (first, bits) = (from.div_euclid(32), from.rem_euclid(32));
        let limb = |at: i32| {
            usize::try_from(first + at).ok().and_then(|at| self.limbs.get(at)).map_or(0, |limb| u128::from(*limb))
        };
        ((limb(0) | limb(1) << 32 | limb(2) << 64) >> bits) as u64
    }

    /// Whether one of the bits below this one is set.
    fn any_below(&self, bit: i32) -> bool {
        let whole = (bit.max(0) / 32) as usize;
        let rest = self.limbs.get(whole).is_some_and(|limb| limb & ((1u32 << (bit.max(0) % 32)) - 1) != 0);
        rest || self.limbs.iter().take(whole).any(|limb| *limb != 0)
    }

    /// The value, if it fits.
    pub(super) fn whole(&self) -> Option<i64> {
        if self.exponent + self.bits() > 64 || self.any_below(-self.exponent) {
            return None;
        }
        let size = i128::from(self.word(-self.exponent));
        i64::try_from(if self.negative { -size } else { size }).ok()
    }

    /// The nearest float; of two the even one.
    pub(super) fn float(&self) -> f64 {
        let bits = self.bits();
        let highest = bits - 1 + self.exponent;
        let size = if bits == 0 || highest < -1076 {
            0.0
        } else if highest > 1023 {
            f64::INFINITY
        } else {
            // The weight of the last bit that a float of this size has.
            let last = (highest - 52).max(-1074);
            let cut = last - self.exponent;
            let mantissa = self.word(cut) & ((1 << 53) - 1);
            let half = self.word(cut - 1) & 1 == 1;
            let up = half && (mantissa & 1 == 1 || self.any_below(cut - 1));
            (mantissa + u64::from(up)) as f64 * power(last)
        };
        if self.negative { -size } else { size }
    }

    pub(super) fn times(&self, other: &Integer) -> Integer {
        let mut limbs = vec![0u32; self.limbs.len() + other.limbs.len()];
        for (at, a) in self.limbs.iter().enumerate() {
            let mut carry = 0u64;
            for (b, to) in other.limbs.iter().zip(&mut limbs[at..]) {
                let sum = u64::from(*a) * u64::from(*b) + u64::from(*to) + carry;
                *to = sum as u32;
                carry = sum >> 32;
            }
            limbs[at + other.limbs.len()] = carry as u32;
        }
        let (negative, exponent) = (self.negative != other.negative, self.exponent + other.exponent);
        Integer { negative, limbs, exponent }.trimmed()
    }

    pub(super) fn minus(&self, other: &Integer) -> Integer {
        let low = self.exponent.min(other.exponent);
        let place = |integer: &Integer, sign: i64| {
            let shift = integer.exponent - low;
            let sign = if integer.negative { -sign } else { sign };
            let last = (integer.bits() + shift + 31) / 32;
            (0..last).map(move |limb| sign * i64::from(integer.word(32 * limb - shift) as u32)).collect::<Vec<_>>()
        };
        let (mut a, mut b) = (place(self, 1), place(other, -1));
        if a.len() < b.len() {
            std::mem::swap(&mut a, &mut b);
        }
        a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
        Integer::of_limbs(&a, low)
    }

    /// Divided by a number other than zero: more bits than a float has, and the last is set if there would be more.
    pub(super) fn divided(&self, by: u64) -> Integer {
        /// Enough for a quotient of more than a hundred bits.
        const MORE: usize = 6;
        let mut limbs = vec![0; MORE];
        limbs.extend_from_slice(&self.limbs);
        let mut rest = 0;
        for limb in limbs.iter_mut().rev() {
            let dividend = rest << 32 | u128::from(*limb);
            *limb = (dividend / u128::from(by)) as u32;
            rest = dividend % u128::from(by);
        }
        limbs[0] |= u32::from(rest != 0);
        Integer { negative: self.negative, limbs, exponent: self.exponent - 32 * MORE as i32 }.trimmed()
    }
}

/// Two to the power of something that a float has.
pub(super) fn power(exponent: i32) -> f64 {
    f64::from_bits(if exponent < -1022 { 1 << (exponent + 1074) } else { ((exponent + 1023) as u64) << 52 })
}
