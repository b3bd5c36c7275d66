//! A log of requests, one JSON object a line, as logs of services are: 200 paths, few of them often (Zipf), durations
//! log-normal around a middle that each path has, in milliseconds with at most two decimals, a nested object with an array,
//! messages with escapes. One record in a hundred has no `user`, one in two hundred no `ms`, one in two hundred
//! `"bytes":null`; two paths are not ASCII and stand there now as they are, now as `\u` escapes. Only integers and exact
//! divisions decide, so that no machine rounds otherwise.

use std::io::{self, Write};

use crate::Out;
use crate::random::Random;

const PATHS: usize = 200;
const USERS: usize = 300_000;

const PLACES: [&str; 14] = [
    "users", "orders", "items", "search", "cart", "login", "images", "reports", "invoices", "teams", "events", "files",
    "prices", "reviews",
];
const VERBS: [&str; 8] = ["", "/list", "/detail", "/edit", "/export", "/history", "/status", "/{id}"];
/// As they are, and as JSON writers that keep to ASCII write them.
const FOREIGN: [(&str, &str); 2] = [("/v1/café", "/v1/caf\\u00e9"), ("/v1/検索", "/v1/\\u691c\\u7d22")];
const AGENTS: [&str; 5] =
    ["Mozilla/5.0 (X11; Linux x86_64)", "curl/8.9.1", "okhttp/4.12.0", "python-requests/2.32", "Go"];
const TAGS: [&str; 8] = ["web", "mobile", "eu", "us", "beta", "cached", "retry", "batch"];
/// As they stand in the file, so with their escapes.
const MESSAGES: [&str; 6] = [
    "ok",
    "served from cache",
    "user said \\\"hello, {world}\\\"",
    "wrote C:\\\\logs\\\\app.log\\tin one go",
    "Z\\u00fcrich \\u2192 東京 \\ud83d\\ude80",
    "at Handler.run(Handler.java:42)\\n\\tat Server.serve(Server.java:7)",
];

struct Route {
    plain: String,
    escaped: String,
    /// Half the largest power of two of its durations, in hundredths of a millisecond.
    middle: u64,
}

fn routes(random: &mut Random) -> Vec<Route> {
    let route = |rank: usize| {
        let (plain, escaped) = match rank {
            7 | 40 => (FOREIGN[rank % 2].0.to_owned(), FOREIGN[rank % 2].1.to_owned()),
            _ => {
                let path = format!("/v{}/{}{}", 1 + rank / 112, PLACES[rank % 14], VERBS[rank / 14 % 8]);
                (path.clone(), path)
            }
        };
        Route { plain, escaped, middle: 8 + random.below(5) as u64 }
    };
    (0..PATHS).map(route).collect()
}

/// Two to a power that is bell-shaped in `0..2 * middle`, taken straight between the whole powers.
fn bell(random: &mut Random, middle: u64) -> u64 {
    // The mean of four uniform numbers, in 65536ths.
    let mean = (0..4).map(|_| random.next() >> 48).sum::<u64>() / 4;
    let power = mean * 2 * middle;
    ((1 << 16) + (power & 0xFFFF)) << (power >> 16) >> 16
}

/// At least so many bytes of lines.
pub fn write(out: &mut Out, bytes: usize) -> io::Result<()> {
    let mut random = Random(3);
    let routes = routes(&mut random);
    // The weight of each rank and of all before it: 1, 1/2, 1/3 … of a million.
    let weights: Vec<usize> = (1..=PATHS)
        .scan(0, |sum, rank| {
            *sum += 1_000_000 / rank;
            Some(*sum)
        })
        .collect();
    let (mut line, mut written, mut now) = (Vec::new(), 0, 0);
    while written < bytes {
        line.clear();
        now += random.below(80);
        let (ms, second) = (now % 1000, now / 1000);
        let (day, hour, minute) = (1 + second / 86_400 % 30, second / 3600 % 24, second / 60 % 60);
        let status = match random.below(1000) {
            0..900 => 200,
            900..925 => 201,
            925..945 => 304,
            945..985 => 404,
            985..992 => 429,
            992..998 => 500,
            _ => 503,
        };
        let level = match status {
            0..400 => "info",
            400..500 => "warn",
            _ => "error",
        };
        let at = random.below(weights[PATHS - 1]);
        let route = &routes[weights.partition_point(|&sum| sum <= at)];
        let path = if random.below(3) == 0 { &route.escaped } else { &route.plain };
        write!(
            line,
            r#"{{"ts":"2026-11-{day:02}T{hour:02}:{minute:02}:{:02}.{ms:03}Z","level":"{level}","path":"{path}","status":{status}"#,
            second % 60
        )?;
        if random.below(200) != 0 {
            let hundredths = bell(&mut random, route.middle);
            let (whole, rest) = (hundredths / 100, hundredths % 100);
            match rest {
                0 => write!(line, r#","ms":{whole}"#)?,
                _ if rest % 10 == 0 => write!(line, r#","ms":{whole}.{}"#, rest / 10)?,
                _ => write!(line, r#","ms":{whole}.{rest:02}"#)?,
            }
        }
        match random.below(200) {
            0 => line.extend_from_slice(br#","bytes":null"#),
            _ => write!(line, r#","bytes":{}"#, bell(&mut random, 9))?,
        }
        if random.below(100) != 0 {
            write!(line, r#","user":"u{:06}""#, random.below(USERS))?;
        }
        let agent = random.pick(&AGENTS);
        write!(
            line,
            r#","client":{{"ip":"10.{}.{}.7","agent":"{agent}","tags":["#,
            random.below(64),
            random.below(256)
        )?;
        for at in 0..random.below(4) {
            let comma = if at == 0 { "" } else { "," };
            write!(line, r#"{comma}"{}""#, random.pick(&TAGS))?;
        }
        let message = if random.below(10) < 7 { MESSAGES[random.below(2)] } else { random.pick(&MESSAGES) };
        writeln!(line, r#"]}},"msg":"{message}"}}"#)?;
        written += line.len();
        out.write_all(&line)?;
    }
    Ok(())
}
