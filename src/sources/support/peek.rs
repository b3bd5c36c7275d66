//! A look at the head of a stream before the run begins: the bytes are given again afterwards.

use crate::data::framing::Framing;
use crate::error::Result;
use crate::sources::{Got, Stream};

/// A stream whose first bytes have been read already.
pub struct Peeked {
    ahead: Vec<u8>,
    stream: Box<dyn Stream>,
    /// What the stream said behind them, if it was its end.
    ended: Option<Got>,
}

impl Peeked {
    /// Reads until the first `records` records are whole, or so many bytes, or the stream ends; waits for them if need be.
    pub fn new(mut stream: Box<dyn Stream>, framing: Framing, records: usize, limit: usize) -> Result<Self> {
        let (mut ahead, mut ended) = (Vec::new(), None);
        let mut space = vec![0; 64 * 1024];
        while ended.is_none() && ahead.len() < limit && framing.nth_end(&ahead, records).is_none() {
            match stream.read(&mut space, true)? {
                Got::Bytes(count) => ahead.extend_from_slice(&space[..count]),
                Got::Later => {}
                got @ (Got::Break | Got::End | Got::Stop) => ended = Some(got),
            }
        }
        Ok(Peeked { ahead, stream, ended })
    }

    /// What was read.
    pub fn ahead(&self) -> &[u8] {
        &self.ahead
    }
}

impl Stream for Peeked {
    fn read(&mut self, into: &mut [u8], wait: bool) -> Result<Got> {
        if !self.ahead.is_empty() {
            let count = self.ahead.len().min(into.len());
            into[..count].copy_from_slice(&self.ahead[..count]);
            self.ahead.drain(..count);
            return Ok(Got::Bytes(count));
        }
        match self.ended.take() {
            Some(got) => Ok(got),
            None => self.stream.read(into, wait),
        }
    }

    fn progress(&self) -> u64 {
        self.stream.progress()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a text a read, as far as there is room, then its end.
    struct Given(Vec<&'static str>);

    impl Stream for Given {
        fn read(&mut self, into: &mut [u8], _: bool) -> Result<Got> {
            if self.0.is_empty() {
                return Ok(Got::End);
            }
            let text = self.0.remove(0);
            let count = text.len().min(into.len());
            into[..count].copy_from_slice(&text.as_bytes()[..count]);
            if count < text.len() {
                self.0.insert(0, &text[count..]);
            }
            Ok(Got::Bytes(count))
        }
    }

    #[test]
    fn the_head_is_read_and_given_again_whatever_the_reads() {
        for parts in [vec!["a,", "b\n1", ",2\n", "3"], vec!["a,b\n1,2\n3"], vec!["a,b"], vec![]] {
            let framing = Framing::quoted(b'\n', b',');
            let mut peeked = Peeked::new(Box::new(Given(parts.clone())), framing, 1, 1 << 20).unwrap();
            assert!(peeked.ahead().starts_with(parts.concat().split_inclusive('\n').next().unwrap_or("").as_bytes()));
            let (mut all, mut space) = (Vec::new(), [0; 2]);
            while let Got::Bytes(count) = peeked.read(&mut space, true).unwrap() {
                all.extend_from_slice(&space[..count]);
            }
            assert_eq!(parts.concat().as_bytes(), all);
        }
    }
}
