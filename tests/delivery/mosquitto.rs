//! A real MQTT broker, mosquitto, and a platform that listens to it, which is mosquitto's own client.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use crate::{
    certificates::Issued,
    gate::Gate,
    peer::{Access, PASSWORD, Peer, USER},
    process::{Process, bound_to_this, found, free_port},
    service::{PATIENCE, wait_for},
};

/// The broker. Boxes reach it through a gate, which opens once the platform listens: what comes to a broker without a listener is
/// lost, as the protocol has it.
pub struct Mosquitto {
    folder: tempfile::TempDir,
    /// Where the platform reaches it.
    own: u16,
    /// Where boxes do.
    of_boxes: u16,
    gate: Gate,
    process: Option<Process>,
    platform: Option<Platform>,
    access: Access,
    tls: Option<Issued>,
    more: String,
}

/// A message as the platform has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub retained: bool,
    pub topic: String,
    pub payload: String,
}

impl Mosquitto {
    pub fn is_here() -> bool {
        ["mosquitto", "mosquitto_sub", "mosquitto_pub", "mosquitto_passwd", "setpriv"]
            .iter()
            .all(|name| found(name).is_some())
    }

    /// Starts one for everybody.
    pub fn start() -> Self {
        Self::start_with("", None)
    }

    /// Starts one with more in its configuration, with TLS for boxes where a certificate is given.
    pub fn start_with(more: &str, tls: Option<Issued>) -> Self {
        let (own, of_boxes) = (free_port(), free_port());
        let folder = tempfile::tempdir().expect("a folder");
        let mut broker = Self {
            folder,
            own,
            of_boxes,
            gate: Gate::to(of_boxes),
            process: None,
            platform: None,
            access: Access::Everybody,
            tls,
            more: more.to_owned(),
        };
        broker.run();
        broker
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self) -> PathBuf {
        let shown = |name: &str| self.path(name).display().to_string();
        let mut text = format!(
            "user root\nper_listener_settings true\npersistence false\nmax_inflight_messages 0\nmax_queued_messages 0\n\
             log_type all\nlog_dest stdout\n{}\nlistener {} 127.0.0.1\nallow_anonymous true\nlistener {} 127.0.0.1\n",
            self.more, self.own, self.of_boxes
        );
        let password = match self.access {
            Access::Everybody => None,
            Access::Password(password) => Some(password),
            Access::Nothing => Some(PASSWORD),
        };
        match password {
            None => text += "allow_anonymous true\n",
            Some(password) => {
                let made = Command::new("mosquitto_passwd")
                    .args(["-b", "-c", &shown("passwords"), USER, password])
                    .stderr(Stdio::null())
                    .status();
                assert!(made.expect("mosquitto_passwd").success());
                text += &format!("allow_anonymous false\npassword_file {}\n", shown("passwords"));
            }
        }
        if self.access == Access::Nothing {
            fs::write(self.path("acl"), format!("user {USER}\ntopic read firewarden/#\n")).expect("written");
            text += &format!("acl_file {}\n", shown("acl"));
        }
        if let Some(Issued { certificate, key }) = &self.tls {
            text += &format!("certfile {}\nkeyfile {}\n", certificate.display(), key.display());
        }
        let path = self.path("mosquitto.conf");
        fs::write(&path, text).expect("written");
        path
    }

    fn run(&mut self) {
        let config = self.write().display().to_string();
        let before = self.platform.as_ref().map_or(0, Platform::connections);
        let program = found("mosquitto").expect("it is here");
        let mut process = Process::start(&program, &["-c", &config], &self.path("log"));
        process.listens(self.own);
        self.process = Some(process);
        let own = self.own;
        let platform = self.platform.get_or_insert_with(|| Platform::start(own));
        wait_for("the platform listens", PATIENCE, || (platform.connections() > before).then_some(()));
        self.gate.open();
    }

    /// All that came to the platform, in its order.
    pub fn messages(&self) -> Vec<Message> {
        self.platform.as_ref().map(Platform::messages).unwrap_or_default()
    }

    /// The platform says something.
    pub fn say(&self, topic: &str, text: &str) {
        let said = Command::new("mosquitto_pub")
            .args([
                "-h",
                "127.0.0.1",
                "-p",
                &self.own.to_string(),
                "-V",
                "5",
                "-q",
                "1",
                "-t",
                topic,
                "-m",
                text,
            ])
            .status();
        assert!(said.expect("mosquitto_pub").success());
    }

    /// What somebody sees who comes only now: what is retained.
    pub fn retained(&self, topic: &str) -> Vec<String> {
        let seen = Command::new("mosquitto_sub")
            .args(["-h", "127.0.0.1", "-p", &self.own.to_string(), "-V", "5", "-t", topic])
            .args(["-W", "2", "-C", "1", "--retained-only"])
            .output()
            .expect("mosquitto_sub");
        String::from_utf8_lossy(&seen.stdout).lines().map(str::to_owned).collect()
    }

    /// The platform goes away, and what comes meanwhile is not for it.
    pub fn platform_leaves(&mut self) {
        self.platform = None;
    }

    /// The platform comes back.
    pub fn platform_comes(&mut self) {
        let platform = Platform::start(self.own);
        wait_for("the platform listens", PATIENCE, || (platform.connections() > 0).then_some(()));
        self.platform = Some(platform);
    }

    /// Connections of boxes break off and are refused until it is opened.
    pub fn gate(&mut self) -> &mut Gate {
        &mut self.gate
    }
}

impl Peer for Mosquitto {
    fn sink(&self) -> String {
        let scheme = if self.tls.is_some() { "mqtts" } else { "mqtt" };
        format!("kind = \"mqtt\"\nurl = \"{scheme}://127.0.0.1:{}\"\n", self.gate.port())
    }

    fn sink_with_password(&self) -> String {
        format!("{}username = \"{USER}\"\npassword = \"{PASSWORD}\"\n", self.sink())
    }

    fn port_of_platforms(&self) -> u16 {
        self.own
    }

    fn alerts(&mut self) -> Vec<String> {
        let is_alert =
            |message: &Message| ["/violation", "/health"].iter().any(|end| message.topic.ends_with(end));
        self.messages().into_iter().filter(is_alert).map(|message| message.payload).collect()
    }

    fn kill(&mut self) {
        if let Some(process) = self.process.take() {
            process.kill();
        }
        self.gate.shut();
    }

    fn end(&mut self) {
        // What is under way is over for boxes first.
        self.gate.shut();
        if let Some(process) = self.process.take() {
            process.end();
        }
    }

    fn start_again(&mut self) {
        self.run();
    }

    fn freeze(&self) {
        self.process.as_ref().expect("it runs").freeze();
    }

    fn thaw(&self) {
        self.process.as_ref().expect("it runs").thaw();
    }

    fn let_in(&mut self, access: Access) {
        self.access = access;
        self.end();
        self.run();
    }

    fn certify(&mut self, tls: Issued) {
        self.tls = Some(tls);
        self.end();
        self.run();
    }
}

/// Who listens.
struct Platform {
    child: Child,
    heard: Arc<Mutex<Heard>>,
}

#[derive(Default)]
struct Heard {
    connections: usize,
    messages: Vec<Message>,
}

impl Platform {
    fn start(port: u16) -> Self {
        // Line by line: it says when it listens, and otherwise keeps that to itself until something comes.
        let mut child = bound_to_this("stdbuf".as_ref())
            .args([
                "-oL",
                "mosquitto_sub",
                "-h",
                "127.0.0.1",
                "-p",
                &port.to_string(),
                "-V",
                "5",
                "-i",
                "platform",
                "-q",
                "1",
            ])
            .args(["-t", "firewarden/v1/#", "-F", "M %r %t %p", "-d"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("mosquitto_sub");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let heard: Arc<Mutex<Heard>> = Arc::default();
        let to = Arc::clone(&heard);
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let mut heard = to.lock().unwrap_or_else(PoisonError::into_inner);
                if line.starts_with("Subscribed (mid") {
                    heard.connections += 1;
                }
                heard.messages.extend(message(&line));
            }
        });
        Self { child, heard }
    }

    fn connections(&self) -> usize {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).connections
    }

    fn messages(&self) -> Vec<Message> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).messages.clone()
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn message(line: &str) -> Option<Message> {
    let mut parts = line.strip_prefix("M ")?.splitn(3, ' ');
    let retained = parts.next()? == "1";
    Some(Message { retained, topic: parts.next()?.to_owned(), payload: parts.next()?.to_owned() })
}
