//! A look at the head of a stream before the run begins: the bytes are given again afterwards.

use std::sync::Arc;
use std::time::Duration;

use crate::data::buffer::Quota;
use crate::data::framing::Framing;
use crate::error::Result;
use crate::sources::{Got, Intake, Step, Stream};

/// A stream whose first bytes have been read already.
pub struct Peeked {
    ahead: Vec<u8>,
    stream: Box<dyn Stream>,
    /// What the stream said behind them, if it was its end.
    ended: Option<Got>,
}

impl Peeked {
    /// Reads, up to `most` bytes in all and waiting for them if need be, until `tell` makes something of a record of at most `limit` bytes; it is given the
    /// records one by one, with empty lines before them, and whether it is the first.
    pub fn tell<T>(
        stream: Box<dyn Stream>,
        framing: Framing,
        (limit, most): (usize, usize),
        mut tell: impl FnMut(&[u8], bool) -> Result<Option<T>>,
    ) -> Result<(Self, Option<T>)> {
        let (mut peeked, mut from) = (Peeked { ahead: Vec::new(), stream, ended: None }, 0);
        let mut space = vec![0; 64 * 1024];
        loop {
            let open = &peeked.ahead[from..];
            let blank = framing.blank(open);
            let end = framing.first_end(&open[blank..]).map(|end| blank + end);
            if peeked.ahead.len() >= most && end.is_none_or(|end| from + end > most) {
                return Ok((peeked, None));
            }
            // What is only a part of a record tells nothing.
            if end.is_none() && peeked.ended == Some(Got::Stop) {
                return Ok((peeked, None));
            }
            let Some(end) = end.or(peeked.ended.is_some().then_some(open.len())) else {
                match peeked.stream.read(&mut space, true)? {
                    Got::Bytes(count) => peeked.ahead.extend_from_slice(&space[..count]),
                    Got::Later => {}
                    got => peeked.ended = Some(got),
                }
                continue;
            };
            if open.is_empty() {
                return Ok((peeked, None));
            }
            let record = open[blank..end].strip_suffix(&[framing.delimiter]).unwrap_or(&open[blank..end]);
            if record.len() <= limit
                && let Some(told) = tell(&open[..end], from == 0)?
            {
                return Ok((peeked, Some(told)));
            }
            from += end;
        }
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

/// Records that were looked at before the run begins: they are given first.
pub struct Begun {
    first: Option<Step>,
    rest: Box<dyn Intake>,
}

impl Begun {
    /// What `tell` makes of the first of them from which it makes something, in the first buffer that comes.
    pub fn tell<T>(
        mut rest: Box<dyn Intake>,
        framing: Framing,
        limit: usize,
        mut tell: impl FnMut(&[u8], bool) -> Result<Option<T>>,
    ) -> Result<(Self, Option<T>)> {
        // Nobody else has a share of it yet.
        let first = rest.next(&Quota::new(Arc::default(), usize::MAX, Arc::new(|| ())))?;
        let mut told = Ok(None);
        if let Step::Records(chunk) = &first {
            let (bytes, mut is_first) = (chunk.buffer.bytes(), true);
            framing.each(bytes, 0, bytes.len(), |record| {
                if matches!(told, Ok(None)) && record.len as usize <= limit {
                    told = tell(record.of(bytes).unwrap_or_default(), is_first);
                }
                is_first = false;
            });
        }
        Ok((Begun { first: Some(first), rest }, told?))
    }
}

impl Intake for Begun {
    fn next(&mut self, quota: &Arc<Quota>) -> Result<Step> {
        self.first.take().map_or_else(|| self.rest.next(quota), Ok)
    }

    fn attends(&self) -> Option<Duration> {
        self.rest.attends()
    }

    fn attend(&mut self) -> Result<()> {
        self.rest.attend()
    }

    fn progress(&self) -> u64 {
        self.rest.progress()
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
            let mut peeked =
                Peeked::tell(Box::new(Given(parts.clone())), framing, (1 << 10, 1 << 20), |_, _| Ok(Some(())))
                    .unwrap()
                    .0;
            assert!(peeked.ahead.starts_with(parts.concat().split_inclusive('\n').next().unwrap_or("").as_bytes()));
            let (mut all, mut space) = (Vec::new(), [0; 2]);
            while let Got::Bytes(count) = peeked.read(&mut space, true).unwrap() {
                all.extend_from_slice(&space[..count]);
            }
            assert_eq!(parts.concat().as_bytes(), all);
        }
    }
}
