//! `user,clicks` without a header: a million users, few of them often, one to a hundred clicks in a row.

use std::io::{self, Write};

use crate::Out;
use crate::random::Random;

const USERS: usize = 1_000_000;
/// Has no divisor in common with [`USERS`], so that ranks times this are other numbers each: who clicks often must not
/// stand in front.
const SCATTER: usize = 744_187;

/// At least so many bytes of rows.
pub fn write(out: &mut Out, bytes: usize) -> io::Result<()> {
    let mut random = Random(5);
    let (mut line, mut written) = (Vec::new(), 0);
    while written < bytes {
        line.clear();
        let user = (random.skewed(USERS) * SCATTER + 31_415) % USERS;
        writeln!(line, "u{user:07},{}", 1 + random.below(100))?;
        written += line.len();
        out.write_all(&line)?;
    }
    Ok(())
}
