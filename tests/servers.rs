//! The real systems around it: Kafka, HDFS, HBase and Flume, each started by its script in `servers/` for the test that needs it.
//!
//! They need Java and what `servers/fetch.sh` brings, so they are ignored unless asked for: `tests/servers/run`.

#[cfg(feature = "flume")]
mod flume;
#[cfg(feature = "hbase")]
mod hbase;
#[cfg(feature = "hdfs")]
mod hdfs;
#[cfg(feature = "kafka")]
mod kafka_both;
#[cfg(feature = "kafka")]
mod kafka_in;
#[cfg(feature = "kafka")]
mod kafka_out;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tempfile::TempDir;

use crate::process::until;

mod smoke;

/// A server, or what several processes of one script make up; killed when dropped.
pub struct Server {
    script: PathBuf,
    args: Vec<String>,
    dir: TempDir,
    /// The last line that the script printed: where it is reached.
    pub address: String,
}

impl Server {
    /// Starts `servers/KIND/SCRIPT DATADIR ARGS`, which ends when the server can be used.
    pub fn start(kind: &str, script: &str, args: &[&str]) -> Server {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers").join(kind).join(script);
        let dir = tempfile::tempdir().expect("a directory");
        let args = args.iter().map(|arg| arg.to_string()).collect();
        let mut server = Server { script, args, dir, address: String::new() };
        server.restart();
        server
    }

    /// Starts it again over the data that it has.
    pub fn restart(&mut self) {
        let mut command = Command::new(&self.script);
        command.arg(self.dir.path()).args(&self.args).stdin(Stdio::null()).stderr(Stdio::inherit());
        let done = command.output().expect("the script runs");
        let said = String::from_utf8_lossy(&done.stdout);
        assert!(done.status.success(), "{}: {said}", self.script.display());
        self.address = said.lines().last().expect("it says where it is").to_string();
    }

    /// Where its files are: `NAME.pid` of each of its processes, logs, data.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// A process of it.
    pub fn pid(&self, name: &str) -> Pid {
        let text =
            std::fs::read_to_string(self.dir.path().join(format!("{name}.pid"))).expect("a file with its number");
        Pid::from_raw(text.trim().parse().expect("a number")).expect("a process")
    }

    /// Sends a signal to a process of it; after SIGKILL waits until it is gone.
    pub fn signal(&self, name: &str, signal: Signal) {
        let pid = self.pid(name);
        let _ = kill_process(pid, signal);
        if signal == Signal::KILL {
            until("end of a server", || is_dead(pid).then_some(()));
        }
    }
}

/// Gone, or left as a zombie by an init that is slow to bury; while one of its threads lives its ports are taken.
fn is_dead(pid: Pid) -> bool {
    let proc = PathBuf::from(format!("/proc/{}", pid.as_raw_nonzero()));
    let state = std::fs::read_to_string(proc.join("stat")).unwrap_or_default();
    let is_zombie = state.rsplit(") ").next().is_some_and(|state| state.starts_with('Z'));
    let threads = std::fs::read_dir(proc.join("task")).map_or(0, Iterator::count);
    test_kill_process(pid).is_err() || is_zombie && threads < 2
}

impl Drop for Server {
    fn drop(&mut self) {
        let Ok(files) = std::fs::read_dir(self.dir.path()) else { return };
        for file in files.flatten() {
            let path = file.path();
            if path.extension().is_some_and(|extension| extension == "pid")
                && let Ok(text) = std::fs::read_to_string(&path)
                && let Some(pid) = text.trim().parse().ok().and_then(Pid::from_raw)
            {
                let _ = kill_process(pid, Signal::KILL);
            }
        }
    }
}
