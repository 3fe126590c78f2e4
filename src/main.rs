//! Parses, runs, and gives the exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    firewarden::cli::main()
}
