//! What a still says of itself wherever it is copied to: Exif 2.32 (CIPA DC-008-2019).

use std::io::Cursor;

use exif::{Field, In, Tag, Value, experimental::Writer};
use jiff::{Timestamp, tz::TimeZone};
use uuid::Uuid;

use crate::domain::{EvidenceRole, RuleId, WallOrigin};

/// What is written into a still.
#[derive(Debug, Clone)]
pub struct Caption {
    /// The camera's name, for people. Its id is the beginning of the rule's.
    pub camera_name: String,
    /// The rule.
    pub rule: RuleId,
    /// The violation.
    pub violation: Uuid,
    /// What the still shows.
    pub role: EvidenceRole,
    /// When it was taken.
    pub wall: Timestamp,
    /// How that is known.
    pub wall_origin: WallOrigin,
    /// The site's time zone, in which Exif gives its times.
    pub zone: TimeZone,
}

/// The Exif block of a still; none where it cannot be made, which the caption's text alone cannot cause.
///
/// `ImageDescription` is plain ASCII as the standard demands and names camera, rule, role, violation and how the time is known;
/// `UserComment` holds the camera's name in Unicode; `DateTimeOriginal`, its offset and fraction are the time.
pub(super) fn block(caption: &Caption) -> Option<Vec<u8>> {
    let local = caption.zone.to_datetime(caption.wall);
    let camera = caption.rule.as_str().split('/').next().unwrap_or_default();
    let description = format!(
        "camera {camera}; rule {}; {}; violation {}; time known by: {}",
        caption.rule, caption.role, caption.violation, caption.wall_origin
    );
    let time = local.strftime("%Y:%m:%d %H:%M:%S").to_string();
    let ascii =
        |tag, text: String| Field { tag, ifd_num: In::PRIMARY, value: Value::Ascii(vec![text.into_bytes()]) };
    let fields = [
        ascii(Tag::ImageDescription, description),
        ascii(Tag::Software, format!("firewarden {}", env!("CARGO_PKG_VERSION"))),
        ascii(Tag::DateTime, time.clone()),
        ascii(Tag::DateTimeOriginal, time),
        ascii(Tag::OffsetTimeOriginal, offset(caption.zone.to_offset(caption.wall).seconds())),
        ascii(Tag::SubSecTimeOriginal, format!("{:03}", local.millisecond())),
        Field {
            tag: Tag::UserComment,
            ifd_num: In::PRIMARY,
            value: Value::Undefined(unicode(&caption.camera_name), 0),
        },
    ];
    let mut writer = Writer::new();
    fields.iter().for_each(|field| writer.push_field(field));
    let mut out = Cursor::new(Vec::new());
    writer.write(&mut out, false).ok()?;
    Some(out.into_inner())
}

/// An offset from UTC as Exif writes it, such as `+08:00`.
fn offset(seconds: i32) -> String {
    let minutes = seconds.abs() / 60;
    format!("{}{:02}:{:02}", if seconds < 0 { '-' } else { '+' }, minutes / 60, minutes % 60)
}

/// A text as `UserComment` wants it: the name of its code in eight bytes, then UTF-16 in the order of the block,
/// which is big-endian. Longer names than fit beside the rest of a 64 KiB segment are cut.
fn unicode(text: &str) -> Vec<u8> {
    const MOST: usize = 8_000;
    let units = text.chars().take(MOST / 4).collect::<String>();
    b"UNICODE\0".iter().copied().chain(units.encode_utf16().flat_map(u16::to_be_bytes)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{CameraId, Kind};

    #[test]
    fn says_camera_time_and_rule() {
        let camera = CameraId::new("lane-3").expect("an id");
        let caption = Caption {
            camera_name: "1号楼东侧".to_owned(),
            rule: RuleId::new(&camera, Kind::FireLaneParking, Some("east")),
            violation: Uuid::nil(),
            role: EvidenceRole::Raised,
            wall: "2026-11-24T12:00:00.25Z".parse().expect("a time"),
            wall_origin: WallOrigin::Modified,
            zone: TimeZone::get("Asia/Shanghai").expect("a zone"),
        };
        let block = block(&caption).expect("made");
        let read = exif::Reader::new().read_raw(block).expect("readable");
        let text = |tag| read.get_field(tag, In::PRIMARY).expect("there").display_value().to_string();
        let description = text(Tag::ImageDescription);
        assert!(description.contains("camera lane-3; rule lane-3/fire_lane_parking/east; raised"));
        assert!(
            description.contains("; time known by: file's modification time, unconfirmed"),
            "{description}"
        );
        assert_eq!(text(Tag::DateTimeOriginal), "2026-11-24 20:00:00");
        assert_eq!(text(Tag::OffsetTimeOriginal), "\"+08:00\"");
        assert_eq!(text(Tag::SubSecTimeOriginal), "\"250\"");
        let comment = read.get_field(Tag::UserComment, In::PRIMARY).expect("there");
        let Value::Undefined(bytes, _) = &comment.value else { panic!("bytes") };
        let units: Vec<u16> = bytes[8..].chunks(2).map(|b| u16::from_be_bytes([b[0], b[1]])).collect();
        assert_eq!(String::from_utf16(&units).expect("UTF-16"), "1号楼东侧");
    }
}
