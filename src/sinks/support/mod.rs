//! What several sinks need, and the files of records that are left out.

pub mod appended;
pub(super) mod disk;
mod identity;
#[cfg(any(feature = "kafka", feature = "hbase"))]
pub(super) mod rows;
