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

/// An input in a picture's own proportions may have this many hundredths of the pixels of the file's: sides are
/// multiples of the stride.
const MOST_PIXELS: u64 = 105;
/// Of inputs in which a picture is this many hundredths as large as it can be, the one of the fewest pixels is taken.
const LARGE_ENOUGH: u64 = 98;

/// Columns and rows of the input that a picture of `width` × `height` pixels is given by a model whose file was made for
/// `columns` × `rows`: in the picture's proportions, as large as it gets with no side longer than the file's longer one
/// and with no more than the file's pixels, so that a look costs what the file's size costs. `stride`: what sides are
/// multiples of, but for the file's own.
pub(super) fn input_size(
    (width, height): (u32, u32),
    (columns, rows): (u32, u32),
    stride: u32,
) -> (u32, u32) {
    let stride = stride.max(1);
    let sides = move || (1..=columns.max(rows) / stride).map(move |n| n * stride).chain([columns, rows]);
    let pixels = |(w, h): (u32, u32)| u64::from(w) * u64::from(h);
    // How large the picture is in an input, times its two sides.
    let scale = |(w, h): (u32, u32)| pixels((w, height.max(1))).min(pixels((h, width.max(1))));
    let sizes = || {
        sides()
            .flat_map(|w| sides().map(move |h| (w, h)))
            .filter(|size| pixels(*size) * 100 <= pixels((columns, rows)) * MOST_PIXELS)
    };
    let largest = sizes().map(scale).max().unwrap_or(0);
    sizes()
        .filter(|size| scale(*size) / LARGE_ENOUGH >= largest / 100)
        .min_by_key(|size| (pixels(*size), u64::MAX - scale(*size)))
        .unwrap_or((columns, rows))
}

/// Columns and rows of the input in which a part of a picture is at least as large as `whole` of it is in an input of
/// `input`: multiples of `stride`, and neither larger than `input`'s. The sides of `part` and `whole` are in pixels.
pub(super) fn part_size(part: (u32, u32), whole: (u32, u32), input: (u32, u32), stride: u32) -> (u32, u32) {
    let scale =
        f64::from(Letterbox::fit(whole.0, whole.1, input.0, input.1).width) / f64::from(whole.0.max(1));
    let side = |part: u32, most: u32| {
        ((f64::from(part) * scale).ceil() as u32).max(1).next_multiple_of(stride.max(1)).min(most)
    };
    (side(part.0, input.0), side(part.1, input.1))
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
    fn a_picture_is_given_its_proportions_within_the_file_s_side_and_pixels() {
        for (picture, file, wanted) in [
            ((1920, 1080), (416, 256), (416, 256)),
            ((640, 480), (416, 256), (384, 288)),
            ((500, 500), (416, 256), (320, 320)),
            ((1080, 1920), (416, 256), (256, 416)),
            ((1920, 1080), (416, 416), (416, 256)),
            ((1920, 1182), (416, 416), (416, 256)),
            ((640, 480), (416, 416), (416, 320)),
            ((500, 500), (416, 416), (416, 416)),
            ((0, 0), (416, 416), (416, 416)),
            ((1, 100_000), (416, 416), (32, 416)),
            ((u32::MAX, u32::MAX), (416, 256), (320, 320)),
        ] {
            assert_eq!(input_size(picture, file, 32), wanted, "{picture:?} in {file:?}");
        }
    }

    #[test]
    fn a_stride_that_does_not_divide_the_file_s_size_leaves_it_as_it_is() {
        assert_eq!(input_size((1920, 1080), (416, 416), 64), (416, 256));
        assert_eq!(input_size((500, 500), (416, 416), 64), (416, 416));
        assert_eq!(input_size((500, 500), (20, 20), 64), (20, 20));
        assert_eq!(input_size((500, 500), (416, 416), 0), (408, 408), "no stride is a stride of one");
    }

    #[test]
    fn a_part_is_as_large_as_in_the_whole_for_its_share_of_the_pixels() {
        for (part, whole, input, wanted) in [
            ((960, 540), (1920, 1080), (416, 256), (224, 128)),
            ((1440, 810), (1920, 1080), (416, 256), (320, 192)),
            ((1920, 1080), (1920, 1080), (416, 256), (416, 256)),
            ((320, 240), (640, 480), (384, 288), (192, 160)),
            ((1, 1), (1920, 1080), (416, 256), (32, 32)),
            ((4000, 4000), (0, 0), (416, 256), (416, 256)),
        ] {
            let size = part_size(part, whole, input, 32);
            assert_eq!(size, wanted, "{part:?} of {whole:?} in {input:?}");
            if whole.0 > 0 {
                let alone = Letterbox::fit(part.0, part.1, size.0, size.1);
                let within = Letterbox::fit(whole.0, whole.1, input.0, input.1);
                let scale = |fit: Letterbox, width: u32| f64::from(fit.width) / f64::from(width);
                assert!(scale(alone, part.0) > 0.98 * scale(within, whole.0), "{part:?} of {whole:?}");
            }
        }
    }

    #[test]
    fn never_leaves_the_input() {
        for (width, height) in [(0, 0), (1, 100_000), (100_000, 1), (417, 416)] {
            let fitted = Letterbox::fit(width, height, 416, 416);
            assert!((1..=416).contains(&fitted.width) && (1..=416).contains(&fitted.height), "{fitted:?}");
        }
    }
}
