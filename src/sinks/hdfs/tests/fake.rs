//! A file system in memory, whose calls fail, are not answered, or do not happen any more.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use super::super::files::{Done, Failure, Files, Out, Status};

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    None,
    /// It does not happen.
    Before,
    /// It happens, but that is not told.
    Behind,
    /// It never will.
    Refused,
}

pub struct Fake(Mutex<State>);

#[derive(Default)]
struct State {
    files: BTreeMap<String, (Vec<u8>, u64)>,
    directories: BTreeSet<String>,
    time: u64,
    troubles: VecDeque<Trouble>,
    /// So many more calls happen: then the process is dead.
    lives: Option<usize>,
}

impl State {
    fn close(&mut self, path: &str, bytes: Vec<u8>) {
        self.time += 1;
        self.files.insert(path.to_string(), (bytes, self.time));
    }
}

impl Fake {
    /// With the directory `/out`.
    pub fn new() -> Arc<Fake> {
        let directories = ["/", "/out"].map(String::from).into();
        Arc::new(Fake(Mutex::new(State { directories, ..State::default() })))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no panic")
    }

    /// What becomes of the next calls.
    pub fn trouble(&self, troubles: impl IntoIterator<Item = Trouble>) {
        self.lock().troubles = troubles.into_iter().collect();
    }

    pub fn lives_for(&self, calls: Option<usize>) {
        self.lock().lives = calls;
    }

    pub fn is_dead(&self) -> bool {
        self.lock().lives == Some(0)
    }

    /// Somebody makes a file.
    pub fn stranger(&self, path: &str) {
        self.lock().close(path, b"of somebody else\n".to_vec());
    }

    /// All files and what they hold.
    pub fn all(&self) -> Vec<(String, String)> {
        let text = |(bytes, _): &(Vec<u8>, u64)| String::from_utf8(bytes.clone()).expect("UTF-8");
        self.lock().files.iter().map(|(name, file)| (name.clone(), text(file))).collect()
    }

    /// Somebody removes a file.
    pub fn take_away(&self, path: &str) {
        self.lock().files.remove(path);
    }

    fn call<T>(&self, does: impl FnOnce(&mut State) -> Done<T>) -> Done<T> {
        let mut state = self.lock();
        match &mut state.lives {
            Some(0) => return Err(Failure::Refused("the process is dead".to_string())),
            Some(left) => *left -= 1,
            None => {}
        }
        let away = || Err(Failure::Away("nobody answers".to_string()));
        match state.troubles.pop_front().unwrap_or(Trouble::None) {
            Trouble::None => does(&mut state),
            Trouble::Before => away(),
            Trouble::Behind => does(&mut state).and_then(|_| away()),
            Trouble::Refused => Err(Failure::Refused("the quota is used up".to_string())),
        }
    }
}

struct Written {
    files: Arc<Fake>,
    path: String,
    bytes: Vec<u8>,
}

impl Out for Written {
    fn write(&mut self, bytes: &[u8]) -> Done<()> {
        let (all, path) = (&mut self.bytes, &self.path);
        self.files.call(|state| {
            all.extend_from_slice(bytes);
            // Somebody who looks sees what there is of it.
            if let Some((seen, _)) = state.files.get_mut(path) {
                seen.clone_from(all);
            }
            Ok(())
        })
    }

    fn close(&mut self) -> Done<()> {
        self.files.call(|state| {
            state.close(&self.path, std::mem::take(&mut self.bytes));
            Ok(())
        })
    }
}

/// The same, for a sink.
pub struct Shared(pub Arc<Fake>);

impl Files for Shared {
    fn create(&self, path: &str, over: bool) -> Done<Box<dyn Out>> {
        self.0.call(|state| {
            if state.files.contains_key(path) && !over {
                return Err(Failure::Exists);
            }
            state.files.insert(path.to_string(), (Vec::new(), 0));
            Ok(Box::new(Written { files: Arc::clone(&self.0), path: path.to_string(), bytes: Vec::new() }) as _)
        })
    }

    fn status(&self, path: &str) -> Done<Option<Status>> {
        self.0.call(|state| {
            if state.directories.contains(path) {
                return Ok(Some(Status { is_directory: true, length: 0, modified: 0 }));
            }
            let status = |(bytes, modified): &(Vec<u8>, u64)| (bytes.len() as u64, *modified);
            let found = state.files.get(path).map(status);
            Ok(found.map(|(length, modified)| Status { is_directory: false, length, modified }))
        })
    }

    fn list(&self, path: &str) -> Done<Vec<String>> {
        self.0.call(|state| {
            let names = state.files.keys().filter_map(|name| name.strip_prefix(path)?.strip_prefix('/'));
            Ok(names.map(String::from).collect())
        })
    }

    fn rename(&self, from: &str, to: &str, over: bool) -> Done<()> {
        self.0.call(|state| {
            if !state.files.contains_key(from) {
                return Err(Failure::Missing);
            }
            if state.files.contains_key(to) && !over {
                return Err(Failure::Exists);
            }
            let file = state.files.remove(from).ok_or(Failure::Missing)?;
            state.files.insert(to.to_string(), file);
            Ok(())
        })
    }

    fn remove(&self, path: &str) -> Done<()> {
        self.0.call(|state| {
            state.files.remove(path);
            Ok(())
        })
    }
}
