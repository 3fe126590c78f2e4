use std::path::PathBuf;

use clap::Args;
use jiff::tz::TimeZone;

use super::{
    Status,
    say::{print, say},
    setting::{self, Models},
    table,
};
use crate::{
    config::{Config, SourceAddress},
    files, libav,
    source::{Options, Part, Recording, SourceError},
};

/// Check a configuration; with --probe open its recordings and models too.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The configuration.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Open every recording and load every model. Live cameras and sinks are not opened.
    #[arg(long)]
    probe: bool,
}

pub fn run(args: &CheckArgs) -> anyhow::Result<Status> {
    let config = Config::load(&args.config)?;
    let rules: usize = config.cameras.iter().map(|camera| camera.rules.len()).sum();
    print(&format!(
        "{}: site {}, {} cameras, {rules} rules, {} sinks: well formed\n",
        files::shown(args.config.as_os_str()),
        config.site.id,
        config.cameras.len(),
        config.sinks.len()
    ))?;
    if !args.probe {
        return Ok(Status::Done);
    }
    libav::init();
    let models = Models::load(&config)?;
    models.detectors()?;
    print(&format!("models {}: loaded, provider {}\n", models.names().join(", "), models.provider()))?;
    let options = Options { zone: config.site.timezone.clone(), ..Options::default() };
    let mut status = Status::Done;
    for camera in &config.cameras {
        let options = Options { pixel_aspect: camera.pixel_aspect, ..options.clone() };
        if let SourceAddress::Live(_) = camera.source {
            print(&format!("camera {}: {} is a live camera and was not opened\n", camera.id, camera.source))?;
            continue;
        }
        let found = setting::files(camera)?;
        if found.is_empty() {
            say(format_args!(
                "error: {}",
                SourceError::NoFiles { camera: camera.id.clone(), sought: setting::sought(camera) }
            ));
            status = Status::InputUnread;
        }
        let options = Options { rate: camera.rate, pixel_aspect: camera.pixel_aspect, ..options.clone() };
        for file in found {
            match first_epoch(
                Recording::open(camera.id.clone(), vec![file.clone()], options.clone()),
                &options.zone,
            ) {
                Ok(found) => {
                    print(&format!("camera {}: {}: {found}\n", camera.id, files::shown(file.as_os_str())))?
                }
                Err(error) => {
                    say(format_args!("error: {error}"));
                    status = Status::InputUnread;
                }
            }
        }
    }
    for sink in &config.sinks {
        print(&format!("sink {sink:?}: was not opened\n"))?;
    }
    Ok(status)
}

/// What a recording says of itself, once its first group has been read.
fn first_epoch(recording: Recording, zone: &TimeZone) -> Result<String, SourceError> {
    let mut found = "no pictures".to_owned();
    for part in recording {
        match part {
            Part::Epoch { epoch, .. } => {
                found = format!(
                    "{} {} × {}, begins {} ({})",
                    epoch.codec,
                    epoch.width,
                    epoch.height,
                    table::local(epoch.wall, zone),
                    epoch.wall_origin
                );
            }
            Part::Gop(_) | Part::Growing(_) => return Ok(found),
            Part::Failed { error, .. } => return Err(error),
            Part::GapOpened(_) | Part::GapClosed(_) | Part::Notice(_) => {}
        }
    }
    Ok(found)
}
