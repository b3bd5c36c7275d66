//! What is said to people on standard error. Any thread may speak; lines are whole. What a message quotes (names of files,
//! columns, records) cannot act on a terminal.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use crate::data::terminal::harmless_lines;

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
        let _ = to.write_all(format!("{}\n", harmless_lines(text)).as_bytes()).and_then(|()| to.flush());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was said, to be looked at.
    #[derive(Clone, Default)]
    struct Said(Arc<Mutex<Vec<u8>>>);

    impl Write for Said {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_is_quoted_cannot_act_on_a_terminal() {
        let said = Said::default();
        let messages = Messages::new(Box::new(said.clone()));
        messages.error("cannot read \x1b]0;x\x07\r\u{9b}2J: gone\n\tand `\u{202e}`");
        messages.note("\x1b[2J");
        let text = String::from_utf8(said.0.lock().unwrap().clone()).unwrap();
        let error = "streamer: cannot read ␛]0;x␇␍\u{fffd}2J: gone\n\tand `\u{fffd}`\n";
        assert_eq!(text, format!("{error}streamer: ␛[2J\n"));
    }
}
