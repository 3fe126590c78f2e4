//! What one look costs, step by step. `make bench`; a folder of results is left in `target/criterion/`.
//!
//! A 1080p picture is made by FFmpeg's command line; observations are those of `samples/observations/`. With the model
//! `yolox-nano` in the store, one inference is measured beside them, so that shares can be told.

use std::{hint::black_box, path::Path, process::Command};

use criterion::{Criterion, criterion_group, criterion_main};
use firewarden::{
    catalog::Store,
    config::{Config, DetectorConfig},
    detect::{self, Detector, Letterbox, Picture, Runtime, heads, suppress},
    domain::{Class, Detection, MediaTime, ModelName, Record},
    geometry::BBox,
    libav::{Decoder, Frame, Input, Limits, Pixels, Scaler},
    pipeline::{self, Judge},
    track::Tracker,
    vision::{self, Luma},
};

/// A decoded picture of a camera's usual size.
fn frame() -> Frame {
    let folder = tempfile::tempdir().expect("a folder");
    let clip = folder.path().join("street.mp4");
    let made = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=1920x1080:rate=25:duration=1"])
        .args(["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"])
        .arg(&clip)
        .status();
    assert!(made.is_ok_and(|status| status.success()), "ffmpeg is needed; `make setup` brings it");
    let mut input = Input::open(&clip.to_string_lossy(), &Limits::default()).expect("a clip");
    let mut decoder = Decoder::new(input.stream()).expect("a decoder");
    loop {
        let packet = input.read().expect("readable").expect("a picture comes before the end");
        decoder.send(&packet).expect("sound");
        if let Some(frame) = decoder.receive().expect("sound") {
            return frame;
        }
    }
}

/// Numbers without order, the same each time (xorshift; Marsaglia, "Xorshift RNGs", 2003), from 0 to 1.
fn numbers(count: usize) -> Vec<f32> {
    let mut state = 0x2545_F491_u32;
    let next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as f32 / u32::MAX as f32
    };
    std::iter::repeat_with(next).take(count).collect()
}

fn pictures(bench: &mut Criterion) {
    let frame = frame();
    let fit = Letterbox::fit(frame.width(), frame.height(), 416, 416);
    let (mut scaler, mut bgr) = (Scaler::new(), Vec::new());
    bench.bench_function("letterbox 1080p to 416", |b| {
        b.iter(|| scaler.scale(&frame, fit.width, fit.height, Pixels::Bgr, &mut bgr).expect("scaled"));
    });
    let (width, height) = (frame.width() as usize, frame.height() as usize);
    let mut luma = Vec::new();
    Scaler::new().scale(&frame, frame.width(), frame.height(), Pixels::Gray, &mut luma).expect("gray");
    bench.bench_function("state of the scene, 1080p", |b| {
        let luma = Luma::new(&luma, width, height).expect("a picture");
        b.iter(|| vision::state(black_box(&luma)).expect("a state"));
    });
    if let Some(mut detector) = detector() {
        scaler.scale(&frame, fit.width, fit.height, Pixels::Bgr, &mut bgr).expect("scaled");
        let (width, height) = (fit.width as usize, fit.height as usize);
        bench.bench_function("inference, yolox-nano, head and NMS included", |b| {
            let picture = Picture { bgr: &bgr, width, height, at: MediaTime::ZERO };
            b.iter(|| detector.detect(black_box(&picture)).expect("detected"));
        });
    }
}

/// The default model, where it and ONNX Runtime can be had.
fn detector() -> Option<impl Detector> {
    let store = Store::from_env().ok()?;
    let runtime = Runtime::load(&store.cache).ok()?;
    let model = detect::load("yolox-nano", &DetectorConfig::default(), None, &runtime, &store);
    match model.and_then(|model| model.session(&runtime)) {
        Ok(session) => Some(session),
        Err(error) => {
            eprintln!("inference is not measured: {error}");
            None
        }
    }
}

fn outputs(bench: &mut Criterion) {
    let shape = heads::Shape { width: 416, height: 416, classes: 80 };
    for head in heads::ALL {
        let (cells, per_cell) = head.output(&shape);
        let output = numbers(cells * per_cell);
        let mut found = Vec::new();
        bench.bench_function(&format!("head {}", head.name()), |b| {
            b.iter(|| {
                found.clear();
                head.read(black_box(&output), &shape, 0.95, &mut found);
            });
        });
    }
    let random = numbers(5 * 200);
    let crowd: Vec<Detection> = random
        .chunks_exact(5)
        .map(|n| Detection {
            class: if n[4] < 0.5 { Class::Person } else { Class::Car },
            confidence: n[4],
            bbox: BBox::new(n[0] * 0.8, n[1] * 0.8, n[0] * 0.8 + n[2] * 0.2, n[1] * 0.8 + n[3] * 0.2),
            appearance: None,
            model: None,
        })
        .collect();
    bench.bench_function("NMS of 200", |b| b.iter(|| suppress(black_box(crowd.clone()))));
}

fn rules(bench: &mut Criterion) {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/observations");
    let config = Config::load(&samples.join("lane-3.toml")).expect("a sound configuration");
    let mut records = Vec::new();
    pipeline::read(&samples.join("above-queueing.jsonl"), &mut |_, record| records.push(record))
        .expect("recorded observations");
    let looks: Vec<_> = records
        .iter()
        .filter_map(|record| if let Record::Observation(look) = record { Some(look) } else { None })
        .collect();
    bench.bench_function(&format!("tracker, {} looks", looks.len()), |b| {
        b.iter(|| {
            let mut tracker = Tracker::new(None);
            looks.iter().map(|look| tracker.update(look).len()).sum::<usize>()
        });
    });
    let detector: ModelName = looks[0].looked[0].clone();
    bench.bench_function(&format!("tracker and fire lane, {} looks", looks.len()), |b| {
        b.iter(|| {
            let mut judge = Judge::new(&config.site, &config.cameras[0], &detector);
            records.iter().map(|record| judge.take(record).violations.len()).sum::<usize>()
        });
    });
}

criterion_group!(benches, pictures, outputs, rules);
criterion_main!(benches);
