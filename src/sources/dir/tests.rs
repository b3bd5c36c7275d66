//! Directories while files come and go, as a cut sees them.

mod resume;

use std::fs;
use std::io::Write;
use std::path::Path;

use tempfile::{TempDir, tempdir};

use super::super::parse;
use super::super::support::testing::{LeapingClock, PLAIN, Said, setup, setup_on, stream};
use super::*;
use crate::error::Error;

/// A directory, the lane that reads it, and what is said.
struct Watched {
    dir: TempDir,
    stream: Box<dyn Stream>,
    control: Arc<dyn Control>,
    said: Said,
}

fn open(spec: &str, setup: &Setup) -> Result<Lane> {
    let mut lanes = parse(spec)?.open(setup, PLAIN)?;
    assert_eq!(lanes.len(), 1);
    Ok(lanes.pop().unwrap())
}

fn watched(options: &str, files: &[(&str, &str)]) -> Watched {
    let (dir, said) = (tempdir().unwrap(), Said::default());
    files.iter().for_each(|(name, text)| fs::write(dir.path().join(name), text).unwrap());
    let setup = Setup { messages: Messages::new(Box::new(said.clone())), ..setup() };
    let lane = open(&format!("dir:{}{options}", dir.path().display()), &setup).unwrap();
    let control = Arc::clone(&lane.control);
    assert!(control.is_asked() && !lane.pull);
    Watched { dir, stream: stream(lane), control, said }
}

impl Watched {
    fn put(&self, name: &str, text: &str) {
        fs::write(self.dir.path().join(name), text).unwrap();
    }

    /// What a cut is given: `{name}` where a file begins, `|` where it ends.
    fn cut(&mut self) -> String {
        self.control.ask();
        given(&mut *self.stream, self.dir.path())
    }
}

/// All that a stream gives until it says that this is all.
fn given(stream: &mut dyn Stream, dir: &Path) -> String {
    let (mut all, mut into) = (String::new(), [0; 3]);
    loop {
        match stream.read(&mut into, true).unwrap() {
            Got::Bytes(n) => all += std::str::from_utf8(&into[..n]).unwrap(),
            Got::Break => all.push('|'),
            Got::File => {
                let file = stream.file();
                all += &format!("{{{}}}", Path::new(&*file).strip_prefix(dir).unwrap().display());
            }
            Got::Later => panic!("it was to wait"),
            Got::Done | Got::End | Got::Stop => return all,
        }
    }
}

#[test]
fn each_cut_gets_the_files_that_are_new_in_order_of_path() {
    let mut watched = watched("", &[("old", "old\n")]);
    assert_eq!(watched.cut(), "");
    watched.put("b", "1\n2\n3");
    watched.put("a", "4\n");
    watched.put(".c", "5\n");
    assert_eq!(watched.stream.read(&mut [0; 8], false).unwrap(), Got::Later, "only a cut looks");
    assert_eq!(watched.cut(), "{a}4\n|{b}1\n2\n3|");
    watched.put("a", "appended to what was taken\n");
    fs::rename(watched.dir.path().join("b"), watched.dir.path().join("c")).unwrap();
    fs::rename(watched.dir.path().join(".c"), watched.dir.path().join("d")).unwrap();
    assert_eq!(watched.cut(), "{d}5\n|");
    assert_eq!(watched.stream.progress(), 9, "bytes of all files");
    assert_eq!(watched.said.text(), "");
}

#[test]
fn what_was_there_is_taken_if_that_is_asked_for() {
    for (options, expected) in
        [("", ""), ("?existing=true", "{a}x\n|"), ("?existing", "{a}x\n|"), ("?existing=false", "")]
    {
        assert_eq!(watched(options, &[("a", "x\n")]).cut(), expected, "{options}");
    }
}

/// A directory through which files pass: each is removed once it was taken, and the next may get its inode.
#[test]
fn files_that_pass_through_are_all_taken() {
    let mut watched = watched("", &[]);
    for number in 0..50 {
        watched.put("same", &format!("{number}\n"));
        assert_eq!(watched.cut(), format!("{{same}}{number}\n|"));
        fs::remove_file(watched.dir.path().join("same")).unwrap();
        if number % 2 == 0 {
            assert_eq!(watched.cut(), "");
        }
    }
}

#[test]
fn a_directory_that_is_away_for_a_while_is_said_once_and_not_read_twice() {
    let mut watched = watched("", &[]);
    let (path, away) = (watched.dir.path().to_path_buf(), watched.dir.path().with_extension("away"));
    watched.put("a", "1\n");
    assert_eq!(watched.cut(), "{a}1\n|");
    fs::rename(&path, &away).unwrap();
    assert_eq!([watched.cut(), watched.cut()], ["", ""]);
    fs::write(away.join("b"), "2\n").unwrap();
    fs::rename(&away, &path).unwrap();
    assert_eq!(watched.cut(), "{b}2\n|");
    let said = watched.said.text();
    assert!(said.contains(": no such file or directory; nothing comes from there meanwhile"), "{said}");
    assert_eq!(said.lines().count(), 1);
}

#[test]
fn compressed_files_are_known_by_content() {
    let mut watched = watched("?glob=*.log", &[]);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(b"1\n2\n").unwrap();
    fs::write(watched.dir.path().join("a.log"), encoder.finish().unwrap()).unwrap();
    fs::write(watched.dir.path().join("b.log"), zstd::encode_all(&b"3\n"[..], 1).unwrap()).unwrap();
    watched.put("c.txt", "4\n");
    assert_eq!(watched.cut(), "{a.log}1\n2\n|{b.log}3\n|");
}

/// What is appended while a file is being read is not read: the batch holds what was there at its cut.
#[test]
fn a_file_is_read_to_the_end_that_it_had() {
    let mut watched = watched("", &[]);
    watched.put("a", "1234");
    watched.control.ask();
    assert_eq!(watched.stream.read(&mut [0; 2], true).unwrap(), Got::File);
    assert_eq!(watched.stream.read(&mut [0; 2], true).unwrap(), Got::Bytes(2));
    fs::OpenOptions::new().append(true).open(watched.dir.path().join("a")).unwrap().write_all(b"5678").unwrap();
    assert_eq!(given(&mut *watched.stream, watched.dir.path()), "34|");
}

#[test]
fn a_file_that_breaks_is_an_error_and_one_that_has_gone_is_none() {
    let mut watched = watched("", &[]);
    watched.put("a", "12345");
    watched.put("b", "gone soon");
    watched.put("c", "x");
    watched.control.ask();
    assert_eq!(watched.stream.read(&mut [0; 2], true).unwrap(), Got::File);
    assert_eq!(watched.stream.read(&mut [0; 2], true).unwrap(), Got::Bytes(2));
    fs::remove_file(watched.dir.path().join("b")).unwrap();
    assert_eq!(given(&mut *watched.stream, watched.dir.path()), "345|{c}x|");
    watched.put("d", "12345");
    watched.control.ask();
    assert_eq!(watched.stream.read(&mut [0; 2], true).unwrap(), Got::File);
    watched.put("d", "1");
    assert_eq!(watched.stream.read(&mut [0; 2], true).unwrap(), Got::Bytes(1));
    let message = watched.stream.read(&mut [0; 2], true).unwrap_err().to_string();
    assert!(message.contains("/d: it has shrunk from 5 to 1 bytes"), "{message}");
}

/// Where no cut asks it looks by itself, at once and then in the rhythm, and needs no more than a look.
#[test]
fn without_cuts_it_is_listed_in_a_rhythm() {
    let (dir, clock) = (tempdir().unwrap(), Arc::new(LeapingClock::default()));
    let setup = Setup { poll: Some(Duration::from_secs(3)), ..setup_on(Arc::clone(&clock) as Arc<dyn Clock>) };
    fs::write(dir.path().join("a"), "1").unwrap();
    let lane = open(&format!("dir:{}?existing=true", dir.path().display()), &setup).unwrap();
    assert!(!lane.control.is_asked());
    let mut stream = stream(lane);
    let mut next = || (stream.read(&mut [0; 8], true).unwrap(), clock.monotonic().as_secs());
    assert_eq!([next(), next(), next()], [(Got::File, 0), (Got::Bytes(1), 0), (Got::Break, 0)]);
    fs::write(dir.path().join("b"), "2").unwrap();
    assert_eq!([next(), next(), next()], [(Got::File, 3), (Got::Bytes(1), 3), (Got::Break, 3)]);
    fs::write(dir.path().join("c"), "3").unwrap();
    clock.leap(Duration::from_secs(30));
    assert_eq!(next(), (Got::File, 33));
    setup.stop.tell();
    assert_eq!(next().0, Got::Stop);
}

#[test]
fn a_stop_ends_the_waiting_and_the_reading() {
    let setup = setup();
    let dir = tempdir().unwrap();
    let mut stream = stream(open(&format!("dir:{}", dir.path().display()), &setup).unwrap());
    let waiting = std::thread::spawn(move || stream.read(&mut [0; 8], true).unwrap());
    setup.stop.tell();
    assert_eq!(waiting.join().unwrap(), Got::Stop);
}

/// With `--once` the files that are there are those of a glob: lanes that end.
#[test]
fn once_takes_what_is_there_as_it_is() {
    let dir = tempdir().unwrap();
    let spec = format!("dir:{}", dir.path().display());
    let once = Setup { once: true, ..setup() };
    assert!(parse(&spec).unwrap().open(&once, PLAIN).unwrap().is_empty());
    fs::write(dir.path().join("b"), "12").unwrap();
    fs::write(dir.path().join("a"), "1").unwrap();
    fs::hard_link(dir.path().join("a"), dir.path().join("c")).unwrap();
    let lanes = parse(&spec).unwrap().open(&once, PLAIN).unwrap();
    let names: Vec<_> = lanes.iter().map(|lane| (lane.name.rsplit('/').next().unwrap(), lane.size)).collect();
    assert_eq!(names, [("a", Some(1)), ("b", Some(2))]);
    fs::write(dir.path().join("b"), "12345").unwrap();
    let last = lanes.into_iter().next_back().unwrap();
    assert_eq!(super::super::support::testing::drain(&mut *stream(last), &[64]).unwrap(), b"12");
}

#[test]
fn spellings_that_are_wrong_are_usage_errors() {
    for (spec, expected) in [
        ("dir:", "there is no name of a directory"),
        ("dir:x?existing=yes", "existing=yes: it is true or false"),
        ("dir:x?exsting=true", "did you mean `existing=`?"),
        ("dir:x?glob=a/*", "glob= is for the names of files"),
        ("dir:x?glob=%5Ba", "this is not a glob"),
    ] {
        match parse(spec) {
            Err(Error::Usage(text)) => assert!(text.contains(expected), "{text}"),
            _ => panic!("{spec} is no usage error"),
        }
    }
    assert_eq!(parse("dir:x?glob=*.csv.gz").unwrap().format().path.as_deref(), Some("*.csv.gz"));
}
