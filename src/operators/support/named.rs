//! Lists of expressions that become columns.

use crate::error::Result;
use crate::expr::Named;

/// Refuses a list in which two columns have the same name.
pub fn once_each(list: &[Named]) -> Result<()> {
    for (at, named) in list.iter().enumerate() {
        if list[..at].iter().any(|earlier| earlier.name == named.name) {
            let name = &named.name;
            return Err(named.expr.wrong(&format!("two columns are named `{name}`: give one of them another name")));
        }
    }
    Ok(())
}
