//! What is said about a command line that is wrong: what was found, and what was probably meant.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::chain::{Segment, THEN};
use super::guide::USAGE;
use super::words::Options;
use super::{globals, habits, help, manual};
use crate::data::schema::nearest;
use crate::error::Error;
use crate::operators::{Entry, REGISTRY};

/// Adds where to read on, unless the text says so already: about the operator that it begins with, if it does.
pub fn pointing_to_help(text: &str) -> String {
    if text.contains("--help") {
        return text.to_string();
    }
    let operator = text.split_once(": ").map(|begin| begin.0).filter(|name| REGISTRY.iter().any(|e| e.name == *name));
    let about = operator.map(|name| format!("{name} ")).unwrap_or_default();
    format!("{text}\nsee: streamer {about}--help")
}

/// Adds where to read on about an operator.
pub fn pointing_to(entry: &Entry, error: Error) -> Error {
    match error {
        Error::Usage(text) if !text.contains("--help") => {
            Error::Usage(format!("{text}\nsee: streamer {} --help", entry.name))
        }
        other => other,
    }
}

/// A mistake, of an operator if there is one.
pub fn wrong(entry: Option<&Entry>, text: String) -> Error {
    match entry {
        Some(entry) => pointing_to(entry, Error::Usage(format!("{}: {text}", entry.name))),
        None => Error::Usage(text),
    }
}

/// There is no operator at all.
pub fn no_operator() -> Error {
    Error::Usage(format!("there is no operator; to count words: streamer wordcount\nusage: {USAGE}"))
}

/// Nothing stands beside a `then`.
pub fn empty_segment() -> Error {
    Error::usage("an operator is missing beside a `then`: write OPERATOR then OPERATOR")
}

/// The word where an operator should stand is none; `words` stand behind it.
pub fn unknown_operator(name: &str, words: &[OsString], registry: &[Entry]) -> Error {
    let near = || nearest(name, registry.iter().map(|e| e.name));
    let hint = if let Some(habit) = habits::operator(name, words, registry) {
        habit
    } else if name.contains(['.', '/']) {
        format!("to read a file: --from {}", quoted(name))
    } else if !near().is_empty() {
        format!("did you mean {}?", alternatives(&near()))
    } else {
        format!("the operators are {}", registry.iter().map(|e| e.name).collect::<Vec<_>>().join(", "))
    };
    Error::Usage(format!("there is no operator `{name}`; {hint}"))
}

/// `streamer help` is asked for what it does not know.
pub fn no_help(name: &str, registry: &[Entry]) -> Error {
    let topics = manual::TOPICS.iter().map(|topic| topic.name);
    let near = nearest(name, registry.iter().map(|e| e.name).chain(topics.clone()));
    let hint = if manual::function(name).is_ok() {
        format!("it is a function: streamer help functions {name}")
    } else if !near.is_empty() {
        format!("did you mean {}?", alternatives(&near))
    } else {
        let names: Vec<&str> = registry.iter().map(|e| e.name).chain(topics).collect();
        format!("there is help on {}", names.join(", "))
    };
    Error::Usage(format!("there is no operator `{name}`; {hint}"))
}

/// `a` or `b`.
pub fn alternatives(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" or ")
}

/// An option that neither the operator nor the globals have; `name` as written.
pub fn unknown_option(name: &str, entry: Option<&Entry>, registry: &[Entry], options: &Options) -> Error {
    let bare = name.trim_start_matches('-');
    let near: Vec<String> = if name.starts_with("--") {
        nearest(bare, options.longs()).iter().map(|n| format!("`--{n}`")).collect()
    } else {
        let first = bare.chars().next();
        options.longs().filter(|l| l.chars().next() == first).map(|l| format!("`--{l}`")).collect()
    };
    let owner = |e: &&Entry| (e.command)().get_arguments().any(|a| a.get_long().is_some_and(|l| l == bare));
    let owners: Vec<String> = registry.iter().filter(owner).map(|e| format!("`{}`", e.name)).collect();
    let hint = if bare == "f" {
        "; to read a file: --from FILE".to_string()
    } else if !owners.is_empty() && name.starts_with("--") {
        format!("; it belongs to {}", owners.join(", "))
    } else if !near.is_empty() {
        format!("; did you mean {}?", near.join(" or "))
    } else {
        String::new()
    };
    wrong(entry, format!("there is no option `{name}`{hint}"))
}

/// An option lacks its value; `next` stands there instead.
pub fn no_value(option: &str, next: Option<&OsString>, entry: Option<&Entry>) -> Error {
    let found = next.map(|n| format!(", and `{}` follows", n.to_string_lossy())).unwrap_or_default();
    let hint = if option == "--by" || option == "--on" {
        format!("; was it a `$1` that the shell emptied? write {option} '$1' in single quotes")
    } else {
        String::new()
    };
    wrong(entry.filter(|_| !is_global(option)), format!("`{option}` needs a value{found}{hint}"))
}

/// Whether an option, as written, is a global one, which the main help explains.
fn is_global(option: &str) -> bool {
    option.strip_prefix("--").is_some_and(|id| globals::is_global(id, &globals::options()))
}

/// What clap found wrong with a segment.
pub fn explain(error: &clap::Error, entry: Option<&Entry>, registry: &[Entry], segment: &Segment) -> Error {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(" "),
        Some(ContextValue::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    let argument = text(ContextKind::InvalidArg);
    let option = argument.split(' ').next().unwrap_or_default();
    let entry = entry.filter(|_| !is_global(option));
    let value = text(ContextKind::InvalidValue);
    let reason = std::error::Error::source(error).map(|e| e.to_string());
    let text = match error.kind() {
        ErrorKind::UnknownArgument if argument.starts_with('-') => {
            let options = globals::options();
            let command = entry.map_or_else(|| help::root(&options), |e| help::operator(e, &options, true));
            return unknown_option(&argument, entry, registry, &Options::of(&command));
        }
        ErrorKind::UnknownArgument | ErrorKind::TooManyValues => {
            unexpected(&argument, &value, entry, registry, segment)
        }
        ErrorKind::MissingRequiredArgument => missing(&argument, entry, segment),
        ErrorKind::InvalidValue if value.is_empty() => return no_value(option, None, entry),
        ErrorKind::InvalidValue => {
            let valid = text(ContextKind::ValidValue);
            let near = nearest(&value, valid.split(' '));
            let hint = near.first().map(|n| format!("; did you mean `{n}`?")).unwrap_or_default();
            format!("`{option} {value}`: there is no such value, it is one of {}{hint}", valid.replace(' ', ", "))
        }
        ErrorKind::ValueValidation => format!("`{option} {value}`: {}", reason.unwrap_or_default()),
        ErrorKind::InvalidUtf8 => "an argument is not UTF-8 text; only the input may hold other bytes".to_string(),
        ErrorKind::ArgumentConflict => {
            let prior = text(ContextKind::PriorArg);
            if prior.is_empty() || prior == argument {
                format!("`{argument}` is given twice: leave one of them out")
            } else {
                format!("`{argument}` and `{prior}` exclude each other: leave one of them out")
            }
        }
        _ => error.to_string().lines().next().unwrap_or_default().trim_start_matches("error: ").to_string(),
    };
    wrong(entry, text)
}

fn missing(argument: &str, entry: Option<&Entry>, segment: &Segment) -> String {
    let lacks = argument.replace(['<', '>'], "");
    let name = entry.map_or("", |e| e.name);
    if name == "grep" && segment.followed {
        return format!("{lacks} is missing: the word `{THEN}` separates operators; to look for it: grep '[t]hen'");
    }
    let usage = entry.map(|e| help::operator(e, &globals::options(), false).render_usage().to_string());
    format!("{lacks} is missing\n{}", usage.unwrap_or_default().trim().replacen("Usage", "usage", 1))
}

fn unexpected(argument: &str, value: &str, entry: Option<&Entry>, registry: &[Entry], segment: &Segment) -> String {
    let word = if value.is_empty() { argument } else { value };
    let text = format!("unexpected argument `{word}`");
    if let Some(entry) = entry.filter(|e| (e.command)().get_positionals().any(|p| p.is_last_set())) {
        if let Some(hint) = habits::unquoted(entry, segment) {
            return format!("{text}: {hint}");
        }
        let rest = if (entry.command)().get_positionals().count() > 1 { " …" } else { "" };
        return format!("{text}. the command and its arguments stand behind `--`: {}{rest} -- {word}", entry.name);
    }
    let dashed = segment.words.iter().filter_map(|w| w.to_str()).find(|w| w.starts_with('-') && !w.starts_with("--"));
    if registry.iter().any(|e| e.name == word) {
        format!("{text}. to go on with that operator: {} {THEN} {word}", entry.map_or("", |e| e.name))
    } else if let Some(dashed) = dashed.filter(|d| entry.is_some_and(|e| !has_short(e, d))) {
        format!("{text}; `{dashed}` is no option here and was taken as a value")
    } else if let Some(hint) = entry.and_then(|e| habits::unquoted(e, segment)) {
        format!("{text}: {hint}")
    } else if let Some(hint) = entry.and_then(|e| habits::split_list(e, word, segment)) {
        format!("{text}: {hint}")
    } else if word.parse::<f64>().is_ok() {
        text
    } else if word.starts_with('$') {
        let takes = |id: &str| entry.is_some_and(|e| (e.command)().get_arguments().any(|a| a.get_id() == id));
        match entry {
            Some(entry) if takes("keys") => {
                format!("{text}. several columns are one list, quoted: {} … '$1,$2'", entry.name)
            }
            Some(entry) if takes("by") => {
                format!("{text}. a column stands behind --by, quoted: {} --by '{word}'", entry.name)
            }
            _ => text,
        }
    } else {
        format!("{text}. to read a file: --from {}", quoted(word))
    }
}

/// Whether each letter of `word` (`-vi`) is an option of the operator or a global one.
fn has_short(entry: &Entry, word: &str) -> bool {
    let command = help::operator(entry, &globals::options(), true);
    word[1..].chars().all(|c| command.get_arguments().any(|a| a.get_short() == Some(c)))
}

/// A word as it is typed at a shell.
pub fn quoted(word: &str) -> String {
    shlex::try_quote(word).map_or_else(|_| word.to_string(), |w| w.into_owned())
}
