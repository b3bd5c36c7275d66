//! XXH64 by Yann Collet (<https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md>): tells bytes that were changed, not
//! who changed them. Quicker than memory is read, without vectors or tables.

const P1: u64 = 0x9E37_79B1_85EB_CA87;
const P2: u64 = 0xC2B2_AE3D_27D4_EB4F;
const P3: u64 = 0x1656_67B1_9E37_79F9;
const P4: u64 = 0x85EB_CA77_C2B2_AE63;
const P5: u64 = 0x27D4_EB2F_1656_67C5;

fn round(lane: u64, input: u64) -> u64 {
    lane.wrapping_add(input.wrapping_mul(P2)).rotate_left(31).wrapping_mul(P1)
}

/// The checksum of `bytes`, one for each seed.
pub fn xxh64(bytes: &[u8], seed: u64) -> u64 {
    let (stripes, mut rest) = bytes.as_chunks::<32>();
    let mut hash = if stripes.is_empty() {
        seed.wrapping_add(P5)
    } else {
        let mut lanes = [seed.wrapping_add(P1).wrapping_add(P2), seed.wrapping_add(P2), seed, seed.wrapping_sub(P1)];
        for stripe in stripes {
            for (lane, word) in lanes.iter_mut().zip(stripe.as_chunks::<8>().0) {
                *lane = round(*lane, u64::from_le_bytes(*word));
            }
        }
        let turned = lanes.iter().zip([1, 7, 12, 18]).map(|(lane, bits)| lane.rotate_left(bits));
        let hash = turned.fold(0, u64::wrapping_add);
        lanes.iter().fold(hash, |hash, &lane| (hash ^ round(0, lane)).wrapping_mul(P1).wrapping_add(P4))
    };
    hash = hash.wrapping_add(bytes.len() as u64);
    while let Some((word, behind)) = rest.split_first_chunk() {
        hash = (hash ^ round(0, u64::from_le_bytes(*word))).rotate_left(27).wrapping_mul(P1).wrapping_add(P4);
        rest = behind;
    }
    if let Some((word, behind)) = rest.split_first_chunk() {
        let word = u64::from(u32::from_le_bytes(*word));
        hash = (hash ^ word.wrapping_mul(P1)).rotate_left(23).wrapping_mul(P2).wrapping_add(P3);
        rest = behind;
    }
    for &byte in rest {
        hash = (hash ^ u64::from(byte).wrapping_mul(P5)).rotate_left(11).wrapping_mul(P1);
    }
    hash = (hash ^ hash >> 33).wrapping_mul(P2);
    hash = (hash ^ hash >> 29).wrapping_mul(P3);
    hash ^ hash >> 32
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_is_the_published_function() {
        assert_eq!(xxh64(b"", 0), 0xEF46_DB37_51D8_E999);
        assert_eq!(xxh64(b"a", 0), 0xD24E_C4F1_A98C_6E5B);
        assert_eq!(xxh64(b"abc", 0), 0x44BC_2CF5_AD77_0999);
        assert_eq!(xxh64(b"Nobody inspects the spammish repetition", 0), 0xFBCE_A83C_8A37_8BF1);
    }

    proptest! {
        /// A frame of zstd ends in the lower half of the checksum of its content (RFC 8878).
        #[test]
        fn zstd_computes_the_same(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
            encoder.include_checksum(true).unwrap();
            encoder.write_all(&bytes).unwrap();
            let frame = encoder.finish().unwrap();
            let (_, last) = frame.split_last_chunk().unwrap();
            prop_assert_eq!(u32::from_le_bytes(*last), xxh64(&bytes, 0) as u32);
        }

        #[test]
        fn the_seed_and_every_bit_count(bytes in proptest::collection::vec(any::<u8>(), 1..200), at: usize, bit in 0..8, seed: u64) {
            let mut other = bytes.clone();
            other[at % bytes.len()] ^= 1u8 << bit;
            prop_assert_ne!(xxh64(&bytes, seed), xxh64(&other, seed));
            prop_assert_ne!(xxh64(&bytes, seed), xxh64(&bytes, seed ^ 1u64 << bit));
        }
    }
}
