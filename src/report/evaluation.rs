//! How good the violations are, where somebody wrote down what really happened.

use jiff::tz::TimeZone;
use maud::{Markup, html};

use super::words::{both, pair};
use crate::{
    eval::{Evaluation, Spread, Tally},
    kinds::words::names,
    words::local,
};

pub fn evaluation(found: &Evaluation, zone: &TimeZone) -> Markup {
    html! {
        section.evaluation {
            h2 { (both("与实际情况对照", "Compared with what really happened")) }
            div.wide {
                table {
                    thead {
                        tr {
                            th scope="col" { (both("违规类型", "Kind")) }
                            th.n scope="col" { (both("实际时段", "Spells")) }
                            th.n scope="col" { (both("发现", "Found")) }
                            th.n scope="col" { (both("查全率", "Recall")) }
                            th.n scope="col" { (both("报出", "Reported")) }
                            th.n scope="col" { (both("误报", "False")) }
                            th.n scope="col" { (both("查准率", "Precision")) }
                            th.n scope="col" { (both("误报/路·时", "False/camera-hour")) }
                            th.n scope="col" { (both("起点误差（中位/最大）", "Start error (median/worst)")) }
                            th.n scope="col" { (both("认定延迟（中位/最大）", "Raised after (median/worst)")) }
                        }
                    }
                    tbody {
                        @for tally in &found.kinds { (row(pair(names(tally.kind).title), &tally.tally)) }
                        (row(both("合计", "Total"), &found.total))
                    }
                }
            }
            @if !found.missed.is_empty() {
                h3 { (both("未发现的时段", "Spells that were not found")) }
                ul {
                    @for spell in &found.missed {
                        li {
                            code { (spell.camera.as_str()) } " " (pair(names(spell.kind).title))
                            (format!(" {:.1} s – ", spell.start.as_secs_f64()))
                            @match spell.end {
                                Some(end) => (format!("{:.1} s", end.as_secs_f64())),
                                None => (both("录像结束", "the end")),
                            }
                        }
                    }
                }
            }
            @if !found.false_alarms.is_empty() {
                h3 { (both("误报", "False alarms")) }
                ul {
                    @for alarm in &found.false_alarms {
                        li {
                            code { (alarm.camera.as_str()) } " " (pair(names(alarm.kind).title)) " "
                            (local(alarm.started.wall, zone))
                            (format!(" ({:.1} s)", alarm.started.media_s.as_secs_f64()))
                        }
                    }
                }
            }
            p { small {
                (both(
                    "与实际时段有重叠的违规视为正确；同一时段内的多起违规（例如两辆车）均视为正确。认定延迟包含规则规定的停留或离岗时限。",
                    "A violation that overlaps a spell is right; of several in one spell (two vehicles, for instance) each is. What it was raised after includes the dwell or grace of the rule.",
                ))
            } }
        }
    }
}

fn row(name: Markup, tally: &Tally) -> Markup {
    let share = |share: Option<f64>| share.map_or_else(|| "–".to_owned(), |s| format!("{:.0} %", s * 100.0));
    let spread = |spread: Option<Spread>| {
        spread.map_or_else(|| "–".to_owned(), |s| format!("{:.1} / {:.1} s", s.median, s.worst))
    };
    let rate = tally.false_alarms_per_camera_hour.map_or_else(|| "–".to_owned(), |rate| format!("{rate:.2}"));
    html! {
        tr {
            td { (name) }
            td.n { (tally.spells) }
            td.n { (tally.found) }
            td.n { (share(tally.recall)) }
            td.n { (tally.violations) }
            td.n { (tally.false_alarms) }
            td.n { (share(tally.precision)) }
            td.n { (rate) }
            td.n { (spread(tally.start_error_s)) }
            td.n { (spread(tally.raised_after_s)) }
        }
    }
}
