//! What several operators need. No file in here is an operator itself.

pub mod computed;
pub mod condition;
pub mod keys;
pub mod named;
pub mod select;
