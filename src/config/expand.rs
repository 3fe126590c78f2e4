//! `${NAME}` and `${file:PATH}` in values, and what no value may be.

use std::{borrow::Cow, ops::Range, path::Path};

use toml::de::DeValue;

use super::{
    file_secret,
    section::{Faults, Table, join},
};

/// Where values come from that are not in the file.
pub(super) struct Outside<'a> {
    /// The configuration's folder.
    pub folder: &'a Path,
    /// The environment.
    pub lookup: &'a dyn Fn(&str) -> Option<String>,
}

/// Replaces every `${…}` in the values of `table`. One that stands for nothing is a fault that names it and the key, never a
/// value.
pub(super) fn expand(table: &mut Table<'_>, path: &str, outside: &Outside<'_>, faults: &Faults<'_>) {
    for (key, value) in table.get_mut().iter_mut() {
        let span = value.span();
        expand_value(value.get_mut(), span, &join(path, key.get_ref()), outside, faults);
    }
}

/// No key wants a longer text.
const LONGEST: usize = file_secret::LARGEST;

fn expand_value(
    value: &mut DeValue<'_>,
    span: Range<usize>,
    key: &str,
    outside: &Outside<'_>,
    faults: &Faults<'_>,
) {
    match value {
        DeValue::String(text) => {
            if text.contains("${") {
                match expand_text(text, outside, faults) {
                    Ok(expanded) => *text = Cow::Owned(expanded),
                    Err(message) => faults.add_unknown(Some(span.clone()), key, message),
                }
            }
            if text.len() > LONGEST {
                faults.add_unknown(Some(span), key, "it is longer than any key wants: 64 kB at most");
                *text = Cow::Borrowed("");
            }
        }
        DeValue::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                let span = item.span();
                expand_value(item.get_mut(), span, &format!("{key}[{index}]"), outside, faults);
            }
        }
        DeValue::Table(table) => {
            for (inner, value) in table.iter_mut() {
                let span = value.span();
                expand_value(value.get_mut(), span, &join(key, inner.get_ref()), outside, faults);
            }
        }
        _ => {}
    }
}

fn expand_text(text: &str, outside: &Outside<'_>, faults: &Faults<'_>) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, tail) = after
            .split_once('}')
            .ok_or_else(|| "a `${` is not closed; write `${NAME}` or `${file:PATH}`".to_owned())?;
        let value = match name.strip_prefix("file:") {
            Some(path) => file_secret::read(&outside.folder.join(path))?,
            None => (outside.lookup)(name).ok_or_else(|| {
                format!("the environment variable {name:?} is not defined; set it before starting firewarden")
            })?,
        };
        faults.keep_secret(name, &value);
        out.push_str(before);
        if is_credential(&out, tail) {
            let escaped = escape(&value);
            faults.keep_secret(name, &escaped);
            out.push_str(&escaped);
        } else {
            out.push_str(&value);
        }
        rest = tail;
    }
    out.push_str(rest);
    Ok(out)
}

/// Whether what comes between these is a user name or a password of an address.
fn is_credential(before: &str, after: &str) -> bool {
    let ends = ['/', '?', '#', '@'];
    let within = before.rsplit_once("://").is_some_and(|(_, authority)| !authority.contains(ends));
    within && after.chars().find(|c| ends.contains(c)) == Some('@')
}

/// A text as it stands within an address (RFC 3986, 2.1): whatever a password is made of, it ends nowhere else.
fn escape(text: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    text.bytes()
        .map(|byte| if plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_that_is_put_into_an_address_ends_nowhere_else() {
        assert!(is_credential("rtsp://viewer:", "@10.2.0.31/stream1"));
        assert!(is_credential("rtsp://", ":x@10.2.0.31/stream1"));
        for (before, after) in [
            ("rtsp://10.2.0.31/", "@x"),
            ("rtsp://", "/stream1@2"),
            ("viewer:", "@10.2.0.31"),
            ("rtsp://a@", "/b"),
        ] {
            assert!(!is_credential(before, after), "{before}…{after}");
        }
        assert_eq!(escape("p@ss/w:rd%41é-._~"), "p%40ss%2Fw%3Ard%2541%C3%A9-._~");
    }
}
