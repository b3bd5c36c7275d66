//! From text to expressions, with sqlparser: one ([`Expr::parse`]), a list as after `SELECT` ([`parse_list`]), assignments
//! ([`parse_assignments`]). Whatever is wrong is a mistake in the command line, shown with a caret.

use std::sync::Arc;

use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, Word};

use crate::error::Result;

use super::ast::{Expr, Form, Named, Place, Tree};
use super::caret::Fault;
use super::dialect::Expressions;
use super::hints;
use super::lower::Lower;
use super::tokens::Tokens;

/// How often sqlparser may call itself: more than brackets may be nested, as operators of higher precedence nest too.
const RECURSION: usize = 100;

impl Expr {
    /// The expression that is all of `text`.
    pub fn parse(text: &str) -> Result<Expr> {
        let parse = |reader: &mut Reader<'_>| {
            let tree = reader.expression()?.0;
            match reader.next() {
                None => Ok(Expr { text: Arc::clone(&reader.text), tree }),
                Some((token, place)) => Err(hints::rest(&token, place)),
            }
        };
        read(text, "the expression", parse)
    }
}

/// The expressions of `EXPR [AS NAME], …`, at least one.
pub fn parse_list(text: &str) -> Result<Vec<Named>> {
    let parse = |reader: &mut Reader<'_>| {
        let mut list = Vec::new();
        loop {
            if let Some((Token::Mul, place)) = reader.peek() {
                let hint = "`*` is not known here: name the columns; `set` keeps all and adds to them";
                return Err(Fault::new(place, hint));
            }
            let (tree, place) = reader.expression()?;
            let alias = reader.alias()?;
            let given = alias.is_some();
            let written =
                || reader.text[place.start as usize..place.end as usize].split_whitespace().collect::<Vec<_>>();
            let name = alias.unwrap_or_else(|| match &tree.form {
                Form::Column(path) => path.name(),
                _ => written().join(" "),
            });
            list.push(Named { expr: Expr { text: Arc::clone(&reader.text), tree }, name, alias: given });
            if !reader.comma("an expression")? {
                return Ok(list);
            }
        }
    };
    read(text, "the list of expressions", parse)
}

/// The assignments of `NAME = EXPR, …`, at least one.
pub fn parse_assignments(text: &str) -> Result<Vec<Named>> {
    let parse = |reader: &mut Reader<'_>| {
        let mut list = Vec::new();
        loop {
            let name = reader.target()?;
            let tree = reader.expression()?.0;
            if let Some((Token::Word(Word { keyword: Keyword::AS, .. }), place)) = reader.peek() {
                return Err(Fault::new(place, "a column is set by NAME = EXPRESSION, without AS"));
            }
            list.push(Named { expr: Expr { text: Arc::clone(&reader.text), tree }, name, alias: true });
            if !reader.comma("an assignment")? {
                return Ok(list);
            }
        }
    };
    read(text, "the list of assignments", parse)
}

fn read<T>(text: &str, what: &str, parse: impl FnOnce(&mut Reader<'_>) -> std::result::Result<T, Fault>) -> Result<T> {
    let parsed = Tokens::read(text).and_then(|mut tokens| {
        if tokens.list.is_empty() {
            return Err(hints::empty(what));
        }
        let list = std::mem::take(&mut tokens.list);
        let parser = Parser::new(&Expressions).with_recursion_limit(RECURSION).with_tokens_with_locations(list);
        parse(&mut Reader { text: text.into(), tokens, parser })
    });
    parsed.map_err(|fault| fault.shown(text))
}

struct Reader<'a> {
    text: Arc<str>,
    /// Without the list, which the parser has.
    tokens: Tokens,
    parser: Parser<'a>,
}

impl Reader<'_> {
    /// The next token, without taking it.
    fn peek(&self) -> Option<(Token, Place)> {
        let token = self.parser.peek_token_ref();
        (token.token != Token::EOF).then(|| (token.token.clone(), self.tokens.place(token)))
    }

    fn next(&mut self) -> Option<(Token, Place)> {
        let next = self.peek();
        self.parser.advance_token();
        next
    }

    /// An expression, and where it stands with its brackets.
    fn expression(&mut self) -> std::result::Result<(Tree, Place), Fault> {
        let first = self.peek();
        let parsed = self.parser.parse_expr().map_err(|e| self.fault(&e, first.as_ref()))?;
        let start = first.map_or(0, |first| first.1.start);
        let end = self.tokens.place(self.parser.get_current_token()).end;
        let tree = Lower { tokens: &self.tokens, whole: Place { start, end } }.tree(parsed)?;
        Ok((tree, Place { start, end }))
    }

    /// `AS name`.
    fn alias(&mut self) -> std::result::Result<Option<String>, Fault> {
        match self.peek() {
            Some((Token::Word(Word { keyword: Keyword::AS, .. }), place)) => {
                self.next();
                match self.next() {
                    Some((Token::Word(word), _)) => Ok(Some(word.value)),
                    Some((Token::SingleQuotedString(name) | Token::DoubleQuotedString(name), place)) => {
                        Err(Fault::new(place, format!("a name stands in backticks, not in quotes: AS `{name}`")))
                    }
                    Some((token, place)) => Err(Fault::new(place, format!("AS wants a name, found {token}"))),
                    None => Err(Fault::new(place, "AS wants a name, found the end")),
                }
            }
            Some((Token::Word(word), place))
                if word.quote_style.is_some() || !word.value.eq_ignore_ascii_case("over") =>
            {
                let hint =
                    format!("an operator or a comma is missing before `{0}`; for a name write AS {0}", word.value);
                Err(Fault::new(place, hint))
            }
            _ => Ok(None),
        }
    }

    /// Whether the list goes on.
    fn comma(&mut self, wanted: &str) -> std::result::Result<bool, Fault> {
        match self.next() {
            None => Ok(false),
            Some((Token::Comma, place)) if self.peek().is_none() => {
                Err(Fault::new(place, format!("{wanted} is missing behind the comma")))
            }
            Some((Token::Comma, _)) => Ok(true),
            Some((token, place)) => Err(hints::rest(&token, place)),
        }
    }

    /// `NAME =`.
    fn target(&mut self) -> std::result::Result<String, Fault> {
        let form = "a column is set by NAME = EXPRESSION";
        let mut name = String::new();
        let first = self.peek();
        loop {
            match self.next() {
                Some((Token::Word(word), _)) if name.is_empty() || name.ends_with('.') => name.push_str(&word.value),
                Some((Token::Placeholder(field), _)) if name.is_empty() => name = field,
                Some((Token::Period, _)) if !name.is_empty() => name.push('.'),
                Some((Token::LBracket, _)) if !name.is_empty() => name.push('['),
                Some((Token::Number(index, false), _)) if name.ends_with('[') => name.push_str(&index),
                Some((Token::RBracket, _)) if name.contains('[') => name.push(']'),
                Some((Token::Eq, _)) if !name.is_empty() => return Ok(name),
                Some((Token::DoubleEq, place)) if !name.is_empty() => {
                    return Err(Fault::new(place, format!("`==` compares: {form}")));
                }
                Some((Token::SingleQuotedString(text) | Token::DoubleQuotedString(text), place)) if name.is_empty() => {
                    return Err(Fault::new(place, format!("a name stands in backticks, not in quotes: `{text}` = …")));
                }
                Some((_, place)) => return Err(Fault::new(place, form)),
                None => return Err(Fault::new(first.map_or(Place::default(), |first| first.1), form)),
            }
        }
    }

    /// What sqlparser found wrong.
    fn fault(&self, error: &ParserError, first: Option<&(Token, Place)>) -> Fault {
        let whole = Place { start: first.map_or(0, |first| first.1.start), end: self.text.len() as u32 };
        let message = match error {
            ParserError::RecursionLimitExceeded => {
                return Fault::new(whole, "the expression is nested too deeply");
            }
            ParserError::ParserError(message) | ParserError::TokenizerError(message) => message,
        };
        let (message, location) = match message.rsplit_once(" at Line: ") {
            Some((message, location)) => (message, Some(location)),
            None => (message.as_str(), None),
        };
        let (expected, found) = match message.strip_prefix("Expected: ").and_then(|m| m.rsplit_once(", found: ")) {
            Some(parts) => parts,
            None => return Fault::new(whole, format!("the expression cannot be read: {}", message.to_lowercase())),
        };
        let Some(start) = location.and_then(|location| self.offset(location)) else {
            return hints::ended(&self.text, expected);
        };
        let place = Place { start, end: start + found.len() as u32 };
        if let Some((token, first)) = first
            && first.start == start
            && let Some(fault) = hints::headless(token, place)
        {
            return fault;
        }
        match expected {
            _ if expected.starts_with("[NOT] NULL") => {
                Fault::new(place, format!("IS asks for NULL, TRUE, FALSE or DISTINCT FROM, found `{found}`"))
            }
            "an expression" => Fault::new(place, format!("an operand is missing before `{found}`")),
            _ => Fault::new(place, format!("expected {expected}, found `{found}`")),
        }
    }

    /// The byte of `1, Column: 5`.
    fn offset(&self, location: &str) -> Option<u32> {
        let (line, column) = location.split_once(", Column: ")?;
        let (line, column) = (line.parse().ok()?, column.parse().ok()?);
        Some(self.tokens.at(sqlparser::tokenizer::Location { line, column }))
    }
}
