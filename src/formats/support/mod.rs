//! What several formats need.

pub mod open;
