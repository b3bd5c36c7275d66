//! `listen://[ADDR:]PORT`: accepts many senders and gives the records of all of them.
//!
//! One receiver thread polls every connection. What the ready ones have sent is gathered into one buffer, whole records
//! only; what a sender has begun waits with its connection. At the stop what was begun is handed over too.

use std::collections::{HashMap, VecDeque};
use std::io::Read;
use std::net::{TcpListener, TcpStream, ToSocketAddrs};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};
use rustix::io::Errno;

use super::support::descriptors::allow_many;
use super::support::gather::{Carry, Gathered};
use super::support::spelling::Spelling;
use super::{Entry, Feed, Intake, Lane, NoControl, Setup, Source, Step, Wanted};
use crate::clock::Clock;
use crate::data::buffer::{BLOCK, Quota};
use crate::data::framing::Framing;
use crate::error::{Error, Result, describe};
use crate::messages::Messages;
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
/// So many ready connections are asked for at once.
const EVENTS: usize = 256;
/// So many may wait to be taken in.
const QUEUE: i32 = 4096;
/// How long to wait for descriptors (or memory) when there are none left for another connection.
const SHORTAGE: Duration = Duration::from_millis(100);
/// What epoll calls the listening socket, and the stop; connections are counted from 0.
const LISTENER: u64 = u64::MAX;
const STOP: u64 = u64::MAX - 1;

struct Listen {
    address: String,
    format: Wanted,
}

impl Listen {
    fn parse(spelling: &Spelling) -> Result<Self> {
        spelling.allow(&["in", "header"])?;
        let (host, port) = match spelling.authority(FORM)?.rsplit_once(':') {
            None => ("", spelling.authority(FORM)?),
            Some((host, port)) => (host, port),
        };
        if port.parse::<u16>().is_err() {
            return Err(spelling.wrong(format!("`{port}` is no port, a number up to 65535; the form is {FORM}")));
        }
        let host = if host.is_empty() { "127.0.0.1" } else { host };
        Ok(Listen { address: format!("{host}:{port}"), format: spelling.format()? })
    }

    fn bind(&self) -> std::io::Result<TcpListener> {
        let listener = TcpListener::bind(self.address.to_socket_addrs()?.collect::<Vec<_>>().as_slice())?;
        listener.set_nonblocking(true)?;
        // Said again with a longer queue: a sender that finds it full waits for a second before it asks again.
        rustix::net::listen(&listener, QUEUE)?;
        allow_many();
        Ok(listener)
    }

    fn senders(&self, setup: &Setup, framing: Framing) -> Result<Senders> {
        let listener = self.bind().map_err(|error| {
            let (address, found) = (&self.address, describe(&error));
            let hint = match error.kind() {
                std::io::ErrorKind::AddrInUse => "; another program listens there: end it, or take another port",
                std::io::ErrorKind::PermissionDenied => "; ports below 1024 need privileges: take a higher one",
                std::io::ErrorKind::AddrNotAvailable => "; this machine does not have that address",
                _ => "",
            };
            Error::failed(format!("cannot listen on {address}: {found}{hint}"))
        })?;
        let failed = |e: std::io::Error| Error::io(format_args!("cannot listen on {}", self.address), &e);
        let name = format!("listen://{}", listener.local_addr().map_err(failed)?);
        if self.address.ends_with(":0") {
            setup.messages.note(&format!("listening on {}", &name["listen://".len()..]));
        }
        let poll = Poll::new(&listener, &setup.stop).map_err(|e| failed(e.into()))?;
        Ok(Senders {
            name,
            listener,
            poll,
            connections: HashMap::new(),
            accepted: 0,
            scratch: vec![0; TURN],
            gathered: Gathered::new(framing, setup.max_record),
            shortage: false,
            said: false,
            clock: Arc::clone(&setup.clock),
            stop: Arc::clone(&setup.stop),
            messages: Arc::clone(&setup.messages),
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
        let name = senders.name.clone();
        let feed = Feed::Records(Box::new(senders));
        Ok(vec![Lane { name, feed, pull: false, size: None, control: Arc::new(NoControl), resumes: None }])
    }
}

/// Who is ready.
struct Poll {
    epoll: OwnedFd,
    /// Ready, and not yet had their turn: whoever comes late in one answer comes first afterwards.
    waiting: VecDeque<u64>,
}

impl Poll {
    fn new(listener: &TcpListener, stop: &Stop) -> std::result::Result<Self, Errno> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        epoll::add(&epoll, listener, epoll::EventData::new_u64(LISTENER), epoll::EventFlags::IN)?;
        epoll::add(&epoll, stop.fd(), epoll::EventData::new_u64(STOP), epoll::EventFlags::IN)?;
        Ok(Poll { epoll, waiting: VecDeque::new() })
    }

    fn add(&self, connection: &TcpStream, id: u64) -> std::result::Result<(), Errno> {
        epoll::add(&self.epoll, connection, epoll::EventData::new_u64(id), epoll::EventFlags::IN)
    }

    /// Who is next; `None` if nobody is ready, which only happens without `wait`.
    fn next(&mut self, wait: bool) -> std::result::Result<Option<u64>, Errno> {
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        while self.waiting.is_empty() {
            let mut events = Vec::with_capacity(EVENTS);
            match epoll::wait(&self.epoll, spare_capacity(&mut events), if wait { None } else { Some(&now) }) {
                Ok(0) if !wait => return Ok(None),
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error),
            }
            self.waiting.extend(events.iter().map(|e: &epoll::Event| e.data.u64()));
        }
        Ok(self.waiting.pop_front())
    }
}

struct Sender {
    stream: TcpStream,
    carry: Carry,
}

struct Senders {
    name: String,
    listener: TcpListener,
    poll: Poll,
    connections: HashMap<u64, Sender>,
    accepted: u64,
    scratch: Vec<u8>,
    gathered: Gathered,
    /// There was no descriptor left for another connection; this was said.
    shortage: bool,
    said: bool,
    clock: Arc<dyn Clock>,
    stop: Arc<Stop>,
    messages: Arc<Messages>,
}

impl Senders {
    /// Takes in those who want to connect.
    fn accept(&mut self) -> std::result::Result<(), Errno> {
        for _ in 0..EVENTS {
            let taken = self.listener.accept().and_then(|(stream, _)| {
                stream.set_nonblocking(true)?;
                self.poll.add(&stream, self.accepted)?;
                Ok(stream)
            });
            match taken {
                Ok(stream) => {
                    self.connections.insert(self.accepted, Sender { stream, carry: Carry::default() });
                    self.accepted += 1;
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break,
                Err(error) => self.not_taken(Errno::from_io_error(&error).unwrap_or(Errno::IO))?,
            }
            if self.shortage {
                break;
            }
        }
        Ok(())
    }

    /// Someone wanted to connect and could not; an error if nobody ever will.
    fn not_taken(&mut self, error: Errno) -> std::result::Result<(), Errno> {
        match error {
            Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM | Errno::NOSPC => {
                self.shortage = true;
                if !std::mem::replace(&mut self.said, true) {
                    let (name, found, open) = (&self.name, describe(&error.into()), self.connections.len());
                    let hint = "more are taken as soon as some end; ulimit -n raises the limit";
                    self.messages.note(&format!("{name}: cannot take another sender beside {open}: {found}; {hint}"));
                }
                Ok(())
            }
            Errno::BADF | Errno::INVAL | Errno::NOTSOCK => Err(error),
            // That sender has gone again, or the network had a moment.
            _ => Ok(()),
        }
    }

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
        self.shortage = false;
        while !self.stop.is_told() {
            let wait = self.gathered.is_empty() && !self.shortage;
            match self.poll.next(wait)? {
                None => return Ok(true),
                Some(STOP) => {}
                // Asked once a round, as it stays ready; then those behind it in the same answer have their turn.
                Some(LISTENER) if self.shortage && self.poll.waiting.is_empty() => return Ok(true),
                Some(LISTENER) if self.shortage => {}
                Some(LISTENER) => self.accept()?,
                Some(id) => self.read(id),
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
            let goes_on =
                self.round().map_err(|e| Error::io(format_args!("cannot go on with {}", self.name), &e.into()))?;
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
            if self.shortage {
                self.stop.pause(&*self.clock, SHORTAGE);
            }
        }
    }
}

#[cfg(test)]
mod tests;
