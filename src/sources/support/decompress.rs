//! A regular file, or what is compressed in it: gzip (several members) and zstd (several frames), told by their first bytes.
//!
//! Runs on whatever thread reads the lane, normally a shard.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use flate2::bufread::GzDecoder;

use super::fingerprint::Fingerprint;
use super::unread::{Mapping, Unread};

/// How much compressed input is read at once, in bytes.
const INPUT: usize = 128 * 1024;

/// An open file, with what it was like when the run began.
pub struct Raw {
    file: Arc<File>,
    at: u64,
    /// Records were passed over: the descriptor stands elsewhere.
    passed: bool,
    mapping: Arc<Mapping>,
    size: u64,
    once: bool,
    fingerprint: Fingerprint,
}

impl Raw {
    /// A file that had `size` bytes when the run began; with `once` it is read no further than that, unless it is one of those
    /// of the kernel that say nothing of their size (`/proc`).
    pub fn new(file: File, size: u64, once: bool) -> Self {
        let fingerprint = Fingerprint::default();
        let (file, mapping, once) = (Arc::new(file), Arc::default(), once && size > 0);
        Raw { file, at: 0, passed: false, mapping, size, once, fingerprint }
    }

    /// Reads on from there, and gives the byte before.
    fn go_to(&mut self, at: u64) -> std::io::Result<u8> {
        let mut before = [0];
        if at > 0 {
            self.file.read_exact_at(&mut before, at - 1)?;
        }
        (self.at, self.passed) = (at, true);
        Ok(before[0])
    }

    /// See [`Stream::pass_over`](crate::sources::Stream::pass_over). `failed` is said where the records cannot be read.
    fn pass_over(&mut self, failed: &Arc<str>, back: usize, most: usize, delimiter: u8) -> Option<Unread> {
        let at = self.at.checked_sub(back as u64)?;
        let unread = Unread::next(failed, (&self.file, &self.mapping), (at, self.size), most, delimiter)?;
        (self.at, self.passed) = (at + unread.len() as u64, true);
        Some(unread)
    }
}

impl Read for Raw {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let left = usize::try_from(self.size.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let most = if self.once { into.len().min(left) } else { into.len() };
        if std::mem::take(&mut self.passed) {
            (&*self.file).seek(SeekFrom::Start(self.at))?;
        }
        let n = (&*self.file).read(&mut into[..most])?;
        // A file of the kernel may hold less than it says (`/sys`), and says so still.
        if n == 0 && most > 0 && self.at < self.size && self.file.metadata()?.len() < self.size {
            let (size, at) = (self.size, self.at);
            return Err(std::io::Error::other(format!(
                "it has shrunk from {size} to {at} bytes since it was first looked at"
            )));
        }
        self.fingerprint.extend(self.at, &into[..n]);
        self.at += n as u64;
        Ok(n)
    }
}

const GZIP: &str = "gzip";
const ZSTD: &str = "zstd";

/// What a file is compressed with, by its first bytes.
pub fn method_of(file: &File) -> std::io::Result<Option<&'static str>> {
    let mut magic = [0; 4];
    let seen = file.read_at(&mut magic, 0)?;
    Ok(method(&magic[..seen]))
}

/// What a file that begins so is compressed with.
pub fn method(head: &[u8]) -> Option<&'static str> {
    match head {
        [0x1f, 0x8b, 0x08, ..] => Some(GZIP),
        // A frame, or one of the sixteen kinds of frames to be skipped.
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(ZSTD),
        _ => None,
    }
}

/// The content of a file.
pub enum Content {
    /// As it is.
    Plain(Raw),
    /// What gzip made of it.
    Gzip(Gzip),
    /// What zstd made of it.
    Zstd(Box<zstd::stream::read::Decoder<'static, BufReader<Raw>>>),
}

impl Content {
    /// Looks at the first bytes.
    pub fn of(raw: Raw) -> std::io::Result<Self> {
        let buffered = |raw| BufReader::with_capacity(INPUT, raw);
        Ok(match method_of(&raw.file)? {
            Some(GZIP) => Content::Gzip(Gzip::member(buffered(raw))),
            Some(_) => Content::Zstd(Box::new(zstd::stream::read::Decoder::with_buffer(buffered(raw))?)),
            None => Content::Plain(raw),
        })
    }

    /// What it is compressed with.
    pub fn method(&self) -> Option<&'static str> {
        match self {
            Content::Plain(_) => None,
            Content::Gzip(_) => Some(GZIP),
            Content::Zstd(_) => Some(ZSTD),
        }
    }

    /// See [`Stream::pass_over`](crate::sources::Stream::pass_over).
    pub fn pass_over(&mut self, failed: &Arc<str>, back: usize, most: usize, delimiter: u8) -> Option<Unread> {
        match self {
            Content::Plain(raw) => raw.pass_over(failed, back, most, delimiter),
            Content::Gzip(_) | Content::Zstd(_) => None,
        }
    }

    /// Reads on from an offset in a file that is not compressed, and gives the byte before; `None` if it is.
    pub fn go_to(&mut self, at: u64) -> std::io::Result<Option<u8>> {
        match self {
            Content::Plain(raw) => raw.go_to(at).map(Some),
            Content::Gzip(_) | Content::Zstd(_) => Ok(None),
        }
    }

    fn raw(&self) -> Option<&Raw> {
        match self {
            Content::Plain(raw) => Some(raw),
            Content::Gzip(Gzip::Member(member)) => Some(member.get_ref().get_ref()),
            Content::Gzip(Gzip::End(_)) => None,
            Content::Zstd(zstd) => Some(zstd.get_ref().get_ref()),
        }
    }

    /// How many bytes of the file have been read.
    pub fn progress(&self) -> u64 {
        match self {
            Content::Gzip(Gzip::End(at)) => *at,
            _ => self.raw().map_or(0, |raw| raw.at),
        }
    }

    /// Of the file, as far as it was read from its start; `None` behind the end.
    pub fn fingerprint(&self) -> Option<Fingerprint> {
        self.raw().map(|raw| raw.fingerprint)
    }
}

impl Read for Content {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Content::Plain(raw) => raw.read(into),
            Content::Gzip(gzip) => gzip.read(into),
            Content::Zstd(zstd) => zstd.read(into),
        }
    }
}

/// The members of a gzip file, one behind the other, and perhaps zero bytes at the end, as tapes have.
pub enum Gzip {
    /// In a member.
    Member(Box<GzDecoder<BufReader<Raw>>>),
    /// Behind the last member of a file of so many bytes.
    End(u64),
}

impl Gzip {
    fn member(rest: BufReader<Raw>) -> Self {
        Gzip::Member(Box::new(GzDecoder::new(rest)))
    }

    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        loop {
            let Gzip::Member(member) = self else { return Ok(0) };
            match member.read(into)? {
                0 => {}
                n => return Ok(n),
            }
            let more = skip_zeros(member.get_mut())?;
            let Gzip::Member(ended) = std::mem::replace(self, Gzip::End(0)) else { return Ok(0) };
            let rest = ended.into_inner();
            *self = if more { Gzip::member(rest) } else { Gzip::End(rest.get_ref().at) };
        }
    }
}

/// Whether anything but zeros follows.
fn skip_zeros(rest: &mut impl BufRead) -> std::io::Result<bool> {
    loop {
        let ahead = rest.fill_buf()?;
        let (zeros, all) = (ahead.iter().take_while(|b| **b == 0).count(), ahead.len());
        rest.consume(zeros);
        if zeros < all || all == 0 {
            return Ok(all > 0);
        }
    }
}
