use crate::domain::Thumbnail;

/// How alike two thumbnails are, -1 to 1: the normalised correlation (zero mean, so that neither brightness nor
/// contrast count) at the shift of up to two pixels that fits best. None where either shows nothing to compare.
///
/// Two looks at one vehicle give 0.9 and more, 0.2 to 0.5 while a passer-by covers part of it; two vehicles in one
/// place give 0.6 and less, since vehicles resemble one another.
pub fn similarity(a: &Thumbnail, b: &Thumbnail) -> Option<f32> {
    firewarden_pixels::similarity(a.pixels(), b.pixels())
}
