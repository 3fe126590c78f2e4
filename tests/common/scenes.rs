//! What cameras of these tests show.
#![allow(dead_code, reason = "each test program uses its own part")]

use std::path::{Path, PathBuf};

use crate::{common, service::sample};

/// How pictures are coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    H264,
    H265,
    Mpeg4,
    Mjpeg,
}

impl Codec {
    /// As cameras of these tests are called after it, and as FFmpeg names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::H264 => "h264",
            Self::H265 => "hevc",
            Self::Mpeg4 => "mpeg4",
            Self::Mjpeg => "mjpeg",
        }
    }

    /// The encoder, with a key frame for every so many pictures.
    fn encoder(self, apart: u32) -> String {
        match self {
            Self::H264 => format!("-c:v libx264 -preset veryfast -crf 20 -pix_fmt yuv420p -g {apart}"),
            Self::H265 => {
                format!(
                    "-c:v libx265 -preset veryfast -crf 22 -pix_fmt yuv420p -x265-params log-level=none:keyint={apart}"
                )
            }
            Self::Mpeg4 => format!("-c:v mpeg4 -q:v 3 -g {apart}"),
            Self::Mjpeg => "-c:v mjpeg -q:v 3 -huffman default -pix_fmt yuvj420p".to_owned(),
        }
    }

    fn container(self) -> &'static str {
        if self == Self::Mjpeg { "avi" } else { "mp4" }
    }
}

/// A scene of the project's samples, with the rule that watches it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scene {
    /// The one on duty is away from 3.8 s to 11.6 s.
    Room,
    /// A car stands from the beginning to the end.
    Lane,
    /// An e-bike is brought in at 4 s, and is hidden from 10 s on.
    Elevator,
}

impl Scene {
    pub const ALL: [Self; 3] = [Self::Room, Self::Lane, Self::Elevator];

    pub fn name(self) -> &'static str {
        match self {
            Self::Room => "room",
            Self::Lane => "lane",
            Self::Elevator => "elevator",
        }
    }

    /// Its rule, in seconds where real ones have minutes.
    pub fn rule(self) -> &'static str {
        match self {
            Self::Room => {
                "[[camera.rule]]\nkind = \"control_room_unattended\"\nrequired = 1\ngrace = \"4s\"\n"
            }
            Self::Lane => {
                "[[camera.rule]]\nkind = \"fire_lane_parking\"\ndwell = \"8s\"\nzone = [[0.0, 0.82], [0.58, 0.435], \
                 [0.75, 0.32], [0.89, 0.36], [0.74, 0.51], [0.37, 0.87], [0.24, 1.0], [0.0, 1.0]]\n"
            }
            Self::Elevator => "[[camera.rule]]\nkind = \"ebike_in_elevator\"\nrearm = \"3s\"\n",
        }
    }

    /// How far two looks lie apart at most.
    pub fn every(self) -> f64 {
        match self {
            Self::Room => 0.4,
            Self::Lane => 0.8,
            Self::Elevator => 1.0,
        }
    }

    fn sample(self) -> PathBuf {
        sample(match self {
            Self::Room => "control-room.mp4",
            Self::Lane => "fire-lane.mp4",
            Self::Elevator => "elevator.mp4",
        })
    }

    /// A recording of it, of some 16 s.
    pub fn clip(self, folder: &Path, codec: Codec) -> PathBuf {
        let how = match self {
            // While nobody is there, nine seconds are left out.
            Self::Room => "-t 16 -vf select=lt(t\\,6)+gt(t\\,15),setpts=N/5/TB",
            Self::Lane => "-t 14",
            Self::Elevator => "-t 16",
        };
        let from = match self {
            Self::Room => 15,
            Self::Lane => 0,
            Self::Elevator => 70,
        };
        self.made(folder, codec, from, how)
    }

    /// A recording of a part of the sample.
    pub fn cut(self, folder: &Path, codec: Codec, from: u32, length: u32) -> PathBuf {
        self.made(folder, codec, from, &format!("-t {length}"))
    }

    fn made(self, folder: &Path, codec: Codec, from: u32, how: &str) -> PathBuf {
        let name = format!("{}-{}.{}", self.name(), codec.name(), codec.container());
        let (sample, encoder) = (self.sample(), codec.encoder(10));
        common::clip(folder, &name, &format!("-ss {from} -i {} {how} -an {encoder}", sample.display()))
    }
}

/// A picture in which nothing moves but noise, for a model that always sees the same: ten a second, a key frame each second, and
/// no B-frames, as cameras send. With them the server is half a second ahead of what it shows: an outage as short is none.
pub fn noise(folder: &Path, name: &str, size: &str, codec: Codec) -> PathBuf {
    let pictures = format!("-f lavfi -i smptebars=size={size}:rate=10:duration=20,noise=alls=10:allf=t");
    common::clip(
        folder,
        &format!("{name}.{}", codec.container()),
        &format!(
            "{pictures} {}",
            codec.encoder(10).replace("keyint=", "bframes=0:keyint=").replace("-g 10", "-g 10 -bf 0")
        ),
    )
}

/// The same as a raw stream without B-frames.
pub fn raw(folder: &Path) -> PathBuf {
    let pictures = "-f lavfi -i smptebars=size=320x240:rate=10:duration=4,noise=alls=10:allf=t";
    common::clip(folder, "film.h264", &format!("{pictures} {} -bf 0", Codec::H264.encoder(10)))
}

/// A rule for the car that the model always sees; two looks a second.
pub const PARKING: &str = common::bench::PARKING;
