//! What two runs must have in common to share a checkpoint.

use super::codec::{Read, Reader, Writer};

/// Names, and what was said of each: `chain` is `words then count --by word`, `--from` is `a.log`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chain {
    /// In an order that is always the same.
    pub pairs: Vec<(String, String)>,
}

impl Chain {
    /// Of these pairs.
    pub fn new<N: Into<String>, T: Into<String>>(pairs: impl IntoIterator<Item = (N, T)>) -> Self {
        Chain { pairs: pairs.into_iter().map(|(name, text)| (name.into(), text.into())).collect() }
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.u64(self.pairs.len() as u64);
        for (name, text) in &self.pairs {
            writer.str(name);
            writer.str(text);
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Read<Self> {
        let pair = |reader: &mut Reader<'_>| Ok((reader.str()?.to_string(), reader.str()?.to_string()));
        let pairs = (0..reader.count(2)?).map(|_| pair(reader)).collect::<Read<_>>()?;
        Ok(Chain { pairs })
    }

    /// The first thing in which a run differs from this, which is what the checkpoint has; in words.
    pub(super) fn difference(&self, given: &Chain) -> Option<String> {
        let told = |pair: Option<&(String, String)>, name: &str| match pair {
            Some((_, text)) => format!("{name} {text}"),
            None => format!("no {name}"),
        };
        for at in 0..self.pairs.len().max(given.pairs.len()) {
            let (had, has) = (self.pairs.get(at), given.pairs.get(at));
            if had == has {
                continue;
            }
            // A name that only one of them has moves the others along.
            let gone = had.filter(|had| !given.pairs[at.min(given.pairs.len())..].iter().any(|pair| pair.0 == had.0));
            let name = gone.or(has).or(had).map_or("", |pair| pair.0.as_str());
            let of = |pairs: &[(String, String)]| {
                told(pairs[at.min(pairs.len())..].iter().find(|pair| pair.0 == name), name)
            };
            return Some(format!("it was made with {}, this run has {}", of(&self.pairs), of(&given.pairs)));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn difference(had: &[(&str, &str)], given: &[(&str, &str)]) -> Option<String> {
        Chain::new(had.iter().copied()).difference(&Chain::new(given.iter().copied()))
    }

    #[test]
    fn the_first_difference_is_named_with_both_sides() {
        let had = [("chain", "count"), ("--from", "a.log"), ("--tz", "UTC")];
        let told = |given: &[(&str, &str)]| difference(&had, given).unwrap();
        assert_eq!(difference(&had, &had), None);
        assert_eq!(
            told(&[("chain", "words"), ("--from", "b.log"), ("--tz", "UTC")]),
            "it was made with chain count, this run has chain words"
        );
        assert_eq!(
            told(&[("chain", "count"), ("--from", "b.log"), ("--tz", "UTC")]),
            "it was made with --from a.log, this run has --from b.log"
        );
        assert_eq!(
            told(&[("chain", "count"), ("--tz", "UTC")]),
            "it was made with --from a.log, this run has no --from"
        );
        assert_eq!(told(&had[..2]), "it was made with --tz UTC, this run has no --tz");
        let more = [("chain", "count"), ("--in", "csv"), ("--from", "a.log"), ("--tz", "UTC")];
        assert_eq!(told(&more), "it was made with no --in, this run has --in csv");
        let twice = [had[0], had[1], ("--from", "b.log"), had[2]];
        assert_eq!(told(&twice), "it was made with no --from, this run has --from b.log");
    }

    proptest! {
        #[test]
        fn it_is_read_as_it_was_written_and_differs_from_any_other(
            one in proptest::collection::vec(("[ab]", "[a-c]{0,2}"), 0..4),
            other in proptest::collection::vec(("[ab]", "[a-c]{0,2}"), 0..4),
        ) {
            let (one, other) = (Chain::new(one), Chain::new(other));
            let mut writer = Writer::new();
            one.write(&mut writer);
            prop_assert_eq!(Chain::read(&mut Reader::new(writer.as_bytes())).unwrap(), one.clone());
            prop_assert_eq!(one.difference(&other).is_none(), one == other);
        }
    }
}
