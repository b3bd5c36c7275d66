//! The HBase sink against a real HBase behind its REST gateway: each row is there once, whoever is killed and when.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use rustix::process::Signal;
use serde_json::Value;
use tempfile::tempdir;

use super::Server;
use crate::process::{Live, Random, run, streamer, until};

/// Lines of a clock that ticks after every 20 of them.
fn input(file: &Path) -> usize {
    const BATCHES: usize = 200;
    let line = |line: usize| format!("{line} u{}\n", line * 7919 % 50);
    let batch = |batch: usize| (20 * batch..20 * (batch + 1)).map(line).collect::<String>() + "TICK\n";
    fs::write(file, (0..BATCHES).map(batch).collect::<String>()).expect("written");
    20 * BATCHES
}

/// `HOST:PORT` of the gateway.
fn place(server: &Server) -> &str {
    server.address.trim_start_matches("http://")
}

/// What the gateway answers: the status and the text.
fn asked(server: &Server, args: &[&str], path: &str) -> (u16, String) {
    let mut curl = Command::new("curl");
    curl.args(["-s", "-m", "60", "-H", "Accept: application/json", "-w", "\n%{http_code}"]).args(args);
    let done = curl.arg(format!("http://{}/{path}", place(server))).output().expect("curl");
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    let (text, status) = text.rsplit_once('\n').expect("a status");
    (status.parse().expect("a number"), text.to_string())
}

/// A table that keeps ten versions of each cell, so that what was written twice at different times is seen.
fn table(server: &Server, name: &str) {
    let schema = format!("{{\"name\":\"{name}\",\"ColumnSchema\":[{{\"name\":\"cf\",\"VERSIONS\":\"10\"}}]}}");
    let made = || {
        let answer = asked(
            server,
            &["-X", "PUT", "-H", "Content-Type: application/json", "-d", &schema],
            &format!("{name}/schema"),
        );
        (answer.0 == 201 || answer.0 == 200).then_some(())
    };
    until("table", made);
}

fn plain(text: &Value) -> String {
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let text = text.as_str().expect("text").trim_end_matches('=');
    let (mut bits, mut held, mut bytes) = (0_u32, 0, Vec::new());
    for letter in text.chars() {
        bits = bits << 6 | letters.find(letter).expect("base 64") as u32;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    String::from_utf8(bytes).expect("text")
}

/// Every version of every cell: `KEY COLUMN@TIME`, and its values.
fn cells(server: &Server, table: &str) -> BTreeMap<String, Vec<String>> {
    // A region may be on its way from one server to another.
    let text = until("answer", || {
        let (status, text) = asked(server, &[], &format!("{table}/*?maxversions=10"));
        (status == 200).then_some(text)
    });
    let all: Value = serde_json::from_str(&text).expect("JSON");
    let mut cells: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in all["Row"].as_array().expect("rows") {
        for cell in row["Cell"].as_array().expect("cells") {
            let name = format!("{} {}@{}", plain(&row["key"]), plain(&cell["column"]), cell["timestamp"]);
            cells.entry(name).or_default().push(plain(&cell["$"]));
        }
    }
    cells
}

fn said(live: &Live, lines: usize) {
    live.stderr.until_or_end(|said| said.iter().filter(|byte| **byte == b'\n').count() >= lines);
}

const CHAIN: &str = "map '$1 AS id, $2 AS user, nullif($1 % 2, 0) AS odd'";

#[test]
#[ignore = "needs servers: tests/servers/run"]
fn each_row_is_there_once_after_kills_of_streamer_and_of_each_server() {
    let mut server = Server::start("hbase", "up.sh", &[]);
    let dir = tempdir().expect("a directory");
    let lines = input(&dir.path().join("in.txt"));
    let rows = |table: &str| format!("hbase://{}/{table}?row=id&family=cf", place(&server));
    table(&server, "whole");
    table(&server, "killed");
    let words = |to: String| format!("--from in.txt --tick TICK --to '{to}' {CHAIN}");
    let done = run(streamer(&words(rows("whole"))).current_dir(dir.path()), b"");
    assert_eq!(done.status.code(), Some(0), "{}", done.stderr);
    let whole = cells(&server, "whole");
    assert_eq!(whole.len(), lines + lines / 2, "an even number has no `odd`");

    let words = format!("{} --checkpoint state --verbose", words(rows("killed")));
    let mut random = Random(1);
    let mut kills = 0;
    for round in 0..9 {
        let live = Live::start(streamer(&words).current_dir(dir.path()));
        said(&live, 1 + random.below(10) as usize);
        // The gateway, the region server, the master with ZooKeeper, and the NameNode below them.
        let victims = [None, None, Some("rest"), None, Some("rs"), Some("hm"), Some("nn")];
        if let Some(name) = victims.get(round).copied().flatten() {
            server.signal(name, Signal::KILL);
            server.restart();
            said(&live, 15 + random.below(5) as usize);
        }
        live.signal(Signal::KILL);
        let done = live.wait();
        assert!(!done.stderr.contains("cannot"), "{}", done.stderr);
        kills += usize::from(done.status.code().is_none());
    }
    assert!(kills > 4, "only {kills} kills came before the end");
    let done = run(streamer(&words).current_dir(dir.path()), b"");
    assert_eq!(done.status.code(), Some(0), "{}", done.stderr);
    let killed = cells(&server, "killed");
    let twice: Vec<_> = killed.iter().filter(|(_, values)| values.len() > 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
    assert!(killed == whole, "{} cells, and {} of a run that nobody disturbed", killed.len(), whole.len());
}

#[test]
#[ignore = "needs servers: tests/servers/run"]
fn what_is_not_there_is_said_or_made() {
    let server = Server::start("hbase", "up.sh", &[]);
    table(&server, "rates");
    let write = |rest: &str| {
        run(&mut streamer(&format!("--to 'hbase://{}/{rest}' map 'line, $1 AS id'", place(&server))), b"a b\n")
    };
    let failed = |rest: &str| {
        let done = write(rest);
        assert_eq!(done.status.code(), Some(1), "{}", done.stderr);
        done.stderr
    };
    let said = failed("rate?row=id&family=cf");
    assert!(said.contains("there is no table `rate`: did you mean rates?"), "{said}");
    let said = failed("rates?row=id&family=fc");
    assert!(said.contains("the table rates has no family `fc`, its families are: cf; did you mean cf?"), "{said}");
    let done = write("made?row=id&family=cf&create=true");
    assert_eq!(done.status.code(), Some(0), "{}", done.stderr);
    let made = cells(&server, "made");
    assert_eq!(made.len(), 1);
    assert!(made.first_key_value().expect("a cell").0.starts_with("a cf:line@"), "{made:?}");
}
