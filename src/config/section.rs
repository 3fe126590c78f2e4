//! Reads one table of the file into a type, with every fault in it, not only the first.

use std::{cell::RefCell, collections::BTreeSet, marker::PhantomData, ops::Range};

use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Visitor};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::secret::Secret;

/// Something wrong in a configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Line in the file, from 1; none where the fault is of the file as a whole.
    pub line: Option<usize>,
    /// The key, such as `camera.lane-3.rule[0].zone`; empty where the fault is of the file as a whole.
    pub key: String,
    /// What is wrong and what to do.
    pub message: String,
}

/// Collects faults while a file is read.
pub(super) struct Faults<'t> {
    text: &'t str,
    found: RefCell<Vec<Fault>>,
    /// Names of what was put in from the environment and from files, and their values.
    secrets: RefCell<Vec<(String, String)>>,
    /// Keys whose values could not be put together.
    unknown: RefCell<Vec<String>>,
}

impl<'t> Faults<'t> {
    pub fn new(text: &'t str) -> Self {
        Self { text, found: RefCell::default(), secrets: RefCell::default(), unknown: RefCell::default() }
    }

    /// Notes that nobody knows the value of `key`: no other fault of it is of use to anybody.
    pub fn add_unknown(&self, span: Option<Range<usize>>, key: &str, message: impl Into<String>) {
        self.add(span, key, message);
        self.unknown.borrow_mut().push(key.to_owned());
    }

    /// Notes a fault of `key`, found at `span` in the text.
    pub fn add(&self, span: Option<Range<usize>>, key: &str, message: impl Into<String>) {
        let part = |whole: &str, part: &str| {
            part.strip_prefix(whole).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        if self.unknown.borrow().iter().any(|unknown| part(unknown, key) || part(key, unknown)) {
            return;
        }
        let line =
            span.map(|s| self.text.get(..s.start).map_or(1, |before| before.matches('\n').count() + 1));
        let fault = Fault { line, key: key.to_owned(), message: message.into() };
        let mut found = self.found.borrow_mut();
        if !found.contains(&fault) {
            found.push(fault);
        }
    }

    /// Notes a value that was put in for `${name}`, which no fault may tell.
    pub fn keep_secret(&self, name: &str, value: &str) {
        self.secrets.borrow_mut().push((name.to_owned(), value.to_owned()));
    }

    /// The files that values were put in from, as they are written.
    pub fn files(&self) -> Vec<String> {
        let secrets = self.secrets.borrow();
        secrets.iter().filter_map(|(name, _)| name.strip_prefix("file:").map(str::to_owned)).collect()
    }

    /// All values that were put in, the longest first: one may hold another.
    pub fn secrets(&self) -> Vec<Secret> {
        let mut secrets: Vec<String> = self
            .secrets
            .borrow()
            .iter()
            .map(|(_, value)| value.clone())
            .filter(|value| !value.is_empty())
            .collect();
        secrets.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        secrets.dedup();
        secrets.iter().map(|value| Secret::from(value.as_str())).collect()
    }

    /// The faults in the order of their lines; values that were put in are given by their names.
    pub fn into_sorted(self) -> Vec<Fault> {
        let mut found = self.found.into_inner();
        let mut secrets = self.secrets.into_inner();
        // One letter or two are in every sentence; the longest first, for one value may hold another.
        secrets.retain(|(_, value)| value.chars().count() > 2);
        secrets.sort_by_key(|(_, value)| std::cmp::Reverse(value.len()));
        for (name, value) in &secrets {
            let shown = format!("${{{name}}}");
            for fault in &mut found {
                // Messages quote values in one of these ways.
                let quoted = format!("{value:?}");
                let quoted = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
                for form in [&value.escape_debug().to_string(), quoted, value.as_str()] {
                    fault.message = masked(&fault.message, form, &shown);
                }
            }
        }
        found.sort_by_key(|fault| fault.line);
        found
    }
}

/// Letters of a value from which on it is known again where a message has cut it off.
const KNOWN_BY: usize = 16;

/// The message with `shown` in place of the value, or of what a message that cut it off has of it.
fn masked(message: &str, value: &str, shown: &str) -> String {
    let head = value.char_indices().nth(KNOWN_BY).map_or(value, |(end, _)| &value[..end]);
    let (mut out, mut rest) = (String::new(), message);
    while let Some(found) = rest.find(head) {
        let same = rest[found..].chars().zip(value.chars()).take_while(|(a, b)| a == b);
        out.push_str(&rest[..found]);
        out.push_str(shown);
        rest = &rest[found + same.map(|(c, _)| c.len_utf8()).sum::<usize>()..];
    }
    out + rest
}

pub(super) type Table<'i> = Spanned<DeTable<'i>>;

/// The path of one of several tables under `key`: by the name under `own` that it gives itself, else by its place among them.
pub(super) fn called(table: &Table<'_>, key: &str, own: &str, index: usize) -> String {
    /// Names are shorter; what is longer is none, and is told by its beginning.
    const LONGEST: usize = 64;
    let name = table.get_ref().get(own).and_then(|name| name.get_ref().as_str());
    match name {
        Some(name) => {
            let shown = name.chars().take(LONGEST).map(|c| if c.is_control() { '\u{fffd}' } else { c });
            format!("{key}.{}", shown.collect::<String>())
        }
        None => format!("{key}[{index}]"),
    }
}

/// `path.key`, or `key` at the top.
pub(super) fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// Takes the table under `key`; one that is absent is empty, so that what it requires is named as missing.
pub(super) fn take_table<'i>(
    parent: &mut Table<'i>,
    key: &str,
    path: &str,
    faults: &Faults<'_>,
) -> Option<Table<'i>> {
    let value = parent.get_mut().remove(key)?;
    let span = value.span();
    match value.into_inner() {
        DeValue::Table(table) => Some(Spanned::new(span, table)),
        other => {
            faults.add(
                Some(span),
                &join(path, key),
                format!("a table is wanted here, not {}", other.type_str()),
            );
            None
        }
    }
}

/// Takes the tables under `key`, as `[[key]]` makes them.
pub(super) fn take_tables<'i>(
    parent: &mut Table<'i>,
    key: &str,
    path: &str,
    faults: &Faults<'_>,
) -> Vec<Table<'i>> {
    let Some(value) = parent.get_mut().remove(key) else { return Vec::new() };
    let span = value.span();
    let DeValue::Array(items) = value.into_inner() else {
        faults.add(Some(span), &join(path, key), format!("write [[{}]] for each one", join(path, key)));
        return Vec::new();
    };
    let mut tables = Vec::new();
    for item in items {
        let span = item.span();
        match item.into_inner() {
            DeValue::Table(table) => tables.push(Spanned::new(span, table)),
            other => faults.add(
                Some(span),
                &join(path, key),
                format!("a table is wanted here, not {}", other.type_str()),
            ),
        }
    }
    tables
}

/// Says that a name is not known, and which known one is nearest to it.
pub(super) fn unknown(what: &str, written: &str, known: &[&str]) -> String {
    let nearest = known.iter().map(|name| (strsim::damerau_levenshtein(written, name), *name)).min();
    match nearest {
        Some((distance, name)) if distance <= name.chars().count() / 2 => {
            format!("unknown {what} {written:?}; did you mean {name:?}?")
        }
        Some((_, name)) => {
            format!("unknown {what} {written:?}; the nearest known is {name:?}, of {}", known.join(", "))
        }
        None => format!("unknown {what} {written:?}"),
    }
}

/// Notes every key of `table` that is not among `known`, and removes it.
pub(super) fn refuse_unknown(table: &mut Table<'_>, known: &[&str], path: &str, faults: &Faults<'_>) {
    let strange: Vec<(String, Range<usize>)> = table
        .get_ref()
        .keys()
        .filter(|key| !known.contains(&key.get_ref().as_ref()))
        .map(|key| (key.get_ref().to_string(), key.span()))
        .collect();
    for (key, span) in strange {
        faults.add(Some(span), &join(path, &key), unknown("key", &key, known));
        table.get_mut().remove(key.as_str());
    }
}

/// Reads a table that has no keys but those of `T`.
pub(super) fn read_whole<T: DeserializeOwned>(
    mut table: Table<'_>,
    path: &str,
    faults: &Faults<'_>,
) -> Option<T> {
    refuse_unknown(&mut table, fields_of::<T>(), path, faults);
    read(&mut table, path, faults)
}

/// Takes the keys of `T` out of `table` and reads them, as [`read_as`] does.
pub(super) fn read<T: DeserializeOwned>(table: &mut Table<'_>, path: &str, faults: &Faults<'_>) -> Option<T> {
    read_as(PhantomData::<T>, table, path, faults)
}

/// The same as [`read_whole`], as [`read_far`] does.
pub(super) fn read_whole_far<T: DeserializeOwned>(
    mut table: Table<'_>,
    path: &str,
    faults: &Faults<'_>,
) -> Option<T> {
    refuse_unknown(&mut table, fields_of::<T>(), path, faults);
    read_far(&mut table, path, faults)
}

/// The same as [`read`], as far as it can be read: what is wrong is noted, and has its default, so that the rest can be checked.
pub(super) fn read_far<T: DeserializeOwned>(
    table: &mut Table<'_>,
    path: &str,
    faults: &Faults<'_>,
) -> Option<T> {
    as_far(PhantomData::<T>, table, path, faults).map(|(value, _)| value)
}

/// Takes the keys that `seed` asks for out of `table` and reads them. A key that cannot be read is noted and left out,
/// and the rest is read again, so that every fault is found in one go.
pub(super) fn read_as<'i, S: DeserializeSeed<'i> + Copy>(
    seed: S,
    table: &mut Table<'i>,
    path: &str,
    faults: &Faults<'_>,
) -> Option<S::Value> {
    as_far(seed, table, path, faults).and_then(|(value, sound)| sound.then_some(value))
}

/// What can be read, and whether that is all.
fn as_far<'i, S: DeserializeSeed<'i> + Copy>(
    seed: S,
    table: &mut Table<'i>,
    path: &str,
    faults: &Faults<'_>,
) -> Option<(S::Value, bool)> {
    let span = table.span();
    let mut own = DeTable::new();
    for key in fields_as(seed) {
        if let Some((key, value)) = table.get_mut().remove_entry(*key) {
            own.insert(key, value);
        }
    }
    let mut refused = BTreeSet::new();
    let mut sound = true;
    loop {
        let error =
            match seed.deserialize(toml::de::Deserializer::from(Spanned::new(span.clone(), own.clone()))) {
                Ok(value) => return Some((value, sound)),
                Err(error) => error,
            };
        sound = false;
        let at = error.span();
        let culprit = at.as_ref().and_then(|at| {
            own.iter()
                .find(|(_, value)| holds(value, at))
                .map(|(key, value)| (key.get_ref().to_string(), value.span()))
        });
        match culprit {
            Some((key, value_span)) => {
                faults.add(Some(at.unwrap_or(value_span)), &join(path, &key), readable(error.message()));
                own.remove(key.as_str());
                refused.insert(key);
            }
            None => {
                let missing =
                    error.message().strip_prefix("missing field `").and_then(|m| m.strip_suffix('`'));
                match missing {
                    Some(key) if refused.contains(key) => {}
                    Some(key) => faults.add(Some(span), &join(path, key), "this key is required"),
                    None => faults.add(Some(span), path, readable(error.message())),
                }
                return None;
            }
        }
    }
}

/// Whether a value, or one within it, stands around this place. A table with a header of its own stands around its header alone.
fn holds(value: &Spanned<DeValue<'_>>, at: &Range<usize>) -> bool {
    let span = value.span();
    let within = || match value.get_ref() {
        DeValue::Table(table) => table.iter().any(|(_, inner)| holds(inner, at)),
        DeValue::Array(items) => items.iter().any(|inner| holds(inner, at)),
        _ => false,
    };
    (span.start <= at.start && at.end <= span.end) || within()
}

/// Serde's words for a wrong type, without its Rust names, and without what stands there: it may be a secret in the wrong place.
fn readable(message: &str) -> String {
    let message = match (message.strip_prefix("invalid type: "), message.rfind(", expected ")) {
        (Some(found), Some(expected)) => {
            let what = found.find([' ', '`', '"']).and_then(|end| found.get(..end)).unwrap_or(found);
            let what = if found.starts_with("floating point") { "floating point" } else { what };
            format!(
                "invalid type: {}{}",
                what.split(',').next().unwrap_or(what),
                message.get(expected..).unwrap_or_default()
            )
        }
        _ => message.to_owned(),
    };
    [
        ("expected f32", "expected a number"),
        ("expected u32", "expected a whole number"),
        ("expected a sequence", "expected a list, such as [\"…\"]"),
    ]
    .iter()
    .fold(message, |message, (serde, plain)| message.replace(serde, plain))
}

/// The names that `T`'s derived `Deserialize` asks for, so that they are written once, in the type.
pub(super) fn fields_of<T: DeserializeOwned>() -> &'static [&'static str] {
    fields_as(PhantomData::<T>)
}

/// The names that what `seed` reads asks for.
pub(super) fn fields_as<'i, S: DeserializeSeed<'i>>(seed: S) -> &'static [&'static str] {
    struct Asked<'f>(&'f mut &'static [&'static str]);

    impl<'de> Deserializer<'de> for Asked<'_> {
        type Error = serde::de::value::Error;

        fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
            Err(serde::de::Error::custom("only the names are wanted"))
        }

        fn deserialize_struct<V: Visitor<'de>>(
            self,
            _: &'static str,
            fields: &'static [&'static str],
            visitor: V,
        ) -> Result<V::Value, Self::Error> {
            *self.0 = fields;
            self.deserialize_any(visitor)
        }

        serde::forward_to_deserialize_any! {
            bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
            newtype_struct seq tuple tuple_struct map enum identifier ignored_any
        }
    }

    let mut fields: &'static [&'static str] = &[];
    // The answer is an error by design: the names have been noted by then.
    let _ = seed.deserialize(Asked(&mut fields));
    fields
}
