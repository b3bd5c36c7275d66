//! What the result must not depend on: shards, reads, files.
