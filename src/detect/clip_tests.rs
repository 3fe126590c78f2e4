//! People in the dark: a recording is made darker, and those in it are found all the same.

use std::path::Path;

use super::{Models, View};
use crate::{
    config::DetectorConfig,
    domain::{Class, MediaTime},
    libav::{Decoder, Frame, Input, testing::Clips},
    vision::{Halves, SMALL, SceneState},
};

/// The first twenty seconds of the control room's recording, in which somebody sits there, so much darker.
fn darker(clips: &Clips, share: f32) -> Vec<Frame> {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/control-room.mp4");
    let luts = format!("lutyuv=y=16+(val-16)*{share}:u=128+(val-128)*{share}:v=128+(val-128)*{share}");
    let codec = "-an -c:v libx264 -crf 18 -g 25 -keyint_min 25 -sc_threshold 0 -bf 0";
    let clip = clips.ffmpeg(&format!("-t 20 -i {} -vf {luts} {codec}", sample.display()), "dark.mp4");
    let mut input = Input::open(&clip.to_string_lossy(), &Default::default()).expect("a clip");
    let mut decoder = Decoder::new(input.stream()).expect("a decoder");
    let mut frames = Vec::new();
    while let Some(packet) = input.read().expect("readable") {
        if packet.key {
            decoder.send(&packet).expect("sound");
            decoder.drain();
            frames.extend(decoder.receive().expect("sound"));
            decoder = Decoder::new(input.stream()).expect("a decoder");
        }
    }
    frames
}

#[test]
fn people_in_the_dark_are_found_by_what_a_detector_is_shown_lifted() {
    let models = Models::load_one(&DetectorConfig::default()).expect("ONNX Runtime (`make setup` brings it)");
    let mut detectors = models.detectors().expect("a detector");
    let (mut halves, mut state, clips) = (Halves::default(), SceneState::default(), Clips::new());
    let (mut as_it_is, mut lifted) = (0, 0);
    let frames = darker(&clips, 0.07);
    for frame in &frames {
        let picture = halves.picture(frame.yuv().expect("planes"), SMALL);
        state.of(&picture);
        let tone = state.tone().expect("it is dark");
        let mut people = |picture| {
            let found = detectors[0].detect(picture, &View::WHOLE, MediaTime::ZERO).expect("looked");
            usize::from(found.iter().any(|d| d.class == Class::Person))
        };
        as_it_is += people(&picture);
        lifted += people(&picture.seen_through(Some(&tone)));
    }
    assert_eq!((frames.len(), lifted), (4, 4), "{as_it_is} without");
    assert!(as_it_is < 3, "it is dark enough to need it: {as_it_is}");
}
