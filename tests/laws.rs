//! Laws: what holds for every chain and every input, tried on random ones.
//!
//! * [`runs`]: the result is the same bytes for any shards, any cut of the input into reads, files and compressed files.
//! * [`model`]: the result is that of a program which does the same in the most naive way.
//! * [`time`]: the same of windows, running totals and all else that goes on from batch to batch.
//! * [`accumulators`]: merging is associative and commutative, with a neutral element, and survives being saved.
//! * [`joins`]: streams that are joined, batch by batch and over windows, give what nested loops give.
//! * [`mutation`]: spoilt arguments, chain files, spellings and compressed files are refused, never a panic.
//! * [`event`]: batches by the records' own time are those of a model, however the records come.
//! * [`sessions`]: sessions, and what `distinct --within` holds back, are those of a model.
//! * [`columns`]: both for records of every format and for expressions.
//! * [`inputs`] and [`chains`], [`records`] and [`expressions`] make the random inputs and chains.

mod accumulators;
mod chains;
mod columns;
mod event;
mod expressions;
mod inputs;
mod joins;
mod model;
mod mutation;
mod records;
mod runs;
mod sessions;
mod time;
