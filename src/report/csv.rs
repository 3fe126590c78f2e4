use ::csv::{QuoteStyle, WriterBuilder};
use jiff::tz::TimeZone;

use crate::{
    domain::{EvidenceRole, Moment, Violation},
    kinds::words::names,
    words,
};

/// Without it, a Chinese Excel takes UTF-8 for GBK.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

const COLUMNS: [&str; 22] = [
    "编号 id",
    "单位 site",
    "摄像机 camera",
    "摄像机名称 camera name",
    "违规类型 violation",
    "kind",
    "规则 rule",
    "开始 started",
    "认定 raised",
    "结束 ended",
    "持续秒数 lasted s",
    "对象 class",
    "置信度 confidence",
    "在岗人数 people seen",
    "应在岗人数 people required",
    "录像文件 recording",
    "录像内位置 at s",
    "截图 still",
    "视频片段 clip",
    "时间基准秒 media s",
    "时间来源 time known by",
    "最后看到 last seen",
];

/// Violations as a table for spreadsheets: UTF-8 with a byte order mark, RFC 4180, times in the site's time zone.
pub fn csv(violations: &[Violation], zone: &TimeZone) -> Vec<u8> {
    let mut out = BYTE_ORDER_MARK.to_vec();
    {
        let mut table = WriterBuilder::new()
            .quote_style(QuoteStyle::Necessary)
            .terminator(::csv::Terminator::CRLF)
            .from_writer(&mut out);
        // Writing to memory does not fail, and rows have as many fields as there are columns.
        let _ = table.write_record(COLUMNS);
        for violation in violations {
            let _ = table.write_record(row(violation, zone));
        }
        let _ = table.flush();
    }
    out
}

fn row(violation: &Violation, zone: &TimeZone) -> [String; COLUMNS.len()] {
    let at = |moment: &Moment| words::local(moment.wall, zone);
    let file = |role: EvidenceRole| {
        violation
            .evidence
            .iter()
            .find(|file| file.role == role)
            .map_or_else(String::new, |file| file.name.clone())
    };
    let started = violation.started.media_s;
    let lasted = violation.ended.as_ref().map(|ended| ended.media_s.since(started));
    let (zh, _) = names(violation.kind).title;
    [
        violation.id.to_string(),
        violation.site.to_string(),
        violation.camera.to_string(),
        plain(&violation.camera_name),
        zh.to_owned(),
        violation.kind.to_string(),
        violation.rule.to_string(),
        at(&violation.started),
        violation.raised.as_ref().map_or_else(String::new, at),
        violation.ended.as_ref().map_or_else(String::new, at),
        lasted.map_or_else(String::new, |lasted| format!("{:.1}", lasted.as_secs_f64())),
        violation.class.map_or_else(String::new, |class| words::class(class).0.to_owned()),
        violation.confidence.map_or_else(String::new, |confidence| format!("{confidence:.2}")),
        violation.count.map_or_else(String::new, |count| count.seen.to_string()),
        violation.count.map_or_else(String::new, |count| count.required.to_string()),
        violation.started.file.as_deref().map_or_else(String::new, plain),
        violation.started.file_s.map_or_else(String::new, |at| format!("{:.1}", at.as_secs_f64())),
        file(EvidenceRole::Raised),
        file(EvidenceRole::Clip),
        format!("{:.1}", started.as_secs_f64()),
        words::origin(violation.wall_origin).0.to_owned(),
        violation.last_seen.as_ref().map_or_else(String::new, at),
    ]
}

/// A text that a spreadsheet does not take for a formula: names come from a configuration that others may write.
fn plain(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_no_formula() {
        assert_eq!(plain("=HYPERLINK(\"x\")"), "'=HYPERLINK(\"x\")");
        assert_eq!(plain("1号楼"), "1号楼");
    }
}
