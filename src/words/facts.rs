//! What detections, files of evidence, gaps and times are called.

use super::{Pair, Said};
use crate::domain::{Class, EvidenceRole, GapReason, MissingCause, WallOrigin};

/// What a class is called.
pub fn class(class: Class) -> Pair {
    match class {
        Class::Person => ("人员", "person"),
        Class::Bicycle => ("自行车", "bicycle"),
        Class::Ebike => ("电动自行车", "e-bike"),
        Class::Car => ("小型汽车", "car"),
        Class::Bus => ("客车", "bus"),
        Class::Truck => ("货车", "truck"),
    }
}

/// Several classes in a row.
pub fn classes(classes: &[Class]) -> Said {
    let list = |pick: fn(Pair) -> &'static str, between: &str| {
        classes.iter().map(|c| pick(class(*c))).collect::<Vec<_>>().join(between)
    };
    (list(|p| p.0, "、"), list(|p| p.1, ", "))
}

/// What a still or clip shows.
pub fn role(role: EvidenceRole) -> Pair {
    match role {
        EvidenceRole::Started => ("开始时", "When it began"),
        EvidenceRole::Raised => ("认定违规时", "When it became a violation"),
        // A schedule's end ends a violation, too: what the still shows then may not have changed.
        EvidenceRole::Ended => ("结束时", "When it ended"),
        EvidenceRole::Clip => ("视频片段", "Clip"),
    }
}

/// Why a file of evidence is missing.
pub fn cause(cause: MissingCause) -> Pair {
    match cause {
        MissingCause::Unreadable => ("录像无法再次读取", "the recording cannot be read again"),
        MissingCause::Undecodable => ("该时刻的录像无法解码", "the recording cannot be decoded there"),
        MissingCause::NotFound => ("录像中已找不到该时刻", "the recording no longer shows the moment"),
        MissingCause::NotMade => ("证据文件无法生成", "the file cannot be made"),
        MissingCause::NotWritten => (
            "证据文件无法写入：磁盘已满或目录只读？",
            "the file cannot be written: is the disk full, or the folder read-only?",
        ),
        MissingCause::Other => ("未能保存", "it could not be kept"),
    }
}

/// Why nothing could be seen.
pub fn gap(reason: GapReason) -> Pair {
    match reason {
        GapReason::Offline => ("无录像", "nothing was recorded"),
        GapReason::Damaged => ("录像损坏", "damaged"),
        GapReason::Timestamps => ("时间戳中断", "timestamps jump"),
        GapReason::BoxOff => ("设备停机", "the box was off"),
        GapReason::NotLooked => ("识别模型出错，未能查看", "a model failed"),
        GapReason::Overload => ("处理能力不足，未能查看", "no time to look"),
        GapReason::Memory => ("内存不足，未能查看", "no memory to hold the pictures"),
    }
}

/// How it is known when a recording began.
pub fn origin(origin: WallOrigin) -> Pair {
    match origin {
        WallOrigin::FileName => ("文件名", "file name"),
        WallOrigin::Path => ("文件路径", "path"),
        WallOrigin::Recorder => ("录像机时钟", "the recorder's clock"),
        WallOrigin::Metadata => ("文件元数据", "metadata"),
        WallOrigin::Given => ("人工指定", "given by hand"),
        WallOrigin::Modified => {
            ("时间未经证实（按文件修改时间推算）", "unconfirmed: guessed from the file's modification time")
        }
        WallOrigin::Clock => ("设备时钟", "the box's clock"),
    }
}

/// "A car, bus or truck", of a list with commas.
pub fn one_of(things: &str) -> String {
    let article = if things.starts_with(['a', 'e', 'i', 'o', 'u']) { "An" } else { "A" };
    match things.rsplit_once(", ") {
        Some((first, last)) => format!("{article} {first} or {last}"),
        None => format!("{article} {things}"),
    }
}
