//! Where a file is gone on with: borders that are none of the file itself.
//!
//! What was read before ended there, be it inside of a line; and what is to be given again ends at a border as well.

use std::sync::Arc;

use crate::data::framing::Framing;
use crate::messages::Messages;
use crate::sources::Setup;

/// The borders of a file that was read before, as offsets in its decompressed bytes.
pub struct Seam {
    /// What is given again ends here.
    until: Option<u64>,
    /// The byte before the next one.
    last: u8,
    /// Just behind a border.
    fresh: bool,
    delimiter: u8,
    name: Arc<str>,
    messages: Arc<Messages>,
}

impl Seam {
    /// Of a file that messages call so, and that has to break at `until`.
    pub fn new(name: Arc<str>, until: Option<u64>, setup: &Setup, framing: Framing) -> Self {
        let delimiter = framing.delimiter;
        Seam { until, last: delimiter, fresh: false, delimiter, name, messages: Arc::clone(&setup.messages) }
    }

    /// It is read on behind this byte.
    pub fn behind(&mut self, last: u8) {
        (self.last, self.fresh) = (last, true);
    }

    /// How many of so many bytes may be read.
    pub fn room(&self, at: u64, most: usize) -> usize {
        self.until.map_or(most, |until| usize::try_from(until.saturating_sub(at)).unwrap_or(usize::MAX).min(most))
    }

    /// Whether there is a border, which then is behind us.
    pub fn breaks(&mut self, at: u64) -> bool {
        let here = self.until.is_some_and(|until| until <= at);
        if here {
            (self.until, self.fresh) = (None, true);
        }
        here
    }

    /// Where it is to break still.
    pub fn until(&self) -> Option<u64> {
        self.until
    }

    /// These bytes were read at an offset.
    pub fn read(&mut self, at: u64, bytes: &[u8]) {
        let Some(last) = bytes.last() else { return };
        if std::mem::take(&mut self.fresh) && self.last != self.delimiter {
            let name = &self.name;
            self.messages.note(&format!(
                "{name} was read up to byte {at}, where its last record had no end; what has been appended to it is a record \
                 of its own"
            ));
        }
        self.last = *last;
    }

    /// Whether records may be passed over up to there.
    pub fn may_pass(&self, to: u64) -> bool {
        self.until.is_none_or(|until| to <= until) && !(self.fresh && self.last != self.delimiter)
    }

    /// Whole records were passed over.
    pub fn passed(&mut self) {
        (self.last, self.fresh) = (self.delimiter, false);
    }
}
