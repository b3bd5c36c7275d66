//! What a run is connected to: the process's own standard streams, or a test's.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::io::{IsTerminal, Write};
use std::sync::{Arc, Mutex};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

pub use crate::messages::Messages;
use crate::sinks::SharedOutput;
use crate::sources::Stream;
use crate::stop::Stop;

/// Makes a stream that ends when the run is told to stop.
pub type MakeStdin = Box<dyn FnOnce(Arc<Stop>) -> Box<dyn Stream> + Send>;

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Color {
    /// On a terminal, unless the environment says otherwise.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The surroundings of a run.
pub struct Io {
    /// What stands for standard input; `None`: the process's own.
    pub stdin: Option<MakeStdin>,
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

impl Io {
    /// The process's own streams and environment.
    pub fn system() -> Self {
        Io {
            stdin: None,
            stdout: Arc::new(Mutex::new(Box::new(Stdout { enlarged: false }))),
            stderr: Messages::new(Box::new(std::io::stderr())),
            stdout_terminal: std::io::stdout().is_terminal(),
            stderr_terminal: std::io::stderr().is_terminal(),
            env: std::env::vars_os().collect(),
            signals: true,
        }
    }

    /// Whether to use colours on standard output. `NO_COLOR` wins over `CLICOLOR_FORCE`, the command line over both.
    pub fn color(&self, wanted: Color) -> bool {
        let value = |name: &str| self.env.get(OsStr::new(name)).filter(|value| !value.is_empty());
        match wanted {
            Color::Always => true,
            Color::Never => false,
            Color::Auto if value("NO_COLOR").is_some() => false,
            Color::Auto if value("CLICOLOR_FORCE").is_some_and(|value| value != "0") => true,
            Color::Auto => self.stdout_terminal && value("TERM").is_none_or(|term| term != "dumb"),
        }
    }

    /// The width of the terminal that standard output is, in columns.
    pub fn width(&self) -> Option<usize> {
        let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
        (size.ws_col > 0).then_some(size.ws_col as usize)
    }
}

/// The process's standard output, without a buffer of its own (sinks have theirs) and also if it does not block.
struct Stdout {
    /// Its pipe, if it is one, was made larger.
    enlarged: bool,
}

/// How large the pipe that is written to is made, in bytes: the most that is allowed without privileges.
const PIPE_SIZE: usize = 1 << 20;

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        // What does not fit at once is written in as many pieces as whoever reads is woken for.
        if bytes.len() > PIPE_SIZE / 16 && !std::mem::replace(&mut self.enlarged, true) {
            let _ = rustix::pipe::fcntl_setpipe_size(rustix::stdio::stdout(), PIPE_SIZE);
        }
        loop {
            match rustix::io::write(rustix::stdio::stdout(), bytes) {
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    let _ = poll(&mut [PollFd::new(&std::io::stdout(), PollFlags::OUT)], None);
                }
                written => return Ok(written?),
            }
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
