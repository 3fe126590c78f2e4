//! What one look costs, step by step. `make bench`; a folder of results is left in `target/criterion/`.
//!
//! A 1080p picture is made by FFmpeg's command line; observations are those of `samples/observations/`. Where
//! models can be had, a look with them is measured beside them, so that shares can be told, on every execution provider
//! that the program is built with (`cargo bench --features cuda --bench micro -- look`).

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a benchmark may panic"
)]

use std::{hint::black_box, path::Path, process::Command};

use criterion::{Criterion, criterion_group, criterion_main};
use firewarden::{
    catalog::Store,
    config::{Config, DetectorConfig, Provider},
    detect::{self, DetectError, Detector, Letterbox, Runtime, Tensor, View, heads, suppress},
    domain::{Class, Detection, MediaTime, ModelName, Record},
    geometry::BBox,
    judge::Judge,
    libav::{Decoder, Frame, Input, Limits},
    results::lines,
    track::Tracker,
    vision::{Halves, SMALL, SceneState},
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
    let yuv = frame.yuv().expect("planes");
    let (mut halves, mut state) = (Halves::default(), SceneState::default());
    bench.bench_function("state of the scene, 1080p", |b| {
        b.iter(|| state.of(&halves.picture(black_box(yuv), SMALL)));
    });
    let mut halves = Halves::default();
    let picture = halves.picture(yuv, SMALL);
    for provider in Provider::ALL {
        for model in MODELS {
            let Some(mut detector) = detector(model, provider) else { continue };
            let name = format!("a look at 1080p: {model} with all before and after it, {provider}");
            bench.bench_function(&name, |b| {
                b.iter(|| {
                    detector.detect(black_box(&picture), &View::WHOLE, MediaTime::ZERO).expect("detected")
                });
            });
        }
    }
    let mut tensor = Tensor::default();
    let yolox = heads::find("yolox").expect("a head");
    bench.bench_function("1080p to a tensor of 416 × 256", |b| {
        b.iter(|| {
            tensor.fill(black_box(&picture), &BBox::WHOLE, Letterbox::fit(1920, 1080, 416, 256), yolox)
        });
    });
}

/// What is looked with: a general model and the project's own.
const MODELS: [&str; 3] = ["yolox-nano", "firewarden-nano", "firewarden-lift"];

/// A model run by `provider`, where it, ONNX Runtime and what the provider needs can be had.
fn detector(model: &str, provider: Provider) -> Option<impl Detector> {
    let store = Store::from_env().ok()?;
    let loaded = |store: &Store| {
        let runtime = Runtime::load(&store.cache)?.on(provider, true)?;
        let model = detect::load(model, &DetectorConfig::default(), None, &runtime, store)?;
        Ok::<_, DetectError>(model.detector(&runtime))
    };
    loaded(&store).inspect_err(|error| eprintln!("{model} on {provider} is not measured: {error}")).ok()
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
    lines::read(&samples.join("above-queueing.jsonl"), &mut |_, record| records.push(record))
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
