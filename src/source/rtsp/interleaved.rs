//! Packets within an RTSP connection (RFC 2326, 10.12): which channel has which, and how large a picture grows.

use std::collections::BTreeMap;

use super::refusal::{Bounded, Refusal};

/// The two channels of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Channels {
    /// By which media come.
    pub media: u8,
    /// By which their reports come.
    pub reports: u8,
}

impl Channels {
    /// As the value of `Transport` names them, such as `RTP/AVP/TCP;unicast;interleaved=0-1`.
    pub fn of(transport: &str) -> Option<Self> {
        let written =
            transport.split([';', ',']).find_map(|part| part.trim().strip_prefix("interleaved="))?;
        let (media, reports) = match written.split_once('-') {
            Some((media, reports)) => (media.trim().parse().ok()?, reports.trim().parse().ok()?),
            None => {
                let media: u8 = written.trim().parse().ok()?;
                (media, media.checked_add(1)?)
            }
        };
        Some(Self { media, reports })
    }

    /// Whether a channel is one of them.
    pub fn have(self, channel: u8) -> bool {
        channel == self.media || channel == self.reports
    }
}

/// Whether a packet is one of reports (RTCP). FFmpeg tells by its type, whatever the channel, and so does the guard.
pub fn is_report(packet: &[u8]) -> bool {
    matches!(packet.get(1), Some(192..=195 | 200..=210))
}

/// How large the picture is that each channel sends.
#[derive(Debug)]
pub struct Pictures {
    most: usize,
    channels: BTreeMap<u8, Picture>,
}

#[derive(Debug, Clone, Copy)]
struct Picture {
    stamp: u32,
    bytes: usize,
}

impl Pictures {
    /// Each may have `most` bytes.
    pub fn new(most: usize) -> Self {
        Self { most, channels: BTreeMap::new() }
    }

    /// Counts a packet (RTP, RFC 3550). A picture ends with a packet that is marked, or with a change of the time stamp, for
    /// whichever codec.
    ///
    /// # Errors
    /// The picture is too large.
    pub fn count(&mut self, channel: u8, packet: &[u8]) -> Result<(), Refusal> {
        // FFmpeg takes nothing shorter, and no other version.
        let [first, second, _, _, a, b, c, d, _, _, _, _, payload @ ..] = packet else { return Ok(()) };
        if first >> 6 != 2 {
            return Ok(());
        }
        let stamp = u32::from_be_bytes([*a, *b, *c, *d]);
        let picture = self.channels.entry(channel).or_insert(Picture { stamp, bytes: 0 });
        if picture.stamp != stamp {
            *picture = Picture { stamp, bytes: 0 };
        }
        picture.bytes = picture.bytes.saturating_add(payload.len());
        if picture.bytes > self.most {
            return Err(Refusal::TooLarge { what: Bounded::AccessUnit, most: self.most });
        }
        if second & 0x80 != 0 {
            picture.bytes = 0;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_read() {
        for (text, expected) in [
            ("RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=1F", Some((0, 1))),
            (" RTP/AVP/TCP; interleaved=4-5", Some((4, 5))),
            ("RTP/AVP/TCP;interleaved=6", Some((6, 7))),
            ("RTP/AVP;unicast,RTP/AVP/TCP;interleaved=2-3", Some((2, 3))),
            ("RTP/AVP;unicast;client_port=1-2", None),
            ("RTP/AVP/TCP;interleaved=256-257", None),
            ("RTP/AVP/TCP;interleaved=255", None),
            ("RTP/AVP/TCP;interleaved=", None),
        ] {
            let channels = Channels::of(text).map(|channels| (channels.media, channels.reports));
            assert_eq!(channels, expected, "{text}");
        }
    }

    fn packet(stamp: u32, marked: bool, payload: usize) -> Vec<u8> {
        let mut packet = vec![0x80, if marked { 0xe0 } else { 0x60 }, 0, 1];
        packet.extend(stamp.to_be_bytes());
        packet.extend([0; 4]);
        packet.extend(vec![0x88; payload]);
        packet
    }

    #[test]
    fn a_picture_ends_with_its_mark_or_with_another_time() {
        let mut pictures = Pictures::new(100);
        for (stamp, marked, payload) in
            [(1, false, 60), (1, true, 40), (1, false, 100), (2, false, 100), (3, true, 90)]
        {
            assert_eq!(pictures.count(0, &packet(stamp, marked, payload)), Ok(()), "{stamp} {payload}");
        }
        assert_eq!(pictures.count(0, &packet(4, false, 60)), Ok(()));
        // Another channel's, and what is no such packet, are not counted with it.
        assert_eq!(pictures.count(2, &packet(4, false, 60)), Ok(()));
        assert_eq!(pictures.count(0, &[0x00; 500]), Ok(()));
        assert_eq!(pictures.count(0, &[0x80; 11]), Ok(()));
        assert_eq!(pictures.count(0, &packet(4, false, 40)), Ok(()));
        let too_large = Err(Refusal::TooLarge { what: Bounded::AccessUnit, most: 100 });
        assert_eq!(pictures.count(0, &packet(4, true, 1)), too_large);
    }

    #[test]
    fn reports_are_told_from_media_by_their_type() {
        assert!(is_report(&[0x80, 200, 0, 6]) && is_report(&[0x81, 201]));
        assert!(!is_report(&[0x80, 0xe0]) && !is_report(&[0x80]) && !is_report(&[0x80, 96]));
    }
}
