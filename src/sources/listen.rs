//! `listen://[ADDR:]PORT`: accepts many senders and gives the records of all of them.
//!
//! One receiver thread polls every connection. What the ready ones have sent is gathered into one buffer, whole records
//! only; what a sender has begun waits with its connection. At the stop what was begun is handed over too.

use std::collections::HashMap;
use std::io::Read;
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rustix::io::Errno;

use super::support::gather::{Carry, Gathered};
use super::support::listener::{Listener, Turn, address};
use super::support::spelling::Spelling;
use super::{Entry, Feed, Intake, Lane, NoControl, Setup, Source, Step, Wanted};
use crate::clock::Clock;
use crate::data::buffer::{BLOCK, Quota};
use crate::data::framing::Framing;
use crate::error::{Error, Result};
use crate::stop::Stop;

const FORM: &str = "listen://[ADDR:]PORT";

pub(super) const ENTRY: Entry = Entry {
    scheme: "listen",
    form: FORM,
    about: "accepts many senders, of this machine only unless an address is given",
    parse: |spelling| Ok(Box::new(Listen::parse(spelling)?)),
};

/// So much is read from one connection before it is the next one's turn, in bytes.
const TURN: usize = 64 * 1024;
/// How long to wait for descriptors (or memory) when there are none left for another connection.
const SHORTAGE: Duration = Duration::from_millis(100);

struct Listen {
    address: String,
    format: Wanted,
}

impl Listen {
    fn parse(spelling: &Spelling) -> Result<Self> {
        spelling.allow(&["in", "header"])?;
        Ok(Listen { address: address(spelling, FORM)?, format: spelling.format()? })
    }

    fn senders(&self, setup: &Setup, framing: Framing) -> Result<Senders> {
        Ok(Senders {
            listener: Listener::bind(&self.address, "listen", setup)?,
            connections: HashMap::new(),
            scratch: vec![0; TURN],
            gathered: Gathered::new(framing, setup.max_record),
            clock: Arc::clone(&setup.clock),
            stop: Arc::clone(&setup.stop),
        })
    }
}

impl Source for Listen {
    fn name(&self) -> String {
        format!("listen://{}", self.address)
    }

    fn format(&self) -> Wanted {
        Wanted { gathers: true, ..self.format.clone() }
    }

    fn cannot_freeze(&self) -> Option<&'static str> {
        Some("it never ends")
    }

    fn open(&self, setup: &Setup, framing: Framing) -> Result<Vec<Lane>> {
        let senders = self.senders(setup, framing)?;
        let name = senders.listener.name.clone();
        let feed = Feed::Records(Box::new(senders));
        Ok(vec![Lane { name, feed, pull: false, size: None, control: Arc::new(NoControl), resumes: None }])
    }
}

struct Sender {
    stream: TcpStream,
    carry: Carry,
}

struct Senders {
    listener: Listener,
    connections: HashMap<u64, Sender>,
    scratch: Vec<u8>,
    gathered: Gathered,
    clock: Arc<dyn Clock>,
    stop: Arc<Stop>,
}

impl Senders {
    /// Reads once from a ready connection.
    fn read(&mut self, id: u64) {
        let Some(sender) = self.connections.get_mut(&id) else { return };
        match sender.stream.read(&mut self.scratch) {
            Ok(n @ 1..) => self.gathered.add(&mut sender.carry, &self.scratch[..n]),
            Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::Interrupted) => {}
            // A connection that breaks has ended: its sender may come again, the others go on.
            Ok(0) | Err(_) => {
                self.gathered.end(&mut sender.carry);
                self.connections.remove(&id);
            }
        }
    }

    /// Gathers from who is ready until nobody is or a block is full; false if the run stops.
    fn round(&mut self) -> std::result::Result<bool, Errno> {
        self.listener.shortage = false;
        while !self.stop.is_told() {
            match self.listener.turn(self.gathered.is_empty(), self.connections.len())? {
                Turn::Nobody => return Ok(true),
                Turn::Stop => {}
                Turn::New(taken) => {
                    let sender = |(id, stream)| (id, Sender { stream, carry: Carry::default() });
                    self.connections.extend(taken.into_iter().map(sender));
                }
                Turn::Ready(id) => self.read(id),
            }
            if self.gathered.len() >= BLOCK {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Intake for Senders {
    fn next(&mut self, quota: &Arc<Quota>) -> Result<Step> {
        self.gathered.begin(quota);
        loop {
            let goes_on = self
                .round()
                .map_err(|e| Error::io(format_args!("cannot go on with {}", self.listener.name), &e.into()))?;
            if !goes_on {
                // In the order in which they came.
                let mut left: Vec<(u64, Sender)> = self.connections.drain().collect();
                left.sort_unstable_by_key(|(id, _)| *id);
                for (_, mut sender) in left {
                    self.gathered.end(&mut sender.carry);
                }
            }
            if !self.gathered.is_empty() {
                return Ok(Step::Records(self.gathered.finish(quota)));
            }
            if !goes_on {
                self.gathered.abandon(quota);
                return Ok(Step::End);
            }
            if self.listener.shortage {
                self.stop.pause(&*self.clock, SHORTAGE);
            }
        }
    }
}

#[cfg(test)]
mod tests;
