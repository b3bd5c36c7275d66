//! Failures at any byte and between any two steps, of what this thread does with a [`Folder`](super::Folder).

use std::cell::Cell;
use std::fs::File;
use std::io;

#[derive(Clone, Copy)]
enum Fuse {
    /// After so many bytes and steps everything fails, as if the process was gone.
    Crash(u64),
    /// After so many bytes the disk is full.
    Full(u64),
}

thread_local! {
    static FUSE: Cell<Option<Fuse>> = const { Cell::new(None) };
}

fn gone() -> io::Error {
    io::Error::other("crashed")
}

/// Does `work`, which is cut off after so many bytes and steps, each of which counts as one; and tells how many were left of them, none if
/// that was too few.
pub fn crash<T>(after: u64, work: impl FnOnce() -> T) -> (T, Option<u64>) {
    with(Fuse::Crash(after), work)
}

/// Does `work` on a disk that has room for so many bytes.
pub fn full<T>(after: u64, work: impl FnOnce() -> T) -> (T, Option<u64>) {
    with(Fuse::Full(after), work)
}

fn with<T>(fuse: Fuse, work: impl FnOnce() -> T) -> (T, Option<u64>) {
    // What is left is one less, so that none left is told from too few.
    let fuse = match fuse {
        Fuse::Crash(after) => Fuse::Crash(after + 1),
        Fuse::Full(after) => Fuse::Full(after + 1),
    };
    FUSE.set(Some(fuse));
    let made = work();
    let left = match FUSE.take() {
        Some(Fuse::Crash(left) | Fuse::Full(left)) => left.checked_sub(1),
        None => None,
    };
    (made, left)
}

/// A step that is done or not.
pub fn step() -> io::Result<()> {
    match FUSE.get() {
        Some(Fuse::Crash(left)) if left <= 1 => {
            FUSE.set(Some(Fuse::Crash(0)));
            Err(gone())
        }
        Some(Fuse::Crash(left)) => {
            FUSE.set(Some(Fuse::Crash(left - 1)));
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Writes as much as there is room or time for; none if there is no fuse.
pub fn write(file: &File, at: u64, pieces: &[&[u8]]) -> Option<io::Result<()>> {
    let bytes = pieces.concat();
    let (left, error): (u64, fn() -> io::Error) = match FUSE.get()? {
        Fuse::Crash(left) => (left, gone),
        Fuse::Full(left) => (left, || io::ErrorKind::StorageFull.into()),
    };
    let fits = (left.saturating_sub(1)).min(bytes.len() as u64);
    if let Err(e) = super::write_all(file, at, &[&bytes[..fits as usize]]) {
        return Some(Err(e));
    }
    let enough = fits == bytes.len() as u64;
    let left = if enough { left - fits.min(left) } else { 0 };
    FUSE.set(FUSE.get().map(|fuse| match fuse {
        Fuse::Crash(_) => Fuse::Crash(left),
        Fuse::Full(_) => Fuse::Full(left),
    }));
    Some(if enough { Ok(()) } else { Err(error()) })
}
