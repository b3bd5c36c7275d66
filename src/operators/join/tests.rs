//! `join` beside nested loops, and what it is told of columns.

use std::sync::Mutex;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::data::batch::BatchInfo;
use crate::data::block::Origins;
use crate::data::block::{Block, Cell, Column};
use crate::data::buffer::Buffer;
use crate::data::rows::block_of;
use crate::formats::{Input, tabbed_input, text_input};
use crate::operators::testing::{BATCH, built};
use crate::operators::{Records, Side, Table, Version};

/// A table of lines that a test can change.
struct Lines {
    format: Arc<dyn Input>,
    /// One buffer each.
    texts: Mutex<(u32, Vec<String>)>,
    max_record: usize,
}

impl Lines {
    fn of(format: Arc<dyn Input>, texts: &[&str]) -> Arc<Self> {
        let texts = Mutex::new((0, texts.iter().map(ToString::to_string).collect()));
        Arc::new(Lines { format, texts, max_record: 50 })
    }

    fn set(&self, text: &str) {
        let mut texts = self.texts.lock().unwrap();
        *texts = (texts.0 + 1, vec![text.to_string()]);
    }
}

impl Table for Lines {
    fn name(&self) -> String {
        "t".into()
    }
    fn schema(&self, live: &Live) -> Result<Schema> {
        self.format.schema(live)
    }
    fn version(&self) -> Result<Version> {
        Ok(Version(self.texts.lock().unwrap().0.to_string()))
    }
    fn read(&self, give: &mut dyn FnMut(&Records) -> Result<()>) -> Result<()> {
        for (text, line) in self.texts.lock().unwrap().1.iter().zip((1..).step_by(100)) {
            let buffer = Arc::new(Buffer::from_vec(text.clone().into_bytes()));
            let (file, format, range) = ("t".to_string(), Arc::clone(&self.format), 0..buffer.len());
            give(&Records { file, format, buffer, range, line, max_record: self.max_record })?;
        }
        Ok(())
    }
}

struct One(Arc<Lines>);

impl Tables for One {
    fn right(&self, _: &str) -> Result<Right> {
        Ok(Right::Table(Arc::clone(&self.0) as Arc<dyn Table>))
    }
}

/// Another input, that a test cuts itself.
struct Beside(Arc<Side>);

impl Tables for Beside {
    fn right(&self, _: &str) -> Result<Right> {
        Ok(Right::Side(Arc::clone(&self.0)))
    }
}

fn join(table: &Arc<Lines>, args: &[&str]) -> Box<dyn Operator> {
    let mut operator = built(&ENTRY, &[&["t"], args].concat());
    operator.open(&One(Arc::clone(table))).unwrap();
    operator
}

fn shown(names: &[&str]) -> Schema {
    Schema { fields: names.iter().copied().map(Field::shown).collect(), ..Schema::default() }
}

fn batch(id: u64) -> BatchInfo {
    BatchInfo { id, ..BATCH }
}

/// What comes of blocks, as an engine would have it.
fn run(work: &[Work], blocks: Vec<Block>, id: u64) -> Result<Vec<Block>> {
    run_beside(work, blocks, Vec::new(), id)
}

/// The same, with the rows of another input.
fn run_beside(work: &[Work], blocks: Vec<Block>, right: Vec<Block>, id: u64) -> Result<Vec<Block>> {
    let batch = batch(id);
    let (opens, whole) = match work {
        [Work::Map(map)] => return blocks.into_iter().map(|block| map.map(block, &batch)).collect(),
        [Work::Map(opens), Work::Join(whole, None)] => (Some(opens), whole),
        [Work::Join(whole, Some(_))] => (None, whole),
        _ => panic!("another kind of work"),
    };
    let opened = |block| match opens {
        Some(opens) => opens.map(block, &batch),
        None => Ok(block),
    };
    let blocks = blocks.into_iter().map(opened).collect::<Result<Vec<_>>>()?;
    let look_up = whole.look_up(&mut right.into_iter(), &batch)?;
    let mut made = blocks.into_iter().map(|block| look_up.map(block, &batch)).collect::<Result<Vec<_>>>()?;
    made.extend(look_up.rest());
    Ok(made)
}

type Row = Vec<Option<String>>;

fn rows(blocks: &[Block]) -> Vec<Row> {
    let text = |cell: Cell<'_>| match cell {
        Cell::Null => None,
        Cell::Text(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        Cell::Int(value) => Some(value.to_string()),
        other => panic!("{other:?}"),
    };
    let row = |block: &Block, row| block.columns.iter().map(|column: &Column| text(column.cell(row))).collect();
    blocks.iter().flat_map(|block| (0..block.rows).map(move |at| row(block, at))).collect()
}

fn block(rows: &[Row], width: usize) -> Block {
    let column = |at: usize| rows.iter().map(|row| row[at].as_deref().map(str::as_bytes)).collect();
    let mut block = block_of(&(0..width).map(column).collect::<Vec<_>>());
    block.origins = Origins::numbered((0..rows.len() as u64).collect());
    block
}

/// The join of one row after the other with one after the other: `a, b, v` with `x, y, v`, on `keys` columns.
fn naive(left: &[Row], right: &[Row], keys: usize, keep: Keep) -> Vec<Row> {
    let matches = |l: &Row, r: &Row| (0..keys).all(|k| l[k].is_some() && l[k] == r[k]);
    let mut joined = Vec::new();
    for l in left {
        let before = joined.len();
        joined.extend(right.iter().filter(|r| matches(l, r)).map(|r| [&l[..], &r[keys..]].concat()));
        if keep.left && joined.len() == before {
            joined.push([&l[..], &vec![None; 3 - keys]].concat());
        }
    }
    if keep.right {
        let mut alone: Vec<&Row> = right.iter().filter(|r| !left.iter().any(|l| matches(l, r))).collect();
        // These keys are no numbers but for `7` and `07`, which stand before the others.
        let rank = |v: &Option<String>| (v.is_some(), v.as_ref().is_some_and(|v| !v.ends_with('7')), v.clone());
        alone.sort_by_key(|row| row[..keys].iter().map(rank).collect::<Vec<_>>());
        for r in alone {
            joined.push([&r[..keys], &vec![None; 3 - keys], &r[keys..]].concat());
        }
    }
    joined
}

fn table_rows() -> impl Strategy<Value = Vec<Row>> {
    let key = || prop_oneof![Just(None), "(a|b|7|07|a key of over 16 [ab])".prop_map(Some)];
    vec((key(), key(), "[v-z]").prop_map(|(a, b, v)| vec![a, b, Some(v)]), 0..12)
}

fn lines(rows: &[Row]) -> String {
    let cell = |cell: &Option<String>| cell.clone().unwrap_or_default();
    rows.iter().map(|row| row.iter().map(cell).collect::<Vec<_>>().join("\t") + "\n").collect()
}

proptest! {
    /// Whatever the rows, the keys and how both sides are cut into blocks.
    #[test]
    fn it_is_what_nested_loops_give(
        left in table_rows(),
        right in table_rows(),
        (cut, cut_right) in (0..12usize, 0..12usize),
        kind in prop::sample::select(vec!["inner", "left", "right", "full"]),
        keys in 1..=2usize,
    ) {
        let halves = |rows: &[Row], cut: usize| (rows[..cut.min(rows.len())].to_vec(), rows[cut.min(rows.len())..].to_vec());
        let (first, second) = halves(&right, cut_right);
        let format = tabbed_input(&["x", "y", "v"]);
        let table = Lines::of(Arc::clone(&format), &[&lines(&first), &lines(&second)]);
        let on = ["a=x", "a=x,b=y"][keys - 1];
        let args = ["--on", on, "--kind", kind];
        let operator = join(&table, &args);
        let mut beside = built(&ENTRY, &[&["t"], &args[..]].concat());
        beside.open(&Beside(Side::new("s".into(), format))).unwrap();
        let bound = operator.bind(&shown(&["a", "b", "v"]), &Live::all(), &Context::default()).unwrap();
        let names: Vec<&str> = bound.schema.fields.iter().map(|f| f.name.as_str()).collect();
        prop_assert_eq!(&names[3..], &["y", "v_2"][keys - 1..]);
        let (first, second) = halves(&left, cut);
        let made = run(&bound.work, vec![block(&first, 3), block(&second, 3)], 0).unwrap();
        let keep = Keep { left: ["left", "full"].contains(&kind), right: ["right", "full"].contains(&kind) };
        let expected = naive(&left, &right, keys, keep);
        prop_assert_eq!(rows(&made), expected.clone());
        let bound_beside = beside.bind(&shown(&["a", "b", "v"]), &Live::all(), &Context::default()).unwrap();
        prop_assert_eq!(&bound_beside.schema, &bound.schema);
        let [Work::Join(_, Some((side, live)))] = &bound_beside.work[..] else { panic!("another kind of work") };
        let fields = side.schema(live).unwrap().fields;
        let place = |field: &Field| ["x", "y", "v"].iter().position(|name| *name == field.name).unwrap();
        let order: Vec<usize> = fields.iter().map(place).collect();
        let (cut_first, cut_second) = halves(&right, cut_right);
        let cut = |rows: &[Row]| {
            let rows: Vec<Row> = rows.iter().map(|row| order.iter().map(|&at| row[at].clone()).collect()).collect();
            block(&rows, order.len())
        };
        let right = vec![cut(&cut_first), cut(&cut_second)];
        let of_side = run_beside(&bound_beside.work, vec![block(&first, 3), block(&second, 3)], right, 0).unwrap();
        prop_assert_eq!(rows(&of_side), expected);
        for (made, from) in made.iter().zip([&first, &second]) {
            let numbers = made.origins.numbers.clone().unwrap();
            prop_assert_eq!(numbers.len(), made.rows, "each row has the number of its record");
            let values: Vec<_> = rows(std::slice::from_ref(made)).into_iter().map(|row| row[2].clone()).collect();
            let expected: Vec<_> = numbers.iter().map(|&number| from[number as usize][2].clone()).collect();
            prop_assert_eq!(values, expected);
        }
    }

    /// Versions are seen in the order of the batches, and each batch sees one, however the questions come.
    #[test]
    fn all_of_a_batch_sees_one_version(asks in vec((0..6u64, any::<bool>()), 1..40)) {
        let table = Lines::of(tabbed_input(&["k", "x"]), &["a\t0\n"]);
        let operator = join(&table, &["--on", "k"]);
        let bound = operator.bind(&shown(&["k"]), &Live::all(), &Context::default()).unwrap();
        let mut seen = std::collections::BTreeMap::new();
        let (mut version, mut newest) = (0, None);
        for (id, change) in asks {
            if change {
                version += 1;
                table.set(&format!("a\t{version}\n"));
            }
            let made = run(&bound.work, vec![block(&[vec![Some("a".into())]], 1)], id).unwrap();
            let found: u32 = rows(&made)[0][1].clone().unwrap().parse().unwrap();
            if newest.is_none_or(|newest| id > newest) {
                prop_assert_eq!(found, version, "a new batch looks at the table");
                newest = Some(id);
            }
            prop_assert_eq!(*seen.entry(id).or_insert(found), found);
        }
        prop_assert!(seen.values().is_sorted());
    }
}

/// However often a table changes: what no batch under way sees is given up.
#[test]
fn versions_go_with_their_batches() {
    let table = Lines::of(tabbed_input(&["k"]), &["a\n"]);
    let wanted = Wanted { columns: Vec::new(), kinds: Vec::new(), keys: vec!["k".into()], unmatched: false };
    let versions = Versions::new(Arc::clone(&table) as Arc<dyn Table>, wanted);
    let loaded = |id| Arc::downgrade(&versions.of(id).unwrap());
    let first = loaded(1);
    table.set("a\nb\n");
    let second = loaded(2);
    assert_eq!(versions.of(1).unwrap().rows, 1, "it is still under way");
    table.set("a\nb\nc\n");
    let third = loaded(3);
    let in_use = || [&first, &second, &third].map(|version| version.strong_count() > 0);
    assert_eq!(in_use(), [true; 3]);
    versions.done(2);
    assert_eq!(in_use(), [true, false, true]);
    (1..=3).for_each(|batch| versions.done(batch));
    assert_eq!(in_use(), [false, false, true], "the newest is there for the batches to come");
    assert_eq!(versions.of(4).unwrap().rows, 3);
}

#[test]
fn a_key_that_is_a_number_becomes_text_where_the_table_adds_keys() {
    let table = Lines::of(tabbed_input(&["k", "x"]), &["7\tseven\n07\tother\n"]);
    let mut schema = shown(&["n", "s"]);
    schema.fields[0].kind = Kind::Number;
    schema.fields[1].kind = Kind::Number;
    let number = || Block { rows: 1, columns: vec![Column::ints(vec![7]), Column::ints(vec![1])], ..Block::default() };
    let made = |kind| {
        let bound = join(&table, &["--on", "n=k", "--kind", kind]).bind(&schema, &Live::all(), &Context::default());
        let bound = bound.unwrap();
        let kinds: Vec<Kind> = bound.schema.fields.iter().map(|field| field.kind.clone()).collect();
        (rows(&run(&bound.work, vec![number()], 0).unwrap()), kinds)
    };
    let row = |cells: &[&str]| -> Row { cells.iter().map(|c| (!c.is_empty()).then(|| c.to_string())).collect() };
    assert_eq!(made("inner"), (vec![row(&["7", "1", "seven"])], vec![Kind::Number, Kind::Number, Kind::Input]));
    let both = vec![row(&["7", "1", "seven"]), row(&["07", "", "other"])];
    assert_eq!(made("full"), (both, vec![Kind::Input, Kind::Number, Kind::Input]));
}

/// At first all that the stream shows, which tells whose a name is; then only what is needed.
#[test]
fn only_needed_columns_are_asked_for_once_names_are_known() {
    let table = Lines::of(tabbed_input(&["k", "v", "v_2", "w"]), &[]);
    let operator = join(&table, &["--on", "k"]);
    let bind = |input: &Schema, output: &Live| operator.bind(input, output, &Context::default()).unwrap().schema;
    let names = |schema: Schema| schema.fields.into_iter().map(|field| field.name).collect::<Vec<_>>();
    let output = Live::only(["v", "v_3", "w", "$4"]);
    let named = Live::only(["v", "v_3", "w"]);
    assert_eq!(operator.live(&output), Live::all().and(["k", "$4"]));
    let open = Schema { open: true, ..shown(&["k"]) };
    assert_eq!(names(bind(&open, &Live::only(["v", "w"]))), ["v", "w"]);
    assert_eq!(operator.live(&output), Live::all().and(["k", "$4"]), "an open schema tells nothing");
    assert_eq!(names(bind(&open, &Live::only(["none"]))), ["k", "v", "v_2", "w"], "for the message");
    assert_eq!(names(bind(&shown(&["k", "u", "v"]), &named)), ["v", "v_3", "w"]);
    assert_eq!(operator.live(&output), Live::only(["k", "v", "$4"]));
    assert_eq!(names(bind(&shown(&["k", "v"]), &named)), ["v", "v_3", "w"]);
    assert_eq!(names(bind(&shown(&["k", "u", "v"]), &Live::all())), ["k", "u", "v", "v_3", "v_2", "w"]);
    assert_eq!(operator.live(&Live::default()), Live::only(["k"]), "for `count` nothing but the key");
}

#[test]
fn what_does_not_fit_names_file_and_line() {
    let long = "x".repeat(60);
    let table = Lines::of(text_input(b'\n'), &["a\n", &format!("b\nc\n{long}\n")]);
    let bound = join(&table, &["--on", "line"]).bind(&shown(&["line"]), &Live::all(), &Context::default()).unwrap();
    let error = run(&bound.work, vec![block(&[vec![None]], 1)], 0).err().unwrap();
    let text = "join: t, line 103: the record is longer than --max-record (50 bytes)";
    assert!(error.exit_status() == 1 && error.to_string().starts_with(text), "{error}");
}

#[test]
fn keys_are_columns_and_kinds_are_known() {
    let build = |args: &[&str]| {
        let args = command().try_get_matches_from([&["join", "t"], args].concat());
        args.map_err(|e| e.to_string()).and_then(|args| build(&args).map(|_| ()).map_err(|e| e.to_string()))
    };
    assert!(build(&["--on", "a, b=c"]).is_ok());
    for (args, part) in [
        (vec!["--on", ""], "the shell"),
        (vec!["--on", "a="], "lacks a column"),
        (vec!["--on", "=b"], "lacks a column"),
        (vec!["--on", "a", "--kind", "outer"], "inner"),
        (vec![], "--on"),
    ] {
        let error = build(&args).unwrap_err();
        assert!(error.contains(part), "{args:?}: {error}");
    }
}
