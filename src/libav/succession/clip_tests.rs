use std::path::Path;

use super::*;
use crate::libav::{Input, Limits, testing::*};

fn packets(path: &Path) -> (Arc<StreamInfo>, Vec<Packet>) {
    let mut input = Input::open_file(path, &Limits::default()).expect("opens");
    let packets = std::iter::from_fn(|| input.read().expect("reads")).collect();
    (Arc::clone(input.stream()), packets)
}

/// The packets that are known to be broken, by their places, where those at `without` are missing.
fn broken(stream: &StreamInfo, packets: &[Packet], without: &[usize]) -> Vec<usize> {
    let mut succession = Succession::new(stream);
    let there = packets.iter().enumerate().filter(|(place, _)| !without.contains(place));
    there.filter(|(_, packet)| succession.is_broken_at(packet)).map(|(place, _)| place).collect()
}

const CODINGS: [(&str, &str); 12] = [
    (H264_PLAIN, "a.mp4"),
    (H264, "b.mp4"),
    (H264, "c.ts"),
    (H264, "d.mkv"),
    ("-c:v libx264 -g 25 -bf 3 -x264-params open-gop=1:b-pyramid=strict:ref=5", "e.mkv"),
    ("-c:v libx264 -g 20 -bf 0 -x264-params interlaced=1:ref=3", "f.ts"),
    ("-c:v libx264 -g 25 -profile:v high444 -pix_fmt yuv444p -x264-params cqm=jvt", "g.mp4"),
    ("-c:v libx265 -g 25 -x265-params log-level=none:scenecut=0:open-gop=0", "h.mp4"),
    ("-c:v libx265 -g 25 -x265-params log-level=none:bframes=0:ref=4", "i.ts"),
    ("-c:v libx265 -g 25 -x265-params log-level=none:open-gop=1:b-pyramid=1:bframes=5", "j.mkv"),
    ("-c:v libx265 -g 25 -x265-params log-level=none:bframes=3:temporal-layers=1", "k.mkv"),
    (
        "-c:v libx265 -g 25 -x265-params log-level=none:scaling-list=default:log2-max-poc-lsb=4:slices=2",
        "l.ts",
    ),
];

#[test]
fn nothing_is_missing_in_a_whole_stream() {
    let clips = Clips::new();
    for (codec, name) in CODINGS {
        let (stream, packets) = packets(&clips.pattern(codec, name));
        assert_eq!(broken(&stream, &packets, &[]), [0; 0], "{codec}");
        let mut succession = Succession::new(&stream);
        let known = packets.iter().filter(|packet| succession.follows(packet) == Follows::Yes).count();
        assert_eq!(known, packets.len(), "{codec}");
    }
}

#[test]
fn what_follows_a_lost_picture_is_broken_up_to_the_next_key_frame() {
    let clips = Clips::new();
    for (codec, name) in CODINGS {
        let (stream, packets) = packets(&clips.pattern(codec, name));
        let keys: Vec<usize> = (0..packets.len()).filter(|place| packets[*place].key).collect();
        let mut found = 0;
        for lost in keys[1] + 1..keys[2] {
            let broken = broken(&stream, &packets, &[lost]);
            assert!(broken.iter().all(|place| (lost..keys[2]).contains(place)), "{codec} {lost}: {broken:?}");
            assert!(broken.windows(2).all(|pair| pair[1] == pair[0] + 1), "{codec} {lost}: {broken:?}");
            assert!(broken.last().is_none_or(|last| last + 1 == keys[2]), "{codec} {lost}: {broken:?}");
            found += usize::from(!broken.is_empty());
        }
        // A key frame: all of its group refers to it.
        let broken = broken(&stream, &packets, &[keys[2]]);
        let last = keys.get(3).copied().unwrap_or(packets.len()) - 1;
        assert!(
            broken.contains(&last) && broken.iter().all(|p| (keys[2]..=last).contains(p)),
            "{codec}: {broken:?}"
        );
        // The others are pictures to which none refers, or which lead the key frame.
        assert!(found * 5 >= keys[2] - keys[1], "{codec}: {found}");
    }
}

#[test]
fn pictures_to_which_no_other_refers_are_not_missed() {
    let clips = Clips::new();
    for (codec, name) in [
        ("-c:v libx264 -g 25 -bf 3 -x264-params b-pyramid=none", "a.mp4"),
        ("-c:v libx265 -g 25 -x265-params log-level=none:bframes=3:b-pyramid=0:open-gop=0", "b.mp4"),
    ] {
        let (stream, packets) = packets(&clips.pattern(codec, name));
        // By the header of their first unit.
        let idle = |packet: &Packet| {
            let syntax = Syntax::of(stream.codec_id(), stream.header());
            let unit = syntax.and_then(|syntax| syntax.picture(packet.data()).map(<[u8]>::to_vec));
            let first = unit.expect("a picture")[0];
            if name == "a.mp4" {
                first >> 5 & 3 == 0
            } else {
                first >> 1 & 0x3f == 0 || first >> 1 & 0x3f == 8
            }
        };
        let idle: Vec<usize> = (0..packets.len()).filter(|place| idle(&packets[*place])).collect();
        assert!(idle.len() > 20, "{codec}: {}", idle.len());
        assert_eq!(broken(&stream, &packets, &idle), [0; 0], "{codec}");
    }
}

#[test]
fn numbers_that_are_off_at_the_same_place_in_every_group_are_not_believed() {
    let clips = Clips::new();
    let (stream, packets) = packets(&clips.pattern(H264_PLAIN, "a.mp4"));
    let found = broken(&stream, &packets, &[10, 35, 60, 85]);
    assert_eq!(found, [(11..25), (36..50)].into_iter().flatten().collect::<Vec<_>>());
}

#[test]
fn what_makes_no_sense_tells_nothing() {
    let clips = Clips::new();
    for (codec, name) in CODINGS {
        let (stream, packets) = packets(&clips.pattern(codec, name));
        let mut succession = Succession::new(&stream);
        for (place, packet) in packets.iter().enumerate() {
            let data = packet.data();
            let sets = packet.leaves().unwrap_or(packet.stream().sets());
            for cut in 0..data.len().min(40) {
                let mut bytes = data[..cut].to_vec();
                if let Some(byte) = bytes.get_mut(place % 40) {
                    *byte = byte.wrapping_mul(37).wrapping_add(place as u8);
                }
                let _ = match &mut succession.numbers {
                    Numbers::H264(numbers) => numbers.take(&bytes, packet.key, sets),
                    Numbers::H265(numbers) => numbers.take(&bytes, packet.key, sets),
                    Numbers::None => None,
                };
            }
        }
    }
}
