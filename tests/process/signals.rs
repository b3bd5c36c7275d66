//! Signals: the open batch is finished, the process dies by the signal, a second one ends it at once.

use std::process::{Command, Stdio};

use rustix::process::Signal;

use super::{Live, shell, streamer, sums};

/// A chain whose rows are seen as they are read, with a batch that stays open for hours.
const OPEN: &str = "tee - then count --batch 24h --time none";

/// A run that has read two lines.
fn counting(command: &mut Command) -> Live {
    let mut live = Live::start(command.stdin(Stdio::piped()));
    for line in ["one\n", "two\n"] {
        live.write(line.as_bytes());
        live.stdout.until_text(line);
    }
    live
}

/// Whoever runs the tests may have told this process to ignore a signal, and children inherit that.
fn heeding(signals: &str, command: &Command) -> Command {
    let mut wrapped = Command::new("env");
    wrapped.arg(format!("--default-signal={signals}")).arg(command.get_program()).args(command.get_args());
    wrapped.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    wrapped
}

#[test]
fn the_open_batch_is_finished_and_the_process_dies_by_the_signal() {
    for (signal, name) in [(Signal::INT, "INT"), (Signal::TERM, "TERM"), (Signal::HUP, "HUP")] {
        let mut live = counting(&mut heeding(name, &streamer(OPEN)));
        // Its input goes on: the signal alone ends it.
        let input = live.stdin.take();
        live.signal(signal);
        let rows = live.ended_by(signal);
        let counts: u64 = rows.lines().filter_map(|row| row.parse::<u64>().ok()).sum();
        assert_eq!(counts, 2, "{rows}");
        drop(input);
    }
}

/// Every word that was read is in the batches that come out, the last one cut short by the signal.
#[test]
fn nothing_that_was_read_is_lost() {
    let mut live = Live::start(streamer("words then tee - then count --by word --batch 20ms").stdin(Stdio::piped()));
    for number in 0..200 {
        live.write(format!("w{number} again\n").as_bytes());
    }
    live.stdout.until_text("w199\n");
    let input = live.stdin.take();
    live.signal(Signal::TERM);
    let rows = live.ended_by(Signal::TERM);
    let counted: String = rows.lines().filter(|row| row.contains('\t')).map(|row| format!("{row}\n")).collect();
    let sums = sums(counted.as_bytes());
    assert_eq!((sums.len(), sums["again"], sums["w199"]), (201, 200, 1));
    drop(input);
}

/// A sink that nobody reads would hold the end up for ever.
#[test]
fn a_second_signal_ends_it_at_once_also_behind_a_blocked_sink() {
    let mut child = heeding("INT,TERM", &streamer("grep ''")).stdin(Stdio::piped()).spawn().expect("it starts");
    let unread = child.stdout.take().expect("a pipe");
    let mut live = Live::started(child, super::Tap::on(std::io::empty()));
    let mut input = live.stdin.take().expect("a pipe");
    // Ends when the process is gone; by then far more was offered than fits on the way.
    let writer = std::thread::spawn(move || while std::io::Write::write_all(&mut input, &[b'\n'; 1 << 16]).is_ok() {});
    rustix::event::poll(&mut [rustix::event::PollFd::new(&unread, rustix::event::PollFlags::IN)], None)
        .expect("output");
    live.signal(Signal::INT);
    // What comes together with the first counts as one with it, so this goes on until it is over.
    let status = super::until("end though nobody reads", || {
        live.signal(Signal::TERM);
        live.over(std::time::Duration::ZERO)
    });
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    // By the first one, if it came so early that all of the output found room in the pipe.
    assert!([Some(Signal::INT.as_raw()), Some(Signal::TERM.as_raw())].contains(&signal), "{status:?}");
    drop(unread);
    writer.join().expect("no panic");
}

/// As `timeout` does it: its child gets one signal for itself and one as a member of the group.
#[test]
fn a_signal_that_comes_twice_at_once_is_one() {
    let mut live = counting(&mut heeding("INT,TERM", &streamer(OPEN)));
    let input = live.stdin.take();
    for signal in [Signal::TERM, Signal::INT, Signal::TERM] {
        live.signal(signal);
    }
    let done = live.wait();
    assert_eq!((done.text().as_str(), done.status.code()), ("one\ntwo\n2\n", None), "{}", done.stderr);
    drop(input);
}

#[test]
fn a_hangup_that_was_ignored_stays_ignored() {
    let mut live = counting(&mut shell(&format!("trap '' HUP; exec \"$0\" {OPEN}")));
    live.signal(Signal::HUP);
    live.write(b"three\n");
    live.stdout.until_text("three\n");
    assert_eq!(live.end().ok(), "one\ntwo\nthree\n3\n");
}

#[test]
fn statistics_on_request() {
    let mut live = Live::start(streamer("grep . --batch 1lines").stdin(Stdio::piped()));
    live.write(b"one\n");
    live.stdout.until_text("one\n");
    live.signal(Signal::USR1);
    let is_said = |said: &[u8]| said.ends_with(b"late\n");
    let said = String::from_utf8(live.stderr.until("statistics", is_said)).expect("UTF-8");
    for what in ["batch", "record", "records/s", "delay ", "queued", "state 0 rows"] {
        assert!(said.starts_with("streamer: ") && said.contains(what), "{what} in {said}");
    }
    live.write(b"two\n");
    let done = live.end();
    assert_eq!((done.status.code(), done.text().as_str()), (Some(0), "one\ntwo\n"), "and it goes on");
}

/// Sources that wait for others are woken by a signal too, and what they started ends with them.
#[test]
fn a_signal_wakes_every_kind_of_source() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let sources =
        [format!("tcp://{address}"), "listen://127.0.0.1:0".into(), "exec:sleep 1000".into(), "rate:1".into()];
    for source in sources {
        let mut command = streamer("count --batch 20ms --time none -q");
        let live = Live::start(heeding("TERM", command.args(["--from", &source])).stdin(Stdio::null()));
        live.stdout.until_text("0\n");
        live.signal(Signal::TERM);
        live.ended_by(Signal::TERM);
    }
}
