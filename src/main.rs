//! The program: arguments, the real clock, the run, the exit status.

use std::process::ExitCode;
use std::sync::Arc;

/// glibc gives memory back to the system beyond twice the largest block that it has seen freed. Given back after each batch it
/// would be fetched again, page by page, with the next one. So it sees a block of this size, of which no page is touched.
const KEPT: usize = 24 << 20;

#[global_allocator]
static MEMORY: streamer::data::fast::Telling = streamer::data::fast::Telling;

fn main() -> ExitCode {
    drop(std::hint::black_box(Vec::<u8>::with_capacity(KEPT)));
    streamer::engine::shutdown::quiet_panics();
    let args: Vec<_> = std::env::args_os().collect();
    let clock = Arc::new(streamer::clock::SystemClock::new());
    let ended = streamer::run(&args, streamer::io::Io::system(), clock);
    if let Some(signal) = ended.signal {
        // So that the loops of a shell stop as well.
        let _ = signal_hook::low_level::emulate_default_handler(signal);
    }
    ExitCode::from(ended.status)
}
