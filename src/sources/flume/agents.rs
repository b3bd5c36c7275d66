//! The agents that are connected: their requests become records, and are answered when these were taken over.
//!
//! One receiver thread polls every connection. The requests that are whole are gathered into one buffer. An answer waits until the
//! engine says that it has what stands before its position, so that an agent keeps, and sends again, what was not taken.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::io::Errno;

use super::frames::{self, Frames};
use super::rpc::{self, Records, Request};
use super::zlib::{Deflate, Inflate};
use crate::clock::Clock;
use crate::data::buffer::{BLOCK, Buffer, Quota};
use crate::error::{Error, Result};
use crate::messages::Messages;
use crate::sources::support::listener::{Listener, Turn};
use crate::sources::{Chunk, Control, Intake, Setup, Step, TooLong};
use crate::stop::Stop;

/// So much is read from one connection before it is the next one's turn, in bytes.
const TURN: usize = 64 * 1024;
/// How long to wait for descriptors (or memory) when there are none left for another connection.
const SHORTAGE: Duration = Duration::from_millis(100);
/// A request holds so many of the longest records, or this many bytes.
const LONGEST: usize = 4;
const LEAST: usize = 16 << 20;
/// So many different notes on connections that were closed are given.
const NOTES: usize = 20;

/// Where an agent is answered.
struct Peer {
    stream: TcpStream,
    deflate: Option<Mutex<Deflate>>,
}

impl Peer {
    /// An agent that does not take so little at once is none that waits for it.
    fn answer(&self, mut answer: Vec<u8>) {
        if let Some(deflate) = &self.deflate {
            answer = deflate.lock().unwrap_or_else(|e| e.into_inner()).add(&answer);
        }
        if !matches!((&self.stream).write(&answer), Ok(length) if length == answer.len()) {
            let _ = self.stream.shutdown(Shutdown::Both);
        }
    }
}

/// Answers that wait, in the order of the positions that were to be taken before.
#[derive(Default)]
pub struct Answers(Mutex<VecDeque<Answer>>);

/// The position that is to be taken before, who waits, and for what.
type Answer = (u64, Arc<Peer>, Vec<u8>);

impl Control for Answers {
    fn is_answered(&self) -> bool {
        true
    }

    fn taken(&self, until: u64) {
        let mut waiting = self.0.lock().unwrap_or_else(|e| e.into_inner());
        while let Some((_, peer, answer)) = waiting.pop_front_if(|(at, ..)| *at <= until) {
            peer.answer(answer);
        }
    }
}

struct Agent {
    peer: Arc<Peer>,
    inflate: Option<Inflate>,
    frames: Frames,
    /// Its first request has come.
    greeted: bool,
}

/// All of them, and what they have sent.
pub struct Agents {
    pub listener: Listener,
    deflated: bool,
    connections: HashMap<u64, Agent>,
    scratch: Vec<u8>,
    records: Records,
    /// What is answered for the records of the buffer.
    answers: Vec<(Arc<Peer>, Vec<u8>)>,
    waiting: Arc<Answers>,
    position: u64,
    limit: usize,
    /// What was said of connections that were closed.
    said: BTreeSet<String>,
    clock: Arc<dyn Clock>,
    stop: Arc<Stop>,
    messages: Arc<Messages>,
}

impl Agents {
    /// Listens; `deflated`: what agents send is compressed, and what they are answered.
    pub fn new(address: &str, deflated: bool, setup: &Setup) -> Result<Self> {
        Ok(Agents {
            listener: Listener::bind(address, "flume", setup)?,
            deflated,
            connections: HashMap::new(),
            scratch: vec![0; TURN],
            records: Records::new(setup.max_record),
            answers: Vec::new(),
            waiting: Arc::default(),
            position: 0,
            limit: setup.max_record.saturating_mul(LONGEST).max(LEAST),
            said: BTreeSet::new(),
            clock: Arc::clone(&setup.clock),
            stop: Arc::clone(&setup.stop),
            messages: Arc::clone(&setup.messages),
        })
    }

    /// The side on which it is told what was taken.
    pub fn control(&self) -> Arc<Answers> {
        Arc::clone(&self.waiting)
    }

    fn begin(&mut self, taken: Vec<(u64, TcpStream)>) {
        for (id, stream) in taken {
            // An answer is a few bytes, for which the agent waits.
            let _ = stream.set_nodelay(true);
            let peer = Arc::new(Peer { stream, deflate: self.deflated.then(|| Mutex::new(Deflate::new())) });
            let inflate = self.deflated.then(Inflate::new);
            self.connections.insert(id, Agent { peer, inflate, frames: Frames::new(self.limit), greeted: false });
        }
    }

    /// Reads once from a ready connection.
    fn read(&mut self, id: u64) {
        let Some(agent) = self.connections.get_mut(&id) else { return };
        let read = (&agent.peer.stream).read(&mut self.scratch);
        match read {
            Ok(length @ 1..) => {
                let bytes = &self.scratch[..length];
                let compressed = !self.deflated && !agent.greeted && Inflate::may_begin(bytes);
                let hint = if compressed { "; it may be compressed: add ?compression=deflate" } else { "" };
                if let Err(wrong) = agent.take(bytes, &mut self.records, &mut self.answers) {
                    let from = agent.peer.stream.peer_addr().map_or_else(|_| "a client".into(), |a| a.ip().to_string());
                    self.end(id);
                    self.note(format!("closed a connection from {from}: {wrong}{hint}"));
                }
            }
            Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::Interrupted) => {}
            // What it had begun comes again.
            Ok(0) | Err(_) => self.end(id),
        }
    }

    /// Nothing more is read of a connection; answers may still wait for it.
    fn end(&mut self, id: u64) {
        if let Some(agent) = self.connections.remove(&id) {
            self.listener.forget(&agent.peer.stream);
        }
    }

    /// Says something once: who is refused comes again and again.
    fn note(&mut self, text: String) {
        if self.said.len() < NOTES && !self.said.contains(&text) {
            self.messages.note(&format!("{}: {text}", self.listener.name));
            self.said.insert(text);
        }
    }

    /// Gathers from who is ready until nobody is or a block is full; false if the run stops.
    fn round(&mut self) -> std::result::Result<bool, Errno> {
        self.listener.shortage = false;
        while !self.stop.is_told() {
            match self.listener.turn(self.answers.is_empty(), self.connections.len())? {
                Turn::Nobody => return Ok(true),
                Turn::Stop => {}
                Turn::New(taken) => self.begin(taken),
                Turn::Ready(id) => self.read(id),
            }
            if self.records.out.len() >= BLOCK {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What was gathered; its answers wait.
    fn chunk(&mut self, quota: &Arc<Quota>) -> Chunk {
        let bytes = std::mem::take(&mut self.records.out);
        let from = self.position;
        self.position += bytes.len() as u64;
        let place = |len| {
            let at = self.position;
            self.position += len;
            TooLong { at, len, lines: 1, blank: 0 }
        };
        let too_long = self.records.too_long.drain(..).map(place).collect();
        let mut waiting = self.waiting.0.lock().unwrap_or_else(|e| e.into_inner());
        waiting.extend(self.answers.drain(..).map(|(peer, answer)| (self.position, peer, answer)));
        let lease = quota.lease(bytes.capacity());
        Chunk { buffer: Buffer::leased(bytes, lease), from, until: self.position, begins: None, too_long }
    }
}

impl Agent {
    /// Bytes that it has sent: the events of its requests go to the records, and the answers to these wait with them.
    fn take(
        &mut self,
        bytes: &[u8],
        records: &mut Records,
        answers: &mut Vec<(Arc<Peer>, Vec<u8>)>,
    ) -> std::result::Result<(), String> {
        let Agent { peer, inflate, frames, greeted } = self;
        let mut each = |serial, body: &[u8]| {
            let first = !std::mem::replace(greeted, true);
            let request = rpc::read(body, first, records)?;
            let (mut ok, mut answer) = (Vec::new(), Vec::new());
            rpc::write_ok(&request, first, &mut ok);
            frames::write(serial, &ok, &mut answer);
            match request {
                // There is nothing that could be taken.
                Request::Nothing => peer.answer(answer),
                Request::Events => answers.push((Arc::clone(peer), answer)),
            }
            Ok(())
        };
        match inflate {
            None => frames.add(bytes, each),
            Some(inflate) => inflate.add(bytes, |bytes| frames.add(bytes, &mut each)),
        }
    }
}

impl Intake for Agents {
    fn next(&mut self, quota: &Arc<Quota>) -> Result<Step> {
        self.records.out = quota.vec();
        loop {
            let goes_on = self
                .round()
                .map_err(|e| Error::io(format_args!("cannot go on with {}", self.listener.name), &e.into()))?;
            if !self.records.out.is_empty() || !self.records.too_long.is_empty() {
                return Ok(Step::Records(self.chunk(quota)));
            }
            // Batches without an event.
            for (peer, answer) in self.answers.drain(..) {
                peer.answer(answer);
            }
            if !goes_on {
                quota.unused(std::mem::take(&mut self.records.out));
                return Ok(Step::End);
            }
            if self.listener.shortage {
                self.stop.pause(&*self.clock, SHORTAGE);
            }
        }
    }
}
