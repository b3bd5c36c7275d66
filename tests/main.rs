//! The tests of the whole: an annotated index. Unit tests stand in the file that they test.
//!
//! * [`cases`]: stories of whole runs on the manual clock, one file for each operator, source, format and theme.
//! * [`engine`]: what large inputs and slow neighbours bring to light: order, counts, delays.
//! * [`examples`]: every example of every help text, run.
//! * [`fuzz`]: real and nasty inputs of `corpus/`, changed at random, into every parser of foreign bytes.
//! * [`generated`]: man pages and completions are what the commands say; [`completion`]: a real shell completes.
//! * [`house`]: the rules of the house, kept by reading the source.
//! * [`laws`]: what holds for every chain and input, tried on random ones.
//! * [`harness`]: how a run is played in process.
//! * [`process`]: the real process: streams, signals, exit statuses, terminals, children, sockets.
//! * [`servers`]: real Kafka, HDFS, HBase and Flume; ignored unless asked for, see `servers/run`.
//! * [`spark`]: expressions agree with Spark SQL on a table of cases.

mod cases;
mod completion;
mod engine;
mod examples;
mod fuzz;
mod generated;
mod harness;
mod house;
mod laws;
mod process;
mod servers;
mod spark;

/// Whether all is built in that is by default.
const WHOLE: bool = cfg!(all(feature = "kafka", feature = "hdfs", feature = "hbase", feature = "flume"));
