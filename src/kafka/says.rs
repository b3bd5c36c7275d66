//! What librdkafka says, in words for people: without its thread names, its states and its codes.

use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

/// An error, as the end of a message: lower case, and what to do where that is known.
pub fn says(error: &KafkaError) -> String {
    // A value may be a secret.
    if let KafkaError::ClientConfig(_, what, name, _) = error {
        return format!("the property `{name}` cannot be set so: {}", lower(what));
    }
    if let KafkaError::ClientCreation(what) = error {
        return lower(&plain(what));
    }
    let Some(code) = error.rdkafka_error_code() else { return plain(&error.to_string()) };
    let known = match code {
        Code::MessageSizeTooLarge | Code::InvalidMessageSize => {
            "a message is larger than the topic takes (its max.message.bytes) or than librdkafka gives it (kafka.message.max.bytes)"
        }
        Code::TopicAuthorizationFailed => "the broker does not allow it: no right to this topic",
        Code::ClusterAuthorizationFailed => "the broker does not allow it: no right to this cluster",
        Code::GroupAuthorizationFailed => "the broker does not allow it: no right to this group",
        Code::TransactionalIdAuthorizationFailed => "the broker does not allow it: no right to this transactional.id",
        Code::Authentication | Code::SaslAuthenticationFailed => "the broker refused the name or the password",
        Code::UnknownTopicOrPartition | Code::UnknownTopic => "there is no such topic or partition",
        Code::UnknownPartition => "there is no such partition",
        Code::BrokerTransportFailure => "the connection was lost",
        Code::AllBrokersDown => "no broker is reached",
        Code::OperationTimedOut | Code::MessageTimedOut | Code::RequestTimedOut => "no answer in time",
        Code::Resolve => "the name of the broker is not known",
        Code::ProducerFenced | Code::Fenced | Code::InvalidProducerEpoch => "another one has taken its place",
        Code::InvalidTransactionTimeout => {
            "the broker does not allow transactions to last so long: add kafka.transaction.timeout.ms=60000, or whatever it allows"
        }
        _ => "",
    };
    if !known.is_empty() {
        return known.to_string();
    }
    // `NotEnoughReplicas (Broker: Not enough in-sync replicas)`
    let text = code.to_string();
    let inner = text.split_once('(').map_or(text.as_str(), |(_, inner)| inner.trim_end_matches(')'));
    lower(&plain(inner))
}

/// A reason that librdkafka gives, as the end of a message: `HOST:PORT: what happened`.
pub fn plain(reason: &str) -> String {
    let mut text = reason.trim();
    // `[thrd:sasl_plaintext://host:1/bootstrap]: `
    if let Some((_, behind)) = text.strip_prefix("[thrd:").and_then(|inner| inner.split_once("]: ")) {
        text = behind;
    }
    for behind in [" (after ", " (_", " (error code "] {
        text = text.split_once(behind).map_or(text, |(before, _)| before);
    }
    let (place, what) = match text.split_once(": ") {
        Some((place, what)) if is_place(place) => (Some(bare(place)), what),
        _ => (None, text),
    };
    let what = what.strip_prefix("Broker: ").or(what.strip_prefix("Local: ")).unwrap_or(what);
    let what = match what.split_once(" failed: ") {
        Some((attempted, found)) if attempted.starts_with("Connect to ") => lower(found),
        _ if what.starts_with("Failed to resolve ") => "this name is not known".to_string(),
        _ if what.starts_with("Disconnected") => "the connection was lost".to_string(),
        _ if what.contains("certificate could not be verified") => {
            "nobody that we know vouches for its certificate: name the file of who does, kafka.ssl.ca.location=FILE"
                .to_string()
        }
        _ => what.to_string(),
    };
    match place {
        Some(place) => format!("{place}: {what}"),
        None => what,
    }
}

/// Whether it is `host:1/bootstrap`, `sasl_plaintext://host:1/2` or the like.
fn is_place(text: &str) -> bool {
    text.contains(':') && !text.contains(' ')
}

/// The host and the port of a place.
fn bare(place: &str) -> &str {
    let place = place.split_once("://").map_or(place, |(_, rest)| rest);
    place.split_once('/').map_or(place, |(host, _)| host)
}

/// With a small letter at its begin, unless a word of capitals stands there.
fn lower(text: &str) -> String {
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(first), Some(second)) if first.is_uppercase() && !second.is_uppercase() => {
            first.to_lowercase().chain([second]).chain(chars).collect()
        }
        _ => text.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_put_in_plain_words() {
        for (reason, said) in [
            (
                "localhost:9092/bootstrap: Connect to ipv4#127.0.0.1:9092 failed: Connection refused (after 0ms in state CONNECT)",
                "localhost:9092: connection refused",
            ),
            (
                "nohost:9092/bootstrap: Failed to resolve 'nohost:9092': Name or service not known (after 2ms in state CONNECT)",
                "nohost:9092: this name is not known",
            ),
            (
                "[thrd:sasl_plaintext://a:1/bootstrap]: sasl_plaintext://a:1/bootstrap: SASL authentication error: Wrong (after 4ms in state AUTH_REQ, 3 identical error(s) suppressed)",
                "a:1: SASL authentication error: Wrong",
            ),
            (
                "a:1/bootstrap: SSL handshake failed: error:0A000086:SSL routines::certificate verify failed: broker certificate could not be verified, verify that ssl.ca.location is correctly configured (after 4ms in state SSL_HANDSHAKE)",
                "a:1: nobody that we know vouches for its certificate: name the file of who does, kafka.ssl.ca.location=FILE",
            ),
            ("a:1/1: Disconnected (after 70ms in state UP)", "a:1: the connection was lost"),
            ("whatever: it is", "whatever: it is"),
        ] {
            assert_eq!(plain(reason), said);
        }
    }

    #[test]
    fn errors_say_what_to_do_and_never_repeat_a_value() {
        let too_large = says(&KafkaError::MessageProduction(Code::MessageSizeTooLarge));
        assert!(too_large.contains("kafka.message.max.bytes"), "{too_large}");
        assert_eq!(says(&KafkaError::Global(Code::NotEnoughReplicas)), "not enough in-sync replicas");
        let set = rdkafka::config::ClientConfig::new().set("linger.ms", "hunter2").create_native_config();
        let said = says(&set.err().expect("no number"));
        assert!(said.contains("`linger.ms`") && !said.contains("hunter2"), "{said}");
    }
}
