//! What somebody else says is repeated without what he knows from us and nobody else is to know.

use std::fmt;

use percent_encoding::percent_decode_str;

use crate::address::Parts;

/// Shorter ones are in too many words to be taken out of what is said, and are no secrets.
const SHORTEST: usize = 4;
/// What stands in their place.
const INSTEAD: &str = "…";

/// Texts that are not to be repeated: servers and programs like to quote what they were given.
#[derive(Clone, Default)]
pub(crate) struct Hidden(Vec<String>);

impl Hidden {
    /// Hides these texts.
    pub fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut hidden = Self::default();
        texts.into_iter().for_each(|text| hidden.add(text));
        hidden.sorted()
    }

    /// Hides all of an address but where it leads: user name and password, path and parameters, whole and each part by itself.
    pub fn of_address(Parts { user, path, .. }: Parts<'_>) -> Self {
        let mut hidden = Self::default();
        for text in [path, user.unwrap_or_default()] {
            hidden.add(text);
            text.split(['/', '?', '#', '&', '=', ';', ':']).for_each(|part| hidden.add(part));
            text.split(['?', '#']).for_each(|part| hidden.add(part));
        }
        hidden.sorted()
    }

    /// As they come in a text: as they are, and as programs decode them.
    fn add(&mut self, text: &str) {
        let decoded = percent_decode_str(text).decode_utf8_lossy();
        for text in [text, &decoded] {
            let text = text.trim_matches('/');
            if text.chars().count() >= SHORTEST && !self.0.iter().any(|known| known == text) {
                self.0.push(text.to_owned());
            }
        }
    }

    /// The longest first: a part of one that was taken out before would leave the rest of it.
    fn sorted(mut self) -> Self {
        self.0.sort_by_key(|text| std::cmp::Reverse(text.len()));
        self
    }

    /// A text without them.
    pub fn clean(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, hidden| text.replace(hidden.as_str(), INSTEAD))
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hidden({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Address;

    #[test]
    fn of_an_address_nothing_is_repeated_but_where_it_leads() {
        let address = Address::from(
            "https://viewer:p%40ssword@open.example/hook/s3cret-one?key=s3cret%2Ftwo".to_owned(),
        );
        let hidden = Hidden::of_address(address.parts().expect("an address"));
        for said in [
            "Cannot POST /hook/s3cret-one?key=s3cret%2Ftwo",
            "no route for /hook/s3cret-one",
            "s3cret-one: unknown; s3cret/two: unknown",
            "viewer:p@ssword is wrong, and so is p%40ssword",
        ] {
            let clean = hidden.clean(said);
            for secret in ["s3cret", "ssword", "viewer"] {
                assert!(!clean.contains(secret), "{clean}");
            }
        }
        assert_eq!(hidden.clean("open.example is busy"), "open.example is busy");
        assert!(!format!("{hidden:?}").contains("s3cret"));
    }

    #[test]
    fn short_words_stay() {
        let hidden = Hidden::of(["on", "-v", "", "4711", "4711-long"]);
        assert_eq!(hidden.clean("on is no option: 4711-long, 4711"), "on is no option: …, …");
    }
}
