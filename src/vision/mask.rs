use std::ops::Range;

use opencv::{
    core::{CV_8UC1, Mat, Point, Scalar, Vector},
    imgproc::fill_poly_def,
    prelude::*,
};

use super::VisionError;
use crate::geometry::Polygon;

/// What of a picture of one size is to be black: for each row, from the top, the columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mask {
    width: usize,
    rows: Vec<Vec<Range<usize>>>,
}

impl Mask {
    /// All of these polygons, in a picture of `width` × `height` pixels. A pixel that one of them only touches is black, too.
    ///
    /// # Errors
    /// [`VisionError`] where there is no such size or OpenCV refuses.
    pub fn new(polygons: &[Polygon], width: usize, height: usize) -> Result<Self, VisionError> {
        let wrong = || VisionError::WrongSize { width, height, bytes: 0 };
        let side = |side: usize| i32::try_from(side).ok().filter(|side| *side > 0).ok_or_else(wrong);
        let (columns, lines) = (side(width)?, side(height)?);
        let mut drawn = Mat::new_rows_cols_with_default(lines, columns, CV_8UC1, Scalar::default())?;
        // Outlines belong to what is filled, so that rounding down leaves nothing out on either side.
        let at = |fraction: f32, side: i32| ((fraction * side as f32).floor() as i32).clamp(0, side - 1);
        for polygon in polygons {
            let points = polygon.points().iter().map(|p| Point::new(at(p.x, columns), at(p.y, lines)));
            let mut outline: Vector<Vector<Point>> = Vector::new();
            outline.push(points.collect());
            fill_poly_def(&mut drawn, &outline, Scalar::all(1.0))?;
        }
        let rows = drawn.data_bytes()?.chunks_exact(width).map(runs).collect();
        Ok(Self { width, rows })
    }

    /// For each row the columns that are black.
    pub fn rows(&self) -> &[Vec<Range<usize>>] {
        &self.rows
    }

    /// Blackens a picture of its size: three bytes a pixel, in rows without gaps between them.
    pub fn blacken(&self, rgb: &mut [u8]) {
        for (row, runs) in rgb.chunks_mut(self.width.saturating_mul(3).max(1)).zip(&self.rows) {
            for run in runs {
                if let Some(pixels) = row.get_mut(run.start * 3..run.end * 3) {
                    pixels.fill(0);
                }
            }
        }
    }
}

/// Where a row is set.
fn runs(row: &[u8]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (column, _) in row.iter().enumerate().filter(|(_, set)| **set != 0) {
        match runs.last_mut() {
            Some(run) if run.end == column => run.end += 1,
            _ => runs.push(column..column + 1),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Point as Corner;

    fn polygon(corners: &[(f32, f32)]) -> Polygon {
        Polygon::new(corners.iter().map(|(x, y)| Corner::new(*x, *y)).collect()).expect("a polygon")
    }

    #[test]
    fn covers_every_pixel_that_a_polygon_touches() {
        let square = polygon(&[(0.25, 0.5), (0.55, 0.5), (0.55, 1.0), (0.25, 1.0)]);
        let mask = Mask::new(&[square], 10, 4).expect("a mask");
        let black: Vec<(usize, usize)> = mask
            .rows()
            .iter()
            .enumerate()
            .flat_map(|(y, runs)| runs.iter().map(move |run| (y, run.clone())))
            .map(|(y, run)| (y, run.len() * 100 + run.start))
            .collect();
        // Four columns from the third on.
        assert_eq!(black, [(2, 402), (3, 402)]);
    }

    #[test]
    fn where_polygons_overlap_it_stays_black() {
        let [one, two] = [(0.0, 0.6), (0.4, 1.0)]
            .map(|(left, right)| polygon(&[(left, 0.0), (right, 0.0), (right, 1.0), (left, 1.0)]));
        let mask = Mask::new(&[one, two], 20, 2).expect("a mask");
        let mut rgb = vec![9; 20 * 2 * 3];
        mask.blacken(&mut rgb);
        assert!(rgb.iter().all(|sample| *sample == 0));
    }

    #[test]
    fn there_is_no_mask_of_no_picture() {
        assert!(Mask::new(&[], 0, 5).is_err());
        assert_eq!(Mask::new(&[], 3, 1).expect("a mask").rows(), [Vec::<Range<usize>>::new()]);
    }
}
