//! Cameras that send by UDP, as the client sees them.

use std::{
    io::Read,
    net::{TcpStream, UdpSocket},
};

use super::{
    super::{GuardLimits, Relay, is_marked},
    Camera, LONG, answer, client, exactly, guards, head, request, rest, send, until,
};
use crate::config::{Live, Transport};

const DESCRIPTION: &str = "v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n";

/// What a camera has of its two ports.
struct Ports {
    media: UdpSocket,
    reports: UdpSocket,
    client: (u16, u16),
}

/// Answers up to PLAY, and asks for nothing but datagrams.
fn plays(stream: &mut TcpStream) -> Ports {
    head(stream);
    send(stream, answer("200 OK", 1, "", DESCRIPTION));
    let setup = head(stream);
    let ports = setup.split("client_port=").nth(1).unwrap_or_else(|| panic!("{setup}"));
    assert!(!setup.contains("interleaved") && setup.contains("RTP/AVP;unicast"), "{setup}");
    let numbers: Vec<u16> =
        ports.split(['-', '\r', '\n']).take(2).map(|number| number.trim().parse().expect("a port")).collect();
    let open = || UdpSocket::bind("127.0.0.1:0").expect("a port");
    let (media, reports) = (open(), open());
    let number = |socket: &UdpSocket| socket.local_addr().expect("an address").port();
    let told = format!(
        "Transport: RTP/AVP;unicast;client_port={}-{};server_port={}-{}\r\n",
        numbers[0],
        numbers[1],
        number(&media),
        number(&reports)
    );
    send(stream, answer("200 OK", 2, &told, ""));
    head(stream);
    Ports { media, reports, client: (numbers[0], numbers[1]) }
}

fn datagram(number: u16) -> Vec<u8> {
    let mut packet = vec![0x80, 0xe0];
    packet.extend(number.to_be_bytes());
    packet.extend([0, 0, 0, 9, 0, 0, 0, 7, 0x61, 1, 2, 3]);
    packet
}

/// The client's part, up to what answers PLAY.
fn connected(relay: &Relay) -> TcpStream {
    let mut stream = client(relay);
    send(&mut stream, request("DESCRIBE", 1, ""));
    let described = head(&mut stream);
    assert!(described.contains("200 OK"), "{described}");
    assert_eq!(exactly(&mut stream, DESCRIPTION.len()), DESCRIPTION.as_bytes());
    send(&mut stream, request("SETUP", 2, "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"));
    let setup = head(&mut stream);
    assert!(setup.contains("Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"), "{setup}");
    send(&mut stream, request("PLAY", 3, ""));
    stream
}

/// The next packet: its channel, and itself.
fn frame(stream: &mut TcpStream) -> (u8, Vec<u8>) {
    let prefix = exactly(stream, 4);
    assert_eq!(prefix[0], b'$', "{prefix:?}");
    (prefix[1], exactly(stream, usize::from(u16::from_be_bytes([prefix[2], prefix[3]]))))
}

fn udp<T: Send + 'static>(camera: &Camera<T>) -> Live {
    Live { transport: Transport::Udp, ..camera.live() }
}

#[test]
fn what_comes_by_datagrams_is_passed_on_in_order_and_what_is_missing_is_marked() {
    let guards = guards();
    let camera = Camera::serving(|mut stream| {
        let ports = plays(&mut stream);
        let to = |number: u16| ("127.0.0.1", number);
        // Before the answer: it is not to be lost.
        ports.media.send_to(&datagram(65535), to(ports.client.0)).expect("sent");
        std::thread::sleep(std::time::Duration::from_millis(30));
        send(&mut stream, answer("200 OK", 3, "", ""));
        // From somebody else.
        let other = UdpSocket::bind("127.0.0.9:0").expect("a port");
        other.send_to(&datagram(0), to(ports.client.0)).expect("sent");
        for number in [1, 0, 1, 4, 5] {
            ports.media.send_to(&datagram(number), to(ports.client.0)).expect("sent");
        }
        let report = super::report(1, 0xe000_0000, 90);
        ports.reports.send_to(&report[4..], to(ports.client.1)).expect("sent");
        // Somebody listens, and says so.
        for socket in [&ports.media, &ports.reports] {
            socket.set_read_timeout(Some(LONG)).expect("a timeout");
            socket.recv(&mut [0; 64]).expect("a greeting");
        }
        let _ = stream.read(&mut [0]);
    });
    let relay = guards.relay(&udp(&camera), GuardLimits::default()).expect("a relay");
    let mut stream = connected(&relay);
    assert!(head(&mut stream).contains("200 OK"));
    let (mut media, mut reports) = (Vec::new(), 0);
    while media.len() < 7 || reports == 0 {
        let (channel, packet) = frame(&mut stream);
        if channel == 1 {
            reports += 1;
            continue;
        }
        let marked = is_marked(&[&[0, 0, 1], &packet[12..]].concat());
        media.push((!marked).then(|| u16::from_be_bytes([packet[2], packet[3]])));
    }
    // What is missing is waited for, and both sides of it are marked.
    assert_eq!(media, [Some(65535), Some(0), Some(1), None, Some(4), None, Some(5)]);
    assert_eq!((relay.lost(), relay.refusal()), (2, None));
    assert!(relay.first().is_some() && relay.clock().is_some());
    drop(stream);
    camera.told();
}

#[test]
fn an_endless_picture_is_cut_off_beside_the_connection_too() {
    let guards = guards();
    let camera = Camera::serving(|mut stream| {
        let ports = plays(&mut stream);
        send(&mut stream, answer("200 OK", 3, "", ""));
        let mut packet = datagram(0);
        packet[1] = 96;
        packet.extend([7; 1000]);
        for number in 0_u16.. {
            packet[2..4].copy_from_slice(&number.to_be_bytes());
            if ports.media.send_to(&packet, ("127.0.0.1", ports.client.0)).is_err() || number == 5000 {
                break;
            }
            std::thread::sleep(std::time::Duration::from_micros(100));
        }
        let _ = stream.read(&mut [0]);
    });
    let limits = GuardLimits { access_unit: 100_000, ..GuardLimits::default() };
    let relay = guards.relay(&udp(&camera), limits).expect("a relay");
    let mut stream = connected(&relay);
    rest(&mut stream);
    let refusal = until(|| relay.refusal());
    assert!(refusal.to_string().contains("a picture of more than 100000 bytes"), "{refusal}");
    camera.told();
}
