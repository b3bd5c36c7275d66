//! Keys of 16 hexadecimal digits, one a line: each key once, and a third of the lines repeat one, all shuffled. 500 MB hold
//! 20 million distinct keys in 29.4 million lines.

use std::io::{self, Write};

use crate::Out;
use crate::random::{Random, mix};

const LINE: usize = 17;

/// As many lines as fit into so many bytes.
pub fn write(out: &mut Out, bytes: usize) -> io::Result<()> {
    let mut random = Random(7);
    let lines = bytes / LINE;
    let distinct = bytes / 25;
    let mut keys: Vec<u32> =
        (0..lines).map(|line| if line < distinct { line } else { random.below(distinct) } as u32).collect();
    // Fisher and Yates.
    for last in (1..lines).rev() {
        keys.swap(last, random.below(last + 1));
    }
    for key in keys {
        writeln!(out, "{:016x}", mix(u64::from(key) + 1))?;
    }
    Ok(())
}
