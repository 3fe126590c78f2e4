use std::{
    fs,
    io::BufReader,
    path::{Path, PathBuf},
};

use anyhow::Context;
use clap::Args;
use image::{DynamicImage, ImageDecoder, ImageReader, codecs::jpeg::JpegEncoder};
use serde::Serialize;

use super::{Status, usage::UsageError};
use crate::{
    config::DetectorConfig,
    detect::{DetectError, Detector, Models, View},
    domain::{Detection, MediaTime},
    files,
    libav::YuvBuffer,
    say::{print, say},
    vision::{Marks, Picture, SceneState, mark},
};

/// Show what a model finds in pictures, one JSON line each.
#[derive(Debug, Args)]
pub struct DetectArgs {
    /// A name in the catalogue, or the path of an .onnx file that it knows.
    #[arg(long, value_name = "MODEL", default_value_t = DetectorConfig::default().model)]
    model: String,
    /// Detections below it are left out, 0 to 1.
    #[arg(long, value_name = "C", default_value_t = DetectorConfig::default().confidence)]
    confidence: f32,
    /// Write copies with boxes drawn into this folder, as NAME.drawn.jpg; none replaces a file that is there.
    #[arg(long, value_name = "DIR")]
    draw: Option<PathBuf>,
    /// JPEG or PNG files.
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<PathBuf>,
}

#[derive(Serialize)]
struct Line<'a> {
    image: &'a str,
    detections: &'a [Detection],
}

pub fn run(args: &DetectArgs) -> anyhow::Result<Status> {
    if !(args.confidence > 0.0 && args.confidence < 1.0) {
        let wrong = format!("--confidence {} must lie between 0 and 1, such as 0.35", args.confidence);
        return Err(UsageError(wrong).into());
    }
    let settings = DetectorConfig {
        model: args.model.clone(),
        confidence: args.confidence,
        ..DetectorConfig::default()
    };
    let models = Models::load_one(&settings)?;
    let mut detectors = models.detectors()?;
    let detector = detectors.first_mut().context("no detector was made")?;
    let mut status = Status::Done;
    for path in &args.images {
        let picture = match open(path) {
            Ok(picture) => picture,
            Err(error) => {
                say(format_args!("error: {}: {error}", path.display()));
                status = Status::InputUnread;
                continue;
            }
        };
        let detections = look(detector.as_mut(), &picture)?;
        let line = Line { image: &path.to_string_lossy(), detections: &detections };
        print(&(serde_json::to_string(&line)? + "\n"))?;
        if let Some(folder) = &args.draw {
            draw(folder, path, &picture, &detections)?;
        }
    }
    Ok(status)
}

/// Reads a picture, turned as its EXIF says.
fn open(path: &Path) -> image::ImageResult<DynamicImage> {
    let mut decoder =
        ImageReader::new(BufReader::new(files::open(path)?)).with_guessed_format()?.into_decoder()?;
    let orientation = decoder.orientation()?;
    let mut picture = DynamicImage::from_decoder(decoder)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

fn look(detector: &mut dyn Detector, picture: &DynamicImage) -> Result<Vec<Detection>, DetectError> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let planes = YuvBuffer::from_rgb(&picture.to_rgb8(), width, height);
    match planes.as_ref().and_then(YuvBuffer::yuv) {
        Some(yuv) => {
            let (picture, mut state) = (Picture::new(yuv), SceneState::default());
            state.of(&picture);
            let tone = state.tone();
            detector.detect(&picture.seen_through(tone.as_ref()), &View::WHOLE, MediaTime::ZERO)
        }
        None => Ok(Vec::new()),
    }
}

fn draw(folder: &Path, path: &Path, picture: &DynamicImage, detections: &[Detection]) -> anyhow::Result<()> {
    let mut rgb = picture.to_rgb8();
    let (width, height) = rgb.dimensions();
    let marks = Marks {
        masks: Vec::new(),
        zone: None,
        boxes: detections.iter().map(|detection| detection.bbox).collect(),
    };
    mark(&mut rgb, width as usize, height as usize, &marks)?;
    let name = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let named = |number: u32| match number {
        1 => folder.join(format!("{name}.drawn.jpg")),
        _ => folder.join(format!("{name}.drawn-{number}.jpg")),
    };
    let out = (1..).map(named).find(|path| !path.exists()).unwrap_or_else(|| named(1));
    let write = || -> anyhow::Result<()> {
        let mut jpeg = Vec::new();
        rgb.write_with_encoder(JpegEncoder::new_with_quality(&mut jpeg, 90))?;
        fs::create_dir_all(folder)?;
        files::write(&out, &jpeg)?;
        Ok(())
    };
    write().with_context(|| format!("{} cannot be written", out.display()))
}
