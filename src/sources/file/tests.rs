//! Files of every kind, whole and damaged.

mod resume;

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;

use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;
use tempfile::{TempDir, tempdir};

use super::super::support::testing::{PLAIN, drain, setup, stream};
use super::super::{Got, parse};
use super::*;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A directory with one file of this content, and the file's path.
fn file_of(content: &[u8]) -> (TempDir, String) {
    let dir = tempdir().unwrap();
    let path = dir.path().join("f");
    fs::write(&path, content).unwrap();
    (dir, path.to_str().unwrap().to_string())
}

fn lanes(spec: &str) -> Result<Vec<Lane>> {
    parse(spec)?.open(&setup(), PLAIN)
}

fn only(spec: &str) -> Lane {
    let mut lanes = lanes(spec).unwrap();
    assert_eq!(lanes.len(), 1);
    lanes.pop().unwrap()
}

fn failure(spec: &str) -> String {
    match lanes(spec) {
        Err(error @ Error::Failed(_)) => error.to_string(),
        Err(other) => panic!("{spec}: not a failure: {other}"),
        Ok(_) => panic!("{spec} was opened"),
    }
}

/// Reads `content` as a file and gives what came of it.
fn read_back(content: &[u8]) -> Result<Vec<u8>> {
    let (_dir, path) = file_of(content);
    drain(&mut *stream(only(&path)), &[64, 1, 4096])
}

#[test]
fn a_glob_gives_files_in_order_of_name_and_skips_directories_and_hidden_ones() {
    let dir = tempdir().unwrap();
    for name in ["b.log", "a.log", "B.log", "a10.log", "a2.log", ".hidden.log", "é.log", "other"] {
        fs::write(dir.path().join(name), name).unwrap();
    }
    fs::create_dir(dir.path().join("c.log")).unwrap();
    let found = lanes(&format!("{}/*.log", dir.path().display())).unwrap();
    let names: Vec<&str> = found.iter().map(|l| l.name.rsplit('/').next().unwrap()).collect();
    assert_eq!(names, ["B.log", "a.log", "a10.log", "a2.log", "b.log", "é.log"]);
    assert!(found.iter().all(|l| l.pull && l.size == Some(l.name.rsplit('/').next().unwrap().len() as u64)));
    let message = failure(&format!("{}/*.csv", dir.path().display()));
    assert!(message.starts_with("no file matches /") && message.ends_with("/*.csv"), "{message}");
    let message = failure(&format!("{}/a.log?in=csv", dir.path().display()));
    assert!(
        message.contains("; a path with options is written file:/") && message.ends_with("/a.log?in=csv"),
        "{message}"
    );
}

#[test]
fn an_existing_file_of_that_very_name_wins() {
    let dir = tempdir().unwrap();
    for name in ["a[1].log", "a1.log", "w?"] {
        fs::write(dir.path().join(name), name).unwrap();
    }
    let base = dir.path().display();
    assert!(only(&format!("{base}/a[1].log")).name.ends_with("/a[1].log"));
    assert!(only(&format!("file:{base}/a%5b1].log?in=text")).name.ends_with("/a[1].log"));
    assert!(only(&format!("file:{base}/w%3F")).name.ends_with("/w?"));
}

#[test]
fn what_cannot_be_read_is_an_error_before_anything_runs() {
    let (dir, path) = file_of(b"x");
    let base = dir.path().display();
    assert_eq!(failure(&format!("{base}/none")), format!("cannot read {base}/none: no such file or directory"));
    let directory = format!("it is a directory, not a file; to read the files in it: --from '{base}/*'");
    assert_eq!(failure(&base.to_string()), format!("cannot read {base}: {directory}"));
    assert!(failure(&format!("{path}/below")).contains("not a directory"));
    symlink("nowhere", dir.path().join("link")).unwrap();
    assert!(failure(&format!("{base}/l*")).contains("no such file"));
}

#[test]
fn a_file_that_shrinks_or_vanishes_is_an_error() {
    let (_dir, path) = file_of(b"0123456789");
    let mut shrinking = stream(only(&path));
    assert_eq!(shrinking.read(&mut [0; 4], true).unwrap(), Got::Bytes(4));
    fs::write(&path, "01234").unwrap();
    let message = drain(&mut *shrinking, &[64]).unwrap_err().to_string();
    assert!(message.contains("shrunk from 10 to 5 bytes"), "{message}");
    let mut vanishing = stream(only(&path));
    fs::remove_file(&path).unwrap();
    assert!(drain(&mut *vanishing, &[64]).unwrap_err().to_string().contains("no such file"));
}

#[test]
fn once_freezes_the_size_that_is_read() {
    for (once, expected) in [(true, b"a\n".as_slice()), (false, b"a\nb\n")] {
        let (_dir, path) = file_of(b"a\n");
        let lane = parse(&path).unwrap().open(&Setup { once, ..setup() }, PLAIN).unwrap().pop().unwrap();
        fs::write(&path, "a\nb\n").unwrap();
        assert_eq!(drain(&mut *stream(lane), &[64]).unwrap(), expected);
    }
}

#[test]
fn a_fifo_is_waited_for_and_is_no_file() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("fifo");
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    let source = parse(path.to_str().unwrap()).unwrap();
    assert!(!source.is_files());
    let lane = source.open(&setup(), PLAIN).unwrap().pop().unwrap();
    assert!(!lane.pull && lane.size.is_none());
    let mut fifo = stream(lane);
    assert_eq!(fifo.read(&mut [0; 8], false).unwrap(), Got::Later, "nobody has opened it for writing yet");
    let writer = std::thread::spawn(move || fs::write(path, "one\ntwo").unwrap());
    assert_eq!(drain(&mut *fifo, &[3]).unwrap(), b"one\ntwo");
    writer.join().unwrap();
}

/// What a shell makes of `<(command)`.
#[test]
fn a_process_substitution_is_read_as_a_pipe() {
    let (out, hold) = rustix::pipe::pipe().unwrap();
    rustix::io::write(&hold, b"from a child\n").unwrap();
    let spec = format!("/dev/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&out));
    drop(hold);
    let lane = only(&spec);
    assert!(!lane.pull);
    assert_eq!(drain(&mut *stream(lane), &[64]).unwrap(), b"from a child\n");
}

#[test]
fn members_frames_and_padding_follow_one_another() {
    let skippable = [&[0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0], b"any".as_slice()].concat();
    assert_eq!(read_back(&[gzip(b"a\n"), gzip(b""), gzip(b"b\n")].concat()).unwrap(), b"a\nb\n");
    assert_eq!(read_back(&[gzip(b"a\n"), vec![0; 300_000]].concat()).unwrap(), b"a\n");
    assert_eq!(
        read_back(&[&skippable, &zstd(b"a\n"), &skippable, &zstd(b"b\n")].map(Vec::as_slice).concat()).unwrap(),
        b"a\nb\n"
    );
    assert_eq!(read_back(&gzip(b"")).unwrap(), b"");
    assert_eq!(read_back(b"").unwrap(), b"");
    assert_eq!(read_back(b"\x1f").unwrap(), b"\x1f");
}

#[test]
fn the_end_of_a_compressed_file_is_all_of_its_progress() {
    let content = [gzip(b"a\n"), gzip(b"b\n")].concat();
    let (_dir, path) = file_of(&content);
    let mut file = stream(only(&path));
    drain(&mut *file, &[64]).unwrap();
    assert_eq!(file.progress(), content.len() as u64);
}

#[test]
fn damage_names_the_file_and_the_place() {
    let text: Vec<u8> =
        (0..20_000u32).flat_map(|n| format!("{}\n", n.wrapping_mul(2_654_435_761)).into_bytes()).collect();
    for (method, whole) in [("gzip", gzip(&text)), ("zstd", zstd(&text))] {
        let (_dir, path) = file_of(&whole[..whole.len() - 9]);
        let mut stream = stream(only(&path));
        let (mut given, mut into) = (0, vec![0; 4096]);
        let message = loop {
            match stream.read(&mut into, true) {
                Ok(Got::Bytes(n)) => given += n,
                Ok(other) => panic!("{method}: the end was taken for {other:?}"),
                Err(error) => break error.to_string(),
            }
        };
        assert_eq!(
            message,
            format!("cannot decompress {path} ({method}): it is cut off, at decompressed byte {given}")
        );
    }
    assert!(read_back(b"\x1f\x8b\x08").unwrap_err().to_string().contains("cut off, at decompressed byte 0"));
    let mut corrupt = gzip(&text);
    let end = corrupt.len();
    corrupt[end - 6] ^= 1;
    assert!(read_back(&corrupt).unwrap_err().to_string().contains("checksum"), "the sum at the end is looked at");
    let garbage = read_back(&[gzip(b"a\n"), b"garbage".to_vec()].concat()).unwrap_err().to_string();
    assert!(garbage.contains("at decompressed byte 2"), "{garbage}");
    let mut frame = zstd(&text);
    let half = frame.len() / 2;
    frame[half..half + 64].fill(0xaa);
    assert!(read_back(&frame).is_err());
}

#[test]
fn a_stop_ends_the_reading() {
    let (_dir, path) = file_of(b"abc");
    let setup = setup();
    let mut file = stream(parse(&path).unwrap().open(&setup, PLAIN).unwrap().pop().unwrap());
    setup.stop.tell();
    assert_eq!(file.read(&mut [0; 2], true).unwrap(), Got::Stop);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Any sizes of reads give the same bytes, of a plain file and of compressed ones in any number of parts.
    #[test]
    fn sizes_of_reads_do_not_matter(
        parts in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..2000), 1..4),
        sizes in proptest::collection::vec(1..3000usize, 1..5),
    ) {
        let whole = parts.concat();
        let packed = |pack: fn(&[u8]) -> Vec<u8>| parts.iter().flat_map(|p| pack(p)).collect::<Vec<u8>>();
        for content in [[b"-".as_slice(), &whole].concat(), packed(gzip), packed(zstd)] {
            let expected = if content[0] == b'-' { content.clone() } else { whole.clone() };
            let (_dir, path) = file_of(&content);
            prop_assert_eq!(drain(&mut *stream(only(&path)), &sizes).unwrap(), expected);
        }
    }
}
