//! The seeds of the hash functions of this process: random, unless it goes on with a checkpoint, whose keys lie on the shards
//! that these functions have chosen.

use std::sync::OnceLock;

use ahash::RandomState;

use super::slot::HASHER;

static SEEDS: OnceLock<[u64; 4]> = OnceLock::new();

/// Those of this process, from now on.
pub fn now() -> [u64; 4] {
    *SEEDS.get_or_init(|| {
        let random = RandomState::new();
        [1, 2, 3, 4].map(|number| random.hash_one(number))
    })
}

/// Takes these; false if others are in use already.
pub fn set(seeds: [u64; 4]) -> bool {
    *SEEDS.get_or_init(|| seeds) == seeds
}

/// What tells whether another process with the same seeds hashes in the same way: that depends on the processor and the build.
pub fn probe() -> u64 {
    HASHER.probe()
}
