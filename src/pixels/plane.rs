/// A plane of 8-bit samples in rows from the top.
#[derive(Debug, Clone, Copy)]
pub struct Plane<'a> {
    samples: &'a [u8],
    stride: usize,
    width: usize,
    height: usize,
}

impl<'a> Plane<'a> {
    /// `height` rows of `width` samples, each `stride` bytes after the one above; none where one of them is 0, rows
    /// overlap, or there are not enough samples.
    pub fn new(samples: &'a [u8], width: usize, height: usize, stride: usize) -> Option<Self> {
        let needed = stride.checked_mul(height.checked_sub(1)?)?.checked_add(width)?;
        (width > 0 && stride >= width && samples.len() >= needed).then_some(Self {
            samples,
            stride,
            width,
            height,
        })
    }

    /// Samples of a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Number of rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// A row; the last one for any that lies below.
    pub fn row(&self, y: usize) -> &'a [u8] {
        let from = y.min(self.height - 1) * self.stride;
        &self.samples[from..from + self.width]
    }

    /// All rows from the top.
    pub fn rows(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let plane = *self;
        (0..self.height).map(move |y| plane.row(y))
    }
}
