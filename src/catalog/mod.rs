//! What can be fetched (models and footage), from where, and the proof that a file is what it claims to be.
//!
//! The two lists are `models/catalog.toml` and `samples/catalog.toml`, both built into the program. A [`Store`] brings
//! what they list into a folder of this machine: from a mirror's folder, from a public address or out of a Debian
//! package, whichever has it first. No file is used before its SHA-256 was compared with the one listed.
//!
//! ```no_run
//! use firewarden::catalog::{Catalog, Store};
//! let catalog = Catalog::load()?;
//! let path = Store::from_env()?.ensure(catalog.model("yolox-nano")?)?;
//! # Ok::<(), firewarden::catalog::CatalogError>(())
//! ```

mod built_in;
mod debian;
mod entry;
mod error;
mod fetch;
mod shelf;
mod store;
#[cfg(test)]
mod tests;

pub use entry::{Catalog, FootageEntry, Input, Item, ModelEntry, Place, Source};
pub use error::{Attempt, CatalogError};
pub use shelf::Shelf;
pub use store::{Fetched, Presence, Store};
