//! A gateway for tests: reads requests, keeps them, and answers what it is told to.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What is answered, one after the other; the status 0 hangs up. The last one stays.
pub struct Answers(VecDeque<(u16, String)>);

impl Answers {
    /// These.
    pub fn of(answers: &[(u16, &str)]) -> Answers {
        Answers(answers.iter().map(|(status, text)| (*status, text.to_string())).collect())
    }

    /// This text each time.
    pub fn always(text: &str) -> Answers {
        Answers::of(&[(200, text)])
    }

    fn next(&mut self) -> (u16, String) {
        if self.0.len() > 1 { self.0.pop_front().expect("there are some") } else { self.0[0].clone() }
    }
}

/// A request that came.
#[derive(Debug, Clone)]
pub struct Request {
    pub line: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// The gateway.
pub struct Fake {
    pub address: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Fake {
    pub fn start(answers: Answers) -> Fake {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (kept, answers) = (Arc::clone(&requests), Arc::new(Mutex::new(answers)));
        // Ends with the process: nobody connects to it once its test is over.
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (kept, answers) = (Arc::clone(&kept), Arc::clone(&answers));
                std::thread::spawn(move || serve(stream, &kept, &answers));
            }
        });
        Fake { address, requests }
    }

    /// Nobody is there.
    pub fn gone() -> Fake {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        Fake { address, requests: Arc::default() }
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().expect("no panic").clone()
    }
}

fn serve(stream: TcpStream, kept: &Mutex<Vec<Request>>, answers: &Mutex<Answers>) {
    let mut to = stream.try_clone().expect("a stream");
    let mut from = BufReader::new(stream);
    loop {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if from.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            match line.trim_end() {
                "" => break,
                line => lines.push(line.to_string()),
            }
        }
        let headers = lines[1..].iter().filter_map(|line| line.split_once(": "));
        let headers: Vec<(String, String)> =
            headers.map(|(name, value)| (name.to_string(), value.to_string())).collect();
        let mut request = Request { line: lines[0].clone(), headers, body: Vec::new() };
        let length = request.header("content-length").map_or(0, |length| length.parse().expect("a number"));
        request.body.resize(length, 0);
        from.read_exact(&mut request.body).expect("a body");
        kept.lock().expect("no panic").push(request);
        let (status, text) = answers.lock().expect("no panic").next();
        if status == 0 {
            return;
        }
        let head = format!("HTTP/1.1 {status} Said\r\nContent-Length: {}\r\n\r\n", text.len());
        if to.write_all(format!("{head}{text}").as_bytes()).is_err() {
            return;
        }
    }
}

/// A body in words, `KEY COLUMN@TIME=VALUE` a cell: read by the wire format of protocol buffers, not by what made it.
pub fn decoded(body: &[u8]) -> String {
    let mut text = String::new();
    for (number, row) in fields(body) {
        assert_eq!(number, 1, "a set of cells holds rows only");
        let row = fields(row.bytes());
        let of = |fields: &[(u64, Value<'_>)], number: u64| {
            let field = fields.iter().find(|(this, _)| *this == number).map(|(_, value)| value.bytes());
            String::from_utf8_lossy(field.expect("a field that is needed")).into_owned()
        };
        for (_, cell) in row.iter().filter(|(number, _)| *number == 2) {
            let cell = fields(cell.bytes());
            let time = cell
                .iter()
                .find_map(|(number, value)| if let (3, Value::Number(n)) = (number, value) { Some(*n) } else { None });
            let time = time.expect("a timestamp");
            text += &format!("{} {}@{time}={}\n", of(&row, 1), of(&cell, 2), of(&cell, 4));
        }
    }
    text
}

#[derive(Clone, Copy)]
enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

impl<'a> Value<'a> {
    fn bytes(&self) -> &'a [u8] {
        match self {
            Value::Bytes(bytes) => bytes,
            Value::Number(_) => panic!("a number where bytes are expected"),
        }
    }
}

fn fields(mut bytes: &[u8]) -> Vec<(u64, Value<'_>)> {
    fn varint(bytes: &mut &[u8]) -> u64 {
        let mut value = 0;
        for shift in (0..).step_by(7) {
            let (first, rest) = bytes.split_first().expect("a number");
            *bytes = rest;
            value |= u64::from(first & 0x7f) << shift;
            if first & 0x80 == 0 {
                break;
            }
        }
        value
    }
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes);
        let value = varint(&mut bytes);
        let value = match tag & 7 {
            0 => Value::Number(value),
            2 => {
                let (inside, rest) = bytes.split_at(value as usize);
                bytes = rest;
                Value::Bytes(inside)
            }
            other => panic!("wire type {other}"),
        };
        fields.push((tag >> 3, value));
    }
    fields
}
