//! Bytes of unknown origin, made fit for a terminal.

use std::borrow::Cow;

/// Appends at most `most` (not 0) characters of a value so that none of them can act on a terminal: control characters as
/// their pictures, what is no UTF-8 as U+FFFD, `…` for what was cut off. Tells how many characters it appended.
pub fn harmless(value: &[u8], most: usize, out: &mut Vec<u8>) -> usize {
    let mut width = 0;
    // Where the text ends if it must be cut: before the last character that fits.
    let mut cut = out.len();
    let characters = value.utf8_chunks().flat_map(|chunk| {
        let invalid = (!chunk.invalid().is_empty()).then_some(char::REPLACEMENT_CHARACTER);
        chunk.valid().chars().chain(invalid)
    });
    for character in characters {
        if width == most {
            out.truncate(cut);
            out.extend_from_slice("…".as_bytes());
            return width;
        }
        if width + 1 == most {
            cut = out.len();
        }
        out.extend_from_slice(picture(character).encode_utf8(&mut [0; 4]).as_bytes());
        width += 1;
    }
    width
}

/// The text of a message, in which only ends of lines and tabs act on a terminal.
pub fn harmless_lines(text: &str) -> Cow<'_, str> {
    let shown = |character| if matches!(character, '\n' | '\t') { character } else { picture(character) };
    match text.chars().all(|character| shown(character) == character) {
        true => text.into(),
        false => text.chars().map(shown).collect::<String>().into(),
    }
}

fn picture(character: char) -> char {
    match character {
        '\0'..='\x1f' => char::from_u32(0x2400 + character as u32).unwrap_or(char::REPLACEMENT_CHARACTER),
        '\x7f' => '\u{2421}',
        // C1 controls, and marks that turn the direction of what follows or break lines.
        '\u{80}'..='\u{9f}' | '\u{61c}' | '\u{200e}' | '\u{200f}' => char::REPLACEMENT_CHARACTER,
        '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => char::REPLACEMENT_CHARACTER,
        harmless => harmless,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(value: &[u8], most: usize) -> (String, usize) {
        let mut out = b"> ".to_vec();
        let width = harmless(value, most, &mut out);
        (String::from_utf8(out).expect("UTF-8")[2..].to_string(), width)
    }

    #[test]
    fn escapes_are_seen_and_do_nothing() {
        assert_eq!(shown(b"\x1b[2J\t\x7f\n", 99).0, "␛[2J␉␡␊");
        assert_eq!(shown("\u{9b}31m\u{202e}x".as_bytes(), 99).0, "\u{fffd}31m\u{fffd}x");
    }

    #[test]
    fn what_does_not_fit_is_marked() {
        assert_eq!(shown("größer".as_bytes(), 6), ("größer".into(), 6));
        assert_eq!(shown("größer".as_bytes(), 5), ("größ…".into(), 5));
        assert_eq!(shown(b"ab", 1), ("…".into(), 1));
    }

    /// Control characters of both sets, line and paragraph separators, and all that turns the direction of text (Unicode's
    /// Bidi_Control).
    fn acts(character: char) -> bool {
        let bidi = "\u{61c}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}";
        character.is_control() || "\u{2028}\u{2029}".contains(character) || bidi.contains(character)
    }

    #[test]
    fn every_character_that_acts_is_replaced_and_no_other() {
        for character in '\0'..=char::MAX {
            assert_eq!(picture(character) != character, acts(character), "{character:?}");
            assert!(!acts(picture(character)), "{character:?}");
        }
    }

    #[test]
    fn a_control_sequence_in_one_byte_does_nothing() {
        assert_eq!(shown(b"\x9b31m\xc2", 99).0, "\u{fffd}31m\u{fffd}");
    }

    #[test]
    fn messages_keep_their_lines() {
        assert!(matches!(harmless_lines("größer:\n\tx ^\n"), Cow::Borrowed("größer:\n\tx ^\n")));
        assert_eq!(harmless_lines("a\r\n\x1b[2J\u{85}"), "a␍\n␛[2J\u{fffd}");
    }

    /// Bytes among which are many that act.
    fn hostile() -> impl Strategy<Value = Vec<u8>> {
        let piece =
            prop::sample::select(vec!["\x1b[", "\u{9b}", "\u{202e}", "\u{2029}", "\x07", "\x7f", "x", "é", "\n"]);
        let piece = prop_oneof![4 => piece.prop_map(|text| text.as_bytes().to_vec()), 1 => any::<Vec<u8>>()];
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn nothing_that_acts_comes_through_and_the_width_is_right(value in hostile(), most in 1usize..20) {
            let (text, width) = shown(&value, most);
            prop_assert!(!text.chars().any(acts));
            prop_assert_eq!(text.chars().count(), width);
            prop_assert!(width <= most);
            let lossy = String::from_utf8_lossy(&value);
            prop_assert!(!harmless_lines(&lossy).chars().any(|c| acts(c) && !"\n\t".contains(c)));
        }
    }
}
