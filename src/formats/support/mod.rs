//! What several formats need. No file in here is a format itself.

pub mod closed;
pub mod fields;
pub mod open;
pub mod pattern;
pub mod values;
