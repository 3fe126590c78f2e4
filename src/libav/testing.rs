//! Clips for tests, made by the ffmpeg command when they are needed.

#[path = "../../tests/common/made.rs"]
mod made;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use tempfile::TempDir;

use super::{MICROS, Packet, StreamInfo, packet::RawPacket};

/// Ten seconds at ten pictures a second, 160 × 120: arguments before the codec's.
pub(crate) const PATTERN: &str = "-f lavfi -i testsrc2=size=160x120:rate=10:duration=10 -pix_fmt yuv420p";

/// A key frame every 2.5 s, with B pictures.
pub(crate) const H264: &str = "-c:v libx264 -g 25 -keyint_min 25 -sc_threshold 0 -bf 3";

/// The same without B pictures.
pub(crate) const H264_PLAIN: &str = "-c:v libx264 -g 25 -keyint_min 25 -sc_threshold 0 -bf 0";

/// A packet without content, with these times in microseconds.
pub(crate) fn packet(pts: Option<i64>, dts: Option<i64>, duration: i64, key: bool) -> Packet {
    let raw = RawPacket::new().expect("memory");
    let stream = unknown_stream();
    let mut packet = Packet::new(raw, MICROS, &stream);
    (packet.pts, packet.dts, packet.duration, packet.key) = (pts, dts, duration, key);
    packet
}

/// The same with these bytes, of this stream.
pub(crate) fn filled(packet: &Packet, stream: &Arc<StreamInfo>, bytes: &[u8]) -> Packet {
    let mut packet = packet.after(bytes).expect("memory");
    packet.stream = Arc::clone(stream);
    packet
}

/// A stream of which nothing is known.
pub(crate) fn unknown_stream() -> Arc<StreamInfo> {
    super::open::empty_stream("made up").expect("memory")
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

    /// What ffmpeg makes with these arguments, separated by spaces, and the file as its last.
    pub(crate) fn ffmpeg(&self, arguments: &str, name: &str) -> PathBuf {
        made::make(self.0.path(), arguments, name)
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

    /// Two parts of one H.264 or H.265 recording after each other in a file without headers, coded like this; each group
    /// brings its parameter sets, but for those of the second part after its first where `once`.
    pub(crate) fn joined(&self, codecs: [&str; 2], once: bool, name: &str) -> PathBuf {
        let kind = if codecs[0].contains("x265") { "hevc" } else { "h264" };
        let bytes = [0, 1].map(|part| {
            let moment = format!("-ss {}", 5 * part);
            let raw = self.ffmpeg(&format!("{PATTERN} {moment} -t 5 {} -f {kind}", codecs[part]), "raw");
            std::fs::read(raw).expect("the clip")
        });
        let second = if once { without_repeated_sets(&bytes[1], kind == "hevc") } else { bytes[1].clone() };
        let raw = self.bytes(&[&bytes[0][..], &second].concat(), &format!("{name}.raw"));
        self.ffmpeg(&format!("-r 10 -f {kind} -i {} -c copy", raw.display()), name)
    }

    /// FLV files in one, each with its own header, the times of the second as if it went on.
    pub(crate) fn joined_flv(&self, first: &Path, second: &Path, at_ms: u32, name: &str) -> PathBuf {
        let mut bytes = std::fs::read(first).expect("the clip");
        let second = std::fs::read(second).expect("the clip");
        let mut rest = &second[13..];
        while rest.len() > 11 {
            let size = u32::from_be_bytes([0, rest[1], rest[2], rest[3]]) as usize;
            let (tag, after) = rest.split_at(11 + size + 4);
            // Metadata come once.
            if tag[0] == 9 {
                let mut tag = tag.to_vec();
                let time = (u32::from_be_bytes([tag[7], tag[4], tag[5], tag[6]]) + at_ms).to_be_bytes();
                (tag[4], tag[5], tag[6], tag[7]) = (time[1], time[2], time[3], time[0]);
                bytes.extend(tag);
            }
            rest = after;
        }
        self.bytes(&bytes, name)
    }

    /// A copy of an MP4 file whose pictures are to be shown as this matrix says: how steps to the right and down go.
    pub(crate) fn shown(&self, file: &Path, [a, b, c, d]: [i32; 4], name: &str) -> PathBuf {
        let mut bytes = std::fs::read(file).expect("the clip");
        let at = bytes.windows(4).position(|w| w == b"tkhd").expect("a track") + 44;
        for (place, value) in [(0, a), (1, b), (3, c), (4, d)] {
            let from = at + 4 * place;
            bytes[from..from + 4].copy_from_slice(&(value << 16).to_be_bytes());
        }
        self.bytes(&bytes, name)
    }
}

/// Units after start codes, without the parameter sets that were there before.
fn without_repeated_sets(bytes: &[u8], h265: bool) -> Vec<u8> {
    let starts: Vec<usize> =
        (0..bytes.len().saturating_sub(3)).filter(|at| bytes[*at..].starts_with(&[0, 0, 1])).collect();
    let mut pictures = false;
    let mut out = Vec::new();
    for (place, start) in starts.iter().enumerate() {
        let unit = &bytes[*start..starts.get(place + 1).copied().unwrap_or(bytes.len())];
        let kind = if h265 { unit[3] >> 1 & 0x3f } else { unit[3] & 0x1f };
        let (set, picture) =
            if h265 { ((32..=34).contains(&kind), kind < 32) } else { ([7, 8].contains(&kind), kind < 6) };
        pictures |= picture;
        if !(set && pictures) {
            out.extend(unit);
        }
    }
    out
}
