//! What a configuration names and is not there, as somebody asks who sets it up.

use std::path::Path;

use super::tls;
use crate::config::Config;

/// What is wrong with the authorities that sinks and uploads are to believe, each with who needs them. While the service runs they are
/// read whenever a connection is made, so that it starts without them.
pub fn unready(config: &Config) -> Vec<String> {
    let wrong = |ca: Option<&Path>| ca.and_then(|ca| tls::client_config(Some(ca)).err());
    let of_sinks = config.sinks.iter().filter_map(|sink| {
        let why = wrong(sink.settings.ca())?;
        Some(format!("sink {}: {why}", sink.name))
    });
    let of_uploads =
        wrong(config.evidence.upload_ca.as_deref()).map(|why| why.to_string().replace("`ca`", "`upload_ca`"));
    of_sinks.chain(of_uploads.map(|why| format!("[evidence]: {why}"))).collect()
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
                    [[sink]]\nname = \"b\"\nkind = \"nats\"\nurl = \"tls://h\"\n";
        let config = Config::parse(text, folder.path(), &|_| None).expect("it is sound");
        let told = unready(&config);
        assert!(told.len() == 2 && told[0].starts_with("sink a: `ca` holds no certificate"), "{told:?}");
        assert!(told[1].starts_with("[evidence]: `upload_ca` cannot be read"), "{told:?}");
    }
}
