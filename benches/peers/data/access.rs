//! An access log in the combined format: 50 thousand hosts and 5 thousand pages, few of them often, a query behind every
//! fourth page, eight answers of ten a 200, two hundred requests a second of the log's time.
//!
//! `GET` stands nowhere but as the method, and `" ` ends the request first: so tools that cut the line at quotes are right.

use std::io::{self, Write};

use crate::Out;
use crate::random::{Random, mix};

const HOSTS: usize = 50_000;
const PAGES: usize = 5_000;

const PLACES: [&str; 16] = [
    "shop", "news", "blog", "forum", "help", "about", "media", "assets", "account", "search", "docs", "jobs", "events",
    "press", "contact", "archive",
];
const TOPICS: [&str; 12] =
    ["winter", "garden", "kitchen", "travel", "music", "books", "bikes", "coffee", "camera", "paper", "lamps", "shoes"];
const ENDINGS: [&str; 5] = ["", ".html", ".css", ".js", ".png"];
const AGENTS: [&str; 6] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_6) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "curl/8.9.1",
    "-",
];

/// At least so many bytes of lines.
pub fn write(out: &mut Out, bytes: usize) -> io::Result<()> {
    let mut random = Random(9);
    let (mut line, mut written, mut now) = (Vec::new(), 0, 0);
    let page = |rank: usize| {
        let (place, topic) = (PLACES[rank % 16], TOPICS[rank / 16 % 12]);
        format!("/{place}/{topic}/{rank}{}", ENDINGS[rank / 7 % 5])
    };
    let pages: Vec<String> = (0..PAGES).map(page).collect();
    while written < bytes {
        line.clear();
        now += usize::from(random.below(200) == 0);
        let (day, hour, minute, second) = (1 + now / 86_400 % 30, now / 3600 % 24, now / 60 % 60, now % 60);
        let [a, b, c, d, ..] = mix(random.skewed(HOSTS) as u64 + 1).to_le_bytes();
        let user = if random.below(50) == 0 { "maria" } else { "-" };
        let method = match random.below(100) {
            0..86 => "GET",
            86..96 => "POST",
            96..98 => "HEAD",
            98 => "PUT",
            _ => "DELETE",
        };
        let status = match random.below(1000) {
            0..800 => 200,
            800..810 => 206,
            810..850 => 301,
            850..880 => 302,
            880..920 => 304,
            920..925 => 400,
            925..935 => 403,
            935..980 => 404,
            980..993 => 500,
            993..998 => 502,
            _ => 503,
        };
        write!(
            line,
            "{}.{b}.{c}.{d} - {user} [{day:02}/Nov/2026:{hour:02}:{minute:02}:{second:02} +0000] \"{method} {}",
            1 + a % 223,
            pages[random.skewed(PAGES)]
        )?;
        if random.below(4) == 0 {
            write!(line, "?id={}&sort={}", random.below(100_000), random.pick(&TOPICS))?;
        }
        write!(line, " HTTP/1.1\" {status} {} \"", random.below(200_000))?;
        match random.below(3) {
            0 => line.push(b'-'),
            _ => write!(line, "https://www.example.com{}", pages[random.skewed(PAGES)])?,
        }
        writeln!(line, "\" \"{}\"", random.pick(&AGENTS))?;
        written += line.len();
        out.write_all(&line)?;
    }
    Ok(())
}
