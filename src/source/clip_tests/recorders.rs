//! Folders as recorders leave them: in the right order, with the right times, and nothing said.

use std::{
    fs::File,
    path::Path,
    time::{Duration, SystemTime},
};

use jiff::tz::TimeZone;

use super::*;

/// A short clip under other names.
struct Folder {
    clips: Clips,
    clip: PathBuf,
}

impl Folder {
    /// A clip of so many seconds with a key frame each second.
    fn new(seconds: u32) -> Self {
        let clips = Clips::new();
        let clip = clips.ffmpeg(
            &format!(
                "-f lavfi -i testsrc2=size=64x48:rate=5:duration={seconds} -pix_fmt yuv420p -c:v libx264 -g 5 -bf 0"
            ),
            "clip.mp4",
        );
        Self { clips, clip }
    }

    fn file(&self, name: &str) -> PathBuf {
        let path = self.clips.path(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::copy(&self.clip, &path).expect("a copy");
        path
    }

    /// Copies in the order of the names' reverse, so that nothing but the names can tell the order.
    fn files(&self, names: &[&str]) -> Vec<PathBuf> {
        names.iter().rev().map(|name| self.file(name)).collect()
    }
}

fn written(path: &Path, at: Timestamp) {
    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(at.as_second()).expect("after 1970"));
    File::options().write(true).open(path).and_then(|file| file.set_modified(at)).expect("a time");
}

fn in_zone(files: Vec<PathBuf>, zone: &str) -> Told {
    read_with(files, Options { zone: TimeZone::get(zone).expect("a zone"), ..Options::default() })
}

fn names(told: &Told) -> Vec<&str> {
    told.epochs.iter().filter_map(|epoch| epoch.file.as_deref()).collect()
}

fn walls(told: &Told) -> Vec<String> {
    told.epochs.iter().map(|epoch| epoch.wall.to_string()).collect()
}

#[test]
fn folders_of_recorders_are_read_in_their_order() {
    let folder = Folder::new(10);
    for (named, first, origin) in [
        (
            // An NVR's export, across midnight.
            ["ch01_20260131235940.mp4", "ch01_20260131235950.mp4", "ch01_20260201000000.mp4"],
            "2026-01-31T15:59:40Z",
            WallOrigin::FileName,
        ),
        (
            [
                "d/2026-11-23/001/dav/23/23.59.40-23.59.50[M][0@0][0].dav",
                "d/2026-11-23/001/dav/23/23.59.50-00.00.00[M][0@0][0].dav",
                "d/2026-11-24/001/dav/00/00.00.00-00.00.10[M][0@0][0].dav",
            ],
            "2026-11-23T15:59:40Z",
            WallOrigin::Path,
        ),
        (
            [
                "f/2026-11-24/08/lane/59.40.mp4",
                "f/2026-11-24/08/lane/59.50.mp4",
                "f/2026-11-24/09/lane/00.00.mp4",
            ],
            "2026-11-24T08:59:40Z",
            WallOrigin::Path,
        ),
        (
            [
                "x/2026112408/59M40S_1795481980.mp4",
                "x/2026112408/59M50S_1795481990.mp4",
                "x/2026112409/00M00S_1795482000.mp4",
            ],
            "2026-11-24T00:59:40Z",
            WallOrigin::Path,
        ),
        (
            ["y/2026Y11M24D08H/59M40S.mp4", "y/2026Y11M24D08H/59M50S.mp4", "y/2026Y11M24D09H/00M00S.mp4"],
            "2026-11-24T00:59:40Z",
            WallOrigin::Path,
        ),
        (
            ["m/2026-11-23/23-59-40.mp4", "m/2026-11-23/23-59-50.mp4", "m/2026-11-24/00-00-00.mp4"],
            "2026-11-23T15:59:40Z",
            WallOrigin::Path,
        ),
        (
            [
                "n/2026年11月23日23时59分40秒.mp4",
                "n/2026年11月23日23时59分50秒.mp4",
                "n/2026年11月24日00时00分00秒.mp4",
            ],
            "2026-11-23T15:59:40Z",
            WallOrigin::FileName,
        ),
    ] {
        let told = in_zone(folder.files(&named), "Asia/Shanghai");
        let from: Vec<f64> = told.epochs.iter().map(|epoch| epoch.from.as_secs_f64()).collect();
        assert_eq!(from, [0.0, 10.0, 20.0], "{named:?}");
        for (epoch, name) in told.epochs.iter().zip(named) {
            assert!(name.ends_with(epoch.file.as_deref().expect("a name")), "{name}: {:?}", epoch.file);
        }
        assert_eq!(walls(&told)[0], first);
        assert!(told.epochs.iter().all(|epoch| epoch.wall_origin == origin), "{named:?}");
        assert!(
            told.notices.is_empty() && told.gaps.is_empty() && told.failed.is_empty(),
            "{named:?}: {:?} {:?} {:?}",
            told.notices,
            told.gaps,
            told.failed
        );
    }
}

#[test]
fn where_nothing_tells_the_time_numbers_are_counted() {
    let folder = Folder::new(2);
    let names_in_order = ["r/rec1.mp4", "r/rec2.mp4", "r/rec009.mp4", "r/rec10.mp4", "s/rec1.mp4"];
    let told = read(folder.files(&names_in_order));
    assert_eq!(names(&told), ["r/rec1.mp4", "rec2.mp4", "rec009.mp4", "rec10.mp4", "s/rec1.mp4"]);
    assert!(told.epochs.iter().all(|epoch| epoch.wall_origin == WallOrigin::Modified));
    let last = told.epochs.last().expect("one");
    assert_eq!(last.from.as_secs_f64(), 8.0);
}

#[test]
fn a_doubtful_order_is_told_once() {
    let folder = Folder::new(10);
    let at = time("2026-11-24T00:00:00Z");
    let minutes = |count: i64| at + jiff::SignedDuration::from_mins(count);
    // A recorder that began again with 1 when its card was full.
    let files = folder.files(&["rec1.mp4", "rec2.mp4", "rec3.mp4", "rec4.mp4"]);
    for (file, minute) in files.iter().zip([2, 1, 4, 3]) {
        written(file, minutes(minute));
    }
    assert_eq!(read(files.clone()).notices, [Noticed::OrderGuessed]);
    // In the order of the numbers, all at once, or copied in the order of the alphabet, there is no doubt.
    for order in [[4, 3, 2, 1], [0, 0, 0, 0]] {
        for (file, minute) in files.iter().zip(order) {
            written(file, minutes(minute));
        }
        assert_eq!(read(files.clone()).notices, []);
    }
    let files = folder.files(&["rec1.mp4", "rec2.mp4", "rec10.mp4"]);
    for (file, minute) in files.iter().zip([1, 2, 0]) {
        written(file, minutes(minute));
    }
    assert_eq!(read(files).notices, []);
    let files = folder.files(&["morning/1.mp4", "evening/1.mp4"]);
    assert_eq!(read(files.clone()).notices, [Noticed::OrderGuessed]);
    assert_eq!(read(files[..1].to_vec()).notices, [], "one file has no order");
}

#[test]
fn numbers_that_count_files_are_no_times_of_day() {
    let folder = Folder::new(10);
    let told =
        read(folder.files(&["2026-11-24/000001.mp4", "2026-11-24/000002.mp4", "2026-11-24/000003.mp4"]));
    assert!(told.epochs.iter().all(|epoch| epoch.wall_origin == WallOrigin::Modified));
    let told =
        read(folder.files(&["2026-11-24/080000.mp4", "2026-11-24/080010.mp4", "2026-11-24/080020.mp4"]));
    assert!(told.epochs.iter().all(|epoch| epoch.wall_origin == WallOrigin::Path));
    assert_eq!(told.epochs.len(), 3);
}

#[test]
fn both_passes_of_an_hour_that_comes_twice_are_read() {
    let folder = Folder::new(10);
    // The recorder went on through the hour; in the second pass its files begin 5 s later.
    let files = folder.files(&[
        "20261101_015950.mp4",
        "20261101_015940.mp4",
        "20261101_015945.mp4",
        "20261101_015955.mp4",
        "20261101_020005.mp4",
    ]);
    let told = in_zone(files, "America/New_York");
    let wanted =
        ["05:59:40", "05:59:50", "06:59:45", "06:59:55", "07:00:05"].map(|t| format!("2026-11-01T{t}Z"));
    assert_eq!(walls(&told), wanted);
    assert_eq!((told.gops.len(), told.notices.len()), (50, 0), "{:?}", told.notices);
    // The same name twice, in folders that tell the sequence.
    let told = in_zone(folder.files(&["1/20261101_013000.mp4", "2/20261101_013000.mp4"]), "America/New_York");
    assert_eq!(walls(&told), ["2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z"]);
    // The clock went back.
    let told =
        in_zone(folder.files(&["0001_20261101_014000.mp4", "0002_20261101_011000.mp4"]), "America/New_York");
    assert_eq!(walls(&told), ["2026-11-01T05:40:00Z", "2026-11-01T06:10:00Z"]);
    // When it was written.
    let second = folder.file("20261101_013000.mp4");
    written(&second, time("2026-11-01T06:30:10Z"));
    let told = in_zone(vec![second, folder.file("20261101_000000.mp4")], "America/New_York");
    assert_eq!(walls(&told), ["2026-11-01T04:00:00Z", "2026-11-01T06:30:00Z"]);
}

#[test]
fn nothing_is_skipped_because_of_a_time_that_can_mean_two() {
    let folder = Folder::new(10);
    let told = in_zone(
        folder.files(&["a/20261101_013000.mp4", "b/20261101_013000.mp4", "c/20261101_013000.mp4"]),
        "America/New_York",
    );
    assert_eq!((told.epochs.len(), told.gops.len(), told.notices.len()), (3, 30, 0));
}

#[test]
fn names_that_are_not_utf8_are_opened_and_shown() {
    use std::os::unix::ffi::OsStrExt;
    let folder = Folder::new(2);
    let path = folder.clips.path("").join(std::ffi::OsStr::from_bytes(b"\xB6\xAB_20260131_080000.mp4"));
    std::fs::copy(&folder.clip, &path).expect("a copy");
    let gone = path.with_file_name(std::ffi::OsStr::from_bytes(b"\xC3\xC5.mp4"));
    let told = read(vec![path, gone]);
    assert_eq!(names(&told), [r"\xB6\xAB_20260131_080000.mp4"]);
    let [SourceError::Open { error: LibavError::NotFound { address }, .. }] = &told.failed[..] else {
        panic!("{:?}", told.failed)
    };
    assert!(address.ends_with(r"\xC3\xC5.mp4"), "{address}");
}

#[test]
fn a_pipe_is_told_and_not_waited_for() {
    let folder = Folder::new(2);
    let pipe = folder.clips.path("20260131_080000.mp4");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    let told = read(vec![pipe, folder.file("20260131_080010.mp4")]);
    assert_eq!((told.epochs.len(), told.failed.len()), (1, 1));
    assert!(told.failed[0].to_string().contains("named pipe"), "{}", told.failed[0]);
}

/// A recording as recorders of Dahua write it: a header of 24 bytes and what FFmpeg's demuxer reads of it, around each packet.
fn dhav(packets: &[Vec<u8>], date: [u32; 6]) -> Vec<u8> {
    let [year, month, day, hour, minute, second] = date;
    let mut file = Vec::new();
    for (number, packet) in packets.iter().enumerate() {
        let second = second + number as u32;
        let stamp = (year - 2000) << 26 | month << 22 | day << 17 | hour << 12 | minute << 6 | second;
        // Width and height in eights, and the codec (8: H.264) with the rate.
        let extra = [0x80, 0, 8, 6, 0x81, 0, 8, 1];
        let length = 24 + extra.len() + packet.len() + 8;
        let mut head = Vec::new();
        head.extend_from_slice(b"DHAV");
        head.extend_from_slice(&[0xfd, 0, 1, 0]);
        head.extend_from_slice(&(number as u32).to_le_bytes());
        head.extend_from_slice(&(length as u32).to_le_bytes());
        head.extend_from_slice(&stamp.to_le_bytes());
        head.extend_from_slice(&((number * 1000 % 65_536) as u16).to_le_bytes());
        head.push(extra.len() as u8);
        head.push(0);
        file.extend_from_slice(&head);
        file.extend_from_slice(&extra);
        file.extend_from_slice(packet);
        file.extend_from_slice(b"dhav");
        file.extend_from_slice(&(length as u32).to_le_bytes());
    }
    file
}

#[test]
fn a_recorders_own_clock_is_that_of_the_site() {
    let folder = Folder::new(10);
    let raw = folder.clips.ffmpeg(
        "-f lavfi -i testsrc2=size=64x48:rate=1:duration=10 -pix_fmt yuv420p -c:v libx264 -g 1 -bf 0",
        "raw.h264",
    );
    let bytes = std::fs::read(raw).expect("the stream");
    // Every picture is a key frame, before which its sequence parameters stand.
    let begins: Vec<usize> =
        (0..bytes.len()).filter(|&at| bytes[at..].starts_with(&[0, 0, 0, 1, 0x67])).collect();
    let ends = begins.iter().skip(1).copied().chain([bytes.len()]);
    let packets: Vec<Vec<u8>> = begins.iter().zip(ends).map(|(&from, to)| bytes[from..to].to_vec()).collect();
    let file = |name: &str, date| folder.clips.bytes(&dhav(&packets, date), name);
    let told = in_zone(vec![file("rec.dav", [2026, 11, 24, 8, 0, 0])], "Asia/Shanghai");
    assert_eq!(walls(&told), ["2026-11-24T00:00:00Z"]);
    assert_eq!(told.epochs[0].wall_origin, WallOrigin::Recorder);
    // It orders files, a name counts before it, and a clock that was never set tells nothing.
    let (z, a) = (file("z.dav", [2026, 11, 24, 8, 0, 0]), file("a.dav", [2026, 11, 24, 8, 0, 10]));
    let told = in_zone(vec![a, z], "Asia/Shanghai");
    assert_eq!((names(&told), told.gaps.len()), (vec!["z.dav", "a.dav"], 0));
    let named = file("20261124_090000.dav", [2026, 11, 24, 8, 0, 0]);
    assert_eq!(in_zone(vec![named], "Asia/Shanghai").epochs[0].wall_origin, WallOrigin::FileName);
    let unset = file("unset.dav", [2000, 1, 1, 0, 0, 0]);
    assert_eq!(in_zone(vec![unset], "Asia/Shanghai").epochs[0].wall_origin, WallOrigin::Modified);
}
