//! Pictures come out as they are to be shown: upright, with square pixels.

use super::*;
use crate::{libav::PixelAspect, source::Noticed};

/// Exactly as drawn.
const EXACT: &str = "-c:v libx264 -preset ultrafast -qp 0 -g 10 -bf 0";

/// Width, height and luma of the first frame of each group.
fn firsts(file: PathBuf) -> Vec<(u32, u32, u64)> {
    let mut decoder = GroupDecoder::for_stills();
    let mut seen = Vec::new();
    for group in groups(file) {
        let keep = |_, f: &Frame, _| seen.push((f.width(), f.height(), hash(f)));
        decoder.decode(&group, &[group.start], None, keep).expect("a decoder");
    }
    seen
}

fn size(file: PathBuf, options: Options) -> (u32, u32) {
    let part = parts(vec![file], options)
        .find_map(|part| if let Part::Epoch { epoch, .. } = part { Some(epoch) } else { None });
    part.map(|epoch| (epoch.width, epoch.height)).expect("an epoch")
}

#[test]
fn pictures_are_turned_upright() {
    let clips = Clips::new();
    let upright = firsts(clips.pattern(EXACT, "upright.mp4"));
    assert_eq!(upright.len(), 10);
    // How the picture lies in the file, and the matrix that turns it back.
    for (filter, matrix, name) in [
        ("transpose=cclock", [0, 1, -1, 0], "right.mp4"),
        ("hflip,vflip", [-1, 0, 0, -1], "half.mp4"),
        ("transpose=clock", [0, -1, 1, 0], "left.mp4"),
        ("hflip", [-1, 0, 0, 1], "mirrored.mp4"),
        ("vflip", [1, 0, 0, -1], "down.mp4"),
        ("transpose=cclock_flip", [0, 1, 1, 0], "swapped.mp4"),
        ("transpose=clock_flip", [0, -1, -1, 0], "swapped-down.mp4"),
    ] {
        let lying = clips.pattern(&format!("-vf {filter} {EXACT}"), "lying.mp4");
        let file = clips.shown(&lying, matrix, name);
        assert_eq!(size(file.clone(), Options::default()), (160, 120), "{name}");
        assert_eq!(firsts(file), upright, "{name}");
    }
}

#[test]
fn every_format_is_turned() {
    let clips = Clips::new();
    for (format, codec, name) in [
        ("yuv422p", "libx264 -qp 0", "422.mp4"),
        ("yuv444p", "libx264 -qp 0", "444.mp4"),
        ("yuv420p10le", "libx264 -qp 0", "ten.mp4"),
        ("gray", "libx264 -qp 0", "grey.mp4"),
        ("yuvj420p", "libx264 -qp 0", "full.mp4"),
        ("rgb24", "png", "png.mov"),
    ] {
        let pattern = "-f lavfi -i smptebars=size=160x120:rate=10:duration=1";
        let made = |filter: &str| {
            clips.ffmpeg(&format!("{pattern} -vf {filter} -c:v {codec} -pix_fmt {format}"), name)
        };
        // Chroma that is not halved both ways changes its shape with the picture.
        let colours = |file: PathBuf| {
            let mut all = Vec::new();
            let mut buffer = crate::libav::YuvBuffer::default();
            let mut decoder = GroupDecoder::for_stills();
            for group in groups(file).iter().take(1) {
                let mut keep = |_, f: &Frame, _| {
                    let yuv = match f.yuv() {
                        Some(yuv) => yuv,
                        None => {
                            crate::libav::Scaler::new().planes(f, &mut buffer).expect("converted");
                            buffer.yuv().expect("planes")
                        }
                    };
                    let at = |plane: &crate::libav::Plane<'_>, x: f64, y: f64| {
                        let row = plane.row((y * plane.height() as f64) as usize);
                        row[(x * plane.width() as f64) as usize]
                    };
                    for (x, y) in [(0.07, 0.1), (0.93, 0.1), (0.07, 0.9), (0.5, 0.4), (0.64, 0.7)] {
                        all.push(at(&yuv.luma, x, y));
                        all.extend(yuv.chroma.iter().flatten().map(|plane| at(plane, x, y)));
                    }
                };
                decoder.decode(group, &[group.start], None, &mut keep).expect("a decoder");
            }
            all
        };
        let wanted = colours(made("null"));
        let lying = made("transpose=cclock");
        let seen = colours(clips.shown(&lying, [0, 1, -1, 0], &format!("turned-{name}")));
        assert_eq!(seen.len(), wanted.len(), "{name}");
        assert!(seen.len() >= 5, "{name}");
        let near = seen.iter().zip(&wanted).filter(|(a, b)| a.abs_diff(**b) <= 6).count();
        assert!(near + 1 >= seen.len(), "{name}: {seen:?} {wanted:?}");
    }
}

#[test]
fn a_message_in_the_stream_turns_pictures_too() {
    let clips = Clips::new();
    let upright = firsts(clips.pattern(EXACT, "upright.mp4"));
    for name in ["sei.ts", "sei.mp4", "sei.h264"] {
        // Against the clock by 270°: a quarter clockwise.
        let message = "-bsf:v h264_metadata=display_orientation=insert:rotate=270";
        let file = clips.pattern(&format!("-vf transpose=cclock {EXACT} {message}"), name);
        assert_eq!(size(file.clone(), Options::default()), (160, 120), "{name}");
        assert_eq!(firsts(file), upright, "{name}");
    }
}

#[test]
fn pixels_become_square() {
    let clips = Clips::new();
    let made = |stored: &str, sar: &str, name: &str| {
        clips.ffmpeg(&format!("-f lavfi -i testsrc2=size={stored}:rate=5:duration=1 -vf setsar={sar} {EXACT} -pix_fmt yuv420p"), name)
    };
    for (stored, sar, wanted) in [
        ("96x108", "2/1", (192, 108)),
        ("176x144", "12/11", (192, 144)),
        ("176x144", "16/11", (256, 144)),
        ("176x72", "6/11", (176, 132)),
        // Nobody sees these, and nobody means those.
        ("176x144", "101/100", (176, 144)),
        ("176x144", "1000/1", (176, 144)),
        ("176x144", "0/1", (176, 144)),
    ] {
        for name in ["a.mp4", "a.mkv", "a.ts", "a.flv"] {
            let file = made(stored, sar, name);
            assert_eq!(size(file.clone(), Options::default()), wanted, "{name} {sar}");
            let seen = firsts(file);
            assert_eq!((seen[0].0, seen[0].1), wanted, "{name} {sar}");
        }
    }
    // Turned as well: pixels are those of the picture as it is stored.
    let turned = clips.shown(&made("96x108", "2/1", "a.mp4"), [0, 1, -1, 0], "turned.mp4");
    assert_eq!(size(turned.clone(), Options::default()), (108, 192));
    assert_eq!((firsts(turned.clone())[0].0, firsts(turned)[0].1), (108, 192));
}

#[test]
fn what_is_said_of_pixels_holds_whatever_the_file_says() {
    let clips = Clips::new();
    let file = clips.pattern(EXACT, "a.mp4");
    let pixel_aspect = PixelAspect::new(2, 1);
    let options = Options { pixel_aspect, ..Options::default() };
    assert_eq!(size(file.clone(), options.clone()), (320, 120));
    let group = parts(vec![file], options).find_map(|p| if let Part::Gop(g) = p { Some(g) } else { None });
    let mut seen = Vec::new();
    let keep = |_, f: &Frame, _| seen.push((f.width(), f.height()));
    GroupDecoder::for_looks()
        .decode(&group.expect("a group"), &[MediaTime::ZERO], None, keep)
        .expect("decoded");
    assert_eq!(seen, [(320, 120)]);
}

#[test]
fn an_angle_that_is_not_right_is_told_and_left() {
    let clips = Clips::new();
    let plain = clips.pattern(EXACT, "a.mp4");
    let tilted = clips.ffmpeg(&format!("-i {} -c copy -metadata:s:v rotate=17", plain.display()), "b.mp4");
    let told = |file: PathBuf| -> Vec<Noticed> {
        parts(vec![file], Options::default())
            .filter_map(|part| if let Part::Notice(notice) = part { Some(notice.what) } else { None })
            .collect()
    };
    assert_eq!(told(plain.clone()), []);
    let [Noticed::Tilted(angle)] = told(tilted.clone())[..] else { panic!("a note") };
    // ffmpeg turns against the clock.
    assert!((angle - 343.0).abs() < 0.1, "{angle}");
    assert_eq!(firsts(tilted), firsts(plain));
}
