//! `firewarden run` as it is started, watched and ended by tests.
#![allow(dead_code, reason = "each test program uses its own part")]

use std::{
    fs::{self, File},
    io::{Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::common;

/// Whatever is waited for is there within ten times as long as it usually takes; this is for what takes seconds.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until `there` gives something.
pub fn wait_for<T>(what: &str, patience: Duration, mut there: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = there() {
            return found;
        }
        assert!(began.elapsed() < patience, "{what}: not within {} s", patience.as_secs());
        thread::sleep(Duration::from_millis(50));
    }
}

/// A folder with a configuration, in which the service writes all it does.
pub struct Site {
    folder: tempfile::TempDir,
    /// What stands before the cameras.
    head: String,
    cameras: Vec<String>,
}

impl Site {
    pub fn new() -> Self {
        let head = "[site]\nid = \"test\"\nname = \"试验\"\ntimezone = \"Asia/Shanghai\"\n[box]\nid = \"box\"\n\
                    [console]\nlisten = \"127.0.0.1:0\"\n[[sink]]\nname = \"file\"\nkind = \"file\"\npath = \"alerts.jsonl\"\n"
            .to_owned();
        Self { folder: tempfile::tempdir().expect("a folder"), head, cameras: Vec::new() }
    }

    /// What else the configuration says, before its cameras.
    pub fn with(mut self, more: &str) -> Self {
        self.head += more;
        self
    }

    /// A camera; `more` are its keys and rules.
    pub fn camera(mut self, id: &str, source: &str, more: &str) -> Self {
        self.cameras.push(format!("[[camera]]\nid = \"{id}\"\nsource = \"{source}\"\n{more}\n"));
        self
    }

    /// The same in the place of the camera of this id.
    pub fn with_camera(mut self, id: &str, source: &str, more: &str) -> Self {
        let head = format!("[[camera]]\nid = \"{id}\"\n");
        self.cameras.retain(|camera| !camera.starts_with(&head));
        self.camera(id, source, more)
    }

    /// Its cameras are looked at by a model that always sees a car, an e-bike and a person at the same places.
    pub fn seeing_always(self) -> Self {
        let found = |class, confidence, bbox| common::onnx::Found { class, confidence, bbox };
        let model = common::onnx::yolox(&[
            found(0, 0.9, [16.0, 12.0, 48.0, 36.0]),
            found(1, 0.8, [24.0, 34.0, 40.0, 46.0]),
            found(2, 0.7, [52.0, 10.0, 60.0, 46.0]),
        ]);
        fs::write(self.path("always.onnx"), model).expect("written");
        self.with(
            "[detector]\nmodel = \"always.onnx\"\nhead = \"yolox\"\ninput = [64, 64]\nskip_static = false\n\
             classes = { car = [0], ebike = [1], person = [2] }\n",
        )
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// How often a camera was looked at, as far as the log tells it.
    pub fn looks(&self, camera: &str) -> usize {
        self.log().matches(&format!("camera {camera}: looked at")).count()
    }

    /// Waits until a camera has been looked at so often, over all starts.
    pub fn looks_reach(&self, camera: &str, count: usize) {
        wait_for(&format!("{count} looks of {camera}"), PATIENCE, || {
            (self.looks(camera) >= count).then_some(())
        });
    }

    /// Waits for some more looks of a camera.
    pub fn looks_on(&self, camera: &str, more: usize) {
        self.looks_reach(camera, self.looks(camera) + more);
    }

    /// How many connections of a camera had pictures, over all starts.
    pub fn connections(&self, camera: &str) -> usize {
        self.log().matches(&format!("camera {camera}: pictures come")).count()
    }

    /// Waits until a camera has had pictures by so many connections.
    pub fn connections_reach(&self, camera: &str, count: usize) {
        wait_for(&format!("{count} connections of {camera}"), PATIENCE, || {
            (self.connections(camera) >= count).then_some(())
        });
    }

    /// The lines that tell why a camera has no pictures.
    pub fn losses(&self, camera: &str) -> Vec<String> {
        let (camera, log) = (format!("camera {camera}: "), self.log());
        let lines = log.lines().filter(|line| line.contains(&camera) && line.contains("next try in"));
        lines.map(str::to_owned).collect()
    }

    /// Waits until the pictures of a camera have failed so often.
    pub fn losses_reach(&self, camera: &str, count: usize) {
        wait_for(&format!("{count} losses of {camera}"), PATIENCE, || {
            (self.losses(camera).len() >= count).then_some(())
        });
    }

    /// Writes the configuration.
    pub fn write(&self) -> PathBuf {
        let path = self.path("site.toml");
        fs::write(&path, self.head.clone() + &self.cameras.concat()).expect("written");
        path
    }

    /// Starts the service.
    pub fn start(&self) -> Service<'_> {
        self.start_with(|_| {})
    }

    /// The same with what `how` changes.
    pub fn start_with(&self, how: impl FnOnce(&mut Command)) -> Service<'_> {
        let config = self.write();
        let log = self.path("log");
        let to = File::options().create(true).append(true).open(&log).expect("a log");
        let mut command = common::command();
        command.args(["run", "--config"]).arg(config).stdout(Stdio::null()).stderr(to);
        command.env("FIREWARDEN_LOG", "info,firewarden::service::post=debug");
        how(&mut command);
        Service { child: Some(command.spawn().expect("the binary starts")), site: self }
    }

    /// The alerts that have come to the sink.
    pub fn alerts(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.path("alerts.jsonl")).unwrap_or_default();
        // The last line may be on its way.
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        whole.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
    }

    /// The alerts of a type, such as `raised`, of violations.
    pub fn told(&self, phase: &str) -> Vec<Value> {
        let wanted = format!("firewarden.violation.{phase}");
        self.alerts().into_iter().filter(|alert| alert["type"] == wanted).collect()
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// The log without each single look.
    pub fn story(&self) -> String {
        let log = self.log();
        let lines = log.lines().filter(|line| !line.contains(": looked at "));
        lines.map(|line| format!("{line}\n")).collect()
    }

    /// What the console answers to a path.
    pub fn console(&self, path: &str) -> String {
        let log = self.log();
        let address = log.rsplit("console listens on ").next().and_then(|rest| rest.lines().next());
        let address = address.expect("it listens").trim();
        let mut stream = TcpStream::connect(address).expect("the console takes connections");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").expect("asked");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    }

    /// Waits until the log says this.
    pub fn says(&self, words: &str) {
        wait_for(&format!("the log says {words:?}\n{}", self.log()), PATIENCE, || {
            self.log().contains(words).then_some(())
        });
    }

    /// Every look of a camera that was kept, in its order. They are written once a minute and at the end. A day begins
    /// with the connection that goes on from the day before, which stands here once.
    pub fn observations(&self, camera: &str) -> Vec<Value> {
        let folder = self.path("state/observations").join(camera);
        let mut days: Vec<PathBuf> =
            fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        days.sort();
        let mut records: Vec<Value> = Vec::new();
        for day in days {
            let plain = Command::new("zcat").arg(&day).output().expect("zcat").stdout;
            let text = String::from_utf8(plain).expect("text");
            let mut lines =
                text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON")).peekable();
            let connection = records.iter().rfind(|record| record["record"] == "epoch");
            if connection.is_some_and(|before| lines.peek() == Some(before)) {
                lines.next();
            }
            records.extend(lines);
        }
        records
    }
}

/// The service while it runs. It is killed when it is dropped.
pub struct Service<'s> {
    child: Option<Child>,
    site: &'s Site,
}

impl Service<'_> {
    pub fn id(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    /// Sends a signal, such as `TERM`.
    pub fn signal(&self, name: &str) {
        signal(self.id(), name);
    }

    /// Ends it as an operator does, and tells how it ended.
    pub fn end(mut self) -> ExitStatus {
        self.signal("TERM");
        self.wait()
    }

    /// Waits until it has ended.
    pub fn wait(&mut self) -> ExitStatus {
        let log = || self.site.log();
        let mut child = self.child.take().expect("it runs");
        let began = Instant::now();
        loop {
            if let Some(status) = child.try_wait().expect("a child") {
                return status;
            }
            if began.elapsed() > PATIENCE {
                let _ = child.kill();
                panic!("it does not end:\n{}", log());
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// As when the power fails.
    pub fn kill(mut self) {
        let mut child = self.child.take().expect("it runs");
        child.kill().expect("killed");
        let _ = child.wait();
    }
}

impl Drop for Service<'_> {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
            if thread::panicking() {
                eprintln!("what the service said:\n{}", self.site.story());
            }
        }
    }
}

/// Sends a signal to a process.
pub fn signal(id: u32, name: &str) {
    let sent = Command::new("kill").args([format!("-{name}"), id.to_string()]).status().expect("kill");
    assert!(sent.success(), "{name} to {id}");
}

/// A sample of the project.
pub fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(name)
}
