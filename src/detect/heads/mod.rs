//! What a family of models puts out, and how it is read. A new one is a file here and its line in [`ALL`].

mod nanodet_plus;
mod yolox;

use super::DetectError;

/// Something a head found, before classes are mapped and overlaps are removed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// The model's own class number.
    pub output: usize,
    /// 0 to 1.
    pub confidence: f32,
    /// Left, top, right, bottom in pixels of the model's input.
    pub bbox: [f32; 4],
}

/// The size of a model's input and the number of its own classes: what the shape of its output follows from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Input width in pixels.
    pub width: u32,
    /// Input height in pixels.
    pub height: u32,
    /// Number of the model's own classes.
    pub classes: usize,
}

impl Shape {
    /// Number of cells of a grid with this stride: columns, rows.
    fn grid(&self, stride: u32) -> (u32, u32) {
        (self.width.div_ceil(stride), self.height.div_ceil(stride))
    }

    /// Number of cells of grids with these strides together.
    fn cells(&self, strides: &[u32]) -> usize {
        strides.iter().map(|stride| self.grid(*stride)).map(|(columns, rows)| (columns * rows) as usize).sum()
    }
}

/// How a family of models takes its input and gives its output. The input is `f32[1, 3, height, width]`, blue, green,
/// red, each `(value − mean) / deviation` with values 0 to 255; there is one output, `f32[1, cells, numbers]`.
pub trait Head: Sync {
    /// The name in the catalogue and in the configuration.
    fn name(&self) -> &'static str;

    /// Mean of blue, green, red, 0 to 255.
    fn mean(&self) -> [f32; 3];

    /// Deviation of blue, green, red.
    fn deviation(&self) -> [f32; 3];

    /// What width and height of an input are a multiple of, in pixels.
    fn stride(&self) -> u32;

    /// How many classes a model tells apart that puts out this many numbers per cell.
    fn classes(&self, numbers: usize) -> usize;

    /// Cells and numbers per cell of the output.
    fn output(&self, shape: &Shape) -> (usize, usize);

    /// Adds what lies at or above `confidence` to `found`. `output` has cells × numbers values, as
    /// [`output`](Self::output) says.
    fn read(&self, output: &[f32], shape: &Shape, confidence: f32, found: &mut Vec<Candidate>);
}

/// Every head there is.
pub const ALL: [&dyn Head; 2] = [&yolox::Yolox, &nanodet_plus::NanodetPlus];

/// The head of this name.
///
/// # Errors
/// [`DetectError::UnknownHead`] with those that are known.
pub fn find(name: &str) -> Result<&'static dyn Head, DetectError> {
    ALL.into_iter().find(|head| head.name() == name).ok_or_else(|| DetectError::UnknownHead {
        name: name.to_owned(),
        known: ALL.map(Head::name).join(", "),
    })
}
