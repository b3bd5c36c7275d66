//! csv against the `csv` crate, against our own writer, and what headers say.

use proptest::prelude::*;

use super::super::tests::{block, settings, text as column};
use super::super::{delimited, input};
use super::*;
use crate::data::batch::BatchInfo;
use crate::data::column::Cell;
use crate::data::time::Time;

type Row = Vec<Option<Vec<u8>>>;

fn given(names: &[&str], separator: u8) -> Csv {
    let names = Some(names.iter().map(|n| (*n).to_string()).collect());
    Csv::new(separator, &Reading { delimiter: b'\n', header: names, argument: None }).unwrap()
}

fn open(delimiter: u8) -> Arc<dyn Input> {
    input("csv", &Reading { delimiter, header: None, argument: None }).unwrap()
}

/// The rows of a cut, and its bad records: number, bytes, reason.
fn shown(cut: &Cut, data: &Buffer) -> (Vec<Row>, Vec<(usize, Vec<u8>, String)>) {
    let value = |column: &Column, row| match column.cell(row) {
        Cell::Text(bytes) => Some(bytes.to_vec()),
        _ => None,
    };
    assert!(cut.columns.iter().all(|column| column.len() == cut.rows));
    let rows = (0..cut.rows).map(|row| cut.columns.iter().map(|c| value(c, row)).collect()).collect();
    let bad = cut.bad.iter().map(|b| (b.at, b.span.of(data.bytes()).unwrap().to_vec(), b.what.clone()));
    (rows, bad.collect())
}

/// What the csv crate makes of it: each record with its fields and its bytes, the last perhaps with an open quote.
fn oracle(text: &[u8]) -> (Vec<(Vec<Vec<u8>>, Vec<u8>)>, bool) {
    let read = |text: &[u8]| {
        let mut builder = ::csv::ReaderBuilder::new();
        builder.has_headers(false).flexible(true).terminator(::csv::Terminator::Any(b'\n'));
        // Its reader takes off a byte-order mark; the field before the text keeps it from finding one.
        let text = [b"x\n", text].concat();
        let mut reader = builder.from_reader(text.as_slice());
        let (mut record, mut records, mut from) = (::csv::ByteRecord::new(), Vec::new(), 0);
        while reader.read_byte_record(&mut record).unwrap() {
            let to = reader.position().byte() as usize;
            records.push((record.iter().map(<[u8]>::to_vec).collect::<Vec<_>>(), text[from..to].to_vec()));
            from = to;
        }
        records.remove(0);
        records
    };
    let last = |records: &[(Vec<Vec<u8>>, Vec<u8>)]| records.last().and_then(|r| r.0.last().cloned());
    let mut records = read(text);
    // In an open quote one more line end belongs to the value.
    let longer = last(&read(&[text, b"\n"].concat()));
    let unclosed = last(&records) != longer;
    let count = records.len();
    for (at, (fields, raw)) in records.iter_mut().enumerate() {
        while raw.first() == Some(&b'\n') {
            raw.remove(0);
        }
        if unclosed && at + 1 == count {
            continue;
        }
        if raw.last() == Some(&b'\n') {
            raw.pop();
        }
        if raw.last() == Some(&b'\r') {
            fields.last_mut().unwrap().pop();
        }
    }
    records.retain(|(_, raw)| !matches!(raw.as_slice(), [] | [b'\r']));
    (records, unclosed)
}

fn expected(text: &[u8], count: usize) -> (Vec<Row>, Vec<(usize, Vec<u8>, String)>) {
    let (records, unclosed) = oracle(text);
    let (mut rows, mut bad) = (Vec::new(), Vec::new());
    let last = records.len();
    for (at, (fields, raw)) in records.into_iter().enumerate() {
        let what = match fields.len() {
            _ if unclosed && at + 1 == last => "a quote that is not closed".to_string(),
            found if found == count => {
                let values = fields.into_iter().map(|field| (!field.is_empty()).then_some(field));
                rows.push(values.chain([Some(raw)]).collect());
                continue;
            }
            1 => format!("1 field where --header has {count}"),
            found => format!("{found} fields where --header has {count}"),
        };
        let what = if bad.len() < Cut::SHOWN { what } else { String::new() };
        bad.push((at, raw, what));
    }
    (rows, bad)
}

/// Proper csv, much of it of one shape, then broken by some bytes in other places.
fn texts() -> impl Strategy<Value = Vec<u8>> {
    let field =
        prop_oneof![4 => "[a-c]{0,6}", 1 => "\"([a-c,\n\r]|\"\"){0,9}\"", 1 => "\"[a-c]{0,5}\"", 1 => "[a\"]{0,3}"];
    let tame = prop_oneof![30 => "[a-c]{0,6}", 1 => "\"([a-c,\n\r]|\"\"){0,9}\""];
    let record =
        |field: BoxedStrategy<String>| (prop::collection::vec(field, 1..4), prop::sample::select(vec!["\n", "\r\n"]));
    let join = |records: Vec<(Vec<String>, &str)>| records.iter().map(|(r, end)| r.join(",") + end).collect::<String>();
    let wild = prop::collection::vec(record(field.boxed()), 0..30).prop_map(join);
    let pairs = (prop::collection::vec(tame, 2), prop::sample::select(vec!["\n", "\n", "\n", "\r\n"]));
    let long = prop::collection::vec(pairs, 0..1500).prop_map(join);
    let broken =
        prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(b"\",\n\ra".to_vec())), 0..4);
    let mutated = (prop_oneof![wild, long], broken).prop_map(|(text, places)| {
        let mut text = text.into_bytes();
        for (place, byte) in places {
            let at = place.index(text.len() + 1);
            text.insert(at, byte);
        }
        text
    });
    prop_oneof![1 => "[a,\"\r\n]{0,40}".prop_map(String::into_bytes), 3 => mutated]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// Generated and broken text: the same fields as the csv crate reads, however the records are cut out of the text.
    #[test]
    fn the_csv_crate_reads_the_same_fields(text in texts(), count in 1..4usize, cuts in prop::collection::vec(1..200usize, 0..4)) {
        let names = &["x", "y", "z"][..count];
        let csv = given(names, b',');
        let schema = csv.schema(&Live::all().and(["line"])).unwrap();
        let data = Arc::new(Buffer::from_vec(text.clone()));
        let expected = expected(&text, count);
        let cut = csv.cut_range(&data, 0..text.len(), &schema).unwrap();
        prop_assert_eq!(&shown(&cut, &data), &expected);

        let mut records = Vec::new();
        csv.framing().each(&text, 0, text.len(), |span| records.push(span));
        prop_assert_eq!(&shown(&csv.cut(&data, records, &schema), &data), &expected);

        let (mut from, mut rows, mut bad) = (0, Vec::new(), Vec::new());
        for cut in cuts.into_iter().chain([usize::MAX]) {
            let to = csv.framing().nth_end(&text[from..], cut).map_or(text.len(), |end| from + end);
            let (more, worse) = shown(&csv.cut_range(&data, from..to, &schema).unwrap(), &data);
            bad.extend(worse.into_iter().map(|b| b.1));
            rows.extend(more);
            from = to;
        }
        prop_assert_eq!(rows, expected.0);
        prop_assert_eq!(bad, expected.1.into_iter().map(|b| b.1).collect::<Vec<_>>());
    }

    /// However the bytes come, the receiver's way to find whole records gives all of them.
    #[test]
    fn records_are_the_same_in_any_chunks(text in texts(), chunks in prop::collection::vec(1..300usize, 1..20)) {
        let framing = Framing::quoted(b'\n', b',');
        let all = |text: &[u8]| {
            let mut records = Vec::new();
            framing.each(text, 0, text.len(), |span| records.push(span.of(text).unwrap().to_vec()));
            records
        };
        let (mut carry, mut found, mut rest) = (Vec::new(), Vec::new(), text.as_slice());
        for chunk in chunks.iter().cycle() {
            let (head, tail) = rest.split_at(rest.len().min(*chunk));
            carry.extend_from_slice(head);
            rest = tail;
            if let Some(whole) = framing.last_end(&carry) {
                found.extend(all(&carry[..whole]));
                carry.drain(..whole);
            }
            if rest.is_empty() {
                break;
            }
        }
        found.extend(all(&carry));
        prop_assert_eq!(found, all(&text));
    }

    /// What our own writer writes is read again, but for empty texts, which are null.
    #[test]
    fn what_is_written_is_read(rows in prop::collection::vec(prop::array::uniform2("[a\u{e9},\"\t\r\n ]{0,5}"), 0..9), tabs: bool) {
        let values = |at: usize| rows.iter().map(|r| Some(r[at].as_bytes())).collect::<Vec<_>>();
        let (write, name) = if tabs { (delimited::tsv as fn(&_) -> _, "tsv") } else { (delimited::csv as fn(&_) -> _, "csv") };
        let output: Box<dyn super::super::Output> = write(&settings(&["x,\ty", "z\""]));
        let mut written = output.header();
        let batch = BatchInfo { id: 0, start: Time(0), end: Time(0), redo: false };
        output.rows(&block(vec![column(&values(0)), column(&values(1))]), &batch, &mut written);
        let format = input(name, &Reading { delimiter: b'\n', header: None, argument: None }).unwrap();
        let (start, lane) = format.begin(&written).unwrap();
        let schema = lane.as_ref().unwrap().schema(&Live::only(["x,\ty", "z\""])).unwrap();
        let data = Arc::new(Buffer::from_vec(written));
        let cut = lane.unwrap().cut_range(&data, start..data.len(), &schema).unwrap();
        let read = rows.iter().filter(|r| **r != ["x,\ty", "z\""]);
        let read: Vec<Row> = read.map(|r| r.iter().map(|v| (!v.is_empty()).then(|| v.clone().into_bytes())).collect()).collect();
        prop_assert_eq!(shown(&cut, &data).0, read);
    }
}

fn names(format: &Arc<dyn Input>, live: &Live) -> Vec<String> {
    let fields = format.schema(live).unwrap().fields;
    fields.iter().map(|f| if f.hidden { format!("({})", f.name) } else { f.name.clone() }).collect()
}

fn refused(format: &Arc<dyn Input>, live: &Live) -> String {
    match format.schema(live) {
        Err(Error::Usage(text)) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_header_names_the_columns() {
    let head = open(b'\n').head(b"\xef\xbb\xbf\n").err().unwrap().to_string();
    assert!(head.contains("the first line is empty"), "{head}");
    assert!(open(b'\n').head(b"\"a").err().unwrap().to_string().contains("not closed"));
    assert!(open(b'\n').head(b"").unwrap().is_none() && open(b'\n').head(b"\r\n\n").unwrap().is_none());
    let head = |text: &[u8]| open(b'\n').head(text).unwrap().unwrap();
    assert_eq!(
        names(&head(b"\xef\xbb\xbf\r\n\"a \"\"b\"\"\",\"c\nd\", e\r\n1,2,3\n"), &Live::all()),
        ["a \"b\"", "c\nd", " e"]
    );
    assert_eq!(
        names(&head(b"a,a,a_2,,line,$6,$1,a"), &Live::all()),
        ["a", "a_3", "a_2", "$4", "line_2", "$6", "$1_2", "a_4"]
    );
    assert_eq!(names(&head(b"b,a"), &Live::all().and(["line", "$2", "a"])), ["b", "a", "($2)", "(line)"]);
    assert_eq!(names(&head(b"b,a,c"), &Live::only(["c", "$1", "b"])), ["b", "c", "($1)"]);
    let open = open(0);
    let schema = open.schema(&Live::only(["x"])).unwrap();
    assert!(schema.open && schema.records && schema.fields == [Field::hidden("x")]);
    assert_eq!(open.begin(b"\xef\xbb\xbfa\nb,c\0d,e\0").unwrap().0, 9, "records end in NUL");
}

#[test]
fn unknown_columns_are_told_with_what_there_is() {
    let head = open(b'\n').head(b"user, Clicks\n").unwrap().unwrap();
    let hint = "; if the file has no header line: --header a,b";
    let message = |name: &str| refused(&head, &Live::only([name]));
    assert_eq!(
        message("usr"),
        format!("there is no column `usr` here, the columns are: user,  Clicks; did you mean user?{hint}")
    );
    assert!(message("clicks").ends_with(&format!("; it is written ` Clicks`{hint}")));
    assert!(message("$3").contains("there is no column `$3`") && message("$0").contains("counted from $1"));
    let many = (0..30).map(|n| format!("c{n}")).collect::<Vec<_>>().join(",");
    let many = open(b'\n').head(many.as_bytes()).unwrap().unwrap();
    assert!(refused(&many, &Live::only(["zzz"])).contains("c10, c11 and 18 more"));
    let given: Arc<dyn Input> = Arc::new(given(&["a", "b"], b','));
    assert_eq!(refused(&given, &Live::only(["q"])), "there is no column `q` here, the columns are: a, b");
}

#[test]
fn each_lane_has_its_own_header_and_is_matched_by_name() {
    let first = open(b'\n').head(b"a,b\n").unwrap().unwrap();
    let lane = |text: &[u8]| first.begin(text).unwrap().1.unwrap();
    let live = Live::all().and(["a", "b"]);
    assert_eq!(names(&lane(b"b,a\n"), &live), ["b", "a"]);
    assert_eq!(names(&lane(b"b\n"), &live), ["b"], "a value that is missing is null");
    assert!(refused(&lane(b"a,z,b\n"), &live).contains("a column `z` that the first file does not have"));
    assert_eq!(names(&lane(b"a,z,b\n"), &Live::only(["b"])), ["b"]);
    assert!(refused(&lane(b"b\n"), &Live::only(["a"])).contains("there is no column `a`"));
    let after_nothing = open(b'\n').begin(b"a\n").unwrap().1.unwrap();
    assert!(refused(&after_nothing, &Live::all()).contains("what stands before it is empty"));
}

#[test]
fn the_header_is_no_record_wherever_it_stands_again() {
    let lane = open(b'\n').begin(b"a,\"b,\"\"c\"\n").unwrap().1.unwrap();
    let text = b"1,2\na,\"b,\"\"c\"\r\n\"a\",\"b,\"\"c\"\na,b\n";
    let data = Arc::new(Buffer::from_vec(text.to_vec()));
    let schema = lane.schema(&Live::only(["a"])).unwrap();
    let cut = lane.cut_range(&data, 0..data.len(), &schema).unwrap();
    assert_eq!((cut.rows, cut.bad.len(), cut.bad[1].what.as_str()), (2, 2, "the header again"));
    let lane = open(b'\n').begin(b"ab,c\n").unwrap().1.unwrap();
    let data = Arc::new(Buffer::from_vec(b"xb,c\nab,c\r\nab,c\nax,c\n".to_vec()));
    let schema = lane.schema(&Live::only(["c"])).unwrap();
    let cut = lane.cut_range(&data, 0..data.len(), &schema).unwrap();
    assert_eq!((cut.rows, cut.bad.len(), cut.bad[0].at, cut.bad[1].at), (2, 2, 1, 2));
    let given = given(&["a", "b"], b',');
    let data = Arc::new(Buffer::from_vec(b"a,b\n".to_vec()));
    assert_eq!(
        given.cut_range(&data, 0..4, &Schema::default()).unwrap().rows,
        1,
        "there is no header that could be there again"
    );
    assert!(given.begin(b"\xef\xbb\xbfa").unwrap().0 == 3);
}
