//! What people should be told about a recording.

use super::{Said, seconds};
use crate::domain::Noticed;

/// What was noticed about a recording.
pub fn noticed(what: &Noticed) -> Said {
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
        Noticed::TooSmall { rows, wanted, .. } => {
            return (
                format!(
                    "区域内目标过小：识别时高约 {rows} 像素（应达 {wanted}），可能漏检；请用 region 缩小分析范围，或换长焦镜头、移近摄像机"
                ),
                format!(
                    "what is seen in a zone is too small: {rows} pixels high where the network looks, {wanted} wanted; many may be \
                     missed. A `region` around the zone, a longer lens or a nearer camera helps"
                ),
            );
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
