//! What a streamer with a checkpoint writes beside the offsets of its group: `streamer ID FROM-UNTIL, ID FROM-UNTIL`, the newest
//! claim first.
//!
//! Before a batch is logged, the streamer moves the offset of the group behind the records of the batch, and claims them with the
//! name of its checkpoint: whoever reads the partition next begins behind them. If the streamer dies before the batch is logged,
//! its next run finds the claim and reads just these records. So that a claim is still there when others have gone on, each
//! takes over those that it finds.

/// The most claims that are kept: the broker has a limit for what stands beside an offset (4 KB).
const MOST: usize = 50;
const WORD: &str = "streamer ";

/// Records that belong to a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The name of the checkpoint.
    pub id: String,
    /// The offset of the first.
    pub from: i64,
    /// The offset behind the last.
    pub until: i64,
}

/// All that are known of a partition: of each checkpoint those of its last batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claims(Vec<Claim>);

impl Claims {
    /// What stands beside an offset; nothing, if that is not ours.
    pub fn read(text: &str) -> Self {
        let claim = |text: &str| {
            let (id, range) = text.split_once(' ')?;
            let (from, until) = range.split_once('-')?;
            Some(Claim { id: id.to_string(), from: from.parse().ok()?, until: until.parse().ok()? })
        };
        let ours = text.strip_prefix(WORD).unwrap_or_default();
        Claims(ours.split(", ").filter_map(claim).collect())
    }

    /// To be written.
    pub fn written(&self) -> String {
        let claims: Vec<String> =
            self.0.iter().map(|Claim { id, from, until }| format!("{id} {from}-{until}")).collect();
        format!("{WORD}{}", claims.join(", "))
    }

    /// Those of a checkpoint.
    pub fn of(&self, id: &str) -> impl Iterator<Item = &Claim> {
        self.0.iter().filter(move |claim| claim.id == id)
    }

    /// With these records, in the place of those before of the same checkpoint.
    pub fn claim(&mut self, id: &str, ranges: impl IntoIterator<Item = (i64, i64)>) {
        self.0.retain(|known| known.id != id);
        let claim = |(from, until)| Claim { id: id.to_string(), from, until };
        self.0.splice(0..0, ranges.into_iter().map(claim));
        self.0.truncate(MOST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(id: &str, from: i64, until: i64) -> Claim {
        Claim { id: id.into(), from, until }
    }

    #[test]
    fn claims_of_others_are_kept_and_the_own_one_is_replaced() {
        let mut claims = Claims::default();
        claims.claim("a", [(0, 5)]);
        claims.claim("b", [(5, 7)]);
        claims.claim("a", [(7, 9), (12, 14)]);
        let written = claims.written();
        assert_eq!(written, "streamer a 7-9, a 12-14, b 5-7");
        let read = Claims::read(&written);
        assert_eq!(read, claims);
        assert_eq!(read.of("a").collect::<Vec<_>>(), [&claim("a", 7, 9), &claim("a", 12, 14)]);
        assert_eq!(read.of("c").count(), 0);
    }

    #[test]
    fn what_others_write_there_is_no_claim() {
        for text in ["", "x", "streamer", "streamer ", "streamer a", "streamer a 1", "streamer a 1-x", "consumer a 1-2"]
        {
            assert_eq!(Claims::read(text), Claims::default(), "{text}");
        }
    }

    #[test]
    fn they_fit_beside_an_offset() {
        let mut claims = Claims::default();
        for number in 0..1000 {
            claims.claim(&format!("{number:016x}"), [(1_000_000_000_000, 1_000_000_100_000)]);
        }
        assert!(claims.written().len() < 4096 && claims.of(&format!("{:016x}", 999)).count() == 1);
    }
}
