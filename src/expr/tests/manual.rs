//! What the manual says of operators is what they do, and it has every aggregate.

use std::collections::BTreeSet;

use super::*;
use crate::expr::aggregate::{NAMES, percentile_of};
use crate::expr::manual::{AGGREGATES, Described, OPERATORS, aggregate};

#[test]
fn examples_of_operators_are_true() {
    let examples = OPERATORS.iter().flat_map(|operator| operator.examples);
    let wrong: Vec<String> = examples
        .map(|(expression, result)| (expression, value(expression), result))
        .filter(|(_, found, result)| found != *result)
        .map(|(expression, found, result)| format!("{expression}: {found:?}, and not {result:?}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(OPERATORS.iter().all(|operator| !operator.examples.is_empty()));
}

/// Every name that the parser takes for an aggregate is described, and no other.
#[test]
fn aggregates_are_described() {
    let names = |d: &'static Described| std::iter::once(d.name).chain(d.aliases.iter().copied());
    let all: Vec<&str> = AGGREGATES.iter().flat_map(names).collect();
    let described: BTreeSet<&str> = all.iter().copied().filter(|name| percentile_of(name).is_none()).collect();
    assert_eq!(described, NAMES.iter().copied().collect::<BTreeSet<_>>());
    assert_eq!(all.len(), described.len() + 1, "a name is there twice, or there is more than one percentile");
    for d in AGGREGATES {
        assert!(d.form.starts_with(&format!("{}(", d.name)) && d.about.ends_with('.'), "{}", d.form);
        assert!(names(d).all(|name| aggregate(&name.to_uppercase()).is_some_and(|found| found.name == d.name)));
    }
    assert!(aggregate("p999").is_some_and(|found| found.name == "p50") && aggregate("pay").is_none());
}
