//! Files per batch: their names, what they hold, and what is in their way.

use std::os::unix::fs::PermissionsExt;
use std::sync::Mutex;

use proptest::prelude::*;

use super::super::support::disk::testing::without_links;
use super::super::tests::{Shared, batch, give, setup};
use super::*;
use crate::data::time::Time;

fn open(dir: &Path, name: &str, header: &str) -> Result<Box<dyn Sink>> {
    Template::new(dir.join(name).to_str().expect("UTF-8"))?.open(&setup(header).0)
}

/// The same under a checkpoint; what it says goes into the vector.
fn open_once(dir: &Path, name: &str) -> (Box<dyn Sink>, Arc<Mutex<Vec<u8>>>) {
    let said = Arc::new(Mutex::new(Vec::new()));
    let messages = Messages::new(Box::new(Shared(Arc::clone(&said))));
    let setup = Setup { checkpoint: Some("id".to_string()), messages, ..setup("").0 };
    let template = Template::new(dir.join(name).to_str().expect("UTF-8")).expect("a template");
    (template.open(&setup).expect("open"), said)
}

/// A run that breaks off before the commit of its batch: where it stood before that.
fn broken_off(dir: &Path, name: &str, rows: &str) -> Vec<u8> {
    let mut sink = open_once(dir, name).0;
    let stand = sink.stand().expect("a stand");
    give(&mut *sink, &batch(0), rows).expect("written");
    sink.sync().expect("synced");
    stand
}

/// A run that does that batch again and commits it: what it says.
fn again(dir: &Path, name: &str, stand: &[u8], rows: &str) -> String {
    let (mut sink, said) = open_once(dir, name);
    sink.take_back(stand).expect("taken back");
    give(&mut *sink, &BatchInfo { redo: true, ..batch(0) }, rows).expect("written");
    sink.sync().expect("synced");
    sink.committed().expect("committed");
    String::from_utf8(said.lock().expect("no panic").clone()).expect("UTF-8")
}

/// Names and contents, in order of the names.
fn files(dir: &Path) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(dir).expect("a directory").map(|e| e.expect("an entry"));
    let read = |e: std::fs::DirEntry| {
        (e.file_name().into_string().expect("UTF-8"), std::fs::read_to_string(e.path()).expect("text"))
    };
    let mut files: Vec<_> = entries.map(read).collect();
    files.sort();
    files
}

fn file(name: &str, content: &str) -> (String, String) {
    (name.to_string(), content.to_string())
}

#[test]
fn a_file_per_batch_with_the_header_and_none_for_an_empty_one() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut sink = open(dir.path(), "{end}.csv", "word\n").expect("open");
    give(&mut *sink, &batch(0), "a\n").expect("written");
    give(&mut *sink, &batch(1), "").expect("written");
    give(&mut *sink, &batch(2), "b\n").expect("written");
    let expected = [file("19700101T000001.000Z.csv", "word\na\n"), file("19700101T000003.000Z.csv", "word\nb\n")];
    assert_eq!(files(dir.path()), expected);
}

#[test]
fn every_placeholder_stands_for_its_value() {
    let template = Template::new("x/{batch}-{start}-{start_ms}-{end_ms}.txt").expect("a template");
    let path = template.names.path(&batch(4), &TimeZone::UTC);
    assert_eq!(path, Path::new("x/4-19700101T000004.000Z-4000-5000.txt"));
    assert_eq!(template.format(), Some("text"));
}

#[test]
fn an_existing_file_is_never_replaced() {
    let dir = tempfile::tempdir().expect("a directory");
    for sink in [open(dir.path(), "{batch}.csv", "").expect("open"), open_once(dir.path(), "{batch}.csv").0].iter_mut()
    {
        for rows in ["a\n", "b\n"] {
            give(&mut **sink, &batch(0), rows).expect("written");
        }
        sink.committed().expect("committed");
    }
    let expected = [file("0-2.csv", "b\n"), file("0-3.csv", "a\n"), file("0-4.csv", "b\n"), file("0.csv", "a\n")];
    assert_eq!(files(dir.path()), expected);
}

#[test]
fn a_batch_that_is_done_again_replaces_its_own_file_only() {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::write(dir.path().join("0.csv"), "of somebody else\n").expect("written");
    let stand = broken_off(dir.path(), "{batch}.csv", "a\n");
    assert_eq!(again(dir.path(), "{batch}.csv", &stand, "b\n"), "");
    assert_eq!(files(dir.path()), [file("0-2.csv", "b\n"), file("0.csv", "of somebody else\n")]);
}

/// Who takes finished files away does not get one twice.
#[test]
fn a_file_that_was_taken_away_is_delivered() {
    let dir = tempfile::tempdir().expect("a directory");
    let placed = dir.path().join("0.csv");
    for replaced in [false, true] {
        let stand = broken_off(dir.path(), "{batch}.csv", "a\n");
        std::fs::remove_file(&placed).expect("taken away");
        if replaced {
            std::fs::write(&placed, "of somebody else\n").expect("written");
        }
        assert_eq!(again(dir.path(), "{batch}.csv", &stand, "a\n"), "");
        let left = if replaced { vec![file("0.csv", "of somebody else\n")] } else { Vec::new() };
        assert_eq!(files(dir.path()), left);
    }
}

/// As when a command in the chain gives something else now.
#[test]
fn a_file_that_is_not_made_again_goes() {
    let dir = tempfile::tempdir().expect("a directory");
    let stand = broken_off(dir.path(), "{batch}.csv", "a\n");
    again(dir.path(), "{batch}.csv", &stand, "");
    assert_eq!(files(dir.path()), []);
}

#[test]
fn two_sinks_in_a_directory_leave_each_other_alone() {
    let dir = tempfile::tempdir().expect("a directory");
    let names = ["{batch}.csv", "{start_ms}.csv", "{batch}-x.csv"];
    let stands = names.map(|name| broken_off(dir.path(), name, name));
    for (name, stand) in names.iter().zip(&stands) {
        again(dir.path(), name, stand, name);
    }
    let expected = [file("0-2.csv", names[1]), file("0-x.csv", names[2]), file("0.csv", names[0])];
    assert_eq!(files(dir.path()), expected);
}

/// Where files have one name only a batch that is done again is there twice, and nothing is lost or replaced.
#[test]
fn without_hard_links_it_is_at_least_once() {
    let dir = tempfile::tempdir().expect("a directory");
    without_links(true);
    let stand = broken_off(dir.path(), "{batch}.csv", "a\n");
    again(dir.path(), "{batch}.csv", &stand, "a\n");
    without_links(false);
    assert_eq!(files(dir.path()), [file("0-2.csv", "a\n"), file("0.csv", "a\n")]);
}

#[test]
fn another_directory_than_before_is_said() {
    let (before, now) = (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    let stand = broken_off(before.path(), "{batch}.csv", "a\n");
    let said = again(now.path(), "{batch}.csv", &stand, "a\n");
    let text = "when the checkpoint was written: files of the unfinished batch may stand there";
    assert!(said.contains(text) && said.contains(before.path().to_str().expect("UTF-8")), "{said}");
    assert_eq!(files(now.path()), [file("0.csv", "a\n")]);
}

#[test]
fn files_are_for_everyone_to_read_also_while_they_are_hidden() {
    let dir = tempfile::tempdir().expect("a directory");
    for mut sink in [open(dir.path(), "{batch}.csv", "").expect("open"), open_once(dir.path(), "{batch}.csv").0] {
        sink.begin(&batch(0)).expect("begun");
        sink.write(b"a\n").expect("written");
        let hidden = std::fs::read_dir(dir.path()).expect("a directory").next().expect("a file").expect("an entry");
        let mode = hidden.metadata().expect("a file").permissions().mode() & 0o777;
        assert_eq!(mode & !0o644, 0, "the umask may take from it");
        assert_eq!(mode & 0o600, 0o600);
    }
}

proptest! {
    /// Templates take times and numbers, no columns; whatever these are, no file leaves the directory.
    #[test]
    fn no_time_leads_out_of_the_directory(start: i64, end: i64, id: u64, odd: bool) {
        let zone = if odd { TimeZone::get("America/St_Johns").expect("a zone") } else { TimeZone::UTC };
        let name = Placeholders::all().replace(' ', "");
        let template = Template::new(&format!("out/{name}.csv")).expect("a template");
        let info = BatchInfo { id, start: Time(start), end: Time(end), redo: false };
        let path = template.names.path(&info, &zone);
        prop_assert_eq!(path.components().count(), 2);
        prop_assert!(path.starts_with("out") && !path.to_string_lossy().contains(".."));
    }
}

#[test]
fn the_dot_in_a_time_is_no_extension() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut sink = open(dir.path(), "{end}", "").expect("open");
    for rows in ["a\n", "b\n"] {
        give(&mut *sink, &batch(0), rows).expect("written");
    }
    let expected = [file("19700101T000001.000Z", "a\n"), file("19700101T000001.000Z-2", "b\n")];
    assert_eq!(files(dir.path()), expected);
}

#[test]
fn until_its_end_a_batch_is_hidden_and_if_it_never_comes_it_is_gone() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut sink = open(dir.path(), "{batch}.csv", "").expect("open");
    sink.begin(&batch(0)).expect("begun");
    sink.write(b"a\n").expect("written");
    sink.flush().expect("flushed");
    let names: Vec<String> = files(dir.path()).into_iter().map(|f| f.0).collect();
    assert!(names.len() == 1 && names[0].starts_with(".{batch}.csv.tmp"), "{names:?}");
    drop(sink);
    assert_eq!(files(dir.path()), []);
}

#[test]
fn a_write_that_fails_leaves_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut sink = open(dir.path(), "{batch}.csv", "").expect("open");
    std::fs::remove_dir(dir.path()).expect("removed");
    let error = give(&mut *sink, &batch(0), "a\n").expect_err("no directory").to_string();
    assert!(error.ends_with("{batch}.csv: no such file or directory"), "{error}");
}

#[test]
fn mistakes_in_the_template_name_what_there_is() {
    for (spec, what) in [
        ("{ende}.csv", "`{ende}` is unknown, did you mean {end}?"),
        ("{}.csv", "`{}` is unknown"),
        ("{word}.csv", "`{word}` is unknown"),
        ("a{end.csv", "`{end.csv` has no `}`"),
        ("{end}/x.csv", "stands in the name of a directory"),
    ] {
        let error = Template::new(spec).err().expect(spec);
        assert_eq!(error.exit_status(), 2);
        let text = error.to_string();
        assert!(text.contains(what) && text.contains("{start} {end} {start_ms} {end_ms} {batch}"), "{text}");
    }
}

#[test]
fn a_missing_directory_is_an_error_before_anything_runs() {
    let error = Template::new("/nonexistent/{end}.csv").expect("a template").open(&setup("").0).err();
    let error = error.expect("no directory").to_string();
    assert!(error.contains("there is no directory /nonexistent"), "{error}");
}
