//! What a checkpoint costs: rows to bytes and back, and what is appended to a journal.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput};
use streamer::data::block::{Column, Number, Numbers, Span, Text};
use streamer::data::buffer::{BLOCK, Buffer};
use streamer::state::checkpoint::checksum::xxh64;
use streamer::state::checkpoint::journal::{Journal, Part};
use streamer::state::checkpoint::{Reader, Writer};

/// How many keys are held.
const KEYS: usize = 1_000_000;
/// After so many bytes the journal is begun anew, so that no disk runs full.
const JOURNAL: u64 = 1 << 30;

/// Keys of up to 10 bytes, behind one another or, as rows that were picked are, in no order.
fn keys(scattered: bool) -> Column {
    let mut data = Vec::new();
    let key = |number: usize| {
        let start = data.len();
        data.extend_from_slice(format!("user{}", number * 7919 % KEYS).as_bytes());
        Span::range(start, data.len())
    };
    let mut spans: Vec<Span> = (0..KEYS).map(key).collect();
    if scattered {
        spans = (0..KEYS).map(|row| spans[row * 7919 % KEYS]).collect();
    }
    Column::Text(Text { data: Arc::new(Buffer::from_vec(data)), spans })
}

/// The group `checkpoint`. Rates are of the bytes that are written.
pub fn checkpoint(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("checkpoint");
    group.sample_size(20);
    let mixed = (0..KEYS).map(|row| if row % 7 == 0 { Number::Null } else { Number::Int(row as i64) });
    for (name, column) in [
        ("keys", keys(false)),
        ("keys in no order", keys(true)),
        ("small ints", Column::ints((0..KEYS as i64).map(|row| row * 7919 % 1000).collect())),
        ("large ints", Column::ints((0..KEYS as i64).map(|row| row.wrapping_mul(i64::MAX / 3)).collect())),
        ("floats", Column::Number(Numbers::Floats((0..KEYS).map(|row| row as f64 / 3.0).collect()))),
        ("numbers and nulls", Column::Number(Numbers::Mixed(mixed.collect()))),
    ] {
        let mut writer = Writer::new();
        writer.column(&column);
        let bytes = writer.as_bytes().to_vec();
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        group.bench_function(format!("write {name}"), |bencher| {
            bencher.iter(|| {
                writer.clear();
                writer.column(black_box(&column));
            });
        });
        group.bench_function(format!("read {name}"), |bencher| {
            bencher.iter(|| Reader::new(black_box(&bytes)).column().map(|column| column.len()));
        });
    }
    let bytes = vec![b'x'; BLOCK];
    group.throughput(Throughput::Bytes(BLOCK as u64));
    group.bench_function("checksum", |bencher| bencher.iter(|| xxh64(black_box(&bytes), 0)));
    // Where the benchmark is run: the page cache of a real file system.
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a place for the journal");
    let journal = || Journal::open(dir.path(), "bench").expect("a journal").0;
    let (mut open, mut from) = (journal(), 0);
    group.bench_function("journal", |bencher| {
        bencher.iter(|| {
            let until = from + BLOCK as u64;
            open.append(&Part { from, until, bytes: &bytes, ..Part::default() }).expect("room on the disk");
            from = until;
            if from > JOURNAL {
                std::fs::read_dir(dir.path()).into_iter().flatten().flatten().for_each(|file| {
                    let _ = std::fs::remove_file(file.path());
                });
                (open, from) = (journal(), 0);
            }
        });
    });
    group.finish();
}
