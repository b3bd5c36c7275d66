//! What nobody asked for does not happen: no address beyond this machine, no file that others may write, no shell, nothing that
//! acts on a terminal.

use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::process::Signal;

use super::{Live, run, shell, streamer};

/// Loopback is a whole network: who listens on every address also answers at 127.0.0.2, who listens on 127.0.0.1 does not.
#[test]
#[cfg(target_os = "linux")]
fn without_an_address_only_this_machine_is_listened_to() {
    for (from, listens, at_another) in [
        ("listen://0", "127.0.0.1:", false),
        ("listen://:0", "127.0.0.1:", false),
        ("listen://127.0.0.2:0", "127.0.0.2:", true),
    ] {
        let live = Live::start(streamer("words --from").arg(from));
        let said = String::from_utf8(live.stderr.until("the port", |said| said.ends_with(b"\n"))).expect("UTF-8");
        let address = said.trim().rsplit(' ').next().expect("an address");
        let port = address.strip_prefix(listens).unwrap_or_else(|| panic!("{from} listens on {address}"));
        let reached = |host: &str| TcpStream::connect(format!("{host}:{port}")).is_ok();
        assert_eq!((reached("127.0.0.1"), reached("127.0.0.2")), (!at_another, at_another), "{from}");
        assert!(!reached("[::1]"), "{from}");
        live.signal(Signal::TERM);
        live.wait();
    }
}

/// All below a directory, with their permissions.
fn modes(dir: &Path) -> Vec<(String, u32)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).expect("a directory") {
        let path = entry.expect("an entry").path();
        let mode = path.metadata().expect("it is there").permissions().mode() & 0o7777;
        found.push((path.display().to_string(), mode));
        if path.is_dir() {
            found.extend(modes(&path));
        }
    }
    found
}

/// Also where the umask takes nothing away.
#[test]
fn what_is_made_is_written_by_its_owner_only_and_a_checkpoint_is_read_by_nobody_else() {
    let dir = tempfile::tempdir().expect("a directory");
    let (made, at) = (dir.path().join("made"), dir.path().join("in.csv"));
    std::fs::create_dir(&made).expect("made");
    std::fs::write(&at, "t,a\n1970-01-01T00:00:05Z,x\n1970-01-01T00:00:01Z,late\nbad\n").expect("written");
    let script = "umask 000; cd made; exec \"$0\" --from ../in.csv --event-time t --late-to late --bad bad --stats stats \
                  --checkpoint saved filter true then tee tee.csv --to '{end}.csv' --to plain.csv";
    let done = run(shell(script).current_dir(dir.path()), b"");
    assert_eq!(done.status.code(), Some(0), "{}", done.stderr);
    let saved = made.join("saved").display().to_string();
    let mut names = Vec::new();
    for (path, mode) in modes(&made) {
        let expected = match path.strip_prefix(&saved) {
            Some("") => 0o700,
            Some(_) => 0o600,
            None => 0o644,
        };
        assert_eq!(mode, expected, "{path} has {mode:o}");
        names.push(path[made.display().to_string().len() + 1..].to_string());
    }
    for name in ["late", "bad", "stats", "tee.csv", "plain.csv", "saved", "saved/lock"] {
        assert!(names.iter().any(|found| found == name), "{name} is not among {names:?}");
    }
    assert!(names.iter().any(|name| name.starts_with("1970")), "a file of a batch: {names:?}");
}

/// What a shell would act on: each is a word that a command is given as it stands.
const FOR_A_SHELL: &str = "$(touch ran) `touch ran` ; touch ran | > ran & $HOME ${0} ~ * # !! a\\b";

/// Where commands are named, their words reach them as they are written; and what records hold reaches no shell either.
#[test]
fn no_shell_runs_unless_it_is_written() {
    let dir = tempfile::tempdir().expect("a directory");
    let here = |words: &[&str]| {
        let mut command = streamer("--batch all");
        command.args(words).current_dir(dir.path());
        command
    };
    let words: Vec<&str> = FOR_A_SHELL.split(' ').collect();
    let lines = words.join("\n") + "\n";
    let quoted = words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" ");
    let printed = [&["printf", "%s\\n"][..], &words].concat();
    assert_eq!(run(&mut here(&["grep", "", "--from", &format!("exec:printf '%s\\n' {quoted}")]), b"").ok(), lines);
    assert_eq!(run(&mut here(&[&["pipe", "--"][..], &printed].concat()), b"x\n").ok(), lines);
    assert_eq!(run(&mut here(&["grep", "", "--to", &format!("exec:printf '%s\\n' {quoted}")]), b"x\n").ok(), lines);
    let alarm = run(&mut here(&[&["alarm", "true", "--"][..], &printed].concat()), b"x\n");
    assert!(alarm.stderr.contains(&lines), "{}", alarm.stderr);
    // Records and their columns, through each place where a command gets them.
    let record = "$(touch ran);`touch ran`|touch ran\n";
    for words in [&["pipe", "--", "cat"][..], &["grep", "", "--to", "exec:cat"], &["alarm", "true", "--", "true"]] {
        assert_eq!(run(&mut here(words), record.as_bytes()).ok(), record, "{words:?}");
    }
    assert!(std::fs::read_dir(dir.path()).expect("a directory").next().is_none(), "a shell ran");
    // It runs where it is written.
    run(&mut here(&["pipe", "--", "sh", "-c", "touch ran"]), b"x\n").ok();
    assert!(dir.path().join("ran").exists());
}

/// Names of files and columns, and records that do not fit, in errors, notes and tables.
#[test]
fn escapes_from_names_and_records_do_not_reach_a_terminal() {
    const ESCAPES: &str = "\x1b]0;t\x07\u{9b}2J\r\u{202e}\x7f";
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join(format!("{ESCAPES}.csv"));
    std::fs::write(&file, format!("a,{ESCAPES}\n{ESCAPES},1\n{ESCAPES}\n")).expect("written");
    let from = file.display().to_string();
    let gone = format!("{from}-gone");
    let number = format!("CAST(a AS {ESCAPES})");
    for words in [
        &["--from", &from, "filter", "true", "--out", "table"][..],
        &["--from", &from, "filter", "true", "--out", "table", "--strict"],
        &["--from", &from, "filter", ESCAPES],
        &["--from", &from, "sort", ESCAPES, "--tick", ESCAPES],
        &["--from", &gone, "count"],
        &["--in", "json", "map", &number],
        &["--in", ESCAPES, "count"],
        &["pipe", "--", &gone],
        &["count", "--to", &gone, "--to", &format!("{gone}/x")],
        &[ESCAPES],
        &["count", ESCAPES],
        &["count", &format!("--{ESCAPES}")],
        &["alarm", &format!("'{ESCAPES}' = '{ESCAPES}'"), "--out", "table"],
    ] {
        let done = run(streamer("").args(words), format!("{{\"a\":\"{ESCAPES}\"\n{ESCAPES}\n").as_bytes());
        let said = done.text() + &done.stderr;
        let acts = |c: char| c.is_control() && !"\n\t".contains(c) || c == '\u{202e}';
        assert!(!said.contains(acts), "{words:?}: {said:?}");
    }
}

/// A command that holds a secret is kept nowhere, also if a copy of the rows was to go there, or rows to be joined come from there.
#[test]
#[cfg(feature = "kafka")]
fn an_address_that_holds_a_secret_is_refused_before_a_checkpoint_is_made() {
    let dir = tempfile::tempdir().expect("a directory");
    let address = "kafka://127.0.0.1:1/t?kafka.sasl.password=hunter2";
    for words in [
        format!("--to '{address}' count"),
        format!("tee '{address}' then count"),
        format!("--from '{address}' count"),
        format!("join '{address}' --on value=value"),
    ] {
        let said = run(streamer(&format!("--checkpoint saved {words}")).current_dir(dir.path()), b"a\n").failed(2);
        assert!(said.contains("is a secret") && !said.contains("hunter2"), "{said}");
        assert!(!dir.path().join("saved").exists(), "{words}");
    }
}
