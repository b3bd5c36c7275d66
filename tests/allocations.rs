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
const PER_BLOCK: u64 = 64;

/// Text of so many lines, always of the same words.
fn text(records: usize) -> Vec<u8> {
    let line = |number: usize| format!("GET /path/{} user-{} status {}\n", number % 100, number % 37, number % 7);
    (0..records).flat_map(|number| line(number).into_bytes()).collect()
}

#[test]
fn allocations_grow_with_the_blocks_not_with_the_records() {
    let (short, long) = (Arc::new(text(RECORDS)), Arc::new(text(10 * RECORDS)));
    let dir = tempfile::tempdir().expect("a directory");
    let write = |name: &str, text: &[u8]| {
        std::fs::write(dir.path().join(name), text).expect("written");
        from(&dir.path().join(name))
    };
    let files = (write("short", &short), write("long", &long));
    let blocks = (long.len() - short.len()).div_ceil(BLOCK) as u64;
    assert!(blocks * PER_BLOCK < 9 * RECORDS as u64 / 20, "far fewer than the records");
    for command in [
        "streamer wordcount",
        "streamer grep status",
        "streamer grep -v 'user-1 '",
        "streamer grep status --out csv",
        "streamer grep status --out json",
        "streamer words --out json",
        "streamer count --by '$1'",
        "streamer count --by '$1,$3'",
        "streamer words then count --by word --out json",
        "streamer distinct --by '$2'",
        "streamer top 5 '$2' --by '$5'",
        "streamer top 5 '$2,line'",
        "streamer sample 0.5",
        "streamer head 10",
        "streamer tail 10",
        "streamer sort '$3'",
    ] {
        for files in [None, Some(&files)] {
            let run = |text: &Arc<Vec<u8>>, file: Option<&String>| match file {
                Some(from) => allocations(&format!("{command} {from} --batch all"), &Arc::default()),
                None => allocations(&format!("{command} --batch all"), text),
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

fn from(path: &Path) -> String {
    format!("--from {}", path.display())
}
