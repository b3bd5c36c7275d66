//! Runs with a checkpoint that are killed at random times, until their output is complete.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::{Result, mixed, streamer};

/// A chain, and where its rows go; `{out}` is a directory of its own.
const JOBS: &[(&str, &str)] = &[
    ("--from words.log --batch 3000lines wordcount", "{out}/out.csv"),
    ("--from words.log --batch 3000lines --shards 3 wordcount", "{out}/{batch}.csv"),
    ("--from words.log --batch 3000lines grep w1", "{out}/out.txt"),
    ("--from dir:times --once --batch 3000lines count --by $2", "{out}/{batch}.csv"),
    ("--from dir:times --once --batch all grep u1", "{out}/out.txt"),
    ("--from words.log --batch all grep w1", "{out}/out.txt"),
    ("--from words.log --tick TICK window 10s --every 2s then wordcount", "{out}/{end}.csv"),
    ("--from words.log --tick TICK window all --emit changed then count --by $1", "{out}/{end}.csv"),
    ("--from words.log --tick TICK window 6s --every 2s then sort line then head 20", "{out}/{end}.csv"),
    ("--from words.log --tick TICK distinct --by $1 --within 20s", "{out}/out.csv"),
    ("--from words.log --tick TICK count --by $1 --fill", "{out}/{end}.csv"),
    (
        "--from times.0 --from times.1 --from times.2 --event-time $1 --batch 10s --late 5s agg sum($3),count(*) --by $2",
        "{out}/{end}.csv",
    ),
    (
        "--from times.0 --from times.1 --event-time $1 --batch 10s window 1m --every 20s then agg max($3),p50($3) --by $2",
        "{out}/out.csv",
    ),
    ("--from times.0 --event-time $1 --batch 10s session --gap 20s --by $2 then count --by $2", "{out}/out.csv"),
];

/// Kills so many runs in all, those of each job in turn.
pub fn soak(kills: u64) -> Result<()> {
    let folder = tempfile::tempdir()?;
    data(folder.path())?;
    let (mut chance, mut killed, mut runs) = (0, 0, 0);
    let mut wanted = Vec::new();
    for (chain, to) in JOBS {
        let files = fresh(folder.path(), "undisturbed")?;
        let status = command(folder.path(), chain, to, &files, false)?.status()?;
        if !status.success() {
            return Err(format!("{chain}: {status}").into());
        }
        wanted.push(read(&folder.path().join(&files))?);
    }
    while killed < kills {
        for ((chain, to), wanted) in JOBS.iter().zip(&wanted) {
            let files = fresh(folder.path(), "killed")?;
            let _ = std::fs::remove_dir_all(folder.path().join("state"));
            let before = killed;
            loop {
                let mut child = command(folder.path(), chain, to, &files, true)?.stderr(Stdio::piped()).spawn()?;
                chance += 1;
                // Now and then one is left alone, so that it ends.
                if killed - before < 20 {
                    sleep(Duration::from_millis(5 + mixed(chance) % 250));
                    child.kill()?;
                }
                let done = child.wait_with_output()?;
                match done.status.code() {
                    None => killed += 1,
                    Some(0) => break,
                    Some(_) => return Err(format!("{chain}: {}", String::from_utf8_lossy(&done.stderr)).into()),
                }
            }
            runs += 1;
            let found = read(&folder.path().join(&files))?;
            if found != *wanted {
                let kept = folder.keep();
                return Err(format!("{chain}: other files than without a kill, see {}", kept.display()).into());
            }
        }
    }
    println!("{killed} kills in {runs} runs of {} jobs: the files are those of runs that nobody killed", JOBS.len());
    Ok(())
}

/// A directory that is empty, by its name.
fn fresh(folder: &Path, name: &str) -> Result<String> {
    let _ = std::fs::remove_dir_all(folder.join(name));
    std::fs::create_dir(folder.join(name))?;
    Ok(name.to_string())
}

fn command(folder: &Path, chain: &str, to: &str, files: &str, kept: bool) -> Result<Command> {
    let mut command = Command::new(streamer()?);
    command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.args(["-q", "--to", &to.replace("{out}", files)]);
    if kept {
        command.args(["--checkpoint", "state"]);
    }
    command.args(chain.split(' '));
    Ok(command)
}

/// The files of a directory, hidden ones too.
fn read(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        files.insert(entry.file_name().to_string_lossy().into_owned(), std::fs::read(entry.path())?);
    }
    Ok(files)
}

fn data(folder: &Path) -> Result<()> {
    std::fs::create_dir(folder.join("times"))?;
    for file in 0..3 {
        let path = folder.join(format!("times.{file}"));
        let mut out = std::io::BufWriter::new(std::fs::File::create(&path)?);
        let mut time = 1_700_000_000 + file;
        for at in 0..60_000 {
            let chance = mixed(file * 1_000_000 + at);
            time += u64::from(chance & 3 == 0);
            let late = [0, 0, 0, 3, 5, 30][(chance >> 8) as usize % 6];
            writeln!(out, "{} u{} {}", time - late, (chance >> 16) % 300, (chance >> 32) % 1000)?;
        }
        out.flush()?;
        std::fs::copy(&path, folder.join(format!("times/{file}")))?;
    }
    let mut out = std::io::BufWriter::new(std::fs::File::create(folder.join("words.log"))?);
    for at in 0..150_000 {
        let chance = mixed(at);
        writeln!(out, "w{} x y{}", chance % 5000, (chance >> 32) % 10)?;
        if at % 1500 == 1499 {
            writeln!(out, "TICK")?;
        }
    }
    Ok(())
}
