//! Sorting entries by nothing but their prefixes.

use super::Entry;
use crate::data::fast::HugeVec;

/// Fewer entries than this are sorted by comparing them.
const FEW: usize = 4096;

/// Sorts entries by their prefixes alone, those of the same one as they stand: byte by byte, the last one first, since nothing need
/// be compared then. Bytes that are the same in all of them are left out.
pub(super) fn sort_by_prefix(entries: &mut HugeVec<Entry>) {
    if entries.len() < FEW {
        return entries.sort_by_key(|entry| entry.prefix);
    }
    let byte = |entry: &Entry, at: usize| (entry.prefix >> (8 * at)) as usize & 0xff;
    let mut counts = [[0u32; 256]; 8];
    for entry in entries.iter() {
        counts.iter_mut().enumerate().for_each(|(at, counts)| counts[byte(entry, at)] += 1);
    }
    let mut other = HugeVec::zeroed(entries.len());
    for (at, counts) in counts.iter().enumerate() {
        if counts.iter().any(|count| *count as usize == entries.len()) {
            continue;
        }
        let mut next = 0;
        let mut places = counts.map(|count| {
            next += count;
            next - count
        });
        for entry in entries.iter() {
            let place = &mut places[byte(entry, at)];
            other[*place as usize] = *entry;
            *place += 1;
        }
        std::mem::swap(entries, &mut other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_entries_are_sorted_as_few_are_and_ties_stay() {
        // Prefixes that differ in all of their bytes, in a few, in one, in none.
        let wholes: [fn(u64) -> u64; 4] =
            [|n| n.wrapping_mul(0x9E37_79B9_7F4A_7C15), |n| (n * 7919 % 700) << 24, |n| u64::MAX - n % 3, |_| 7];
        for prefix in wholes {
            for count in [0, 1, FEW - 1, FEW, 5 * FEW] {
                let mut entries = HugeVec::with_capacity(count);
                (0..count as u32).for_each(|row| entries.push(Entry { prefix: prefix(u64::from(row)), block: 1, row }));
                let mut expected = entries.to_vec();
                expected.sort_by_key(|entry| entry.prefix);
                sort_by_prefix(&mut entries);
                assert_eq!(entries[..], expected[..]);
            }
        }
    }
}
