use std::sync::Mutex;

use super::*;
use crate::{
    detect::DetectError,
    libav::{Decoder, Input, testing::*},
    vision::Picture,
};

/// Finds the same box whatever it is shown, and notes what that was.
struct Noting<'n> {
    bbox: BBox,
    shown: &'n Mutex<Vec<View>>,
}

impl Detector for Noting<'_> {
    fn detect(&mut self, _: &Picture<'_>, view: &View, _: MediaTime) -> Result<Vec<Detection>, DetectError> {
        self.shown.lock().expect("one thread").push(*view);
        let (class, bbox) = (Class::Car, self.bbox);
        Ok(vec![Detection { class, confidence: 0.9, bbox, appearance: None, model: None }])
    }
}

/// The one strand is to look, in any case.
fn of<'a>(strands: &'a Strands, spec: &'a StrandSpec) -> Ask<'a> {
    let specs = std::slice::from_ref(spec);
    Ask { at: MediaTime::ZERO, strands, specs, largest: None, anchors: None }
}

/// The first picture of a clip.
fn first(clip: &std::path::Path) -> Frame {
    let mut input = Input::open(&clip.to_string_lossy(), &Default::default()).expect("a clip");
    let mut decoder = Decoder::new(input.stream()).expect("a decoder");
    decoder.send(&input.read().expect("readable").expect("a packet")).expect("sound");
    decoder.drain();
    decoder.receive().expect("sound").expect("a picture")
}

#[test]
fn black_bars_are_left_out_of_what_an_elevator_s_network_is_shown() {
    let clips = Clips::new();
    let barred = first(&clips.pattern("-vf scale=240:180,pad=320:180:40:0 -c:v libx264", "barred.mp4"));
    let plain = first(&clips.pattern("-vf scale=320:180 -c:v libx264", "plain.mp4"));
    let inner = BBox::new(6.0 / 48.0, 0.0, 42.0 / 48.0, 1.0);
    for (frame, framing, wanted) in [
        (&barred, Framing::WithinBars, View { region: inner, within: inner }),
        (&barred, Framing::AsItIs, View::WHOLE),
        (&plain, Framing::WithinBars, View::WHOLE),
    ] {
        let spec = StrandSpec {
            detector: 0,
            appearance: Vec::new(),
            view: View::WHOLE,
            whole: BBox::WHOLE,
            zones: BBox::WHOLE,
            around: BBox::WHOLE,
            framing,
            sure: 0.0,
        };
        let (shown, all) = (Mutex::default(), Strands::all(1));
        // What it finds ends where the bars begin, which cuts nothing.
        let mut eye = Eye::new(vec![Box::new(Noting { bbox: inner, shown: &shown })]);
        eye.look(frame, of(&all, &spec)).expect("looked");
        drop(eye);
        assert_eq!(shown.into_inner().expect("one thread"), [wanted], "{framing:?}");
    }
}

#[test]
fn what_the_edge_of_a_part_cuts_is_looked_at_whole() {
    let clips = Clips::new();
    let frame = first(&clips.pattern(H264, "clip.mp4"));
    let part = View { region: BBox::new(0.0, 0.0, 0.5, 0.5), within: BBox::WHOLE };
    let spec = StrandSpec {
        detector: 0,
        appearance: Vec::new(),
        view: part,
        whole: BBox::WHOLE,
        zones: BBox::new(0.1, 0.1, 0.2, 0.2),
        around: BBox::WHOLE,
        framing: Framing::AsItIs,
        sure: 0.0,
    };
    for (bbox, wanted) in [
        ([0.1, 0.1, 0.3, 0.3], vec![part]),
        // It ends where the part does, and lies in the zone: perhaps it only seems to end there.
        ([0.15, 0.15, 0.5, 0.3], vec![part, View::WHOLE]),
        // What ends there far from the zone matters to no rule.
        ([0.3, 0.3, 0.5, 0.4], vec![part]),
    ] {
        let (shown, all) = (Mutex::default(), Strands::all(1));
        let mut eye = Eye::new(vec![Box::new(Noting { bbox: bbox.into(), shown: &shown })]);
        let sight = eye.look(&frame, of(&all, &spec)).expect("looked");
        assert!(
            matches!(&sight.finds[..], [Find { strand: 0, found: Found::New(found), .. }] if found.len() == 1)
        );
        drop(eye);
        assert_eq!(shown.into_inner().expect("one thread"), wanted, "{bbox:?}");
    }
}
