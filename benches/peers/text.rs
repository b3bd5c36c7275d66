//! Writes text to measure with, the same bytes for the same size: `cargo run --release --example peers-text -- BYTES > FILE`.
//!
//! It is as natural text is for a program that counts words: few words often and most of them rarely (Zipf), short ones in
//! front, some with punctuation or a capital, a few per cent not ASCII, lines of about 100 bytes, sometimes two spaces.

use std::io::{self, BufWriter, Write};

/// How many words there are, before capitals and punctuation.
const WORDS: usize = 200_000;
const LINE: usize = 100;

const ONSETS: [&str; 24] = [
    "b", "c", "d", "f", "g", "h", "l", "m", "n", "p", "r", "s", "t", "v", "w", "st", "tr", "ch", "sh", "th", "pr",
    "gr", "k", "",
];
const VOWELS: [&str; 8] = ["a", "e", "i", "o", "u", "ea", "ou", "ai"];
const CODAS: [&str; 10] = ["", "", "n", "r", "s", "t", "l", "ng", "st", "x"];
const FOREIGN: [&str; 12] = ["é", "ü", "ø", "ñ", "ß", "å", "ж", "д", "λ", "中", "日", "한"];

/// SplitMix64 (Steele, Lea, Flood 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        ((u128::from(self.next()) * limit as u128) >> 64) as usize
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    /// A place among the words. That of exponent 1 is exponential in a uniform number.
    fn rank(&mut self) -> usize {
        let uniform = (self.next() >> 11) as f64 / (1u64 << 53) as f64;
        (WORDS as f64).powf(uniform) as usize - 1
    }
}

fn word(rank: usize, random: &mut Random) -> String {
    let syllables = match rank {
        0..60 => 1,
        60..2_000 => 1 + random.below(2),
        2_000..20_000 => 2 + random.below(2),
        _ => 2 + random.below(3),
    };
    let mut word = String::new();
    for _ in 0..syllables {
        word.push_str(random.pick(&ONSETS));
        word.push_str(random.pick(&VOWELS));
        word.push_str(random.pick(&CODAS));
    }
    if rank > 50 && random.below(25) == 0 {
        for _ in 0..1 + random.below(3) {
            word.push_str(random.pick(&FOREIGN));
        }
    }
    word
}

fn main() -> io::Result<()> {
    let Some(bytes) = std::env::args().nth(1).and_then(|size| size.parse::<usize>().ok()) else {
        return Err(io::Error::other("usage: peers-text BYTES > FILE"));
    };
    let mut random = Random(1);
    let words: Vec<String> = (0..WORDS).map(|rank| word(rank, &mut random)).collect();
    let mut out = BufWriter::with_capacity(1 << 20, io::stdout().lock());
    let (mut line, mut written, mut begins) = (Vec::new(), 0, true);
    while written < bytes {
        line.clear();
        while line.len() < LINE {
            let at = line.len();
            line.extend_from_slice(words[random.rank()].as_bytes());
            if begins {
                line[at].make_ascii_uppercase();
            }
            let mark = random.below(100);
            begins = mark < 6;
            line.extend_from_slice(match mark {
                0..5 => b". ".as_slice(),
                5 => b"! ",
                6..11 => b", ",
                11 => b"; ",
                12 if random.below(4) == 0 => b"  ",
                _ => b" ",
            });
        }
        line.truncate(line.trim_ascii_end().len());
        line.push(b'\n');
        written += line.len();
        out.write_all(&line)?;
    }
    out.flush()
}
