//! A terminal on either side: tables, colours, the progress display; and none of it anywhere else.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use super::{Done, Live, Tap, run, streamer};

/// A terminal of 80 columns: the side of the screen, and the side of the program.
fn terminal() -> (File, OwnedFd) {
    let screen = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("a terminal");
    grantpt(&screen).and_then(|()| unlockpt(&screen)).expect("a terminal");
    let name = ptsname(&screen, Vec::new()).expect("a name");
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let program = rustix::fs::open(name, flags, Mode::empty()).expect("its other side");
    let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&screen, size).expect("a size");
    (screen.into(), program)
}

/// Runs with standard output on a terminal: what comes there, lines ended as a terminal does.
fn on_terminal(command: &mut Command) -> String {
    let (screen, program) = terminal();
    let live = Live::start(command.stdin(Stdio::piped()).stdout(program));
    command.stdout(Stdio::null());
    let screen = Tap::on(screen);
    let mut live = live;
    live.write(b"a b a\n");
    live.stdin = None;
    let done: Done = live.wait();
    assert_eq!((done.status.code(), done.stderr.as_str()), (Some(0), ""));
    String::from_utf8(screen.end()).expect("UTF-8").replace("\r\n", "\n")
}

const ESCAPE: char = '\x1b';

#[test]
fn a_terminal_gets_a_table_and_anything_else_plain_rows() {
    let shown = on_terminal(&mut streamer("wordcount --batch all --color never"));
    let lines: Vec<_> = shown.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).collect();
    assert!(lines.contains(&vec!["word", "count"]) && lines.contains(&vec!["a", "2"]), "{shown}");
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
    assert_eq!(on_terminal(&mut streamer("wordcount --batch all --out text")), "a\t2\nb\t1\n");
    assert_eq!(run(&mut streamer("wordcount --batch all"), b"a b a\n").ok(), "a\t2\nb\t1\n");
}

#[test]
fn colours_only_where_they_are_wanted() {
    let colourful = |command: &mut Command| on_terminal(command).contains(ESCAPE);
    assert!(colourful(&mut streamer("wordcount --batch all")));
    assert!(!colourful(streamer("wordcount --batch all").env("NO_COLOR", "1")));
    assert!(colourful(streamer("wordcount --batch all").env("NO_COLOR", "")), "empty is not set");
    assert!(!colourful(streamer("wordcount --batch all").env("TERM", "dumb")));
    assert!(!colourful(&mut streamer("wordcount --batch all --color never")));
    assert!(colourful(streamer("wordcount --batch all --color always").env("NO_COLOR", "1")));
    assert!(!colourful(&mut streamer("wordcount --batch all --out text")));
    let piped = |command: &mut Command| run(command, b"a b a\n").ok().contains(ESCAPE);
    assert!(!piped(&mut streamer("wordcount --out table")));
    assert!(piped(&mut streamer("wordcount --out table --color always")));
    assert!(piped(streamer("wordcount --out table").env("CLICOLOR_FORCE", "1")));
    assert!(!piped(streamer("wordcount --out table").env("CLICOLOR_FORCE", "0")));
    assert!(!piped(streamer("wordcount --out table").env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1")));
    for out in ["text", "csv", "tsv", "json", "spark"] {
        assert!(!piped(&mut streamer(&format!("wordcount --color always --out {out}"))), "{out} is for programs");
    }
    // A file is read by programs too.
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("out");
    run(streamer("wordcount --out table --color always --to").arg(&file), b"a b a\n").ok();
    assert!(!std::fs::read_to_string(&file).expect("a file").contains(ESCAPE));
}

/// What a terminal shows in the end, for the few escapes that move the cursor or erase.
fn screen(bytes: &str) -> String {
    let (mut rows, mut row, mut column) = (vec![Vec::new()], 0usize, 0usize);
    let mut rest = bytes.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '\r' => column = 0,
            '\n' => row += 1,
            ESCAPE if rest.next_if_eq(&'[').is_some() => {
                let mut number = String::new();
                let last = loop {
                    match rest.next() {
                        Some(c) if c.is_ascii_alphabetic() => break c,
                        Some(c) => number.push(c),
                        None => return "an escape that does not end".into(),
                    }
                };
                let times = number.parse().unwrap_or(1);
                match last {
                    'A' => row = row.saturating_sub(times),
                    'B' => row += times,
                    'C' => column += times,
                    'D' => column = column.saturating_sub(times),
                    'K' if number == "2" => rows[row].clear(),
                    'K' => rows[row].truncate(column),
                    'J' => rows.truncate(row + 1),
                    _ => {}
                }
            }
            shown => {
                let cells: &mut Vec<char> = &mut rows[row];
                cells.resize(cells.len().max(column + 1), ' ');
                cells[column] = shown;
                column += 1;
            }
        }
        rows.resize(rows.len().max(row + 1), Vec::new());
    }
    rows.iter().map(|row| row.iter().collect::<String>().trim_end().to_string() + "\n").collect()
}

/// Shown while it runs, gone when it is over, and a message in between is left standing.
#[test]
fn progress_is_shown_on_a_terminal_and_cleared() {
    let (side, program) = terminal();
    let mut command = streamer("grep '' --max-record 9B");
    let mut live = Live::start(command.stdin(Stdio::piped()).stderr(program));
    command.stderr(Stdio::null());
    let shown = Tap::on(side);
    live.write(b"one\n");
    let is_shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains("4 B");
    shown.until("progress", is_shown);
    live.write(b"longer than that\n");
    shown.until("message", |bytes| String::from_utf8_lossy(bytes).contains("left out"));
    let done = live.end();
    assert_eq!((done.status.code(), done.text().as_str()), (Some(0), "one\n"));
    let shown = String::from_utf8_lossy(&shown.end()).into_owned();
    let left = screen(&shown);
    let left: Vec<_> = left.lines().filter(|line| !line.is_empty()).collect();
    // The message is longer than a line of the terminal, which would wrap it.
    let message =
        "streamer: standard input, line 2: a record of 16 bytes is longer than --max-record (9 bytes); it is left out";
    assert_eq!(left, [message], "{shown:?}");
    // Whatever hides the cursor shows it again.
    assert_eq!(shown.matches("\x1b[?25l").count(), shown.matches("\x1b[?25h").count());
}

/// A signal leaves a clean screen as well.
#[test]
fn progress_is_cleared_after_a_signal() {
    let (side, program) = terminal();
    let mut command = streamer("count --batch 24h --time none");
    let mut live = Live::start(command.stdin(Stdio::piped()).stderr(program));
    command.stderr(Stdio::null());
    let shown = Tap::on(side);
    live.write(b"one\n");
    shown.until("progress", |bytes| String::from_utf8_lossy(bytes).contains("4 B"));
    live.signal(rustix::process::Signal::TERM);
    let input = live.stdin.take();
    assert_eq!(live.wait().text(), "1\n");
    assert_eq!(screen(&String::from_utf8_lossy(&shown.end())).trim(), "");
    drop(input);
}

/// Not beside rows on the same terminal, and not when quiet; `--verbose` has lines of its own. The batches take longer than
/// a display waits before it shows itself.
#[test]
fn progress_is_not_shown_where_it_would_disturb() {
    for (options, both) in [("--out text", true), ("-q", false), ("--verbose", false)] {
        let (side, program) = terminal();
        let mut command = streamer(&format!("count --batch 250ms --batches 3 --time none {options}"));
        command.stdin(Stdio::piped()).stderr(program.try_clone().expect("a terminal"));
        if both {
            command.stdout(program);
        } else {
            drop(program);
        }
        let mut live = Live::start(&mut command);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let silent = live.stdin.take();
        let shown = Tap::on(side);
        let done = live.wait();
        drop(silent);
        let shown = String::from_utf8_lossy(&shown.end()).into_owned();
        assert_eq!(if both { shown.replace("\r\n", "\n") } else { done.text() }, "0\n0\n0\n");
        let said = if both { "" } else { &shown };
        assert_eq!(said.lines().count(), if options == "--verbose" { 3 } else { 0 }, "{options}: {said:?}");
        assert!(!shown.contains(ESCAPE), "{options}: {shown:?}");
    }
}
