//! Shards: the threads that do the work.
//!
//! A shard takes blocks as they come, while their batch is still open: records are split, the columns that the chain names
//! are cut, the row-wise operators run, and the rows are folded into the shard's own part of the batch or rendered for the
//! output. Whoever is free when the last block of a batch is done finishes it (see `shuffle.rs`).

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::data::batch::BatchInfo;
use crate::data::block::{Block, Column, Span, Text};
use crate::data::buffer::Buffer;
use crate::operators::Raw;
use crate::sources::Step as Read;

use super::batcher::Task;
use super::core::{Core, Job};
use super::cutting::{Rest, count_records};
use super::message::{Bad, Message, Rendered};
use super::plan::{End, PlanInput, Stage, Step};
use super::shuffle;

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
                shuffle::finish(core, cut);
                None
            }
            Job::Block(task) => Some(task),
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
        Ok(Read::Records(chunk)) => {
            let input = &core.plan.inputs[core.input_of[lane]];
            Some(Rest::new(chunk, &core.cutting, input.format.delimiter(), core.plan.numbers))
        }
        Ok(Read::End) => None,
        Err(error) => {
            core.fail(error);
            None
        }
    };
    if rest.is_none() {
        *slot = None;
    }
    drop(slot);
    core.pulled(lane, rest)
}

/// Works on one block, up to the end of its stage.
fn process(core: &Core, me: usize, task: Task, scratch: &mut Vec<Span>) {
    let Task { batch, lane, seq, buffer, range, first, too_long } = task;
    let input = &core.plan.inputs[core.input_of[lane]];
    let stage = &core.plan.stages[input.feeds];
    let delimiter = input.format.delimiter();
    let raw = Raw { padded: buffer.padded(), start: range.start, end: range.end, delimiter };
    let mut records = count_records(&buffer.bytes()[range.clone()], delimiter);
    let mut bad = Vec::new();
    let (mut block, step) = cut(core, input, stage, &buffer, raw, records as usize, first, &mut bad, scratch);
    for (at, long) in (records..).zip(&too_long) {
        bad.push(Bad::too_long(at, long.len, core.max_record));
        records += 1;
    }
    // Lanes come before pieces: a source's records stand before those of the next.
    block.order = (lane as u64) << 40 | seq;
    block.input = core.input_of[lane] as u16;
    drop(buffer);

    batch.records.fetch_add(records, Ordering::Relaxed);
    batch.bad.fetch_add(bad.len() as u64, Ordering::Relaxed);
    let mut rendered = Vec::new();
    let block = run(core, stage, step, block, &batch.info, &mut rendered);
    // Without rows a block may not have come as far as the columns of the stage's end.
    if !matches!(stage.end, End::Output(_)) && block.rows > 0 {
        let mut part = batch.parts[me].lock().unwrap_or_else(|e| e.into_inner());
        part.get_or_insert_with(|| shuffle::start(core, input.feeds)).fold(&block);
    }
    let rows = block.rows as u64;
    recycle(block, scratch);
    let size = rendered.iter().map(|r| r.bytes.len()).sum();
    let lease = (size > 0 && core.holds_back(lane)).then(|| core.quotas[lane].lease(size));
    let message = Message::Block { info: batch.info, lane, seq, records, rows, bad, rendered, lease };
    // The output thread outlives all who send to it.
    let _ = core.output.send(message);
    core.block_done(&batch);
}

/// Cuts the columns out of some records; the quick ways of a leading operator included. Returns the block and the number of
/// the step to go on with.
#[allow(clippy::too_many_arguments)]
fn cut(
    core: &Core,
    input: &PlanInput,
    stage: &Stage,
    buffer: &Arc<Buffer>,
    raw: Raw<'_>,
    count: usize,
    first: u64,
    bad: &mut Vec<Bad>,
    scratch: &mut Vec<Span>,
) -> (Block, usize) {
    let mut spans = std::mem::take(scratch);
    spans.clear();
    let fits = raw.end - raw.start <= core.max_record;
    if fits && !core.plan.numbers {
        if stage.steps.is_empty() && stage.schema.fields.is_empty() {
            *scratch = spans;
            return (Block { rows: count, ..Block::default() }, 0);
        }
        match stage.steps.first() {
            Some(Step::Filter(filter)) if filter.select_records(&raw, &mut spans).is_some() => {
                return (columns(input, buffer, spans), 1);
            }
            Some(Step::Map(map)) if map.map_records(&raw, &mut spans).is_some() => {
                let rows = spans.len();
                let text = Column::Text(Text { data: Arc::clone(buffer), spans });
                return (Block { rows, columns: vec![text], ..Block::default() }, 1);
            }
            _ => {}
        }
    }
    input.format.records(buffer.bytes(), raw.start, raw.end, &mut spans);
    let mut numbers: Option<Vec<u64>> = core.plan.numbers.then(|| (first..).take(spans.len()).collect());
    if !fits {
        let long = |span: &Span| span.len as usize > core.max_record;
        for (at, span) in spans.iter().enumerate().filter(|s| long(s.1)) {
            bad.push(Bad::too_long(at as u64, u64::from(span.len), core.max_record));
        }
        if let Some(numbers) = &mut numbers {
            let mut spans = spans.iter();
            numbers.retain(|_| !spans.next().is_some_and(long));
        }
        spans.retain(|span| !long(span));
    }
    let mut block = columns(input, buffer, spans);
    block.numbers = numbers;
    (block, 0)
}

/// The columns of the stage that an input feeds.
fn columns(input: &PlanInput, buffer: &Arc<Buffer>, records: Vec<Span>) -> Block {
    let rows = records.len();
    let mut columns = input.format.cut(buffer, records, &input.schema);
    if !input.columns.iter().copied().eq((0..columns.len()).map(Some)) {
        let nothing = || Column::Text(Text { data: Arc::clone(buffer), spans: vec![Span::NULL; rows] });
        columns = input.columns.iter().map(|at| at.map_or_else(nothing, |at| columns[at].clone())).collect();
    }
    Block { rows, columns, ..Block::default() }
}

/// Runs the row-wise operators of a stage from `step` on, renders what is written, and gives the rows at its end.
pub fn run(
    core: &Core,
    stage: &Stage,
    step: usize,
    mut block: Block,
    info: &BatchInfo,
    rendered: &mut Vec<Rendered>,
) -> Block {
    for step in &stage.steps[step..] {
        if block.rows == 0 {
            return block;
        }
        match step {
            Step::Filter(filter) => {
                let mut passed = Vec::new();
                filter.select(&block, &mut passed);
                block.keep(&passed);
            }
            Step::Map(map) => {
                let (order, input) = (block.order, block.input);
                block = map.map(block);
                (block.order, block.input) = (order, input);
            }
            Step::Tee(outlet) => render(core, *outlet, &block, info, rendered),
        }
    }
    if let End::Output(outlets) = &stage.end
        && block.rows > 0
    {
        for outlet in outlets {
            render(core, *outlet, &block, info, rendered);
        }
    }
    block
}

fn render(core: &Core, outlet: usize, block: &Block, info: &BatchInfo, rendered: &mut Vec<Rendered>) {
    let mut bytes = Vec::new();
    core.plan.outlets[outlet].output.rows(block, info, &mut bytes);
    rendered.push(Rendered { outlet, bytes });
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
