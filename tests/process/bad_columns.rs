//! What can be wrong with columns and expressions: sizes that no story can write down, each with its message and status, and
//! without waiting for ever.

use super::{Done, run, streamer};

/// It ran to its end; what it wrote, and what it said about records.
fn ran(words: &str, input: &[u8]) -> (String, String) {
    let Done { status, stdout, stderr } = run(&mut streamer(words), input);
    assert_eq!(status.code(), Some(0), "{words}: {stderr}");
    (String::from_utf8_lossy(&stdout).into_owned(), stderr)
}

/// A chain file with an expression that no argument could hold, refused with status 2 and these words.
fn refused(chain: &str, says: &str) {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("chain");
    std::fs::write(&path, chain).expect("written");
    let said = run(&mut streamer(&format!("--chain {}", path.display())), b"1\n").failed(2);
    assert!(said.contains(says), "no `{says}` in {said}");
    assert!(said.len() < 1000, "{} bytes are no message", said.len());
}

#[test]
fn expressions_of_a_megabyte() {
    refused(&format!("filter '{}'", vec!["$1 = 1"; 110_000].join(" OR ")), "too many operators");
    refused(&format!("map '{} AS z'", vec!["$1"; 350_000].join("+")), "too many operators");
    refused(&format!("filter '{}true'", "NOT ".repeat(250_000)), "too many operators");
    refused(&format!("map '{}$1 AS z'", "- ".repeat(500_000)), "too many operators");
    refused(&format!("filter '{}1{} = 1'", "(".repeat(500_000), ")".repeat(500_000)), "nested too deeply");
    refused(&format!("map '{}1{} AS z'", "abs(".repeat(200_000), ")".repeat(200_000)), "nested too deeply");
    let case = "CASE WHEN $1 = 1 THEN 2 ELSE ".repeat(33_000);
    refused(&format!("map '{case}1{} AS z'", " END".repeat(33_000)), "nested too deeply");
}

/// A list and a text of a megabyte are expressions like others.
#[test]
fn long_lists_and_texts_are_no_fault() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("chain");
    let list: Vec<String> = (0..150_000).map(|n| n.to_string()).collect();
    let text = "y".repeat(1_000_000);
    std::fs::write(&path, format!("filter '$1 IN ({})'\nmap 'length($1 || \"{text}\") AS z'\n", list.join(",")))
        .expect("written");
    let words = format!("--chain {} --batch all", path.display());
    assert_eq!(run(&mut streamer(&words), b"149999\n150000\n").ok(), "1000006\n");
}

/// A quote that is not closed takes what is behind it, as far as it reaches, in bounded memory.
#[test]
fn a_quote_that_is_not_closed_for_20_megabytes() {
    let mut input = b"a,b\n1,2\n3,\"".to_vec();
    input.extend(b"x,y\n".repeat(5 << 20));
    let (rows, said) = ran("--in csv --batch all agg 'count(*), sum(a)'", &input);
    assert_eq!(rows, "1\t1\n");
    assert!(said.contains("line 3: a record of 20971523 bytes is longer than --max-record (16777216 bytes)"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    // ... and where it is closed, the records behind it are there, with their lines.
    input.extend(b"\"\n5,6\n7\n");
    let (rows, said) = ran("--in csv --batch all agg 'count(*), sum(a)'", &input);
    assert_eq!(rows, "2\t6\n");
    assert!(said.contains("line 3: a record of 20971524 bytes") && said.contains("line 5242885: 1 field"), "{said}");
    let strict = run(&mut streamer("--in csv --batch all --strict count"), &input).failed(1);
    assert!(strict.contains("line 3: a record of 20971524 bytes"), "{strict}");
}

#[test]
fn very_wide_and_very_long_records() {
    let header: Vec<String> = (0..10_000).map(|n| format!("c{n}")).collect();
    let row: Vec<String> = (0..10_000).map(|n| n.to_string()).collect();
    let wide = format!("{}\n{}\n", header.join(","), format!("{}\n", row.join(",")).repeat(20));
    assert_eq!(
        ran("--in csv --batch all agg 'sum(c9999), sum(c0)'", wide.as_bytes()),
        ("199980\t0\n".into(), "".into())
    );
    let long = format!("{{\"v\":\"{}\",\"w\":1}}\n{{\"v\":1}}\n", "x".repeat(15 << 20));
    assert_eq!(
        ran("--in json --batch all map 'length(v), w'", long.as_bytes()),
        ("15728640\t1\n1\t\n".into(), "".into())
    );
    let words: Vec<String> = (0..1_000_000).map(|n| n.to_string()).collect();
    let split = "--batch all flatmap \"split(line, ' ')\" --as v then agg 'sum(v), count(*), max(v)'";
    assert_eq!(ran(split, words.join(" ").as_bytes()), ("499999500000\t1000000\t999999\n".into(), "".into()));
}

/// Deep nesting is a record that does not fit; a number of any length is a number.
#[test]
fn deep_and_huge_json() {
    let deep = |open: &str, close: &str, n: usize| format!("{{\"v\":{}1{}}}\n", open.repeat(n), close.repeat(n));
    let input =
        [deep("[", "]", 1_000_000), deep("{\"v\":", "}", 200_000), "{\"v\":".repeat(100_000) + "\n", deep("", "", 0)];
    let (rows, said) = ran("--in json --batch all agg 'count(*), sum(v)'", input.concat().as_bytes());
    assert_eq!((rows.as_str(), said.lines().count()), ("1\t1\n", 3), "{said}");
    assert!(said.contains("line 1: nested deeper than 127 levels"), "{said}");
    let digits = "9".repeat(3_000_000);
    let huge = format!("{{\"v\":{digits}}}\n{{\"v\":1}}\n{{\"v\":-{digits}}}\n{{\"v\":0.{digits}}}\n");
    let (rows, _) = ran("--in json --batch all sort v then map 'length(v)'", huge.as_bytes());
    assert_eq!(rows, "3000001\n3000002\n1\n3000000\n");
    assert_eq!(ran("--in json --batch all agg 'count(v), median(v)'", huge.as_bytes()).0, "4\t1\n");
}

/// Which columns there are goes by the records, not by when they come.
#[test]
fn the_head_is_waited_for() {
    let mut live =
        super::Live::start(streamer("--in json --batch all --out csv set 'z = 1'").stdin(std::process::Stdio::piped()));
    live.write(b"nonsense\n");
    live.write(b"{\"a\":1}\n");
    let done = live.end();
    assert_eq!(done.text(), "a,z\n1,1\n");
    assert!(done.stderr.contains("line 1: "), "{}", done.stderr);
}
