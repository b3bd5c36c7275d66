//! Standard output. Several sinks may share it: each gathers whole rows and writes them under the lock.

use std::io::{ErrorKind, Write};

use super::{BUFFER, Parsed, Setup, SharedOutput, Sink, Spec};
use crate::data::batch::BatchInfo;
use crate::error::{Error, Result};

/// `-`.
struct Stdout;

pub(super) fn parse(spec: &str) -> Parsed {
    (spec == "-").then(|| Ok(Box::new(Stdout) as _))
}

impl Spec for Stdout {
    fn name(&self) -> String {
        "standard output".to_string()
    }

    fn is_stdout(&self) -> bool {
        true
    }

    fn open(&self, setup: &Setup) -> Result<Box<dyn Sink>> {
        // The header stands in the buffer from the start, and goes out with the first batch.
        Ok(Box::new(Open { to: setup.stdout.clone(), gathered: setup.header.clone() }))
    }
}

struct Open {
    to: SharedOutput,
    gathered: Vec<u8>,
}

impl Open {
    /// Writes what was gathered and `more` behind it.
    fn hand_over(&mut self, more: &[u8], flush: bool) -> Result<()> {
        let mut to = self.to.lock().unwrap_or_else(|e| e.into_inner());
        let written = to
            .write_all(&self.gathered)
            .and_then(|()| to.write_all(more))
            .and_then(|()| if flush { to.flush() } else { Ok(()) });
        self.gathered.clear();
        written.map_err(|e| match e.kind() {
            ErrorKind::BrokenPipe => Error::Closed,
            _ => Error::io("cannot write to standard output", &e),
        })
    }
}

impl Sink for Open {
    fn begin(&mut self, _: &BatchInfo) -> Result<()> {
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        if self.gathered.len() + bytes.len() > BUFFER {
            return self.hand_over(bytes, false);
        }
        self.gathered.extend_from_slice(bytes);
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        self.hand_over(&[], true)
    }

    fn end(&mut self, _: &BatchInfo) -> Result<()> {
        self.hand_over(&[], true)
    }

    fn close(&mut self) -> Result<()> {
        self.hand_over(&[], true)
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::super::tests::{batch, give, setup, setup_to};
    use super::*;

    #[test]
    fn the_header_comes_once_before_the_rows() {
        let (setup, written) = setup("word,count\n");
        let mut sink = Stdout.open(&setup).expect("open");
        give(&mut *sink, &batch(0), "a,1\n").expect("written");
        assert_eq!(*written.lock().expect("no panic"), b"word,count\na,1\n", "a batch is out when end returns");
        give(&mut *sink, &batch(1), "b,1\n").expect("written");
        sink.close().expect("closed");
        assert_eq!(*written.lock().expect("no panic"), b"word,count\na,1\nb,1\n");
    }

    #[test]
    fn the_header_comes_without_any_batch_too() {
        let (setup, written) = setup("word,count\n");
        Stdout.open(&setup).expect("open").close().expect("closed");
        assert_eq!(*written.lock().expect("no panic"), b"word,count\n");
    }

    #[test]
    fn two_sinks_tear_no_row_apart() {
        let (setup, written) = setup("");
        let mut sinks = [Stdout.open(&setup).expect("open"), Stdout.open(&setup).expect("open")];
        for _ in 0..50_000 {
            sinks[0].write(b"first\n").expect("written");
            sinks[1].write(b"second\n").expect("written");
        }
        sinks.iter_mut().for_each(|s| s.flush().expect("flushed"));
        let written = written.lock().expect("no panic");
        let (mut first, mut second) = (0, 0);
        for row in written.split(|&b| b == b'\n').filter(|r| !r.is_empty()) {
            match row {
                b"first" => first += 1,
                b"second" => second += 1,
                _ => panic!("torn: {}", String::from_utf8_lossy(row)),
            }
        }
        assert_eq!((first, second), (50_000, 50_000));
    }

    #[test]
    fn a_full_disk_is_a_failure_also_at_the_last_flush() {
        let full = || File::options().write(true).open("/dev/full").expect("/dev/full");
        // A writer that gathers itself shows the failure only when it is flushed.
        for to in [Box::new(full()) as Box<dyn Write + Send>, Box::new(std::io::BufWriter::new(full()))] {
            let mut sink = Stdout.open(&setup_to("", to)).expect("open");
            let error = give(&mut *sink, &batch(0), "a\n").expect_err("full");
            assert_eq!(error.to_string(), "cannot write to standard output: no space left on device");
            assert_eq!(error.exit_status(), 1);
        }
    }

    #[test]
    fn a_closed_pipe_ends_the_run_quietly() {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut sink = Stdout.open(&setup_to("", Box::new(writer))).expect("open");
        let error = give(&mut *sink, &batch(0), "a\n").expect_err("closed");
        assert!(matches!(error, Error::Closed));
    }
}
