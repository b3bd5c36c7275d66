//! What is wrong with an expression, shown as a compiler shows it: the message, then the text with a caret under the place.

use crate::error::Error;

use super::ast::Place;

/// How many characters of the text are shown.
const SHOWN: usize = 72;

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// For people; lower case.
    pub message: String,
    /// Where.
    pub place: Place,
}

impl Fault {
    /// Something wrong at this place.
    pub fn new(place: Place, message: impl Into<String>) -> Self {
        Fault { message: message.into(), place }
    }

    /// With the text that it is about, as a mistake in the command line.
    pub fn shown(&self, text: &str) -> Error {
        Error::usage(pointed(&self.message, text, self.place))
    }
}

/// The message, the text (cut around the place if it is long), and carets below.
pub fn pointed(message: &str, text: &str, place: Place) -> String {
    if text.trim().is_empty() {
        return message.to_string();
    }
    let character = |c: char| if c.is_control() || ('\u{2028}'..='\u{202e}').contains(&c) { ' ' } else { c };
    // A caret stands below one character, whatever it takes in bytes.
    let start = text.char_indices().take_while(|&(at, _)| at < place.start as usize).count();
    let width = text.get(place.start as usize..place.end as usize).map_or(1, |piece| piece.chars().count().max(1));
    let length = text.chars().count();
    let (mut from, mut to) = (0, length);
    if length > SHOWN {
        from = (start + width.min(SHOWN / 2) / 2).saturating_sub(SHOWN / 2).min(length - SHOWN.min(length));
        to = from + SHOWN;
    }
    let before = if from > 0 { "…" } else { "" };
    let after = if to < length { "…" } else { "" };
    let piece: String = text.chars().skip(from).take(to - from).map(character).collect();
    let blanks: String =
        text.chars().skip(from).take(start - from).map(|c| if is_wide(c) { '\u{3000}' } else { ' ' }).collect();
    let blanks = if blanks.chars().count() < start - from {
        format!("{blanks}{}", " ".repeat(start - from - blanks.chars().count()))
    } else {
        blanks
    };
    let carets: String = text
        .chars()
        .skip(start)
        .take(width.min((to - start).max(1)))
        .map(|c| if is_wide(c) { "^^" } else { "^" })
        .collect();
    let carets = if carets.is_empty() { "^".to_string() } else { carets };
    let shift = " ".repeat(before.chars().count());
    format!("{message}\n  {before}{}{after}\n  {shift}{blanks}{carets}", piece.trim_end())
}

/// Whether a character takes two columns of a terminal.
fn is_wide(c: char) -> bool {
    matches!(c,
        '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{303e}' | '\u{3041}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}'
        | '\u{1f300}'..='\u{1f64f}' | '\u{1f900}'..='\u{1f9ff}' | '\u{20000}'..='\u{3fffd}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str, start: u32, end: u32) -> Vec<String> {
        pointed("wrong", text, Place { start, end }).lines().map(String::from).collect()
    }

    #[test]
    fn carets_stand_below_what_they_mean() {
        assert_eq!(lines("usr > 5", 0, 3), ["wrong", "  usr > 5", "  ^^^"]);
        assert_eq!(lines("a >", 3, 3), ["wrong", "  a >", "     ^"]);
        assert_eq!(lines("café = x", 8, 9), ["wrong", "  café = x", "         ^"]);
        assert_eq!(lines("a =\n\tx", 5, 6), ["wrong", "  a =  x", "       ^"]);
        assert_eq!(lines("用户 = x", 9, 10), ["wrong", "  用户 = x", "  \u{3000}\u{3000}   ^"]);
    }

    #[test]
    fn long_texts_are_cut_around_the_place() {
        let text = format!("{}here{}", "a + ".repeat(100), " + b".repeat(100));
        let shown = lines(&text, 400, 404);
        let at = shown[2].chars().position(|c| c == '^').unwrap();
        assert_eq!(shown[1].chars().skip(at).take(4).collect::<String>(), "here");
        assert!(shown[1].starts_with("  …") && shown[1].ends_with('…') && shown[1].chars().count() < 80, "{shown:?}");
        let shown = lines(&text, 0, text.len() as u32);
        assert!(shown[2].chars().count() < 80 && shown[1].starts_with("  a + "), "{shown:?}");
    }
}
