//! The sink against a gateway that answers what it is told to.

mod gateway;

use jiff::tz::TimeZone;

use self::gateway::{Answers, Fake, Request, decoded};
use super::*;
use crate::data::block::{Block, Column, Span, Text};
use crate::data::buffer::Buffer;
use crate::data::schema::{Field, Live, Schema};
use crate::formats::Stamp;
use crate::sinks::tests::{batch, hasty};

/// A table with the families cf and d.
const SCHEMA: &str = "{\"name\":\"t\",\"ColumnSchema\":[{\"name\":\"cf\"},{\"name\":\"d\"}]}";

fn spec(fake: &Fake, rest: &str) -> Hbase {
    let spec = format!("hbase://{}/{rest}", fake.address);
    of_url(Url::parse("hbase", &spec).expect("of the scheme").expect("an address")).expect("a sink")
}

fn settings() -> Settings {
    let fields = ["user", "n"].map(Field::shown).to_vec();
    let schema = Schema { fields, ..Schema::default() };
    Settings { schema, stamp: Stamp::None, zone: TimeZone::UTC, limit: 10, color: false, width: None, interval: true }
}

/// The rows `a 1`, `b 2` and so on; no name for a row is null.
fn block(names: &[Option<&str>]) -> Block {
    let (mut data, mut spans) = (Vec::new(), Vec::new());
    for name in names {
        let start = data.len();
        data.extend_from_slice(name.unwrap_or_default().as_bytes());
        spans.push(if name.is_some() { Span::range(start, data.len()) } else { Span::NULL });
    }
    let text = Text { data: std::sync::Arc::new(Buffer::from_vec(data)), spans };
    let numbers = (1..=names.len() as i64).collect();
    Block { rows: names.len(), columns: vec![Column::Text(text), Column::ints(numbers)], ..Block::default() }
}

/// Opens the sink of this address for rows of `user` and `n`, and gives it one batch.
fn given(fake: &Fake, rest: &str, names: &[Option<&str>]) -> (Result<()>, String) {
    let spec = spec(fake, rest);
    let output = spec.output(None, &settings()).expect("of its own").expect("an output");
    let (setup, said) = hasty(&output.header());
    let done = spec.open(&setup).and_then(|mut sink| {
        let mut rows = Vec::new();
        output.rows(&block(names), &batch(4), &mut rows);
        sink.begin(&batch(4))?;
        sink.write(&rows)?;
        sink.end(&batch(4))
    });
    let said = String::from_utf8(said.lock().expect("no panic").clone()).expect("text");
    (done, said)
}

const TABLE: &str = "t?row=user&family=cf";

#[test]
fn rows_become_cells_with_the_end_of_the_batch() {
    let fake = Fake::start(Answers::always(SCHEMA));
    given(&fake, TABLE, &[Some("a"), Some("b")]).0.expect("written");
    let requests = fake.requests();
    let [schema, rows] = requests.as_slice() else { panic!("{requests:?}") };
    assert_eq!((schema.line.as_str(), rows.line.as_str()), ("GET /t/schema HTTP/1.1", "PUT /t/row HTTP/1.1"));
    assert_eq!(rows.header("content-type"), Some("application/x-protobuf"));
    assert_eq!(decoded(&rows.body), "a cf:n@5000=1\nb cf:n@5000=2\n");
}

#[test]
fn null_makes_no_cell_and_a_row_without_cells_is_none() {
    let fake = Fake::start(Answers::always(SCHEMA));
    given(&fake, "t?row=n&family=d", &[Some("a"), None, Some("")]).0.expect("written");
    assert_eq!(decoded(&fake.requests()[1].body), "1 d:user@5000=a\n3 d:user@5000=\n");
}

#[test]
fn a_row_without_a_key_ends_the_run() {
    for name in [None, Some("")] {
        let fake = Fake::start(Answers::always(SCHEMA));
        let error = given(&fake, TABLE, &[Some("a"), name]).0.expect_err("no key");
        assert!(error.to_string().contains("a row has no `user`, which is its key"), "{error}");
        assert_eq!(fake.requests().len(), 1, "nothing was written");
    }
}

#[test]
fn a_table_or_a_family_that_is_not_there_is_said_before_anything_runs() {
    let fake = Fake::start(Answers::always(SCHEMA));
    let error = given(&fake, "t?row=user&family=fc", &[]).0.expect_err("no family").to_string();
    assert!(error.contains("the table t has no family `fc`, its families are: cf, d; did you mean cf?"), "{error}");
    let tables = "{\"table\":[{\"name\":\"rates\"},{\"name\":\"users\"}]}";
    let fake = Fake::start(Answers::of(&[(404, "Not found\r\n"), (200, tables)]));
    let error = given(&fake, "rate?row=user&family=cf", &[]).0.expect_err("no table").to_string();
    assert!(
        error.contains("there is no table `rate`: did you mean rates?") && error.contains("create=true"),
        "{error}"
    );
}

#[test]
fn a_table_can_be_made() {
    let fake = Fake::start(Answers::of(&[(404, ""), (201, ""), (200, "")]));
    given(&fake, "t?row=user&family=cf&create=true", &[Some("a")]).0.expect("written");
    let made = &fake.requests()[1];
    assert_eq!(made.line, "PUT /t/schema HTTP/1.1");
    assert_eq!(String::from_utf8_lossy(&made.body), "{\"name\":\"t\",\"ColumnSchema\":[{\"name\":\"cf\"}]}");
}

/// Nothing is lost and the run goes on: it was only waited for, and said once.
#[test]
fn trouble_of_the_gateway_is_waited_out() {
    const HANGS_UP: (u16, &str) = (0, "");
    let answers =
        [(200, SCHEMA), (503, "Unavailable"), HANGS_UP, (500, "x"), HANGS_UP, (503, "Unavailable"), (200, "")];
    let fake = Fake::start(Answers::of(&answers));
    let (done, said) = given(&fake, TABLE, &[Some("a")]);
    done.expect("written");
    let requests = fake.requests();
    let bodies: Vec<&Vec<u8>> = requests[1..].iter().map(|request| &request.body).collect();
    assert_eq!(bodies.len(), 6);
    assert!(bodies.iter().all(|body| *body == bodies[0]), "the same rows each time");
    let [away, back] = said.lines().collect::<Vec<_>>()[..] else { panic!("{said}") };
    assert!(away.contains("is away (") && back.contains("is back: going on"), "{said}");
}

#[test]
fn a_gateway_that_is_not_there_at_the_start_is_an_error() {
    let fake = Fake::start(Answers::of(&[(503, "Unavailable"); 100]));
    let error = given(&fake, TABLE, &[]).0.expect_err("away").to_string();
    assert!(error.contains("cannot reach hbase://") && error.contains("503: Unavailable"), "{error}");
    let fake = Fake::gone();
    let error = given(&fake, TABLE, &[]).0.expect_err("away").to_string();
    assert!(error.contains("connection refused; is HBase's REST gateway running there?"), "{error}");
}

#[test]
fn what_the_gateway_will_never_take_ends_the_run_at_once() {
    for (status, text) in [(400, "Bad request: Row too long"), (403, "Forbidden"), (404, "Not found")] {
        let fake = Fake::start(Answers::of(&[(200, SCHEMA), (status, text)]));
        let error = given(&fake, TABLE, &[Some("a")]).0.expect_err("refused").to_string();
        assert!(error.starts_with("cannot write to hbase://") && error.contains(text), "{error}");
        assert_eq!(fake.requests().len(), 2);
    }
}

#[test]
fn many_rows_go_in_few_requests_of_bounded_size() {
    let fake = Fake::start(Answers::always(SCHEMA));
    let name = "x".repeat(1000);
    let names: Vec<Option<&str>> = (0..5000).map(|_| Some(name.as_str())).collect();
    given(&fake, TABLE, &names).0.expect("written");
    let requests: Vec<Request> = fake.requests().split_off(1);
    assert_eq!(requests.iter().map(|request| decoded(&request.body).lines().count()).sum::<usize>(), 5000);
    assert_eq!(requests.len(), 5);
    assert!(requests.iter().all(|request| request.body.len() < REQUEST + 2000));
}

#[test]
fn a_name_and_a_password_are_given_as_basic_authorization() {
    let fake = Fake::start(Answers::always(SCHEMA));
    let place = spec(&fake, "t?row=user&family=cf&user=me").place;
    let (setup, _) = hasty(b"");
    Gateway::open("hbase://x", &place, Some("secret".to_string()), &setup).map(drop).expect("opened");
    assert_eq!(fake.requests()[0].header("authorization"), Some("Basic bWU6c2VjcmV0"));
    let error = Gateway::open("hbase://x", &place, None, &setup).map(drop).expect_err("no password");
    assert!(error.exit_status() == 2 && error.to_string().contains(PASSWORD), "{error}");
}

#[test]
fn mistakes_in_an_address_are_usage_errors() {
    for (spec, what) in [
        ("hbase:///t?row=a&family=cf", "names no REST gateway"),
        ("hbase://h:1/?row=a&family=cf", "no name of a table"),
        ("hbase://h:1/a/b?row=a&family=cf", "no name of a table"),
        ("hbase://h:1/t?family=cf", "row= is missing"),
        ("hbase://h:1/t?row=a", "family= is missing"),
        ("hbase://h:1/t?row=a&family=cf:", "no name of a family"),
        ("hbase://h:1/t?row=a&family=cf&familly=x", "there is no option `familly`"),
    ] {
        let error = parse(spec).expect("of the scheme").err().expect(spec);
        assert!(error.exit_status() == 2 && error.to_string().contains(what), "{error}");
    }
    let error = spec(&Fake::gone(), "t?row=usr&family=cf").output(None, &settings()).expect("of its own").err();
    assert!(error.expect("unknown").to_string().contains("there is no column `usr` here"));
}

#[test]
fn all_that_is_shown_is_written_and_the_key_is_asked_for() {
    let mut records = settings();
    records.schema.records = true;
    let output = cells::output("other", &records).expect("an output");
    assert_eq!(output.needs(), Live::all().and(["other"]));
    let mut header = output.header();
    let stamped = cells::output("window_end", &Settings { stamp: Stamp::Both, ..settings() }).expect("an output");
    header.extend(stamped.header());
    let (mut names, mut rest) = (Vec::new(), header.as_slice());
    while let Some(name) = rows::next(&mut rest) {
        names.push(String::from_utf8_lossy(name.unwrap_or_default()).into_owned());
    }
    assert_eq!(names, ["user", "n", "window_start", "user", "n"]);
}
