//! A real RTSP server, GStreamer's, on loopback.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use crate::service::signal;

/// How viewers sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    None,
    Basic,
    Digest,
}

/// How what a server sends is carried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Carriage {
    /// Within the connection.
    Tcp,
    /// By UDP alone.
    Udp,
    /// Within the connection, and that within TLS, with the certificate and key of this file.
    Tls(PathBuf),
}

pub const USER: &str = "viewer";
/// One that has to be escaped in an address.
pub const PASSWORD: &str = "p@ss/w:rd";
pub const ESCAPED: &str = "p%40ss%2Fw%3Ard";

/// A server that plays recordings at their own pace. It ends when it is dropped, and when this program does.
pub struct Server {
    child: Child,
    port: u16,
    auth: Auth,
    scheme: &'static str,
}

impl Server {
    /// Whether this machine has what it needs.
    pub fn is_here() -> bool {
        let asks =
            "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer";
        let python = Command::new("/usr/bin/python3").args(["-c", asks]).stderr(Stdio::null()).status();
        python.is_ok_and(|status| status.success())
    }

    /// Plays these, each under its name, on a port; 0 chooses one. `looped` plays them again and again.
    pub fn start(port: u16, auth: Auth, looped: bool, mounts: &[(&str, &Path)]) -> Self {
        Self::start_with(port, auth, looped, &Carriage::Tcp, mounts)
    }

    /// The same, carried in this way.
    pub fn start_with(
        port: u16,
        auth: Auth,
        looped: bool,
        carriage: &Carriage,
        mounts: &[(&str, &Path)],
    ) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live/server.py");
        let mut command = Command::new("/usr/bin/python3");
        command.arg(script).arg(port.to_string()).env("RTSP_USER", USER).env("RTSP_PASSWORD", PASSWORD);
        let way = match auth {
            Auth::None => "none",
            Auth::Basic => "basic",
            Auth::Digest => "digest",
        };
        command.args(["--auth", way]);
        if looped {
            command.arg("--loop");
        }
        let scheme = match carriage {
            Carriage::Tcp => "rtsp",
            Carriage::Udp => {
                command.arg("--udp");
                "rtsp"
            }
            Carriage::Tls(file) => {
                command.arg("--tls").arg(file);
                "rtsps"
            }
        };
        for (name, file) in mounts {
            command.arg(format!("{name}={}", file.display()));
        }
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the server starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let port = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("ready ")?.trim().parse().ok())
            .expect("the server says which port it has");
        // What else it says is not to fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, port, auth, scheme }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address of what it plays under this name.
    pub fn address(&self, name: &str) -> String {
        self.address_by(self.port, name)
    }

    /// The same by another port, which leads to its own.
    pub fn address_by(&self, port: u16, name: &str) -> String {
        let user = if self.auth == Auth::None { String::new() } else { format!("{USER}:{ESCAPED}@") };
        format!("{}://{user}127.0.0.1:{port}/{name}", self.scheme)
    }

    /// It stands still, as a camera that hangs.
    pub fn freeze(&self) {
        signal(self.child.id(), "STOP");
    }

    /// It goes on.
    pub fn thaw(&self) {
        signal(self.child.id(), "CONT");
    }

    /// As when the power fails.
    pub fn kill(mut self) -> u16 {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.port
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
