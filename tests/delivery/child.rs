//! A box in a program of its own, so that it can be killed: this very test program, which is told what cameras would tell.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use firewarden::{clock::System, stop::Stop};
use jiff::Timestamp;

use crate::{
    process::bound_to_this,
    script::Script,
    service::{PATIENCE, wait_for},
    station::{CAMERAS, config, deliver, open, tell, written},
};

/// Names the folder of the box, where this program is to be one.
pub const CHILD: &str = "FIREWARDEN_TEST_BOX";
/// How the sinks are configured.
const SINKS: &str = "sinks.toml";

/// Is a box, until it is killed or its input ends. A line is a camera and a time; a line with a point asks whether all is on the disk.
pub fn run(folder: &Path) {
    let sinks = fs::read_to_string(folder.join(SINKS)).expect("the sinks");
    let config = config(folder, &sinks);
    let database = open(folder, &config, Arc::new(System));
    let dispatcher = deliver(&database.handle(), &config, &Stop::default());
    println!("ready");
    for line in std::io::stdin().lines() {
        let line = line.expect("a line");
        match line.split_once(' ') {
            Some((camera, since)) => {
                tell(&database.handle(), camera, "门口", since.parse().expect("a time"));
            }
            None => {
                written(&database.handle());
                println!("written");
            }
        }
    }
    dispatcher.finish(Duration::from_secs(60));
}

/// The box, as whoever kills it has it.
pub struct OwnBox {
    child: Child,
    to: ChildStdin,
    /// How often it said that all is on the disk.
    written: Arc<AtomicUsize>,
    asked: usize,
}

impl OwnBox {
    /// Begins in a folder, with these sinks, and waits until it is ready.
    pub fn start(folder: &Path, sinks: &str) -> Self {
        fs::write(folder.join(SINKS), sinks).expect("written");
        let log = fs::File::options().create(true).append(true).open(folder.join("log")).expect("a log");
        let program = std::env::current_exe().expect("this program");
        let mut child = bound_to_this(&program)
            .env(CHILD, folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("it starts");
        let (to, from) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
        let (ready, is_ready) = std::sync::mpsc::channel();
        let written = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&written);
        thread::spawn(move || {
            for line in BufReader::new(from).lines().map_while(Result::ok) {
                match line.as_str() {
                    "ready" => drop(ready.send(())),
                    "written" => drop(count.fetch_add(1, Ordering::SeqCst)),
                    other => panic!("it says {other:?}"),
                }
            }
        });
        if is_ready.recv_timeout(PATIENCE).is_err() {
            panic!("it does not begin:\n{}", fs::read_to_string(folder.join("log")).unwrap_or_default());
        }
        Self { child, to, written, asked: 0 }
    }

    /// So many alerts come of each camera.
    pub fn tell(&mut self, script: &mut Script, each: usize) -> Vec<(&'static str, Timestamp)> {
        let told: Vec<_> =
            (0..each).flat_map(|_| CAMERAS).map(|camera| (camera, script.next(camera))).collect();
        let lines: String = told.iter().map(|(camera, since)| format!("{camera} {since}\n")).collect();
        self.to.write_all(format!("{lines}.\n").as_bytes()).expect("it reads");
        self.asked += 1;
        told
    }

    /// Waits until all that was told is on the disk.
    pub fn written(&self) {
        wait_for("all is written down", PATIENCE, || self.has_written().then_some(()));
    }

    pub fn has_written(&self) -> bool {
        self.written.load(Ordering::SeqCst) >= self.asked
    }

    /// As when the power fails. Whether all that was told is known to be on the disk.
    pub fn kill(mut self) -> bool {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.has_written()
    }
}

impl Drop for OwnBox {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
