use super::*;
use crate::{
    domain::{CameraId, GapReason, ObstructedReason, Scene},
    rules::Clarity,
};

const ROOM: Scene = Scene {
    brightness: 0.5,
    contrast: 0.2,
    sharpness: 0.03,
    changed: Some(0.01),
    changed_in: None,
    identical: Some(0.4),
    moved: None,
};

fn wall(second: i64) -> Timestamp {
    Timestamp::new(1_795_000_000 + second, 0).expect("a time")
}

fn at(second: i64) -> When {
    When { at: MediaTime::from_micros(second * 1_000_000), wall: wall(second), epoch: 0 }
}

fn camera() -> CameraId {
    CameraId::new("c").expect("an id")
}

fn observation(second: i64, scene: Scene) -> Observation {
    let When { at, wall, epoch } = at(second);
    let (looked, detections, changes) = (Vec::new(), Vec::new(), Vec::new());
    Observation { camera: camera(), epoch, at, wall, looked, detections, faint: Vec::new(), scene, changes }
}

fn outlook(clarity: Clarity, since: i64) -> Option<Outlook> {
    Some(Outlook { clarity, since: at(since), moved: None })
}

/// The second since when it was so, and what.
fn short(news: &News) -> (i64, CameraFact) {
    (news.since.as_second() - 1_795_000_000, news.fact)
}

fn look(health: &mut Health, second: i64, clarity: Clarity) -> Option<(i64, CameraFact)> {
    let news = health.look(&observation(second, ROOM), outlook(clarity, second), None);
    news.first().map(short)
}

/// Over a restart: only what is written is known.
fn restarted(health: &Health) -> Health {
    let written = serde_json::to_string(health).expect("plain data");
    serde_json::from_str(&written).expect("what was written is read")
}

const OVER: CameraFact = CameraFact::Restored(Impairment::Obstructed);
const REFUSED: Pictures = Pictures::Away(Some(OfflineReason::Refused));
const SILENT: Pictures = Pictures::Away(Some(OfflineReason::Stalled));

fn run(health: &mut Health, seconds: std::ops::Range<i64>, pictures: Pictures) -> Vec<(i64, CameraFact)> {
    seconds.filter_map(|second| health.pictures(at(second), pictures)).map(|news| short(&news)).collect()
}

#[test]
fn a_camera_is_offline_after_a_while_and_online_once_it_stays() {
    let mut health = Health::default();
    assert_eq!(run(&mut health, 0..100, Pictures::Come), []);
    // A short break.
    assert_eq!(run(&mut health, 100..120, REFUSED), []);
    assert_eq!(run(&mut health, 120..200, Pictures::Come), []);
    // A long one, whose reason changes.
    assert_eq!(run(&mut health, 200..229, Pictures::Away(None)), []);
    let offline = (200, CameraFact::Offline(OfflineReason::Refused));
    assert_eq!(run(&mut health, 229..300, REFUSED), [offline]);
    assert_eq!(run(&mut health, 300..400, SILENT), []);
    // It comes back for a moment, then for good.
    assert_eq!(run(&mut health, 400..405, Pictures::Come), []);
    assert_eq!(run(&mut health, 405..420, SILENT), []);
    assert_eq!(run(&mut health, 420..600, Pictures::Come), [(420, CameraFact::Online)]);
}

#[test]
fn a_camera_that_comes_back_for_moments_is_away_all_the_time() {
    let mut health = Health::default();
    let mut told = Vec::new();
    for turn in 0..6 {
        told.extend(run(&mut health, turn * 12..turn * 12 + 8, SILENT));
        told.extend(run(&mut health, turn * 12 + 8..turn * 12 + 12, Pictures::Come));
    }
    assert_eq!(told, [(0, CameraFact::Offline(OfflineReason::Stalled))]);
}

#[test]
fn a_restart_repeats_nothing_and_forgets_no_end() {
    let mut health = Health::default();
    assert_eq!(run(&mut health, 0..60, REFUSED).len(), 1);
    let mut health = restarted(&health);
    assert_eq!(run(&mut health, 60..200, REFUSED), []);
    let mut health = restarted(&health);
    assert_eq!(run(&mut health, 200..300, Pictures::Come), [(200, CameraFact::Online)]);
    assert_eq!(run(&mut restarted(&health), 300..400, Pictures::Come), []);
    // What an earlier version has not written is as if nothing was told.
    let old: Health = serde_json::from_str("{}").expect("it is read");
    assert_eq!(run(&mut old.clone(), 0..100, Pictures::Come), []);
}

#[test]
fn a_camera_that_is_set_aside_is_offline_at_once() {
    let mut health = Health::default();
    let undecodable = CameraFact::Offline(OfflineReason::Undecodable);
    assert_eq!(health.set_aside(at(5)).as_ref().map(short), Some((5, undecodable)));
    assert_eq!(restarted(&health).set_aside(at(9)), None);
}

#[test]
fn a_camera_that_sees_nothing_is_obstructed_after_a_while_and_restored_likewise() {
    for (clarity, reason) in [
        (Clarity::Covered, ObstructedReason::Covered),
        (Clarity::Blinded, ObstructedReason::Blinded),
        (Clarity::Dark, ObstructedReason::Dark),
    ] {
        let mut health = Health::default();
        let mut told = Vec::new();
        // Somebody is in the way for a while, and then for good.
        let what = |second: i64| match second {
            10..60 | 100..500 => clarity,
            // A light that is switched on for a moment.
            510..520 => clarity,
            _ => Clarity::Clear,
        };
        for second in 0..1000 {
            if second == 200 {
                health = restarted(&health);
            }
            told.extend(look(&mut health, second, what(second)));
        }
        assert_eq!(told, [(100, CameraFact::Obstructed(reason)), (520, OVER)], "{reason:?}");
        let mut health = restarted(&health);
        let again = (0..100).find_map(|second| look(&mut health, second, clarity));
        assert_eq!(again, Some((0, CameraFact::Obstructed(reason))));
    }
}

#[test]
fn what_changes_between_reasons_is_told_with_the_one_that_lasted_longest() {
    let mut health = Health::default();
    let told = (0..200).find_map(|second| {
        look(&mut health, second, if second % 3 == 0 { Clarity::Covered } else { Clarity::Dark })
    });
    assert_eq!(told, Some((0, CameraFact::Obstructed(ObstructedReason::Dark))));
    let more = (200..400).find_map(|second| look(&mut health, second, Clarity::Covered));
    assert_eq!(more, None, "another reason is not told anew");
}

#[test]
fn a_picture_that_stands_still_has_done_so_before_it_is_known() {
    let mut health = Health::default();
    assert_eq!(look(&mut health, 99, Clarity::Clear), None);
    let frozen = Clarity::Frozen { recognised: Some(Duration::from_secs(30)) };
    let news = health.look(&observation(100, ROOM), outlook(frozen, 70), None);
    assert_eq!(short(&news[0]), (70, CameraFact::Obstructed(ObstructedReason::Frozen)));
    // A change of light says nothing.
    let lit = (101..140).find_map(|second| look(&mut health, second, Clarity::LightChange));
    assert_eq!(lit, None);
    assert_eq!((140..210).find_map(|second| look(&mut health, second, Clarity::Clear)), Some((140, OVER)));
}

#[test]
fn a_picture_that_stands_still_after_each_connection_is_told_once() {
    for each in [20, 60] {
        let mut health = Health::default();
        let told =
            health.look(&observation(99, ROOM), outlook(Clarity::Frozen { recognised: None }, 70), None);
        assert_eq!(told.len(), 1);
        // After a new connection it takes half a minute to tell that nothing moves.
        for second in 100..1000 {
            let since = second % each;
            if since == 0 {
                let ends = [None, Some(at(second).at)];
                ends.into_iter().for_each(|to| health.gap(&away(second - 1, to)));
            }
            let clarity = if since < 30 { Clarity::Clear } else { Clarity::Frozen { recognised: None } };
            assert_eq!(look(&mut health, second, clarity), None, "each {each} s, {second}");
        }
        let moves = (1000..1100).find_map(|second| look(&mut health, second, Clarity::Clear));
        assert!(moves.is_some_and(|(_, fact)| fact == OVER), "each {each} s: {moves:?}");
    }
}

/// Nobody can look from this second on, up to a time.
fn away(from: i64, to: Option<MediaTime>) -> Gap {
    Gap { camera: camera(), epoch: 0, from: at(from).at, to, reason: GapReason::Offline }
}

#[test]
fn a_gap_and_hours_in_which_nobody_looks_are_no_time() {
    let mut health = Health::default();
    let gap = |from: i64, to: Option<i64>| away(from, to.map(|to| at(to).at));
    for second in 0..50 {
        assert_eq!(look(&mut health, second, Clarity::Dark), None);
    }
    health.gap(&gap(50, None));
    health.gap(&gap(50, Some(5000)));
    for second in 5000..5009 {
        assert_eq!(look(&mut health, second, Clarity::Dark), None, "{second}");
    }
    // Its hours end, and begin again.
    assert_eq!(health.look(&observation(5010, ROOM), None, None), []);
    let told = (9000..9100).find_map(|second| look(&mut health, second, Clarity::Dark));
    assert_eq!(told, Some((9000, CameraFact::Obstructed(ObstructedReason::Dark))));
}

/// What is told of a camera that shows `before` for five minutes and `after` from then on.
fn changes(before: Scene, after: Scene) -> Vec<(i64, CameraFact)> {
    let mut health = Health::default();
    let see = |second: i64| {
        let scene = if (300..600).contains(&second) { after } else { before };
        health.look(&observation(second, scene), outlook(Clarity::Clear, 0), None)
    };
    (0..900).flat_map(see).map(|news| short(&news)).collect()
}

#[test]
fn a_lens_out_of_focus_is_told_and_light_rain_and_fog_are_not() {
    let unsharp = CameraFact::Obstructed(ObstructedReason::Unsharp);
    assert_eq!(changes(ROOM, Scene { sharpness: 0.0084, ..ROOM }), [(300, unsharp), (600, OVER)]);
    // The light of the day goes, a lamp goes out, rain falls, fog comes, a lorry fills the picture.
    for (sharpness, contrast, brightness) in
        [(0.01, 0.07, 0.2), (0.011, 0.12, 0.18), (0.016, 0.12, 0.45), (0.009, 0.06, 0.6), (0.014, 0.2, 0.5)]
    {
        let after = Scene { sharpness, contrast, brightness, ..ROOM };
        assert_eq!(changes(ROOM, after), [], "{after:?}");
    }
}

#[test]
fn a_camera_that_was_moved_is_restored_once_it_looks_where_it_looked_or_its_zones_are_drawn_anew() {
    let moved = Some(at(90).at);
    let by = |x: f32, y: f32| Scene { moved: Some([x, y]), ..ROOM };
    let step = |health: &mut Health, second: i64, scene: Scene| {
        let news = health.look(&observation(second, scene), outlook(Clarity::Clear, 0), moved);
        news.iter().map(|news| short(news).1).collect::<Vec<_>>()
    };
    let restored = CameraFact::Restored(Impairment::Moved);
    let mut health = Health::default();
    assert_eq!(health.drawn(at(0), "as it was"), None);
    assert_eq!(step(&mut health, 100, by(0.05, 0.0)), [CameraFact::Moved]);
    // On, and back.
    assert_eq!(step(&mut health, 200, by(0.05, 0.03)), []);
    let mut health = restarted(&health);
    assert_eq!(health.drawn(at(210), "as it was"), None);
    assert_eq!(step(&mut health, 300, by(-0.095, -0.028)), [restored]);
    assert_eq!(step(&mut health, 400, by(-0.2, 0.0)), [CameraFact::Moved]);
    let mut health = restarted(&health);
    let news = health.drawn(at(500), "otherwise");
    assert_eq!(news.as_ref().map(short), Some((500, restored)));
    assert_eq!(health.drawn(at(600), "as it was"), None);
}

#[test]
fn a_clock_is_off_once_it_has_said_so_several_times() {
    let mut health = Health::default();
    let mut told = Vec::new();
    let minute = 60;
    for (report, off_by) in
        [70, 0, 70, 80, 45, 61, 90, 95, 3600, 45, 20, 20, 45, 10, -10, 29, 0, -61, -70, -80]
            .into_iter()
            .enumerate()
    {
        let second = report as i64 * minute;
        told.extend(health.clock(at(second), SignedDuration::from_secs(off_by)));
        health = if report == 10 { restarted(&health) } else { health };
    }
    let told: Vec<_> = told.iter().map(|news| (short(news).0 / minute, news.fact)).collect();
    let by = |seconds| CameraFact::Clock(SignedDuration::from_secs(seconds));
    assert_eq!(told, [(5, by(95)), (13, CameraFact::Restored(Impairment::Clock)), (17, by(-80))]);
}

#[test]
fn what_is_no_clock_and_a_box_without_one_tell_nothing() {
    let mut health = Health::default();
    let years = SignedDuration::from_hours(10 * 8766);
    // It counts from when it was switched on, which is told as of 2036.
    assert!((0..9).all(|second| health.clock(at(second), years).is_none()));
    let woken = When { wall: Timestamp::UNIX_EPOCH, ..at(0) };
    assert!((0..9).all(|_| health.clock(woken, years * -1).is_none()));
    // One that was never set is told.
    let lost = (0..9).filter_map(|second| health.clock(at(second), years * -5)).count();
    assert_eq!(lost, 1);
}

#[test]
fn key_frames_are_too_far_apart_once_they_are_several_times() {
    let mut health = Health::default();
    let bound = Duration::from_secs(10);
    let mut told = Vec::new();
    for (group, apart) in [12, 12, 2, 12, 13, 14, 12, 9, 8, 8, 8, 2, 2].into_iter().enumerate() {
        told.extend(health.key_frames(at(group as i64), Duration::from_secs(apart), bound));
    }
    let told: Vec<_> = told.iter().map(short).collect();
    let restored = CameraFact::Restored(Impairment::Keyframes);
    assert_eq!(told, [(3, CameraFact::Keyframes(Duration::from_secs(14))), (8, restored)]);
    // What the last connection measured is not in a row with what the next does.
    let mut health = Health::default();
    for second in 0..9 {
        assert_eq!(health.key_frames(at(second), bound * 2, bound), None);
        if second % 2 == 1 {
            health.pictures(at(second), SILENT);
        }
    }
}

#[test]
fn what_cannot_have_been_written_is_refused() {
    assert!(Health::default().is_sound());
    let infinite = serde_json::from_str::<Health>("{\"moved\":{\"by\":[1e39,0.0]}}");
    assert!(!infinite.is_ok_and(|health| health.is_sound()));
    assert!(serde_json::from_str::<Health>("{\"away\":{\"toId\":null}}").is_err());
}
