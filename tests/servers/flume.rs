//! A real Flume agent, its avro sink pointed at streamer: nothing that it was given is lost, whoever is killed.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::path::Path;

use rustix::process::Signal;
use tempfile::tempdir;

use super::Server;
use crate::process::{Live, streamer, until};

/// A port that is free at this moment.
fn free_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port().to_string()
}

/// Gives the agent a file, as a whole.
fn spool(agent: &Server, name: &str, lines: &[String]) {
    let path = agent.dir().join("spool").join(name);
    let part = path.with_extension("tmp");
    fs::write(&part, lines.join("\n") + "\n").unwrap();
    fs::rename(part, path).unwrap();
}

fn lines(from: usize, count: usize) -> Vec<String> {
    (from..from + count).map(|n| format!("line {n} of \"the\" file, ü")).collect()
}

/// All lines of all files of a directory that are no hidden ones.
fn written(dir: &Path) -> Vec<String> {
    let mut all = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if !path.file_name().unwrap().to_string_lossy().starts_with('.') {
            all.extend(fs::read_to_string(path).unwrap_or_default().lines().map(String::from));
        }
    }
    all
}

/// Waits until all of these are there, and nothing else: so many lines in all.
fn until_written(dir: &Path, expected: &[String]) -> usize {
    let wanted: BTreeSet<&String> = expected.iter().collect();
    let mut all = written(dir);
    loop {
        let found: BTreeSet<&String> = all.iter().collect();
        if found.is_superset(&wanted) {
            assert!(found == wanted, "nothing else");
            return all.len();
        }
        all = until_more(dir, all.len());
    }
}

fn until_more(dir: &Path, than: usize) -> Vec<String> {
    until("more lines", || Some(written(dir)).filter(|all| all.len() > than))
}

/// What an agent ships equals the file that it was given, with and without compression.
#[test]
#[ignore = "needs servers: tests/servers/run"]
fn events_are_the_lines_of_the_file() {
    for (option, setting) in [("", "compression-type=none"), ("?compression=deflate", "compression-type=deflate")] {
        let (port, dir) = (free_port(), tempdir().unwrap());
        let words = format!("--from flume://{port}{option} --batch 200ms --to out/all.txt grep ''");
        fs::create_dir(dir.path().join("out")).unwrap();
        let live = Live::start(streamer(&words).current_dir(dir.path()));
        let agent = Server::start("flume", "up.sh", &[&port, setting]);
        let all = lines(0, 5000);
        spool(&agent, "first.log", &all[..3000]);
        until_more(&dir.path().join("out"), 2999);
        spool(&agent, "second.log", &all[3000..]);
        until_more(&dir.path().join("out"), 4999);
        live.signal(Signal::TERM);
        let done = live.wait();
        assert_eq!(done.stderr, "", "{setting}");
        assert!(written(&dir.path().join("out")) == all, "{setting}: each once, in order");
        // The headers that the agent was told to set.
        let words = format!("--from flume://{port}{option} --batch 200ms --to out/names.txt count --by headers");
        let live = Live::start(streamer(&words).current_dir(dir.path()));
        spool(&agent, "third.log", &lines(0, 10));
        until("headers", || {
            let text = fs::read_to_string(dir.path().join("out/names.txt")).ok()?;
            text.contains("{\"basename\":\"third.log\"}\t").then_some(())
        });
        live.signal(Signal::TERM);
        assert_eq!(live.wait().stderr, "");
    }
}

/// Streamer and the agent are killed in turn, at whatever they are doing.
#[test]
#[ignore = "needs servers: tests/servers/run"]
fn nothing_is_lost_whoever_is_killed() {
    for (option, setting) in [("", "compression-type=none"), ("?compression=deflate", "compression-type=deflate")] {
        let (port, dir) = (free_port(), tempdir().unwrap());
        let out = dir.path().join("out");
        fs::create_dir(&out).unwrap();
        let words = format!(
            "--from flume://{port}{option} --batch 100ms --checkpoint state --journal --verbose --to out/{{batch}}.txt grep ''"
        );
        let start = || Live::start(streamer(&words).current_dir(dir.path()));
        let mut live = start();
        let mut agent =
            Server::start("flume", "up.sh", &[&port, setting, "maxIoWorkers=2", "reset-connection-interval=1"]);
        let all = lines(0, 24_000);
        for (round, some) in all.chunks(3000).enumerate() {
            spool(&agent, &format!("{round}.log"), some);
            // Some of it has come, and some has not.
            let before = written(&out).len();
            until_more(&out, before + 17 * round);
            if round % 3 == 2 {
                agent.signal("agent", Signal::KILL);
                agent.restart();
            } else {
                live.signal(Signal::KILL);
                let done = live.wait();
                assert!(!done.stderr.contains("cannot"), "{}", done.stderr);
                live = start();
            }
        }
        let count = until_written(&out, &all);
        live.signal(Signal::TERM);
        let done = live.wait();
        assert!(!done.stderr.contains("closed a connection"), "{}", done.stderr);
        // What was on its way when somebody died comes twice: a few batches of the agent, and what its channel had given again.
        assert!(count < 2 * all.len(), "{count} of {}", all.len());
    }
}
