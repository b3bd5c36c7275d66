//! What a receiver makes of streams: whole records, one behind the other.

use proptest::prelude::*;

use super::*;
use crate::data::buffer::Pool;
use crate::sources::Unread;

/// Gives its bytes, then its end.
struct Given(Vec<u8>, Got);

impl Stream for Given {
    fn read(&mut self, into: &mut [u8], _: bool) -> Result<Got> {
        let bytes = std::mem::take(&mut self.0);
        into[..bytes.len()].copy_from_slice(&bytes);
        Ok(if bytes.is_empty() { self.1 } else { Got::Bytes(bytes.len()) })
    }
}

/// All records, and the position behind them.
fn read(bytes: &str, end: Got) -> (String, u64) {
    let quota = Quota::new(Arc::new(Pool::default()), BLOCK, Arc::new(|| ()));
    let stream = Box::new(Given(bytes.into(), end));
    let mut receiver = Receiver::new(stream, Framing::plain(b'\n'), 8);
    let (mut all, mut position) = (String::new(), 0);
    while let Step::Records(chunk) = receiver.next(&quota).unwrap() {
        assert_eq!(chunk.from, position);
        all += std::str::from_utf8(chunk.buffer.bytes()).unwrap();
        position = chunk.until;
    }
    (all, position)
}

#[test]
fn a_record_without_an_end_is_one_at_the_end_but_not_where_a_file_is_left() {
    assert_eq!(read("ab\ncd", Got::End), ("ab\ncd".into(), 5));
    assert_eq!(read("ab\ncd", Got::Stop), ("ab\n".into(), 3));
    assert_eq!(read("cd", Got::Stop), (String::new(), 0));
    assert_eq!(read("longer than 8 bytes", Got::Stop), (String::new(), 0));
}

/// Gives one after the other.
struct Files(std::vec::IntoIter<std::result::Result<&'static str, Got>>, usize);

impl Stream for Files {
    fn read(&mut self, into: &mut [u8], _: bool) -> Result<Got> {
        Ok(match self.0.next() {
            Some(Ok(text)) => {
                into[..text.len()].copy_from_slice(text.as_bytes());
                Got::Bytes(text.len())
            }
            Some(Err(got)) => {
                self.1 += usize::from(got == Got::File);
                got
            }
            None => Got::End,
        })
    }

    fn file(&self) -> Arc<str> {
        format!("f{}", self.1).into()
    }
}

/// The first chunk of each file says so, also where that is word of a record that was left out; nothing runs together.
#[test]
fn chunks_say_where_a_file_begins_and_when_all_was_given() {
    let file = Err(Got::File);
    let (end, done) = (Err(Got::Break), Err(Got::Done));
    let given = vec![
        done,
        file,
        Ok("a\nb"),
        end,
        file,
        end,
        file,
        Ok("c"),
        end,
        done,
        file,
        Ok("longer than"),
        Ok(" 8\nd\n"),
        end,
        done,
        file,
        Ok("e\n"),
        file,
        Ok("f"),
    ];
    let quota = Quota::new(Arc::new(Pool::default()), BLOCK, Arc::new(|| ()));
    let mut receiver = Receiver::new(Box::new(Files(given.into_iter(), 0)), Framing::plain(b'\n'), 8);
    let (mut all, mut position) = (Vec::new(), 0);
    loop {
        let chunk = match receiver.next(&quota).unwrap() {
            Step::Records(chunk) => chunk,
            Step::Done => {
                all.push("done".to_string());
                continue;
            }
            Step::Unread { .. } => unreachable!(),
            Step::End => break,
        };
        assert!(chunk.from >= position);
        position = chunk.until;
        let (text, name) = (String::from_utf8_lossy(chunk.buffer.bytes()), chunk.begins.as_deref().unwrap_or(""));
        all.push(format!("{name}:{}{}", text.replace('\n', "."), "!".repeat(chunk.too_long.len())));
    }
    assert_eq!(all, ["done", "f1:a.b", "f3:c", "done", "f4:!", ":d.", "done", "f5:e.", "f6:f"]);
}

/// A file whose records may be passed over.
struct Ranges(Arc<std::fs::File>, u64, u64);

impl Stream for Ranges {
    fn read(&mut self, into: &mut [u8], _: bool) -> Result<Got> {
        let n = std::os::unix::fs::FileExt::read_at(&*self.0, into, self.1).unwrap();
        self.1 += n as u64;
        Ok(if n == 0 { Got::End } else { Got::Bytes(n) })
    }

    fn pass_over(&mut self, back: usize, most: usize, delimiter: u8) -> Option<Unread> {
        let at = self.1 - back as u64;
        let unread = Unread::find(&"no f".into(), &self.0, at, most, delimiter)?;
        (self.1, self.2) = (at + unread.len() as u64, self.2 + 1);
        Some(unread)
    }

    fn progress(&self) -> u64 {
        self.2
    }
}

proptest! {
    /// Read here or by whoever works on it, a file is its whole records, one behind the other.
    #[test]
    fn what_is_passed_over_is_read_once(lens in prop::collection::vec(prop_oneof![9 => 0usize..300, 1 => 0usize..12_000], 0..200), ended: bool) {
        let mut text: Vec<u8> = lens.iter().flat_map(|len| [vec![b'x'; *len], vec![b'\n']].concat()).collect();
        if !ended {
            text.pop();
        }
        let file = tempfile::tempfile().unwrap();
        std::os::unix::fs::FileExt::write_all_at(&file, &text, 0).unwrap();
        let quota = Quota::new(Arc::new(Pool::default()), BLOCK, Arc::new(|| ()));
        let stream = Box::new(Ranges(Arc::new(file), 0, 0));
        let mut receiver = Receiver::new(stream, Framing::plain(b'\n'), 1 << 20).in_steps(8192).shared(true);
        let (mut all, mut position, mut passed) = (Vec::new(), 0, 0);
        loop {
            let (buffer, from, until) = match receiver.next(&quota).unwrap() {
                Step::Records(chunk) => (chunk.buffer, chunk.from, chunk.until),
                Step::Unread { unread, from, until } => {
                    passed += 1;
                    (unread.read(&quota).unwrap(), from, until)
                }
                Step::Done => unreachable!(),
                Step::End => break,
            };
            prop_assert_eq!((from, until), (position, position + buffer.len() as u64));
            all.extend_from_slice(buffer.bytes());
            position = until;
            prop_assert!(buffer.bytes().ends_with(b"\n") || all.len() == text.len());
        }
        prop_assert_eq!(passed, receiver.progress());
        prop_assert!(all == text);
        let plain = lens.iter().all(|len| *len < 300);
        prop_assert!(passed > 0 || !plain || text.len() < 4 * 8192, "nothing was passed over");
    }
}
