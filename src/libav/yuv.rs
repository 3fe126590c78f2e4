//! A decoded picture as planes of 8-bit samples.

pub use firewarden_pixels::Plane;

/// How blue, green and red make luma and chroma.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matrix {
    /// ITU-R BT.601, standard definition and JPEG.
    Bt601,
    /// ITU-R BT.709, high definition.
    Bt709,
    /// ITU-R BT.2020, ultra high definition.
    Bt2020,
    /// SMPTE 240M.
    Smpte240,
    /// FCC 73.682.
    Fcc,
}

impl Matrix {
    /// The shares of red and of blue in luma; green has the rest.
    pub fn red_and_blue(self) -> (f32, f32) {
        match self {
            Self::Bt601 => (0.299, 0.114),
            Self::Bt709 => (0.2126, 0.0722),
            Self::Bt2020 => (0.2627, 0.0593),
            Self::Smpte240 => (0.212, 0.087),
            Self::Fcc => (0.30, 0.11),
        }
    }
}

/// How samples are to be read as colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour {
    /// The matrix.
    pub matrix: Matrix,
    /// Luma from 0 to 255 and chroma from 0 to 255 about 128; else 16 to 235, and 16 to 240.
    pub full_range: bool,
}

/// A picture in planes.
#[derive(Debug, Clone, Copy)]
pub struct Yuv<'a> {
    /// Luma, in the size of the picture.
    pub luma: Plane<'a>,
    /// Chroma, blue and red difference, each in the picture's size or a fraction of it; none for grey pictures.
    pub chroma: Option<[Plane<'a>; 2]>,
    /// What the samples mean.
    pub colour: Colour,
}

/// Planes of its own, which grow as needed and are used again.
#[derive(Debug, Default)]
pub struct YuvBuffer {
    pub(super) planes: [Vec<u8>; 3],
    pub(super) sizes: [(usize, usize); 2],
    pub(super) colour: Option<Colour>,
}

impl YuvBuffer {
    /// What was put in last.
    pub fn yuv(&self) -> Option<Yuv<'_>> {
        let [luma, blue, red] = &self.planes;
        let [size, of_chroma] = self.sizes;
        let plane = |samples, (width, height)| Plane::new(samples, width, height, width);
        Some(Yuv {
            luma: plane(luma, size)?,
            chroma: Some([plane(blue, of_chroma)?, plane(red, of_chroma)?]),
            colour: self.colour?,
        })
    }

    /// Takes a picture of 8-bit red, green and blue: chroma in its full size, full range, BT.601 as JPEG has it.
    /// None where `rgb` is not width × height × 3 bytes, or empty.
    pub fn from_rgb(rgb: &[u8], width: usize, height: usize) -> Option<Self> {
        if rgb.is_empty() || width.checked_mul(height)?.checked_mul(3)? != rgb.len() {
            return None;
        }
        let colour = Colour { matrix: Matrix::Bt601, full_range: true };
        let (red, blue) = colour.matrix.red_and_blue();
        let mut planes = [(); 3].map(|()| Vec::with_capacity(width * height));
        for pixel in rgb.as_chunks::<3>().0 {
            let [r, g, b] = pixel.map(f32::from);
            let y = red * r + (1.0 - red - blue) * g + blue * b;
            let (u, v) = ((b - y) / (2.0 - 2.0 * blue), (r - y) / (2.0 - 2.0 * red));
            // `as` saturates.
            for (plane, value) in planes.iter_mut().zip([y, u + 128.0, v + 128.0]) {
                plane.push(value.round() as u8);
            }
        }
        Some(Self { planes, sizes: [(width, height); 2], colour: Some(colour) })
    }
}
