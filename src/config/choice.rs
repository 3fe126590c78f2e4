//! Tables whose keys depend on their `kind`.

use toml::de::DeValue;

use super::{
    places::Places,
    section::{Table, unknown},
};

/// Takes `kind` out of a table: which of these it is.
pub(super) fn choose<K: Copy>(
    table: &mut Table<'_>,
    all: &[K],
    name: fn(K) -> &'static str,
    places: &Places<'_, '_>,
) -> Option<K> {
    let names: Vec<&str> = all.iter().map(|kind| name(*kind)).collect();
    let Some(kind) = table.get_mut().remove("kind") else {
        places.fault("kind", format!("this key is required: one of {}", names.join(", ")));
        return None;
    };
    let DeValue::String(kind) = kind.into_inner() else {
        places.fault("kind", format!("one of {} is wanted here", names.join(", ")));
        return None;
    };
    let found = all.iter().find(|known| name(**known) == kind).copied();
    if found.is_none() {
        let shown: String = kind.chars().take(40).collect();
        places.fault("kind", unknown("kind", &shown, &names));
    }
    found
}

/// Notes every key of a table of this kind that it does not know, and removes it. One that another kind knows is said to be
/// of that; `shared` are those that all kinds have.
pub(super) fn refuse_strange(
    table: &mut Table<'_>,
    kind: &str,
    shared: &[&'static str],
    kinds: &[(&'static str, &'static [&'static str])],
    places: &Places<'_, '_>,
) {
    let own = kinds.iter().find(|(name, _)| *name == kind).map_or(&[][..], |(_, keys)| keys);
    let known: Vec<&str> = own.iter().copied().chain(["kind"]).chain(shared.iter().copied()).collect();
    let strange: Vec<String> = table
        .get_ref()
        .keys()
        .map(|key| key.get_ref().to_string())
        .filter(|key| !known.contains(&key.as_str()))
        .collect();
    for key in strange {
        let has = |(_, keys): &&(&str, &[&'static str])| keys.contains(&key.as_str());
        let others: Vec<&str> = kinds.iter().filter(has).map(|(name, _)| *name).collect();
        let message = if others.is_empty() {
            unknown("key", &key, &known)
        } else {
            format!("{key:?} is a key of {}, not of {kind}", others.join(", "))
        };
        places.fault(&key, message);
        table.get_mut().remove(key.as_str());
    }
}
