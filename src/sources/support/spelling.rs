//! The spelling of a source: `SCHEME:REST?OPTION=VALUE&…`, taken apart but not yet understood.
//!
//! Comes in: the words behind `--from`. Goes out: the rest and the options, for the source of that scheme to judge.

use std::path::Path;
use std::time::Duration;

use crate::data::human::parse_duration;
use crate::data::schema::nearest;
use crate::error::{Error, Result};
use crate::formats::{self, Reading};
use crate::sources::{Entry, Wanted};

/// A spelling, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spelling {
    /// As it was written.
    pub written: String,
    /// What stands behind the scheme, without options.
    pub rest: String,
    options: Vec<(String, String)>,
}

impl Spelling {
    /// The scheme (`-` for standard input, empty for a plain path) and the rest.
    pub fn split(spec: &str) -> Result<(&str, Self)> {
        let plain = |scheme| Ok((scheme, Spelling { written: spec.into(), rest: spec.into(), options: Vec::new() }));
        if spec == "-" {
            return plain("-");
        }
        let scheme = scheme_of(spec);
        // `exec?restart=2s:COMMAND`: a command may hold any character, so its options stand before the colon.
        if scheme.is_empty() && spec.starts_with("exec?") {
            let (options, rest) = spec["exec?".len()..].split_once(':').unwrap_or((&spec["exec?".len()..], ""));
            return Ok((
                "exec",
                Spelling { written: spec.into(), rest: rest.into(), options: options_of(spec, options)? },
            ));
        }
        if scheme.is_empty() || Path::new(spec).symlink_metadata().is_ok() {
            return plain("");
        }
        let behind = &spec[scheme.len() + 1..];
        let (rest, options) = match behind.split_once('?') {
            Some((rest, options)) if scheme != "exec" => (rest, options_of(spec, options)?),
            _ => (behind, Vec::new()),
        };
        Ok((scheme, Spelling { written: spec.into(), rest: rest.into(), options }))
    }

    /// What to say of a scheme that is none of `entries`.
    pub fn unknown<'a>(spec: &str, scheme: &str, entries: impl Iterator<Item = &'a Entry> + Clone) -> Error {
        let near = nearest(scheme, entries.clone().map(|e| e.scheme).filter(|s| s.len() > 1));
        let behind = &spec[scheme.len() + 1..];
        let hint = if !behind.is_empty() && behind.bytes().all(|b| b.is_ascii_digit()) {
            format!("did you mean tcp://{spec}?")
        } else if let Some(near) = near.first() {
            format!("did you mean `{near}:`?")
        } else {
            format!("there are: {}", entries.map(|e| e.form).collect::<Vec<_>>().join(", "))
        };
        Error::usage(format!(
            "--from {spec}: there is no kind of source `{scheme}:`; {hint} (a file of that name: ./{spec})"
        ))
    }

    /// Checks that there are no options but these, each at most once.
    pub fn allow(&self, known: &[&str]) -> Result<()> {
        for (at, (name, _)) in self.options.iter().enumerate() {
            if self.options[..at].iter().any(|o| o.0 == *name) {
                return Err(self.wrong(format!("`{name}=` stands there twice; leave one out")));
            }
            if !known.contains(&name.as_str()) {
                let hint = match (nearest(name, known.iter().copied()).first(), known) {
                    (Some(near), _) => format!("did you mean `{near}=`?"),
                    (None, []) => "it has no options".into(),
                    (None, _) => format!("there are: {}", known.join(", ")),
                };
                return Err(self.wrong(format!("there is no option `{name}` here; {hint}")));
            }
        }
        Ok(())
    }

    /// What stands behind `//`; `form` says what should.
    pub fn authority(&self, form: &str) -> Result<&str> {
        let found = self.rest.strip_prefix("//").map(|r| r.strip_suffix('/').unwrap_or(r));
        found.filter(|r| !r.is_empty()).ok_or_else(|| self.wrong(format!("this is not of the form {form}")))
    }

    /// A usage error about this spelling.
    pub fn wrong(&self, what: impl std::fmt::Display) -> Error {
        Error::usage(format!("--from {}: {what}", self.written))
    }

    /// An option that is a duration.
    pub fn duration(&self, name: &str) -> Result<Option<Duration>> {
        let Some(text) = self.option(name) else { return Ok(None) };
        parse_duration(text).map(Some).map_err(|reason| self.wrong(format!("{name}={text}: {reason}")))
    }

    /// An option that is true or false; alone it is true.
    pub fn switch(&self, name: &str) -> Result<Option<bool>> {
        match self.option(name) {
            None => Ok(None),
            Some("" | "true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(other) => Err(self.wrong(format!("{name}={other}: it is true or false"))),
        }
    }

    /// What `in=` and `header=` say about the format of its records.
    pub fn format(&self) -> Result<Wanted> {
        let (format, header) = (self.option("in"), self.option("header"));
        let reading = Reading { delimiter: b'\n', header: None, argument: None };
        if let Some(format) = format {
            formats::input(format, &reading).map_err(|error| self.wrong(error))?;
        }
        Ok(Wanted { format: format.map(String::from), header: header.map(String::from), ..Wanted::default() })
    }

    /// The rest with its `%XX` decoded.
    pub fn decoded_rest(&self) -> Result<String> {
        decode(&self.rest).ok_or_else(|| self.wrong("what its %XX stand for is not UTF-8"))
    }

    /// The value of an option.
    pub fn option(&self, name: &str) -> Option<&str> {
        self.options.iter().find(|o| o.0 == name).map(|o| o.1.as_str())
    }
}

/// What stands before the first colon, if it is a word as schemes are.
fn scheme_of(spec: &str) -> &str {
    let end = spec.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '+')).unwrap_or(spec.len());
    let is_word = spec.starts_with(|c: char| c.is_ascii_alphabetic()) && spec[end..].starts_with(':');
    if is_word { &spec[..end] } else { "" }
}

fn options_of(spec: &str, text: &str) -> Result<Vec<(String, String)>> {
    let mut options = Vec::new();
    for pair in text.split('&').filter(|p| !p.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = decode(value)
            .ok_or_else(|| Error::usage(format!("--from {spec}: what the %XX of `{name}` stand for is not UTF-8")))?;
        options.push((name.to_string(), value));
    }
    Ok(options)
}

/// Replaces each `%XX` by its byte; a `%` without two hexadecimal digits is itself. `None` if that is not UTF-8.
fn decode(text: &str) -> Option<String> {
    let (bytes, mut out) = (text.as_bytes(), Vec::with_capacity(text.len()));
    let digit = |at: usize| bytes.get(at).and_then(|&b| (b as char).to_digit(16));
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
            }
            (byte, ..) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::{REGISTRY, parse};

    fn message(spec: &str) -> String {
        match parse(spec) {
            Err(error @ Error::Usage(_)) => error.to_string(),
            Err(other) => panic!("{spec}: not a usage error: {other}"),
            Ok(source) => panic!("{spec} was taken for {}", source.name()),
        }
    }

    #[test]
    fn options_are_split_and_decoded() {
        let (scheme, spelling) = Spelling::split("file:a%3Fb?in=te%78t&x=1%2").unwrap();
        assert_eq!((scheme, spelling.decoded_rest().unwrap().as_str()), ("file", "a?b"));
        assert_eq!((spelling.option("in"), spelling.option("x")), (Some("text"), Some("1%2")));
    }

    #[test]
    fn a_command_keeps_its_question_marks_and_colons() {
        let (_, spelling) = Spelling::split("exec:curl http://x/?a=b").unwrap();
        assert_eq!((spelling.rest.as_str(), spelling.options.len()), ("curl http://x/?a=b", 0));
        let (_, spelling) = Spelling::split("exec?restart=2s:a b:c?").unwrap();
        assert_eq!((spelling.rest.as_str(), spelling.option("restart")), ("a b:c?", Some("2s")));
    }

    #[test]
    fn names_with_colons_that_no_scheme_could_be_are_paths() {
        for path in ["./tcp:x", "12:00.log", "a b:c", "logs/x:y", "*.log", "~x:1"] {
            assert_eq!(Spelling::split(path).unwrap().0, "", "{path}");
        }
    }

    #[test]
    fn unknown_schemes_and_options_name_the_nearest() {
        assert!(message("lisen://1").contains("did you mean `listen:`?"));
        assert!(message("localhost:9999").contains("did you mean tcp://localhost:9999?"));
        assert!(message("zzz:q").contains("listen://[ADDR:]PORT"));
        assert!(message("tcp://h:1?reconect=2s").contains("did you mean `reconnect=`?"));
        assert!(message("tcp://h:1?in=text&in=text").contains("twice"));
        assert!(message("rate:5?in=text").contains("it has no options"));
        assert!(message("file:x?in=xml").contains("there is no format `xml`"));
    }

    #[test]
    fn durations_need_a_unit_of_fixed_length() {
        assert!(message("tcp://h:1?reconnect=2").contains("durations need a unit, for example 2s"));
        assert!(message("tcp://h:1?reconnect=1month").contains("no fixed length"));
        assert!(message("tcp://h:1?reconnect=0s").contains("at least 1ms"));
        assert!(message("tcp://h:1?reconnect=soon").contains("not a duration"));
        assert!(parse("tcp://h:1?reconnect=1m500ms").is_ok());
    }

    #[test]
    fn every_scheme_of_the_registry_is_its_own() {
        for (at, entry) in REGISTRY.iter().enumerate() {
            assert!(REGISTRY[..at].iter().all(|e| e.scheme != entry.scheme), "{} stands there twice", entry.scheme);
            assert!(!entry.form.is_empty() && !entry.about.is_empty());
        }
    }
}
