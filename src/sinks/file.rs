//! A file by its path: appended to. A write that fails is cut back to what was delivered before it.

use std::path::PathBuf;
use std::sync::Arc;

use super::support::appended::Appended;
use super::{Parsed, Setup, Sink, Spec, check_directory, format_of};
use crate::data::batch::BatchInfo;
use crate::error::{Error, Result};
use crate::messages::Messages;

pub(super) const ABOUT: &str = "a file, appended to (file:PATH if the name holds a brace). Under --checkpoint each batch is in it \
    exactly once, if nobody else writes to it";

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

    fn replaces(&self) -> bool {
        // What went into a pipe or to a device cannot be taken back; what is not there will be a file.
        std::fs::metadata(&self.path).map_or(true, |found| found.is_file())
    }

    fn open(&self, setup: &Setup) -> Result<Box<dyn Sink>> {
        let path = PathBuf::from(&self.path);
        let attempted = format!("cannot write to {}", path.display());
        if path.is_dir() {
            let hint = "name a file in it, or a template for a file per batch: DIR/{end}.csv";
            return Err(Error::failed(format!("{attempted}: it is a directory; {hint}")));
        }
        check_directory(&path)?;
        let file = Appended::open(&path, setup.header.clone(), attempted)?;
        Ok(Box::new(Open { file, messages: Arc::clone(&setup.messages) }))
    }
}

struct Open {
    file: Appended,
    messages: Arc<Messages>,
}

impl Sink for Open {
    fn begin(&mut self, _: &BatchInfo) -> Result<()> {
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> Result<()> {
        self.file.deliver()
    }

    fn end(&mut self, _: &BatchInfo) -> Result<()> {
        self.file.deliver()
    }

    fn stand(&mut self) -> Result<Vec<u8>> {
        Ok(self.file.stand()?.to_vec())
    }

    fn take_back(&mut self, stand: &[u8]) -> Result<()> {
        if let Some(text) = self.file.take_back(stand)? {
            self.messages.note(&text);
        }
        Ok(())
    }

    fn sync(&mut self) -> Result<()> {
        self.file.sync()
    }

    fn close(&mut self) -> Result<()> {
        self.file.deliver()
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
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
}
