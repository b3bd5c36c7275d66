//! `join SOURCE --on K[=K2]`: each row beside the rows of a table that have the same key. `table.rs` is what the table is
//! looked up in, `work.rs` what is done with a block.

use std::sync::{Arc, Mutex};

use clap::{Arg, ArgMatches, Command, ValueHint};

use super::{Bound, Built, Entry, Example, Operator, Table, Tables, Work};
use crate::data::keys;
use crate::data::schema::{Field, Kind, Live, Schema};
use crate::error::{Error, Result};
use crate::expr::Context;

use self::table::{Versions, Wanted};
use self::work::{Joined, Opens, Whole};

mod table;
#[cfg(test)]
mod tests;
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
];

fn command() -> Command {
    Command::new("join")
        .about("each row beside the rows of a table that have the same key")
        .long_about(
            "For each row and each row of the table that has the same key a row with the columns of both: first those of the \
             stream, then those of the table without its key. A column of the table whose name is taken gets _2 behind it, \
             or _3. Rows stay in their order; several matches come in the order of the table.\n\nSOURCE is a file, or by a \
             quoted glob several, as for --from: users.csv, 'parts/*.csv', file:users?in=csv&header=id,name; .gz and .zst \
             too. Its format is told by its extension, else by --in. It is held in memory (of its columns those that are \
             named or printed), and looked at again with the first row of each batch: if its size, its time or the file \
             itself has changed, it is read again, and all of a batch sees the same version. A file that changes should be \
             renamed into place. Every record of it must fit its format.\n\nKeys are equal by bytes: 7 is not 07. Nulls are \
             equal to nothing. --kind inner drops rows without a match; left keeps them, right those of the table, full \
             both: right and full give all rows of the table that match none at the end of each batch, in order of the key, \
             which stands in the stream's column.",
        )
        .arg(
            Arg::new("source")
                .value_name("SOURCE")
                .required(true)
                .value_hint(ValueHint::FilePath)
                .help("The table: a file, or a quoted glob"),
        )
        .arg(
            Arg::new("on")
                .long("on")
                .value_name("KEYS")
                .required(true)
                .help("The key: a column of both, or of the stream and of the table: a,b=c. Quote '$1=id'"),
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
                "--on '{pair}' lacks a column beside its `=`; write the stream's and the table's: user=id"
            )));
        }
        on.push((left.trim().to_string(), right.trim().to_string()));
    }
    let kind = text("kind");
    let keep = Keep { left: ["left", "full"].contains(&kind), right: ["right", "full"].contains(&kind) };
    let (source, names) = (text("source").to_string(), Mutex::new(None));
    Ok(Built::Operator(Box::new(Join { source, on, keep, table: None, shown: Vec::new(), names })))
}

/// Which rows are kept that have no match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Keep {
    /// Those of the stream.
    left: bool,
    /// Those of the table.
    right: bool,
}

struct Join {
    source: String,
    /// Columns of the stream and of the table.
    on: Vec<(String, String)>,
    keep: Keep,
    table: Option<Arc<dyn Table>>,
    /// The columns of the table without the key.
    shown: Vec<String>,
    /// All columns that the stream shows, once it was bound to them: only then it is known which names clash, and whose a
    /// column is that is named behind the join.
    names: Mutex<Option<Vec<String>>>,
}

impl Join {
    /// What the columns of the table are called behind those of the stream.
    fn renamed(&self, left: &[String]) -> Vec<String> {
        let is_free = |name: &String| !left.contains(name);
        let mut names: Vec<String> = self.shown.clone();
        for at in 0..names.len() {
            if is_free(&names[at]) {
                continue;
            }
            let numbered = (2..).map(|number| format!("{}_{number}", self.shown[at]));
            let free = numbered.into_iter().find(|name| is_free(name) && !names.contains(name));
            names[at] = free.unwrap_or_default();
        }
        names
    }

    /// Whether a column of the table may be called so.
    fn may_be_right(&self, name: &str) -> bool {
        self.shown.iter().any(|shown| shown == name || base_of(name) == Some(shown))
    }

    fn known(&self) -> Option<Vec<String>> {
        self.names.lock().unwrap_or_else(|e| e.into_inner()).clone()
    }
}

/// What stands before the number of a name that has one: `town_2`.
fn base_of(name: &str) -> Option<&str> {
    name.rsplit_once('_').filter(|(_, number)| number.parse::<u32>().is_ok()).map(|(base, _)| base)
}

impl Operator for Join {
    fn name(&self) -> &'static str {
        ENTRY.name
    }

    fn open(&mut self, tables: &dyn Tables) -> Result<()> {
        let table = tables.table(&self.source)?;
        let keys = self.on.iter().map(|on| &on.1);
        let columns = table.schema(&Live::all().and(keys))?.fields;
        let is_key = |field: &Field| self.on.iter().any(|on| on.1 == field.name);
        self.shown = columns.into_iter().filter(|field| !field.hidden && !is_key(field)).map(|f| f.name).collect();
        self.table = Some(table);
        Ok(())
    }

    fn live(&self, output: &Live) -> Live {
        let known = self.known();
        let right = known.as_deref().map(|left| self.renamed(left));
        let is_left = |name: &&String| match &right {
            Some(right) => !right.contains(name),
            None => !self.may_be_right(name),
        };
        let nothing = !output.shown && output.names.is_empty();
        // What shows all of the stream's columns when it is asked for none would be taken for the join's own wish.
        let shown = output.shown || (right.is_none() && !nothing);
        let names = output.names.iter().filter(is_left).chain(self.on.iter().map(|on| &on.0));
        Live { shown, ..Live::only(names) }
    }

    fn bind(&self, input: &Schema, output: &Live, _: &Context) -> Result<Bound> {
        let table = self.table.as_ref().ok_or_else(|| Error::failed("join was not given its table"))?;
        let mut known = self.names.lock().unwrap_or_else(|e| e.into_inner());
        let left = known.clone().unwrap_or_else(|| {
            input.fields.iter().filter(|field| !field.hidden).map(|field| field.name.clone()).collect()
        });
        let keys = self.on.iter().map(|on| input.index(&on.0)).collect::<Result<Vec<_>>>()?;
        let needed = |name: &String| output.names.contains(name);
        let renamed = self.renamed(&left);
        // What nobody has is an error of whoever names it, which is to list all that is there.
        let is_there = |name: &String| renamed.contains(name) || input.fields.iter().any(|field| field.name == *name);
        let all = output.shown || (known.is_none() && !output.names.iter().all(is_there));
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
        let mut rights: Vec<(usize, &String)> =
            renamed.iter().enumerate().filter(|(_, name)| all || needed(name)).collect();
        if input.open {
            // Which names clash is known once the head of the input has been seen: until then any may.
            let later = |name: &&String| self.may_be_right(name) && !is_there(name);
            let base = |name: &String| self.shown.iter().position(|shown| Some(&shown[..]) == base_of(name));
            rights.extend(output.names.iter().filter(later).filter_map(|name| Some((base(name)?, name))));
        }
        let names: Vec<String> = rights.iter().map(|right| self.shown[right.0].clone()).collect();
        let own: Vec<String> = self.on.iter().map(|on| on.1.clone()).collect();
        let cut = table.schema(&Live::only(names.iter().chain(&own)))?;
        for (name, (_, renamed)) in names.iter().zip(&rights) {
            fields.push(Field::shown(*renamed).of(cut.fields[cut.index(name)?].kind.clone()));
        }
        let wanted = Wanted { columns: names, keys: own, unmatched: self.keep.right };
        let versions = Arc::new(Versions::new(Arc::clone(table), wanted));
        let kinds = lefts.iter().map(|&at| input.fields[at].kind.clone()).collect();
        let joined = Joined { versions: Arc::clone(&versions), keys, lefts, kinds, keep: self.keep };
        let work = if self.keep.right {
            vec![Work::Map(Box::new(Opens { versions })), Work::WholeBatch(Box::new(Whole { joined }))]
        } else {
            vec![Work::Map(Box::new(joined))]
        };
        // The stream was asked for all that it shows: from now on only for what is needed.
        if !input.open && (output.shown || !output.names.is_empty()) {
            *known = Some(left);
        }
        Ok(Bound { schema: Schema { fields, open: input.open, ..Schema::default() }, work })
    }

    fn keeps(&self) -> String {
        let rows = if self.keep.right { ", and the rows of the batch" } else { "" };
        format!("the table {}, of its columns those that are needed{rows}", self.source)
    }
}
