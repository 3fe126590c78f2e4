//! The lists as written, and what is left of them once they were checked.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Component, Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{built_in, error::CatalogError, shelf::Shelf};
use crate::domain::Class;

const MODELS: (&str, &str) = ("models/catalog.toml", include_str!("../../models/catalog.toml"));
const FOOTAGE: (&str, &str) = ("samples/catalog.toml", include_str!("../../samples/catalog.toml"));

/// Size of a model's input in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

/// Where a file can be had.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// A file of this name inside the program itself.
    BuiltIn(String),
    /// A path inside the mirror's folder.
    Mirror(PathBuf),
    /// A public address.
    Url(String),
    /// A file inside a Debian package.
    Debian {
        /// The package's name.
        package: String,
        /// The file's path from the root, without a leading slash.
        path: String,
    },
}

/// One source of a file, with the proof that belongs to it: sources of one entry may hold different builds of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Where.
    pub place: Place,
    /// SHA-256 of the file, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// Its exact size. No more than this is ever read from a network.
    pub bytes: u64,
}

/// What is the same for everything that can be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The list it is on.
    pub shelf: Shelf,
    /// The name in configurations and on the command line.
    pub name: String,
    /// One line for people.
    pub title: String,
    /// Its public page.
    pub origin: String,
    /// SPDX identifier.
    pub licence: String,
    /// The file's name in the store.
    pub file: String,
    /// Sources in the order in which they are asked: the program itself, mirror, address, Debian package.
    pub sources: Vec<Source>,
}

impl Item {
    /// Its bytes, where the program itself has them.
    pub fn built_in(&self) -> Option<&'static [u8]> {
        self.sources.iter().find_map(|source| match &source.place {
            Place::BuiltIn(name) => built_in::find(name),
            _ => None,
        })
    }
}

/// A detector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelEntry {
    /// Name, origin, licence, sources.
    pub item: Item,
    /// The name of the head that reads its outputs, one of `detect::heads`.
    pub head: String,
    /// Size of its input.
    pub input: Input,
    /// Number of classes it tells apart.
    pub class_count: usize,
    /// Which of them (0-based) mean what; all others are dropped.
    pub classes: BTreeMap<usize, Class>,
    /// What it finds of this class is looked at twice.
    pub second_look: Option<Class>,
}

/// A recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FootageEntry {
    /// Name, origin, licence, sources.
    pub item: Item,
}

impl AsRef<Item> for Item {
    fn as_ref(&self) -> &Item {
        self
    }
}

impl AsRef<Item> for ModelEntry {
    fn as_ref(&self) -> &Item {
        &self.item
    }
}

impl AsRef<Item> for FootageEntry {
    fn as_ref(&self) -> &Item {
        &self.item
    }
}

/// Both lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalog {
    default_model: String,
    models: Vec<ModelEntry>,
    footage: Vec<FootageEntry>,
}

impl Catalog {
    /// Reads the two lists that are built into the program.
    ///
    /// # Errors
    /// [`CatalogError::Malformed`] where one contradicts itself, which a test excludes.
    pub fn load() -> Result<Self, CatalogError> {
        Self::parse(MODELS.1, FOOTAGE.1)
    }

    /// Reads and checks two lists given as TOML.
    pub(super) fn parse(models: &str, footage: &str) -> Result<Self, CatalogError> {
        let in_models = |reason| CatalogError::Malformed { list: MODELS.0, reason };
        let in_footage = |reason| CatalogError::Malformed { list: FOOTAGE.0, reason };
        let models: RawModels = toml::from_str(models).map_err(|e| in_models(e.to_string()))?;
        let footage: RawFootage = toml::from_str(footage).map_err(|e| in_footage(e.to_string()))?;

        let default_model = models.default;
        let models: Vec<_> =
            models.model.into_iter().map(RawModel::check).collect::<Result<_, _>>().map_err(in_models)?;
        let footage: Vec<_> = footage
            .footage
            .into_iter()
            .map(|raw| Ok(FootageEntry { item: raw.check(Shelf::Footage)? }))
            .collect::<Result<_, _>>()
            .map_err(in_footage)?;
        distinct(models.iter().map(|m| &m.item)).map_err(in_models)?;
        distinct(footage.iter().map(|f| &f.item)).map_err(in_footage)?;

        let catalog = Self { default_model, models, footage };
        catalog.model(&catalog.default_model).map_err(|e| in_models(format!("default: {e}")))?;
        Ok(catalog)
    }

    /// The name of the model that is used where a configuration names none.
    pub fn default_model(&self) -> &str {
        &self.default_model
    }

    /// Every model, in the order of the list.
    pub fn models(&self) -> &[ModelEntry] {
        &self.models
    }

    /// Every recording, in the order of the list.
    pub fn footage(&self) -> &[FootageEntry] {
        &self.footage
    }

    /// The model of this name.
    ///
    /// # Errors
    /// [`CatalogError::Unknown`], with the nearest known name.
    pub fn model(&self, name: &str) -> Result<&ModelEntry, CatalogError> {
        named(&self.models, Shelf::Model, name)
    }

    /// The recording of this name.
    ///
    /// # Errors
    /// [`CatalogError::Unknown`], with the nearest known name.
    pub fn clip(&self, name: &str) -> Result<&FootageEntry, CatalogError> {
        named(&self.footage, Shelf::Footage, name)
    }

    /// The model that a file with this SHA-256 (hexadecimal) is, from whichever source it came.
    pub fn model_by_sha256(&self, sha256: &str) -> Option<&ModelEntry> {
        self.models.iter().find(|model| model.item.accepts(sha256))
    }
}

impl Item {
    /// Whether a file with this SHA-256 (hexadecimal) is this item.
    pub fn accepts(&self, sha256: &str) -> bool {
        self.sources.iter().any(|source| source.sha256.eq_ignore_ascii_case(sha256))
    }
}

fn named<'a, T: AsRef<Item>>(entries: &'a [T], shelf: Shelf, name: &str) -> Result<&'a T, CatalogError> {
    entries.iter().find(|entry| entry.as_ref().name == name).ok_or_else(|| {
        let known: Vec<String> = entries.iter().map(|entry| entry.as_ref().name.clone()).collect();
        let likeness = |candidate: &&String| strsim::jaro_winkler(name, candidate);
        let nearest = known
            .iter()
            .filter(|candidate| likeness(candidate) > 0.7)
            .max_by(|a, b| likeness(a).total_cmp(&likeness(b)))
            .cloned();
        CatalogError::Unknown { shelf, name: name.to_owned(), nearest, known }
    })
}

/// Two entries of one list may share neither their name nor their file.
fn distinct<'a>(items: impl Iterator<Item = &'a Item>) -> Result<(), String> {
    let (mut names, mut files) = (BTreeSet::new(), BTreeSet::new());
    for item in items {
        if !names.insert(&item.name) || !files.insert(&item.file) {
            return Err(format!("{}: its name or its file is that of another entry", item.name));
        }
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawModels {
    default: String,
    model: Vec<RawModel>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFootage {
    footage: Vec<RawItem>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawItem {
    name: String,
    title: String,
    origin: String,
    licence: String,
    file: String,
    source: Vec<RawSource>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawModel {
    name: String,
    title: String,
    origin: String,
    licence: String,
    file: String,
    source: Vec<RawSource>,
    head: String,
    input: Input,
    class_count: usize,
    classes: BTreeMap<Class, Vec<usize>>,
    second_look: Option<Class>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSource {
    built_in: Option<String>,
    mirror: Option<PathBuf>,
    url: Option<String>,
    debian: Option<RawDebian>,
    sha256: String,
    bytes: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDebian {
    package: String,
    path: String,
}

impl RawModel {
    fn check(self) -> Result<ModelEntry, String> {
        let Self {
            name,
            title,
            origin,
            licence,
            file,
            source,
            head,
            input,
            class_count,
            classes,
            second_look,
        } = self;
        let item = RawItem { name, title, origin, licence, file, source }.check(Shelf::Model)?;
        let mut by_output = BTreeMap::new();
        for (class, outputs) in classes {
            for output in outputs {
                if output >= class_count {
                    return Err(format!("{}: output {output} ({class}) of {class_count}", item.name));
                }
                if let Some(other) = by_output.insert(output, class) {
                    return Err(format!("{}: output {output} is both {other} and {class}", item.name));
                }
            }
        }
        if by_output.is_empty() || input.width == 0 || input.height == 0 {
            return Err(format!("{}: no classes, or an input without area", item.name));
        }
        if let Some(class) = second_look.filter(|class| !by_output.values().any(|told| told == class)) {
            return Err(format!("{}: a second look at {class}, which it does not tell", item.name));
        }
        Ok(ModelEntry { item, head, input, class_count, classes: by_output, second_look })
    }
}

impl RawItem {
    fn check(self, shelf: Shelf) -> Result<Item, String> {
        let Self { name, title, origin, licence, file, source } = self;
        let plain = Path::new(&file).components().eq([Component::Normal(file.as_ref())]);
        if !plain || file.starts_with('.') {
            return Err(format!("{name}: file {file:?} is not a plain file name"));
        }
        let mut sources = source
            .into_iter()
            .map(RawSource::check)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|reason| format!("{name}: {reason}"))?;
        if sources.is_empty() {
            return Err(format!("{name}: no source"));
        }
        sources.sort_by(|a, b| a.place.cmp(&b.place));
        Ok(Item { shelf, name, title, origin, licence, file, sources })
    }
}

impl RawSource {
    fn check(self) -> Result<Source, String> {
        let place = match (self.built_in, self.mirror, self.url, self.debian) {
            (Some(name), None, None, None) => Place::BuiltIn(name),
            (None, Some(path), None, None) => Place::Mirror(path),
            (None, None, Some(url), None) => Place::Url(url),
            (None, None, None, Some(RawDebian { package, path })) => Place::Debian { package, path },
            _ => return Err("a source is one of built_in, mirror, url, debian".to_owned()),
        };
        let inside = |path: &Path| path.components().all(|part| matches!(part, Component::Normal(_)));
        match &place {
            Place::Mirror(path) if !inside(path) => {
                return Err(format!("{} leaves the mirror", path.display()));
            }
            Place::Url(url) if !url.starts_with("https://") => return Err(format!("{url} is not https")),
            Place::Debian { path, .. } if !inside(path.as_ref()) => {
                return Err(format!("{path} is not relative"));
            }
            _ => {}
        }
        let digits = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if self.sha256.len() != 64 || !self.sha256.bytes().all(digits) {
            return Err(format!("{:?} is no SHA-256 of 64 lower-case hexadecimal digits", self.sha256));
        }
        if self.bytes == 0 {
            return Err("a file of 0 bytes".to_owned());
        }
        Ok(Source { place, sha256: self.sha256, bytes: self.bytes })
    }
}
