//! The box's own disk and clock: full, locked, damaged, stepped.

use std::{
    fs,
    os::unix::fs::FileExt,
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use firewarden::clock::Manual;
use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;

use crate::{
    receiver::Receiver,
    service::{PATIENCE, wait_for},
    station::{CAMERAS, PLATFORM, Station},
    webhook,
};

/// A small disk of its own, where this user may mount one.
struct Tmpfs(tempfile::TempDir);

impl Tmpfs {
    fn mount(size: &str) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "firewarden-test"])
            .arg(folder.path())
            .stderr(Stdio::null())
            .status();
        mounted.is_ok_and(|status| status.success()).then_some(Self(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

/// Whether this user may mount disks.
pub fn may_mount() -> bool {
    Tmpfs::mount("64k").is_some()
}

/// The disk that a file of alerts lies on is full; then it has room.
pub fn full_for_a_file() {
    let disk = Tmpfs::mount("256k").expect("a disk");
    let ballast = disk.path().join("ballast");
    let path = disk.path().join("alerts.jsonl");
    let mut station = Station::start(&format!("kind = \"file\"\npath = \"{}\"\n", path.display()));
    let lines = || {
        let text = fs::read_to_string(&path).unwrap_or_default();
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole).to_owned();
        whole.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    station.tell(5);
    station.arrives(lines);
    for _ in 0..2 {
        // All that is left, but for less than what comes now.
        fill(&ballast);
        station.tell(10);
        let why = station.fails(&["space", "full", "room"]);
        assert!(why.contains("alerts.jsonl"), "{why}");
        assert_eq!(station.handle().facts().sinks[PLATFORM].refused, 0);
        fs::remove_file(&ballast).expect("removed");
        station.arrives(lines);
    }
    station.end();
}

fn fill(path: &Path) {
    use std::io::Write;
    let mut file = fs::File::create(path).expect("made");
    while file.write_all(&[0x20; 4096]).is_ok() {}
}

/// Another program locks the database for some seconds, while alerts come and go.
pub fn locked() {
    let receiver = Receiver::start(None);
    let mut station = Station::start(&webhook::keys(&receiver));
    station.tell(3);
    station.arrives(|| receiver.alerts());
    for _ in 0..2 {
        let other = Connection::open(station.path("state/firewarden.db")).expect("a database");
        other.execute_batch("BEGIN IMMEDIATE; DELETE FROM outbox WHERE 0").expect("locked");
        station.begin_to_tell(&CAMERAS, 10);
        wait_for("it is noticed", PATIENCE, || station.handle().facts().failing_since);
        other.execute_batch("ROLLBACK").expect("unlocked");
        station.arrives(|| receiver.alerts());
    }
    crate::station::written(&station.handle());
    wait_for("it is well", PATIENCE, || station.handle().facts().failing_since.is_none().then_some(()));
    station.end();
}

/// The file is damaged while it is in use: another outbox begins, and all that is told from then on comes, in its own count.
pub fn damaged() {
    let receiver = Receiver::start(None);
    let mut station = Station::start(&webhook::keys(&receiver));
    station.tell(50);
    station.arrives(|| receiver.alerts());
    let (before, had) = (station.handle().outbox(), receiver.alerts().len());
    let path = station.path("state/firewarden.db");
    let file = fs::OpenOptions::new().write(true).open(&path).expect("a database");
    let length = file.metadata().expect("its size").len();
    for at in (0..length).step_by(4096) {
        file.write_all_at(&[0xA5; 512], at).expect("written");
    }
    fs::write(station.path("state/firewarden.db-wal"), []).expect("written");
    wait_for("another outbox is begun", PATIENCE, || {
        station.tell(1);
        (station.handle().outbox() != before).then_some(())
    });
    // What was told since is in the new one or died with the old: of the new one nothing is missing.
    let (new, mark) = (station.handle().outbox().to_string(), receiver.alerts().len());
    station.script = crate::script::Script::default();
    station.script.skip(10_000);
    station.tell(10);
    let of_new = || -> Vec<String> {
        let all = receiver.alerts().into_iter().filter(|text| text.contains(&new));
        all.filter(|text| station.script.knows(text)).collect()
    };
    station.arrives(of_new);
    assert!(mark >= had);
    let mut numbers: Vec<u64> = receiver
        .alerts()
        .iter()
        .filter(|text| text.contains(&new))
        .map(|text| crate::script::sequence(&crate::script::read(text)))
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>(), "it counts anew, without holes");
    station.end();
}

/// The clock is set forward, and back, by hours and years.
pub fn clock_steps() {
    let receiver = Receiver::start(None);
    let began: Timestamp = "2026-12-01T00:00:00Z".parse().expect("a time");
    let clock = Arc::new(Manual::at(began));
    let mut station =
        Station::start_with(&crate::station::platform(&webhook::keys(&receiver)), clock.clone());
    for hours in [0, 1, -1, 24 * 365, -24 * 365 * 9] {
        clock.set(began + SignedDuration::from_hours(hours));
        clock.advance(Duration::from_secs(1));
        station.tell(5);
        station.arrives(|| receiver.alerts());
    }
    // While it does not get through, too.
    receiver.set_away(true);
    station.tell(5);
    station.fails(&[""]);
    clock.set(began + SignedDuration::from_hours(-5));
    station.tell(5);
    receiver.set_away(false);
    station.arrives(|| receiver.alerts());
    station.end();
}
