//! `--explain`: the plan in words. Nothing is opened, nothing runs.

use std::fmt::Write;

use crate::cli::quoted;
use crate::data::schema::{Live, Schema};
use crate::run::Prepared;

/// The inputs, the stages with the columns that are live between operators, where rows are shuffled, what is kept.
pub fn explain(prepared: &Prepared, words: &[String]) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "chain    {}", words.iter().map(|w| quoted(w)).collect::<Vec<_>>().join(" "));
    let _ = writeln!(out, "batches  {}", prepared.batches());
    let _ = writeln!(out, "shards   {}", prepared.shards);
    for input in &prepared.plan.inputs {
        let cut = match input.cutter.early() {
            Some((early, late)) => format!("{} first; of the rows that pass also {}", columns(early), columns(late)),
            None => columns(&input.cutter.schema),
        };
        let side = if input.feeds > 0 { "; read to be joined with" } else { "" };
        let _ = writeln!(out, "input    {}: columns {cut}{side}", input.name);
    }
    let _ = writeln!(out, "stage 0  one pass over each block as it comes, by any shard");
    for operator in &prepared.plan.explained {
        let keeps = if operator.keeps.is_empty() { String::new() } else { format!("; keeps {}", operator.keeps) };
        let _ = writeln!(out, "  {:<10} gives {}{keeps}", operator.name, needed(&operator.live));
        if let Some(shuffle) = operator.shuffle {
            let _ = writeln!(out, "stage {}  on what was {shuffle}", operator.stage + 1);
        }
    }
    for sink in prepared.sinks() {
        let _ = writeln!(out, "output   {sink}");
    }
    out
}

fn columns(schema: &Schema) -> String {
    let names: Vec<&str> = schema.fields.iter().map(|f| f.name.as_str()).collect();
    if names.is_empty() { "none, records are only counted".to_string() } else { names.join(", ") }
}

fn needed(live: &Live) -> String {
    let mut names: Vec<&str> = if live.shown { vec!["all that is printed"] } else { Vec::new() };
    names.extend(live.names.iter().map(String::as_str));
    if names.is_empty() { "no column".to_string() } else { names.join(", ") }
}
