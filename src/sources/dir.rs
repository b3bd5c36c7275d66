//! `dir:PATH`: the new files of a directory (or of a glob of directories), each wholly in one batch.
//!
//! One lane, on its receiver thread. At each cut of the timer the directory is listed, and every file that is new is read to
//! the end it has then, in order of path; the batch is cut when all of that is with the batcher. Where the timer does not cut
//! (`--batch all`, cuts by number alone, `--max-rate`) it is listed in a fixed rhythm. With `--once` each file is a lane of its
//! own, as those of a glob are. At the stop it is not listed any more, and a file that is half read gives its whole records.

mod again;
mod listing;

use std::collections::VecDeque;
use std::fs::File;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::support::fingerprint::{Fingerprint, Identity};
use super::support::glob;
use super::support::marks::{Piece, begin};
use super::support::regular::{FileStream, cannot_read};
use super::support::resume::{self, There};
use super::support::spelling::Spelling;
use super::support::trail::lock;
use super::{Control, Entry, Feed, Got, Kept, Lane, Setup, Source, Stream, Wanted};
use crate::clock::{Bell, Clock};
use crate::data::framing::Framing;
use crate::error::{Result, describe};
use crate::messages::Messages;
use crate::stop::Stop;

use again::{Again, Memory, Resumed};
use listing::{Found, Taken};

pub(super) const ENTRY: Entry = Entry {
    scheme: "dir",
    form: "dir:PATH",
    about: "the new files of a directory, or of a quoted glob of directories: at the end of each batch it is listed, and \
            what was not there before is taken, in order of path, every file wholly in one batch and once. Rename files into \
            place: what is appended later is ignored (an empty file is taken when it holds something). Names that begin with a \
            dot are skipped. ?existing=true takes what was there at the start too, ?recursive=true also what is in directories \
            below, ?glob=*.csv only such names. Beside --max-rate or cuts by number a file may be spread over batches. With \
            --batch all it is listed every second, until a signal; with --once all that is there is read. With a checkpoint what \
            was taken is not taken again, and what comes while nothing runs is new; a file has to stay until its batch is out",
    parse: |spelling| Ok(Box::new(Directory::parse(spelling)?)),
};

struct Directory {
    wanted: listing::Wanted,
    existing: bool,
    format: Wanted,
}

impl Directory {
    fn parse(spelling: &Spelling) -> Result<Self> {
        spelling.allow(&["existing", "recursive", "glob", "in", "header"])?;
        let pattern = spelling.decoded_rest()?;
        if pattern.is_empty() {
            return Err(spelling.wrong("there is no name of a directory; this one is dir:."));
        }
        let names = spelling.option("glob");
        if names.is_some_and(|names| names.is_empty() || names.contains('/')) {
            return Err(
                spelling.wrong("glob= is for the names of files, without their directories, such as glob=*.csv")
            );
        }
        let switch = |name| spelling.switch(name).map(|on| on == Some(true));
        let format = Wanted { path: names.map(String::from), ..spelling.format()? };
        let names = names.map(|names| glob::matcher(&spelling.written, names)).transpose()?;
        let wanted = listing::Wanted { pattern, recursive: switch("recursive")?, names };
        Ok(Directory { wanted, existing: switch("existing")?, format })
    }

    /// What is there now, each file as a lane of its own.
    fn lanes(&self, stop: &Arc<Stop>) -> Result<Vec<Lane>> {
        let lane =
            |There { path, identity, size }| FileStream::new(path, (identity, size), true, Arc::clone(stop)).lane();
        Ok(self.there()?.map(lane).collect())
    }

    fn there(&self) -> Result<impl Iterator<Item = There>> {
        let (files, mut seen) = (self.wanted.first()?.files, Taken::default());
        let once = files.into_iter().filter(move |file| seen.insert(file.identity));
        Ok(once.map(|Found { path, identity, size }| There { path, identity, size }))
    }

    /// The lane of the files that are new to what an earlier run has kept, if there was one.
    fn lane(&self, setup: &Setup, framing: Framing, kept: Option<&Kept>) -> Result<Vec<Lane>> {
        let listing = self.wanted.first()?;
        let before = kept.map(|kept| Resumed::of(kept, &listing, setup, framing)).transpose()?.flatten();
        let resumes = before.is_some().then_some(0);
        let Resumed { taken, again, position } = before.unwrap_or_else(|| {
            let mut taken = Taken::default();
            if !self.existing {
                listing.files.iter().for_each(|file| _ = taken.insert(file.identity));
            }
            Resumed { taken, again: VecDeque::new(), position: 0 }
        });
        let memory = Arc::new(Mutex::new(Memory::new(taken.clone(), &again, position)));
        let bell = setup.stop.bell(&*setup.clock);
        let asked = Arc::new(Asked {
            times: AtomicU64::new(0),
            by_cut: setup.poll.is_none(),
            bell: Arc::clone(&bell),
            memory: Arc::clone(&memory),
        });
        let names = self.wanted.names.clone();
        let stream = NewFiles {
            wanted: listing::Wanted { pattern: self.wanted.pattern.clone(), names, ..self.wanted },
            name: self.name(),
            taken,
            again,
            files: VecDeque::new(),
            open: None,
            memory,
            asked: Arc::clone(&asked),
            listed: 0,
            told: 0,
            poll: setup.poll,
            due: setup.clock.monotonic(),
            read: 0,
            said: false,
            clock: Arc::clone(&setup.clock),
            stop: Arc::clone(&setup.stop),
            bell,
            messages: Arc::clone(&setup.messages),
        };
        Ok(vec![Lane {
            name: self.name(),
            feed: Feed::Bytes(Box::new(stream)),
            pull: false,
            size: None,
            control: asked,
            resumes,
        }])
    }
}

impl Source for Directory {
    fn name(&self) -> String {
        format!("dir:{}", self.wanted.pattern)
    }

    fn format(&self) -> Wanted {
        self.format.clone()
    }

    fn cannot_tick(&self) -> Option<&'static str> {
        Some("its files come by the clock")
    }

    fn samples(&self, setup: &Setup) -> Result<Option<Vec<Lane>>> {
        if setup.once {
            return Ok(None);
        }
        self.lanes(&setup.stop).map(Some)
    }

    fn open(&self, setup: &Setup, framing: Framing) -> Result<Vec<Lane>> {
        if setup.once { self.lanes(&setup.stop) } else { self.lane(setup, framing, None) }
    }

    fn resume(&self, setup: &Setup, framing: Framing, kept: &[Kept]) -> Result<Vec<Lane>> {
        if setup.once {
            // What has been taken stays a lane, which has nothing to give: so its mark is kept.
            return resume::lanes(self.there()?.collect(), kept, setup, framing);
        }
        self.lane(setup, framing, kept.first())
    }
}

/// The side of the lane that cuts see.
struct Asked {
    /// How often a cut has asked.
    times: AtomicU64,
    /// Whether cuts ask at all.
    by_cut: bool,
    bell: Arc<Bell>,
    memory: Arc<Mutex<Memory>>,
}

impl Control for Asked {
    fn mark(&self, until: u64, whole: bool) -> Result<Option<Vec<u8>>> {
        Ok(Some(lock(&self.memory).mark(until, whole)))
    }

    fn is_asked(&self) -> bool {
        self.by_cut
    }

    fn ask(&self) {
        self.times.fetch_add(1, Ordering::SeqCst);
        self.bell.ring();
    }
}

/// The new files, one behind the other.
struct NewFiles {
    wanted: listing::Wanted,
    name: String,
    taken: Taken,
    /// Those that an earlier run has begun, or that have to be given again.
    again: VecDeque<Again>,
    /// Those that are to be read yet.
    files: VecDeque<Found>,
    open: Option<(PathBuf, FileStream)>,
    /// What has to be known to go on from here.
    memory: Arc<Mutex<Memory>>,
    asked: Arc<Asked>,
    /// How many of the questions have been answered by a listing ...
    listed: u64,
    /// ... and for how many it was told that all of it has been read.
    told: u64,
    /// The rhythm in which it is listed, where cuts do not ask ...
    poll: Option<Duration>,
    /// ... and the monotonic time of the next listing.
    due: Duration,
    /// Bytes of the files before the open one.
    read: u64,
    /// It was said that the directory cannot be listed, since it could.
    said: bool,
    clock: Arc<dyn Clock>,
    stop: Arc<Stop>,
    bell: Arc<Bell>,
    messages: Arc<Messages>,
}

impl NewFiles {
    fn list(&mut self) -> Result<()> {
        let listing = self.wanted.list()?;
        match &listing.failed {
            None => self.said = false,
            Some((path, error)) if !std::mem::replace(&mut self.said, true) => {
                let (name, path, found) = (&self.name, path.display(), describe(error));
                self.messages.note(&format!("{name}: cannot list {path}: {found}; nothing comes from there meanwhile"));
            }
            Some(_) => {}
        }
        self.files.extend(self.taken.new_of(&listing));
        lock(&self.memory).forget(&listing);
        Ok(())
    }

    /// Opens a file that was found; false if it has gone again, or is one that has been taken.
    fn open(&mut self, path: PathBuf) -> Result<bool> {
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(cannot_read(&path, &error)),
        };
        // Since the listing another file may have been put in its place.
        let seen = file.metadata().map_err(|e| cannot_read(&path, &e))?;
        let (identity, size) = (Identity::of(&seen), seen.len());
        if !seen.is_file() || size == 0 || !self.taken.insert(identity) {
            return Ok(false);
        }
        let stream = FileStream::opened(path.clone(), file, (identity, size), Arc::clone(&self.stop))?;
        let mut memory = lock(&self.memory);
        let (fingerprint, begin) = (Fingerprint::default(), begin(memory.trail.position, 0));
        memory.trail.begin(Piece { path: path.clone(), identity, fingerprint, size, begin, end: None });
        drop(memory);
        self.open = Some((path, stream));
        Ok(true)
    }

    /// Whether it is time for a listing.
    fn is_due(&mut self) -> bool {
        let asked = self.asked.times.load(Ordering::SeqCst);
        let Some(poll) = self.poll else {
            return std::mem::replace(&mut self.listed, asked) < asked;
        };
        let now = self.clock.monotonic();
        let due = now >= self.due;
        if due {
            self.due = now + poll;
        }
        due
    }
}

impl Stream for NewFiles {
    fn read(&mut self, into: &mut [u8], wait: bool) -> Result<Got> {
        loop {
            if self.stop.is_told() {
                return Ok(Got::Stop);
            }
            if let Some((_, file)) = &mut self.open {
                let got = file.read(into, wait)?;
                let mut memory = lock(&self.memory);
                match got {
                    Got::Bytes(n) => memory.read(n, file.fingerprint()),
                    Got::End => {
                        memory.trail.end();
                        drop(memory);
                        self.read += file.progress();
                        self.open = None;
                        return Ok(Got::Break);
                    }
                    _ => {}
                }
                return Ok(got);
            }
            if let Some(Again { piece, stream, begins }) = self.again.pop_front() {
                self.open = Some((piece.path.clone(), stream));
                if begins {
                    lock(&self.memory).trail.begin(piece);
                    return Ok(Got::File);
                }
                continue;
            }
            if let Some(found) = self.files.pop_front() {
                if self.open(found.path)? {
                    return Ok(Got::File);
                }
                continue;
            }
            // All that was read before is with the batcher by then.
            if !wait {
                return Ok(Got::Later);
            }
            if self.told < self.listed {
                self.told = self.listed;
                return Ok(Got::Done);
            }
            if self.is_due() {
                self.list()?;
                continue;
            }
            let until = if self.poll.is_some() { self.due } else { Duration::MAX };
            self.stop.sleep(&*self.clock, &self.bell, until);
        }
    }

    fn progress(&self) -> u64 {
        self.read + self.open.as_ref().map_or(0, |(_, file)| file.progress())
    }

    fn file(&self) -> Arc<str> {
        self.open.as_ref().map_or_else(String::new, |(path, _)| path.display().to_string()).into()
    }
}

#[cfg(test)]
mod tests;
