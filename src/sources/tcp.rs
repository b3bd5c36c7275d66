//! `tcp://HOST:PORT`: connects and reads. `?reconnect=2s` tries again for ever; else the end of the stream is the end.
//!
//! Runs on the receiver thread of its lane; without `reconnect` the connection is made before anything runs.

use std::net::{SocketAddr, ToSocketAddrs};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, connect, socket_with, sockopt};

use super::support::polled;
use super::support::retry::Retry;
use super::support::spelling::Spelling;
use super::{Entry, Feed, Got, Lane, NoControl, Setup, Source, Stream, Wanted};
use crate::data::framing::Framing;
use crate::error::{Error, Result, describe};
use crate::stop::Stop;

const FORM: &str = "tcp://HOST:PORT";

pub(super) const ENTRY: Entry = Entry {
    scheme: "tcp",
    form: FORM,
    about: "connects and reads to the end; ?reconnect=2s tries again for ever",
    parse: |spelling| Ok(Box::new(Tcp::parse(spelling)?)),
};

/// A silent connection is probed after so long, to notice that the other side has gone without a word.
const KEEPALIVE: Duration = Duration::from_secs(60);

struct Tcp {
    address: String,
    reconnect: Option<Duration>,
    format: Wanted,
}

impl Tcp {
    fn parse(spelling: &Spelling) -> Result<Self> {
        spelling.allow(&["reconnect", "in", "header"])?;
        let address = spelling.authority(FORM)?.to_string();
        let port = address.rsplit_once(':').filter(|(host, _)| !host.is_empty()).map(|(_, port)| port.parse::<u16>());
        match port {
            Some(Ok(1..)) => {}
            Some(_) => return Err(spelling.wrong("the port is not a number from 1 to 65535")),
            None => return Err(spelling.wrong(format!("this is not of the form {FORM}"))),
        }
        Ok(Tcp { address, reconnect: spelling.duration("reconnect")?, format: spelling.format()? })
    }
}

impl Source for Tcp {
    fn name(&self) -> String {
        format!("tcp://{}", self.address)
    }

    fn format(&self) -> Wanted {
        self.format.clone()
    }

    fn cannot_freeze(&self) -> Option<&'static str> {
        self.reconnect.map(|_| "with reconnect= it never ends")
    }

    fn open(&self, setup: &Setup, _: Framing) -> Result<Vec<Lane>> {
        let mut stream = TcpStream {
            address: self.address.clone(),
            retry: self.reconnect.map(|pause| Retry::new(pause, setup)),
            connection: None,
            ended: false,
            stop: Arc::clone(&setup.stop),
        };
        if self.reconnect.is_none() {
            stream.connection = stream.dial().map_err(|found| {
                let address = &self.address;
                Error::failed(format!(
                    "cannot connect to {address}: {found}; is the server running? (tcp://{address}?reconnect=2s keeps trying)"
                ))
            })?;
        }
        Ok(vec![Lane {
            name: self.name(),
            feed: Feed::Bytes(Box::new(stream)),
            pull: false,
            size: None,
            control: Arc::new(NoControl),
            resumes: None,
        }])
    }
}

struct TcpStream {
    address: String,
    retry: Option<Retry>,
    connection: Option<OwnedFd>,
    ended: bool,
    stop: Arc<Stop>,
}

impl TcpStream {
    /// Connects to the first address that answers; nothing if the run stops meanwhile.
    fn dial(&self) -> std::result::Result<Option<OwnedFd>, String> {
        let addresses = self.address.to_socket_addrs().map_err(|e| describe(&e))?;
        let mut found = "the name has no address".to_string();
        for address in addresses {
            match self.dial_one(&address) {
                Ok(connection) => return Ok(connection),
                Err(error) => found = describe(&error.into()),
            }
        }
        Err(found)
    }

    fn dial_one(&self, address: &SocketAddr) -> std::result::Result<Option<OwnedFd>, Errno> {
        let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let fd = socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, None)?;
        sockopt::set_socket_keepalive(&fd, true)?;
        sockopt::set_tcp_keepidle(&fd, KEEPALIVE)?;
        match connect(&fd, address) {
            Ok(()) => {}
            Err(Errno::INPROGRESS | Errno::INTR) => {
                if !self.stop.ready(fd.as_fd(), PollFlags::OUT, true) {
                    return Ok(None);
                }
                sockopt::socket_error(&fd)??;
            }
            Err(error) => return Err(error),
        }
        Ok(Some(fd))
    }

    /// The connection has gone: the end, or a break before the next.
    fn lost(&mut self, found: Option<Errno>) -> Result<Got> {
        self.connection = None;
        let address = &self.address;
        let found = found.map(|e| describe(&e.into()));
        let Some(retry) = &mut self.retry else {
            self.ended = true;
            return match found {
                None => Ok(Got::End),
                Some(found) => Err(Error::failed(format!(
                    "cannot read from {address}: {found}; to connect again when this happens: tcp://{address}?reconnect=2s"
                ))),
            };
        };
        match found {
            None => retry.lost(&format!("the connection to {address} has ended")),
            Some(found) => retry.lost(&format!("the connection to {address} was lost: {found}")),
        }
        Ok(Got::Break)
    }

    /// Makes an attempt to connect again.
    fn redial(&mut self) {
        let dialled = self.dial();
        let Some(retry) = &mut self.retry else { return };
        match dialled {
            Ok(connection) => {
                self.connection = connection;
                retry.worked();
            }
            Err(found) => retry.failed(&format!("cannot connect to {}: {found}", self.address)),
        }
    }
}

impl Stream for TcpStream {
    fn read(&mut self, into: &mut [u8], wait: bool) -> Result<Got> {
        loop {
            if self.ended || self.stop.is_told() {
                return Ok(Got::End);
            }
            if let Some(connection) = &self.connection {
                return match polled::read(connection, into, wait, &self.stop) {
                    Ok(Got::End) if self.stop.is_told() => Ok(Got::End),
                    Ok(Got::End) => self.lost(None),
                    Ok(got) => Ok(got),
                    Err(error) => self.lost(Some(error)),
                };
            }
            let Some(retry) = &self.retry else { return Ok(Got::End) };
            // An attempt may take long: it is made only by who is ready to wait.
            if !wait {
                return Ok(Got::Later);
            }
            if retry.wait() {
                self.redial();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::{Shutdown, TcpListener};

    use super::super::parse;
    use super::super::support::testing::{LeapingClock, PLAIN, Said, drain, setup, setup_on, stream};
    use super::*;
    use crate::clock::Clock;
    use crate::messages::Messages;

    fn open(spec: &str, setup: &Setup) -> Result<Box<dyn Stream>> {
        Ok(stream(parse(spec)?.open(setup, PLAIN)?.pop().expect("a lane")))
    }

    fn server() -> (TcpListener, String) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("tcp://{}", listener.local_addr().unwrap());
        (listener, address)
    }

    /// A port on which nobody listens, and nobody can while the socket is held.
    fn refusing() -> (OwnedFd, String) {
        let held = socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None).unwrap();
        rustix::net::bind(&held, &SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let address = SocketAddr::try_from(rustix::net::getsockname(&held).unwrap()).unwrap();
        (held, format!("tcp://{address}"))
    }

    /// Closes so that the other side sees a reset.
    fn reset(peer: std::net::TcpStream) {
        sockopt::set_socket_linger(&peer, Some(Duration::ZERO)).unwrap();
    }

    #[test]
    fn the_end_of_the_stream_is_the_end() {
        let (listener, address) = server();
        let mut stream = open(&address, &setup()).unwrap();
        let (mut peer, _) = listener.accept().unwrap();
        assert_eq!(stream.read(&mut [0; 4], false).unwrap(), Got::Later);
        peer.write_all(b"one\ntwo").unwrap();
        peer.shutdown(Shutdown::Both).unwrap();
        assert_eq!(drain(&mut *stream, &[3]).unwrap(), b"one\ntwo");
        assert_eq!(stream.read(&mut [0; 4], true).unwrap(), Got::End);
    }

    #[test]
    fn a_refused_connection_is_an_error_before_anything_runs() {
        let (_held, address) = refusing();
        let message = open(&address, &setup()).err().expect("refused").to_string();
        let bare = &address["tcp://".len()..];
        let expected = format!(
            "cannot connect to {bare}: connection refused; is the server running? ({address}?reconnect=2s keeps trying)"
        );
        assert_eq!(message, expected);
    }

    #[test]
    fn a_broken_connection_is_an_error_that_says_how_to_retry() {
        let (listener, address) = server();
        let mut stream = open(&address, &setup()).unwrap();
        reset(listener.accept().unwrap().0);
        let message = drain(&mut *stream, &[3]).unwrap_err().to_string();
        assert!(message.contains("connection reset by peer") && message.ends_with("?reconnect=2s"), "{message}");
    }

    /// A lost connection, by an orderly end or not, is a break; then the next one is read, after the pause.
    #[test]
    fn reconnects_after_each_loss() {
        let (listener, address) = server();
        let clock = Arc::new(LeapingClock::default());
        let setup = setup_on(Arc::clone(&clock) as Arc<dyn Clock>);
        let mut stream = open(&format!("{address}?reconnect=2s"), &setup).unwrap();
        let (read, was_read) = std::sync::mpsc::channel();
        let serve = std::thread::spawn(move || {
            for n in 0..3 {
                let (mut peer, _) = listener.accept().unwrap();
                write!(peer, "{n}").unwrap();
                was_read.recv().unwrap();
                if n == 1 {
                    reset(peer);
                }
            }
            listener
        });
        let (mut all, mut into) = (Vec::new(), [0; 8]);
        while all != b"0|1|2|" {
            match stream.read(&mut into, true).unwrap() {
                Got::Bytes(n) => {
                    all.extend_from_slice(&into[..n]);
                    read.send(()).unwrap();
                }
                Got::Break => all.push(b'|'),
                other => panic!("{other:?} after {all:?}"),
            }
        }
        let _listener = serve.join().unwrap();
        assert_eq!(*clock.waits.lock().unwrap(), [Duration::from_secs(2); 2]);
        assert_eq!(stream.read(&mut into, false).unwrap(), Got::Later, "no attempt without waiting");
    }

    /// The first connection may fail too; this is said once, and a stop ends the waiting for the next attempt.
    #[test]
    fn keeps_trying_until_the_stop() {
        let (_held, address) = refusing();
        let said = Said::default();
        let setup = Setup { messages: Messages::new(Box::new(said.clone())), ..setup() };
        let mut stream = open(&format!("{address}?reconnect=500ms"), &setup).unwrap();
        let waiting = std::thread::spawn(move || stream.read(&mut [0; 8], true).unwrap());
        setup.stop.tell();
        assert_eq!(waiting.join().unwrap(), Got::End);
        assert!(said.text().lines().count() <= 1);
        let leaping =
            Setup { messages: Messages::new(Box::new(said.clone())), ..setup_on(Arc::new(LeapingClock::default())) };
        let stop = Arc::clone(&leaping.stop);
        let mut stream = open(&format!("{address}?reconnect=500ms"), &leaping).unwrap();
        let waiting = std::thread::spawn(move || stream.read(&mut [0; 8], true).unwrap());
        while !said.text().contains("connection refused; trying again every 500ms") {
            std::thread::yield_now();
        }
        stop.tell();
        assert_eq!(waiting.join().unwrap(), Got::End);
        assert!(said.text().lines().count() <= 2, "{}", said.text());
    }

    #[test]
    fn addresses_without_a_usable_port_are_usage_errors() {
        for spec in ["tcp:h:1", "tcp://", "tcp://h", "tcp://:1", "tcp://h:x", "tcp://h:70000", "tcp://h:0"] {
            assert!(matches!(parse(spec), Err(Error::Usage(_))), "{spec}");
        }
        for spec in ["tcp://[::1]:9999", "tcp://h:1/", "tcp://h:1?in=text&reconnect=2s"] {
            assert!(parse(spec).is_ok(), "{spec}");
        }
    }
}
