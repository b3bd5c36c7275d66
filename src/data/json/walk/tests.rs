//! The walk beside serde_json.

use proptest::prelude::*;
use serde_json::Value as Json;

use super::*;
use crate::data::buffer::Buffer;

/// Walks over one record that stands between others, and gives what was found of the names; `-` for null and what is missing.
fn walk(record: &[u8], names: &[&str]) -> Lexed<Option<Vec<String>>> {
    let before = b"{\"a\":1}\n";
    let buffer = Buffer::from_vec([before, record, b"\n\"]}0,"].concat());
    let paths = Paths::new(names.iter().copied());
    let mut walk = Walk::new(buffer.padded(), &paths);
    assert_eq!(walk.record(Span::range(0, before.len() - 1)), Ok(true));
    let is_row = walk.record(Span::range(before.len(), before.len() + record.len()))?;
    let found = paths.names.iter().map(|&(own, path)| {
        let own = walk.found[own as usize];
        let value = path.map(|path| walk.found[path as usize]).filter(|_| !own.there).unwrap_or(own);
        let Some(raw) = value.span.of(buffer.bytes()) else { return "-".to_string() };
        let mut text = Vec::new();
        if value.escaped {
            unescape(raw, &mut text)
        } else {
            text.extend_from_slice(raw)
        };
        String::from_utf8_lossy(&text).into_owned()
    });
    Ok(is_row.then(|| found.collect()))
}

fn found(record: &str, names: &[&str]) -> Vec<String> {
    walk(record.as_bytes(), names).expect("valid").expect("not blank")
}

fn what(record: &str) -> What {
    walk(record.as_bytes(), &["a"]).expect_err(record).what
}

#[test]
fn values_are_their_text() {
    let record = r#" { "a" : "x\ny" , "b":1e400,"c":-0.10,"d":true,"e":null,"f":{"g": [1, {"h":""}]},"i":[]} "#;
    let names = ["a", "b", "c", "d", "e", "f", "f.g[0]", "f.g[1].h", "f.g[2]", "f.x.y", "i", "i[0]", "z"];
    let expected =
        ["x\ny", "1e400", "-0.10", "true", "-", "{\"g\": [1, {\"h\":\"\"}]}", "1", "", "-", "-", "[]", "-", "-"];
    assert_eq!(found(record, &names), expected);
}

#[test]
fn a_name_with_dots_is_found_first_as_it_is() {
    assert_eq!(found(r#"{"a.b":1,"a":{"b":2}}"#, &["a.b"]), ["1"]);
    assert_eq!(found(r#"{"a":{"b":2},"a.b":null}"#, &["a.b"]), ["-"]);
    assert_eq!(found(r#"{"a":{"b":2}}"#, &["a.b"]), ["2"]);
    assert_eq!(found(r#"{"a[0]":7,"a":[8]}"#, &["a[0]"]), ["7"]);
}

#[test]
fn the_last_of_two_members_of_one_name_wins() {
    assert_eq!(found(r#"{"a":1,"a":2}"#, &["a"]), ["2"]);
    assert_eq!(found(r#"{"a":1,"\u0061":null}"#, &["a"]), ["-"]);
    assert_eq!(found(r#"{"a":{"b":1,"c":2},"a":{"c":3}}"#, &["a.b", "a.c"]), ["-", "3"]);
    assert_eq!(found(r#"{"a":{"b":1},"a":7}"#, &["a.b", "a"]), ["-", "7"]);
    assert_eq!(found(r#"{"a":{"b":1},"a":null}"#, &["a.b", "a"]), ["-", "-"]);
}

#[test]
fn what_is_no_object_is_told_from_what_is_no_json() {
    for no in ["1", "\"a\"", "[{}]", "null", " true "] {
        assert_eq!(what(no), What::NoObject, "{no}");
    }
    for no in
        ["{", "{}}", "{} {}", "{\"a\":01}", "{\"a\":1.}", "{\"a\":+1}", "{\"a\":\"\t\"}", "{\"a\":\"\\x\"}", "nul"]
    {
        assert!(matches!(what(no), What::Expected(_)), "{no}");
    }
    assert_eq!(walk(b"", &[]), Ok(None));
    assert_eq!(walk(b" \t\r", &[]), Ok(None));
}

/// The first key of an object is remembered as one, and never taken for a later one whose comma is missing.
#[test]
fn a_remembered_key_does_not_hide_a_missing_comma() {
    let buffer = Buffer::from_vec(b"{\"a\":1,\"b\":2}\n{\"a\":1\"a\":2}\n{,\"b\":2}\n{\"b\":{\"a\":1}}".to_vec());
    let paths = Paths::new(["a", "b.a"]);
    let mut walk = Walk::new(buffer.padded(), &paths);
    let mut results = Vec::new();
    crate::data::framing::Framing::plain(b'\n').each(buffer.bytes(), 0, buffer.len(), |span| {
        results.push(walk.record(span).is_ok());
    });
    assert_eq!(results, [true, false, false, true]);
    assert_eq!(
        (walk.found[0].there, walk.found[2].there),
        (false, true),
        "the `a` of `b` is not the one of the record"
    );
}

#[test]
fn nesting_ends_where_serde_json_ends_it() {
    for depth in [1, 120, 126, 127, 128, 129, 100_000] {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let record = format!("{{\"a\":{}1{}}}", open.repeat(depth - 1), close.repeat(depth - 1));
            let accepted = serde_json::from_str::<Json>(&record).is_ok();
            assert_eq!(walk(record.as_bytes(), &["a"]).is_ok(), accepted, "{depth}");
            assert_eq!(accepted, depth < DEPTH as usize);
            if !accepted {
                assert_eq!(what(&record), What::Deep);
            }
        }
    }
}

#[test]
fn large_values_are_whole() {
    let text = "x".repeat(1 << 20) + "\\n" + &"y".repeat(1 << 20);
    assert_eq!(found(&format!("{{\"b\":0,\"a\":\"{text}\"}}"), &["a"])[0], text.replace("\\n", "\n"));
    let digits = "9".repeat(100_000);
    assert_eq!(found(&format!("{{\"a\":-{digits}.{digits}e{digits}}}"), &["a"])[0].len(), 300_003);
}

#[test]
fn bytes_that_are_no_utf_8_are_kept() {
    let buffer = Buffer::from_vec(b"{\"a\":\"x\xffy\"}".to_vec());
    let paths = Paths::new(["a"]);
    let mut walk = Walk::new(buffer.padded(), &paths);
    assert_eq!(walk.record(Span::range(0, buffer.len())), Ok(true));
    assert_eq!(walk.found[0].span.of(buffer.bytes()), Some(&b"x\xffy"[..]));
}

fn json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        "[a\"\\\\\n\u{e9}\u{1f600}]{0,40}".prop_map(Json::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::btree_map("[abc.\\[0\\]\"]{0,3}", inner, 0..5)
                .prop_map(|members| Json::Object(members.into_iter().collect())),
        ]
    })
}

/// The value that a name stands for.
fn at<'a>(object: &'a Json, name: &str) -> Option<&'a Json> {
    let step = |value: &'a Json, step: &str| match step.strip_suffix(']') {
        Some(number) => value.as_array()?.get(number.parse::<usize>().ok()?),
        None => value.as_object()?.get(step),
    };
    object.get(name).or_else(|| name.split(['.', '[']).try_fold(object, step))
}

fn written(value: &Json) -> String {
    match value {
        Json::Null => "-".to_string(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

proptest! {
    /// Generated records, tight and with white space: every value is the one that serde_json finds.
    #[test]
    fn values_are_those_of_serde_json(members in prop::collection::vec(("[ab]{1,2}", json()), 0..6), pretty: bool) {
        let object = Json::Object(members.into_iter().collect());
        let text = if pretty { serde_json::to_string_pretty(&object) } else { serde_json::to_string(&object) }.expect("text");
        // serde_json does not read every float exactly as it wrote it.
        let again: Json = serde_json::from_str(&text).expect("JSON");
        let paths = ["a", "b", "ab", "a.b", "a[0]", "a.a.a", "b[1].c", "ba[0][0]"];
        for (name, value) in paths.iter().zip(found(&text, &paths)) {
            let expected = at(&object, name);
            match expected {
                Some(Json::Object(_) | Json::Array(_)) => {
                    prop_assert_eq!(Some(&serde_json::from_str(&value).expect("JSON")), at(&again, name));
                }
                expected => prop_assert_eq!(value, expected.map_or("-".to_string(), written)),
            }
        }
    }

    /// Broken records: what is accepted and what is not is what serde_json says, but for what is meant to differ.
    #[test]
    fn what_is_accepted_is_what_serde_json_accepts(
        object in prop::collection::btree_map("[a-c]{1,2}", json(), 0..5),
        changes in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(&b"{}[]\":,\\u0a1.-+eE \ntfn\x1f\xff"[..]), 0..3u8), 0..4),
    ) {
        let mut text = Json::Object(object.into_iter().collect()).to_string().into_bytes();
        for (at, byte, how) in changes {
            if text.is_empty() {
                break;
            }
            let at = at.index(text.len());
            match how {
                0 => text[at] = byte,
                1 => text.insert(at, byte),
                _ => drop(text.remove(at)),
            }
        }
        let ours = walk(&text, &["a", "b.c"]);
        match serde_json::from_slice::<Json>(&text) {
            Ok(value) if value.is_object() => prop_assert!(ours.is_ok(), "{} is refused", String::from_utf8_lossy(&text)),
            Ok(_) => prop_assert_eq!(ours.map_err(|fault| fault.what), Err(What::NoObject)),
            Err(error) => {
                let error = error.to_string();
                let meant = ["out of range", "surrogate", "hex escape", "unicode"].iter().any(|word| error.contains(word));
                let blank = text.iter().all(|b| b" \n".contains(b));
                prop_assert!(meant || blank || ours.is_err(), "{} is accepted: {}", String::from_utf8_lossy(&text), error);
            }
        }
        // Each cut-off record is refused.
        if serde_json::from_slice::<Json>(&text).is_ok_and(|v| v.is_object()) {
            let whole = text.trim_ascii();
            for end in 1..whole.len() {
                prop_assert!(walk(&whole[..end], &["a"]).is_err());
            }
        }
    }

    /// What the records before looked like changes nothing.
    #[test]
    fn a_walk_does_not_depend_on_the_records_before(objects in prop::collection::vec(prop::collection::btree_map("[abc]{1,20}", json(), 0..6), 1..6)) {
        let names = ["a", "b", "c.a", "a[0].b"];
        let lines: Vec<String> = objects.into_iter().map(|o| Json::Object(o.into_iter().collect()).to_string()).collect();
        let buffer = Buffer::from_vec(lines.join("\n").into_bytes());
        let paths = Paths::new(names);
        let mut together = Walk::new(buffer.padded(), &paths);
        let mut at = 0;
        for line in &lines {
            let span = Span::range(at, at + line.len());
            prop_assert_eq!(together.record(span), Ok(true));
            let mut alone = Walk::new(buffer.padded(), &paths);
            prop_assert_eq!(alone.record(span), Ok(true));
            prop_assert_eq!(&together.found, &alone.found);
            at += line.len() + 1;
        }
    }
}
