//! A file by its path: appended to. A write that fails is cut back to what was delivered before it.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use super::{BUFFER, Parsed, Setup, Sink, Spec, check_directory, format_of};
use crate::data::batch::BatchInfo;
use crate::error::{Error, Result};

/// `PATH`, `file:PATH`.
struct Path {
    path: String,
}

pub(super) fn parse(spec: &str) -> Parsed {
    let path = spec.strip_prefix("file:").unwrap_or(spec);
    if path.is_empty() {
        return Some(Err(Error::usage("file: needs a path: file:out.csv")));
    }
    Some(Ok(Box::new(Path { path: path.to_string() })))
}

impl Spec for Path {
    fn name(&self) -> String {
        self.path.clone()
    }

    fn format(&self) -> Option<&'static str> {
        format_of(&self.path)
    }

    fn open(&self, setup: &Setup) -> Result<Box<dyn Sink>> {
        let path = PathBuf::from(&self.path);
        let attempted = || format!("cannot write to {}", path.display());
        if path.is_dir() {
            let hint = "name a file in it, or a template for a file per batch: DIR/{end}.csv";
            return Err(Error::failed(format!("{}: it is a directory; {hint}", attempted())));
        }
        check_directory(&path)?;
        let opened = OpenOptions::new().append(true).create(true).mode(0o644).open(&path);
        let file = opened.map_err(|e| Error::io(attempted(), &e))?;
        let found = file.metadata().map_err(|e| Error::io(attempted(), &e))?;
        let delivered = found.is_file().then_some(found.len());
        let gathered = if found.is_file() && found.len() > 0 { Vec::new() } else { setup.header.clone() };
        Ok(Box::new(Open { path, file, gathered, delivered, written: 0 }))
    }
}

struct Open {
    path: PathBuf,
    file: File,
    gathered: Vec<u8>,
    /// Of a regular file: its length when everything in it had been delivered.
    delivered: Option<u64>,
    /// Bytes that were written since.
    written: u64,
}

impl Open {
    /// Writes what was gathered and `more` behind it.
    fn hand_over(&mut self, more: &[u8]) -> Result<()> {
        let gathered = std::mem::take(&mut self.gathered);
        self.put(&gathered)?;
        self.put(more)?;
        self.gathered = gathered;
        self.gathered.clear();
        Ok(())
    }

    fn put(&mut self, mut rest: &[u8]) -> Result<()> {
        while !rest.is_empty() {
            match self.file.write(rest) {
                Ok(0) => return self.fail(&ErrorKind::WriteZero.into()),
                Ok(n) => {
                    self.written += n as u64;
                    rest = &rest[n..];
                }
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return self.fail(&e),
            }
        }
        Ok(())
    }

    fn fail(&mut self, found: &std::io::Error) -> Result<()> {
        let mut error = format!("cannot write to {}: {}", self.path.display(), crate::error::describe(found));
        // If others append to the file too, the length is not ours to decide.
        if let Some(delivered) = self.delivered
            && self.written > 0
        {
            let ours = self.file.metadata().is_ok_and(|m| m.len() == delivered + self.written);
            error += match ours && self.file.set_len(delivered).is_ok() {
                true => "; the unfinished batch was taken back",
                false => "; the unfinished batch stands at its end",
            };
        }
        self.written = 0;
        Err(Error::failed(error))
    }

    fn deliver(&mut self) -> Result<()> {
        self.hand_over(&[])?;
        if let Some(delivered) = &mut self.delivered {
            *delivered += self.written;
        }
        self.written = 0;
        Ok(())
    }
}

impl Sink for Open {
    fn begin(&mut self, _: &BatchInfo) -> Result<()> {
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        if self.gathered.len() + bytes.len() > BUFFER {
            return self.hand_over(bytes);
        }
        self.gathered.extend_from_slice(bytes);
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        self.deliver()
    }

    fn end(&mut self, _: &BatchInfo) -> Result<()> {
        self.deliver()
    }

    fn close(&mut self) -> Result<()> {
        self.deliver()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::fs::PermissionsExt;

    use super::super::tests::{batch, give, setup};
    use super::*;

    fn open(path: &str, header: &str) -> Result<Box<dyn Sink>> {
        parse(path).expect("a path").and_then(|spec| spec.open(&setup(header).0))
    }

    #[test]
    fn batches_are_appended_and_the_header_stands_only_at_the_start() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("out.csv");
        let name = path.to_str().expect("UTF-8");
        for row in ["a\n", "b\n"] {
            let mut sink = open(name, "word\n").expect("open");
            give(&mut *sink, &batch(0), row).expect("written");
            sink.close().expect("closed");
        }
        assert_eq!(std::fs::read_to_string(&path).expect("a file"), "word\na\nb\n");
        let mode = path.metadata().expect("a file").permissions().mode() & 0o777;
        assert_eq!(mode & !0o644, 0, "no more than 0644, the umask may take from it");
    }

    #[test]
    fn the_header_is_written_without_rows_too() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("{odd}.csv");
        let mut sink = open(&format!("file:{}", path.display()), "word\n").expect("open");
        sink.close().expect("closed");
        assert_eq!(std::fs::read_to_string(&path).expect("a file"), "word\n");
    }

    #[test]
    fn a_directory_and_a_missing_one_are_errors_before_anything_runs() {
        let dir = tempfile::tempdir().expect("a directory");
        let error = open(dir.path().to_str().expect("UTF-8"), "").err().expect("a directory").to_string();
        assert!(error.contains("it is a directory"), "{error}");
        let missing = dir.path().join("no/out.csv");
        let error = open(missing.to_str().expect("UTF-8"), "").err().expect("no directory").to_string();
        assert!(error.ends_with("/no, make it first"), "{error}");
    }

    #[test]
    fn devices_and_fifos_work_and_a_full_one_fails() {
        give(&mut *open("/dev/null", "h\n").expect("open"), &batch(0), "a\n").expect("written");
        let error = give(&mut *open("/dev/full", "").expect("open"), &batch(0), "a\n").expect_err("full").to_string();
        assert_eq!(error, "cannot write to /dev/full: no space left on device");
        let dir = tempfile::tempdir().expect("a directory");
        let fifo = dir.path().join("fifo");
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, 0o600.into(), 0).expect("a fifo");
        let name = fifo.to_str().expect("UTF-8").to_string();
        let writer = std::thread::spawn(move || give(&mut *open(&name, "h\n")?, &batch(0), "a\n"));
        let mut read = String::new();
        File::open(&fifo).expect("a fifo").read_to_string(&mut read).expect("text");
        writer.join().expect("no panic").expect("written");
        assert_eq!(read, "h\na\n");
    }

    /// An open file whose next writes fail: it is only open for reading.
    fn failing(path: &std::path::Path, delivered: u64, written: u64) -> Open {
        let (path, file) = (path.to_path_buf(), File::open(path).expect("a file"));
        Open { path, file, gathered: b"c\n".to_vec(), delivered: Some(delivered), written }
    }

    #[test]
    fn a_failed_write_is_cut_back_to_what_was_delivered() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("out");
        std::fs::write(&path, "a\nb\nhalf").expect("written");
        let file = OpenOptions::new().append(true).open(&path).expect("a file");
        let mut sink = Open { path: path.clone(), file, gathered: Vec::new(), delivered: Some(4), written: 4 };
        let error = sink.fail(&ErrorKind::StorageFull.into()).expect_err("failed").to_string();
        assert!(error.ends_with("the unfinished batch was taken back"), "{error}");
        assert_eq!(std::fs::read_to_string(&path).expect("a file"), "a\nb\n");
    }

    #[test]
    fn nothing_is_cut_where_others_have_appended() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("out");
        std::fs::write(&path, "a\nhalfother\n").expect("written");
        let error = failing(&path, 2, 4).end(&batch(0)).expect_err("not writable").to_string();
        assert!(error.ends_with("the unfinished batch stands at its end"), "{error}");
        assert_eq!(std::fs::read_to_string(&path).expect("a file"), "a\nhalfother\n");
    }
}
