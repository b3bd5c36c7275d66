//! Files that were read before, and what has become of them since.

use super::super::super::support::testing::{heard, kept, kept_with_redo};
use super::*;

/// A directory in which runs read the files of a glob.
struct Runs(TempDir);

impl Runs {
    fn of(files: &[(&str, &str)]) -> Self {
        let runs = Runs(tempdir().unwrap());
        files.iter().for_each(|(name, text)| runs.put(name, text.as_bytes()));
        runs
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn put(&self, name: &str, text: &[u8]) {
        fs::write(self.path(name), text).unwrap();
    }

    fn append(&self, name: &str, text: &str) {
        OpenOptions::new().append(true).open(self.path(name)).unwrap().write_all(text.as_bytes()).unwrap();
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path(from), self.path(to)).unwrap();
    }

    fn source(&self) -> Box<dyn Source> {
        parse(&format!("{}/*", self.0.path().display())).unwrap()
    }

    /// A first run, which reads everything; its end is where the marks are asked for, or at these positions.
    fn first(&self, at: &[(&str, u64, Option<u64>)]) -> Vec<Kept> {
        let lanes = self.source().open(&setup(), PLAIN).unwrap();
        let one = |lane: Lane| {
            let control =
                Lane { feed: Feed::Bytes(Box::new(Nothing)), control: Arc::clone(&lane.control), ..named(&lane) };
            let all = drain(&mut *stream(lane), &[5]).unwrap().len() as u64;
            let at = at.iter().find(|(name, ..)| control.name.ends_with(&format!("/{name}")));
            match at {
                Some((_, position, Some(until))) => kept_with_redo(&control, *position, *until),
                Some((_, position, None)) => kept(&control, *position),
                None => kept(&control, all),
            }
        };
        lanes.into_iter().map(one).collect()
    }

    /// What a later run gives of each file, with which of those before it goes on; and what is said.
    fn second(&self, kept: &[Kept], once: bool) -> Result<(String, String)> {
        let (setup, said) = heard();
        let lanes = self.source().resume(&Setup { once, ..setup }, PLAIN, kept)?;
        let mut all = Vec::new();
        for lane in lanes {
            let (name, from) = (lane.name.rsplit('/').next().unwrap().to_string(), lane.resumes);
            let size = lane.size.unwrap();
            let mut stream = stream(lane);
            let text = String::from_utf8(drain(&mut *stream, &[3, 4]).unwrap()).unwrap();
            assert!(stream.progress() <= size);
            let from = from.map_or_else(String::new, |at| format!("<{at}"));
            all.push(format!("{name}{from}:{}", text.replace('\n', ".")));
        }
        Ok((all.join(" "), said.text().replace(&format!("{}/", self.0.path().display()), "")))
    }

    fn error(&self, kept: &[Kept]) -> String {
        let error = self.second(kept, false).unwrap_err().to_string();
        error.replace(&format!("{}/", self.0.path().display()), "")
    }
}

struct Nothing;

impl super::super::super::Stream for Nothing {
    fn read(&mut self, _: &mut [u8], _: bool) -> Result<Got> {
        Ok(Got::End)
    }
}

fn named(lane: &Lane) -> Lane {
    let (name, feed, control) = (lane.name.clone(), Feed::Bytes(Box::new(Nothing)), Arc::new(NoControl));
    Lane { name, feed, pull: false, size: None, control, resumes: None }
}

fn ok(all: &str, said: &str) -> (String, String) {
    (all.into(), said.into())
}

#[test]
fn files_go_on_where_they_were_left_and_new_ones_begin() {
    let runs = Runs::of(&[("a", "1\n2\n"), ("b", "3\n")]);
    let kept = runs.first(&[("a", 2, None)]);
    runs.append("b", "4\n");
    runs.put("c", b"5\n");
    assert_eq!(runs.second(&kept, false).unwrap(), ok("a<0:2. b<1:4. c:5.", ""));
}

/// Nothing new is no reason to give up the lane: its mark would be lost with it.
#[test]
fn a_file_without_anything_new_still_is_a_lane_that_can_be_marked() {
    let runs = Runs::of(&[("a", "1\n")]);
    for once in [false, true] {
        let first = runs.first(&[]);
        let lane = runs.source().resume(&Setup { once, ..setup() }, PLAIN, &first).unwrap().pop().unwrap();
        assert_eq!((lane.size, lane.resumes), (Some(0), Some(0)));
        let again = kept(&lane, 2);
        assert_eq!(drain(&mut *stream(lane), &[4]).unwrap(), b"");
        runs.append("a", "2\n");
        assert_eq!(runs.second(&[again], once).unwrap(), ok("a<0:2.", ""));
        runs.put("a", b"1\n");
    }
}

#[test]
fn rotation_in_a_glob_is_no_new_file() {
    let runs = Runs::of(&[("log", "3\n"), ("log.1", "2\n"), ("log.2", "1\n")]);
    let kept = runs.first(&[]);
    runs.append("log", "4\n");
    runs.rename("log.2", "log.3");
    runs.rename("log.1", "log.2");
    runs.rename("log", "log.1");
    runs.put("log", b"5\n");
    assert_eq!(runs.second(&kept, false).unwrap(), ok("log:5. log.1<0:4. log.2<1: log.3<2:", ""));
}

#[test]
fn what_was_truncated_or_replaced_begins_anew_and_that_is_said() {
    let runs = Runs::of(&[("short", "1\n2\n"), ("other", "1\n2\n"), ("gone", "1\n"), ("unread", "1\n")]);
    let kept = runs.first(&[("unread", 0, None)]);
    runs.put("short", b"1\n");
    runs.put("new", b"9\n8\n7\n");
    runs.rename("new", "other");
    runs.put("unread", b"5\n");
    fs::remove_file(runs.path("gone")).unwrap();
    let (all, said) = runs.second(&kept, false).unwrap();
    assert_eq!(all, "other:9.8.7. short:1. unread:5.");
    assert_eq!(
        said,
        "streamer: other begins otherwise than when it was read before (it was replaced): reading it from its start, as a new \
         one\nstreamer: short has 2 bytes, and 4 were read of it before (it was truncated or replaced): reading it from its \
         start, as a new one\n"
    );
    // Longer than what its fingerprint is of.
    let long = "0123456789abcde\n".repeat(200);
    runs.put("short", long.as_bytes());
    let kept = runs.first(&[]);
    runs.put("short", &long.as_bytes()[..1600]);
    let (all, said) = runs.second(&kept, false).unwrap();
    assert!(all.contains("short:0123"), "{all}");
    assert_eq!(
        said,
        "streamer: short has 1600 bytes, and 3200 were read of it before (it was truncated or replaced): reading it from its \
         start, as a new one\n"
    );
}

#[test]
fn a_file_that_was_copied_back_is_the_same() {
    let runs = Runs::of(&[("a", "1\n2\n"), ("b", "1\n2\n")]);
    let kept = runs.first(&[("a", 2, None)]);
    for name in ["a", "b"] {
        runs.put("copy", b"1\n2\n3\n");
        runs.rename("copy", name);
    }
    assert_eq!(runs.second(&kept, false).unwrap(), ok("a<0:2.3. b<1:3.", ""));
}

/// Of two names of one file each is what it was.
#[test]
fn links_are_not_mistaken_for_each_other() {
    let runs = Runs::of(&[("a", "1\n2\n")]);
    fs::hard_link(runs.path("a"), runs.path("b")).unwrap();
    let kept = runs.first(&[("a", 2, None), ("b", 4, None)]);
    assert_eq!(runs.second(&kept, false).unwrap(), ok("a<0:2. b<1:", ""));
    runs.rename("b", "c");
    runs.append("a", "3\n");
    assert_eq!(runs.second(&kept, false).unwrap(), ok("a<0:2.3. c<1:3.", ""));
}

#[test]
fn a_last_line_that_grows_is_told_and_is_a_record_of_its_own() {
    let runs = Runs::of(&[("a", "1\nhal"), ("b", "1\nwhole")]);
    let kept = runs.first(&[]);
    assert_eq!(runs.second(&kept, false).unwrap(), ok("a<0: b<1:", ""), "not as long as nothing comes");
    runs.append("a", "f\n2\n");
    let said = "streamer: a was read up to byte 5, where its last record had no end; what has been appended to it is a record \
                of its own\n";
    assert_eq!(runs.second(&kept, false).unwrap(), ok("a<0:f.2. b<1:", said));
    // Also where it had to be given again: the batch is what it was.
    runs.put("a", b"1\nhal");
    let kept = runs.first(&[("a", 2, Some(5))]);
    runs.append("a", "f\n2\n");
    assert_eq!(runs.second(&kept, false).unwrap(), ok("a<0:hal|f.2. b<1:", said));
}

#[test]
fn what_has_to_be_given_again_and_is_not_there_is_an_error() {
    let needs = "and the batch that was being written needs it; put it back as it was, or begin anew with another directory \
                 for the checkpoint";
    for (change, found) in [
        ("remove", "a is gone, "),
        ("shrink", "a has 4 bytes, and 6 were read of it before (it was truncated or replaced); the batch"),
        ("replace", "a begins otherwise than when it was read before (it was replaced); the batch"),
    ] {
        let runs = Runs::of(&[("a", "1\n2\n3\n"), ("b", "4\n")]);
        let mut kept = runs.first(&[("a", 2, Some(6))]);
        assert_eq!(runs.second(&kept, false).unwrap(), ok("a<0:2.3.| b<1:", ""));
        match change {
            "remove" => fs::remove_file(runs.path("a")).unwrap(),
            "replace" => runs.put("a", b"5\n6\n7\n8\n"),
            _ => {
                // The start alone is what is known of it.
                let lane = runs.source().open(&setup(), PLAIN).unwrap().remove(0);
                let control = Arc::clone(&lane.control);
                assert_eq!(stream(lane).read(&mut [0; 4], true).unwrap(), Got::Bytes(4));
                kept[0].redo = Some((6, control.mark(6, true).unwrap().unwrap()));
                runs.put("a", b"1\n2\n");
            }
        }
        let error = runs.error(&kept);
        assert!(error.starts_with(&format!("cannot go on from the checkpoint: {found}")), "{error}");
        assert!(error.ends_with(&needs[needs.find(';').unwrap()..]), "{error}");
    }
}

/// A batch of nothing of the file needs nothing of it.
#[test]
fn an_empty_redo_is_none() {
    let runs = Runs::of(&[("a", "1\n"), ("b", "4\n")]);
    let kept = runs.first(&[("a", 2, Some(2))]);
    fs::remove_file(runs.path("a")).unwrap();
    assert_eq!(runs.second(&kept, false).unwrap(), ok("b<1:", ""));
}

/// Before the first batch was out there is only what it was to be.
#[test]
fn the_first_batch_is_given_again_from_the_start() {
    let runs = Runs::of(&[("a", "1\n2\n")]);
    let mut kept = runs.first(&[("a", 0, Some(2))]);
    kept[0].marks.clear();
    assert_eq!(runs.second(&kept, false).unwrap(), ok("a<0:1.|2.", ""));
    kept[0].redo = None;
    assert_eq!(runs.second(&kept, false).unwrap(), ok("a:1.2.", ""));
}

/// What is compressed is read from its start, but not if nothing can have come.
#[test]
fn compressed_files_go_on() {
    let runs = Runs::of(&[]);
    runs.put("a.gz", &gzip(b"1\n2\n3\n"));
    runs.put("b.zst", &zstd(b"1\n2\n3\n"));
    let kept = runs.first(&[("a.gz", 2, Some(4)), ("b.zst", 4, None)]);
    assert_eq!(runs.second(&kept, false).unwrap(), ok("a.gz<0:2.|3. b.zst<1:3.", ""));
    let kept = runs.first(&[]);
    let lane = runs.source().resume(&setup(), PLAIN, &kept).unwrap().remove(0);
    fs::remove_file(runs.path("a.gz")).unwrap();
    assert_eq!((lane.size, drain(&mut *stream(lane), &[9]).unwrap()), (Some(0), vec![]), "it is not even opened");
    // Another member has been appended.
    runs.put("a.gz", &[gzip(b"1\n2\n3\n"), gzip(b"4\n")].concat());
    assert_eq!(runs.second(&kept, false).unwrap().0, "a.gz<0:4. b.zst<1:");
    let shorter = Runs::of(&[]);
    shorter.put("a.gz", &gzip(b"1\n2\n3\n"));
    let mut kept = shorter.first(&[("a.gz", 2, Some(4))]);
    (kept[0].position, kept[0].redo.as_mut().unwrap().0) = (100, 102);
    let lane = shorter.source().resume(&setup(), PLAIN, &kept).unwrap().remove(0);
    let error = drain(&mut *stream(lane), &[9]).unwrap_err().to_string();
    assert!(
        error.contains("a.gz ends at byte 6 of its content, and 100 were read of it before; put it back"),
        "{error}"
    );
}

#[test]
fn a_file_that_is_replaced_between_the_look_and_the_reading_is_an_error() {
    let runs = Runs::of(&[("a", "1\n2\n")]);
    let kept = runs.first(&[("a", 2, None)]);
    let lane = runs.source().resume(&setup(), PLAIN, &kept).unwrap().remove(0);
    runs.put("copy", b"1\n2\n3\n");
    runs.rename("copy", "a");
    let error = drain(&mut *stream(lane), &[9]).unwrap_err().to_string();
    assert!(error.ends_with("it was replaced by another file since the run began"), "{error}");
}

#[test]
fn marks_of_another_kind_or_of_noise_are_errors() {
    let runs = Runs::of(&[("a", "1\n")]);
    let mut kept = runs.first(&[]);
    for (mark, expected) in [(vec![], "cannot be understood"), (vec![1, b'd', 1, 0, 0], "or --follow")] {
        kept[0].marks = vec![mark];
        let error = runs.error(&kept);
        assert!(error.starts_with("cannot go on with a: ") && error.contains(expected), "{error}");
    }
}

/// Whoever works on records may read them, but not beyond a border.
#[test]
fn nothing_is_passed_over_beyond_a_border() {
    let text = "some line of a file\n".repeat(20_000);
    let runs = Runs::of(&[("a", &text)]);
    let (from, until) = (20 * 1000, 20 * 5_000);
    let kept = runs.first(&[("a", from, Some(until))]);
    let lane = runs.source().resume(&setup(), PLAIN, &kept).unwrap().remove(0);
    let (mut stream, mut position, mut passed, mut borders) = (stream(lane), from, 0, 0);
    let quota = super::super::super::support::testing::quota();
    let mut into = [0; 20];
    loop {
        match stream.read(&mut into, true).unwrap() {
            Got::Bytes(n) => {
                assert_eq!(&into[..n], &text.as_bytes()[position as usize % 20..][..n]);
                position += n as u64;
            }
            Got::Break => {
                assert_eq!(position, until);
                borders += 1;
            }
            _ => break,
        }
        if position % 20 == 0
            && let Some(unread) = stream.pass_over(0, 8192, b'\n')
        {
            assert!(unread.read(&quota).unwrap().bytes().starts_with(b"some line"));
            assert!(position >= until || position + unread.len() as u64 <= until);
            position += unread.len() as u64;
            passed += 1;
        }
    }
    assert!(passed > 10 && borders == 1 && position == text.len() as u64, "{passed} {borders}");
}

/// Ten thousand files take a fraction of a second: what is done for each is little, and nothing for each pair.
#[test]
fn many_files_are_matched_without_comparing_each_with_each() {
    let runs = Runs::of(&[]);
    for number in 0..3000 {
        runs.put(&format!("f{number}"), format!("{number}\n").as_bytes());
    }
    let kept = runs.first(&[]);
    runs.rename("f7", "g7");
    runs.append("g7", "more\n");
    let lanes = runs.source().resume(&Setup { once: true, ..setup() }, PLAIN, &kept).unwrap();
    assert!(lanes.len() == 3000 && lanes.iter().all(|lane| lane.resumes.is_some()));
    assert_eq!(lanes.iter().filter_map(|lane| lane.size).sum::<u64>(), 5);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// However a file is split into what is committed, what is to be given again and the rest: the later run gives exactly
    /// the bytes behind the first border, with the second one in its place; marked again on its way it can be gone on with.
    #[test]
    fn splits_give_exactly_the_bytes(
        content in proptest::collection::vec(any::<u8>(), 1..5000),
        at: [prop::sample::Index; 3],
        kind in 0..3,
        once: bool,
        read in 1..6000usize,
        sizes in proptest::collection::vec(1..3000usize, 1..5),
    ) {
        let content = [b"-".as_slice(), &content].concat();
        let mut borders = at.map(|at| at.index(content.len() + 1));
        borders.sort_unstable();
        let [from, until, later] = borders;
        let packed = match kind { 0 => content.clone(), 1 => gzip(&content), _ => zstd(&content) };
        let (_dir, path) = file_of(&packed);
        let source = parse(&path).unwrap();
        let lane = source.open(&setup(), PLAIN).unwrap().pop().unwrap();
        let control = Lane { control: Arc::clone(&lane.control), ..named(&lane) };
        // The reader may be anywhere behind the border.
        let mut first = stream(lane);
        let (mut given, mut into) = (0, vec![0; 6000]);
        while given < until.max(1) {
            match first.read(&mut into[..read], true).unwrap() {
                Got::Bytes(n) => given += n,
                _ => break,
            }
        }
        let kept = [kept_with_redo(&control, from as u64, until as u64)];
        let setup = Setup { once, ..setup() };
        let lane = source.resume(&setup, PLAIN, &kept).unwrap().pop().unwrap();
        prop_assert_eq!(lane.resumes, (from > 0 || until > from).then_some(0));
        let control = Lane { control: Arc::clone(&lane.control), ..named(&lane) };
        let (mut second, mut all, mut border) = (stream(lane), Vec::new(), None);
        for size in sizes.iter().cycle() {
            match second.read(&mut into[..*size], true).unwrap() {
                Got::Bytes(n) => all.extend_from_slice(&into[..n]),
                Got::Break => border = Some(from + all.len()),
                _ => break,
            }
        }
        prop_assert!(all == content[from..]);
        prop_assert_eq!(border, (until > from).then_some(until));
        let kept = [super::super::super::support::testing::kept(&control, later as u64)];
        let lane = source.resume(&setup, PLAIN, &kept).unwrap().pop().unwrap();
        prop_assert!(drain(&mut *stream(lane), &sizes).unwrap() == content[later..]);
    }
}
