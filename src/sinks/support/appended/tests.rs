//! Appending: what fails is cut back, and what a run that broke off has left is taken back, if it is found.

use std::fs::File;

use proptest::prelude::*;

use super::*;

fn open(path: &Path) -> Appended {
    Appended::open(path, b"head\n".to_vec(), "cannot write to it".to_string()).expect("open")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("a file")
}

fn append(file: &mut Appended, rows: &str) {
    file.write(rows.as_bytes()).expect("written");
    file.deliver().expect("delivered");
}

/// An open file that had `delivered` bytes when all was well, and then got some more.
fn half(path: &Path, file: File, delivered: u64, written: u64) -> Appended {
    Appended {
        attempted: "cannot write to it".to_string(),
        path: path.to_path_buf(),
        file: Out(file),
        header: Vec::new(),
        gathered: b"c\n".to_vec(),
        delivered: Some(delivered),
        written,
        named: false,
        lasts: false,
    }
}

/// A file with one whole batch, where it stood then, and with rows of the next one behind that.
fn broken_off(path: &Path) -> [u8; STAND] {
    let mut file = open(path);
    append(&mut file, "a\n");
    let stand = file.stand().expect("a stand");
    append(&mut file, "half\n");
    stand
}

#[test]
fn a_failed_write_is_cut_back_to_what_was_delivered() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("out");
    std::fs::write(&path, "a\nb\nhalf").expect("written");
    let file = OpenOptions::new().append(true).open(&path).expect("a file");
    let error = half(&path, file, 4, 4).fail(&ErrorKind::StorageFull.into()).expect_err("failed").to_string();
    assert_eq!(error, "cannot write to it: no storage space; the unfinished batch was taken back");
    assert_eq!(read(&path), "a\nb\n");
}

#[test]
fn nothing_is_cut_where_others_have_appended() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("out");
    std::fs::write(&path, "a\nhalfother\n").expect("written");
    // Its next writes fail: it is only open for reading.
    let error = half(&path, File::open(&path).expect("a file"), 2, 4).deliver().expect_err("not writable").to_string();
    assert!(error.ends_with("the unfinished batch stands at its end"), "{error}");
    assert_eq!(read(&path), "a\nhalfother\n");
}

#[test]
fn what_was_left_of_a_batch_is_cut_off() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("out");
    let stand = broken_off(&path);
    assert_eq!(read(&path), "head\na\nhalf\n");
    let mut file = open(&path);
    assert_eq!(file.take_back(&stand).expect("taken back"), None);
    append(&mut file, "whole\n");
    file.sync().expect("synced");
    assert_eq!(read(&path), "head\na\nwhole\n");
}

#[test]
fn a_file_that_is_cut_back_to_nothing_gets_its_header_again() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("out");
    let mut file = open(&path);
    let stand = file.stand().expect("a stand");
    append(&mut file, "half\n");
    let mut file = open(&path);
    file.take_back(&stand).expect("taken back");
    assert_eq!(read(&path), "");
    append(&mut file, "whole\n");
    assert_eq!(read(&path), "head\nwhole\n");
}

/// As logrotate does: the batch had gone into the file that has another name now.
#[test]
fn a_file_that_was_moved_away_is_cut_where_it_is_now() {
    let dir = tempfile::tempdir().expect("a directory");
    let (path, moved) = (dir.path().join("out"), dir.path().join("out.1"));
    let stand = broken_off(&path);
    std::fs::rename(&path, &moved).expect("renamed");
    let mut file = open(&path);
    let said = file.take_back(&stand).expect("taken back").expect("it is said");
    assert!(said.contains("/out.1 now: the unfinished batch was taken back there"), "{said}");
    append(&mut file, "whole\n");
    assert_eq!([read(&moved), read(&path)], ["head\na\n", "head\nwhole\n"]);
    assert_eq!(open(&path).take_back(&stand).expect("taken back"), None, "a second time there is nothing to do");
}

#[test]
fn in_a_file_that_is_another_one_or_shorter_nothing_is_cut() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("out");
    let stand = broken_off(&path);
    File::options().write(true).open(&path).and_then(|file| file.set_len(3)).expect("cut");
    let said = open(&path).take_back(&stand).expect("taken back").expect("it is said");
    assert!(said.contains("has 3 bytes where a checkpoint knows of 7"), "{said}");
    std::fs::rename(&path, dir.path().join("out.1")).expect("renamed");
    let said = open(&path).take_back(&stand).expect("taken back").expect("it is said");
    assert!(said.contains("out.1 now, and somebody has cut it"), "{said}");
    std::fs::remove_file(dir.path().join("out.1")).expect("removed");
    std::fs::write(&path, "the rows of somebody else\n").expect("written");
    let said = open(&path).take_back(&stand).expect("taken back").expect("it is said");
    assert!(said.contains("is not the file that a checkpoint knows of"), "{said}");
    assert_eq!(read(&path), "the rows of somebody else\n");
}

/// The number of a file that was removed may be given to the next one.
#[test]
fn a_new_file_with_the_number_of_the_old_one_is_not_cut() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("out");
    let mut stand = broken_off(&path);
    if stand[17..25] == [0; 8] {
        // This file system does not know when a file was made.
        return;
    }
    stand[17] ^= 1;
    assert!(open(&path).take_back(&stand).expect("taken back").is_some());
    assert_eq!(read(&path), "head\na\nhalf\n");
}

/// A file whose batches are exactly once may have another one in the same run on it.
#[test]
fn two_of_a_run_on_one_file_cut_nothing_of_each_other() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("out");
    let (mut one, mut two) = (open(&path), open(&path));
    append(&mut one, "a\n");
    append(&mut two, "b\n");
    let stands = [one.stand().expect("a stand"), two.stand().expect("a stand")];
    let before = read(&path);
    one.put(b"half").expect("written");
    let error = one.fail(&ErrorKind::StorageFull.into()).expect_err("failed").to_string();
    assert!(error.ends_with("the unfinished batch was taken back"), "{error}");
    assert_eq!(read(&path), before);
    append(&mut two, "half\n");
    append(&mut one, "half\n");
    for (mut file, stand) in [(open(&path), stands[0]), (open(&path), stands[1])] {
        assert_eq!(file.take_back(&stand).expect("taken back"), None);
    }
    assert_eq!(read(&path), before);
}

#[test]
fn of_a_device_nothing_can_be_taken_back() {
    let mut file = open(Path::new("/dev/null"));
    append(&mut file, "a\n");
    let stand = file.stand().expect("a stand");
    assert_eq!(stand, NOWHERE);
    file.sync().expect("nothing to do");
    assert_eq!(file.take_back(&stand).expect("nothing to do"), None);
}

proptest! {
    /// Bytes of a broken checkpoint cut at most to a length that the file has passed, and are no panic.
    #[test]
    fn a_stand_of_any_bytes_is_an_error_or_said(
        kind in 0..3u8,
        mut stand in prop_oneof![prop::collection::vec(any::<u8>(), 0..2 * STAND), prop::collection::vec(any::<u8>(), STAND)],
    ) {
        stand.iter_mut().take(1).for_each(|first| *first = kind);
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("out");
        broken_off(&path);
        match open(&path).take_back(&stand) {
            Err(error) => prop_assert!(error.to_string().contains("cannot be understood")),
            Ok(said) => prop_assert!(said.is_some() || stand == NOWHERE),
        }
        prop_assert_eq!(read(&path), "head\na\nhalf\n");
    }
}
