use opencv::{
    core::{Mat, Size},
    imgproc::{INTER_AREA, resize},
    prelude::*,
};

use super::VisionError;

/// A picture of 8-bit red, green and blue, in rows without gaps between them, of `size` columns and rows, brought to the
/// smaller size `to`: each pixel is the mean of those that it covers.
///
/// # Errors
/// [`VisionError`] where `rgb` is not as large as `size` says, or OpenCV refuses.
pub fn shrink(rgb: &[u8], size: (u32, u32), to: (u32, u32)) -> Result<Vec<u8>, VisionError> {
    let (width, height) = (size.0 as usize, size.1 as usize);
    let wrong = || VisionError::WrongSize { width, height, bytes: rgb.len() };
    if width.checked_mul(height).and_then(|pixels| pixels.checked_mul(3)) != Some(rgb.len()) {
        return Err(wrong());
    }
    let side = |pixels: u32| i32::try_from(pixels).map_err(|_| wrong());
    let (rows, samples) = (side(size.1)?, side(size.0.saturating_mul(3))?);
    let whole = Mat::new_rows_cols_with_data(rows, samples, rgb)?;
    let whole = whole.reshape(3, rows)?;
    let mut small = Mat::default();
    resize(&whole, &mut small, Size::new(side(to.0)?, side(to.1)?), 0.0, 0.0, INTER_AREA)?;
    Ok(small.data_bytes()?.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pixel_is_the_mean_of_those_it_covers() {
        let rgb: Vec<u8> = [[0, 40, 200], [10, 60, 100]].repeat(4).concat();
        let small = shrink(&rgb, (4, 2), (2, 1)).expect("OpenCV takes it");
        assert_eq!(small, [[5, 50, 150]; 2].concat());
    }

    #[test]
    fn a_picture_of_another_size_is_refused() {
        for (bytes, size) in [(23, (4, 2)), (0, (1, 1)), (24, (u32::MAX, u32::MAX))] {
            let error = shrink(&vec![0; bytes], size, (1, 1)).expect_err("the size does not fit");
            assert!(matches!(error, VisionError::WrongSize { .. }), "{error}");
        }
        assert!(shrink(&[], (0, 0), (1, 1)).is_err(), "nothing can be made of nothing");
        assert!(shrink(&[0; 3], (1, 1), (0, 1)).is_err());
    }
}
