//! Writes data to measure with, the same bytes for the same size:
//! `cargo run --release --example peers-data -- text|clicks|access|keys|requests BYTES > FILE`.
//!
//! Each kind writes whole lines until it has at least so many bytes (`keys`: at most).

mod access;
mod clicks;
mod keys;
mod random;
mod requests;
mod text;

use std::io::{self, BufWriter, Write};

/// What the kinds write to.
type Out<'a> = BufWriter<io::StdoutLock<'a>>;

fn main() -> io::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let usage = || io::Error::other("usage: peers-data text|clicks|access|keys|requests BYTES > FILE");
    let [kind, bytes] = args.as_slice() else { return Err(usage()) };
    let bytes = bytes.parse().map_err(|_| usage())?;
    let write = match kind.as_str() {
        "text" => text::write,
        "clicks" => clicks::write,
        "access" => access::write,
        "keys" => keys::write,
        "requests" => requests::write,
        _ => return Err(usage()),
    };
    let mut out = BufWriter::with_capacity(1 << 20, io::stdout().lock());
    write(&mut out, bytes)?;
    out.flush()
}
