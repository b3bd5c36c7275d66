//! The REST gateway: looks at the table before anything is written, and sends rows; one that is away, or that has trouble with the
//! cluster behind it, is waited for.

use std::sync::Arc;
use std::time::Duration;

use ureq::Agent;

use crate::clock::Clock;
use crate::data::schema::nearest;
use crate::error::{Error, Result, describe};
use crate::messages::Messages;
use crate::sinks::Setup;

/// Where the rows go.
#[derive(Clone)]
pub struct Place {
    /// `HOST:PORT`.
    pub authority: String,
    pub table: String,
    pub family: String,
    pub user: Option<String>,
    /// The table is made if it is not there.
    pub create: bool,
}

/// So long a request may take: the gateway tries by itself for a while where a region is away.
const ANSWER: Duration = Duration::from_secs(60);
const CONNECT: Duration = Duration::from_secs(5);
/// The first wait until a request is tried again, which doubles, and the longest one.
const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);
/// After so long it is said that the gateway is away ...
const PATIENCE: Duration = Duration::from_secs(3);
/// ... and so long it is waited for before the first batch.
const OPENING: Duration = Duration::from_secs(10);
/// So much is read of an answer.
const MOST: u64 = 1 << 20;

/// The gateway that a table is reached through.
pub struct Gateway {
    name: String,
    agent: Agent,
    base: String,
    /// The table, as the path of a row in it: whose name does not count.
    rows: String,
    authorization: Option<String>,
    messages: Arc<Messages>,
    clock: Arc<dyn Clock>,
}

/// What was answered: the status, and the text.
type Answer = (u16, String);

/// Why a request was not done: it may be later, or never.
enum Refused {
    Later(String),
    Never(String),
}

impl Gateway {
    /// Reaches the gateway and looks whether the table and the family are there.
    pub fn open(name: &str, place: &Place, password: Option<String>, setup: &Setup) -> Result<Gateway> {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(CONNECT))
            .timeout_per_call(Some(ANSWER))
            .max_redirects(0)
            .proxy(None)
            .user_agent("streamer")
            .build();
        let password = password.filter(|password| !password.is_empty());
        let authorization = match (&place.user, password) {
            (None, _) => None,
            (Some(user), Some(password)) => Some(format!("Basic {}", base64(format!("{user}:{password}").as_bytes()))),
            (Some(_), None) => {
                return Err(Error::usage(format!(
                    "{name}: user= needs a password, in {} in the environment",
                    super::PASSWORD
                )));
            }
        };
        let base = format!("http://{}", place.authority);
        let gateway = Gateway {
            name: name.to_string(),
            agent: config.into(),
            rows: format!("{base}/{}/row", place.table),
            base,
            authorization,
            messages: Arc::clone(&setup.messages),
            clock: Arc::clone(&setup.clock),
        };
        gateway.check(place)?;
        Ok(gateway)
    }

    /// As messages name it.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn check(&self, place: &Place) -> Result<()> {
        let schema = format!("{}/{}/schema", self.base, place.table);
        let look = || self.get(&schema);
        match self.tried(&look, true)? {
            None if place.create => self.make(place, &schema),
            None => Err(self.no_table(place)),
            Some(text) => {
                let families = names_in(behind(&text, "ColumnSchema"));
                if families.contains(&place.family) {
                    return Ok(());
                }
                let near = nearest(&place.family, families.iter().map(String::as_str));
                let hint =
                    if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(" or ")) };
                Err(Error::failed(format!(
                    "{}: the table {} has no family `{}`, its families are: {}{hint}",
                    self.name,
                    place.table,
                    place.family,
                    families.join(", ")
                )))
            }
        }
    }

    fn no_table(&self, place: &Place) -> Error {
        let tables = self.get(&format!("{}/", self.base)).ok().flatten().unwrap_or_default();
        let tables = names_in(&tables);
        let near = nearest(&place.table, tables.iter().map(String::as_str));
        let hint = match (near.is_empty(), tables.is_empty()) {
            (false, _) => format!("did you mean {}?", near.join(" or ")),
            (true, true) => "there is none at all".to_string(),
            (true, false) => format!("the tables are {}", tables.join(", ")),
        };
        let (name, table, family) = (&self.name, &place.table, &place.family);
        Error::failed(format!(
            "{name}: there is no table `{table}`: {hint}; to have it made with the family {family}: create=true"
        ))
    }

    fn make(&self, place: &Place, schema: &str) -> Result<()> {
        let body = format!("{{\"name\":\"{}\",\"ColumnSchema\":[{{\"name\":\"{}\"}}]}}", place.table, place.family);
        let attempt = || self.sent(schema, "application/json", body.as_bytes());
        self.tried(&attempt, true)
    }

    /// Puts these rows; returns when they are there.
    pub fn put(&self, rows: &[u8]) -> Result<()> {
        self.tried(&|| self.sent(&self.rows, "application/x-protobuf", rows), false)
    }

    /// Tries until it is done or never will be; waits in between, longer each time.
    fn tried<T>(&self, attempt: &dyn Fn() -> std::result::Result<T, Refused>, opening: bool) -> Result<T> {
        let began = self.clock.monotonic();
        let (mut bell, mut wait, mut said) = (None, FIRST, false);
        loop {
            let why = match attempt() {
                Ok(done) => {
                    if said {
                        self.messages.note(&format!("{} is back: going on", self.name));
                    }
                    return Ok(done);
                }
                Err(Refused::Never(why)) => return Err(Error::failed(format!("cannot write to {}: {why}", self.name))),
                Err(Refused::Later(why)) => why,
            };
            let now = self.clock.monotonic();
            if opening && now >= began + OPENING {
                let name = &self.name;
                return Err(Error::failed(format!(
                    "cannot reach {name}: {why}; is HBase's REST gateway running there?"
                )));
            }
            if !opening && !said && now >= began + PATIENCE {
                said = true;
                self.messages.note(&format!("{} is away ({why}): waiting until it is back", self.name));
            }
            let bell = bell.get_or_insert_with(|| self.clock.bell());
            self.clock.wait(bell, now + wait);
            wait = (wait * 2).min(LONGEST);
        }
    }

    /// What is there; `None`: nothing is.
    fn get(&self, url: &str) -> std::result::Result<Option<String>, Refused> {
        let mut request = self.agent.get(url).header("Accept", "application/json");
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", authorization);
        }
        match answered(request.call())? {
            (200, text) => Ok(Some(text)),
            (404, _) => Ok(None),
            other => Err(refused(other)),
        }
    }

    fn sent(&self, url: &str, kind: &str, body: &[u8]) -> std::result::Result<(), Refused> {
        let mut request = self.agent.put(url).header("Content-Type", kind);
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", authorization);
        }
        match answered(request.send(body))? {
            (200..300, _) => Ok(()),
            other => Err(refused(other)),
        }
    }
}

fn answered(
    got: std::result::Result<ureq::http::Response<ureq::Body>, ureq::Error>,
) -> std::result::Result<Answer, Refused> {
    let later = |error: ureq::Error| {
        Refused::Later(match error {
            ureq::Error::Io(error) => describe(&error),
            ureq::Error::ConnectionFailed => "no connection".to_string(),
            ureq::Error::Timeout(_) => "no answer in time".to_string(),
            ureq::Error::HostNotFound => "this name is not known".to_string(),
            other => other.to_string(),
        })
    };
    let mut got = match got {
        // What cannot be an address will not become one.
        Err(error @ (ureq::Error::BadUri(_) | ureq::Error::Http(_))) => return Err(Refused::Never(error.to_string())),
        got => got.map_err(later)?,
    };
    let text = got.body_mut().with_config().limit(MOST).read_to_vec().map_err(later)?;
    Ok((got.status().as_u16(), String::from_utf8_lossy(&text).into_owned()))
}

/// What an answer means that is no success.
fn refused((status, text): Answer) -> Refused {
    const LONGEST: usize = 200;
    // The gateway answers with a word, then with Java's stack, of which the last cause says most.
    let mut causes = text.lines().filter_map(|line| line.trim().strip_prefix("Caused by: "));
    let said = causes.next_back().or_else(|| text.lines().map(str::trim).find(|line| line.contains("xception")));
    let said = said.or_else(|| text.lines().map(str::trim).find(|line| !line.is_empty())).unwrap_or("no reason given");
    let said: String = said.chars().take(LONGEST).collect();
    match status {
        401 | 403 => Refused::Never(format!("the gateway refused us ({status}): {said}")),
        408 | 429 | 500.. => Refused::Later(format!("the gateway answered {status}: {said}")),
        _ => Refused::Never(format!("the gateway answered {status}: {said}")),
    }
}

/// What stands in the brackets behind a key of JSON.
fn behind<'a>(json: &'a str, key: &str) -> &'a str {
    let Some((_, rest)) = json.split_once(&format!("\"{key}\"")) else { return "" };
    rest.split_once(']').map_or(rest, |(inside, _)| inside)
}

/// The values of all keys `name` in JSON, which names of tables and families are: they need no escapes.
fn names_in(json: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = json;
    while let Some((_, found)) = rest.split_once("\"name\"") {
        rest = found;
        let value = found.trim_start().strip_prefix(':').and_then(|value| value.trim_start().strip_prefix('"'));
        names.extend(value.and_then(|value| value.split_once('"')).map(|(name, _)| name.to_string()));
    }
    names
}

/// The bytes in the letters of base 64.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let bits = three.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for at in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * at) & 63) as usize];
            text.push(if at <= three.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_gateway_answers_is_understood() {
        let schema = "{\"name\":\"t\",\"ColumnSchema\":[{\"name\":\"cf\",\"BLOCKSIZE\":\"65536\"},{ \"name\" : \"d\"}],\"IS_META\":\"false\"}";
        assert_eq!(names_in(behind(schema, "ColumnSchema")), ["cf", "d"]);
        assert_eq!(names_in("{\"table\":[{\"name\":\"a\"},{\"name\":\"n:b\"}]}"), ["a", "n:b"]);
        let said = |status, text: &str| match refused((status, text.to_string())) {
            Refused::Later(why) => (true, why),
            Refused::Never(why) => (false, why),
        };
        let stack = "Unavailable\r\norg.x.RetriesExhausted: a\r\n\tat b\r\nCaused by: java.net.ConnectException: c\r\n\tat d\r\n";
        assert_eq!(said(503, stack), (true, "the gateway answered 503: java.net.ConnectException: c".to_string()));
        assert_eq!(said(400, "Bad request\r\n"), (false, "the gateway answered 400: Bad request".to_string()));
        assert!(!said(403, "").0 && said(500, "").0 && said(429, "").0 && !said(404, "").0);
    }

    #[test]
    fn base_64_is_that_of_rfc_4648() {
        let pairs = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
            ("me:\u{e4}?", "bWU6w6Q/"),
        ];
        for (text, encoded) in pairs {
            assert_eq!(base64(text.as_bytes()), encoded);
        }
    }
}
