//! Runs that end and go on with their checkpoint give together what one run gives, whatever the number of shards of each.

use std::time::Duration;

use streamer::data::time::Time;

use super::*;
use crate::harness::Run;

/// Ends after so many batches each, as long as records are left behind them; then the last run.
fn check(case: &Case, ends: &[usize]) -> Result<(), TestCaseError> {
    let dir = tempfile::tempdir().unwrap();
    for (at, sections) in case.sources.iter().enumerate() {
        std::fs::write(dir.path().join(at.to_string()), text(sections)).unwrap();
    }
    let run = |shards: &str, globals: &[&str]| {
        let mut command = case.command(dir.path(), shards);
        let from = dir.path().join("0").display().to_string();
        let globals = globals.iter().map(ToString::to_string);
        let from = (case.sources.len() == 1).then(|| ["--from".to_string(), from]).into_iter().flatten();
        command.splice(1..1, globals.chain(from));
        let (status, found, stderr) = run_fed(&command, &[]);
        (status == 0).then_some(found).ok_or_else(|| TestCaseError::fail(format!("{command:?}: {stderr}")))
    };
    let expected = run("2", &[])?;
    let last =
        case.sources.iter().filter_map(|sections| sections.iter().rposition(|section| !section.is_empty())).max();
    let (mut found, mut done) = (Vec::new(), 0);
    let state = dir.path().join("state").display().to_string();
    let goes_on = ["--checkpoint", &state];
    for (at, end) in ends.iter().enumerate() {
        if last.is_none_or(|last| done + end > last) {
            break;
        }
        done += end;
        found.extend(run(SHARDS[at % SHARDS.len()], &[&goes_on[..], &["--batches", &end.to_string()]].concat())?);
    }
    found.extend(run("2", &goes_on)?);
    if found == expected {
        return Ok(());
    }
    let inputs: String = case.sources.iter().map(|sections| format!("--- input\n{}", text(sections))).collect();
    let what = format!("{case:?} after {ends:?} batches\n{inputs}{}", difference(&expected, &found));
    Err(TestCaseError::fail(what))
}

/// Chains of all kinds; a stream that is joined comes of a command, which cannot be read again.
#[test]
fn runs_that_go_on_give_what_one_run_gives() {
    let kept = case().prop_filter("files only", |case| !case.joins());
    let ends = vec(1..4usize, 1..5);
    all_of((kept, ends), 6, |(case, ends)| check(&Case { batches: None, ..case }, &ends));
}

/// A clock that was set back, by an hour or by a year, between two runs: batches have later times all the same.
#[test]
fn times_go_on_though_the_clock_was_set_back() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state").display().to_string();
    let (mut ends, mut wall) = (Vec::new(), 1_700_000_000_000);
    for back in [0, 3_600_000, 31_536_000_000, -500] {
        wall -= back;
        let words = ["streamer", "--checkpoint", &state, "--journal", "--batch", "1s", "--batches", "2", "count"];
        let run = Run::start(&words.map(String::from), Time(wall));
        for line in ["a\n", "b\n"] {
            run.input.feed(line.as_bytes());
            run.settle();
            run.clock.forward(Duration::from_secs(1));
            run.settle();
        }
        let (status, stdout, stderr) = run.end();
        assert_eq!(status, 0, "{}", String::from_utf8_lossy(&stderr.take()));
        let rows = String::from_utf8(stdout.take()).unwrap();
        let counts = rows.lines().filter_map(|row| row.split('\t').nth(1)?.parse::<u64>().ok());
        assert_eq!(counts.sum::<u64>(), 2, "{rows}");
        ends.extend(rows.lines().map(|row| row.split('\t').next().unwrap().to_string()));
    }
    assert!(ends.len() >= 4 && ends.windows(2).all(|pair| pair[0] < pair[1]), "{ends:?}");
}
