//! The frames of Avro's netty transport: `u32 serial, u32 parts, parts × (u32 length, bytes)`, big endian. The parts of a frame
//! are one message.
//!
//! Bytes come as the network gives them; no length is believed before its bytes are here, nor one that leads beyond the limit.

/// What came of a frame so far.
pub struct Frames {
    /// The longest message, in bytes.
    limit: usize,
    /// Of a number that has not come wholly.
    number: [u8; 4],
    had: usize,
    state: State,
    serial: u32,
    /// Of the message.
    body: Vec<u8>,
}

#[derive(Clone, Copy)]
enum State {
    Serial,
    Parts,
    /// The length of the next of so many parts.
    Length(usize),
    /// So many bytes are missing of the first of so many parts.
    Bytes(usize, usize),
}

/// A message that has grown beyond this gives its memory back, in bytes.
const KEPT: usize = 256 * 1024;

impl Frames {
    /// Nothing came; messages are up to so long.
    pub fn new(limit: usize) -> Self {
        Frames { limit, number: [0; 4], had: 0, state: State::Serial, serial: 0, body: Vec::new() }
    }

    /// Bytes that came next. `each` gets the serial number and the bytes of every message that is whole; an error, also its own,
    /// says why this is no stream of frames, and ends it.
    pub fn add(
        &mut self,
        mut bytes: &[u8],
        mut each: impl FnMut(u32, &[u8]) -> Result<(), String>,
    ) -> Result<(), String> {
        while !bytes.is_empty() {
            if let State::Bytes(parts, missing) = self.state {
                let (now, rest) = bytes.split_at(missing.min(bytes.len()));
                self.body.extend_from_slice(now);
                bytes = rest;
                self.state = match missing - now.len() {
                    0 => State::Length(parts - 1),
                    missing => State::Bytes(parts, missing),
                };
            } else {
                self.number[self.had] = bytes[0];
                (self.had, bytes) = ((self.had + 1) % 4, &bytes[1..]);
                if self.had == 0 {
                    self.state = self.behind(u32::from_be_bytes(self.number))?;
                }
            }
            if let State::Length(0) = self.state {
                self.state = State::Serial;
                let given = each(self.serial, &self.body);
                self.body.clear();
                self.body.shrink_to(KEPT);
                given?;
            }
        }
        Ok(())
    }

    /// Where it stands behind a number.
    fn behind(&mut self, number: u32) -> Result<State, String> {
        let length = number as usize;
        Ok(match self.state {
            State::Serial => {
                self.serial = number;
                State::Parts
            }
            // Those that Avro writes hold 8 KiB; each counts as one byte at least, so that empty ones have an end.
            State::Parts if length > self.limit => return Err("its first bytes are no frame of Avro".to_string()),
            State::Parts => State::Length(length),
            State::Length(parts) | State::Bytes(parts, _) => {
                if length > self.limit - self.body.len() {
                    return Err(format!(
                        "it sends a request of {} bytes or more and the limit is {}: lower the batch-size of its sink or \
                         raise --max-record",
                        self.body.len().saturating_add(length),
                        self.limit
                    ));
                }
                if length == 0 { State::Length(parts - 1) } else { State::Bytes(parts, length) }
            }
        })
    }
}

/// Appends the frame of an answer.
pub fn write(serial: u32, body: &[u8], out: &mut Vec<u8>) {
    for number in [serial, 1, body.len() as u32] {
        out.extend_from_slice(&number.to_be_bytes());
    }
    out.extend_from_slice(body);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(serial: u32, parts: &[&[u8]]) -> Vec<u8> {
        let mut out = [serial.to_be_bytes(), (parts.len() as u32).to_be_bytes()].concat();
        for part in parts {
            out.extend_from_slice(&(part.len() as u32).to_be_bytes());
            out.extend_from_slice(part);
        }
        out
    }

    fn messages(frames: &mut Frames, bytes: &[u8], step: usize) -> Result<Vec<(u32, Vec<u8>)>, String> {
        let mut all = Vec::new();
        for part in bytes.chunks(step) {
            frames.add(part, |serial, body| {
                all.push((serial, body.to_vec()));
                Ok(())
            })?;
        }
        Ok(all)
    }

    #[test]
    fn messages_come_whole_however_their_bytes_are_cut() {
        let all = [frame(7, &[b"ab", b"", b"cde"]), frame(8, &[]), frame(9, &[b""]), frame(u32::MAX, &[b"x"])].concat();
        for step in 1..=all.len() {
            let found = messages(&mut Frames::new(5), &all, step).expect("frames");
            let expected: [(u32, &[u8]); 4] = [(7, b"abcde"), (8, b""), (9, b""), (u32::MAX, b"x")];
            assert_eq!(found, expected.map(|(serial, body)| (serial, body.to_vec())), "{step} at once");
        }
    }

    #[test]
    fn what_is_too_long_is_refused_before_it_is_kept() {
        let wrong = |bytes: &[u8]| {
            let mut frames = Frames::new(5);
            let wrong = messages(&mut frames, bytes, 3).expect_err("refused");
            assert!(frames.body.len() <= 5);
            wrong
        };
        assert!(wrong(&frame(1, &[b"abc", b"def"])).contains("a request of 6 bytes or more and the limit is 5"));
        assert!(wrong(b"\0\0\0\x01\0\0\0\x01\xff\xff\xff\xff").contains("a request of 4294967295 bytes"));
        assert!(wrong(b"GET / HTTP/1.1\r\n").contains("no frame of Avro"));
        assert!(wrong(b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03").contains("no frame of Avro"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_frames_or_refused(bytes in prop::collection::vec(prop_oneof![3 => 0..3u8, 1 => any::<u8>()], 0..200)) {
            let mut frames = Frames::new(20);
            if let Ok(found) = messages(&mut frames, &bytes, 7) {
                prop_assert!(found.iter().all(|(_, body)| body.len() <= 20));
            }
            prop_assert!(frames.body.capacity() <= 64);
        }

        #[test]
        fn an_answer_is_a_frame(serial: u32, body: Vec<u8>) {
            let mut out = Vec::new();
            write(serial, &body, &mut out);
            prop_assert_eq!(messages(&mut Frames::new(body.len().max(1)), &out, 5).expect("a frame"), vec![(serial, body)]);
        }
    }
}
