use super::*;

/// As [`H264`], with open groups: pictures before a key frame that refer to the group before.
const H264_OPEN: &str =
    "-c:v libx264 -g 25 -keyint_min 25 -sc_threshold 0 -bf 3 -x264-params open-gop=1:b-pyramid=normal";
const H265: &str = "-c:v libx265 -g 25 -x265-params log-level=none:scenecut=0:open-gop=0";
const H265_OPEN: &str = "-c:v libx265 -g 25 -x265-params log-level=none:scenecut=0:open-gop=1";
const VP8: &str = "-c:v libvpx -g 25 -keyint_min 25 -deadline realtime -cpu-used 8";
const VP9: &str = "-c:v libvpx-vp9 -g 25 -keyint_min 25 -deadline realtime -cpu-used 8";

#[test]
fn clips_of_every_codec_hold_what_was_recorded() {
    let clips = Clips::new();
    let folder = clips.path("result");
    // Where the clip begins, and how many pictures it may hold beyond 6.0 s.
    for (codec, name, extension, begins, ahead) in [
        (H264, "a.mp4", "mp4", 2.5, 3),
        (H264, "a.mkv", "mp4", 2.5, 3),
        (H264, "a.ts", "mp4", 2.5, 3),
        (H264, "a.avi", "mp4", 2.5, 3),
        (H264, "raw.h264", "mp4", 2.5, 3),
        (H264_PLAIN, "plain.mp4", "mp4", 2.5, 0),
        (H264_OPEN, "open.mp4", "mp4", 2.5, 3),
        (H264_OPEN, "open.ts", "mp4", 2.5, 3),
        (H265, "h265.mp4", "mp4", 2.5, 4),
        (H265_OPEN, "open265.ts", "mp4", 2.5, 4),
        ("-c:v mpeg4 -g 25 -sc_threshold 1000000000", "plain.avi", "mp4", 2.5, 0),
        ("-c:v mpeg4 -bf 2 -g 25 -sc_threshold 1000000000", "b.mkv", "mp4", 2.7, 2),
        ("-c:v msmpeg4 -g 25 -sc_threshold 1000000000", "ms.avi", "mkv", 2.5, 0),
        ("-c:v mjpeg -pix_fmt yuvj420p", "jpeg.avi", "mp4", 3.0, 0),
        (VP8, "vp8.webm", "mkv", 2.5, 0),
        (VP9, "vp9.webm", "mp4", 2.5, 0),
    ] {
        let recording = clips.pattern(codec, name);
        let clip = cut_one(vec![recording.clone()], cut(3.0, 4.0, 6.0), &folder);
        assert_eq!(clip.file.name, format!("evidence/lane/3-6.{extension}"), "{name}");
        assert!((clip.first.as_secs_f64() - begins).abs() < 0.002, "{name}: {:?}", clip.first);
        let frames = is_sound(&folder, &clip);
        let more = frames.len() - (61 - (begins * 10.0) as usize);
        assert!(more <= ahead, "{name}: {more} more");
        are_tenths(&frames, &recording, (begins * 10.0) as usize);
        assert!(clip.shortfalls.is_empty(), "{name}: {:?}", clip.shortfalls);
    }
}

#[test]
fn a_clip_may_end_anywhere_in_an_open_group() {
    let clips = Clips::new();
    let folder = clips.path("result");
    for (codec, name) in [(H264_OPEN, "open.ts"), (H265_OPEN, "open265.mp4")] {
        let recording = clips.pattern(codec, name);
        let ends: Vec<f64> = (45..=55).map(|tenths| f64::from(tenths) / 10.0).collect();
        let cuts = ends.iter().map(|&end| cut(3.0, 4.0, end)).collect();
        for (clip, end) in cut_all(vec![recording.clone()], cuts, &folder).into_iter().zip(ends) {
            let clip = clip.expect("a clip");
            let frames = is_sound(&folder, &clip);
            are_tenths(&frames, &recording, 25);
            let more = frames.len() as i64 - ((end - 2.5) * 10.0).round() as i64 - 1;
            assert!((0..=4).contains(&more), "{name} up to {end}: {more} more");
        }
    }
}

#[test]
fn a_variable_rate_stays_as_it_is() {
    let clips = Clips::new();
    let folder = clips.path("result");
    let some = "-f lavfi -i testsrc2=size=160x120:rate=10:duration=10 -pix_fmt yuv420p -vsync vfr -vf";
    let recording =
        clips.ffmpeg(&format!("{some} select='not(mod(n,7))+not(mod(n,3))' {H264} -g 20"), "vfr.mp4");
    let clip = cut_one(vec![recording.clone()], cut(5.0, 6.0, 8.0), &folder);
    let original = frames(&recording);
    let first = original[0].0.expect("a time") + clip.first.as_micros() / 1000;
    let times = original.into_iter().filter_map(|(time, hash)| Some((time? - first, hash)));
    let expected: Vec<_> = times.filter(|(time, _)| *time >= 0).collect();
    let frames = is_sound(&folder, &clip);
    assert!(frames.len() > 8, "{frames:?}");
    assert_eq!(frames[..], expected[..frames.len()]);
}

/// The chunks of an AVI's `movi` list: each its four characters and its bytes.
fn chunks(avi: &[u8], movi: usize) -> Vec<([u8; 4], Vec<u8>)> {
    let mut chunks = Vec::new();
    let mut at = movi;
    while avi.len() >= at + 8 && &avi[at..at + 4] != b"idx1" {
        let size = u32::from_le_bytes(avi[at + 4..at + 8].try_into().expect("four")) as usize;
        chunks.push((avi[at..at + 4].try_into().expect("four"), avi[at + 8..at + 8 + size].to_vec()));
        at += 8 + size + size % 2;
    }
    chunks
}

/// Packs every B picture of an AVI into the chunk of the picture before, as DivX did, and leaves an empty one in its place.
fn packed(avi: &[u8]) -> Vec<u8> {
    let movi = avi.windows(4).position(|w| w == b"movi").expect("a list of chunks") + 4;
    let mut out: Vec<([u8; 4], Vec<u8>)> = Vec::new();
    for (id, data) in chunks(avi, movi) {
        let vop = data.windows(4).position(|w| w == [0, 0, 1, 0xB6]).map(|at| data[at + 4] >> 6);
        if vop == Some(2) {
            out.last_mut().expect("a picture before").1.extend(&data);
            out.push((id, vec![0, 0, 1, 0xB6, 0x51, 0x00, 0x7F]));
        } else {
            out.push((id, data));
        }
    }
    let mut file = avi[..movi].to_vec();
    for (id, data) in out {
        file.extend(id);
        file.extend((data.len() as u32).to_le_bytes());
        file.extend(&data);
        file.resize(file.len() + data.len() % 2, 0);
    }
    let size = |from: usize| ((file.len() - from) as u32).to_le_bytes();
    let (whole, list) = (size(8), size(movi - 4));
    file[4..8].copy_from_slice(&whole);
    file[movi - 8..movi - 4].copy_from_slice(&list);
    file
}

#[test]
fn packed_b_pictures_come_out_one_by_one() {
    let clips = Clips::new();
    let folder = clips.path("result");
    let plain = clips.pattern("-c:v mpeg4 -bf 1 -g 26 -b_strategy 0 -sc_threshold 1000000000", "plain.avi");
    let bytes = packed(&std::fs::read(&plain).expect("the clip"));
    let recording = clips.bytes(&bytes, "packed.avi");
    let clip = cut_one(vec![recording], cut(3.0, 4.0, 6.0), &folder);
    let frames = is_sound(&folder, &clip);
    assert!(frames.len() > 30, "{clip:?}");
    are_tenths(&frames, &plain, (clip.first.as_secs_f64() * 10.0).round() as usize);
}

#[test]
fn the_same_cut_gives_the_same_bytes() {
    let clips = Clips::new();
    let folders = [clips.path("one"), clips.path("other")];
    for (codec, name) in [(H264, "a.ts"), (VP8, "b.webm")] {
        let recording = clips.pattern(codec, name);
        let [one, other] =
            folders.each_ref().map(|folder| cut_one(vec![recording.clone()], cut(3.0, 4.0, 6.0), folder));
        assert_eq!(one, other);
        let bytes = std::fs::read(folders[0].join(&one.file.name)).expect("the clip");
        let version = bytes.windows(5).any(|w| w == b"Lavf5" || w == b"Lavc5");
        assert!(!version, "{name}: the version of the library");
    }
}

#[test]
fn what_no_container_holds_is_named() {
    let clips = Clips::new();
    let recording = clips.ffmpeg("-f lavfi -i testsrc2=size=64x48:rate=10:duration=2", "a.apng");
    let failed = cut_all(vec![recording], vec![cut(0.0, 1.0, 2.0)], &clips.path("result"));
    let [Err(EvidenceError::Clip { source: LibavError::NotCopied { codec, .. }, .. })] = &failed[..] else {
        panic!("{failed:?}")
    };
    assert_eq!(codec, "apng");
}

#[test]
fn h265_is_named_as_players_expect() {
    let clips = Clips::new();
    let folder = clips.path("result");
    for name in ["a.mp4", "a.ts", "a.mkv"] {
        let clip = cut_one(vec![clips.pattern(H265, name)], cut(3.0, 4.0, 6.0), &folder);
        let bytes = std::fs::read(folder.join(&clip.file.name)).expect("the clip");
        let holds = |name: &[u8; 4]| bytes.windows(4).any(|w| w == name);
        assert!(holds(b"hvc1") && !holds(b"hev1"), "{name}");
    }
}

#[test]
fn an_index_comes_before_the_pictures() {
    let clips = Clips::new();
    let folder = clips.path("result");
    let clip = cut_one(vec![clips.pattern(H264, "a.ts")], cut(3.0, 4.0, 6.0), &folder);
    let bytes = std::fs::read(folder.join(&clip.file.name)).expect("the clip");
    let place = |name: &[u8; 4]| bytes.windows(4).position(|w| w == name).expect("an atom");
    assert!(place(b"moov") < place(b"mdat"));
}
