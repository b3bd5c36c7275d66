//! Reading a descriptor that may keep us waiting (a pipe, a socket, a terminal) and being woken when the run stops.
//!
//! Runs on the receiver thread of its lane.

use std::os::fd::AsFd;
use std::sync::Arc;

use rustix::event::PollFlags;
use rustix::io::Errno;

use crate::error::{Error, Result};
use crate::sources::{Got, Stream};
use crate::stop::Stop;

/// How large the pipes that are read from are made, in bytes: the most that is allowed without privileges.
const PIPE_SIZE: usize = 1 << 20;

/// Reads once. [`Got::End`] is the end of the stream, or says that the run stops.
pub fn read(fd: impl AsFd, into: &mut [u8], wait: bool, stop: &Stop) -> std::result::Result<Got, Errno> {
    loop {
        if !stop.ready(fd.as_fd(), PollFlags::IN, wait) {
            return Ok(if stop.is_told() { Got::End } else { Got::Later });
        }
        match rustix::io::read(&fd, &mut *into) {
            Ok(0) => return Ok(Got::End),
            Ok(n) => return Ok(Got::Bytes(n)),
            // Someone else who shares a non-blocking descriptor was faster.
            Err(Errno::AGAIN) if !wait => return Ok(Got::Later),
            Err(Errno::AGAIN | Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Lets a pipe hold more; no matter if it is none, or if that is not allowed.
pub fn enlarge(fd: impl AsFd) {
    let _ = rustix::pipe::fcntl_setpipe_size(fd, PIPE_SIZE);
}

/// A descriptor as a stream.
pub struct Polled<F> {
    /// What is read.
    pub fd: F,
    /// As messages name it.
    pub name: String,
    /// Told when to stop.
    pub stop: Arc<Stop>,
}

impl<F: AsFd + Send> Stream for Polled<F> {
    fn read(&mut self, into: &mut [u8], wait: bool) -> Result<Got> {
        read(&self.fd, into, wait, &self.stop)
            .map_err(|e| Error::io(format_args!("cannot read {}", self.name), &e.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_pipe_says_later_and_a_stop_ends_the_waiting() {
        let stop = Stop::new().unwrap();
        let (out, hold) = rustix::pipe::pipe().unwrap();
        enlarge(&out);
        let mut stream = Polled { fd: out, name: "pipe".into(), stop: Arc::clone(&stop) };
        let mut into = [0; 8];
        assert_eq!(stream.read(&mut into, false).unwrap(), Got::Later);
        rustix::io::write(&hold, b"ab").unwrap();
        assert_eq!(stream.read(&mut into, true).unwrap(), Got::Bytes(2));
        let waiting = std::thread::spawn(move || stream.read(&mut [0; 8], true).unwrap());
        stop.tell();
        assert_eq!(waiting.join().unwrap(), Got::End);
        drop(hold);
    }

    #[test]
    fn a_non_blocking_pipe_is_waited_for() {
        let stop = Stop::new().unwrap();
        let (out, hold) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::NONBLOCK).unwrap();
        let mut stream = Polled { fd: out, name: "pipe".into(), stop };
        let waiting = std::thread::spawn(move || {
            let mut into = [0; 8];
            [stream.read(&mut into, true).unwrap(), stream.read(&mut into, true).unwrap()]
        });
        rustix::io::write(&hold, b"abc").unwrap();
        drop(hold);
        assert_eq!(waiting.join().unwrap(), [Got::Bytes(3), Got::End]);
    }

    #[test]
    fn a_directory_cannot_be_read() {
        let stop = Stop::new().unwrap();
        let mut stream = Polled { fd: std::fs::File::open("/").unwrap(), name: "/".into(), stop };
        assert!(stream.read(&mut [0; 8], true).unwrap_err().to_string().starts_with("cannot read /: is a directory"));
    }
}
