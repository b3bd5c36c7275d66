//! The laws of combining rows: in any order, on any number of shards, with nothing added, saved and restored in between,
//! the result is the same. For every operator of the registry that combines rows, as its examples write it.

use std::collections::HashMap;
use std::ffi::OsString;
use std::sync::Arc;

use jiff::tz::TimeZone;
use proptest::prelude::*;
use streamer::cli::{Parsed, parse};
use streamer::data::block::{Block, Cell, Column, Span, Text};
use streamer::data::buffer::Buffer;
use streamer::data::order::sorted;
use streamer::data::rows::{Rows, gather};
use streamer::data::schema::{Field, Live, Schema};
use streamer::data::write;
use streamer::expr::Context;
use streamer::operators::{Accumulator, Aggregate, REGISTRY, Spread, Work};

use super::inputs::{next, small};
use super::model::lines;

/// What the examples of the help texts leave out.
const MORE: &[&str] = &[
    "streamer count --by '$1,line'",
    "streamer agg 'count(*), sum($2), sum($3)' --by '$1'",
    "streamer agg 'sum(length(line))' --by '$1'",
    "streamer agg 'sum($1), avg($1), stddev($1), var_pop($2), count($2, $3), count_if($2 > 1)'",
    "streamer agg 'avg($2 / 10), variance($1), count(*) FILTER (WHERE $2 > 1)' --by '$3'",
    "streamer agg 'min(line), max($2), first($3), last($3), min($2) FILTER (WHERE $1 = $1)' --by '$1'",
    "streamer agg 'first(split(line, \" \")), last(array($1, $2)), collect_list(split(line, \" \"))' --by '$1'",
    "streamer agg 'min(line), max(line), first($1), last($1), bool_and($1 > 1), bool_or($2 > 1)'",
    "streamer agg 'median($1), p90($1), percentile($2, 0.25), approx_percentile($1, 0.9), count(*)' --by 'length(line)'",
    "streamer agg 'median($1), percentile($2, 0.25), approx_percentile($1, 0.9)'",
    "streamer agg 'collect_list($2), collect_set($2), count(DISTINCT $2, $3), sum(DISTINCT $2)' --by '$1'",
    "streamer agg 'collect_set($2), count(DISTINCT $2), approx_count_distinct(line), avg(DISTINCT length(line))'",
    "streamer agg 'approx_count_distinct($2), approx_count_distinct($3, 0.3)' --by '$1, length(line) / 2 AS half'",
    "streamer distinct --by '$2,$1'",
    "streamer sort '$1:desc,$3'",
    "streamer top 3 '$1:asc,$2'",
    "streamer top 2 '$2' --by '$1,$3'",
    "streamer top 0 line",
    "streamer head 0",
    "streamer tail 2",
    "streamer words then top 1 word --by word then count --by word then top 2 word --by count",
];

/// An aggregate, with the columns of its rows.
struct Bound {
    command: String,
    schema: Schema,
    aggregate: Box<dyn Aggregate>,
}

/// Every aggregate in these commands.
fn aggregates(command: &str) -> Vec<Bound> {
    let words: Vec<OsString> = shlex::split(command).unwrap().into_iter().map(OsString::from).collect();
    let Ok(Parsed::Run(invocation)) = parse(&words, &HashMap::new()) else { panic!("{command} is no run") };
    let shown = [Field::shown("line")].into_iter();
    let fields = shown.chain((1..=5).map(|number| Field::hidden(format!("${number}")))).collect();
    let mut schema = Schema { fields, records: true, ..Schema::default() };
    let mut found = Vec::new();
    // A join has to be given its table first, and what stands behind a session its keys.
    for operator in invocation.chain.iter().take_while(|operator| !["join", "session"].contains(&operator.name())) {
        let bound = operator
            .bind(&schema, &Live::all(), &Context::default())
            .unwrap_or_else(|error| panic!("{command}: {error}"));
        if let Some(Work::Aggregate(aggregate)) = bound.work.into_iter().next() {
            found.push(Bound { command: command.to_string(), schema: schema.clone(), aggregate });
        }
        schema = bound.schema;
    }
    found
}

fn all() -> Vec<Bound> {
    // Their columns are those of text.
    let of_text = |command: &&str| !command.contains("--in ");
    let examples = REGISTRY.iter().flat_map(|entry| entry.examples).map(|example| example.command).filter(of_text);
    let found: Vec<Bound> = examples.chain(MORE.iter().copied()).flat_map(aggregates).collect();
    assert!(found.len() > 12, "{} aggregates are too few", found.len());
    found
}

/// Rows of such columns, made of lines: the whole line, fields of it, and whole numbers where rows were counted.
fn block(schema: &Schema, lines: &[&[u8]], order: u64) -> Block {
    let column = |field: &Field| {
        if field.name.starts_with("count") {
            return Column::ints(lines.iter().map(|line| line.len() as i64 % 3 - 1).collect());
        }
        let number = field.name.strip_prefix('$').map_or(0, |number| number.parse::<usize>().unwrap());
        let (mut data, mut spans) = (Vec::new(), Vec::new());
        for line in lines {
            let value = match number {
                0 => Some(*line),
                number => line.split(|b| *b == b' ').filter(|field| !field.is_empty()).nth(number - 1),
            };
            spans.push(value.map_or(Span::NULL, |value| Span::range(data.len(), data.len() + value.len())));
            data.extend_from_slice(value.unwrap_or_default());
        }
        Column::Text(Text { data: Arc::new(Buffer::from_vec(data)), spans })
    };
    let columns = schema.fields.iter().map(column).collect();
    Block { rows: lines.len(), columns, order, ..Block::default() }
}

/// The rows of a result, in its order.
fn result(aggregate: &dyn Aggregate, parts: Vec<Rows>) -> Vec<Vec<String>> {
    let mut rows = Rows::default();
    for part in parts {
        rows.blocks.extend(part.blocks);
        rows.orders.extend(part.orders);
    }
    let entries = sorted(&rows, &aggregate.order());
    let block = gather(&rows, &entries);
    let text = |cell: Cell<'_>| match cell {
        Cell::Null => "null".to_string(),
        Cell::Text(bytes) => format!("\"{}\"", bytes.escape_ascii()),
        // What a person sees: a whole number is the same as the float of its value.
        number @ (Cell::Int(_) | Cell::Float(_)) => {
            let mut text = Vec::new();
            write::cell(number, &TimeZone::UTC, &mut text);
            String::from_utf8(text).unwrap()
        }
        other => format!("{other:?}"),
    };
    (0..block.rows).map(|row| block.columns.iter().map(|column| text(column.cell(row))).collect()).collect()
}

fn folded(aggregate: &dyn Aggregate, blocks: &[Block]) -> Box<dyn Accumulator> {
    let mut accumulator = aggregate.start();
    blocks.iter().for_each(|block| accumulator.fold(block));
    accumulator
}

/// `into` takes in all of `from`.
fn merge(into: &mut dyn Accumulator, mut from: Box<dyn Accumulator>) {
    into.take(from.ship(0, 1));
}

fn shuffle<T>(values: &mut [T], seed: &mut u64) {
    for at in (1..values.len()).rev() {
        values.swap(at, next(seed) as usize % (at + 1));
    }
}

/// Folds blocks, in any order, into parts of several shards.
fn dealt(aggregate: &dyn Aggregate, blocks: &[Block], shards: usize, seed: &mut u64) -> Vec<Box<dyn Accumulator>> {
    let mut order: Vec<usize> = (0..blocks.len()).collect();
    shuffle(&mut order, seed);
    let mut parts: Vec<_> = (0..shards).map(|_| aggregate.start()).collect();
    for at in order {
        parts[next(seed) as usize % shards].fold(&blocks[at]);
    }
    parts
}

fn check(bound: &Bound, lines: &[&[u8]], shards: usize, seed: u64) {
    let Bound { command, schema, aggregate } = bound;
    let aggregate = &**aggregate;
    let mut seed = seed;
    let mut blocks = Vec::new();
    let mut rest = lines;
    while !rest.is_empty() {
        let (some, more) = rest.split_at((next(&mut seed) as usize % 9).min(rest.len()));
        blocks.push(block(schema, some, 3 * blocks.len() as u64));
        rest = more;
    }
    let whole = |mut accumulator: Box<dyn Accumulator>| result(aggregate, vec![accumulator.finish()]);
    let expected = whole(folded(aggregate, &blocks));

    // Commutative and associative: parts are merged in any order, in any tree.
    let mut parts = dealt(aggregate, &blocks, shards, &mut seed);
    while parts.len() > 1 {
        shuffle(&mut parts, &mut seed);
        let from = parts.pop().unwrap();
        merge(&mut **parts.last_mut().unwrap(), from);
    }
    assert_eq!(whole(parts.pop().unwrap()), expected, "{command}: merged in a tree");

    // Neutral: nothing, on either side.
    let mut some = folded(aggregate, &blocks);
    merge(&mut *some, aggregate.start());
    assert_eq!(whole(some), expected, "{command}: with nothing");
    let mut nothing = aggregate.start();
    merge(&mut *nothing, folded(aggregate, &blocks));
    assert_eq!(whole(nothing), expected, "{command}: nothing with it");

    // Cut: each shard has its share of the keys, or its own rows.
    let mut parts = dealt(aggregate, &blocks, shards, &mut seed);
    if aggregate.spread() == Spread::ByKey {
        let mut parcels: Vec<Vec<_>> = (0..shards).map(|_| Vec::new()).collect();
        for (me, part) in parts.iter_mut().enumerate() {
            for (to, parcels) in parcels.iter_mut().enumerate().filter(|(to, _)| *to != me) {
                parcels.push(part.ship(to, shards));
            }
        }
        for (part, mut parcels) in parts.iter_mut().zip(parcels) {
            shuffle(&mut parcels, &mut seed);
            parcels.into_iter().for_each(|parcel| part.take(parcel));
        }
    }
    if aggregate.spread() != Spread::Whole {
        let rows = parts.iter_mut().map(|part| part.finish()).collect();
        assert_eq!(result(aggregate, rows), expected, "{command}: on {shards} shards");
    }

    // Saved and restored in the middle, as if the run had broken off there; what was saved goes on as well.
    let (before, after) = blocks.split_at(next(&mut seed) as usize % (blocks.len() + 1));
    let mut first = folded(aggregate, before);
    let mut second = aggregate.start();
    second.restore(first.save());
    for again in [&mut first, &mut second] {
        after.iter().for_each(|block| again.fold(block));
    }
    assert_eq!(whole(first), expected, "{command}: after it was saved");
    assert_eq!(whole(second), expected, "{command}: restored");

    // Used again: the next batch finds it empty.
    let mut used = folded(aggregate, &blocks);
    used.finish();
    assert_eq!(result(aggregate, vec![used.finish()]), whole(aggregate.start()), "{command}: empty again");
    blocks.iter().for_each(|block| used.fold(block));
    assert_eq!(whole(used), expected, "{command}: used again");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn combining_has_its_laws(input in small(60), shards in 1..6usize, seed: u64) {
        let lines = lines(&input);
        all().iter().for_each(|bound| check(bound, &lines, shards, seed));
    }
}

/// The same with more rows than tables and stores of rows have room for at first.
#[test]
fn combining_has_its_laws_for_many_rows() {
    let input = super::inputs::large(6_000, 3);
    let lines = lines(&input);
    all().iter().for_each(|bound| check(bound, &lines, 3, 5));
}
