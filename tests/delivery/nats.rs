//! A real NATS server with JetStream, and a platform that speaks to it in its own plain text.

use std::{
    fs,
    io::{self, BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::{
    certificates::Issued,
    peer::{Access, PASSWORD, Peer, USER},
    process::{Process, cache, found, free_port},
    service::PATIENCE,
};

/// The platform's own user.
const PLATFORM: &str = "platform";
const PLATFORMS_PASSWORD: &str = "of-the-platform";

/// The server, its stream in files.
pub struct Nats {
    folder: tempfile::TempDir,
    port: u16,
    process: Option<Process>,
    access: Access,
    tls: Option<Issued>,
    more: String,
    /// What was read of the stream.
    read: Vec<String>,
    heard: Arc<Mutex<Vec<(String, String)>>>,
}

/// Where the server's program lies.
pub fn program() -> Option<PathBuf> {
    Some(cache().join("nats-server/nats-server"))
        .filter(|path| path.is_file())
        .or_else(|| found("nats-server"))
}

impl Nats {
    pub fn is_here() -> bool {
        program().is_some() && found("setpriv").is_some()
    }

    /// Starts one for everybody, with the stream that alerts go to.
    pub fn start() -> Self {
        let server = Self::start_with("", None);
        server.make_stream(&json!({}));
        server
    }

    /// Starts one with more in its configuration and no stream, with TLS where a certificate is given.
    pub fn start_with(more: &str, tls: Option<Issued>) -> Self {
        let mut server = Self {
            folder: tempfile::tempdir().expect("a folder"),
            port: free_port(),
            process: None,
            access: Access::Everybody,
            tls,
            more: more.to_owned(),
            read: Vec::new(),
            heard: Arc::default(),
        };
        server.run();
        server
    }

    fn write(&self) -> PathBuf {
        let path = |name: &str| self.folder.path().join(name);
        let mut text = format!(
            "listen: \"127.0.0.1:{}\"\njetstream {{ store_dir: \"{}\" }}\n{}\n",
            self.port,
            path("store").display(),
            self.more
        );
        let (password, permissions) = match self.access {
            Access::Everybody => (None, ""),
            Access::Password(password) => (Some(password), ""),
            Access::Nothing => (Some(PASSWORD), ", permissions: { publish: { deny: \"firewarden.>\" } }"),
        };
        if let Some(password) = password {
            text += &format!(
                "authorization {{ users: [\n{{ user: {PLATFORM}, password: \"{PLATFORMS_PASSWORD}\" }}\n\
                 {{ user: {USER}, password: \"{password}\"{permissions} }}\n] }}\n"
            );
        }
        if let Some(Issued { certificate, key }) = &self.tls {
            text += &format!(
                "tls {{ cert_file: \"{}\", key_file: \"{}\" }}\nallow_non_tls: true\n",
                certificate.display(),
                key.display()
            );
        }
        let config = path("nats.conf");
        fs::write(&config, text).expect("written");
        config
    }

    fn run(&mut self) {
        let config = self.write().display().to_string();
        let mut process = Process::start(
            &program().expect("it is here"),
            &["-c", &config],
            &self.folder.path().join("log"),
        );
        process.listens(self.port);
        self.process = Some(process);
    }

    fn client(&self) -> Client {
        self.connect().expect("the server takes the platform")
    }

    fn connect(&self) -> io::Result<Client> {
        let known = (PLATFORM, PLATFORMS_PASSWORD);
        Client::connect(self.port, (self.access != Access::Everybody).then_some(known), "_INBOX")
    }

    /// The platform makes the stream, with what else is said of it.
    pub fn make_stream(&self, more: &Value) {
        self.stream("CREATE", more);
    }

    /// The platform changes it.
    pub fn change_stream(&self, more: &Value) {
        self.stream("UPDATE", more);
    }

    fn stream(&self, what: &str, more: &Value) {
        let mut settings = json!({
            "name": "FIREWARDEN",
            "subjects": ["firewarden.v1.*.*.violation", "firewarden.v1.*.*.health"],
            "storage": "file", "retention": "limits", "num_replicas": 1, "max_msgs": -1, "max_bytes": -1, "max_consumers": -1,
            "discard": "new", "duplicate_window": 120_000_000_000_u64,
        });
        if let (Some(settings), Some(more)) = (settings.as_object_mut(), more.as_object()) {
            settings.extend(more.clone());
        }
        let answer = self
            .client()
            .request(&format!("$JS.API.STREAM.{what}.FIREWARDEN"), &settings.to_string())
            .expect("an answer");
        assert!(answer.get("error").is_none(), "{answer}");
    }

    /// The platform says something.
    pub fn say(&self, subject: &str, text: &str) {
        let mut client = self.client();
        client.publish(subject, text).and_then(|()| client.flush()).expect("said");
    }

    /// From now on all that comes is listened to, which does not outlive the server.
    pub fn listen(&self) {
        let mut client = self.client();
        client.subscribe("firewarden.v1.>").and_then(|()| client.flush()).expect("it listens");
        client.read.get_ref().set_read_timeout(None).expect("a time");
        let heard = Arc::clone(&self.heard);
        thread::spawn(move || {
            while let Ok((subject, text)) = client.message() {
                heard.lock().unwrap_or_else(PoisonError::into_inner).push((subject, text));
            }
        });
    }

    /// Subjects and texts that were heard since [`Self::listen`].
    pub fn heard(&self) -> Vec<(String, String)> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn read_on(&mut self) -> io::Result<()> {
        let mut client = self.connect()?;
        loop {
            let next = json!({ "seq": self.read.len() + 1 }).to_string();
            let answer = client.request("$JS.API.STREAM.MSG.GET.FIREWARDEN", &next)?;
            let Some(data) = answer["message"]["data"].as_str() else { return Ok(()) };
            let text = STANDARD.decode(data).map_err(io::Error::other)?;
            self.read.push(String::from_utf8(text).map_err(io::Error::other)?);
        }
    }
}

impl Peer for Nats {
    fn sink(&self) -> String {
        let scheme = if self.tls.is_some() { "tls" } else { "nats" };
        format!("kind = \"nats\"\nurl = \"{scheme}://127.0.0.1:{}\"\n", self.port)
    }

    fn sink_with_password(&self) -> String {
        self.sink().replace("://", &format!("://{USER}:{PASSWORD}@"))
    }

    fn port_of_platforms(&self) -> u16 {
        self.port
    }

    /// What the stream keeps: a repeat is kept once there, within the window in which it knows repeats.
    fn alerts(&mut self) -> Vec<String> {
        // One that is away has nothing new.
        let _ = self.read_on();
        self.read.clone()
    }

    fn kill(&mut self) {
        if let Some(process) = self.process.take() {
            process.kill();
        }
    }

    fn end(&mut self) {
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

/// A client of NATS, which knows as much of its protocol as it needs.
pub struct Client {
    read: BufReader<TcpStream>,
    write: TcpStream,
    inbox: String,
}

impl Client {
    /// Connects by this user and password, where there are any. Answers come below the inbox.
    pub fn connect(port: u16, user: Option<(&str, &str)>, inbox: &str) -> io::Result<Self> {
        let write = TcpStream::connect(("127.0.0.1", port))?;
        // Who is frozen is not waited for.
        write.set_read_timeout(Some(PATIENCE / 6))?;
        let read = BufReader::new(write.try_clone()?);
        let inbox = format!("{inbox}.{:x}", fastrand::u64(..));
        let mut client = Self { read, write, inbox };
        let mut about = json!({
            "verbose": false, "pedantic": false, "lang": "test", "version": "1", "headers": true, "no_responders": true,
        });
        if let Some((user, password)) = user {
            (about["user"], about["pass"]) = (user.into(), password.into());
        }
        write!(client.write, "CONNECT {about}\r\nSUB {} 1\r\n", client.inbox)?;
        client.flush()?;
        Ok(client)
    }

    pub fn publish(&mut self, subject: &str, text: &str) -> io::Result<()> {
        write!(self.write, "PUB {subject} {}\r\n{text}\r\n", text.len())
    }

    pub fn subscribe(&mut self, subject: &str) -> io::Result<()> {
        write!(self.write, "SUB {subject} 2\r\n")
    }

    /// Waits until the server has read all. An error is what it allowed none of.
    pub fn flush(&mut self) -> io::Result<()> {
        self.write.write_all(b"PING\r\n")?;
        while self.line()? != "PONG" {}
        Ok(())
    }

    pub fn request(&mut self, subject: &str, text: &str) -> io::Result<Value> {
        write!(self.write, "PUB {subject} {} {}\r\n{text}\r\n", self.inbox, text.len())?;
        let (_, answer) = self.message()?;
        serde_json::from_str(&answer).map_err(io::Error::other)
    }

    /// The next message: its subject and its text.
    fn message(&mut self) -> io::Result<(String, String)> {
        loop {
            let line = self.line()?;
            let words: Vec<&str> = line.split_whitespace().collect();
            let number = |word: Option<&&str>| word.and_then(|word| word.parse::<usize>().ok()).unwrap_or(0);
            let (head, whole) = match words.first() {
                Some(&"MSG") => (0, number(words.last())),
                Some(&"HMSG") => (number(words.get(words.len().saturating_sub(2))), number(words.last())),
                _ => continue,
            };
            let mut bytes = vec![0; whole + 2];
            self.read.read_exact(&mut bytes)?;
            let text = String::from_utf8_lossy(&bytes[head..whole]).into_owned();
            return Ok((words.get(1).copied().unwrap_or_default().to_owned(), text));
        }
    }

    /// The next line; what only asks whether it is there is answered.
    fn line(&mut self) -> io::Result<String> {
        loop {
            let mut line = String::new();
            if self.read.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let line = line.trim_end();
            match line {
                "PING" => self.write.write_all(b"PONG\r\n")?,
                line if line.starts_with("-ERR") => return Err(io::Error::other(line.to_owned())),
                line => return Ok(line.to_owned()),
            }
        }
    }
}
