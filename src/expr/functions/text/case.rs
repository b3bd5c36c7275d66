//! Capital and small letters, of all alphabets: `ß` becomes `SS`. Bytes that are no UTF-8 stay as they are.

use crate::data::schema::Kind;
use crate::expr::{Context, Node};

use super::args::{self, computed, written};
use super::chars;

/// Appends a text to a buffer, changed.
type Change = fn(&[u8], &mut Vec<u8>);

fn changed(args: Vec<Node>, context: &Context, change: Change) -> Result<Node, String> {
    args::count(&args, 1..=1)?;
    let kernel = move |given: &[args::Given<'_>], rows: usize| {
        let texts = given[0].texts();
        written(rows, |row, out| texts.get(row).map(|text| change(text, out)))
    };
    Ok(computed(Kind::Text, args::texts(args, context)?, kernel))
}

/// `upper(text)`
pub fn upper(args: Vec<Node>, context: &Context) -> Result<Node, String> {
    changed(args, context, |text, out| {
        let start = out.len();
        if text.is_ascii() {
            out.extend_from_slice(text);
            out[start..].make_ascii_uppercase();
        } else {
            each_char(text, out, |c, out| c.to_uppercase().for_each(|c| push(c, out)));
        }
    })
}

/// `lower(text)`
pub fn lower(args: Vec<Node>, context: &Context) -> Result<Node, String> {
    changed(args, context, to_lower)
}

fn to_lower(text: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    if text.is_ascii() {
        out.extend_from_slice(text);
        out[start..].make_ascii_lowercase();
        return;
    }
    for chunk in text.utf8_chunks() {
        // The one letter whose small form depends on what stands around it; rare enough for an allocation.
        if chunk.valid().contains('Σ') {
            out.extend_from_slice(chunk.valid().to_lowercase().as_bytes());
        } else {
            chunk.valid().chars().flat_map(char::to_lowercase).for_each(|c| push(c, out));
        }
        out.extend_from_slice(chunk.invalid());
    }
}

/// `initcap(text)`: only a space ends a word.
pub fn initcap(args: Vec<Node>, context: &Context) -> Result<Node, String> {
    changed(args, context, |text, out| {
        let start = out.len();
        to_lower(text, out);
        if text.is_ascii() {
            let mut before = b' ';
            for byte in &mut out[start..] {
                if before == b' ' {
                    byte.make_ascii_uppercase();
                }
                before = *byte;
            }
            return;
        }
        let small = out.split_off(start);
        let mut first = true;
        for char in chars::each(&small) {
            if first {
                each_char(char, out, title);
            } else {
                out.extend_from_slice(char);
            }
            first = char == b" ";
        }
    })
}

/// Appends the form of a letter that begins a word.
fn title(c: char, out: &mut Vec<u8>) {
    match c {
        'Ǆ'..='ǆ' => push('ǅ', out),
        'Ǉ'..='ǉ' => push('ǈ', out),
        'Ǌ'..='ǌ' => push('ǋ', out),
        'Ǳ'..='ǳ' => push('ǲ', out),
        // Georgian has capitals, but begins no word with them.
        '\u{10D0}'..='\u{10FF}' => push(c, out),
        _ => {
            let mut capitals = c.to_uppercase();
            capitals.next().into_iter().for_each(|c| push(c, out));
            capitals.flat_map(char::to_lowercase).for_each(|c| push(c, out));
        }
    }
}

fn each_char(text: &[u8], out: &mut Vec<u8>, change: impl Fn(char, &mut Vec<u8>)) {
    for chunk in text.utf8_chunks() {
        chunk.valid().chars().for_each(|c| change(c, out));
        out.extend_from_slice(chunk.invalid());
    }
}

pub(super) fn push(c: char, out: &mut Vec<u8>) {
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::expr::functions::text::testing::{bytes, call, computed, texts};

    /// As Spark 4.0 answers.
    #[test]
    fn letters_change_as_in_spark() {
        for (expression, result) in [
            ("upper('éßı用ŉ')", "ÉSSI用ʼN"),
            ("lower('ÉİΣ ΑΣ ΑΣ.')", "éi̇ς ας ας."),
            ("lower('ΑΣ')", "ας"),
            ("initcap('sPark sql')", "Spark Sql"),
            ("initcap('a-b_c d.e\tx')", "A-b_c D.e\tx"),
            ("initcap('école ßa ΑΣ ǆa')", "École Ssa Ας ǅa"),
            ("initcap('  a  b')", "  A  B"),
            ("initcap('é1a 1a')", "É1a 1a"),
            ("ucase(true)", "TRUE"),
            ("upper(NULL)", "NULL"),
            ("lcase('')", ""),
        ] {
            assert_eq!(call(expression), result, "{expression}");
        }
    }

    proptest! {
        /// What is UTF-8 becomes what the standard library makes of it, every other byte stays.
        #[test]
        fn no_byte_is_lost(text in bytes()) {
            let change = |name| texts(&computed(name, &[&[Some(&text[..]), None]], vec![]));
            let expected = |f: fn(&str) -> String| {
                let chunks = text.utf8_chunks().map(|c| [f(c.valid()).as_bytes(), c.invalid()].concat());
                vec![Some(chunks.collect::<Vec<_>>().concat()), None]
            };
            prop_assert_eq!(change("upper"), expected(str::to_uppercase));
            prop_assert_eq!(change("lower"), expected(str::to_lowercase));
        }
    }
}
