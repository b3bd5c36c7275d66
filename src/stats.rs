//! What was counted for each batch: the receive rate and the delays, under Spark's names, and how they add up.
//! Filled in and written by the output thread, once a batch.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::tz::TimeZone;

use crate::data::time::Time;
use crate::data::{human, json};
use crate::error::{Error, Result};

/// The statistics of one batch.
#[derive(Debug, Clone, Default)]
pub struct BatchStats {
    /// Counted from 0 at the start of the run.
    pub id: u64,
    /// End of the batch.
    pub end: Time,
    /// How long records were received for it: the interval, or real time where the batch has none.
    pub span: Duration,
    /// Records read.
    pub records: u64,
    /// Bytes read, after decompression.
    pub bytes: u64,
    /// Blocks, the pieces that shards worked on.
    pub blocks: u64,
    /// From the end of the batch to the start of the work that only then could begin.
    pub scheduling: Duration,
    /// From there until the result was there.
    pub processing: Duration,
    /// From there until the sinks had it.
    pub output: Duration,
    /// Rows kept beyond the batch.
    pub state_rows: u64,
    /// Bytes of these.
    pub state_bytes: u64,
    /// Records that did not fit their format.
    pub bad: u64,
    /// Records that came too late.
    pub late: u64,
    /// What each source gave.
    pub sources: Vec<SourceStats>,
}

/// What one source gave to a batch.
#[derive(Debug, Clone, Default)]
pub struct SourceStats {
    /// As messages name it.
    pub description: String,
    /// Position of the first record.
    pub start: u64,
    /// Position behind the last one.
    pub end: u64,
    /// Records read.
    pub records: u64,
}

/// How many of something there were in a second; 0 if no time passed.
pub fn per_second(count: u64, time: Duration) -> f64 {
    if time.is_zero() { 0.0 } else { count as f64 / time.as_secs_f64() }
}

impl BatchStats {
    /// From the end of the batch until the sinks had it.
    pub fn total_delay(&self) -> Duration {
        self.scheduling + self.processing + self.output
    }

    /// Records per second while they were received.
    pub fn input_rate(&self) -> f64 {
        per_second(self.records, self.span)
    }

    /// Records per second while they were worked on and written.
    pub fn processed_rate(&self) -> f64 {
        per_second(self.records, self.processing + self.output)
    }

    /// One line of JSON, without its end; delays in milliseconds.
    pub fn to_json(&self, zone: &TimeZone) -> String {
        let millis = |delay: Duration| delay.as_micros() as f64 / 1000.0;
        let mut sources = Vec::new();
        for (at, source) in self.sources.iter().enumerate() {
            sources.extend_from_slice(if at > 0 { b",{\"description\":" } else { b"{\"description\":" });
            json::string(source.description.as_bytes(), &mut sources);
            let SourceStats { start, end, records, .. } = source;
            let numbers = format!(",\"startOffset\":{start},\"endOffset\":{end},\"numInputRows\":{records}}}");
            sources.extend_from_slice(numbers.as_bytes());
        }
        format!(
            "{{\"batchId\":{},\"timestamp\":\"{}\",\"numInputRows\":{},\"inputRowsPerSecond\":{},\
             \"processedRowsPerSecond\":{},\"schedulingDelay\":{},\"processingDelay\":{},\"outputDelay\":{},\
             \"totalDelay\":{},\"partitions\":{},\"bytes\":{},\"stateRows\":{},\"stateBytes\":{},\"bad\":{},\"late\":{},\
             \"sources\":[{}]}}",
            self.id,
            self.end.rfc3339(zone),
            self.records,
            self.input_rate(),
            self.processed_rate(),
            millis(self.scheduling),
            millis(self.processing),
            millis(self.output),
            millis(self.total_delay()),
            self.blocks,
            self.bytes,
            self.state_rows,
            self.state_bytes,
            self.bad,
            self.late,
            String::from_utf8_lossy(&sources),
        )
    }

    /// The line of `--verbose`.
    pub fn line(&self, zone: &TimeZone) -> String {
        let mut line = format!(
            "batch {} of {}: {}, {} records/s, delay {} (scheduling {}, processing {}, output {})",
            self.id,
            self.end.human(None, zone),
            human::counted(self.records, "record"),
            human::rate(self.input_rate()),
            human::duration(self.total_delay()),
            human::duration(self.scheduling),
            human::duration(self.processing),
            human::duration(self.output),
        );
        for (count, what) in [(self.bad, "bad"), (self.late, "late")] {
            if count > 0 {
                line += &format!(", {} {what}", human::count(count));
            }
        }
        line
    }
}

/// The statistics of all batches so far.
#[derive(Debug, Clone, Default)]
pub struct Totals {
    batches: u64,
    bad: u64,
    late: u64,
    state_rows: u64,
    state_bytes: u64,
    last_delay: Duration,
    worst_delay: Duration,
}

impl Totals {
    /// Counts a batch in.
    pub fn add(&mut self, batch: &BatchStats) {
        self.batches += 1;
        self.bad += batch.bad;
        self.late += batch.late;
        (self.state_rows, self.state_bytes) = (batch.state_rows, batch.state_bytes);
        self.last_delay = batch.total_delay();
        self.worst_delay = self.worst_delay.max(self.last_delay);
    }

    /// What SIGUSR1 prints, after `elapsed` of the run and with `queued` blocks on their way to the shards. `records` and
    /// `bytes`: read so far, those of the open batch too.
    pub fn report(&self, records: u64, bytes: u64, elapsed: Duration, queued: usize) -> String {
        format!(
            "{} {}, {}, {} in {} ({} records/s); delay {}, at most {}; {} queued; state {} in {}; {} bad, {} late",
            human::count(self.batches),
            if self.batches == 1 { "batch" } else { "batches" },
            human::counted(records, "record"),
            human::bytes(bytes),
            human::duration(elapsed),
            human::rate(per_second(records, elapsed)),
            human::duration(self.last_delay),
            human::duration(self.worst_delay),
            human::counted(queued as u64, "block"),
            human::counted(self.state_rows, "row"),
            human::bytes(self.state_bytes),
            human::count(self.bad),
            human::count(self.late),
        )
    }
}

/// `--stats FILE`: a line of JSON for each batch, appended.
pub struct StatsFile {
    path: PathBuf,
    file: File,
    zone: TimeZone,
}

impl StatsFile {
    /// Opens the file, made if it is not there; times are written in `zone`.
    pub fn open(path: &Path, zone: &TimeZone) -> Result<Self> {
        let opened = OpenOptions::new().append(true).create(true).mode(0o644).open(path);
        let file = opened.map_err(|e| Error::io(format!("cannot write statistics to {}", path.display()), &e))?;
        Ok(StatsFile { path: path.to_path_buf(), file, zone: zone.clone() })
    }

    /// Appends the line of a batch.
    pub fn write(&mut self, batch: &BatchStats) -> Result<()> {
        let line = batch.to_json(&self.zone) + "\n";
        let written = self.file.write_all(line.as_bytes());
        written.map_err(|e| Error::io(format!("cannot write statistics to {}", self.path.display()), &e))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn batch() -> BatchStats {
        BatchStats {
            id: 3,
            end: Time(4000),
            span: Duration::from_secs(1),
            records: 1500,
            bytes: 3 << 20,
            blocks: 12,
            scheduling: Duration::from_micros(500),
            processing: Duration::from_millis(90),
            output: Duration::from_millis(10),
            state_rows: 7,
            state_bytes: 512,
            bad: 2,
            late: 0,
            sources: vec![SourceStats { description: "a \"b\"".to_string(), start: 10, end: 20, records: 1500 }],
        }
    }

    #[test]
    fn the_json_has_sparks_names_and_units() {
        let read: Value = serde_json::from_str(&batch().to_json(&TimeZone::UTC)).expect("valid JSON");
        let expected = json!({
            "batchId": 3, "timestamp": "1970-01-01T00:00:04.000Z", "numInputRows": 1500, "inputRowsPerSecond": 1500,
            "processedRowsPerSecond": 15000, "schedulingDelay": 0.5, "processingDelay": 90, "outputDelay": 10,
            "totalDelay": 100.5, "partitions": 12, "bytes": 3 << 20, "stateRows": 7, "stateBytes": 512, "bad": 2,
            "late": 0,
            "sources": [{"description": "a \"b\"", "startOffset": 10, "endOffset": 20, "numInputRows": 1500}],
        });
        assert_eq!(read, expected);
    }

    #[test]
    fn a_batch_that_took_no_time_has_valid_rates() {
        let instant = BatchStats { records: 5, ..BatchStats::default() };
        let read: Value = serde_json::from_str(&instant.to_json(&TimeZone::UTC)).expect("valid JSON");
        assert_eq!((&read["inputRowsPerSecond"], &read["processedRowsPerSecond"]), (&json!(0), &json!(0)));
        assert_eq!(read["sources"], json!([]));
    }

    #[test]
    fn people_read_one_line_a_batch() {
        let line = batch().line(&TimeZone::UTC);
        let expected = "batch 3 of 1970-01-01 00:00:04 UTC: 1,500 records, 1,500 records/s, delay 100 ms \
                        (scheduling 0.5 ms, processing 90 ms, output 10 ms), 2 bad";
        assert_eq!(line, expected);
    }

    #[test]
    fn batches_add_up() {
        let mut totals = Totals::default();
        totals.add(&batch());
        totals.add(&BatchStats { processing: Duration::from_secs(2), state_rows: 9, ..batch() });
        totals.add(&BatchStats { processing: Duration::ZERO, ..batch() });
        let report = totals.report(4500, 9 << 20, Duration::from_secs(3), 1);
        let expected = "3 batches, 4,500 records, 9.0 MiB in 3.0 s (1,500 records/s); delay 10 ms, at most 2.0 s; \
                        1 block queued; state 7 rows in 512 B; 6 bad, 0 late";
        assert_eq!(report, expected);
    }

    #[test]
    fn the_file_gets_a_line_per_batch_behind_what_it_held() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("stats");
        for _ in 0..2 {
            StatsFile::open(&path, &TimeZone::UTC).and_then(|mut f| f.write(&batch())).expect("written");
        }
        let text = std::fs::read_to_string(&path).expect("a file");
        let ids: Vec<Value> =
            text.lines().map(|l| serde_json::from_str::<Value>(l).expect("JSON")["batchId"].clone()).collect();
        assert_eq!(ids, [3, 3]);
    }

    #[test]
    fn statistics_that_cannot_be_written_are_a_failure() {
        let full = StatsFile::open(Path::new("/dev/full"), &TimeZone::UTC).and_then(|mut f| f.write(&batch()));
        let error = full.expect_err("full");
        assert_eq!(error.to_string(), "cannot write statistics to /dev/full: no space left on device");
        assert_eq!(error.exit_status(), 1);
        assert!(StatsFile::open(Path::new("/nonexistent/stats"), &TimeZone::UTC).is_err());
    }
}
