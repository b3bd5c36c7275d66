//! Directories while nothing runs.

use proptest::prelude::*;

use super::super::super::Kept;
use super::super::super::support::testing::{drain, heard, kept as kept_of};
use super::*;

/// Runs over one directory, one after the other, with what a checkpoint keeps of them.
struct Runs {
    dir: TempDir,
    options: &'static str,
    stream: Box<dyn Stream>,
    control: Arc<dyn Control>,
    /// The position of the next byte.
    position: u64,
    kept: Kept,
    said: Said,
}

impl Runs {
    /// The first run.
    fn new(options: &'static str, files: &[(&str, &str)]) -> Self {
        let Watched { dir, stream, control, said } = watched(options, files);
        let mark = control.mark(0, false).unwrap().unwrap();
        let kept = Kept { name: "dir".into(), position: 0, marks: vec![mark], redo: None };
        Runs { dir, options, stream, control, position: 0, kept, said }
    }

    fn put(&self, name: &str, text: &str) {
        fs::write(self.dir.path().join(name), text).unwrap();
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.dir.path().join(from), self.dir.path().join(to)).unwrap();
    }

    /// A later run.
    fn start(&mut self) -> Result<()> {
        let (setup, said) = heard();
        let spec = format!("dir:{}{}", self.dir.path().display(), self.options);
        let lane = parse(&spec)?.resume(&setup, PLAIN, std::slice::from_ref(&self.kept))?.pop().unwrap();
        assert_eq!(lane.resumes, Some(0));
        self.control = Arc::clone(&lane.control);
        (self.position, self.said, self.stream) = (self.kept.position, said, stream(lane));
        Ok(())
    }

    fn refused(&mut self) -> String {
        self.start().expect_err("refused").to_string().replace(&format!("{}/", self.dir.path().display()), "")
    }

    /// What a cut is given, `{name}` where a file begins.
    fn cut(&mut self) -> String {
        self.control.ask();
        let all = given(&mut *self.stream, self.dir.path());
        let mut plain = all.replace('|', "");
        while let Some((before, rest)) = plain.split_once('{') {
            plain = format!("{before}{}", rest.split_once('}').unwrap().1);
        }
        self.position += plain.len() as u64;
        all
    }

    /// The output is out up to there.
    fn commit(&mut self, position: u64, whole: bool) {
        let mark = self.control.mark(position, whole).unwrap().unwrap();
        if whole {
            self.kept.marks.clear();
        }
        self.kept.marks.push(mark);
        self.kept.position = position;
        self.kept.redo = None;
    }

    /// It is being written up to there.
    fn begin(&mut self, until: u64) {
        self.kept.redo = Some((until, self.control.mark(until, false).unwrap().unwrap()));
    }
}

#[test]
fn what_was_taken_is_not_taken_again_and_what_came_meanwhile_is_new() {
    let mut runs = Runs::new("", &[("old", "0\n")]);
    runs.put("a", "1\n");
    assert_eq!(runs.cut(), "{a}1\n|");
    runs.commit(2, false);
    runs.put("b", "2\n");
    assert_eq!(runs.cut(), "{b}2\n|", "and lost with the run");
    runs.rename("a", "c");
    runs.put("d", "3\n");
    runs.start().unwrap();
    assert_eq!(runs.cut(), "{b}2\n|{d}3\n|");
    runs.commit(6, true);
    runs.start().unwrap();
    assert_eq!(runs.cut(), "");
    assert_eq!(runs.said.text(), "");
}

/// Nothing had come yet: the files that were there at the first start still are not new.
#[test]
fn the_first_start_says_what_is_new() {
    for (options, expected) in [("", "{b}2\n|"), ("?existing=true", "{a}1\n|{b}2\n|")] {
        let mut runs = Runs::new(options, &[("a", "1\n")]);
        runs.put("b", "2\n");
        runs.start().unwrap();
        assert_eq!(runs.cut(), expected);
    }
}

#[test]
fn the_batch_that_was_being_written_is_given_again_without_being_asked() {
    let mut runs = Runs::new("", &[]);
    runs.put("a", "1\n");
    assert_eq!(runs.cut(), "{a}1\n|");
    runs.commit(2, false);
    runs.put("c", "2\n");
    runs.put("b", "3\n4");
    assert_eq!(runs.cut(), "{b}3\n4|{c}2\n|");
    runs.begin(7);
    runs.put("aa", "5\n");
    runs.rename("b", "z");
    fs::OpenOptions::new().append(true).open(runs.dir.path().join("c")).unwrap().write_all(b"more\n").unwrap();
    for _ in 0..2 {
        runs.start().unwrap();
        assert_eq!(runs.stream.read(&mut [0; 9], false).unwrap(), Got::File);
        runs.start().unwrap();
        assert_eq!(runs.cut(), "{z}3\n4|{c}2\n|{aa}5\n|");
        // Killed once more, with what this run has marked.
        runs.begin(7);
    }
    runs.start().unwrap();
    runs.cut();
    runs.commit(7, false);
    runs.start().unwrap();
    assert_eq!(runs.cut(), "{aa}5\n|");
}

/// A whole mark before the batch is given again does not take its files for taken.
#[test]
fn a_mark_at_the_start_does_not_run_ahead() {
    let mut runs = Runs::new("", &[]);
    runs.put("a", "1\n2\n");
    runs.cut();
    runs.begin(4);
    runs.start().unwrap();
    runs.commit(0, true);
    runs.start().unwrap();
    assert_eq!(runs.cut(), "{a}1\n2\n|");
}

#[test]
fn what_is_to_be_given_again_and_is_gone_or_changed_is_an_error() {
    for (text, found) in [
        (None, "a is gone, and the batch that was being written needs it; put it back as it was"),
        (Some("1\n"), "a has shrunk from 4 to 2 bytes, and the batch"),
        (Some("3\n4\n"), "a begins otherwise than when it was read before, and the batch"),
    ] {
        let mut runs = Runs::new("", &[]);
        runs.put("a", "1\n2\n");
        runs.cut();
        runs.begin(4);
        match text {
            Some(text) => runs.put("a", text),
            None => fs::remove_file(runs.dir.path().join("a")).unwrap(),
        }
        let error = runs.refused();
        assert!(error.contains(found), "{error}");
    }
}

/// Cuts by number, or a stop, divide a file: the rest of it comes first, without a head, then what is new.
#[test]
fn a_file_in_which_a_batch_ended_goes_on() {
    let mut runs = Runs::new("", &[]);
    runs.put("a", "1\n2\n3\n4\n");
    runs.put("b", "5\n");
    assert_eq!(runs.cut(), "{a}1\n2\n3\n4\n|{b}5\n|");
    runs.commit(2, true);
    runs.start().unwrap();
    assert_eq!(runs.cut(), "2\n3\n4\n|{b}5\n|");
    runs.begin(6);
    runs.start().unwrap();
    assert_eq!(runs.cut(), "2\n3\n|4\n|{b}5\n|");
    runs.commit(6, false);
    runs.put("a", "now it is another one\n");
    runs.start().unwrap();
    assert_eq!(runs.cut(), "{b}5\n|");
    let said = runs.said.text();
    assert!(
        said.ends_with("/a begins otherwise than when it was read before: what it held behind byte 6 is lost\n"),
        "{said}"
    );
}

#[test]
fn marks_that_contradict_themselves_are_errors() {
    let mut runs = Runs::new("", &[]);
    runs.put("a", "1\n2\n");
    runs.cut();
    runs.begin(4);
    runs.kept.redo.as_mut().unwrap().0 = 9;
    assert!(runs.refused().contains("cannot be understood"));
    runs.kept.redo = None;
    runs.kept.marks = vec![vec![1, b'f', 1, 0, 0]];
    assert!(runs.refused().contains("with or without --once"));
}

/// What has gone is forgotten in the checkpoint too.
#[test]
fn marks_do_not_grow_with_what_has_gone() {
    let mut runs = Runs::new("", &[]);
    let mut sizes = Vec::new();
    for number in 0..40 {
        runs.put("same", &format!("{}\n", number % 10));
        runs.cut();
        fs::remove_file(runs.dir.path().join("same")).unwrap();
        sizes.push(runs.control.mark(runs.position, true).unwrap().unwrap().len());
    }
    assert!(sizes[39] <= sizes[1] + 60, "{sizes:?}");
}

/// With `--once` what has been taken stays a lane without anything to give, so that its mark is kept.
#[test]
fn once_goes_on_from_run_to_run() {
    let dir = tempdir().unwrap();
    let spec = format!("dir:{}", dir.path().display());
    let mut kept: Vec<Kept> = Vec::new();
    let mut all = Vec::new();
    for (name, text) in [("b", "1\n"), ("a", "2\n"), ("c", "3\n"), ("a", "2\n4\n")] {
        fs::write(dir.path().join(name), text).unwrap();
        let once = Setup { once: true, ..setup() };
        let lanes = parse(&spec).unwrap().resume(&once, PLAIN, &kept).unwrap();
        let mut next = Vec::new();
        for lane in lanes {
            let (from, name) = (lane.resumes.map_or(0, |at| kept[at].position), lane.name.clone());
            let control = Arc::clone(&lane.control);
            let text = drain(&mut *stream(lane), &[8]).unwrap();
            all.extend_from_slice(&text);
            let position = from + text.len() as u64;
            let mark = control.mark(position, true).unwrap().unwrap();
            next.push(Kept { name, position, marks: vec![mark], redo: None });
        }
        kept = next;
    }
    assert_eq!(all, b"1\n2\n3\n4\n");
    let watched = watched("", &[]);
    let lane = open(&format!("dir:{}", watched.dir.path().display()), &setup()).unwrap();
    let other = [kept_of(&lane, 0)];
    let once = Setup { once: true, ..setup() };
    let error = parse(&spec).unwrap().resume(&once, PLAIN, &other).err().expect("another kind").to_string();
    assert!(error.contains("in another way (with or without --once"), "{error}");
}

/// What happens to a directory, and to who watches it.
#[derive(Debug, Clone)]
enum Story {
    Put(String),
    Rename(prop::sample::Index),
    Cut,
    /// The batch is out; perhaps only up to a line, as a cut by number would have it.
    Commit {
        whole: bool,
        at: Option<prop::sample::Index>,
    },
    Kill {
        redo: bool,
    },
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever comes and whenever it is killed: each file is taken once, in one piece, and what was being written is the same.
    #[test]
    fn each_file_is_taken_once_over_restarts(events in prop::collection::vec(prop_oneof![
        4 => "([a-c]{1,3}\n){1,3}".prop_map(Story::Put),
        1 => any::<prop::sample::Index>().prop_map(Story::Rename),
        2 => Just(Story::Cut),
        2 => (any::<bool>(), prop::option::of(any::<prop::sample::Index>())).prop_map(|(whole, at)| Story::Commit { whole, at }),
        2 => any::<bool>().prop_map(|redo| Story::Kill { redo }),
    ], 0..40)) {
        let mut runs = Runs::new("", &[("there", "before\n")]);
        let (mut files, mut committed, mut open) = (Vec::<(String, String)>::new(), String::new(), String::new());
        let plain = |all: String| {
            let mut plain = all.replace('|', "");
            while let Some((before, rest)) = plain.split_once('{') {
                plain = format!("{before}{}", rest.split_once('}').unwrap().1);
            }
            plain
        };
        let last = [Story::Cut, Story::Commit { whole: true, at: None }];
        for event in events.into_iter().chain(last) {
            match event {
                Story::Put(text) => {
                    let name = format!("{}", files.len());
                    // The number makes each file another text.
                    let text = format!("{name}-{text}");
                    runs.put(&name, &text);
                    files.push((name, text));
                }
                Story::Rename(which) if !files.is_empty() => {
                    let which = which.index(files.len());
                    let to = format!("{}r", files[which].0);
                    // A file that was listed under its old name is found at the next listing.
                    runs.rename(&files[which].0, &to);
                    files[which].0 = to;
                }
                Story::Rename(_) => {}
                Story::Cut => open += &plain(runs.cut()),
                Story::Commit { whole, at } => {
                    let lines: Vec<usize> = open.match_indices('\n').map(|(at, _)| at + 1).collect();
                    let until = match at {
                        Some(at) if !lines.is_empty() => lines[at.index(lines.len())],
                        _ => open.len(),
                    };
                    let start = runs.kept.position;
                    runs.commit(start + until as u64, whole);
                    committed += &open[..until];
                    open.drain(..until);
                }
                Story::Kill { redo } => {
                    let wanted = std::mem::take(&mut open);
                    if redo {
                        runs.begin(runs.kept.position + wanted.len() as u64);
                    }
                    runs.start().unwrap();
                    open = plain(runs.cut());
                    if redo {
                        prop_assert!(open.starts_with(&wanted), "{open:?} instead of {wanted:?}");
                    }
                    runs.kept.redo = None;
                }
            }
        }
        let mut expected: Vec<&str> = files.iter().flat_map(|(_, text)| text.lines()).collect();
        let mut found: Vec<&str> = committed.lines().collect();
        expected.sort_unstable();
        found.sort_unstable();
        prop_assert_eq!(found, expected);
        for (_, text) in &files {
            prop_assert!(committed.contains(text.as_str()), "{text:?} in one piece");
        }
    }
}
