//! Packets beside the connection, by UDP, as FFmpeg gets them: within it.
//!
//! FFmpeg asks for packets within the connection. The guard asks the camera for datagrams in their place, receives them, and passes
//! them on as if they had come within. So all bounds hold for them, they come from nobody else, and what is lost is known.

use std::time::Instant;

use super::{
    interleaved::Channels,
    loss::Coding,
    order::{Next, Order},
    refusal::Refusal,
    transport,
};

/// Which of the two ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Port {
    /// That of pictures.
    Media,
    /// That of reports.
    Reports,
}

/// One packet as FFmpeg gets it.
#[derive(Debug, PartialEq, Eq)]
pub struct Framed {
    /// By which channel.
    pub channel: u8,
    /// The packet itself; that it was lost is marked by one that the guard has made.
    pub packet: Vec<u8>,
    /// Whether the camera has sent it.
    pub of_camera: bool,
}

/// The datagrams of one connection. It does no input and output and knows no time but what it is told.
#[derive(Debug)]
pub struct Datagrams {
    /// The ports of this machine.
    own: (u16, u16),
    /// Those of the camera, once it has told them.
    server: Option<(u16, u16)>,
    /// What FFmpeg has asked for.
    channels: Option<Channels>,
    coding: Coding,
    description: Vec<u8>,
    order: Order,
    lost: u64,
}

impl Datagrams {
    /// To these ports.
    pub fn new(own: (u16, u16)) -> Self {
        Self {
            own,
            server: None,
            channels: None,
            coding: Coding::Other,
            description: Vec::new(),
            order: Order::default(),
            lost: 0,
        }
    }

    /// What the camera is asked for in the place of these channels; none where it was asked before: there is one stream.
    pub fn asks(&mut self, head: &[u8], channels: Channels) -> Option<Vec<u8>> {
        // With a password it is asked twice for the same.
        if self.channels.is_some_and(|known| known != channels) {
            return None;
        }
        self.channels = Some(channels);
        let (media, reports) = self.own;
        transport::rewritten(head, &format!("RTP/AVP;unicast;client_port={media}-{reports}"))
    }

    /// What FFmpeg hears in the place of an answer; none where that has nothing to say of it.
    pub fn hears(&mut self, head: &[u8]) -> Option<Vec<u8>> {
        let (value, channels) = (transport::value(head)?, self.channels?);
        if value.contains("interleaved=") {
            return None;
        }
        self.server = transport::server_ports(value).or(self.server);
        let Channels { media, reports } = channels;
        transport::rewritten(head, &format!("RTP/AVP/TCP;unicast;interleaved={media}-{reports}"))
    }

    /// A part of a body came, which may describe the stream; `is_last` where it is the last of it.
    pub fn described(&mut self, part: &[u8], is_last: bool) {
        self.description.extend_from_slice(part);
        if is_last {
            let text = std::mem::take(&mut self.description);
            let text = String::from_utf8_lossy(&text);
            if text.contains("m=video") {
                self.coding = Coding::of(&text);
            }
        }
    }

    /// The camera's ports, once they are known.
    pub fn server(&self) -> Option<(u16, u16)> {
        self.server
    }

    /// How many packets were lost.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Until when what is missing is waited for.
    pub fn until(&self) -> Option<Instant> {
        self.order.until()
    }

    /// Takes a datagram; what follows is had by [`next`](Self::next).
    pub fn take(&mut self, port: Port, bytes: &[u8], now: Instant) -> Option<Framed> {
        let channels = self.channels?;
        match (port, bytes) {
            (Port::Reports, [first, ..]) if first >> 6 == 2 && bytes.len() >= 8 => {
                Some(Framed { channel: channels.reports, packet: bytes.to_vec(), of_camera: true })
            }
            // FFmpeg takes nothing shorter.
            (Port::Media, [first, _, high, low, ..]) if first >> 6 == 2 && bytes.len() > 12 => {
                self.order.take(u16::from_be_bytes([*high, *low]), bytes.to_vec(), now);
                None
            }
            _ => None,
        }
    }

    /// What is to be passed on next, in its order; empty while nothing is. Around what comes after a loss it is marked: the picture
    /// before it may lack its end, and its own the beginning.
    ///
    /// # Errors
    /// Packets were lost of a stream in which that cannot be marked.
    pub fn next(&mut self, now: Instant) -> Result<Vec<Framed>, Refusal> {
        let Some(channels) = self.channels else { return Ok(Vec::new()) };
        let own = |packet| Framed { channel: channels.media, packet, of_camera: false };
        let camera = |packet| Framed { channel: channels.media, packet, of_camera: true };
        let mut lost = false;
        loop {
            match self.order.next(now) {
                None => return Ok(Vec::new()),
                Some(Next::Lost(number)) => {
                    self.lost = self.lost.saturating_add(u64::from(number));
                    if self.coding == Coding::Other {
                        return Err(Refusal::Lost);
                    }
                    lost = true;
                }
                Some(Next::Packet(packet)) => {
                    let mark = if lost { self.coding.mark(&packet) } else { None };
                    return Ok(match mark {
                        None => vec![camera(packet)],
                        Some(mark) => vec![own(mark.clone()), camera(packet), own(mark)],
                    });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{
        super::loss::{self, is_marked},
        *,
    };

    const ASKS: &[u8] =
        b"SETUP rtsp://h/s RTSP/1.0\r\nCSeq: 3\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n";
    const CHANNELS: Channels = Channels { media: 0, reports: 1 };

    fn datagrams(name: &str) -> Datagrams {
        let mut datagrams = Datagrams::new((5000, 5001));
        let text = format!("v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 {name}/90000\r\n");
        let (first, last) = text.as_bytes().split_at(30);
        datagrams.described(first, false);
        datagrams.described(last, true);
        let asked = datagrams.asks(ASKS, CHANNELS).expect("it is asked");
        assert!(asked.ends_with(b"Transport: RTP/AVP;unicast;client_port=5000-5001\r\n\r\n"));
        let answer = b"RTSP/1.0 200 OK\r\nTransport: RTP/AVP;unicast;client_port=5000-5001;server_port=7000-7001\r\n\r\n";
        let heard = datagrams.hears(answer).expect("it is told");
        assert!(heard.ends_with(b"Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n"));
        assert_eq!(datagrams.server(), Some((7000, 7001)));
        datagrams
    }

    fn packet(number: u16) -> Vec<u8> {
        let mut packet = vec![0x80, 0xe0];
        packet.extend(number.to_be_bytes());
        packet.extend([0, 0, 0, 9, 0, 0, 0, 7, 0x61, 1, 2]);
        packet
    }

    /// What is passed on of packets of these numbers: the number of each, none of a mark.
    fn passed(datagrams: &mut Datagrams, numbers: &[u16]) -> Result<Vec<Option<u16>>, Refusal> {
        let mut now = Instant::now();
        let mut told = Vec::new();
        for number in numbers {
            assert_eq!(datagrams.take(Port::Media, &packet(*number), now), None);
            now += Duration::from_secs(1);
            loop {
                let next = datagrams.next(now)?;
                if next.is_empty() {
                    break;
                }
                for Framed { packet, of_camera, .. } in next {
                    let marked = is_marked(&[&[0, 0, 1], &packet[12..]].concat());
                    assert_eq!(marked, !of_camera);
                    told.push(of_camera.then(|| u16::from_be_bytes([packet[2], packet[3]])));
                }
            }
        }
        Ok(told)
    }

    #[test]
    fn what_lacks_something_is_marked_on_both_sides() {
        for name in ["H264", "H265"] {
            let mut datagrams = datagrams(name);
            let told = passed(&mut datagrams, &[1, 2, 5, 6]).expect("it goes on");
            assert_eq!(told, [Some(1), Some(2), None, Some(5), None, Some(6)], "{name}");
            assert_eq!(datagrams.lost(), 2);
        }
    }

    #[test]
    fn pictures_that_stand_alone_are_not_marked_and_what_cannot_be_marked_ends() {
        let mut jpeg = datagrams("JPEG");
        assert_eq!(passed(&mut jpeg, &[1, 3]), Ok(vec![Some(1), Some(3)]));
        assert_eq!(jpeg.lost(), 1);
        let mut other = datagrams("MP4V-ES");
        assert_eq!(passed(&mut other, &[1, 2, 3]), Ok(vec![Some(1), Some(2), Some(3)]));
        assert_eq!(passed(&mut other, &[5]), Err(Refusal::Lost));
    }

    #[test]
    fn reports_pass_and_what_is_no_packet_does_not() {
        let mut datagrams = datagrams("H264");
        let now = Instant::now();
        let report = [0x80, 200, 0, 1, 0, 0, 0, 7];
        let framed = datagrams.take(Port::Reports, &report, now).expect("a report");
        assert_eq!((framed.channel, &framed.packet[..]), (1, &report[..]));
        for odd in [&[][..], &[0x80], &[0x40; 20], &[0x80; 12]] {
            assert_eq!(datagrams.take(Port::Media, odd, now), None);
            assert_eq!(datagrams.take(Port::Reports, &odd[..odd.len().min(7)], now), None);
        }
        assert_eq!(datagrams.next(now), Ok(Vec::new()));
    }

    #[test]
    fn a_camera_that_sends_within_the_connection_all_the_same_is_understood() {
        let mut datagrams = Datagrams::new((5000, 5001));
        datagrams.asks(ASKS, CHANNELS);
        assert_eq!(
            datagrams.hears(b"RTSP/1.0 200 OK\r\nTransport: RTP/AVP/TCP;interleaved=0-1\r\n\r\n"),
            None
        );
        assert_eq!(datagrams.asks(ASKS, Channels { media: 2, reports: 3 }), None, "there is one stream");
        assert_eq!(loss::Coding::of(""), loss::Coding::Other);
    }
}
