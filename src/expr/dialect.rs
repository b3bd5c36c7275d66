//! How expressions differ from other SQL: names in any alphabet, odd ones in backticks, texts in single or double quotes with
//! a backslash that is itself.

use sqlparser::ast::{BinaryOperator, Expr};
use sqlparser::dialect::{Dialect, Precedence};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

/// The dialect of sqlparser that reads expressions. Which words are keywords is settled before, in [`super::tokens`].
#[derive(Debug, Default)]
pub struct Expressions;

impl Dialect for Expressions {
    fn is_identifier_start(&self, c: char) -> bool {
        c.is_alphabetic() || c == '_'
    }

    fn is_identifier_part(&self, c: char) -> bool {
        c.is_alphanumeric() || c == '_' || is_mark(c)
    }

    fn is_delimited_identifier_start(&self, c: char) -> bool {
        c == '`'
    }

    fn identifier_quote_style(&self, _: &str) -> Option<char> {
        Some('`')
    }

    fn supports_filter_during_aggregation(&self) -> bool {
        true
    }

    fn supports_bang_not_operator(&self) -> bool {
        true
    }

    fn supports_dollar_placeholder(&self) -> bool {
        true
    }

    fn allow_extract_custom(&self) -> bool {
        true
    }

    fn is_reserved_for_identifier(&self, _: Keyword) -> bool {
        // The words that are still keywords here are no names: what is wrong behind them is told as it is.
        true
    }

    fn get_next_precedence(&self, parser: &Parser) -> Option<Result<u8, ParserError>> {
        match parser.peek_token_ref().token {
            // As in Spark: `||` binds like `+`.
            Token::StringConcat => Some(Ok(self.prec_value(Precedence::PlusMinus))),
            // Only before an operand.
            Token::ExclamationMark => Some(Ok(self.prec_unknown())),
            _ => None,
        }
    }

    fn parse_prefix(&self, parser: &mut Parser) -> Option<Result<Expr, ParserError>> {
        let Token::Word(word) = &parser.peek_token_ref().token else { return None };
        // What stands between operands would be taken for a name.
        let operand = matches!(
            word.keyword,
            Keyword::NoKeyword
                | Keyword::TRUE
                | Keyword::FALSE
                | Keyword::NULL
                | Keyword::NOT
                | Keyword::CASE
                | Keyword::CAST
                | Keyword::TRY_CAST
                | Keyword::EXTRACT
                | Keyword::TRIM
                | Keyword::SUBSTRING
                | Keyword::SUBSTR
                | Keyword::POSITION
                | Keyword::DATE
                | Keyword::TIMESTAMP
                | Keyword::INTERVAL
        );
        (!operand).then(|| parser.expected("an expression", parser.peek_token()))
    }

    fn parse_infix(&self, parser: &mut Parser, left: &Expr, precedence: u8) -> Option<Result<Expr, ParserError>> {
        if !parser.parse_keyword(Keyword::DIV) {
            return None;
        }
        let right = parser.parse_subexpr(precedence);
        Some(right.map(|right| Expr::BinaryOp {
            left: Box::new(left.clone()),
            op: BinaryOperator::MyIntegerDivide,
            right: Box::new(right),
        }))
    }
}

/// Whether it is a sign that stands on or between letters: accents, the vowel signs and joiners of many alphabets.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{483}'..='\u{487}' | '\u{591}'..='\u{5c7}' | '\u{610}'..='\u{61a}'
        | '\u{64b}'..='\u{65f}' | '\u{900}'..='\u{dff}' | '\u{e31}'..='\u{e4e}' | '\u{1ab0}'..='\u{1aff}'
        | '\u{1dc0}'..='\u{1dff}' | '\u{200c}' | '\u{200d}' | '\u{20d0}'..='\u{20ff}' | '\u{3099}' | '\u{309a}'
        | '\u{fe00}'..='\u{fe0f}')
}
