//! `table` out: a table per batch under a rule with the window, for terminals. Shards make values harmless and cut them,
//! the output thread lays the batch out.
//!
//! A cell travels as its kind (a byte), its width in characters and its length in bytes (u32 each, little-endian), and its
//! text. Widths come from the first rows of a batch; a batch longer than that has its counts at its foot, so that memory
//! is bounded.

use super::{Layout, Output, Settings, Summary};
use crate::data::batch::BatchInfo;
use crate::data::block::{Block, Cell};
use crate::data::terminal::harmless;
use crate::data::{human, json, write};

/// So many rows, or so many bytes of them, settle the widths.
const SAMPLE_ROWS: u64 = 1000;
const SAMPLE_BYTES: usize = 1 << 20;
/// Between two columns.
const GAP: &str = "  ";
/// No column is made narrower than this to fit the terminal.
const NARROWEST: usize = 4;
/// Without a terminal nothing is cut, but values are padded to so many characters at most.
const WIDEST_PADDED: usize = 64;
/// The width of rules without a terminal.
const RULE: usize = 80;

const TEXT: u8 = b't';
const NUMBER: u8 = b'n';
const NULL: u8 = b'0';

struct Table {
    settings: Settings,
    columns: Vec<usize>,
}

/// The output format `table`.
pub(super) fn output(settings: &Settings) -> Box<dyn Output> {
    Box::new(Table { columns: settings.shown(), settings: settings.clone() })
}

impl Output for Table {
    fn rows(&self, block: &Block, _: &BatchInfo, out: &mut Vec<u8>) {
        let most = widest(&self.settings);
        let mut text = Vec::new();
        for row in 0..block.rows {
            for &column in &self.columns {
                match block.columns[column].cell(row) {
                    Cell::Text(value) => {
                        let kind = if json::is_number(value) { NUMBER } else { TEXT };
                        encode(kind, |out| harmless(value, most, out), out);
                    }
                    Cell::Null => encode(NULL, |out| harmless(b"null", most, out), out),
                    other => {
                        let kind = if matches!(other, Cell::Int(_) | Cell::Float(_)) { NUMBER } else { TEXT };
                        text.clear();
                        write::cell(other, &self.settings.zone, &mut text);
                        encode(kind, |out| harmless(&text, most, out), out);
                    }
                }
            }
        }
    }

    fn layout(&self) -> Option<Box<dyn Layout>> {
        let most = widest(&self.settings);
        let mut head = Vec::new();
        for &column in &self.columns {
            encode(TEXT, |out| harmless(self.settings.schema.fields[column].name.as_bytes(), most, out), &mut head);
        }
        let (settings, columns) = (self.settings.clone(), self.columns.len());
        let (window, held, rows, laid_out) = (String::new(), Vec::new(), 0, None);
        Some(Box::new(Batch { settings, columns, head, window, held, rows, laid_out }))
    }
}

/// How many characters a value may have.
fn widest(settings: &Settings) -> usize {
    settings.width.map_or(usize::MAX, |width| width.max(1))
}

/// Appends a cell whose text `write` appends; it tells how many characters these are.
fn encode(kind: u8, write: impl FnOnce(&mut Vec<u8>) -> usize, out: &mut Vec<u8>) {
    out.push(kind);
    let sizes = out.len();
    out.extend_from_slice(&[0; 8]);
    let width = write(out) as u32;
    let len = (out.len() - sizes - 8) as u32;
    out[sizes..sizes + 4].copy_from_slice(&width.to_le_bytes());
    out[sizes + 4..sizes + 8].copy_from_slice(&len.to_le_bytes());
}

#[derive(Clone, Copy)]
struct Shown<'a> {
    kind: u8,
    width: usize,
    text: &'a [u8],
}

/// Takes the first cell off.
fn decode<'a>(cells: &mut &'a [u8]) -> Option<Shown<'a>> {
    let (&kind, rest) = cells.split_first()?;
    let (width, rest) = rest.split_first_chunk::<4>()?;
    let (len, rest) = rest.split_first_chunk::<4>()?;
    let (text, rest) = rest.split_at_checked(u32::from_le_bytes(*len) as usize)?;
    *cells = rest;
    Some(Shown { kind, width: u32::from_le_bytes(*width) as usize, text })
}

/// How a column is printed.
#[derive(Clone, Copy)]
struct Column {
    width: usize,
    right: bool,
}

struct Batch {
    settings: Settings,
    columns: usize,
    /// The names of the columns, as cells.
    head: Vec<u8>,
    window: String,
    /// The first rows of the batch, until the columns are laid out.
    held: Vec<u8>,
    rows: u64,
    laid_out: Option<Vec<Column>>,
}

impl Layout for Batch {
    fn begin(&mut self, batch: &BatchInfo) {
        self.window = match self.settings.interval {
            true => self.window_of(batch),
            // How long it will be only its end tells.
            false => format!("from {}", batch.start.human(None, &self.settings.zone)),
        };
        self.held.clear();
        self.rows = 0;
        self.laid_out = None;
    }

    fn rows(&mut self, mut rendered: &[u8], out: &mut Vec<u8>) {
        while !rendered.is_empty() {
            let row = rendered;
            if (0..self.columns).any(|_| decode(&mut rendered).is_none()) {
                return;
            }
            let row = &row[..row.len() - rendered.len()];
            self.rows += 1;
            if let Some(columns) = &self.laid_out {
                self.row(columns, row, out);
                continue;
            }
            self.held.extend_from_slice(row);
            if self.rows == SAMPLE_ROWS || self.held.len() >= SAMPLE_BYTES {
                self.rule(&self.window, out);
                self.lay_out(out);
            }
        }
    }

    fn end(&mut self, batch: &BatchInfo, summary: &Summary, out: &mut Vec<u8>) {
        let counts = format!("{} · {} records/s", human::counted(self.rows, "row"), human::rate(summary.rate));
        let both = format!("{} · {counts}", self.window_of(batch));
        if self.laid_out.is_some() {
            self.rule(if self.settings.interval { &counts } else { &both }, out);
            return;
        }
        self.rule(&both, out);
        if self.rows > 0 {
            self.lay_out(out);
        }
    }
}

impl Batch {
    /// The interval of a batch, or just its time.
    fn window_of(&self, batch: &BatchInfo) -> String {
        batch.end.human(self.settings.interval.then_some(batch.start), &self.settings.zone)
    }

    /// A line across, with this text.
    fn rule(&self, text: &str, out: &mut Vec<u8>) {
        let width = self.settings.width.unwrap_or(RULE);
        let mut line = format!("── {text} ");
        let missing = width.saturating_sub(line.chars().count());
        line.extend(std::iter::repeat_n('─', missing));
        let mut rule = Vec::new();
        harmless(line.trim_end().as_bytes(), widest(&self.settings), &mut rule);
        self.bold(&rule, out);
    }

    fn bold(&self, line: &[u8], out: &mut Vec<u8>) {
        let (on, off): (&[u8], &[u8]) = if self.settings.color { (b"\x1b[1m", b"\x1b[0m") } else { (b"", b"") };
        for part in [on, line, off, b"\n"] {
            out.extend_from_slice(part);
        }
    }

    /// Settles the columns by the rows held so far, and prints the names and these rows.
    fn lay_out(&mut self, out: &mut Vec<u8>) {
        let columns = self.settled();
        let mut names = Vec::new();
        self.row(&columns, &self.head, &mut names);
        self.bold(names.trim_ascii_end(), out);
        let mut cells = self.held.as_slice();
        while !cells.is_empty() {
            cells = self.row(&columns, cells, out);
        }
        self.held.clear();
        self.laid_out = Some(columns);
    }

    fn settled(&self) -> Vec<Column> {
        let mut columns = vec![Column { width: 0, right: false }; self.columns];
        // Right-aligned if there is a number and nothing else but nulls.
        let (mut numbers, mut texts) = (vec![false; self.columns], vec![false; self.columns]);
        let mut cells = self.head.as_slice();
        for column in &mut columns {
            column.width = decode(&mut cells).map_or(0, |name| name.width);
        }
        let mut cells = self.held.as_slice();
        for at in (0..self.columns).cycle() {
            let Some(cell) = decode(&mut cells) else { break };
            columns[at].width = columns[at].width.max(cell.width);
            numbers[at] |= cell.kind == NUMBER;
            texts[at] |= cell.kind == TEXT;
        }
        for (at, column) in columns.iter_mut().enumerate() {
            column.right = numbers[at] && !texts[at];
        }
        let mut most = WIDEST_PADDED;
        if let Some(width) = self.settings.width {
            // What does not fit is taken from the widest columns.
            let room = width.saturating_sub(GAP.len() * self.columns.saturating_sub(1));
            most = columns.iter().map(|c| c.width).max().unwrap_or(0);
            while most > NARROWEST && columns.iter().map(|c| c.width.min(most)).sum::<usize>() > room {
                most -= 1;
            }
        }
        for column in &mut columns {
            column.width = column.width.min(most);
        }
        columns
    }

    /// Prints one row of the cells, and gives the cells behind it.
    fn row<'a>(&self, columns: &[Column], mut cells: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
        for (at, column) in columns.iter().enumerate() {
            let Some(cell) = decode(&mut cells) else { return &[] };
            let cut = self.settings.width.is_some() && cell.width > column.width;
            let padding = std::iter::repeat_n(b' ', column.width.saturating_sub(cell.width));
            if at > 0 {
                out.extend_from_slice(GAP.as_bytes());
            }
            if column.right {
                out.extend(padding.clone());
            }
            if cut {
                harmless(cell.text, column.width, out);
            } else {
                out.extend_from_slice(cell.text);
            }
            if !column.right && at + 1 < columns.len() {
                out.extend(padding);
            }
        }
        out.push(b'\n');
        cells
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{block, laid_out, settings, text};
    use super::*;

    const SUMMARY: Summary = Summary { rate: 3.0 };

    fn words() -> Block {
        block(vec![text(&[Some(b"hello"), None]), crate::data::block::Column::ints(vec![12, 3])])
    }

    #[test]
    fn a_batch_under_its_rule_with_numbers_to_the_right() {
        let printed = laid_out(&*output(&settings(&["word", "count"])), &[words()], &SUMMARY);
        let rule = "── 1970-01-01 00:00:01 – 00:00:02 UTC · 2 rows · 3 records/s ───────────────────";
        assert_eq!(printed, format!("{rule}\nword   count\nhello     12\nnull       3\n"));
    }

    #[test]
    fn an_empty_batch_is_its_rule_alone_and_without_interval_there_is_one_time() {
        let printed = laid_out(&*output(&Settings { interval: false, ..settings(&["a"]) }), &[], &Summary::default());
        assert!(printed.starts_with("── 1970-01-01 00:00:02 UTC · 0 rows · 0 records/s ─"), "{printed}");
        assert_eq!(printed.lines().count(), 1);
    }

    #[test]
    fn a_terminal_bounds_every_line_and_the_widest_column_pays() {
        let wide = [Some("x".repeat(500).into_bytes()), Some(b"y".to_vec())];
        let rows = block(vec![text(&wide.each_ref().map(Option::as_deref)), text(&[Some(b"1234567"), Some(b"1")])]);
        let printed = laid_out(&*output(&Settings { width: Some(30), ..settings(&["a", "n"]) }), &[rows], &SUMMARY);
        let lines: Vec<&str> = printed.lines().collect();
        assert!(lines.iter().all(|l| l.chars().count() <= 30), "{printed}");
        assert_eq!(lines[2], format!("{}…  1234567", "x".repeat(20)));
        assert_eq!(lines[3], format!("y{}        1", " ".repeat(20)));
    }

    #[test]
    fn values_and_names_cannot_act_on_the_terminal() {
        let rows = block(vec![text(&[Some(b"\x1b[2J\n\xff")])]);
        let printed = laid_out(&*output(&settings(&["\x1b]0;name\x07"])), &[rows], &SUMMARY);
        assert!(printed.ends_with("\n␛]0;name␇\n␛[2J␊\u{fffd}\n"), "{printed}");
    }

    #[test]
    fn colour_is_only_where_it_was_asked_for() {
        let printed =
            |color| laid_out(&*output(&Settings { color, ..settings(&["word", "count"]) }), &[words()], &SUMMARY);
        assert!(!printed(false).contains('\x1b'));
        assert!(printed(true).contains("\x1b[1mword   count\x1b[0m\nhello     12\n"));
    }

    #[test]
    fn a_long_batch_streams_with_the_widths_of_its_first_rows_and_counts_at_its_foot() {
        let table = output(&Settings { width: Some(90), ..settings(&["n"]) });
        let mut layout = table.layout().expect("a layout");
        let ints = |from: i64, to: i64| {
            let mut out = Vec::new();
            let rows = block(vec![crate::data::block::Column::ints((from..to).collect())]);
            table.rows(&rows, &super::super::tests::BATCH, &mut out);
            out
        };
        let mut out = Vec::new();
        layout.begin(&super::super::tests::BATCH);
        layout.rows(&ints(0, 999), &mut out);
        assert!(out.is_empty(), "held until the widths are settled");
        layout.rows(&ints(999, 1002), &mut out);
        let streamed = String::from_utf8(out.clone()).expect("text");
        assert!(streamed.starts_with("── 1970-01-01 00:00:01 – 00:00:02 UTC ──"), "{streamed}");
        assert!(streamed.ends_with("998\n999\n10…\n10…\n"), "{streamed}");
        layout.end(&super::super::tests::BATCH, &SUMMARY, &mut out);
        assert!(String::from_utf8(out).expect("text").contains("10…\n── 1,002 rows · 3 records/s ──"));
        // The next batch begins anew.
        let mut next = Vec::new();
        layout.begin(&super::super::tests::BATCH);
        layout.end(&super::super::tests::BATCH, &SUMMARY, &mut next);
        assert!(String::from_utf8(next).expect("text").contains(" 0 rows"));
    }
}
