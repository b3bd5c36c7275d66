//! Followed files while nothing runs.

use super::super::super::super::Kept;
use super::super::again::followed;
use super::*;

impl Following {
    /// What a checkpoint keeps here; the position is that of the last byte read.
    fn kept(&self) -> Kept {
        let position = lock(&self.followed.trail).position;
        let mark = Way(Arc::clone(&self.followed.trail)).mark(position, true).unwrap().unwrap();
        Kept { name: "f".into(), position, marks: vec![mark], redo: None }
    }

    /// A batch was being written that ends here.
    fn begun(&self, kept: Kept) -> Kept {
        let Kept { position, mut marks, .. } = self.kept();
        Kept { redo: Some((position, marks.remove(0))), ..kept }
    }

    fn setup(&self, once: bool) -> Setup {
        let messages = Messages::new(Box::new(self.said.clone()));
        Setup { messages, once, ..setup_on(Arc::clone(&self.clock) as Arc<dyn Clock>) }
    }

    fn again(&mut self, kept: &Kept, once: bool) -> Result<()> {
        let (setup, path) = (self.setup(once), self.dir.path().join("f"));
        let again = followed(&path, kept, &setup, PLAIN)?;
        self.followed = again.unwrap_or_else(|| {
            File::open(&path).map_or_else(
                |_| Followed::absent(path.clone(), &setup),
                |file| Followed::opened(path.clone(), file, &setup).unwrap(),
            )
        });
        self.stop = setup.stop;
        Ok(())
    }

    /// What comes after a restart, `!` for a border.
    fn after(&mut self, kept: &Kept) -> String {
        self.again(kept, false).unwrap();
        self.read()
    }

    fn refused(&mut self, kept: &Kept) -> String {
        self.again(kept, false).unwrap_err().to_string().replace(&self.dir.path().display().to_string(), "")
    }
}

#[test]
fn a_file_that_is_still_there_goes_on() {
    let mut f = following(Some("1\n2\n"));
    assert_eq!(f.read(), "1\n2\n");
    let kept = f.kept();
    f.append("f", "3\n");
    assert_eq!(f.after(&kept), "3\n");
    let kept = f.kept();
    assert_eq!((f.after(&kept), f.said()), (String::new(), String::new()));
    f.append("f", "4\n");
    assert_eq!(f.read(), "4\n");
}

#[test]
fn the_rest_of_a_rotated_file_comes_before_the_new_one() {
    let mut f = following(Some("1\n"));
    assert_eq!(f.read(), "1\n");
    let kept = f.kept();
    f.append("f", "2\n");
    f.rename("f", "f-20261120");
    assert_eq!(f.after(&kept), "2\n", "the new one is not there yet");
    f.append("f", "3\n");
    assert_eq!(f.after(&kept), "2\n|3\n");
    assert_eq!(f.said(), "");
    let kept = f.kept();
    f.append("f", "4\n");
    assert_eq!(f.after(&kept), "4\n");
}

#[test]
fn a_rotated_file_that_is_not_found_is_said() {
    let mut f = following(Some("1\n"));
    assert_eq!(f.read(), "1\n");
    let kept = f.kept();
    f.append("new", "2\n");
    f.rename("new", "f");
    f.append("f.1.gz", "not that file");
    assert_eq!(f.after(&kept), "|2\n");
    assert_eq!(
        f.said(),
        "streamer: /f was replaced while nothing ran, and the file that was there is not found beside it (compressed or \
         removed?): if it held more than the 2 bytes that were read, the rest is lost\n"
    );
    let kept = f.kept();
    f.append("f", "3\n");
    assert_eq!(f.after(&kept), "3\n");
}

#[test]
fn a_file_that_was_truncated_meanwhile_begins_again() {
    for text in ["", "5\n", "5\n6\n7\n"] {
        let mut f = following(Some("1\n2\n"));
        assert_eq!(f.read(), "1\n2\n");
        let kept = f.kept();
        fs::write(f.dir.path().join("f"), text).unwrap();
        assert_eq!(f.after(&kept), format!("|{text}"));
        assert!(f.said().contains("/f does not hold what was read of it before (it was truncated or written anew)"));
    }
}

/// Truncated while it was read: the lane stands in the second part, whatever the first one was.
#[test]
fn a_border_inside_of_one_file_is_known() {
    let mut f = following(Some("1\n2\n"));
    assert_eq!(f.read(), "1\n2\n");
    let before = f.kept();
    fs::write(f.dir.path().join("f"), "3\n").unwrap();
    assert_eq!(f.read(), "|3\n");
    let kept = f.kept();
    f.append("f", "4\n");
    assert_eq!(f.after(&kept), "4\n");
    // What the truncation took cannot be given again.
    let mut f = following(Some("1\n2\n"));
    assert_eq!(f.read(), "1\n2\n");
    let start = Kept { position: 2, ..f.kept() };
    fs::write(f.dir.path().join("f"), "3\n").unwrap();
    assert_eq!(f.read(), "|3\n");
    let mut kept = f.begun(start);
    assert!(
        f.refused(&kept).contains("/f was truncated, and the batch that was being written needs what was read of it")
    );
    kept.position = before.position;
    assert_eq!(f.after(&kept), "|3\n!");
}

#[test]
fn a_batch_over_several_files_is_given_again() {
    let mut f = following(Some("1\n"));
    assert_eq!(f.read(), "1\n");
    let kept = f.kept();
    for (number, text) in ["2\n", "3\n", "4\n"].into_iter().enumerate() {
        f.append("f", text);
        f.read();
        f.rename("f", &format!("f.{number}"));
    }
    f.append("f", "5\n6\n");
    assert_eq!(f.read(), "|5\n6\n");
    let kept = f.begun(kept);
    f.append("f.0", "too late\n");
    f.append("f", "7\n");
    assert_eq!(f.after(&kept), "2\n|3\n|4\n|5\n6\n!7\n");
    fs::remove_file(f.dir.path().join("f.1")).unwrap();
    let error = f.refused(&kept);
    assert!(error.contains("/f is not found (nor under another name beside /f), and the batch that was"), "{error}");
    assert_eq!(f.said(), "");
}

/// A record that had no end when the run stopped is in its batch; the rest of it is another one.
#[test]
fn a_record_that_goes_on_is_told() {
    let mut f = following(Some("1\nha"));
    assert_eq!(f.read(), "1\nha");
    let kept = f.kept();
    assert_eq!(f.after(&kept), "");
    f.append("f", "lf\n");
    assert_eq!(f.read(), "lf\n");
    assert_eq!(f.said().matches("/f was read up to byte 4, where its last record had no end").count(), 1);
}

#[test]
fn several_rotations_are_said() {
    let mut f = following(Some("1\n"));
    assert_eq!(f.read(), "1\n");
    let kept = f.kept();
    f.append("f", "2\n");
    f.rename("f", "f.2");
    let old = File::options().write(true).open(f.dir.path().join("f.2")).unwrap();
    old.set_modified(std::time::UNIX_EPOCH + Duration::from_secs(1)).unwrap();
    f.append("f.1", "3\n");
    f.append("f", "4\n");
    f.append("fx", "other\n");
    assert_eq!(f.after(&kept), "2\n|4\n");
    assert_eq!(
        f.said(),
        "streamer: /f seems to have been rotated more than once while nothing ran; what was never seen under this name is not \
         read: /f.1\n"
    );
}

/// A copy that was put back goes on if all of its fingerprint tells that it is one.
#[test]
fn a_copy_is_known_by_its_head_only_if_that_is_long() {
    for (lines, goes_on) in [(1, false), (200, true)] {
        let text = "1234567\n".repeat(lines);
        let mut f = following(Some(&text));
        assert_eq!(f.read(), text);
        let kept = f.kept();
        f.append("copy", &format!("{text}more\n"));
        f.rename("copy", "f");
        assert_eq!(f.after(&kept), if goes_on { "more\n".into() } else { format!("|{text}more\n") });
    }
}

/// With `--once` what is there is read, the rest of a rotated file too, and then it ends.
#[test]
fn once_reads_the_rest_and_what_is_there() {
    let mut f = following(Some("1\n"));
    assert_eq!(f.read(), "1\n");
    let kept = f.kept();
    f.append("f", "2\n");
    f.rename("f", "f.1");
    f.append("f", "3\n");
    f.again(&kept, true).unwrap();
    f.append("f", "too late\n");
    let mut all = Vec::new();
    let mut into = [0; 3];
    let end = loop {
        match f.followed.read(&mut into, true).unwrap() {
            Got::Bytes(n) => all.extend_from_slice(&into[..n]),
            Got::File => all.push(b'|'),
            other => break other,
        }
    };
    assert_eq!((&*all, end), (&b"2\n|3\n"[..], Got::End));
    let kept = f.kept();
    assert_eq!(f.after(&kept), "too late\n");
    // What a run with --once has marked is a mark of the same kind.
    let spec = format!("file:{}?follow=true", f.dir.path().join("f").display());
    let once = Setup { once: true, ..setup() };
    let lane = lanes(&spec, &once).unwrap().pop().unwrap();
    let name = lane.name.clone();
    let mark = lane.control.mark(0, true).unwrap().unwrap();
    let kept = [Kept { name, position: 4, marks: vec![mark], redo: None }];
    let lane = parse(&spec).unwrap().resume(&once, PLAIN, &kept).unwrap().pop().unwrap();
    assert_eq!(lane.resumes, Some(0));
    let rest = super::super::super::super::support::testing::drain(&mut *stream(lane), &[64]).unwrap();
    assert_eq!(rest, b"o late\n");
}

/// What happens to a log, and to who follows it.
#[derive(Debug, Clone)]
enum Story {
    Append(String),
    Rename,
    Read,
    Commit,
    /// Killed, perhaps while a batch was being written; meanwhile it is rotated, perhaps, and written to.
    Kill {
        redo: bool,
        rotated: bool,
        written: String,
    },
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// However a log grows and is rotated, and whenever it is killed: what is committed is all of it, in order, each once; and
    /// the batch that was being written is the same again.
    #[test]
    fn nothing_is_lost_over_restarts(events in proptest::collection::vec(prop_oneof![
        4 => "[a-c]{1,4}\n".prop_map(Story::Append),
        1 => Just(Story::Rename),
        2 => Just(Story::Read),
        2 => Just(Story::Commit),
        2 => (any::<[bool; 2]>(), "([a-c]{1,4}\n){0,2}")
            .prop_map(|([redo, rotated], written)| Story::Kill { redo, rotated, written }),
    ], 0..40)) {
        let mut f = following(Some(""));
        let (mut written, mut committed, mut open, mut number) = (String::new(), String::new(), String::new(), 0);
        let mut kept = f.kept();
        // A second rotation since what is kept would hide a file from the next run, which says so.
        let mut turned = false;
        let rotate = |f: &Following, number: &mut usize| {
            if f.dir.path().join("f").exists() {
                f.rename("f", &format!("f.{number}"));
                *number += 1;
            }
        };
        for event in events.into_iter().chain([Story::Read, Story::Commit]) {
            match event {
                Story::Append(text) => {
                    f.append("f", &text);
                    written += &text;
                }
                Story::Rename => {
                    open += &f.read();
                    if !std::mem::replace(&mut turned, true) {
                        rotate(&f, &mut number);
                    }
                }
                Story::Read => open += &f.read(),
                Story::Commit => {
                    kept = f.kept();
                    turned = !stands_at_path(&f, &kept);
                    committed += &std::mem::take(&mut open);
                }
                Story::Kill { redo, rotated, written: more } => {
                    if redo {
                        kept = f.begun(kept);
                    }
                    let expected = if redo { kept.redo.as_ref().map_or(0, |redo| redo.0) - kept.position } else { 0 };
                    if redo {
                        turned = !stands_at_path(&f, &kept);
                    }
                    if rotated && !std::mem::replace(&mut turned, true) {
                        rotate(&f, &mut number);
                    }
                    f.append("f", &more);
                    written += &more;
                    let all = f.after(&kept);
                    if expected > 0 {
                        let (again, rest) = all.split_once('!').expect("there is a border");
                        prop_assert_eq!(again.replace('|', "").len() as u64, expected);
                        committed += again;
                        open = rest.to_string();
                    } else {
                        open = all;
                    }
                    if kept.redo.take().is_some() {
                        // The batch is committed where it ended.
                        let position = lock(&f.followed.trail).position - open.replace('|', "").len() as u64;
                        let mark = Way(Arc::clone(&f.followed.trail)).mark(position, true).unwrap().unwrap();
                        kept = Kept { position, marks: vec![mark], ..kept };
                    }
                }
            }
        }
        prop_assert_eq!(committed.replace('|', ""), written);
    }
}

/// Two rotations with nobody looking would hide a file.
fn stands_at_path(f: &Following, kept: &Kept) -> bool {
    let bytes = kept.redo.as_ref().map_or(&kept.marks[0], |redo| &redo.1);
    let mark = Mark::decode(kept, Kind::Files, bytes).unwrap();
    let now = f.dir.path().join("f").metadata().ok().map(|seen| Identity::of(&seen));
    mark.pieces.last().is_some_and(|piece| Some(piece.identity) == now)
}
