//! Addresses that sinks, reactions and uploads reach.

use super::places::Places;
use crate::address::{Address, Parts};

/// The longest address that is taken.
const LONGEST: usize = 2_000;

/// How something is reached: what it is, by which schemes, and an example.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reached {
    pub what: &'static str,
    pub schemes: &'static [&'static str],
    pub example: &'static str,
}

/// Whatever is reached by HTTP.
pub(super) const BY_HTTP: Reached =
    Reached { what: "it", schemes: &["https", "http"], example: "https://platform.example/alerts" };

/// The parts of an address by which something is reached; none where it is none, which is noted.
pub(super) fn check<'a>(
    parts: Option<Parts<'a>>,
    length: usize,
    reached: Reached,
    key: &str,
    places: &Places<'_, '_>,
) -> Option<Parts<'a>> {
    let Reached { what, schemes, example } = reached;
    let Some(parts) = parts.filter(|_| length <= LONGEST) else {
        places.fault(
            key,
            format!(
                "it is no address, or longer than {LONGEST} bytes: write it such as {example}; in a password each of : / ? # @ % \
                 is written by its number, as %40"
            ),
        );
        return None;
    };
    if !schemes.contains(&parts.scheme) {
        let schemes = schemes.iter().map(|scheme| format!("{scheme}://")).collect::<Vec<_>>().join(" or ");
        places.fault(key, format!("{what} is reached by {schemes}: write it such as {example}"));
        return None;
    }
    Some(parts)
}

/// Checks an address below which files are put.
pub(super) fn check_below(address: &Address, key: &str, places: &Places<'_, '_>) {
    let reached = Reached { example: "https://platform.example/evidence", ..BY_HTTP };
    let parts = check(address.parts(), address.as_str().len(), reached, key, places);
    if parts.is_some_and(|parts| parts.path.contains(['?', '#'])) {
        places.fault(key, "names of files are put behind it: leave out what begins with ? or #");
    }
}
