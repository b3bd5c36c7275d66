//! The regular files, or the directories, that a glob means, as a shell would list them: `*`, `?`, `[a-z]`, `{a,b}`, `**` for any depth. Names are bytes.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};

use crate::error::{Error, Result};

/// What makes a path a glob.
const SPECIAL: [char; 3] = ['*', '?', '['];

/// Whether a path is a glob.
pub fn is_glob(path: &str) -> bool {
    path.contains(SPECIAL)
}

/// What matches the name of a file, which has no part that means any depth.
pub fn matcher(pattern: &str, name: &str) -> Result<GlobMatcher> {
    let wrong = |e: globset::Error| Error::usage(format!("--from {pattern}: this is not a glob: {}", e.kind()));
    Ok(GlobBuilder::new(name).literal_separator(true).build().map_err(wrong)?.compile_matcher())
}

/// The regular files that `pattern` matches, in order of name.
pub fn expand(pattern: &str) -> Result<Vec<PathBuf>> {
    // A link that leads nowhere is kept: reading it will say so.
    matching(pattern, |at| at.metadata().map_or_else(|_| at.symlink_metadata().is_ok(), |file| file.is_file()))
}

/// The directories that `pattern` matches, in order of name.
pub fn directories(pattern: &str) -> Result<Vec<PathBuf>> {
    matching(pattern, Path::is_dir)
}

fn matching(pattern: &str, meant: fn(&Path) -> bool) -> Result<Vec<PathBuf>> {
    let mut parts = Vec::new();
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        parts.push(match part {
            "**" => Part::AnyDepth,
            plain if !is_glob(plain) => Part::Plain(plain),
            glob => Part::Glob { matcher: matcher(pattern, glob)?, hidden: glob.starts_with('.') },
        });
    }
    let mut found = Vec::new();
    let begin = if pattern.starts_with('/') { Path::new("/") } else { Path::new("") };
    walk((pattern, meant), begin, &parts, &mut found)?;
    found.sort_by(|a, b| bytes(a).cmp(bytes(b)));
    found.dedup();
    Ok(found)
}

/// What stands between two slashes.
enum Part<'a> {
    Plain(&'a str),
    /// Hidden names are matched only by a pattern that begins with a dot.
    Glob {
        matcher: GlobMatcher,
        hidden: bool,
    },
    AnyDepth,
}

/// What is sought: the pattern as it was written, and whether what it leads to is meant.
type Sought<'a> = (&'a str, fn(&Path) -> bool);

fn walk(sought: Sought<'_>, at: &Path, parts: &[Part<'_>], found: &mut Vec<PathBuf>) -> Result<()> {
    let (pattern, meant) = sought;
    let Some((part, rest)) = parts.split_first() else {
        if meant(at) {
            found.push(at.to_path_buf());
        }
        return Ok(());
    };
    if let Part::Plain(name) = part {
        return walk(sought, &at.join(name), rest, found);
    }
    if let Part::AnyDepth = part {
        walk(sought, at, rest, found)?;
    }
    let here = if at.as_os_str().is_empty() { Path::new(".") } else { at };
    let entries = match std::fs::read_dir(here) {
        Ok(entries) => entries,
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(()),
        Err(e) => return Err(Error::io(format_args!("cannot look for {pattern} in {}", here.display()), &e)),
    };
    for entry in entries {
        let entry =
            entry.map_err(|e| Error::io(format_args!("cannot look for {pattern} in {}", here.display()), &e))?;
        let name = entry.file_name();
        let is_hidden = name.as_bytes().starts_with(b".");
        match part {
            Part::Glob { matcher, hidden } if (*hidden || !is_hidden) && matcher.is_match(&name) => {
                walk(sought, &at.join(&name), rest, found)?;
            }
            // Links to directories are not followed: they could lead in circles.
            Part::AnyDepth if !is_hidden && entry.file_type().is_ok_and(|kind| kind.is_dir()) => {
                walk(sought, &at.join(&name), parts, found)?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn bytes(path: &Path) -> &[u8] {
    OsStr::as_bytes(path.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Path, pattern: &str) -> Vec<Vec<u8>> {
        let found = expand(&format!("{}/{pattern}", dir.display())).unwrap();
        found.iter().map(|path| bytes(path.strip_prefix(dir).unwrap()).to_vec()).collect()
    }

    #[test]
    fn names_are_matched_as_bytes_in_their_order_and_hidden_ones_only_when_asked_for() {
        let dir = tempfile::tempdir().unwrap();
        for name in [&b"b.log"[..], b"a\xff.log", b"a b.log", b".hidden.log", b"c.txt"] {
            std::fs::write(dir.path().join(OsStr::from_bytes(name)), "x").unwrap();
        }
        let fifo = dir.path().join("fifo.log");
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        std::fs::create_dir_all(dir.path().join("d.log/e")).unwrap();
        std::fs::write(dir.path().join("d.log/e/f.log"), "x").unwrap();
        assert_eq!(names(dir.path(), "*.log"), [&b"a b.log"[..], b"a\xff.log", b"b.log"]);
        assert_eq!(names(dir.path(), ".*.log"), [b".hidden.log"]);
        assert_eq!(names(dir.path(), "?.{log,txt}"), [b"b.log", b"c.txt"]);
        assert_eq!(names(dir.path(), "*/e/[f-g].log"), [b"d.log/e/f.log"]);
        assert_eq!(names(dir.path(), "**/*.log"), [&b"a b.log"[..], b"a\xff.log", b"b.log", b"d.log/e/f.log"]);
        assert_eq!(names(dir.path(), "none*"), Vec::<Vec<u8>>::new());
    }

    #[test]
    fn a_glob_that_is_none_is_a_usage_error() {
        let error = expand("logs/[a.log").unwrap_err();
        assert_eq!(error.exit_status(), 2);
        assert!(error.to_string().starts_with("--from logs/[a.log: this is not a glob: "), "{error}");
    }
}
