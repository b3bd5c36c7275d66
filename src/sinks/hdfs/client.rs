//! The files of a real HDFS, through hdfs-native: it speaks to the NameNode and the DataNodes itself, without Java. Its threads are
//! there only while the sink is.

use std::io::Write;
use std::sync::Arc;

use hdfs_native::sync::{Client, ClientBuilder, FileWriter};
use hdfs_native::{HdfsError, WriteOptions};

use super::files::{Done, Failure, Files, Out, Status};
use crate::error::{Error, Result, describe};

/// Everyone may read what is made here, hidden or not; the umask of the file system takes nothing from it.
const MODE: u32 = 0o644;

/// A call is tried so often at once, at each NameNode of a name service in turn: what takes longer is waited for by the sink, which
/// says so.
const ATTEMPTS: [(&str, &str); 3] = [
    ("dfs.client.failover.max.attempts", "6"),
    ("dfs.client.failover.sleep.base.millis", "50"),
    ("dfs.client.failover.sleep.max.millis", "500"),
];

/// The files of `hdfs://NAMENODE:PORT`, or of a name service of the configuration; nobody is asked for anything yet.
pub fn connect(root: &str) -> Result<Arc<dyn Files>> {
    let client = ClientBuilder::new().with_url(root).with_config(ATTEMPTS).build();
    let client = client.map_err(|error| Error::failed(format!("cannot use {root}: {}", text(&error))))?;
    Ok(Arc::new(Hdfs(client)))
}

struct Hdfs(Client);

impl Files for Hdfs {
    fn create(&self, path: &str, over: bool) -> Done<Box<dyn Out>> {
        let options = WriteOptions::default().permission(MODE).overwrite(over).create_parent(false);
        match self.0.create(path, options).map_err(failure) {
            Ok(writer) => Ok(Box::new(Writer(writer))),
            Err(Failure::Missing) => Err(Failure::Refused("its directory is not there any more".to_string())),
            Err(other) => Err(other),
        }
    }

    fn status(&self, path: &str) -> Done<Option<Status>> {
        match self.0.get_file_info(path).map_err(failure) {
            Ok(found) => Ok(Some(Status {
                is_directory: found.isdir,
                length: found.length as u64,
                modified: found.modification_time,
            })),
            Err(Failure::Missing) => Ok(None),
            Err(other) => Err(other),
        }
    }

    fn list(&self, path: &str) -> Done<Vec<String>> {
        let found = self.0.list_status(path, false).map_err(failure)?;
        let name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_string();
        Ok(found.iter().map(|file| name(&file.path)).collect())
    }

    fn rename(&self, from: &str, to: &str, over: bool) -> Done<()> {
        self.0.rename(from, to, over).map_err(failure)
    }

    fn remove(&self, path: &str) -> Done<()> {
        self.0.delete(path, false).map(drop).map_err(failure)
    }
}

struct Writer(FileWriter);

impl Out for Writer {
    fn write(&mut self, bytes: &[u8]) -> Done<()> {
        self.0.write_all(bytes).map_err(|error| match error.downcast::<HdfsError>() {
            Ok(error) => failure(error),
            Err(error) => Failure::Away(describe(&error)),
        })
    }

    fn close(&mut self) -> Done<()> {
        self.0.close().map_err(failure)
    }
}

/// What an error means for who wants to go on.
fn failure(error: HdfsError) -> Failure {
    match error {
        HdfsError::AlreadyExists(_) => Failure::Exists,
        HdfsError::FileNotFound(_) => Failure::Missing,
        HdfsError::IOError(error) => Failure::Away(describe(&error)),
        HdfsError::DataTransferError(what) | HdfsError::BlocksNotFound(what) | HdfsError::OperationFailed(what) => {
            Failure::Away(what)
        }
        HdfsError::RPCError(class, said) | HdfsError::FatalRPCError(class, said) => answered(&class, &said),
        other => Failure::Refused(text(&other)),
    }
}

/// What the NameNode answered: the class of an exception, and its text with a stack below.
fn answered(class: &str, said: &str) -> Failure {
    let class = class.rsplit('.').next().unwrap_or(class);
    let said = said.lines().next().unwrap_or_default().trim();
    let what = if said.is_empty() { class.to_string() } else { said.to_string() };
    match class {
        "FileAlreadyExistsException" => Failure::Exists,
        "FileNotFoundException" => Failure::Missing,
        // It is not the active one, it has just been started, or there is no DataNode to write to.
        "StandbyException"
        | "SafeModeException"
        | "RetriableException"
        | "NotReplicatedYetException"
        | "LeaseExpiredException"
        | "RecoveryInProgressException"
        | "IOException"
        | "InterruptedIOException" => Failure::Away(what),
        _ => Failure::Refused(format!("{what} ({class})")),
    }
}

/// What an error of the client says, without the words that only a programmer knows.
fn text(error: &HdfsError) -> String {
    match error {
        HdfsError::IOError(error) => describe(error),
        HdfsError::RPCError(_, said) | HdfsError::FatalRPCError(_, said) => {
            said.lines().next().unwrap_or_default().to_string()
        }
        HdfsError::InvalidArgument(what) | HdfsError::UnsupportedFeature(what) | HdfsError::SASLError(what) => {
            format!("{error}: {what}")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_apart() {
        let of = |class: &str| answered(class, "first line\n\tat java");
        let first = "first line".to_string();
        assert_eq!(of("org.apache.hadoop.hdfs.server.namenode.SafeModeException"), Failure::Away(first.clone()));
        assert_eq!(of("java.io.IOException"), Failure::Away(first));
        assert_eq!(of("java.io.FileNotFoundException"), Failure::Missing);
        assert_eq!(of("org.apache.hadoop.fs.FileAlreadyExistsException"), Failure::Exists);
        for class in ["security.AccessControlException", "hdfs.protocol.DSQuotaExceededException"] {
            let short = class.rsplit('.').next().unwrap_or_default();
            assert_eq!(of(&format!("org.apache.hadoop.{class}")), Failure::Refused(format!("first line ({short})")));
        }
    }
}
