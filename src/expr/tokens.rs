//! From text to the tokens that sqlparser is given. Three things are settled here, before it runs: what is surely wrong and has
//! a hint of its own, which words are keywords where they stand (all others are names), and that the tree will not be so deep
//! that the stack could not hold it.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer, Whitespace};

use super::ast::Place;
use super::caret::Fault;
use super::dialect::Expressions;
use super::hints;

/// How many brackets (and `CASE`) may stand in another.
const NESTED: usize = 40;
/// How many operators may lie in one another; a chain of `+` is as deep as it is long.
const DEEP: u32 = 500;

/// A text as tokens.
pub struct Tokens {
    /// Without white space.
    pub list: Vec<TokenWithSpan>,
    offsets: Offsets,
    /// Where brackets open and where their partners end, in the order of their opening.
    brackets: Vec<(u32, u32)>,
}

/// What a bracket was opened by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Opener {
    /// Nothing, or just a bracket.
    Plain,
    Case,
    /// `TRIM(`, `SUBSTRING(`, `EXTRACT(`: `FROM` and `FOR` are keywords in it.
    Special,
    /// `FILTER (`.
    Filter,
}

struct Level {
    opener: Opener,
    place: Place,
    /// Operators of the argument that is being read, and the greatest depth below it.
    operators: u32,
    below: u32,
    /// The greatest depth of the arguments before.
    before: u32,
    bracket: Option<usize>,
}

impl Level {
    fn new(opener: Opener, place: Place, bracket: Option<usize>) -> Self {
        Level { opener, place, operators: 0, below: 0, before: 0, bracket }
    }

    fn next_argument(&mut self) {
        self.before = self.depth();
        (self.operators, self.below) = (0, 0);
    }

    fn depth(&self) -> u32 {
        self.before.max(self.operators + self.below)
    }
}

impl Tokens {
    /// Reads the text.
    pub fn read(text: &str) -> Result<Tokens, Fault> {
        let offsets = Offsets::of(text);
        let raw = Tokenizer::new(&Expressions, text)
            .tokenize_with_location()
            .map_err(|e| hints::unreadable(text, &e.message, offsets.at(e.location)))?;
        let mut list: Vec<TokenWithSpan> = Vec::with_capacity(raw.len());
        for token in raw {
            let place = offsets.place(&token);
            match &token.token {
                Token::Whitespace(Whitespace::SingleLineComment { .. } | Whitespace::MultiLineComment(_)) => {
                    return Err(hints::comment(text, place));
                }
                Token::Whitespace(_) => continue,
                _ => {}
            }
            let before = list.last().map(|token| (&token.token, offsets.place(token)));
            hints::check(text, before, &token.token, place)?;
            list.push(token);
        }
        let mut tokens = Tokens { list, offsets, brackets: Vec::new() };
        tokens.settle()?;
        Ok(tokens)
    }

    /// Where a token stands.
    pub fn place(&self, token: &TokenWithSpan) -> Place {
        self.offsets.place(token)
    }

    /// Where a place of sqlparser's is.
    pub fn at(&self, location: Location) -> u32 {
        self.offsets.at(location)
    }

    /// The end of the brackets that open at or next behind this byte.
    pub fn closing(&self, from: u32) -> Option<u32> {
        let at = self.brackets.partition_point(|bracket| bracket.0 < from);
        self.brackets.get(at).map(|bracket| bracket.1)
    }

    /// The end of the innermost brackets around this byte.
    pub fn enclosing(&self, inside: u32) -> Option<u32> {
        let at = self.brackets.partition_point(|bracket| bracket.0 < inside);
        self.brackets[..at].iter().rev().map(|bracket| bracket.1).find(|end| *end > inside)
    }

    /// See the head of the file: keywords and depth.
    fn settle(&mut self) -> Result<(), Fault> {
        let mut levels = vec![Level::new(Opener::Plain, Place::default(), None)];
        for at in 0..self.list.len() {
            let place = self.offsets.place(&self.list[at]);
            let opener = levels.last().map_or(Opener::Plain, |level| level.opener);
            let keyword = self.keyword(at, opener);
            let token = &mut self.list[at].token;
            if let Token::Word(word) = token {
                word.keyword = keyword;
            }
            let opens = match token {
                Token::LParen | Token::LBracket => Some(self.opener(at)),
                Token::Word(_) if keyword == Keyword::CASE => Some(Opener::Case),
                _ => None,
            };
            if let Some(opener) = opens {
                if levels.len() > NESTED {
                    return Err(Fault::new(
                        place,
                        format!("the expression is nested too deeply: more than {NESTED} levels"),
                    ));
                }
                let bracket = (opener != Opener::Case).then_some(self.brackets.len());
                if bracket.is_some() {
                    self.brackets.push((place.start, u32::MAX));
                }
                levels.push(Level::new(opener, place, bracket));
                continue;
            }
            let token = &self.list[at].token;
            let closes = match token {
                Token::RParen | Token::RBracket => true,
                Token::Word(_) => keyword == Keyword::END,
                _ => false,
            };
            if closes && levels.len() > 1 {
                let Some(level) = levels.pop() else { continue };
                if (level.opener == Opener::Case) != (keyword == Keyword::END) {
                    let message =
                        if keyword == Keyword::END { "a bracket is not closed" } else { "this CASE has no END" };
                    return Err(Fault::new(level.place, message));
                }
                if let Some(bracket) = level.bracket {
                    self.brackets[bracket].1 = place.end;
                }
                if let Some(outer) = levels.last_mut() {
                    outer.below = outer.below.max(level.depth() + 1);
                }
            } else if closes {
                return Err(Fault::new(place, format!("this {token} closes nothing")));
            }
            let Some(level) = levels.last_mut() else { continue };
            if *token == Token::Comma || matches!(keyword, Keyword::WHEN | Keyword::THEN | Keyword::ELSE) {
                level.next_argument();
            } else if is_operator(token, keyword) {
                level.operators += 1;
            }
            if level.operators + level.below > DEEP {
                let message = format!(
                    "too many operators in one expression, at most {DEEP} in a row: to look for one of many values write \
                     x IN ('a', 'b', …)"
                );
                return Err(Fault::new(place, message));
            }
        }
        match levels.pop() {
            Some(level) if !levels.is_empty() && !self.ends_open() => {
                let what =
                    if level.opener == Opener::Case { "this CASE has no END" } else { "this bracket is not closed" };
                Err(Fault::new(level.place, what))
            }
            _ => Ok(()),
        }
    }

    /// Whether an operand is missing at the end: this is said first.
    fn ends_open(&self) -> bool {
        self.list.last().is_some_and(|last| match &last.token {
            Token::Word(word) => hints::wants_operand(word.keyword),
            token => is_operator(token, Keyword::NoKeyword),
        })
    }

    fn opener(&self, at: usize) -> Opener {
        match at.checked_sub(1).map(|before| &self.list[before].token) {
            Some(Token::Word(word)) => match word.keyword {
                Keyword::TRIM | Keyword::SUBSTRING | Keyword::SUBSTR | Keyword::EXTRACT | Keyword::POSITION => {
                    Opener::Special
                }
                Keyword::FILTER => Opener::Filter,
                _ => Opener::Plain,
            },
            _ => Opener::Plain,
        }
    }

    /// Which keyword the word at this place is, if it is one there.
    fn keyword(&self, at: usize, opener: Opener) -> Keyword {
        let Token::Word(word) = &self.list[at].token else { return Keyword::NoKeyword };
        let before = at.checked_sub(1).map(|at| &self.list[at].token);
        let after = self.list.get(at + 1).map(|token| &token.token);
        let keyword_before = match before {
            Some(Token::Word(word)) => word.keyword,
            _ => Keyword::NoKeyword,
        };
        let text_follows = matches!(after, Some(Token::SingleQuotedString(_) | Token::DoubleQuotedString(_)));
        let operand_before = self.ends_operand(at.checked_sub(1));
        // `x NOT LIKE y`, where `NOT like(x, y)` is a function.
        let negated = keyword_before == Keyword::NOT && self.ends_operand(at.checked_sub(2));
        // A name behind a point is a name: `a.in`.
        let is = !matches!(before, Some(Token::Period))
            && match word.keyword {
                Keyword::AND | Keyword::OR | Keyword::NOT | Keyword::IS | Keyword::NULL | Keyword::TRUE => true,
                Keyword::FALSE | Keyword::IN | Keyword::CASE | Keyword::AS => true,
                Keyword::BETWEEN | Keyword::LIKE | Keyword::ILIKE | Keyword::RLIKE | Keyword::REGEXP => {
                    operand_before || negated
                }
                Keyword::DIV => operand_before,
                Keyword::WHEN | Keyword::THEN | Keyword::ELSE | Keyword::END => opener == Opener::Case,
                Keyword::CAST | Keyword::TRY_CAST | Keyword::EXTRACT | Keyword::POSITION => {
                    after == Some(&Token::LParen)
                }
                Keyword::TRIM => self.has_from(at + 1),
                Keyword::SUBSTRING | Keyword::SUBSTR => after == Some(&Token::LParen),
                Keyword::FILTER => before == Some(&Token::RParen) && after == Some(&Token::LParen),
                Keyword::WHERE => opener == Opener::Filter && before == Some(&Token::LParen),
                Keyword::BOTH | Keyword::LEADING | Keyword::TRAILING => {
                    opener == Opener::Special && before == Some(&Token::LParen)
                }
                Keyword::FROM => opener == Opener::Special || keyword_before == Keyword::DISTINCT,
                Keyword::FOR => opener == Opener::Special,
                Keyword::DATE | Keyword::TIMESTAMP => text_follows,
                Keyword::INTERVAL => text_follows || matches!(after, Some(Token::Number(..))),
                Keyword::DISTINCT => {
                    before == Some(&Token::LParen) || matches!(keyword_before, Keyword::IS | Keyword::NOT)
                }
                Keyword::UNKNOWN => matches!(keyword_before, Keyword::IS | Keyword::NOT),
                Keyword::ESCAPE => operand_before && text_follows,
                // The unit behind the number of an interval.
                _ => {
                    let two_before = at.checked_sub(2).map(|at| &self.list[at].token);
                    matches!(two_before, Some(Token::Word(word)) if word.keyword == Keyword::INTERVAL)
                }
            };
        if is { word.keyword } else { Keyword::NoKeyword }
    }
}

impl Tokens {
    /// Whether an operand may end with this token.
    fn ends_operand(&self, at: Option<usize>) -> bool {
        match at.map(|at| &self.list[at].token) {
            Some(Token::Word(word)) => matches!(
                word.keyword,
                Keyword::NoKeyword | Keyword::END | Keyword::NULL | Keyword::TRUE | Keyword::FALSE | Keyword::UNKNOWN
            ),
            Some(Token::RParen | Token::RBracket | Token::Number(..) | Token::Placeholder(_)) => true,
            Some(Token::SingleQuotedString(_) | Token::DoubleQuotedString(_)) => true,
            _ => false,
        }
    }

    /// Whether the brackets that open here have a `FROM` of their own, or begin with a word that wants one.
    fn has_from(&self, open: usize) -> bool {
        let mut depth = 0;
        for (at, token) in self.list.iter().enumerate().skip(open) {
            match &token.token {
                Token::LParen => depth += 1,
                Token::RParen => depth -= 1,
                Token::Word(word) if depth == 1 => match word.keyword {
                    Keyword::FROM => return true,
                    Keyword::BOTH | Keyword::LEADING | Keyword::TRAILING if at == open + 1 => {
                        let next = self.list.get(at + 1).map(|next| &next.token);
                        return !matches!(next, Some(Token::RParen | Token::Comma));
                    }
                    _ => {}
                },
                _ => {}
            }
            if depth == 0 {
                return false;
            }
        }
        false
    }
}

/// Whether a token makes the tree deeper.
fn is_operator(token: &Token, keyword: Keyword) -> bool {
    match token {
        Token::Word(_) => matches!(
            keyword,
            Keyword::AND
                | Keyword::OR
                | Keyword::NOT
                | Keyword::IS
                | Keyword::IN
                | Keyword::BETWEEN
                | Keyword::LIKE
                | Keyword::ILIKE
                | Keyword::RLIKE
                | Keyword::REGEXP
                | Keyword::DIV
                | Keyword::INTERVAL
        ),
        Token::Eq | Token::DoubleEq | Token::Neq | Token::Lt | Token::LtEq | Token::Gt | Token::GtEq => true,
        Token::Spaceship | Token::Plus | Token::Minus | Token::Mul | Token::Div | Token::Mod => true,
        Token::StringConcat | Token::DoubleColon | Token::ExclamationMark => true,
        _ => false,
    }
}

/// From sqlparser's lines and columns to bytes.
struct Offsets {
    /// The number of the first character of each line.
    lines: Vec<usize>,
    /// Where each character begins; empty if each is one byte.
    characters: Vec<u32>,
    length: usize,
}

impl Offsets {
    fn of(text: &str) -> Self {
        let newlines = text.chars().enumerate().filter(|c| c.1 == '\n').map(|c| c.0 + 1);
        let lines = std::iter::once(0).chain(newlines).collect();
        let characters =
            if text.is_ascii() { Vec::new() } else { text.char_indices().map(|(at, _)| at as u32).collect() };
        Offsets { lines, characters, length: text.len() }
    }

    fn at(&self, location: Location) -> u32 {
        let line = self.lines.get((location.line as usize).saturating_sub(1)).copied();
        let character = line.unwrap_or(usize::MAX / 2) + (location.column as usize).saturating_sub(1);
        match self.characters.get(character) {
            Some(&at) => at,
            None if self.characters.is_empty() => character.min(self.length) as u32,
            None => self.length as u32,
        }
    }

    fn place(&self, token: &TokenWithSpan) -> Place {
        Place { start: self.at(token.span.start), end: self.at(token.span.end) }
    }
}
