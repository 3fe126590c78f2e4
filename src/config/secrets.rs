//! `${NAME}` in values, taken from the environment.

use std::borrow::Cow;

use toml::de::DeValue;

use super::section::{Faults, Table, join};

/// Replaces every `${NAME}` in the values of `table`. An undefined one is a fault that names key and variable, never
/// a value.
pub(super) fn expand(
    table: &mut Table<'_>,
    path: &str,
    lookup: &dyn Fn(&str) -> Option<String>,
    faults: &Faults<'_>,
) {
    for (key, value) in table.get_mut().iter_mut() {
        let span = value.span();
        expand_value(value.get_mut(), span, &join(path, key.get_ref()), lookup, faults);
    }
}

fn expand_value(
    value: &mut DeValue<'_>,
    span: std::ops::Range<usize>,
    key: &str,
    lookup: &dyn Fn(&str) -> Option<String>,
    faults: &Faults<'_>,
) {
    match value {
        DeValue::String(text) if text.contains("${") => match expand_text(text, lookup, faults) {
            Ok(expanded) => *text = Cow::Owned(expanded),
            Err(message) => faults.add(Some(span), key, message),
        },
        DeValue::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                let span = item.span();
                expand_value(item.get_mut(), span, &format!("{key}[{index}]"), lookup, faults);
            }
        }
        DeValue::Table(table) => {
            for (inner, value) in table.iter_mut() {
                let span = value.span();
                expand_value(value.get_mut(), span, &join(key, inner.get_ref()), lookup, faults);
            }
        }
        _ => {}
    }
}

fn expand_text(
    text: &str,
    lookup: &dyn Fn(&str) -> Option<String>,
    faults: &Faults<'_>,
) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, tail) =
            after.split_once('}').ok_or_else(|| "a `${` is not closed; write `${NAME}`".to_owned())?;
        let value = lookup(name).ok_or_else(|| {
            format!("the environment variable {name:?} is not defined; set it before starting firewarden")
        })?;
        faults.keep_secret(name, &value);
        out.push_str(before);
        out.push_str(&value);
        rest = tail;
    }
    out.push_str(rest);
    Ok(out)
}
