//! Functions of text and regexes, which are Java's as far as `regex/pattern.rs` says. One that is a constant is read once.

mod find;
pub mod pattern;
pub mod patterns;
mod replace;
mod split;

use super::{Family, Function};

/// See there.
pub const FAMILY: Family = Family { name: "regex", functions: FUNCTIONS };

static FUNCTIONS: &[Function] = &[
    Function {
        name: "split",
        aliases: &[],
        form: "split(text, regex[, limit])",
        about: "The list of what stands between the matches, also where that is empty. An empty regex splits \
                characters. With a limit above 0 no more items than it, the last of which is the rest.",
        examples: &[
            ("split('a b c', ' ')", r#"["a","b","c"]"#),
            (r"split('a1b22c', '\d+', 2)", r#"["a","b22c"]"#),
            (r"split('a|b', '\|')", r#"["a","b"]"#),
        ],
        bind: split::split,
    },
    Function {
        name: "regexp_like",
        aliases: &["rlike", "regexp"],
        form: "regexp_like(text, regex)",
        about: "Whether the regex matches anywhere in the text.",
        examples: &[(r"regexp_like('GET /a 404', ' \d+$')", "true")],
        bind: find::like,
    },
    Function {
        name: "regexp_extract",
        aliases: &[],
        form: "regexp_extract(text, regex[, group])",
        about: "What a group (the first; 0: all of it) of the first match matches, empty without a match.",
        examples: &[
            (r"regexp_extract('took 25 ms', '(\d+) ms')", "25"),
            (r"regexp_extract('took 25 ms', '\d+', 0)", "25"),
            ("regexp_extract('none', '(x)')", ""),
        ],
        bind: find::extract,
    },
    Function {
        name: "regexp_replace",
        aliases: &[],
        form: "regexp_replace(text, regex, replacement)",
        about: "The text with every match replaced; `$1` and `${name}` are groups, `\\$` is a dollar.",
        examples: &[
            (r"regexp_replace('10-20', '(\d+)-(\d+)', '$2-$1')", "20-10"),
            (r"regexp_replace('user 17', '\d+', 'N')", "user N"),
        ],
        bind: replace::replace,
    },
    Function {
        name: "regexp_count",
        aliases: &[],
        form: "regexp_count(text, regex)",
        about: "How many matches there are.",
        examples: &[("regexp_count('banana', 'an')", "2")],
        bind: find::count,
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
                assert_eq!(super::super::text::testing::call(expression), *result, "{expression}");
            }
        }
    }
}
