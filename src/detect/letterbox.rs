/// How a picture is brought to a model's input: scaled as a whole by one factor, put into the top left corner, the
/// rest padded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Letterbox {
    /// Width of the model's input in pixels.
    pub input_width: u32,
    /// Height of the model's input in pixels.
    pub input_height: u32,
    /// Width of the scaled picture, at most the input's.
    pub width: u32,
    /// Height of the scaled picture, at most the input's.
    pub height: u32,
}

impl Letterbox {
    /// Fits a picture of `width` × `height` pixels into an input of `input_width` × `input_height`.
    pub fn fit(width: u32, height: u32, input_width: u32, input_height: u32) -> Self {
        let scale = (f64::from(input_width) / f64::from(width.max(1)))
            .min(f64::from(input_height) / f64::from(height.max(1)));
        let side = |of: u32, at_most: u32| ((f64::from(of) * scale).round() as u32).clamp(1, at_most.max(1));
        Self {
            input_width,
            input_height,
            width: side(width, input_width),
            height: side(height, input_height),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_picture_s_shape() {
        let wide = Letterbox::fit(1920, 1080, 416, 416);
        assert_eq!((wide.width, wide.height), (416, 234));
        let tall = Letterbox::fit(1080, 1920, 416, 416);
        assert_eq!((tall.width, tall.height), (234, 416));
        let small = Letterbox::fit(208, 104, 416, 416);
        assert_eq!((small.width, small.height), (416, 208));
    }

    #[test]
    fn never_leaves_the_input() {
        for (width, height) in [(0, 0), (1, 100_000), (100_000, 1), (417, 416)] {
            let fitted = Letterbox::fit(width, height, 416, 416);
            assert!((1..=416).contains(&fitted.width) && (1..=416).contains(&fitted.height), "{fitted:?}");
        }
    }
}
