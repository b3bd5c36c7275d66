//! The real process: its streams, signals, exit statuses, terminals, children and sockets.
//!
//! Nothing here waits for time to pass: what is to happen is waited for, and the deadline is only for what never comes.

#[cfg(feature = "flume")]
mod agents;
mod alarm;
mod bad_columns;
mod bad_input;
mod checkpoint;
mod children;
mod faults;
mod files;
mod input;
mod joins;
mod output;
mod pressure;
mod security;
mod signals;
mod sinks;
mod sockets;
mod terminal;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::harness::PATIENCE;

/// The program with these words, split as a shell would, away from settings of whoever runs the tests.
pub fn streamer(words: &str) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("streamer"));
    command.args(shlex::split(words).expect("words"));
    plain(command)
}

/// A script for `sh`, in which `$0` is the program.
pub fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]).arg(assert_cmd::cargo::cargo_bin!("streamer"));
    plain(command)
}

fn plain(mut command: Command) -> Command {
    for name in ["NO_COLOR", "CLICOLOR_FORCE", "LC_ALL"] {
        command.env_remove(name);
    }
    command.env("TERM", "xterm").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// How a process ended and what it said.
pub struct Done {
    pub status: ExitStatus,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl Done {
    pub fn text(&self) -> String {
        String::from_utf8(self.stdout.clone()).expect("UTF-8")
    }

    /// It ran, and said nothing beside its results: these.
    pub fn ok(self) -> String {
        assert_eq!((self.status.code(), self.stderr.as_str()), (Some(0), ""), "{}", self.text());
        self.text()
    }

    /// It ended with this status, without results: what it said.
    pub fn failed(self, status: i32) -> String {
        assert_eq!((self.status.code(), self.text().as_str()), (Some(status), ""), "{}", self.stderr);
        assert!(!self.stderr.contains("panicked") && !self.stderr.contains("internal error"), "{}", self.stderr);
        self.stderr
    }
}

/// Runs a command to its end over some input.
pub fn run(command: &mut Command, input: &[u8]) -> Done {
    let mut live = Live::start(command.stdin(Stdio::piped()));
    let stdin = live.stdin.take();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || {
        // Who does not read to the end has a reason of its own, which the status tells.
        let _ = stdin.expect("a pipe").write_all(&input);
    });
    let done = live.end();
    writer.join().expect("no panic");
    done
}

/// Bytes that another thread reads.
#[derive(Clone, Default)]
pub struct Tap(Arc<(Mutex<Came>, Condvar)>);

/// What came, and whether that was all.
type Came = (Vec<u8>, bool);

impl Tap {
    pub fn on(mut from: impl Read + Send + 'static) -> Tap {
        let tap = Tap::default();
        let shared = tap.clone();
        std::thread::spawn(move || {
            let mut bytes = vec![0; 1 << 16];
            loop {
                // A terminal whose other side is gone is an error, and the end.
                let read = from.read(&mut bytes).unwrap_or(0);
                let Ok(mut state) = shared.0.0.lock() else { return };
                state.0.extend_from_slice(&bytes[..read]);
                state.1 = read == 0;
                shared.0.1.notify_all();
                if read == 0 {
                    return;
                }
            }
        });
        tap
    }

    /// Waits until what came satisfies `enough`: all that came.
    pub fn until(&self, what: &str, enough: impl Fn(&[u8]) -> bool) -> Vec<u8> {
        let came = self.until_or_end(&enough);
        let end = &came[came.len().saturating_sub(500)..];
        assert!(enough(&came), "no {what} at the end: {:?}", String::from_utf8_lossy(end));
        came
    }

    /// The same, or until nothing more comes.
    pub fn until_or_end(&self, enough: impl Fn(&[u8]) -> bool) -> Vec<u8> {
        let state = self.0.0.lock().unwrap();
        let waited = self.0.1.wait_timeout_while(state, PATIENCE, |s| !enough(&s.0) && !s.1).unwrap().0;
        waited.0.clone()
    }

    pub fn until_text(&self, text: &str) {
        self.until(text, |bytes| memchr::memmem::find(bytes, text.as_bytes()).is_some());
    }

    /// Waits for the end: all that came.
    pub fn end(&self) -> Vec<u8> {
        let state = self.0.0.lock().unwrap();
        let (state, late) = self.0.1.wait_timeout_while(state, PATIENCE, |s| !s.1).unwrap();
        assert!(!late.timed_out(), "a stream does not end after {} bytes", state.0.len());
        state.0.clone()
    }
}

/// A process under way; killed if it is dropped before its end.
pub struct Live {
    pub stdin: Option<ChildStdin>,
    pub stdout: Tap,
    pub stderr: Tap,
    pub pid: Pid,
    /// Its number may be another's once it has ended; this is itself.
    process: OwnedFd,
    ended: Receiver<ExitStatus>,
    over: bool,
}

impl Live {
    /// Starts a command; what it writes into pipes is read.
    pub fn start(command: &mut Command) -> Live {
        let mut child = command.spawn().expect("it starts");
        let stdout = child.stdout.take().map_or_else(|| Tap::on(std::io::empty()), Tap::on);
        Self::started(child, stdout)
    }

    /// The same for a child whose standard output is read elsewhere.
    pub fn started(mut child: Child, stdout: Tap) -> Live {
        let (stdin, pid) = (child.stdin.take(), Pid::from_child(&child));
        let process = pidfd_open(pid, PidfdFlags::empty()).expect("a child");
        let stderr = child.stderr.take().map_or_else(|| Tap::on(std::io::empty()), Tap::on);
        let (sender, ended) = channel();
        std::thread::spawn(move || sender.send(child.wait().expect("a child")));
        Live { stdin, stdout, stderr, pid, process, ended, over: false }
    }

    /// Writes into its standard input.
    pub fn write(&mut self, bytes: &[u8]) {
        self.stdin.as_mut().expect("a pipe").write_all(bytes).expect("it reads");
    }

    /// Sends a signal, if it has not ended yet.
    pub fn signal(&self, signal: Signal) {
        let _ = pidfd_send_signal(&self.process, signal);
    }

    /// Whether it has ended within so long.
    pub fn over(&mut self, within: Duration) -> Option<ExitStatus> {
        let status = self.ended.recv_timeout(within).ok();
        self.over |= status.is_some();
        status
    }

    /// Waits for the end, without touching its input.
    pub fn wait(mut self) -> Done {
        let status = self.over(PATIENCE).expect("it ends");
        let stderr = String::from_utf8_lossy(&self.stderr.end()).into_owned();
        Done { status, stdout: self.stdout.end(), stderr }
    }

    /// Ends its input and waits for the end.
    pub fn end(mut self) -> Done {
        self.stdin = None;
        self.wait()
    }

    /// Ended by this signal, and silent on standard error: what it wrote.
    pub fn ended_by(self, signal: Signal) -> String {
        let done = self.wait();
        assert_eq!((done.status.signal(), done.stderr.as_str()), (Some(signal.as_raw()), ""), "{:?}", done.status);
        done.text()
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        if !self.over && self.over(Duration::ZERO).is_none() {
            self.signal(Signal::KILL);
        }
    }
}

/// Numbers without an order, those of a seed.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// Looks again and again until something is there, for what nobody tells of. A look may itself take long, so that looks cannot be
/// counted: a thread gives up.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    const STEP: Duration = Duration::from_millis(5);
    let ((done, wait), (late, is_late)) = (channel::<()>(), channel::<()>());
    std::thread::spawn(move || {
        let _ = wait.recv_timeout(3 * PATIENCE);
        drop(late);
    });
    loop {
        if let Some(found) = look() {
            drop(done);
            return found;
        }
        assert!(is_late.recv_timeout(STEP) == Err(RecvTimeoutError::Timeout), "no {what}");
    }
}

/// Adds up rows that end in a key and its count, over all batches.
pub fn sums(rows: &[u8]) -> BTreeMap<String, u64> {
    let mut sums = BTreeMap::new();
    for row in std::str::from_utf8(rows).expect("UTF-8").lines() {
        let mut fields = row.rsplit('\t');
        let count: u64 = fields.next().and_then(|f| f.parse().ok()).unwrap_or_else(|| panic!("no count in {row:?}"));
        *sums.entry(fields.next().unwrap_or("").to_string()).or_default() += count;
    }
    sums
}

/// A line of `/proc/PID/status`.
#[cfg(target_os = "linux")]
pub fn proc_status(pid: Pid, name: &str) -> String {
    let status = std::fs::read_to_string(format!("/proc/{}/status", pid.as_raw_nonzero())).expect("it lives");
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.expect("a line of the status").trim().to_string()
}

/// The most memory that it ever held, in bytes.
#[cfg(target_os = "linux")]
pub fn peak_memory(pid: Pid) -> u64 {
    let peak = proc_status(pid, "VmHWM");
    peak.strip_suffix(" kB").and_then(|kb| kb.parse::<u64>().ok()).expect("a size") << 10
}
