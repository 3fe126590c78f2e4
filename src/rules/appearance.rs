use crate::domain::{THUMBNAIL_SIDE, Thumbnail};

/// By how many pixels each way a thumbnail may be shifted: what a box's jitter moves within it.
const SHIFT: isize = 2;

/// Variance of the luma below which a thumbnail shows nothing to compare: four of 255 grey levels.
const LEAST_VARIANCE: f64 = 16.0;

/// How alike two thumbnails are, -1 to 1: the normalised correlation (zero mean, so that neither brightness nor
/// contrast count) at the shift of up to two pixels that fits best. None where either shows nothing to compare.
///
/// Two looks at one vehicle give 0.9 and more, 0.2 to 0.5 while a passer-by covers part of it; two vehicles in one
/// place give 0.6 and less, since vehicles resemble one another.
pub fn similarity(a: &Thumbnail, b: &Thumbnail) -> Option<f32> {
    let mut best: Option<f64> = None;
    for dy in -SHIFT..=SHIFT {
        for dx in -SHIFT..=SHIFT {
            if let Some(r) = correlation(a, b, dx, dy) {
                best = Some(best.map_or(r, |known| known.max(r)));
            }
        }
    }
    best.map(|r| r as f32)
}

/// Pearson's correlation where `b`, shifted by (`dx`, `dy`), lies over `a`.
fn correlation(a: &Thumbnail, b: &Thumbnail, dx: isize, dy: isize) -> Option<f64> {
    let (a, b) = (a.pixels(), b.pixels());
    let side = THUMBNAIL_SIDE as isize;
    let span = |shift: isize| shift.max(0)..side + shift.min(0);
    let (mut n, mut sum_a, mut sum_b, mut sum_aa, mut sum_bb, mut sum_ab) =
        (0i64, 0i64, 0i64, 0i64, 0i64, 0i64);
    for y in span(dy) {
        for x in span(dx) {
            let p = i64::from(a[(y * side + x) as usize]);
            let q = i64::from(b[((y - dy) * side + x - dx) as usize]);
            n += 1;
            sum_a += p;
            sum_b += q;
            sum_aa += p * p;
            sum_bb += q * q;
            sum_ab += p * q;
        }
    }
    let n_f = n as f64;
    let (var_a, var_b) = ((n * sum_aa - sum_a * sum_a) as f64, (n * sum_bb - sum_b * sum_b) as f64);
    let least = LEAST_VARIANCE * n_f * n_f;
    (var_a >= least && var_b >= least)
        .then(|| ((n * sum_ab - sum_a * sum_b) as f64 / (var_a.sqrt() * var_b.sqrt())).clamp(-1.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(pixel: impl Fn(usize, usize) -> u8) -> Thumbnail {
        let mut pixels = [0; THUMBNAIL_SIDE * THUMBNAIL_SIDE];
        for (i, p) in pixels.iter_mut().enumerate() {
            *p = pixel(i % THUMBNAIL_SIDE, i / THUMBNAIL_SIDE);
        }
        Thumbnail::new(pixels)
    }

    fn blob(cx: usize, cy: usize, light: u8, base: u8) -> Thumbnail {
        picture(|x, y| if x.abs_diff(cx) < 5 && y.abs_diff(cy) < 3 { light } else { base })
    }

    #[test]
    fn neither_light_nor_a_small_shift_makes_another_vehicle() {
        let a = blob(10, 10, 200, 40);
        assert!(similarity(&a, &blob(10, 10, 120, 60)).is_some_and(|s| s > 0.99));
        assert!(similarity(&a, &blob(12, 9, 200, 40)).is_some_and(|s| s > 0.99));
        assert!(similarity(&a, &blob(18, 18, 200, 40)).is_some_and(|s| s < 0.3));
        assert!(similarity(&a, &blob(10, 10, 40, 200)).is_some_and(|s| s < 0.0));
    }

    #[test]
    fn an_even_thumbnail_says_nothing() {
        assert_eq!(similarity(&picture(|_, _| 128), &blob(10, 10, 200, 40)), None);
        assert_eq!(similarity(&picture(|x, _| 128 + (x % 2) as u8), &picture(|_, y| y as u8 * 10)), None);
    }
}
