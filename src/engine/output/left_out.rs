//! What becomes of records that are left out, the bad and the late ones.

use crate::engine::core::Core;
use crate::engine::event::late::LateRecords;
use crate::engine::kept_file::KeptFile;
use crate::engine::message::{Bad, Passed};
use crate::engine::report::Report;
use crate::error::{Error, Result};

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
    pub fn bad(&mut self, core: &Core, report: &Report, lane: usize, line: u64, bad: &[Bad]) -> Result<()> {
        for bad in bad {
            let line = line + core.head_lines(lane) + bad.line + 1;
            let text = || format!("{}, line {line}: {}", report.lane(lane), bad.what);
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
    pub fn passed(&mut self, core: &Core, report: &Report, lanes: &mut [LaneState], passed: Passed) -> Result<()> {
        for Passed { lane, lines, bad, newest, late, .. } in self.late.in_order(passed) {
            let line = lanes[lane].lines;
            lanes[lane].lines += lines;
            self.bad(core, report, lane, line, &bad)?;
            self.late.piece(lane, line + core.head_lines(lane), newest, late)?;
        }
        Ok(())
    }

    /// What was kept so far is in its files.
    pub fn flush(&mut self) -> Result<()> {
        self.kept.as_mut().map_or(Ok(()), KeptFile::flush)?;
        self.late.flush()
    }

    /// The run is over: what was left out in all.
    pub fn end(&self, report: &mut Report) {
        report.end(self.bad, SHOWN);
        if let Some(text) = self.late.said(|lane| report.lane(lane).to_string(), &report.zone) {
            report.note(&text);
        }
    }
}
