//! Where something is posted.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use ureq::{Agent, RequestBuilder, http::header, typestate::WithBody};

use super::hidden::Hidden;
use crate::address::Parts;

/// Where something is posted, taken apart: `Debug` and `Display` give no more than the host.
#[derive(Clone)]
pub(crate) struct Endpoint {
    /// Without user name and password.
    url: String,
    /// What tells the server who posts, where the address has a user name.
    authorization: Option<String>,
    is_https: bool,
    shown: String,
    hidden: Hidden,
}

impl Endpoint {
    /// Of an address with these parts. What has none is no address, and nothing can be posted there.
    pub fn of(parts: Option<Parts<'_>>) -> Self {
        let Some(parts) = parts else {
            let (url, shown) = (String::new(), INSTEAD.to_owned());
            return Self { url, authorization: None, is_https: false, shown, hidden: Hidden::default() };
        };
        let Parts { scheme, user, host, port, path } = parts;
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        let path = path.split('#').next().unwrap_or_default();
        let path = utf8_percent_encode(path, UNUSUAL).to_string();
        Self {
            url: format!("{scheme}://{host}{port}{path}"),
            authorization: user.map(basic),
            is_https: scheme.eq_ignore_ascii_case("https"),
            shown: format!("{scheme}://{host}{port}/{INSTEAD}"),
            hidden: Hidden::of_address(Parts { path: &path, ..parts }),
        }
    }

    /// Whether the server must show a certificate.
    pub fn is_https(&self) -> bool {
        self.is_https
    }

    /// What is not to be repeated of what is said about it.
    pub fn hidden(&self) -> &Hidden {
        &self.hidden
    }

    /// A request that posts something there.
    pub fn post(&self, agent: &Agent) -> RequestBuilder<WithBody> {
        let request = agent.post(&self.url);
        match &self.authorization {
            Some(authorization) => request.header(header::AUTHORIZATION, authorization),
            None => request,
        }
    }
}

/// What people write into a path, and HTTP does not have there. A character that is not ASCII is, too.
const UNUSUAL: &AsciiSet =
    &CONTROLS.add(b'"').add(b'<').add(b'>').add(b'\\').add(b'^').add(b'`').add(b'{').add(b'|').add(b'}');

/// What stands for what is not shown.
const INSTEAD: &str = "…";

/// User name and password as HTTP has them. The HTTP client does not take them from an address.
fn basic(user: &str) -> String {
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    let mut pair: Vec<u8> = percent_decode_str(name).collect();
    pair.push(b':');
    pair.extend(percent_decode_str(password));
    format!("Basic {}", STANDARD.encode(pair))
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Address;

    fn endpoint(address: &str) -> Endpoint {
        Endpoint::of(Address::from(address.to_owned()).parts())
    }

    #[test]
    fn who_posts_is_told_apart_from_where() {
        let with = endpoint("https://viewer:p%40ss@[::1]:8443/hold?key=s3cret#x");
        assert_eq!(with.url, "https://[::1]:8443/hold?key=s3cret");
        assert_eq!(with.authorization.as_deref(), Some("Basic dmlld2VyOnBAc3M="));
        assert_eq!(format!("{with} {with:?}"), "https://[::1]:8443/… https://[::1]:8443/…");
        let without = endpoint("http://10.2.0.40?a=1");
        assert_eq!((without.url.as_str(), without.authorization), ("http://10.2.0.40?a=1", None));
        assert!(with.is_https && !without.is_https);
    }

    #[test]
    fn a_path_may_be_written_as_people_write() {
        let endpoint = endpoint("http://h/报警/a%20b?x={1}&y=\"2\"");
        assert_eq!(endpoint.url, "http://h/%E6%8A%A5%E8%AD%A6/a%20b?x=%7B1%7D&y=%222%22");
        endpoint.url.parse::<ureq::http::Uri>().expect("an address as HTTP has them");
        for said in ["no /报警/a b", "no /%E6%8A%A5%E8%AD%A6/a%20b"] {
            assert_eq!(endpoint.hidden.clean(said), "no /…");
        }
    }

    #[test]
    fn what_is_no_address_is_not_shown() {
        assert_eq!(endpoint("s3cret").to_string(), "…");
    }
}
