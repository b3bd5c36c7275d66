//! The operators that the model knows, and how they are written on a command line.

/// An expression.
#[derive(Debug, Clone)]
pub enum Expr {
    Column(String),
    Plus(String, i64),
    Times(String, i64),
    /// `window_start`
    Start,
    /// `window_end`
    End,
    /// The seconds of `window_end`.
    Seconds,
}

/// A condition on a row.
#[derive(Debug, Clone)]
pub enum Condition {
    Greater(String, i64),
    Is(String, &'static str),
    IsNot(String, &'static str),
    Known(String),
    /// The window ends in an even second.
    EvenEnd,
}

/// A key of `--by`.
#[derive(Debug, Clone)]
pub enum By {
    Column(String),
    /// `window_end AS NAME`
    End(String),
}

/// An aggregate in a list.
#[derive(Debug, Clone)]
pub struct Call {
    pub function: &'static str,
    /// `count(*)` has none.
    pub column: Option<String>,
    pub distinct: bool,
    pub filter: Option<Condition>,
    pub name: String,
}

/// A column to order by.
#[derive(Debug, Clone)]
pub struct Key {
    pub column: String,
    pub descending: bool,
}

/// An operator; durations are in milliseconds.
#[derive(Debug, Clone)]
pub enum Op {
    Filter(Condition),
    Map(Vec<(String, Expr)>),
    Set(Vec<(String, Expr)>),
    Words(String),
    Window {
        length: i64,
        every: Option<i64>,
    },
    All {
        ttl: Option<i64>,
        changed: bool,
    },
    Count {
        by: Vec<By>,
        fill: bool,
    },
    Agg {
        calls: Vec<Call>,
        by: Vec<By>,
        fill: bool,
    },
    Reduce {
        column: String,
        how: &'static str,
        by: Vec<By>,
        fill: bool,
    },
    Totals {
        call: Call,
        by: Vec<By>,
    },
    Distinct {
        by: Vec<By>,
        within: Option<i64>,
    },
    Sort(Vec<Key>),
    Top {
        count: usize,
        keys: Vec<Key>,
        by: Vec<By>,
    },
    Head(usize),
    Tail(usize),
    /// `join RIGHT --on COLUMN=k --kind KIND`
    Join {
        column: String,
        kind: &'static str,
    },
}

impl By {
    pub fn name(&self) -> &str {
        let (By::Column(name) | By::End(name)) = self;
        name
    }

    fn text(&self) -> String {
        match self {
            By::Column(name) => name.clone(),
            By::End(name) => format!("window_end AS {name}"),
        }
    }
}

impl Expr {
    fn text(&self) -> String {
        match self {
            Expr::Column(name) => name.clone(),
            Expr::Plus(name, by) => format!("{name} + {by}"),
            Expr::Times(name, by) => format!("{name} * {by}"),
            Expr::Start => "window_start".to_string(),
            Expr::End => "window_end".to_string(),
            Expr::Seconds => "CAST(window_end AS BIGINT)".to_string(),
        }
    }
}

impl Condition {
    fn text(&self) -> String {
        match self {
            Condition::Greater(name, limit) => format!("{name} > {limit}"),
            Condition::Is(name, text) => format!("{name} = '{text}'"),
            Condition::IsNot(name, text) => format!("{name} <> '{text}'"),
            Condition::Known(name) => format!("{name} IS NOT NULL"),
            Condition::EvenEnd => "CAST(window_end AS BIGINT) % 2 = 0".to_string(),
        }
    }
}

impl Call {
    fn text(&self) -> String {
        let distinct = if self.distinct { "DISTINCT " } else { "" };
        let column = self.column.as_deref().unwrap_or("*");
        let call = match self.function {
            "ratio" => return format!("sum({column}) / count(*)"),
            function => format!("{function}({distinct}{column})"),
        };
        match &self.filter {
            Some(condition) => format!("{call} FILTER (WHERE {})", condition.text()),
            None => call,
        }
    }
}

/// A duration, in the largest unit that it is whole in.
pub fn duration(millis: i64) -> String {
    match [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)].iter().find(|(_, unit)| millis % unit == 0)
    {
        Some((unit, size)) => format!("{}{unit}", millis / size),
        None => format!("{millis}ms"),
    }
}

fn list<T>(items: &[T], text: impl Fn(&T) -> String) -> String {
    items.iter().map(text).collect::<Vec<_>>().join(", ")
}

fn keys(keys: &[Key]) -> String {
    list(keys, |key| format!("{}:{}", key.column, if key.descending { "desc" } else { "asc" }))
}

impl Op {
    /// The words of the command; `right` is what is joined.
    fn words(&self, right: &str) -> Vec<String> {
        let grouped = |by: &[By]| match by {
            [] => Vec::new(),
            by => vec!["--by".to_string(), list(by, By::text)],
        };
        let option = |name: &str, given: bool| given.then(|| name.to_string()).into_iter().collect::<Vec<_>>();
        let lasting = |name: &str, millis: &Option<i64>| {
            millis.map(|millis| vec![name.to_string(), duration(millis)]).unwrap_or_default()
        };
        let assigned = |list: &[(String, Expr)]| {
            list.iter().map(|(name, expr)| format!("{name} = {}", expr.text())).collect::<Vec<_>>().join(", ")
        };
        let (name, rest): (&str, Vec<Vec<String>>) = match self {
            Op::Filter(condition) => ("filter", vec![vec![condition.text()]]),
            Op::Map(columns) => ("map", vec![vec![list(columns, |(name, expr)| format!("{} AS {name}", expr.text()))]]),
            Op::Set(columns) => ("set", vec![vec![assigned(columns)]]),
            Op::Words(column) => ("words", vec![vec![column.clone()]]),
            Op::Window { length, every } => ("window", vec![vec![duration(*length)], lasting("--every", every)]),
            Op::All { ttl, changed } => {
                let emit = if *changed { vec!["--emit".into(), "changed".into()] } else { Vec::new() };
                ("window", vec![vec!["all".into()], lasting("--ttl", ttl), emit])
            }
            Op::Count { by, fill } => ("count", vec![grouped(by), option("--fill", *fill)]),
            Op::Agg { calls, by, fill } => {
                let calls = list(calls, |call| format!("{} AS {}", call.text(), call.name));
                ("agg", vec![vec![calls], grouped(by), option("--fill", *fill)])
            }
            Op::Reduce { column, how, by, fill } => {
                ("reduce", vec![vec![column.clone(), how.to_string()], grouped(by), option("--fill", *fill)])
            }
            Op::Totals { call, by } => ("set", vec![vec![format!("{} = {}", call.name, call.text())], grouped(by)]),
            Op::Distinct { by, within } => ("distinct", vec![grouped(by), lasting("--within", within)]),
            Op::Sort(by) => ("sort", vec![vec![keys(by)]]),
            Op::Top { count, keys: of, by } => ("top", vec![vec![count.to_string(), keys(of)], grouped(by)]),
            Op::Head(count) => ("head", vec![vec![count.to_string()]]),
            Op::Tail(count) => ("tail", vec![vec![count.to_string()]]),
            Op::Join { column, kind } => {
                let words = [right, "--on", &format!("{column}=k"), "--kind", kind];
                ("join", vec![words.map(String::from).to_vec()])
            }
        };
        std::iter::once(name.to_string()).chain(rest.into_iter().flatten()).collect()
    }
}

/// The words of a chain; `right` is the other stream, which has the columns `k` and `v`.
pub fn words(chain: &[Op], right: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (at, op) in chain.iter().enumerate() {
        if at > 0 {
            words.push("then".to_string());
        }
        words.extend(op.words(right));
    }
    words
}
