//! What a camera says of its clock.

use std::time::Instant;

use jiff::Timestamp;

/// Seconds from 1900, where times of NTP begin, to 1970.
const FROM_1900: i64 = 2_208_988_800;
/// The type of a sender report among packets of RTCP.
const SENDER_REPORT: u8 = 200;

/// What a camera says its clock shows (an RTCP sender report, RFC 3550, 6.4.1), and when that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SenderReport {
    /// What its clock shows.
    pub ntp: Timestamp,
    /// The time stamp that a picture of that moment has, in the stream's own clock.
    pub rtp: u32,
    /// When the report came.
    pub arrived: Instant,
    /// What this machine's clock showed then.
    pub wall: Timestamp,
}

impl SenderReport {
    /// The last one among the reports that came together; none where there is none, or where the camera has no clock.
    pub fn read(mut packet: &[u8], arrived: Instant, wall: Timestamp) -> Option<Self> {
        let mut found = None;
        while let [first, kind, high, low, ..] = packet {
            let length = (usize::from(u16::from_be_bytes([*high, *low])) + 1) * 4;
            if first >> 6 != 2 {
                break;
            }
            // A report that is cut off is none.
            let Some((report, rest)) = packet.split_at_checked(length) else { break };
            if *kind == SENDER_REPORT {
                found = Self::of(report, arrived, wall).or(found);
            }
            packet = rest;
        }
        found
    }

    fn of(report: &[u8], arrived: Instant, wall: Timestamp) -> Option<Self> {
        let seconds = number(report, 8)?;
        let fraction = number(report, 12)?;
        let rtp = number(report, 16)?;
        if seconds == 0 {
            return None;
        }
        // The count of seconds began anew in 2036. Without its highest bit it is of after that (RFC 4330, 3).
        let era = if seconds >> 31 == 0 { 1_i64 << 32 } else { 0 };
        let nanoseconds = i32::try_from((u64::from(fraction) * 1_000_000_000) >> 32).ok()?;
        let ntp = Timestamp::new(i64::from(seconds) + era - FROM_1900, nanoseconds).ok()?;
        Some(Self { ntp, rtp, arrived, wall })
    }
}

fn number(report: &[u8], at: usize) -> Option<u32> {
    report.get(at..)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(seconds: u32, fraction: u32, rtp: u32) -> Vec<u8> {
        let mut report = vec![0x80, 200, 0, 6, 0, 0, 0, 1];
        for number in [seconds, fraction, rtp, 10, 1000] {
            report.extend(number.to_be_bytes());
        }
        report
    }

    fn read(packet: &[u8]) -> Option<(String, u32)> {
        let report = SenderReport::read(packet, Instant::now(), Timestamp::UNIX_EPOCH)?;
        Some((report.ntp.to_string(), report.rtp))
    }

    #[test]
    fn the_time_of_a_report_is_read() {
        let first = report(0xe0_00_00_00, 1 << 31, 90_000);
        let of_first = Some(("2019-02-02T11:39:44.5Z".to_owned(), 90_000));
        assert_eq!(read(&first), of_first);
        // The last of some counts. One of another kind, or that is cut off, does not.
        let receiver = [0x80, 201, 0, 1, 0, 0, 0, 1];
        let second = report(1, 0, 7);
        assert_eq!(read(&[&receiver[..], &first, &receiver].concat()), of_first);
        assert_eq!(read(&[&first[..], &second].concat()), Some(("2036-02-07T06:28:17Z".to_owned(), 7)));
        assert_eq!(read(&[&first[..], &second[..20]].concat()), of_first);
        assert_eq!(read(&[&[0x80, 201, 0, 0][..], &first].concat()), of_first);
    }

    #[test]
    fn what_tells_no_time_is_no_report() {
        // A camera that has no clock says 0.
        for none in [report(0, 5, 1), vec![], vec![0x80], vec![0x80, 200, 0, 1, 0, 0, 0, 1], vec![0; 64]] {
            assert_eq!(read(&none), None);
        }
        let mut other = report(0xe0_00_00_00, 0, 1);
        other[0] = 0x40;
        assert_eq!(read(&other), None);
    }
}
