//! The compression of a whole connection, both ways: `compression-type = deflate` of an agent's avro sink.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

/// So much is decompressed at once, in bytes.
const PIECE: usize = 64 * 1024;

/// What an agent sends.
pub struct Inflate {
    stream: Decompress,
    plain: Vec<u8>,
}

impl Inflate {
    /// At the begin of a connection.
    pub fn new() -> Self {
        Inflate { stream: Decompress::new(true), plain: vec![0; PIECE] }
    }

    /// Whether a connection that begins so may be compressed.
    pub fn may_begin(bytes: &[u8]) -> bool {
        matches!(bytes, [first @ 0x78, second, ..] if (u16::from(*first) << 8 | u16::from(*second)) % 31 == 0)
    }

    /// Bytes that came next; `each` gets what they stand for, in pieces.
    pub fn add(&mut self, mut bytes: &[u8], mut each: impl FnMut(&[u8]) -> Result<(), String>) -> Result<(), String> {
        loop {
            let (read, made) = (self.stream.total_in(), self.stream.total_out());
            let done = self.stream.decompress(bytes, &mut self.plain, FlushDecompress::None);
            let status = done.map_err(|_| {
                "what it sends is not compressed as zlib does: give its sink compression-type = deflate, or leave \
                 ?compression=deflate out here"
                    .to_string()
            })?;
            let made = (self.stream.total_out() - made) as usize;
            bytes = &bytes[(self.stream.total_in() - read) as usize..];
            each(&self.plain[..made])?;
            if status == Status::StreamEnd && !bytes.is_empty() {
                return Err("it goes on behind the end of what it has compressed".to_string());
            }
            // A piece that is not full has all that these bytes stand for.
            if made < PIECE && (bytes.is_empty() || self.stream.total_in() == read) {
                return Ok(());
            }
        }
    }
}

/// What an agent is answered.
pub struct Deflate(Compress);

impl Deflate {
    /// At the begin of a connection.
    pub fn new() -> Self {
        Deflate(Compress::new(Compression::fast(), true))
    }

    /// The next bytes, compressed so that the agent has all of them.
    pub fn add(&mut self, bytes: &[u8]) -> Vec<u8> {
        // More than a flush and a few stored bytes ever take.
        let mut out = Vec::with_capacity(bytes.len() + 64);
        // Compressing into memory that is there does not fail; if it did, the agent would see no answer.
        let _ = self.0.compress_vec(bytes, &mut out, FlushCompress::Sync);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inflated(inflate: &mut Inflate, bytes: &[u8]) -> Result<Vec<u8>, String> {
        let mut all = Vec::new();
        inflate.add(bytes, |piece| {
            all.extend_from_slice(piece);
            Ok(())
        })?;
        Ok(all)
    }

    /// Each answer is readable once its bytes are there, however they are cut.
    #[test]
    fn what_is_compressed_is_whole_at_once() {
        let (mut deflate, mut inflate) = (Deflate::new(), Inflate::new());
        for at in 0..50 {
            let answer = [at; 19];
            let sent = deflate.add(&answer);
            assert!(at > 0 || Inflate::may_begin(&sent));
            let found: Vec<u8> = sent.chunks(2).flat_map(|part| inflated(&mut inflate, part).expect("zlib")).collect();
            assert_eq!(found, answer);
        }
    }

    /// Much more than a piece, in few bytes.
    #[test]
    fn a_lot_comes_in_pieces() {
        let sizes = [0, 1, PIECE - 1, PIECE, PIECE + 1, 40 * PIECE];
        for size in sizes {
            let mut compress = Compress::new(Compression::best(), true);
            let mut sent = Vec::with_capacity(1 << 16);
            compress.compress_vec(&vec![b'x'; size], &mut sent, FlushCompress::Sync).expect("compressed");
            assert_eq!(inflated(&mut Inflate::new(), &sent).expect("zlib"), vec![b'x'; size]);
        }
    }

    #[test]
    fn what_is_not_compressed_or_goes_on_behind_its_end_is_refused() {
        assert!(
            inflated(&mut Inflate::new(), b"\0\0\0\x01\0\0\0\x01").expect_err("plain").contains("leave ?compression")
        );
        let mut compress = Compress::new(Compression::fast(), true);
        let mut sent = Vec::with_capacity(100);
        compress.compress_vec(b"all", &mut sent, FlushCompress::Finish).expect("compressed");
        assert_eq!(inflated(&mut Inflate::new(), &sent).expect("zlib"), b"all");
        sent.push(0);
        assert!(inflated(&mut Inflate::new(), &sent).expect_err("more").contains("behind the end"));
        assert!(!Inflate::may_begin(b"\0\0\0\x01") && !Inflate::may_begin(b"x"));
    }
}
