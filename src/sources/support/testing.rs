//! What the tests of sources share: a setup, a clock that lets no time pass, and reading to the end.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::clock::{Bell, Clock, ManualClock};
use crate::data::buffer::{Pool, Quota};
use crate::data::framing::Framing;
use crate::data::time::Time;
use crate::messages::Messages;
use crate::sources::{Feed, Got, Kept, Lane, Setup, Stream};
use crate::stop::Stop;

/// Lines.
pub const PLAIN: Framing = Framing::plain(b'\n');

/// A setup on this clock, for lines of up to 16 MiB; messages go nowhere.
pub fn setup_on(clock: Arc<dyn Clock>) -> Setup {
    Setup {
        checkpoint: None,
        clock,
        max_record: 16 << 20,
        once: false,
        poll: None,
        stop: Stop::new().unwrap(),
        stdin: Mutex::new(None),
        messages: Messages::new(Box::new(std::io::sink())),
    }
}

/// A setup on a clock that stands still.
pub fn setup() -> Setup {
    setup_on(Arc::new(ManualClock::default()))
}

/// Where messages were written to, to be looked at.
#[derive(Clone, Default)]
pub struct Said(Arc<Mutex<Vec<u8>>>);

impl Said {
    /// Everything so far.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl std::io::Write for Said {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A clock on which every wait is over at once, and time has passed by then.
#[derive(Default)]
pub struct LeapingClock {
    micros: AtomicU64,
    manual: ManualClock,
    /// The lengths of all waits so far.
    pub waits: Mutex<Vec<Duration>>,
}

impl LeapingClock {
    /// Lets this time pass.
    pub fn leap(&self, by: Duration) {
        self.micros.fetch_add(by.as_micros() as u64, Ordering::SeqCst);
    }
}

impl Clock for LeapingClock {
    fn wall(&self) -> Time {
        Time(self.monotonic().as_millis() as i64)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_micros(self.micros.load(Ordering::SeqCst))
    }

    fn bell(&self) -> Arc<Bell> {
        self.manual.bell()
    }

    fn wait(&self, _: &Bell, deadline: Duration) -> bool {
        self.waits.lock().unwrap().push(deadline.saturating_sub(self.monotonic()));
        self.micros.fetch_max(deadline.as_micros() as u64, Ordering::SeqCst);
        true
    }
}

/// A setup whose messages can be looked at.
pub fn heard() -> (Setup, Said) {
    let said = Said::default();
    (Setup { messages: Messages::new(Box::new(said.clone())), ..setup() }, said)
}

/// What a checkpoint keeps of a lane at this position.
pub fn kept(lane: &Lane, position: u64) -> Kept {
    let mark = lane.control.mark(position, true).unwrap().unwrap();
    Kept { name: lane.name.clone(), position, marks: vec![mark], redo: None }
}

/// The same, with a batch up to there that was being written.
pub fn kept_with_redo(lane: &Lane, position: u64, until: u64) -> Kept {
    let kept = kept(lane, position);
    Kept { redo: Some((until, lane.control.mark(until, false).unwrap().unwrap())), ..kept }
}

/// A large quota.
pub fn quota() -> Arc<Quota> {
    Quota::new(Arc::new(Pool::default()), 64 << 20, Arc::new(|| ()))
}

/// The stream of a lane of bytes.
pub fn stream(lane: Lane) -> Box<dyn Stream> {
    match lane.feed {
        Feed::Bytes(stream) => stream,
        Feed::Records(_) => panic!("{} gives records", lane.name),
    }
}

/// Everything up to the end, with `|` for each break; reads of up to the given sizes in turn.
pub fn drain(stream: &mut dyn Stream, sizes: &[usize]) -> crate::error::Result<Vec<u8>> {
    let (mut all, mut into) = (Vec::new(), vec![0; 1 << 16]);
    for size in sizes.iter().cycle() {
        match stream.read(&mut into[..*size], true)? {
            Got::Bytes(n) => all.extend_from_slice(&into[..n]),
            Got::Break | Got::File => all.push(b'|'),
            Got::Later => panic!("it was to wait"),
            Got::Done | Got::End | Got::Stop => return Ok(all),
        }
    }
    unreachable!("there are sizes")
}
