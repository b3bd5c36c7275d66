//! Patterns of times, as Spark (Java's `DateTimeFormatter`) has them: `yyyy-MM-dd HH:mm:ss.SSS`, `dd/MMM/yyyy:HH:mm:ss Z`.
//! Compiled once; here times are written by them, in [`parsing`](super::parsing) they are read.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::data::write;

use super::civil::{self, Clocks, DAY, HOUR, MINUTE, SECOND};
use super::names::{DAYS, MONTHS};

/// A compiled pattern.
#[derive(Debug, Clone, PartialEq)]
pub struct Pattern {
    pub(super) items: Vec<Item>,
}

/// A piece of a pattern.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Item {
    /// Text that stands for itself.
    Literal(Vec<u8>),
    /// A letter, and how many of it.
    Field(u8, usize),
    /// The beginning of an optional part; where its end stands.
    Open(usize),
    /// Its end.
    Close,
}

/// What can be written and read: letter, fewest and most of it.
const LETTERS: &[(u8, usize, usize)] = &[
    (b'G', 1, 4),
    (b'y', 1, 6),
    (b'u', 1, 6),
    (b'M', 1, 4),
    (b'L', 1, 4),
    (b'd', 1, 2),
    (b'D', 1, 3),
    (b'E', 1, 4),
    (b'F', 1, 1),
    (b'a', 1, 1),
    (b'h', 1, 2),
    (b'H', 1, 2),
    (b'k', 1, 2),
    (b'K', 1, 2),
    (b'm', 1, 2),
    (b's', 1, 2),
    (b'S', 1, 9),
    (b'Q', 1, 4),
    (b'q', 1, 4),
    (b'z', 1, 3),
    (b'V', 2, 2),
    (b'O', 1, 4),
    (b'X', 1, 5),
    (b'x', 1, 5),
    (b'Z', 1, 5),
];

impl Pattern {
    /// Compiles a pattern, or says what is wrong with it.
    pub fn compile(text: &[u8]) -> Result<Self, String> {
        let mut items: Vec<Item> = Vec::new();
        let mut open: Vec<usize> = Vec::new();
        let mut at = 0;
        while let Some(&byte) = text.get(at) {
            let run = text[at..].iter().take_while(|b| **b == byte).count();
            match byte {
                b'\'' => at = quoted(text, at, &mut items)?,
                b'[' => {
                    open.push(items.len());
                    items.push(Item::Open(0));
                    at += 1;
                    if open.len() > 8 {
                        return Err("the time pattern has more than 8 brackets in each other".to_string());
                    }
                }
                b']' => {
                    let start = open.pop().ok_or("the time pattern has a ] without its [")?;
                    items[start] = Item::Open(items.len());
                    items.push(Item::Close);
                    at += 1;
                }
                b'{' | b'}' | b'#' => return Err(format!("the time pattern has a {}: quote it", byte as char)),
                _ if byte.is_ascii_alphabetic() => {
                    items.push(field(byte, run)?);
                    at += run;
                }
                _ => {
                    literal(&mut items, &text[at..at + 1]);
                    at += 1;
                }
            }
        }
        if open.is_empty() { Ok(Pattern { items }) } else { Err("the time pattern has a [ without its ]".to_string()) }
    }

    /// Appends a time.
    pub fn write(&self, micros: i64, clocks: &mut Clocks<'_>, out: &mut Vec<u8>) {
        let shown = clocks.shown(micros);
        let days = shown.div_euclid(DAY);
        let moment = Moment { micros, date: civil::date_of(days), days, time: shown.rem_euclid(DAY) };
        for item in &self.items {
            match item {
                Item::Literal(text) => out.extend_from_slice(text),
                Item::Field(letter, count) => moment.write(*letter, *count, clocks, out),
                Item::Open(_) | Item::Close => {}
            }
        }
    }
}

/// Text between quotes; two of them are one. Gives where the pattern goes on.
fn quoted(text: &[u8], start: usize, items: &mut Vec<Item>) -> Result<usize, String> {
    let mut at = start + 1;
    if text.get(at) == Some(&b'\'') {
        literal(items, b"'");
        return Ok(at + 1);
    }
    loop {
        match (text.get(at), text.get(at + 1)) {
            (Some(b'\''), Some(b'\'')) => {
                literal(items, b"'");
                at += 2;
            }
            (Some(b'\''), _) => return Ok(at + 1),
            (Some(_), _) => {
                literal(items, &text[at..at + 1]);
                at += 1;
            }
            (None, _) => return Err("the time pattern has a ' without its end".to_string()),
        }
    }
}

fn literal(items: &mut Vec<Item>, text: &[u8]) {
    match items.last_mut() {
        Some(Item::Literal(before)) => before.extend_from_slice(text),
        _ => items.push(Item::Literal(text.to_vec())),
    }
}

fn field(letter: u8, count: usize) -> Result<Item, String> {
    let written = || std::iter::repeat_n(letter as char, count).collect::<String>();
    match LETTERS.iter().find(|known| known.0 == letter) {
        Some((_, least, most)) if (*least..=*most).contains(&count) && !(letter == b'O' && count % 3 != 1) => {
            Ok(Item::Field(letter, count))
        }
        Some(_) if letter == b'z' => {
            Err("zzzz, the full name of a zone, is not known here: z is its short name".to_string())
        }
        Some(_) => Err(format!(
            "the time pattern has {}, which is not a number of {} that means anything",
            written(),
            letter as char
        )),
        None if b"YwWec".contains(&letter) => {
            Err(format!("the time pattern has {}: weeks cannot be written, as in Spark; years are yyyy", written()))
        }
        None => Err(format!("the time pattern has {}: text is written between quotes ('T')", written())),
    }
}

/// A time, taken apart.
struct Moment {
    micros: i64,
    date: civil::Date,
    days: i64,
    /// Microseconds of the day.
    time: i64,
}

impl Moment {
    fn write(&self, letter: u8, count: usize, clocks: &mut Clocks<'_>, out: &mut Vec<u8>) {
        let hour = self.time / HOUR;
        let quarter = (self.date.month + 2) / 3;
        match letter {
            b'G' => {
                let names = if count == 4 { ["Anno Domini", "Before Christ"] } else { ["AD", "BC"] };
                out.extend_from_slice(names[usize::from(self.date.year < 1)].as_bytes());
            }
            b'y' | b'u' if count == 2 => padded(self.date.year.rem_euclid(100), 2, out),
            b'y' | b'u' => {
                if count >= 4 && self.date.year >= 10i64.pow(count as u32) {
                    out.push(b'+');
                }
                padded(self.date.year, count, out);
            }
            b'M' | b'L' => named(MONTHS[self.date.month as usize - 1], self.date.month, count, out),
            b'd' => padded(self.date.day, count, out),
            b'D' => padded(self.days - civil::new_year(self.date.year) + 1, count, out),
            b'E' => named(DAYS[civil::weekday(self.days) as usize], 0, count.max(3), out),
            b'F' => padded((self.date.day - 1) % 7 + 1, count, out),
            b'a' => out.extend_from_slice(if hour < 12 { b"AM" } else { b"PM" }),
            b'h' => padded((hour + 11) % 12 + 1, count, out),
            b'H' => padded(hour, count, out),
            b'k' => padded((hour + 23) % 24 + 1, count, out),
            b'K' => padded(hour % 12, count, out),
            b'm' => padded(self.time % HOUR / MINUTE, count, out),
            b's' => padded(self.time % MINUTE / SECOND, count, out),
            b'S' => {
                let digits = self.time % SECOND * 1000 / 10i64.pow(9 - count as u32);
                padded(digits, count, out);
            }
            b'Q' | b'q' => match count {
                3 => out.extend_from_slice(&[b'Q', b'0' + quarter as u8]),
                4 => out.extend_from_slice(["1st", "2nd", "3rd", "4th"][quarter as usize - 1].as_bytes()),
                _ => padded(quarter, count, out),
            },
            b'V' | b'z' => zone(self.micros, letter == b'z', clocks, out),
            _ => offset(clocks.offset(self.micros) / SECOND, letter, count, out),
        }
        if count == 4 && matches!(letter, b'Q' | b'q') {
            out.extend_from_slice(b" quarter");
        }
    }
}

/// A number with so many digits at least.
fn padded(value: i64, count: usize, out: &mut Vec<u8>) {
    if value < 0 {
        out.push(b'-');
    }
    let value = value.abs();
    let mut reach = 10i64.pow(count as u32 - 1);
    while value < reach && reach > 1 {
        out.push(b'0');
        reach /= 10;
    }
    write::int(value, out);
}

/// A number, or from three letters on the name for it, short or in full.
fn named(name: &str, number: i64, count: usize, out: &mut Vec<u8>) {
    match count {
        3 => out.extend_from_slice(&name.as_bytes()[..3]),
        4 => out.extend_from_slice(name.as_bytes()),
        _ => padded(number, count, out),
    }
}

fn zone(micros: i64, short: bool, clocks: &mut Clocks<'_>, out: &mut Vec<u8>) {
    let zone = clocks.zone();
    match (zone.iana_name(), Timestamp::from_microsecond(micros)) {
        _ if *zone == TimeZone::UTC => out.extend_from_slice(b"UTC"),
        (Some(_), Ok(stamp)) if short => out.extend_from_slice(zone.to_offset_info(stamp).abbreviation().as_bytes()),
        (Some(name), _) => out.extend_from_slice(name.as_bytes()),
        _ => offset(clocks.offset(micros) / SECOND, b'X', 3, out),
    }
}

/// An offset in seconds, as the letters `O`, `X`, `x` and `Z` write it.
fn offset(seconds: i64, letter: u8, count: usize, out: &mut Vec<u8>) {
    let (hours, minutes, rest) = (seconds.abs() / 3600, seconds.abs() / 60 % 60, seconds.abs() % 60);
    let sign = if seconds < 0 { b'-' } else { b'+' };
    if letter == b'O' || (letter == b'Z' && count == 4) {
        out.extend_from_slice(b"GMT");
        if seconds != 0 {
            out.push(sign);
            let short = letter == b'O' && count == 1;
            padded(hours, if short { 1 } else { 2 }, out);
            if !short || minutes != 0 || rest != 0 {
                out.push(b':');
                padded(minutes, 2, out);
            }
            if rest != 0 {
                out.push(b':');
                padded(rest, 2, out);
            }
        }
        return;
    }
    if seconds == 0 && (letter == b'X' || (letter == b'Z' && count == 5)) {
        out.push(b'Z');
        return;
    }
    let style = if letter == b'Z' && count < 4 { 2 } else { count };
    out.push(sign);
    padded(hours, 2, out);
    let colon = matches!(style, 3 | 5);
    if style > 1 || minutes != 0 {
        if colon {
            out.push(b':');
        }
        padded(minutes, 2, out);
    }
    if style > 3 && rest != 0 {
        if colon {
            out.push(b':');
        }
        padded(rest, 2, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(pattern: &str, micros: i64, zone: &str) -> String {
        let zone = TimeZone::get(zone).expect("a zone");
        let mut out = Vec::new();
        Pattern::compile(pattern.as_bytes()).expect(pattern).write(micros, &mut Clocks::new(&zone), &mut out);
        String::from_utf8(out).expect("text")
    }

    /// What PySpark 4 gives for 2024-02-29 12:34:56.789123 UTC.
    #[test]
    fn letters_write_what_spark_writes() {
        for (pattern, text) in [
            ("y yy yyy yyyy yyyyy", "2024 24 2024 2024 02024"),
            ("M MM MMM MMMM LLL", "2 02 Feb February Feb"),
            ("d dd D DDD", "29 29 60 060"),
            ("E EEE EEEE F a", "Thu Thu Thursday 1 PM"),
            ("h hh H k K KK m s", "12 12 12 12 0 00 34 56"),
            ("S SSS SSSSSS SSSSSSSSS", "7 789 789123 789123000"),
            ("Q QQ QQQ QQQQ G", "1 01 Q1 1st quarter AD"),
            ("VV z O OOOO", "UTC UTC GMT GMT"),
            ("X XX XXX x xxx Z ZZZZ ZZZZZ", "Z Z Z +00 +00:00 +0000 GMT Z"),
            ("yyyy年 'h''' [HH]", "2024年 h' 12"),
            ("yyyyMMdd", "20240229"),
            ("", ""),
        ] {
            assert_eq!(written(pattern, 1_709_210_096_789_123, "UTC"), text, "{pattern}");
        }
    }

    #[test]
    fn zones_and_years_far_away() {
        assert_eq!(
            written("HH VV z O OOOO XX xxx Z", 0, "Europe/Berlin"),
            "01 Europe/Berlin CET GMT+1 GMT+01:00 +0100 +01:00 +0100"
        );
        assert_eq!(written("HH:mm X XXX O", 0, "Asia/Kolkata"), "05:30 +0530 +05:30 GMT+5:30");
        assert_eq!(written("yyyy-MM-dd HH:mm:ss", -1, "UTC"), "1969-12-31 23:59:59");
        assert_eq!(written("yyyy", 253_402_300_800_000_000, "UTC"), "+10000");
        assert_eq!(written("yyyy", -62_198_755_200_000_000, "UTC"), "-0001");
    }

    #[test]
    fn what_is_wrong_with_a_pattern_is_said() {
        for (pattern, error) in [
            ("YYYY", "weeks"),
            ("T", "quotes"),
            ("MMMMM", "MMMMM"),
            ("'x", "end"),
            ("[y", "["),
            ("y]", "]"),
            ("#", "#"),
            ("zzzz", "short"),
        ] {
            let found = Pattern::compile(pattern.as_bytes()).expect_err(pattern);
            assert!(found.contains(error), "{found}");
        }
    }
}
