//! Where files are put, as alerts say it.

use std::{fmt, sync::Arc};

/// Makes the address of a file from its name.
#[derive(Clone)]
pub struct Urls(Arc<dyn Fn(&str) -> String + Send + Sync>);

impl Urls {
    /// Addresses as this makes them. No secret is in them.
    pub fn new(of: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        Self(Arc::new(of))
    }

    /// The address of the file of this name.
    pub fn of(&self, name: &str) -> String {
        (self.0)(name)
    }
}

impl fmt::Debug for Urls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Urls")
    }
}
