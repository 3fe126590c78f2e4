//! Packets by UDP, from a real server, and what is lost of them on the way.

use std::{
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket},
    thread,
    time::Duration,
};

use crate::{
    scenes::{self, Codec, PARKING},
    server::{Auth, Carriage, Server},
    service::Site,
};

const UDP: &str = "transport = \"udp\"\nframe_timeout = \"3s\"\n";

pub fn each_codec() {
    let mut site = Site::new().seeing_always();
    let mut servers = Vec::new();
    for (codec, auth) in [(Codec::H264, Auth::Digest), (Codec::H265, Auth::Basic), (Codec::Mjpeg, Auth::None)]
    {
        let id = codec.name();
        let clip = scenes::noise(site.folder(), id, "320x240", codec);
        let server = Server::start_with(0, auth, true, &Carriage::Udp, &[(id, &clip)]);
        site = site.camera(id, &server.address(id), &(UDP.to_owned() + PARKING));
        servers.push((id, server));
    }
    // Who sends by UDP alone is not asked for anything else.
    let tcp = servers[0].1.address("h264").replace("127.0.0.1", "127.0.1");
    let site = site.camera("within", &tcp, PARKING);
    let service = site.start();
    for (id, _) in &servers {
        site.looks_reach(id, 12);
    }
    site.losses_reach("within", 1);
    assert_eq!(service.end().code(), Some(143));
    for (id, _) in &servers {
        assert_eq!((site.connections(id), site.losses(id)), (1, Vec::new()));
    }
    assert!(site.losses("within")[0].contains("461"), "{:?}", site.losses("within"));
    assert!(!site.log().contains("packets were lost"), "{}", site.log());
}

/// What becomes of datagrams on their way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    None,
    /// Each so many-th is lost.
    Loses(usize),
    /// Each so many-th is overtaken by the one after it, which comes twice. The last of a picture is not: nothing may follow it for long.
    Reorders(usize),
}

/// Passes a connection on to an RTSP server, and its datagrams through ports of its own, where they meet trouble.
fn troubled(server: u16, trouble: Trouble) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    // It ends with the process.
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let server = TcpStream::connect((Ipv4Addr::LOCALHOST, server)).expect("the server");
            let (mut to_client, mut from_server) =
                (client.try_clone().expect("copied"), server.try_clone().expect("copied"));
            thread::spawn(move || {
                let _ = std::io::copy(&mut from_server, &mut to_client);
                let _ = to_client.shutdown(Shutdown::Both);
            });
            thread::spawn(move || asks(client, server, trouble));
        }
    });
    port
}

/// Client to server, line by line: where it asks for datagrams, they come to ports of this process.
fn asks(client: TcpStream, mut server: TcpStream, trouble: Trouble) {
    let mut lines = BufReader::new(client);
    let mut line = String::new();
    while matches!(lines.read_line(&mut line), Ok(1..)) {
        if let Some((before, ports)) = line.split_once("client_port=") {
            let ports: Vec<u16> = ports.trim().split('-').map(|port| port.parse().expect("a port")).collect();
            let (media, reports) = pair();
            let number = media.local_addr().expect("an address").port();
            line = format!("{before}client_port={number}-{}\r\n", number + 1);
            passes(media, ports[0], trouble);
            passes(reports, ports[1], Trouble::None);
        }
        if server.write_all(line.as_bytes()).is_err() {
            break;
        }
        line.clear();
    }
    let _ = server.shutdown(Shutdown::Both);
}

fn pair() -> (UdpSocket, UdpSocket) {
    let pairs = (20_000_u16..60_000).step_by(2).filter_map(|port| {
        let open = |port| UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).ok();
        Some((open(port)?, open(port + 1)?))
    });
    pairs.into_iter().next().expect("two ports")
}

/// Of an RTP packet's second byte: it is the last of its picture.
const MARKER: u8 = 0x80;

fn passes(socket: UdpSocket, to: u16, trouble: Trouble) {
    let to = SocketAddr::from((Ipv4Addr::LOCALHOST, to));
    thread::spawn(move || {
        let mut room = [0; 65_536];
        let (mut count, mut overtaken) = (0_usize, Vec::new());
        while let Ok((length, from)) = socket.recv_from(&mut room) {
            // What the client says to the server is not passed on: it is a greeting.
            if from == to {
                continue;
            }
            count += 1;
            let send = |bytes: &[u8]| {
                let _ = socket.send_to(bytes, to);
            };
            match trouble {
                Trouble::Loses(each) if count % each == 0 => {}
                Trouble::Reorders(each) if count % each == 0 && room[1] & MARKER == 0 => {
                    overtaken = room[..length].to_vec();
                }
                Trouble::Reorders(_) if !overtaken.is_empty() => {
                    send(&room[..length]);
                    send(&std::mem::take(&mut overtaken));
                    send(&room[..length]);
                }
                Trouble::Reorders(_) => send(&room[..length]),
                Trouble::None | Trouble::Loses(_) => send(&room[..length]),
            }
        }
    });
}

pub fn order() {
    let mut site = Site::new().seeing_always();
    let mut servers = Vec::new();
    for codec in [Codec::H264, Codec::H265, Codec::Mjpeg] {
        let id = codec.name();
        let clip = scenes::noise(site.folder(), id, "320x240", codec);
        let server = Server::start_with(0, Auth::None, true, &Carriage::Udp, &[(id, &clip)]);
        let port = troubled(server.port(), Trouble::Reorders(7));
        site = site.camera(id, &format!("rtsp://127.0.0.1:{port}/{id}"), &(UDP.to_owned() + PARKING));
        servers.push((id, server));
    }
    let service = site.start();
    for (id, _) in &servers {
        site.looks_reach(id, 30);
    }
    assert_eq!(service.end().code(), Some(143));
    assert!(
        !site.log().contains("packets were lost"),
        "what comes in another order is all there: {}",
        site.log()
    );
    for (id, _) in &servers {
        assert_eq!((site.connections(id), site.losses(id)), (1, Vec::new()));
        let damaged =
            site.observations(id).into_iter().filter(|record| record["reason"] == "damaged").count();
        assert_eq!(damaged, 0, "{id}: nothing is damaged by it");
    }
}

pub fn losses() {
    let mut site = Site::new().seeing_always();
    let mut servers = Vec::new();
    for codec in [Codec::H264, Codec::H265] {
        let id = codec.name();
        let clip = scenes::noise(site.folder(), id, "320x240", codec);
        let server = Server::start_with(0, Auth::None, true, &Carriage::Udp, &[(id, &clip)]);
        let port = troubled(server.port(), Trouble::Loses(150));
        site = site.camera(id, &format!("rtsp://127.0.0.1:{port}/{id}"), &(UDP.to_owned() + PARKING));
        servers.push((id, server));
    }
    let service = site.start();
    for (id, _) in &servers {
        site.says(&format!("camera {id}: "));
        site.looks_reach(id, 30);
    }
    site.says("packets were lost on the way by UDP");
    // It goes on for a while.
    thread::sleep(Duration::from_secs(5));
    let told = site.console("/metrics");
    for (id, _) in &servers {
        let series = format!("firewarden_camera_packets_lost_total{{camera=\"{id}\"}} ");
        let lost = told.lines().find_map(|line| line.strip_prefix(&series)?.parse::<f64>().ok());
        assert!(lost.is_some_and(|lost| lost > 0.0), "{id}: {told}");
    }
    assert_eq!(service.end().code(), Some(143));
    for (id, _) in &servers {
        assert_eq!(
            (site.connections(id), site.losses(id)),
            (1, Vec::new()),
            "no connection is given up for it"
        );
        let told = site
            .log()
            .lines()
            .filter(|line| line.contains(&format!("camera {id}: ")) && line.contains("packets were lost"))
            .count();
        assert!((1..=2).contains(&told), "{told} times\n{}", site.log());
        let records = site.observations(id);
        let damaged =
            records.iter().filter(|record| record["record"] == "gap" && record["reason"] == "damaged");
        assert!(damaged.count() > 0, "what was lost is a gap: {records:#?}");
    }
}
