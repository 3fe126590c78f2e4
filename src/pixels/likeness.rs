/// Columns and rows of a thumbnail.
pub const SIDE: usize = 24;

/// By how many pixels each way a thumbnail may be shifted: what a box's jitter moves within it.
const SHIFT: usize = 2;

/// Variance of the luma below which a thumbnail shows nothing to compare: four of 255 grey levels.
const LEAST_VARIANCE: f64 = 16.0;

/// How alike two thumbnails are, -1 to 1: the normalised correlation (zero mean, so that neither brightness nor
/// contrast count) at the shift of up to two pixels that fits best. None where either shows nothing to compare.
///
/// Two looks at one vehicle give 0.9 and more, 0.2 to 0.5 while a passer-by covers part of it; two vehicles in one
/// place give 0.6 and less, since vehicles resemble one another.
pub fn similarity(a: &[u8; SIDE * SIDE], b: &[u8; SIDE * SIDE]) -> Option<f32> {
    let (sums_a, sums_b) = (Sums::of(a), Sums::of(b));
    let (rows, padded) = (rows(a), padded(b));
    let mut best: Option<f64> = None;
    for dy in 0..=2 * SHIFT {
        for dx in 0..=2 * SHIFT {
            let products = products(&rows, &padded, (dx, dy));
            if let Some(r) = correlation(&sums_a, &sums_b, products, (dx, dy)) {
                best = Some(best.map_or(r, |known| known.max(r)));
            }
        }
    }
    best.map(|r| r as f32)
}

/// With what a shift brings in.
const PADDED: usize = SIDE + 2 * SHIFT;

/// Rows in numbers of which vectors are multiplied and added up in one step.
fn rows(thumbnail: &[u8; SIDE * SIDE]) -> [[i16; SIDE]; SIDE] {
    let (rows, _) = thumbnail.as_chunks::<SIDE>();
    std::array::from_fn(|y| rows.get(y).map_or([0; SIDE], |row| row.map(i16::from)))
}

/// The same between nothing on each side, so that what a shift brings in from outside adds nothing.
fn padded(thumbnail: &[u8; SIDE * SIDE]) -> [[i16; PADDED]; PADDED] {
    let mut padded = [[0; PADDED]; PADDED];
    for (row, pixels) in padded[SHIFT..].iter_mut().zip(rows(thumbnail)) {
        row[SHIFT..SHIFT + SIDE].copy_from_slice(&pixels);
    }
    padded
}

/// The sum of the products of pixels that lie over each other where `b` is shifted by (`dx`, `dy`) less [`SHIFT`].
fn products(a: &[[i16; SIDE]; SIDE], b: &[[i16; PADDED]; PADDED], (dx, dy): (usize, usize)) -> i64 {
    let mut sum = 0_i32;
    for (a, b) in a.iter().zip(&b[2 * SHIFT - dy..]) {
        let b = &b[2 * SHIFT - dx..][..SIDE];
        // At most 576 × 255².
        sum += a.iter().zip(b).map(|(p, q)| i32::from(*p) * i32::from(*q)).sum::<i32>();
    }
    i64::from(sum)
}

/// Sums of pixels, and of their squares, over all above and left of a point, so that those over any rectangle take four
/// (Crow, "Summed-area tables for texture mapping", 1984).
struct Sums([[(u32, u32); SIDE + 1]; SIDE + 1]);

impl Sums {
    fn of(thumbnail: &[u8; SIDE * SIDE]) -> Self {
        let mut sums = [[(0, 0); SIDE + 1]; SIDE + 1];
        for (y, pixels) in thumbnail.as_chunks::<SIDE>().0.iter().enumerate() {
            let (mut sum, mut squares) = (0, 0);
            for (x, pixel) in pixels.iter().enumerate() {
                let pixel = u32::from(*pixel);
                (sum, squares) = (sum + pixel, squares + pixel * pixel);
                let above = sums[y][x + 1];
                sums[y + 1][x + 1] = (above.0 + sum, above.1 + squares);
            }
        }
        Self(sums)
    }

    /// Of the pixels that a shift leaves over the other thumbnail: those from `by` less [`SHIFT`] on, or up to that before
    /// the end.
    fn over(&self, (dx, dy): (usize, usize)) -> (i64, i64) {
        let span = |by: usize| (by.saturating_sub(SHIFT), SIDE.min(SIDE + by - SHIFT));
        let ((left, right), (top, bottom)) = (span(dx), span(dy));
        let of = |part: fn(&(u32, u32)) -> u32| {
            let at = |y: usize, x: usize| i64::from(part(&self.0[y][x]));
            at(bottom, right) - at(top, right) - at(bottom, left) + at(top, left)
        };
        (of(|sums| sums.0), of(|sums| sums.1))
    }
}

/// Pearson's correlation of the pixels that lie over each other where `b` is shifted by (`dx`, `dy`) less [`SHIFT`];
/// `products` is the sum of theirs.
fn correlation(a: &Sums, b: &Sums, products: i64, (dx, dy): (usize, usize)) -> Option<f64> {
    let ((sum_a, squares_a), (sum_b, squares_b)) =
        (a.over((dx, dy)), b.over((2 * SHIFT - dx, 2 * SHIFT - dy)));
    let n = ((SIDE - dx.abs_diff(SHIFT)) * (SIDE - dy.abs_diff(SHIFT))) as i64;
    let n_f = n as f64;
    let (var_a, var_b) = ((n * squares_a - sum_a * sum_a) as f64, (n * squares_b - sum_b * sum_b) as f64);
    let least = LEAST_VARIANCE * n_f * n_f;
    (var_a >= least && var_b >= least)
        .then(|| ((n * products - sum_a * sum_b) as f64 / (var_a.sqrt() * var_b.sqrt())).clamp(-1.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Thumbnail = [u8; SIDE * SIDE];

    fn picture(pixel: impl Fn(usize, usize) -> u8) -> Thumbnail {
        let mut pixels = [0; SIDE * SIDE];
        for (i, p) in pixels.iter_mut().enumerate() {
            *p = pixel(i % SIDE, i / SIDE);
        }
        pixels
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

    /// The definition, pixel by pixel.
    fn by_definition(a: &Thumbnail, b: &Thumbnail, dx: isize, dy: isize) -> Option<f64> {
        let side = SIDE as isize;
        let at = |t: &Thumbnail, x: isize, y: isize| f64::from(t[(y * side + x) as usize]);
        let over = |shift: isize| shift.max(0)..side + shift.min(0);
        let pairs: Vec<(f64, f64)> = over(dy)
            .flat_map(|y| over(dx).map(move |x| (x, y)))
            .map(|(x, y)| (at(a, x, y), at(b, x - dx, y - dy)))
            .collect();
        let n = pairs.len() as f64;
        let mean = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / n;
        let (mean_a, mean_b) = (mean(|p| p.0), mean(|p| p.1));
        let sum = |of: &dyn Fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / n;
        let var_a = sum(&|p| (p.0 - mean_a).powi(2));
        let var_b = sum(&|p| (p.1 - mean_b).powi(2));
        let both = sum(&|p| (p.0 - mean_a) * (p.1 - mean_b));
        (var_a >= LEAST_VARIANCE && var_b >= LEAST_VARIANCE).then(|| both / (var_a * var_b).sqrt())
    }

    #[test]
    fn it_is_the_best_correlation_of_all_shifts() {
        let noise = |seed: usize| picture(move |x, y| ((x * 37 + y * 101 + x * y * seed) % 251) as u8);
        let pictures =
            [noise(3), noise(8), blob(10, 10, 200, 40), blob(12, 9, 255, 0), picture(|x, _| 10 * x as u8)];
        for a in &pictures {
            for b in &pictures {
                let shifts = (-2..=2).flat_map(|dy| (-2..=2).map(move |dx| (dx, dy)));
                let best = shifts.filter_map(|(dx, dy)| by_definition(a, b, dx, dy)).max_by(f64::total_cmp);
                let (best, found) =
                    (best.expect("enough to compare"), similarity(a, b).expect("enough to compare"));
                assert!((best - f64::from(found)).abs() < 1e-6, "{best} {found}");
            }
        }
    }
}
