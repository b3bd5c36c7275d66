//! What shards do with blocks whose records tell their times: cut a piece and sort its rows by batch; once it was let in, put
//! each batch's rows through the first stage.

use std::ops::Range;
use std::sync::Arc;

use crate::data::batch::BatchInfo;
use crate::data::block::Block;
use crate::data::buffer::Buffer;
use crate::data::column::{Column, Span};
use crate::data::time::Time;
use crate::engine::batch::{Batch, Task};
use crate::engine::core::{Core, LaneHead};
use crate::engine::cutter::{self, Piece};
use crate::engine::message::{Bad, Late, Message, Passed};
use crate::engine::plan::End;
use crate::engine::{shard, shuffle};
use crate::error::{Error, Result};
use crate::formats::{BadRecord, Cut};

use super::Event;
use super::by_time::ByTime;
use super::sorting::{Sorted, sort};

/// A piece of a lane that was cut, and waits to be let in.
pub struct Parsed {
    /// Where it stands among the pieces of the lane.
    pub seq: u64,
    /// The position behind it.
    pub until: u64,
    /// What stood at the begin of the lane, or of the file in it.
    pub head: Arc<LaneHead>,
    /// What it is part of ...
    pub buffer: Arc<Buffer>,
    /// ... and its bytes.
    pub range: Range<usize>,
    /// The rows that have a time.
    pub block: Block,
    /// Their times.
    pub times: Vec<i64>,
    /// Which rows of all that were cut these are, if some have no time.
    pub kept: Option<Vec<u32>>,
    /// The rows by batch.
    pub sorted: Sorted,
    /// How many records there were.
    pub records: u64,
    /// How many lines they were.
    pub lines: u64,
    /// Records that were left out.
    pub bad: Vec<Bad>,
    /// The newest time, and how many lines stand before its record in the piece.
    pub newest: Option<(i64, u64)>,
}

/// A piece that was let in.
pub struct Admitted {
    /// Its lane.
    pub lane: usize,
    /// The piece.
    pub parsed: Parsed,
    /// The rows of each batch; none stands for all of the block.
    pub pieces: Vec<(Arc<Batch>, Option<Vec<u32>>)>,
    /// The rows that are late.
    pub late: Vec<u32>,
    /// The newest time of the lane before the piece.
    pub before: Option<i64>,
}

/// Cuts a piece and hands it in. Gives what is to be done next.
pub fn cut(core: &Core, event: &Event, task: Task, scratch: &mut Vec<Span>) -> Result<Option<Admitted>> {
    let Task { lane, head, seq, content, range, first, too_long, until, .. } = task;
    let buffer = content.read(&core.quotas[lane])?;
    let by_time = by_time(core, lane)?;
    let cutter = core.cutter(lane, &head);
    let numbers = core.plan.numbers.then_some(first);
    let made = cutter.cut(&by_time.cut, &piece(core, &buffer, &range, numbers), scratch)?;
    let cutter::Made { mut block, records, mut bad, .. } = made;
    let (mut times, without) = by_time.times(&block);
    let mut kept = None;
    if !without.is_empty() {
        let places = places(core, (lane, &head), &buffer, &range)?;
        for (row, at) in without.iter().zip(0..) {
            let (number, span) = places[*row as usize];
            let shown = at < Cut::SHOWN;
            let what = if shown { by_time.wrong(&block, *row, times[*row as usize]) } else { String::new() };
            bad.push(BadRecord { at: number, span, what });
        }
        bad.sort_by_key(|bad| bad.at);
        let mut without = without.iter().peekable();
        let good: Vec<u32> = (0..block.rows as u32).filter(|row| without.next_if_eq(&row).is_none()).collect();
        block.keep(&good);
        times = good.iter().map(|row| times[*row as usize]).collect();
        kept = Some(good);
    }
    let sorted = sort(&times, &event.calendar, event.late);
    let plain = cutter.format.framing().quoted.is_none();
    let known = plain && block.rows + bad.len() == records as usize;
    let newest = sorted.newest.map(|(time, row)| {
        let skipped = |row: u32| bad.iter().fold(row as usize, |number, bad| number + usize::from(bad.at <= number));
        (time, if known { skipped(row) as u64 } else { line_near(&block, row, &buffer, &range) })
    });
    let left_out = shard::left_out(core, plain, &buffer, &range, bad, &too_long, records);
    let shard::LeftOut { bad, records, lines } = left_out;
    let parsed = Parsed { seq, until, head, buffer, range, block, times, kept, sorted, records, lines, bad, newest };
    Ok(core.hand_in(lane, parsed))
}

fn piece<'a>(core: &Core, buffer: &'a Arc<Buffer>, range: &Range<usize>, first: Option<u64>) -> Piece<'a> {
    const NONE: BatchInfo = BatchInfo { id: 0, start: Time(0), end: Time(0), redo: false };
    Piece { buffer, range: range.clone(), first, max_record: core.max_record, batch: &NONE }
}

/// What tells the times of the records of a lane.
fn by_time(core: &Core, lane: usize) -> Result<&ByTime> {
    let feeds = core.plan.inputs[core.input_of[lane]].feeds;
    core.plan.event.get(feeds).ok_or_else(|| Error::failed("nothing tells the times of the records"))
}

/// Of each row that is cut of a piece the number of its record there, and its bytes. The piece is cut anew: this is rare.
fn places(
    core: &Core,
    (lane, head): (usize, &LaneHead),
    buffer: &Arc<Buffer>,
    range: &Range<usize>,
) -> Result<Vec<(usize, Span)>> {
    let by_time = by_time(core, lane)?;
    let cutter = core.cutter(lane, head);
    let made = cutter.cut(&by_time.cut, &piece(core, buffer, range, Some(0)), &mut Vec::new())?;
    let mut spans = Vec::new();
    cutter.format.framing().each(buffer.bytes(), range.start, range.end, |span| spans.push(span));
    let numbers = made.block.origins.numbers.unwrap_or_default();
    Ok(numbers.into_iter().map(|number| (number as usize, spans[number as usize])).collect())
}

/// How many lines of a piece stand before a value of a row.
fn line_near(block: &Block, row: u32, buffer: &Arc<Buffer>, range: &Range<usize>) -> u64 {
    let place = |column: &Column| match column {
        Column::Text(text) if Arc::ptr_eq(&text.data, buffer) => {
            Some(text.spans[row as usize]).filter(|span| !span.is_null()).map(|span| span.start as usize)
        }
        _ => None,
    };
    let Some(end) = block.columns.iter().find_map(place) else { return u64::from(row) };
    memchr::memchr_iter(b'\n', &buffer.bytes()[range.start..end]).count() as u64
}

/// Puts the rows of a piece that was let in through the first stage, those of each batch on their own.
pub fn fold(core: &Core, me: usize, admitted: Admitted) -> Result<()> {
    let late = late(core, &admitted)?;
    let Admitted { lane, parsed, pieces, .. } = admitted;
    let Parsed { seq, head, mut block, times, records, lines, bad, newest, .. } = parsed;
    let feeds = core.plan.inputs[core.input_of[lane]].feeds;
    let at = core.plan.fed(feeds);
    let stage = &core.plan.stages[at];
    block.order = (lane as u64) << 40 | seq;
    block.input = core.input_of[lane] as u16;
    if core.plan.times {
        block.origins.times = Some(times);
    }
    for (batch, rows) in &pieces {
        block.batch = core.number_of(0, &batch.info);
        let own = match rows {
            None => std::mem::take(&mut block),
            Some(rows) => Block {
                rows: rows.len(),
                columns: block.columns.iter().map(|column| column.pick(rows)).collect(),
                origins: block.origins.pick(rows),
                ..block
            },
        };
        let own = shard::run(core, stage, 0, own, &batch.info, &mut Vec::new())?;
        if !matches!(stage.end, End::Output(_)) && own.rows > 0 {
            let mut part = batch.parts[feeds][me].lock().unwrap_or_else(|e| e.into_inner());
            part.get_or_insert_with(|| shuffle::start(core, at)).fold(&own);
        }
    }
    // Before the batches of which it may be the last: what was bad is known when their results come. The output thread outlives
    // all who send to it.
    let _ = core.output.send(Message::Passed(Passed { lane, head, seq, records, lines, bad, newest, late }));
    pieces.iter().for_each(|(batch, _)| core.block_done(batch));
    Ok(())
}

/// What is said of the late rows of a piece.
fn late(core: &Core, admitted: &Admitted) -> Result<Option<Late>> {
    let Admitted { lane, parsed, late, before, .. } = admitted;
    let Some(&first) = late.first() else { return Ok(None) };
    let Parsed { head, buffer, range, times, kept, .. } = parsed;
    let places = places(core, (*lane, head), buffer, range)?;
    let place = |row: u32| places[kept.as_ref().map_or(row, |kept| kept[row as usize]) as usize];
    let plain = core.cutter(*lane, head).format.framing().quoted.is_none();
    let line = |row: u32| match place(row) {
        (number, _) if plain => number as u64,
        (_, span) => memchr::memchr_iter(b'\n', &buffer.bytes()[range.start..span.start as usize]).count() as u64,
    };
    let newest = |rows: Range<u32>| rows.rev().max_by_key(|row| times[*row as usize]);
    let mover = newest(0..first).filter(|row| before.is_none_or(|before| times[*row as usize] > before));
    let bytes = |row: &u32| place(*row).1.of(buffer.bytes()).unwrap_or_default().to_vec();
    Ok(Some(Late {
        count: late.len() as u64,
        time: times[first as usize],
        line: line(first),
        moved: mover.map(|row| (times[row as usize], line(row))),
        kept: if core.keep_late { late.iter().map(bytes).collect() } else { Vec::new() },
    }))
}
