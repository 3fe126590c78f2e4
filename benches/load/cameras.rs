//! All cameras in a process of their own, so that what they cost can be told from what watching them does.

use std::{
    io::{self, BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
    sync::Arc,
};

use super::site::{Bench, Kind};
use crate::watch::{
    clips::RATE,
    server::{Ready, Server, Shows},
    words::{Result, Words},
};

/// As what this program is started, to show cameras.
pub const SERVES: &str = "serve-cameras";

/// The process. It ends when this is dropped.
pub struct Cameras {
    child: Child,
    ports: Vec<u16>,
}

impl Cameras {
    pub fn start(bench: &Bench, count: usize) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(SERVES).args([&bench.busy.raw, &bench.quiet.raw]);
        command.args([count.to_string(), bench.seed.to_string()]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let ports: Vec<u16> = line.split_whitespace().filter_map(|port| port.parse().ok()).collect();
        if ports.len() == count {
            Ok(Self { child, ports })
        } else {
            Err("the cameras cannot be started".into())
        }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The address of each.
    pub fn sources(&self) -> Vec<String> {
        self.ports.iter().map(|port| format!("rtsp://127.0.0.1:{port}/live")).collect()
    }
}

impl Drop for Cameras {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Shows cameras until nobody holds standard input any more.
pub fn serve(mut words: Words) -> Result<()> {
    let mut film = || -> Result<_> { Ok(Arc::new(Ready::read(&words.path().ok_or("no film")?, RATE)?)) };
    let (busy, quiet) = (film()?, film()?);
    let mut number = || words.plain().and_then(|word| word.parse::<u64>().ok()).ok_or("no number");
    let (count, mut chance) = (number()? as usize, fastrand::Rng::with_seed(number()?));
    let cameras = (0..count).map(|camera| {
        let film = if Kind::of(camera) == Kind::Elevator { &quiet } else { &busy };
        // Like real ones they do not all show the same at the same time.
        Shows { film: Arc::clone(film), from: film.key_before(chance.usize(..film.len())) }
    });
    let server = Server::start(cameras.collect(), false)?;
    let ports: Vec<String> = server.ports().iter().map(u16::to_string).collect();
    println!("{}", ports.join(" "));
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
