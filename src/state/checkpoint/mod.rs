//! What of the state outlives the run: the directory of `--checkpoint`. Knows nothing of the engine, which says what is to be
//! kept, as byte strings ([`codec`] makes them), and when.
//!
//! | file | what it is |
//! |---|---|
//! | `lock` | held (flock) as long as a run uses the directory; who that is |
//! | `snapshot-N` | the whole state, at the beginning of generation N |
//! | `log-N` | what has happened since, a record at a time ([`store`]) |
//! | `journal-N` | what was read of pipes and sockets and is not committed yet ([`journal`]) |
//! | `*.new` | being written: what a crash leaves of it is removed |
//! | `broken-*` | could not be used, and was moved aside for who wants to look at it |
//!
//! Two generations stay, and with them two ways to the state: the snapshot of N is the state behind the last record of the log
//! of N - 1. Directories are made with mode 0700, files with 0600.
//!
//! # Format, version 1
//!
//! Every file but the lock begins with 16 bytes, in every version; then come parts, each led by 24 bytes. Numbers are
//! little-endian; checksums are XXH64 ([`checksum`]).
//!
//! | bytes | of a file |
//! |---|---|
//! | 8 | `STREAMER` |
//! | 2 | format version |
//! | 1 | `S` snapshot, `L` log, `J` journal |
//! | 1 | 0 |
//! | 4 | checksum of the 12 bytes before, its lower half |
//!
//! | bytes | of a part |
//! |---|---|
//! | 8 | length |
//! | 8 | checksum of what it holds |
//! | 8 | checksum of the 16 bytes before; its seed is the number of the part in the file, plus the checksum of the first part |
//! | length | what it holds |
//!
//! | file | its first part ([`codec`]) | the others |
//! |---|---|---|
//! | snapshot | id, generation, four seeds, how many pairs the chain has, and these | one: the state |
//! | log | id, generation, how many records the log of the generation before holds | one a record |
//! | journal | id, number | two an entry: what it is, then its bytes |
//!
//! A part that is cut off by the end of the file is what a crash leaves, and is dropped. Anything else that is wrong is
//! damage: it is noted, and nothing behind it in that file is used.

pub mod chain;
pub mod checksum;
pub mod codec;
mod folder;
mod frame;
pub mod journal;
pub mod lock;
pub mod store;

pub use chain::Chain;
pub use codec::{Reader, Writer};
pub use journal::Journal;
pub use lock::Holder;
pub use store::{Loaded, Store};
