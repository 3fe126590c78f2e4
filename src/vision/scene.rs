/// Columns and rows of the small picture that contrast and sharpness are measured on: four for each cell.
pub use firewarden_pixels::SMALL;
use firewarden_pixels::{cells, mean_and_deviation, roughness};

use super::{BAND, Band, Picture, Resampler, Tone, bars};
use crate::{domain::Scene, geometry::BBox, libav::Plane};

/// Cells of the grid on which change is measured.
const COLUMNS: usize = SMALL.0 / 4;
const ROWS: usize = SMALL.1 / 4;

/// A cell has changed when its mean luma moved by more than this (of 255): above sensor noise and what encoders do
/// to it, below a person in dark clothes before a dark wall.
const CHANGE: u8 = 10;

/// Side of the grid of single pixels that are compared exactly.
const POINTS: usize = 96;

/// What is kept of a picture to compare the next one with: 2.3 kB of mean luma per cell, 9 kB of single pixels and 37 kB of
/// the small picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The small picture itself, by which a shift is measured.
    small: Vec<u8>,
    cells: Vec<u8>,
    points: Vec<u8>,
}

/// Where no sample of the small picture has changed by more than this (of 255), nothing has. A sample of a 1080p picture
/// is the mean of 56 pixels: noise and coding move it less, a person that a detector could find moves some of them more.
const UNCHANGED: u8 = 8;

/// A small picture, kept to tell whether anything has changed since. 37 kB.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Small(Vec<u8>);

/// Tells the state of pictures, with buffers that are used again.
#[derive(Debug, Default)]
pub struct SceneState {
    resampler: Resampler,
    band: Band,
    small: Vec<u8>,
}

impl SceneState {
    /// The state of one picture by itself, and its signature. What is compared with the look before is added by
    /// [`Signature::compare`], in the order of the looks.
    pub fn of(&mut self, picture: &Picture<'_>) -> (Scene, Signature) {
        let (columns, rows) = SMALL;
        let plane = picture.luma_of(columns as f64, rows as f64);
        let (width, height) = (plane.width(), plane.height());
        self.resampler.set((width, height), (0.0..width as f64, 0.0..height as f64), SMALL);
        self.small.resize(columns * rows, 0);
        for (y, out) in self.small.chunks_exact_mut(columns).enumerate() {
            if y % BAND == 0 {
                self.resampler.band(&plane, y, &mut self.band);
            }
            for (out, value) in out.iter_mut().zip(self.band.row(y % BAND)) {
                *out = ((value + 128) >> 8) as u8;
            }
        }
        let (brightness, contrast) = mean_and_deviation(&self.small);
        let scene = Scene {
            brightness: rounded(brightness / 255.0),
            contrast: rounded(contrast / 255.0),
            sharpness: rounded(roughness(&self.small, columns) / 255.0),
            changed: None,
            changed_in: None,
            identical: None,
            moved: None,
        };
        (
            scene,
            Signature {
                small: self.small.clone(),
                cells: cells(&self.small, columns),
                points: points(picture.luma()),
            },
        )
    }

    /// Whether the picture that was looked at last shows within `part` what `before` shows.
    pub fn unchanged(&self, before: &Small, part: &BBox) -> bool {
        let (columns, rows) = SMALL;
        let inside = part.clipped();
        let (left, right) = (first(inside.left, columns), last(inside.right, columns));
        let (top, bottom) = (first(inside.top, rows), last(inside.bottom, rows));
        let lines = self.small.chunks_exact(columns).zip(before.0.chunks_exact(columns));
        lines.skip(top).take(bottom - top.min(bottom)).all(|(now, then)| {
            let part = left.min(right)..right;
            let (Some(now), Some(then)) = (now.get(part.clone()), then.get(part)) else { return true };
            now.iter().zip(then).all(|(now, then)| now.abs_diff(*then) <= UNCHANGED)
        })
    }

    /// The curve through which detectors are to see the picture that was looked at last; none where it shows enough.
    pub fn tone(&self) -> Option<Tone> {
        Tone::of(&self.small)
    }

    /// The part of the picture that was looked at last within the black bars around it; none where it has none.
    pub fn within_bars(&self) -> Option<BBox> {
        bars::within(&self.small)
    }

    /// Keeps the picture that was looked at last.
    pub fn keep(&self) -> Small {
        Small(self.small.clone())
    }
}

fn first(share: f32, length: usize) -> usize {
    ((share * length as f32).floor() as usize).min(length)
}

fn last(share: f32, length: usize) -> usize {
    ((share * length as f32).ceil() as usize).min(length)
}

impl Signature {
    /// The small picture, of [`SMALL`].
    pub(super) fn small(&self) -> &[u8] {
        &self.small
    }

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

/// Single pixels on an even grid: averaging would hide the noise by which a live picture is told from a frozen one.
fn points(luma: &Plane<'_>) -> Vec<u8> {
    let place = |index: usize, side: usize| (2 * index + 1) * side / (2 * POINTS);
    let mut points = Vec::with_capacity(POINTS * POINTS);
    for row in 0..POINTS {
        let samples = luma.row(place(row, luma.height()));
        points.extend((0..POINTS).filter_map(|column| samples.get(place(column, luma.width()))));
    }
    points
}

#[cfg(test)]
mod tests {
    use super::{super::picture::grey, *};

    fn picture(width: usize, height: usize, of: impl Fn(usize, usize) -> u8) -> Vec<u8> {
        (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| of(x, y)).collect()
    }

    fn look(pixels: &[u8], width: usize, height: usize) -> (Scene, Signature) {
        SceneState::default().of(&grey(pixels, width, height))
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
    fn what_changes_elsewhere_or_by_noise_changes_nothing() {
        let still = picture(640, 360, |x, y| ((x * 7 + y * 3) % 200) as u8);
        let mut state = SceneState::default();
        state.of(&grey(&still, 640, 360));
        let before = state.keep();
        let noisy = picture(640, 360, |x, y| still[y * 640 + x] + ((x * 31 + y * 17) % 9) as u8);
        state.of(&grey(&noisy, 640, 360));
        assert!(state.unchanged(&before, &BBox::WHOLE));
        let walker = picture(640, 360, |x, y| {
            if (500..516).contains(&x) && (300..340).contains(&y) { 90 } else { still[y * 640 + x] }
        });
        state.of(&grey(&walker, 640, 360));
        assert!(!state.unchanged(&before, &BBox::WHOLE));
        assert!(!state.unchanged(&before, &BBox::new(0.7, 0.7, 0.8, 1.0)));
        assert!(state.unchanged(&before, &BBox::new(0.0, 0.0, 0.7, 1.0)));
    }

    #[test]
    fn pictures_smaller_than_the_grid_have_a_state_too() {
        let (scene, signature) = look(&[10, 20, 30, 40], 2, 2);
        assert!(scene.brightness > 0.0);
        assert_eq!(signature.cells.len(), COLUMNS * ROWS);
    }
}
