//! A subscriber of `samples/subscribers` that runs, as a platform starts it.

use std::{
    fs::{self, File},
    path::PathBuf,
    process::{Child, Stdio},
    time::Duration,
};

use crate::{
    brokers::Kind,
    process::{bound_to_this, cache, found},
    service::{PATIENCE, sample, wait_for},
};

/// What a broker gave to a request that was over by then comes again after `ack_wait`: so long, and once more.
const LONG: Duration = PATIENCE.saturating_mul(3);

/// It is killed when it is dropped. What it prints and says is kept over its restarts, as is its state.
pub struct Subscriber {
    folder: tempfile::TempDir,
    kind: Kind,
    arguments: Vec<String>,
    password: String,
    child: Option<Child>,
    /// How often it had connected when it was started last.
    connected: usize,
}

/// A Python that has the clients of both brokers.
fn python() -> PathBuf {
    cache().join("subscribers/subscribers-python")
}

/// Whether this machine has what subscribers need.
pub fn are_here() -> bool {
    python().is_file() && found("setpriv").is_some()
}

impl Subscriber {
    /// Starts one at a broker on loopback, and waits until it listens.
    pub fn start(kind: Kind, port: u16, more: &[&str]) -> Self {
        Self::start_with_password(kind, port, more, "")
    }

    /// The same, by a password.
    pub fn start_with_password(kind: Kind, port: u16, more: &[&str], password: &str) -> Self {
        let mut subscriber = Self::new(kind, port, more, password);
        subscriber.start_again(&[]);
        subscriber
    }

    /// Has the stream of NATS made, as a platform does once.
    pub fn make_stream(port: u16, more: &[&str], password: &str) {
        let mut maker = Self::new(Kind::Nats, port, more, password);
        maker.arguments.push("--make-stream".to_owned());
        maker.run();
        let code = maker.end();
        assert_eq!(code, Some(0), "{}", maker.said());
    }

    fn new(kind: Kind, port: u16, more: &[&str], password: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let state = folder.path().join("seen.db").display().to_string();
        let broker = match kind {
            Kind::Mqtt => ["--port".to_owned(), port.to_string()],
            Kind::Nats => ["--server".to_owned(), format!("nats://127.0.0.1:{port}")],
        };
        let more = more.iter().map(|&argument| argument.to_owned());
        let arguments = broker.into_iter().chain(["--state".to_owned(), state]).chain(more).collect();
        Self { folder, kind, arguments, password: password.to_owned(), child: None, connected: 0 }
    }

    /// It begins again with more arguments, and listens when this returns.
    pub fn start_again(&mut self, more: &[&str]) {
        self.arguments.extend(more.iter().map(|&argument| argument.to_owned()));
        self.connected = self.connections();
        self.run();
        self.listens();
    }

    fn run(&mut self) {
        let (name, variable) = match self.kind {
            Kind::Mqtt => ("mqtt.py", "MQTT_PASSWORD"),
            Kind::Nats => ("nats.py", "NATS_PASSWORD"),
        };
        let to = |name: &str| {
            let path = self.folder.path().join(name);
            File::options().create(true).append(true).open(path).expect("a file")
        };
        let mut command = bound_to_this(&python());
        command.arg("-B").arg(sample("subscribers").join(name)).args(&self.arguments);
        command.stdin(Stdio::null()).stdout(to("printed")).stderr(to("said"));
        if !self.password.is_empty() {
            command.env(variable, &self.password);
        }
        self.child = Some(command.spawn().expect("Python starts"));
    }

    fn connections(&self) -> usize {
        self.said().lines().filter(|line| *line == "connected").count()
    }

    fn listens(&self) {
        self.waits("connected", || self.connections() > self.connected);
    }

    /// As when the power fails.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Waits until it has ended by itself, and gives its exit code.
    pub fn end(&mut self) -> Option<i32> {
        let mut child = self.child.take().expect("it runs");
        wait_for("a subscriber ends", PATIENCE, || child.try_wait().expect("a child")).code()
    }

    /// What it has printed: an alert in each line.
    pub fn printed(&self) -> Vec<String> {
        let text = self.read("printed");
        // The last line may be on its way.
        text.rsplit_once('\n').map_or("", |(whole, _)| whole).lines().map(str::to_owned).collect()
    }

    /// What it has said to people.
    pub fn said(&self) -> String {
        self.read("said")
    }

    /// Waits until it has said something with these words.
    pub fn says(&self, words: &str) {
        self.waits(words, || self.said().contains(words));
    }

    fn waits(&self, words: &str, is_so: impl Fn() -> bool) {
        let began = std::time::Instant::now();
        while !is_so() {
            assert!(began.elapsed() < LONG, "it does not say {words:?}:\n{}", self.said());
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("what the subscriber said:\n{}", self.said());
        }
    }
}
