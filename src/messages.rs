//! What is said to people on standard error. Any thread may speak; lines are whole.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// Standard error: messages for people. A closed or full one never hurts the run.
pub struct Messages {
    to: Mutex<Box<dyn Write + Send>>,
    /// `-q`: only errors.
    quiet: AtomicBool,
}

impl Messages {
    /// Messages are written to `to`.
    pub fn new(to: Box<dyn Write + Send>) -> Arc<Self> {
        Arc::new(Messages { to: Mutex::new(to), quiet: false.into() })
    }

    /// From now on only errors.
    pub fn silence(&self) {
        self.quiet.store(true, Ordering::Relaxed);
    }

    /// An error: `streamer: ` is put before it.
    pub fn error(&self, text: &str) {
        self.line(&format!("streamer: {text}"));
    }

    /// Something worth knowing, silenced by `-q`: `streamer: ` is put before it.
    pub fn note(&self, text: &str) {
        if !self.quiet.load(Ordering::Relaxed) {
            self.line(&format!("streamer: {text}"));
        }
    }

    fn line(&self, text: &str) {
        let mut to = self.to.lock().unwrap_or_else(|e| e.into_inner());
        let _ = to.write_all(format!("{text}\n").as_bytes()).and_then(|()| to.flush());
    }
}
