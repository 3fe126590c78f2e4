//! What a look takes from the heap once buffers are as large as they need to be: nothing but what is given on.

use std::path::Path;

use allocation_counter::{AllocationInfo, measure};
use firewarden::{
    detect::{Letterbox, Tensor, heads},
    geometry::BBox,
    libav::{Decoder, Frame, Input, Limits},
    vision::{Halves, SMALL, SceneState},
};

use crate::common::clip;

fn frames(path: &Path, count: usize) -> Vec<Frame> {
    let mut input = Input::open(&path.to_string_lossy(), &Limits::default()).expect("a clip");
    let mut decoder = Decoder::new(input.stream()).expect("a decoder");
    let mut frames = Vec::new();
    while frames.len() < count {
        decoder.send(&input.read().expect("readable").expect("enough pictures")).expect("sound");
        frames.extend(decoder.receive().expect("sound"));
    }
    frames
}

#[test]
fn from_a_frame_to_the_tensor_nothing_is_allocated() {
    let folder = tempfile::tempdir().expect("a folder");
    let clip = clip(
        folder.path(),
        "clip.mp4",
        "-f lavfi -i testsrc2=size=1280x720:rate=10:duration=1 -c:v libx264 -bf 0 -pix_fmt yuv420p",
    );
    let frames = frames(&clip, 4);
    let (mut halves, mut state, mut tensor) = (Halves::default(), SceneState::default(), Tensor::default());
    let head = heads::find("yolox").expect("a head");
    let fit = Letterbox::fit(1280, 720, 416, 256);
    let mut look = |frame: &Frame| -> (AllocationInfo, AllocationInfo) {
        let picture = halves.picture(frame.yuv().expect("planes"), SMALL);
        let filling = measure(|| tensor.fill(&picture, &BBox::WHOLE, fit, head));
        let telling = measure(|| drop(state.of(&picture)));
        (filling, telling)
    };
    let (first, _) = look(&frames[0]);
    assert!(first.count_total > 0, "the first look makes the buffers, else nothing is measured");
    for frame in &frames[1..] {
        let (filling, telling) = look(frame);
        assert_eq!(filling.count_total, 0, "{filling:?}");
        // The three parts of the signature, which goes on with the look: cells, points, and the small picture by which a camera
        // that was moved is known.
        assert!(telling.count_total <= 3 && telling.bytes_total < 49_000, "{telling:?}");
    }
    let halving =
        measure(|| assert_eq!(halves.picture(frames[0].yuv().expect("planes"), SMALL).width(), 1280));
    assert_eq!(halving.count_total, 0, "{halving:?}");
}
