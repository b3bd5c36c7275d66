//! The regex argument of a function: read once if it is a constant, else once for each block and value.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use regex::bytes::Regex;

use crate::data::column::Cell;
use crate::expr::Node;

use super::super::text::args::Texts;
use super::pattern::Pattern;

/// How many regexes of a column are kept: with more, all are forgotten.
const KEPT: usize = 64;

/// What is known of the argument beforehand.
pub enum Patterns {
    /// A constant.
    One(Pattern),
    /// A constant null.
    Null,
    /// Each row has its own; those that cannot be read make a row null.
    Many,
}

impl Patterns {
    /// Reads the bound argument, if it is a constant.
    pub fn new(node: &Node) -> Result<Self, String> {
        Ok(match node.value() {
            Some(Cell::Text(pattern)) => Patterns::One(Pattern::new(pattern)?),
            Some(_) => Patterns::Null,
            None => Patterns::Many,
        })
    }

    /// The one regex of all rows.
    pub fn one(&self) -> Option<&Pattern> {
        match self {
            Patterns::One(pattern) => Some(pattern),
            _ => None,
        }
    }

    /// Those of the rows of a block, whose values are `texts`.
    pub fn rows<'a>(&self, texts: Texts<'a>) -> Rows<'a> {
        match self {
            Patterns::One(pattern) => Rows::One(pattern.own()),
            Patterns::Null => Rows::Null,
            Patterns::Many => Rows::Many(Many { texts, last: None, read: HashMap::new() }),
        }
    }
}

/// The regexes of the rows of a block.
pub enum Rows<'a> {
    /// The same for all.
    One(Arc<Regex>),
    /// None.
    Null,
    /// Each row its own.
    Many(Many<'a>),
}

/// Regexes that stand in a column.
pub struct Many<'a> {
    texts: Texts<'a>,
    /// That of the row before.
    last: Option<(&'a [u8], Option<Rc<Regex>>)>,
    read: HashMap<&'a [u8], Option<Rc<Regex>>>,
}

impl Rows<'_> {
    /// The regex of a row.
    #[inline]
    pub fn get(&mut self, row: usize) -> Option<&Regex> {
        match self {
            Rows::One(regex) => Some(regex),
            Rows::Null => None,
            Rows::Many(many) => many.get(row),
        }
    }
}

impl Many<'_> {
    fn get(&mut self, row: usize) -> Option<&Regex> {
        let text = self.texts.get(row)?;
        if self.last.as_ref().is_none_or(|(last, _)| *last != text) {
            if self.read.len() == KEPT && !self.read.contains_key(text) {
                self.read.clear();
            }
            let read = || Pattern::new(text).ok().map(|pattern| Rc::new(pattern.into_regex()));
            self.last = Some((text, self.read.entry(text).or_insert_with(read).clone()));
        }
        self.last.as_ref().and_then(|(_, regex)| regex.as_deref())
    }
}
