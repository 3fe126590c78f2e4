//! What is dropped of a saved state, what that leads to, and what the rest goes on with.

use firewarden::{
    config::{Config, RuleConfig},
    domain::{Class, GapReason, MediaTime, Observation, Phase, Record},
    judge::{Dropped, Judge, Restored, digest},
    kinds::settings::{FireLaneParking, Settings},
    rules::{Beginning, Finding},
};

use super::{
    begin, bytes, outage, restored,
    scripts::{Happens, begun, gap},
};
use crate::{
    scene::camera,
    stage::{elevator, fire_lane, look, post, rule},
};

const CAR: (Class, [f32; 4]) = (Class::Car, [0.4, 0.6, 0.56, 0.72]);
const BIKE: (Class, [f32; 4]) = (Class::Ebike, [0.4, 0.5, 0.7, 0.9]);

fn named(name: &str, dwell: f64, warn_after: Option<u64>) -> RuleConfig {
    let warn_after = warn_after.map(std::time::Duration::from_secs);
    let keys = FireLaneParking { warn_after, ..fire_lane(dwell) };
    RuleConfig { name: Some(name.to_owned()), ..rule(Settings::FireLaneParking(keys)) }
}

/// A look a second, from the first of these seconds up to the other, which all show the same.
fn looks(
    judge: &mut Judge,
    seconds: std::ops::Range<u32>,
    things: &[(Class, [f32; 4])],
) -> Vec<(usize, Finding)> {
    let look = |at| Record::Observation(look(f64::from(at), things));
    seconds.flat_map(|at| judge.take(&look(at)).findings).collect()
}

fn phases(findings: &[(usize, Finding)]) -> Vec<(usize, Phase, f64)> {
    findings.iter().map(|(rule, finding)| (*rule, finding.phase, finding.at.at.as_secs_f64())).collect()
}

#[test]
fn a_rule_that_was_changed_begins_anew_and_what_it_had_open_is_ended_while_the_others_go_on() {
    let mut judge = begin(&[named("east", 20.0, None), named("west", 40.0, None)], Beginning::First);
    assert_eq!(phases(&looks(&mut judge, 0..31, &[CAR])), [(0, Phase::Raised, 20.0)]);
    let changed = [named("east", 25.0, None), named("west", 40.0, None)];
    let (mut judge, Restored { judgement, dropped, .. }) = restored(&changed, &bytes(&judge));
    let east = judge.watches()[0].id().clone();
    assert_eq!(dropped, [Dropped::Changed { rule: east.clone() }]);
    assert!(dropped[0].to_string().contains(east.as_str()) && east.as_str().contains(camera().as_str()));
    let [ended] = &judgement.violations[..] else { panic!("{judgement:?}") };
    assert_eq!((ended.phase, ended.ended_unknown, &ended.rule), (Phase::Ended, true, &east));
    let times =
        [Some(&ended.started), ended.ended.as_ref()].map(|moment| moment.map(|m| m.media_s.as_secs_f64()));
    assert_eq!(times, [Some(0.0), Some(30.0)]);
    // The other is raised as if nothing had been; this one 25 s after it was seen by the rule as it is now.
    assert_eq!(
        phases(&looks(&mut judge, 31..70, &[CAR])),
        [(1, Phase::Raised, 40.0), (0, Phase::Raised, 56.0)]
    );
}

#[test]
fn what_is_ended_has_the_id_under_which_it_was_raised_and_so_has_what_was_only_warned_about() {
    for (dwell, told) in [(20.0, Phase::Raised), (60.0, Phase::Warned)] {
        let mut judge = begin(&[named("east", dwell, Some(10)), post(1, 300.0)], Beginning::First);
        let records = (0..30).map(|at| Record::Observation(look(f64::from(at), &[CAR])));
        let told_last =
            records.flat_map(|record| judge.take(&record).violations).last().expect("one was told");
        assert_eq!(told_last.phase, told);
        let (_, Restored { judgement, dropped, .. }) = restored(&[post(1, 300.0)], &bytes(&judge));
        assert_eq!(dropped, [Dropped::Removed { rule: told_last.rule.clone() }]);
        let [ended] = &judgement.violations[..] else { panic!("{judgement:?}") };
        assert_eq!((ended.id, ended.phase, ended.ended_unknown), (told_last.id, Phase::Ended, true));
    }
}

#[test]
fn what_has_ended_is_not_told_again() {
    let rules = [named("east", 20.0, None)];
    let mut judge = begin(&rules, Beginning::First);
    looks(&mut judge, 0..30, &[CAR]);
    assert_eq!(phases(&looks(&mut judge, 30..60, &[])), [(0, Phase::Ended, 30.0)]);
    let saved = bytes(&judge);
    assert_eq!(judge.stop().violations, []);
    for rules in [&rules[..], &[named("east", 25.0, None)], &[]] {
        let (mut judge, Restored { judgement, .. }) = restored(rules, &saved);
        assert_eq!((judgement.violations, judge.stop().violations), (vec![], vec![]));
    }
}

#[test]
fn of_a_rule_that_has_not_looked_nothing_is_said() {
    let mut judge = begin(&[named("east", 20.0, None), elevator()], Beginning::First);
    judge.take(&Record::Epoch(begun(0, MediaTime::ZERO, None)));
    let (judge, Restored { judgement, dropped, .. }) = restored(&[named("west", 20.0, None)], &bytes(&judge));
    assert_eq!((judgement.violations, dropped), (vec![], vec![]));
    assert_eq!(judge.reached().map(|reached| (reached.at, reached.epoch)), Some((MediaTime::ZERO, 0)));
}

#[test]
fn a_car_that_stood_for_50_s_when_the_box_lost_power_is_raised_after_ten_more() {
    let rules = [named("east", 60.0, None)];
    let mut judge = begin(&rules, Beginning::First);
    assert_eq!(looks(&mut judge, 0..51, &[CAR]), []);
    let reached = judge.reached().expect("it has looked");
    let (mut judge, _) = restored(&rules, &bytes(&judge));
    for happens in outage(reached, 3_600_000_000) {
        assert_eq!(happens.to(&mut judge).violations, []);
    }
    let at = 50 + 3600;
    assert_eq!(phases(&looks(&mut judge, at..at + 20, &[CAR])), [(0, Phase::Raised, f64::from(at + 10))]);
}

#[test]
fn a_gap_that_is_open_is_saved() {
    let rules = [named("east", 60.0, None)];
    let mut judge = begin(&rules, Beginning::First);
    looks(&mut judge, 0..10, &[CAR]);
    let from = MediaTime::from_secs_f64(9.5);
    judge.take(&gap(from, None, GapReason::Offline));
    let (mut judge, _) = restored(&rules, &bytes(&judge));
    let open = judge.gap().expect("it is open");
    assert_eq!((open.from, open.to, open.reason), (from, None, GapReason::Offline));
    looks(&mut judge, 20..21, &[CAR]);
    assert_eq!(judge.gap(), None);
}

#[test]
fn moments_of_long_ago_are_told_by_their_file_and_other_files_are_forgotten() {
    let rules = [named("east", 20.0, None)];
    let mut judge = begin(&rules, Beginning::First);
    let (mut raised, mut sizes) = (Vec::new(), Vec::new());
    for file in 0..500 {
        let from = MediaTime::from_micros(i64::from(file) * 3_000_000);
        judge.take(&Record::Epoch(begun(file, from, Some(format!("{file}.mp4")))));
        for second in 3 * file..3 * file + 3 {
            let look = Observation { epoch: file, ..look(f64::from(second), &[CAR]) };
            raised.extend(judge.take(&Record::Observation(look)).violations);
        }
        sizes.push(bytes(&judge).len());
        judge = restored(&rules, &bytes(&judge)).0;
    }
    let [violation] = &judge.stop().violations[..] else { panic!("one car stands") };
    let files = [Some(&violation.started), violation.raised.as_ref(), violation.last_seen.as_ref()];
    assert_eq!(
        files.map(|moment| moment.and_then(|moment| moment.file.as_deref())),
        [Some("0.mp4"), Some("6.mp4"), Some("499.mp4")]
    );
    assert_eq!(raised.len(), 1);
    assert!(sizes[499] <= sizes[20] + 100, "{} bytes became {}", sizes[20], sizes[499]);
}

/// A look at which nothing moves.
fn still(at: f64, things: &[(Class, [f32; 4])]) -> Record {
    let mut look = look(at, things);
    look.scene.changed = Some(0.0005);
    Record::Observation(look)
}

/// What an elevator finds of an e-bike that stands in it at the first looks after this.
fn stands(judge: &mut Judge, from: u32) -> usize {
    (0..20).map(|n| judge.take(&still(f64::from(from) + 0.2 * f64::from(n), &[BIKE])).findings.len()).sum()
}

#[test]
fn an_ebike_that_stands_in_the_elevator_after_a_restart_was_brought_in() {
    let rules = [elevator()];
    let mut first = begin(&rules, Beginning::First);
    assert_eq!(stands(&mut first, 0), 0, "at the first start ever it belongs to the elevator");
    assert_eq!(stands(&mut begin(&rules, Beginning::Again), 0), 1, "what was known is of no use");
    // Nothing was ever saved of the elevator's looks.
    let (mut judge, _) = restored(&rules, &bytes(&begin(&rules, Beginning::First)));
    assert_eq!(stands(&mut judge, 0), 1);
    // The elevator was empty and still, for long.
    let mut judge = begin(&rules, Beginning::First);
    (0..100).for_each(|at| drop(judge.take(&still(f64::from(at), &[]))));
    let reached = judge.reached().expect("it has looked");
    let (mut judge, _) = restored(&rules, &bytes(&judge));
    outage(reached, 5_000_000).iter().for_each(|happens| drop(happens.to(&mut judge)));
    assert_eq!(stands(&mut judge, 105), 1);
    // Another restart takes nothing of that back, and what did belong to it still does.
    let (mut judge, _) = restored(&rules, &bytes(&first));
    let Happens::Told(gap) = &outage(first.reached().expect("it has looked"), 5_000_000)[0] else {
        panic!("a gap")
    };
    judge.take(gap);
    assert_eq!(stands(&mut judge, 10), 0);
}

const KEYS: &str = r#"
[site]
id = "s"
timezone = "Asia/Shanghai"
[detector]
confidence = 0.4
[[camera]]
id = "c"
name = "one"
source = "clip.mp4"
[[camera.rule]]
kind = "fire_lane_parking"
zone = [[0,0.5],[1,0.5],[1,1],[0,1]]
dwell = "60s"
"#;

fn digest_of(keys: &str) -> String {
    let config = Config::parse(keys, std::path::Path::new("."), &|_| None).expect("sound");
    digest(&config.site, &config.cameras[0], &config.cameras[0].rules[0], &config.detector)
}

#[test]
fn what_decides_nothing_changes_no_digest_and_what_decides_does() {
    let known = digest_of(KEYS);
    assert!(known.len() == 64 && known.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)));
    for (from, to) in [
        ("[site]", "# A comment.\n[site]"),
        ("name = \"one\"", "name = \"another\""),
        ("source = \"clip.mp4\"", "source = \"rtsp://other/1\""),
        ("dwell = \"60s\"", "dwell = \"1m\""),
        ("dwell = \"60s\"", "dwell = \"60s\"\nocclusion = \"10s\""),
        ("[detector]", "[detector]\nskip_static = false"),
    ] {
        assert_eq!(digest_of(&KEYS.replace(from, to)), known, "{to}");
    }
    for (from, to) in [
        ("id = \"s\"", "id = \"t\""),
        ("id = \"c\"", "id = \"d\""),
        ("Asia/Shanghai", "Europe/Berlin"),
        ("source", "region = [0, 0.1, 1, 1]\nsource"),
        ("source", "pixel_aspect = \"4:3\"\nsource"),
        ("confidence = 0.4", "confidence = 0.5"),
        ("[detector]", "[detector]\nsecond_look = true"),
        ("[detector]", "[detector]\nwhole_picture = true"),
        ("[detector]", "[detector]\nmodel = \"yolox-nano\""),
        ("dwell = \"60s\"", "dwell = \"61s\""),
        ("dwell = \"60s\"", "dwell = \"60s\"\nocclusion = \"11s\""),
        ("dwell = \"60s\"", "dwell = \"60s\"\nevery = \"1s\""),
        ("dwell = \"60s\"", "dwell = \"60s\"\nmodel = \"yolox-nano\""),
        ("dwell = \"60s\"", "dwell = \"60s\"\nschedule = [\"08:00-18:00\"]"),
        ("[0,1]]", "[0,0.9]]"),
    ] {
        assert_ne!(digest_of(&KEYS.replace(from, to)), known, "{to}");
    }
}
