//! Regexes as Java reads them, written for the crate `regex`: `\d \w \s \b` and `\p{Alpha}` and the like are ASCII, while `.`
//! and `[^a]` are a whole character of UTF-8. What the crate has not (references back, looking around) is refused. It differs
//! otherwise in this: `(?i)` is of all alphabets, `$` is the very end, and bytes that are no UTF-8 are no character.

use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};

use regex::bytes::{CaptureLocations, Regex};
use regex_syntax::ast::parse::Parser;
use regex_syntax::ast::{self, AssertionKind, Ast, ClassPerlKind, ClassSetItem, ClassUnicodeKind, Flag, FlagsItemKind};
use regex_syntax::hir::{Class, HirKind};

use super::super::text::chars;

/// A regex, or the plain text that it stands for.
pub struct Pattern {
    regex: Arc<Regex>,
    literal: Option<Vec<u8>>,
    run: Option<Box<Run>>,
    /// Each thread's own: the scratch memory of one that several use is handed around at every search.
    own: Mutex<Vec<(ThreadId, Arc<Regex>)>>,
}

impl Pattern {
    /// Reads a regex; the error is for people.
    pub fn new(pattern: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(pattern).map_err(|_| "the regex is no UTF-8".to_string())?;
        let text = unquoted(text);
        let refuse = |error: &ast::Error| {
            let at = text.get(error.span().start.offset..).filter(|rest| !rest.is_empty());
            let at = at.map_or("at its end".into(), |rest| format!("at `{rest}`"));
            format!("cannot read the regex `{text}`: {}, {at}", error.kind())
        };
        let tree = Parser::new().parse(&text).map_err(|e| refuse(&e))?;
        let written = rewritten(&text, &tree);
        let regex = Regex::new(&written).map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => format!("the regex `{text}` is too large"),
            // The essential is the last line; before it is a drawing of where it stands.
            error => {
                let message = error.to_string();
                let last = message.lines().last().unwrap_or_default();
                format!("cannot read the regex `{text}`: {}", last.trim_start_matches("error: "))
            }
        })?;
        let (literal, run) = (literal(&tree), Run::of(&written).map(Box::new));
        Ok(Pattern { regex: Arc::new(regex), literal, run, own: Mutex::default() })
    }

    /// For this thread, once for each block.
    pub fn own(&self) -> Arc<Regex> {
        let me = thread::current().id();
        let mut own = self.own.lock().unwrap_or_else(|e| e.into_inner());
        if let Some((_, regex)) = own.iter().find(|(thread, _)| *thread == me) {
            return Arc::clone(regex);
        }
        let regex = Arc::new((*self.regex).clone());
        own.push((me, Arc::clone(&regex)));
        regex
    }

    /// For one thread only.
    pub fn into_regex(self) -> Regex {
        (*self.regex).clone()
    }

    /// The text that it stands for, if it has no operators; not empty.
    pub fn literal(&self) -> Option<&[u8]> {
        self.literal.as_deref().filter(|literal| !literal.is_empty())
    }

    /// The ASCII that it matches, if it is `[…]` or `[…]+` of nothing else.
    pub fn run(&self) -> Option<&Run> {
        self.run.as_deref()
    }

    /// How many groups it has, without that of the whole match.
    pub fn groups(&self) -> usize {
        self.regex.captures_len() - 1
    }
}

/// Bytes of ASCII: one of some, or as many of them as follow each other.
#[derive(Clone)]
pub struct Run {
    is: [bool; 256],
    many: bool,
}

impl Run {
    fn of(written: &str) -> Option<Self> {
        let tree = regex_syntax::ParserBuilder::new().utf8(false).build().parse(written).ok()?;
        let (class, many) = match tree.kind() {
            HirKind::Repetition(of) if of.min == 1 && of.max.is_none() && of.greedy => (of.sub.kind(), true),
            kind => (kind, false),
        };
        let mut is = [false; 256];
        match class {
            HirKind::Class(Class::Unicode(class)) if class.is_ascii() => {
                class.ranges().iter().flat_map(|range| range.start()..=range.end()).for_each(|c| is[c as usize] = true);
            }
            HirKind::Literal(literal) if literal.0.len() == 1 && literal.0.is_ascii() => {
                is[literal.0[0] as usize] = true
            }
            _ => return None,
        }
        Some(Run { is, many })
    }

    /// All matches in a text.
    #[inline]
    pub fn matches(&self, text: &[u8]) -> impl Iterator<Item = (usize, usize)> {
        let mut from = 0;
        let is = move |byte: &u8| self.is[*byte as usize];
        std::iter::from_fn(move || {
            let start = from + text[from..].iter().position(is)?;
            let rest = &text[start + 1..];
            let more = if self.many { rest.iter().position(|byte| !is(byte)).unwrap_or(rest.len()) } else { 0 };
            from = start + 1 + more;
            Some((start, from))
        })
    }
}

/// Puts a backslash before what `\Q…\E` quotes.
fn unquoted(pattern: &str) -> String {
    let mut made = String::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some(at) = rest.find('\\') {
        made.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(quoted) = rest.strip_prefix("\\Q") {
            let (inside, behind) = quoted.split_once("\\E").unwrap_or((quoted, ""));
            made.push_str(&regex_syntax::escape(inside));
            rest = behind;
        } else {
            let end = rest.chars().take(2).map(char::len_utf8).sum();
            made.push_str(&rest[..end]);
            rest = &rest[end..];
        }
    }
    made + rest
}

/// The text of a regex that is nothing but characters.
fn literal(tree: &Ast) -> Option<Vec<u8>> {
    let char = |tree: &Ast| match tree {
        Ast::Literal(literal) => Some(literal.c),
        _ => None,
    };
    let text: Option<String> = match tree {
        Ast::Concat(parts) => parts.asts.iter().map(char).collect(),
        tree => char(tree).map(String::from),
    };
    text.map(String::into_bytes)
}

/// The regex as the crate has to read it.
fn rewritten(text: &str, tree: &Ast) -> String {
    let edits = Edits { made: Vec::new(), dots: Vec::new(), all: false };
    let Ok(mut edits) = ast::visit(tree, edits);
    edits.sort_by_key(|(at, _)| at.start);
    let (mut made, mut from) = (String::with_capacity(text.len()), 0);
    for (at, new) in edits {
        made.push_str(&text[from..at.start]);
        made.push_str(&new);
        from = at.end;
    }
    made + &text[from..]
}

/// What has to be replaced.
struct Edits {
    made: Vec<(Range<usize>, String)>,
    dots: Vec<Range<usize>>,
    /// A flag lets dots match line ends.
    all: bool,
}

impl Edits {
    fn replace(&mut self, span: &ast::Span, by: impl Into<String>) {
        self.made.push((span.start.offset..span.end.offset, by.into()));
    }

    fn flags(&mut self, flags: &ast::Flags) {
        self.all |= flags.items.iter().any(|item| item.kind == FlagsItemKind::Flag(Flag::DotMatchesNewLine));
    }

    /// A class of ASCII for one that would be of all alphabets; without the brackets around it.
    fn perl(class: &ast::ClassPerl) -> String {
        let name = match class.kind {
            ClassPerlKind::Digit => "digit",
            ClassPerlKind::Space => "space",
            ClassPerlKind::Word => "word",
        };
        format!("[:{}{name}:]", if class.negated { "^" } else { "" })
    }

    /// The same for `\p{Alpha}`.
    fn posix(class: &ast::ClassUnicode) -> Option<String> {
        let ClassUnicodeKind::Named(name) = &class.kind else { return None };
        let known = [
            "Lower", "Upper", "ASCII", "Alpha", "Digit", "Alnum", "Punct", "Graph", "Print", "Blank", "Cntrl",
            "XDigit", "Space",
        ];
        let name = known.iter().find(|known| *known == name)?.to_ascii_lowercase();
        Some(format!("[:{}{name}:]", if class.negated { "^" } else { "" }))
    }
}

impl ast::Visitor for Edits {
    type Output = Vec<(Range<usize>, String)>;
    type Err = std::convert::Infallible;

    fn finish(mut self) -> Result<Self::Output, Self::Err> {
        if !self.all {
            let edits = self.dots.into_iter().map(|at| (at, r"[^\n\r\x{85}\x{2028}\x{2029}]".to_string()));
            self.made.extend(edits);
        }
        Ok(self.made)
    }

    fn visit_pre(&mut self, tree: &Ast) -> Result<(), Self::Err> {
        match tree {
            Ast::Dot(span) => self.dots.push(span.start.offset..span.end.offset),
            Ast::ClassPerl(class) => self.replace(&class.span, format!("[{}]", Self::perl(class))),
            Ast::ClassUnicode(class) => {
                if let Some(ascii) = Self::posix(class) {
                    self.replace(&class.span, format!("[{ascii}]"));
                }
            }
            Ast::Assertion(assertion) => match assertion.kind {
                AssertionKind::WordBoundary => self.replace(&assertion.span, r"(?-u:\b)"),
                AssertionKind::NotWordBoundary => self.replace(&assertion.span, r"(?-u:\B)"),
                AssertionKind::WordBoundaryStartAngle => self.replace(&assertion.span, "<"),
                AssertionKind::WordBoundaryEndAngle => self.replace(&assertion.span, ">"),
                _ => {}
            },
            Ast::Flags(set) => self.flags(&set.flags),
            Ast::Group(group) => {
                if let ast::GroupKind::NonCapturing(flags) = &group.kind {
                    self.flags(flags);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn visit_class_set_item_pre(&mut self, item: &ClassSetItem) -> Result<(), Self::Err> {
        match item {
            ClassSetItem::Perl(class) => self.replace(&class.span, Self::perl(class)),
            ClassSetItem::Unicode(class) => {
                if let Some(ascii) = Self::posix(class) {
                    self.replace(&class.span, ascii);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// All matches of a text, as Java finds them: an empty one may follow right behind another, and none stands within a
/// character.
pub struct Matches<'r, 't> {
    regex: &'r Regex,
    text: &'t [u8],
    /// Where the next search starts; `None` at the end.
    from: Option<usize>,
}

impl<'r, 't> Matches<'r, 't> {
    /// From the start.
    pub fn new(regex: &'r Regex, text: &'t [u8]) -> Self {
        Matches { regex, text, from: Some(0) }
    }

    /// The next match; with `groups`, where its groups are.
    #[inline]
    pub fn next(&mut self, mut groups: Option<&mut CaptureLocations>) -> Option<(usize, usize)> {
        loop {
            let from = self.from?;
            let found = match &mut groups {
                Some(groups) => self.regex.captures_read_at(groups, self.text, from),
                None => self.regex.find_at(self.text, from),
            };
            let Some(found) = found else {
                self.from = None;
                return None;
            };
            let (start, end) = (found.start(), found.end());
            if start < end {
                self.from = Some(end);
                return Some((start, end));
            }
            if !chars::is_border(self.text, end) {
                self.from = Some(end + 1);
                continue;
            }
            self.from = (end < self.text.len()).then(|| end + chars::width(&self.text[end..]));
            return Some((start, end));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Pattern::new(pattern.as_bytes()).unwrap_or_else(|e| panic!("{e}")).own().is_match(text.as_bytes())
    }

    /// Java's classes are ASCII, its characters are whole ones; inside brackets and out.
    #[test]
    fn regexes_are_read_as_java_does() {
        for (pattern, text, expected) in [
            (r"^\w$", "é", false),
            (r"^\W$", "é", true),
            (r"^[\w-]$", "é", false),
            (r"^[^\w-]$", "é", true),
            (r"^[\W]$", "用", true),
            (r"^\d$", "٣", false),
            (r"^\s$", "\u{a0}", false),
            (r"^\s$", "\u{b}", true),
            (r"^.$", "用", true),
            (r"^...$", "用", false),
            (r"^[^a]$", "😀", true),
            (r"^.$", "\r", false),
            (r"(?s)^.$", "\r", true),
            (r"(?s:^.$)", "\n", true),
            (r"^\p{Alpha}$", "é", false),
            (r"^[\p{Alpha}é]$", "é", true),
            (r"^\P{Alpha}$", "é", true),
            (r"^\p{L}$", "é", true),
            (r"^\pL$", "é", true),
            (r"\<a\>", "<a>", true),
            (r"^\Qa.b\E$", "a.b", true),
            (r"^\Qa.b\E$", "axb", false),
            (r"^\\Q$", r"\Q", true),
            (r"a\ b", "a b", true),
            (r"(?i)A", "a", true),
            (r"\ba\b", "éaé", true),
            (r"\Ba\b", "éa", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    /// The error says what is wrong, and where.
    #[test]
    fn errors_say_what_is_wrong() {
        for (pattern, message) in [
            ("a(b", "cannot read the regex `a(b`: unclosed group, at `(b`"),
            ("*", "cannot read the regex `*`: repetition operator missing expression, at `*`"),
            (r"(a)\1", r"cannot read the regex `(a)\1`: backreferences are not supported, at `\1`"),
            (r"\p{Nope}", r"cannot read the regex `\p{Nope}`: Unicode property not found"),
            ("((a{1000}){1000}){9}", "the regex `((a{1000}){1000}){9}` is too large"),
        ] {
            assert_eq!(Pattern::new(pattern.as_bytes()).err().as_deref(), Some(message));
        }
        assert!(Pattern::new(b"\xff").is_err());
        assert!(Pattern::new(b"^.{1,1000}$").is_ok(), "a long run of any characters is no large regex");
    }

    /// Only what has no operators is plain text.
    #[test]
    fn plain_text_is_seen() {
        for (pattern, literal) in [
            (" ", Some(" ")),
            (r"\|", Some("|")),
            (r"a\.é", Some("a.é")),
            (r"\Q.|\E", Some(".|")),
            (".", None),
            ("a|b", None),
            ("(?i)a", None),
            ("a*", None),
            ("", None),
        ] {
            let pattern = Pattern::new(pattern.as_bytes()).unwrap();
            assert_eq!(pattern.literal(), literal.map(str::as_bytes));
        }
    }
}
