//! A network that goes wrong between the program and its cameras, each way once.

use std::time::Duration;

use crate::{
    connection::{assert_one_gap, looks_of},
    relay::{Relay, Way},
    scenes::{self, Codec, PARKING},
    server::{Auth, Server},
    service::{PATIENCE, Site, wait_for},
};

/// What is done to a relay.
type Fault = fn(&Relay);

/// What goes wrong, and which camera it happens to.
const FAULTS: [(&str, Fault); 4] = [
    ("cut", Relay::cut),
    ("half-closed", Relay::half_close),
    ("lost", |relay| relay.set(Way::Lost)),
    ("stalled", |relay| relay.set(Way::Late(Duration::from_secs(6)))),
];

/// A camera that is late by less than `frame_timeout`, and stays connected.
const LATE: &str = "late";

pub fn each_fault() {
    let mut site = Site::new().seeing_always();
    let clip = scenes::noise(site.folder(), "lane", "320x240", Codec::H264);
    let names: Vec<&str> = FAULTS.iter().map(|(name, _)| *name).chain([LATE]).collect();
    let mounts: Vec<_> = names.iter().map(|name| (*name, clip.as_path())).collect();
    let server = Server::start(0, Auth::Digest, true, &mounts);
    let relays: Vec<Relay> = names.iter().map(|_| Relay::start(server.port())).collect();
    let rules = format!("open_timeout = \"20s\"\nframe_timeout = \"3s\"\n{PARKING}");
    for (name, relay) in names.iter().zip(&relays) {
        site = site.camera(name, &server.address_by(relay.port(), name), &rules);
    }
    let service = site.start();
    let raised = |camera: &str| -> Vec<String> {
        let of = site.told("raised").into_iter().filter(|alert| alert["data"]["camera"] == camera);
        of.map(|alert| alert["subject"].to_string()).collect()
    };
    wait_for("each car is told of", PATIENCE, || {
        names.iter().all(|name| !raised(name).is_empty()).then_some(())
    });
    for (relay, (name, fault)) in relays.iter().zip(FAULTS) {
        fault(relay);
        site.losses_reach(name, 1);
        relay.set(Way::Open);
    }
    let late = &relays[FAULTS.len()];
    late.set(Way::Late(Duration::from_millis(1_500)));
    site.looks_on(LATE, 8);
    late.set(Way::Open);
    site.looks_on(LATE, 8);
    for (name, _) in FAULTS {
        site.connections_reach(name, 2);
        site.looks_on(name, 6);
    }
    assert_eq!(service.end().code(), Some(143));
    for (name, _) in FAULTS {
        assert_one_gap(&site, name);
    }
    assert_eq!((site.connections(LATE), site.losses(LATE)), (1, Vec::new()));
    // What comes late was taken when it was taken, and no look is told twice. What has waited comes at once: looks may be shed then.
    let looks = looks_of(&site, LATE);
    let apart = looks.windows(2).map(|pair| pair[1] - pair[0]);
    assert!(apart.clone().all(|apart| apart > 0.0 && apart < 2.5), "{:?}", apart.collect::<Vec<_>>());
    for name in names {
        assert_eq!(raised(name).len(), 1, "{name}: neither lost nor doubled");
    }
    assert!(site.told("ended").is_empty(), "the cars still stand: {:#?}", site.told("ended"));
}
