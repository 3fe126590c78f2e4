/// From a row of YUV to rows of normalised blue, green, red.
#[derive(Debug, Clone, Copy)]
pub struct Colours {
    /// Added to luma, and what it is multiplied with: then it is 0 to 255.
    pub luma: (f32, f32),
    /// The same for chroma, which is then −127.5 to 127.5.
    pub chroma: (f32, f32),
    /// How much of the red difference is red.
    pub red: f32,
    /// How much of both differences, blue and red, green lacks.
    pub green: (f32, f32),
    /// How much of the blue difference is blue.
    pub blue: f32,
    /// Of blue, green and red: what is taken from it, 0 to 255.
    pub mean: [f32; 3],
    /// Of blue, green and red: what it is multiplied with then.
    pub scale: [f32; 3],
}

impl Colours {
    /// Luma, blue and red difference of a row, to its blue, green and red. All are as long, or what is too much is left.
    pub fn row(&self, (y, u, v): (&[u16], &[u16], &[u16]), out: (&mut [f32], &mut [f32], &mut [f32])) {
        let (blue, green, red) = out;
        let Self { mean, scale, .. } = self;
        let pixels = y.iter().zip(u).zip(v).zip(blue).zip(green).zip(red);
        for (((((y, u), v), blue), green), red) in pixels {
            let y = (f32::from(*y) + self.luma.0) * self.luma.1;
            let u = (f32::from(*u) + self.chroma.0) * self.chroma.1;
            let v = (f32::from(*v) + self.chroma.0) * self.chroma.1;
            *blue = ((y + self.blue * u).clamp(0.0, 255.0) - mean[0]) * scale[0];
            *green = ((y - self.green.0 * u - self.green.1 * v).clamp(0.0, 255.0) - mean[1]) * scale[1];
            *red = ((y + self.red * v).clamp(0.0, 255.0) - mean[2]) * scale[2];
        }
    }
}
