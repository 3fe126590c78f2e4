//! The line of a head that says how packets are carried (RFC 2326, 12.39), read and written anew.

/// The head with another line of this name; none where it has none.
pub fn rewritten(head: &[u8], value: &str) -> Option<Vec<u8>> {
    let mut written = Vec::with_capacity(head.len() + value.len());
    let mut found = false;
    for line in head.split_inclusive(|byte| *byte == b'\n') {
        if of_transport(line).is_none() {
            written.extend_from_slice(line);
        } else if !std::mem::replace(&mut found, true) {
            written.extend_from_slice(format!("Transport: {value}\r\n").as_bytes());
        }
    }
    found.then_some(written)
}

/// What a head says.
pub fn value(head: &[u8]) -> Option<&str> {
    let line = head.split(|byte| *byte == b'\n').find_map(of_transport)?;
    std::str::from_utf8(line).ok().map(str::trim)
}

/// The value, where a line is of this name.
fn of_transport(line: &[u8]) -> Option<&[u8]> {
    let at = line.iter().position(|byte| *byte == b':')?;
    let (name, value) = line.split_at_checked(at)?;
    name.trim_ascii().eq_ignore_ascii_case(b"transport").then(|| value.get(1..).unwrap_or_default())
}

/// The ports from which a camera says that it sends, of pictures and of reports.
pub fn server_ports(value: &str) -> Option<(u16, u16)> {
    let ports = value.split(';').find_map(|part| part.trim().strip_prefix("server_port="))?;
    let (media, reports) = match ports.split_once('-') {
        Some((media, reports)) => (media.trim().parse().ok()?, reports.trim().parse().ok()?),
        None => {
            let media: u16 = ports.trim().parse().ok()?;
            (media, media.checked_add(1)?)
        }
    };
    (media > 0 && reports > 0).then_some((media, reports))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_written_anew_and_no_other() {
        let head = b"SETUP rtsp://h/s RTSP/1.0\r\nCSeq: 3\r\ntransport : RTP/AVP/TCP;interleaved=0-1\r\nSession: 5\r\n\r\n";
        let expected = b"SETUP rtsp://h/s RTSP/1.0\r\nCSeq: 3\r\nTransport: RTP/AVP;client_port=2-3\r\nSession: 5\r\n\r\n";
        assert_eq!(rewritten(head, "RTP/AVP;client_port=2-3").as_deref(), Some(&expected[..]));
        assert_eq!(value(head), Some("RTP/AVP/TCP;interleaved=0-1"));
        assert_eq!(
            (rewritten(b"PLAY x RTSP/1.0\r\n\r\n", "x"), value(b"RTSP/1.0 200 OK\r\n\r\n")),
            (None, None)
        );
    }

    #[test]
    fn ports_are_read() {
        for (text, ports) in [
            ("RTP/AVP;unicast;client_port=6970-6971;server_port=5000-5001;ssrc=1", Some((5000, 5001))),
            ("RTP/AVP; server_port=5000", Some((5000, 5001))),
            ("RTP/AVP;server_port=0-0", None),
            ("RTP/AVP;server_port=x", None),
            ("RTP/AVP;unicast;client_port=1-2", None),
        ] {
            assert_eq!(server_ports(text), ports, "{text}");
        }
    }
}
