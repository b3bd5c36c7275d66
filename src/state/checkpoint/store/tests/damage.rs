//! A disk that does not keep what it was given.

use super::*;

/// A checkpoint of two generations, the later one of which holds two records; what is in it, and all of its files.
fn made() -> (History, Vec<(String, Vec<u8>)>) {
    let dir = place();
    let (mut store, _) = open(dir.path()).unwrap();
    let mut history = History::new();
    let record = |text: &str| Step::Append(text.into());
    for step in
        [record("one"), Step::Snapshot, record("two"), record("three"), Step::Snapshot, record("four"), record("five")]
    {
        take(&mut store, &mut history, &step).unwrap();
    }
    let names = store.folder.names().unwrap().into_iter().filter(|name| name != lock::NAME);
    let files: Vec<_> = names.map(|name| (name.clone(), store.folder.read(&name).unwrap())).collect();
    assert_eq!(
        files.iter().map(|file| &file.0[..]).collect::<Vec<_>>(),
        ["log-1", "log-2", "snapshot-1", "snapshot-2"]
    );
    (history, files)
}

fn laid(files: &[(String, Vec<u8>)]) -> TempDir {
    let dir = place();
    files.iter().for_each(|(name, bytes)| std::fs::write(dir.path().join(name), bytes).unwrap());
    dir
}

/// Opens it: a state that something led to and, where it is not the last one, something to say about it; or an error. Tells
/// how long the history is that was found.
fn noticed(files: &[(String, Vec<u8>)], history: &History, quiet: bool) -> Option<usize> {
    let dir = laid(files);
    let (mut store, loaded) = match open(dir.path()) {
        Ok(opened) => opened,
        Err(error) => {
            assert!(error.to_string().contains("cannot go on with the checkpoint"), "{error}");
            return None;
        }
    };
    let loaded = loaded.expect("it is not taken for a new one");
    let mut found = state(Some(&loaded));
    assert!(history.starts_with(&found), "{found:?}");
    assert!(quiet || found == *history || !loaded.notes.is_empty(), "{found:?}");
    // From there it goes on, and what was said once is settled by a snapshot.
    assert_eq!(store.outgrown(), !loaded.notes.is_empty());
    let reached = found.len();
    take(&mut store, &mut found, &Step::Append(b"more".to_vec())).unwrap();
    drop(store);
    let (mut store, again) = open(dir.path()).unwrap();
    assert_eq!(state(again.as_ref()), found);
    take(&mut store, &mut found, &Step::Snapshot).unwrap();
    drop(store);
    let again = open(dir.path()).unwrap().1.unwrap();
    assert_eq!(state(Some(&again)), found);
    assert_eq!(again.notes, [] as [String; 0]);
    Some(reached)
}

/// Whichever bit is wrong, wherever.
#[test]
fn a_changed_byte_is_noticed_or_does_not_matter() {
    let (history, files) = made();
    let mut hurt = 0;
    for (number, (name, bytes)) in files.iter().enumerate() {
        for at in 0..bytes.len() {
            for change in [1, 0x80, 0xFF] {
                let mut files = files.clone();
                files[number].1[at] ^= change;
                let found = noticed(&files, &history, false);
                let whole = found == Some(history.len());
                hurt += usize::from(!whole);
                assert!(whole || name == "log-2", "{name} at {at}: the other generation has it all, found {found:?}");
            }
        }
    }
    assert!(hurt > 100, "the last log is held only once");
}

#[test]
fn a_file_that_ends_early_is_noticed_unless_a_crash_does_that() {
    let (history, files) = made();
    for (number, (name, bytes)) in files.iter().enumerate() {
        for len in 0..bytes.len() {
            let mut files = files.clone();
            files[number].1.truncate(len);
            noticed(&files, &history, name == "log-2");
        }
    }
}

#[test]
fn a_missing_file_is_noticed() {
    let (history, files) = made();
    let without =
        |names: &[&str]| -> Vec<_> { files.iter().filter(|(name, _)| !names.contains(&&name[..])).cloned().collect() };
    let notes = |names: &[&str]| {
        let dir = laid(&without(names));
        let notes = open(dir.path()).map(|(_, loaded)| loaded.unwrap().notes.join("\n"));
        notes.unwrap_or_else(|error| error.to_string()).replace(&format!("{}", dir.path().display()), "DIR")
    };
    for (names, reached, said) in [
        (&["snapshot-2"][..], Some(5), "DIR/snapshot-2 is missing; snapshot-1 and the logs behind it are used"),
        (&["log-2"], Some(3), "DIR/log-2 is missing: what was in it is lost"),
        (&["log-1"], Some(5), ""),
        (&["snapshot-1"], Some(5), ""),
        (&["snapshot-2", "log-2"], Some(3), ""),
        (
            &["snapshot-2", "log-1"],
            Some(1),
            "DIR/log-1 is missing: what was in it is lost\nwhat cannot be used is kept in DIR as broken-log-2",
        ),
        (
            &["snapshot-1", "snapshot-2"],
            None,
            "cannot go on with the checkpoint in DIR: it has logs, but no snapshot; put back a copy of it, or remove it to \
             begin anew, from the start of the input",
        ),
    ] {
        assert_eq!(notes(names), said);
        // Two files that are gone together leave no trace.
        assert_eq!(noticed(&without(names), &history, names.len() > 1), reached, "{names:?}");
    }
}

#[test]
fn what_is_said_names_what_was_found_and_what_is_used() {
    let (_, files) = made();
    let said = |name: &str, at: usize| {
        let mut files = files.clone();
        let file = files.iter_mut().find(|file| file.0 == name).unwrap();
        let at = if at == usize::MAX { file.1.len() - 1 } else { at };
        file.1[at] ^= 1;
        let dir = laid(&files);
        let loaded = open(dir.path()).unwrap().1.unwrap();
        loaded.notes.join("\n").replace(&format!("{}", dir.path().display()), "DIR")
    };
    let log = files.iter().find(|file| file.0 == "log-2").unwrap().1.len();
    let last = log - LEAD - "five".len();
    assert_eq!(
        said("log-2", usize::MAX),
        format!(
            "DIR/log-2 is damaged (the checksum is wrong of what begins at byte {last}): of its records the first 1 are used, the \
             others are lost\nwhat cannot be used is kept in DIR as broken-log-2"
        )
    );
    let snapshot = files.iter().find(|file| file.0 == "snapshot-2").unwrap().1.len();
    let payload = snapshot - LEAD - payload(&vec![b"one".to_vec(), b"two".to_vec(), b"three".to_vec()]).len();
    assert_eq!(
        said("snapshot-2", usize::MAX),
        format!(
            "DIR/snapshot-2 is damaged (the checksum is wrong of what begins at byte {payload}); snapshot-1 and the logs from log-1 \
             on are used\nwhat cannot be used is kept in DIR as broken-snapshot-2"
        )
    );
    assert_eq!(
        said("log-2", 0),
        "DIR/log-2 is damaged (it does not begin as a file of a checkpoint); what was in it is lost\nwhat cannot be used is kept \
         in DIR as broken-log-2"
    );
}

#[test]
fn a_newer_version_is_refused_and_stays_as_it_is() {
    let (_, mut files) = made();
    let newer = &mut files.iter_mut().find(|file| file.0 == "snapshot-2").unwrap().1;
    newer[8] = 2;
    let check = xxh64(&newer[..12], 0) as u32;
    newer[12..16].copy_from_slice(&check.to_le_bytes());
    let dir = laid(&files);
    let error = open(dir.path()).unwrap_err().to_string();
    assert!(
        error.contains("snapshot-2: it has format 2, this streamer knows none above 1; run the newer one"),
        "{error}"
    );
    for (name, bytes) in &files {
        assert_eq!(&std::fs::read(dir.path().join(name)).unwrap(), bytes);
    }
}

proptest! {
    #[test]
    fn files_of_anything_are_read_or_refused(changes in vec((0usize..4, any::<u16>(), vec(any::<u8>(), 0..30)), 1..6)) {
        let (_, mut files) = made();
        for (number, at, bytes) in &changes {
            let file = &mut files[*number].1;
            let at = usize::from(*at) % (file.len() + 1);
            let end = (at + bytes.len() / 2).min(file.len());
            file.splice(at..end, bytes.iter().copied());
        }
        let dir = laid(&files);
        // Also a second time, after what was set aside.
        let found = [(); 2].map(|()| open(dir.path()).ok().map(|(_, loaded)| state(loaded.as_ref())));
        prop_assert_eq!(&found[0], &found[1]);
    }
}
