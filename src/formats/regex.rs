//! `regex:PATTERN`: a row for each record in which the pattern is found, with its named groups as columns. Called on the
//! shards; each has a copy of the compiled pattern, with just the groups that are asked for.

use std::sync::{Arc, Mutex, OnceLock};
use std::thread::{self, ThreadId};

use regex::bytes::{CaptureLocations, Regex};

use super::support::closed::{Closed, Unfit};
use super::support::pattern::Pattern;
use super::{Cut, Input, Reading};
use crate::data::block::Span;
use crate::data::buffer::Buffer;
use crate::data::framing::Framing;
use crate::data::schema::{Live, Schema};
use crate::error::{Error, Result};

/// Makes the format; the pattern is its argument.
pub fn make(reading: &Reading) -> Result<Arc<dyn Input>> {
    let Some(text) = reading.argument.as_deref().filter(|text| !text.is_empty()) else {
        return Err(Error::usage(
            "regex is given no pattern; write it behind a colon, with a name for each column: 'regex:(?<level>[A-Z]+): (?<msg>.*)'",
        ));
    };
    let pattern = Pattern::new(text, "regex")?;
    let names = pattern.names();
    if names.is_empty() {
        return Err(Error::usage(format!(
            "regex: the pattern `{text}` has no named group, so there are no columns; name what it is to cut out: (?<name>...)"
        )));
    }
    if names.iter().any(|name| name == "line") {
        return Err(Error::usage(format!(
            "regex: a group of the pattern `{text}` is named `line`, which is always the whole record; give it another name"
        )));
    }
    Ok(Arc::new(Matched {
        columns: Closed::new(names, &[], reading.delimiter),
        framing: Framing::plain(reading.delimiter),
        pattern,
        compiled: Mutex::default(),
    }))
}

struct Matched {
    columns: Closed,
    framing: Framing,
    pattern: Pattern,
    /// What was compiled so far.
    compiled: Mutex<Vec<Compiled>>,
}

/// The pattern with the groups of some columns.
struct Compiled {
    /// The one thread that uses it: a regex keeps its caches in one place, about which threads would quarrel at every record.
    thread: ThreadId,
    names: Vec<String>,
    finder: Arc<Finder>,
}

/// Finds groups in records.
struct Finder {
    /// In text.
    text: Regex,
    /// In what is no UTF-8: then characters are not all there is. Compiled when it is needed.
    bytes: Arc<OnceLock<Option<Regex>>>,
}

impl Matched {
    /// The finder of this thread for the groups of these names.
    fn finder(&self, names: &[String]) -> Arc<Finder> {
        let me = thread::current().id();
        let mut compiled = self.compiled.lock().unwrap_or_else(|e| e.into_inner());
        if let Some(known) = compiled.iter().find(|known| known.thread == me && known.names == names) {
            return Arc::clone(&known.finder);
        }
        let finder = match compiled.iter().find(|known| known.names == names) {
            Some(other) => Finder { text: other.finder.text.clone(), bytes: Arc::clone(&other.finder.bytes) },
            None => Finder { text: self.pattern.only(names), bytes: Arc::default() },
        };
        let finder = Arc::new(finder);
        compiled.push(Compiled { thread: me, names: names.to_vec(), finder: Arc::clone(&finder) });
        finder
    }
}

/// A regex with the place where it leaves its groups.
struct Search<'a> {
    regex: &'a Regex,
    locations: CaptureLocations,
    /// The numbers of the groups of the columns; `None` if it can take no part.
    groups: Vec<Option<usize>>,
}

impl<'a> Search<'a> {
    fn new(regex: &'a Regex, names: &[String]) -> Self {
        let number = |name: &String| regex.capture_names().position(|group| group == Some(name));
        let groups = names.iter().map(number).collect();
        Search { regex, locations: regex.capture_locations(), groups }
    }

    /// Whether the pattern is in the record; then the groups are where it says.
    fn find(&mut self, record: &[u8]) -> bool {
        if self.groups.is_empty() {
            return self.regex.is_match(record);
        }
        self.regex.captures_read(&mut self.locations, record).is_some()
    }

    /// Where the group of a column lies in a record that begins at `from`.
    fn span(&self, column: usize, from: usize) -> Span {
        match self.groups[column].and_then(|group| self.locations.get(group)) {
            Some((start, end)) if start < end => Span::range(from + start, from + end),
            _ => Span::NULL,
        }
    }
}

impl Input for Matched {
    fn framing(&self) -> Framing {
        self.framing
    }

    fn schema(&self, live: &Live) -> Result<Schema> {
        self.columns.schema(live)
    }

    fn cut(&self, data: &Arc<Buffer>, mut records: Vec<Span>, schema: &Schema) -> Cut {
        let places = self.columns.places(schema);
        let columns: Vec<usize> = (0..places.len()).filter(|&column| places[column].is_some()).collect();
        let names: Vec<String> = columns.iter().map(|&column| schema.fields[column].name.clone()).collect();
        let finder = self.finder(&names);
        let mut text = Search::new(&finder.text, &names);
        let mut bytes: Option<Search<'_>> = None;
        let mut own = vec![Vec::new(); places.len()];
        columns.iter().for_each(|&column| own[column].reserve(records.len()));
        let mut unfit = Unfit::default();
        for (at, span) in records.iter().enumerate() {
            let record = span.of(data.bytes()).unwrap_or_default();
            let mut search = &mut text;
            if !record.is_ascii() && std::str::from_utf8(record).is_err() {
                let regex = finder.bytes.get_or_init(|| self.pattern.only_of_bytes(&names)).as_ref();
                search = bytes.get_or_insert_with(|| Search::new(regex.unwrap_or(&finder.text), &names));
            }
            if !search.find(record) {
                unfit.push(at, *span, "does not match the pattern");
                continue;
            }
            for (number, &column) in columns.iter().enumerate() {
                own[column].push(search.span(number, span.start as usize));
            }
        }
        unfit.drop_from(&mut records);
        self.columns.finish(data, records, schema, own, unfit.bad)
    }

    fn is_costly(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::block::Cell;

    fn format(pattern: &str) -> Result<Arc<dyn Input>> {
        make(&Reading { delimiter: b'\n', header: None, argument: Some(pattern.into()) })
    }

    /// The rows that lines are cut into, values joined by `|`, null as `-`; and the numbers of the bad ones.
    fn rows(pattern: &str, live: &Live, text: &[u8]) -> (Vec<String>, Vec<usize>) {
        let format = format(pattern).unwrap();
        let schema = format.schema(live).unwrap();
        let data = Arc::new(Buffer::from_vec(text.to_vec()));
        let mut records = Vec::new();
        format.framing().each(data.bytes(), 0, data.len(), |span| records.push(span));
        let cut = format.cut(&data, records, &schema);
        assert_eq!(cut.records.len(), cut.rows);
        let cell = |row: usize, column: usize| match cut.columns[column].cell(row) {
            Cell::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            _ => "-".to_string(),
        };
        let row = |row| (0..schema.fields.len()).map(|column| cell(row, column)).collect::<Vec<_>>().join("|");
        ((0..cut.rows).map(row).collect(), cut.bad.iter().map(|bad| bad.at).collect())
    }

    #[test]
    fn named_groups_are_columns_in_the_order_of_the_pattern() {
        let (pattern, text) = (r"(?P<b>\w+)=(?<a>\d+)?( x)?", b"  k=12 x\nno\nl=\n".as_slice());
        assert_eq!(rows(pattern, &Live::all(), text), (vec!["k|12".into(), "l|-".into()], vec![1]));
        assert_eq!(rows(pattern, &Live::only(["a", "line", "$1"]), text).0, ["12|k=12|  k=12 x", "-|l=|l="]);
        assert_eq!(rows(pattern, &Live::default(), text), (vec![String::new(); 2], vec![1]), "bad without columns too");
        let schema = format(pattern).unwrap().schema(&Live::all().and(["line"])).unwrap();
        let fields: Vec<_> = schema.fields.iter().map(|field| (field.name.as_str(), field.hidden)).collect();
        assert_eq!((fields, schema.records), (vec![("b", false), ("a", false), ("line", true)], true));
    }

    #[test]
    fn an_empty_match_is_null_and_the_empty_record_may_match() {
        assert_eq!(
            rows("^(?<a>x*)(?<b>y)?$", &Live::all(), b"\nx\ny\nz"),
            (vec!["-|-".into(), "x|-".into(), "-|y".into()], vec![3])
        );
    }

    #[test]
    fn what_is_no_text_is_matched_byte_by_byte() {
        let data = "é: ü x\n".as_bytes().iter().chain(b"a: \xff\xfe x\n\xff: b\n").copied().collect::<Vec<u8>>();
        let (found, bad) = rows("^(?<k>.): (?<v>.*)$", &Live::all(), &data);
        assert_eq!((found, bad), (vec!["é|ü x".into(), "a|\u{fffd}\u{fffd} x".into(), "\u{fffd}|b".into()], vec![]));
    }

    #[test]
    fn patterns_that_cannot_be_used_are_explained() {
        let error = |pattern: &str| format(pattern).err().map(|e| (e.exit_status(), e.to_string())).unwrap();
        let has = |pattern: &str, words: &str| {
            let (status, text) = error(pattern);
            assert!(status == 2 && text.contains(words), "{text}");
        };
        has("(?<a>b", "    (?<a>b\n    ^\nerror: unclosed group");
        has("(?<a>b)(?<a>c)", "duplicate capture group name");
        has("(a)b", "`(a)b` has no named group");
        has("", "no pattern");
        has("(?<line>a)", "is named `line`");
        has(r"(?<a>(\w{100}){100})", "`(?<a>(\\w{100}){100})` takes more than");
    }

    /// Each thread has its own copy, and all find the same.
    #[test]
    fn threads_share_what_was_compiled() {
        let format = format(r"(?<a>\d+)").unwrap();
        let schema = format.schema(&Live::all()).unwrap();
        let data = Arc::new(Buffer::from_vec(b"x7y".to_vec()));
        let cut = || format.cut(&data, vec![Span::range(0, 3)], &schema).columns[0].cell(0) == Cell::Text(b"7");
        thread::scope(|scope| {
            let all: Vec<_> = (0..3).map(|_| scope.spawn(cut)).collect();
            assert!(all.into_iter().all(|one| one.join().unwrap()));
        });
    }
}
