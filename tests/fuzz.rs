//! Mutation fuzzing of all that reads foreign bytes: real and nasty inputs of `tests/corpus/NAME/`, as they are and changed at
//! random, give a result or an error with a message; never a panic, a hang, or memory without bound.

mod checkpoints;

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};

use jiff::tz::TimeZone;
use proptest::prelude::*;
use streamer::data::time::Time;
use streamer::expr::times::{parse_date, parse_time};
use streamer::expr::{Expr, parse_assignments, parse_list};
use streamer::{formats, sinks, sources};

use crate::harness::{PATIENCE, Run};
use crate::process;

/// Bytes that mean something to one parser or another.
const TOKENS: &[&[u8]] = &[
    b"\"",
    b"'",
    b"`",
    b"\\",
    b"\n",
    b"\r\n",
    b"\0",
    b"\xff",
    b"\xc3",
    b"\xf0\x9f\x98\x80",
    b"\xe2\x80\xae",
    b"\x1b[2J",
    b",",
    b"\t",
    b"=",
    b"{",
    b"}",
    b"[",
    b"]",
    b"(",
    b")",
    b"((((((((",
    b"\\u00",
    b"\\ud800",
    b"-",
    b"1e999",
    b"18446744073709551616",
    b"-9223372036854775808",
    b"0",
    b"%zz",
    b"$",
    b"{end}",
    b"://",
    b"?",
    b"&",
    b"*",
    b"..",
    b"/",
    b" then ",
    b" AS ",
    b" IN ",
    b"(?<",
    b"{9999}",
    b"\x1f\x8b\x08",
    b"\x28\xb5\x2f\xfd",
    b"null",
    b"true",
];

/// A step of a congruential generator (Knuth, MMIX), below `end`.
fn below(seed: &mut u64, end: usize) -> usize {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) as usize % end.max(1)
}

/// Changes bytes in up to four places; a piece of `other` may come into them.
fn mutated(bytes: &[u8], other: &[u8], mut seed: u64) -> Vec<u8> {
    let (mut bytes, seed) = (bytes.to_vec(), &mut seed);
    for _ in 0..below(seed, 5) {
        let at = below(seed, bytes.len() + 1);
        let end = at + below(seed, (bytes.len() - at).min(64) + 1);
        match below(seed, 8) {
            0 if at < bytes.len() => bytes[at] ^= 1 << below(seed, 8),
            1 if at < bytes.len() => bytes[at] = below(seed, 256) as u8,
            2 => bytes.truncate(at),
            3 => drop(bytes.drain(at..end)),
            4 => bytes.extend_from_within(at..end),
            5 => {
                let from = below(seed, other.len() + 1);
                let until = from + below(seed, (other.len() - from).min(64) + 1);
                bytes.splice(at..end, other[from..until].iter().copied());
            }
            _ => drop(bytes.splice(at..at, TOKENS[below(seed, TOKENS.len())].iter().copied())),
        }
    }
    bytes
}

/// The files of a folder of the corpus, in order of name.
fn files(name: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(name);
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

/// A file of the corpus, changed; the bombs, which a change does not make worse, only take time.
fn file(name: &str, mut seed: u64) -> Vec<u8> {
    let files: Vec<_> = files(name).into_iter().filter(|file| !file.to_string_lossy().contains("bomb")).collect();
    let [one, other] = [0; 2].map(|_| std::fs::read(&files[below(&mut seed, files.len())]).unwrap());
    mutated(&one, &other, seed)
}

/// A line of the corpus, changed.
fn line(name: &str, mut seed: u64) -> Vec<u8> {
    let all: Vec<u8> = files(name).iter().flat_map(|file| std::fs::read(file).unwrap()).collect();
    let lines: Vec<&[u8]> = all.split(|&b| b == b'\n').collect();
    let [one, other] = [0; 2].map(|_| lines[below(&mut seed, lines.len())]);
    mutated(one, other, seed)
}

/// Does `work`, which must come to an end.
fn in_time<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, came) = channel();
    let thread = std::thread::spawn(move || done.send(work()));
    match came.recv_timeout(PATIENCE) {
        Ok(result) => result,
        Err(RecvTimeoutError::Timeout) => panic!("it hangs"),
        Err(RecvTimeoutError::Disconnected) => std::panic::resume_unwind(thread.join().unwrap_err()),
    }
}

/// Runs a command to its end: status and standard output. A failure has its message, and is none of our own.
fn ran(words: &[&OsStr], input: Vec<u8>) -> (u8, Vec<u8>) {
    let words: Vec<OsString> =
        [&[OsStr::new("streamer")], words].concat().into_iter().map(OsStr::to_os_string).collect();
    let shown = format!("{words:?} over {:?}", input.escape_ascii().to_string());
    let (status, stdout, stderr) = in_time(move || {
        let run = Run::start_os(words, Time(0));
        run.input.feed(&input);
        let (status, stdout, stderr) = run.end();
        (status, stdout.take(), String::from_utf8_lossy(&stderr.take()).into_owned())
    });
    assert!(!stderr.contains("internal error"), "{stderr}\n{shown}");
    assert!(status <= 2, "status {status}: {stderr}\n{shown}");
    assert!(status == 0 || stderr.contains("streamer: "), "no message\n{shown}");
    (status, stdout)
}

/// Only plans: nothing is opened or started, whatever the words say.
fn planned(words: &[&OsStr]) {
    ran(&[&[OsStr::new("--explain")], words].concat(), Vec::new());
}

/// The folder of a format in the corpus, how it is read, and chains that read its columns.
const FORMATS: &[(&str, &str, &[&str])] = &[
    ("text", "text", &["wordcount", "agg 'sum($1) AS s, max(line) AS m' --by '$2'", "sort '$2:desc,line'"]),
    (
        "csv",
        "csv",
        &["agg 'count(*) AS n, sum($2) AS s' --by '$1'", "filter '$1 <> 1 OR $2 IS NULL'", "distinct --by '$3'"],
    ),
    ("tsv", "tsv", &["agg 'count(*) AS n, sum($2) AS s' --by '$1'", "filter '$1 <> 1 OR $2 IS NULL'"]),
    ("json", "json", &["map 'a, a.b, a.b[0] AS x, n + 1 AS n, s'", "count --by a", "filter 'a IS NOT NULL'"]),
    ("logfmt", "logfmt", &["map 'level, msg, n + 1 AS n, e'", "count --by 'level, b'", "filter 'msg <> 1'"]),
    (
        "combined",
        "combined",
        &["map 'host, path, status + 1 AS s, bytes'", "count --by 'status, path'", "filter 'bytes > 1'"],
    ),
    ("regex", r"regex:^(?<a>[^|]*)\|(?<b>[^|]*)(\|(?<c>.*))?$", &["map 'a, b + 1 AS b, c'", "count --by 'b, c'"]),
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    /// Records of each format, as input and in mid-chain; for any number of shards the result is the same.
    #[test]
    fn records(at in 0..FORMATS.len(), chain: prop::sample::Index, out in prop::sample::select(OUT), parse: bool, seed: u64) {
        let (folder, format, chains) = FORMATS[at];
        let input = file(folder, seed);
        let columns = format!("parse {} {}", shlex::try_quote(format).unwrap(), if at == 0 { "" } else { "line then " });
        let chain = chain.get(chains);
        let parsed = parse && !matches!(folder, "text" | "csv" | "tsv");
        let command = match parsed {
            true => format!("--out {out} --batch all {columns}{chain}"),
            false => format!("--out {out} --batch all --in {} {chain}", shlex::try_quote(format).unwrap()),
        };
        let result = |shards: &str| {
            let words = shlex::split(&format!("--shards {shards} {command}")).unwrap();
            ran(&words.iter().map(OsStr::new).collect::<Vec<_>>(), input.clone())
        };
        prop_assert_eq!(result("1"), result("3"), "{}", command);
    }

    /// Compressed files, the magic of which may be changed too.
    #[test]
    fn compressed(zstd: bool, seed: u64) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("in");
        std::fs::write(&path, file(if zstd { "zstd" } else { "gzip" }, seed)).unwrap();
        ran(&["--shards".as_ref(), "2".as_ref(), "--from".as_ref(), path.as_os_str(), "wordcount".as_ref()], Vec::new());
    }

    /// Expressions: read, planned, and taken of some rows.
    #[test]
    fn expressions(operator in prop::sample::select(vec!["filter", "map", "agg", "flatmap"]), seed: u64) {
        let text = String::from_utf8_lossy(&line("expressions", seed)).replace('\0', " ");
        let read = text.clone();
        in_time(move || drop((Expr::parse(&read), parse_list(&read), parse_assignments(&read))));
        let words = ["--shards", "1", "--in", "csv", operator, &text].map(OsStr::new);
        planned(&words);
        // A user may ask for long texts and gets them; here they only take time.
        if !["lpad", "rpad", "repeat"].iter().any(|long| text.to_lowercase().contains(long)) {
            ran(&words, b"a,b,c,path,ts\n1,x,-2.5,/api/x,2026-11-20T00:00:00Z\n,,,\xff,\n".to_vec());
        }
    }

    /// Regular expressions, wherever one may stand.
    #[test]
    fn patterns(seed: u64) {
        let pattern = String::from_utf8_lossy(&line("patterns", seed)).replace('\0', " ");
        let input = || b"a|b\naaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\n\xff k=\"v\"\n".to_vec();
        let format = format!("regex:{pattern}");
        let match_sql = format!("line RLIKE '{}'", pattern.replace('\'', "''"));
        for words in [["grep", "--", &pattern], ["--in", &format, "count"], ["filter", "--", &match_sql]] {
            ran(&words.map(OsStr::new), input());
        }
    }

    /// The words of the command line, of which `--explain` is the first: whatever follows, nothing is run.
    #[test]
    fn arguments(seed: u64) {
        let line = line("arguments", seed);
        let words = shlex::bytes::split(&line).unwrap_or_else(|| line.split(|&b| b == b' ').map(<[u8]>::to_vec).collect());
        // A file of the chain is read at once, and may be a terminal or a pipe.
        if !words.iter().any(|word| word.starts_with(b"--chain") || word.contains(&0)) {
            planned(&words.iter().map(|word| OsStr::from_bytes(word)).collect::<Vec<_>>());
        }
    }

    /// Files with a chain.
    #[test]
    fn chain_files(seed: u64) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("chain");
        std::fs::write(&path, file("chains", seed)).unwrap();
        planned(&["--chain".as_ref(), path.as_os_str()]);
    }

    /// Spellings of sources, and of sinks with their templates.
    #[test]
    fn spellings_and_templates(seed: u64) {
        for folder in ["spellings", "templates"] {
            let bytes: Vec<u8> = line(folder, seed).into_iter().filter(|b| *b != 0).collect();
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let _ = (sources::parse(&text).map(|s| s.name()), sinks::parse(&text).map(|s| s.name()));
            let _ = (formats::header(&text), formats::by_extension(&text));
            let spec = OsString::from_vec(bytes);
            planned(&["count".as_ref(), "--from".as_ref(), spec.as_os_str()]);
            planned(&["count".as_ref(), "--to".as_ref(), spec.as_os_str()]);
        }
    }

    /// Times, dates and durations.
    #[test]
    fn times(seed: u64) {
        let bytes = line("times", seed);
        let _ = (parse_time(&bytes, &TimeZone::UTC), parse_date(&bytes));
        let text = String::from_utf8_lossy(&bytes).replace('\0', " ");
        for option in ["--batch", "--start", "--tz", "--late", "--max-record"] {
            planned(&["count".as_ref(), OsStr::new(option), OsStr::new(&text)]);
        }
    }
}

/// What agents send: the events that come out of it, and an end. Plain, or compressed.
#[cfg(feature = "flume")]
fn agent(sent: &[u8], deflated: bool) {
    use std::io::{Read, Write};
    use std::sync::{Arc, Mutex};
    use streamer::data::buffer::{Pool, Quota};
    use streamer::data::framing::Framing;
    use streamer::{clock, messages, stop};

    let stop = stop::Stop::new().unwrap();
    let setup = sources::Setup {
        clock: Arc::new(clock::ManualClock::default()),
        max_record: 1 << 16,
        once: false,
        poll: None,
        stop: Arc::clone(&stop),
        stdin: Mutex::new(None),
        messages: messages::Messages::new(Box::new(std::io::sink())),
        checkpoint: None,
    };
    let source = sources::parse(if deflated { "flume://0?compression=deflate" } else { "flume://0" }).unwrap();
    let mut lane = source.open(&setup, Framing::sized()).unwrap().pop().unwrap();
    let sources::Feed::Records(intake) = &mut lane.feed else { panic!("it gives records") };
    let mut stream = std::net::TcpStream::connect(&lane.name["flume://".len()..]).unwrap();
    let sent = sent.to_vec();
    let client = std::thread::spawn(move || {
        let _ = stream.write_all(&sent);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        // It is closed once all was read.
        let _ = stream.read_to_end(&mut Vec::new());
        stop.tell();
    });
    let quota = Quota::new(Arc::new(Pool::default()), 64 << 20, Arc::new(|| ()));
    while let sources::Step::Records(chunk) = intake.next(&quota).unwrap() {
        let bytes = chunk.buffer.bytes();
        let mut end = 0;
        Framing::sized().each(bytes, 0, bytes.len(), |record| {
            assert_eq!(record.start as usize, end + 4, "records are whole");
            end = (record.start + record.len) as usize;
            assert!(record.len <= 1 << 16);
        });
        assert_eq!(end, bytes.len());
        lane.control.taken(chunk.until);
    }
    client.join().unwrap();
}

#[cfg(feature = "flume")]
proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn agents(deflated: bool, seed: u64) {
        let sent = file("flume", seed);
        in_time(move || agent(&sent, deflated));
    }
}

const OUT: &[&str] = &["text", "csv", "tsv", "json", "table", "spark"];

/// Each input of the corpus as it is, in a process that cannot have much memory: the bombs hold up to a gigabyte.
#[test]
#[cfg(target_os = "linux")]
fn the_corpus_is_read_in_little_memory() {
    let packed = [("gzip", "text", &["wordcount"][..]), ("zstd", "text", &["wordcount"])];
    for (folder, format, chains) in FORMATS.iter().chain(&packed) {
        for (path, chain) in files(folder).iter().flat_map(|path| chains.iter().map(move |chain| (path, chain))) {
            let script = "ulimit -v 600000; exec \"$0\" --shards 2 --batch all --from \"file:$1?in=$2\" ";
            let mut command = process::shell(&(script.to_string() + chain));
            let format = format.replace('%', "%25").replace('+', "%2b").replace('?', "%3f").replace('&', "%26");
            let done = process::run(command.arg(path).arg(format), b"");
            let ended = matches!(done.status.code(), Some(0 | 1)) && !done.stderr.contains("internal error");
            assert!(ended, "{} {chain}: {} {}", path.display(), done.status, done.stderr);
        }
    }
}
