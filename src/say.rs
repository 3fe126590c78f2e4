//! What is said to people, on stderr.

use std::{
    fmt,
    io::{self, Write},
};

/// Says a line on stderr. Where nobody reads it any more, or the disk that it goes to is full, it is lost, and nothing else.
pub fn say(line: fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Prints text on stdout. A reader that closed the pipe, such as `head`, has what it wanted.
///
/// # Errors
/// Where it cannot be written for another reason, such as a full disk.
pub fn print(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
