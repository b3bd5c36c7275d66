//! Messages of librdkafka to records.

use rdkafka::Message as _;
use rdkafka::message::{BorrowedMessage, Headers};

use super::record::Message;
use crate::data::json;

/// Writes messages as records; keeps what it needs for that from one to the next.
#[derive(Default)]
pub struct Writer {
    headers: Vec<u8>,
}

impl Writer {
    /// Appends a message of this topic. Gives its offset.
    #[inline]
    pub fn write(&mut self, message: &BorrowedMessage<'_>, topic: &[u8], out: &mut Vec<u8>) -> i64 {
        self.headers.clear();
        let headers = message.headers().filter(|headers| headers.count() > 0).map(|headers| {
            // An object, in which a name may stand twice, as in the message.
            for header in headers.iter() {
                self.headers.push(if self.headers.is_empty() { b'{' } else { b',' });
                json::string(header.key.as_bytes(), &mut self.headers);
                self.headers.push(b':');
                match header.value {
                    Some(value) => json::string(value, &mut self.headers),
                    None => self.headers.extend_from_slice(b"null"),
                }
            }
            self.headers.push(b'}');
            self.headers.as_slice()
        });
        let offset = message.offset();
        let record = Message {
            offset,
            timestamp: message.timestamp().to_millis(),
            partition: message.partition(),
            topic,
            key: message.key(),
            headers,
            value: message.payload(),
        };
        record.write(out);
        offset
    }
}
