//! A group is decoded with the header and the parameter sets that are in force where it lies, whatever came before.

use super::*;

const CALM: &str = "-c:v libx264 -g 10 -keyint_min 10 -sc_threshold 0 -bf 0 -qp 20";
const OTHER: &str =
    "-c:v libx264 -g 10 -keyint_min 10 -sc_threshold 0 -bf 0 -qp 30 -x264-params cabac=0:ref=1";
const H265: &str =
    "-c:v libx265 -g 10 -x265-params log-level=none:scenecut=0:keyint=10:bframes=0:repeat-headers=1";
const H265_OTHER: &str = "-c:v libx265 -g 10 -x265-params log-level=none:scenecut=0:keyint=10:bframes=0:repeat-headers=1:qp=35:no-sao=1:no-deblock=1";

fn all_times(group: &Gop) -> Vec<MediaTime> {
    let times = group.packets.iter().filter_map(|p| p.pts).map(MediaTime::from_micros);
    let mut times: Vec<MediaTime> = times.filter(|t| *t >= group.start).collect();
    times.sort();
    times
}

/// Every picture of a file, each group by a decoder of its own.
fn fresh(groups: &[Arc<Gop>]) -> Vec<Seen> {
    let alone = |group: &Arc<Gop>| {
        let wanted = all_times(group);
        let (seen, decoded) = decode(&mut GroupDecoder::for_looks(), group, &wanted);
        assert_eq!(decoded.damaged_from, None, "{:?}", group.start);
        assert_eq!(seen.len(), wanted.len(), "{:?}", group.start);
        seen
    };
    groups.iter().map(alone).collect()
}

/// The pictures of a file as ffmpeg decodes it from its beginning: the hash of each one's luma.
fn whole(clips: &Clips, file: &std::path::Path) -> Vec<u64> {
    let raw = clips.ffmpeg(
        &format!("-threads 1 -i {} -pix_fmt yuv420p -vsync passthrough -f rawvideo", file.display()),
        "raw",
    );
    let bytes = std::fs::read(raw).expect("pictures");
    let hash = |picture: &[u8]| {
        picture
            .iter()
            .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x100_0000_01b3))
    };
    bytes.chunks(160 * 120 * 3 / 2).map(|picture| hash(&picture[..160 * 120])).collect()
}

#[test]
fn a_used_decoder_gives_what_a_fresh_one_gives() {
    let clips = Clips::new();
    for (name, codecs) in [("a.mp4", [CALM, OTHER]), ("a.mkv", [CALM, OTHER]), ("b.mp4", [H265, H265_OTHER])]
    {
        for once in [false, true] {
            let changing = groups(clips.joined(codecs, once, name));
            let calm = groups(clips.ffmpeg(
                &format!("{PATTERN} {} -x264-params repeat-headers=0", codecs[0]),
                &format!("calm-{name}"),
            ));
            assert!(changing.len() > 8 && calm.len() > 8, "{name}");
            for files in [[&changing, &calm], [&calm, &changing]] {
                let mut used = GroupDecoder::for_looks();
                for file in files {
                    for (group, alone) in file.iter().zip(fresh(file)) {
                        let (seen, _) = decode(&mut used, group, &all_times(group));
                        assert_eq!(seen, alone, "{name} {once} {:?}", group.start);
                    }
                }
            }
        }
    }
}

/// However groups are dealt out to workers, and whichever of their pictures are wanted.
#[test]
fn sets_that_came_once_are_in_force_in_all_later_groups() {
    let clips = Clips::new();
    for (name, codecs) in [
        ("a.mp4", [CALM, OTHER]),
        ("a.h264", [CALM, OTHER]),
        ("a.mkv", [CALM, OTHER]),
        ("b.mp4", [H265, H265_OTHER]),
    ] {
        let file = clips.joined(codecs, true, name);
        let expected = whole(&clips, &file);
        let groups = groups(file);
        let seen: Vec<u64> = fresh(&groups).into_iter().flatten().map(|(_, _, hash)| hash).collect();
        // Loop filters are left out of pictures that nothing refers to; here there are none.
        assert_eq!(seen.len(), expected.len(), "{name}");
        let same = seen.iter().zip(&expected).filter(|(a, b)| a == b).count();
        assert_eq!(same, seen.len(), "{name}");
        let mut workers = [(); 3].map(|()| GroupDecoder::for_looks());
        for (place, group) in groups.iter().enumerate().rev() {
            let (key, decoded) = decode(&mut workers[place % 3], group, &[group.start]);
            assert_eq!((key.len(), decoded.damaged_from), (1, None), "{name} {place}");
        }
    }
}

#[test]
fn a_header_that_changes_midway_is_in_force_from_there_on() {
    let clips = Clips::new();
    let [first, second] = [(CALM, "one.flv"), (OTHER, "two.flv")]
        .map(|(codec, name)| clips.ffmpeg(&format!("{PATTERN} -t 5 {codec}"), name));
    let file = clips.joined_flv(&first, &second, 5000, "both.flv");
    let groups = groups(file);
    let streams = |from: usize, to: usize| Arc::ptr_eq(&groups[from].stream, &groups[to].stream);
    assert_eq!(groups.len(), 10);
    assert!(streams(0, 4) && streams(5, 9) && !streams(4, 5));
    let alone = fresh(&groups);
    let mut used = GroupDecoder::for_stills();
    for place in [0, 9, 1, 5, 4, 6] {
        let (seen, _) = decode(&mut used, &groups[place], &all_times(&groups[place]));
        assert_eq!(seen, alone[place], "{place}");
    }
}
