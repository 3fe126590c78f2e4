//! Lists that only ever grow, a JSON value a line: each line is on the disk before anybody is told of it.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use serde::{Serialize, de::DeserializeOwned};

/// Rights of files of evidence: they show people.
pub(super) const FILE: u32 = 0o640;

/// A list open for more lines.
pub(super) struct List(File);

impl List {
    /// Opens it, or makes it.
    pub fn open(path: &Path) -> io::Result<Self> {
        OpenOptions::new().append(true).create(true).mode(FILE).open(path).map(Self)
    }

    /// Adds lines and waits until they are on the disk. Where that fails, none of them counts: what was written of them is cut
    /// off.
    pub fn add<T: Serialize>(&mut self, lines: &[T]) -> io::Result<()> {
        let mut text = Vec::new();
        for line in lines {
            serde_json::to_writer(&mut text, line)?;
            text.push(b'\n');
        }
        let before = self.0.metadata()?.len();
        let added = self.0.write_all(&text).and_then(|()| self.0.sync_data());
        if added.is_err() {
            let _ = self.0.set_len(before);
        }
        added
    }
}

/// The values of the finished lines of a list; none where there is no list. A line that makes no sense is passed over.
pub(super) fn values<T: DeserializeOwned>(path: &Path) -> io::Result<Vec<T>> {
    Ok(parsed(finished(&text(path)?).0))
}

fn text(path: &Path) -> io::Result<Vec<u8>> {
    match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        text => text,
    }
}

/// The lines that have their ends, and what follows them.
fn finished(text: &[u8]) -> (&[u8], &[u8]) {
    text.split_at(text.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1))
}

fn parsed<T: DeserializeOwned>(lines: &[u8]) -> Vec<T> {
    lines.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
}

/// The values of a list, of which a run that lost its power may have left the last line unfinished: one that is whole but
/// for its end is completed, anything less is cut off. A line that makes no sense otherwise is passed over.
pub(super) fn mend<T: DeserializeOwned>(path: &Path) -> io::Result<Vec<T>> {
    let text = text(path)?;
    let (whole, rest) = finished(&text);
    let mut values: Vec<T> = parsed(whole);
    if !rest.is_empty() {
        let mut file = OpenOptions::new().write(true).open(path)?;
        match serde_json::from_slice(rest) {
            Ok(value) => {
                io::Seek::seek(&mut file, io::SeekFrom::End(0))?;
                file.write_all(b"\n")?;
                values.push(value);
            }
            Err(_) => file.set_len(whole.len() as u64)?,
        }
        file.sync_data()?;
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unfinished_line_is_completed_or_cut_off() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("list");
        for (left, values, mended) in [
            ("1\n2\n", vec![1, 2], "1\n2\n"),
            ("1\n23", vec![1, 23], "1\n23\n"),
            ("1\n[2", vec![1], "1\n"),
            ("[", vec![], ""),
            ("", vec![], ""),
        ] {
            fs::write(&path, left).expect("written");
            assert_eq!(mend::<u32>(&path).expect("mended"), values, "{left:?}");
            assert_eq!(fs::read_to_string(&path).expect("read"), mended);
        }
        let mut list = List::open(&path).expect("opened");
        list.add(&[4, 5]).expect("added");
        assert_eq!(mend::<u32>(&path).expect("read"), [4, 5]);
    }

    #[test]
    fn there_need_not_be_one() {
        assert!(mend::<u32>(Path::new("/nowhere/at/all")).expect("nothing").is_empty());
    }
}
