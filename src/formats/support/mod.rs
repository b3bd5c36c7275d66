//! What several formats need. No file in here is a format itself.

pub mod fields;
pub mod values;
