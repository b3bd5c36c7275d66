//! What a run is connected to: the process's own standard streams, or a test's.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io::Write;
use std::sync::{Arc, Mutex};

use crate::sinks::SharedOutput;
use crate::sources::Stream;

/// The surroundings of a run.
pub struct Io {
    /// What stands for standard input; `None`: the process's own.
    pub stdin: Option<Box<dyn Stream>>,
    /// Standard output.
    pub stdout: SharedOutput,
    /// Standard error.
    pub stderr: Arc<Messages>,
    /// Whether standard output is a terminal.
    pub stdout_terminal: bool,
    /// Whether standard error is a terminal.
    pub stderr_terminal: bool,
    /// The environment.
    pub env: HashMap<OsString, OsString>,
    /// Whether signals are the run's to handle.
    pub signals: bool,
}

/// Standard error: messages for people. A closed or full one never hurts the run.
pub struct Messages {
    to: Mutex<Box<dyn Write + Send>>,
    /// `-q`: only errors.
    quiet: std::sync::atomic::AtomicBool,
}

impl Messages {
    /// Messages are written to `to`.
    pub fn new(to: Box<dyn Write + Send>) -> Arc<Self> {
        Arc::new(Messages { to: Mutex::new(to), quiet: false.into() })
    }

    /// From now on only errors.
    pub fn silence(&self) {
        self.quiet.store(true, std::sync::atomic::Ordering::Relaxed);
    }

    /// An error: `streamer: ` is put before it.
    pub fn error(&self, text: &str) {
        self.line(&format!("streamer: {text}"));
    }

    /// Something worth knowing, silenced by `-q`: `streamer: ` is put before it.
    pub fn note(&self, text: &str) {
        if !self.quiet.load(std::sync::atomic::Ordering::Relaxed) {
            self.line(&format!("streamer: {text}"));
        }
    }

    fn line(&self, text: &str) {
        let mut to = self.to.lock().unwrap_or_else(|e| e.into_inner());
        let _ = to.write_all(format!("{text}\n").as_bytes()).and_then(|()| to.flush());
    }
}
