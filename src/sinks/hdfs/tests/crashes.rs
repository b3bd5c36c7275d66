//! Runs that die at any call, and go on: in the end every batch that was logged stands there once, and nothing else.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// The batches that go to the sink with one of the source, as their rows; and whether somebody makes a file of the name that the
/// first of them wants, or of the one after it.
#[derive(Debug, Clone)]
struct Base {
    given: Vec<Vec<String>>,
    in_the_way: Option<bool>,
}

/// What of a run outlasts it.
#[derive(Default)]
struct Checkpoint {
    next: usize,
    /// Where the sink stood before the batch that was begun last.
    begun: Option<Vec<u8>>,
    /// That batch is logged: which attempt it was.
    intended: Option<usize>,
    /// Attempts that were logged.
    logged: Vec<usize>,
    attempts: usize,
    strangers: usize,
}

/// The first of the batches of a base.
fn first(bases: &[Base], at: usize) -> u64 {
    bases[..at].iter().map(|base| base.given.len()).sum::<usize>() as u64
}

/// One run, up to its end or its death.
fn run(files: &Arc<Fake>, bases: &[Base], checkpoint: &mut Checkpoint) -> Result<()> {
    let mut sink = opened(files, "{end_ms}.csv", Some("id"))?.0;
    if let Some(stand) = &checkpoint.begun {
        sink.take_back(stand)?;
    }
    while let Some(base) = bases.get(checkpoint.next) {
        let id = first(bases, checkpoint.next);
        if checkpoint.strangers == checkpoint.next {
            checkpoint.strangers += 1;
            if let Some(second) = base.in_the_way {
                let end = batch(id).end.0;
                files.stranger(&format!("/out/{end}{}.csv", if second { "-2" } else { "" }));
            }
        }
        let redo = checkpoint.intended.is_some();
        if checkpoint.begun.is_none() {
            checkpoint.begun = Some(sink.stand()?);
        }
        checkpoint.attempts += 1;
        let attempt = checkpoint.intended.unwrap_or(checkpoint.attempts);
        for (id, rows) in (id..).zip(&base.given) {
            let info = BatchInfo { redo, ..batch(id) };
            sink.begin(&info)?;
            for row in rows {
                sink.write(format!("{attempt} {row}\n").as_bytes())?;
            }
            sink.end(&info)?;
        }
        if sink.commits() && !redo {
            checkpoint.intended = Some(attempt);
            checkpoint.logged.push(attempt);
        }
        sink.sync()?;
        (checkpoint.begun, checkpoint.intended) = (None, None);
        checkpoint.next += 1;
        sink.committed()?;
    }
    sink.close()
}

/// What has to be there, by what was logged.
fn expected(bases: &[Base], logged: &[usize]) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for (at, (base, attempt)) in bases.iter().zip(logged).enumerate() {
        let id = first(bases, at);
        if let Some(second) = base.in_the_way {
            let name = format!("/out/{}{}.csv", batch(id).end.0, if second { "-2" } else { "" });
            all.insert(name, "of somebody else\n".to_string());
        }
        for (id, rows) in (id..).zip(&base.given).filter(|(_, rows)| !rows.is_empty()) {
            let end = batch(id).end.0;
            let free = |number: &u64| match number {
                1 => format!("/out/{end}.csv"),
                number => format!("/out/{end}-{number}.csv"),
            };
            let name = (1..).map(|number| free(&number)).find(|name| !all.contains_key(name)).expect("a name");
            let rows: String = rows.iter().map(|row| format!("{attempt} {row}\n")).collect();
            all.insert(name, format!("head\n{rows}"));
        }
    }
    all
}

/// Runs that die after so many calls each, until one reaches the end.
fn runs(bases: &[Base], deaths: &[usize], troubles: &[Trouble]) -> (BTreeMap<String, String>, Vec<usize>) {
    let files = Fake::new();
    let mut checkpoint = Checkpoint::default();
    for calls in deaths.iter().copied().chain([usize::MAX]) {
        files.lives_for(Some(calls));
        // The look at the directory, before anything runs, is not tried again.
        files.trouble([&[Trouble::None], troubles].concat());
        let ended = run(&files, bases, &mut checkpoint);
        let died = files.is_dead();
        files.lives_for(None);
        match ended {
            Ok(()) => break,
            Err(error) => assert!(died, "{error}"),
        }
    }
    (files.all().into_iter().collect(), checkpoint.logged)
}

/// A run that reaches its end leaves hidden names only if the one before died behind its last commit.
fn without_hidden(mut files: BTreeMap<String, String>) -> BTreeMap<String, String> {
    files.retain(|name, _| !name.starts_with("/out/."));
    files
}

fn bases() -> impl Strategy<Value = Vec<Base>> {
    let rows = prop::collection::vec("[a-z]{1,9}", 0..3);
    let base = (prop::collection::vec(rows, 1..3), prop::option::weighted(0.4, any::<bool>()));
    prop::collection::vec(base.prop_map(|(given, in_the_way)| Base { given, in_the_way }), 1..5)
}

proptest! {
    #[test]
    fn every_logged_batch_is_there_once(
        bases in bases(),
        deaths in prop::collection::vec(0..60usize, 0..6),
        troubles in prop::collection::vec(
            prop_oneof![3 => Just(Trouble::None), 1 => Just(Trouble::Before), 1 => Just(Trouble::Behind)], 0..60),
    ) {
        let (files, logged) = runs(&bases, &deaths, &troubles);
        prop_assert_eq!(logged.len(), bases.len());
        prop_assert_eq!(without_hidden(files), expected(&bases, &logged));
    }
}

/// Each call there is, one after the other, and a second death at each call of the run after it.
#[test]
fn no_call_is_a_bad_one_to_die_at() {
    let rows = |text: &str| vec![text.to_string()];
    let base = |given: &[&str], in_the_way| Base { given: given.iter().copied().map(rows).collect(), in_the_way };
    let bases = [base(&["a"], None), base(&["b", "c"], Some(false)), base(&["d"], Some(true))];
    let (undisturbed, _) = runs(&bases, &[], &[]);
    assert_eq!(undisturbed, expected(&bases, &[1, 2, 3]), "nothing hidden stays");
    for first in 0..60 {
        for second in 0..40 {
            let (files, logged) = runs(&bases, &[first, second], &[]);
            let found = without_hidden(files);
            assert_eq!(found, expected(&bases, &logged), "dead after {first} calls, then after {second}");
        }
    }
}

/// The next run removes what one that died behind its commit has left.
#[test]
fn hidden_names_of_committed_batches_do_not_stay() {
    let base = Base { given: vec![vec!["a".to_string()]], in_the_way: None };
    for calls in 0..40 {
        let files = Fake::new();
        let mut checkpoint = Checkpoint::default();
        let bases = [base.clone(), base.clone()];
        files.lives_for(Some(calls));
        let _ = run(&files, &bases[..1], &mut checkpoint);
        files.lives_for(None);
        run(&files, &bases, &mut checkpoint).expect("to its end");
        let names: Vec<String> = files.all().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["/out/1000.csv", "/out/2000.csv"], "dead after {calls} calls");
    }
}
