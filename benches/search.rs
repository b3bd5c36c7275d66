//! What it costs to search blocks: mapped or read, with vectors or without.

use std::io::Write;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use criterion::{Criterion, Throughput};
use streamer::data::buffer::{BLOCK, Buffer};
use streamer::data::fast::{Mapped, Needle, WINDOW};

/// A literal that does not occur, with the line ends counted, and the same bytes of a file mapped and read.
pub fn search(criterion: &mut Criterion, text: &[Arc<Buffer>]) {
    let mut group = criterion.benchmark_group("search");
    group.throughput(Throughput::Bytes(text.iter().map(|block| block.len() as u64).sum()));
    let needle = Needle::new(b"sherlock").expect("a literal of eight bytes");
    let records = |bytes: &[u8]| needle.records(bytes, 0, b'\n', &mut Vec::new()) as usize;
    let records_portable = |bytes: &[u8]| needle.records_portable(bytes, 0, b'\n', &mut Vec::new()) as usize;
    let all = |find: &dyn Fn(&[u8]) -> usize| text.iter().map(|block| find(block.bytes())).sum::<usize>();
    group.bench_function("literal and line ends", |b| b.iter(|| all(&records)));
    group.bench_function("literal and line ends, portable", |b| {
        b.iter(|| all(&records_portable));
    });
    let file = tempfile::tempfile().expect("a temporary file");
    text.iter().try_for_each(|block| (&file).write_all(block.bytes())).expect("room for 64 MiB");
    let size = file.metadata().map_or(0, |seen| seen.len()) as usize;
    group.bench_function("windows of a file", |b| {
        b.iter(|| {
            let look = |at: usize| {
                let mapped = Mapped::new(&file, at as u64, WINDOW.min(size - at))?;
                Some(records(mapped.bytes()))
            };
            (0..size).step_by(WINDOW).filter_map(look).sum::<usize>()
        });
    });
    let mut buffer = vec![0; BLOCK];
    group.bench_function("blocks of a file, read", |b| {
        b.iter(|| {
            let look = |at: usize| {
                let bytes = &mut buffer[..BLOCK.min(size - at)];
                file.read_exact_at(bytes, at as u64).map(|()| records(bytes)).ok()
            };
            (0..size).step_by(BLOCK).filter_map(look).sum::<usize>()
        });
    });
    group.finish();
}
