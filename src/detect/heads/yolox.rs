use super::{Candidate, Head, Shape};

/// YOLOX (Ge et al., "YOLOX: Exceeding YOLO Series in 2021", arXiv:2107.08430), as exported without decoding in the
/// graph: per cell x, y, log width, log height, objectness and class probabilities, the last two already through the
/// sigmoid.
pub struct Yolox;

const STRIDES: [u32; 3] = [8, 16, 32];

impl Head for Yolox {
    fn name(&self) -> &'static str {
        "yolox"
    }

    fn mean(&self) -> [f32; 3] {
        [0.0; 3]
    }

    fn deviation(&self) -> [f32; 3] {
        [1.0; 3]
    }

    fn stride(&self) -> u32 {
        STRIDES.into_iter().max().unwrap_or(1)
    }

    fn classes(&self, numbers: usize) -> usize {
        numbers.saturating_sub(5)
    }

    fn output(&self, shape: &Shape) -> (usize, usize) {
        (shape.cells(&STRIDES), 5 + shape.classes)
    }

    fn read(&self, output: &[f32], shape: &Shape, confidence: f32, found: &mut Vec<Candidate>) {
        let mut cells = output.chunks_exact(5 + shape.classes);
        for stride in STRIDES {
            let (columns, rows) = shape.grid(stride);
            for row in 0..rows {
                for column in 0..columns {
                    let Some(cell) = cells.next() else { return };
                    // No class can bring a cell above its objectness, so most cells end here.
                    let [dx, dy, width, height, objectness, classes @ ..] = cell else { return };
                    if *objectness < confidence {
                        continue;
                    }
                    let (class, probability) = most_probable(classes);
                    let product = objectness * probability;
                    if product >= confidence {
                        let stride = stride as f32;
                        let (x, y) = ((dx + column as f32) * stride, (dy + row as f32) * stride);
                        let (half_width, half_height) =
                            (width.exp() * stride / 2.0, height.exp() * stride / 2.0);
                        let bbox = [x - half_width, y - half_height, x + half_width, y + half_height];
                        found.push(Candidate { output: class, confidence: product, bbox });
                    }
                }
            }
        }
    }
}

/// The index and value of the largest; the first of equals.
pub(super) fn most_probable(probabilities: &[f32]) -> (usize, f32) {
    probabilities
        .iter()
        .enumerate()
        .fold((0, 0.0), |best, (index, value)| if *value > best.1 { (index, *value) } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape { width: 64, height: 32, classes: 2 };

    #[test]
    fn reads_one_box_of_the_second_grid() {
        let (cells, numbers) = Yolox.output(&SHAPE);
        assert_eq!((cells, numbers), (32 + 8 + 2, 7));
        let mut output = vec![0.0; cells * numbers];
        // Cell (column 2, row 1) of stride 16: centre (2.5, 1.5) cells, 1 × 2 cells in size.
        let cell = (32 + 4 + 2) * numbers;
        output[cell..cell + 7].copy_from_slice(&[0.5, 0.5, 0.0, 2f32.ln(), 0.8, 0.1, 0.9]);
        let mut found = Vec::new();
        Yolox.read(&output, &SHAPE, 0.3, &mut found);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].output, 1);
        assert!((found[0].confidence - 0.72).abs() < 1e-6);
        for (edge, wanted) in found[0].bbox.iter().zip([32.0, 8.0, 48.0, 40.0]) {
            assert!((edge - wanted).abs() < 1e-4, "{:?}", found[0].bbox);
        }
    }

    #[test]
    fn what_is_below_the_confidence_is_left_out() {
        let (cells, numbers) = Yolox.output(&SHAPE);
        let mut output = vec![0.0; cells * numbers];
        output[4] = 0.5;
        output[5] = 0.5;
        let mut found = Vec::new();
        Yolox.read(&output, &SHAPE, 0.3, &mut found);
        assert_eq!(found, []);
    }
}
