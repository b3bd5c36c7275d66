//! `PATH`, `'GLOB'`, `file:PATH?in=text`: regular files in order of name, compressed or not; with `--follow` as `tail -F`.
//!
//! Each file is a lane of its own, which the shards read; it is looked at when the run begins and opened when its turn has
//! come. Files that are followed have a receiver thread each (see `follow.rs`). A path to something else (a fifo,
//! `/dev/fd/63`) is read like standard input.

mod follow;

use std::fs::{Metadata, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::OFlags;

use super::support::descriptors::allow_many;
use super::support::fingerprint::Identity;
use super::support::glob;
use super::support::polled::{Polled, enlarge};
use super::support::regular::{FileStream, cannot_read, open};
use super::support::resume::{self, There};
use super::support::spelling::Spelling;
use super::{Entry, Feed, Kept, Lane, NoControl, Setup, Source, Wanted};
use crate::data::framing::Framing;
use crate::error::{Error, Result};

use follow::{Begun, Followed, resume as go_on};

pub(super) const ENTRY: Entry = Entry {
    scheme: "",
    form: "PATH",
    about: "a file, or by a quoted glob ('logs/*.gz') files in order of name; gzip and zstd are known by content. With a \
            checkpoint each file goes on where it was left, also under another name; one that was replaced or truncated is \
            read from its start",
    parse: |spelling| Ok(Box::new(Files { pattern: spelling.rest.clone(), format: Wanted::default(), follow: None })),
};

pub(super) const WITH_OPTIONS: Entry = Entry {
    scheme: "file",
    form: "file:PATH?in=FORMAT",
    about: "the same with options; ?follow=true goes on with what is appended, as --follow. With a checkpoint a file that was \
            rotated while nothing ran is looked for beside its path, by its inode, and its rest is read first: compress \
            rotated files a rotation later",
    parse: |spelling| Ok(Box::new(Files::parse(spelling)?)),
};

struct Files {
    pattern: String,
    format: Wanted,
    /// Goes on with what is appended, if that is said.
    follow: Option<bool>,
}

impl Files {
    fn parse(spelling: &Spelling) -> Result<Self> {
        spelling.allow(&["follow", "in", "header"])?;
        let (pattern, format) = (spelling.decoded_rest()?, spelling.format()?);
        Ok(Files { pattern, format, follow: spelling.switch("follow")? })
    }

    fn is_followed(&self) -> bool {
        self.follow == Some(true)
    }

    /// The files that are meant. An existing file of that very name wins over a glob.
    fn list(&self) -> Result<Vec<PathBuf>> {
        let pattern = &self.pattern;
        if pattern.is_empty() {
            return Err(Error::usage("--from: there is no name of a file; standard input is -"));
        }
        if Path::new(pattern).symlink_metadata().is_ok() || !glob::is_glob(pattern) {
            return Ok(vec![pattern.into()]);
        }
        let paths = glob::expand(pattern)?;
        if paths.is_empty() {
            let options = ["?in=", "?header="].iter().find_map(|option| pattern.find(option));
            let hint = match options.map(|at| &pattern[..at]) {
                Some(path) if Path::new(path).exists() => format!("; a path with options is written file:{pattern}"),
                _ => String::new(),
            };
            return Err(Error::failed(format!("no file matches {pattern}{hint}")));
        }
        Ok(paths)
    }

    /// The path whose extension tells the format: of a pattern without one, a file that it matches.
    fn extension(&self) -> String {
        let named = self.pattern.rsplit('/').next().is_some_and(|name| name.contains('.') && !name.ends_with('*'));
        let listed = || self.list().ok()?.first().map(|path| path.display().to_string());
        if named { self.pattern.clone() } else { listed().unwrap_or_else(|| self.pattern.clone()) }
    }

    /// Nothing, if there is nothing to be read and nothing to wait for.
    fn lane(&self, path: PathBuf, setup: &Setup) -> Result<Option<Lane>> {
        let name = path.display().to_string();
        let seen = match look_at(&path) {
            Ok(seen) => seen,
            Err(_) if self.is_followed() && is_absent(&path) => {
                let followed = Followed::absent(path, setup);
                return Ok((!setup.once).then(|| followed.lane()));
            }
            Err(error) => return Err(error),
        };
        let stop = Arc::clone(&setup.stop);
        if !seen.is_file() {
            // Without waiting here for someone to open the other end of a fifo.
            let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits() as i32;
            let fd =
                OpenOptions::new().read(true).custom_flags(flags).open(&path).map_err(|e| cannot_read(&path, &e))?;
            enlarge(&fd);
            let feed = Feed::Bytes(Box::new(Polled { fd, name: name.clone(), stop }));
            let (pull, size, control, resumes) = (false, None, Arc::new(NoControl), None);
            return Ok(Some(Lane { name, feed, pull, size, control, resumes }));
        }
        let file = open(&path)?;
        if self.is_followed() && !setup.once {
            return Ok(Some(Followed::opened(path, file, setup)?.lane()));
        }
        Ok(Some(FileStream::new(path, (Identity::of(&seen), seen.len()), setup.once, stop).lane()))
    }

    /// Those that are followed, each of which goes on with what was kept of the lane of its path.
    fn resume_followed(&self, setup: &Setup, framing: Framing, kept: &[Kept]) -> Result<Vec<Lane>> {
        let mut paths = self.list()?;
        // What has to be given again is looked for also where its path is not there any more.
        let unlisted = kept.iter().filter(|kept| kept.redo.is_some()).map(|kept| PathBuf::from(&kept.name));
        let unlisted: Vec<PathBuf> = unlisted.filter(|path| !paths.contains(path)).collect();
        paths.extend(unlisted);
        allow_many();
        let mut lanes = Vec::with_capacity(paths.len());
        for path in paths {
            let name = path.display().to_string();
            let of_path = kept.iter().enumerate().find(|(_, kept)| kept.name == name);
            let again = of_path.map(|(at, kept)| go_on(&path, at, kept, setup, framing)).transpose()?.flatten();
            lanes.extend(match again {
                Some(lane) => Some(lane),
                None => self.lane(path, setup)?,
            });
        }
        Ok(lanes)
    }
}

impl Source for Files {
    fn name(&self) -> String {
        self.pattern.clone()
    }

    fn format(&self) -> Wanted {
        Wanted { path: Some(self.extension()), ..self.format.clone() }
    }

    fn is_files(&self) -> bool {
        // What cannot be listed is an error when it is opened, whatever is said here.
        let is_file = |p: &PathBuf| p.metadata().map_or(true, |m| m.is_file());
        !self.is_followed() && self.list().map_or(true, |paths| paths.iter().all(is_file))
    }

    fn files(&self) -> Result<Option<Vec<PathBuf>>> {
        let paths = self.list()?;
        let again = |path: &PathBuf| path.metadata().map_or(true, |seen| seen.is_file() || seen.is_dir());
        Ok((!self.is_followed() && paths.iter().all(again)).then_some(paths))
    }

    fn cannot_tick(&self) -> Option<&'static str> {
        let several = self.is_followed() && self.list().is_ok_and(|paths| paths.len() > 1);
        several.then_some("its files are followed side by side, so that their ticks would mix")
    }

    fn follow(&mut self) -> bool {
        self.follow.get_or_insert(true);
        true
    }

    fn samples(&self, setup: &Setup) -> Result<Option<Vec<Lane>>> {
        if !self.is_followed() || setup.once {
            return Ok(None);
        }
        let files = self.list()?.into_iter().filter_map(|path| Some((path.metadata().ok()?, path)));
        let is_file = |(seen, _): &(Metadata, PathBuf)| seen.is_file();
        let lane = |(seen, path): (Metadata, PathBuf)| {
            let lane = FileStream::new(path, (Identity::of(&seen), seen.len()), true, Arc::clone(&setup.stop)).lane();
            let Feed::Bytes(stream) = lane.feed else { return lane };
            Lane { feed: Feed::Bytes(Box::new(Begun(stream))), ..lane }
        };
        let samples: Vec<Lane> = files.filter(is_file).map(lane).collect();
        Ok(Some(samples))
    }

    fn open(&self, setup: &Setup, _: Framing) -> Result<Vec<Lane>> {
        let paths = self.list()?;
        if self.is_followed() {
            allow_many();
        }
        paths.into_iter().filter_map(|path| self.lane(path, setup).transpose()).collect()
    }

    fn resume(&self, setup: &Setup, framing: Framing, kept: &[Kept]) -> Result<Vec<Lane>> {
        if self.is_followed() {
            return self.resume_followed(setup, framing, kept);
        }
        let (mut others, mut there) = (Vec::new(), Vec::new());
        for (at, path) in self.list()?.into_iter().enumerate() {
            let seen = look_at(&path)?;
            if seen.is_file() {
                there.push(There { path, identity: Identity::of(&seen), size: seen.len() });
            } else if let Some(lane) = self.lane(path, setup)? {
                others.push((at, lane));
            }
        }
        let mut lanes = resume::lanes(there, kept, setup, framing)?;
        others.into_iter().for_each(|(at, lane)| lanes.insert(at, lane));
        Ok(lanes)
    }
}

/// Whether there is nothing of that name, nor anything in its way.
fn is_absent(path: &Path) -> bool {
    path.metadata().is_err_and(|e| e.kind() == ErrorKind::NotFound)
}

/// What a path leads to, unless that is a directory.
fn look_at(path: &Path) -> Result<Metadata> {
    let seen = path.metadata().map_err(|e| cannot_read(path, &e))?;
    if seen.is_dir() {
        let (path, inside) = (path.display(), path.join("*"));
        let inside = inside.display();
        return Err(Error::failed(format!(
            "cannot read {path}: it is a directory, not a file; to read the files in it: --from '{inside}'"
        )));
    }
    Ok(seen)
}

#[cfg(test)]
mod tests;
