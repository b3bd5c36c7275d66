//! The rows of a block by batch. Done by any shard, before it is known what came before the block.

use crate::data::calendar::Calendar;
use crate::data::time::Time;

/// The rows of a block that belong to one batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Start of the batch.
    pub start: Time,
    /// Its end.
    pub end: Time,
    /// The rows, in order; none stands for all of the block.
    pub rows: Option<Vec<u32>>,
}

/// What the times of a block's rows come to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sorted {
    /// Rows by batch, in the order of time.
    pub groups: Vec<Group>,
    /// Rows that are late whatever came before the block.
    pub late: Vec<u32>,
    /// The newest time, and the first row that has it.
    pub newest: Option<(i64, u32)>,
}

/// Microseconds of a border.
pub fn micros(time: Time) -> i64 {
    time.0.saturating_mul(1000)
}

/// Sorts rows with these times (in microseconds). A row is late if its batch ended `late` or more before the newest time of
/// the rows before it.
pub fn sort(times: &[i64], calendar: &Calendar, late: i64) -> Sorted {
    let mut sorted = Sorted::default();
    let Some((&first, &oldest)) = times.first().zip(times.iter().min()) else { return sorted };
    let newest = times.iter().copied().max().unwrap_or(first);
    let row = times.iter().position(|time| *time == newest).unwrap_or(0) as u32;
    sorted.newest = Some((newest, row));
    let (start, end) = batch_of(oldest, calendar);
    if newest < micros(end) {
        sorted.groups.push(Group { start, end, rows: None });
        return sorted;
    }
    let mut groups: Vec<(Group, Vec<u32>)> = Vec::new();
    let (mut at, mut so_far) = (0, i64::MIN);
    for (row, &time) in (0..).zip(times) {
        let is_in = |(group, _): &(Group, Vec<u32>)| micros(group.start) <= time && time < micros(group.end);
        if !groups.get(at).is_some_and(is_in) {
            at = groups.partition_point(|(group, _)| micros(group.end) <= time);
            if !groups.get(at).is_some_and(is_in) {
                let (start, end) = batch_of(time, calendar);
                groups.insert(at, (Group { start, end, rows: None }, Vec::new()));
            }
        }
        let (group, rows) = &mut groups[at];
        if micros(group.end) <= so_far.saturating_sub(late) {
            sorted.late.push(row);
        } else {
            rows.push(row);
        }
        so_far = so_far.max(time);
    }
    groups.retain(|(_, rows)| !rows.is_empty());
    sorted.groups = groups.into_iter().map(|(group, rows)| Group { rows: Some(rows), ..group }).collect();
    sorted
}

/// The batch that holds a time.
fn batch_of(micros: i64, calendar: &Calendar) -> (Time, Time) {
    let time = Time(micros.div_euclid(1000));
    let start = calendar.floor(time);
    (start, calendar.next(start))
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Each row is in the batch that holds its time, or late by those before it.
        #[test]
        fn rows_are_where_their_times_say(times in prop::collection::vec(-30_000i64..30_000, 0..60), late in 0i64..9_000) {
            let sorted = sort(&times, &Calendar::new(3, TimeZone::UTC), late);
            let all = 0..times.len() as u32;
            let mut expected_late = Vec::new();
            for (row, &time) in all.clone().zip(&times) {
                let (start, before) = (time.div_euclid(3000) * 3000, times[..row as usize].iter().max());
                let is_late = before.is_some_and(|before| start + 3000 <= before - late);
                let is_in = |group: &&Group| group.rows.clone().unwrap_or_else(|| all.clone().collect()).contains(&row);
                let found: Vec<&Group> = sorted.groups.iter().filter(is_in).collect();
                if is_late {
                    expected_late.push(row);
                    prop_assert!(found.is_empty());
                } else {
                    prop_assert_eq!(found.len(), 1);
                    prop_assert_eq!((found[0].start.0 * 1000, found[0].end.0 * 1000), (start, start + 3000));
                }
            }
            prop_assert_eq!(sorted.late, expected_late);
            prop_assert!(sorted.groups.is_sorted_by_key(|group| group.end));
            let newest = times.iter().max().map(|newest| (*newest, times.iter().position(|t| t == newest).unwrap() as u32));
            prop_assert_eq!(sorted.newest, newest);
        }
    }
}
