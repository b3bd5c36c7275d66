//! Floats in order, of which any may come or go, and of which the n-th is asked for.

/// So many values stand in one vector; more are cut into several.
const CHUNK: usize = 512;

/// Floats in the order of [`f64::total_cmp`], each as often as it was put in.
#[derive(Debug, Clone)]
pub(super) enum Ordered {
    /// All in one.
    Few(Vec<f64>),
    /// Chunks, none of them empty, and how many values they have together.
    Many(Vec<Vec<f64>>, usize),
}

impl Default for Ordered {
    fn default() -> Self {
        Ordered::Few(Vec::new())
    }
}

/// Where the first value stands that is not less.
fn place(values: &[f64], value: f64) -> usize {
    values.partition_point(|known| known.total_cmp(&value).is_lt())
}

/// The first chunk that ends with a value that is not less, or the last one.
fn chunk_of(chunks: &[Vec<f64>], value: f64) -> usize {
    let ends_before = |chunk: &Vec<f64>| chunk.last().is_some_and(|last| last.total_cmp(&value).is_lt());
    chunks.partition_point(ends_before).min(chunks.len() - 1)
}

impl Ordered {
    pub(super) fn len(&self) -> usize {
        match self {
            Ordered::Few(values) => values.len(),
            Ordered::Many(_, len) => *len,
        }
    }

    /// The value with so many before it.
    pub(super) fn nth(&self, mut at: usize) -> f64 {
        match self {
            Ordered::Few(values) => values[at],
            Ordered::Many(chunks, _) => {
                let mut chunks = chunks.iter();
                loop {
                    match chunks.next() {
                        Some(chunk) if at < chunk.len() => return chunk[at],
                        Some(chunk) => at -= chunk.len(),
                        None => return f64::NAN,
                    }
                }
            }
        }
    }

    /// Appends all values, in order.
    pub(super) fn append_to(&self, values: &mut Vec<f64>) {
        match self {
            Ordered::Few(all) => values.extend_from_slice(all),
            Ordered::Many(chunks, _) => chunks.iter().for_each(|chunk| values.extend_from_slice(chunk)),
        }
    }

    pub(super) fn insert(&mut self, value: f64) {
        match self {
            Ordered::Few(values) => {
                insert(values, value);
                if values.len() > CHUNK {
                    let (len, upper) = (values.len(), values.split_off(CHUNK / 2));
                    *self = Ordered::Many(vec![std::mem::take(values), upper], len);
                }
            }
            Ordered::Many(chunks, len) => {
                *len += 1;
                let at = chunk_of(chunks, value);
                insert(&mut chunks[at], value);
                if chunks[at].len() > CHUNK {
                    // Values that come in order fill chunk after chunk.
                    let ascending = at + 1 == chunks.len() && chunks[at].last() == Some(&value);
                    let upper = chunks[at].split_off(if ascending { CHUNK } else { CHUNK / 2 });
                    chunks.insert(at + 1, upper);
                }
            }
        }
    }

    /// Takes a value out, once; tells whether it was there.
    pub(super) fn remove(&mut self, value: f64) -> bool {
        match self {
            Ordered::Few(values) => remove(values, value),
            Ordered::Many(chunks, len) => {
                let at = chunk_of(chunks, value);
                if !remove(&mut chunks[at], value) {
                    return false;
                }
                *len -= 1;
                let next = chunks.get(at + 1).map_or(0, Vec::len);
                if chunks[at].is_empty() {
                    chunks.remove(at);
                } else if next > 0 && chunks[at].len() + next < CHUNK / 2 {
                    let next = chunks.remove(at + 1);
                    chunks[at].extend(next);
                }
                if let [one] = &mut chunks[..] {
                    *self = Ordered::Few(std::mem::take(one));
                }
                true
            }
        }
    }
}

fn insert(values: &mut Vec<f64>, value: f64) {
    match values.last() {
        Some(last) if last.total_cmp(&value).is_gt() => values.insert(place(values, value), value),
        _ => values.push(value),
    }
}

fn remove(values: &mut Vec<f64>, value: f64) -> bool {
    let at = place(values, value);
    let found = values.get(at).is_some_and(|known| known.total_cmp(&value).is_eq());
    if found {
        values.remove(at);
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Stretches of values come, in any order, and go again; at any time they stand as if they were sorted.
        #[test]
        fn values_come_and_go_in_order(
            steps in prop::collection::vec((any::<bool>(), 0u32..4000, 1u32..1500, 1u32..7), 1..12),
        ) {
            let (mut ordered, mut model) = (Ordered::default(), Vec::<f64>::new());
            for (comes, first, count, step) in steps {
                let stretch = (0..count).map(|n| first.wrapping_add(n.wrapping_mul(step)) % 4001);
                for value in stretch.map(|n| if n == 7 { -0.0 } else { f64::from(n) - 7.0 }) {
                    let known = model.iter().position(|v| v.to_bits() == value.to_bits());
                    if comes {
                        ordered.insert(value);
                        model.push(value);
                    } else {
                        prop_assert_eq!(ordered.remove(value), known.is_some());
                        known.map(|at| model.swap_remove(at));
                    }
                }
                model.sort_by(f64::total_cmp);
                let mut all = Vec::new();
                ordered.append_to(&mut all);
                prop_assert_eq!(&all, &model);
                prop_assert_eq!(ordered.len(), model.len());
                (0..model.len()).step_by(97).for_each(|at| assert_eq!(ordered.nth(at), model[at]));
                if let Ordered::Many(chunks, _) = &ordered {
                    prop_assert!(chunks.iter().all(|chunk| (1..=CHUNK).contains(&chunk.len())));
                    prop_assert!(chunks.len() <= 2 + 8 * model.len() / CHUNK);
                }
            }
        }
    }
}
