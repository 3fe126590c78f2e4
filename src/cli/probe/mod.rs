//! What `check --probe` opens: every model, every recording and live camera, every sink, and where files are uploaded to.

mod seen;

use jiff::tz::TimeZone;

use super::{
    Status,
    outbox::{try_sinks, try_uploads},
    table,
};
use crate::{
    config::{Config, SourceAddress},
    detect::Models,
    files, libav,
    say::{print, say},
    source::{self, Options, Part, Recording, SourceError, sought},
    stop::Stop,
};

/// Opens what a configuration names, and tells what was found.
pub fn probe(config: &Config) -> anyhow::Result<Status> {
    libav::init();
    let models = Models::load(config)?;
    models.detectors()?;
    print(&format!("models {}: loaded, provider {}\n", models.names().join(", "), models.provider()))?;
    let options = Options { zone: config.site.timezone.clone(), ..Options::default() };
    let mut status = Status::Done;
    for camera in &config.cameras {
        let options = Options { pixel_aspect: camera.pixel_aspect, ..options.clone() };
        if let SourceAddress::Live(_) = camera.source {
            continue;
        }
        let found = source::files(camera)?;
        if found.is_empty() {
            say(format_args!(
                "error: {}",
                SourceError::NoFiles { camera: camera.id.clone(), sought: sought(camera) }
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
    let stop = Stop::on_signals()?;
    let looked = seen::look(config, &models, &stop)?;
    if let Some(signal) = stop.signal() {
        return Ok(Status::Stopped(signal));
    }
    status = if status == Status::Done { looked } else { status };
    let tried = [try_sinks(config)?, try_uploads(config)?, super::reaction::look_at_all(config, "error")];
    let failed = tried.into_iter().find(|tried| *tried != Status::Done);
    Ok(if status == Status::Done { failed.unwrap_or(status) } else { status })
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
