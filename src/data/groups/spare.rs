//! Memory of parcels, used again: fetching it from the system anew in each batch costs more than filling it.

use super::super::fast::HugeVec;
use super::{Groups, LARGE, Parcel};

/// Parcels whose memory is kept ...
const KEPT: usize = 8;
/// ... if it is for no more slots than this.
const KEPT_SLOTS: usize = 2 * LARGE;

impl Groups {
    /// A parcel that was merged in and is not needed any more.
    pub fn spare(&mut self, parcel: Parcel) {
        let mut entries = parcel.entries;
        if self.spare.len() < KEPT && (1..=KEPT_SLOTS).contains(&entries.capacity()) {
            entries.clear();
            self.spare.push(entries);
        }
    }

    /// A parcel for about so many groups of this table.
    pub(super) fn empty_parcel(&mut self, expected: usize) -> Parcel {
        let wanted = expected.min(self.len);
        let spare = self.spare.pop().filter(|spare| spare.capacity() >= wanted);
        Parcel { entries: spare.unwrap_or_else(|| HugeVec::with_capacity(wanted)), arena: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::data::block::{Span, Text};
    use crate::data::buffer::Buffer;

    /// What was in a parcel before is not in it when its memory is used again.
    #[test]
    fn memory_that_is_used_again_holds_nothing_of_before() {
        let mut groups = Groups::new();
        for round in 0..3u32 {
            let keys: Vec<String> = (0..500 - 200 * round).map(|key| format!("{round}:{key}")).collect();
            let mut start = 0;
            let span = |key: &String| {
                start += key.len();
                Span::range(start - key.len(), start)
            };
            let spans = keys.iter().map(span).collect();
            groups.add(&Text { data: Arc::new(Buffer::from_vec(keys.concat().into_bytes())), spans }, None);
            let memory = groups.spare.last().map(|spare| spare.as_ptr());
            let parcel = groups.cut(1).remove(0);
            assert!(memory.is_none_or(|memory| memory == parcel.entries.as_ptr()), "it is the memory of the last one");
            let mut found = Vec::new();
            parcel.for_each(|key, _, count| found.push((String::from_utf8(key.unwrap().to_vec()).unwrap(), count)));
            found.sort();
            let mut expected: Vec<(String, i64)> = keys.into_iter().map(|key| (key, 1)).collect();
            expected.sort();
            assert_eq!(found, expected);
            groups.spare(parcel);
        }
    }
}
