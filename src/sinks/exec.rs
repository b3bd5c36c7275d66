//! A process per batch: rows on its stdin, the window in its environment, its stdout and stderr our own.

use std::io::{BufWriter, ErrorKind, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process_group};

use super::{BUFFER, Parsed, Setup, Sink, Spec};
use crate::data::batch::BatchInfo;
use crate::error::{Error, Result, describe_end};

/// `exec:COMMAND`.
struct Exec {
    command: String,
    words: Vec<String>,
}

pub(super) const ABOUT: &str = "a process per batch, also for an empty one: rows on its stdin; STREAMER_WINDOW_START, \
    STREAMER_WINDOW_END and STREAMER_BATCH in its environment; STREAMER_REDO is 1 if a run before this one broke off and may have \
    given the batch before, wholly or in part, else 0";

pub(super) fn parse(spec: &str) -> Parsed {
    let command = spec.strip_prefix("exec:")?;
    let words = shlex::split(command).filter(|words| !words.is_empty());
    let missing = || Error::usage(format!("`{spec}` holds no command, or a quote in it is not closed: exec:'sort -n'"));
    Some(words.ok_or_else(missing).map(|words| Box::new(Exec { command: command.to_string(), words }) as _))
}

impl Spec for Exec {
    fn name(&self) -> String {
        format!("exec:{}", self.command)
    }

    fn by_batch(&self) -> bool {
        true
    }

    fn needs_end(&self) -> bool {
        true
    }

    fn open(&self, setup: &Setup) -> Result<Box<dyn Sink>> {
        Ok(Box::new(Open {
            name: self.name(),
            words: self.words.clone(),
            setup: setup.clone(),
            redo: false,
            running: None,
        }))
    }
}

struct Open {
    name: String,
    words: Vec<String>,
    setup: Setup,
    /// What is given now may have been given before.
    redo: bool,
    running: Option<Running>,
}

/// Killed and reaped when dropped: half a batch must not look like a whole one.
struct Running {
    child: Child,
    /// `None` once the child does not want more.
    stdin: Option<BufWriter<ChildStdin>>,
}

impl Running {
    fn give(&mut self, give: impl FnOnce(&mut BufWriter<ChildStdin>) -> std::io::Result<()>) -> std::io::Result<()> {
        let Some(stdin) = &mut self.stdin else { return Ok(()) };
        match give(stdin) {
            Err(e) if e.kind() == ErrorKind::BrokenPipe => {
                // As `head` does. What is still in the buffer goes with it.
                if let Some(stdin) = self.stdin.take() {
                    let _ = stdin.into_parts();
                }
                Ok(())
            }
            done => done,
        }
    }

    fn finish(&mut self) -> std::io::Result<ExitStatus> {
        self.give(BufWriter::flush)?;
        self.stdin = None;
        self.child.wait()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Once it has been waited for, its number may be another's.
        if let Ok(None) = self.child.try_wait() {
            // All that a shell has started goes with it.
            let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
            let _ = self.child.wait();
        }
        if let Some(stdin) = self.stdin.take() {
            let _ = stdin.into_parts();
        }
    }
}

impl Open {
    fn failed(&self, found: &std::io::Error) -> Error {
        Error::io(format!("cannot write to {}", self.name), found)
    }

    fn give(&mut self, give: impl FnOnce(&mut BufWriter<ChildStdin>) -> std::io::Result<()>) -> Result<()> {
        let given = self.running.as_mut().map_or(Ok(()), |running| running.give(give));
        given.map_err(|e| self.failed(&e))
    }
}

impl Sink for Open {
    fn begin(&mut self, batch: &BatchInfo) -> Result<()> {
        self.running = None;
        // What we wrote before stands before what the child writes.
        if let Err(e) = self.setup.stdout.lock().unwrap_or_else(|e| e.into_inner()).flush() {
            let closed = e.kind() == ErrorKind::BrokenPipe;
            return Err(if closed { Error::Closed } else { Error::io("cannot write to standard output", &e) });
        }
        let mut command = Command::new(&self.words[0]);
        command.args(&self.words[1..]).stdin(Stdio::piped());
        command.env("STREAMER_WINDOW_START", batch.start.rfc3339(&self.setup.zone));
        command.env("STREAMER_WINDOW_END", batch.end.rfc3339(&self.setup.zone));
        command.env("STREAMER_BATCH", batch.id.to_string());
        command.env("STREAMER_REDO", if self.redo { "1" } else { "0" });
        // In a group of its own: Ctrl-C at the terminal ends the input, and the last batch is still delivered.
        command.process_group(0);
        let started = command.spawn();
        let mut child =
            started.map_err(|e| Error::io(format!("cannot run `{}` of {}", self.words[0], self.name), &e))?;
        let stdin = child.stdin.take().map(|stdin| BufWriter::with_capacity(BUFFER, stdin));
        self.running = Some(Running { child, stdin });
        let header = std::mem::take(&mut self.setup.header);
        let given = self.give(|stdin| stdin.write_all(&header));
        self.setup.header = header;
        given
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.give(|stdin| stdin.write_all(bytes))
    }

    fn flush(&mut self) -> Result<()> {
        self.give(BufWriter::flush)
    }

    fn end(&mut self, _: &BatchInfo) -> Result<()> {
        let Some(mut running) = self.running.take() else { return Ok(()) };
        let status = running.finish().map_err(|e| self.failed(&e))?;
        if status.success() {
            return Ok(());
        }
        Err(Error::failed(format!("{} {}", self.name, describe_end(status))))
    }

    fn take_back(&mut self, _: &[u8]) -> Result<()> {
        self.redo = true;
        Ok(())
    }

    fn committed(&mut self) -> Result<()> {
        self.redo = false;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::super::tests::{batch, give, setup};
    use super::*;

    fn open(command: &str) -> Box<dyn Sink> {
        let spec = parse(&format!("exec:{command}")).expect("exec:").expect("a command");
        spec.open(&setup("head\n").0).expect("open")
    }

    #[test]
    fn each_batch_has_its_process_with_header_rows_and_window() {
        let dir = tempfile::tempdir().expect("a directory");
        let script = "{ echo $STREAMER_WINDOW_START $STREAMER_WINDOW_END; cat; } > $0/$STREAMER_BATCH";
        let mut sink = open(&format!("sh -c '{script}' {}", dir.path().display()));
        give(&mut *sink, &batch(0), "a\n").expect("written");
        give(&mut *sink, &batch(1), "").expect("written");
        let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).expect("a file");
        assert_eq!(read("0"), "1970-01-01T00:00:00.000Z 1970-01-01T00:00:01.000Z\nhead\na\n");
        assert_eq!(read("1"), "1970-01-01T00:00:01.000Z 1970-01-01T00:00:02.000Z\nhead\n", "an empty batch too");
    }

    #[test]
    fn what_may_have_been_given_before_is_said_to_be() {
        let dir = tempfile::tempdir().expect("a directory");
        let mut sink = open(&format!("sh -c 'echo $STREAMER_REDO > $0/$STREAMER_BATCH' {}", dir.path().display()));
        sink.take_back(b"").expect("taken back");
        give(&mut *sink, &batch(0), "a\n").expect("written");
        give(&mut *sink, &batch(1), "a\n").expect("a window of the same batch");
        sink.committed().expect("committed");
        give(&mut *sink, &batch(2), "a\n").expect("written");
        let said = ["0", "1", "2"].map(|name| std::fs::read_to_string(dir.path().join(name)).expect("a file"));
        assert_eq!(said, ["1\n", "1\n", "0\n"]);
    }

    #[test]
    fn a_command_that_fails_is_named_with_its_status() {
        let failure = |command: &str| give(&mut *open(command), &batch(0), "a\n").expect_err("failed").to_string();
        assert_eq!(failure("sh -c 'exit 3'"), "exec:sh -c 'exit 3' failed with exit status 3");
        assert_eq!(failure("sh -c 'kill -9 $$'"), "exec:sh -c 'kill -9 $$' was ended by SIGKILL");
        assert!(
            failure("/nonexistent/x -y").starts_with("cannot run `/nonexistent/x` of exec:/nonexistent/x -y: no such")
        );
    }

    #[test]
    fn a_child_that_does_not_read_everything_is_no_error() {
        let mut sink = open("true");
        sink.begin(&batch(0)).expect("begun");
        for _ in 0..1000 {
            sink.write(&[b'x'; 1000]).expect("more than a pipe holds");
        }
        sink.end(&batch(0)).expect("it succeeded");
    }

    #[test]
    fn a_batch_that_never_ends_kills_all_that_its_command_has_started() {
        let dir = tempfile::tempdir().expect("a directory");
        let fifo = dir.path().join("fifo");
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, 0o600.into(), 0).expect("a fifo");
        let mut sink = open(&format!("sh -c '{{ cat; echo whole; }} | cat > {}'", fifo.display()));
        sink.begin(&batch(0)).expect("begun");
        sink.write(b"half\n").expect("written");
        sink.flush().expect("flushed");
        let mut fifo = std::fs::File::open(&fifo).expect("the command has opened it too");
        let mut half = [0; 10];
        fifo.read_exact(&mut half).expect("the command runs");
        assert_eq!(&half, b"head\nhalf\n");
        drop(sink);
        let mut rest = String::new();
        // Ends when the last process that could write is gone.
        fifo.read_to_string(&mut rest).expect("text");
        assert_eq!(rest, "", "half a batch must not look like a whole one");
    }

    #[test]
    fn a_command_that_cannot_be_split_is_a_usage_error() {
        for spec in ["exec:", "exec:  ", "exec:echo 'a"] {
            assert_eq!(parse(spec).expect("exec:").err().expect(spec).exit_status(), 2);
        }
        assert!(parse("out.csv").is_none());
    }
}
