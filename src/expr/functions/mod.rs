//! The functions of expressions, by family: one file each. To add one: its [`Function`] in the table of its family. Names and
//! results are Spark SQL's; where SPEC 3 deviates, the text of the function says so.

pub mod args;
mod hash;
mod list;
mod logic;
mod math;
pub mod regex;
#[cfg(test)]
mod testing;
pub mod text;
mod time;

use super::{Context, Node};

/// One function.
pub struct Function {
    /// Its name, in lower case.
    pub name: &'static str,
    /// Other names of the same.
    pub aliases: &'static [&'static str],
    /// How it is written: `substring(text, start[, length])`.
    pub form: &'static str,
    /// What it gives, in a sentence.
    pub about: &'static str,
    /// Expressions without columns and what they give (as `--out text` prints it, `NULL` for null): shown in the help, run as
    /// tests.
    pub examples: &'static [(&'static str, &'static str)],
    /// Checks number and kinds of the arguments and makes the node. The error says what is wrong, without the name.
    pub bind: fn(Vec<Node>, &Context) -> Result<Node, String>,
}

/// The functions of a kind.
pub struct Family {
    /// What they are about: `text`.
    pub name: &'static str,
    /// All of them, in the order of the help.
    pub functions: &'static [Function],
}

/// All families, in the order of the help.
pub static FAMILIES: &[Family] =
    &[text::FAMILY, regex::FAMILY, math::FAMILY, logic::FAMILY, time::FAMILY, list::FAMILY, hash::FAMILY];

/// The function of this name, in any case.
pub fn find(name: &str) -> Option<&'static Function> {
    let named =
        |f: &&Function| f.name.eq_ignore_ascii_case(name) || f.aliases.iter().any(|a| a.eq_ignore_ascii_case(name));
    FAMILIES.iter().flat_map(|family| family.functions).find(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A name means one function, is lower case, and stands at the head of its form.
    #[test]
    fn names_are_unique() {
        let mut names = std::collections::BTreeSet::new();
        for function in FAMILIES.iter().flat_map(|family| family.functions) {
            assert!(function.form.starts_with(&format!("{}(", function.name)), "{}", function.form);
            for name in std::iter::once(&function.name).chain(function.aliases) {
                assert!(names.insert(*name) && *name == name.to_lowercase(), "{name}");
                assert!(std::ptr::eq(find(&name.to_uppercase()).expect("it is there").name, function.name));
            }
        }
    }
}
