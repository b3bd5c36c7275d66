//! What the Kafka source and the Kafka sink share: which cluster it is and how it is reached, who listens to what the client
//! library has to say, and what that means in words.
//!
//! `kafka.NAME=VALUE` in an address is a property of librdkafka; a file of properties has more of them, secrets too. A password
//! stands in that file or in STREAMER_KAFKA_PASSWORD, and nowhere else.

mod properties;
mod reach;
mod says;
mod watcher;

pub use reach::{Topics, passes, reach};
pub use says::{plain, says};
pub use watcher::Watcher;

use rdkafka::config::ClientConfig;

use crate::error::{Error, Result};
use crate::url::Url;

/// The environment variable that holds the password.
pub const PASSWORD: &str = "STREAMER_KAFKA_PASSWORD";

/// The options of an address that say how the cluster is reached, beside `kafka.NAME`.
pub const OPTIONS: [&str; 2] = ["properties", "kafka.NAME"];

/// Whether an option of an address only says how the cluster is reached.
pub fn is_about_reaching(option: &str) -> bool {
    option == "properties" || option.starts_with("kafka.")
}

/// A cluster, and how it is reached. Holds secrets: it is not shown.
#[derive(Clone)]
pub struct Cluster {
    /// As messages name it: `kafka://BROKERS/TOPICS`.
    pub name: String,
    /// `HOST:PORT`, with commas between them.
    pub brokers: String,
    properties: Vec<(String, String)>,
}

impl Cluster {
    /// The cluster of an address: takes what is about it out of that. The topics are left, in [`Url::path`].
    pub fn of(url: &mut Url) -> Result<Cluster> {
        let brokers = url.authority.clone();
        if brokers.split(',').any(|broker| broker.trim_matches(':').is_empty()) {
            return Err(
                url.wrong("it names no broker: write kafka://HOST:PORT/TOPIC, with commas between several brokers")
            );
        }
        if url.path.is_empty() {
            return Err(url.wrong("it names no topic: write kafka://HOST:PORT/TOPIC"));
        }
        let mut properties = match url.take("properties") {
            Some(path) => properties::read(&path)?,
            None => Vec::new(),
        };
        for (name, value) in url.take_all("kafka.") {
            properties::check(url, &name)?;
            properties.push((name, value));
        }
        let cluster = Cluster { name: url.name.clone(), brokers, properties };
        cluster.check()?;
        Ok(cluster)
    }

    /// What is certain to be wrong with the properties, before anybody is asked.
    fn check(&self) -> Result<()> {
        properties::check_security(&self.name, |name| self.property(name))?;
        let native = self.config(&[], &[]).create_native_config();
        native.map(drop).map_err(|error| Error::usage(format!("{}: {}", self.name, says(&error))))
    }

    /// A property that was given, in an address or a file.
    pub fn property(&self, name: &str) -> Option<&str> {
        // The last one counts.
        self.properties.iter().rev().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// The settings of a client: `defaults`, then what was given, then `fixed`.
    pub fn config(&self, defaults: &[(&str, &str)], fixed: &[(&str, &str)]) -> ClientConfig {
        self.config_with(defaults, fixed, std::env::var(PASSWORD).ok())
    }

    fn config_with(&self, defaults: &[(&str, &str)], fixed: &[(&str, &str)], password: Option<String>) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("client.id", "streamer");
        if self.property("security.protocol").is_some_and(|protocol| protocol.to_lowercase().starts_with("sasl")) {
            config.set("sasl.mechanism", "PLAIN");
        }
        for (name, value) in defaults {
            config.set(*name, *value);
        }
        for (name, value) in &self.properties {
            config.set(name, value);
        }
        if let Some(password) = password.filter(|password| !password.is_empty()) {
            config.set("sasl.password", password);
        }
        for (name, value) in fixed {
            config.set(*name, *value);
        }
        config.set("bootstrap.servers", &self.brokers);
        config
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster(spec: &str) -> Result<Cluster> {
        let mut url = Url::parse("kafka", spec).expect("of the scheme")?;
        let cluster = Cluster::of(&mut url)?;
        url.finish(&OPTIONS)?;
        Ok(cluster)
    }

    fn error(spec: &str) -> String {
        let error = cluster(spec).err().expect(spec);
        assert_eq!(error.exit_status(), 2, "{error}");
        error.to_string()
    }

    #[test]
    fn what_was_given_goes_over_defaults_and_under_what_is_fixed() {
        let cluster = cluster("kafka://a,b:9/t?kafka.linger.ms=7&kafka.client.id=me").expect("a cluster");
        let config = cluster.config_with(&[("linger.ms", "1"), ("acks", "all")], &[("client.id", "us")], None);
        let is = |name| config.get(name);
        assert_eq!((is("linger.ms"), is("acks"), is("client.id")), (Some("7"), Some("all"), Some("us")));
        assert_eq!((is("bootstrap.servers"), is("sasl.password")), (Some("a,b:9"), None));
        assert_eq!(cluster.name, "kafka://a,b:9/t");
    }

    #[test]
    fn a_password_comes_from_a_file_or_the_environment() {
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("client.properties");
        let text =
            "# ours\nbootstrap.servers=x:1\nsecurity.protocol = SASL_PLAINTEXT\nsasl.username: me\nsasl.password=a=b\n";
        std::fs::write(&file, text).expect("written");
        let cluster = cluster(&format!("kafka://a/t?properties={}", file.display())).expect("a cluster");
        let config = cluster.config_with(&[], &[], None);
        let is = |name| config.get(name).map(String::from);
        assert_eq!((is("sasl.username"), is("sasl.password")), (Some("me".into()), Some("a=b".into())));
        assert_eq!((is("sasl.mechanism"), is("bootstrap.servers")), (Some("PLAIN".into()), Some("a".into())));
        let config = cluster.config_with(&[], &[], Some("other".into()));
        assert_eq!(config.get("sasl.password"), Some("other"), "the environment is nearer");
    }

    #[test]
    fn secrets_in_an_address_are_refused_and_not_repeated() {
        for name in ["sasl.password", "ssl.key.password", "sasl.oauthbearer.client.secret", "ssl.key.pem"] {
            let said = error(&format!("kafka://a/t?kafka.{name}=hunter2"));
            assert!(
                said.contains("seen by everybody") && said.contains(PASSWORD) && !said.contains("hunter2"),
                "{said}"
            );
        }
    }

    #[test]
    fn what_is_ours_or_unknown_or_wrong_is_a_usage_error() {
        for (spec, what) in [
            ("kafka:///t", "names no broker"),
            ("kafka://a,,b/t", "names no broker"),
            ("kafka://a", "names no topic"),
            ("kafka://a/t?kafka.group.id=g", "`group.id` is streamer's own"),
            ("kafka://a/t?kafka.linger.sm=1", "`linger.sm`"),
            ("kafka://a/t?kafka.linger.ms=soon", "`linger.ms`"),
            ("kafka://a/t?kafka.sasl.username=u", "security.protocol"),
            ("kafka://a/t?propertys=x", "did you mean properties?"),
            ("kafka://a/t?properties=/nonexistent/x", "/nonexistent/x"),
        ] {
            let said = error(spec);
            assert!(said.contains(what), "{said}");
        }
    }
}
