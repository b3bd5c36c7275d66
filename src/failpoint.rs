//! Points of the program where a build for tests (`--features failpoints`) may be made to die as by `kill -9`:
//! `STREAMER_FAILPOINT=append-after` at the first pass of that point, `append-after:3` at the third. Any other build knows
//! nothing of them.

/// Dies if it is the time and the place.
#[inline(always)]
pub fn pass(name: &str) {
    if is_due(name) {
        die();
    }
}

/// Whether this pass of a point is the one to die at: for who does half of something first.
#[cfg(not(feature = "failpoints"))]
#[inline(always)]
pub fn is_due(name: &str) -> bool {
    let _ = name;
    false
}

/// Whether this pass of a point is the one to die at: for who does half of something first.
#[cfg(feature = "failpoints")]
pub fn is_due(name: &str) -> bool {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    static WANTED: OnceLock<Option<(String, u64)>> = OnceLock::new();
    static PASSED: AtomicU64 = AtomicU64::new(0);
    let wanted = WANTED.get_or_init(|| std::env::var("STREAMER_FAILPOINT").ok().map(|text| parsed(&text)));
    match wanted {
        Some((wanted, time)) if wanted == name => PASSED.fetch_add(1, Ordering::SeqCst) + 1 == *time,
        _ => false,
    }
}

/// The name of a point, and at which of its passes.
#[cfg(any(feature = "failpoints", test))]
fn parsed(text: &str) -> (String, u64) {
    let counted = text.rsplit_once(':').and_then(|(name, time)| Some((name.to_string(), time.parse().ok()?)));
    counted.unwrap_or_else(|| (text.to_string(), 1))
}

/// Ends the process at once, without any cleaning up.
pub fn die() -> ! {
    use rustix::process::{Signal, getpid, kill_process};
    // No process is refused its own end; where the signal takes a moment to come, nothing more is done.
    let _ = kill_process(getpid(), Signal::KILL);
    loop {
        std::thread::park();
    }
}

#[cfg(test)]
mod tests {
    use super::parsed;

    #[test]
    fn a_point_is_named_with_the_pass_that_is_meant() {
        assert_eq!(parsed("append-after"), ("append-after".to_string(), 1));
        assert_eq!(parsed("append-after:3"), ("append-after".to_string(), 3));
        assert_eq!(parsed("odd:name"), ("odd:name".to_string(), 1));
    }
}
