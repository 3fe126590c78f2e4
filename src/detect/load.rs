use std::{io::Read, path::Path, sync::Arc};

use sha2::{Digest, Sha256};

use super::{DetectError, OnnxModel, Runtime, heads, models::OwnModel};
use crate::{
    catalog::{Catalog, ModelEntry, Store},
    config::DetectorConfig,
    domain::Class,
    files,
};

/// Finds the model that a configuration names, fetches it if need be, and reads it.
///
/// `name` is a name in the catalogue or the path of a file. A file that is known by its SHA-256 is read as the
/// catalogue says; any other needs `head`, `classes` and `input` in the configuration. `own` is set for a rule's own
/// model: its name is written into each of its detections.
///
/// # Errors
/// [`DetectError`] where it is neither, cannot be had, or is not told how to be read.
pub fn load(
    name: &str,
    told: &DetectorConfig,
    own: Option<&OwnModel>,
    runtime: &Runtime,
    store: &Store,
) -> Result<Arc<OnnxModel>, DetectError> {
    let catalog = Catalog::load()?;
    let path = Path::new(name);
    let as_file = name.ends_with(".onnx") || path.components().count() > 1;
    let model = if as_file {
        let bytes = read(path)?;
        let sha256 = format!("{:x}", Sha256::digest(&bytes));
        // What the user says of the detector's own file goes before what the catalogue says. Of a rule's file nothing can be said
        // but what is said of the detector's, so the catalogue goes first.
        let known = catalog.model_by_sha256(&sha256).filter(|_| own.is_some() || told.head.is_none());
        match (known, &told.head, &told.classes, told.input) {
            (None, Some(head), Some(classes), Some([width, height])) => {
                let pairs = classes.iter().flat_map(|(class, outputs)| outputs.iter().map(|o| (*o, *class)));
                let head = heads::find(head)?;
                OnnxModel::new(path, bytes, head, (width, height), None, pairs, told.confidence)
            }
            (Some(entry), ..) => listed(entry, path, bytes, told.confidence)?,
            (None, ..) => return Err(DetectError::Untold { path: path.to_owned(), sha256 }),
        }
    } else {
        let entry = catalog.model(name)?;
        match entry.item.built_in() {
            // No folder has to be writable for what the program has of itself.
            Some(bytes) => {
                listed(entry, Path::new(&format!("{name} (built in)")), bytes.to_vec(), told.confidence)?
            }
            None => {
                let path = store.ensure(entry)?;
                let bytes = read(&path)?;
                listed(entry, &path, bytes, told.confidence)?
            }
        }
    };
    // A file that is no model is refused here, before any footage is opened.
    let model = match told.second_look {
        Some(wanted) => model.looking_again_at(wanted.then_some(Class::Ebike)),
        None => model,
    };
    let faint = own.and_then(|own| own.faint);
    let model = Arc::new(model.owned_as(own.map(|own| own.name.clone())).telling_from(faint));
    model.try_out(runtime)?;
    Ok(model)
}

fn read(path: &Path) -> Result<Vec<u8>, DetectError> {
    let mut bytes = Vec::new();
    files::open(path)
        .and_then(|mut file| file.read_to_end(&mut bytes))
        .map(|_| bytes)
        .map_err(|source| DetectError::Unreadable { path: path.to_owned(), source })
}

/// A model that is read as the catalogue says.
fn listed(
    entry: &ModelEntry,
    path: &Path,
    bytes: Vec<u8>,
    confidence: f32,
) -> Result<OnnxModel, DetectError> {
    let input = (entry.input.width, entry.input.height);
    let (head, classes) = (heads::find(&entry.head)?, entry.classes.clone());
    let model = OnnxModel::new(path, bytes, head, input, Some(entry.class_count), classes, confidence);
    Ok(model.looking_again_at(entry.second_look))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_head_of_the_catalogue_is_known() {
        for model in Catalog::load().expect("the lists are sound").models() {
            assert!(heads::find(&model.head).is_ok(), "{}", model.head);
        }
    }
}
