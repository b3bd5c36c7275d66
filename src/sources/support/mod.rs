//! What several sources need. No file in here is a source itself.

pub mod decompress;
pub mod descriptors;
pub mod fingerprint;
pub mod gather;
pub mod glob;
pub mod listener;
pub mod marks;
pub mod peek;
pub mod polled;
pub mod regular;
pub mod resume;
pub mod retry;
pub mod seam;
pub mod spelling;
#[cfg(test)]
pub mod testing;
pub mod trail;
pub mod unread;
pub mod wanted;
