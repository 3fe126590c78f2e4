//! The pictures of a raw H.264 file without B-frames, and how RTP carries them.
#![allow(dead_code, reason = "each program uses its own part")]

use std::{fs, io, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD};

/// The pictures of a raw H.264 file, each as its units (NAL).
#[derive(Debug)]
pub struct Film {
    pub pictures: Vec<Vec<Vec<u8>>>,
    /// Those that say what the pictures are: sequence and picture parameter sets.
    sets: Vec<Vec<u8>>,
}

impl Film {
    /// Reads a raw file, whose pictures stand in the order in which they are shown.
    pub fn read(path: &Path) -> io::Result<Self> {
        let mut pictures: Vec<Vec<Vec<u8>>> = Vec::new();
        let mut sets = Vec::new();
        let mut begun = Vec::new();
        for unit in units(&fs::read(path)?) {
            let kind = unit.first().map_or(0, |head| head & 0x1f);
            if matches!(kind, 7 | 8) && !sets.contains(&unit) {
                sets.push(unit.clone());
            }
            // The first part of a picture begins at its first block; what stands before belongs to it.
            let begins = matches!(kind, 1 | 5) && unit.get(1).is_some_and(|first| first & 0x80 != 0);
            match pictures.last_mut() {
                Some(picture) if matches!(kind, 1 | 5) && !begins => picture.push(unit),
                _ => {
                    begun.push(unit);
                    if begins {
                        pictures.push(std::mem::take(&mut begun));
                    }
                }
            }
        }
        if pictures.is_empty() {
            return Err(io::Error::other(format!("{} is no raw H.264 file", path.display())));
        }
        Ok(Self { pictures, sets })
    }

    /// As an answer to DESCRIBE has it (SDP, RFC 4566).
    pub fn description(&self) -> String {
        let sets: Vec<_> = self.sets.iter().map(|set| STANDARD.encode(set)).collect();
        format!(
            "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=live\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\na=control:*\r\nm=video 0 RTP/AVP 96\r\n\
             a=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1;sprop-parameter-sets={}\r\na=control:trackID=1\r\n",
            sets.join(",")
        )
    }
}

/// The units between start codes.
fn units(bytes: &[u8]) -> Vec<Vec<u8>> {
    let codes = bytes.windows(3).enumerate().filter(|(_, code)| *code == [0, 0, 1]);
    let mut begins: Vec<usize> = codes.map(|(at, _)| at).collect();
    begins.push(bytes.len());
    let between = begins.iter().zip(begins.iter().skip(1));
    let unit = between.map(|(begin, end)| bytes.get(begin + 3..*end).unwrap_or_default());
    // A start code may have a zero more, which is no part of the unit before.
    unit.map(|unit| {
        let length = unit.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        unit.get(..length).unwrap_or_default().to_vec()
    })
    .filter(|unit| !unit.is_empty())
    .collect()
}

/// Whether a picture begins a group.
pub fn is_key(picture: &[Vec<u8>]) -> bool {
    picture.iter().any(|unit| unit.first().is_some_and(|head| head & 0x1f == 5))
}

/// What the packets of a picture carry (RFC 6184), each unit alone or in fragments, and which of them has the mark.
pub fn payloads(picture: &[Vec<u8>]) -> Vec<(Vec<u8>, bool)> {
    let mut payloads = Vec::new();
    for (at, unit) in picture.iter().enumerate() {
        let last = at + 1 == picture.len();
        let Some((&head, content)) = unit.split_first() else { continue };
        if unit.len() <= 1400 {
            payloads.push((unit.clone(), last));
            continue;
        }
        let pieces = content.chunks(1398);
        let count = pieces.len();
        for (piece, bytes) in pieces.enumerate() {
            let begins = if piece == 0 { 0x80 } else { 0 };
            let ends = if piece + 1 == count { 0x40 } else { 0 };
            let fragment = [&[head & 0xe0 | 28, head & 0x1f | begins | ends], bytes].concat();
            payloads.push((fragment, last && ends > 0));
        }
    }
    payloads
}

/// Adds a packet as it stands in a connection (RFC 2326, 10.12), with its number and its time.
pub fn packet(packets: &mut Vec<u8>, payload: &[u8], (sequence, stamp): (u16, u32), mark: bool) {
    let length = u16::try_from(payload.len() + 12).unwrap_or_default();
    packets.extend([b'$', 0]);
    packets.extend(length.to_be_bytes());
    packets.extend([0x80, if mark { 0xe0 } else { 0x60 }]);
    packets.extend(sequence.to_be_bytes());
    packets.extend(stamp.to_be_bytes());
    packets.extend([0, 0, 0, 1]);
    packets.extend(payload);
}
