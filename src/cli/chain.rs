//! The words of the command line to operators (SPEC 4, Grammar).
//!
//! The words are split at each that is exactly `then`; every segment is global options, the operator, and its words, in
//! which global options may stand too. Macros are expanded. `--chain FILE` gives more segments, one a line.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

use clap::Arg;

use super::globals::{self, Given};
use super::words::{Options, Piece};
use super::{Invocation, Parsed, habits, help, hints, manual};
use crate::error::{Error, Result};
use crate::operators::{Built, Entry, Operator};

/// The word that separates operators.
pub const THEN: &str = "then";

/// A line of a chain file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    file: String,
    line: usize,
}

impl Place {
    /// Puts the place before what went wrong there.
    pub fn prefix(place: Option<&Place>, error: Error) -> Error {
        match (place, error) {
            (Some(Place { file, line }), Error::Usage(text)) => Error::Usage(format!("{file}, line {line}: {text}")),
            (_, error) => error,
        }
    }
}

/// The words between two `then`.
pub struct Segment {
    /// The words, without `then`.
    pub words: Vec<OsString>,
    /// Where it stands, if in a file.
    pub place: Option<Place>,
    /// Whether a `then` follows.
    pub followed: bool,
}

/// Splits words at each `then`; there is always at least one segment.
pub fn split(words: &[OsString], place: Option<&Place>) -> Vec<Segment> {
    let parts: Vec<&[OsString]> = words.split(|w| w == THEN).collect();
    let last = parts.len() - 1;
    let segment =
        |(i, part): (usize, &&[OsString])| Segment { words: part.to_vec(), place: place.cloned(), followed: i < last };
    parts.iter().enumerate().map(segment).collect()
}

/// Reads the words behind the program's name.
pub fn read(registry: &'static [Entry], words: &[OsString]) -> Result<Parsed> {
    let mut reader = Reader::new(registry);
    let segments = split(words, None);
    if let Some(text) = reader.segments(&segments)? {
        return Ok(Parsed::Show(text));
    }
    if let Some(file) = reader.given.one("chain").map(str::to_string) {
        if !reader.words.is_empty() {
            return Err(Error::usage(format!(
                "`--chain {file}` and the operator `{}` are both given: put all operators into the file, or leave \
                 --chain out",
                reader.words[0]
            )));
        }
        if let Some(text) = reader.segments(&lines(&file)?)? {
            return Ok(Parsed::Show(text));
        }
        if reader.operators.is_empty() {
            return Err(Error::usage(format!("{file}: there is no operator in it; write one on each line")));
        }
    }
    if reader.operators.is_empty() {
        return Err(hints::no_operator());
    }
    let globals = reader.given.settle()?;
    Ok(Parsed::Run(Box::new(Invocation { globals, chain: reader.operators, words: reader.words })))
}

/// The segments of a chain file.
fn lines(file: &str) -> Result<Vec<Segment>> {
    let text =
        std::fs::read(Path::new(file)).map_err(|e| Error::io(format!("cannot read the chain file `{file}`"), &e))?;
    let mut segments = Vec::new();
    for (number, line) in text.split(|&b| b == b'\n').enumerate() {
        let place = Place { file: file.to_string(), line: number + 1 };
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.trim_ascii_start().starts_with(b"#") {
            continue;
        }
        let Some(words) = shlex::bytes::split(&without_comments(line)) else {
            let error = Error::usage("a quote is not closed; quote as in a shell, one operator on a line");
            return Err(Place::prefix(Some(&place), error));
        };
        let words: Vec<OsString> = words.into_iter().map(OsString::from_vec).collect();
        if !words.is_empty() {
            segments.extend(split(&words, Some(&place)));
        }
    }
    Ok(segments)
}

/// Escapes each `#` that would begin a comment in the middle of a line: only a whole line is one here.
fn without_comments(line: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(line.len());
    let (mut quote, mut escaped, mut before) = (None, false, b' ');
    for &byte in line {
        if byte == b'#' && quote.is_none() && !escaped && before.is_ascii_whitespace() {
            out.push(b'\\');
        }
        match quote {
            _ if escaped => escaped = false,
            Some(b'\'') if byte != b'\'' => {}
            _ if byte == b'\\' => escaped = true,
            Some(open) if byte == open => quote = None,
            None if matches!(byte, b'\'' | b'"') => quote = Some(byte),
            _ => {}
        }
        out.push(byte);
        before = byte;
    }
    out
}

/// Takes segments in and builds operators.
struct Reader {
    registry: &'static [Entry],
    options: Vec<Arg>,
    given: Given,
    operators: Vec<Box<dyn Operator>>,
    words: Vec<String>,
}

impl Reader {
    fn new(registry: &'static [Entry]) -> Self {
        let (given, operators, words) = (Given::default(), Vec::new(), Vec::new());
        Reader { registry, options: globals::options(), given, operators, words }
    }

    /// Takes in all of them. A call for help anywhere is answered, whatever else is wrong.
    fn segments(&mut self, segments: &[Segment]) -> Result<Option<String>> {
        let mut wrong = None;
        for segment in segments {
            match self.segment(segment, segments.len()) {
                Ok(None) => {}
                Ok(Some(text)) => return Ok(Some(text)),
                Err(error) => {
                    wrong.get_or_insert(Place::prefix(segment.place.as_ref(), error));
                }
            }
        }
        wrong.map_or(Ok(None), Err)
    }

    /// Takes in one of `count` segments; the text to be shown if it asks for help.
    fn segment(&mut self, segment: &Segment, count: usize) -> Result<Option<String>> {
        let root = help::root(&self.options);
        let options = Options::of(&root);
        let mut before = Vec::new();
        let mut operator = None;
        let mut at = 0;
        for piece in options.pieces(&segment.words) {
            match piece {
                Piece::Option { ids, words } => {
                    if ids.contains(&"help") {
                        let long = words[0] == "--help";
                        return Ok(Some(help::main(self.registry, long)));
                    }
                    if ids.contains(&"version") {
                        return Ok(Some(help::version()));
                    }
                    before.extend_from_slice(words);
                    at += words.len();
                }
                Piece::Unknown(name) => return Err(hints::unknown_option(name, None, self.registry, &options)),
                Piece::NoValue(name, next) => return Err(hints::no_value(name, next, None)),
                Piece::Plain(word) => {
                    operator = Some(word);
                    at += 1;
                    break;
                }
                Piece::Rest(words) => {
                    operator = words.first();
                    at += 1 + usize::from(operator.is_some());
                    break;
                }
            }
        }
        let matches = help::lenient(root).try_get_matches_from(before);
        let matches = matches.map_err(|e| hints::explain(&e, None, self.registry, segment))?;
        self.given.take(&matches, &self.options, segment.place.as_ref())?;
        match operator {
            Some(name) => self.operator(&name.to_string_lossy(), &segment.words[at..], segment),
            None if count == 1 || (segment.place.is_some() && !segment.words.is_empty()) => Ok(None),
            None => Err(hints::empty_segment()),
        }
    }

    fn operator(&mut self, name: &str, words: &[OsString], segment: &Segment) -> Result<Option<String>> {
        let Some(entry) = self.registry.iter().find(|e| e.name == name) else {
            if name == "help" {
                return self.help(words).map(Some);
            }
            return Err(hints::unknown_operator(name, words, self.registry));
        };
        let command = help::operator(entry, &self.options, false);
        let options = Options::of(&command);
        let pieces = options.pieces(words);
        if pieces.iter().any(|p| matches!(p, Piece::Option { ids, .. } if ids.contains(&"help"))) {
            return Ok(Some(help::explained(entry, &self.options)));
        }
        for piece in &pieces {
            match piece {
                Piece::Unknown(option) => {
                    return Err(hints::unknown_option(option, Some(entry), self.registry, &options));
                }
                Piece::NoValue(option, next) => return Err(hints::no_value(option, *next, Some(entry))),
                _ => {}
            }
        }
        if let Some(error) = habits::of(entry, &pieces, words) {
            return Err(error);
        }
        let own = self.without_globals(&pieces);
        let matches = help::lenient(command).try_get_matches_from(words);
        let matches = matches.map_err(|e| hints::explain(&e, Some(entry), self.registry, segment))?;
        self.given.take(&matches, &self.options, segment.place.as_ref())?;
        match (entry.build)(&matches).map_err(|e| hints::pointing_to(entry, e))? {
            Built::Operator(operator) => {
                if !self.words.is_empty() {
                    self.words.push(THEN.to_string());
                }
                self.words.push(entry.name.to_string());
                self.words.extend(own);
                self.operators.push(operator);
                Ok(None)
            }
            Built::Chain(words) => {
                let words: Vec<OsString> = words.into_iter().map(OsString::from).collect();
                self.segments(&split(&words, None))
            }
        }
    }

    /// The operator's own words.
    fn without_globals(&self, pieces: &[Piece<'_>]) -> Vec<String> {
        let mut own: Vec<String> = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Option { ids, .. } if ids.iter().all(|id| globals::is_global(id, &self.options)) => {}
                Piece::Option { words, .. } => own.extend(words.iter().map(|w| w.to_string_lossy().into_owned())),
                Piece::Plain(word) => own.push(word.to_string_lossy().into_owned()),
                Piece::Rest(words) => {
                    own.push("--".to_string());
                    own.extend(words.iter().map(|w| w.to_string_lossy().into_owned()));
                }
                Piece::Unknown(_) | Piece::NoValue(..) => {}
            }
        }
        own
    }

    /// `streamer help [OPERATOR]`, `streamer help functions [NAME]` and the other topics.
    fn help(&self, words: &[OsString]) -> Result<String> {
        let Some(word) = words.first() else { return Ok(help::main(self.registry, true)) };
        let name = word.to_string_lossy();
        if let Some(entry) = self.registry.iter().find(|e| e.name == name) {
            return Ok(help::explained(entry, &self.options));
        }
        match (manual::TOPICS.iter().find(|topic| topic.name == name), words.get(1)) {
            (Some(topic), Some(function)) if topic.name == "functions" => manual::function(&function.to_string_lossy()),
            (Some(topic), _) => Ok((topic.text)()),
            (None, _) => Err(hints::no_help(&name, self.registry)),
        }
    }
}
