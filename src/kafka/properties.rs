//! Properties of a client of Kafka: from a file as Kafka's own tools have them, and which of them may stand in an address.

use crate::error::{Error, Result, describe};
use crate::url::Url;

use super::PASSWORD;

/// What streamer sets itself, because what it promises hangs on it; and what it does by itself.
const OURS: [&str; 14] = [
    "bootstrap.servers",
    "metadata.broker.list",
    "group.id",
    "group.instance.id",
    "transactional.id",
    "enable.idempotence",
    "enable.auto.commit",
    "enable.auto.offset.store",
    "enable.partition.eof",
    "auto.offset.reset",
    "isolation.level",
    "plugin.library.paths",
    "debug",
    "log.queue",
];

/// A property that is named in an address.
pub fn check(url: &Url, name: &str) -> Result<()> {
    let ends = [".password", ".secret", ".pem"];
    if ends.iter().any(|end| name.ends_with(end)) || name == "sasl.jaas.config" {
        return Err(url.wrong(&format!(
            "`kafka.{name}` is a secret, and an address is seen by everybody: write it to a file, {name}=..., and add \
             properties=FILE; a password may also come as {PASSWORD} in the environment"
        )));
    }
    if OURS.contains(&name) {
        return Err(url.wrong(&format!("`{name}` is streamer's own: leave it out")));
    }
    Ok(())
}

/// Whether what was given about security fits together, and is built in.
pub fn check_security<'a>(cluster: &str, property: impl Fn(&str) -> Option<&'a str>) -> Result<()> {
    let protocol = property("security.protocol").unwrap_or("plaintext").to_lowercase();
    let mechanism = property("sasl.mechanism").or(property("sasl.mechanisms")).unwrap_or("PLAIN").to_uppercase();
    let needs_tls = match protocol.strip_prefix("sasl_") {
        Some(rest) => rest == "ssl" || mechanism.starts_with("SCRAM"),
        None => protocol == "ssl",
    };
    if needs_tls && !cfg!(feature = "kafka-tls") {
        return Err(Error::usage(format!(
            "{cluster}: this streamer was built without TLS and SCRAM for Kafka: cargo install streamer --features kafka-tls"
        )));
    }
    if !protocol.starts_with("sasl") && property("sasl.username").is_some() {
        return Err(Error::usage(format!(
            "{cluster}: a name is given, but security.protocol is {protocol}, which does not ask for it: add \
             kafka.security.protocol=SASL_PLAINTEXT"
        )));
    }
    Ok(())
}

/// The properties of a file: `NAME=VALUE` a line.
pub fn read(path: &str) -> Result<Vec<(String, String)>> {
    let wrong = |what: String| Error::usage(format!("cannot read the properties in {path}: {what}"));
    let text = std::fs::read_to_string(path).map_err(|e| wrong(describe(&e)))?;
    let mut properties = Vec::new();
    for (at, line) in joined(&text) {
        let Some(split) = line.find(['=', ':']) else {
            return Err(wrong(format!("line {at} is no NAME=VALUE")));
        };
        let (name, value) = (line[..split].trim(), line[split + 1..].trim());
        match name {
            "sasl.jaas.config" => {
                let user =
                    named_in(value, "username").ok_or_else(|| wrong(format!("line {at} holds no username=\"...\"")))?;
                properties.push(("sasl.username".to_string(), user));
                properties.extend(named_in(value, "password").map(|it| ("sasl.password".to_string(), it)));
            }
            // The address says it.
            "bootstrap.servers" => {}
            // Java's clients need these, ours does not.
            name if [".serializer", ".deserializer"].iter().any(|end| name.ends_with(end)) => {}
            name if OURS.contains(&name) => {
                return Err(wrong(format!("line {at}: `{name}` is streamer's own, leave it out")));
            }
            name => properties.push((name.to_string(), value.to_string())),
        }
    }
    Ok(properties)
}

/// The lines that say something, with their numbers; one that ends in a backslash goes on in the next.
fn joined(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    let mut goes_on = false;
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if !goes_on && (line.is_empty() || line.starts_with(['#', '!'])) {
            continue;
        }
        let whole = line.strip_suffix('\\');
        let said = whole.unwrap_or(line);
        match lines.last_mut() {
            Some((_, before)) if goes_on => before.push_str(said),
            _ => lines.push((at + 1, said.to_string())),
        }
        goes_on = whole.is_some();
    }
    lines
}

/// What stands in quotes behind `NAME=`.
fn named_in(text: &str, name: &str) -> Option<String> {
    let behind = text.split_once(&format!("{name}=\""))?.1;
    Some(behind.split_once('"')?.0.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> Result<Vec<(String, String)>> {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("p");
        std::fs::write(&path, text).expect("written");
        read(&path.display().to_string())
    }

    #[test]
    fn a_file_of_kafkas_own_tools_is_understood() {
        let text = "! a comment\n\nsasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \\\n  \
                    username=\"me\" \\\n  password=\"p=:#\";\nkey.serializer=x\nlinger.ms : 5\nclient.id=\n";
        let expected = [("sasl.username", "me"), ("sasl.password", "p=:#"), ("linger.ms", "5"), ("client.id", "")];
        assert_eq!(file(text).expect("properties"), expected.map(|(name, value)| (name.into(), value.into())));
    }

    #[test]
    fn what_is_wrong_in_a_file_is_named_by_its_line_and_not_repeated() {
        for (text, what) in [
            ("\nhunter2\n", "line 2 is no NAME=VALUE"),
            ("group.id=hunter2", "line 1: `group.id` is streamer's own"),
            ("sasl.jaas.config=hunter2", "line 1 holds no username"),
        ] {
            let said = file(text).expect_err("wrong").to_string();
            assert!(said.contains(what) && !said.contains("hunter2"), "{said}");
        }
    }

    #[test]
    fn tls_and_scram_need_their_feature() {
        let asked = |protocol: &'static str, mechanism: &'static str| {
            let property = move |name: &str| match name {
                "security.protocol" => Some(protocol),
                "sasl.mechanism" => Some(mechanism),
                _ => None,
            };
            check_security("kafka://a/t", property).is_ok()
        };
        assert!(asked("SASL_PLAINTEXT", "PLAIN") && asked("plaintext", "SCRAM-SHA-256"));
        let built_in = cfg!(feature = "kafka-tls");
        assert_eq!((asked("SSL", "PLAIN"), asked("sasl_plaintext", "scram-sha-512")), (built_in, built_in));
    }
}
