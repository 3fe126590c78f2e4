//! Words as the page shows them, in both languages, and those that only the page says.

use std::time::Duration;

use maud::{Markup, html};

use crate::{
    domain::WallOrigin,
    results::Shortfall,
    words::{Pair, lasting, origin, seconds},
};

/// Something said in both languages, of which the page shows one.
pub fn both(zh: impl maud::Render, en: impl maud::Render) -> Markup {
    html! { span lang="zh-CN" { (zh) } span lang="en" { (en) } }
}

/// A pair as markup.
pub fn pair((zh, en): Pair) -> Markup {
    both(zh, en)
}

/// How it is known when a recording began; a guess in the colour of warnings.
pub fn basis(of: WallOrigin) -> Markup {
    html! { small.basis.guessed[of == WallOrigin::Modified] { (pair(origin(of))) } }
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
