//! The thread that looks whether live lanes have been silent for too long (`--idle`). It ends with the input.

use crate::clock::Bell;
use crate::engine::core::Core;

/// Looks, and waits for the time to look again, until the bell is rung or there is no more input.
pub fn watch(core: &Core, bell: &Bell) {
    while let Some(next) = core.find_idle() {
        if !core.clock.wait(bell, next) {
            return;
        }
    }
}
