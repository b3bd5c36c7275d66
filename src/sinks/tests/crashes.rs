//! Runs that die at any step on disk, and go on: in the end the directory holds what it would hold without that.
//!
//! The oracle is the same sink in a run that never dies. What a run would find in its checkpoint is held here.

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::sinks::support::disk::testing::{dies_now, lives_for};

/// A batch of the source, and what is done before it is first written.
#[derive(Debug, Clone)]
struct Base {
    /// The rows of the batches that go to the sink (a window, or several at the end); empty: without a row.
    given: Vec<Vec<String>>,
    /// Somebody makes a file of the name that the first of them wants, or of the one after it.
    in_the_way: Option<bool>,
}

fn bases() -> impl Strategy<Value = Vec<Base>> {
    let rows = prop::collection::vec("[a-z]{1,9}", 0..3);
    // More than is gathered: such a batch is written in several steps.
    let many = (1..4usize, "[a-z]").prop_map(|(n, letter)| vec![letter.repeat(BUFFER / 2 + 9); n]);
    let given = prop::collection::vec(prop_oneof![4 => rows, 1 => many], 1..3);
    let base = (given, prop::option::weighted(0.4, any::<bool>()));
    prop::collection::vec(base.prop_map(|(given, in_the_way)| Base { given, in_the_way }), 1..5)
}

/// What of a run outlasts it.
#[derive(Default)]
struct Checkpoint {
    next: usize,
    /// The batch that was begun last, and where the sink stood before it.
    intent: Option<Vec<u8>>,
}

/// One run, up to its end or its death.
fn run(spec: &str, dir: &Path, bases: &[Base], checkpoint: &mut Checkpoint, strangers: &mut usize) -> Result<()> {
    let mut setup = setup("head\n").0;
    setup.checkpoint = Some("id".to_string());
    let mut sink = parse(spec)?.open(&setup)?;
    if let Some(stand) = &checkpoint.intent {
        sink.take_back(stand)?;
    }
    while let Some(base) = bases.get(checkpoint.next) {
        let redo = checkpoint.intent.is_some();
        // The batches that go to the sink are counted on.
        let first = bases[..checkpoint.next].iter().map(|base| base.given.len()).sum::<usize>() as u64;
        if *strangers == checkpoint.next && !spec.ends_with("appended") {
            *strangers += 1;
            if let Some(second) = base.in_the_way {
                let name = batch(first).end.0;
                let name = if second { format!("{name}-2.csv") } else { format!("{name}.csv") };
                std::fs::write(dir.join(name), "of somebody else\n").expect("written");
            }
        }
        if !redo {
            checkpoint.intent = Some(sink.stand()?);
        }
        for (id, rows) in (first..).zip(&base.given) {
            let info = BatchInfo { redo, ..batch(id) };
            sink.begin(&info)?;
            for row in rows {
                sink.write(format!("{id} {row}\n").as_bytes())?;
            }
            sink.end(&info)?;
        }
        sink.sync()?;
        *checkpoint = Checkpoint { next: checkpoint.next + 1, intent: None };
        sink.committed()?;
    }
    sink.close()
}

/// Runs that die after so many steps each, until one reaches the end: all names and contents.
fn runs(name: &str, bases: &[Base], deaths: &[usize]) -> BTreeMap<String, String> {
    let dir = tempfile::tempdir().expect("a directory");
    let spec = dir.path().join(name);
    let spec = spec.to_str().expect("UTF-8");
    let (mut checkpoint, mut strangers) = (Checkpoint::default(), 0);
    for steps in deaths.iter().copied().chain([usize::MAX]) {
        lives_for(Some(steps));
        let ended = run(spec, dir.path(), bases, &mut checkpoint, &mut strangers);
        let died = dies_now();
        lives_for(None);
        match ended {
            Ok(()) => break,
            Err(error) => assert!(died, "{error}"),
        }
    }
    files(dir.path())
}

/// All names, hidden ones too, and what the files hold.
fn files(dir: &Path) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(dir).expect("a directory").map(|e| e.expect("an entry"));
    let name = |e: &std::fs::DirEntry| e.file_name().into_string().expect("UTF-8");
    entries.map(|e| (name(&e), std::fs::read_to_string(e.path()).expect("text"))).collect()
}

/// A run that reaches its end leaves hidden names only if it died between its last commit and what follows it.
fn without_hidden(mut files: BTreeMap<String, String>) -> BTreeMap<String, String> {
    files.retain(|name, _| !name.starts_with('.'));
    files
}

proptest! {
    #[test]
    fn files_per_batch_are_as_if_nobody_had_died(
        bases in bases(),
        deaths in prop::collection::vec(0..40usize, 0..6),
    ) {
        let expected = runs("{end_ms}.csv", &bases, &[]);
        prop_assert!(expected.keys().all(|name| !name.starts_with('.')));
        prop_assert_eq!(without_hidden(runs("{end_ms}.csv", &bases, &deaths)), expected);
    }

    #[test]
    fn an_appended_file_is_as_if_nobody_had_died(
        bases in bases(),
        deaths in prop::collection::vec(0..12usize, 0..6),
    ) {
        let expected = runs("appended", &bases, &[]);
        prop_assert_eq!(runs("appended", &bases, &deaths), expected);
    }
}

/// Each step there is, one after the other, and a second death at each step of the run after it.
#[test]
fn no_step_is_a_bad_one_to_die_at() {
    let rows = |text: &str| vec![text.to_string()];
    let base = |given: &[&str], in_the_way| Base { given: given.iter().copied().map(rows).collect(), in_the_way };
    let bases = [base(&["a"], None), base(&["b", "c"], Some(false)), base(&["d"], Some(true))];
    for name in ["{end_ms}.csv", "appended"] {
        let expected = runs(name, &bases, &[]);
        for first in 0..60 {
            for second in 0..30 {
                let found = without_hidden(runs(name, &bases, &[first, second]));
                assert_eq!(found, expected, "{name}: dead after {first} steps, then after {second}");
            }
        }
    }
}

/// The next run removes what one that died behind its commit has left.
#[test]
fn hidden_names_of_committed_batches_do_not_stay() {
    let base = Base { given: vec![vec!["a".to_string()]], in_the_way: None };
    let mut left = 0;
    for steps in 0..40 {
        let dir = tempfile::tempdir().expect("a directory");
        let spec = dir.path().join("{end_ms}.csv");
        let spec = spec.to_str().expect("UTF-8");
        let (mut checkpoint, mut strangers) = (Checkpoint::default(), 0);
        let bases = [base.clone(), base.clone()];
        lives_for(Some(steps));
        let _ = run(spec, dir.path(), &bases[..1], &mut checkpoint, &mut strangers);
        left += files(dir.path()).keys().filter(|name| name.starts_with('.')).count();
        lives_for(Some(usize::MAX));
        run(spec, dir.path(), &bases, &mut checkpoint, &mut strangers).expect("to its end");
        lives_for(None);
        let names: Vec<String> = files(dir.path()).into_keys().collect();
        assert_eq!(names, ["1000.csv", "2000.csv"], "dead after {steps} steps");
    }
    assert!(left > 5, "there was something to remove");
}
