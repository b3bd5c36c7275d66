//! A real HDFS: files per batch equal those on the disk, whoever is killed meanwhile.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use hdfs_native::sync::{Client, ClientBuilder};
use rustix::process::Signal;
use tempfile::tempdir;

use super::Server;
use crate::process::{Live, run, streamer, until};

fn client(hdfs: &Server) -> Client {
    ClientBuilder::new().with_url(&hdfs.address).with_user("streamer").build().expect("a client")
}

/// A new directory that is anybody's.
fn directory(hdfs: &Server, path: &str) {
    until("directory", || client(hdfs).mkdirs(path, 0o777, true).ok());
}

/// The files of a directory and what they hold, hidden ones too.
fn files(hdfs: &Server, path: &str) -> BTreeMap<String, String> {
    let client = client(hdfs);
    let read = |path: &str| {
        let mut file = client.read(path).expect("a file");
        let length = file.file_length();
        String::from_utf8(file.read_bytes(length).expect("its bytes").to_vec()).expect("UTF-8")
    };
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_string();
    let list = until("list", || client.list_status(path, false).ok());
    list.iter()
        .map(|file| (name(&file.path), if file.length == 0 { String::new() } else { read(&file.path) }))
        .collect()
}

/// The same on the disk.
fn local(dir: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read_to_string(path).unwrap()))
        .collect()
}

/// Words in lines, some of which come often.
fn input(dir: &Path, count: u64) {
    let mut text = String::new();
    let mut seed = 7u64;
    for line in 0..count {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        text += &format!("w{} {line}\n", (seed >> 33) % 50);
    }
    fs::write(dir.join("in.txt"), text).unwrap();
}

fn command(words: &str, dir: &Path) -> std::process::Command {
    let mut command = streamer(words);
    command
        .current_dir(dir)
        .env("HADOOP_USER_NAME", "streamer")
        .env_remove("HADOOP_CONF_DIR")
        .env_remove("HADOOP_HOME");
    command
}

#[test]
#[ignore = "needs servers: tests/servers/run"]
fn files_equal_those_on_the_disk() {
    let hdfs = Server::start("hdfs", "up.sh", &[]);
    let dir = tempdir().unwrap();
    input(dir.path(), 20_000);
    let chains = [
        ("--from in.txt --batch 1500lines count --by $1", "{batch}.csv"),
        ("--from in.txt --batch 1500lines grep w1", "a-{batch}.json"),
        // More than is held in memory.
        ("--from in.txt --batch all map 'repeat(line, 800) AS long'", "large.{batch}.txt"),
    ];
    for (at, (chain, name)) in chains.iter().enumerate() {
        let place = format!("/out{at}");
        directory(&hdfs, &place);
        fs::create_dir(dir.path().join(&place[1..])).unwrap();
        for to in [format!("{}/{name}", &place[1..]), format!("{}{place}/{name}", hdfs.address)] {
            let done = run(&mut command(&format!("{chain} --to {to}"), dir.path()), b"");
            assert_eq!((done.status.code(), done.stderr.as_str()), (Some(0), ""));
        }
        let (found, expected) = (files(&hdfs, &place), local(&dir.path().join(&place[1..])));
        assert!(found == expected, "{chain}: {:?} and not {:?}", found.keys(), expected.keys());
    }
    // A second run replaces nothing, here or there.
    let to = |to: &str| format!("{} --to {to}", chains[0].0);
    run(&mut command(&to("out0/{batch}.csv"), dir.path()), b"").ok();
    run(&mut command(&to(&format!("{}/out0/{{batch}}.csv", hdfs.address)), dir.path()), b"").ok();
    let found = files(&hdfs, "/out0");
    assert!(found == local(&dir.path().join("out0")) && found.contains_key("0-2.csv"), "{:?}", found.keys());
}

/// Streamer, the NameNode and the DataNode are killed in turn, wherever they are then; each record is counted once.
#[test]
#[ignore = "needs servers: tests/servers/run"]
fn every_record_is_there_once_whoever_is_killed() {
    let mut hdfs = Server::start("hdfs", "up.sh", &[]);
    let dir = tempdir().unwrap();
    input(dir.path(), 30_000);
    directory(&hdfs, "/out");
    fs::create_dir(dir.path().join("out")).unwrap();
    let chain = "--from in.txt --batch 500lines count --by $1";
    run(&mut command(&format!("{chain} --to out/{{batch}}.csv"), dir.path()), b"").ok();
    let words = format!("{chain} --checkpoint state --verbose --to {}/out/{{batch}}.csv", hdfs.address);
    let lines = |said: &[u8]| said.iter().filter(|byte| **byte == b'\n').count();
    let mut killed = 0;
    for round in 0..100 {
        let live = Live::start(&mut command(&words, dir.path()));
        if killed < 9 {
            live.stderr.until_or_end(|said| lines(said) > 2 + round % 3);
            match round % 4 {
                0 | 2 => live.signal(Signal::KILL),
                turn => {
                    hdfs.signal(if turn == 1 { "nn" } else { "dn" }, Signal::KILL);
                    let before = lines(&live.stderr.until_or_end(|_| true));
                    hdfs.restart();
                    // It goes on by itself; then it dies as well.
                    live.stderr.until_or_end(|said| lines(said) > before + 2);
                    live.signal(Signal::KILL);
                }
            }
        }
        let done = live.wait();
        match done.status.code() {
            None => killed += 1,
            Some(code) => {
                assert_eq!(code, 0, "{}", done.stderr);
                break;
            }
        }
    }
    assert!(killed >= 6, "{killed} kills");
    let found = files(&hdfs, "/out");
    let expected = local(&dir.path().join("out"));
    assert!(found == expected, "{} files and not {}", found.len(), expected.len());
}

/// A name service instead of an address: the first of its NameNodes is not there.
#[test]
#[ignore = "needs servers: tests/servers/run"]
fn a_name_service_of_the_configuration_is_used() {
    let hdfs = Server::start("hdfs", "up.sh", &[]);
    let dir = tempdir().unwrap();
    input(dir.path(), 100);
    directory(&hdfs, "/out");
    let address = hdfs.address.trim_start_matches("hdfs://");
    let property =
        |(name, value): (&str, &str)| format!("<property><name>{name}</name><value>{value}</value></property>");
    let site = [
        ("dfs.nameservices", "both"),
        ("dfs.ha.namenodes.both", "one,two"),
        ("dfs.namenode.rpc-address.both.one", "127.0.0.1:1"),
        ("dfs.namenode.rpc-address.both.two", address),
    ];
    let site: String = site.into_iter().map(property).collect();
    fs::write(dir.path().join("hdfs-site.xml"), format!("<configuration>{site}</configuration>")).unwrap();
    fs::write(dir.path().join("core-site.xml"), "<configuration></configuration>").unwrap();
    let words = "--from in.txt --batch all count --to hdfs://both/out/{batch}.txt";
    let done = run(command(words, dir.path()).env("HADOOP_CONF_DIR", dir.path()), b"");
    assert_eq!(done.ok(), "");
    assert_eq!(files(&hdfs, "/out"), BTreeMap::from([("0.txt".to_string(), "100\n".to_string())]));
}

#[test]
#[ignore = "needs servers: tests/servers/run"]
fn mistakes_are_told() {
    let mut hdfs = Server::start("hdfs", "up.sh", &[]);
    let dir = tempdir().unwrap();
    input(dir.path(), 10);
    let failed = |hdfs: &Server, to: &str, status| {
        run(&mut command(&format!("--from in.txt count --to {}/{to}", hdfs.address), dir.path()), b"").failed(status)
    };
    assert!(failed(&hdfs, "none/{end}.csv", 1).contains("there is no directory /none, make it first"));
    assert!(failed(&hdfs, "x.csv", 2).contains("put {end} into the name"));
    hdfs.signal("nn", Signal::KILL);
    assert!(failed(&hdfs, "{end}.csv", 1).contains("connection refused"));
    hdfs.restart();
}

/// A directory that is another's, and one that takes no more files.
#[test]
#[ignore = "needs servers: tests/servers/run"]
fn what_hdfs_refuses_ends_the_run_and_is_told() {
    let hdfs = Server::start("hdfs", "up.sh", &["dfs.permissions.enabled=true"]);
    let dir = tempdir().unwrap();
    input(dir.path(), 40);
    // Whoever started the NameNode may do all.
    let owner = ClientBuilder::new().with_url(&hdfs.address).build().expect("a client");
    for (path, mode) in [("/private", 0o755), ("/small", 0o777)] {
        until("directory", || owner.mkdirs(path, mode, true).ok());
    }
    owner.set_permission("/small", 0o777).expect("set");
    let words = |place: &str| {
        let to = format!("{}/{place}/{{batch}}.txt", hdfs.address);
        format!("--from in.txt --batch 10lines --to {to} count")
    };
    let said = run(&mut command(&words("private"), dir.path()), b"").failed(1);
    assert!(said.contains("cannot write") && said.contains("Permission denied: user=streamer"), "{said}");

    // The directory counts as well.
    admin(&hdfs, &["-setQuota", "3", "/small"]);
    let said = run(&mut command(&words("small"), dir.path()), b"").failed(1);
    assert!(said.contains("cannot write") && said.contains("quota"), "{said}");
    let names: Vec<String> = files(&hdfs, "/small").into_keys().collect();
    assert_eq!(names, ["0.txt", "1.txt"], "nothing half done is left");
}

/// What an administrator of HDFS does.
fn admin(hdfs: &Server, args: &[&str]) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers/fetch.sh");
    let jars = std::process::Command::new(script).arg("hdfs").output().expect("it runs").stdout;
    let jars = String::from_utf8(jars).expect("a path");
    let path = format!("{}:{}/*", hdfs.dir().join("conf").display(), jars.trim());
    let mut java = std::process::Command::new("java");
    java.args(["-cp", &path, "org.apache.hadoop.hdfs.tools.DFSAdmin", "-fs", &hdfs.address]).args(args);
    let done = java.output().expect("java");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}
