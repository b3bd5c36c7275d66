//! `join SOURCE --on K[=K2]`: each row beside the rows of another input, or of a table, that have the same key. `loaded.rs` is
//! what is looked up in, `versions.rs` a table that may change, `work.rs` what is done with rows.

use std::sync::{Arc, Mutex};

use clap::{Arg, ArgMatches, Command, ValueHint};

use super::tables::own_header;
use super::{Bound, Built, Entry, Example, Operator, Right, Tables, Work};
use crate::data::keys;
use crate::data::schema::{Field, Kind, Live, Schema};
use crate::error::{Error, Result};
use crate::expr::Context;

use self::loaded::Wanted;
use self::versions::Versions;
use self::work::{EachRow, Joined, OfSide, OfTable, Opens};

mod loaded;
#[cfg(test)]
mod tests;
mod versions;
mod work;

/// `join SOURCE --on K[=K2]`.
pub const ENTRY: Entry = Entry { name: "join", command, build, examples: EXAMPLES };

const EXAMPLES: &[Example] = &[
    Example {
        what: "logins, and the line of users.txt that begins with the same word (bob Bob Dylan, eve Eve Harris)",
        command: "streamer join users.txt --on '$1'",
        input: "eve login\nmax login\nbob logout\n",
        output: "eve login\teve Eve Harris\nbob logout\tbob Bob Dylan\n",
    },
    Example {
        what: "how often each of them came, also who never did",
        command: "streamer count --by '$1' then join users.txt --on '$1' --kind full --batch all",
        input: "eve login\nmax login\neve login\n",
        output: "eve\t2\teve Eve Harris\nmax\t1\t\nbob\t\tbob Bob Dylan\n",
    },
    Example {
        what: "logins beside what another command says in the same batch",
        command: "streamer join 'exec:printf \"eve 10.0.0.1\\nbob 10.0.0.2\\n\"' --on '$1' --kind left --batch all",
        input: "eve login\nmax login\n",
        output: "eve login\teve 10.0.0.1\nmax login\t\n",
    },
];

fn command() -> Command {
    Command::new("join")
        .about("each row beside those of a stream or a table with its key")
        .long_about(
            "For each row and each row on the right that has the same key a row with the columns of both: first those of the \
             left, then those of the right without its key. A column of the right whose name is taken gets _2 behind it, \
             or _3. Rows stay in their order; several matches come in the order of the right.\n\nSOURCE is what is on the \
             right, spelled as for --from. A file, or by a quoted glob several, is a table: users.csv, 'parts/*.csv', \
             file:users?in=csv&header=id,name; .gz and .zst too. Everything else is a stream: 'tcp://db:9?in=csv', \
             'exec:ssh db tail -F log', a fifo, - where --from reads something else. Its format is told by ?in= or its \
             extension, else by --in; --header is for --from only.\n\nA stream is one more input: cut into batches as those \
             of --from are, also by ticks, and a batch with records of the right only is a batch as any other. Rows meet \
             those of the very same batch: what comes a batch later meets nothing. Behind a window they meet what the window \
             holds of both: window 20s then join gives every 20 s of the left beside the same 20 s of the right, and a pair \
             again with each window that holds both. What that takes is held in memory: the rows of the left and of the \
             right of a batch, or of the window. Behind `window all` there is no such length, and it is refused. A record of \
             a stream that does not fit its format is left out and counted as those of --from are.\n\nA table is held in \
             memory (of its columns those that are named or printed), and looked at again with the first row of each batch: \
             if its size, its time or the file itself has changed, it is read again, and all of a batch sees the same \
             version; behind a window all rows of the window do. A file that changes should be renamed into place. Every \
             record of it must fit its format.\n\nKeys are equal by bytes: 7 is not 07. Nulls are equal to nothing. --kind \
             inner drops rows without a match; left keeps them, right those of the right, full both: right and full give \
             all rows of the right that match none at the end of each batch, in order of the key, which stands in the \
             left's column. A side without rows is an empty side.",
        )
        .arg(
            Arg::new("source")
                .value_name("SOURCE")
                .required(true)
                .value_hint(ValueHint::FilePath)
                .help("What stands on the right: a file or a quoted glob of files, or a stream, as for --from"),
        )
        .arg(
            Arg::new("on")
                .long("on")
                .value_name("KEYS")
                .required(true)
                .help("The key: a column of both, or of the left and of the right: a,b=c. Quote '$1=id'"),
        )
        .arg(
            Arg::new("kind")
                .long("kind")
                .value_name("KIND")
                .value_parser(["inner", "left", "right", "full"])
                .default_value("inner")
                .help("Which rows are kept that have no match"),
        )
}

fn build(args: &ArgMatches) -> Result<Built> {
    let text = |name: &str| args.get_one::<String>(name).map_or("", String::as_str);
    let mut on = Vec::new();
    for pair in keys::parse("--on", text("on"))? {
        let (left, right) = pair.split_once('=').unwrap_or((&pair, &pair));
        if left.trim().is_empty() || right.trim().is_empty() {
            return Err(Error::usage(format!(
                "--on '{pair}' lacks a column beside its `=`; write the left's and the right's: user=id"
            )));
        }
        on.push((left.trim().to_string(), right.trim().to_string()));
    }
    let kind = text("kind");
    let keep = Keep { left: ["left", "full"].contains(&kind), right: ["right", "full"].contains(&kind) };
    let (source, names) = (text("source").to_string(), Mutex::new(None));
    Ok(Built::Operator(Box::new(Join { source, on, keep, right: None, names })))
}

/// Which rows are kept that have no match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Keep {
    /// Those of the left.
    left: bool,
    /// Those of the right.
    right: bool,
}

struct Join {
    source: String,
    /// Columns of the left and of the right.
    on: Vec<(String, String)>,
    keep: Keep,
    right: Option<Right>,
    /// All columns that the left shows, once it was bound to them: only then it is known which names clash, and whose a
    /// column is that is named behind the join.
    names: Mutex<Option<Vec<String>>>,
}

/// The columns of the right without the key; none as long as only the head of a stream could tell.
type Shown = Option<Vec<String>>;

impl Join {
    fn right(&self) -> Result<&Right> {
        self.right.as_ref().ok_or_else(|| Error::failed("join was not given its right side"))
    }

    fn schema(&self, live: &Live) -> Result<Schema> {
        let schema = match self.right()? {
            Right::Table(table) => table.schema(live),
            Right::Side(side) => side.schema(live),
        };
        schema.map_err(own_header)
    }

    fn shown(&self) -> Result<Shown> {
        let schema = self.schema(&Live::all().and(self.on.iter().map(|on| &on.1)))?;
        let is_key = |field: &Field| self.on.iter().any(|on| on.1 == field.name);
        let shown = schema.fields.into_iter().filter(|field| !field.hidden && !is_key(field)).map(|f| f.name);
        Ok((!schema.open).then(|| shown.collect()))
    }

    /// All columns that the left shows, where that and what the right shows is known.
    fn known(&self, shown: &Shown) -> Option<Vec<String>> {
        shown.as_ref()?;
        self.names.lock().unwrap_or_else(|e| e.into_inner()).clone()
    }
}

/// What the columns of the right are called behind those of the left.
fn renamed(shown: &[String], left: &[String]) -> Vec<String> {
    let is_free = |name: &String| !left.contains(name);
    let mut names: Vec<String> = shown.to_vec();
    for at in 0..names.len() {
        if is_free(&names[at]) {
            continue;
        }
        let numbered = (2..).map(|number| format!("{}_{number}", shown[at]));
        let free = numbered.into_iter().find(|name| is_free(name) && !names.contains(name));
        names[at] = free.unwrap_or_default();
    }
    names
}

/// What stands before the number of a name that has one: `town_2`.
fn base_of(name: &str) -> Option<&str> {
    name.rsplit_once('_').filter(|(_, number)| number.parse::<u32>().is_ok()).map(|(base, _)| base)
}

/// Whether a column of the right may be called so. Where nothing tells its columns: all but the whole record and its fields.
fn may_be_right(shown: &Shown, name: &str) -> bool {
    match shown {
        Some(shown) => shown.iter().any(|shown| shown == name || base_of(name) == Some(shown)),
        None => name != "line" && !name.starts_with('$'),
    }
}

impl Operator for Join {
    fn name(&self) -> &'static str {
        ENTRY.name
    }

    fn open(&mut self, tables: &dyn Tables) -> Result<()> {
        self.right = Some(tables.right(&self.source).map_err(own_header)?);
        self.shown().map(|_| ())
    }

    fn live(&self, output: &Live) -> Live {
        let shown = self.shown().unwrap_or_default();
        let right = self.known(&shown).map(|left| renamed(shown.as_deref().unwrap_or_default(), &left));
        let is_left = |name: &&String| match &right {
            Some(right) => !right.contains(name),
            None => !may_be_right(&shown, name),
        };
        let nothing = !output.shown && output.names.is_empty();
        // What shows all of the left's columns when it is asked for none would be taken for the join's own wish.
        let shown = output.shown || (right.is_none() && !nothing);
        let names = output.names.iter().filter(is_left).chain(self.on.iter().map(|on| &on.0));
        Live { shown, ..Live::only(names) }
    }

    fn bind(&self, input: &Schema, output: &Live, _: &Context) -> Result<Bound> {
        let right = self.right()?;
        let seen = self.shown()?;
        let shown = seen.as_deref().unwrap_or_default();
        let known = self.known(&seen);
        let left = known.clone().unwrap_or_else(|| {
            input.fields.iter().filter(|field| !field.hidden).map(|field| field.name.clone()).collect()
        });
        let keys = self.on.iter().map(|on| input.index(&on.0)).collect::<Result<Vec<_>>>()?;
        let needed = |name: &String| output.names.contains(name);
        let renamed = renamed(shown, &left);
        let is_there = |name: &String| renamed.contains(name) || input.fields.iter().any(|field| field.name == *name);
        // What nobody has is an error of whoever names it, which is to list all that is there.
        let unknown = known.is_none() && seen.is_some() && !output.names.iter().all(is_there);
        let all = output.shown || unknown;
        let is_live = |field: &Field| match field.hidden {
            false => all || needed(&field.name),
            true => needed(&field.name) && !renamed.contains(&field.name),
        };
        let lefts: Vec<usize> = (0..input.fields.len()).filter(|&at| is_live(&input.fields[at])).collect();
        let mut fields: Vec<Field> = lefts.iter().map(|&at| input.fields[at].clone()).collect();
        let is_text = |kind: &Kind| matches!(kind, Kind::Input | Kind::Text);
        if self.keep.right {
            for (field, at) in fields.iter_mut().zip(&lefts).filter(|(_, at)| keys.contains(at)) {
                if !is_text(&input.fields[*at].kind) {
                    field.kind = Kind::Input;
                }
            }
        }
        let mut rights: Vec<(&String, &String)> =
            shown.iter().zip(&renamed).filter(|(_, name)| all || needed(name)).collect();
        let later = output.names.iter().filter(|name| may_be_right(&seen, name) && !is_there(name));
        if seen.is_none() {
            // Nobody knows the columns of the right: they are those that the left does not have.
            rights.extend(later.map(|name| (name, name)));
        } else if input.open {
            // Which names clash is known once the head of the input has been seen: until then any may.
            let base = |name: &String| shown.iter().find(|shown| Some(&shown[..]) == base_of(name));
            rights.extend(later.filter_map(|name| Some((base(name)?, name))));
        }
        let columns: Vec<String> = rights.iter().map(|right| right.0.clone()).collect();
        let own: Vec<String> = self.on.iter().map(|on| on.1.clone()).collect();
        let live = Live::only(columns.iter().chain(&own));
        let cut = self.schema(&live)?;
        let places = columns.iter().chain(&own).map(|name| cut.index(name)).collect::<Result<Vec<_>>>()?;
        let given = &places[..columns.len()];
        for (&at, (_, renamed)) in given.iter().zip(&rights) {
            fields.push(Field { name: (*renamed).clone(), hidden: false, ..cut.fields[at].clone() });
        }
        let right_kinds = given.iter().map(|&at| cut.fields[at].kind.clone()).collect();
        let wanted = Wanted { columns, kinds: right_kinds, keys: own, unmatched: self.keep.right };
        let kinds = lefts.iter().map(|&at| input.fields[at].kind.clone()).collect();
        let joined = Arc::new(Joined { keys, lefts, kinds, keep: self.keep });
        let work = match right {
            Right::Side(side) => {
                let name = side.name().to_string();
                vec![Work::Join(Box::new(OfSide { joined, name, wanted, places }), Some((Arc::clone(side), live)))]
            }
            Right::Table(table) => {
                let versions = Arc::new(Versions::new(Arc::clone(table), wanted));
                if self.keep.right {
                    let opens = Opens { versions: Arc::clone(&versions) };
                    vec![Work::Map(Box::new(opens)), Work::Join(Box::new(OfTable { joined, versions }), None)]
                } else {
                    vec![Work::Map(Box::new(EachRow { joined, versions }))]
                }
            }
        };
        // The left was asked for all that it shows: from now on only for what is needed.
        if !input.open && seen.is_some() && (output.shown || !output.names.is_empty()) {
            *self.names.lock().unwrap_or_else(|e| e.into_inner()) = Some(left);
        }
        let open = input.open || seen.is_none();
        Ok(Bound { schema: Schema { fields, open, ..Schema::default() }, work })
    }

    fn keeps(&self) -> String {
        match &self.right {
            // What of a stream is kept is told by who keeps it.
            Some(Right::Side(_)) | None => String::new(),
            Some(Right::Table(_)) => {
                let rows = if self.keep.right { ", and the rows of the batch" } else { "" };
                format!("the table {}, of its columns those that are needed{rows}", self.source)
            }
        }
    }

    fn follows_batches(&self) -> bool {
        // All of a window sees one version of a table.
        true
    }
}
