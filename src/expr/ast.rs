//! An expression as it was written: a tree of its own, small and without the grammar's odds and ends, each part of which
//! knows its place in the text. What columns it needs can be asked of it before there is a schema.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::data::schema::{Field, Kind, Schema};

use super::aggregate;

pub use super::path::{Path, Step};

/// An expression, with the text that it was read from.
#[derive(Debug, Clone)]
pub struct Expr {
    pub(super) text: Arc<str>,
    pub(super) tree: Tree,
}

/// An expression of a list, and what its column is called.
#[derive(Debug, Clone, PartialEq)]
pub struct Named {
    /// What gives the values.
    pub expr: Expr,
    /// The alias, else the name of the column that it is, else the text as it was written.
    pub name: String,
    /// Whether the name was given (`AS name`, `name = …`).
    pub alias: bool,
}

/// Where something stands in the text, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Place {
    /// The first byte.
    pub start: u32,
    /// Behind the last byte.
    pub end: u32,
}

/// A part of an expression. Two are equal wherever they stand.
#[derive(Debug, Clone)]
pub struct Tree {
    /// What it is.
    pub form: Form,
    /// Where it stands.
    pub place: Place,
}

/// What a part of an expression is.
#[derive(Debug, Clone, PartialEq)]
pub enum Form {
    /// A column, or an item of one.
    Column(Path),
    /// `'text'`.
    Text(String),
    /// `7`.
    Int(i64),
    /// `0.5`.
    Float(f64),
    /// `TRUE`, `FALSE`.
    Bool(bool),
    /// `NULL`.
    Null,
    /// `INTERVAL 5 MINUTES`.
    Interval(Interval),
    /// `NOT a`.
    Not(Box<Tree>),
    /// `-a`.
    Minus(Box<Tree>),
    /// `+a`.
    Plus(Box<Tree>),
    /// `a + b`.
    Binary(Operator, Box<Tree>, Box<Tree>),
    /// `a IS NULL`.
    Is(Box<Tree>, Is, bool),
    /// `a IN (b, c)`.
    In {
        /// What is looked for.
        of: Box<Tree>,
        /// Where.
        list: Vec<Tree>,
        /// `NOT IN`.
        negated: bool,
    },
    /// `a BETWEEN b AND c`.
    Between {
        /// What is compared.
        of: Box<Tree>,
        /// The least that passes.
        low: Box<Tree>,
        /// The greatest that passes.
        high: Box<Tree>,
        /// `NOT BETWEEN`.
        negated: bool,
    },
    /// `a LIKE b`, `a RLIKE b`.
    Like {
        /// The text.
        of: Box<Tree>,
        /// What it is held against.
        pattern: Box<Tree>,
        /// In which language the pattern is.
        how: Like,
        /// `NOT LIKE`.
        negated: bool,
    },
    /// `CASE …`.
    Case {
        /// Compared with each condition, if there is one.
        of: Option<Box<Tree>>,
        /// `WHEN` and `THEN`.
        arms: Vec<(Tree, Tree)>,
        /// `ELSE`.
        otherwise: Option<Box<Tree>>,
    },
    /// `CAST(a AS INT)`, `a::INT`, `DATE '2026-11-20'`.
    Cast {
        /// What is converted.
        of: Box<Tree>,
        /// Into what.
        to: Type,
        /// A time that was written down, which has to be one.
        literal: bool,
    },
    /// `a[i]`, where this is no name.
    Item(Box<Tree>, Box<Tree>),
    /// `f(a, b)`.
    Call(Call),
}

/// Operators with two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    WholeDivide,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Same,
    And,
    Or,
    Concat,
}

impl Operator {
    /// As it is written.
    pub fn text(self) -> &'static str {
        use Operator as O;
        match self {
            O::Add => "+",
            O::Subtract => "-",
            O::Multiply => "*",
            O::Divide => "/",
            O::Remainder => "%",
            O::WholeDivide => "div",
            O::Equal => "=",
            O::NotEqual => "<>",
            O::Less => "<",
            O::LessOrEqual => "<=",
            O::Greater => ">",
            O::GreaterOrEqual => ">=",
            O::Same => "<=>",
            O::And => "AND",
            O::Or => "OR",
            O::Concat => "||",
        }
    }
}

/// What `IS` asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Is {
    Null,
    True,
    False,
}

/// The language of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Like {
    /// `LIKE`, `ILIKE` (in any case); the character before a `%` or `_` that stands for itself.
    Wildcards {
        /// `ILIKE`.
        any_case: bool,
        /// `ESCAPE`.
        escape: char,
    },
    /// `RLIKE`.
    Regex,
}

/// What `CAST` makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// A whole number of so many bits.
    Int(u32),
    /// A float.
    Double,
    /// A number of so many digits, so many of them behind the point.
    Decimal(u32, u32),
    /// Text.
    Text,
    /// True or false.
    Bool,
    /// A time.
    Time,
    /// A time at midnight.
    Date,
}

/// A length of time. Months and days have no fixed length.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Interval {
    /// Of the calendar.
    pub months: i32,
    /// Of the calendar.
    pub days: i32,
    /// Microseconds.
    pub micros: i64,
}

/// A call of a function or an aggregate.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// In lower case.
    pub name: String,
    /// In their order; none for `count(*)`.
    pub args: Vec<Tree>,
    /// `count(*)`.
    pub star: bool,
    /// `count(DISTINCT x)`.
    pub distinct: bool,
    /// `FILTER (WHERE …)`.
    pub filter: Option<Box<Tree>>,
}

impl PartialEq for Tree {
    fn eq(&self, other: &Self) -> bool {
        self.form == other.form
    }
}

impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        self.tree == other.tree
    }
}

impl Place {
    /// From the start of this one to the end of the other.
    #[must_use]
    pub fn to(self, other: Place) -> Place {
        Place { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

impl Tree {
    /// The parts that it is made of, in the order of the text.
    pub fn parts(&self) -> Vec<&Tree> {
        match &self.form {
            Form::Column(_)
            | Form::Text(_)
            | Form::Int(_)
            | Form::Float(_)
            | Form::Bool(_)
            | Form::Null
            | Form::Interval(_) => Vec::new(),
            Form::Not(of) | Form::Minus(of) | Form::Plus(of) | Form::Is(of, ..) | Form::Cast { of, .. } => vec![of],
            Form::Binary(_, a, b) | Form::Item(a, b) => vec![a, b],
            Form::Like { of, pattern, .. } => vec![of, pattern],
            Form::In { of, list, .. } => std::iter::once(&**of).chain(list).collect(),
            Form::Between { of, low, high, .. } => vec![of, low, high],
            Form::Case { of, arms, otherwise } => {
                let arms = arms.iter().flat_map(|(when, then)| [when, then]);
                of.as_deref().into_iter().chain(arms).chain(otherwise.as_deref()).collect()
            }
            Form::Call(call) => call.args.iter().chain(call.filter.as_deref()).collect(),
        }
    }

    /// Shows it and all of its parts.
    fn walk<'a>(&'a self, see: &mut dyn FnMut(&'a Tree)) {
        see(self);
        for part in self.parts() {
            part.walk(see);
        }
    }
}

impl Expr {
    /// Just the column of this name.
    pub fn column(name: &str) -> Self {
        let place = Place { start: 0, end: name.len() as u32 };
        Expr { text: name.into(), tree: Tree { form: Form::Column(Path::plain(name)), place } }
    }

    /// The name of the column, if that is all that it is.
    pub fn as_column(&self) -> Option<String> {
        match &self.tree.form {
            Form::Column(path) => Some(path.name()),
            _ => None,
        }
    }

    /// The column of this name and kind that its values become: values of a JSON column that are only handed on stay JSON.
    pub fn field(&self, name: &str, kind: Kind, schema: &Schema) -> Field {
        let known = self.as_column().and_then(|name| schema.fields.iter().find(|field| field.name == name));
        Field { json: known.is_some_and(|field| field.json), ..Field::shown(name) }.of(kind)
    }

    /// Whether it is the call of an aggregate, and no more than that.
    pub fn is_aggregate(&self) -> bool {
        matches!(&self.tree.form, Form::Call(call) if aggregate::is_one(&call.name))
    }

    /// What it is made of.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The columns that it needs, a way into one (`a.b[0]`) as one name.
    pub fn columns(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        self.tree.walk(&mut |tree| {
            if let Form::Column(path) = &tree.form {
                names.insert(path.name());
            }
        });
        names
    }

    /// Whether an aggregate (`sum(x)`) is called in it.
    pub fn has_aggregate(&self) -> bool {
        let mut found = false;
        self.tree.walk(&mut |tree| found |= matches!(&tree.form, Form::Call(call) if aggregate::is_one(&call.name)));
        found
    }
}
