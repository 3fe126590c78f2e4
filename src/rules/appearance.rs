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
    // Where the two lie over each other: in `a`, and as far in `b` from the other end.
    let over = |shift: isize| {
        let (side, by) = (THUMBNAIL_SIDE, shift.unsigned_abs().min(THUMBNAIL_SIDE));
        if shift >= 0 { (by..side, 0..side - by) } else { (0..side - by, by..side) }
    };
    let ((columns_a, columns_b), (rows_a, rows_b)) = (over(dx), over(dy));
    let n = (columns_a.len() * rows_a.len()) as i64;
    // Whole numbers of 32 bits hold them (576 × 255²), and go into vectors.
    let (mut sum_a, mut sum_b, mut sum_aa, mut sum_bb, mut sum_ab) = (0u32, 0u32, 0u32, 0u32, 0u32);
    let ((a, _), (b, _)) =
        (a.pixels().as_chunks::<THUMBNAIL_SIDE>(), b.pixels().as_chunks::<THUMBNAIL_SIDE>());
    for (a, b) in a[rows_a].iter().zip(&b[rows_b]) {
        for (p, q) in a[columns_a.clone()].iter().zip(&b[columns_b.clone()]) {
            let (p, q) = (u32::from(*p), u32::from(*q));
            sum_a += p;
            sum_b += q;
            sum_aa += p * p;
            sum_bb += q * q;
            sum_ab += p * q;
        }
    }
    let [sum_a, sum_b, sum_aa, sum_bb, sum_ab] = [sum_a, sum_b, sum_aa, sum_bb, sum_ab].map(i64::from);
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
