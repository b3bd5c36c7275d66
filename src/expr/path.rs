//! Names of columns that may be a way into a value: `a.b[0].c`.

use crate::data::schema::{Field, Schema};

/// A column, perhaps with a way into it: `a.b[0].c`. It is one name if the schema has it, else an item of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// The first name.
    pub base: String,
    /// What follows it.
    pub steps: Vec<Step>,
}

/// A step into a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// `.name`.
    Key(String),
    /// `[0]`.
    Index(u64),
}

impl Path {
    /// A plain column.
    pub fn plain(name: impl Into<String>) -> Self {
        Path { base: name.into(), steps: Vec::new() }
    }

    /// The whole name: `a.b[0].c`.
    pub fn name(&self) -> String {
        let mut name = self.base.clone();
        for step in &self.steps {
            match step {
                Step::Key(key) => name.extend([".", key]),
                Step::Index(index) => name.push_str(&format!("[{index}]")),
            }
        }
        name
    }

    /// Which column of the schema it is, and which items are taken of it: its own name goes before a list of a shorter one.
    pub fn resolve(&self, schema: &Schema) -> Option<(usize, Vec<u64>)> {
        let name = self.name();
        let mut ends = vec![self.base.len()];
        for step in &self.steps {
            let length = match step {
                Step::Key(key) => 1 + key.len(),
                Step::Index(index) => format!("[{index}]").len(),
            };
            ends.push(ends[ends.len() - 1] + length);
        }
        // A column whose name is the path up to one of its steps: the longest.
        let begun = |(at, field): (usize, &Field)| {
            let steps = name.starts_with(&field.name).then(|| ends.binary_search(&field.name.len()).ok())??;
            Some((steps, std::cmp::Reverse(at)))
        };
        let (steps, std::cmp::Reverse(at)) = schema.fields.iter().enumerate().filter_map(begun).max()?;
        let items = self.steps[steps..].iter().map(|step| match step {
            Step::Index(index) => Some(*index),
            Step::Key(_) => None,
        });
        items.collect::<Option<Vec<_>>>().map(|items| (at, items))
    }
}
