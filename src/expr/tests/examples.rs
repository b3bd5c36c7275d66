//! What the help shows of functions is what they give, through the parser.

use super::*;
use crate::expr::functions::FAMILIES;

#[test]
fn examples_of_functions_are_true() {
    let mut wrong = Vec::new();
    for function in FAMILIES.iter().flat_map(|family| family.functions) {
        for (expression, result) in function.examples {
            let found = value(expression);
            if found != *result {
                wrong.push(format!("{expression}: {found:?}, and not {result:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// No name of a function is a word of the grammar where it is called.
#[test]
fn every_function_can_be_called() {
    for function in FAMILIES.iter().flat_map(|family| family.functions) {
        for name in std::iter::once(&function.name).chain(function.aliases) {
            for call in [format!("{name}(a)"), format!("x + {}(a)", name.to_uppercase()), format!("NOT {name}(a)")] {
                let expr = Expr::parse(&call);
                assert!(expr.as_ref().is_ok_and(|expr| !expr.columns().contains(*name)), "{call}: {expr:?}");
            }
        }
    }
}
