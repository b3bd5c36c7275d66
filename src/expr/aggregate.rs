//! Aggregates inside of expressions: which names are theirs, and how they are taken out, so that `sum(a) / count(*)` becomes an
//! ordinary expression over the columns of their results.

use super::ast::{Call, Expr, Form, Path, Place, Tree};
use super::caret::Fault;
use crate::error::Result;

/// All names but those of [`percentile_of`], in the order of the help.
pub const NAMES: &[&str] = &[
    "count",
    "count_if",
    "sum",
    "min",
    "max",
    "avg",
    "mean",
    "stddev",
    "stddev_samp",
    "stddev_pop",
    "variance",
    "var_samp",
    "var_pop",
    "first",
    "last",
    "any_value",
    "median",
    "percentile",
    "approx_percentile",
    "percentile_approx",
    "approx_count_distinct",
    "collect_list",
    "collect_set",
    "bool_and",
    "every",
    "bool_or",
    "some",
];

/// Whether a function of this name, in any case, combines rows.
pub fn is_one(name: &str) -> bool {
    NAMES.iter().any(|aggregate| aggregate.eq_ignore_ascii_case(name)) || percentile_of(name).is_some()
}

/// What `p50`, `p99`, `p999` (99.9) ask for, as a fraction of one.
pub fn percentile_of(name: &str) -> Option<f64> {
    let digits = name.strip_prefix(['p', 'P']).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?;
    match digits.len() {
        1 | 2 => digits.parse::<u32>().ok().filter(|&percent| percent > 0).map(|percent| f64::from(percent) / 100.0),
        3..=9 if digits.starts_with("99") => format!("0.{digits}").parse().ok(),
        _ => None,
    }
}

/// A call of an aggregate. Two are equal if they give the same, wherever they stand.
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregate {
    /// In lower case.
    pub name: String,
    /// In their order; none for `count(*)`.
    pub args: Vec<Expr>,
    /// `count(*)`.
    pub star: bool,
    /// `count(DISTINCT x)`.
    pub distinct: bool,
    /// `FILTER (WHERE …)`.
    pub filter: Option<Expr>,
    /// The call itself, for messages: [`Expr::fault`] points at it.
    pub call: Expr,
}

impl Expr {
    /// The expression with each aggregate replaced by the column that `name` calls it. An aggregate in the arguments or the
    /// filter of another is an error.
    pub fn without_aggregates(&self, mut name: impl FnMut(Aggregate) -> Result<String>) -> Result<Expr> {
        let mut tree = self.tree.clone();
        self.replace(&mut tree, &mut name)?;
        Ok(Expr { text: self.text.clone(), tree })
    }

    fn replace(&self, tree: &mut Tree, name: &mut dyn FnMut(Aggregate) -> Result<String>) -> Result<()> {
        let place = tree.place;
        if let Form::Call(call) = &tree.form
            && is_one(&call.name)
        {
            let column = name(self.taken(call, place)?)?;
            tree.form = Form::Column(Path::plain(column));
            return Ok(());
        }
        tree.parts_mut().into_iter().try_for_each(|part| self.replace(part, name))
    }

    fn taken(&self, call: &Call, place: Place) -> Result<Aggregate> {
        let expr = |tree: &Tree| Expr { text: self.text.clone(), tree: tree.clone() };
        let parts = call
            .args
            .iter()
            .map(|part| (part, "the argument"))
            .chain(call.filter.as_deref().map(|f| (f, "the filter")));
        for (part, what) in parts {
            if let Some(inner) = first_aggregate(part) {
                let Form::Call(nested) = &inner.form else { continue };
                let message = format!(
                    "{}(…) stands in {what} of {}(…), but both combine the same rows: give the inner one a name in an \
                     operator before (set, agg)",
                    nested.name, call.name
                );
                return Err(self.fault(inner.place, &message));
            }
        }
        Ok(Aggregate {
            name: call.name.to_lowercase(),
            args: call.args.iter().map(expr).collect(),
            star: call.star,
            distinct: call.distinct,
            filter: call.filter.as_deref().map(expr),
            call: Expr { text: self.text.clone(), tree: Tree { form: Form::Call(call.clone()), place } },
        })
    }

    /// A mistake at this place of the expression.
    pub fn fault(&self, place: Place, message: &str) -> crate::error::Error {
        Fault::new(place, message).shown(&self.text)
    }

    /// A mistake of the whole expression.
    pub fn wrong(&self, message: &str) -> crate::error::Error {
        self.fault(self.tree.place, message)
    }
}

/// The first aggregate in the order of the text.
fn first_aggregate(tree: &Tree) -> Option<&Tree> {
    if matches!(&tree.form, Form::Call(call) if is_one(&call.name)) {
        return Some(tree);
    }
    tree.parts().into_iter().find_map(first_aggregate)
}

impl Tree {
    fn parts_mut(&mut self) -> Vec<&mut Tree> {
        match &mut self.form {
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
            Form::In { of, list, .. } => std::iter::once(&mut **of).chain(list).collect(),
            Form::Between { of, low, high, .. } => vec![of, low, high],
            Form::Case { of, arms, otherwise } => {
                let arms = arms.iter_mut().flat_map(|(when, then)| [when, then]);
                of.as_deref_mut().into_iter().chain(arms).chain(otherwise.as_deref_mut()).collect()
            }
            Form::Call(call) => call.args.iter_mut().chain(call.filter.as_deref_mut()).collect(),
        }
    }
}
