//! A reaction that runs a program.

use std::{
    io::{self, Read, Write},
    os::unix::process::CommandExt,
    process::{Child, ChildStderr, ChildStdin, Command, ExitStatus, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use rustix::{
    fs::{OFlags, fcntl_getfl, fcntl_setfl},
    process::{Pid, Signal, kill_process_group},
};

use super::{
    failure::{Failure, in_brackets},
    message::Message,
    trusted,
};
use crate::{
    config::{self, Secret},
    deliver::{Hidden, quoted},
};

/// Whether it has ended is looked for so often.
const NAP: Duration = Duration::from_millis(5);
/// What was killed is waited for this long. It takes longer where a disk hangs.
const LONGEST_DEATH: Duration = Duration::from_secs(1);
/// So much is kept of what it says, in bytes: the first line.
const KEPT: usize = 1_024;

/// Runs a program.
#[derive(Debug)]
pub(super) struct Run {
    command: config::Command,
    /// Its arguments may hold secrets.
    hidden: Hidden,
    patience: Duration,
}

impl Run {
    /// Runs this, and lets it take this long.
    pub fn new(command: config::Command, patience: Duration) -> Self {
        let hidden = Hidden::of(command.arguments.iter().map(Secret::expose));
        Self { command, hidden, patience }
    }

    /// Runs it with the alert on its standard input. It and what it started are killed where it takes too long, or once
    /// `abandoned` is set. What a program leaves behind that has ended by itself stays.
    pub fn run(&self, message: &Message, abandoned: &AtomicBool) -> Result<(), Failure> {
        // Nobody but root can put another in its place from here on.
        let program = trusted::resolved(&self.command.program)?;
        let mut child = Command::new(program)
            // Some programs do what they are called.
            .arg0(&self.command.program)
            .args(self.command.arguments.iter().map(Secret::expose))
            .env_clear()
            .envs([("PATH", "/usr/bin:/bin"), ("LANG", "C.UTF-8")])
            .env("FIREWARDEN_KIND", message.kind.name())
            .env("FIREWARDEN_PHASE", message.phase.name())
            .env("FIREWARDEN_CAMERA", message.camera.as_str())
            .env("FIREWARDEN_SITE", message.site.as_str())
            .env("FIREWARDEN_VIOLATION", message.violation.to_string())
            .envs(message.is_test.then_some(("FIREWARDEN_TEST", "1")))
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(Failure::NotRun)?;
        let mut talk = Talk::with(&mut child, message.body.as_bytes());
        let until = Instant::now() + self.patience;
        loop {
            talk.go_on();
            match child.try_wait() {
                Ok(Some(status)) => {
                    talk.go_on();
                    return self.judged(status, &talk.heard);
                }
                Ok(None) => {}
                Err(error) => {
                    kill(&mut child);
                    return Err(Failure::NotRun(error));
                }
            }
            if abandoned.load(Ordering::SeqCst) {
                kill(&mut child);
                return Err(Failure::Abandoned);
            }
            if Instant::now() >= until {
                kill(&mut child);
                return Err(Failure::Killed(self.patience, self.said(&talk.heard)));
            }
            thread::sleep(NAP);
        }
    }

    fn judged(&self, status: ExitStatus, heard: &[u8]) -> Result<(), Failure> {
        if status.success() { Ok(()) } else { Err(Failure::Ended { status, said: self.said(heard) }) }
    }

    /// The first line that it said which has something in it.
    fn said(&self, heard: &[u8]) -> String {
        let text = String::from_utf8_lossy(heard);
        let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
        in_brackets(&quoted(&self.hidden.clean(line)))
    }
}

/// Kills a process, which is not yet waited for, and all that it started in its group.
fn kill(child: &mut Child) {
    let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
    let until = Instant::now() + LONGEST_DEATH;
    while matches!(child.try_wait(), Ok(None)) && Instant::now() < until {
        thread::sleep(NAP);
    }
}

/// What is told to a program, and what it says. Neither is waited for.
struct Talk<'a> {
    /// None once all is told, or it does not listen.
    to: Option<ChildStdin>,
    rest: &'a [u8],
    /// None once it said all.
    from: Option<ChildStderr>,
    /// The beginning of what it said.
    heard: Vec<u8>,
}

impl<'a> Talk<'a> {
    fn with(child: &mut Child, body: &'a [u8]) -> Self {
        // One that would have to be waited for is left alone.
        let to = child.stdin.take().filter(|to| does_not_wait(to).is_ok());
        let from = child.stderr.take().filter(|from| does_not_wait(from).is_ok());
        Self { to, rest: body, from, heard: Vec::new() }
    }

    fn go_on(&mut self) {
        while let Some(to) = &mut self.to {
            match to.write(self.rest) {
                Ok(count) => self.rest = self.rest.get(count..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                // It does not listen, as it need not.
                Err(_) => self.rest = &[],
            }
            if self.rest.is_empty() {
                self.to = None;
            }
        }
        // One that says something without an end is not listened to without an end.
        for _ in 0..16 {
            let Some(from) = &mut self.from else { return };
            let mut said = [0; 4_096];
            match from.read(&mut said) {
                Ok(0) => self.from = None,
                Ok(count) => {
                    let room = KEPT.saturating_sub(self.heard.len()).min(count);
                    self.heard.extend_from_slice(said.get(..room).unwrap_or_default());
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => self.from = None,
            }
        }
    }
}

fn does_not_wait(pipe: impl std::os::fd::AsFd) -> io::Result<()> {
    let flags = fcntl_getfl(&pipe)?;
    Ok(fcntl_setfl(&pipe, flags | OFlags::NONBLOCK)?)
}
