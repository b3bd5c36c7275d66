//! Shards: the threads that do the work.
//!
//! A shard takes blocks as they come, while their batch is still open: records are split, the columns that the chain names
//! are cut, the row-wise operators run, and the rows are folded into the shard's own part of the batch or rendered for the
//! output. Whoever is free when the last block of a batch is done finishes it (see `shuffle.rs`).

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::data::batch::BatchInfo;
use crate::data::block::Block;
use crate::data::buffer::Buffer;
use crate::data::column::{Column, Span};
use crate::data::scan;
use crate::error::{Error, Result};
use crate::formats::BadRecord;
use crate::sources::{Step as Read, TooLong};

use super::batch::{Content, Task};
use super::core::{Core, Job};
use super::cutter::{self, Cutter, Made, Piece};
use super::cutting::Cutting;
use super::event::blocks::{self, Admitted};
use super::finish;
use super::message::{Bad, Message, Quiet, Rendered};
use super::plan::{End, Stage, Step};
use super::shuffle;
use super::shutdown::caught;

/// A shard's thread: works until nothing more will come.
pub fn work(core: &Arc<Core>, me: usize) {
    let mut scratch = Vec::new();
    loop {
        let mut block = match core.next_job() {
            Job::Exit => return,
            Job::Shares(shares) => {
                shares.help();
                core.withdraw(&shares);
                None
            }
            Job::Finish(cut) => {
                finish::finish(core, cut);
                None
            }
            Job::Block(task) => Some(task),
            Job::Admitted(admitted) => {
                fold(core, me, *admitted);
                None
            }
            Job::Pull(lane) => pull(core, lane),
        };
        while let Some(task) = block.take() {
            process(core, me, task, &mut scratch);
        }
    }
}

/// Reads a lane, and gives the block to go on with.
fn pull(core: &Core, lane: usize) -> Option<Task> {
    let mut slot = core.pulled[lane].lock().unwrap_or_else(|e| e.into_inner());
    let intake = slot.as_mut()?;
    let before = intake.progress();
    let step = if core.stop.is_told() { Ok(Read::End) } else { intake.next(&core.quotas[lane]) };
    core.counters.bytes.fetch_add(intake.progress() - before, Ordering::Relaxed);
    let rest = match step {
        Ok(Read::Records(chunk)) => core.rest(lane, chunk, core.plan.numbers),
        Ok(Read::Unread { unread, from, until }) => Ok(Some(core.unread(lane, unread, from, until))),
        // Who is asked at cuts has a thread of its own.
        Ok(Read::Done | Read::End) => Ok(None),
        Err(error) => Err(error),
    };
    let rest = rest.unwrap_or_else(|error| {
        core.fail(error);
        None
    });
    if rest.is_none() {
        *slot = None;
    }
    drop(slot);
    core.pulled(lane, rest)
}

/// Works on one block, up to the end of its stage.
fn process(core: &Core, me: usize, task: Task, scratch: &mut Vec<Span>) {
    if let Cutting::Event(event) = &core.cutting {
        match blocks::cut(core, event, task, scratch) {
            Ok(admitted) => admitted.into_iter().for_each(|admitted| fold(core, me, admitted)),
            Err(error) => core.abort(error),
        }
    } else if let Err(error) = try_process(core, me, task, scratch) {
        core.abort(error);
    }
}

/// Works on a block that was let in to its batches.
fn fold(core: &Core, me: usize, admitted: Admitted) {
    if let Err(error) = blocks::fold(core, me, admitted) {
        core.abort(error);
    }
}

/// What is said of a piece beside its rows.
pub struct LeftOut {
    /// Records that were left out.
    pub bad: Vec<Bad>,
    /// How many records there were, these included.
    pub records: u64,
    /// How many lines.
    pub lines: u64,
}

/// The records of a piece that were left out, those behind it that were too long as well. `plain`: a line is a record.
pub fn left_out(
    core: &Core,
    plain: bool,
    buffer: &Buffer,
    range: &Range<usize>,
    bad: Vec<BadRecord>,
    too_long: &[TooLong],
    mut records: u64,
) -> LeftOut {
    let lines = |range: Range<usize>| scan::count(b'\n', &buffer.bytes()[range]) as u64;
    let mut bad: Vec<Bad> = bad
        .into_iter()
        .map(|bad| {
            let line = if plain { bad.at as u64 } else { lines(range.start..bad.span.start as usize) };
            let bytes = core.keep_bad.then(|| bad.span.of(buffer.bytes()).unwrap_or_default().to_vec());
            Bad { line, what: bad.what, bytes }
        })
        .collect();
    let mut count = if plain { records } else { lines(range.clone()) };
    for long in too_long {
        let line = count + long.blank;
        bad.push(Bad { line, what: cutter::too_long(long.len, core.max_record), bytes: None });
        records += 1;
        count += if plain { 1 } else { long.lines };
    }
    LeftOut { bad, records, lines: count }
}

fn try_process(core: &Core, me: usize, task: Task, scratch: &mut Vec<Span>) -> Result<()> {
    let Task { batch, lane, head, seq, content, mut range, first, too_long, .. } = task;
    let batch = batch.ok_or_else(|| Error::failed("a block has no batch"))?;
    let feeds = core.plan.inputs[core.input_of[lane]].feeds;
    let at = core.plan.fed(feeds);
    let stage = &core.plan.stages[at];
    let cutter = core.cutter(lane, &head);
    let nothing = || Arc::new(Buffer::from_vec(Vec::new()));
    let (buffer, made) = if let Some(made) = search(core, lane, stage, cutter, &content) {
        range = 0..0;
        (nothing(), made)
    } else {
        let buffer = content.read(&core.quotas[lane]).unwrap_or_else(|error| {
            core.fail(error);
            range = 0..0;
            nothing()
        });
        let piece = Piece {
            buffer: &buffer,
            range: range.clone(),
            first: core.plan.numbers.then_some(first),
            max_record: core.max_record,
            batch: &batch.info,
        };
        let made = cutter.cut(stage, &piece, scratch)?;
        (buffer, made)
    };
    let Made { mut block, records, step, bad } = made;
    let plain = cutter.format.framing().quoted.is_none();
    let LeftOut { bad, records, lines } = left_out(core, plain, &buffer, &range, bad, &too_long, records);
    // Lanes come before pieces: a source's records stand before those of the next.
    block.order = (lane as u64) << 40 | seq;
    block.batch = core.number_of(0, &batch.info);
    block.input = core.input_of[lane] as u16;
    drop(buffer);

    batch.records.fetch_add(records, Ordering::Relaxed);
    batch.bad.fetch_add(bad.len() as u64, Ordering::Relaxed);
    let mut rendered = Vec::new();
    let block = run(core, stage, step, block, &batch.info, &mut rendered)?;
    // Without rows a block may not have come as far as the columns of the stage's end.
    if !matches!(stage.end, End::Output(_)) && block.rows > 0 {
        let mut part = batch.parts[feeds][me].lock().unwrap_or_else(|e| e.into_inner());
        part.get_or_insert_with(|| shuffle::start(core, at)).fold(&block);
    }
    let rows = block.rows as u64;
    recycle(block, scratch);
    let size = rendered.iter().map(Rendered::size).sum();
    let info = batch.info;
    let silent = core.plan.is_silent();
    if silent && bad.is_empty() {
        core.quiet(Quiet { info, lane, head, seq, records, lines, rows });
    } else {
        let lease = (size > 0 && core.holds_back(lane)).then(|| core.quotas[lane].lease(size));
        let block = Message::Block { info, lane, head, seq, records, lines, rows, bad, rendered, lease };
        if silent {
            core.speak(block);
        } else {
            // The output thread outlives all who send to it.
            let _ = core.output.send(block);
        }
    }
    core.block_done(&batch);
    Ok(())
}

/// Searches records where the system holds them. `None` where they are not mapped or have changed meanwhile, for which a search
/// may not be made: then they are read.
fn search(core: &Core, lane: usize, stage: &Stage, cutter: &Cutter, content: &Content) -> Option<Made> {
    let Content::Unread(unread) = content else { return None };
    unread.mapped(|bytes| caught(|| cutter.search(stage, bytes, &core.quotas[lane])).ok().flatten())
}

/// Runs the row-wise operators of a stage from `step` on, renders what is written, and gives the rows at its end.
pub fn run(
    core: &Core,
    stage: &Stage,
    step: usize,
    mut block: Block,
    info: &BatchInfo,
    rendered: &mut Vec<Rendered>,
) -> Result<Block> {
    for step in &stage.steps[step..] {
        if block.rows == 0 {
            return Ok(block);
        }
        match step {
            Step::Filter(filter) => {
                let mut passed = Vec::new();
                filter.select(&block, info, &mut passed)?;
                block.keep(&passed);
            }
            Step::Map(map) => {
                let (order, batch, input) = (block.order, block.batch, block.input);
                block = map.map(block, info)?;
                (block.order, block.batch, block.input) = (order, batch, input);
            }
            Step::Times => {
                for time in [info.start, info.end] {
                    block.columns.push(Column::Time(vec![time.0.saturating_mul(1000); block.rows]));
                }
            }
            Step::Tee(outlet, None) => render(core, *outlet, &block, info, rendered),
            Step::Tee(outlet, Some(filter)) => {
                let mut passed = Vec::new();
                filter.select(&block, info, &mut passed)?;
                if !passed.is_empty() {
                    let mut copy = block.clone();
                    copy.keep(&passed);
                    render(core, *outlet, &copy, info, rendered);
                }
            }
            Step::Alarm(alarm, filter) => {
                let mut held = Vec::new();
                filter.select(&block, info, &mut held)?;
                if !held.is_empty() {
                    rendered.push(Rendered::Held(*alarm));
                }
            }
        }
    }
    if let End::Output(outlets) = &stage.end
        && block.rows > 0
    {
        for outlet in outlets {
            render(core, *outlet, &block, info, rendered);
        }
    }
    Ok(block)
}

fn render(core: &Core, outlet: usize, block: &Block, info: &BatchInfo, rendered: &mut Vec<Rendered>) {
    // So that it seldom grows: short rows are of about this length.
    let mut bytes = Vec::with_capacity(16 * block.rows);
    core.plan.outlets[outlet].output.rows(block, info, &mut bytes);
    rendered.push(Rendered::Rows { outlet, bytes });
}

/// The spans of a block serve for the next one.
fn recycle(block: Block, scratch: &mut Vec<Span>) {
    for column in block.columns {
        if let Column::Text(text) = column
            && text.spans.capacity() > scratch.capacity()
        {
            *scratch = text.spans;
        }
    }
}
