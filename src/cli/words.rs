//! What each word of a segment is, before clap sees it: an option, an option's value, or neither.
//!
//! Values may begin with `-`, so clap would take a mistyped `--option` for a value, and a forgotten value for the next
//! option. This looks first. It also finds where the operator stands behind global options.

use std::ffi::OsString;

use clap::Command;

/// The options that a command knows.
pub struct Options {
    known: Vec<Known>,
}

struct Known {
    id: String,
    longs: Vec<String>,
    shorts: Vec<char>,
    takes_value: bool,
}

/// One word, or an option and the word that is its value.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'w> {
    /// An option, or several short flags in one word.
    Option {
        /// Their ids.
        ids: Vec<&'w str>,
        /// The words.
        words: &'w [OsString],
    },
    /// An option that the command does not know, as written: `--nam`.
    Unknown(&'w str),
    /// An option without the value that it needs, as written, and the word that stands there instead.
    NoValue(&'w str, Option<&'w OsString>),
    /// Any other word; it may begin with one `-`.
    Plain(&'w OsString),
    /// What stands behind `--`.
    Rest(&'w [OsString]),
}

impl Options {
    /// The options of `command`.
    pub fn of(command: &Command) -> Self {
        let options = command.get_arguments().filter(|a| !a.is_positional()).map(|a| Known {
            id: a.get_id().to_string(),
            longs: a.get_long_and_visible_aliases().unwrap_or_default().into_iter().map(str::to_string).collect(),
            shorts: a.get_short_and_visible_aliases().unwrap_or_default(),
            takes_value: a.get_action().takes_values(),
        });
        Options { known: options.collect() }
    }

    /// Their long names.
    pub fn longs(&self) -> impl Iterator<Item = &str> {
        self.known.iter().flat_map(|k| k.longs.iter().map(String::as_str))
    }

    /// What each word of `words` is.
    pub fn pieces<'w>(&'w self, words: &'w [OsString]) -> Vec<Piece<'w>> {
        let mut pieces = Vec::new();
        let mut at = 0;
        while at < words.len() {
            if words[at] == "--" {
                pieces.push(Piece::Rest(&words[at + 1..]));
                break;
            }
            let (piece, taken) = self.piece(&words[at..]);
            pieces.push(piece);
            at += taken;
        }
        pieces
    }

    fn piece<'w>(&'w self, words: &'w [OsString]) -> (Piece<'w>, usize) {
        let plain = (Piece::Plain(&words[0]), 1);
        let Some(word) = words[0].to_str() else { return plain };
        if let Some((name, value)) = long(word) {
            let Some(known) = self.known.iter().find(|k| k.longs.iter().any(|l| l == name)) else {
                return (Piece::Unknown(&word[..name.len() + 2]), 1);
            };
            return self.with_value(known.takes_value && value.is_none(), vec![&known.id], words);
        }
        let Some(letters) = word.strip_prefix('-').filter(|l| !l.is_empty()) else { return plain };
        let mut ids = Vec::new();
        for (at, letter) in letters.char_indices() {
            let Some(known) = self.known.iter().find(|k| k.shorts.contains(&letter)) else { return plain };
            ids.push(known.id.as_str());
            if known.takes_value {
                let attached = at + letter.len_utf8() < letters.len();
                return self.with_value(!attached, ids, words);
            }
        }
        (Piece::Option { ids, words: &words[..1] }, 1)
    }

    /// An option that, if `wanting`, needs the next word.
    fn with_value<'w>(&self, wanting: bool, ids: Vec<&'w str>, words: &'w [OsString]) -> (Piece<'w>, usize) {
        if !wanting {
            return (Piece::Option { ids, words: &words[..1] }, 1);
        }
        match words.get(1) {
            Some(next) if next != "--" && !self.is_option(next) => (Piece::Option { ids, words: &words[..2] }, 2),
            next => (Piece::NoValue(words[0].to_str().unwrap_or_default(), next), 1),
        }
    }

    fn is_option(&self, word: &OsString) -> bool {
        let name = word.to_str().and_then(long).map(|l| l.0);
        name.is_some_and(|name| self.longs().any(|l| l == name))
    }
}

/// `--name` or `--name=value`. Anything else that begins with two hyphens (`---`, `--x > 3`) is a value like others.
fn long(word: &str) -> Option<(&str, Option<&str>)> {
    let rest = word.strip_prefix("--")?;
    let (name, value) = rest.split_once('=').map_or((rest, None), |(n, v)| (n, Some(v)));
    let shaped = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    shaped.then_some((name, value))
}

#[cfg(test)]
mod tests {
    use clap::{Arg, ArgAction};

    use super::*;

    fn command() -> Command {
        Command::new("x")
            .arg(Arg::new("PATTERN"))
            .arg(Arg::new("by").long("by"))
            .arg(Arg::new("width").short('w'))
            .arg(Arg::new("invert").short('v').action(ArgAction::SetTrue))
            .arg(Arg::new("fold").short('i').long("fold").action(ArgAction::SetTrue))
    }

    fn shown(words: &[&str]) -> Vec<String> {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        Options::of(&command()).pieces(&words).iter().map(|p| format!("{p:?}")).collect()
    }

    #[test]
    fn options_take_their_values_and_nothing_else() {
        assert_eq!(
            shown(&["--by", "-x", "a", "--by=b", "-w", "7", "-w7", "--fold", "c"]),
            [
                r#"Option { ids: ["by"], words: ["--by", "-x"] }"#,
                r#"Plain("a")"#,
                r#"Option { ids: ["by"], words: ["--by=b"] }"#,
                r#"Option { ids: ["width"], words: ["-w", "7"] }"#,
                r#"Option { ids: ["width"], words: ["-w7"] }"#,
                r#"Option { ids: ["fold"], words: ["--fold"] }"#,
                r#"Plain("c")"#,
            ]
        );
    }

    #[test]
    fn short_flags_cluster_and_other_hyphens_are_values() {
        assert_eq!(shown(&["-vi"]), [r#"Option { ids: ["invert", "fold"], words: ["-vi"] }"#]);
        assert_eq!(
            shown(&["-vx", "-", "---", "--x > 3"]),
            [r#"Plain("-vx")"#, r#"Plain("-")"#, r#"Plain("---")"#, r#"Plain("--x > 3")"#,]
        );
    }

    #[test]
    fn a_mistyped_option_and_a_forgotten_value_are_seen() {
        assert_eq!(shown(&["--bye=3"]), [r#"Unknown("--bye")"#]);
        assert_eq!(shown(&["--by", "--fold"])[0], r#"NoValue("--by", Some("--fold"))"#);
        assert_eq!(shown(&["--by", "--"])[0], r#"NoValue("--by", Some("--"))"#);
        assert_eq!(shown(&["--by"]), [r#"NoValue("--by", None)"#]);
    }

    #[test]
    fn nothing_behind_two_hyphens_is_an_option() {
        assert_eq!(shown(&["--", "--by", "--bye"]), [r#"Rest(["--by", "--bye"])"#]);
    }

    #[test]
    fn words_that_are_not_text_are_values() {
        use std::os::unix::ffi::OsStringExt;
        let words = [OsString::from_vec(b"--\xff".to_vec())];
        assert_eq!(Options::of(&command()).pieces(&words), [Piece::Plain(&words[0])]);
    }
}
