//! `streamer help functions`, `help expressions`, `help formats`: the manual of what stands inside of operators' arguments.

use std::fmt::Write;

use clap::Arg;

use super::guide::wrapped;
use crate::data::schema::nearest;
use crate::error::{Error, Result};
use crate::expr::functions::{self, FAMILIES};
use crate::expr::manual::{AGGREGATES, OPERATORS, RULES, aggregate};
use crate::formats::{INPUTS, OUTPUTS};
use crate::operators::Entry;

/// Where the explanations begin.
const LEFT: usize = 29;

/// Another subject of `streamer help` than an operator.
pub struct Topic {
    /// The word behind `help`.
    pub name: &'static str,
    /// In a line.
    pub about: &'static str,
    /// The text.
    pub text: fn() -> String,
}

/// All of them.
pub static TOPICS: &[Topic] = &[
    Topic { name: "expressions", about: "The operators of expressions and their rules", text: expressions },
    Topic {
        name: "functions",
        about: "The functions and aggregates of expressions; NAME: one of them",
        text: functions,
    },
    Topic { name: "formats", about: "The formats of input and output", text: formats },
];

/// Where expressions are explained, for the texts of those who take some.
pub const POINTER: &str = "\
Expressions (EXPR, and the keys of --by) are a subset of Spark SQL.
streamer help expressions has their operators and rules, streamer help
functions the functions and aggregates, streamer help functions NAME one
of them with examples.";

/// Whether an operator takes expressions.
pub fn takes_expressions(entry: &Entry) -> bool {
    (entry.command)().get_arguments().any(is_expression)
}

/// Whether what an argument holds is an expression, or a list of some.
pub fn is_expression(arg: &Arg) -> bool {
    let is_one = |name: &str| name.contains("EXPR") || name.starts_with("KEY[") || name == "SELECT";
    arg.get_id() == "by" || arg.get_value_names().unwrap_or_default().iter().any(|name| is_one(name.as_str()))
}

/// The names of all functions and aggregates.
pub fn names() -> impl Iterator<Item = &'static str> {
    let functions = FAMILIES.iter().flat_map(|family| family.functions);
    functions.map(|function| function.name).chain(AGGREGATES.iter().map(|d| d.name))
}

/// All functions and aggregates, in a line or two each.
pub fn functions() -> String {
    let mut text = paragraph(
        "The functions of expressions. streamer help functions NAME explains one, with examples; streamer help expressions has \
         the operators and the rules. Names and results are Spark SQL's; what is in brackets may be left out.",
    );
    for family in FAMILIES {
        let _ = write!(text, "\n{}:\n", capital(family.name));
        for function in family.functions {
            text.push_str(&row(function.form, function.about));
        }
    }
    text.push_str("\nAggregates, which combine the rows of a batch or of a group (agg, set, sql):\n");
    for d in AGGREGATES {
        text.push_str(&row(d.form, d.about));
    }
    text
}

/// A function or an aggregate; an unknown name is a usage error with the nearest ones.
pub fn function(name: &str) -> Result<String> {
    // `upper(` or `upper()` is meant as well.
    let bare = name.trim_end_matches([')', '(']);
    if let Some(function) = functions::find(bare) {
        let mut text = explained(function.form, function.about, function.aliases);
        text.push_str(&results(function.examples));
        return Ok(text);
    }
    if let Some(d) = aggregate(bare) {
        let about = format!("{} An aggregate: it combines the rows of a batch or of a group (agg, set, sql).", d.about);
        return Ok(explained(d.form, &about, d.aliases));
    }
    let lower = bare.to_lowercase();
    let near = nearest(&lower, functions_and_aliases());
    let hint = match near.is_empty() {
        true => "streamer help functions has them all".to_string(),
        false => format!("did you mean {}?", near.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(" or ")),
    };
    Err(Error::usage(format!("there is no function `{name}`; {hint}")))
}

fn functions_and_aliases() -> impl Iterator<Item = &'static str> {
    let functions = FAMILIES.iter().flat_map(|family| family.functions).flat_map(|f| f.aliases);
    names().chain(functions.chain(AGGREGATES.iter().flat_map(|d| d.aliases)).copied())
}

fn explained(form: &str, about: &str, aliases: &[&str]) -> String {
    let mut text = format!("{form}\n\n{}", paragraph(about));
    if !aliases.is_empty() {
        let _ = write!(text, "\nAlso called {}.\n", aliases.join(", "));
    }
    text
}

/// Examples with what they give, under a heading.
fn results(examples: &[(&str, &str)]) -> String {
    if examples.is_empty() {
        return String::new();
    }
    let rows: String = examples.iter().map(|(expression, result)| row(expression, &result_of(result))).collect();
    format!("\nExamples:\n{rows}")
}

/// A result as the help shows it, in one line and never nothing.
fn result_of(result: &str) -> String {
    match result {
        "" => "(empty)".to_string(),
        result => result.replace('\n', "\\n").replace('\t', "\\t"),
    }
}

/// The operators and the rules.
pub fn expressions() -> String {
    let mut text = paragraph(
        "Expressions are a subset of Spark SQL. They are checked against the columns once, before anything runs. streamer help \
         functions has the functions and aggregates.",
    );
    text.push_str("\nOperators, those that bind more tightly first; brackets settle the rest:\n");
    for operator in OPERATORS {
        text.push_str(&row(operator.form, operator.about));
    }
    text.push_str("\nRules:\n");
    for (heading, rule) in RULES {
        text.push_str(&row(heading, rule));
    }
    let examples: Vec<(&str, &str)> = OPERATORS.iter().flat_map(|operator| operator.examples).copied().collect();
    text + &results(&examples)
}

/// The formats of input and output.
pub fn formats() -> String {
    let mut text = String::from("Input, --in FORMAT, or by the extension of a file:\n");
    for format in INPUTS {
        let dotted: Vec<String> = format.extensions.iter().map(|extension| format!(".{extension}")).collect();
        let behind = if dotted.is_empty() { String::new() } else { format!(" ({})", dotted.join(", ")) };
        text.push_str(&row(&format!("{}{behind}", format.name), format.about));
    }
    text.push_str("\nOutput, --out FORMAT:\n");
    for format in OUTPUTS {
        text.push_str(&row(format.name, format.about));
    }
    text
}

/// A form, and beside it (below it, if it is long) what it means.
fn row(form: &str, about: &str) -> String {
    let head = format!("  {form}");
    if head.chars().count() < LEFT {
        return wrapped(format!("{head:LEFT$}"), LEFT, about);
    }
    format!("{head}\n{}", wrapped(" ".repeat(LEFT), LEFT, about))
}

/// Text over the whole width.
fn paragraph(text: &str) -> String {
    wrapped(String::new(), 0, text)
}

fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::REGISTRY;

    /// Everything is there, fits the page and has no escape sequence.
    #[test]
    fn the_manual_is_whole_and_fits_the_page() {
        let all = functions();
        for family in FAMILIES {
            assert!(all.contains(&format!("\n{}:\n", capital(family.name))), "{}", family.name);
            assert!(family.functions.iter().all(|f| all.contains(&format!("\n  {}", f.form))));
        }
        assert!(AGGREGATES.iter().all(|d| all.contains(&format!("\n  {}", d.form))));
        let operators = expressions();
        assert!(OPERATORS.iter().all(|o| operators.contains(&format!("\n  {}", o.form))));
        assert!(RULES.iter().all(|rule| operators.contains(&format!("\n  {} ", rule.0))));
        let formats = formats();
        assert!(INPUTS.iter().all(|f| formats.contains(&format!("\n  {}", f.name))));
        for text in TOPICS.iter().map(|topic| (topic.text)()).chain(names().map(|name| function(name).unwrap())) {
            assert!(text.ends_with('\n') && !text.contains('\u{1b}'));
            for line in text.lines() {
                assert!(line.chars().count() <= 80, "{line}");
                assert_eq!(line, line.trim_end());
            }
        }
    }

    #[test]
    fn a_function_is_explained_by_any_of_its_names() {
        let text = function("SUBSTR").unwrap();
        assert!(text.starts_with("substring(text, start[, length])\n\n") && text.contains("\nExamples:\n  substring("));
        assert!(text.contains("Also called substr."), "{text}");
        assert_eq!(function("substring()").unwrap(), text);
        assert!(function("p95").unwrap().starts_with("p50(x), p90(x)"));
        assert!(function("mean").unwrap().contains("An aggregate"));
    }

    #[test]
    fn an_unknown_function_has_neighbours() {
        let error = function("substrin").unwrap_err();
        assert_eq!(error.exit_status(), 2);
        assert!(error.to_string().contains("`substring`"), "{error}");
        assert!(function("xyzzy").unwrap_err().to_string().contains("has them all"));
    }

    #[test]
    fn operators_that_take_expressions_are_known() {
        let takes = |name| takes_expressions(REGISTRY.iter().find(|e| e.name == name).unwrap());
        assert!(["filter", "map", "flatmap", "count", "sort", "sql", "tee"].into_iter().all(takes));
        assert!(!["grep", "words", "head", "pipe"].into_iter().any(takes));
    }
}
