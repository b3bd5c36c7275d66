//! What the inner loops cost: `cargo bench --bench kernels`. The text is made, with frequencies as in natural language
//! (Zipf), so that the tables are used as they would be: few words often, most words rarely.

#![allow(clippy::disallowed_methods)] // it measures real time

mod checkpoint;
mod search;

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use streamer::data::batch::BatchInfo;
use streamer::data::block::{Block, Text};
use streamer::data::buffer::{BLOCK, Buffer};
use streamer::data::fast::{self, Kernel, words, words_with};
use streamer::data::groups::Groups;
use streamer::data::schema::{Live, Schema};
use streamer::data::time::Time;
use streamer::expr::{Context, Expr};
use streamer::formats::{self, Reading, Settings, Stamp};
use streamer::operators::{self, Accumulator, Aggregate, Built, Over, Running, Work};

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

/// Rows of `path`, `user`, `n`, and `x`, which is missing now and then, as `line` writes them: one buffer.
fn records(line: impl Fn(usize) -> String) -> Arc<Buffer> {
    let mut bytes = Vec::with_capacity(BLOCK + 256);
    for number in 0.. {
        bytes.extend_from_slice(line(number).as_bytes());
        if bytes.len() >= BLOCK {
            break;
        }
    }
    Arc::new(Buffer::from_vec(bytes))
}

fn csv() -> Arc<Buffer> {
    records(|number| {
        let x = if number % 5 == 0 { String::new() } else { format!("{}.{}", number * 7 % 900, number % 10) };
        format!("/v{}/path/{},user-{},{},{x}\n", number % 3, number % 100, number % 37, number * 31 % 1000)
    })
}

fn json() -> Arc<Buffer> {
    records(|number| {
        let x = if number % 5 == 0 { "null".to_string() } else { format!("{}.{}", number * 7 % 900, number % 10) };
        let (path, user, n) = (number % 100, number % 37, number * 31 % 1000);
        let more = r#""client":{"ip":"10.1.2.3","agent":"curl/8.0","tags":["beta",1]}"#;
        format!(
            "{{\"path\":\"/v1/path/{path}\",{more},\"user\":\"user-{user}\",\"n\":{n},\"x\":{x},\"msg\":\"all is well\"}}\n"
        )
    })
}

fn combined() -> Arc<Buffer> {
    records(|number| {
        let (path, status, bytes) = (number % 100, 200 + number % 5 * 100, number * 31 % 10_000);
        format!(
            "10.1.2.{} - - [01/Oct/2026:00:00:01 +0000] \"GET /path/{path} HTTP/1.1\" {status} {bytes} \"-\" \"Mozilla/5.0 (X11)\"\n",
            number % 250
        )
    })
}

/// The rows of a buffer, with these columns.
fn cut(name: &str, header: Option<&str>, data: &Arc<Buffer>, columns: &[&str]) -> (Schema, Block) {
    let header = header.map(|row| formats::header(row).expect("names"));
    let input = formats::input(name, &Reading { delimiter: b'\n', header, argument: None }).expect("a format");
    let schema = input.schema(&Live::only(columns.iter().copied())).expect("columns");
    let cut = input.cut_range(data, 0..data.len(), &schema).unwrap_or_else(|| {
        let mut spans = Vec::new();
        input.framing().each(data.bytes(), 0, data.len(), |span| spans.push(span));
        input.cut(data, spans, &schema)
    });
    (schema, Block { rows: cut.rows, columns: cut.columns, ..Block::default() })
}

const HEADER: &str = "path,user,n,x";

fn reading(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("formats");
    let mut each = |name: &str, header, data: Arc<Buffer>, columns: &[&str]| {
        group.throughput(Throughput::Bytes(data.len() as u64));
        group.bench_function(name, |bencher| bencher.iter(|| cut(name, header, &data, columns).1.rows));
    };
    each("csv", Some(HEADER), csv(), &["user", "n"]);
    each("json", None, json(), &["path", "x"]);
    each("combined", None, combined(), &["status"]);
    group.finish();
}

/// Where records end, what numbers are in a column of text, and rows as they are printed.
fn records_and_rows(criterion: &mut Criterion, text: &[Arc<Buffer>]) {
    let mut group = criterion.benchmark_group("records");
    let block = &text[0];
    group.throughput(Throughput::Bytes(block.len() as u64));
    let input = formats::input("text", &Reading { delimiter: b'\n', header: None, argument: None }).expect("a format");
    let mut spans = Vec::new();
    group.bench_function("lines", |bencher| {
        bencher.iter(|| {
            spans.clear();
            input.framing().each(block.bytes(), 0, block.len(), |span| spans.push(span));
            spans.len()
        });
    });
    group.finish();

    let mut group = criterion.benchmark_group("numbers");
    let (schema, block) = cut("csv", Some(HEADER), &csv(), &["n", "x"]);
    group.throughput(Throughput::Elements(block.rows as u64));
    for (name, text) in [("whole", "sum(n) AS s"), ("with fractions", "sum(x) AS s")] {
        let aggregate = aggregate(text, None, &schema);
        let mut accumulator = aggregate.start();
        group.bench_function(name, |bencher| bencher.iter(|| accumulator.fold(&block)));
    }
    group.finish();

    let mut group = criterion.benchmark_group("output");
    let (schema, block) = cut("csv", Some(HEADER), &csv(), &["path", "user", "n", "x"]);
    let info = BatchInfo { id: 0, start: Time(0), end: Time(1000), redo: false };
    for name in ["text", "csv", "json"] {
        let settings = Settings {
            schema: schema.clone(),
            stamp: Stamp::None,
            zone: jiff::tz::TimeZone::UTC,
            limit: usize::MAX,
            color: false,
            width: None,
            interval: false,
        };
        let output = formats::output(name, &settings).expect("a format");
        let mut out = Vec::new();
        output.rows(&block, &info, &mut out);
        group.throughput(Throughput::Bytes(out.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                out.clear();
                output.rows(&block, &info, &mut out);
                out.len()
            });
        });
    }
    group.finish();
}

/// Each of the 16 bytes of every place of JSON is classed, by vectors and without.
fn classes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("classes");
    let data = json();
    let words = || data.bytes().as_chunks::<16>().0.iter().map(|bytes| u128::from_le_bytes(*bytes));
    group.throughput(Throughput::Bytes(data.len() as u64));
    group.bench_function("specials", |b| b.iter(|| words().fold(0, |sum, word| sum ^ fast::specials(word))));
    group.bench_function("specials, portable", |b| b.iter(|| words().fold(0, |sum, w| sum ^ fast::plain::specials(w))));
    group.bench_function("not digits", |b| b.iter(|| words().fold(0, |sum, word| sum ^ fast::not_digits(word))));
    group.bench_function("not digits, portable", |b| {
        b.iter(|| words().fold(0, |sum, word| sum ^ fast::plain::not_digits(word)));
    });
    group.finish();
}

fn aggregate(text: &str, by: Option<&str>, schema: &Schema) -> Box<dyn Aggregate> {
    let args = ["agg", text].into_iter().chain(by.into_iter().flat_map(|by| ["--by", by]));
    let entry = operators::REGISTRY.iter().find(|entry| entry.name == "agg").expect("agg");
    let matches = (entry.command)().try_get_matches_from(args).expect("arguments");
    let Built::Operator(operator) = (entry.build)(&matches).expect("agg") else { unreachable!("no macro") };
    let bound = operator.bind(schema, &Live::all(), &Context::default()).expect("columns");
    let Some(Work::Aggregate(aggregate)) = bound.work.into_iter().next() else { unreachable!("it aggregates") };
    aggregate
}

fn expressions(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("expressions");
    let (schema, block) = cut("csv", Some(HEADER), &csv(), &["path", "user", "n", "x"]);
    group.throughput(Throughput::Elements(block.rows as u64));
    for text in [
        "n > 100",
        "x > 100",
        "n * 2 + 1",
        "n / 3",
        "x * 2",
        "path LIKE '/v1/%'",
        "path RLIKE '^/v[12]/'",
        "user IN ('user-1', 'user-2')",
        "CASE WHEN n > 500 THEN path ELSE user END",
        "upper(user)",
        "split(path, '/')",
    ] {
        let node = Expr::parse(text).and_then(|expr| expr.bind(&schema, &Context::default())).expect("an expression");
        group.bench_function(text, |bencher| bencher.iter(|| node.eval(&block).len()));
    }
    for (text, by) in [("sum(n)", None), ("sum(x)", None), ("sum(n)", Some("user")), ("count(*)", Some("user,n"))] {
        let aggregate = aggregate(text, by, &schema);
        let name = format!("{text}{}", by.map(|by| format!(" by {by}")).unwrap_or_default());
        let mut accumulator = aggregate.start();
        group.bench_function(name, |bencher| bencher.iter(|| accumulator.fold(&block)));
    }
    group.finish();
}

/// So many keys, which are told apart by the same bytes in every slide.
const KEYS: u64 = 1_000_000;
/// So many of them have a row in each slide.
const TOUCHED: u64 = 10_000;

/// Batch number `at`, and what one shard has combined of rows of these keys.
fn part(aggregate: &dyn Aggregate, at: u64, keys: impl Iterator<Item = u64>) -> (Box<dyn Accumulator>, BatchInfo) {
    let lines: String = keys.map(|key| format!("user-{key},{}\n", (key ^ at) % 1000)).collect();
    let (_, block) = cut("csv", Some("user,n"), &Arc::new(Buffer::from_vec(lines.into_bytes())), &["user", "n"]);
    let mut part = aggregate.start();
    part.fold(&Block { batch: at as u32 + 1, ..block });
    let time = |at: u64| Time(1000 * at as i64);
    (part, BatchInfo { id: at, start: time(at), end: time(at + 1), redo: false })
}

/// A slide of a window: a pane enters, and one leaves. The cost must not grow with the window.
fn sliding(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sliding");
    group.sample_size(50);
    let (schema, _) = cut("csv", Some("user,n"), &Arc::new(Buffer::from_vec(Vec::new())), &["user", "n"]);
    let touched = |at: u64| (0..TOUCHED).map(move |n| (at * TOUCHED + n) * 2_654_435_761 % (1 << 32) % KEYS);
    for text in ["count(*)", "avg(n)", "median(n)", "count(DISTINCT n)", "max(n)", "last(n)"] {
        for panes in [10, 100, 1000] {
            let aggregate = aggregate(text, Some("user"), &schema);
            let slide = |window: &mut Box<dyn Running>, at: u64| {
                let (mut part, info) = part(&*aggregate, at, touched(at));
                let start = Instant::now();
                window.enter(&mut *part, &info);
                window.leave(Time(info.end.0 - 1000 * panes as i64));
                start.elapsed()
            };
            // Filled when it is needed: not if it is another that was asked for.
            let full = || {
                let mut window = aggregate.running(Over::Panes).expect("a window of its own");
                for at in 0..2 * panes {
                    slide(&mut window, at);
                }
                (window, 2 * panes)
            };
            let mut kept = None;
            group.throughput(Throughput::Elements(TOUCHED));
            group.bench_function(format!("{text}, {panes} panes"), |bencher| {
                let (window, at) = kept.get_or_insert_with(full);
                bencher.iter_custom(|slides| {
                    let first = *at;
                    *at += slides;
                    (first..*at).map(|at| slide(window, at)).sum()
                });
            });
            if let (Some((mut window, _)), 1000) = (kept, panes) {
                let info = BatchInfo { id: 0, start: Time(0), end: Time(0), redo: false };
                group.throughput(Throughput::Elements(window.len() as u64));
                group.bench_function(format!("{text}, all keys"), |b| b.iter(|| window.finish(&info).len()));
            }
        }
    }
    // Under `window all` a batch costs what it touches.
    for held in [10_000, 10_000_000] {
        let aggregate = aggregate("count(*), max(n)", Some("user"), &schema);
        let full = || {
            let over = Over::All { ttl: Some(i64::MAX), changed: true };
            let mut all = aggregate.running(over).expect("a way of its own");
            for at in 0..held / TOUCHED {
                let (mut part, info) = part(&*aggregate, at, at * TOUCHED..(at + 1) * TOUCHED);
                all.enter(&mut *part, &info);
            }
            (all, held / TOUCHED)
        };
        let mut kept = None;
        group.throughput(Throughput::Elements(100));
        group.bench_function(format!("all, 100 of {held} keys"), |bencher| {
            let (all, at) = kept.get_or_insert_with(full);
            bencher.iter_custom(|batches| {
                let mut time = Duration::ZERO;
                for _ in 0..batches {
                    let keys = (0..100).map(|n| (*at * 100 + n) * 7919 % held);
                    let (mut part, info) = part(&*aggregate, *at, keys);
                    *at += 1;
                    let start = Instant::now();
                    all.enter(&mut *part, &info);
                    black_box(all.finish(&info));
                    time += start.elapsed();
                }
                time
            });
        });
    }
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    reading(&mut criterion);
    classes(&mut criterion);
    expressions(&mut criterion);
    let text = text();
    records_and_rows(&mut criterion, &text);
    split(&mut criterion, &text);
    search::search(&mut criterion, &text);
    count(&mut criterion, &text);
    sliding(&mut criterion);
    checkpoint::checkpoint(&mut criterion);
    criterion.final_summary();
}
