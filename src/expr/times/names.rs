//! The names of months and days in English, and the short names of zones that logs have.

/// Of each month.
pub const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Of each day, from Monday.
pub const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// Hours east of UTC. Names that are zones of the database (`CET`, `EST`) are not needed here.
const ZONES: &[(&str, i64)] = &[
    ("EDT", -4),
    ("CST", -6),
    ("CDT", -5),
    ("MDT", -6),
    ("PST", -8),
    ("PDT", -7),
    ("CEST", 2),
    ("EEST", 3),
    ("BST", 1),
    ("JST", 9),
];

/// Which of `names` text begins with, in any case, by its first three letters if `short`, and the rest.
#[inline]
pub fn find<'t>(text: &'t [u8], names: &[&str], short: bool) -> Option<(i64, &'t [u8])> {
    let cut = |name: &&str| if short { 3 } else { name.len() };
    let is = |name: &&str| text.get(..cut(name)).is_some_and(|t| t.eq_ignore_ascii_case(&name.as_bytes()[..cut(name)]));
    let at = names.iter().position(is)?;
    Some((at as i64, &text[cut(&names[at])..]))
}

/// Hours east of UTC of a zone's short name.
pub fn zone_hours(name: &[u8]) -> Option<i64> {
    ZONES.iter().find(|(zone, _)| zone.as_bytes() == name).map(|(_, hours)| *hours)
}
