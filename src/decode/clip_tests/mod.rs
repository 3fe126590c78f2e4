mod headers;
mod lost;
mod shown;

use std::{path::PathBuf, sync::Arc};

use super::*;
use crate::{
    domain::{CameraId, MediaTime},
    libav::{Frame, testing::*},
    source::{Gop, Options, Part, Portion, Recording},
};

fn parts(files: Vec<PathBuf>, options: Options) -> Recording {
    Recording::open(CameraId::new("lane").expect("an id"), files, options)
}

fn groups(file: PathBuf) -> Vec<Arc<Gop>> {
    let parts = parts(vec![file], Options::default());
    parts.filter_map(|p| if let Part::Gop(gop) = p { Some(gop) } else { None }).collect()
}

/// FNV-1a over the visible luma.
fn hash(frame: &Frame) -> u64 {
    let luma = frame.yuv().expect("planes").luma;
    luma.rows()
        .flatten()
        .fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x100_0000_01b3))
}

type Seen = Vec<(usize, MediaTime, u64)>;

fn decode(decoder: &mut GroupDecoder, group: &Gop, wanted: &[MediaTime]) -> (Seen, Decoded) {
    let mut seen = Vec::new();
    let decoded =
        decoder.decode(group, wanted, None, |i, f, t| seen.push((i, t, hash(f)))).expect("a decoder");
    (seen, decoded)
}

fn tenths(t: i64) -> MediaTime {
    MediaTime::from_micros(t * 100_000)
}

/// For every codec: wanted together or each alone, and from whichever decoder, the frames are the same.
#[test]
fn together_or_alone_the_frames_are_the_same() {
    let clips = Clips::new();
    for (codec, name) in [
        (H264_PLAIN, "plain.mp4"),
        (H264, "b.mp4"),
        ("-c:v libx264 -g 25 -bf 3 -x264-params open-gop=1", "open.mp4"),
        ("-c:v libx265 -g 25 -x265-params log-level=none", "h265.mp4"),
        // Clean random access: leading pictures refer to the group before.
        ("-c:v libx265 -x265-params log-level=none:open-gop=1:keyint=25:bframes=4:b-pyramid=1", "cra.mp4"),
        ("-c:v libx264 -g 250 -keyint_min 250 -sc_threshold 0 -bf 3", "long.mp4"),
        ("-c:v libx264 -g 25 -bf 3 -x264-params b-pyramid=strict:ref=4", "pyramid.mkv"),
        (H264, "h264.avi"),
        (H264, "raw.h264"),
        ("-c:v mpeg4 -bf 2 -g 25", "mpeg4.avi"),
        ("-c:v msmpeg4 -g 25", "msmpeg4.avi"),
        ("-c:v mjpeg -pix_fmt yuvj420p", "mjpeg.avi"),
        ("-c:v libvpx-vp9 -g 25 -deadline realtime -cpu-used 8", "vp9.webm"),
        ("-c:v libvpx -g 25 -deadline realtime -cpu-used 8", "vp8.webm"),
    ] {
        let mut decoder = GroupDecoder::for_looks();
        for group in groups(clips.pattern(codec, name)) {
            let mut wanted: Vec<MediaTime> =
                group.packets.iter().filter_map(|p| p.pts).map(MediaTime::from_micros).collect();
            wanted.retain(|t| *t >= group.start);
            wanted.sort();
            let (all, decoded) = decode(&mut decoder, &group, &wanted);
            assert_eq!(all.len(), wanted.len(), "{name} {:?}", decoded.damaged_from);
            assert_eq!(decoded.damaged_from, None, "{name}");
            for (i, time, _) in &all {
                assert_eq!(*time, wanted[*i], "{name}: the frame of each time");
            }
            for i in [0, 1, wanted.len() / 2, wanted.len() - 1].into_iter().filter(|i| *i < wanted.len()) {
                let (alone, _) = decode(&mut decoder, &group, &wanted[i..=i]);
                assert_eq!(alone, [(0, all[i].1, all[i].2)], "{name}: time {i} alone");
                let (fresh, _) = decode(&mut GroupDecoder::for_looks(), &group, &wanted[i..=i]);
                assert_eq!(fresh, alone, "{name}: time {i} from a fresh decoder");
            }
        }
    }
}

/// The group as a camera has sent it up to its `packets`-th packet.
fn grown(group: &Gop, packets: usize, reorder: usize) -> Gop {
    let mut so_far = Gop {
        packets: group.packets[..packets].to_vec(),
        portion: Portion::growing(group.continues()),
        ..group.clone()
    };
    let mut times: Vec<i64> = so_far.packets.iter().filter_map(|p| p.pts).collect();
    times.sort_by(|a, b| b.cmp(a));
    so_far.end = MediaTime::from_micros(times[reorder.min(packets - 1)] + 1).max(group.start);
    so_far
}

/// However a group grows, what is wanted of it is given the frames that all of it would give.
#[test]
fn a_group_that_grows_gives_the_frames_of_the_whole() {
    let clips = Clips::new();
    for (codec, name) in [
        (H264_PLAIN, "plain.mp4"),
        (H264, "b.mp4"),
        ("-c:v libx264 -g 25 -bf 3 -x264-params open-gop=1", "open.mp4"),
        ("-c:v libx265 -x265-params log-level=none:open-gop=1:keyint=25:bframes=4:b-pyramid=1", "cra.mp4"),
        ("-c:v libx264 -g 250 -keyint_min 250 -sc_threshold 0 -bf 3", "long.mp4"),
        ("-c:v libx264 -g 25 -bf 3 -x264-params b-pyramid=strict:ref=4", "pyramid.mkv"),
        ("-c:v libvpx-vp9 -g 25 -deadline realtime -cpu-used 8", "vp9.webm"),
    ] {
        for (step, every) in [(1, 1), (3, 2), (7, 5), (11, 30)] {
            let mut decoder = GroupDecoder::for_looks();
            let (mut kept, mut late) = (0, 0);
            for group in groups(clips.pattern(codec, name)) {
                let length = group.end.since(group.start);
                let all: Vec<MediaTime> = (0..)
                    .map(|i| group.start + std::time::Duration::from_millis(50) * i * every)
                    .take_while(|t| *t < group.end)
                    .collect();
                let (whole, _) = decode(&mut decoder, &group, &all);
                assert_eq!(whole.len(), all.len(), "{name} {length:?}");
                let (mut seen, mut state, mut until) = (Vec::new(), None, group.start);
                for packets in (1..group.packets.len()).step_by(step) {
                    let so_far = grown(&group, packets, group.stream.reorder);
                    let from = until;
                    until = so_far.end.max(from);
                    let first = all.iter().filter(|t| **t < from).count();
                    let wanted: Vec<_> = all.iter().copied().filter(|t| (from..until).contains(t)).collect();
                    let decoded = decoder
                        .decode(&so_far, &wanted, state.take(), |i, f, t| seen.push((first + i, t, hash(f))))
                        .expect("a decoder");
                    assert_eq!(decoded.damaged_from, None, "{name}");
                    late += wanted.len() - decoded.given;
                    state = decoded.state;
                    kept += usize::from(state.is_some());
                }
                let first = all.iter().filter(|t| **t < until).count();
                let decoded = decoder
                    .decode(&group, &all[first..], state.take(), |i, f, t| seen.push((first + i, t, hash(f))))
                    .expect("a decoder");
                assert_eq!(decoded.given, all.len() - first, "{name}");
                let given = |i: &usize| seen.iter().any(|(j, ..)| j == i);
                let expected: Seen = whole.iter().filter(|(i, ..)| given(i)).copied().collect();
                assert_eq!(seen, expected, "{name}, {step} packets at a time");
            }
            assert!(kept > 0, "{name}: the decoder goes on");
            assert_eq!(late, 0, "{name}, {step} packets at a time: all that is known comes out");
        }
    }
}

/// What a detector sees keeps the edges of its blocks only where no picture refers to it, so that nothing drifts.
#[test]
fn only_pictures_that_nothing_refers_to_keep_the_edges_of_their_blocks() {
    let clips = Clips::new();
    for (codec, name, unreferred) in [(H264_PLAIN, "plain.mp4", false), (H264, "b.mp4", true)] {
        let groups = groups(clips.pattern(codec, name));
        let group = &groups[1];
        let mut wanted: Vec<MediaTime> =
            group.packets.iter().filter_map(|p| p.pts).map(MediaTime::from_micros).collect();
        wanted.retain(|t| *t >= group.start);
        wanted.sort();
        let luma = |mut decoder: GroupDecoder| {
            let mut seen: Vec<Vec<u8>> = Vec::new();
            let keep = |f: &Frame| f.yuv().expect("planes").luma.rows().flatten().copied().collect();
            decoder.decode(group, &wanted, None, |_, f, _| seen.push(keep(f))).expect("a decoder");
            seen
        };
        let (looks, stills) = (luma(GroupDecoder::for_looks()), luma(GroupDecoder::for_stills()));
        let other = looks.iter().zip(&stills).filter(|(look, still)| look != still).count();
        assert_eq!(other > 0, unreferred, "{name}: {other} of {}", wanted.len());
        for (look, still) in looks.iter().zip(&stills) {
            let apart: u64 = look.iter().zip(still).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
            assert!(apart as f64 / (look.len() as f64) < 2.0, "{name}");
        }
        assert_eq!(looks[0], stills[0], "{name}: its key frame");
    }
}

/// Without key frames after the first there is one group, and all of it can be looked at; where recovery points begin
/// groups, nothing is shown before a picture has recovered.
#[test]
fn a_stream_that_refreshes_little_by_little_is_looked_at_once_it_has_recovered() {
    let clips = Clips::new();
    let refreshed = "-c:v libx264 -bf 0 -x264-params intra-refresh=1:keyint=25:ref=1";
    for name in ["refresh.mp4", "refresh.ts"] {
        let mut decoder = GroupDecoder::for_looks();
        let (mut looks, mut given) = (0, 0);
        for group in groups(clips.pattern(refreshed, name)) {
            let wanted: Vec<MediaTime> =
                (0..100).map(tenths).filter(|t| (group.start..group.end).contains(t)).collect();
            let (seen, decoded) = decode(&mut decoder, &group, &wanted);
            (looks, given) = (looks + wanted.len(), given + seen.len());
            assert!(seen.windows(2).all(|pair| pair[0].1 <= pair[1].1), "{name}");
            assert_eq!(decoded.damaged_from, None, "{name}");
        }
        assert!(looks >= 99 && given == looks, "{name}: {given} of {looks}");
    }
}

#[test]
fn a_stream_that_refreshes_little_by_little_is_looked_at_however_seldom() {
    let clips = Clips::new();
    let refreshed = "-c:v libx264 -bf 0 -x264-params intra-refresh=1:keyint=25:ref=1";
    let mut decoder = GroupDecoder::for_looks();
    let groups = groups(clips.pattern(refreshed, "refresh.ts"));
    assert!(groups.len() > 2, "recovery points begin groups");
    for group in groups {
        // At its start nothing is whole yet: what is given is the first picture that is.
        for wanted in
            [vec![group.start], vec![group.start, group.end - std::time::Duration::from_millis(100)]]
        {
            let (seen, decoded) = decode(&mut decoder, &group, &wanted);
            assert_eq!((seen.len(), decoded.damaged_from), (wanted.len(), None), "{:?}", group.start);
        }
    }
}

#[test]
fn a_wanted_time_gets_the_next_frame_or_the_last() {
    let clips = Clips::new();
    let groups = groups(clips.pattern(H264, "b.mp4"));
    let mut decoder = GroupDecoder::for_looks();
    let micros = MediaTime::from_micros;
    let wanted =
        [micros(2_400_000), micros(2_600_500), micros(2_620_000), micros(2_630_000), micros(4_999_000)];
    let (seen, _) = decode(&mut decoder, &groups[1], &wanted);
    let times: Vec<_> = seen.iter().map(|s| s.1).collect();
    assert_eq!(times, [tenths(25), tenths(26), tenths(27), tenths(27), tenths(49)]);
    let (none, _) = decode(&mut decoder, &groups[1], &[]);
    assert!(none.is_empty());
}

#[test]
fn damage_ends_at_the_next_group() {
    let clips = Clips::new();
    let path = clips.pattern("-c:v mpeg4 -g 25 -sc_threshold 1000000000", "a.avi");
    let mut bytes = std::fs::read(&path).expect("the clip");
    // Within the second group: its packets lie one after the other, so a quarter of the file is about there.
    let at = bytes.len() * 3 / 8;
    for b in &mut bytes[at..at + 600] {
        *b = b.wrapping_mul(31).wrapping_add(7);
    }
    let groups = groups(clips.bytes(&bytes, "damaged.avi"));
    let mut decoder = GroupDecoder::for_looks();
    let mut damaged = 0;
    for group in &groups {
        let mut wanted: Vec<MediaTime> =
            group.packets.iter().filter_map(|p| p.pts).map(MediaTime::from_micros).collect();
        wanted.sort();
        let (seen, decoded) = decode(&mut decoder, group, &wanted);
        assert_eq!(decoded.given, seen.len());
        match decoded.damaged_from {
            None => assert_eq!(seen.len(), wanted.len()),
            Some(from) => {
                damaged += 1;
                assert!(seen.iter().all(|s| s.1 < from), "a frame from the damaged part");
                assert_eq!(seen.len(), wanted.iter().filter(|w| **w < from).count());
            }
        }
    }
    assert_eq!(damaged, 1, "of {} groups", groups.len());
}

#[test]
fn the_size_may_change_midway() {
    let clips = Clips::new();
    let small = clips.pattern(H264, "small.h264");
    let large = clips.ffmpeg(
        &format!("-f lavfi -i testsrc2=size=320x240:rate=10:duration=5 -pix_fmt yuv420p {H264}"),
        "large.h264",
    );
    let mut decoder = GroupDecoder::for_looks();
    let mut sizes = Vec::new();
    for group in groups(clips.join(&[&small, &large], "both.h264")) {
        let decoded = decoder
            .decode(&group, &[group.start, group.end], None, |_, f, _| sizes.push((f.width(), f.height())))
            .expect("a decoder");
        assert_eq!(decoded.damaged_from, None);
    }
    sizes.dedup();
    assert_eq!(sizes, [(160, 120), (320, 240)]);
}

#[test]
fn chunks_go_on_where_the_chunk_before_left_off() {
    let clips = Clips::new();
    let long = "-f lavfi -i testsrc2=size=64x48:rate=25:duration=130 -c:v libx264 -preset ultrafast -bf 3 \
                -pix_fmt yuv420p -x264-params keyint=infinite:scenecut=0:b-adapt=0";
    let chunks = groups(clips.ffmpeg(long, "long.mp4"));
    assert_eq!(chunks.len(), 2);
    let mut decoder = GroupDecoder::for_looks();
    let mut state = None;
    let mut times = Vec::new();
    for chunk in &chunks {
        let wanted: Vec<MediaTime> = (0..130 * 25)
            .map(|i| MediaTime::from_micros(i * 40_000))
            .filter(|t| (chunk.start..chunk.end).contains(t))
            .collect();
        let decoded = decoder
            .decode(chunk, &wanted, state.take(), |i, _, t| times.push((wanted[i], t)))
            .expect("a decoder");
        assert_eq!((decoded.given, decoded.damaged_from), (wanted.len(), None));
        assert_eq!(decoded.state.is_some(), chunk.continued());
        state = decoded.state;
    }
    assert_eq!(times.len(), 130 * 25);
    assert!(times.iter().all(|(wanted, time)| wanted.as_micros().abs_diff(time.as_micros()) < 1000));

    let (seen, decoded) = decode(&mut decoder, &chunks[1], &[chunks[1].start]);
    assert!(seen.is_empty() && decoded.damaged_from == Some(chunks[1].start), "nothing without the state");
}
