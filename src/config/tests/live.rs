//! What may be said of live cameras.

use super::*;

fn camera(keys: &str) -> String {
    format!("[[camera]]\nid = \"gate\"\n{keys}[[camera.rule]]\nkind = \"fire_lane_parking\"\n{SQUARE}")
}

fn sound(keys: &str) -> Camera {
    let config = parse(&format!("[site]\nid = \"s\"\n{}", camera(keys)));
    config.unwrap_or_else(|faults| panic!("{keys}: {faults:?}")).cameras.remove(0)
}

#[test]
fn a_live_camera_has_its_keys_and_their_defaults() {
    let SourceAddress::Live(live) = sound("source = \"rtsp://u:p@10.2.0.31/s1\"\n").source else {
        panic!("a live camera")
    };
    assert_eq!(live, Live::new("rtsp://u:p@10.2.0.31/s1".to_owned()));
    assert_eq!((live.open_timeout, live.frame_timeout), (Duration::from_secs(30), Duration::from_secs(10)));
    assert_eq!((live.transport, live.tls), (Transport::Tcp, None));
    let keys = "source = \"rtsps://u:p@10.2.0.31/s1\"\nsubstream = \"rtsp://u:p@10.2.0.31/s2\"\nopen_timeout = \"1s\"\n\
                frame_timeout = \"5m\"\ntls = { ca = \"ca.pem\" }\nmask = [[[0, 0], [0.2, 0], [0.2, 0.1]]]\n";
    let camera = sound(keys);
    let SourceAddress::Live(live) = &camera.source else { panic!("a live camera") };
    assert_eq!(live.substream, Some(Address::from("rtsp://u:p@10.2.0.31/s2".to_owned())));
    assert_eq!((live.open_timeout, live.frame_timeout), (Duration::from_secs(1), Duration::from_secs(300)));
    assert_eq!(live.tls, Some(Tls::Ca("/etc/firewarden/ca.pem".into())));
    assert_eq!(camera.mask.len(), 1);
    let written = serde_json::to_string(&camera).expect("JSON");
    assert!(!written.contains("u:p"), "{written}");
    let read: Camera = serde_json::from_str(&written).expect("just written");
    assert_eq!(read, Camera { source: camera.source.redacted(), ..camera });
}

#[test]
fn a_certificate_is_known_in_one_way() {
    let tls = |tls: &str| format!("source = \"https://10.2.0.31/v\"\ntls = {tls}\n");
    let of = |text: &str| match sound(&tls(text)).source {
        SourceAddress::Live(live) => live.tls,
        SourceAddress::Recording { .. } => None,
    };
    assert_eq!(of("{ insecure = true }"), Some(Tls::Insecure));
    let fingerprint = format!("sha256:{}", "5e".repeat(32));
    let Some(Tls::Fingerprint(read)) = of(&format!("{{ fingerprint = \"{fingerprint}\" }}")) else {
        panic!("a fingerprint")
    };
    assert_eq!(read.to_string(), fingerprint);
    for (text, told) in [
        ("{}", "6: camera.gate.tls: one of `fingerprint`, `ca` and `insecure = true` is wanted, and no more"),
        ("{ ca = \"a\", insecure = true }", "6: camera.gate.tls: one of"),
        ("{ insecure = false }", "6: camera.gate.tls: `insecure = false` says nothing"),
        (
            "{ fingerprnt = \"a\", insecure = true }",
            "6: camera.gate.tls.fingerprnt: unknown key \"fingerprnt\"; did you mean \"fingerprint\"?",
        ),
        ("{ fingerprint = \"sha256:5e\" }", "6: camera.gate.tls.fingerprint: it is no fingerprint"),
        ("{ ca = \"\" }", "6: camera.gate.tls.ca: it is empty"),
        ("\"ca.pem\"", "6: camera.gate.tls: a table is wanted here"),
    ] {
        let found = faults(&camera(&tls(text)));
        assert!(found.len() == 1 && found[0].starts_with(told), "{text}: {found:?}");
    }
}

#[test]
fn keys_of_live_cameras_do_not_go_with_recordings() {
    for key in [
        "substream = \"rtsp://10.2.0.31/s\"",
        "transport = \"tcp\"",
        "open_timeout = \"30s\"",
        "frame_timeout = \"10s\"",
        "tls = { insecure = true }",
    ] {
        let found = faults(&camera(&format!("source = \"a.mp4\"\n{key}\n")));
        let name = key.split(' ').next().unwrap_or_default();
        let told = format!("6: camera.gate.{name}: it is for live cameras, and `source` is a recording");
        assert!(found.len() == 1 && found[0].starts_with(&told), "{found:?}");
    }
    assert_eq!(sound("source = \"a.mp4\"\nmask = [[[0, 0], [1, 0], [1, 1]]]\n").mask.len(), 1);
}

#[test]
fn keys_go_with_the_way_a_camera_is_read() {
    for (keys, told) in [
        (
            "source = \"rtmp://10.2.0.31/s\"\n",
            "source: live cameras are read by rtsp://, rtsps://, http://, https://",
        ),
        ("source = \"rtsp://\"\n", "source: it names no camera"),
        ("source = \"rtsp:///s\"\n", "source: it names no camera"),
        ("source = \"rtsp://u:p@/s\"\n", "source: it names no camera"),
        ("source = \"http://h/v\"\ntransport = \"tcp\"\n", "transport: it is for RTSP"),
        ("source = \"rtsps://h/v\"\ntransport = \"udp\"\n", "transport: rtsps carries"),
        ("source = \"rtsp://viewer:p/w@h/v\"\n", "source: it cannot be told which part of it is the host"),
        ("source = \"rtsp://h:x/v\"\n", "source: it"),
        ("source = \"rtsp://h/v\"\ntls = { insecure = true }\n", "tls: this camera shows no certificate"),
        ("source = \"http://h/v\"\ntls = { ca = \"a\" }\n", "tls: this camera shows no certificate"),
        (
            "source = \"rtsps://h/v\"\nrequest_host = \"camera\"\n",
            "request_host: only rtsp:// is read without",
        ),
        (
            "source = \"http://h/v\"\nrequest_host = \"camera\"\n",
            "request_host: only rtsp:// is read without",
        ),
        (
            "source = \"rtsp://h/v\"\nrequest_host = \"camera\"\ntransport = \"udp\"\n",
            "request_host: packets by UDP",
        ),
        (
            "source = \"viewer:pass@10.2.0.31/s\"\n",
            "source: it has a user name and a password, and is no address",
        ),
        (
            "source = \"rtsp:/viewer:pass@10.2.0.31/s\"\n",
            "source: it has a user name and a password, and is no address",
        ),
        ("source = \"rtsp://h/v\"\nsubstream = \"b.mp4\"\n", "substream: live cameras are read by"),
        (
            "source = \"rtsp://h/v\"\nopen_timeout = \"0s\"\n",
            "open_timeout: it must be between 1s and 5m: key frames",
        ),
        (
            "source = \"rtsp://h/v\"\nframe_timeout = \"6m\"\n",
            "frame_timeout: it must be between 1s and 5m: networks",
        ),
        ("source = \"rtsp://h/v\"\ntransport = \"sctp\"\n", "transport: unknown variant"),
    ] {
        let found = faults(&camera(keys));
        assert!(found.len() == 1 && found[0].contains(&format!("camera.gate.{told}")), "{keys}: {found:?}");
    }
    sound(
        "source = \"rtsp://h/v\"\nsubstream = \"rtsps://h/v\"\ntls = { insecure = true }\ntransport = \"tcp\"\n",
    );
}

#[test]
fn what_alerts_hold_is_small_enough() {
    let long = "楼".repeat(121);
    let found = faults(&camera(&format!("source = \"a.mp4\"\nname = \"{long}\"\n")));
    assert!(found[0].starts_with("6: camera.gate.name: it is too long: 120 characters at most"), "{found:?}");
    let found =
        faults(&camera(&format!("source = \"a.mp4\"\nlabels = {{ a = \"{}\" }}\n", "x".repeat(4_000))));
    assert!(found[0].contains("camera.gate.labels: they are too long"), "{found:?}");
    let found = faults(&camera("source = \"a.mp4\"\nlabels = { a = \"b\\nc\" }\n"));
    assert!(found[0].contains("camera.gate.labels: one holds line ends"), "{found:?}");
}

#[test]
fn what_a_box_keeps_has_bounds() {
    let with = |section: &str| faults(&format!("{}{section}", lane(SQUARE)));
    for (section, told) in [
        ("[box]\nmemory = \"63MB\"\n", "11: box.memory: it must be between 64MB and 1TB: "),
        ("[box]\nmemory = \"2TB\"\n", "11: box.memory: it must be"),
        ("[state]\nbudget = \"99MB\"\n", "11: state.budget: it must be between 100MB and 10TB: "),
        ("[state]\nkeep_sent = \"59m\"\n", "11: state.keep_sent: it must be between 1h and 366d: "),
        ("[state]\nobservations = \"2d\"\nkeep_sent = \"367d\"\n", "12: state.keep_sent: it must be"),
        ("[state]\nobservations = \"367d\"\n", "11: state.observations: it must be between 0s and 366d: "),
        ("[state]\ndirectory = \"\"\n", "11: state.directory: it is empty"),
        ("[evidence]\nkeep = \"1h\"\n", "11: evidence.keep: it must be between 1d and 3660d: "),
        ("[evidence]\nbudget = \"1MB\"\n", "11: evidence.budget: it must be between 100MB and 100TB: "),
        ("[evidence]\nupload = \"ftp://h\"\n", "11: evidence.upload: it is reached by https:// or http://"),
        (
            "[evidence]\nupload = \"https://h/e?a=b\"\n",
            "11: evidence.upload: names of files are put behind it",
        ),
        ("[detector]\nmax_age = \"2h\"\n", "11: detector.max_age: it must be between 0s and 1h: "),
        ("[detector]\nmodel = \"\"\n", "11: detector.model: it is empty"),
        ("[console]\nlisten = \"localhost\"\n", "11: console.listen: "),
        ("[console]\nlisten = \"0.0.0.0:8480\"\n", "11: console.listen: the console has no TLS yet"),
        ("[console]\nlisten = \"[::]:80\"\n", "11: console.listen: the console has no TLS yet"),
        ("[console]\nlisten = \"10.2.0.30:1\"\n", "11: console.listen: the console has no TLS yet"),
    ] {
        let found = with(section);
        assert!(found.len() == 1 && found[0].starts_with(told), "{section}: {found:?}");
    }
    let config = parse(&format!("[site]\nid = \"s\"\n{}[box]\nmemory = \"512MB\"\n", lane(SQUARE)));
    assert_eq!(config.expect("sound").memory, Some(ByteSize::megabytes(512)));
}
