//! How it is told within a stream that something of it was lost on the way.
//!
//! FFmpeg does not tell it, and reads packets long after the guard has passed them on. So the guard puts a mark into the stream, where
//! the loss is: filler data, of which decoders take no notice, with bytes of its own. It stands in the picture that lacks something.

/// How the pictures of a stream are coded, as far as it matters for what is lost of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// H.264.
    H264,
    /// H.265.
    H265,
    /// Each picture is whole, or FFmpeg leaves it out.
    Jpeg,
    /// Nothing can be marked in it.
    Other,
}

/// The bytes of a mark. None of them is zero, so that nothing begins among them.
const MARK: [u8; 18] = *b"firewarden lost it";
/// What ends it.
const END: u8 = 0x80;
/// What a unit of filler data begins with: of H.264, and of H.265.
const H264: &[u8] = &[0x0c];
const H265: &[u8] = &[0x4c, 0x01];

impl Coding {
    /// As a description (SDP) names that of the video.
    pub fn of(description: &str) -> Self {
        let lines = description.lines().map(str::trim);
        let mut video = lines.skip_while(|line| !line.starts_with("m=video"));
        let number = video.next().and_then(|line| line.split_whitespace().nth(3)).unwrap_or_default();
        // What describes another medium begins so, too.
        let mut own = video.take_while(|line| !line.starts_with("m="));
        let named = own.find_map(|line| {
            let (of, name) = line.strip_prefix("a=rtpmap:")?.split_once(' ')?;
            (of == number).then(|| name.trim().split('/').next().unwrap_or_default().to_ascii_uppercase())
        });
        match (named.as_deref(), number) {
            (Some("H264"), _) => Self::H264,
            (Some("H265" | "HEVC"), _) => Self::H265,
            (Some("JPEG"), _) | (None, "26") => Self::Jpeg,
            _ => Self::Other,
        }
    }

    /// The packet that marks a loss at this one, of which it takes number, time and sender; none where nothing can be marked.
    pub fn mark(self, packet: &[u8]) -> Option<Vec<u8>> {
        let unit = match self {
            Self::H264 => H264,
            Self::H265 => H265,
            Self::Jpeg | Self::Other => return None,
        };
        let [_, kind, number @ ..] = packet.get(..12)? else { return None };
        // It ends no picture.
        let head = [0x80, kind & 0x7f];
        Some([&head, number, unit, &MARK, &[END]].concat())
    }
}

/// Whether a picture holds a mark.
pub fn is_marked(picture: &[u8]) -> bool {
    let mut rest = picture;
    while let Some(at) = rest.windows(3).position(|three| three == [0, 0, 1]) {
        rest = rest.get(at + 3..).unwrap_or_default();
        let unit = [H264, H265].iter().find_map(|unit| rest.strip_prefix(*unit));
        if unit.is_some_and(|unit| unit.starts_with(&MARK)) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_it_is_coded_is_read_from_the_description() {
        for (text, coding) in [
            (
                "v=0\r\nm=audio 0 RTP/AVP 96\r\na=rtpmap:96 H265/90000\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n",
                Coding::H264,
            ),
            ("m=video 0 RTP/AVP 98\na=rtpmap:98 hevc/90000 \n", Coding::H265),
            ("m=video 0 RTP/AVP 26\r\nm=audio 0 RTP/AVP 0\r\na=rtpmap:26 H264/1\r\n", Coding::Jpeg),
            ("m=video 0 RTP/AVP 96\r\na=rtpmap:96 MP4V-ES/90000\r\n", Coding::Other),
            ("m=video 0 RTP/AVP 96\r\n", Coding::Other),
            ("", Coding::Other),
        ] {
            assert_eq!(Coding::of(text), coding, "{text:?}");
        }
    }

    #[test]
    fn a_mark_is_found_and_nothing_else() {
        let packet = [0x90, 0xe0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0x65, 1];
        for coding in [Coding::H264, Coding::H265] {
            let mark = coding.mark(&packet).expect("a mark");
            assert_eq!(&mark[..12], &[0x80, 0x60, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
            // As FFmpeg puts units into one picture, and what goes on of one that was cut off.
            let picture = [&[0, 0, 0, 1, 0x65, 0x88, 0, 0, 1], &mark[12..], &[7, 0, 3, 9]].concat();
            assert!(is_marked(&picture));
            assert!(!is_marked(&mark[12..]) && !is_marked(&picture[..picture.len() - 20]));
        }
        assert!(!is_marked(&[0, 0, 1, 0x0c, 0xff, 0xff, 0x80]) && !is_marked(&[]) && !is_marked(&[0, 0, 1]));
        assert_eq!((Coding::Jpeg.mark(&packet), Coding::Other.mark(&packet)), (None, None));
        assert_eq!(Coding::H264.mark(&packet[..11]), None);
    }
}
