//! What the address of a Kafka source says: which topics, from where on, in which group.

use regex::Regex;

use crate::data::time::Time;
use crate::error::Result;
use crate::kafka::{self, Cluster, Topics};
use crate::sources::Wanted;
use crate::url::Url;

use super::input;
use super::trail::Partition;

/// An address, understood.
pub struct Address {
    /// Which cluster, and how it is reached.
    pub cluster: Cluster,
    /// Which topics.
    pub topics: Choice,
    /// The group that shares their partitions.
    pub group: Option<String>,
    /// Where it begins, if that is said.
    pub from: Option<From>,
    /// Records that are gone are passed over.
    pub skips: bool,
    /// The format of the values.
    pub format: Wanted,
}

/// Which topics.
pub enum Choice {
    /// These.
    Named(Vec<String>),
    /// All whose names match, those that come later too; and as librdkafka writes it.
    Matching(Regex, String),
}

/// Where it begins in a partition of which nothing was read before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum From {
    /// With the oldest record.
    Earliest,
    /// With the next one that comes.
    Latest,
    /// With the first that is not older than so many milliseconds since the epoch.
    Time(i64),
    /// At these offsets of partitions of topics; with the oldest record in others.
    Offsets(Vec<(String, i32, i64)>),
}

const OPTIONS: [&str; 7] = ["group", "from", "lost", "in", "header", kafka::OPTIONS[0], kafka::OPTIONS[1]];

impl Address {
    /// What is written behind `--from`.
    pub fn parse(spec: &str) -> Result<Self> {
        let form = || crate::error::Error::usage(format!("{spec}: write kafka://HOST:PORT/TOPIC"));
        let mut url = Url::parse("kafka", spec).ok_or_else(form)??;
        let cluster = Cluster::of(&mut url)?;
        let topics = Choice::parse(&url)?;
        let group = url.take("group");
        if group.as_ref().is_some_and(String::is_empty) {
            return Err(url.wrong("group= names no group: write group=NAME, or leave it out"));
        }
        let from = url.take("from").map(|text| From::parse(&url, &text, &topics)).transpose()?;
        let skips = match url.take("lost").as_deref() {
            None | Some("fail") => false,
            Some("skip") => true,
            Some(other) => return Err(url.wrong(&format!("lost={other}: records that are gone are fail or skip"))),
        };
        let format = match url.take("in") {
            None => None,
            Some(name) => {
                let reading = crate::formats::Reading { delimiter: b'\n', header: None, argument: None };
                crate::formats::input(&name, &reading).map_err(|error| url.wrong(&error.to_string()))?;
                Some(name)
            }
        };
        let header = url.take("header");
        url.finish(&OPTIONS)?;
        let format = Wanted { format, header, wrap: Some(input::wrap), gathers: true, ..Wanted::default() };
        Ok(Address { cluster, topics, group, from, skips, format })
    }
}

impl Choice {
    fn parse(url: &Url) -> Result<Self> {
        let pattern = match (url.path.strip_prefix('~'), url.path.strip_prefix('^')) {
            (Some(pattern), _) => Some((pattern.to_string(), format!("^.*({pattern})"))),
            (_, Some(_)) => Some((url.path.clone(), url.path.clone())),
            _ => None,
        };
        if let Some((pattern, native)) = pattern {
            let wrong = |_| url.wrong(&format!("`{pattern}` is no regular expression for names of topics"));
            return Regex::new(&pattern).map(|regex| Choice::Matching(regex, native)).map_err(wrong);
        }
        let names: Vec<String> = url.path.split(',').map(String::from).collect();
        let is_name = |name: &String| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
        };
        if let Some(name) = names.iter().find(|name| !is_name(name)) {
            return Err(url.wrong(&format!(
                "`{name}` cannot be the name of a topic: write TOPIC,TOPIC, or ~PATTERN for all that match"
            )));
        }
        if let Some(twice) = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name)) {
            return Err(url.wrong(&format!("it names the topic `{}` twice", twice.1)));
        }
        Ok(Choice::Named(names))
    }

    /// As librdkafka is told to subscribe to them.
    pub fn subscription(&self) -> Vec<&str> {
        match self {
            Choice::Named(names) => names.iter().map(String::as_str).collect(),
            Choice::Matching(_, native) => vec![native],
        }
    }

    /// The partitions that there are. A topic that is named and not there is an error.
    pub fn partitions(&self, cluster: &Cluster, topics: &Topics) -> Result<Vec<Partition>> {
        let mut names: Vec<&str> = match self {
            Choice::Named(names) => names.iter().map(String::as_str).collect(),
            Choice::Matching(regex, _) => topics.names().filter(|name| regex.is_match(name)).collect(),
        };
        if matches!(self, Choice::Matching(..)) {
            names.sort_unstable();
        }
        let mut parts = Vec::new();
        for name in names {
            let mut numbers = match topics.partitions(name) {
                Some(numbers) if !numbers.is_empty() => numbers.to_vec(),
                _ => return Err(topics.missing(cluster, name)),
            };
            numbers.sort_unstable();
            let topic: std::sync::Arc<str> = name.into();
            parts.extend(numbers.into_iter().map(|number| Partition { topic: std::sync::Arc::clone(&topic), number }));
        }
        Ok(parts)
    }
}

impl From {
    fn parse(url: &Url, text: &str, topics: &Choice) -> Result<Self> {
        let wrong = |what: &str| url.wrong(&format!("from={text}: {what}"));
        match text {
            "earliest" => return Ok(From::Earliest),
            "latest" => return Ok(From::Latest),
            _ => {}
        }
        if text.contains('=') {
            return Self::offsets(text, topics).map_err(|what| wrong(&what));
        }
        let number = text.parse::<i64>().ok().filter(|ms| *ms >= 0);
        let time = number.or_else(|| Time::parse(text).ok().map(|time| time.0).filter(|ms| *ms >= 0));
        time.map(From::Time).ok_or_else(|| {
            wrong(
                "it is earliest, latest, a time such as 2026-11-20T09:00:00Z or in milliseconds since the epoch, or offsets of \
                 partitions such as clicks:0=5,1=7",
            )
        })
    }

    /// `TOPIC:PARTITION=OFFSET,PARTITION=OFFSET`; the topic may be left out where there is only one.
    fn offsets(text: &str, topics: &Choice) -> std::result::Result<Self, String> {
        let mut topic = match topics {
            Choice::Named(names) if names.len() == 1 => Some(names[0].clone()),
            _ => None,
        };
        let mut offsets = Vec::new();
        for entry in text.split(',') {
            let (place, offset) = entry.split_once('=').ok_or_else(|| format!("`{entry}` is no PARTITION=OFFSET"))?;
            let number = match place.rsplit_once(':') {
                Some((name, number)) => {
                    let known = match topics {
                        Choice::Named(names) => names.iter().any(|known| known == name),
                        Choice::Matching(regex, _) => regex.is_match(name),
                    };
                    if !known {
                        return Err(format!("`{name}` is none of the topics that are read"));
                    }
                    topic = Some(name.to_string());
                    number
                }
                None => place,
            };
            let name = topic
                .clone()
                .ok_or_else(|| format!("of which topic is the partition {number}? write TOPIC:{entry}"))?;
            let number = number.parse::<i32>().ok().filter(|number| *number >= 0);
            let number = number.ok_or_else(|| format!("`{place}` is no partition"))?;
            let offset = offset.parse::<i64>().ok().filter(|offset| *offset >= 0);
            let offset = offset.ok_or_else(|| format!("the offset in `{entry}` is a number from 0"))?;
            offsets.push((name, number, offset));
        }
        Ok(From::Offsets(offsets))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(spec: &str) -> String {
        let error = Address::parse(spec).err().expect(spec);
        assert_eq!(error.exit_status(), 2, "{error}");
        error.to_string()
    }

    fn from(text: &str) -> Option<From> {
        Address::parse(&format!("kafka://b:1/clicks{text}")).expect(text).from
    }

    #[test]
    fn it_says_from_where_on() {
        assert_eq!(from(""), None);
        assert_eq!(from("?from=earliest"), Some(From::Earliest));
        assert_eq!(from("?from=1500"), Some(From::Time(1500)));
        assert_eq!(from("?from=1970-01-01T00:00:02Z"), Some(From::Time(2000)));
        let offsets = [("clicks".to_string(), 0, 5), ("clicks".to_string(), 1, 7)];
        assert_eq!(from("?from=clicks:0=5,1=7"), Some(From::Offsets(offsets.to_vec())));
        assert_eq!(from("?from=0=5,1=7"), Some(From::Offsets(offsets.to_vec())));
    }

    #[test]
    fn topics_are_named_or_match() {
        let named = Address::parse("kafka://b/a,b.c").expect("topics").topics;
        assert_eq!(named.subscription(), ["a", "b.c"]);
        let matching = Address::parse("kafka://b/~a%7Cb").expect("a pattern").topics;
        assert_eq!(matching.subscription(), ["^.*(a|b)"]);
        assert_eq!(Address::parse("kafka://b/^x.*").expect("a pattern").topics.subscription(), ["^x.*"]);
    }

    #[test]
    fn what_is_wrong_is_a_usage_error() {
        for (spec, what) in [
            ("kafka://b:1/a,,b", "cannot be the name of a topic"),
            ("kafka://b:1/a,a", "twice"),
            ("kafka://b:1/~(", "no regular expression"),
            ("kafka://b:1/a?group=", "names no group"),
            ("kafka://b:1/a?from=soon", "it is earliest, latest"),
            ("kafka://b:1/a?from=b:0=1", "`b` is none of the topics"),
            ("kafka://b:1/a,b?from=0=1", "of which topic"),
            ("kafka://b:1/a?from=0=-1", "a number from 0"),
            ("kafka://b:1/a?lost=no", "fail or skip"),
            ("kafka://b:1/a?in=xml", "there is no format `xml`"),
            ("kafka://b:1/a?grup=g", "did you mean group?"),
        ] {
            let said = error(spec);
            assert!(said.contains(what), "{spec}: {said}");
        }
    }
}
