//! A wrong password is tried once, and no password is shown anywhere.

use std::{fs, path::Path, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::{
    hostile::{Hostile, Mode},
    scenes::{self, Codec, PARKING},
    server::{Auth, ESCAPED, PASSWORD, Server, USER},
    service::Site,
};

const WRONG: &str = "wr0ng+p@ss:w/rd";
const WRONG_ESCAPED: &str = "wr0ng+p%40ss%3Aw%2Frd";

/// Every file below a folder that holds one of these.
fn holding(folder: &Path, words: &[String], found: &mut Vec<String>) -> usize {
    let mut searched = 0;
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            searched += holding(&entry, words, found);
            continue;
        }
        let Ok(bytes) = fs::read(&entry) else { continue };
        searched += 1;
        let plain = if entry.extension().is_some_and(|end| end == "gz") {
            let output = std::process::Command::new("zcat").arg(&entry).output();
            output.expect("zcat").stdout
        } else {
            Vec::new()
        };
        for word in words {
            let has = |bytes: &[u8]| bytes.windows(word.len()).any(|part| part == word.as_bytes());
            if has(&bytes) || has(&plain) {
                found.push(format!("{} holds {word}", entry.display()));
            }
        }
    }
    searched
}

pub fn wrong_password() {
    let site = Site::new();
    let clip = scenes::noise(site.folder(), "lane", "320x240", Codec::H264);
    let digest = Server::start(0, Auth::Digest, true, &[("lane", &clip)]);
    let basic = Server::start(0, Auth::Basic, true, &[("lane", &clip)]);
    let film = scenes::raw(site.folder());
    let counts = Hostile::start(Mode::Refuses("401 Unauthorized"), &film, 10, Duration::from_secs(60));
    let counts = counts.expect("a server");
    // Each at another name of this machine: whoever refuses at one name is left alone at it.
    let wrong = |host: &str, port: u16| format!("rtsp://{USER}:${{WRONG}}@{host}:{port}/lane");
    let right = format!("rtsp://{USER}:${{RIGHT}}@127.0.0.1:{}/lane", digest.port());
    let site = site
        .seeing_always()
        .camera("digest", &wrong("127.1", digest.port()), PARKING)
        .camera("basic", &wrong("127.0.1", basic.port()), PARKING)
        .camera("counts", &wrong("0x7f.1", counts.port()), PARKING)
        .camera("nobody", &format!("rtsp://0x7f000001:{}/lane", digest.port()), PARKING)
        .camera("nowhere", &wrong("127.0.0.9", 9), PARKING)
        .camera("right", &right, PARKING);
    let service = site.start_with(|command| {
        // As they are: where they are put into an address they are escaped.
        command.env("WRONG", WRONG).env("RIGHT", PASSWORD);
        command.env("FIREWARDEN_LOG", "debug");
    });
    for id in ["digest", "basic", "counts", "nobody", "nowhere"] {
        site.losses_reach(id, 1);
    }
    // Some seconds in which others would try again, and in which one is raised, with its evidence.
    site.looks_on("right", 30);
    crate::service::wait_for("evidence", crate::service::PATIENCE, || {
        (!site.told("updated").is_empty()).then_some(())
    });
    for path in ["metrics", "readyz", "healthz", "nowhere"] {
        let answer = site.console(&format!("/{path}"));
        assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
        assert_eq!(answer.contains("camera=\"digest\""), path == "metrics", "{path}: {answer}");
        // It is searched with all else.
        fs::write(site.path(&format!("{path}.txt")), answer).expect("written");
    }
    assert_eq!(service.end().code(), Some(143));

    for id in ["digest", "basic", "counts", "nobody"] {
        let losses = site.losses(id);
        assert_eq!(losses.len(), 1, "{losses:#?}");
        let words = losses[0].to_lowercase();
        assert!(words.contains("password") || words.contains("user name"), "{losses:?}");
        let wait =
            losses[0].split("next try in ").nth(1).and_then(|rest| rest.split(' ').next()?.parse().ok());
        let wait: f64 = wait.unwrap_or_else(|| panic!("{losses:?}"));
        assert!(wait >= 60.0, "minutes, not {wait} s");
    }
    assert_eq!(counts.seen().connections.len(), 1, "{:?}", counts.seen().methods);

    let mut words = Vec::new();
    for (raw, escaped) in [(WRONG, WRONG_ESCAPED), (PASSWORD, ESCAPED)] {
        // As it is, as it stands in an address, as JSON has it, and as it is sent.
        let basic = STANDARD.encode(format!("{USER}:{raw}"));
        words.extend([raw.to_owned(), escaped.to_owned(), raw.replace('/', "\\/"), basic]);
    }
    let mut found = Vec::new();
    let searched = holding(site.folder(), &words, &mut found);
    assert!(searched > 5, "{searched} files are too few: is the search broken?");
    assert!(found.is_empty(), "{found:#?}");
}
