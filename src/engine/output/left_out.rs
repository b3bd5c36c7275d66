//! What becomes of records that are left out, the bad and the late ones.

use crate::engine::core::LaneHead;
use crate::engine::event::late::LateRecords;
use crate::engine::kept_file::KeptFile;
use crate::engine::message::{Bad, Passed};
use crate::engine::report::Report;
use crate::error::{Error, Result};
use crate::sinks::appended::{NOWHERE, STAND};

use super::lanes::LaneState;

/// How many bad records are shown.
const SHOWN: u64 = 3;

/// The records of a run that are left out.
pub struct LeftOut {
    /// A bad record is an error.
    strict: bool,
    bad: u64,
    /// Where they are kept.
    kept: Option<KeptFile>,
    late: LateRecords,
}

impl LeftOut {
    /// None so far. `bad`, `late`: where these are kept.
    pub fn new(strict: bool, bad: Option<KeptFile>, late: Option<KeptFile>, lanes: usize) -> Self {
        LeftOut { strict, bad: 0, kept: bad, late: LateRecords::new(lanes, late) }
    }

    /// Bad records of a piece before which so many lines stand.
    pub fn bad(&mut self, report: &Report, lane: usize, head: &LaneHead, line: u64, bad: &[Bad]) -> Result<()> {
        for bad in bad {
            let line = line + head.lines + bad.line + 1;
            let name = head.file.as_deref().unwrap_or(report.lane(lane));
            let text = || format!("{name}, line {line}: {}", bad.what);
            if let (Some(file), Some(bytes)) = (&mut self.kept, &bad.bytes) {
                file.write(bytes)?;
            }
            if self.strict {
                if let Some(file) = &mut self.kept {
                    file.flush()?;
                }
                return Err(Error::failed(format!("{}; without --strict it is left out and counted", text())));
            }
            self.bad += 1;
            if self.bad <= SHOWN {
                report.note(&format!("{}; it is left out", text()));
            }
        }
        Ok(())
    }

    /// A piece whose rows wait for their batches.
    pub fn passed(&mut self, report: &Report, lanes: &mut [LaneState], passed: Passed) -> Result<()> {
        for Passed { lane, head, lines, bad, newest, late, .. } in self.late.in_order(passed) {
            let line = lanes[lane].pass(&head, lines);
            self.bad(report, lane, &head, line, &bad)?;
            self.late.piece(lane, (head.file.clone(), line + head.lines), newest, late)?;
        }
        Ok(())
    }

    /// Where bad records are kept, and late ones.
    fn files(&mut self) -> [Option<&mut KeptFile>; 2] {
        [self.kept.as_mut(), self.late.file()]
    }

    /// What was kept so far is in its files.
    pub fn flush(&mut self) -> Result<()> {
        self.files().into_iter().flatten().try_for_each(KeptFile::flush)
    }

    /// Where the files stand before a batch, with everything so far in them: what [`LeftOut::take_back`] will need.
    pub fn stand(&mut self) -> Result<Vec<u8>> {
        // Both may be one file.
        self.flush()?;
        let stands = self.files().map(|file| file.map_or(Ok(NOWHERE), KeptFile::stand));
        stands.into_iter().try_fold(Vec::new(), |stands, stand| Ok([&stands[..], &stand?].concat()))
    }

    /// A run before this one ended while it wrote a batch, before which the files stood there: takes back what was kept since.
    pub fn take_back(&mut self, report: &Report, stand: &[u8]) -> Result<()> {
        let (bad, late) = stand.split_at(STAND.min(stand.len()));
        for (file, stand) in self.files().into_iter().zip([bad, late]) {
            if let Some(text) = file.map_or(Ok(None), |file| file.take_back(stand))? {
                report.note(&text);
            }
        }
        Ok(())
    }

    /// What was kept, and flushed, outlasts a failure of the machine.
    pub fn sync(&mut self) -> Result<()> {
        self.files().into_iter().flatten().try_for_each(KeptFile::sync)
    }

    /// The run is over: what was left out in all.
    pub fn end(&self, report: &mut Report) {
        report.end(self.bad, SHOWN);
        if let Some(text) = self.late.said(|lane| report.lane(lane).to_string(), &report.zone) {
            report.note(&text);
        }
    }
}
