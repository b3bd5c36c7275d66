//! Trying again after a pause, for ever: `tcp://…?reconnect=2s`, `exec?restart=2s:…`.
//!
//! Runs on the receiver thread of its lane. What fails is said once, until it has worked again.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::messages::Messages;
use crate::sources::Setup;
use crate::stop::Stop;

/// When the next attempt is made.
pub struct Retry {
    pause: Duration,
    /// The monotonic time of the next attempt.
    at: Duration,
    /// Whether it was said that it does not work, since it did.
    said: bool,
    clock: Arc<dyn Clock>,
    stop: Arc<Stop>,
    messages: Arc<Messages>,
}

impl Retry {
    /// The first attempt may be made at once.
    pub fn new(pause: Duration, setup: &Setup) -> Self {
        let (clock, stop, messages) = (Arc::clone(&setup.clock), Arc::clone(&setup.stop), Arc::clone(&setup.messages));
        Retry { pause, at: clock.monotonic(), said: false, clock, stop, messages }
    }

    /// Whether an attempt may be made without waiting.
    pub fn is_due(&self) -> bool {
        self.clock.monotonic() >= self.at
    }

    /// Waits until an attempt may be made; false if the run ends.
    pub fn wait(&self) -> bool {
        self.is_due() || self.stop.pause(&*self.clock, self.at.saturating_sub(self.clock.monotonic()))
    }

    /// The next attempt comes after the pause.
    pub fn later(&mut self) {
        self.at = self.clock.monotonic() + self.pause;
    }

    /// What had worked broke off, as `what` tells: what was not ended there is a record all the same.
    pub fn lost(&mut self, what: &str) {
        let pause = humantime::format_duration(self.pause);
        self.messages.note(&format!("{what}; trying again in {pause}"));
        self.later();
    }

    /// The attempt succeeded.
    pub fn worked(&mut self) {
        self.said = false;
    }

    /// The attempt failed, as `what` tells.
    pub fn failed(&mut self, what: &str) {
        if !std::mem::replace(&mut self.said, true) {
            let pause = humantime::format_duration(self.pause);
            self.messages.note(&format!("{what}; trying again every {pause}"));
        }
        self.later();
    }
}
