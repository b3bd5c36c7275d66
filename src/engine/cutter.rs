//! Records to the columns of a stage. Each input of the plan has a [`Cutter`]; a lane whose begin tells its columns (a csv file
//! with a header) has one of its own. Runs on the shards.

use std::ops::Range;
use std::sync::Arc;

use memchr::{memchr, memrchr};

use crate::data::batch::BatchInfo;
use crate::data::block::Block;
use crate::data::buffer::{BLOCK, Buffer, Quota};
use crate::data::column::{Column, Span, Text};
use crate::data::schema::{Live, Schema};
use crate::error::Result;
use crate::formats::{BadRecord, Cut, Input};
use crate::operators::Raw;

use super::plan::{Stage, Step};

/// How the records of a lane become the rows of a stage.
pub struct Cutter {
    /// How records are cut.
    pub format: Arc<dyn Input>,
    /// The columns that are cut out of a record.
    pub schema: Schema,
    /// For each column of the stage which of these it is; the format may have none of that name.
    pub columns: Vec<Option<usize>>,
    /// The columns that a leading filter looks at, and the others, which are cut for the rows that pass only.
    early: Option<(Schema, Schema)>,
}

/// A piece of a lane that is to be cut.
pub struct Piece<'a> {
    /// What it is part of.
    pub buffer: &'a Arc<Buffer>,
    /// Its bytes.
    pub range: Range<usize>,
    /// The number of its first record in the source; only where records are numbered.
    pub first: Option<u64>,
    /// Records longer than this are bad.
    pub max_record: usize,
    /// Its batch.
    pub batch: &'a BatchInfo,
}

/// What was cut.
#[derive(Default)]
pub struct Made {
    /// The rows.
    pub block: Block,
    /// How many records there were.
    pub records: u64,
    /// The number of the step of the stage to go on with.
    pub step: usize,
    /// Records that do not fit, by their number in the piece.
    pub bad: Vec<BadRecord>,
}

impl Cutter {
    /// The columns of `wanted` that `format` knows; all of `live` must be known if `strict`.
    pub fn new(format: Arc<dyn Input>, live: &Live, wanted: &Schema, first: &[String]) -> Result<Self> {
        let schema = format.schema(live)?;
        let at = |name: &str| schema.fields.iter().position(|field| field.name == name);
        let columns = wanted.fields.iter().map(|field| at(&field.name)).collect();
        let is_early = |name: &String| first.contains(name);
        let lazy = format.is_costly() && !first.is_empty() && !schema.fields.iter().all(|f| is_early(&f.name));
        let early = lazy.then(|| {
            let part = |early: bool| Schema {
                fields: schema.fields.iter().filter(|f| is_early(&f.name) == early).cloned().collect(),
                ..Schema::default()
            };
            (part(true), part(false))
        });
        Ok(Cutter { format, schema, columns, early })
    }

    /// The columns that are cut first, and those that are cut for the rows that pass the leading filter only.
    pub fn early(&self) -> Option<(&Schema, &Schema)> {
        self.early.as_ref().map(|(early, late)| (early, late))
    }

    /// All columns are cut at once: no filter leads.
    pub fn without_filter(&mut self) {
        self.early = None;
    }

    /// Whether [`search`](Self::search) can take the place of [`cut`](Self::cut) where no record has a number.
    pub fn searches(&self, stage: &Stage) -> bool {
        let is_counted = stage.steps.is_empty() && stage.schema.fields.is_empty();
        let leads = |step: &Step| matches!(step, Step::Filter(filter) if filter.searches());
        self.format.takes_all() && (is_counted || stage.steps.first().is_some_and(leads))
    }

    /// Cuts records that are mapped, block by block: what passes of them is copied, and where that is much there is no gain and no
    /// result. For bytes that may change meanwhile, and records none of which is too long.
    pub fn search(&self, stage: &Stage, bytes: &[u8], quota: &Arc<Quota>) -> Option<Made> {
        let framing = self.format.framing();
        let delimiter = framing.delimiter;
        let (mut made, mut copied, mut spans, mut passed) = (Made::default(), quota.vec(), Vec::new(), Vec::new());
        let (mut from, is_copied) = (0, !self.schema.fields.is_empty());
        while from < bytes.len() {
            let most = bytes.len().min(from + BLOCK);
            let last = memrchr(delimiter, &bytes[from..most]).or_else(|| {
                let behind = memchr(delimiter, &bytes[most..]);
                behind.map(|at| most - from + at)
            });
            let to = last.map_or(bytes.len(), |at| from + at + 1);
            let padded = &bytes[from..to];
            let mut records = None;
            if let Some(Step::Filter(filter)) = stage.steps.first() {
                made.step = 1;
                passed.clear();
                let raw = Raw { padded, start: 0, end: padded.len(), delimiter };
                records = filter.select_records(&raw, &mut passed).flatten();
                made.block.rows += passed.len();
                if is_copied {
                    spans.extend(passed.iter().map(|span| {
                        let at = copied.len();
                        copied.extend_from_slice(span.of(padded).unwrap_or_default());
                        Span::range(at, copied.len())
                    }));
                }
            }
            made.records += records.unwrap_or_else(|| framing.count(padded));
            from = to;
            if copied.len() > BLOCK {
                quota.unused(copied);
                return None;
            }
        }
        if made.step == 0 {
            made.block.rows = made.records as usize;
            quota.unused(copied);
            return Some(made);
        }
        if !is_copied {
            spans.resize(made.block.rows, Span::range(0, 0));
        }
        let lease = quota.lease(copied.capacity());
        let buffer = Arc::new(Buffer::leased(copied, lease));
        let cut = self.format.cut(&buffer, spans, &self.schema);
        Some(Made { block: self.block(&buffer, cut.rows, cut.columns), ..made })
    }

    /// Cuts a piece, by the quick ways of a leading operator where there is one.
    pub fn cut(&self, stage: &Stage, piece: &Piece<'_>, scratch: &mut Vec<Span>) -> Result<Made> {
        let Piece { buffer, range, .. } = piece;
        let framing = self.format.framing();
        let bytes = &buffer.bytes()[range.clone()];
        let fits = range.len() <= piece.max_record;
        let mut spans = std::mem::take(scratch);
        spans.clear();
        if fits && piece.first.is_none() {
            if self.format.takes_all() {
                let made = |block: Block, step, records: Option<u64>| {
                    let records = records.unwrap_or_else(|| framing.count(bytes));
                    Made { block, records, step, bad: Vec::new() }
                };
                if stage.steps.is_empty() && stage.schema.fields.is_empty() {
                    *scratch = spans;
                    let mut counted = made(Block::default(), 0, None);
                    counted.block.rows = counted.records as usize;
                    return Ok(counted);
                }
                let raw =
                    Raw { padded: buffer.padded(), start: range.start, end: range.end, delimiter: framing.delimiter };
                match stage.steps.first() {
                    Some(Step::Filter(filter)) => {
                        if let Some(records) = filter.select_records(&raw, &mut spans) {
                            let cut = self.format.cut(buffer, spans, &self.schema);
                            return Ok(made(self.block(buffer, cut.rows, cut.columns), 1, records));
                        }
                    }
                    Some(Step::Map(map)) if map.map_records(&raw, &mut spans).is_some() => {
                        let rows = spans.len();
                        let text = Column::Text(Text { data: Arc::clone(buffer), spans });
                        return Ok(made(Block { rows, columns: vec![text], ..Block::default() }, 1, None));
                    }
                    _ => {}
                }
            } else if self.early.is_none()
                && let Some(cut) = self.format.cut_range(buffer, range.clone(), &self.schema)
            {
                *scratch = spans;
                let records = (cut.rows + cut.bad.len()) as u64;
                let block = self.block(buffer, cut.rows, cut.columns);
                return Ok(Made { block, records, step: 0, bad: cut.bad });
            }
        }
        framing.each(buffer.bytes(), range.start, range.end, |span| spans.push(span));
        let records = spans.len();
        let mut bad = Vec::new();
        // Of each record that is left its number in the piece; only where some have gone.
        let mut places: Option<Vec<usize>> = None;
        if !fits {
            let long = |span: &Span| span.len as usize > piece.max_record;
            for (at, span) in spans.iter().enumerate().filter(|s| long(s.1)) {
                let what = too_long(u64::from(span.len), piece.max_record);
                bad.push(BadRecord { at, span: *span, what });
            }
            if !bad.is_empty() {
                places = Some((0..records).filter(|&at| !long(&spans[at])).collect());
                spans.retain(|span| !long(span));
            }
        }
        let (schema, late) = match &self.early {
            Some((early, late)) => (early, Some(late)),
            None => (&self.schema, None),
        };
        // A format may pass over records that hold nothing: then each row is found again by where its record begins.
        let starts: Option<Vec<u32>> = piece.first.map(|_| spans.iter().map(|span| span.start).collect());
        let count = spans.len();
        let cut = self.format.cut(buffer, spans, schema);
        let Cut { rows, records: mut good, columns, bad: unfit } = cut;
        let passed_over = count > rows + unfit.len() && good.len() == rows;
        let mut numbers: Option<Vec<u64>> = piece.first.map(|first| {
            if let Some(starts) = starts.as_deref().filter(|_| passed_over) {
                let mut at = 0;
                let place = |record: &Span| {
                    at += starts[at..].iter().position(|&start| start == record.start).unwrap_or(0);
                    first + places.as_ref().map_or(at, |places| places[at]) as u64
                };
                return good.iter().map(place).collect();
            }
            let mut unfit = unfit.iter().map(|bad| bad.at).peekable();
            let kept = (0..rows + unfit.len()).filter(|at| unfit.next_if_eq(at).is_none());
            kept.map(|at| first + places.as_ref().map_or(at, |places| places[at]) as u64).collect()
        });
        for unfit in unfit {
            let at = places.as_ref().map_or(unfit.at, |places| places[unfit.at]);
            bad.push(BadRecord { at, ..unfit });
        }
        bad.sort_by_key(|bad| bad.at);
        let records = records as u64;
        let Some(late) = late else {
            let mut block = self.block(buffer, rows, columns);
            block.origins.numbers = numbers;
            return Ok(Made { block, records, step: 0, bad });
        };
        let passed = self.passed(stage, rows, &columns, &good, buffer, piece.batch)?;
        good = passed.iter().map(|&row| good[row as usize]).collect();
        if let Some(numbers) = &mut numbers {
            *numbers = passed.iter().map(|&row| numbers[row as usize]).collect();
        }
        let mut early = columns.into_iter();
        let mut late = self.format.cut(buffer, good, late).columns.into_iter();
        let is_early = |name: &str| schema.fields.iter().any(|field| field.name == name);
        let columns = self.schema.fields.iter().filter_map(|field| {
            if is_early(&field.name) {
                early.next().map(|mut column| {
                    column.keep(&passed);
                    column
                })
            } else {
                late.next()
            }
        });
        let mut block = self.block(buffer, passed.len(), columns.collect());
        block.origins.numbers = numbers;
        Ok(Made { block, records, step: 1, bad })
    }

    /// The rows that the leading filter lets pass, of which only its own columns are there.
    fn passed(
        &self,
        stage: &Stage,
        rows: usize,
        early: &[Column],
        good: &[Span],
        buffer: &Arc<Buffer>,
        batch: &BatchInfo,
    ) -> Result<Vec<u32>> {
        let Some(Step::Filter(filter)) = stage.steps.first() else { return Ok((0..rows as u32).collect()) };
        let names = self.early.iter().flat_map(|early| &early.0.fields).map(|field| &field.name);
        let named: Vec<(&String, &Column)> = names.zip(early).collect();
        let column = |field: &crate::data::schema::Field| {
            let found = named.iter().find(|(name, _)| **name == field.name).map(|(_, column)| (*column).clone());
            // What the filter does not look at needs only to be there.
            found.unwrap_or_else(|| Column::Text(Text { data: Arc::clone(buffer), spans: good.to_vec() }))
        };
        let columns = stage.schema.fields.iter().map(column).collect();
        let mut passed = Vec::new();
        filter.select(&Block { rows, columns, ..Block::default() }, batch, &mut passed)?;
        Ok(passed)
    }

    /// The columns of the stage that the input feeds.
    fn block(&self, buffer: &Arc<Buffer>, rows: usize, mut columns: Vec<Column>) -> Block {
        if self.columns.iter().copied().eq((0..columns.len()).map(Some)) {
            return Block { rows, columns, ..Block::default() };
        }
        let nothing = || Column::Text(Text { data: Arc::clone(buffer), spans: vec![Span::NULL; rows] });
        let column = |(number, at): (usize, &Option<usize>)| match *at {
            Some(at) if self.columns[number + 1..].contains(&Some(at)) => columns[at].clone(),
            Some(at) => std::mem::replace(&mut columns[at], Column::Bool(Vec::new())),
            None => nothing(),
        };
        let columns = self.columns.iter().enumerate().map(column).collect();
        Block { rows, columns, ..Block::default() }
    }
}

/// What is wrong with a record of so many bytes.
pub fn too_long(len: u64, limit: usize) -> String {
    format!("a record of {len} bytes is longer than --max-record ({limit} bytes)")
}
