//! Which packets are key pictures, where the container's word is worth little: an AVI without an index calls every packet
//! of a codec that it cannot read a key frame.

/// How a codec's pictures say what they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keys {
    /// The container is believed: libavformat reads these pictures itself, or nothing short can be read.
    Believed,
    /// The first two bits are 0 (Microsoft's MPEG-4, versions 2 and 3, and WMV 1).
    TwoBits,
    /// The first bit is 0 (WMV 2).
    OneBit,
    /// A start code, five bits, then two bits that are 0 (Microsoft's MPEG-4, version 1).
    Numbered,
    /// The two bits after the start code of a picture are 0 (ISO/IEC 14496-2, 6.2.5).
    Mpeg4,
    /// Three bits after a number of ten bits are 1 (ISO/IEC 13818-2, 6.2.3).
    Mpeg2,
    /// A bit in the picture's type is 0 (ITU-T H.263, 5.1.3).
    H263,
    /// Two bits after the picture's size are 0 (Sorenson's H.263).
    Sorenson,
    /// The lowest bit of the first byte is 0 (RFC 6386, 9.1).
    Vp8,
}

impl Keys {
    /// For a codec as FFmpeg names it.
    pub(super) fn of(codec: &str) -> Self {
        match codec {
            "msmpeg4v1" => Self::Numbered,
            "msmpeg4v2" | "msmpeg4v3" | "wmv1" => Self::TwoBits,
            "wmv2" => Self::OneBit,
            "mpeg4" => Self::Mpeg4,
            "mpeg1video" | "mpeg2video" => Self::Mpeg2,
            "h263" | "h263p" => Self::H263,
            "flv1" => Self::Sorenson,
            "vp8" => Self::Vp8,
            _ => Self::Believed,
        }
    }

    /// Whether a packet may begin a group. Where its header cannot be read the container is believed.
    pub(super) fn may_be_key(self, data: &[u8]) -> bool {
        self.is_key(data).unwrap_or(true)
    }

    fn is_key(self, data: &[u8]) -> Option<bool> {
        let whole = Bits { data, at: 0 };
        match self {
            Self::Believed => None,
            Self::TwoBits => Some(whole.skip(0).take(2)? == 0),
            Self::OneBit => Some(whole.skip(0).take(1)? == 0),
            Self::Numbered => {
                let mut bits = whole;
                (bits.take(32)? == 0x100).then_some(())?;
                Some(bits.skip(5).take(2)? == 0)
            }
            Self::Mpeg4 => Some(after(data, 0xb6)?.take(2)? == 0),
            Self::Mpeg2 => Some(after(data, 0)?.skip(10).take(3)? == 1),
            Self::H263 => {
                let mut bits = whole;
                (bits.take(22)? == 0x20).then_some(())?;
                // The number, two fixed bits and three of the display; then the size, where 7 says that the type comes elsewhere.
                let mut bits = bits.skip(13);
                let size = bits.take(3)?;
                (size != 7).then_some(())?;
                Some(bits.take(1)? == 0)
            }
            Self::Sorenson => {
                let mut bits = whole;
                (bits.take(17)? == 1).then_some(())?;
                let mut bits = bits.skip(13);
                let size = bits.take(3)?;
                let mut bits = bits.skip(match size {
                    0 => 16,
                    1 => 32,
                    _ => 0,
                });
                Some(bits.take(2)? == 0)
            }
            Self::Vp8 => Some(data.first()? & 1 == 0),
        }
    }
}

/// What follows the first start code of this kind.
fn after(data: &[u8], code: u8) -> Option<Bits<'_>> {
    let at = data.windows(4).position(|w| w == [0, 0, 1, code])?;
    Some(Bits { data: data.get(at + 4..)?, at: 0 })
}

/// Bits, the highest of each byte first.
#[derive(Clone, Copy)]
struct Bits<'a> {
    data: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn skip(self, bits: usize) -> Self {
        Self { at: self.at + bits, ..self }
    }

    fn take(&mut self, bits: usize) -> Option<u32> {
        let mut value = 0;
        for _ in 0..bits {
            let byte = self.data.get(self.at / 8)?;
            value = value << 1 | u32::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Some(value)
    }
}

#[cfg(test)]
mod clip_tests {
    use super::*;
    use crate::libav::{Input, Limits, testing::*};

    /// Whether each packet of a clip is a key picture, and what the container says of it.
    fn keys(codec: &str, name: &str) -> Vec<(bool, bool)> {
        let clips = Clips::new();
        let path = clips.pattern(codec, name);
        let mut input = Input::open(path.to_str().expect("plain"), &Limits::default()).expect("opens");
        let keys = Keys::of(&input.stream().codec);
        assert_ne!(keys, Keys::Believed, "{codec}");
        let mut found = Vec::new();
        while let Some(packet) = input.read().expect("reads") {
            found.push((keys.may_be_key(packet.data()), packet.key));
        }
        found
    }

    #[test]
    fn pictures_say_themselves_what_they_are() {
        let many = "-g 25 -sc_threshold 1000000000";
        for (codec, name) in [
            ("-c:v msmpeg4", "a.avi"),
            ("-c:v msmpeg4v2", "b.avi"),
            ("-c:v wmv1", "c.avi"),
            ("-c:v wmv2", "d.avi"),
            ("-c:v mpeg4 -bf 2", "e.avi"),
            ("-c:v mpeg2video -bf 2", "f.mkv"),
            ("-c:v mpeg1video -r 25", "g.mkv"),
            ("-c:v h263 -s 176x144", "h.avi"),
            ("-c:v flv", "i.flv"),
            ("-c:v libvpx -keyint_min 25 -deadline realtime", "j.webm"),
        ] {
            let found = keys(&format!("{codec} {many}"), name);
            let keys = found.iter().filter(|(own, _)| *own).count();
            assert!((4..=12).contains(&keys), "{codec}: {found:?}");
            // FFmpeg calls all pictures of H.263 in AVI key frames.
            let agree = found.iter().all(|(own, said)| own == said || *said && name == "h.avi");
            assert!(agree, "{codec}: {found:?}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_believed() {
        for codec in ["msmpeg4v1", "msmpeg4v3", "mpeg4", "mpeg2video", "h263", "flv1", "h264", "vp8"] {
            assert!(Keys::of(codec).may_be_key(&[]), "{codec}");
        }
    }
}
