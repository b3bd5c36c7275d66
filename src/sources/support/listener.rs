//! A listening socket and the connections that it has taken in: who of them is ready.
//!
//! Used by the receiver thread of its source, which keeps the connections.

use std::collections::VecDeque;
use std::net::{TcpListener, TcpStream, ToSocketAddrs};
use std::os::fd::OwnedFd;
use std::sync::Arc;

use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};
use rustix::io::Errno;

use super::descriptors::allow_many;
use super::spelling::Spelling;
use crate::error::{Error, Result, describe};
use crate::messages::Messages;
use crate::sources::Setup;

/// So many ready connections are asked for at once.
const EVENTS: usize = 256;
/// So many may wait to be taken in.
const QUEUE: i32 = 4096;
/// What epoll calls the listening socket, and the stop; connections are counted from 0.
const LISTENER: u64 = u64::MAX;
const STOP: u64 = u64::MAX - 1;

/// Where `[ADDR:]PORT` says to listen: on this machine only unless an address is given.
pub fn address(spelling: &Spelling, form: &str) -> Result<String> {
    let (host, port) = match spelling.authority(form)?.rsplit_once(':') {
        None => ("", spelling.authority(form)?),
        Some((host, port)) => (host, port),
    };
    if port.parse::<u16>().is_err() {
        return Err(spelling.wrong(format!("`{port}` is no port, a number up to 65535; the form is {form}")));
    }
    Ok(format!("{}:{port}", if host.is_empty() { "127.0.0.1" } else { host }))
}

/// Whose turn it is.
pub enum Turn {
    /// Nobody is ready.
    Nobody,
    /// The run stops.
    Stop,
    /// These were taken in.
    New(Vec<(u64, TcpStream)>),
    /// A connection has something to read, or has ended.
    Ready(u64),
}

/// The socket, and who is ready.
pub struct Listener {
    /// As messages name it, with the port that it has.
    pub name: String,
    listener: TcpListener,
    epoll: OwnedFd,
    /// Ready, and not yet had their turn: whoever comes late in one answer comes first afterwards.
    waiting: VecDeque<u64>,
    accepted: u64,
    /// There was no descriptor (or memory) left for another connection.
    pub shortage: bool,
    /// That was said.
    said: bool,
    messages: Arc<Messages>,
}

impl Listener {
    /// Listens at an address; `scheme` is that of its source.
    pub fn bind(address: &str, scheme: &str, setup: &Setup) -> Result<Self> {
        let listener = bound(address).map_err(|error| {
            let found = describe(&error);
            let hint = match error.kind() {
                std::io::ErrorKind::AddrInUse => "; another program listens there: end it, or take another port",
                std::io::ErrorKind::PermissionDenied => "; ports below 1024 need privileges: take a higher one",
                std::io::ErrorKind::AddrNotAvailable => "; this machine does not have that address",
                _ => "",
            };
            Error::failed(format!("cannot listen on {address}: {found}{hint}"))
        })?;
        let failed = |e: std::io::Error| Error::io(format_args!("cannot listen on {address}"), &e);
        let own = listener.local_addr().map_err(failed)?;
        if address.ends_with(":0") {
            setup.messages.note(&format!("listening on {own}"));
        }
        let polled = || {
            let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
            epoll::add(&epoll, &listener, epoll::EventData::new_u64(LISTENER), epoll::EventFlags::IN)?;
            epoll::add(&epoll, setup.stop.fd(), epoll::EventData::new_u64(STOP), epoll::EventFlags::IN)?;
            Ok(epoll)
        };
        Ok(Listener {
            name: format!("{scheme}://{own}"),
            epoll: polled().map_err(|e: Errno| failed(e.into()))?,
            listener,
            waiting: VecDeque::new(),
            accepted: 0,
            shortage: false,
            said: false,
            messages: Arc::clone(&setup.messages),
        })
    }

    /// Whose turn it is beside so many connections; waits for somebody with `wait`, unless nobody could be taken in.
    pub fn turn(&mut self, wait: bool, open: usize) -> std::result::Result<Turn, Errno> {
        loop {
            match self.next(wait && !self.shortage)? {
                None => return Ok(Turn::Nobody),
                Some(STOP) => return Ok(Turn::Stop),
                // Asked once a round, as it stays ready; then those behind it in the same answer have their turn.
                Some(LISTENER) if self.shortage && self.waiting.is_empty() => return Ok(Turn::Nobody),
                Some(LISTENER) if self.shortage => {}
                Some(LISTENER) => return self.accept(open).map(Turn::New),
                Some(id) => return Ok(Turn::Ready(id)),
            }
        }
    }

    /// A connection that is held open for a while has no turn any more.
    #[cfg(feature = "flume")]
    pub fn forget(&self, connection: &TcpStream) {
        // It was added, so that this cannot fail.
        let _ = epoll::delete(&self.epoll, connection);
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

    /// Takes in those who want to connect.
    fn accept(&mut self, open: usize) -> std::result::Result<Vec<(u64, TcpStream)>, Errno> {
        let mut new = Vec::new();
        while new.len() < EVENTS && !self.shortage {
            let taken = self.listener.accept().and_then(|(stream, _)| {
                stream.set_nonblocking(true)?;
                let id = epoll::EventData::new_u64(self.accepted);
                epoll::add(&self.epoll, &stream, id, epoll::EventFlags::IN)?;
                Ok(stream)
            });
            match taken {
                Ok(stream) => {
                    new.push((self.accepted, stream));
                    self.accepted += 1;
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break,
                Err(error) => self.not_taken(Errno::from_io_error(&error).unwrap_or(Errno::IO), open + new.len())?,
            }
        }
        Ok(new)
    }

    /// Someone wanted to connect beside so many others and could not; an error if nobody ever will.
    pub fn not_taken(&mut self, error: Errno, open: usize) -> std::result::Result<(), Errno> {
        match error {
            Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM | Errno::NOSPC => {
                self.shortage = true;
                if !std::mem::replace(&mut self.said, true) {
                    let (name, found) = (&self.name, describe(&error.into()));
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
}

fn bound(address: &str) -> std::io::Result<TcpListener> {
    let listener = TcpListener::bind(address.to_socket_addrs()?.collect::<Vec<_>>().as_slice())?;
    listener.set_nonblocking(true)?;
    // Said again with a longer queue: a sender that finds it full waits for a second before it asks again.
    rustix::net::listen(&listener, QUEUE)?;
    allow_many();
    Ok(listener)
}
