//! Files that grow, are rotated, truncated and away, on a clock that lets no real time pass.

mod resume;

use std::fs::{self, OpenOptions};
use std::io::Write;

use proptest::prelude::*;
use tempfile::{TempDir, tempdir};

use super::super::super::support::testing::{LeapingClock, PLAIN, Said, setup, setup_on, stream};
use super::super::super::{Lane, parse};
use super::*;
use crate::clock::ManualClock;
use crate::sources::support::regular::open;

/// A directory with the file `f` that is followed.
struct Following {
    dir: TempDir,
    followed: Followed,
    clock: Arc<LeapingClock>,
    said: Said,
    stop: Arc<Stop>,
}

fn following(text: Option<&str>) -> Following {
    let (dir, said, clock) = (tempdir().unwrap(), Said::default(), Arc::new(LeapingClock::default()));
    let messages = Messages::new(Box::new(said.clone()));
    let setup = Setup { messages, ..setup_on(Arc::clone(&clock) as Arc<dyn Clock>) };
    let path = dir.path().join("f");
    let followed = match text {
        Some(text) => {
            fs::write(&path, text).unwrap();
            Followed::opened(path.clone(), open(&path).unwrap(), &setup).unwrap()
        }
        None => Followed::absent(path, &setup),
    };
    Following { dir, followed, clock, said, stop: Arc::clone(&setup.stop) }
}

impl Following {
    fn append(&self, name: &str, text: &str) {
        let file = OpenOptions::new().append(true).create(true).open(self.dir.path().join(name));
        file.unwrap().write_all(text.as_bytes()).unwrap();
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.dir.path().join(from), self.dir.path().join(to)).unwrap();
    }

    /// Reads what is there at once, `|` where another file begins.
    fn read_on(&mut self) -> String {
        let (mut all, mut into) = (String::new(), [0; 3]);
        loop {
            match self.followed.read(&mut into, false).unwrap() {
                Got::Bytes(n) => all += std::str::from_utf8(&into[..n]).unwrap(),
                Got::File => all.push('|'),
                Got::Break => all.push('!'),
                Got::Later => return all,
                other => panic!("{other:?}"),
            }
        }
    }

    /// The same with looks at the end, until two of them in a row find nothing.
    fn read(&mut self) -> String {
        let (mut all, mut idle) = (self.read_on(), 0);
        while idle < 2 {
            self.clock.leap(LOOK);
            let found = if self.followed.look().unwrap().is_some() { "|" } else { "" };
            let more = format!("{found}{}", self.read_on());
            idle = if more.is_empty() { idle + 1 } else { 0 };
            all += &more;
        }
        all
    }

    fn said(&self) -> String {
        self.said.text().replace(&self.dir.path().display().to_string(), "")
    }
}

fn lanes(spec: &str, setup: &Setup) -> Result<Vec<Lane>> {
    parse(spec)?.open(setup, PLAIN)
}

#[test]
fn what_is_appended_is_read() {
    let mut f = following(Some("one\ntwo\nth"));
    assert_eq!(f.read(), "one\ntwo\nth");
    f.append("f", "ree\n");
    assert_eq!(f.read(), "ree\n");
    assert_eq!(f.said(), "");
}

/// The writer goes on in the file that was renamed until it opens the new one: nothing of either is lost, and none comes twice.
#[test]
fn a_file_that_is_renamed_is_read_to_its_end_before_the_new_one() {
    let mut f = following(Some("1\n"));
    assert_eq!(f.read(), "1\n");
    f.rename("f", "f.1");
    f.append("f.1", "2\n");
    assert_eq!(f.read(), "2\n");
    f.append("f", "");
    f.append("f.1", "3\n");
    assert_eq!(f.read(), "3\n", "the new one is empty: the writer is still at the old one");
    f.append("f.1", "4\n");
    f.append("f", "5\n");
    assert_eq!(f.read(), "4\n|5\n");
    f.append("f.1", "too late\n");
    f.append("f", "6\n");
    assert_eq!(f.read(), "6\n");
    assert_eq!(f.said(), "");
}

/// What comes into the old file between its end and the look at the new one is read.
#[test]
fn the_old_file_is_read_once_more_when_the_new_one_was_seen() {
    let mut f = following(Some("1\n"));
    assert_eq!(f.read(), "1\n");
    f.rename("f", "f.1");
    f.append("f", "3\n");
    assert!(f.followed.look().unwrap().is_none() && !f.followed.next.is_empty());
    f.append("f.1", "2\n");
    assert_eq!(f.read(), "2\n|3\n");
}

#[test]
fn a_file_that_is_truncated_is_read_from_its_start_and_that_is_said() {
    let mut f = following(Some("one\ntwo\n"));
    assert_eq!(f.read(), "one\ntwo\n");
    f.append("copy", "one\ntwo\n");
    OpenOptions::new().write(true).open(f.dir.path().join("f")).unwrap().set_len(0).unwrap();
    f.append("f", "3\n");
    assert_eq!(f.read(), "|3\n");
    assert_eq!(f.said(), "streamer: /f was truncated; reading it from its start again\n");
}

#[test]
fn a_file_that_is_not_there_is_waited_for() {
    let mut f = following(None);
    assert_eq!(f.read(), "");
    f.append("f", "1\n");
    assert_eq!(f.read(), "1\n");
    assert_eq!(f.said(), "streamer: /f is not there; waiting for it\n");
    fs::remove_file(f.dir.path().join("f")).unwrap();
    for _ in 0..20 {
        f.read();
    }
    f.append("f", "2\n");
    assert_eq!(f.read(), "|2\n");
    let said = f.said();
    let missed = "streamer: cannot read on in /f: no such file or directory; waiting for it";
    assert_eq!(said.lines().skip(1).collect::<Vec<_>>(), [missed], "once");
}

/// A rename and a new file have a moment between them: that is not worth a word.
#[test]
fn a_short_absence_is_not_said() {
    let mut f = following(Some("1\n"));
    assert_eq!(f.read(), "1\n");
    f.rename("f", "f.1");
    assert_eq!(f.read(), "");
    f.append("f", "2\n");
    assert_eq!(f.read(), "|2\n");
    assert_eq!(f.said(), "");
}

#[test]
fn what_is_compressed_is_not_followed() {
    let gzip = b"\x1f\x8b\x08\0rest";
    let dir = tempdir().unwrap();
    let path = dir.path().join("f.gz");
    fs::write(&path, gzip).unwrap();
    let spec = format!("file:{}?follow=true", path.display());
    let message = lanes(&spec, &setup()).err().expect("refused").to_string();
    assert!(message.ends_with("/f.gz: it is compressed (gzip); without --follow it is read to its end"), "{message}");
    let mut f = following(Some("1\n"));
    assert_eq!(f.read(), "1\n");
    f.rename("f", "f.1");
    fs::write(f.dir.path().join("f"), gzip).unwrap();
    f.followed.look().unwrap();
    assert_eq!(f.followed.read(&mut [0; 8], true).unwrap(), Got::File);
    assert!(f.followed.read(&mut [0; 8], true).unwrap_err().to_string().contains("compressed (gzip)"));
}

/// At the stop a last record without its end is one, but not if it is only a part of what stands there.
#[test]
fn a_stop_ends_it() {
    for (read, expected) in [(64, Got::End), (3, Got::Stop)] {
        let mut f = following(Some("one\ntw"));
        assert!(matches!(f.followed.read(&mut [0; 64][..read], true).unwrap(), Got::Bytes(_)));
        f.stop.tell();
        assert_eq!(f.followed.read(&mut [0; 64], true).unwrap(), expected);
    }
    let setup = setup_on(Arc::new(ManualClock::default()));
    let mut waiting = Followed::absent("/nowhere/at/all".into(), &setup);
    let waiting = std::thread::spawn(move || waiting.read(&mut [0; 8], true).unwrap());
    setup.stop.tell();
    assert_eq!(waiting.join().unwrap(), Got::End);
}

#[test]
fn a_reader_that_waits_gets_what_is_appended() {
    let mut f = following(Some(""));
    let path = f.dir.path().join("f");
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| f.followed.read(&mut [0; 8], true).unwrap());
        fs::write(path, "1\n").unwrap();
        assert!(matches!(waiting.join().unwrap(), Got::Bytes(1 | 2)));
    });
    assert!(f.clock.waits.lock().unwrap().iter().all(|wait| *wait <= LOOK));
}

/// Every file of a glob is followed, and a path that has none of it is an error; with `--once` they end where they end now.
#[test]
fn a_glob_and_once() {
    let dir = tempdir().unwrap();
    for name in ["b.log", "a.log"] {
        fs::write(dir.path().join(name), "1\n").unwrap();
    }
    let spec = format!("file:{}/*.log?follow=true", dir.path().display());
    let names = |lanes: Vec<Lane>| -> Vec<_> { lanes.iter().map(|lane| (lane.pull, lane.size)).collect() };
    assert_eq!(names(lanes(&spec, &setup()).unwrap()), [(false, None); 2]);
    assert_eq!(names(lanes(&spec, &Setup { once: true, ..setup() }).unwrap()), [(true, Some(2)); 2]);
    assert!(parse(&spec).unwrap().cannot_tick().is_some());
    assert!(parse(&spec.replace('*', "a")).unwrap().cannot_tick().is_none());
    assert!(lanes(&spec.replace(".log", ".txt"), &setup()).is_err(), "no file matches");
    let absent = spec.replace("*.log", "none");
    assert_eq!(lanes(&absent, &setup()).unwrap().len(), 1);
    assert!(lanes(&absent, &Setup { once: true, ..setup() }).unwrap().is_empty());
    let mut plain = parse(&format!("{}/a.log", dir.path().display())).unwrap();
    assert!(plain.is_files() && plain.follow() && !plain.is_files());
}

/// The head of a file whose first record is still being written tells nothing yet.
#[test]
fn samples_show_whole_records_only() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("f.csv");
    let source = parse(&format!("file:{}?follow=true", path.display())).unwrap();
    assert!(source.samples(&setup()).unwrap().expect("they are looked at").is_empty());
    for (text, expected) in [("a,b", None), ("a,b\n1", Some(b"a,b\n".to_vec()))] {
        fs::write(&path, text).unwrap();
        let sample = source.samples(&setup()).unwrap().and_then(|mut lanes| lanes.pop()).expect("it is there");
        let told = sample.peek(PLAIN, 1 << 10, |record, _| Ok(Some(record.to_vec()))).unwrap().1;
        assert_eq!(told, expected);
    }
    assert!(source.samples(&Setup { once: true, ..setup() }).unwrap().is_none());
}

/// What happens to a log.
#[derive(Debug, Clone)]
enum Event {
    Append(String),
    Rename,
    Look,
    Read,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// However a log grows and is rotated, as long as each file is seen: all of its bytes, in order, each once.
    #[test]
    fn nothing_is_lost_over_rotations(events in proptest::collection::vec(prop_oneof![
        3 => "[a-c]{1,4}\n".prop_map(Event::Append),
        1 => Just(Event::Rename),
        2 => Just(Event::Look),
        2 => Just(Event::Read),
    ], 0..40)) {
        let mut f = following(Some(""));
        let (mut written, mut read, mut number) = (String::new(), String::new(), 0);
        for event in events {
            match event {
                Event::Append(text) => {
                    f.append("f", &text);
                    written += &text;
                }
                Event::Rename => {
                    // Two rotations between two looks would hide a file.
                    read += &f.read();
                    if f.dir.path().join("f").exists() {
                        f.rename("f", &format!("f.{number}"));
                        number += 1;
                    }
                }
                Event::Look => {
                    if f.followed.look().unwrap().is_some() {
                        read.push('|');
                    }
                }
                Event::Read => read += &f.read_on(),
            }
        }
        read += &f.read();
        prop_assert_eq!(read.replace('|', ""), written);
        prop_assert!(read.matches('|').count() <= number);
    }
}

/// The stream of a lane is that of the path.
#[test]
fn messages_name_the_path() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("f").display().to_string();
    let lane = lanes(&format!("file:{path}?follow"), &setup()).unwrap().pop().unwrap();
    assert_eq!(lane.name, path);
    assert_eq!(&*stream(lane).file(), path);
}
