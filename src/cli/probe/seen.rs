//! What `check --probe` sees through the cameras: whether pictures come, and what their rules see in their zones.

use super::super::Status;
use crate::{
    config::{Camera, Config, SourceAddress},
    detect::Models,
    domain::{Noticed, RuleId},
    duration,
    glimpse::{Glimpse, LinkGlimpse, glimpses},
    health::key_frames_within,
    judge::Watched,
    say::{print, say},
    source::rtsp::Guards,
    stop::Stop,
};

/// Looks through every camera, and tells what was seen.
pub(super) fn look(config: &Config, models: &Models, stop: &Stop) -> anyhow::Result<Status> {
    if config.cameras.iter().any(|camera| matches!(camera.source, SourceAddress::Live(_))) {
        say(format_args!("live cameras are opened and looked at for half a minute, 16 at a time"));
    }
    let guards = Guards::start()?;
    let mut status = Status::Done;
    for (camera, glimpse) in config.cameras.iter().zip(glimpses(config, models, &guards, stop)) {
        if let Some(link) = &glimpse.link {
            if let Some((reason, words)) = &link.refused {
                say(format_args!(
                    "error: camera {}: {}: {}: {words}",
                    camera.id,
                    camera.source,
                    reason.name()
                ));
                status = Status::InputUnread;
                continue;
            }
            print(&connected(camera, &glimpse, link))?;
            if let Some(apart) = link.keyframes.filter(|apart| *apart > key_frames_within(camera)) {
                say(format_args!(
                    "warning: camera {}: its key frames are {} apart, too rare for its rules: set its I-frame interval (GOP) to two seconds of pictures, \
                     50 at 25 a second",
                    camera.id,
                    duration::format(apart)
                ));
            }
        }
        for line in seen(camera, &glimpse) {
            print(&line)?;
        }
        // What a recording could not be opened for is said by itself.
        for failure in glimpse.failures.iter().filter(|_| glimpse.link.is_some() || glimpse.has_pictures()) {
            say(format_args!("error: camera {}: {failure}", camera.id));
            status = Status::InputUnread;
        }
        if glimpse.is_unseen() {
            say(format_args!(
                "error: camera {}: pictures come, and not one of them can be decoded: is it encrypted, or damaged?",
                camera.id
            ));
            status = Status::InputUnread;
        }
    }
    Ok(status)
}

/// What pictures a live camera sends.
fn connected(camera: &Camera, glimpse: &Glimpse, link: &LinkGlimpse) -> String {
    let mut said = format!("camera {}: {}: ", camera.id, camera.source);
    if let Some(epoch) = glimpse.outcome.epochs.first() {
        said += &format!("{} {} × {}", epoch.codec, epoch.width, epoch.height);
    }
    if let Some(apart) = link.keyframes {
        said += &format!(", a key frame each {:.1} s", apart.as_secs_f64());
    }
    if let Some(rate) = link.bytes_per_s {
        said += &format!(", {:.1} Mbit/s", rate * 8.0 / 1e6);
    }
    said + "\n"
}

/// What each rule of a camera saw, and what keeps it from seeing.
fn seen(camera: &Camera, glimpse: &Glimpse) -> Vec<String> {
    let mut lines = Vec::new();
    if !glimpse.has_pictures() || glimpse.is_unseen() {
        return lines;
    }
    for (rule, watched) in camera.rules.iter().zip(&glimpse.outcome.watched) {
        let id = RuleId::new(&camera.id, rule.kind(), rule.name.as_deref());
        let small = glimpse.outcome.notices.iter().find_map(|notice| match &notice.what {
            Noticed::TooSmall { rule, .. } if *rule == id => Some(&notice.what),
            _ => None,
        });
        // Its words name the rule.
        match small {
            Some(small) => lines.push(format!("{small}\n")),
            None => lines.push(format!("rule {id}: {}\n", of_rule(watched))),
        }
    }
    if glimpse.outcome.notices.iter().any(|notice| notice.what == Noticed::Moved) {
        lines.push(format!("camera {}: it moved while it was looked at\n", camera.id));
    }
    lines
}

/// What a rule saw, in words.
fn of_rule(watched: &Watched) -> String {
    let Watched { looks, in_force, unclear, dark, anything, .. } = *watched;
    if looks == 0 {
        return "it is out of its hours, and looked at nothing".to_owned();
    }
    let half = in_force / 2;
    if dark > half {
        "it is too dark to tell; light, or a camera with infra-red light, helps".to_owned()
    } else if unclear > half {
        "the picture does not tell: it is dark, covered, frozen or blurred".to_owned()
    } else if anything {
        format!("something was seen in its zone, in {looks} looks")
    } else {
        format!(
            "nothing was seen in its zone, in {looks} looks: let somebody stand there, or a vehicle, and probe again"
        )
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn watched(looks: u64, unclear: u64, dark: u64, anything: bool) -> Watched {
        Watched {
            looks,
            in_force: Duration::from_secs(60),
            unclear: Duration::from_secs(unclear),
            dark: Duration::from_secs(dark),
            anything,
            ..Watched::default()
        }
    }

    #[test]
    fn what_keeps_a_rule_from_seeing_is_said() {
        for (watched, words) in [
            (watched(0, 0, 0, false), "out of its hours"),
            (watched(30, 50, 40, false), "too dark to tell"),
            (watched(30, 50, 10, false), "does not tell"),
            (watched(30, 20, 20, true), "something was seen in its zone, in 30 looks"),
            (watched(30, 0, 0, false), "nothing was seen"),
        ] {
            assert!(of_rule(&watched).contains(words), "{}", of_rule(&watched));
        }
    }
}
