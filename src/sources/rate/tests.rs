//! Rows by the clock, in one run and over several.

use super::super::parse;
use super::super::support::testing::{LeapingClock, PLAIN, quota, setup_on};
use super::*;
use crate::clock::ManualClock;
use crate::error::Error;

fn open(spec: &str, clock: Arc<dyn Clock>) -> (Lane, Setup) {
    let setup = setup_on(clock);
    (parse(spec).unwrap().open(&setup, PLAIN).unwrap().pop().unwrap(), setup)
}

fn intake(lane: &mut Lane) -> &mut dyn Intake {
    match &mut lane.feed {
        Feed::Records(intake) => &mut **intake,
        Feed::Bytes(_) => panic!("records were expected"),
    }
}

fn text(chunks: &[Chunk]) -> String {
    chunks.iter().map(|c| std::str::from_utf8(c.buffer.bytes()).unwrap()).collect()
}

/// The rows due before the end of each batch and no others, however late the cut comes.
#[test]
fn cuts_are_exact() {
    let clock = Arc::new(LeapingClock::default());
    clock.leap(Duration::from_secs(1));
    let (lane, _setup) = open("rate:4", Arc::clone(&clock) as Arc<dyn Clock>);
    let quota = quota();
    let cut = |end| text(&lane.control.cut(Time(end), &quota));
    assert_eq!(cut(1_000), "");
    clock.leap(Duration::from_secs(5));
    assert_eq!(cut(1_500), "1970-01-01T00:00:01.000Z\t0\n1970-01-01T00:00:01.250Z\t1\n");
    assert_eq!(cut(1_501), "1970-01-01T00:00:01.500Z\t2\n");
    assert_eq!(cut(1_501), "");
    assert_eq!(cut(2_500).lines().count(), 3);
}

#[test]
fn stamps_and_positions_of_uneven_rates() {
    let clock = Arc::new(LeapingClock::default());
    let (lane, _setup) = open("rate:3", Arc::clone(&clock) as Arc<dyn Clock>);
    clock.leap(Duration::from_secs(60));
    let chunks = lane.control.cut(Time(60_000), &quota());
    let text = text(&chunks);
    let stamps: Vec<&str> = text.lines().take(4).map(|l| &l[17..23]).collect();
    assert_eq!(stamps, ["00.000", "00.333", "00.666", "01.000"]);
    assert_eq!(text.lines().count(), 180);
    assert!(text.lines().enumerate().all(|(i, l)| l.ends_with(&format!("Z\t{i}"))));
    assert_eq!((chunks[0].from, chunks.last().unwrap().until), (0, text.len() as u64));
}

/// Between cuts the receiver hands over what is due, a period at a time, each row once.
#[test]
fn the_receiver_hands_over_what_is_due() {
    let clock = Arc::new(LeapingClock::default());
    let (mut lane, _setup) = open("rate:1000", Arc::clone(&clock) as Arc<dyn Clock>);
    let quota = quota();
    let (mut values, mut chunks, mut position) = (Vec::new(), 0, 0);
    while values.len() < 500 {
        let Step::Records(chunk) = intake(&mut lane).next(&quota).unwrap() else { panic!("it ended") };
        assert_eq!(chunk.from, position);
        position = chunk.until;
        chunks += 1;
        let text = text(&[chunk]);
        values.extend(text.lines().map(|l| l.rsplit('\t').next().unwrap().parse::<u64>().unwrap()));
    }
    assert!(values.iter().copied().eq(0..values.len() as u64));
    assert!((50..=51).contains(&chunks), "ten rows a period, not {} chunks", chunks);
    assert!(u128::from(values.last().unwrap() * 1_000_000) < clock.monotonic().as_nanos(), "no row is early");
}

/// Huge rates come in blocks, none of them much larger than a block.
#[test]
fn a_huge_rate_comes_in_blocks() {
    let (mut lane, _setup) = open("rate:10000000", Arc::new(LeapingClock::default()));
    let quota = quota();
    for n in 0..20 {
        let Step::Records(chunk) = intake(&mut lane).next(&quota).unwrap() else { panic!("it ended") };
        assert!(chunk.buffer.len() < BLOCK + 64 && (n == 0 || chunk.buffer.len() > 1000));
    }
}

/// Neither a wall clock set far ahead nor an end before the border of the batch brings rows of the time to come.
#[test]
fn no_row_comes_before_its_time() {
    let clock = ManualClock::default();
    let (lane, _setup) = open("rate:10", Arc::new(clock.clone()));
    assert_eq!(text(&lane.control.cut(Time(1_000), &quota())).lines().count(), 1);
    clock.jump(3_600_000);
    assert_eq!(text(&lane.control.cut(Time(3_600_000), &quota())), "");
}

#[test]
fn a_stop_ends_the_waiting() {
    let (mut lane, setup) = open("rate:1", Arc::new(ManualClock::default()));
    let waiting = std::thread::spawn(move || matches!(intake(&mut lane).next(&quota()), Ok(Step::End)));
    setup.stop.tell();
    assert!(waiting.join().unwrap());
}

#[test]
fn the_number_is_checked() {
    for spec in ["rate:", "rate:0", "rate:-1", "rate:x", "rate:1.5", "rate:9999999999", "rate:5?x=1"] {
        assert!(matches!(parse(spec), Err(Error::Usage(_))), "{spec}");
    }
    assert!(parse("rate:5").unwrap().cannot_tick().is_some());
}

/// Every row, and what a checkpoint keeps behind so many of them.
fn kept_behind(lane: &Lane, text: &str, rows: usize) -> Kept {
    let position = text.lines().take(rows).map(|line| line.len() as u64 + 1).sum();
    let mark = lane.control.mark(position, true).unwrap().unwrap();
    Kept { name: lane.name.clone(), position, marks: vec![mark], redo: None }
}

fn resume(kept: &Kept, clock: &Arc<LeapingClock>) -> Result<(Lane, Setup)> {
    let setup = setup_on(Arc::clone(clock) as Arc<dyn Clock>);
    let lane = parse("rate:4").unwrap().resume(&setup, PLAIN, std::slice::from_ref(kept))?.pop().unwrap();
    Ok((lane, setup))
}

/// The numbers go on, the times are those of the new run; rows that are given again have the times that they had.
#[test]
fn a_later_run_goes_on_with_the_numbers() {
    let clock = Arc::new(LeapingClock::default());
    let (lane, _setup) = open("rate:4", Arc::clone(&clock) as Arc<dyn Clock>);
    let quota = quota();
    clock.leap(Duration::from_secs(5));
    let first = text(&lane.control.cut(Time(5_000), &quota));
    assert_eq!(first.lines().count(), 20);
    let kept = kept_behind(&lane, &first, 8);
    clock.leap(Duration::from_secs(95));
    let (lane, _setup) = resume(&kept, &clock).unwrap();
    clock.leap(Duration::from_secs(1));
    let chunks = lane.control.cut(Time(100_500), &quota);
    assert_eq!((lane.resumes, chunks[0].from), (Some(0), kept.position));
    assert_eq!(text(&chunks), "1970-01-01T00:01:40.000Z\t8\n1970-01-01T00:01:40.250Z\t9\n");

    let until = kept_behind(&lane, &first, 15);
    let (lane, _) = open("rate:4", Arc::new(ManualClock::default()));
    let redo = Some((until.position, lane.control.mark(until.position, false).unwrap().unwrap()));
    let kept = Kept { redo, ..kept };
    let expected: String = first.split_inclusive('\n').skip(8).take(7).collect();
    for by_cut in [false, true] {
        let (mut lane, _setup) = resume(&kept, &clock).unwrap();
        let chunk = if by_cut {
            lane.control.cut(Time(2_000), &quota).remove(0)
        } else {
            let Step::Records(chunk) = intake(&mut lane).next(&quota).unwrap() else { panic!("it ended") };
            chunk
        };
        assert_eq!((chunk.from, chunk.until), (kept.position, until.position));
        assert_eq!(text(&[chunk]), expected);
        assert_eq!(lane.control.mark(until.position, false).unwrap(), kept.redo.as_ref().map(|redo| redo.1.clone()));
        clock.leap(Duration::from_secs(1));
        let end = clock.wall();
        let next = text(&lane.control.cut(end, &quota));
        assert!(next.lines().next().unwrap().ends_with("\t15") && next.lines().count() == 4, "{next}");
    }
}

#[test]
fn positions_are_those_of_rows() {
    let mut position = 0;
    for row in 0..12_000_u64 {
        assert_eq!(row_at(position), Some(row));
        assert_eq!(row_at(position + 1), None);
        position += BESIDE + row.to_string().len() as u64;
    }
    let _ = row_at(u64::MAX);
    let clock = Arc::new(LeapingClock::default());
    let mark = Epoch { first: 0, wall: 0 }.encode();
    for (position, mark, until) in [(1, &mark, 27), (0, &vec![1, b'r', 0], 27), (0, &mark, 28), (0, &mark, u64::MAX)] {
        let kept =
            Kept { name: "rate:4".into(), position, marks: vec![mark.clone()], redo: Some((until, mark.clone())) };
        let error = resume(&kept, &clock).err().expect("refused").to_string();
        assert!(error.contains("with rate:4: what the checkpoint has kept of it cannot be understood"), "{error}");
    }
}

proptest::proptest! {
    /// Whatever is said to have been kept, nothing panics.
    #[test]
    fn any_mark_is_understood_or_refused(noise in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..30), position: u64, until: u64) {
        let clock = Arc::new(LeapingClock::default());
        let mark = [&header(b'r')[..], &noise].concat();
        let kept = Kept { name: "rate:4".into(), position, marks: vec![mark.clone()], redo: Some((until, mark)) };
        let _ = resume(&kept, &clock);
        let kept = Kept { position: 0, redo: None, ..kept };
        let _ = resume(&kept, &clock);
    }
}
