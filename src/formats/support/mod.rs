//! What several formats need.

pub mod closed;
pub mod pattern;
