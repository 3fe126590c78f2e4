//! The limit: what one look must cost at the least. Key frames decoded by libav alone, and inference alone, each in a
//! bare loop on one thread; nothing is scaled, converted, read out or judged.
//!
//! `cargo bench --bench limit -- VIDEO MODEL.onnx [WIDTHxHEIGHT…]` prints one JSON object. ONNX Runtime's library is
//! named by `ORT_DYLIB_PATH`. Processor seconds are those of the main thread, which is the only one that works.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a benchmark may panic"
)]

use std::{error::Error, fs, hint::black_box};

use firewarden::libav::{Decoder, Input, Limits, Packet};
use ort::{
    environment::Environment,
    session::{Session, builder::GraphOptimizationLevel},
    value::TensorRef,
};
use serde_json::{Value, json};

/// Inferences that are measured, after some that are not.
const INFERENCES: u32 = 200;
const WARM_UP: u32 = 10;

/// The size that the model file has, and the size at which the engine runs it for a picture of 16:9.
const FILE_SIZE: (u32, u32) = (416, 416);
const ENGINE_SIZE: (u32, u32) = (416, 256);

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    // `cargo bench` adds a flag of its own. It and `cargo test --all-targets`, with whatever filter, run this only to see that it
    // is built.
    let given: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    if given.len() < 2 {
        return Ok(());
    }
    let [video, model, sizes @ ..] = given.as_slice() else {
        return Err("usage: limit VIDEO MODEL.onnx [WIDTHxHEIGHT…]".into());
    };
    let sizes = match sizes {
        [] => vec![ENGINE_SIZE, FILE_SIZE],
        sizes => sizes.iter().map(|size| parse(size)).collect::<Result<_>>()?,
    };
    let mut input = Input::open(video, &Limits::default())?;
    let mut keys = Vec::new();
    let mut seconds = 0.0_f64;
    let before = processor_seconds()?;
    while let Some(packet) = input.read()? {
        if let Some(pts) = packet.pts {
            seconds = seconds.max((pts + packet.duration) as f64 / 1e6);
        }
        if packet.key {
            keys.push(packet);
        }
    }
    let read_s = processor_seconds()? - before;
    let decode_s = decode(&input, &keys)?;
    let library = std::env::var("ORT_DYLIB_PATH").map_err(|_| "ORT_DYLIB_PATH names no ONNX Runtime")?;
    let environment = ort::init_from(library)?.build()?;
    let file = fs::read(model)?;
    let mut inference = serde_json::Map::new();
    for size @ (width, height) in sizes {
        let each = infer(&environment, &resized(&file, size)?, size)?;
        inference.insert(format!("{width}x{height}"), Value::from(each));
    }
    let told = json!({
        "seconds": seconds,
        "key_frames": keys.len(),
        "read_s": read_s,
        "decode_s_per_key_frame": decode_s / keys.len() as f64,
        "inference_s": inference,
    });
    println!("{told}");
    Ok(())
}

/// Processor seconds for decoding each of the packets by itself.
fn decode(input: &Input, keys: &[Packet]) -> Result<f64> {
    let mut decoder = Decoder::new(input.stream())?;
    let mut pictures = 0;
    let before = processor_seconds()?;
    for key in keys {
        decoder.send(key)?;
        decoder.drain();
        while let Some(frame) = decoder.receive()? {
            black_box(&frame);
            pictures += 1;
        }
        decoder.flush();
    }
    let spent = processor_seconds()? - before;
    if pictures == 0 || pictures != keys.len() {
        return Err(format!("{} key frames gave {pictures} pictures", keys.len()).into());
    }
    Ok(spent)
}

/// Processor seconds of one inference, with the options that the engine gives its sessions.
fn infer(environment: &Environment, model: &[u8], (width, height): (u32, u32)) -> Result<f64> {
    let refused = |error: &dyn Error| error.to_string();
    let mut session = Session::builder(environment)?
        .with_optimization_level(GraphOptimizationLevel::All)
        .map_err(|error| refused(&error))?
        .with_intra_threads(1)
        .map_err(|error| refused(&error))?
        .with_inter_threads(1)
        .map_err(|error| refused(&error))?
        .with_intra_op_spinning(false)
        .map_err(|error| refused(&error))?
        .commit_from_memory(model)?;
    let (width, height) = (width as usize, height as usize);
    let picture = vec![114.0_f32; 3 * width * height];
    let mut once = || -> Result<()> {
        let tensor = TensorRef::from_array_view(([1, 3, height, width], picture.as_slice()))?;
        black_box(session.run(ort::inputs![tensor])?);
        Ok(())
    };
    for _ in 0..WARM_UP {
        once()?;
    }
    let before = processor_seconds()?;
    for _ in 0..INFERENCES {
        once()?;
    }
    Ok((processor_seconds()? - before) / f64::from(INFERENCES))
}

/// What the main thread has spent of the processor, by the kernel's account (proc(5), `schedstat`: nanoseconds).
fn processor_seconds() -> Result<f64> {
    let told = fs::read_to_string("/proc/self/schedstat")
        .map_err(|error| format!("/proc/self/schedstat: {error}; the limit is measured on Linux alone"))?;
    let nanoseconds: u64 = told.split(' ').next().unwrap_or_default().parse()?;
    Ok(nanoseconds as f64 / 1e9)
}

fn parse(size: &str) -> Result<(u32, u32)> {
    let (width, height) = size.split_once('x').ok_or_else(|| format!("{size} is not WIDTHxHEIGHT"))?;
    Ok((width.parse()?, height.parse()?))
}

/// The YOLOX file with an input of another size: the sizes written at its input and output are changed in place.
fn resized(file: &[u8], size: (u32, u32)) -> Result<Vec<u8>> {
    let mut changed = file.to_vec();
    if size == FILE_SIZE {
        return Ok(changed);
    }
    let input = |(width, height): (u32, u32)| dimensions(&[1, 3, height, width]);
    let output = |(width, height): (u32, u32)| {
        let cells = [8, 16, 32].iter().map(|stride| (width / stride) * (height / stride)).sum();
        dimensions(&[1, cells, 85])
    };
    replace(&mut changed, &input(FILE_SIZE), &input(size))?;
    replace(&mut changed, &output(FILE_SIZE), &output(size))?;
    Ok(changed)
}

/// Sizes as ONNX writes them: a message for each (TensorShapeProto.Dimension), with the size as a number of seven bits a
/// byte.
fn dimensions(sizes: &[u32]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for &size in sizes {
        let mut number = Vec::new();
        let mut rest = size;
        while rest >= 0x80 {
            number.push((rest & 0x7f) as u8 | 0x80);
            rest >>= 7;
        }
        number.push(rest as u8);
        bytes.extend([0x0a, number.len() as u8 + 1, 0x08]);
        bytes.extend(number);
    }
    bytes
}

/// Puts bytes in the place of as many others, which occur once.
fn replace(file: &mut [u8], old: &[u8], new: &[u8]) -> Result<()> {
    let places: Vec<usize> =
        file.windows(old.len()).enumerate().filter(|(_, bytes)| *bytes == old).map(|(at, _)| at).collect();
    match places.as_slice() {
        [at] if old.len() == new.len() => {
            file[*at..at + new.len()].copy_from_slice(new);
            Ok(())
        }
        _ => {
            Err("the model file is laid out otherwise than a YOLOX of 416x416; name the size that it has"
                .into())
        }
    }
}
