//! Each server starts, loses a process by kill -9, starts again over the data that it had, and is reached each time.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use rustix::process::Signal;

use super::Server;
use crate::process::until;

/// `HOST:PORT` of an address, `by` ports behind it.
fn at(address: &str, by: u16) -> String {
    let (host, port) = address.rsplit_once(':').expect("a port");
    format!("{}:{}", host.rsplit('/').next().expect("a host"), port.parse::<u16>().expect("a number") + by)
}

/// Asks by HTTP: the status and all of the answer.
fn ask(to: &str, method: &str, path: &str, kind: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(to).expect("it is reached");
    let length = body.len();
    let head = format!("{method} {path} HTTP/1.0\r\nHost: localhost\r\nAccept: application/json\r\n");
    let body_is = format!("Content-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{body}");
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body_is.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    (answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0), answer)
}

fn is_reached(address: &str) -> bool {
    TcpStream::connect(address).is_ok()
}

#[test]
#[ignore = "needs servers: tests/servers/run"]
fn kafka_comes_back() {
    let mut kafka = Server::start("kafka", "up.sh", &[]);
    let first = kafka.address.clone();
    assert!(is_reached(&at(&first, 0)) && is_reached(&at(&first, 2)), "both listeners");
    let data = kafka.dir().join("data/meta.properties");
    let before = (kafka.pid("kafka"), std::fs::read(&data).unwrap());
    kafka.signal("kafka", Signal::KILL);
    assert!(!is_reached(&at(&first, 0)), "it is dead");
    kafka.restart();
    assert_eq!(kafka.address, first);
    assert_ne!(kafka.pid("kafka"), before.0, "another process");
    assert_eq!(std::fs::read(&data).unwrap(), before.1, "over the same data");
    assert!(is_reached(&at(&first, 0)) && is_reached(&at(&first, 2)), "both listeners");
}

#[test]
#[ignore = "needs servers: tests/servers/run"]
fn hdfs_comes_back() {
    let mut hdfs = Server::start("hdfs", "up.sh", &[]);
    let first = hdfs.address.clone();
    let http = at(&first, 1);
    let made = ask(&http, "PUT", "/webhdfs/v1/kept?op=MKDIRS", "text/plain", "");
    assert_eq!(made.0, 200, "{}", made.1);
    for name in ["nn", "dn"] {
        let pids = ["nn", "dn"].map(|name| hdfs.pid(name));
        hdfs.signal(name, Signal::KILL);
        hdfs.restart();
        assert_eq!(hdfs.address, first);
        let kept = ask(&http, "GET", "/webhdfs/v1/kept?op=GETFILESTATUS", "text/plain", "");
        assert_eq!(kept.0, 200, "{}", kept.1);
        let same = ["nn", "dn"].map(|name| hdfs.pid(name)) == pids;
        assert!(!same, "{name} is another one");
    }
    assert!(is_reached(&at(&first, 2)), "the DataNode");
}

#[test]
#[ignore = "needs servers: tests/servers/run"]
fn hbase_keeps_what_was_put() {
    let mut hbase = Server::start("hbase", "up.sh", &[]);
    let first = hbase.address.clone();
    let rest = at(&first, 0);
    let made = ask(
        &rest,
        "PUT",
        "/kept/schema",
        "text/xml",
        "<TableSchema name=\"kept\"><ColumnSchema name=\"f\"/></TableSchema>",
    );
    assert_eq!(made.0, 201, "{}", made.1);
    let put = ask(&rest, "PUT", "/kept/row/f:c", "application/octet-stream", "a cell");
    assert_eq!(put.0, 200, "{}", put.1);
    for name in ["rs", "rest", "nn"] {
        hbase.signal(name, Signal::KILL);
        hbase.restart();
        assert_eq!(hbase.address, first);
        let found = ask(&rest, "GET", "/kept/row", "text/plain", "");
        assert!(found.0 == 200 && found.1.contains("YSBjZWxs"), "after the death of {name}: {}", found.1);
    }
}

#[test]
#[ignore = "needs servers: tests/servers/run"]
fn flume_comes_back() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let mut flume = Server::start("flume", "up.sh", &[&port]);
    until("agent", || listener.accept().ok());
    flume.signal("agent", Signal::KILL);
    while listener.accept().is_ok() {}
    flume.restart();
    until("agent again", || listener.accept().ok());
    assert!(flume.dir().join("spool").is_dir());
}
