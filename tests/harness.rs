//! The story player: plays a case through the library, in process, on the manual clock, without a child and without a sleep.
//!
//! A case file in `tests/cases/` holds stories, each begun by a title:
//!
//! ```text
//! ## what is proved elsewhere           a remark, of the file or of a story
//! # count: one row a batch             what it proves
//! + a.txt hello                        a line is put behind the file {dir}/a.txt, before the run or during it; `++` without its end
//! * 2026-11-20T00:00:00Z               where the wall clock stands (default: the epoch)
//! $ streamer --batch 1s count          the command
//! < hello                              a line arrives; `<<` the same without its end; \t \0 \r \xff \\ are escapes
//! @ 1s                                 the clock moves on, in steps of at most a second; `@ jump 1d` only the wall clock
//! .                                    the input ends; behind `$` it says that standard input is not read at all
//! > 1970-01-01T00:00:01.000Z\t1        what came out on standard output since the step before
//! ! streamer: ...                      the same of standard error
//! ? 1                                  the exit status, if it is not 0
//! ```
//!
//! What comes out must have come out before the next step. `STREAMER_UPDATE=1 cargo test` rewrites the expectations.

mod escapes;

use std::collections::{HashMap, VecDeque};
use std::ffi::OsString;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use escapes::{escape, unescape};
use streamer::clock::{Clock, ManualClock};
use streamer::data::time::Time;
use streamer::error::Result;
use streamer::io::{Io, Messages};
use streamer::sources::{Got, Stream};
use streamer::stop::Stop;

/// How long anything may take before a test gives up.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// How often the player looks whether a run has ended by itself ...
const LOOK: Duration = Duration::from_millis(20);
/// ... before it gives up.
const LOOKS: u128 = PATIENCE.as_millis() / LOOK.as_millis();

/// What a test writes into standard input.
#[derive(Clone, Default)]
pub struct Input {
    shared: Arc<(Mutex<InputState>, Condvar)>,
}

#[derive(Default)]
struct InputState {
    bytes: VecDeque<u8>,
    ended: bool,
    /// The reader has taken everything and waits for more, or is gone.
    idle: bool,
    /// At most so many bytes a read, if not 0.
    most: usize,
}

impl Input {
    /// Gives bytes and waits until the batcher holds them.
    pub fn feed(&self, bytes: &[u8]) {
        let mut state = self.shared.0.lock().unwrap();
        state.bytes.extend(bytes);
        if !bytes.is_empty() {
            state.idle &= state.ended;
        }
        self.shared.1.notify_all();
        let (_state, late) = self.shared.1.wait_timeout_while(state, PATIENCE, |s| !s.idle).unwrap();
        assert!(!late.timed_out(), "the input was not taken");
    }

    /// Every read gives at most so many bytes.
    pub fn limit(&self, most: usize) {
        self.shared.0.lock().unwrap().most = most;
    }

    /// There is no more.
    pub fn end(&self) {
        self.shared.0.lock().unwrap().ended = true;
        self.shared.1.notify_all();
    }
}

struct Reader {
    shared: Arc<(Mutex<InputState>, Condvar)>,
    stop: Arc<Stop>,
    _gone: Gone,
}

/// Nobody reads any more, or nobody ever did.
struct Gone(Arc<(Mutex<InputState>, Condvar)>);

impl Stream for Reader {
    fn read(&mut self, into: &mut [u8], wait: bool) -> Result<Got> {
        let mut state = self.shared.0.lock().unwrap();
        loop {
            if self.stop.is_told() {
                return Ok(Got::End);
            }
            if !state.bytes.is_empty() {
                let most = if state.most == 0 { into.len() } else { state.most };
                let count = into.len().min(most).min(state.bytes.len());
                for (to, from) in into.iter_mut().zip(state.bytes.drain(..count)) {
                    *to = from;
                }
                return Ok(Got::Bytes(count));
            }
            if !wait {
                return Ok(Got::Later);
            }
            if state.ended {
                return Ok(Got::End);
            }
            state.idle = true;
            self.shared.1.notify_all();
            // The stop has no bell for this reader: look again now and then.
            state = self.shared.1.wait_timeout(state, Duration::from_millis(5)).unwrap().0;
        }
    }
}

impl Drop for Gone {
    fn drop(&mut self) {
        let mut state = self.0.0.lock().unwrap();
        (state.ended, state.idle) = (true, true);
        self.0.1.notify_all();
    }
}

/// What a test reads from standard output or standard error.
#[derive(Clone, Default)]
pub struct Output(Arc<Mutex<Vec<u8>>>);

impl Output {
    /// Takes what has come out since the last time.
    pub fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A run under way.
pub struct Run {
    pub input: Input,
    pub stdout: Output,
    pub stderr: Output,
    pub clock: ManualClock,
    reads_input: bool,
    thread: std::thread::JoinHandle<streamer::Ended>,
}

impl Run {
    /// Starts a command; its first word is the program.
    pub fn start(words: &[String], wall: Time) -> Run {
        Self::start_with(words, wall, Input::default())
    }

    /// The same of words that need not be text.
    pub fn start_os(args: Vec<OsString>, wall: Time) -> Run {
        Self::start_args(args, wall, Input::default())
    }

    /// The same, with an input that may have been prepared.
    pub fn start_with(words: &[String], wall: Time, input: Input) -> Run {
        Self::start_args(words.iter().map(OsString::from).collect(), wall, input)
    }

    fn start_args(args: Vec<OsString>, wall: Time, input: Input) -> Run {
        let (stdout, stderr, clock) = (Output::default(), Output::default(), ManualClock::at(wall));
        let (shared, gone) = (Arc::clone(&input.shared), Gone(Arc::clone(&input.shared)));
        let reads_input = !args.iter().any(|w| w == "--from") || args.iter().any(|w| w == "-");
        let io = Io {
            stdin: Some(Box::new(move |stop| Box::new(Reader { shared, stop, _gone: gone }) as Box<dyn Stream>)),
            stdout: Arc::new(Mutex::new(Box::new(stdout.clone()))),
            stderr: Messages::new(Box::new(stderr.clone())),
            stdout_terminal: false,
            stderr_terminal: false,
            env: HashMap::new(),
            signals: false,
        };
        let time: Arc<dyn Clock> = Arc::new(clock.clone());
        let thread = std::thread::spawn(move || streamer::run(&args, io, time));
        Run { input, stdout, stderr, clock, reads_input, thread }
    }

    /// Waits until nothing more happens at the present moment.
    pub fn settle(&self) {
        if self.reads_input {
            self.input.feed(b"");
        } else {
            // What it reads is not in the player's hand: wait until it has begun to live by the clock.
            self.until(|clock| clock.watched(LOOK));
        }
        self.until(|clock| clock.settle(LOOK));
    }

    /// Waits until this holds; a run that failed leaves work behind that nobody will do.
    fn until(&self, holds: impl Fn(&ManualClock) -> bool) {
        let rest = (0..LOOKS).any(|_| self.thread.is_finished() || holds(&self.clock));
        assert!(rest, "the run does not come to rest");
    }

    /// Ends the input and waits for the end of the run: its exit status.
    pub fn end(self) -> (u8, Output, Output) {
        self.input.end();
        let ended = self.thread.join().expect("a run never panics");
        (ended.status, self.stdout, self.stderr)
    }
}

/// Runs a command over some input from beginning to end: exit status, standard output, standard error.
pub fn run(command: &str, input: &[u8]) -> (u8, Vec<u8>, String) {
    run_chunked(command, input, 0)
}

/// The same, with reads of at most so many bytes.
pub fn run_chunked(command: &str, input: &[u8], most: usize) -> (u8, Vec<u8>, String) {
    let words = shlex::split(command).expect("a command");
    let prepared = Input::default();
    prepared.limit(most);
    prepared.shared.0.lock().unwrap().bytes.extend(input);
    prepared.shared.0.lock().unwrap().ended = true;
    let run = Run::start_with(&words, Time(0), prepared);
    let (status, stdout, stderr) = run.end();
    (status, stdout.take(), String::from_utf8_lossy(&stderr.take()).into_owned())
}

/// What gzip makes of bytes.
pub fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Plays the stories of a file, each of which must come out as it is written there.
pub fn play(path: &Path) {
    let text = std::fs::read_to_string(path).expect("a case file");
    let mut played = String::new();
    for story in stories(&text) {
        played += &play_story(&story);
    }
    if std::env::var_os("STREAMER_UPDATE").is_some() {
        std::fs::write(path, played).expect("the case file can be written");
    } else {
        assert!(played == text, "{}:\n{}", path.display(), difference(&text, &played));
    }
}

fn stories(text: &str) -> Vec<Vec<String>> {
    let mut stories: Vec<Vec<String>> = Vec::new();
    for line in text.lines() {
        if line.starts_with("# ") || stories.is_empty() {
            stories.push(Vec::new());
        }
        stories.last_mut().unwrap().push(line.to_string());
    }
    stories
}

/// Plays one story and writes it down as it came out.
fn play_story(story: &[String]) -> String {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().display().to_string();
    let mut played = String::new();
    let mut wall = Time(0);
    let mut run: Option<Run> = None;
    let drain = |stdout: &Output, stderr: &Output, played: &mut String| {
        for (mark, output) in [('>', stdout), ('!', stderr)] {
            let bytes = output.take();
            for line in bytes.split_inclusive(|b| *b == b'\n') {
                let ended = line.strip_suffix(b"\n");
                let mark = if ended.is_some() { mark.to_string() } else { format!("{mark}{mark}") };
                let text = escape(ended.unwrap_or(line)).replace(&place, "{dir}");
                *played += format!("{mark} {text}").trim_end();
                played.push('\n');
            }
        }
    };
    for (at, line) in story.iter().enumerate() {
        let (mark, rest) = line.split_once(' ').unwrap_or((line, ""));
        if matches!(mark, ">" | ">>" | "!" | "!!" | "?") {
            continue;
        }
        if !(line.is_empty() && run.is_some()) {
            played += line;
            played.push('\n');
        }
        match (mark, &run) {
            ("+" | "++", _) => {
                let (name, text) = rest.split_once(' ').unwrap_or((rest, ""));
                let file = std::fs::OpenOptions::new().append(true).create(true).open(dir.path().join(name));
                let end: &[u8] = if mark == "+" { b"\n" } else { b"" };
                file.unwrap().write_all(&[&unescape(text), end].concat()).unwrap();
            }
            ("*", None) => wall = Time(rest.parse::<jiff::Timestamp>().unwrap().as_millisecond()),
            ("$", None) => {
                let words = shlex::split(&rest.replace("{dir}", &place)).expect("a command");
                run = Some(Run::start(&words, wall));
                if story.get(at + 1).is_some_and(|next| next == ".") {
                    continue;
                }
            }
            ("<", Some(run)) => run.input.feed(&[unescape(rest), b"\n".to_vec()].concat()),
            ("<<", Some(run)) => run.input.feed(&unescape(rest)),
            ("@", Some(run)) => match rest.strip_prefix("jump ") {
                Some(by) => {
                    let (sign, by) = by.strip_prefix('-').map_or((1, by), |by| (-1, by));
                    run.clock.jump(sign * humantime::parse_duration(by).unwrap().as_millis() as i64);
                }
                None => {
                    let mut left = humantime::parse_duration(rest).unwrap();
                    while !left.is_zero() {
                        let step = left.min(Duration::from_secs(1));
                        run.settle();
                        run.clock.forward(step);
                        left -= step;
                    }
                }
            },
            (".", Some(_)) => {
                let Some(run) = run.take() else { unreachable!() };
                let (status, stdout, stderr) = run.end();
                drain(&stdout, &stderr, &mut played);
                if status != 0 {
                    played += &format!("? {status}\n");
                }
                continue;
            }
            ("#" | "##", _) | ("", _) => {}
            _ => panic!("a story cannot go on with: {line}"),
        }
        if let Some(run) = &run {
            run.settle();
            drain(&run.stdout, &run.stderr, &mut played);
        }
    }
    if let Some(run) = run {
        let (stdout, stderr) = (run.stdout.clone(), run.stderr.clone());
        let (status, _, _) = run.end();
        assert!(stdout.take().is_empty() && stderr.take().is_empty(), "a story ends with the end of its input: .");
        assert_eq!(status, 0);
    }
    if !played.ends_with("\n\n") {
        played.push('\n');
    }
    played
}

fn difference(expected: &str, found: &str) -> String {
    let (mut expected, mut found) = (expected.lines(), found.lines());
    let mut context = VecDeque::new();
    loop {
        match (expected.next(), found.next()) {
            (Some(a), Some(b)) if a == b => {
                context.push_back(a);
                if context.len() > 12 {
                    context.pop_front();
                }
            }
            (None, None) => return "no difference".to_string(),
            (a, b) => {
                let before: Vec<_> = context.into_iter().collect();
                let rest: Vec<_> = found.take(8).collect();
                let (a, b) = (a.unwrap_or("(end)"), b.unwrap_or("(end)"));
                return format!("{}\nexpected: {a}\nfound:    {b}\nand then:\n{}", before.join("\n"), rest.join("\n"));
            }
        }
    }
}
