//! What the report is founded on: recordings, gaps and damage, models, configuration, how fast.

use std::time::Duration;

use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::{
    part::{CameraPart, Page},
    words::{basis, both, span_or_none},
};
use crate::{
    domain::Epoch,
    geometry::BBox,
    results::{FailureOf, REPORT_SUM, SUMS, SourceFact},
    words::{lasting, local, noticed, size},
};

pub fn analysed(page: &Page<'_>) -> Markup {
    html! {
        section.analysed {
            h2 { (both("分析依据", "What was analysed")) }
            @for part in &page.cameras { (recordings(part, page.zone)) }
            (facts(page))
        }
    }
}

fn recordings(part: &CameraPart<'_>, zone: &TimeZone) -> Markup {
    let outcome = part.outcome;
    html! {
        div.recordings {
            h3 { bdi { (part.camera.name) } }
            ul {
                @for source in part.sources {
                    li { (recording(zone, source, outcome.epochs.iter().find(|epoch| epoch.file.as_ref() == Some(&source.name)))) }
                }
                @for (model, region) in outcome.epochs.last().map(|epoch| &epoch.regions).into_iter().flatten() {
                    li { bdi { (model) } ": " (looked_at(region)) }
                }
                @for notice in &outcome.notices {
                    @let (zh, en) = noticed(&notice.what);
                    li.notice { bdi { (notice.file) } (format!(" {:.1} s: ", notice.at.as_secs_f64())) (both(zh, en)) }
                }
                @for failure in &outcome.failures {
                    li.failure {
                        @if failure.of == FailureOf::Stopped {
                            (both("分析被人工停止，其后的录像未分析。", "The analysis was stopped by hand: what follows was not analysed."))
                        } @else {
                            (both("未能读取或写入：", "Could not be read or written: ")) bdi { (failure.text) }
                        }
                    }
                }
            }
        }
    }
}

/// The part of the picture that a detector was shown, where that was not all.
fn looked_at(region: &BBox) -> Markup {
    let [left, top, right, bottom] = <[f32; 4]>::from(*region).map(|side| (side * 100.0).round());
    both(
        format!("只检测画面横向 {left}% 至 {right}%、纵向 {top}% 至 {bottom}% 的部分，其余部分未检测。"),
        format!(
            "looked at {left} to {right} % of the picture's width and {top} to {bottom} % of its height, from the top left; \
             what lies beyond was not looked at."
        ),
    )
}

fn recording(zone: &TimeZone, source: &SourceFact, epoch: Option<&Epoch>) -> Markup {
    html! {
        strong { bdi { (source.name) } }
        @if let Some(bytes) = source.bytes { " " (size(bytes)) }
        @if let Some(epoch) = epoch {
            ", " (epoch.codec) " " (epoch.width) " × " (epoch.height)
            (both("，开始于 ", ", begins at ")) (local(epoch.wall, zone))
            " " (basis(epoch.wall_origin))
        } @else {
            (both("，未分析", ", not analysed"))
        }
        @if let Some(sha256) = &source.sha256 { br; small { "SHA-256 " code { (sha256) } } }
    }
}

fn facts(page: &Page<'_>) -> Markup {
    let parts = &page.cameras;
    let period: Duration = parts.iter().map(|part| part.outcome.looked_at()).sum();
    let looks: u64 = parts.iter().map(|part| part.outcome.looks).sum();
    html! {
        h3 { (both("模型、配置与完整性", "Models, configuration, integrity")) }
        dl {
            @for model in page.models {
                dt { (both("模型", "Model")) }
                dd { bdi { (model.name) } " · " (both("运行于 ", "run on ")) (model.provider) " · "
                    (both(format!("检测置信度下限 {:.2}", model.confidence), format!("detections from confidence {:.2}", model.confidence))) br; small { "SHA-256 " code { (model.sha256) } } }
            }
            dt { (both("配置", "Configuration")) }
            dd { small { "SHA-256 " code { (page.config_sha256) } } }
            dt { (both("结果清单", "List of results")) }
            dd {
                code { (SUMS) } br; small { "SHA-256 " code { (page.sums) } } br;
                small {
                    (both(
                        format!("核对方法：firewarden verify 文件夹，或在文件夹内运行 sha256sum --check {SUMS} 与 sha256sum --check {REPORT_SUM}（后者核对本报告与清单）。校验值没有密钥，只能发现意外改动，不能防止伪造。"),
                        format!("To check: firewarden verify FOLDER, or sha256sum --check {SUMS} and sha256sum --check {REPORT_SUM} within it; the latter checks this report and the list. Hashes without a key show accidents, not forgery."),
                    ))
                }
            }
            dt { (both("分析总时长", "Analysed in all")) }
            dd { (span_or_none((looks > 0).then_some(period))) " · " (both(format!("查看画面 {looks} 次"), format!("{looks} looks"))) }
            @if let Some(run) = page.run {
                @let (took_zh, took_en) = lasting(run.took);
                @let speed = period.as_secs_f64() / run.took.as_secs_f64().max(1e-3);
                dt { (both("分析用时", "Took")) }
                dd.own { (both(format!("{took_zh}（实时的 {speed:.0} 倍）"), format!("{took_en} ({speed:.0} times real time)"))) }
            }
            dt { (both("报告生成", "Report made")) }
            dd.own {
                @if let Some(run) = page.run { (local(run.made, page.zone)) " · " }
                "firewarden " (page.firewarden) " · " code { (page.box_id) }
            }
        }
        p.limits {
            (both(
                "说明：被遮盖的电动自行车或单独携带的电池无法由摄像机识别；中断和无法判断的时段不作为“无违规”的依据。",
                "A covered e-bike or a bare battery cannot be seen by a camera. Gaps, and times at which the picture could not tell, are no proof that nothing happened.",
            ))
        }
    }
}
