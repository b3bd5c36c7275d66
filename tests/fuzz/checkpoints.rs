//! Checkpoints whose bytes were changed: the files as they are, which their checksums tell, and what the parts hold, under checksums
//! that are right again, so that all that reads them gets to see it.

use std::fs;
use std::path::{Path, PathBuf};

use streamer::state::checkpoint::checksum::xxh64;

use super::*;

/// What leads a file, and a part of it: its length, its checksum, and the checksum of both.
const START: usize = 16;
const LEAD: usize = 24;

/// Chains that keep all kinds of things, over a file and over a pipe.
const JOBS: &[&str] = &[
    "--from in --tick TICK window 4s --every 2s then agg 'sum($2) AS s, p50($2) AS m, max($1) AS x' --by '$1'",
    "--from in --tick TICK window all --ttl 5s --emit changed then count --by '$1'",
    "--from in --tick TICK window 3s then sort line then head 5",
    "--from in --tick TICK distinct --by '$1' --within 3s",
    "--from in --tick TICK count --by '$1' --fill",
    "--from in --batch 7lines wordcount",
    "--from in --event-time '$2' --batch 5s session --gap 20s --by '$1' then count --by '$1'",
    "--from in --event-time '$2' --batch 5s window 10s then agg 'last($2) AS l, count(DISTINCT $2) AS d' --by '$1'",
    "--journal --tick TICK window 4s then count --by '$1'",
];

fn input() -> Vec<u8> {
    let line = |at: usize| match at % 9 {
        8 => "TICK\n".to_string(),
        _ => format!("w{} {}\n", at * 7 % 11, at * 5 % 60),
    };
    (0..120).map(line).collect::<String>().into_bytes()
}

/// The words of a job in a directory.
fn words(job: &str, dir: &Path) -> Vec<OsString> {
    let place = |word: String| if word == "in" { dir.join("in").into_os_string() } else { word.into() };
    let own = ["--shards", "2", "--checkpoint"].map(OsString::from).into_iter().chain([dir.join("state").into()]);
    own.chain(shlex::split(job).unwrap().into_iter().map(place)).collect()
}

/// The parts of a file, as far as they are whole.
fn parts(bytes: &[u8]) -> Vec<Vec<u8>> {
    let (mut parts, mut at) = (Vec::new(), START);
    while let Some(lead) = bytes.get(at..at + LEAD) {
        let len = u64::from_le_bytes(lead[..8].try_into().unwrap()) as usize;
        let Some(part) = bytes.get(at + LEAD..at + LEAD + len) else { break };
        parts.push(part.to_vec());
        at += LEAD + len;
    }
    parts
}

/// A file of these parts, with right checksums.
fn sealed(start: &[u8], parts: &[Vec<u8>]) -> Vec<u8> {
    let (mut bytes, mut salt) = (start.to_vec(), 0u64);
    for (number, part) in parts.iter().enumerate() {
        let check = xxh64(part, 0);
        let mut lead = [(part.len() as u64).to_le_bytes(), check.to_le_bytes()].concat();
        let own = xxh64(&lead, salt.wrapping_add(number as u64));
        lead.extend_from_slice(&own.to_le_bytes());
        if number == 0 {
            salt = check;
        }
        bytes.extend([lead, part.clone()].concat());
    }
    bytes
}

/// The files of a checkpoint that hold something.
fn held(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir.join("state")).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.filter(|path| fs::metadata(path).unwrap().len() > START as u64).collect();
    files.retain(|path| !path.ends_with("lock"));
    files.sort();
    files
}

/// Makes a checkpoint of a job, after some batches or in mid-batch.
fn made(job: &str, batches: usize) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("in"), input()).unwrap();
    let mut words = words(job, dir.path());
    words.splice(0..0, ["--batches".into(), batches.to_string().into()]);
    ran(&words.iter().map(|word| &**word).collect::<Vec<_>>(), input());
    dir
}

/// How many are tried, unless `STREAMER_CASES` says it.
fn cases() -> u32 {
    std::env::var("STREAMER_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(400)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn spoilt(job in 0..JOBS.len(), batches in 1..8usize, seal: bool, mut seed: u64) {
        let dir = made(JOBS[job], batches);
        for _ in 0..=below(&mut seed, 2) {
            let files = held(dir.path());
            let path = &files[below(&mut seed, files.len())];
            let bytes = fs::read(path).unwrap();
            let mut parts = parts(&bytes);
            let spoilt = if seal && !parts.is_empty() {
                // The first part says whose file it is; behind it stands what is kept.
                let at = if parts.len() > 1 && below(&mut seed, 8) > 0 { 1 + below(&mut seed, parts.len() - 1) } else { 0 };
                let other = parts[below(&mut seed, parts.len())].clone();
                parts[at] = mutated(&parts[at], &other, seed);
                sealed(&bytes[..START], &parts)
            } else {
                mutated(&bytes, &bytes, seed)
            };
            fs::write(path, spoilt).unwrap();
        }
        let words = words(JOBS[job], dir.path());
        ran(&words.iter().map(|word| &**word).collect::<Vec<_>>(), input());
    }
}

/// What this file knows of the layout is what stands there: a file that is taken apart and put together is the same.
#[test]
fn the_layout_is_as_documented() {
    let dir = made(JOBS[0], 3);
    for path in held(dir.path()) {
        let bytes = fs::read(&path).unwrap();
        assert!(sealed(&bytes[..START], &parts(&bytes)) == bytes, "{}", path.display());
    }
}
