//! A producer that the output thread owns: what is sent waits in memory that is bounded, a broker that is away is waited for, and
//! what was not delivered ends the run.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode as Code};
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext, PurgeConfig};

use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::kafka::{Cluster, Topics, Watcher, passes, reach, says};
use crate::messages::Messages;
use crate::sinks::Setup;

/// What is waited for is looked at this often.
const LOOK: Duration = Duration::from_millis(100);
/// An operation of a transaction is tried this long, then looked at and tried again.
const EACH: Duration = Duration::from_secs(3);
/// So long nothing may be delivered until it is said why.
const PATIENCE: Duration = Duration::from_secs(3);
/// A transaction may be open so long: the most that brokers allow unless they are told otherwise, since one that a broker gives up
/// while it is away is lost.
const TRANSACTION: &str = "900000";

/// What is said where the broker knows nothing more of a transaction.
const GIVEN_UP: &str = "the broker has given up the transaction, which was open for too long: take shorter batches, or raise \
    kafka.transaction.timeout.ms, and what the broker allows, transaction.max.timeout.ms";

/// What can be set otherwise in the address.
const DEFAULTS: [(&str, &str); 4] = [
    // What is sent and not delivered, in KiB and in messages.
    ("queue.buffering.max.kbytes", "65536"),
    ("queue.buffering.max.messages", "500000"),
    ("linger.ms", "5"),
    // As Java's clients do, so that both put a key into the same partition.
    ("partitioner", "murmur2_random"),
];

/// What became of messages, and what else librdkafka says.
#[derive(Default)]
pub struct Fate {
    watcher: Watcher,
    delivered: AtomicU64,
    /// Why the first of those failed that did.
    failed: Mutex<Option<KafkaError>>,
}

impl ClientContext for Fate {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.watcher.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.watcher.error(error, reason);
    }
}

impl ProducerContext for Fate {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        match result {
            Ok(_) => _ = self.delivered.fetch_add(1, Relaxed),
            Err((error, _)) => {
                self.failed.lock().unwrap_or_else(|e| e.into_inner()).get_or_insert_with(|| error.clone());
            }
        }
    }
}

/// Sends messages to a topic.
pub struct Sending {
    producer: Option<BaseProducer<Fate>>,
    topic: String,
    name: String,
    transactional: bool,
    messages: Arc<Messages>,
    clock: Arc<dyn Clock>,
    /// How many were delivered when that was looked at last, and when that number last changed.
    seen: (u64, Duration),
    /// It was said that nothing is delivered.
    said: bool,
    /// When the last transaction was begun, and how long one may be open.
    begun: Duration,
    longest: Duration,
}

impl Sending {
    /// Reaches the cluster, looks whether the topic is there (or lets it be made), and ends what a producer of the same
    /// `transactional` id has left.
    pub fn open(
        cluster: &Cluster,
        topic: &str,
        create: bool,
        setup: &Setup,
        transactional: Option<&str>,
    ) -> Result<Sending> {
        let mut defaults = DEFAULTS.to_vec();
        // Without a transaction there is no end of it: a broker that is away is waited for.
        let lasts = if transactional.is_some() { TRANSACTION } else { "0" };
        defaults.push(("message.timeout.ms", lasts));
        let mut fixed = vec![("enable.idempotence", "true")];
        if let Some(id) = transactional {
            defaults.push(("transaction.timeout.ms", TRANSACTION));
            fixed.push(("transactional.id", id));
        }
        let made: KafkaResult<BaseProducer<Fate>> =
            cluster.config(&defaults, &fixed).create_with_context(Fate::default());
        let producer = made.map_err(|e| Error::failed(format!("{}: {}", cluster.name, says(&e))))?;
        let mut sending = Sending {
            topic: topic.to_string(),
            name: cluster.name.clone(),
            transactional: transactional.is_some(),
            messages: Arc::clone(&setup.messages),
            clock: Arc::clone(&setup.clock),
            seen: (0, setup.clock.monotonic()),
            said: false,
            begun: setup.clock.monotonic(),
            longest: Duration::from_millis(
                cluster.property("transaction.timeout.ms").unwrap_or(TRANSACTION).parse().unwrap_or(u64::MAX),
            ),
            producer: Some(producer),
        };
        sending.check_topic(cluster, create)?;
        if transactional.is_some() {
            sending.retried(|producer| producer.init_transactions(EACH))?;
        }
        Ok(sending)
    }

    /// The cluster, the topics that it has.
    fn topics(&self, cluster: &Cluster) -> Result<Topics> {
        let producer = self.producer();
        reach(cluster, producer.client(), &producer.context().watcher, |wait| producer.poll(wait))
    }

    fn check_topic(&self, cluster: &Cluster, create: bool) -> Result<()> {
        let mut topics = self.topics(cluster)?;
        if create && topics.partitions(&self.topic).is_none() {
            // Asked about by a producer, it is made, if the broker does that; it takes its time.
            for _ in 0..100 {
                let _ = self.producer().client().fetch_metadata(Some(&self.topic), EACH);
                topics = self.topics(cluster)?;
                if topics.partitions(&self.topic).is_some_and(|partitions| !partitions.is_empty()) {
                    break;
                }
                self.producer().poll(LOOK);
            }
        }
        match topics.partitions(&self.topic) {
            Some(_) => Ok(()),
            None if create => Err(Error::failed(format!(
                "{}: the broker makes no topics when they are asked for (auto.create.topics.enable): make `{}` with \
                 kafka-topics.sh --create",
                self.name, self.topic
            ))),
            None => {
                let missing = topics.missing(cluster, &self.topic);
                Err(Error::failed(format!("{missing}; to have it made: create=true")))
            }
        }
    }

    /// As messages name it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The producer.
    pub fn producer(&self) -> &BaseProducer<Fate> {
        self.producer.as_ref().expect("it is taken out only when dropped")
    }

    fn failed(&self, what: &str) -> Error {
        let hint = if self.transactional { "; nothing of this batch is visible, start it again to go on" } else { "" };
        Error::failed(format!("cannot write to {}: {what}{hint}", self.name))
    }

    /// What is said of an error after which nothing more can be sent.
    fn ended(&self, error: &KafkaError) -> Error {
        let code = match error {
            KafkaError::Transaction(error) => Some(error.code()),
            other => other.rdkafka_error_code(),
        };
        match code {
            // What the broker gives up it fences as well.
            Some(Code::ProducerFenced | Code::Fenced | Code::InvalidProducerEpoch)
                if self.open_for() >= self.longest =>
            {
                self.failed(GIVEN_UP)
            }
            Some(Code::ProducerFenced | Code::Fenced | Code::InvalidProducerEpoch) => Error::failed(format!(
                "cannot write to {}: another streamer has taken over, with a copy of the same checkpoint: let only one of them run",
                self.name
            )),
            Some(Code::InvalidProducerIdMapping | Code::UnknownProducerId | Code::InvalidTransactionalState) => {
                self.failed(GIVEN_UP)
            }
            Some(Code::PurgeQueue | Code::PurgeInflight | Code::Fatal | Code::Fail | Code::State) => {
                let watcher = &self.producer().context().watcher;
                let why = watcher.fatal().or_else(|| watcher.given_up()).unwrap_or_else(|| says(error));
                self.failed(&why)
            }
            _ => self.failed(&says(error)),
        }
    }

    /// Takes over a message; waits where too many are under way.
    pub fn send(&mut self, key: Option<&[u8]>, value: Option<&[u8]>) -> Result<()> {
        loop {
            let topic = self.topic.as_str();
            let record = BaseRecord { key, payload: value, ..BaseRecord::<[u8], [u8]>::to(topic) };
            match self.producer().send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(Code::QueueFull), _)) => self.wait()?,
                Err((error, _)) => {
                    self.look()?;
                    return Err(self.ended(&error));
                }
            }
        }
    }

    /// Lets the client say what became of messages, and looks at that.
    pub fn turn(&mut self) -> Result<()> {
        self.producer().poll(Duration::ZERO);
        self.look()
    }

    /// Waits until all is delivered.
    pub fn delivered(&mut self) -> Result<()> {
        self.seen.1 = self.clock.monotonic();
        while self.producer().in_flight_count() > 0 {
            let _ = self.producer().flush(LOOK);
            self.look()?;
        }
        self.turn()
    }

    fn wait(&mut self) -> Result<()> {
        self.producer().poll(LOOK);
        self.look()
    }

    /// An error if any message was not delivered, or never will be; says when nothing moves, and when it does again.
    fn look(&mut self) -> Result<()> {
        let fate = Arc::clone(self.producer().context());
        // It is what the messages that wait fail with, and says more than they do.
        if let Some((code, _)) = self.producer().client().fatal_error() {
            return Err(self.ended(&KafkaError::Global(code)));
        }
        if let Some(error) = fate.failed.lock().unwrap_or_else(|e| e.into_inner()).as_ref() {
            return Err(self.ended(error));
        }
        let now = self.clock.monotonic();
        let delivered = fate.delivered.load(Relaxed);
        if delivered != self.seen.0 {
            self.seen = (delivered, now);
            self.well();
        } else if self.producer().in_flight_count() == 0 {
            self.seen.1 = now;
        } else {
            self.patience(now);
        }
        Ok(())
    }

    /// Something is delivered.
    fn well(&mut self) {
        self.producer().context().watcher.forget();
        if std::mem::take(&mut self.said) {
            self.messages.note(&format!("{} is back: going on", self.name));
        }
    }

    /// Nothing is: says so once, after a while.
    fn patience(&mut self, now: Duration) {
        let waited = now.saturating_sub(self.seen.1);
        if !self.said && waited >= PATIENCE {
            self.said = true;
            let watcher = &self.producer().context().watcher;
            let why = watcher.fatal().or_else(|| watcher.trouble()).unwrap_or("no answer".to_string());
            self.messages.note(&format!("{} is away ({why}): waiting until it is back", self.name));
        }
    }

    /// How long the last transaction has been open.
    fn open_for(&self) -> Duration {
        self.clock.monotonic().saturating_sub(self.begun)
    }

    /// Begins a transaction.
    pub fn begin(&mut self) -> Result<()> {
        self.begun = self.clock.monotonic();
        self.retried(|producer| producer.begin_transaction())
    }

    /// Tries an operation of a transaction until it is done or cannot be.
    pub fn retried(&mut self, attempt: impl Fn(&BaseProducer<Fate>) -> KafkaResult<()>) -> Result<()> {
        self.seen.1 = self.clock.monotonic();
        loop {
            let error = match attempt(self.producer()) {
                Ok(()) => {
                    if self.said {
                        self.well();
                    }
                    return Ok(());
                }
                Err(error) => error,
            };
            let again = match &error {
                KafkaError::Transaction(error) => error.is_retriable(),
                other => passes(other),
            };
            if !again {
                self.look()?;
                return Err(self.ended(&error));
            }
            self.producer().poll(LOOK);
            self.patience(self.clock.monotonic());
        }
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        let Some(producer) = self.producer.take() else { return };
        let transactional = self.transactional;
        let (done, wait) = crossbeam_channel::bounded::<()>(1);
        // The client library may take its time where a broker is away; a run that ends waits for it, but not for ever.
        let closing = std::thread::Builder::new().name("kafka-close".to_string()).spawn(move || {
            if transactional {
                // What is left of a batch need not keep readers waiting until the broker gives it up.
                producer.purge(PurgeConfig::default().queue().inflight());
                let _ = producer.abort_transaction(EACH);
            }
            drop(producer);
            drop(done);
        });
        if closing.is_ok() {
            let _ = wait.recv_timeout(2 * EACH);
        }
    }
}
