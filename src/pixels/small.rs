//! What is computed of the small picture of a look.

/// The mean of samples, and their standard deviation.
pub fn mean_and_deviation(samples: &[u8]) -> (f32, f32) {
    let count = samples.len().max(1) as f64;
    let sum: u64 = samples.iter().map(|p| u64::from(*p)).sum();
    let squares: u64 = samples.iter().map(|p| u64::from(*p).pow(2)).sum();
    let mean = sum as f64 / count;
    (mean as f32, (squares as f64 / count - mean * mean).max(0.0).sqrt() as f32)
}

/// Mean difference between a sample and its right and lower neighbours; `samples` are rows of `width`, which is not 0.
pub fn roughness(samples: &[u8], width: usize) -> f32 {
    let width = width.max(1);
    let across: u64 = samples
        .chunks_exact(width)
        .flat_map(|row| row.iter().zip(row.iter().skip(1)))
        .map(|(left, right)| u64::from(left.abs_diff(*right)))
        .sum();
    let down: u64 =
        samples.iter().zip(samples.iter().skip(width)).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    (across + down) as f32 / (2 * samples.len().max(1)) as f32
}

/// The mean of each cell of 4 × 4 samples, which are rows of `width`; what is left over at the right and at the bottom has no
/// cell.
pub fn cells(samples: &[u8], width: usize) -> Vec<u8> {
    let width = width.max(4);
    let mut cells = Vec::with_capacity(samples.len() / 16);
    for band in samples.chunks_exact(width * 4) {
        let [a, b, c, d] =
            [0, 1, 2, 3].map(|row| band.chunks_exact(width).nth(row).unwrap_or_default().as_chunks::<4>().0);
        for (((a, b), c), d) in a.iter().zip(b).zip(c).zip(d) {
            let sum: u16 = [a, b, c, d].into_iter().flatten().map(|v| u16::from(*v)).sum();
            cells.push(((sum + 8) >> 4) as u8);
        }
    }
    cells
}
