//! Stills as robots take them: JPEG, and not too large.

use std::{
    io::{Cursor, Read},
    path::{Component, Path, PathBuf},
};

use image::{
    DynamicImage, ExtendedColorType, ImageEncoder, ImageFormat, ImageReader, codecs::jpeg::JpegEncoder,
};

use crate::files;

/// No picture has more bytes.
const LARGEST: usize = 2_000_000;
/// No larger file is read.
const LARGEST_FILE: u64 = 64 << 20;
/// How wide a still becomes that is too large, in pixels, and its JPEG quality: the first that is small enough.
const SMALLER: [(u32, u8); 3] = [(1_920, 80), (1_280, 75), (640, 60)];

/// The bytes of a still by the name that alerts have for it.
pub(super) fn read(evidence: &Path, name: &str) -> Option<Vec<u8>> {
    let file = places(evidence, name)?.find_map(|path| files::open(&path).ok())?;
    let mut bytes = Vec::new();
    file.take(LARGEST_FILE).read_to_end(&mut bytes).ok()?;
    match bytes.starts_with(&[0xFF, 0xD8, 0xFF]) {
        true if bytes.len() <= LARGEST => Some(bytes),
        true => smaller(&bytes),
        false => None,
    }
}

/// Where it may lie: in names, `evidence` stands for the folder itself. A name that leads out of the folder names nothing.
fn places(evidence: &Path, name: &str) -> Option<impl Iterator<Item = PathBuf>> {
    let name = Path::new(name);
    let is_below = name.components().all(|part| matches!(part, Component::Normal(_)));
    let within = name.strip_prefix("evidence").unwrap_or(name);
    is_below.then(|| [evidence.join(within), evidence.join(name)].into_iter())
}

fn smaller(bytes: &[u8]) -> Option<Vec<u8>> {
    let whole = ImageReader::with_format(Cursor::new(bytes), ImageFormat::Jpeg).decode().ok()?;
    SMALLER
        .iter()
        .find_map(|(width, quality)| encode(&whole, *width, *quality).filter(|jpeg| jpeg.len() <= LARGEST))
}

fn encode(whole: &DynamicImage, width: u32, quality: u8) -> Option<Vec<u8>> {
    let picture = whole.thumbnail(width.min(whole.width()), u32::MAX).into_rgb8();
    let mut jpeg = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut jpeg, quality);
    encoder.write_image(&picture, picture.width(), picture.height(), ExtendedColorType::Rgb8).ok()?;
    Some(jpeg)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(width: u32, height: u32) -> Vec<u8> {
        let mut seed = 1_u32;
        let picture = image::RgbImage::from_fn(width, height, |_, _| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            image::Rgb([(seed >> 8) as u8, (seed >> 16) as u8, (seed >> 24) as u8])
        });
        let mut jpeg = Vec::new();
        let encoder = JpegEncoder::new_with_quality(&mut jpeg, 95);
        encoder.write_image(&picture, width, height, ExtendedColorType::Rgb8).expect("encoded");
        jpeg
    }

    #[test]
    fn a_small_one_is_sent_as_it_is_and_a_large_one_smaller() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("2026-11-24")).expect("a folder");
        let (small, large) = (noise(64, 48), noise(1_600, 1_200));
        assert!(large.len() > LARGEST, "{} bytes", large.len());
        std::fs::write(folder.path().join("2026-11-24/small.jpg"), &small).expect("written");
        std::fs::write(folder.path().join("2026-11-24/large.jpg"), &large).expect("written");
        assert_eq!(read(folder.path(), "evidence/2026-11-24/small.jpg"), Some(small));
        let sent = read(folder.path(), "evidence/2026-11-24/large.jpg").expect("a still");
        assert!(sent.len() <= LARGEST, "{} bytes", sent.len());
        let shown = image::load_from_memory_with_format(&sent, ImageFormat::Jpeg).expect("a JPEG");
        assert_eq!(shown.width() * 3, shown.height() * 4);
        assert!(shown.width() <= 1_600, "nothing is enlarged");
    }

    #[test]
    fn what_is_no_still_below_the_folder_is_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let below = folder.path().join("evidence");
        std::fs::create_dir(&below).expect("a folder");
        std::fs::write(folder.path().join("outside.jpg"), noise(8, 8)).expect("written");
        std::fs::write(below.join("text.jpg"), "no picture").expect("written");
        for name in
            ["../outside.jpg", "evidence/../../outside.jpg", "/etc/passwd", "text.jpg", "none.jpg", ""]
        {
            assert_eq!(read(&below, name), None, "{name}");
        }
        assert_eq!(smaller(b"\xFF\xD8\xFFno picture"), None);
    }
}
