//! The heads of sources, read before the run begins where only they tell which columns there are.

use std::sync::Arc;
use std::time::Duration;

use super::from_input;
use crate::error::Result;
use crate::formats::Input;
use crate::sources::{Lane, Setup, Source};

/// How often it is looked for a first record, where lanes keep still.
const LOOK: Duration = Duration::from_millis(100);

/// The format with what the first record of the source tells of the columns, which is waited for; nothing if there is none.
pub fn tell(
    source: &dyn Source,
    format: &dyn Input,
    lanes: &mut Vec<Lane>,
    setup: &Setup,
) -> Result<Option<Arc<dyn Input>>> {
    let Some(mut samples) = source.samples(setup)? else { return head(format, lanes, setup.max_record) };
    loop {
        if let Some(seen) = head(format, &mut samples, setup.max_record)? {
            return Ok(Some(seen));
        }
        setup.stop.pause(&*setup.clock, LOOK);
        samples = source.samples(setup)?.unwrap_or_default();
    }
}

/// What the heads of these lanes tell: the first record that fits, in whichever file it stands.
fn head(format: &dyn Input, lanes: &mut Vec<Lane>, max_record: usize) -> Result<Option<Arc<dyn Input>>> {
    let mut rest = std::mem::take(lanes).into_iter();
    let mut seen = None;
    for lane in rest.by_ref() {
        let name = lane.name.clone();
        let tell = |record: &[u8], first: bool| match record {
            // A byte-order mark is none in mid-file.
            [0xef, 0xbb, 0xbf, ..] if !first => Ok(None),
            _ => format.head(record).map_err(|error| from_input(&name, error)),
        };
        let (lane, told) = lane.peek(format.framing(), max_record, tell)?;
        lanes.push(lane);
        seen = told;
        if seen.is_some() {
            break;
        }
    }
    lanes.extend(rest);
    Ok(seen)
}
