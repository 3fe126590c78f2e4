//! What an FLV file holds where FFmpeg does not know: codecs that were added to the format by others than its makers.

use std::{
    fs::File,
    io::{BufReader, Read},
    path::Path,
};

/// Tags that are looked through for the first video.
const MOST: usize = 1_000;

/// The form of H.265 that recorders and servers in China write.
const HEVC: u8 = 12;

/// Whether FFmpeg calls FLV so: what servers built on nginx send has a name of its own.
pub(super) fn is(format: &str) -> bool {
    format == "flv" || format == "live_flv"
}

/// The same of a stream, of which FFmpeg tells the number that it does not know.
pub(super) fn of_tag(tag: u32) -> (String, &'static str) {
    let codec = if tag == u32::from(HEVC) { "H.265 (codec 12)" } else { "what is no H.264, such as H.265," };
    (codec.to_owned(), "read the camera by RTSP, or set its stream to H.264")
}

/// What FLV holds that FFmpeg cannot read: its name, and the way out.
pub(super) fn unknown(path: &Path) -> Option<(String, &'static str)> {
    let mut reader = BufReader::new(File::open(path).ok()?);
    let [f, l, v, ..]: [u8; 13] = bytes(&mut reader)?;
    ([f, l, v] == *b"FLV").then_some(())?;
    for _ in 0..MOST {
        let [kind, a, b, c, ..]: [u8; 11] = bytes(&mut reader)?;
        let size = u64::from(u32::from_be_bytes([0, a, b, c]));
        if kind & 0x1f == 9 && size >= 5 {
            let [first, tag @ ..]: [u8; 5] = bytes(&mut reader)?;
            return named(first, tag);
        }
        // The size of the tag stands after it once more.
        let passed = std::io::copy(&mut reader.by_ref().take(size + 4), &mut std::io::sink()).ok()?;
        (passed == size + 4).then_some(())?;
    }
    None
}

/// Of the first bytes of a video tag.
fn named(first: u8, tag: [u8; 4]) -> Option<(String, &'static str)> {
    // Enhanced RTMP: a bit says that four characters name the codec.
    if first & 0x80 != 0 {
        let codec = match &tag {
            b"hvc1" => "H.265 (hvc1)".to_owned(),
            b"av01" => "AV1 (av01)".to_owned(),
            b"vp09" => "VP9 (vp09)".to_owned(),
            other => other.iter().flat_map(|b| std::ascii::escape_default(*b)).map(char::from).collect(),
        };
        return Some((codec, "FFmpeg 6.1 or newer makes MP4 of it: ffmpeg -i IN.flv -c copy OUT.mp4"));
    }
    let way = "no common one can: let the recorder or server that it comes from save MP4 or TS, or convert it there";
    (first & 0xf == HEVC).then(|| ("H.265 (codec 12)".to_owned(), way))
}

fn bytes<const N: usize>(reader: &mut impl Read) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes).ok()?;
    Some(bytes)
}
