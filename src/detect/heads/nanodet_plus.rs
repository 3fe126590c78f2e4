use super::{Candidate, Head, Shape, yolox::most_probable};

/// NanoDet-Plus (RangiLyu, github.com/RangiLyu/nanodet): per cell class probabilities, then for each side of the box a
/// distribution over 0 to 7 strides, whose mean is the distance to that side (generalised focal loss: Li et al.,
/// arXiv:2006.04388). A cell's point is its index × stride.
pub struct NanodetPlus;

const STRIDES: [u32; 4] = [8, 16, 32, 64];
const BINS: usize = 8;

impl Head for NanodetPlus {
    fn name(&self) -> &'static str {
        "nanodet-plus"
    }

    fn mean(&self) -> [f32; 3] {
        [103.53, 116.28, 123.675]
    }

    fn deviation(&self) -> [f32; 3] {
        [57.375, 57.12, 58.395]
    }

    /// Half of the coarsest: its cells are made of two of the finer ones each, of which the last may stand alone.
    fn stride(&self) -> u32 {
        32
    }

    fn classes(&self, numbers: usize) -> usize {
        numbers.saturating_sub(4 * BINS)
    }

    fn output(&self, shape: &Shape) -> (usize, usize) {
        (shape.cells(&STRIDES), shape.classes + 4 * BINS)
    }

    fn read(&self, output: &[f32], shape: &Shape, confidence: f32, found: &mut Vec<Candidate>) {
        let mut cells = output.chunks_exact(shape.classes + 4 * BINS);
        for stride in STRIDES {
            let (columns, rows) = shape.grid(stride);
            for row in 0..rows {
                for column in 0..columns {
                    let Some(cell) = cells.next() else { return };
                    let (probabilities, sides) = cell.split_at(shape.classes);
                    let (class, probability) = most_probable(probabilities);
                    if probability >= confidence {
                        let stride = stride as f32;
                        let (x, y) = (column as f32 * stride, row as f32 * stride);
                        let (sides, _) = sides.as_chunks::<BINS>();
                        let [left, top, right, bottom] = sides else { return };
                        let away = |side| mean(side) * stride;
                        let bbox = [x - away(left), y - away(top), x + away(right), y + away(bottom)];
                        found.push(Candidate { output: class, confidence: probability, bbox });
                    }
                }
            }
        }
    }
}

/// The mean of the distribution that these logits make through the softmax.
fn mean(logits: &[f32; BINS]) -> f32 {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let (mut sum, mut weighted) = (0.0, 0.0);
    for (bin, logit) in logits.iter().enumerate() {
        let weight = (logit - largest).exp();
        sum += weight;
        weighted += weight * bin as f32;
    }
    weighted / sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_one_box_of_the_first_grid() {
        let shape = Shape { width: 64, height: 64, classes: 2 };
        let (cells, numbers) = NanodetPlus.output(&shape);
        assert_eq!((cells, numbers), (64 + 16 + 4 + 1, 34));
        let mut output = vec![0.0; cells * numbers];
        let cell = (3 * 8 + 2) * numbers;
        output[cell] = 0.9;
        // Almost all weight on bin 1 for left and top, on bin 2 for right and bottom.
        for (side, bin) in [1, 1, 2, 2].into_iter().enumerate() {
            output[cell + 2 + side * BINS + bin] = 50.0;
        }
        let mut found = Vec::new();
        NanodetPlus.read(&output, &shape, 0.3, &mut found);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].output, 0);
        for (edge, wanted) in found[0].bbox.iter().zip([8.0, 16.0, 32.0, 40.0]) {
            assert!((edge - wanted).abs() < 1e-3, "{:?}", found[0].bbox);
        }
    }
}
