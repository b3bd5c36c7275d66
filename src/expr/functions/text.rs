//! Functions of text: bytes that are UTF-8 as a rule. What is not UTF-8 stays as it is, each byte counting as one character.
//! Each file of `text/` has some of them; those that only cut share the buffer of their argument.

pub mod args;
mod case;
pub mod chars;
mod cut;
mod find;
mod join;
#[cfg(test)]
mod laws;
mod make;
#[cfg(test)]
pub mod testing;

use super::{Family, Function};

/// See there.
pub const FAMILY: Family = Family { name: "text", functions: FUNCTIONS };

static FUNCTIONS: &[Function] = &[
    Function {
        name: "upper",
        aliases: &["ucase"],
        form: "upper(text)",
        about: "The text in capital letters, of all alphabets.",
        examples: &[("upper('straße')", "STRASSE")],
        bind: case::upper,
    },
    Function {
        name: "lower",
        aliases: &["lcase"],
        form: "lower(text)",
        about: "The text in small letters, of all alphabets.",
        examples: &[("lower('ÉTÉ')", "été")],
        bind: case::lower,
    },
    Function {
        name: "initcap",
        aliases: &[],
        form: "initcap(text)",
        about: "Each word, up to the next space, with a capital first letter and small ones behind it.",
        examples: &[("initcap('sPark sql')", "Spark Sql")],
        bind: case::initcap,
    },
    Function {
        name: "length",
        aliases: &["char_length", "character_length", "len"],
        form: "length(text)",
        about: "How many characters; each byte that is no UTF-8 counts as one.",
        examples: &[("length('用户')", "2")],
        bind: find::length,
    },
    Function {
        name: "octet_length",
        aliases: &[],
        form: "octet_length(text)",
        about: "How many bytes.",
        examples: &[("octet_length('用户')", "6")],
        bind: find::octet_length,
    },
    Function {
        name: "trim",
        aliases: &[],
        form: "trim([characters, ]text)",
        about: "The text without spaces, or these characters, at both ends.",
        examples: &[("trim('  a b ')", "a b"), ("trim('xy', 'xyaxbyx')", "axb")],
        bind: cut::trim,
    },
    Function {
        name: "ltrim",
        aliases: &[],
        form: "ltrim([characters, ]text)",
        about: "The text without spaces, or these characters, at its start.",
        examples: &[("ltrim('0', '007')", "7")],
        bind: cut::ltrim,
    },
    Function {
        name: "rtrim",
        aliases: &[],
        form: "rtrim([characters, ]text)",
        about: "The text without spaces, or these characters, at its end.",
        examples: &[("rtrim('/', 'a/b//')", "a/b")],
        bind: cut::rtrim,
    },
    Function {
        name: "btrim",
        aliases: &[],
        form: "btrim(text[, characters])",
        about: "As trim, the text before the characters.",
        examples: &[("btrim('xyaxy', 'xy')", "a")],
        bind: cut::btrim,
    },
    Function {
        name: "substring",
        aliases: &["substr"],
        form: "substring(text, start[, length])",
        about: "So many characters from a position: 1 is the first, -1 the last. What stands before the first \
                counts, but is not there.",
        examples: &[
            ("substring('hello', 2, 3)", "ell"),
            ("substring('hello', -3)", "llo"),
            ("substring('hello', -7, 3)", "h"),
        ],
        bind: cut::substring,
    },
    Function {
        name: "left",
        aliases: &[],
        form: "left(text, length)",
        about: "The first characters.",
        examples: &[("left('hello', 2)", "he")],
        bind: cut::left,
    },
    Function {
        name: "right",
        aliases: &[],
        form: "right(text, length)",
        about: "The last characters.",
        examples: &[("right('hello', 2)", "lo")],
        bind: cut::right,
    },
    Function {
        name: "split_part",
        aliases: &[],
        form: "split_part(text, delimiter, n)",
        about: "The nth part between delimiters, counted from 1, or from -1 at the end; empty if there is none. \
                The delimiter is plain text.",
        examples: &[("split_part('11.12.13', '.', 2)", "12"), ("split_part('/a/b.txt', '/', -1)", "b.txt")],
        bind: cut::split_part,
    },
    Function {
        name: "contains",
        aliases: &[],
        form: "contains(text, part)",
        about: "Whether the part stands in the text.",
        examples: &[("contains('hello', 'ell')", "true")],
        bind: find::contains,
    },
    Function {
        name: "startswith",
        aliases: &[],
        form: "startswith(text, part)",
        about: "Whether the text starts with the part.",
        examples: &[("startswith('hello', 'he')", "true")],
        bind: find::startswith,
    },
    Function {
        name: "endswith",
        aliases: &[],
        form: "endswith(text, part)",
        about: "Whether the text ends with the part.",
        examples: &[("endswith('hello', 'he')", "false")],
        bind: find::endswith,
    },
    Function {
        name: "instr",
        aliases: &[],
        form: "instr(text, part)",
        about: "At which character the part stands first, from 1; 0 if nowhere.",
        examples: &[("instr('hello', 'l')", "3"), ("instr('hello', 'x')", "0")],
        bind: find::instr,
    },
    Function {
        name: "locate",
        aliases: &["position"],
        form: "locate(part, text[, start])",
        about: "As instr, the part before the text, searched from a position on.",
        examples: &[("locate('l', 'hello')", "3"), ("locate('l', 'hello', 4)", "4")],
        bind: find::locate,
    },
    Function {
        name: "replace",
        aliases: &[],
        form: "replace(text, search[, replacement])",
        about: "The text with each occurrence replaced, or left out.",
        examples: &[("replace('a-b-c', '-', '+')", "a+b+c"), ("replace('a-b-c', '-')", "abc")],
        bind: make::replace,
    },
    Function {
        name: "translate",
        aliases: &[],
        form: "translate(text, from, to)",
        about: "The text with each character of `from` replaced by that at the same place of `to`, or left out if \
                `to` is shorter.",
        examples: &[("translate('AaBbCc', 'abc', '12')", "A1B2C")],
        bind: make::translate,
    },
    Function {
        name: "lpad",
        aliases: &[],
        form: "lpad(text, length[, fill])",
        about: "The text filled up at its start, with spaces or with `fill`, or cut, to so many characters. Null \
                where the block's would take more than 1 GiB.",
        examples: &[("lpad(7, 3, '0')", "007"), ("lpad('hello', 3)", "hel")],
        bind: make::lpad,
    },
    Function {
        name: "rpad",
        aliases: &[],
        form: "rpad(text, length[, fill])",
        about: "As lpad, filled up at its end.",
        examples: &[("rpad('hi', 5, '.')", "hi...")],
        bind: make::rpad,
    },
    Function {
        name: "repeat",
        aliases: &[],
        form: "repeat(text, times)",
        about: "The text so many times. Null where the block's would take more than 1 GiB.",
        examples: &[("repeat('ab', 3)", "ababab")],
        bind: make::repeat,
    },
    Function {
        name: "reverse",
        aliases: &[],
        form: "reverse(text or list)",
        about: "The characters, or the items, from the last to the first.",
        examples: &[("reverse('用户')", "户用"), ("reverse(split('a b', ' '))", r#"["b","a"]"#)],
        bind: make::reverse,
    },
    Function {
        name: "concat",
        aliases: &[],
        form: "concat(value, …)",
        about: "All values as one text, or lists of one kind as one list; null if one of them is.",
        examples: &[("concat('a', 1, 'b')", "a1b"), ("concat('a', NULL)", "NULL")],
        bind: join::concat,
    },
    Function {
        name: "concat_ws",
        aliases: &[],
        form: "concat_ws(separator, value, …)",
        about: "The values that are not null, and the items of lists, with the separator between them.",
        examples: &[("concat_ws(', ', 'a', NULL, 'b')", "a, b"), ("concat_ws('-', split('a b', ' '), 'c')", "a-b-c")],
        bind: join::concat_ws,
    },
    Function {
        name: "ascii",
        aliases: &[],
        form: "ascii(text)",
        about: "The code point of the first character, 0 if there is none.",
        examples: &[("ascii('A')", "65"), ("ascii('é')", "233")],
        bind: find::ascii,
    },
    Function {
        name: "chr",
        aliases: &["char"],
        form: "chr(number)",
        about: "The character with this code point, of which the last 8 bits count; empty if it is negative.",
        examples: &[("chr(65)", "A")],
        bind: make::chr,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    /// What the help shows is what the functions give.
    #[test]
    fn examples_are_true() {
        for function in FAMILY.functions {
            assert!(!function.examples.is_empty(), "{} has no example", function.name);
            for (expression, result) in function.examples {
                assert_eq!(testing::call(expression), *result, "{expression}");
            }
        }
    }
}
