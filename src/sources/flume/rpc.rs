//! What an agent asks for: Avro RPC of the protocol AvroSourceProtocol, of which the messages `append` and `appendBatch` hold
//! events, `{map<string> headers, bytes body}`. Each becomes a record: see [`Records`].

use crate::data::json;

/// A request.
#[derive(Debug, PartialEq, Eq)]
pub enum Request {
    /// Events, which are with the records now.
    Events,
    /// Only the handshake.
    Nothing,
}

/// The records of the buffer that is being filled: each is `u32 length` of what follows, `u32 length` of the headers, both little
/// endian, the headers as a JSON object whose keys are in order, and the body.
pub struct Records {
    /// The bytes.
    pub out: Vec<u8>,
    /// The longest record, in bytes.
    max_record: usize,
    /// The lengths of those that were longer, and are left out.
    pub too_long: Vec<u64>,
}

impl Records {
    /// None, of up to so many bytes.
    pub fn new(max_record: usize) -> Self {
        Records { out: Vec::new(), max_record, too_long: Vec::new() }
    }

    fn push(&mut self, headers: &mut [(&[u8], &[u8])], body: &[u8]) {
        let start = self.out.len();
        self.out.extend_from_slice(&[0; 8]);
        headers.sort_unstable();
        for (at, (name, value)) in headers.iter().enumerate() {
            self.out.push(if at == 0 { b'{' } else { b',' });
            json::string(name, &mut self.out);
            self.out.push(b':');
            json::string(value, &mut self.out);
        }
        self.out.extend_from_slice(if headers.is_empty() { b"{}" } else { b"}" });
        let headers = self.out.len() - start - 8;
        let length = 4 + headers + body.len();
        if length > self.max_record {
            self.out.truncate(start);
            self.too_long.push(length as u64);
            return;
        }
        self.out[start..start + 4].copy_from_slice(&(length as u32).to_le_bytes());
        self.out[start + 4..start + 8].copy_from_slice(&(headers as u32).to_le_bytes());
        self.out.extend_from_slice(body);
    }
}

/// Reads a request; the first of a connection begins with a handshake. Its events go to the records, all of them or, if it is
/// none that is known, none: then the error says what is wrong with it.
pub fn read(request: &[u8], first: bool, records: &mut Records) -> Result<Request, String> {
    let before = (records.out.len(), records.too_long.len());
    let read = Reader(request).request(first, records);
    if !matches!(read, Some(Ok(_))) {
        records.out.truncate(before.0);
        records.too_long.truncate(before.1);
    }
    read.unwrap_or_else(|| Err("what it sends is no request of Avro".to_string()))
}

/// Appends the answer that all is well: that the protocols are the same, if it is the first of a connection, no metadata, no
/// error, and the status OK unless nothing was asked for.
pub fn write_ok(request: &Request, first: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(if first { &[0, 0, 0, 0] } else { &[] });
    out.extend_from_slice(if *request == Request::Events { &[0, 0, 0] } else { &[] });
}

/// The length of an MD5 hash.
const HASH: usize = 16;

/// What is left to be read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// `None` where the bytes are none of Avro.
    fn request(&mut self, first: bool, records: &mut Records) -> Option<Result<Request, String>> {
        if first {
            self.handshake()?;
        }
        self.map(&mut Vec::new())?;
        let mut headers = Vec::new();
        match self.bytes()? {
            b"" if self.0.is_empty() => return Some(Ok(Request::Nothing)),
            b"append" => self.event(&mut headers, records)?,
            b"appendBatch" => self.items(|reader| reader.event(&mut headers, records))?,
            other => {
                let name = String::from_utf8_lossy(&other[..other.len().min(40)]).into_owned();
                return Some(Err(format!("it asks for `{}`, and not to append events", name.escape_debug())));
            }
        }
        self.0.is_empty().then_some(Ok(Request::Events))
    }

    /// Whoever knows these messages at all means the same by them, so that nothing of it matters.
    fn handshake(&mut self) -> Option<()> {
        self.take(HASH)?;
        self.optional(|reader| reader.bytes().map(drop))?;
        self.take(HASH)?;
        self.optional(|reader| reader.map(&mut Vec::new()))
    }

    fn event(&mut self, headers: &mut Vec<(&'a [u8], &'a [u8])>, records: &mut Records) -> Option<()> {
        headers.clear();
        self.map(headers)?;
        records.push(headers, self.bytes()?);
        Some(())
    }

    fn map(&mut self, into: &mut Vec<(&'a [u8], &'a [u8])>) -> Option<()> {
        self.items(|reader| {
            into.push((reader.bytes()?, reader.bytes()?));
            Some(())
        })
    }

    /// The items of an array or a map, which are in blocks.
    fn items(&mut self, mut each: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        loop {
            let count = self.long()?;
            if count < 0 {
                // Then its size stands there too.
                self.long()?;
            }
            if count == 0 {
                return Some(());
            }
            // None is empty: what they say of their number cannot lead beyond the bytes that are there.
            for _ in 0..count.unsigned_abs() {
                each(self)?;
            }
        }
    }

    /// A union of null and something else.
    fn optional(&mut self, some: impl FnOnce(&mut Self) -> Option<()>) -> Option<()> {
        match self.long()? {
            0 => Some(()),
            1 => some(self),
            _ => None,
        }
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.long()?;
        self.take(usize::try_from(length).ok()?)
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    /// Seven bits a byte, the lowest first, the sign in the lowest of all.
    fn long(&mut self) -> Option<i64> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            // Of the tenth byte there is room for one bit.
            if shift == 63 && byte > 1 {
                return None;
            }
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some((number >> 1) as i64 ^ -((number & 1) as i64));
            }
        }
        None
    }
}

#[cfg(test)]
pub mod tests;
