//! Why something could not be judged, in words.

use std::time::Duration;

use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::{
    domain::{CameraId, Kind, MediaTime, RuleId},
    kinds::words::names,
    words::{Pair, lasting},
};

/// Something that could not be judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Doubt {
    /// Of which camera.
    pub camera: CameraId,
    /// Its name, for people.
    pub camera_name: String,
    /// Why.
    pub reason: Reason,
}

/// How much of a file could not be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unseen {
    /// More than half.
    Most,
    /// Every picture.
    All,
}

/// Why something could not be judged.
#[derive(Debug, Clone, PartialEq)]
pub enum Reason {
    /// A recording, or the rest of it, could not be read.
    Unread,
    /// Nothing of the recording could be looked at.
    NothingAnalysed,
    /// A file of which most could not be decoded.
    Unseen {
        /// Its name.
        file: String,
        /// How much.
        extent: Unseen,
    },
    /// A file that was left out, as it lies within the one before it.
    LeftOut {
        /// Its name.
        file: String,
    },
    /// A file whose beginning was skipped, as it overlaps the one before it by more than recorders do.
    Skipped {
        /// Its name.
        file: String,
        /// How much.
        by: Duration,
    },
    /// The camera was moved: zones may be wrong from then on.
    Moved {
        /// In which file.
        file: String,
        /// When, in media time.
        at: MediaTime,
    },
    /// A rule in whose hours no picture lies.
    NotInForce {
        /// The rule.
        rule: RuleId,
    },
    /// A rule that was in force for less than it needs to find anything.
    TooShort {
        /// The rule.
        rule: RuleId,
        /// For how long it was in force, at a stretch.
        lasted: Duration,
        /// Its `dwell`, `grace` or `confirm`.
        needed: Duration,
    },
    /// A rule that could see for less than it needs to find anything.
    NotSeenLongEnough {
        /// The rule.
        rule: RuleId,
        /// For how long it could see, in all.
        seen: Duration,
        /// Its `dwell`, `grace` or `confirm`.
        needed: Duration,
        /// For how long it was too dark to tell.
        dark: Duration,
    },
    /// A rule for which the picture could not tell for a while.
    CouldNotTell {
        /// The rule.
        rule: RuleId,
        /// How long.
        unclear: Duration,
        /// How much of that it was too dark to tell.
        dark: Duration,
    },
    /// A rule in whose zone people or vehicles are too small to be told surely.
    TooSmall {
        /// The rule.
        rule: RuleId,
        /// How many rows of the network's input they take up, shown as large as can be.
        rows: u16,
        /// How many they are to take up.
        wanted: u16,
    },
    /// A rule whose hours were kept by a guessed time.
    HoursGuessed {
        /// The rule.
        rule: RuleId,
    },
    /// Nothing could be seen.
    Gaps(Duration),
}

impl Reason {
    /// The name for programs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Unread => "unread",
            Self::NothingAnalysed => "nothing_analysed",
            Self::Unseen { extent: Unseen::All, .. } => "undecodable",
            Self::Unseen { extent: Unseen::Most, .. } => "mostly_undecodable",
            Self::LeftOut { .. } => "left_out",
            Self::Skipped { .. } => "skipped",
            Self::Moved { .. } => "camera_moved",
            Self::NotInForce { .. } => "not_in_force",
            Self::TooShort { .. } => "too_short",
            Self::NotSeenLongEnough { .. } => "not_seen_long_enough",
            Self::CouldNotTell { .. } => "could_not_tell",
            Self::TooSmall { .. } => "too_small",
            Self::HoursGuessed { .. } => "hours_guessed",
            Self::Gaps(_) => "gaps",
        }
    }

    /// The rule that it is about.
    pub fn rule(&self) -> Option<&RuleId> {
        match self {
            Self::NotInForce { rule }
            | Self::TooShort { rule, .. }
            | Self::NotSeenLongEnough { rule, .. }
            | Self::CouldNotTell { rule, .. }
            | Self::TooSmall { rule, .. }
            | Self::HoursGuessed { rule } => Some(rule),
            Self::Unread
            | Self::NothingAnalysed
            | Self::Unseen { .. }
            | Self::LeftOut { .. }
            | Self::Skipped { .. }
            | Self::Moved { .. }
            | Self::Gaps(_) => None,
        }
    }

    /// The file that it is about.
    pub fn file(&self) -> Option<&str> {
        match self {
            Self::Unseen { file, .. }
            | Self::LeftOut { file }
            | Self::Skipped { file, .. }
            | Self::Moved { file, .. } => Some(file),
            _ => None,
        }
    }

    /// What is said of it beside its rule and its file, in Chinese and English.
    pub fn words(&self) -> (String, String) {
        let said = |zh: &str, en: &str| (zh.to_owned(), en.to_owned());
        match self {
            Self::Unread => said(
                "部分录像未能读取，详见“分析依据”",
                "some of its recordings could not be read, or not to their end: see “What was analysed”",
            ),
            Self::NothingAnalysed => {
                said("录像没有任何部分可供分析", "nothing of its recording could be looked at")
            }
            Self::Unseen { extent: Unseen::All, .. } => said(
                "没有一个画面能够解码；录像是否加密？请以不加密方式重新导出后再分析",
                "not one picture could be decoded. Is the recording encrypted? Export it again without encryption",
            ),
            Self::Unseen { extent: Unseen::Most, .. } => said(
                "大部分画面无法解码；录像是否损坏或加密？请重新导出后再分析",
                "most of it could not be decoded. Is it damaged, or encrypted? Export it again",
            ),
            Self::LeftOut { .. } => said(
                "时间完全包含在前一文件中，未分析",
                "was left out, as its time lies wholly within the file before it",
            ),
            Self::Skipped { by, .. } => {
                let (zh, en) = lasting(*by);
                (
                    format!("开头 {zh} 与前一文件时间重叠，未分析"),
                    format!("its first {en} were left out, as they overlap the file before it"),
                )
            }
            Self::Moved { at, .. } => (
                format!("自 {:.1} 秒起摄像机移位，此后监控区域可能有误", at.as_secs_f64()),
                format!("the camera was moved at {at}: from then on zones may be wrong"),
            ),
            Self::NotInForce { .. } => {
                said("在本段录像内未生效", "was not in force at any time of this recording")
            }
            Self::TooShort { rule, lasted, needed } => {
                let (lasted, needed, (zh, en)) = (lasting(*lasted), lasting(*needed), time_of(rule));
                (
                    format!("录像（生效部分）仅 {}，短于{zh} {}，无法判定", lasted.0, needed.0),
                    format!(
                        "had {} of footage at a stretch, less than its {en} of {}: it could find nothing",
                        lasted.1, needed.1
                    ),
                )
            }
            Self::NotSeenLongEnough { rule, seen, needed, dark } => {
                let (seen, needed, (zh, en)) = (lasting(*seen), lasting(*needed), time_of(rule));
                let why = of_which_dark(*dark);
                (
                    format!(
                        "画面可判断的时间仅 {}，短于{zh} {}（其余{}），无法判定",
                        seen.0, needed.0, why.0
                    ),
                    format!(
                        "could see for {}, less than its {en} of {} (the rest was {}): it could find nothing",
                        seen.1, needed.1, why.1
                    ),
                )
            }
            Self::CouldNotTell { unclear, dark, .. } => {
                let ((zh, en), why) = (lasting(*unclear), of_which_dark(*dark));
                (
                    format!("有 {zh} 画面无法判断（{}）", why.0),
                    format!("for {en} the picture could not tell ({})", why.1),
                )
            }
            Self::TooSmall { rows, wanted, .. } => (
                format!(
                    "区域内的目标过小（识别时高约 {rows} 像素，应达 {wanted}），可能漏检；请用 region 缩小分析范围，或换长焦镜头、移近摄像机"
                ),
                format!(
                    "sees what is in its zone only {rows} pixels high where the network looks ({wanted} wanted): many may be missed. \
                     A `region` around the zone, a longer lens or a nearer camera helps"
                ),
            ),
            Self::HoursGuessed { .. } => said(
                "只在规定时段生效，而录像时间未经证实，时段可能有误",
                "holds at certain hours, and the time of the recording is unconfirmed: they may have been others",
            ),
            Self::Gaps(time) => {
                let (zh, en) = lasting(*time);
                (format!("画面中断 {zh}，期间情况不明"), format!("for {en} there was no picture"))
            }
        }
    }
}

impl Doubt {
    /// A line for a terminal, in English, by ids.
    pub fn line(&self) -> String {
        let (_, words) = self.reason.words();
        let whose = match (self.reason.rule(), self.reason.file()) {
            (Some(rule), _) => format!("rule {rule} "),
            (None, Some(file)) => format!("camera {}: {file}: ", self.camera),
            (None, None) => format!("camera {}: ", self.camera),
        };
        whose + words.trim_end_matches(": see “What was analysed”")
    }
}

impl Serialize for Doubt {
    /// `camera`, `rule` and `file` where it is about one, `reason`, and the same in English.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("camera", &self.camera)?;
        if let Some(rule) = self.reason.rule() {
            map.serialize_entry("rule", rule)?;
        }
        if let Some(file) = self.reason.file() {
            map.serialize_entry("file", file)?;
        }
        map.serialize_entry("reason", self.reason.name())?;
        map.serialize_entry("text", &self.line())?;
        map.end()
    }
}

/// Why a picture could not tell; how long it was too dark is said where it was at all.
fn of_which_dark(dark: Duration) -> (String, String) {
    if dark < Duration::from_secs(1) {
        return ("遮挡、静止或模糊".to_owned(), "covered, frozen or blurred".to_owned());
    }
    let (zh, en) = lasting(dark);
    (
        format!("其中 {zh} 光线过暗，无法看清；另有遮挡、静止或模糊"),
        format!("too dark to tell for {en}; else covered, frozen or blurred"),
    )
}

/// The kind of a rule, which stands in its id.
fn kind_of(rule: &RuleId) -> Option<Kind> {
    let name = rule.as_str().split('/').nth(1)?;
    Kind::ALL.into_iter().find(|kind| kind.name() == name)
}

/// What the time is called that something must last.
fn time_of(rule: &RuleId) -> Pair {
    kind_of(rule).map_or(("规定时间", "time"), |kind| names(kind).least_time)
}

/// A rule's name for people: its kind, and its own where it has one.
pub fn rule_name(rule: &RuleId) -> (String, String) {
    let own = rule.as_str().splitn(3, '/').nth(2);
    let Some((zh, en)) = kind_of(rule).map(|kind| names(kind).title) else {
        return (rule.to_string(), rule.to_string());
    };
    match own {
        Some(own) => (format!("{zh}（{own}）"), format!("{en} ({own})")),
        None => (zh.to_owned(), en.to_owned()),
    }
}
