//! Brokers that are away: said once, if it lasts.

use std::time::Duration;

use rdkafka::consumer::Consumer as _;
use rdkafka::error::KafkaError;

use super::{ANSWER, Reader};
use crate::kafka::{Watcher, says};

/// What passes within such a time is not worth a word.
const LASTS: Duration = Duration::from_secs(3);

/// What is wrong with the brokers.
#[derive(Default)]
pub struct Trouble {
    what: Option<String>,
    since: Option<Duration>,
    said: bool,
}

impl Trouble {
    /// An answer that was none.
    pub fn heard(&mut self, error: &KafkaError) {
        self.what.get_or_insert_with(|| says(error));
    }

    /// Something has come.
    pub fn over(&mut self) {
        if self.what.is_some() || self.said {
            *self = Trouble::default();
        }
    }

    /// Whether something is wrong.
    pub fn is_there(&self) -> bool {
        self.what.is_some()
    }
}

impl Reader {
    /// Says what has been wrong for a while; it goes on when the brokers are back.
    pub(super) fn look_for_trouble(&mut self, now: Duration) {
        let watchers = || self.clients.iter().map(|client| &client.context().watcher);
        if let Some(what) = watchers().find_map(Watcher::trouble) {
            // It says more than the answer that did not come.
            self.state.trouble.what = Some(what);
        }
        if self.state.trouble.what.is_none() {
            return;
        }
        let since = *self.state.trouble.since.get_or_insert(now);
        if now < since + LASTS {
            return;
        }
        self.state.trouble.since = Some(now);
        if self.scout.consumer().fetch_metadata(None, ANSWER / 4).is_ok() {
            watchers().for_each(Watcher::forget);
            self.scout.context().watcher.forget();
            if std::mem::take(&mut self.state.trouble.said) {
                self.messages.note(&format!("{}: the brokers are back", self.name()));
            }
            self.state.trouble.over();
        } else if !std::mem::replace(&mut self.state.trouble.said, true) {
            let what = self.state.trouble.what.clone().unwrap_or_default();
            self.messages.note(&format!("{}: {what}; nothing comes from there meanwhile", self.name()));
        }
    }
}
