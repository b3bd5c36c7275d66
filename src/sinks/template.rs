//! A file per batch: `out/{end}.csv`. Written beside under a hidden name and renamed when the batch is complete, so that
//! whoever looks sees whole files only. An empty batch makes none.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use super::{BUFFER, Parsed, Setup, Sink, Spec, check_directory, directory_of, format_of};
use crate::data::batch::BatchInfo;
use crate::data::schema::nearest;
use crate::error::{Error, Result};

/// What may stand in braces.
const NAMES: [&str; 5] = ["start", "end", "start_ms", "end_ms", "batch"];

pub(super) const ABOUT: &str = "a file per batch, renamed into place when it is whole; none for an empty batch; one that \
    exists is kept, the new one gets -2. Names in braces: start, end, start_ms, end_ms, batch";

/// A path with placeholders.
#[derive(Clone)]
struct Template {
    spec: String,
    parts: Vec<Part>,
}

#[derive(Clone)]
enum Part {
    Text(String),
    /// One of [`NAMES`].
    Name(&'static str),
}

pub(super) fn parse(spec: &str) -> Parsed {
    if !spec.contains('{') || spec.starts_with("file:") {
        return None;
    }
    Some(Template::new(spec).map(|t| Box::new(t) as _))
}

impl Template {
    fn new(spec: &str) -> Result<Self> {
        let wrong = |what: String| {
            let names = NAMES.map(|n| format!("{{{n}}}")).join(" ");
            Error::usage(format!(
                "`{spec}` is no template of a file: {what}; there are {names} (file:PATH takes braces as they are)"
            ))
        };
        let mut parts = Vec::new();
        let mut rest = spec;
        while let Some((before, behind)) = rest.split_once('{') {
            let (name, behind) = behind.split_once('}').ok_or_else(|| wrong(format!("`{{{behind}` has no `}}`")))?;
            let known = NAMES.into_iter().find(|n| *n == name).ok_or_else(|| {
                let near = nearest(name, NAMES.into_iter());
                let hint = near.first().map_or(String::new(), |n| format!(", did you mean {{{n}}}?"));
                wrong(format!("`{{{name}}}` is unknown{hint}"))
            })?;
            if behind.contains('/') {
                return Err(wrong(format!(
                    "`{{{name}}}` stands in the name of a directory, it must be in that of the file"
                )));
            }
            parts.extend([Part::Text(before.to_string()), Part::Name(known)]);
            rest = behind;
        }
        parts.push(Part::Text(rest.to_string()));
        Ok(Template { spec: spec.to_string(), parts })
    }

    /// With its dot; empty if there is none. Times hold a dot too, but that is no extension.
    fn extension(&self) -> &str {
        match self.parts.last() {
            Some(Part::Text(text)) => text.rfind('.').map_or("", |dot| &text[dot..]),
            _ => "",
        }
    }

    fn path(&self, batch: &BatchInfo, zone: &TimeZone) -> PathBuf {
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Name("start") => batch.start.compact(zone),
            Part::Name("end") => batch.end.compact(zone),
            Part::Name("start_ms") => batch.start.0.to_string(),
            Part::Name("end_ms") => batch.end.0.to_string(),
            Part::Name(_) => batch.id.to_string(),
        };
        self.parts.iter().map(part).collect::<String>().into()
    }
}

impl Spec for Template {
    fn name(&self) -> String {
        self.spec.clone()
    }

    fn format(&self) -> Option<&'static str> {
        format_of(&self.spec)
    }

    fn by_batch(&self) -> bool {
        true
    }

    fn open(&self, setup: &Setup) -> Result<Box<dyn Sink>> {
        check_directory(Path::new(&self.spec))?;
        let (template, header, zone) = (self.clone(), setup.header.clone(), setup.zone.clone());
        Ok(Box::new(Open { template, header, zone, file: None }))
    }
}

struct Open {
    template: Template,
    header: Vec<u8>,
    zone: TimeZone,
    /// Of the present batch; named at its end only, which need not be known before.
    file: Option<Temporary>,
}

fn failed(path: &Path, found: &std::io::Error) -> Error {
    Error::io(format!("cannot write to {}", path.display()), found)
}

impl Sink for Open {
    fn begin(&mut self, _: &BatchInfo) -> Result<()> {
        self.file = None;
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        let path = Path::new(&self.template.spec);
        let written = match &mut self.file {
            Some(file) => file.to.write_all(bytes),
            None => Temporary::beside(path).and_then(|mut file| {
                file.to.write_all(&self.header)?;
                file.to.write_all(bytes)?;
                self.file = Some(file);
                Ok(())
            }),
        };
        written.map_err(|e| failed(path, &e))
    }

    /// Nobody may see a part of a batch.
    fn flush(&mut self) -> Result<()> {
        Ok(())
    }

    fn end(&mut self, batch: &BatchInfo) -> Result<()> {
        let Some(mut file) = self.file.take() else { return Ok(()) };
        let path = self.template.path(batch, &self.zone);
        let done = file.to.flush().and_then(|()| match batch.redo {
            true => std::fs::rename(&file.path, &path),
            false => file.place(&path, self.template.extension()),
        });
        done.map_err(|e| failed(&path, &e))
    }
}

/// A hidden file that is gone when dropped, unless it got its name before.
struct Temporary {
    path: PathBuf,
    to: BufWriter<File>,
}

impl Temporary {
    fn beside(target: &Path) -> std::io::Result<Self> {
        let name = target.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for number in 0u64.. {
            let path = directory_of(target).join(format!(".{name}.tmp{}-{number}", std::process::id()));
            match OpenOptions::new().write(true).create_new(true).mode(0o644).open(&path) {
                Ok(file) => return Ok(Temporary { path, to: BufWriter::with_capacity(BUFFER, file) }),
                Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
                Err(e) => return Err(e),
            }
        }
        Err(ErrorKind::AlreadyExists.into())
    }

    /// Gives it the name, or if that is taken the first free one of `-2`, `-3` … before the extension.
    fn place(&self, target: &Path, extension: &str) -> std::io::Result<()> {
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let stem = name.strip_suffix(extension).unwrap_or(&name);
        let mut free = target.to_path_buf();
        for number in 2u64.. {
            match self.rename_new(&free) {
                Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
                done => return done,
            }
            free = target.with_file_name(format!("{stem}-{number}{extension}"));
        }
        Err(ErrorKind::AlreadyExists.into())
    }

    /// Renames it; an existing file is an error, even one that appeared just now.
    fn rename_new(&self, target: &Path) -> std::io::Result<()> {
        match renameat_with(CWD, &self.path, CWD, target, RenameFlags::NOREPLACE) {
            // Not every file system can; then a second name is given, and the hidden one goes when this is dropped.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => std::fs::hard_link(&self.path, target),
            done => done.map_err(Into::into),
        }
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{batch, give, setup};
    use super::*;

    fn open(dir: &Path, name: &str, header: &str) -> Result<Box<dyn Sink>> {
        Template::new(dir.join(name).to_str().expect("UTF-8"))?.open(&setup(header).0)
    }

    /// Names and contents, in order of the names.
    fn files(dir: &Path) -> Vec<(String, String)> {
        let entries = std::fs::read_dir(dir).expect("a directory").map(|e| e.expect("an entry"));
        let read = |e: std::fs::DirEntry| {
            (e.file_name().into_string().expect("UTF-8"), std::fs::read_to_string(e.path()).expect("text"))
        };
        let mut files: Vec<_> = entries.map(read).collect();
        files.sort();
        files
    }

    fn file(name: &str, content: &str) -> (String, String) {
        (name.to_string(), content.to_string())
    }

    #[test]
    fn a_file_per_batch_with_the_header_and_none_for_an_empty_one() {
        let dir = tempfile::tempdir().expect("a directory");
        let mut sink = open(dir.path(), "{end}.csv", "word\n").expect("open");
        give(&mut *sink, &batch(0), "a\n").expect("written");
        give(&mut *sink, &batch(1), "").expect("written");
        give(&mut *sink, &batch(2), "b\n").expect("written");
        let expected = [file("19700101T000001.000Z.csv", "word\na\n"), file("19700101T000003.000Z.csv", "word\nb\n")];
        assert_eq!(files(dir.path()), expected);
    }

    #[test]
    fn every_placeholder_stands_for_its_value() {
        let template = Template::new("x/{batch}-{start}-{start_ms}-{end_ms}.txt").expect("a template");
        let path = template.path(&batch(4), &TimeZone::UTC);
        assert_eq!(path, Path::new("x/4-19700101T000004.000Z-4000-5000.txt"));
        assert_eq!(template.format(), Some("text"));
    }

    #[test]
    fn an_existing_file_is_replaced_by_a_redo_only() {
        let dir = tempfile::tempdir().expect("a directory");
        let mut sink = open(dir.path(), "{batch}.csv", "").expect("open");
        for rows in ["a\n", "b\n", "c\n"] {
            give(&mut *sink, &batch(0), rows).expect("written");
        }
        let redo = BatchInfo { redo: true, ..batch(0) };
        give(&mut *sink, &redo, "d\n").expect("written");
        assert_eq!(files(dir.path()), [file("0-2.csv", "b\n"), file("0-3.csv", "c\n"), file("0.csv", "d\n")]);
    }

    #[test]
    fn the_dot_in_a_time_is_no_extension() {
        let dir = tempfile::tempdir().expect("a directory");
        let mut sink = open(dir.path(), "{end}", "").expect("open");
        for rows in ["a\n", "b\n"] {
            give(&mut *sink, &batch(0), rows).expect("written");
        }
        let expected = [file("19700101T000001.000Z", "a\n"), file("19700101T000001.000Z-2", "b\n")];
        assert_eq!(files(dir.path()), expected);
    }

    #[test]
    fn until_its_end_a_batch_is_hidden_and_if_it_never_comes_it_is_gone() {
        let dir = tempfile::tempdir().expect("a directory");
        let mut sink = open(dir.path(), "{batch}.csv", "").expect("open");
        sink.begin(&batch(0)).expect("begun");
        sink.write(b"a\n").expect("written");
        sink.flush().expect("flushed");
        let names: Vec<String> = files(dir.path()).into_iter().map(|f| f.0).collect();
        assert!(names.len() == 1 && names[0].starts_with(".{batch}.csv.tmp"), "{names:?}");
        drop(sink);
        assert_eq!(files(dir.path()), []);
    }

    #[test]
    fn a_write_that_fails_leaves_nothing() {
        let dir = tempfile::tempdir().expect("a directory");
        let mut sink = open(dir.path(), "{batch}.csv", "").expect("open");
        std::fs::remove_dir(dir.path()).expect("removed");
        let error = give(&mut *sink, &batch(0), "a\n").expect_err("no directory").to_string();
        assert!(error.ends_with("{batch}.csv: no such file or directory"), "{error}");
    }

    #[test]
    fn mistakes_in_the_template_name_what_there_is() {
        for (spec, what) in [
            ("{ende}.csv", "`{ende}` is unknown, did you mean {end}?"),
            ("{}.csv", "`{}` is unknown"),
            ("a{end.csv", "`{end.csv` has no `}`"),
            ("{end}/x.csv", "stands in the name of a directory"),
        ] {
            let error = Template::new(spec).err().expect(spec);
            assert_eq!(error.exit_status(), 2);
            let text = error.to_string();
            assert!(text.contains(what) && text.contains("{start} {end} {start_ms} {end_ms} {batch}"), "{text}");
        }
    }

    #[test]
    fn a_missing_directory_is_an_error_before_anything_runs() {
        let error = Template::new("/nonexistent/{end}.csv").expect("a template").open(&setup("").0).err();
        let error = error.expect("no directory").to_string();
        assert!(error.contains("there is no directory /nonexistent"), "{error}");
    }
}
