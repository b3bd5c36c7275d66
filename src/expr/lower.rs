//! From sqlparser's tree to ours: what has a meaning here is kept, special syntax becomes ordinary calls, everything else is
//! refused at its place.

use sqlparser::ast::{
    AccessExpr, BinaryOperator, DataType, DateTimeField, DuplicateTreatment, Expr as Sql, Function, FunctionArg,
    FunctionArgExpr, FunctionArguments, Ident, ObjectName, ObjectNamePart, Spanned, Subscript, TrimWhereField,
    UnaryOperator, Value, ValueWithSpan,
};
use sqlparser::tokenizer::Span;

use super::ast::{Call, Form, Is, Like, Operator, Path, Place, Step, Tree, Type};
use super::caret::Fault;
use super::tokens::Tokens;

type Lowered<T> = Result<T, Fault>;

/// What turns one expression.
pub struct Lower<'a> {
    pub tokens: &'a Tokens,
    /// Where it stands: the place of whatever has none of its own.
    pub whole: Place,
}

impl Lower<'_> {
    fn place(&self, span: Span) -> Place {
        if span.start.line == 0 {
            return self.whole;
        }
        Place { start: self.tokens.at(span.start), end: self.tokens.at(span.end) }
    }

    /// The whole of it.
    pub fn tree(&self, sql: Sql) -> Lowered<Tree> {
        match sql {
            Sql::Nested(inner) => self.tree(*inner),
            Sql::Identifier(name) => Ok(self.column(name)),
            Sql::CompoundIdentifier(names) => Ok(self.compound(names)),
            Sql::CompoundFieldAccess { root, access_chain } => self.access(*root, access_chain),
            Sql::Value(value) => self.value(value),
            Sql::BinaryOp { left, op, right } => self.binary(*left, &op, *right),
            Sql::UnaryOp { op, expr } => self.unary(op, *expr),
            Sql::IsNull(of) => self.is(*of, Is::Null, false),
            Sql::IsNotNull(of) => self.is(*of, Is::Null, true),
            Sql::IsUnknown(of) => self.is(*of, Is::Null, false),
            Sql::IsNotUnknown(of) => self.is(*of, Is::Null, true),
            Sql::IsTrue(of) => self.is(*of, Is::True, false),
            Sql::IsNotTrue(of) => self.is(*of, Is::True, true),
            Sql::IsFalse(of) => self.is(*of, Is::False, false),
            Sql::IsNotFalse(of) => self.is(*of, Is::False, true),
            Sql::IsNotDistinctFrom(a, b) => self.pair(Operator::Same, *a, *b),
            Sql::IsDistinctFrom(a, b) => {
                let same = self.pair(Operator::Same, *a, *b)?;
                Ok(Tree { place: same.place, form: Form::Not(Box::new(same)) })
            }
            Sql::Case { case_token, end_token, operand, conditions, else_result } => {
                let place = self.place(case_token.0.span).to(self.place(end_token.0.span));
                let arms = conditions.into_iter().map(|arm| Ok((self.tree(arm.condition)?, self.tree(arm.result)?)));
                let arms = arms.collect::<Lowered<_>>()?;
                let form = Form::Case { of: self.boxed(operand)?, arms, otherwise: self.boxed(else_result)? };
                Ok(Tree { form, place })
            }
            Sql::Cast { expr, data_type, format: None, .. } => {
                let of = self.tree(*expr)?;
                let to = type_of(&data_type).map_err(|message| Fault::new(of.place, message))?;
                Ok(Tree { place: of.place, form: Form::Cast { of: Box::new(of), to, literal: false } })
            }
            Sql::Function(function) => self.call(function),
            other => self.special(other),
        }
    }

    /// What stands more rarely in expressions.
    fn special(&self, sql: Sql) -> Lowered<Tree> {
        match sql {
            Sql::InList { expr, list, negated } => {
                let of = self.boxed(Some(expr))?;
                let list = list.into_iter().map(|item| self.tree(item)).collect::<Lowered<Vec<_>>>()?;
                let of = self.needed(of)?;
                let place = list.iter().fold(of.place, |place, item| place.to(item.place));
                Ok(Tree { form: Form::In { of, list, negated }, place })
            }
            Sql::Between { expr, negated, low, high } => {
                let (of, low, high) = (self.tree(*expr)?, self.tree(*low)?, self.tree(*high)?);
                let place = of.place.to(high.place);
                let form = Form::Between { of: Box::new(of), low: Box::new(low), high: Box::new(high), negated };
                Ok(Tree { form, place })
            }
            Sql::Like { negated, any: false, expr, pattern, escape_char } => {
                self.like(*expr, *pattern, false, escape_char, negated)
            }
            Sql::ILike { negated, any: false, expr, pattern, escape_char } => {
                self.like(*expr, *pattern, true, escape_char, negated)
            }
            Sql::RLike { negated, expr, pattern, .. } => self.pattern(*expr, *pattern, Like::Regex, negated),
            Sql::TypedString(typed) => {
                let place = self.place(typed.value.span);
                let to = match typed.data_type {
                    DataType::Date => Type::Date,
                    DataType::Timestamp(None, _) => Type::Time,
                    other => {
                        return Err(Fault::new(place, format!("a text is not turned by {other} before it: use CAST")));
                    }
                };
                let of = Box::new(self.value(typed.value)?);
                Ok(Tree { form: Form::Cast { of, to, literal: true }, place })
            }
            Sql::Interval(interval) => {
                let span = interval.value.span();
                let place = self.place(span);
                let unit = interval.leading_field.as_ref().map(DateTimeField::to_string);
                let value = match *interval.value {
                    Sql::Value(ValueWithSpan { value: Value::Number(text, _), .. }) => text,
                    Sql::Value(ValueWithSpan { value, .. }) => value.into_string().unwrap_or_default(),
                    _ => {
                        return Err(Fault::new(
                            place,
                            "an interval is a number or a text and a unit: INTERVAL 5 MINUTES",
                        ));
                    }
                };
                let form = super::interval::parse(&value, unit.as_deref()).map_err(|m| Fault::new(place, m))?;
                Ok(Tree { form: Form::Interval(form), place })
            }
            Sql::Extract { field, expr, .. } => {
                let name = match field {
                    DateTimeField::Custom(name) => name.value,
                    other => other.to_string(),
                };
                self.simple_call(&name, vec![*expr])
            }
            Sql::Substring { expr, substring_from, substring_for, .. } => {
                let args = [Some(expr), substring_from, substring_for].into_iter().flatten().map(|arg| *arg);
                self.simple_call("substring", args.collect())
            }
            Sql::Position { expr, r#in } => self.simple_call("position", vec![*expr, *r#in]),
            Sql::Trim { expr, trim_where, trim_what, trim_characters: None } => {
                let name = match (trim_where, &trim_what) {
                    (Some(TrimWhereField::Leading), _) => "ltrim",
                    (Some(TrimWhereField::Trailing), _) => "rtrim",
                    (_, None) => "trim",
                    (_, Some(_)) => "btrim",
                };
                // Spark's one-sided functions take what is cut off first.
                let args = match (name, trim_what) {
                    (_, None) => vec![*expr],
                    ("btrim", Some(what)) => vec![*expr, *what],
                    (_, Some(what)) => vec![*what, *expr],
                };
                self.simple_call(name, args)
            }
            Sql::Tuple(_) => Err(Fault::new(self.whole, "a list in brackets has a meaning only behind IN")),
            Sql::Array(_) => Err(Fault::new(self.whole, "a list is written array(a, b)")),
            other => {
                let place = self.place(other.span());
                Err(Fault::new(place, "this has a meaning in other SQL, but not here"))
            }
        }
    }

    fn boxed(&self, sql: Option<Box<Sql>>) -> Lowered<Option<Box<Tree>>> {
        sql.map(|sql| self.tree(*sql).map(Box::new)).transpose()
    }

    fn needed(&self, tree: Option<Box<Tree>>) -> Lowered<Box<Tree>> {
        tree.ok_or_else(|| Fault::new(self.whole, "an operand is missing"))
    }

    fn column(&self, name: Ident) -> Tree {
        Tree { place: self.place(name.span), form: Form::Column(Path::plain(name.value)) }
    }

    fn compound(&self, names: Vec<Ident>) -> Tree {
        let place = names.iter().map(|name| self.place(name.span)).reduce(Place::to).unwrap_or(self.whole);
        let mut names = names.into_iter().map(|name| name.value);
        let base = names.next().unwrap_or_default();
        Tree { form: Form::Column(Path { base, steps: names.map(Step::Key).collect() }), place }
    }

    /// `a.b[0].c`: a column as long as it can be one.
    fn access(&self, root: Sql, chain: Vec<AccessExpr>) -> Lowered<Tree> {
        let mut tree = self.tree(root)?;
        for access in chain {
            let step = match access {
                AccessExpr::Dot(Sql::Identifier(name)) => (self.place(name.span), Ok(Step::Key(name.value))),
                AccessExpr::Subscript(Subscript::Index { index }) => {
                    let index = self.tree(index)?;
                    let step = match index.form {
                        Form::Int(at @ 0..) => Ok(Step::Index(at as u64)),
                        Form::Text(key) => Ok(Step::Key(key)),
                        form => Err(Tree { form, place: index.place }),
                    };
                    let end = self.tokens.enclosing(index.place.start).unwrap_or(index.place.end);
                    (Place { end, ..index.place }, step)
                }
                _ => return Err(Fault::new(tree.place, "items are taken by name or number: a.b[0]")),
            };
            let place = tree.place.to(step.0);
            let form = match (tree.form, step.1) {
                (Form::Column(mut path), Ok(step)) => {
                    path.steps.push(step);
                    Form::Column(path)
                }
                (form, Ok(Step::Index(at))) => {
                    let index = Tree { form: Form::Int(at as i64), place: step.0 };
                    Form::Item(Box::new(Tree { form, place: tree.place }), Box::new(index))
                }
                (form, Err(index)) => Form::Item(Box::new(Tree { form, place: tree.place }), Box::new(index)),
                (_, Ok(Step::Key(_))) => return Err(Fault::new(step.0, "only columns have named parts")),
            };
            tree = Tree { form, place };
        }
        Ok(tree)
    }

    fn value(&self, value: ValueWithSpan) -> Lowered<Tree> {
        let place = self.place(value.span);
        let form = match value.value {
            Value::Number(text, _) => number(&text),
            Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) => Form::Text(text),
            Value::Boolean(truth) => Form::Bool(truth),
            Value::Null => Form::Null,
            Value::Placeholder(name) => Form::Column(Path::plain(name)),
            _ => return Err(Fault::new(place, "texts stand in ' or \", numbers are decimal")),
        };
        Ok(Tree { form, place })
    }

    fn unary(&self, op: UnaryOperator, of: Sql) -> Lowered<Tree> {
        if let (UnaryOperator::Minus, Sql::Value(ValueWithSpan { value: Value::Number(text, _), span })) = (op, &of) {
            let place = self.place(*span);
            let form = number(&format!("-{text}"));
            return Ok(Tree { form, place: Place { start: place.start.saturating_sub(1), ..place } });
        }
        let of = self.tree(of)?;
        let place = of.place;
        let of = Box::new(of);
        let form = match op {
            UnaryOperator::Minus => Form::Minus(of),
            UnaryOperator::Plus => Form::Plus(of),
            UnaryOperator::Not | UnaryOperator::BangNot => Form::Not(of),
            other => return Err(Fault::new(place, format!("`{other}` has no meaning in an expression"))),
        };
        Ok(Tree { form, place })
    }

    fn binary(&self, left: Sql, op: &BinaryOperator, right: Sql) -> Lowered<Tree> {
        use Operator as O;
        let operator = match op {
            BinaryOperator::Plus => O::Add,
            BinaryOperator::Minus => O::Subtract,
            BinaryOperator::Multiply => O::Multiply,
            BinaryOperator::Divide => O::Divide,
            BinaryOperator::Modulo => O::Remainder,
            BinaryOperator::MyIntegerDivide => O::WholeDivide,
            BinaryOperator::Eq => O::Equal,
            BinaryOperator::NotEq => O::NotEqual,
            BinaryOperator::Lt => O::Less,
            BinaryOperator::LtEq => O::LessOrEqual,
            BinaryOperator::Gt => O::Greater,
            BinaryOperator::GtEq => O::GreaterOrEqual,
            BinaryOperator::Spaceship => O::Same,
            BinaryOperator::And => O::And,
            BinaryOperator::Or => O::Or,
            BinaryOperator::StringConcat => O::Concat,
            other => return Err(Fault::new(self.whole, format!("`{other}` has no meaning in an expression"))),
        };
        self.pair(operator, left, right)
    }

    fn pair(&self, operator: Operator, left: Sql, right: Sql) -> Lowered<Tree> {
        let (left, right) = (self.tree(left)?, self.tree(right)?);
        let place = left.place.to(right.place);
        Ok(Tree { form: Form::Binary(operator, Box::new(left), Box::new(right)), place })
    }

    fn is(&self, of: Sql, what: Is, negated: bool) -> Lowered<Tree> {
        let of = self.tree(of)?;
        Ok(Tree { place: of.place, form: Form::Is(Box::new(of), what, negated) })
    }

    fn like(&self, of: Sql, pattern: Sql, any_case: bool, escape: Option<Box<Sql>>, negated: bool) -> Lowered<Tree> {
        let escape = match self.boxed(escape)? {
            None => '\\',
            Some(tree) => {
                let text = if let Form::Text(text) = &tree.form { text.as_str() } else { "" };
                let mut characters = text.chars();
                match (characters.next(), characters.next()) {
                    (Some(escape), None) => escape,
                    _ => return Err(Fault::new(tree.place, "ESCAPE wants one character")),
                }
            }
        };
        self.pattern(of, pattern, Like::Wildcards { any_case, escape }, negated)
    }

    fn pattern(&self, of: Sql, pattern: Sql, how: Like, negated: bool) -> Lowered<Tree> {
        let (of, pattern) = (self.tree(of)?, self.tree(pattern)?);
        let place = of.place.to(pattern.place);
        Ok(Tree { form: Form::Like { of: Box::new(of), pattern: Box::new(pattern), how, negated }, place })
    }

    fn simple_call(&self, name: &str, args: Vec<Sql>) -> Lowered<Tree> {
        let args = args.into_iter().map(|arg| self.tree(arg)).collect::<Lowered<Vec<_>>>()?;
        let place = args.iter().map(|arg| arg.place).reduce(Place::to).unwrap_or(self.whole);
        let name = name.to_lowercase();
        Ok(Tree { form: Form::Call(Call { name, args, star: false, distinct: false, filter: None }), place })
    }

    fn call(&self, function: Function) -> Lowered<Tree> {
        let ObjectName(parts) = function.name;
        let name = match parts.into_iter().collect::<Vec<_>>().as_slice() {
            [ObjectNamePart::Identifier(name)] => name.clone(),
            _ => return Err(Fault::new(self.whole, "the name of a function has no points")),
        };
        let mut place = self.place(name.span);
        place.end = self.tokens.closing(place.end).unwrap_or(place.end).max(place.end);
        let mut call =
            Call { name: name.value.to_lowercase(), args: Vec::new(), star: false, distinct: false, filter: None };
        if let FunctionArguments::List(list) = function.args {
            call.distinct = list.duplicate_treatment == Some(DuplicateTreatment::Distinct);
            if !list.clauses.is_empty() {
                return Err(Fault::new(place, "arguments are expressions, and nothing else"));
            }
            for arg in list.args {
                match arg {
                    FunctionArg::Unnamed(FunctionArgExpr::Expr(arg)) => call.args.push(self.tree(arg)?),
                    FunctionArg::Unnamed(FunctionArgExpr::Wildcard) => call.star = true,
                    _ => return Err(Fault::new(place, "arguments have no names")),
                }
            }
        }
        if call.star && (!call.args.is_empty() || !call.name.eq_ignore_ascii_case("count") || call.distinct) {
            return Err(Fault::new(place, "`*` is an argument only of count(*)"));
        }
        call.filter = self.boxed(function.filter)?;
        if call.filter.is_some() {
            place.end = self.tokens.closing(place.end).unwrap_or(place.end);
        }
        Ok(Tree { form: Form::Call(call), place })
    }
}

/// A number as it was written.
fn number(text: &str) -> Form {
    match text.parse() {
        Ok(value) => Form::Int(value),
        // The tokenizer let nothing pass that is no number.
        Err(_) => Form::Float(text.parse().unwrap_or(f64::NAN)),
    }
}

/// The type of this name.
fn type_of(data_type: &DataType) -> Result<Type, String> {
    let (name, modifiers) = match data_type {
        DataType::Custom(name, modifiers) => (name.to_string().to_lowercase(), modifiers.as_slice()),
        other => (other.to_string().to_lowercase(), &[][..]),
    };
    let sizes: Vec<u32> = modifiers.iter().filter_map(|size| size.parse().ok()).collect();
    if sizes.len() == modifiers.len()
        && let Some(found) = Type::find(&name, &sizes)
    {
        return Ok(found);
    }
    let names = "INT, BIGINT, DOUBLE, DECIMAL(10, 2), STRING, BOOLEAN, TIMESTAMP, DATE";
    Err(format!("there is no type {} here, the types are: {names}", name.to_uppercase()))
}

impl Type {
    fn find(name: &str, sizes: &[u32]) -> Option<Type> {
        match (name, sizes) {
            ("tinyint" | "byte", []) => Some(Type::Int(8)),
            ("smallint" | "short", []) => Some(Type::Int(16)),
            ("int" | "integer", []) => Some(Type::Int(32)),
            ("bigint" | "long", []) => Some(Type::Int(64)),
            ("double" | "float" | "real", []) => Some(Type::Double),
            ("decimal" | "dec" | "numeric", []) => Some(Type::Decimal(10, 0)),
            ("decimal" | "dec" | "numeric", &[digits @ 1..=38]) => Some(Type::Decimal(digits, 0)),
            ("decimal" | "dec" | "numeric", &[digits @ 1..=38, places]) if places <= digits => {
                Some(Type::Decimal(digits, places))
            }
            ("string" | "text", []) | ("varchar" | "char", [_] | []) => Some(Type::Text),
            ("boolean" | "bool", []) => Some(Type::Bool),
            ("timestamp", []) => Some(Type::Time),
            ("date", []) => Some(Type::Date),
            _ => None,
        }
    }
}
