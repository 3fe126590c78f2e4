//! Stills as they are inlined: as they are while there are few, smaller the more there are.

use std::{collections::BTreeMap, fs, path::Path, sync::Mutex, thread};

use base64::{Engine, engine::general_purpose::STANDARD};
use image::{ExtendedColorType, ImageEncoder, ImageFormat, ImageReader, codecs::jpeg::JpegEncoder};

use crate::domain::{EvidenceRole, Violation};

/// How wide so many stills may be in pixels, and at which JPEG quality: so that a thousand violations give a page that
/// still opens at once, and a handful can be judged without opening another file.
fn size(stills: usize) -> (u32, u8) {
    match stills {
        0..=24 => (1280, 80),
        25..=150 => (640, 75),
        _ => (280, 65),
    }
}

/// A still, ready for a page.
pub struct Inlined {
    /// Its bytes as a `data:` address.
    pub data: String,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

/// The stills of a report by name. One that cannot be read is not among them.
#[derive(Default)]
pub struct Pictures(BTreeMap<String, Inlined>);

impl Pictures {
    /// Reads the stills of all violations from the result folder, and makes them smaller where they are many.
    pub fn read(violations: &[Violation], folder: &Path) -> Self {
        let names: Vec<&str> = violations
            .iter()
            .flat_map(|violation| &violation.evidence)
            .filter(|file| file.role != EvidenceRole::Clip)
            .map(|file| file.name.as_str())
            .collect();
        let (width, quality) = size(names.len());
        let done = Mutex::new(BTreeMap::new());
        let workers = thread::available_parallelism().map_or(1, usize::from);
        thread::scope(|scope| {
            for part in names.chunks(names.len().div_ceil(workers).max(1)) {
                let done = &done;
                scope.spawn(move || {
                    for name in part {
                        if let Some(picture) = inline(&folder.join(name), width, quality) {
                            let mut done = done.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                            done.insert((*name).to_owned(), picture);
                        }
                    }
                });
            }
        });
        Self(done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    /// The still of this name.
    pub fn get(&self, name: &str) -> Option<&Inlined> {
        self.0.get(name)
    }
}

fn inline(path: &Path, most: u32, quality: u8) -> Option<Inlined> {
    let bytes = fs::read(path).ok()?;
    let reader = || ImageReader::with_format(std::io::Cursor::new(&bytes), ImageFormat::Jpeg);
    let (width, height) = reader().into_dimensions().ok()?;
    let data = |jpeg: &[u8]| format!("data:image/jpeg;base64,{}", STANDARD.encode(jpeg));
    if width <= most {
        return Some(Inlined { data: data(&bytes), width, height });
    }
    let whole = reader().decode().ok()?;
    let to = (most, (u64::from(height) * u64::from(most) / u64::from(width)).max(1) as u32);
    let small = whole.thumbnail_exact(to.0, to.1).into_rgb8();
    let mut jpeg = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut jpeg, quality);
    encoder.write_image(&small, to.0, to.1, ExtendedColorType::Rgb8).ok()?;
    Some(Inlined { data: data(&jpeg), width: to.0, height: to.1 })
}
