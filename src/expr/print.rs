//! An expression as text again, in one way of writing: what is equal is printed equal, and reads back as the same.

use std::fmt::{Display, Formatter, Result, Write};

use super::ast::{Call, Expr, Form, Interval, Is, Like, Path, Step, Tree, Type};

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.tree.fmt(f)
    }
}

impl Display for Tree {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let not = |negated: bool| if negated { "NOT " } else { "" };
        match &self.form {
            Form::Column(path) => path.fmt(f),
            Form::Text(text) => quoted(text, '\'', f),
            Form::Int(value) => value.fmt(f),
            Form::Float(value) => write!(f, "{value:e}"),
            Form::Bool(value) => f.write_str(if *value { "TRUE" } else { "FALSE" }),
            Form::Null => f.write_str("NULL"),
            Form::Interval(interval) => interval.fmt(f),
            Form::Not(of) => write!(f, "(NOT {of})"),
            Form::Minus(of) => write!(f, "-({of})"),
            Form::Plus(of) => write!(f, "+({of})"),
            Form::Binary(operator, a, b) => write!(f, "({a} {} {b})", operator.text()),
            Form::Is(of, what, negated) => {
                let what = match what {
                    Is::Null => "NULL",
                    Is::True => "TRUE",
                    Is::False => "FALSE",
                };
                write!(f, "({of} IS {}{what})", not(*negated))
            }
            Form::In { of, list, negated } => {
                write!(f, "({of} {}IN (", not(*negated))?;
                listed(list, f)?;
                f.write_str("))")
            }
            Form::Between { of, low, high, negated } => {
                write!(f, "({of} {}BETWEEN {low} AND {high})", not(*negated))
            }
            Form::Like { of, pattern, how, negated } => match how {
                Like::Regex => write!(f, "({of} {}RLIKE {pattern})", not(*negated)),
                Like::Wildcards { any_case, escape } => {
                    let name = if *any_case { "ILIKE" } else { "LIKE" };
                    write!(f, "({of} {}{name} {pattern}", not(*negated))?;
                    if *escape != '\\' {
                        f.write_str(" ESCAPE ")?;
                        quoted(&escape.to_string(), '\'', f)?;
                    }
                    f.write_char(')')
                }
            },
            Form::Case { of, arms, otherwise } => {
                f.write_str("CASE")?;
                if let Some(of) = of {
                    write!(f, " {of}")?;
                }
                arms.iter().try_for_each(|(when, then)| write!(f, " WHEN {when} THEN {then}"))?;
                if let Some(otherwise) = otherwise {
                    write!(f, " ELSE {otherwise}")?;
                }
                f.write_str(" END")
            }
            Form::Cast { of, to: Type::Date, literal: true } => write!(f, "DATE {of}"),
            Form::Cast { of, literal: true, .. } => write!(f, "TIMESTAMP {of}"),
            Form::Cast { of, to, literal: false } => write!(f, "CAST({of} AS {to})"),
            Form::Item(of, index) => write!(f, "({of})[{index}]"),
            Form::Call(call) => call.fmt(f),
        }
    }
}

impl Display for Call {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}({}", self.name, if self.distinct { "DISTINCT " } else { "" })?;
        if self.star {
            f.write_char('*')?;
        }
        listed(&self.args, f)?;
        f.write_char(')')?;
        match &self.filter {
            Some(filter) => write!(f, " FILTER (WHERE {filter})"),
            None => Ok(()),
        }
    }
}

impl Display for Path {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let field = self
            .base
            .strip_prefix('$')
            .is_some_and(|rest| !rest.is_empty() && rest.chars().all(|c| c.is_alphanumeric() || c == '_'));
        if field {
            f.write_str(&self.base)?;
        } else {
            quoted_name(&self.base, f)?;
        }
        self.steps.iter().try_for_each(|step| match step {
            Step::Key(key) => {
                f.write_char('.')?;
                quoted_name(key, f)
            }
            Step::Index(index) => write!(f, "[{index}]"),
        })
    }
}

impl Display for Interval {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "INTERVAL '{} months {} days {} microseconds'", self.months, self.days, self.micros)
    }
}

impl Display for Type {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Type::Int(8) => f.write_str("TINYINT"),
            Type::Int(16) => f.write_str("SMALLINT"),
            Type::Int(32) => f.write_str("INT"),
            Type::Int(_) => f.write_str("BIGINT"),
            Type::Double => f.write_str("DOUBLE"),
            Type::Decimal(digits, places) => write!(f, "DECIMAL({digits}, {places})"),
            Type::Text => f.write_str("STRING"),
            Type::Bool => f.write_str("BOOLEAN"),
            Type::Time => f.write_str("TIMESTAMP"),
            Type::Date => f.write_str("DATE"),
        }
    }
}

fn listed(list: &[Tree], f: &mut Formatter<'_>) -> Result {
    list.iter().enumerate().try_for_each(|(at, item)| {
        let comma = if at > 0 { ", " } else { "" };
        write!(f, "{comma}{item}")
    })
}

fn quoted(text: &str, quote: char, f: &mut Formatter<'_>) -> Result {
    f.write_char(quote)?;
    for c in text.chars() {
        if c == quote {
            f.write_char(quote)?;
        }
        f.write_char(c)?;
    }
    f.write_char(quote)
}

/// In backticks, unless it is surely read as a name without.
fn quoted_name(name: &str, f: &mut Formatter<'_>) -> Result {
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !is_word(name);
    if plain { f.write_str(name) } else { quoted(name, '`', f) }
}

/// Whether it is a word of the grammar.
fn is_word(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    sqlparser::keywords::ALL_KEYWORDS.binary_search(&upper.as_str()).is_ok()
}
