//! Files per batch in a file system in memory, which fails as it is told to.

mod crashes;
mod fake;

use std::sync::Mutex;

use self::fake::{Fake, Trouble};
use super::super::tests::{batch, give, hasty};
use super::*;

fn spec(name: &str) -> String {
    format!("hdfs://h:1/out/{name}")
}

fn hdfs(name: &str) -> Result<Hdfs> {
    let spec = spec(name);
    Url::parse("hdfs", &spec).expect("of HDFS").and_then(|url| Hdfs::new(&spec, &url))
}

/// What is said while a sink writes.
type Said = Arc<Mutex<Vec<u8>>>;

fn opened(files: &Arc<Fake>, name: &str, id: Option<&str>) -> Result<(Box<dyn Sink>, Said)> {
    let (setup, said) = hasty(b"head\n");
    let setup = Setup { checkpoint: id.map(String::from), ..setup };
    Ok((hdfs(name)?.over(Arc::new(fake::Shared(Arc::clone(files))), &setup)?, said))
}

fn open(files: &Arc<Fake>, name: &str) -> Box<dyn Sink> {
    opened(files, name, None).expect("open").0
}

fn said(said: &Said) -> String {
    String::from_utf8(said.lock().expect("no panic").clone()).expect("UTF-8")
}

fn file(name: &str, content: &str) -> (String, String) {
    (format!("/out/{name}"), content.to_string())
}

#[test]
fn a_file_per_batch_with_the_header_none_for_an_empty_one_and_none_is_replaced() {
    let files = Fake::new();
    files.stranger("/out/1000.csv");
    let mut sink = open(&files, "{end_ms}.csv");
    for (id, rows) in [(0, "a\n"), (1, ""), (2, "b\n"), (0, "c\n")] {
        give(&mut *sink, &batch(id), rows).expect("written");
    }
    let expected = [
        file("1000-2.csv", "head\na\n"),
        file("1000-3.csv", "head\nc\n"),
        file("1000.csv", "of somebody else\n"),
        file("3000.csv", "head\nb\n"),
    ];
    assert_eq!(files.all(), expected);
}

#[test]
fn nobody_sees_a_part_of_a_batch() {
    let files = Fake::new();
    let mut sink = open(&files, "{batch}.csv");
    sink.begin(&batch(0)).expect("begun");
    for _ in 0..HELD / PIECE + 3 {
        sink.write(&vec![b'x'; PIECE]).expect("written");
        sink.flush().expect("flushed");
        assert!(files.all().iter().all(|(name, _)| name.starts_with("/out/.")));
    }
    sink.end(&batch(0)).expect("ended");
    let all = files.all();
    assert_eq!((all.len(), all[0].0.as_str(), all[0].1.len()), (1, "/out/0.csv", 5 + (HELD / PIECE + 3) * PIECE));
    // One that never ends leaves nothing.
    sink.begin(&batch(1)).expect("begun");
    sink.write(&vec![b'x'; HELD]).expect("written");
    assert_eq!(files.all().len(), 2);
    drop(sink);
    assert_eq!(files.all().len(), 1);
}

#[test]
fn it_waits_while_the_file_system_is_away_and_says_so_once() {
    for trouble in [Trouble::Before, Trouble::Behind] {
        let files = Fake::new();
        let (mut sink, heard) = opened(&files, "{batch}.csv", Some("id")).expect("open");
        files.trouble(std::iter::repeat_n(trouble, 20));
        sink.stand().expect("a stand");
        assert_eq!(said(&heard).matches("is away: nobody answers; trying again for 10m").count(), 1);
        assert!(said(&heard).ends_with("hdfs://h:1 is back\n"), "{}", said(&heard));
        for id in 0..3 {
            files.trouble([trouble; 5]);
            give(&mut *sink, &batch(id), "a\n").expect("written");
            files.trouble([trouble; 3]);
            sink.sync().expect("placed");
            sink.committed().expect("committed");
        }
        assert_eq!(files.all(), [0, 1, 2].map(|id| file(&format!("{id}.csv"), "head\na\n")));
    }
}

#[test]
fn it_does_not_wait_for_ever_and_not_at_all_at_the_start() {
    let files = Fake::new();
    let mut sink = open(&files, "{batch}.csv");
    files.trouble([Trouble::Before; 2000]);
    let error = give(&mut *sink, &batch(0), "a\n").expect_err("away").to_string();
    assert!(
        error.starts_with("cannot write hdfs://h:1/out/.0.csv.tmp-") && error.ends_with(": nobody answers"),
        "{error}"
    );
    let error = opened(&files, "{batch}.csv", None).err().expect("away").to_string();
    assert_eq!(error, "cannot write to hdfs://h:1/out/{batch}.csv: nobody answers");
}

#[test]
fn what_is_refused_ends_the_run_and_leaves_nothing() {
    let files = Fake::new();
    let mut sink = open(&files, "{batch}.csv");
    files.trouble([Trouble::None, Trouble::Refused]);
    let error = give(&mut *sink, &batch(0), "a\n").expect_err("refused").to_string();
    assert!(error.ends_with(": the quota is used up"), "{error}");
    assert!(files.all().is_empty());
}

/// More than is held: it cannot be written again.
#[test]
fn a_large_batch_that_breaks_off_is_an_error_that_says_what_to_do() {
    let files = Fake::new();
    let mut sink = open(&files, "{batch}.csv");
    sink.begin(&batch(0)).expect("begun");
    sink.write(&vec![b'x'; HELD]).expect("written");
    files.trouble([Trouble::Before]);
    let error = sink.write(&vec![b'x'; PIECE]).expect_err("broken off").to_string();
    assert!(
        error.contains("nobody answers; it broke off after 68157445 bytes") && error.contains("--checkpoint"),
        "{error}"
    );
}

#[test]
fn mistakes_are_told_before_anything_runs() {
    let files = Fake::new();
    let message = |name: &str| match opened(&files, name, None) {
        Err(error) => (error.exit_status(), error.to_string()),
        Ok(_) => panic!("{name} was taken"),
    };
    assert_eq!(message("x.csv").0, 2);
    assert!(message("x.csv").1.contains("put {end} into the name"), "{}", message("x.csv").1);
    assert!(message("{ende}.csv").1.contains("did you mean {end}?"));
    assert!(message("{end}/x.csv").1.contains("in the name of a directory"));
    assert!(message("{end}.csv?x=1").1.contains("there is no option `x`"));
    assert_eq!(message("no/{end}.csv").0, 1);
    assert!(message("no/{end}.csv").1.ends_with(": there is no directory /out/no, make it first"));
    files.stranger("/out/file");
    assert!(message("file/{end}.csv").1.ends_with(": /out/file is not a directory"));
    for spec in ["hdfs://", "hdfs://h:1", "hdfs://h:1/", "hdfs:///x/{end}", "hdfs://h:1/{end}/"] {
        assert_eq!(parse(spec).expect("of HDFS").err().expect(spec).exit_status(), 2, "{spec}");
    }
    assert_eq!(hdfs("{end}.jsonl").expect("an address").format(), Some("json"));
    assert!(parse("out/{end}.csv").is_none());
}

/// A run that breaks off between its files and its commit, and one that does the batch again.
fn again(taken_away: bool, replaced: bool) -> Vec<(String, String)> {
    let files = Fake::new();
    let mut sink = opened(&files, "{batch}.csv", Some("id")).expect("open").0;
    let stand = sink.stand().expect("a stand");
    give(&mut *sink, &batch(0), "a\n").expect("written");
    assert!(files.all().iter().all(|(name, _)| name.starts_with("/out/.")), "the batch is not logged");
    sink.sync().expect("placed");
    drop(sink);
    if taken_away {
        files.take_away("/out/0.csv");
    }
    if replaced {
        files.stranger("/out/0.csv");
    }
    let mut sink = opened(&files, "{batch}.csv", Some("id")).expect("open").0;
    sink.take_back(&stand).expect("taken back");
    give(&mut *sink, &BatchInfo { redo: true, ..batch(0) }, "b\n").expect("written");
    sink.sync().expect("placed");
    sink.committed().expect("committed");
    files.all()
}

/// Who takes finished files away does not get one twice.
#[test]
fn a_file_that_was_taken_away_is_delivered() {
    assert_eq!(again(false, false), [file("0.csv", "head\nb\n")], "replaced by its own redo");
    assert_eq!(again(true, false), []);
    assert_eq!(again(true, true), [file("0.csv", "of somebody else\n")]);
}

/// Two sinks of a run, and two runs, may write into one directory.
#[test]
fn hidden_files_of_others_are_left_alone() {
    let files = Fake::new();
    let mut sinks = ["{batch}.csv", "{end_ms}.csv"].map(|name| opened(&files, name, Some("id")).expect("open").0);
    let mut other = opened(&files, "{batch}.csv", Some("other")).expect("open").0;
    for sink in sinks.iter_mut().chain([&mut other]) {
        sink.stand().expect("a stand");
        give(&mut **sink, &batch(0), "a\n").expect("written");
    }
    assert_eq!(files.all().len(), 3);
    opened(&files, "{batch}.csv", Some("id")).expect("open").0.take_back(b"").expect("taken back");
    assert_eq!(files.all().len(), 2);
}
