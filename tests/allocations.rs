//! Memory is allocated per block and per batch, never per record: counted by the allocator of this program, over runs of a
//! text and of one ten times as long with the same words. A program of its own, with one test, because what other tests
//! allocate at the same time would count as well.

use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::HashMap;
use std::ffi::OsString;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use streamer::clock::ManualClock;
use streamer::data::buffer::BLOCK;
use streamer::data::time::Time;
use streamer::io::{Io, Messages};
use streamer::sources::{Got, Stream};

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

/// The allocator of the system, counting.
struct Counting;

// SAFETY: every call is passed on unchanged to the allocator of the system, which keeps the contract.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A stream of a text that is in memory.
struct Memory {
    text: Arc<Vec<u8>>,
    read: usize,
}

impl Stream for Memory {
    fn read(&mut self, into: &mut [u8], _wait: bool) -> streamer::error::Result<Got> {
        let rest = &self.text[self.read..];
        let count = rest.len().min(into.len());
        into[..count].copy_from_slice(&rest[..count]);
        self.read += count;
        Ok(if count == 0 { Got::End } else { Got::Bytes(count) })
    }
}

/// Counts the bytes that are written, and keeps none.
#[derive(Clone, Default)]
struct Sink(Arc<AtomicU64>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Runs a command over a text on standard input and gives the number of allocations.
fn allocations(command: &str, text: &Arc<Vec<u8>>) -> u64 {
    let words = shlex::split(command).expect("a command");
    let args: Vec<OsString> = words.into_iter().chain(["--shards".into(), "2".into()]).map(OsString::from).collect();
    let (stream, sink, errors) = (Memory { text: Arc::clone(text), read: 0 }, Sink::default(), Sink::default());
    let io = Io {
        stdin: Some(Box::new(move |_| Box::new(stream) as Box<dyn Stream>)),
        stdout: Arc::new(Mutex::new(Box::new(sink.clone()))),
        stderr: Messages::new(Box::new(errors.clone())),
        stdout_terminal: false,
        stderr_terminal: false,
        env: HashMap::new(),
        signals: false,
    };
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    let ended = streamer::run(&args, io, Arc::new(ManualClock::at(Time(0))));
    let made = ALLOCATIONS.load(Ordering::Relaxed) - before;
    assert_eq!((ended.status, errors.0.load(Ordering::Relaxed)), (0, 0), "{command}");
    assert!(sink.0.load(Ordering::Relaxed) > 0, "{command} writes something");
    made
}

const RECORDS: usize = 20_000;
/// What a block may cost: the vectors of its columns, which grow by doubling, messages, a queue's segment now and then.
const PER_BLOCK: u64 = 96;

/// Of one kind of input: what reads it, its line of a number (always of the same words), and commands.
type Kind = (&'static str, fn(usize) -> String, &'static [&'static str]);

const KINDS: &[Kind] = &[
    (
        "--in text",
        |number| format!("GET /path/{} user-{} status {}\n", number % 100, number % 37, number % 7),
        &[
            "wordcount",
            "grep status",
            "grep -v 'user-1 '",
            "grep status --out csv",
            "grep status --out json",
            "words --out json",
            "count --by '$1'",
            "count --by '$1,$3'",
            "words then count --by word --out json",
            "distinct --by '$2'",
            "top 5 '$2' --by '$5'",
            "top 5 '$2,line'",
            "sample 0.5",
            "head 10",
            "tail 10",
            "sort '$3'",
            "filter '$5 > 3 AND line LIKE \"%user-1%\"'",
            "filter 'line RLIKE \"user-[12] \"'",
            "flatmap 'split(line, \" \")' --as w then count --by w",
        ],
    ),
    (
        "--in csv --header path,user,n,x",
        |number| {
            let x = if number % 5 == 0 { String::new() } else { format!("{}.5", number % 900) };
            let path = if number % 11 == 0 { "\"/a,b\"".to_string() } else { format!("/path/{}", number % 100) };
            format!("{path},user-{},{},{x}\n", number % 37, number % 7)
        },
        COLUMNS,
    ),
    (
        "--in json",
        |number| {
            let x = if number % 5 == 0 { "null".to_string() } else { format!("{}.5", number % 900) };
            let tags = "{\"tags\":[1,\"\\u00e9\"]}";
            let (path, user, n) = (number % 100, number % 37, number % 7);
            format!("{{\"path\":\"/path/{path}\",\"more\":{tags},\"user\":\"user-{user}\",\"n\":{n},\"x\":{x}}}\n")
        },
        COLUMNS,
    ),
];

/// Of inputs with the columns `path`, `user`, `n`, and `x`, which is missing now and then.
const COLUMNS: &[&str] = &[
    "filter 'n > 3 AND path LIKE \"/path/1%\"'",
    "filter 'x BETWEEN 10 AND 500 OR user IN (\"user-1\", \"user-2\")' then count",
    "map 'upper(user) AS u, n * 2 + 1 AS m, x / 3 AS f, CASE WHEN n > 3 THEN path ELSE \"low\" END AS c' --out csv",
    "map 'user, n, x / 3 AS f, coalesce(x, n) AS y' --out json",
    "map 'upper(user) AS u, floor(x / 10) * 10 AS bucket' then count --by u,bucket",
    "count --by path,n",
    "agg 'sum(n) AS s' --by user",
    "agg 'sum(x), avg(x), min(n), max(path), count_if(n > 2), stddev(x)' --by user",
    "agg 'count(*) AS n, p50(x), p99(x), sum(n)' --by path then top 5 n",
    "set 'm = n * 2'",
    "set 'share = n / sum(n)' --by user",
    "sort n,user:desc",
];

#[test]
fn allocations_grow_with_the_blocks_not_with_the_records() {
    for (input, line, commands) in KINDS {
        let text = |records| Arc::new((0..records).flat_map(|number| line(number).into_bytes()).collect::<Vec<u8>>());
        let (short, long) = (text(RECORDS), text(10 * RECORDS));
        let dir = tempfile::tempdir().expect("a directory");
        let write = |name: &str, text: &[u8]| {
            std::fs::write(dir.path().join(name), text).expect("written");
            from(&dir.path().join(name))
        };
        let files = (write("short", &short), write("long", &long));
        let blocks = (long.len() - short.len()).div_ceil(BLOCK) as u64;
        assert!(blocks * PER_BLOCK < 9 * RECORDS as u64 / 20, "far fewer than the records");
        for command in *commands {
            let command = format!("streamer {command} {input} --batch all");
            for files in [None, Some(&files)] {
                let run = |text: &Arc<Vec<u8>>, file: Option<&String>| match file {
                    Some(from) => allocations(&format!("{command} {from}"), &Arc::default()),
                    None => allocations(&command, text),
                };
                let few = run(&short, files.map(|files| &files.0));
                let many = run(&long, files.map(|files| &files.1));
                let more = many.saturating_sub(few);
                assert!(
                    more <= blocks * PER_BLOCK,
                    "{command}: {few} allocations have become {many}, over {blocks} blocks"
                );
            }
        }
    }
}

fn from(path: &Path) -> String {
    format!("--from {}", path.display())
}
