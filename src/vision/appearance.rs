use opencv::{
    core::{Mat, Size},
    imgproc::{INTER_AREA, resize},
    prelude::*,
};

use super::VisionError;
use crate::{
    domain::{THUMBNAIL_SIDE, Thumbnail},
    geometry::BBox,
    libav::Plane,
};

/// The part of the picture within `bbox`, scaled to a thumbnail; none where less than a pixel of it lies in the
/// picture.
///
/// # Errors
/// [`VisionError`] where OpenCV refuses.
pub fn thumbnail(luma: &Plane<'_>, bbox: &BBox) -> Result<Option<Thumbnail>, VisionError> {
    let inside = bbox.clipped();
    let edge = |share: f32, side: usize| (f64::from(share) * side as f64).round() as i32;
    let (left, right) = (edge(inside.left, luma.width()), edge(inside.right, luma.width()));
    let (top, bottom) = (edge(inside.top, luma.height()), edge(inside.bottom, luma.height()));
    if !bbox.is_valid() || right <= left || bottom <= top {
        return Ok(None);
    }
    // Only the box's own rows are handed over: a plane's rows may lie apart.
    let mut samples = Vec::with_capacity(((right - left) * (bottom - top)) as usize);
    for y in top..bottom {
        samples
            .extend_from_slice(luma.row(y as usize).get(left as usize..right as usize).unwrap_or_default());
    }
    let crop = Mat::new_rows_cols_with_data(bottom - top, right - left, &samples)?;
    let mut small = Mat::default();
    let side = THUMBNAIL_SIDE as i32;
    resize(&crop, &mut small, Size::new(side, side), 0.0, 0.0, INTER_AREA)?;
    Ok(small.data_bytes()?.try_into().ok().map(Thumbnail::new))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_what_the_box_holds() {
        let pixels: Vec<u8> = (0..100 * 100).map(|i| if i % 100 < 50 { 20 } else { 220 }).collect();
        let luma = Plane::new(&pixels, 100, 100, 100).expect("the size fits");
        let left =
            thumbnail(&luma, &BBox::new(-0.2, 0.1, 0.4, 0.9)).expect("OpenCV takes it").expect("inside");
        assert!(left.pixels().iter().all(|p| *p == 20));
        let both =
            thumbnail(&luma, &BBox::new(0.25, 0.0, 0.75, 1.0)).expect("OpenCV takes it").expect("inside");
        assert_eq!((both.pixels()[0], both.pixels()[23]), (20, 220));
    }

    #[test]
    fn a_box_outside_the_picture_shows_nothing() {
        let luma = Plane::new(&[0; 16], 4, 4, 4).expect("the size fits");
        for bbox in [[1.0, 0.0, 1.2, 1.0], [0.5, 0.5, 0.5, 0.5], [f32::NAN, 0.0, 1.0, 1.0]] {
            assert_eq!(thumbnail(&luma, &bbox.into()).expect("OpenCV takes it"), None);
        }
    }
}
