//! Aggregates in the expressions of an operator: `agg`, and `set` with totals.

use std::any::Any;
use std::sync::Arc;

use super::sessions;
use crate::data::block::Block;
use crate::data::order::SortKey;
use crate::data::order::dealing::Deals;
use crate::data::rows::Rows;
use crate::data::schema::{Field, Schema};
use crate::error::Result;
use crate::expr::aggregates::{Growing, Plan, Shipped, Sliding, Table};
use crate::expr::by::{BoundBy, By};
use crate::expr::{self, Context, Expr};
use crate::operators::{Accumulator, Aggregate, Over, Running, Spread, Work};

/// The calls of aggregates in some expressions, each once.
#[derive(Clone, Default)]
pub struct Calls {
    calls: Vec<expr::Aggregate>,
}

/// What the result of a call is called before expressions make columns of it: no name that a person can write.
pub fn column(call: usize) -> String {
    format!("\u{1}{call}")
}

/// Whether a column is the result of a call.
pub fn is_call(name: &str) -> bool {
    name.starts_with('\u{1}')
}

impl Calls {
    /// The expression with a column, named as [`column`] says, for each call.
    pub fn take(&mut self, expr: &Expr) -> Result<Expr> {
        expr.without_aggregates(|call| Ok(column(self.number(call))))
    }

    /// Which call it is among those that are known; it is added if it is new.
    fn number(&mut self, call: expr::Aggregate) -> usize {
        let parts = |call: &expr::Aggregate| (call.name.clone(), call.star, call.distinct);
        let same = |known: &expr::Aggregate| {
            parts(known) == parts(&call) && known.args == call.args && known.filter == call.filter
        };
        self.calls.iter().position(same).unwrap_or_else(|| {
            self.calls.push(call);
            self.calls.len() - 1
        })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.calls.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The columns that they need.
    pub fn live(&self) -> impl Iterator<Item = String> {
        self.calls.iter().flat_map(|call| call.args.iter().chain(&call.filter)).flat_map(Expr::columns)
    }

    /// What they are called.
    pub fn names(&self) -> Vec<&str> {
        self.calls.iter().map(|call| call.name.as_str()).collect()
    }

    /// These, and then the least and the greatest value of a column.
    pub fn with_extremes(&self, column: &str) -> Calls {
        let mut calls = self.clone();
        calls.calls.extend(["min", "max"].map(|name| expr::Aggregate {
            name: name.to_string(),
            args: vec![Expr::column(column)],
            star: false,
            distinct: false,
            filter: None,
            call: Expr::column(column),
        }));
        calls
    }

    /// The work that computes them, of each batch or, behind a session, of each session, and the columns of its result: those
    /// of the keys, behind a session its [`TIMES`](sessions::TIMES), then one for each call.
    pub fn combine(&self, by: Option<&By>, input: &Schema, context: &Context) -> Result<(Vec<Work>, Schema)> {
        if let (Some(gap), Some(by)) = (context.session, by) {
            return sessions::combine(self, by, gap, input, context);
        }
        let by = by.map(|by| by.bind(input, context)).transpose()?;
        let (plan, schema) = self.bind(by, input, context)?;
        Ok((vec![Work::Aggregate(Box::new(Combined { plan }))], schema))
    }

    /// What computes them, and the columns of its result: those of the keys, then one for each call.
    pub fn bind(&self, by: Option<BoundBy>, schema: &Schema, context: &Context) -> Result<(Arc<Plan>, Schema)> {
        let keys = by.as_ref().map(BoundBy::fields).unwrap_or_default();
        let plan = Plan::bind(&self.calls, by, schema, context)?;
        let one = |call: &expr::Aggregate| ["first", "any_value", "last", "min", "max"].contains(&call.name.as_str());
        let calls = self.calls.iter().zip(&plan.kinds).enumerate().map(|(at, (call, kind))| {
            let field = call.args.first().filter(|_| one(call)).map(|arg| arg.field("", kind.clone(), schema));
            let json = field.is_some_and(|field| field.json);
            Field { json, ..Field::hidden(column(at)) }.of(kind.clone())
        });
        let schema = Schema { fields: keys.into_iter().chain(calls).collect(), ..Schema::default() };
        Ok((Arc::new(plan), schema))
    }

    /// The results of no rows are 0 for these, null for the others.
    pub fn counts(&self) -> Vec<bool> {
        let counts = |call: &expr::Aggregate| call.name.starts_with("count") || call.name == "approx_count_distinct";
        self.calls.iter().map(counts).collect()
    }
}

/// Combines rows as a plan says.
pub struct Combined {
    /// What is computed.
    pub plan: Arc<Plan>,
}

impl Aggregate for Combined {
    fn spread(&self) -> Spread {
        if self.plan.by.is_some() { Spread::ByKey } else { Spread::Whole }
    }

    fn start(&self) -> Box<dyn Accumulator> {
        Box::new(Table::new(Arc::clone(&self.plan)))
    }

    fn tells_apart(&self) -> bool {
        true
    }

    fn takes_any_order(&self) -> bool {
        self.plan.takes_any_order()
    }

    fn running(&self, over: Over) -> Option<Box<dyn Running>> {
        match over {
            Over::Panes => Some(Box::new(Sliding::new(&self.plan))),
            Over::All { ttl, changed } => Some(Box::new(Growing::new(&self.plan, ttl, changed))),
            Over::Session { .. } | Over::Within { .. } => None,
        }
    }

    fn order(&self) -> Vec<SortKey> {
        self.plan.by.as_ref().map(BoundBy::order).unwrap_or_default()
    }
}

impl Accumulator for Table {
    fn fold(&mut self, block: &Block) {
        Table::fold(self, block);
    }

    fn ship(&mut self, shard: usize, shards: usize) -> Box<dyn Any + Send> {
        Box::new(Table::ship(self, shard, shards))
    }

    fn ship_others(&mut self, me: usize, shards: usize) -> Vec<Box<dyn Any + Send>> {
        let parcels = Table::ship_others(self, me, shards).into_iter();
        parcels.map(|parcel| Box::new(parcel) as Box<dyn Any + Send>).collect()
    }

    fn take(&mut self, parcel: Box<dyn Any + Send>) {
        Table::take(self, *parcel.downcast::<Shipped>().expect("tables of one plan ship groups"));
    }

    fn apart(&mut self) -> Vec<Box<dyn Any + Send>> {
        Table::apart(self).map(|parcel| Box::new(parcel) as Box<dyn Any + Send>).collect()
    }

    fn deals(&mut self) -> Option<&mut dyn Deals> {
        Table::deals(self)
    }

    fn len(&self) -> usize {
        Table::len(self)
    }

    fn finish(&mut self) -> Rows {
        Table::finish(self)
    }

    fn save(&self) -> Rows {
        Table::save(self)
    }

    fn restore(&mut self, rows: Rows) {
        Table::restore(self, &rows);
    }
}
