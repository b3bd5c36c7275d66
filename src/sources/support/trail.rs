//! The way of a lane through several files: which of them stands at which positions, as far as marks may still ask for it.
//!
//! The thread that reads goes on; who marks the ends of batches comes behind.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard};

use super::marks::Piece;

/// The pieces of a lane.
pub struct Trail {
    pieces: VecDeque<Piece>,
    /// The position of the next byte.
    pub position: u64,
}

impl Trail {
    /// From a position on.
    pub fn at(position: u64) -> Self {
        Trail { pieces: VecDeque::new(), position }
    }

    /// A file begins, or is gone on with.
    pub fn begin(&mut self, piece: Piece) {
        self.end();
        self.pieces.push_back(Piece { end: None, ..piece });
    }

    /// The file has ended.
    pub fn end(&mut self) {
        if let Some(piece) = self.pieces.back_mut() {
            piece.end.get_or_insert(self.position);
        }
    }

    /// The file that is being read.
    pub fn last(&mut self) -> Option<&mut Piece> {
        self.pieces.back_mut()
    }

    /// The pieces since the last position that this was asked for up to `until`, which they forget what they know of what is
    /// behind. `next`: with the one that begins just there.
    pub fn up_to(&mut self, until: u64, next: bool) -> Vec<Piece> {
        let begun = |piece: &Piece| {
            let begin = u64::try_from(piece.begin).unwrap_or(0);
            begin < until || (next && begin == until) || piece.end.is_some_and(|end| end <= until)
        };
        let passed = |piece: &Piece| piece.end.filter(|end| *end <= until);
        let pieces: Vec<Piece> = self.pieces.iter().take_while(|piece| begun(piece)).cloned().collect();
        // Where the next one is looked for, one stays: in it the lane stands.
        let stays = usize::from(next);
        let gone = pieces.iter().take_while(|piece| passed(piece).is_some()).count();
        self.pieces.drain(..gone.min(pieces.len().saturating_sub(stays)));
        pieces.into_iter().map(|piece| Piece { end: passed(&piece), ..piece }).collect()
    }
}

/// Whoever panicked with it in hand has left it in order.
pub fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(|e| e.into_inner())
}

#[cfg(test)]
mod tests {
    use super::super::fingerprint::{Fingerprint, Identity};
    use super::*;

    fn piece(inode: u64, begin: i64) -> Piece {
        let identity = Identity { device: 1, inode, made: None };
        Piece { path: "f".into(), identity, fingerprint: Fingerprint::default(), size: 0, begin, end: None }
    }

    fn shown(pieces: &[Piece]) -> Vec<(u64, Option<u64>)> {
        pieces.iter().map(|piece| (piece.identity.inode, piece.end)).collect()
    }

    /// Three files of ten bytes; the reader is in the third when the ends of batches are asked for.
    fn trail() -> Trail {
        let mut trail = Trail::at(0);
        for inode in 1..=3 {
            trail.begin(piece(inode, trail.position as i64));
            trail.position += 10;
        }
        trail
    }

    #[test]
    fn borders_that_were_passed_are_known_until_a_later_mark() {
        let mut trail = trail();
        assert_eq!(shown(&trail.up_to(5, false)), [(1, None)]);
        assert_eq!(shown(&trail.up_to(5, false)), [(1, None)]);
        assert_eq!(shown(&trail.up_to(25, false)), [(1, Some(10)), (2, Some(20)), (3, None)]);
        assert_eq!(shown(&trail.up_to(25, false)), [(3, None)]);
        trail.end();
        assert_eq!(shown(&trail.up_to(30, false)), [(3, Some(30))]);
        assert!(trail.up_to(30, false).is_empty() && trail.pieces.is_empty());
    }

    #[test]
    fn at_a_border_it_stands_in_the_next_file_if_that_is_asked_for() {
        assert_eq!(shown(&trail().up_to(10, false)), [(1, Some(10))]);
        let mut trail = trail();
        assert_eq!(shown(&trail.up_to(10, true)), [(1, Some(10)), (2, None)]);
        assert_eq!(shown(&trail.up_to(10, true)), [(2, None)]);
        trail.end();
        assert_eq!(shown(&trail.up_to(30, true)), [(2, Some(20)), (3, Some(30))]);
        assert_eq!(shown(&trail.up_to(30, true)), [(3, Some(30))], "there is no other to stand in");
    }
}
