//! Text as natural text is for a program that counts words: few words often and most of them rarely (Zipf), short ones in
//! front, some with punctuation or a capital, a few per cent not ASCII, lines of about 100 bytes, sometimes two spaces.

use std::io::{self, Write};

use crate::Out;
use crate::random::Random;

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

/// A place among the words. That of exponent 1 is exponential in a uniform number.
fn rank(random: &mut Random) -> usize {
    let uniform = (random.next() >> 11) as f64 / (1u64 << 53) as f64;
    (WORDS as f64).powf(uniform) as usize - 1
}

/// At least so many bytes of lines.
pub fn write(out: &mut Out, bytes: usize) -> io::Result<()> {
    let mut random = Random(1);
    let words: Vec<String> = (0..WORDS).map(|rank| word(rank, &mut random)).collect();
    let (mut line, mut written, mut begins) = (Vec::new(), 0, true);
    while written < bytes {
        line.clear();
        while line.len() < LINE {
            let at = line.len();
            line.extend_from_slice(words[rank(&mut random)].as_bytes());
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
    Ok(())
}
