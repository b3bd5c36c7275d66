//! What takes too long for a test: `cargo run --release --example soak -- WHAT`, where WHAT is
//!
//! * `window [SECONDS [MB/S]] [-- MORE ARGUMENTS]`: a sliding window over a million keys at a steady rate (an hour, 50 MB/s):
//!   every row of every window is held against a model, memory and delay must stay flat;
//! * `senders [CONNECTIONS [GB]]`: ten thousand connections that send in pieces, one sender that sends a byte at a time beside
//!   one that floods, ten gigabytes without a line end;
//! * `kills [N]`: runs with a checkpoint, killed at random times, N (300) times in all, until their files are complete: they
//!   equal those of runs that nobody killed.
//!
//! `STREAMER` names another build. Ends with 1 where something is not as it has to be. Linux only, for it reads /proc.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros)] // it measures real time, and prints

mod kills;
mod senders;
mod watched;
mod window;

use std::error::Error;
use std::path::PathBuf;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let what = args.next().unwrap_or_default();
    let args: Vec<String> = args.collect();
    let own = args.iter().take_while(|arg| *arg != "--").count();
    let more = args.get(own + 1..).unwrap_or_default();
    let number = |at: usize, otherwise: u64| args[..own].get(at).map_or(Ok(otherwise), |arg| arg.parse());
    match what.as_str() {
        "window" => window::soak(number(0, 3600)?, number(1, 50)?, more),
        "senders" => senders::soak(number(0, 10_000)?, number(1, 10)?),
        "kills" => kills::soak(number(0, 300)?),
        _ => Err("say what: window [SECONDS [MB/S]] [-- MORE ARGUMENTS], senders [CONNECTIONS [GB]], kills [N]".into()),
    }
}

/// The binary that is tried: `STREAMER`, or the one that was built beside this one.
fn streamer() -> Result<PathBuf> {
    let path = match std::env::var_os("STREAMER") {
        Some(path) => PathBuf::from(path),
        None => std::env::current_exe()?.with_file_name("../streamer"),
    };
    Ok(path.canonicalize().map_err(|error| format!("cannot run {}: {error}; cargo build --release", path.display()))?)
}

/// A number that looks like chance and is always the same for the same `at` (splitmix64).
fn mixed(at: u64) -> u64 {
    let mut x = at.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}
