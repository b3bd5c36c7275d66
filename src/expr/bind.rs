//! From a tree to nodes: columns are found in a schema, functions among those that there are, kinds are settled, and whatever
//! does not depend on a row is computed once, here.

use crate::data::schema::{Kind, Schema, nearest};
use crate::error::{Error, Result};

use super::ast::{Call, Expr, Form, Interval, Like, Operator, Path, Place, Tree};
use super::caret::Fault;
use super::operators::{arithmetic, case, cast, compare, item, like, logic, members, shared};
use super::{Context, Node, aggregate, functions};
use crate::data::column::Number;

type Bound = std::result::Result<Node, Fault>;

impl Expr {
    /// What computes it on blocks of this schema. What is wrong is a mistake in the command line, with a caret.
    pub fn bind(&self, schema: &Schema, context: &Context) -> Result<Node> {
        Binder { schema, context }.node(&self.tree).map_err(|fault| match &self.tree.form {
            // A caret below all of a bare name says nothing.
            Form::Column(path)
                if path.steps.is_empty() && fault.place.end - fault.place.start == self.text.len() as u32 =>
            {
                Error::usage(fault.message)
            }
            _ => fault.shown(&self.text),
        })
    }

    /// The same, and it has to be a condition.
    pub fn bind_condition(&self, schema: &Schema, context: &Context) -> Result<Node> {
        let node = self.bind(schema, context)?;
        logic::condition(node, "this place").map_err(|message| self.wrong(&message))
    }

    /// A call of what is neither a function nor an aggregate is a mistake: said where there is more to say about its columns.
    pub fn check_calls(&self) -> Result<()> {
        match unknown_call(&self.tree) {
            Some(fault) => Err(fault.shown(&self.text)),
            None => Ok(()),
        }
    }
}

struct Binder<'a> {
    schema: &'a Schema,
    context: &'a Context,
}

impl Binder<'_> {
    fn node(&self, tree: &Tree) -> Bound {
        let place = tree.place;
        let at = |result: std::result::Result<Node, String>| result.map_err(|message| Fault::new(place, message));
        match &tree.form {
            Form::Column(path) => self.column(path, place),
            Form::Text(text) => Ok(Node::text(text.as_bytes())),
            Form::Int(value) => Ok(Node::number(Number::Int(*value))),
            Form::Float(value) => Ok(Node::number(Number::Float(*value))),
            Form::Bool(value) => Ok(truth(*value)),
            Form::Null => Ok(Node::null()),
            Form::Interval(_) => {
                Err(Fault::new(place, "an interval is added to a time or taken from it, nothing else"))
            }
            Form::Not(of) => at(logic::opposite(self.node(of)?)),
            Form::Minus(of) => at(arithmetic::minus(self.node(of)?)),
            Form::Plus(of) => at(self.node(of)?.into_number()),
            Form::Binary(operator, a, b) => self.binary(*operator, a, b, place),
            Form::Is(of, what, negated) => at(logic::is(self.node(of)?, *what, *negated)),
            Form::In { of, list, negated } => self.members(of, list, *negated, place),
            Form::Between { of, low, high, negated } => self.between(of, low, high, *negated, place),
            Form::Like { of, pattern, how, negated } => self.like(of, pattern, *how, *negated, place),
            Form::Case { of, arms, otherwise } => self.case(of.as_deref(), arms, otherwise.as_deref(), place),
            Form::Cast { of, to, literal } => {
                let node = at(cast::bind(self.node(of)?, *to, self.context))?;
                match &of.form {
                    Form::Text(text) if *literal && node.is_null() => {
                        Err(Fault::new(place, format!("`{text}` is no time: write TIMESTAMP '2026-11-20 09:00:00'")))
                    }
                    _ => Ok(node),
                }
            }
            Form::Item(of, index) => at(item::bind(self.node(of)?, self.node(index)?)),
            Form::Call(call) => self.call(call, place),
        }
    }

    #[inline(never)]
    fn column(&self, path: &Path, place: Place) -> Bound {
        let Some((at, items)) = path.resolve(self.schema) else {
            let message = match self.schema.index(&path.name()) {
                Err(error) => error.to_string(),
                Ok(_) => "there is no such column here".to_string(),
            };
            return Err(Fault::new(place, message));
        };
        let mut node = Node::column(at, self.schema.fields[at].kind.clone());
        for index in items {
            let index = Node::number(Number::Int(i64::try_from(index).unwrap_or(i64::MAX)));
            node = item::bind(node, index).map_err(|message| Fault::new(place, message))?;
        }
        Ok(node)
    }

    #[inline(never)]
    fn binary(&self, operator: Operator, a: &Tree, b: &Tree, place: Place) -> Bound {
        use Operator as O;
        match (operator, &a.form, &b.form) {
            (O::Add, _, Form::Interval(by)) => return self.moved(a, *by),
            (O::Add, Form::Interval(by), _) => return self.moved(b, *by),
            (O::Subtract, _, Form::Interval(by)) => return self.moved(a, by.negated()),
            (O::Concat, ..) => return self.concat(a, b, place),
            _ => {}
        }
        let (left, right) = (self.node(a)?, self.node(b)?);
        if let (Some(_), Form::Binary(inner, _, joined)) = (compare::Truths::of(operator), &a.form)
            && compare::Truths::of(*inner).is_some()
            && right.kind != Kind::Bool
        {
            let hint = match joined.form {
                Form::Binary(O::Concat, ..) => "`||` joins texts: either of two conditions is written OR",
                _ => "comparisons are not chained: write a < b AND b < c",
            };
            return Err(Fault::new(place, hint));
        }
        // The operand that is no number is pointed at.
        let wrong = |node: &Node| !matches!(node.kind, Kind::Number | Kind::Input | Kind::Text);
        let operand = if wrong(&left) {
            a.place
        } else if wrong(&right) {
            b.place
        } else {
            place
        };
        let (node, place) = match operator {
            O::Add | O::Subtract | O::Multiply | O::Divide | O::Remainder | O::WholeDivide => {
                (arithmetic::bind(operator, left, right), operand)
            }
            O::And => (logic::both(left, right), place),
            O::Or => (logic::either(left, right), place),
            _ => (compare::bind(operator, left, right, self.context), place),
        };
        node.map_err(|message| Fault::new(place, message))
    }

    fn moved(&self, of: &Tree, by: Interval) -> Bound {
        let node = self.node(of)?;
        if matches!(node.kind, Kind::Number | Kind::Bool | Kind::List(_)) {
            return Err(Fault::new(of.place, format!("an interval moves a time, and this is {}", node.kind.name())));
        }
        let time = cast::time(node, self.context).map_err(|message| Fault::new(of.place, message))?;
        Ok(arithmetic::moved(time, by, self.context))
    }

    /// `a || b || c` as one: each joins the text of all before it again otherwise.
    #[inline(never)]
    fn concat(&self, a: &Tree, b: &Tree, place: Place) -> Bound {
        let mut operands = vec![b];
        let mut rest = a;
        while let Form::Binary(Operator::Concat, a, b) = &rest.form {
            operands.push(b);
            rest = a;
        }
        operands.push(rest);
        let mut nodes = Vec::with_capacity(operands.len());
        for operand in operands.into_iter().rev() {
            let node = self.node(operand)?;
            if node.kind == Kind::Bool {
                let message = "`||` joins texts, and this is a condition: either of two conditions is written OR";
                return Err(Fault::new(operand.place, message));
            }
            nodes.push(node);
        }
        self.function("concat", nodes, place)
    }

    #[inline(never)]
    fn members(&self, of: &Tree, list: &[Tree], negated: bool, place: Place) -> Bound {
        let node = self.node(of)?;
        let items = list.iter().map(|item| self.node(item)).collect::<std::result::Result<Vec<_>, _>>()?;
        let any = match members::Constants::of(&node.kind, &items) {
            Some(constants) => members::bind(node, constants),
            None => {
                let wrong = |(item, message): (usize, String)| Fault::new(list[item].place, message);
                shared::any(node, items, self.context).map_err(wrong)?
            }
        };
        logic::opposite_if(negated, any).map_err(|message| Fault::new(place, message))
    }

    #[inline(never)]
    fn between(&self, of: &Tree, low: &Tree, high: &Tree, negated: bool, place: Place) -> Bound {
        let wrong = |(which, message): (usize, String)| Fault::new([low, high][which].place, message);
        let nodes = (self.node(of)?, self.node(low)?, self.node(high)?);
        let both = shared::between(nodes.0, nodes.1, nodes.2, self.context).map_err(wrong)?;
        logic::opposite_if(negated, both).map_err(|message| Fault::new(place, message))
    }

    #[inline(never)]
    fn like(&self, of: &Tree, pattern: &Tree, how: Like, negated: bool, place: Place) -> Bound {
        let (node, with) = (self.node(of)?, self.node(pattern)?);
        match how {
            Like::Wildcards { any_case, escape } => like::bind(node, with, (any_case, escape), negated, self.context)
                .map_err(|message| Fault::new(place, message)),
            Like::Regex => {
                let Some(function) = functions::find("regexp_like") else { return Err(unknown("regexp_like", place)) };
                let matches = (function.bind)(vec![node, with], self.context);
                let matches = matches.map_err(|message| Fault::new(pattern.place, message))?;
                logic::opposite_if(negated, matches).map_err(|message| Fault::new(place, message))
            }
        }
    }

    #[inline(never)]
    fn case(&self, of: Option<&Tree>, arms: &[(Tree, Tree)], otherwise: Option<&Tree>, place: Place) -> Bound {
        let mut conditions = Vec::with_capacity(arms.len());
        let mut branches = Vec::with_capacity(arms.len() + 1);
        for (when, then) in arms {
            let condition = self.node(when)?;
            conditions.push(match of {
                Some(_) => condition,
                None => logic::condition(condition, "WHEN").map_err(|message| Fault::new(when.place, message))?,
            });
            branches.push(self.node(then)?);
        }
        branches.push(otherwise.map_or(Ok(Node::null()), |otherwise| self.node(otherwise))?);
        let mut constant = conditions.iter().all(|node| node.constant.is_some());
        let choice = match of {
            None => case::Choice::Conditions(conditions),
            Some(of) => {
                let of = self.node(of)?;
                constant &= of.constant.is_some();
                let wrong = |(arm, message): (usize, String)| Fault::new(arms[arm].0.place, message);
                let others = conditions.into_iter().map(|other| (Operator::Equal, other)).collect();
                case::Choice::Tests(shared::Tests::new(of, others, self.context).map_err(wrong)?, arms.len())
            }
        };
        case::bind(choice, branches, constant, self.context).map_err(|message| Fault::new(place, message))
    }

    #[inline(never)]
    fn call(&self, call: &Call, place: Place) -> Bound {
        let name = &call.name;
        if aggregate::is_one(name) {
            let message =
                format!("{name}(…) combines rows: it stands in agg or set, and not where each row is looked at");
            return Err(Fault::new(place, message));
        }
        if call.distinct || call.filter.is_some() {
            let what = if call.distinct { "DISTINCT" } else { "FILTER" };
            return Err(Fault::new(place, format!("{what} belongs to aggregates, and {name} is none")));
        }
        let args = call.args.iter().map(|arg| self.node(arg)).collect::<std::result::Result<_, _>>()?;
        self.function(name, args, place)
    }

    fn function(&self, name: &str, args: Vec<Node>, place: Place) -> Bound {
        let Some(function) = functions::find(name) else { return Err(unknown(name, place)) };
        (function.bind)(args, self.context).map_err(|message| {
            // Who gave too few or too many wants to see what they are.
            let form =
                if message.starts_with("takes") { format!("; it is written {}", function.form) } else { String::new() };
            Fault::new(place, format!("{name}: {message}{form}"))
        })
    }
}

fn truth(value: bool) -> Node {
    Node::constant(Kind::Bool, crate::data::column::Column::Bool(vec![u8::from(value)]))
}

/// The first call, in the order of the text, of what there is not.
fn unknown_call(tree: &Tree) -> Option<Fault> {
    match &tree.form {
        Form::Call(call) if !aggregate::is_one(&call.name) && functions::find(&call.name).is_none() => {
            Some(unknown(&call.name, tree.place))
        }
        _ => tree.parts().into_iter().find_map(unknown_call),
    }
}

/// No function is called so.
fn unknown(name: &str, place: Place) -> Fault {
    let all = functions::FAMILIES.iter().flat_map(|family| family.functions);
    let names = all.flat_map(|f| std::iter::once(f.name).chain(f.aliases.iter().copied()));
    let near = nearest(&name.to_lowercase(), names.chain(aggregate::NAMES.iter().copied()));
    let hint = match near.as_slice() {
        [] => "; `streamer help functions` lists them".to_string(),
        near => format!("; did you mean {}?", near.join(" or ")),
    };
    Fault::new(place, format!("there is no function `{name}`{hint}"))
}
