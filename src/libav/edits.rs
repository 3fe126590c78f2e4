//! Edit lists of MP4 files (ISO/IEC 14496-12, 8.6.6): what players leave out at the beginning. FFmpeg either follows them,
//! and then hides pictures, or does not tell of them.

use std::{
    fs::File,
    io::{BufReader, Read, Seek, SeekFrom},
    path::Path,
};

/// Boxes that are looked through at most, and entries of a list.
const MOST: usize = 4_096;

type Reader = BufReader<File>;

/// The content of a box, from where to where.
#[derive(Debug, Clone, Copy)]
struct Bytes {
    from: u64,
    to: u64,
}

/// Where a player begins to show the track, in microseconds on the track's own clock; before 0 where something else comes
/// first. None where the file has no edit list for it, or it cannot be read.
pub(super) fn begins(path: &Path, track: i32) -> Option<i64> {
    let file = File::open(path).ok()?;
    let to = file.metadata().ok()?.len();
    let mut reader = BufReader::new(file);
    let movie = find(&mut reader, Bytes { from: 0, to }, b"moov")?;
    let header = find(&mut reader, movie, b"mvhd")?;
    let movie_scale = scale(&mut reader, header)?;
    let mut rest = movie;
    for _ in 0..MOST {
        let found = find(&mut reader, rest, b"trak")?;
        rest.from = found.to;
        if id(&mut reader, found) != Some(track) {
            continue;
        }
        let media = find(&mut reader, found, b"mdia")?;
        let header = find(&mut reader, media, b"mdhd")?;
        let media_scale = scale(&mut reader, header)?;
        let edits = find(&mut reader, found, b"edts")?;
        let list = find(&mut reader, edits, b"elst")?;
        return entries(&mut reader, list, movie_scale, media_scale);
    }
    None
}

/// The first box of this kind within a span.
fn find(reader: &mut Reader, within: Bytes, kind: &[u8; 4]) -> Option<Bytes> {
    let mut at = within.from;
    for _ in 0..MOST {
        if at.checked_add(8)? > within.to {
            return None;
        }
        reader.seek(SeekFrom::Start(at)).ok()?;
        let small = u64::from(u32::from_be_bytes(bytes(reader)?));
        let name: [u8; 4] = bytes(reader)?;
        let (head, size) = match small {
            0 => (8, within.to - at),
            1 => (16, u64::from_be_bytes(bytes(reader)?)),
            size => (8, size),
        };
        let to = at.checked_add(size).filter(|_| size >= head)?.min(within.to);
        if name == *kind {
            return Some(Bytes { from: at + head, to });
        }
        at = to;
    }
    None
}

/// The number of the track, of its header.
fn id(reader: &mut Reader, track: Bytes) -> Option<i32> {
    let header = find(reader, track, b"tkhd")?;
    skip_times(reader, header)?;
    i32::try_from(u32::from_be_bytes(bytes(reader)?)).ok()
}

/// How many units a second has, of a movie's header or of a medium's.
fn scale(reader: &mut Reader, header: Bytes) -> Option<i64> {
    skip_times(reader, header)?;
    Some(i64::from(u32::from_be_bytes(bytes(reader)?))).filter(|scale| *scale > 0)
}

/// Goes to what comes after version, flags and the times of making and changing.
fn skip_times(reader: &mut Reader, header: Bytes) -> Option<()> {
    let times = if version(reader, header)? == 1 { 16 } else { 8 };
    reader.seek(SeekFrom::Start(header.from + 4 + times)).ok()?;
    Some(())
}

fn version(reader: &mut Reader, header: Bytes) -> Option<u8> {
    reader.seek(SeekFrom::Start(header.from)).ok()?;
    let [version, ..]: [u8; 4] = bytes(reader)?;
    Some(version)
}

/// Where the first entry that shows something begins, less how long nothing is shown before it.
fn entries(reader: &mut Reader, list: Bytes, movie_scale: i64, media_scale: i64) -> Option<i64> {
    let long = version(reader, list)? == 1;
    let count = u32::from_be_bytes(bytes(reader)?);
    let mut empty = 0_i64;
    for _ in 0..usize::try_from(count).ok()?.min(MOST) {
        let (lasts, from) = if long {
            (u64::from_be_bytes(bytes(reader)?), i64::from_be_bytes(bytes(reader)?))
        } else {
            (u64::from(u32::from_be_bytes(bytes(reader)?)), i64::from(i32::from_be_bytes(bytes(reader)?)))
        };
        let _speed: [u8; 4] = bytes(reader)?;
        if from >= 0 {
            let begins = micros(from, media_scale)?;
            return begins.checked_sub(micros(empty, movie_scale)?);
        }
        empty = empty.checked_add(i64::try_from(lasts).ok()?)?;
    }
    None
}

fn micros(units: i64, scale: i64) -> Option<i64> {
    i64::try_from(i128::from(units) * 1_000_000 / i128::from(scale)).ok()
}

fn bytes<const N: usize>(reader: &mut Reader) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod clip_tests {
    use super::*;
    use crate::libav::testing::*;

    #[test]
    fn what_players_leave_out_is_known() {
        let clips = Clips::new();
        let whole = clips.pattern("-c:v libx264 -g 100 -keyint_min 100 -sc_threshold 0 -bf 0", "whole.mp4");
        assert_eq!(begins(&whole, 1), Some(0));
        let cut = clips.ffmpeg(&format!("-ss 6 -i {} -c copy", whole.display()), "cut.mp4");
        assert_eq!(begins(&cut, 1), Some(6_000_000));
        let fast =
            clips.ffmpeg(&format!("-ss 6 -i {} -c copy -movflags faststart", whole.display()), "fast.mp4");
        assert_eq!(begins(&fast, 1), Some(6_000_000));
        assert_eq!(begins(&fast, 2), None);
        let late = format!(
            "-f lavfi -i sine=duration=12 -itsoffset 10 -i {} -c:v copy -c:a aac -map 0 -map 1",
            whole.display()
        );
        assert_eq!(begins(&clips.ffmpeg(&late, "late.mp4"), 2), Some(-10_000_000));
    }

    #[test]
    fn no_edit_list_and_no_film_is_none() {
        let clips = Clips::new();
        let plain = clips.pattern(&format!("{H264_PLAIN} -use_editlist 0"), "plain.mp4");
        assert_eq!(begins(&plain, 1), None);
        let mut bytes = std::fs::read(clips.pattern(H264, "a.mp4")).expect("the clip");
        for cut in [0, 1, 8, 40, bytes.len() / 2] {
            assert_eq!(begins(&clips.bytes(&bytes[..cut], "cut.mp4"), 1), None, "{cut}");
        }
        // Sizes that lead nowhere.
        for at in (0..bytes.len()).step_by(7) {
            bytes[at] ^= 0xff;
        }
        begins(&clips.bytes(&bytes, "noise.mp4"), 1);
        assert_eq!(begins(&clips.path("missing.mp4"), 1), None);
    }
}
