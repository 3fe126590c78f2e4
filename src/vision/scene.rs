use opencv::{
    core::{Mat, Size},
    imgproc::{INTER_AREA, resize},
    prelude::*,
};

use super::{Luma, VisionError};
use crate::{domain::Scene, geometry::BBox};

/// Cells of the grid on which change is measured.
const COLUMNS: usize = 64;
const ROWS: usize = 36;

/// A cell has changed when its mean luma moved by more than this (of 255): above sensor noise and what encoders do
/// to it, below a person in dark clothes before a dark wall.
const CHANGE: u8 = 10;

/// Side of the grid of single pixels that are compared exactly.
const POINTS: usize = 96;

/// What is kept of a picture to compare the next one with: 2.3 kB of mean luma per cell and 9 kB of single pixels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    cells: Vec<u8>,
    points: Vec<u8>,
}

/// The state of one picture by itself, and its signature. What is compared with the look before is added by
/// [`Signature::compare`], in the order of the looks.
///
/// # Errors
/// [`VisionError`] where OpenCV refuses.
pub fn state(luma: &Luma<'_>) -> Result<(Scene, Signature), VisionError> {
    let picture = luma.mat()?;
    // Where the picture is smaller than the grid, the grid is what there is.
    let mut small = Mat::default();
    let (columns, rows) = (4 * COLUMNS as i32, 4 * ROWS as i32);
    resize(&picture, &mut small, Size::new(columns, rows), 0.0, 0.0, INTER_AREA)?;
    let mut cells = Mat::default();
    resize(&small, &mut cells, Size::new(COLUMNS as i32, ROWS as i32), 0.0, 0.0, INTER_AREA)?;
    let small = small.data_bytes()?;
    let (brightness, contrast) = mean_and_deviation(small);
    let scene = Scene {
        brightness: rounded(brightness / 255.0),
        contrast: rounded(contrast / 255.0),
        sharpness: rounded(roughness(small, columns as usize) / 255.0),
        changed: None,
        changed_in: None,
        identical: None,
    };
    Ok((scene, Signature { cells: cells.data_bytes()?.to_vec(), points: points(luma) }))
}

impl Signature {
    /// Adds to `scene` what changed since `before`: the signature of the look before, of the same camera.
    pub fn compare(&self, before: &Self, scene: &mut Scene) {
        let mut changed = 0_u32;
        let mut area: Option<BBox> = None;
        for (index, (now, then)) in self.cells.iter().zip(&before.cells).enumerate() {
            if now.abs_diff(*then) > CHANGE {
                changed += 1;
                let (x, y) = ((index % COLUMNS) as f32, (index / COLUMNS) as f32);
                let (columns, rows) = (COLUMNS as f32, ROWS as f32);
                let cell = BBox::new(x / columns, y / rows, (x + 1.0) / columns, (y + 1.0) / rows);
                area = Some(area.map_or(cell, |area| area.union(&cell)));
            }
        }
        let same = self.points.iter().zip(&before.points).filter(|(now, then)| now == then).count();
        scene.changed = Some(rounded(changed as f32 / (COLUMNS * ROWS) as f32));
        scene.changed_in =
            area.map(|a| BBox::new(rounded(a.left), rounded(a.top), rounded(a.right), rounded(a.bottom)));
        scene.identical = Some(rounded(same as f32 / self.points.len().max(1) as f32));
    }
}

fn rounded(value: f32) -> f32 {
    (value * 1e4).round() / 1e4
}

fn mean_and_deviation(pixels: &[u8]) -> (f32, f32) {
    let count = pixels.len().max(1) as f64;
    let sum: u64 = pixels.iter().map(|p| u64::from(*p)).sum();
    let squares: u64 = pixels.iter().map(|p| u64::from(*p).pow(2)).sum();
    let mean = sum as f64 / count;
    (mean as f32, (squares as f64 / count - mean * mean).max(0.0).sqrt() as f32)
}

/// Mean difference between a pixel and its right and lower neighbours.
fn roughness(pixels: &[u8], width: usize) -> f32 {
    let across: u64 = pixels
        .chunks_exact(width)
        .flat_map(|row| row.windows(2))
        .map(|pair| u64::from(pair[0].abs_diff(pair[1])))
        .sum();
    let down: u64 =
        pixels.iter().zip(pixels.iter().skip(width)).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    (across + down) as f32 / (2 * pixels.len().max(1)) as f32
}

/// Single pixels on an even grid: averaging would hide the noise by which a live picture is told from a frozen one.
fn points(luma: &Luma<'_>) -> Vec<u8> {
    let place = |index: usize, side: usize| (2 * index + 1) * side / (2 * POINTS);
    (0..POINTS)
        .flat_map(|row| (0..POINTS).map(move |column| (row, column)))
        .filter_map(|(row, column)| {
            luma.pixels.get(place(row, luma.height) * luma.width + place(column, luma.width)).copied()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(width: usize, height: usize, of: impl Fn(usize, usize) -> u8) -> Vec<u8> {
        (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| of(x, y)).collect()
    }

    fn look(pixels: &[u8], width: usize, height: usize) -> (Scene, Signature) {
        state(&Luma::new(pixels, width, height).expect("the size fits")).expect("OpenCV takes it")
    }

    #[test]
    fn dark_even_and_detailed_pictures_are_told_apart() {
        let (dark, _) = look(&picture(640, 360, |_, _| 4), 640, 360);
        let (gray, _) = look(&picture(640, 360, |_, _| 128), 640, 360);
        let (stripes, _) = look(&picture(640, 360, |x, _| if x / 20 % 2 == 0 { 40 } else { 200 }), 640, 360);
        assert!(dark.brightness < 0.05 && gray.brightness > 0.45);
        assert!(gray.contrast < 0.01 && stripes.contrast > 0.2);
        assert!(gray.sharpness < 0.001 && stripes.sharpness > 0.01);
    }

    #[test]
    fn says_how_much_changed_and_where() {
        let still = picture(640, 360, |x, y| ((x + y) % 200) as u8);
        let moved = picture(640, 360, |x, y| if x < 320 && y < 180 { 255 } else { ((x + y) % 200) as u8 });
        let ((mut scene, now), (_, before)) = (look(&moved, 640, 360), look(&still, 640, 360));
        now.compare(&before, &mut scene);
        assert_eq!(scene.changed_in, Some(BBox::new(0.0, 0.0, 0.5, 0.5)));
        assert!((scene.changed.expect("compared") - 0.25).abs() < 0.02);
        assert!((scene.identical.expect("compared") - 0.75).abs() < 0.02);
        now.compare(&now, &mut scene);
        assert_eq!((scene.changed, scene.changed_in, scene.identical), (Some(0.0), None, Some(1.0)));
    }

    #[test]
    fn pictures_smaller_than_the_grid_have_a_state_too() {
        let (scene, signature) = look(&[10, 20, 30, 40], 2, 2);
        assert!(scene.brightness > 0.0);
        assert_eq!(signature.cells.len(), COLUMNS * ROWS);
        assert!(Luma::new(&[], 0, 0).is_err());
    }
}
