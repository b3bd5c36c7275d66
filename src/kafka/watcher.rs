//! Listens to what librdkafka says beside the answers to what it was asked: errors are kept to be asked for, its log goes nowhere.

use std::sync::{Mutex, MutexGuard};

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

use super::says::{plain, says};

/// What was last heard. Called by whichever thread polls the client.
#[derive(Default)]
pub struct Watcher {
    heard: Mutex<Heard>,
}

#[derive(Default)]
struct Heard {
    /// Why a broker is not reached, or whatever else was said last.
    trouble: Option<String>,
    /// What does not pass by itself: refused credentials, a fenced producer.
    fatal: Option<String>,
    /// Why a transaction has to be given up.
    given_up: Option<String>,
}

impl Watcher {
    fn lock(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(|e| e.into_inner())
    }

    /// The last trouble, in words.
    pub fn trouble(&self) -> Option<String> {
        self.lock().trouble.clone()
    }

    /// All is well again: what was heard of trouble before does not count.
    pub fn forget(&self) {
        self.lock().trouble = None;
    }

    /// Why a transaction has to be given up, in words: messages that fail with it do not tell.
    pub fn given_up(&self) -> Option<String> {
        self.lock().given_up.clone()
    }

    /// What will not pass by itself, in words.
    pub fn fatal(&self) -> Option<String> {
        self.lock().fatal.clone()
    }
}

impl ClientContext for Watcher {
    fn log(&self, _: RDKafkaLogLevel, facility: &str, message: &str) {
        // Said nowhere else.
        if facility == "TXNERR" {
            let reason = message.split_once(" failed in state ").and_then(|(_, rest)| rest.split_once(": "));
            self.lock().given_up = Some(plain(reason.map_or(message, |(_, reason)| reason)));
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        let mut heard = self.lock();
        match error.rdkafka_error_code() {
            // Says no more than what was said of each of them.
            Some(Code::AllBrokersDown) if heard.trouble.is_some() => {}
            Some(
                Code::Authentication | Code::SaslAuthenticationFailed | Code::TopicAuthorizationFailed | Code::Fatal,
            ) => {
                heard.fatal = Some(plain(reason));
            }
            _ if reason.is_empty() => heard.trouble = Some(says(&error)),
            _ => heard.trouble = Some(plain(reason)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_is_kept_until_it_is_forgotten_and_what_is_fatal_for_ever() {
        let watcher = Watcher::default();
        let refused = "localhost:1/bootstrap: Connect to ipv4#127.0.0.1:1 failed: Connection refused (after 0ms in state CONNECT)";
        watcher.error(KafkaError::Global(Code::BrokerTransportFailure), refused);
        watcher.error(KafkaError::Global(Code::AllBrokersDown), "1/1 brokers are down");
        assert_eq!(watcher.trouble().as_deref(), Some("localhost:1: connection refused"));
        watcher.error(
            KafkaError::Global(Code::Authentication),
            "a:1/bootstrap: SASL authentication error: no (after 3ms in state AUTH_REQ)",
        );
        watcher.forget();
        assert_eq!(watcher.trouble(), None);
        assert_eq!(watcher.fatal().as_deref(), Some("a:1: SASL authentication error: no"));
        let line =
            "[thrd:main]: Current transaction failed in state InTransaction: timed out at the broker (_TIMED_OUT)";
        watcher.log(RDKafkaLogLevel::Error, "FAIL", line);
        assert_eq!(watcher.given_up(), None);
        watcher.log(RDKafkaLogLevel::Error, "TXNERR", line);
        assert_eq!(watcher.given_up().as_deref(), Some("timed out at the broker"));
    }
}
