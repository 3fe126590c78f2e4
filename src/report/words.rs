//! The words of fire-safety practice, in Chinese and English.

use std::time::Duration;

use jiff::{Timestamp, tz::TimeZone};
use maud::{Markup, html};

use crate::{
    domain::{Class, EvidenceRole, GapReason, Kind, MissingCause, WallOrigin},
    evidence::Shortfall,
    source::Noticed,
};

/// Something said in both languages, of which the page shows one.
pub fn both(zh: impl maud::Render, en: impl maud::Render) -> Markup {
    html! { span lang="zh-CN" { (zh) } span lang="en" { (en) } }
}

/// A pair of words, Chinese and English.
pub type Pair = (&'static str, &'static str);

/// A pair as markup.
pub fn pair((zh, en): Pair) -> Markup {
    both(zh, en)
}

/// What a violation is called.
pub fn kind(kind: Kind) -> Pair {
    match kind {
        Kind::FireLaneParking => ("车辆占用消防车通道", "Vehicle parked in the fire lane"),
        Kind::ControlRoomUnattended => {
            ("消防控制室值班人员离岗（在岗人数不足）", "Fire control room left or understaffed")
        }
        Kind::EbikeInElevator => ("电动自行车进入电梯轿厢", "E-bike taken into the elevator"),
    }
}

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
pub fn classes(classes: &[Class]) -> (String, String) {
    let list = |pick: fn(Pair) -> &'static str, between: &str| {
        classes.iter().map(|c| pick(class(*c))).collect::<Vec<_>>().join(between)
    };
    (list(|p| p.0, "、"), list(|p| p.1, ", "))
}

/// What a still or clip shows.
pub fn role(role: EvidenceRole, kind: Kind) -> Pair {
    match (role, kind) {
        (EvidenceRole::Started, _) => ("开始时", "When it began"),
        (EvidenceRole::Raised, _) => ("认定违规时", "When it became a violation"),
        // A schedule's end ends a violation, too: what the still shows then may not have changed.
        (EvidenceRole::Ended, _) => ("结束时", "When it ended"),
        (EvidenceRole::Clip, _) => ("视频片段", "Clip"),
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

/// The same as markup; a guess in the colour of warnings.
pub fn basis(of: WallOrigin) -> Markup {
    html! { small.basis.guessed[of == WallOrigin::Modified] { (pair(origin(of))) } }
}

/// What was noticed about a recording.
pub fn noticed(what: &Noticed) -> (String, String) {
    let (zh, en) = match what {
        Noticed::Overlap(by) => {
            let s = seconds(*by);
            return (
                format!("与前一文件重叠 {s} 秒，重叠部分已跳过"),
                format!("overlaps the file before it by {s} s, which was skipped"),
            );
        }
        Noticed::Covered => {
            ("完全包含在前一文件中，未分析", "lies wholly within the file before it; left out")
        }
        Noticed::TimesRebuilt => {
            ("缺少显示时间戳，已推算", "presentation times were missing and were worked out")
        }
        Noticed::RateIgnored(rate) => {
            return (
                format!("标称帧率 {rate:.3} 不合理，按 25 帧/秒处理"),
                format!("claims {rate:.3} pictures a second, which makes no sense; 25 were assumed"),
            );
        }
        Noticed::RateAssumed => (
            "既无时间戳也无帧率，按 25 帧/秒处理；请在配置 [[camera]] 中用 rate 指定实际帧率",
            "has neither times nor a frame rate: 25 pictures a second were assumed; `rate` in its [[camera]] tells how many \
             there are",
        ),
        Noticed::TimesCounted(rate) => {
            return (
                format!("时间戳停滞或无意义，按 {rate:.1} 帧/秒计数推算"),
                format!("timestamps stand still or make no sense; pictures were counted, {rate:.1} a second"),
            );
        }
        Noticed::ManyHoles { count, time } => {
            let s = seconds(*time);
            return (
                format!("时间戳有 {count} 处中断，共 {s} 秒，其间画面未知"),
                format!("its times have {count} holes of {s} s together, in which nothing was seen"),
            );
        }
        Noticed::HiddenPictures(time) => {
            let s = seconds(*time);
            return (
                format!("编辑列表隐藏了开头 {s} 秒（播放器不显示）；已一并分析，文件时间以播放器首帧为准"),
                format!(
                    "an edit list hides its first {s} s from players; they were looked at, and its time is that of what \
                     players show first"
                ),
            );
        }
        Noticed::PicturesBegin(after) => {
            let s = seconds(*after);
            return (
                format!("声音比画面早开始 {s} 秒"),
                format!("sound begins {s} s before the first picture"),
            );
        }
        Noticed::OtherVideo => (
            "文件中另有一路视频，未分析；如内容不同，请拆分文件后作为另一摄像机分析",
            "holds a second video, which was not looked at; if it shows something else, split the file and give the part \
             to a camera of its own",
        ),
        Noticed::More(what, more) => {
            let (zh, en) = noticed(what);
            return (
                format!("同类提示另有 {more} 次，最后一次：{zh}"),
                format!("the same {more} times more, last: {en}"),
            );
        }
        Noticed::TimesGoBack => ("时间戳倒退，按连续时间处理", "timestamps go back; time went on from there"),
        Noticed::TimesLeap(_) => {
            ("时间戳跳变超过一天，按连续时间处理", "timestamps leap by days; time went on from there")
        }
        Noticed::BeginsWithoutKey(n) => {
            return (
                format!("开头缺少关键帧，{n} 个数据包无法解码"),
                format!("does not begin with a key frame; {n} packets could not be decoded"),
            );
        }
        Noticed::LongGroup => {
            ("关键帧间隔很长，分段读取", "key frames are far apart; groups were read in chunks")
        }
        Noticed::Resized { from, to } => {
            let sizes = format!("{} × {} → {} × {}", from.0, from.1, to.0, to.1);
            return (
                format!("画面尺寸变化：{sizes} 像素"),
                format!("pictures changed their size: {sizes} pixels"),
            );
        }
        Noticed::Tilted(angle) => {
            return (
                format!("画面应旋转 {angle:.0}° 显示（非直角），按存储的画面分析，区域同此"),
                format!(
                    "is to be shown turned by {angle:.0}°, no right angle: looked at as stored, zones too"
                ),
            );
        }
        Noticed::Late(by) => {
            let s = seconds(*by);
            return (
                format!("分析最多落后 {s} 秒：摄像机数量超出处理能力"),
                format!("the analysis fell behind by up to {s} s: too many cameras for these processors"),
            );
        }
        Noticed::Moved => {
            ("摄像机被移动，此后监控区域可能不准确", "the camera was moved; zones may be wrong from then on")
        }
        Noticed::OrderGuessed => (
            "无法得知各录像的开始时间，先后顺序按文件名推测，可能有误",
            "nothing tells when these recordings began; their order is guessed from their names",
        ),
        Noticed::Changed => (
            "分析期间该文件被写入或移除，结果可能不完整；请待录像写完后重新分析",
            "was written to, or went away, while it was analysed; analyse again once it is complete",
        ),
        Noticed::NotLooked(_) => (
            "识别模型出错，有画面未能查看；到下一次查看之前的情况未知",
            "a model failed, so that pictures were not looked at; nobody knows what happened until the next look",
        ),
        Noticed::Damaged(_) => ("有损坏数据，已跳过", "damaged bytes were passed over"),
    };
    (zh.to_owned(), en.to_owned())
}

/// In what a clip falls short.
pub fn shortfall(shortfall: &Shortfall) -> Markup {
    let by = |by: &Duration| seconds(*by);
    match shortfall {
        Shortfall::RecordingBegins { by: late } => both(
            format!("录像开始得比片段应有起点晚 {} 秒", by(late)),
            format!("The recording itself begins {} s later.", by(late)),
        ),
        Shortfall::BeginsLate { by: late } => {
            both(format!("片段开头缺少 {} 秒", by(late)), format!("The first {} s are missing.", by(late)))
        }
        Shortfall::EndsEarly { by: early } => both(
            format!("录像在此结束或中断，片段末尾缺少 {} 秒", by(early)),
            format!("The recording ends or breaks off: the last {} s are missing.", by(early)),
        ),
        Shortfall::StreamChanges { .. } => both(
            "录像编码或画面尺寸改变，片段到此为止",
            "Codec or picture size of the recording change: the clip lies on one side of it.",
        ),
        Shortfall::Gap { from, to } => {
            let lasted = by(&to.since(*from));
            both(format!("其中 {lasted} 秒无录像"), format!("{lasted} s of it were not recorded."))
        }
        Shortfall::Breaks { .. } => {
            both("录像在此处中断后继续", "The recording breaks off and goes on within it.")
        }
        Shortfall::Damaged { .. } => both("录像有损坏", "The recording is damaged within it."),
        Shortfall::NoKeyFrame => both(
            "关键帧间隔过长，片段开头画面可能不完整",
            "Key frames are too far apart: its first pictures may be incomplete.",
        ),
    }
}

/// Seconds with as many decimals as matter.
pub fn seconds(duration: Duration) -> String {
    let s = duration.as_secs_f64();
    let whole = ((s * 10.0).round() as u64).is_multiple_of(10);
    if s < 60.0 && !whole { format!("{s:.1}") } else { format!("{s:.0}") }
}

/// A span of time in words.
pub fn lasting(duration: Duration) -> (String, String) {
    if duration < Duration::from_secs(60) {
        let s = seconds(duration);
        return (format!("{s} 秒"), format!("{s} s"));
    }
    let all = duration.as_secs_f64().round() as u64;
    let (h, m, s) = (all / 3600, all / 60 % 60, all % 60);
    let parts = [(h, " 小时", " h"), (m, " 分", " min"), (s, " 秒", " s")];
    let word = |pick: fn(&(u64, &'static str, &'static str)) -> &'static str| {
        let said = parts.iter().filter(|part| part.0 > 0).map(|part| format!("{}{}", part.0, pick(part)));
        said.collect::<Vec<_>>().join(" ")
    };
    (word(|p| p.1), word(|p| p.2))
}

/// A span of time as markup.
pub fn span(duration: Duration) -> Markup {
    let (zh, en) = lasting(duration);
    both(zh, en)
}

/// What stands where nothing was analysed: never a nought.
pub const NONE: &str = "—";

/// A span of time as markup, or that there is none where nothing was analysed.
pub fn span_or_none(duration: Option<Duration>) -> Markup {
    match duration {
        Some(duration) => span(duration),
        None => html! { (NONE) },
    }
}

/// A wall time in the site's time zone, to the second.
pub fn local(wall: Timestamp, zone: &TimeZone) -> String {
    zone.to_datetime(wall).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// A size in the units of file managers.
pub fn size(bytes: u64) -> String {
    match bytes {
        b if b >= 1_000_000_000 => format!("{:.1} GB", b as f64 / 1e9),
        b if b >= 1_000_000 => format!("{:.1} MB", b as f64 / 1e6),
        b => format!("{:.0} kB", (b as f64 / 1e3).ceil()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_said_as_people_say_them() {
        for (s, zh, en) in [
            (0.0, "0 秒", "0 s"),
            (6.44, "6.4 秒", "6.4 s"),
            (59.0, "59 秒", "59 s"),
            (60.0, "1 分", "1 min"),
            (3_723.0, "1 小时 2 分 3 秒", "1 h 2 min 3 s"),
            (86_400.0, "24 小时", "24 h"),
        ] {
            assert_eq!(lasting(Duration::from_secs_f64(s)), (zh.to_owned(), en.to_owned()));
        }
    }
}
