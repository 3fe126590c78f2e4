//! Whatever a configuration or a file of observations holds, it is read or refused: nothing panics.

use std::path::Path;

use firewarden::{
    config::Config,
    domain::{MediaTime, Record},
    judge::Judge,
    results::{ReadError, lines},
};
use proptest::prelude::*;

/// A change to a text: at a place (as a share of its length) some bytes are cut and others put in.
#[derive(Debug, Clone)]
struct Edit {
    place: f64,
    cut: usize,
    put: Vec<u8>,
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let pieces = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..6),
        prop::sample::select(vec![
            "\"",
            "[",
            "]",
            "[[",
            "=",
            "\n",
            "-1",
            "1e999",
            "nan",
            "${",
            "}",
            "null",
            "0.0",
            "{",
            "\u{202e}",
            "\"9999999d\"",
            "true",
            "[[0,0],[1,1]]",
            "99999999999999999999",
            "é",
            "\\u0000",
        ])
        .prop_map(|piece| piece.as_bytes().to_vec()),
    ];
    let edit = (0.0f64..1.0, 0usize..12, pieces).prop_map(|(place, cut, put)| Edit { place, cut, put });
    prop::collection::vec(edit, 1..6)
}

fn edited(text: &str, edits: &[Edit]) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for edit in edits {
        let start = (edit.place * bytes.len() as f64) as usize;
        let end = (start + edit.cut).min(bytes.len());
        bytes.splice(start..end, edit.put.iter().copied());
    }
    bytes
}

fn parse(text: &str) -> Result<Config, Vec<firewarden::config::Fault>> {
    Config::parse(text, Path::new("."), &|name| (name.len() < 5).then(|| "value".to_owned()))
}

const SAMPLE: &str = include_str!("../../samples/firewarden.toml");

const LINES: &str = r#"{"record":"epoch","camera":"control-room","epoch":0,"from":0.0,"wall":"2026-01-31T15:59:50Z","wall_origin":"file_name","file":"a.mp4","codec":"h264","width":320,"height":240}
{"record":"observation","camera":"control-room","epoch":0,"at":0.0,"wall":"2026-01-31T15:59:50Z","looked":["yolox-nano"],"detections":[{"class":"person","confidence":0.9,"bbox":[0.2,0.3,0.4,0.9]}],"scene":{"brightness":0.5,"contrast":0.2,"sharpness":0.01}}
{"record":"gap","camera":"control-room","epoch":0,"from":1.0,"to":null,"reason":"damaged"}
{"record":"gap","camera":"control-room","epoch":0,"from":1.0,"to":2.0,"reason":"damaged"}
{"record":"observation","camera":"control-room","epoch":0,"at":900.0,"wall":"2026-01-31T16:14:50Z","looked":["yolox-nano"],"detections":[],"scene":{"brightness":0.5,"contrast":0.2,"sharpness":0.01,"changed":0.1,"changed_in":[0.0,0.0,0.5,0.5],"identical":0.5}}
"#;

/// Reads bytes as a file of observations and lets the rules judge what is read; how many records that were.
fn replay(bytes: &[u8]) -> (usize, Result<(), ReadError>) {
    let config = parse(SAMPLE).expect("the sample is sound");
    let mut judges: Vec<Judge> = config
        .cameras
        .iter()
        .map(|camera| Judge::new(&config.site, camera, &config.detector.model.as_str().into()))
        .collect();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("observations.jsonl");
    std::fs::write(&path, bytes).expect("written");
    let mut count = 0;
    let read = lines::read(&path, &mut |_, record: Record| {
        count += 1;
        for judge in &mut judges {
            for violation in judge.take(&record).violations {
                let raised = violation.raised.as_ref().map_or(MediaTime::MAX, |raised| raised.media_s);
                assert!(violation.started.media_s <= raised, "{violation:?}");
            }
        }
    });
    (count, read)
}

#[test]
fn the_lines_that_are_fuzzed_are_sound() {
    let (count, read) = replay(LINES.as_bytes());
    assert_eq!(count, 5);
    assert!(read.is_ok(), "{read:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_a_configuration_or_is_refused_with_reasons(text in "\\PC{0,200}") {
        if let Err(faults) = parse(&text) {
            prop_assert!(!faults.is_empty());
        }
    }

    #[test]
    fn a_damaged_configuration_is_read_or_refused_with_reasons(edits in edits()) {
        let text = String::from_utf8_lossy(&edited(SAMPLE, &edits)).into_owned();
        match parse(&text) {
            Ok(config) => prop_assert!(!config.cameras.is_empty()),
            Err(faults) => {
                prop_assert!(!faults.is_empty());
                let lines = text.lines().count() + 1;
                prop_assert!(faults.iter().all(|fault| fault.line.is_none_or(|line| (1..=lines).contains(&line))));
            }
        }
    }

    #[test]
    fn any_bytes_are_observations_or_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let (count, read) = replay(&bytes);
        prop_assert_eq!(count, 0);
        prop_assert!(read.is_err() || bytes.iter().all(u8::is_ascii_whitespace));
    }

    #[test]
    fn damaged_observations_are_read_up_to_the_damage(edits in edits()) {
        let (count, read) = replay(&edited(LINES, &edits));
        prop_assert!(read.is_err() || count >= 3, "{count} records");
    }
}
