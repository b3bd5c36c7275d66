//! `kafka://BROKERS/TOPIC?key=COLUMN`: a message for each row. Without `--checkpoint` by an idempotent producer, and each batch is
//! delivered when it has ended; with it in one transaction a batch, so that who reads what is committed sees each batch once.

mod messages;
mod numbers;
mod producer;
#[cfg(test)]
mod tests;

use super::support::rows;
use super::{Parsed, Setup, Sink, Spec};
use crate::data::batch::BatchInfo;
use crate::error::{Error, Result};
use crate::formats::{Output, Settings};
use crate::kafka::{Cluster, OPTIONS, is_about_reaching};
use crate::url::Url;

use self::numbers::Numbers;
use self::producer::Sending;

/// `kafka://...`.
#[derive(Clone)]
struct Kafka {
    /// As it was written.
    spec: String,
    cluster: Cluster,
    topic: String,
    /// The columns that keys and values are, if values are not whole rows.
    key: Option<String>,
    value: Option<String>,
    /// The topic may be made.
    create: bool,
}

pub(super) const ABOUT: &str = "a message for each row: its key is the column COLUMN (without key= it has none), its value the row \
    as JSON or as --out says (csv, tsv, text), or a column: value=COLUMN. With --checkpoint a transaction for each batch. \
    create=true lets the broker make the topic; kafka.NAME=VALUE is a property of librdkafka, properties=FILE a file of them; \
    the password is in that or in STREAMER_KAFKA_PASSWORD";

pub(super) fn parse(spec: &str) -> Parsed {
    let url = Url::parse("kafka", spec)?;
    Some(url.and_then(|url| of_url(spec, url)).map(|kafka| Box::new(kafka) as _))
}

fn of_url(spec: &str, mut url: Url) -> Result<Kafka> {
    let cluster = Cluster::of(&mut url)?;
    let topic = url.path.clone();
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if !topic.chars().all(fits) || topic.len() > 249 || [".", ".."].contains(&topic.as_str()) {
        return Err(url.wrong(&format!("`{topic}` is no name of a topic: one topic, of letters, digits and . _ -")));
    }
    let (key, value, create) = (url.take("key"), url.take("value"), url.take_flag("create")?);
    url.finish(&[&["key", "value", "create"], &OPTIONS[..]].concat())?;
    Ok(Kafka { spec: spec.to_string(), cluster, topic, key, value, create })
}

impl Spec for Kafka {
    fn name(&self) -> String {
        self.cluster.name.clone()
    }

    fn output(&self, format: Option<&str>, settings: &Settings) -> Option<Result<Box<dyn Output>>> {
        Some(messages::output(&self.cluster.name, (self.key.as_deref(), self.value.as_deref()), format, settings))
    }

    fn replaces(&self) -> bool {
        true
    }

    fn open(&self, setup: &Setup) -> Result<Box<dyn Sink>> {
        let Some(checkpoint) = &setup.checkpoint else {
            let sending = Sending::open(&self.cluster, &self.topic, self.create, setup, None)?;
            return Ok(Box::new(Plain { sending }));
        };
        let spec = Url::without(&self.spec, |option| is_about_reaching(option) || option == "create");
        let id = numbers::id(&spec, checkpoint);
        let sending = Sending::open(&self.cluster, &self.topic, self.create, setup, Some(&id))?;
        let numbers = Numbers::open(&self.cluster, &self.topic, &id, &sending)?;
        Ok(Box::new(Once { sending, numbers, open: false, dropping: false }))
    }
}

/// Sends the rows that were rendered.
fn send(sending: &mut Sending, mut bytes: &[u8]) -> Result<()> {
    while let Some(key) = rows::next(&mut bytes) {
        let Some(value) = rows::next(&mut bytes) else { break };
        sending.send(key, value)?;
    }
    sending.turn()
}

/// Without a checkpoint.
struct Plain {
    sending: Sending,
}

impl Sink for Plain {
    fn begin(&mut self, _: &BatchInfo) -> Result<()> {
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        send(&mut self.sending, bytes)
    }

    fn flush(&mut self) -> Result<()> {
        self.sending.turn()
    }

    fn end(&mut self, _: &BatchInfo) -> Result<()> {
        self.sending.delivered()
    }
}

/// With a checkpoint: a transaction for each batch that has rows.
struct Once {
    sending: Sending,
    numbers: Numbers,
    /// A transaction is open.
    open: bool,
    /// The batch that is given again is there already.
    dropping: bool,
}

impl Sink for Once {
    fn begin(&mut self, _: &BatchInfo) -> Result<()> {
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        if self.dropping || bytes.is_empty() {
            return Ok(());
        }
        if !self.open {
            self.sending.begin()?;
            self.open = true;
        }
        send(&mut self.sending, bytes)
    }

    fn flush(&mut self) -> Result<()> {
        self.sending.turn()
    }

    fn end(&mut self, _: &BatchInfo) -> Result<()> {
        self.sending.turn()
    }

    fn commits(&self) -> bool {
        true
    }

    fn stand(&mut self) -> Result<Vec<u8>> {
        // Before the batch that is there already stood the number before.
        let stand = self.numbers.stand(&mut self.sending)? - u64::from(self.dropping);
        Ok(stand.to_be_bytes().to_vec())
    }

    fn take_back(&mut self, stand: &[u8]) -> Result<()> {
        let stand = <[u8; 8]>::try_from(stand).map(u64::from_be_bytes).map_err(|_| {
            Error::failed(format!("cannot go on with {}: the checkpoint is of another streamer", self.sending.name()))
        })?;
        self.dropping = self.numbers.is_there(stand, self.sending.name())?;
        Ok(())
    }

    fn sync(&mut self) -> Result<()> {
        self.dropping = false;
        if std::mem::take(&mut self.open) {
            self.sending.delivered()?;
            self.numbers.commit(&mut self.sending)?;
        }
        Ok(())
    }
}
