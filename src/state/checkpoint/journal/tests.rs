//! What was journalled is there after a crash, in order; and goes when it is committed.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::state::checkpoint::folder::fuse;

/// Segments that a few entries fill.
const SMALL: u64 = 300;

fn place() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn open(dir: &Path) -> Result<(Journal, Journalled)> {
    Journal::with_segments(dir, "id", SMALL)
}

fn part(entry: &Entry) -> Part<'_> {
    let Entry { lane, from, until, begins, head, bytes } = entry;
    Part { lane: *lane, from: *from, until: *until, begins: begins.as_deref(), head, bytes }
}

/// Entries of some lanes, each of which goes on where it was.
fn entries(most: usize) -> impl Strategy<Value = Vec<Entry>> {
    let bytes = vec(any::<u8>(), 0..60);
    let one = (0u32..4, proptest::option::of("[a-z]{0,5}"), vec(any::<u8>(), 0..5), bytes);
    vec(one, 0..most).prop_map(|parts| {
        let mut ends = BTreeMap::<u32, u64>::new();
        let entry = |(lane, begins, head, bytes): (u32, Option<String>, Vec<u8>, Vec<u8>)| {
            let end = ends.entry(lane).or_default();
            let from = *end;
            *end += bytes.len() as u64;
            Entry { lane, from, until: *end, begins, head, bytes }
        };
        parts.into_iter().map(entry).collect()
    })
}

fn some(count: u64) -> Vec<Entry> {
    let entry = |at: u64| Entry {
        lane: (at % 2) as u32,
        from: at * 10,
        until: at * 10 + 10,
        begins: (at == 0).then(|| "peer".to_string()),
        head: b"a,b\n".to_vec(),
        bytes: vec![at as u8; 10],
    };
    (0..count).map(entry).collect()
}

fn append_all(journal: &Journal, entries: &[Entry]) -> usize {
    entries.iter().take_while(|entry| journal.append(&part(entry)).is_ok()).count()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn crash_after_crash_loses_nothing_that_was_appended(runs in vec((entries(10), 0u64..1500), 1..4)) {
        let dir = place();
        let mut all = Vec::new();
        for (entries, after) in runs {
            let (done, _) = fuse::crash(after, || open(dir.path()).map_or(0, |(journal, _)| append_all(&journal, &entries)));
            let (_, found) = open(dir.path()).unwrap();
            prop_assert_eq!(&found.notes, &[] as &[String]);
            all.extend_from_slice(&entries[..done]);
            // The one that was being written is there in whole, or not at all.
            if found.entries.len() > all.len() {
                all.push(entries[done].clone());
            }
            prop_assert_eq!(&found.entries, &all);
        }
    }

    #[test]
    fn a_full_disk_loses_nothing_that_was_appended(runs in vec((entries(10), 0u64..500), 1..6)) {
        let dir = place();
        let (journal, _) = open(dir.path()).unwrap();
        let mut all = Vec::new();
        for (entries, room) in &runs {
            let (done, _) = fuse::full(*room, || append_all(&journal, entries));
            all.extend_from_slice(&entries[..done]);
            if let Some(failing) = entries.get(done) {
                let error = fuse::full(0, || journal.append(&part(failing))).0.unwrap_err().to_string();
                prop_assert!(error.starts_with("cannot write the journal in"), "{}", error);
                prop_assert!(error.contains("no storage space") || error.contains("no space"), "{}", error);
            }
        }
        journal.sync().unwrap();
        let found = open(dir.path()).unwrap().1;
        prop_assert_eq!(found, Journalled { entries: all, notes: Vec::new() });
    }

    #[test]
    fn only_what_is_committed_is_forgotten(entries in entries(40), committed in vec((0u32..4, 0u64..900), 0..6), restart: bool) {
        let dir = place();
        let (mut journal, _) = open(dir.path()).unwrap();
        append_all(&journal, &entries);
        if restart {
            journal = open(dir.path()).unwrap().0;
        }
        let before = journal.segments();
        journal.forget(&committed).unwrap();
        let committed: HashMap<u32, u64> = committed.into_iter().collect();
        let is_open = |entry: &&Entry| committed.get(&entry.lane).is_none_or(|position| entry.until > *position);
        let found = open(dir.path()).unwrap().1;
        prop_assert_eq!(&found.notes, &[] as &[String]);
        prop_assert_eq!(found.entries.iter().filter(is_open).collect::<Vec<_>>(), entries.iter().filter(is_open).collect::<Vec<_>>());
        // A segment that stays has something that is not committed, or is the current one.
        let needed = entries.iter().filter(is_open).count();
        prop_assert!(journal.segments() <= needed + usize::from(!restart && before > 0));
    }

    #[test]
    fn files_of_anything_are_read_or_refused(changes in vec((0usize..9, any::<u16>(), vec(any::<u8>(), 0..30)), 1..6)) {
        let dir = place();
        let (journal, _) = open(dir.path()).unwrap();
        append_all(&journal, &some(12));
        let names = journal.folder.names().unwrap();
        for (number, at, bytes) in &changes {
            let path = dir.path().join(&names[number % names.len()]);
            let mut file = std::fs::read(&path).unwrap();
            let at = usize::from(*at) % (file.len() + 1);
            let end = (at + bytes.len() / 2).min(file.len());
            file.splice(at..end, bytes.iter().copied());
            std::fs::write(&path, file).unwrap();
        }
        let found = [(); 2].map(|()| open(dir.path()).ok().map(|(_, found)| found.entries));
        prop_assert_eq!(&found[0], &found[1]);
    }
}

/// Whichever bit is wrong, wherever: nothing that was not appended comes back, and what is missing is said.
#[test]
fn a_changed_byte_is_noticed() {
    let (entries, more) = (some(16), some(18).split_off(16));
    let (from, dir) = (place(), place());
    append_all(&open(from.path()).unwrap().0, &entries);
    let names = open(from.path()).unwrap().0.folder.names().unwrap();
    assert!(names.len() > 2, "{names:?}");
    for name in &names {
        for at in 0..std::fs::read(from.path().join(name)).unwrap().len() {
            std::fs::read_dir(dir.path())
                .unwrap()
                .for_each(|entry| std::fs::remove_file(entry.unwrap().path()).unwrap());
            names.iter().for_each(|name| _ = std::fs::copy(from.path().join(name), dir.path().join(name)).unwrap());
            let mut bytes = std::fs::read(dir.path().join(name)).unwrap();
            bytes[at] ^= 0x10;
            std::fs::write(dir.path().join(name), bytes).unwrap();
            let (journal, mut found) = open(dir.path()).unwrap();
            assert!(entries.starts_with(&found.entries));
            assert!(found.entries.len() < entries.len(), "{name} at {at}: every byte matters");
            assert!(found.notes[0].contains(name) && found.notes[0].contains("is lost"), "{:?}", found.notes);
            // It goes on behind what is left, and it was said once.
            append_all(&journal, &more);
            found.entries.extend_from_slice(&more);
            assert_eq!(open(dir.path()).unwrap().1, Journalled { entries: found.entries, notes: Vec::new() });
        }
    }
}

#[test]
fn several_threads_append_at_once() {
    let dir = place();
    let (journal, _) = open(dir.path()).unwrap();
    std::thread::scope(|scope| {
        for lane in 0..4 {
            let journal = &journal;
            scope.spawn(move || {
                for at in 0..50 {
                    let bytes = [lane as u8; 9];
                    let part = Part { lane, from: at * 9, until: at * 9 + 9, bytes: &bytes, ..Part::default() };
                    journal.append(&part).unwrap();
                    if at % 10 == 0 {
                        journal.sync().unwrap();
                    }
                }
            });
        }
    });
    let found = open(dir.path()).unwrap().1;
    assert_eq!((found.entries.len(), found.notes), (200, Vec::new()));
    for lane in 0..4 {
        let of_lane = found.entries.iter().filter(|entry| entry.lane == lane);
        assert!(of_lane.enumerate().all(|(at, entry)| entry.from == at as u64 * 9 && entry.bytes == [lane as u8; 9]));
    }
}

/// The system may have dropped what it could not write, and says so but once.
#[test]
fn after_a_failed_sync_nothing_is_taken_for_safe() {
    let dir = place();
    let (journal, _) = open(dir.path()).unwrap();
    append_all(&journal, &some(1));
    fuse::crash(0, || journal.sync()).0.unwrap_err();
    let error = journal.sync().unwrap_err().to_string();
    assert!(error.contains("cannot write the journal in"), "{error}");
}

#[test]
fn the_journal_of_another_checkpoint_is_not_replayed() {
    let dir = place();
    append_all(&open(dir.path()).unwrap().0, &some(2));
    let (_, found) = Journal::with_segments(dir.path(), "other", SMALL).unwrap();
    assert_eq!(found.entries, []);
    assert!(found.notes[0].contains("it is of another checkpoint"), "{:?}", found.notes);
}
