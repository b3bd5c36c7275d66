//! `flume://[ADDR:]PORT`: the receiving end of the avro sink of Flume agents.
//!
//! One lane, which any number of agents give to. A record is an event: its body, whose columns the format of `--in` tells, and its
//! headers. See [`agents`] for when an agent is answered.

mod agents;
mod format;
mod frames;
mod rpc;
mod zlib;

use self::agents::Agents;
use self::format::Events;
use super::support::listener::address;
use super::support::spelling::Spelling;
use super::{Entry, Feed, Lane, Setup, Source, Wanted};
use crate::data::framing::Framing;
use crate::error::Result;

const FORM: &str = "flume://[ADDR:]PORT";

pub(super) const ENTRY: Entry = Entry {
    scheme: "flume",
    form: FORM,
    about: "what the avro sinks of Flume agents send, of this machine only unless an address is given; ?compression=deflate where \
            they say compression-type = deflate. A record is an event: `line` is its body, `headers` are its headers, as JSON; with \
            --in the body has the columns of its format, and the headers are `flume.headers`. Agents are answered when their \
            events are taken over, with --journal when they are on disk; what is not, they send again",
    parse: |spelling| Ok(Box::new(Flume::parse(spelling)?)),
};

struct Flume {
    address: String,
    deflated: bool,
    format: Wanted,
}

impl Flume {
    fn parse(spelling: &Spelling) -> Result<Self> {
        spelling.allow(&["compression", "in", "header"])?;
        let deflated = match spelling.option("compression") {
            None | Some("none") => false,
            Some("deflate") => true,
            Some(other) => {
                return Err(
                    spelling.wrong(format!("compression={other}: it is deflate or none, as that of the avro sink"))
                );
            }
        };
        Ok(Flume { address: address(spelling, FORM)?, deflated, format: spelling.format()? })
    }
}

impl Source for Flume {
    fn name(&self) -> String {
        format!("flume://{}", self.address)
    }

    fn format(&self) -> Wanted {
        Wanted { gathers: true, wrap: Some(Events::of), ..self.format.clone() }
    }

    fn cannot_tick(&self) -> Option<&'static str> {
        Some("its records are events, not lines")
    }

    fn cannot_freeze(&self) -> Option<&'static str> {
        Some("it never ends")
    }

    fn open(&self, setup: &Setup, _: Framing) -> Result<Vec<Lane>> {
        let agents = Agents::new(&self.address, self.deflated, setup)?;
        let (name, control) = (agents.listener.name.clone(), agents.control());
        let feed = Feed::Records(Box::new(agents));
        Ok(vec![Lane { name, feed, pull: false, size: None, control, resumes: None }])
    }
}

#[cfg(test)]
mod tests;
