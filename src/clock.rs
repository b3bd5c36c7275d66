//! The only file that asks the system for the time, and the only one that sleeps.
//!
//! A [`Clock`] knows the wall time (for labels) and a monotonic time (for waiting). Threads wait on a [`Bell`], which
//! anyone may ring to wake them early. Tests move a [`ManualClock`]; nothing in a test waits for time to pass.

use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::data::time::Time;

/// Where the time comes from.
pub trait Clock: Send + Sync {
    /// The wall time.
    fn wall(&self) -> Time;

    /// Time since an arbitrary start, never stepping back.
    fn monotonic(&self) -> Duration;

    /// A bell to wait on. Of each waiting thread its own, which is taken to be at work until it waits or rests.
    fn bell(&self) -> Arc<Bell>;

    /// Waits until the monotonic time is `deadline` or the bell is rung; true if the time has come.
    fn wait(&self, bell: &Bell, deadline: Duration) -> bool;

    /// Tells that so many pieces of work began (or, negative, ended) that belong to the present moment: a manual clock does
    /// not move on before they are done.
    fn busy(&self, change: i64) {
        let _ = change;
    }
}

/// What a thread waits on.
pub struct Bell {
    shared: Arc<Shared>,
    me: usize,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Of a manual clock only.
    now: Duration,
    wall: i64,
    busy: i64,
    bells: Vec<BellState>,
}

#[derive(Default)]
struct BellState {
    rung: bool,
    /// Until when its thread sleeps; `None` while it is awake and at work, or has not come to its first sleep.
    asleep: Option<Duration>,
    gone: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|e| e.into_inner())
    }

    fn bell(self: &Arc<Self>) -> Arc<Bell> {
        let mut state = self.lock();
        state.bells.push(BellState::default());
        self.changed.notify_all();
        Arc::new(Bell { shared: Arc::clone(self), me: state.bells.len() - 1 })
    }
}

impl Bell {
    /// Wakes its thread, or lets its next wait end at once.
    pub fn ring(&self) {
        self.shared.lock().bells[self.me].rung = true;
        self.shared.changed.notify_all();
    }

    /// Its thread turns to something else than the clock until it waits again: a manual clock need not wait for it.
    pub fn rest(&self) {
        self.shared.lock().bells[self.me].asleep = Some(Duration::MAX);
        self.shared.changed.notify_all();
    }
}

impl Drop for Bell {
    fn drop(&mut self) {
        self.shared.lock().bells[self.me].gone = true;
        self.shared.changed.notify_all();
    }
}

/// The system's time.
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// The system's time, its monotonic part counted from now.
    #[allow(clippy::new_without_default, clippy::disallowed_methods)]
    pub fn new() -> Self {
        SystemClock { start: Instant::now() }
    }
}

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods)]
    fn wall(&self) -> Time {
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => Time(since.as_millis() as i64),
            Err(before) => Time(-(before.duration().as_millis() as i64)),
        }
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }

    fn bell(&self) -> Arc<Bell> {
        Arc::new(Shared::default()).bell()
    }

    fn wait(&self, bell: &Bell, deadline: Duration) -> bool {
        let mut state = bell.shared.lock();
        loop {
            if std::mem::take(&mut state.bells[bell.me].rung) {
                return false;
            }
            let now = self.monotonic();
            if now >= deadline {
                return true;
            }
            let woken = bell.shared.changed.wait_timeout(state, deadline - now);
            state = woken.map_or_else(|e| e.into_inner().0, |w| w.0);
        }
    }
}

/// A clock that tests move.
#[derive(Clone, Default)]
pub struct ManualClock {
    shared: Arc<Shared>,
}

impl ManualClock {
    /// Stands at this wall time.
    pub fn at(wall: Time) -> Self {
        let clock = ManualClock::default();
        clock.shared.lock().wall = wall.0;
        clock
    }

    /// Moves on, once all work of the present is done, and waits until all work of the new present is done; false if that
    /// took longer than `patience` (real time).
    pub fn advance(&self, by: Duration, patience: Duration) -> bool {
        if !self.settle(patience) {
            return false;
        }
        self.forward(by);
        self.settle(patience)
    }

    /// Moves on at once, whatever is under way.
    pub fn forward(&self, by: Duration) {
        let mut state = self.shared.lock();
        state.now += by;
        state.wall += by.as_millis() as i64;
        drop(state);
        self.shared.changed.notify_all();
    }

    /// Lets the wall clock jump without time passing, as an administrator does.
    pub fn jump(&self, millis: i64) {
        self.shared.lock().wall += millis;
        self.shared.changed.notify_all();
    }

    /// Waits until any thread lives by this clock; false if that took longer than `patience` (real time).
    pub fn watched(&self, patience: Duration) -> bool {
        let nobody = |s: &mut State| s.bells.iter().all(|b| b.gone);
        let waited = self.shared.changed.wait_timeout_while(self.shared.lock(), patience, nobody);
        !waited.map_or_else(|e| e.into_inner().1, |w| w.1).timed_out()
    }

    /// Waits until nothing more happens at the present moment: no work is under way, and every thread that has a bell sleeps
    /// beyond it.
    pub fn settle(&self, patience: Duration) -> bool {
        let calm = |s: &mut State| {
            let now = s.now;
            !(s.busy == 0 && s.bells.iter().all(|b| b.gone || (!b.rung && b.asleep.is_some_and(|until| until > now))))
        };
        let state = self.shared.lock();
        let waited = self.shared.changed.wait_timeout_while(state, patience, calm);
        !waited.map_or_else(|e| e.into_inner().1, |w| w.1).timed_out()
    }
}

impl Clock for ManualClock {
    fn wall(&self) -> Time {
        Time(self.shared.lock().wall)
    }

    fn monotonic(&self) -> Duration {
        self.shared.lock().now
    }

    fn bell(&self) -> Arc<Bell> {
        self.shared.bell()
    }

    fn wait(&self, bell: &Bell, deadline: Duration) -> bool {
        let mut state = self.shared.lock();
        loop {
            let time_has_come = state.now >= deadline;
            let me = &mut state.bells[bell.me];
            if me.rung || time_has_come {
                me.asleep = None;
                return !std::mem::take(&mut me.rung);
            }
            // Said once: sleepers that told one another of each waking would keep each other awake.
            if me.asleep.replace(deadline) != Some(deadline) {
                self.shared.changed.notify_all();
            }
            state = self.shared.changed.wait(state).unwrap_or_else(|e| e.into_inner());
        }
    }

    fn busy(&self, change: i64) {
        self.shared.lock().busy += change;
        self.shared.changed.notify_all();
    }
}
