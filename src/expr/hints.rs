//! What people write who mean something else: each mistake with what it should be.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, Word};

use super::ast::Place;
use super::caret::Fault;

/// A text that is no sequence of tokens: a quote that is not closed, mostly.
pub fn unreadable(text: &str, message: &str, at: u32) -> Fault {
    let lower = message.to_lowercase();
    let place = Place { start: at, end: text.len() as u32 };
    let first = Place { start: at, end: at + text[at as usize..].chars().next().map_or(0, char::len_utf8) as u32 };
    if lower.contains("unterminated string") {
        return Fault::new(first, "this text is not closed: its quote is missing (a quote inside of it is doubled)");
    }
    if lower.contains("expected close delimiter") {
        return Fault::new(first, "this name is not closed: its backtick is missing");
    }
    if lower.contains("comment") {
        return comment(text, place);
    }
    Fault::new(first, format!("the expression cannot be read: {lower}"))
}

/// A comment.
pub fn comment(text: &str, place: Place) -> Fault {
    let dashes = text[place.start as usize..].starts_with("--");
    let hint = if dashes { "; to take away what is negative write a - (-b)" } else { "" };
    Fault::new(place, format!("a comment has no place in an expression{hint}"))
}

/// Refuses what is surely wrong at one token, in view of the one before and where that stood.
pub fn check(text: &str, before: Option<(&Token, Place)>, token: &Token, place: Place) -> Result<(), Fault> {
    let adjacent = before.filter(|before| before.1.end == place.start);
    let both = before.map_or(place, |before| before.1.to(place));
    let written = |place: Place| &text[place.start as usize..place.end as usize];
    let wrong = |place: Place, message: String| Err(Fault::new(place, message));
    match (adjacent.map(|before| before.0), token) {
        (Some(Token::Eq), Token::Tilde) => wrong(both, "`=~` is written RLIKE: x RLIKE '\\d+'".into()),
        (Some(Token::Eq), Token::Lt) => wrong(both, "`=<` is written <=".into()),
        (Some(Token::DoubleEq), Token::Eq) => wrong(both, "`===` is written =".into()),
        (Some(Token::Number(..)), Token::Word(Word { quote_style: None, .. })) => {
            let all = written(both);
            let plain: String = all.chars().filter(|c| *c != '_').collect();
            match plain.bytes().all(|b| b.is_ascii_digit()) {
                true => wrong(both, format!("`{all}` is no number: write {plain}")),
                false => wrong(
                    both,
                    format!(
                        "`{all}` is neither a number nor a name: a name that begins with a digit stands in backticks"
                    ),
                ),
            }
        }
        (
            Some(Token::Word(Word { quote_style: None, value, .. })),
            Token::SingleQuotedString(_) | Token::DoubleQuotedString(_),
        ) if value.len() == 1 => wrong(
            both,
            "a text has no letter before its quote: a backslash in it is always itself, so '\\d' is enough".into(),
        ),
        (_, Token::Word(Word { quote_style: None, value, .. }))
            if value.eq_ignore_ascii_case("select") && before.is_some_and(|before| *before.0 == Token::LParen) =>
        {
            wrong(place, "a query has no place in an expression".into())
        }
        (_, token) => match token {
            Token::Overlap => wrong(place, "`&&` is written AND".into()),
            Token::Tilde | Token::TildeAsterisk => wrong(place, "`~` is written RLIKE: x RLIKE '\\d+'".into()),
            Token::ExclamationMarkTilde => wrong(place, "`!~` is written NOT RLIKE: x NOT RLIKE '\\d+'".into()),
            Token::RArrow => wrong(place, "`=>` is written >=".into()),
            Token::Char('“' | '”' | '„' | '‘' | '’' | '‚' | '«' | '»') => {
                wrong(place, "a typographic quote: write ' or \"".into())
            }
            Token::Char('≥') => wrong(place, "`≥` is written >=".into()),
            Token::Char('≤') => wrong(place, "`≤` is written <=".into()),
            Token::Char('≠') => wrong(place, "`≠` is written <>".into()),
            Token::Char('−' | '–' | '—') => wrong(place, "a dash that is no minus: write -".into()),
            Token::Char('×') => wrong(place, "`×` is written *".into()),
            Token::Caret => wrong(place, "`^` is no operator: for a power write pow(a, b)".into()),
            Token::NationalStringLiteral(_) => wrong(place, "a text has no letter before its quote".into()),
            Token::HexStringLiteral(_) => wrong(place, "numbers are written in decimal digits".into()),
            Token::Placeholder(name) if name == "$" || name.starts_with('?') => {
                wrong(place, format!("`{name}` is no name: fields are $1, $2, …"))
            }
            Token::Word(_) | Token::Number(..) | Token::SingleQuotedString(_) | Token::DoubleQuotedString(_) => Ok(()),
            Token::Comma | Token::DoubleEq | Token::Eq | Token::Neq | Token::Lt | Token::Gt | Token::LtEq => Ok(()),
            Token::GtEq | Token::Spaceship | Token::Plus | Token::Minus | Token::Mul | Token::Div | Token::Mod => {
                Ok(())
            }
            Token::StringConcat | Token::LParen | Token::RParen | Token::Period | Token::DoubleColon => Ok(()),
            Token::LBracket | Token::RBracket | Token::ExclamationMark | Token::Placeholder(_) | Token::EOF => Ok(()),
            _ => wrong(place, format!("`{}` has no meaning in an expression", written(place))),
        },
    }
}

/// Whether an operand has to follow the keyword.
pub fn wants_operand(keyword: Keyword) -> bool {
    matches!(
        keyword,
        Keyword::AND
            | Keyword::OR
            | Keyword::NOT
            | Keyword::BETWEEN
            | Keyword::LIKE
            | Keyword::ILIKE
            | Keyword::RLIKE
            | Keyword::REGEXP
            | Keyword::DIV
            | Keyword::WHEN
            | Keyword::THEN
            | Keyword::ELSE
            | Keyword::CASE
            | Keyword::IN
    )
}

/// The expression ends where something is missing.
pub fn ended(text: &str, expected: &str) -> Fault {
    let end = text.trim_end().len() as u32;
    let place = Place { start: end, end };
    if expected.contains("expression") || expected.contains("value") {
        return Fault::new(
            place,
            "the expression ends where an operand is missing: did the shell take a `>`? quote the expression: 'a > 5'",
        );
    }
    Fault::new(place, format!("the expression ends too early, expected {expected}"))
}

/// There is nothing.
pub fn empty(what: &str) -> Fault {
    Fault::new(
        Place::default(),
        format!("{what} is empty: did the shell replace a `$1` by nothing? write it in single quotes: '$1 > 5'"),
    )
}

/// What follows an expression that is complete.
pub fn rest(token: &Token, place: Place) -> Fault {
    let message = match token {
        Token::Comma => "one expression is wanted, not a list".to_string(),
        Token::Word(word) if word.keyword == Keyword::AS => "a name is of no use here: leave AS away".to_string(),
        Token::Word(word) if word.quote_style.is_none() && word.value.eq_ignore_ascii_case("over") => {
            "window functions (OVER) are not known here: `set` gives an aggregate of the batch to each of its rows"
                .into()
        }
        Token::Eq | Token::DoubleEq | Token::Lt | Token::Gt | Token::LtEq | Token::GtEq | Token::Neq => {
            format!("comparisons are not chained: write a {token} b AND b {token} c")
        }
        Token::Word(word) if ["asc", "desc"].contains(&word.value.to_lowercase().as_str()) => {
            format!("a direction stands behind a colon: KEY:{}", word.value.to_lowercase())
        }
        token => format!("an operator is missing before `{token}`"),
    };
    Fault::new(place, message)
}

/// An expression that begins with what has an operand on its left: the shell emptied a `$1`.
pub fn headless(token: &Token, place: Place) -> Option<Fault> {
    let infix = matches!(
        token,
        Token::Eq
            | Token::DoubleEq
            | Token::Neq
            | Token::Lt
            | Token::Gt
            | Token::LtEq
            | Token::GtEq
            | Token::Mul
            | Token::Div
    );
    infix.then(|| {
        let hint = "did the shell replace a `$1` by nothing? write it in single quotes: '$1 > 5'";
        Fault::new(place, format!("an operand is missing before {token}: {hint}"))
    })
}
