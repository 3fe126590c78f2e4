//! Clips for tests, made by the ffmpeg command when they are needed.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use super::{MICROS, Packet, packet::RawPacket};

/// Ten seconds at ten pictures a second, 160 × 120: arguments before the codec's.
pub(crate) const PATTERN: &str = "-f lavfi -i testsrc2=size=160x120:rate=10:duration=10 -pix_fmt yuv420p";

/// A key frame every 2.5 s, with B pictures.
pub(crate) const H264: &str = "-c:v libx264 -g 25 -keyint_min 25 -sc_threshold 0 -bf 3";

/// The same without B pictures.
pub(crate) const H264_PLAIN: &str = "-c:v libx264 -g 25 -keyint_min 25 -sc_threshold 0 -bf 0";

/// A packet without content, with these times in microseconds.
pub(crate) fn packet(pts: Option<i64>, dts: Option<i64>, duration: i64, key: bool) -> Packet {
    let raw = RawPacket::new().expect("memory");
    let mut packet = Packet::new(raw, MICROS);
    (packet.pts, packet.dts, packet.duration, packet.key) = (pts, dts, duration, key);
    packet
}

/// A folder of clips that goes when it is dropped.
pub(crate) struct Clips(TempDir);

impl Clips {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs ffmpeg with these arguments, separated by spaces, and the file as its last.
    pub(crate) fn ffmpeg(&self, arguments: &str, name: &str) -> PathBuf {
        let path = self.path(name);
        let output = Command::new("ffmpeg")
            .args(["-v", "error", "-nostdin", "-y"])
            .args(arguments.split_whitespace())
            .arg(&path)
            .current_dir(self.0.path())
            .output()
            .expect("the ffmpeg command makes the clips of this test: install ffmpeg (`make setup` does)");
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "ffmpeg {arguments} {name}: {words}");
        path
    }

    /// A test pattern coded like this.
    pub(crate) fn pattern(&self, codec: &str, name: &str) -> PathBuf {
        self.ffmpeg(&format!("{PATTERN} {codec}"), name)
    }

    /// A file of these bytes.
    pub(crate) fn bytes(&self, bytes: &[u8], name: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).expect("a file in the temporary folder");
        path
    }

    /// The first part of a file.
    pub(crate) fn cut(&self, whole: &Path, share: f64, name: &str) -> PathBuf {
        let bytes = std::fs::read(whole).expect("the clip");
        self.bytes(&bytes[..(bytes.len() as f64 * share) as usize], name)
    }

    /// Files one after the other in one.
    pub(crate) fn join(&self, files: &[&Path], name: &str) -> PathBuf {
        let bytes: Vec<u8> = files.iter().flat_map(|f| std::fs::read(f).expect("the clip")).collect();
        self.bytes(&bytes, name)
    }
}
