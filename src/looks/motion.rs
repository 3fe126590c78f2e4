//! What the sizes of packets tell without decoding: where nothing moves, there is little to code.

use crate::{domain::MediaTime, source::Gop};

/// Where packets are on average smaller than this share of the key frame's, nothing moves. Set on a room in which people
/// come and go, coded at constant quality and at 4 Mbit/s: see `docs/performance.md` for what it misses.
const STILL: f64 = 0.02;

/// Packets that are averaged: some pictures are repeated, and cost nothing whatever moves.
const WINDOW: usize = 5;

/// Whether the packets of a group tell that nothing moves from one time to another. Where they cannot tell, it moves.
pub fn still(gop: &Gop, from: MediaTime, to: MediaTime) -> bool {
    let Some((key, rest)) = gop.packets.split_first() else { return false };
    if gop.continues() || key.data().is_empty() {
        return false;
    }
    let least = key.data().len() as f64 * STILL;
    let between = |pts: i64| pts > from.as_micros() && pts < to.as_micros();
    let sizes: Vec<f64> =
        rest.iter().filter(|p| p.pts.is_some_and(between)).map(|p| p.data().len() as f64).collect();
    // Another key frame within, or too few pictures to average: nothing is known.
    sizes.len() >= WINDOW && sizes.windows(WINDOW).all(|w| w.iter().sum::<f64>() / (w.len() as f64) < least)
}

#[cfg(test)]
mod clip_tests {
    use super::*;
    use crate::{
        domain::CameraId,
        libav::testing::*,
        source::{Options, Part, Recording},
    };

    fn stills(args: &str) -> Vec<bool> {
        let clips = Clips::new();
        let coded =
            format!("{args} -c:v libx264 -g 50 -keyint_min 50 -sc_threshold 0 -bf 0 -pix_fmt yuv420p");
        let clip = clips.ffmpeg(&coded, "clip.mp4");
        let camera = CameraId::new("lift").expect("an id");
        Recording::open(camera, vec![clip], Options::default())
            .filter_map(|part| if let Part::Gop(gop) = part { Some(gop) } else { None })
            .map(|gop| still(&gop, gop.start, MediaTime::from_micros(gop.start.as_micros() + 1_000_000)))
            .collect()
    }

    #[test]
    fn an_empty_room_is_still_and_a_walker_is_not() {
        let room =
            "-f lavfi -i mandelbrot=size=640x360:rate=25:end_scale=3:end_pts=1,loop=-1:1:0,trim=duration=4";
        assert_eq!(stills(room), [true, true]);
        let walker = format!(
            "{room} -f lavfi -i testsrc2=size=60x150:rate=25:duration=4 -filter_complex overlay=x=100*t:y=100"
        );
        assert_eq!(stills(&walker), [false, false]);
    }
}
