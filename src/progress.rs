//! The display on standard error while a run goes on: a bar where the size of the input is known, else a spinner. A thread
//! of its own draws it from counters ten times a second, so that who moves records only adds to these.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::clock::{Bell, Clock};
use crate::data::human;
use crate::error::{Error, Result};
use crate::stats::per_second;

/// Between two drawings.
const STEP: Duration = Duration::from_millis(100);
/// With a known size, and without.
const BAR: &str = "{bar:24} {percent:>3}%  {wide_msg}";
const SPINNER: &str = "{spinner} {wide_msg}";
/// What the rate is taken over.
const RATE_OVER: Duration = Duration::from_secs(1);

/// What is shown. Added to block by block and batch by batch.
#[derive(Debug, Default)]
pub struct Counters {
    /// Bytes read, before decompression: of the total where that is known.
    pub bytes: AtomicU64,
    /// Records read.
    pub records: AtomicU64,
    /// Batches delivered.
    pub batches: AtomicU64,
    /// Total delay of the last of them, in microseconds.
    pub delay: AtomicU64,
}

/// The display, as long as it lives; dropping it takes it off the screen.
pub struct Progress {
    bar: ProgressBar,
    bell: Arc<Bell>,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Progress {
    /// Shows the counters on standard error, against a `total` of bytes if it is known.
    pub fn start(total: Option<u64>, counters: Arc<Counters>, clock: Arc<dyn Clock>) -> Result<Self> {
        Self::on(ProgressDrawTarget::stderr_with_hz(10), total, counters, clock)
    }

    fn on(
        target: ProgressDrawTarget,
        total: Option<u64>,
        counters: Arc<Counters>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self> {
        // Both templates are right (see the tests): there is always a style.
        let style = ProgressStyle::with_template(if total.is_some() { BAR } else { SPINNER });
        let style = style.unwrap_or_else(|_| ProgressStyle::default_spinner());
        let bar = ProgressBar::with_draw_target(total, target).with_style(style);
        let (bell, ended) = (clock.bell(), Arc::new(AtomicBool::new(false)));
        let display = Display { bar: bar.clone(), counters, seen: (clock.monotonic(), 0), rate: 0.0 };
        let thread = {
            let (bell, ended) = (Arc::clone(&bell), Arc::clone(&ended));
            std::thread::Builder::new().name("progress".to_string()).spawn(move || display.run(&*clock, &bell, &ended))
        };
        let thread = thread.map_err(|e| Error::io("cannot start the thread of the progress display", &e))?;
        Ok(Progress { bar, bell, ended, thread: Some(thread) })
    }

    /// Takes the display off the screen while `write` writes a message there.
    pub fn suspend<R>(&self, write: impl FnOnce() -> R) -> R {
        self.bar.suspend(write)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        self.bell.ring();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        self.bar.finish_and_clear();
    }
}

/// What the thread owns.
struct Display {
    bar: ProgressBar,
    counters: Arc<Counters>,
    /// When the rate was last taken, and how many records there were.
    seen: (Duration, u64),
    rate: f64,
}

impl Display {
    fn run(mut self, clock: &dyn Clock, bell: &Bell, ended: &AtomicBool) {
        loop {
            // A short run ends before it shows anything.
            clock.wait(bell, clock.monotonic() + STEP);
            if ended.load(Ordering::SeqCst) {
                return;
            }
            self.draw(clock.monotonic());
        }
    }

    fn draw(&mut self, now: Duration) {
        let records = self.counters.records.load(Ordering::Relaxed);
        let since = now.saturating_sub(self.seen.0);
        if since >= RATE_OVER || self.rate == 0.0 {
            self.rate = per_second(records.saturating_sub(self.seen.1), since);
        }
        if since >= RATE_OVER {
            self.seen = (now, records);
        }
        let bytes = self.counters.bytes.load(Ordering::Relaxed);
        let delay = Duration::from_micros(self.counters.delay.load(Ordering::Relaxed));
        self.bar.set_position(bytes);
        self.bar.set_message(format!(
            "{} · {} records/s · batch {} · delay {}",
            human::bytes(bytes),
            human::rate(self.rate),
            human::count(self.counters.batches.load(Ordering::Relaxed)),
            human::duration(delay),
        ));
        self.bar.tick();
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Mutex;

    use indicatif::TermLike;

    use super::*;
    use crate::clock::ManualClock;

    /// A terminal that remembers what was written to it since the last line was cleared.
    #[derive(Debug, Clone, Default)]
    struct Terminal {
        line: Arc<Mutex<String>>,
    }

    impl TermLike for Terminal {
        fn width(&self) -> u16 {
            120
        }
        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn write_line(&self, text: &str) -> io::Result<()> {
            self.write_str(text)
        }
        fn write_str(&self, text: &str) -> io::Result<()> {
            self.line.lock().expect("no panic").push_str(text);
            Ok(())
        }
        fn clear_line(&self) -> io::Result<()> {
            self.line.lock().expect("no panic").clear();
            Ok(())
        }
        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    const PATIENCE: Duration = Duration::from_secs(30);

    fn shown(total: Option<u64>) -> (Progress, Terminal, ManualClock) {
        let (terminal, clock) = (Terminal::default(), ManualClock::default());
        let counters = Counters { bytes: 512.into(), records: 300.into(), batches: 4.into(), delay: 1500.into() };
        let target = ProgressDrawTarget::term_like(Box::new(terminal.clone()));
        let progress = Progress::on(target, total, Arc::new(counters), Arc::new(clock.clone())).expect("started");
        (progress, terminal, clock)
    }

    fn line(terminal: &Terminal) -> String {
        terminal.line.lock().expect("no panic").clone()
    }

    #[test]
    fn a_known_size_shows_a_bar() {
        let (_progress, terminal, clock) = shown(Some(1024));
        assert!(clock.advance(STEP, PATIENCE));
        let line = line(&terminal);
        assert!(line.contains(" 50%  512 B · 3,000 records/s · batch 4 · delay 1.5 ms"), "{line}");
    }

    #[test]
    fn without_a_size_there_is_no_percentage() {
        let (_progress, terminal, clock) = shown(None);
        assert!(clock.advance(STEP, PATIENCE));
        let line = line(&terminal);
        assert!(line.contains("512 B · ") && !line.contains('%'), "{line}");
    }

    #[test]
    fn a_run_shorter_than_a_step_shows_nothing() {
        let (progress, terminal, clock) = shown(None);
        assert!(clock.settle(PATIENCE));
        assert_eq!(line(&terminal), "");
        drop(progress);
    }

    #[test]
    fn nothing_is_left_on_the_screen_behind_it_or_under_a_message() {
        let (progress, terminal, clock) = shown(None);
        assert!(clock.advance(STEP, PATIENCE));
        assert_ne!(line(&terminal), "");
        progress.suspend(|| assert_eq!(line(&terminal), ""));
        drop(progress);
        assert_eq!(line(&terminal).trim(), "");
    }

    #[test]
    fn both_templates_are_valid() {
        assert!(ProgressStyle::with_template(BAR).is_ok());
        assert!(ProgressStyle::with_template(SPINNER).is_ok());
    }
}
