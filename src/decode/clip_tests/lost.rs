//! Packets that are missing in the middle of a group.

use std::{collections::BTreeMap, path::Path};

use super::*;

/// The pictures that looks every 0.1 s are given, by when they are shown.
fn looks(file: PathBuf) -> BTreeMap<i64, u64> {
    let mut decoder = GroupDecoder::for_looks();
    let mut seen = BTreeMap::new();
    for group in groups(file) {
        let wanted: Vec<MediaTime> =
            (0..100).map(tenths).filter(|time| (group.start..group.end).contains(time)).collect();
        let (given, _) = decode(&mut decoder, &group, &wanted);
        seen.extend(given.into_iter().map(|(_, time, hash)| ((time.as_micros() + 50_000) / 100_000, hash)));
    }
    seen
}

fn changed(clips: &Clips, whole: &Path, filter: &str) -> PathBuf {
    let name = format!("changed-{}", whole.file_name().expect("one").to_string_lossy());
    clips.ffmpeg(&format!("-i {} -c copy -bsf:v {filter}", whole.display()), &name)
}

#[test]
fn no_look_is_taken_on_a_picture_that_was_made_up() {
    let clips = Clips::new();
    for (codec, name) in [
        (H264_PLAIN, "plain.mp4"),
        (H264, "b.mkv"),
        ("-c:v libx265 -g 25 -x265-params log-level=none:scenecut=0:open-gop=0:bframes=0", "h265.mp4"),
        ("-c:v libx265 -g 25 -x265-params log-level=none:scenecut=0:open-gop=0:bframes=3", "h265-b.mkv"),
    ] {
        let whole = clips.pattern(codec, name);
        let right = looks(whole.clone());
        assert_eq!(right.len(), 100, "{name}");
        // The second picture after the second key frame is decoded.
        let seen = looks(changed(&clips, &whole, "noise=drop=eq(n\\,27)"));
        let wrong: Vec<_> = seen.iter().filter(|(time, hash)| right.get(time) != Some(hash)).collect();
        assert!(wrong.is_empty(), "{name}: {wrong:?}");
        assert!((0..25).chain(50..100).all(|time| seen.contains_key(&time)), "{name}: {:?}", seen.keys());
        assert!(!(40..50).any(|time| seen.contains_key(&time)), "{name}: {:?}", seen.keys());
    }
}

#[test]
fn a_spell_without_pictures_is_no_loss() {
    let clips = Clips::new();
    for (codec, name) in [
        (H264_PLAIN, "plain.mp4"),
        ("-c:v libx265 -g 25 -x265-params log-level=none:scenecut=0:open-gop=0:bframes=0", "h265.mp4"),
    ] {
        let whole = clips.pattern(codec, name);
        let right: Vec<u64> = looks(whole.clone()).into_values().collect();
        // In the middle of a group: seven seconds, and half a second.
        for later in ["7", "0.5"] {
            let filter = format!("setts=ts=TS+if(gte(N\\,30)\\,{later}/TB\\,0)");
            let groups = groups(changed(&clips, &whole, &filter));
            let (mut decoder, mut state, mut seen) = (GroupDecoder::for_looks(), None, Vec::new());
            for group in &groups {
                let wanted: Vec<MediaTime> =
                    group.packets.iter().filter_map(|p| p.pts).map(MediaTime::from_micros).collect();
                let decoded = decoder
                    .decode(group, &wanted, state.take(), |_, frame, _| seen.push(hash(frame)))
                    .expect("a decoder");
                assert_eq!(decoded.damaged_from, None, "{name} {later}");
                state = decoded.state;
            }
            assert_eq!(seen, right, "{name} {later}");
        }
    }
}
