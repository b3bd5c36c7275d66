//! The program: arguments, the real clock, the run, the exit status.

use std::process::ExitCode;
use std::sync::Arc;

fn main() -> ExitCode {
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
