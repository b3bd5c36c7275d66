//! Trying again while another system is away: with growing pauses and one note, up to a limit. The thread that waits is that of
//! the output, so that whoever reads waits too.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::messages::Messages;
use crate::sinks::Setup;

/// The first pause, and the longest: each is twice the one before.
const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(10);
/// For so long it is tried in all.
const LIMIT: Duration = Duration::from_secs(600);

/// Since when something does not work.
pub struct Patience {
    /// What is written to, as messages name it.
    name: String,
    /// When it is given up, and the next pause; `None` while it works.
    away: Option<(Duration, Duration)>,
    clock: Arc<dyn Clock>,
    messages: Arc<Messages>,
}

impl Patience {
    /// With what is written to.
    pub fn new(name: &str, setup: &Setup) -> Self {
        let (clock, messages) = (Arc::clone(&setup.clock), Arc::clone(&setup.messages));
        Patience { name: name.to_string(), away: None, clock, messages }
    }

    /// An attempt failed, as `what` tells: waits before the next one. False if it is not to be tried any more.
    pub fn wait(&mut self, what: &str) -> bool {
        let now = self.clock.monotonic();
        let (end, pause) = self.away.unwrap_or_else(|| {
            let name = &self.name;
            let limit = humantime::format_duration(LIMIT);
            self.messages.note(&format!("{name} is away: {what}; trying again for {limit}"));
            (now + LIMIT, FIRST)
        });
        self.away = Some((end, (pause * 2).min(LONGEST)));
        if now >= end {
            return false;
        }
        let bell = self.clock.bell();
        self.clock.wait(&bell, (now + pause).min(end));
        true
    }

    /// An attempt succeeded.
    pub fn worked(&mut self) {
        if self.away.take().is_some() {
            self.messages.note(&format!("{} is back", self.name));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::clock::{Bell, ManualClock};
    use crate::data::time::Time;
    use crate::sinks::tests::{Shared, setup};

    /// A clock on which every wait is over at once, and time has passed by then.
    #[derive(Default)]
    struct Leaping {
        now: Mutex<Duration>,
        manual: ManualClock,
    }

    impl Clock for Leaping {
        fn wall(&self) -> Time {
            Time(self.monotonic().as_millis() as i64)
        }

        fn monotonic(&self) -> Duration {
            *self.now.lock().expect("no panic")
        }

        fn bell(&self) -> Arc<Bell> {
            self.manual.bell()
        }

        fn wait(&self, _: &Bell, deadline: Duration) -> bool {
            let mut now = self.now.lock().expect("no panic");
            *now = deadline.max(*now);
            true
        }
    }

    #[test]
    fn pauses_grow_up_to_a_limit_and_both_ends_are_said_once() {
        let said = Arc::new(Mutex::new(Vec::new()));
        let messages = Messages::new(Box::new(Shared(Arc::clone(&said))));
        let setup = Setup { messages, clock: Arc::new(Leaping::default()), ..setup("").0 };
        let mut patience = Patience::new("hdfs://h:1", &setup);
        patience.worked();
        for _ in 0..2 {
            let begun = setup.clock.monotonic();
            let mut before = begun;
            let mut pauses = Vec::new();
            while patience.wait("connection refused") {
                pauses.push(setup.clock.monotonic() - before);
                before = setup.clock.monotonic();
            }
            assert_eq!(before - begun, LIMIT);
            assert_eq!((pauses[0], pauses[1], pauses.iter().max().copied()), (FIRST, FIRST * 2, Some(LONGEST)));
            patience.worked();
        }
        let said = String::from_utf8(said.lock().expect("no panic").clone()).expect("UTF-8");
        let once =
            "streamer: hdfs://h:1 is away: connection refused; trying again for 10m\nstreamer: hdfs://h:1 is back\n";
        assert_eq!(said, once.repeat(2));
    }
}
