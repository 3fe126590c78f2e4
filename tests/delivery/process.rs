//! A server or client that tests start.

use std::{
    fs::{self, File},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use crate::service::{PATIENCE, signal, wait_for};

/// It is killed when it is dropped, and by the system when this program dies in whatever way.
pub struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a program; what it says is added to a log.
    pub fn start(program: &Path, arguments: &[&str], log: &Path) -> Self {
        let to = File::options().create(true).append(true).open(log).expect("a log");
        let child = bound_to_this(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(to.try_clone().expect("a log"))
            .stderr(to)
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        Self { child, log: log.to_owned() }
    }

    /// It hangs: its connections stay, and nothing is answered.
    pub fn freeze(&self) {
        signal(self.child.id(), "STOP");
    }

    /// It goes on.
    pub fn thaw(&self) {
        signal(self.child.id(), "CONT");
    }

    /// As when the power fails.
    pub fn kill(mut self) {
        self.end_now();
    }

    /// It ends as an operator ends it.
    pub fn end(mut self) {
        signal(self.child.id(), "TERM");
        wait_for("a server ends", PATIENCE, || self.child.try_wait().expect("a child"));
    }

    /// Waits until it takes connections at a port.
    pub fn listens(&mut self, port: u16) {
        wait_for("a server listens", PATIENCE, || {
            if let Some(status) = self.child.try_wait().expect("a child") {
                panic!("it ended with {status}:\n{}", fs::read_to_string(&self.log).unwrap_or_default());
            }
            TcpStream::connect(("127.0.0.1", port)).ok()
        });
    }

    fn end_now(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end_now();
    }
}

/// A program that the system kills once the thread that started it is gone: nothing is left behind where a test is killed.
pub fn bound_to_this(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]).arg(program);
    command
}

/// A port of loopback that nobody has.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("its address").port()
}

/// A program that is looked for where programs lie, those of the system's own included.
pub fn found(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    folders.map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// The folder of fetched files.
pub fn cache() -> PathBuf {
    match std::env::var_os("FIREWARDEN_CACHE") {
        Some(cache) => cache.into(),
        None => crate::common::root().join(".cache"),
    }
}
