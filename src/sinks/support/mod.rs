//! What several sinks need, and the files of records that are left out.

pub mod appended;
pub(super) mod disk;
mod identity;
pub(super) mod names;
#[cfg(feature = "hdfs")]
pub(super) mod patience;
pub(super) mod placeholders;
#[cfg(any(feature = "kafka", feature = "hbase"))]
pub(super) mod rows;
