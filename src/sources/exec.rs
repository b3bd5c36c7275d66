//! `exec:COMMAND`: a child's standard output. `exec?restart=2s:COMMAND` starts it again for ever.
//!
//! Runs on the receiver thread of its lane; the child is started before anything runs. It is in a process group of its own,
//! so that an interrupt from the terminal ends the run in its order and not the child first. When this holds no child any
//! more, there is none: it was waited for.

use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};

use super::support::polled;
use super::support::retry::Retry;
use super::support::spelling::Spelling;
use super::{Entry, Feed, Got, Lane, NoControl, Setup, Source, Stream, Wanted};
use crate::data::framing::Framing;
use crate::error::{Error, Result, describe, describe_end};
use crate::stop::Stop;

pub(super) const ENTRY: Entry = Entry {
    scheme: "exec",
    form: "exec:COMMAND",
    about: "what a command prints, its words split as by a shell but run without one; exec?restart=2s:COMMAND starts it \
            again for ever",
    parse: |spelling| Ok(Box::new(Exec::parse(spelling)?)),
};

/// How long a child may take to end after it was told to.
const GRACE: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };

struct Exec {
    command: String,
    words: Vec<String>,
    restart: Option<Duration>,
    format: Wanted,
}

impl Exec {
    fn parse(spelling: &Spelling) -> Result<Self> {
        spelling.allow(&["restart", "in", "header"])?;
        let words =
            shlex::split(&spelling.rest).ok_or_else(|| spelling.wrong("a quote in the command is not closed"))?;
        if words.is_empty() {
            return Err(spelling.wrong("there is no command; write exec:COMMAND, with options exec?restart=2s:COMMAND"));
        }
        let command = spelling.rest.trim().to_string();
        Ok(Exec { command, words, restart: spelling.duration("restart")?, format: spelling.format()? })
    }
}

impl Source for Exec {
    fn name(&self) -> String {
        format!("exec:{}", self.command)
    }

    fn format(&self) -> Wanted {
        self.format.clone()
    }

    fn cannot_freeze(&self) -> Option<&'static str> {
        self.restart.map(|_| "with restart= it never ends")
    }

    fn open(&self, setup: &Setup, _: Framing) -> Result<Vec<Lane>> {
        let stream = ExecStream {
            child: Some(
                Running::start(&self.words)
                    .map_err(|e| Error::io(format_args!("cannot run `{}`", self.command), &e))?,
            ),
            command: self.command.clone(),
            words: self.words.clone(),
            retry: self.restart.map(|pause| Retry::new(pause, setup)),
            stop: Arc::clone(&setup.stop),
        };
        Ok(vec![Lane {
            name: self.name(),
            feed: Feed::Bytes(Box::new(stream)),
            pull: false,
            size: None,
            control: Arc::new(NoControl),
            resumes: None,
        }])
    }
}

/// A child that has not been waited for.
struct Running {
    child: Child,
    /// `None` once it is at its end.
    output: Option<OwnedFd>,
    /// Readable once the child has ended.
    ended: OwnedFd,
}

impl Running {
    fn start(words: &[String]) -> std::io::Result<Self> {
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).stdin(Stdio::null()).stdout(Stdio::piped()).process_group(0);
        let mut child = command.spawn()?;
        let output = child.stdout.take().map(OwnedFd::from);
        output.iter().for_each(polled::enlarge);
        match pidfd_open(Pid::from_child(&child), PidfdFlags::empty()) {
            Ok(ended) => Ok(Running { child, output, ended }),
            Err(error) => {
                let _ = child.kill().and_then(|()| child.wait());
                Err(error.into())
            }
        }
    }

    fn signal(&self, signal: Signal) {
        // Those of its group that are left may have gone by themselves.
        let _ = kill_process_group(Pid::from_child(&self.child), signal);
    }
}

impl Drop for Running {
    /// Tells the child to end, and sees that it does.
    fn drop(&mut self) {
        if let Ok(Some(_)) = self.child.try_wait() {
            return;
        }
        self.signal(Signal::TERM);
        self.output = None;
        // A child is not on the run's clock: this time is real also where a test's clock stands still.
        if !matches!(poll(&mut [PollFd::new(&self.ended, PollFlags::IN)], Some(&GRACE)), Ok(1..)) {
            self.signal(Signal::KILL);
        }
        let _ = self.child.wait();
    }
}

struct ExecStream {
    child: Option<Running>,
    command: String,
    words: Vec<String>,
    retry: Option<Retry>,
    stop: Arc<Stop>,
}

impl ExecStream {
    /// The child has ended by itself.
    fn ended(&mut self, status: ExitStatus) -> Result<Got> {
        self.child = None;
        if let Some(retry) = &mut self.retry {
            match status.success() {
                true => retry.later(),
                false => retry.failed(&format!("`{}` {}", self.command, describe_end(status))),
            }
            return Ok(Got::Break);
        }
        if status.success() {
            return Ok(Got::End);
        }
        Err(Error::failed(format!("`{}` {}", self.command, describe_end(status))))
    }
}

impl Stream for ExecStream {
    fn read(&mut self, into: &mut [u8], wait: bool) -> Result<Got> {
        loop {
            if self.stop.is_told() {
                self.child = None;
                return Ok(Got::End);
            }
            let Some(running) = &mut self.child else {
                let Some(retry) = &mut self.retry else { return Ok(Got::End) };
                if !wait && !retry.is_due() {
                    return Ok(Got::Later);
                }
                if retry.wait() {
                    match Running::start(&self.words) {
                        Ok(child) => {
                            self.child = Some(child);
                            retry.worked();
                        }
                        Err(error) => retry.failed(&format!("cannot run `{}`: {}", self.command, describe(&error))),
                    }
                }
                continue;
            };
            if let Some(output) = &running.output {
                match polled::read(output, into, wait, &self.stop) {
                    Ok(Got::End) if self.stop.is_told() => {}
                    Ok(Got::End) => running.output = None,
                    Ok(got) => return Ok(got),
                    Err(error) => {
                        return Err(Error::io(format_args!("cannot read from `{}`", self.command), &error.into()));
                    }
                }
                continue;
            }
            if !self.stop.ready(running.ended.as_fd(), PollFlags::IN, wait) {
                if self.stop.is_told() {
                    continue;
                }
                return Ok(Got::Later);
            }
            let status = running.child.wait();
            let status = status.map_err(|e| Error::io(format_args!("cannot wait for `{}`", self.command), &e))?;
            return self.ended(status);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::super::support::testing::{LeapingClock, PLAIN, drain, setup, setup_on, stream};
    use super::*;
    use crate::clock::Clock;

    fn open(spec: &str, setup: &Setup) -> Result<Box<dyn Stream>> {
        Ok(stream(parse(spec)?.open(setup, PLAIN)?.pop().expect("a lane")))
    }

    fn output(spec: &str) -> Result<Vec<u8>> {
        drain(&mut *open(spec, &setup())?, &[5, 64])
    }

    #[test]
    fn words_are_split_as_a_shell_would_and_no_shell_runs() {
        assert_eq!(output(r#"exec:printf '%s|' 'a b' "c;d" e\ f $HOME"#).unwrap(), b"a b|c;d|e f|$HOME|");
    }

    #[test]
    fn its_standard_input_is_empty() {
        assert_eq!(output("exec:cat").unwrap(), b"");
    }

    #[test]
    fn a_child_that_fails_ends_the_run() {
        assert_eq!(
            output("exec:sh -c 'echo x; exit 3'").unwrap_err().to_string(),
            "`sh -c 'echo x; exit 3'` failed with exit status 3"
        );
        assert_eq!(
            output("exec:sh -c 'kill -9 $$'").unwrap_err().to_string(),
            "`sh -c 'kill -9 $$'` was ended by SIGKILL"
        );
    }

    #[test]
    fn what_cannot_be_run_is_an_error_before_anything_runs() {
        let error = open("exec:/no/such/command x", &setup()).err().expect("it is not there");
        assert_eq!(error.to_string(), "cannot run `/no/such/command x`: no such file or directory");
        for spec in ["exec:", "exec: ", "exec:a 'b", "exec?restart=2s", "exec?x=1:a", "exec?restart=2:a"] {
            assert!(matches!(parse(spec), Err(Error::Usage(_))), "{spec}");
        }
    }

    #[test]
    fn it_starts_again_after_each_end_whatever_its_status() {
        let clock = Arc::new(LeapingClock::default());
        let setup = setup_on(Arc::clone(&clock) as Arc<dyn Clock>);
        let mut stream = open("exec?restart=3s:sh -c 'echo x; exit 1'", &setup).unwrap();
        let (mut all, mut into) = (Vec::new(), [0; 8]);
        while all != b"x\n|x\n|x\n|" {
            match stream.read(&mut into, true).unwrap() {
                Got::Bytes(n) => all.extend_from_slice(&into[..n]),
                Got::Break => all.push(b'|'),
                other => panic!("{other:?} after {all:?}"),
            }
        }
        assert_eq!(*clock.waits.lock().unwrap(), [Duration::from_secs(3); 2]);
    }

    /// The child has said its number, so it runs; after the stop nobody of that number is left, not even a zombie.
    #[test]
    fn at_the_stop_the_child_is_ended_and_waited_for() {
        for command in ["echo $$; exec sleep 1000", "trap \"\" TERM; echo $$; while :; do sleep 1000; done"] {
            let setup = setup();
            let mut stream = open(&format!("exec:sh -c '{command}'"), &setup).unwrap();
            let mut into = [0; 16];
            let Got::Bytes(n) = stream.read(&mut into, true).unwrap() else { panic!("no number") };
            let pid: i32 = std::str::from_utf8(&into[..n]).unwrap().trim().parse().unwrap();
            let waiting = std::thread::spawn(move || stream.read(&mut [0; 8], true).unwrap());
            setup.stop.tell();
            assert_eq!(waiting.join().unwrap(), Got::End);
            let gone = rustix::process::test_kill_process(Pid::from_raw(pid).unwrap());
            assert_eq!(gone, Err(rustix::io::Errno::SRCH), "{command}");
        }
    }

    #[test]
    fn without_waiting_a_silent_child_says_later() {
        let mut stream = open("exec:sleep 1000", &setup()).unwrap();
        assert_eq!(stream.read(&mut [0; 8], false).unwrap(), Got::Later);
    }
}
