use super::*;
use crate::{
    evidence::{self, Again, Seen},
    libav::{Decoder, Input, Limits},
    results::Handling,
    stop::Stop,
};

/// The left half, down to the middle.
const MASK: &str = "mask = [[[0, 0], [0.5, 0], [0.5, 0.5], [0, 0.5]]]";

/// When each picture of a file is shown, in milliseconds, its size, the most luma within the mask, and the most beside it.
fn lumas(path: &Path) -> Vec<(i64, (usize, usize), [u8; 2])> {
    let mut input = Input::open(path.to_str().expect("plain"), &Limits::default()).expect("opens");
    let mut decoder = Decoder::new(input.stream()).expect("a decoder");
    let mut found = Vec::new();
    let mut receive = |decoder: &mut Decoder| {
        while let Some(frame) = decoder.receive().expect("whole pictures") {
            let luma = frame.yuv().expect("planes").luma;
            let (width, height) = (luma.width(), luma.height());
            let most = |is_within: bool| {
                let rows = luma.rows().enumerate();
                let cells = rows.flat_map(|(y, row)| row.iter().enumerate().map(move |(x, v)| (x, y, *v)));
                let within = |x: usize, y: usize| x < width / 2 && y < height / 2;
                cells.filter(|(x, y, _)| within(*x, *y) == is_within).map(|(.., v)| v).max().unwrap_or(0)
            };
            found.push((
                (frame.time().expect("a time") + 500) / 1000,
                (width, height),
                [most(true), most(false)],
            ));
        }
    };
    while let Some(packet) = input.read().expect("reads") {
        decoder.send(&packet).expect("a whole picture");
        receive(&mut decoder);
    }
    decoder.drain();
    receive(&mut decoder);
    found
}

fn is_masked(still: &Path) {
    let picture = image::open(still).expect("a picture").into_rgb8();
    let (width, height) = picture.dimensions();
    for (x, y, pixel) in picture.enumerate_pixels() {
        // The zone is drawn over it at the edge, and JPEG blurs its line; so does the box.
        let within = (8..width / 4).contains(&x) && (8..height / 4).contains(&y);
        assert!(!within || pixel.0.iter().all(|sample| *sample < 24), "{x} {y}: {pixel:?}");
    }
    assert!(picture.pixels().any(|pixel| pixel.0.iter().all(|sample| *sample > 100)));
}

#[test]
fn what_is_masked_is_black_in_stills_and_in_every_picture_of_clips() {
    let anamorphic = "-c:v libx264 -g 25 -bf 3 -vf setsar=2/1";
    for (codec, size, file) in [
        (H264, (160, 120), "a.mp4"),
        ("-c:v libx265 -x265-params log-level=error:keyint=25:bframes=3", (160, 120), "a.mp4"),
        ("-c:v mjpeg -pix_fmt yuvj422p", (160, 120), "a.avi"),
        (anamorphic, (320, 120), "a.mp4"),
    ] {
        let stage = Stage::new(MASK, "pre_roll = \"1s\"\npost_roll = \"1500ms\"", "2026-11-24T12:00:00Z");
        let recording = stage.clips.pattern(codec, file);
        let evidence = stage.start();
        let mut keeper = stage.keeper(&evidence);
        let later = play(&mut keeper, stage.parts(&recording), 4.0);
        let raised = stage.violation(1, 3.0, 3.5);
        keeper.told(&stage.look(3.5), &judged(vec![raised.clone()]));
        play_on(&mut keeper, &later);
        for role in [EvidenceRole::Started, EvidenceRole::Raised] {
            let entry = stage.wait_for(&raised, role);
            assert_eq!(entry.handling, Handling::Masked);
            is_masked(&stage.file(&entry));
        }
        let entry = stage.wait_for(&raised, EvidenceRole::Clip);
        assert_eq!((entry.handling, &entry.coding), (Handling::Masked, &None), "{codec}");
        assert!(entry.shortfalls.is_empty(), "{entry:?}");
        let clip = lumas(&stage.file(&entry));
        let lasts = entry.last_s.since(entry.first_s).as_millis() as usize;
        assert_eq!(clip.len(), lasts / 100, "{codec}: {entry:?}");
        for (index, (time, shown, [within, beside])) in clip.into_iter().enumerate() {
            assert_eq!((time, shown), (index as i64 * 100, size), "{codec}");
            // Encoding blurs the edge by a little.
            assert!(within < 40 && beside > 150, "{codec} at {time} ms: {within} and {beside}");
        }
    }
}

#[test]
fn what_is_analysed_is_masked_in_evidence_too() {
    let stage = Stage::new(MASK, "pre_roll = \"1s\"\npost_roll = \"1s\"", "2026-11-24T12:00:00Z");
    let recording = stage.clips.pattern(H264, "a.mp4");
    let camera = &stage.config.cameras[0];
    let again = Again {
        recording: Recording::open(camera.id.clone(), vec![recording], Options::default()),
        trail: None,
        failed: BTreeSet::new(),
        stop: Stop::default(),
    };
    let mut violations = [stage.violation(1, 3.0, 4.0)];
    let folder = stage.clips.path("analysed");
    let made =
        evidence::collect(&stage.config, camera, again, &mut violations, &Seen::new(), &folder, |_| {});
    assert!(made.errors.is_empty() && made.entries.len() == 3, "{made:?}");
    for entry in &made.entries {
        assert_eq!(entry.handling, Handling::Masked);
        let path = folder.join(&entry.name);
        match entry.role {
            EvidenceRole::Clip => assert!(lumas(&path).iter().all(|(.., [within, _])| *within < 40)),
            _ => is_masked(&path),
        }
    }
}

#[test]
fn masks_lie_on_the_picture_as_it_is_shown() {
    let stage = Stage::new(MASK, "pre_roll = \"1s\"\npost_roll = \"1s\"", "2026-11-24T12:00:00Z");
    let plain = stage.clips.pattern(H264, "plain.mp4");
    // A quarter turn: what is stored as 160 × 120 stands 120 × 160.
    let recording = stage.clips.shown(&plain, [0, 1, -1, 0], "a.mp4");
    let evidence = stage.start();
    let mut keeper = stage.keeper(&evidence);
    let later = play(&mut keeper, stage.parts(&recording), 4.0);
    let raised = stage.violation(1, 3.0, 3.5);
    keeper.judged(&judged(vec![raised.clone()]));
    play_on(&mut keeper, &later);
    is_masked(&stage.file(&stage.wait_for(&raised, EvidenceRole::Raised)));
    let clip = lumas(&stage.file(&stage.wait_for(&raised, EvidenceRole::Clip)));
    assert!(!clip.is_empty());
    for (time, size, [within, beside]) in clip {
        assert_eq!(size, (120, 160));
        assert!(within < 40 && beside > 150, "at {time} ms: {within} and {beside}");
    }
}
