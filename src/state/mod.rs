//! What outlives a batch: the panes of windows, and what aggregates keep. Owned by the engine, touched by whoever finishes a
//! batch, and by nobody else meanwhile. `checkpoint/` is what of it outlives the run.

pub mod changes;
pub mod checkpoint;
mod merged;
pub mod stage;
pub mod window;

pub use merged::Merged;
pub use stage::Stage;
pub use window::{Timeline, Window};
