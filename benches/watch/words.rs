//! What stands on the command line: `--name value` and plain words.

use std::{error::Error, path::PathBuf, time::Duration};

pub type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The words of a command line, as they are taken one after the other.
pub struct Words(Vec<String>);

impl Words {
    /// Those that this program was started with. `cargo bench` adds a flag of its own, which is left out, and so is what `cargo test`
    /// gives: then nothing is left.
    pub fn given() -> Self {
        let own = |word: &String| word != "--bench" && word != "--test";
        Self(std::env::args().skip(1).filter(own).collect())
    }

    /// The next plain word. Options are to be taken before.
    pub fn plain(&mut self) -> Option<String> {
        let at = self.0.iter().position(|word| !word.starts_with("--"))?;
        Some(self.0.remove(at))
    }

    /// What follows an option.
    pub fn option(&mut self, name: &str) -> Result<Option<String>> {
        let Some(at) = self.0.iter().position(|word| word == name) else { return Ok(None) };
        self.0.remove(at);
        if at >= self.0.len() {
            return Err(format!("{name} wants a value").into());
        }
        Ok(Some(self.0.remove(at)))
    }

    /// A number, or what is usual.
    pub fn number<T: std::str::FromStr>(&mut self, name: &str, usual: T) -> Result<T> {
        let Some(text) = self.option(name)? else { return Ok(usual) };
        text.parse().map_err(|_| format!("{name} {text}: this is no number").into())
    }

    /// A time such as `10m`, or what is usual.
    pub fn time(&mut self, name: &str, usual: Duration) -> Result<Duration> {
        let Some(text) = self.option(name)? else { return Ok(usual) };
        firewarden::duration::parse(&text).map_err(|error| format!("{name} {text}: {error}").into())
    }

    /// A path, which is read from where this program was started.
    pub fn path(&mut self) -> Option<PathBuf> {
        Some(std::path::absolute(self.plain()?).unwrap_or_default())
    }

    /// Nothing is to be left.
    pub fn end(self) -> Result<()> {
        match self.0.first() {
            None => Ok(()),
            Some(word) => Err(format!("{word}: nobody knows what this is for").into()),
        }
    }
}
