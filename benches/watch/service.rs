//! `firewarden run` while it is measured, seen from outside.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::words::Result;

/// It is there within this, and gone within this.
const PATIENCE: Duration = Duration::from_secs(120);

/// The service. It is killed when it is dropped.
pub struct Service {
    child: Child,
    log: PathBuf,
    console: String,
}

impl Service {
    /// Starts it with a configuration, whose console is to have port 0, and waits until it listens.
    pub fn start(binary: &Path, config: &Path, log: &Path, threads: usize) -> Result<Self> {
        let mut command = Command::new(binary);
        command.args(["run", "--config"]).arg(config).args(["--threads", &threads.to_string()]);
        let child = command.stdout(Stdio::null()).stderr(File::create(log)?).spawn()?;
        let mut service = Self { child, log: log.to_owned(), console: String::new() };
        let began = Instant::now();
        while service.console.is_empty() {
            let log = service.log();
            let told = log.split_once("console listens on ").and_then(|(_, rest)| rest.split_once('\n'));
            if let Some((address, _)) = told {
                service.console = address.trim().to_owned();
            } else if began.elapsed() > PATIENCE || service.child.try_wait()?.is_some() {
                return Err(format!("firewarden run does not begin:\n{log}").into());
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(service)
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// What it tells of itself now.
    pub fn metrics(&self) -> Result<Metrics> {
        let mut stream = TcpStream::connect(&self.console)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        write!(stream, "GET /metrics HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.console)?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        if !text.starts_with("HTTP/1.1 200") {
            return Err(format!("/metrics: {}", text.lines().next().unwrap_or_default()).into());
        }
        Ok(Metrics::read(&text))
    }

    /// Ends it as an operator does.
    pub fn end(mut self) -> Result<()> {
        let id = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &id]).status()?;
        let began = Instant::now();
        while self.child.try_wait()?.is_none() {
            if began.elapsed() > PATIENCE {
                return Err("firewarden run does not end".into());
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Metrics by their names and labels, as the text has them.
pub struct Metrics(BTreeMap<String, f64>);

impl Metrics {
    fn read(text: &str) -> Self {
        let lines = text.lines().filter(|line| line.starts_with("firewarden_"));
        Self(
            lines
                .filter_map(|line| line.rsplit_once(' '))
                .filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?)))
                .collect(),
        )
    }

    /// Of a camera, a metric without other labels.
    pub fn of(&self, name: &str, camera: &str) -> Option<f64> {
        self.0.get(&format!("firewarden_camera_{name}{{camera=\"{camera}\"}}")).copied()
    }

    /// Of a camera, looks that were dropped for a reason.
    pub fn dropped(&self, camera: &str, reason: &str) -> f64 {
        let labels = [
            format!("{{camera=\"{camera}\",reason=\"{reason}\"}}"),
            format!("{{reason=\"{reason}\",camera=\"{camera}\"}}"),
        ];
        let of = |labels: &String| self.0.get(&format!("firewarden_camera_looks_dropped_total{labels}"));
        labels.iter().find_map(of).copied().unwrap_or_default()
    }
}
