//! Names of columns: what a stage is given, and which of it the operators behind it still need.

use std::collections::BTreeSet;
use std::path::Path;

use crate::error::{Error, Result};

/// What the values of a column are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Kind {
    /// Bytes as they stood in the input: text, and a number where they spell one.
    #[default]
    Input,
    /// Text that was computed.
    Text,
    /// Numbers that were computed.
    Number,
    /// True and false.
    Bool,
    /// Points in time.
    Time,
    /// Lists of one kind.
    List(Box<Kind>),
}

impl Kind {
    /// As messages name it.
    pub fn name(&self) -> &'static str {
        match self {
            Kind::Input | Kind::Text => "text",
            Kind::Number => "a number",
            Kind::Bool => "a condition",
            Kind::Time => "a time",
            Kind::List(_) => "a list",
        }
    }
}

/// One column of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The name as a person writes it: `line`, `word`, `$2`.
    pub name: String,
    /// Needed by an operator, but no part of the row that is printed (`$2` of a line of text).
    pub hidden: bool,
    /// What its values are.
    pub kind: Kind,
    /// Its values are JSON: text that is an object, an array or a truth value was one.
    pub json: bool,
}

impl Field {
    /// A column of the input that is printed.
    pub fn shown(name: impl Into<String>) -> Self {
        Field { name: name.into(), hidden: false, kind: Kind::Input, json: false }
    }

    /// A column of the input that is only looked at.
    pub fn hidden(name: impl Into<String>) -> Self {
        Field { name: name.into(), hidden: true, kind: Kind::Input, json: false }
    }

    /// The same with values of this kind.
    #[must_use]
    pub fn of(self, kind: Kind) -> Self {
        Field { json: self.json && kind == Kind::Input, kind, ..self }
    }
}

/// The columns of a block, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schema {
    /// One for each column of the block.
    pub fields: Vec<Field>,
    /// The rows are still whole input records (`grep x`): text prints `line`.
    pub records: bool,
    /// More columns are shown than these, but only the head of the input tells which.
    pub open: bool,
    /// Each row has a JSON object as its `line`, of which these members were replaced or added since.
    pub json: Option<Vec<String>>,
}

impl Schema {
    /// Where the column of this name stands, or an error with the nearest names.
    pub fn index(&self, name: &str) -> Result<usize> {
        if let Some(at) = self.fields.iter().position(|f| f.name == name) {
            return Ok(at);
        }
        let names: Vec<&str> = self.fields.iter().filter(|f| !f.hidden).map(|f| f.name.as_str()).collect();
        let near = nearest(name, names.iter().copied());
        let hint = match near.is_empty() {
            // The habit of other tools: `words FILE`.
            true if Path::new(name).is_file() => format!("; to read a file: --from {name}"),
            true => String::new(),
            false => format!("; did you mean {}?", near.join(" or ")),
        };
        Err(Error::usage(format!("there is no column `{name}` here, the columns are: {}{hint}", names.join(", "))))
    }
}

/// The names that `word` may have been meant to be, nearest first, at most three: alike, or one slip of the finger away.
pub fn nearest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let likeness = |name: &str| match strsim::damerau_levenshtein(word, name) {
        slips @ 0..=1 if name.len() > 1 => 2.0 - slips as f64,
        _ => strsim::jaro_winkler(word, name),
    };
    let mut near: Vec<(f64, &str)> = names.map(|n| (likeness(n), n)).filter(|n| n.0 > 0.75).collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    near.into_iter().take(3).map(|n| n.1).collect()
}

/// Which columns are needed behind a point of the chain: computed backwards, so that only those are cut out of a record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Live {
    /// Every column that is printed of what comes here.
    pub shown: bool,
    /// Columns by name.
    pub names: BTreeSet<String>,
}

/// Whether `path` is the column of this name, or an item of it.
fn leads_into(path: &str, name: &str) -> bool {
    path.strip_prefix(name).is_some_and(|way| way.is_empty() || way.starts_with('['))
}

impl Live {
    /// What a sink needs: all that is printed.
    pub fn all() -> Self {
        Live { shown: true, names: BTreeSet::new() }
    }

    /// Just these.
    pub fn only<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Self {
        Live { shown: false, names: names.into_iter().map(|n| n.as_ref().to_string()).collect() }
    }

    /// Whether a column that is shown is needed, itself or for one of its items: `xs[0]` needs `xs`.
    pub fn needs(&self, name: &str) -> bool {
        self.shown || self.names.iter().any(|needed| leads_into(needed, name))
    }

    /// What is needed beside a column that is made here, and its items.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.names.retain(|needed| !leads_into(needed, name));
        self
    }

    /// What either needs.
    #[must_use]
    pub fn with(mut self, other: &Live) -> Self {
        self.shown |= other.shown;
        self.names.extend(other.names.iter().cloned());
        self
    }

    /// These as well.
    #[must_use]
    pub fn and<S: AsRef<str>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.names.extend(names.into_iter().map(|n| n.as_ref().to_string()));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_of_a_column_needs_the_column() {
        let live = Live::only(["xs[0]", "y.z", "xsa"]);
        assert!(live.needs("xs") && live.needs("xsa") && !live.needs("x") && !live.needs("y"));
        assert_eq!(live.without("xs").names.into_iter().collect::<Vec<_>>(), ["xsa", "y.z"]);
    }

    /// Swapped, missing and doubled letters are found in short names too; what is not alike is not offered.
    #[test]
    fn near_names_are_offered() {
        let near = |word| nearest(word, ["tcp", "top", "count", "wordcount"].into_iter());
        assert_eq!(near("tpc"), ["tcp"]);
        assert_eq!(near("tpo"), ["top"]);
        assert_eq!(near("coutn"), ["count"]);
        assert_eq!(near("kafka"), Vec::<&str>::new());
    }
}
