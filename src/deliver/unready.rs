//! What a configuration names and is not there, as somebody asks who sets it up.

use std::path::Path;

use super::tls;
use crate::config::{Camera, Config, SourceAddress, Tls};

/// What is wrong with the authorities that sinks, uploads and cameras are to believe, each with who needs them. While the service runs they are
/// read whenever a connection is made, so that it starts without them.
pub fn unready(config: &Config) -> Vec<String> {
    let wrong = |ca: Option<&Path>| ca.and_then(|ca| tls::client_config(Some(ca)).err());
    let of_sinks = config.sinks.iter().filter_map(|sink| {
        let why = wrong(sink.settings.ca())?;
        Some(format!("sink {}: {why}", sink.name))
    });
    let of_uploads =
        wrong(config.evidence.upload_ca.as_deref()).map(|why| why.to_string().replace("`ca`", "`upload_ca`"));
    let of_cameras = config.cameras.iter().filter_map(|camera| {
        let why = wrong(authority(camera))?;
        Some(format!("camera {}: {why}", camera.id))
    });
    of_sinks.chain(of_uploads.map(|why| format!("[evidence]: {why}"))).chain(of_cameras).collect()
}

/// Where the authority lies by which a camera is known.
fn authority(camera: &Camera) -> Option<&Path> {
    match &camera.source {
        SourceAddress::Live(live) => match &live.tls {
            Some(Tls::Ca(ca)) => Some(ca),
            Some(Tls::Fingerprint(_) | Tls::Insecure) | None => None,
        },
        SourceAddress::Recording { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authorities_that_are_not_there_are_told() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("empty.pem"), "").expect("written");
        let text = "[site]\nid = \"s\"\nname = \"s\"\ntimezone = \"Asia/Shanghai\"\n[detector]\nmodel = \"m\"\n\
                    [[camera]]\nid = \"lane\"\nsource = \"a.mp4\"\n[[camera.rule]]\nkind = \"fire_lane_parking\"\n\
                    dwell = \"60s\"\nzone = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]\n\
                    [evidence]\nupload = \"https://h\"\nupload_ca = \"nosuch.pem\"\n\
                    [[sink]]\nname = \"a\"\nkind = \"mqtt\"\nurl = \"mqtts://h\"\nca = \"empty.pem\"\n\
                    [[sink]]\nname = \"b\"\nkind = \"nats\"\nurl = \"tls://h\"\n\
                    [[camera]]\nid = \"gate\"\nsource = \"rtsps://h/s\"\ntls = { ca = \"nosuch.pem\" }\n[[camera.rule]]\n\
                    kind = \"control_room_unattended\"\n";
        let config = Config::parse(text, folder.path(), &|_| None).expect("it is sound");
        let told = unready(&config);
        assert!(told.len() == 3 && told[0].starts_with("sink a: `ca` holds no certificate"), "{told:?}");
        assert!(told[1].starts_with("[evidence]: `upload_ca` cannot be read"), "{told:?}");
        assert!(told[2].starts_with("camera gate: `ca` cannot be read"), "{told:?}");
    }
}
