//! Addresses of other systems, as `--from` and `--to` spell them: `SCHEME://HOST:PORT/PATH?NAME=VALUE&NAME=VALUE`. What stands in
//! the path and the options may be written as `%XX`.

use crate::data::schema::nearest;
use crate::error::{Error, Result};

/// An address, taken apart.
#[derive(Clone)]
pub struct Url {
    /// As messages name it: without its options, which may be long.
    pub name: String,
    /// What stands between `://` and the next `/`.
    pub authority: String,
    /// What stands behind that, without the `/`.
    pub path: String,
    options: Vec<(String, String)>,
}

impl Url {
    /// The address that `spec` is; `None` if it is of another scheme. A mistake in it is a usage error.
    pub fn parse(scheme: &str, spec: &str) -> Option<Result<Url>> {
        let rest = spec.strip_prefix(scheme)?.strip_prefix("://")?;
        Some(Self::taken_apart(scheme, rest))
    }

    fn taken_apart(scheme: &str, rest: &str) -> Result<Url> {
        let (place, options) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = place.split_once('/').unwrap_or((place, ""));
        if authority.contains('@') {
            return Err(Error::usage(format!(
                "{scheme}:// is followed by HOST:PORT: a name and a password in an address are seen by everybody"
            )));
        }
        let name = format!("{scheme}://{place}");
        let mut url = Url { path: decoded(&name, path)?, authority: authority.to_string(), name, options: Vec::new() };
        for option in options.split('&').filter(|option| !option.is_empty()) {
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            let (name, value) = (decoded(&url.name, name)?, decoded(&url.name, value)?);
            if url.options.iter().any(|(before, _)| *before == name) {
                return Err(url.wrong(&format!("it has `{name}` twice: write each option once")));
            }
            url.options.push((name, value));
        }
        Ok(url)
    }

    /// Takes out the value of an option.
    pub fn take(&mut self, name: &str) -> Option<String> {
        let at = self.options.iter().position(|(option, _)| option == name)?;
        Some(self.options.remove(at).1)
    }

    /// Takes out an option that is `true` or `false`; it is false where it is not there.
    pub fn take_flag(&mut self, name: &str) -> Result<bool> {
        match self.take(name).as_deref() {
            None | Some("false") => Ok(false),
            Some("true" | "") => Ok(true),
            Some(other) => Err(self.wrong(&format!("{name}={other}: it is true or false"))),
        }
    }

    /// Takes out all options whose names begin so, with what follows in their names.
    pub fn take_all(&mut self, prefix: &str) -> Vec<(String, String)> {
        let (taken, left) =
            std::mem::take(&mut self.options).into_iter().partition(|(name, _)| name.starts_with(prefix));
        self.options = left;
        let taken: Vec<(String, String)> = taken;
        taken.into_iter().map(|(name, value)| (name[prefix.len()..].to_string(), value)).collect()
    }

    /// All options were taken but those that there are not: a usage error with the names that there are.
    pub fn finish(&self, known: &[&str]) -> Result<()> {
        let Some((name, _)) = self.options.first() else { return Ok(()) };
        let near = nearest(name, known.iter().copied());
        let hint = if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(" or ")) };
        Err(self.wrong(&format!("there is no option `{name}`, the options are: {}{hint}", known.join(", "))))
    }

    /// An address without the options that are to be left out, the others as they were written.
    pub fn without(spec: &str, is_out: impl Fn(&str) -> bool) -> String {
        let Some((place, options)) = spec.split_once('?') else { return spec.to_string() };
        let is_kept = |option: &&str| !option.is_empty() && !is_out(option.split('=').next().unwrap_or_default());
        let kept: Vec<&str> = options.split('&').filter(is_kept).collect();
        if kept.is_empty() { place.to_string() } else { format!("{place}?{}", kept.join("&")) }
    }

    /// A usage error about this address.
    pub fn wrong(&self, what: &str) -> Error {
        Error::usage(format!("{}: {what}", self.name))
    }
}

/// What a build that leaves a system out says of its addresses.
pub fn left_out(scheme: &str) -> Error {
    Error::usage(format!("this streamer was built without {scheme}: cargo install streamer --features {scheme}"))
}

/// The text without its `%XX`.
fn decoded(name: &str, text: &str) -> Result<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let digits = behind.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = digits.filter(|digits| digits.bytes().all(|d| d.is_ascii_hexdigit()));
        match byte.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if first == b'%' => {
                bytes.push(byte);
                rest = &behind[2..];
            }
            _ => {
                bytes.push(first);
                rest = behind;
            }
        }
    }
    String::from_utf8(bytes).map_err(|_| Error::usage(format!("{name}: `{text}` is no text in UTF-8")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(spec: &str) -> Result<Url> {
        Url::parse("kafka", spec).expect("of the scheme")
    }

    #[test]
    fn an_address_is_taken_apart() {
        let mut parsed = url("kafka://a:1,b:2/t%41?key=a%26b&kafka.x=1&flag&kafka.y=2").expect("an address");
        assert_eq!((parsed.name.as_str(), parsed.authority.as_str()), ("kafka://a:1,b:2/t%41", "a:1,b:2"));
        let key = parsed.take("key");
        assert_eq!((parsed.path.as_str(), key.as_deref()), ("tA", Some("a&b")));
        assert_eq!(parsed.take_all("kafka."), [("x".into(), "1".into()), ("y".into(), "2".into())]);
        assert!(parsed.take_flag("flag").expect("a flag") && !parsed.take_flag("other").expect("not there"));
        assert!(parsed.finish(&["key"]).is_ok());
        assert!(Url::parse("kafka", "hdfs://a").is_none());
        assert_eq!(url("kafka://a/100%").expect("an address").path, "100%", "what is no %XX stands for itself");
        let without = |spec| Url::without(spec, |name| name == "lost" || name.starts_with("kafka."));
        assert_eq!(without("kafka://a/t?lost=skip&key=%41&kafka.x=1&b"), "kafka://a/t?key=%41&b");
        assert_eq!(
            (without("kafka://a/t?lost=skip&"), without("kafka://a/t")),
            ("kafka://a/t".into(), "kafka://a/t".into())
        );
    }

    #[test]
    fn mistakes_are_usage_errors() {
        let error = |parsed: Result<Url>| parsed.and_then(|url| url.finish(&["key", "value"])).expect_err("wrong");
        for (spec, said) in [
            (
                "kafka://a/t?kye=1",
                "kafka://a/t: there is no option `kye`, the options are: key, value; did you mean key?",
            ),
            ("kafka://a/t?key=1&key=2", "`key` twice"),
            ("kafka://me:secret@a/t", "seen by everybody"),
            ("kafka://a/%ff", "no text in UTF-8"),
        ] {
            let error = error(url(spec));
            assert!(error.exit_status() == 2 && error.to_string().contains(said), "{error}");
            assert!(!error.to_string().contains("secret"));
        }
        assert!(url("kafka://a/t?flag=maybe").expect("an address").take_flag("flag").is_err());
    }
}
