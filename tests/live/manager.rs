//! What systemd is told of the program that it has started.

use std::{os::unix::net::UnixDatagram, time::Duration};

use crate::{
    hostile::{Hostile, Mode},
    scenes::{self, PARKING},
    service::{PATIENCE, Site, wait_for},
};

pub fn told() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).expect("a socket");
    socket.set_nonblocking(true).expect("a socket");
    let film = scenes::raw(folder.path());
    let server = Hostile::start(Mode::Plain, &film, 10, Duration::from_secs(60)).expect("a server");
    let site = Site::new().camera("lane", &server.source(), PARKING);
    let service = site.start_with(|command| {
        command.env("NOTIFY_SOCKET", &path);
    });
    let mut room = [0; 64];
    let mut next = |what: &str| -> String {
        wait_for(what, PATIENCE, || {
            let length = socket.recv(&mut room).ok()?;
            Some(String::from_utf8_lossy(&room[..length]).into_owned())
        })
    };
    assert_eq!(next("it watches"), "READY=1");
    for _ in 0..2 {
        assert_eq!(next("it goes on"), "WATCHDOG=1");
    }
    assert_eq!(service.end().code(), Some(143));
    let mut last = next("it ends");
    while last == "WATCHDOG=1" {
        last = next("it ends");
    }
    assert_eq!(last, "STOPPING=1");
}
