//! What `--event-time EXPR` gives: times, whatever the expression is. Text may say a time, or the seconds since the epoch.

use jiff::tz::TimeZone;

use crate::data::column::{Column, NO_TIME};
use crate::data::schema::Kind;
use crate::expr::convert::number_of;
use crate::expr::operators::cast;
use crate::expr::{Context, Node};

use super::civil::{self, Clocks, DAY, HOUR, MINUTE, SECOND};
use super::{of_number, read_time, two};

impl Node {
    /// Its values as event times: numbers, also those that text spells, are seconds since the epoch; other text is read as
    /// `to_timestamp` reads it, or as access logs write times. What is no time is null.
    pub fn into_event_time(self, context: &Context) -> Result<Node, String> {
        match self.kind {
            Kind::Input | Kind::Text => Ok(self.converted(Kind::Time, &context.zone, times)),
            Kind::Time | Kind::Number => cast::time(self, context),
            _ => Err(format!("{} is no time", self.kind.name())),
        }
    }
}

fn times(column: &Column, zone: &TimeZone) -> Column {
    let Column::Text(text) = column else { return column.clone() };
    let bytes = text.data.bytes();
    let mut clocks = Clocks::new(zone);
    let mut time = |text: &[u8]| match text {
        [_, _, b'/', ..] => in_log(text),
        [_, _, _, _, b'-', ..] => read_time(text, &mut clocks),
        _ => of_number(number_of(text), SECOND).or_else(|| read_time(text, &mut clocks)),
    };
    Column::Time(text.spans.iter().map(|span| span.of(bytes).and_then(&mut time).unwrap_or(NO_TIME)).collect())
}

/// `01/Oct/2026:00:00:01 +0000`, as Apache and nginx write it.
fn in_log(text: &[u8]) -> Option<i64> {
    let &[
        d1,
        d2,
        b'/',
        a,
        b,
        c,
        b'/',
        y1,
        y2,
        y3,
        y4,
        b':',
        h1,
        h2,
        b':',
        m1,
        m2,
        b':',
        s1,
        s2,
        b' ',
        sign,
        z1,
        z2,
        z3,
        z4,
    ] = text
    else {
        return None;
    };
    let month = match [a, b, c] {
        [b'J', b'a', b'n'] => 1,
        [b'F', b'e', b'b'] => 2,
        [b'M', b'a', b'r'] => 3,
        [b'A', b'p', b'r'] => 4,
        [b'M', b'a', b'y'] => 5,
        [b'J', b'u', b'n'] => 6,
        [b'J', b'u', b'l'] => 7,
        [b'A', b'u', b'g'] => 8,
        [b'S', b'e', b'p'] => 9,
        [b'O', b'c', b't'] => 10,
        [b'N', b'o', b'v'] => 11,
        [b'D', b'e', b'c'] => 12,
        _ => return None,
    };
    let number = |tens, ones| two([tens, ones]).map(i64::from);
    let year = number(y1, y2)? * 100 + number(y3, y4)?;
    let days = civil::existing(year, month, number(d1, d2)?)?;
    let (hour, minute, second) = (number(h1, h2)?, number(m1, m2)?, number(s1, s2)?);
    let offset = number(z1, z2)? * HOUR + number(z3, z4)? * MINUTE;
    if hour > 23 || minute > 59 || second > 59 || offset > 18 * HOUR {
        return None;
    }
    let shown = days * DAY + hour * HOUR + minute * MINUTE + second * SECOND;
    match sign {
        b'+' => Some(shown - offset),
        b'-' => Some(shown + offset),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::rows::block_of;
    use crate::data::schema::{Field, Schema};
    use crate::expr::Expr;

    fn time(expression: &str, value: &[u8]) -> Option<i64> {
        let schema = Schema { fields: vec![Field::shown("t")], ..Schema::default() };
        let context = Context::default();
        let node = Expr::parse(expression).unwrap().bind(&schema, &context).unwrap();
        let block = block_of(&[vec![Some(value)]]);
        match node.into_event_time(&context).unwrap().eval(&block).as_ref() {
            Column::Time(times) => Some(times[0]).filter(|time| *time != NO_TIME),
            _ => panic!("no times"),
        }
    }

    #[test]
    fn every_common_way_to_write_a_time_is_read() {
        let expected = time("t", b"2026-10-01T00:00:01Z");
        assert_eq!(expected, Some(1_790_812_801 * SECOND));
        for text in ["2026-10-01 00:00:01", "1790812801", "01/Oct/2026:00:00:01 +0000", "01/Oct/2026:02:00:01 +0200"] {
            assert_eq!(time("t", text.as_bytes()), expected, "{text}");
        }
        assert_eq!(time("t", b"1790812801.5"), expected.map(|time| time + SECOND / 2));
        assert_eq!(time("t * 1", b"1790812801"), expected);
        assert_eq!(time("timestamp_millis(t)", b"1790812801000"), expected);
        assert_eq!(time("to_timestamp(t, 'yyyyMMddHHmmss')", b"20261001000001"), expected);
        assert_eq!(time("t", b"-1"), Some(-SECOND));
        for text in
            ["", "x", "32/Oct/2026:00:00:01 +0000", "01/Oct/2026:00:00:01", "01/Oct/2026:24:00:01 +0000", "2026-13-01"]
        {
            assert_eq!(time("t", text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_condition_is_no_time() {
        let schema = Schema { fields: vec![Field::shown("t")], ..Schema::default() };
        let node = Expr::parse("t = 1").unwrap().bind(&schema, &Context::default()).unwrap();
        assert_eq!(node.into_event_time(&Context::default()).err().as_deref(), Some("a condition is no time"));
    }
}
