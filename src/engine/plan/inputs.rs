//! The columns of the first stage: those of all inputs together.

use std::sync::Arc;

use crate::data::schema::{Live, Schema};
use crate::engine::cutter::Cutter;
use crate::error::Error;
use crate::formats::Input;

use super::{Inputs, PlanInput, TIMES};

/// The columns of the first stage are those of all inputs together, matched by name. `first`: those that a leading filter
/// looks at. An error comes with the name of the column that is unknown.
pub(super) fn bind_inputs(
    inputs: &Inputs,
    live: &Live,
    first: &[String],
) -> std::result::Result<(Schema, Vec<PlanInput>), (String, Error)> {
    let knows = |format: &Arc<dyn Input>, name: &String| format.schema(&Live::only([name])).is_ok();
    let is_time = |name: &String| TIMES.contains(&name.as_str());
    // Whether a format has a column of such a name is certain only if it knows all its columns.
    let has_time = |format: &Arc<dyn Input>, name: &String| {
        knows(format, name) && !format.schema(&Live::all()).is_ok_and(|schema| schema.open)
    };
    let has = |format: &Arc<dyn Input>, name: &String| {
        if is_time(name) { has_time(format, name) } else { knows(format, name) }
    };
    let unknown =
        live.names.iter().filter(|name| !is_time(name)).find(|name| !inputs.iter().any(|i| knows(&i.1, name)));
    if let Some(unknown) = unknown {
        for (_, format) in inputs {
            format.schema(&Live::only([unknown])).map_err(|e| (unknown.clone(), e))?;
        }
    }
    let live_of = |format: &Arc<dyn Input>, live: &Live| Live {
        shown: live.shown,
        names: live.names.iter().filter(|n| has(format, n)).cloned().collect(),
    };
    let schema_of =
        |format: &Arc<dyn Input>, live: &Live| format.schema(&live_of(format, live)).map_err(|e| (String::new(), e));
    // A column that one input shows is wanted of all that have it, also where they do not show it.
    let mut wanted = live.clone();
    for (_, format) in inputs {
        wanted = wanted.and(schema_of(format, live)?.fields.iter().map(|f| &f.name));
    }
    let json = inputs.iter().all(|i| i.1.is_json()).then(Vec::new);
    let mut union = Schema { json, ..Schema::default() };
    let mut bound = Vec::new();
    for (_, format) in inputs {
        let schema = schema_of(format, &wanted)?;
        for field in &schema.fields {
            match union.fields.iter_mut().find(|f| f.name == field.name) {
                Some(known) => {
                    known.hidden &= field.hidden;
                    known.json &= field.json;
                }
                None => union.fields.push(field.clone()),
            }
        }
        union.records |= schema.records;
        union.open |= schema.open;
    }
    for (name, format) in inputs {
        let live = live_of(format, &wanted);
        let cutter = Cutter::new(Arc::clone(format), &live, &union, first).map_err(|e| (String::new(), e))?;
        let needs_head = cutter.schema.open && (live.shown || wanted.names.iter().any(is_time));
        bound.push(PlanInput { name: name.clone(), cutter, live, first: first.to_vec(), feeds: 0, needs_head });
    }
    Ok((union, bound))
}
