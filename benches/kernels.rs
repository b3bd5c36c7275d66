//! What the inner loops cost: `cargo bench --bench kernels`. The text is made, with frequencies as in natural language
//! (Zipf), so that the tables are used as they would be: few words often, most words rarely.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput};
use streamer::data::block::Text;
use streamer::data::buffer::{BLOCK, Buffer};
use streamer::data::fast::{Kernel, words, words_with};
use streamer::data::groups::Groups;

/// How many blocks of [`BLOCK`] bytes: 64 MiB.
const BLOCKS: usize = 256;
/// How many different words there may be.
const WORDS: f64 = 500_000.0;

/// Blocks of lines, the same on every run.
fn text() -> Vec<Arc<Buffer>> {
    let mut state = 1u64;
    let mut random = move || {
        // SplitMix64 (Steele, Lea, Flood 2014).
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    };
    let block = |_| {
        let mut bytes = Vec::with_capacity(BLOCK + 64);
        while bytes.len() < BLOCK {
            // The rank of a word with exponent 1 is exponential in a uniform number.
            let uniform = (random() >> 11) as f64 / (1u64 << 53) as f64;
            let mut rank = WORDS.powf(uniform) as u64;
            while rank > 0 {
                bytes.extend_from_slice([b"ka", b"to", b"mi", b"re", b"su", b"no", b"al", b"en"][rank as usize % 8]);
                rank /= 8;
            }
            bytes.push(if random() % 12 == 0 { b'\n' } else { b' ' });
        }
        Arc::new(Buffer::from_vec(bytes))
    };
    (0..BLOCKS).map(block).collect()
}

fn split(criterion: &mut Criterion, text: &[Arc<Buffer>]) {
    let mut group = criterion.benchmark_group("words");
    let block = &text[0];
    group.throughput(Throughput::Bytes(block.len() as u64));
    for kernel in Kernel::ALL.into_iter().filter(|kernel| kernel.is_available()) {
        let mut spans = Vec::new();
        group.bench_function(format!("{kernel:?}"), |bencher| {
            bencher.iter(|| {
                spans.clear();
                words_with(kernel, block.padded(), 0, block.len(), &mut spans);
                black_box(&spans);
            });
        });
    }
    group.finish();
}

fn count(criterion: &mut Criterion, text: &[Arc<Buffer>]) {
    let mut group = criterion.benchmark_group("groups");
    group.sample_size(10);
    let keys: Vec<Text> = text
        .iter()
        .map(|block| {
            let mut spans = Vec::new();
            words(block.padded(), 0, block.len(), &mut spans);
            Text { data: Arc::clone(block), spans }
        })
        .collect();
    group.throughput(Throughput::Elements(keys.iter().map(|k| k.spans.len() as u64).sum()));
    group.bench_function("add, new table", |bencher| {
        bencher.iter(|| {
            let mut groups = Groups::new();
            keys.iter().for_each(|keys| groups.add(keys, None));
            groups.len()
        });
    });
    let mut groups = Groups::new();
    group.bench_function("add, reused table", |bencher| {
        bencher.iter(|| {
            groups.clear();
            keys.iter().for_each(|keys| groups.add(keys, None));
            groups.len()
        });
    });
    group.bench_function("add and merge two halves", |bencher| {
        bencher.iter(|| {
            let mut halves = [Groups::new(), Groups::new()];
            keys.iter().enumerate().for_each(|(n, keys)| halves[n % 2].add(keys, None));
            let [one, other] = &mut halves;
            let (to_other, to_one) = (one.ship(1, 2), other.ship(0, 2));
            one.take(&to_one);
            other.take(&to_other);
            one.len() + other.len()
        });
    });
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let text = text();
    split(&mut criterion, &text);
    count(&mut criterion, &text);
    criterion.final_summary();
}
