//! From YUV to a model's input in one pass: scaled, converted and normalised, without a picture in between.

use firewarden_pixels::Colours;

use super::{Letterbox, heads::Head};
use crate::{
    geometry::BBox,
    libav::Colour,
    vision::{BAND, Band, Picture, Resampler},
};

/// What the padding beside a letterboxed picture is filled with, 0 to 255.
const PADDING: f32 = 114.0;

/// Rows come times this from a [`Resampler`].
const FIXED: f32 = 256.0;

/// Chroma without colour.
const GREY: u16 = 128 << 8;

/// An input tensor `f32[1, 3, height, width]`, with all that is needed to fill it again.
#[derive(Default)]
pub struct Tensor {
    values: Vec<f32>,
    luma: Resampler,
    chroma: Resampler,
    bands: [Band; 3],
    /// Where it is the same again, the padding still stands.
    filled: Option<Letterbox>,
}

impl Tensor {
    /// The values, planes of blue, green, red.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Fills it with the part of the picture within `region`, in fractions of it and at least a pixel wide and high,
    /// scaled as `fit` says into the top left corner.
    pub fn fill(&mut self, picture: &Picture<'_>, region: &BBox, fit: Letterbox, head: &dyn Head) {
        let plane = fit.input_width as usize * fit.input_height as usize;
        let scale = head.deviation().map(|d| 1.0 / d);
        let mean = head.mean();
        if self.filled != Some(fit) {
            self.values.resize(3 * plane, 0.0);
            for (values, (mean, scale)) in self.values.chunks_exact_mut(plane).zip(mean.iter().zip(scale)) {
                values.fill((PADDING - mean) * scale);
            }
            self.filled = Some(fit);
        }
        let (width, height) = (fit.width as usize, fit.height as usize);
        let sides = (f64::from(region.right - region.left), f64::from(region.bottom - region.top));
        let luma = picture.luma_of(width as f64 / sides.0, height as f64 / sides.1);
        let part = |from: f32, to: f32, length: usize| {
            f64::from(from) * length as f64..f64::from(to) * length as f64
        };
        let parts = |width: usize, height: usize| {
            (part(region.left, region.right, width), part(region.top, region.bottom, height))
        };
        let set = |resampler: &mut Resampler, size: (usize, usize)| {
            resampler.set(size, parts(size.0, size.1), (width, height));
        };
        set(&mut self.luma, (luma.width(), luma.height()));
        if let Some([blue, _]) = picture.chroma() {
            set(&mut self.chroma, (blue.width(), blue.height()));
        }
        let colours = colours(picture.colour(), mean, scale);
        let [y_band, u_band, v_band] = &mut self.bands;
        if picture.chroma().is_none() {
            [&mut *u_band, v_band].into_iter().for_each(|band| band.fill(width, GREY));
        }
        let (blue, rest) = self.values.split_at_mut(plane);
        let (green, red) = rest.split_at_mut(plane);
        let stride = (fit.input_width as usize).max(1);
        let [blue, green, red] = [blue, green, red].map(|plane| {
            plane.chunks_exact_mut(stride).map(|line| line.get_mut(..width).unwrap_or_default())
        });
        for (y, ((blue, green), red)) in blue.zip(green).zip(red).take(height).enumerate() {
            if y % BAND == 0 {
                self.luma.band(&luma, y, y_band);
                if let Some(tone) = picture.tone() {
                    tone.lift(y_band.samples_mut());
                }
                if let Some([u, v]) = picture.chroma() {
                    self.chroma.band(u, y, u_band);
                    self.chroma.band(v, y, v_band);
                }
            }
            let [y_row, u_row, v_row] = [&*y_band, u_band, v_band].map(|band| band.row(y % BAND));
            colours.row((y_row, u_row, v_row), (blue, green, red));
        }
    }
}

/// ITU-R BT.601 and its successors: they differ in the shares of the colours only.
fn colours(colour: Colour, mean: [f32; 3], scale: [f32; 3]) -> Colours {
    let (red, blue) = colour.matrix.red_and_blue();
    let green = 1.0 - red - blue;
    let (luma, chroma) = if colour.full_range {
        ((0.0, 1.0 / FIXED), (-128.0 * FIXED, 1.0 / FIXED))
    } else {
        ((-16.0 * FIXED, 255.0 / 219.0 / FIXED), (-128.0 * FIXED, 255.0 / 224.0 / FIXED))
    };
    Colours {
        luma,
        chroma,
        red: 2.0 - 2.0 * red,
        green: (2.0 * blue * (1.0 - blue) / green, 2.0 * red * (1.0 - red) / green),
        blue: 2.0 - 2.0 * blue,
        mean,
        scale,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{detect::heads, libav::YuvBuffer, vision::Halves};

    const WHOLE: BBox = BBox { left: 0.0, top: 0.0, right: 1.0, bottom: 1.0 };

    fn filled(picture: &Picture<'_>, region: &BBox, fit: Letterbox) -> Vec<f32> {
        let mut tensor = Tensor::default();
        tensor.fill(picture, region, fit, heads::find("yolox").expect("a head"));
        tensor.values
    }

    #[test]
    fn pure_colours_come_out_pure_and_beside_them_is_padding() {
        for (rgb, bgr) in [([255, 0, 0], [0.0, 0.0, 255.0]), ([10, 200, 90], [90.0, 200.0, 10.0])] {
            let pixels: Vec<u8> = rgb.iter().copied().cycle().take(40 * 20 * 3).collect();
            let buffer = YuvBuffer::from_rgb(&pixels, 40, 20).expect("the size fits");
            let picture = Picture::new(buffer.yuv().expect("a picture"));
            let values = filled(&picture, &WHOLE, Letterbox::fit(40, 20, 32, 32));
            for (plane, wanted) in values.chunks_exact(32 * 32).zip(bgr) {
                assert!(plane[..32 * 16].iter().all(|v| (v - wanted).abs() < 1.6), "{} {wanted}", plane[0]);
                assert!(plane[32 * 16..].iter().all(|v| *v == PADDING));
            }
        }
    }

    #[test]
    fn a_region_is_seen_alone() {
        let pixels: Vec<u8> =
            (0..64 * 64).flat_map(|i| if i % 64 < 32 { [255, 255, 255] } else { [0, 0, 0] }).collect();
        let buffer = YuvBuffer::from_rgb(&pixels, 64, 64).expect("the size fits");
        let mut halves = Halves::default();
        let picture = halves.picture(buffer.yuv().expect("a picture"), (8, 8));
        let fit = Letterbox::fit(32, 64, 16, 32);
        let left = filled(&picture, &BBox::new(0.0, 0.0, 0.5, 1.0), fit);
        assert!(left.iter().all(|v| (v - 255.0).abs() < 0.6));
        let right = filled(&picture, &BBox::new(0.5, 0.0, 1.0, 1.0), fit);
        assert!(right.iter().all(|v| v.abs() < 0.6));
    }

    mod clip_tests {
        use super::*;
        use crate::libav::{Decoder, Frame, Input, Pixels, Scaler, testing::Clips};

        /// swscale does the same in two steps, with rounding between and a wider filter: smooth pictures come out alike.
        #[test]
        fn every_format_comes_out_as_through_swscale() {
            let clips = Clips::new();
            let gradient = "-f lavfi -i gradients=size=640x360:rate=1:duration=1:seed=7:speed=0.001";
            for (codec, name) in [
                ("-c:v libx264 -qp 4 -pix_fmt yuv420p", "420.mp4"),
                ("-c:v libx264 -qp 4 -pix_fmt yuv422p", "422.mp4"),
                ("-c:v libx264 -qp 4 -pix_fmt yuv444p", "444.mp4"),
                ("-c:v libx264 -qp 4 -pix_fmt yuv420p10le", "10.mp4"),
                ("-c:v mjpeg -q:v 1 -pix_fmt yuvj420p", "j.avi"),
                ("-c:v libx264 -qp 4 -pix_fmt gray", "grey.mp4"),
                ("-c:v libx264 -qp 4 -pix_fmt yuv420p -colorspace bt709 -color_range pc", "709.mp4"),
                ("-c:v png -pix_fmt rgb24", "png.avi"),
            ] {
                let frame = first_frame(&clips.ffmpeg(&format!("{gradient} {codec}"), name));
                let fit = Letterbox::fit(640, 360, 416, 256);
                let (mut scaler, mut bgr) = (Scaler::new(), Vec::new());
                scaler.scale(&frame, fit.width, fit.height, Pixels::Bgr, &mut bgr).expect("scaled");
                let mut buffer = YuvBuffer::default();
                let yuv = match frame.yuv() {
                    Some(yuv) => yuv,
                    None => {
                        Scaler::new().planes(&frame, &mut buffer).expect("converted");
                        buffer.yuv().expect("planes")
                    }
                };
                let mut halves = Halves::default();
                let values = filled(&halves.picture(yuv, (256, 144)), &WHOLE, fit);
                let plane = 416 * 256;
                let mut worst = 0.0f32;
                let mut sum = 0.0;
                for (index, pixel) in bgr.chunks_exact(3).enumerate() {
                    let at = index / 416 * 416 + index % 416;
                    for channel in 0..3 {
                        let off = (values[channel * plane + at] - f32::from(pixel[channel])).abs();
                        worst = worst.max(off);
                        sum += off;
                    }
                }
                let mean = sum / bgr.len() as f32;
                assert!(mean < 1.0 && worst < 12.0, "{name} {}: {mean} {worst}", frame.pixel_format());
            }
        }

        fn first_frame(clip: &std::path::Path) -> Frame {
            let mut input = Input::open(&clip.to_string_lossy(), &Default::default()).expect("a clip");
            let mut decoder = Decoder::new(input.stream()).expect("a decoder");
            while let Some(packet) = input.read().expect("readable") {
                decoder.send(&packet).expect("sound");
                if let Some(frame) = decoder.receive().expect("sound") {
                    return frame;
                }
            }
            decoder.drain();
            decoder.receive().expect("sound").expect("a picture")
        }
    }
}
