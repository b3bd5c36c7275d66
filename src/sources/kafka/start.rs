//! Where reading begins in a partition, and whether the records from there on are still there.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::Offset;
use rdkafka::error::KafkaResult;

use super::address::{Address, From};
use super::client::Client;
use super::trail::{Partition, Place};
use crate::error::{Error, Result};
use crate::messages::Messages;

/// Asks for offsets.
pub struct Start {
    /// What the address says of it.
    pub address: Arc<Address>,
    /// What is there now is all that is wanted.
    pub once: bool,
    /// Where it is said that records are gone.
    pub messages: Arc<Messages>,
}

impl Start {
    /// The offsets to begin with, where nothing was read before. `known`: the partition was there when the run began; in one
    /// that is newer all records are.
    pub fn offsets(
        &self,
        client: &Client,
        parts: &[Partition],
        known: impl Fn(&Partition) -> bool,
        timeout: Duration,
    ) -> KafkaResult<Vec<i64>> {
        let offsets = |of| client.offsets(parts, of, timeout);
        let first = offsets(Offset::Beginning)?;
        let wanted = match &self.address.from {
            Some(From::Latest) => offsets(Offset::End)?,
            None if !self.once => offsets(Offset::End)?,
            Some(From::Time(millis)) => offsets(Offset::Offset(*millis))?,
            Some(From::Offsets(all)) => {
                let named = |part: &Partition| {
                    let is_it =
                        |(topic, number, _): &&(String, i32, i64)| **topic == *part.topic && *number == part.number;
                    all.iter().find(is_it).map(|(_, _, offset)| *offset)
                };
                let offset = |(part, first): (&Partition, &i64)| named(part).unwrap_or(*first);
                parts.iter().zip(&first).map(offset).collect()
            }
            Some(From::Earliest) | None => first.clone(),
        };
        let begin = |(at, part): (usize, &Partition)| if known(part) { wanted[at] } else { first[at] };
        Ok(parts.iter().enumerate().map(begin).collect())
    }

    /// Looks whether these places are still there. What is gone is an error, unless it is to be passed over.
    pub fn check(
        &self,
        client: &Client,
        parts: &mut [(Partition, Place)],
        timeout: Duration,
    ) -> KafkaResult<Result<()>> {
        let names: Vec<Partition> = parts.iter().map(|(part, _)| part.clone()).collect();
        let (first, end) =
            (client.offsets(&names, Offset::Beginning, timeout)?, client.offsets(&names, Offset::End, timeout)?);
        let mut gone = Vec::new();
        for (at, (part, place)) in parts.iter_mut().enumerate() {
            let (from, first, end) = (place.offset, first[at], end[at]);
            if from < first {
                let lost = first - from;
                gone.push(format!(
                    "{part} keeps nothing before offset {first}, so that {lost} from {from} on are lost"
                ));
                *place = Place::at(first);
            } else if from > end {
                gone.push(format!(
                    "{part} ends at offset {end}, and {from} was to be the next: was the topic made anew?"
                ));
                *place = Place::at(first);
            }
        }
        if gone.is_empty() {
            return Ok(Ok(()));
        }
        let what = format!("{}: records are gone: {}", self.address.cluster.name, gone.join("; "));
        if self.address.skips {
            self.messages.note(&what);
            return Ok(Ok(()));
        }
        Ok(Err(Error::failed(format!("{what}; lost=skip goes on with what is there"))))
    }
}
