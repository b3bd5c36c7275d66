//! Joins of real streams, and with tables that change while it runs.

use std::fs::File;
use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;

use super::{Live, streamer};

/// Two servers that send csv with a header each; a pair comes with each window that holds both.
#[test]
fn two_senders_meet_in_each_window_that_holds_both() {
    let servers = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").expect("a port"));
    let [left, right] = servers.each_ref().map(|server| server.local_addr().expect("an address").to_string());
    let words = format!(
        "--from tcp://{left} --in csv --tick ^--$ --batch 5s --time end window 10s then join 'tcp://{right}?in=csv' --on id \
         --kind full"
    );
    let live = Live::start(&mut streamer(&words));
    let [mut left, mut right] = servers.each_ref().map(|server| server.accept().expect("it connects").0);
    left.write_all(b"id,n\n1,a\n--\n").expect("it reads");
    right.write_all(b"name,id\nAnn,1\nBob,2\n--\n").expect("it reads");
    let first = "1970-01-01T00:00:05.000Z\t1\ta\tAnn\n1970-01-01T00:00:05.000Z\t2\t\tBob\n";
    live.stdout.until_text(first);
    right.write_all(b"--\n").expect("it reads");
    left.write_all(b"2,b\n--\n").expect("it reads");
    let second = "1970-01-01T00:00:10.000Z\t1\ta\tAnn\n1970-01-01T00:00:10.000Z\t2\tb\tBob\n";
    live.stdout.until_text(second);
    drop(right);
    left.write_all(b"--\n").expect("it reads");
    drop(left);
    assert_eq!(live.wait().ok(), format!("{first}{second}1970-01-01T00:00:15.000Z\t2\tb\t\n"));
}

/// A fifo is a stream, though it has a path.
#[test]
fn a_fifo_is_read_as_a_stream() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("fifo");
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, 0o600.into(), 0).expect("a fifo");
    // Opened for both sides, so that it neither waits for a reader nor ends before one comes.
    let mut writer = File::options().read(true).write(true).open(&path).expect("a fifo");
    let words = format!("--tick ^--$ --time none join {} --on $1", path.display());
    let mut live = Live::start(streamer(&words).stdin(Stdio::piped()));
    let mut left = live.stdin.take().expect("a pipe");
    for row in ["a 1\ta one\n", "a 2\ta two\n"] {
        let (one, other) = row.trim_end().split_once('\t').expect("both");
        writeln!(writer, "{other}\n--").expect("room");
        writeln!(left, "{one}\n--").expect("it reads");
        live.stdout.until_text(row);
    }
    drop((left, writer));
    assert_eq!(live.wait().ok(), "a 1\ta one\na 2\ta two\n");
}

/// Puts a new version in place as one should.
fn put(path: &Path, text: &str) {
    let beside = path.with_extension("new");
    std::fs::write(&beside, text).expect("written");
    std::fs::rename(beside, path).expect("moved");
}

/// A run that looks up a table for each batch, between its ticks.
fn looking_up(path: &Path) -> (Live, std::process::ChildStdin) {
    let words = format!("--tick ^--$ --time none join {} --on $1=id", path.display());
    let mut live = Live::start(streamer(&words).stdin(Stdio::piped()));
    let stdin = live.stdin.take().expect("a pipe");
    (live, stdin)
}

#[test]
fn a_table_that_is_replaced_is_read_again_for_the_next_batch() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("users.csv");
    put(&path, "id,name\na,Ann\n");
    let (live, mut stdin) = looking_up(&path);
    stdin.write_all(b"a 1\n").expect("it reads");
    live.stdout.until_text("a 1\tAnn\n");
    put(&path, "name,id\nBob,a\n");
    stdin.write_all(b"a 2\n").expect("it reads");
    live.stdout.until_text("a 2\tAnn\n");
    stdin.write_all(b"--\na 3\n").expect("it reads");
    live.stdout.until_text("a 3\tBob\n");
    drop(stdin);
    assert_eq!(live.wait().ok(), "a 1\tAnn\na 2\tAnn\na 3\tBob\n");
}

/// Whatever becomes of a table: what came before is given, and the run fails with the reason.
#[test]
fn a_table_that_vanishes_or_becomes_bad_ends_the_run() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("users.csv");
    let vanish = |path: &Path| std::fs::remove_file(path).expect("removed");
    let spoil = |path: &Path| put(path, "id,name\na,Ann,Rome\n");
    let rename = |path: &Path| put(path, "key,name\na,Ann\n");
    type Change = fn(&Path);
    let cases: [(Change, &str); 3] = [
        (vanish, "no such file or directory"),
        (spoil, "line 2: 3 fields where the header has 2; every record of a table must fit"),
        (rename, "there is no column `id` here"),
    ];
    for (change, told) in cases {
        put(&path, "id,name\na,Ann\n");
        let (live, mut stdin) = looking_up(&path);
        stdin.write_all(b"a 1\n").expect("it reads");
        live.stdout.until_text("a 1\tAnn\n");
        change(&path);
        stdin.write_all(b"--\na 2\n").expect("it reads");
        let done = live.wait();
        assert_eq!((done.status.code(), done.text().as_str()), (Some(1), "a 1\tAnn\n"));
        assert!(
            done.stderr.contains(told) && done.stderr.contains("put a new version in place with mv"),
            "{}",
            done.stderr
        );
        assert_eq!(done.stderr.lines().count(), 1);
    }
}
