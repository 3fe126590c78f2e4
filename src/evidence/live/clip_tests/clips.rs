use super::*;
use crate::{
    evidence::clip_tests::{frames, probe},
    results::Shortfall,
};

/// Times and pictures of a clip, which is sound.
fn shown(path: &Path) -> Vec<(i64, String)> {
    let dts = probe(path);
    assert!(dts.windows(2).all(|w| w[0] < w[1]), "{dts:?}");
    frames(path).into_iter().map(|(time, hash)| (time.expect("a time"), hash)).collect()
}

#[test]
fn a_camera_that_is_gone_leaves_what_came_of_the_clip() {
    let stage = Stage::new("", "pre_roll = \"2s\"\npost_roll = \"5s\"", "2026-11-24T12:00:00Z");
    let recording = stage.clips.pattern(H264_PLAIN, "a.mp4");
    let evidence = stage.start();
    let mut keeper = stage.keeper(&evidence);
    play(&mut keeper, stage.parts(&recording), 6.0);
    let raised = stage.violation(1, 3.0, 5.5);
    keeper.told(&stage.look(5.5), &judged(vec![raised.clone()]));
    stage.wait_for(&raised, EvidenceRole::Raised);
    // It should be complete at 10.5 s.
    stage.clock.advance(Duration::from_secs(20));
    assert_eq!(evidence.facts().open_clips, 1);
    stage.clock.advance(Duration::from_secs(20));
    let clip = stage.wait_for(&raised, EvidenceRole::Clip);
    let [Shortfall::EndsEarly { by }] = clip.shortfalls[..] else { panic!("{:?}", clip.shortfalls) };
    // The group that holds 6 s was still growing.
    assert_eq!((clip.first_s, by), (at(2.5), Duration::from_millis(4400)), "{clip:?}");
    let (clip, original) = (shown(&stage.file(&clip)), frames(&recording));
    assert_eq!(clip.len(), 36);
    for (index, (time, hash)) in clip.iter().enumerate() {
        assert_eq!((*time, hash), (index as i64 * 100, &original[25 + index].1));
    }
}

#[test]
fn a_clip_that_is_cut_short_by_the_end_of_the_program_is_closed() {
    let stage = Stage::new("", "pre_roll = \"1s\"\npost_roll = \"10m\"", "2026-11-24T12:00:00Z");
    let recording = stage.clips.pattern(H264, "a.mp4");
    let evidence = stage.start();
    let mut keeper = stage.keeper(&evidence);
    let later = play(&mut keeper, stage.parts(&recording), 4.0);
    let raised = stage.violation(1, 3.0, 3.5);
    keeper.told(&stage.look(3.5), &judged(vec![raised.clone()]));
    play(&mut keeper, later, 7.0);
    assert!(evidence.finish(LONG));
    let clip = stage.wait_for(&raised, EvidenceRole::Clip);
    assert!(matches!(clip.shortfalls[..], [Shortfall::EndsEarly { .. }]), "{clip:?}");
    assert!(clip.last_s >= at(6.9) && clip.last_s < at(7.5), "{clip:?}");
    assert!(shown(&stage.file(&clip)).len() >= 44);
    // What comes now is told as missing.
    let late = stage.violation(2, 6.0, 6.5);
    keeper.told(&stage.look(6.5), &judged(vec![late.clone()]));
    let told =
        stage.wait("what is missing", |told| told.iter().filter(|k| k.violation == late.id).count() == 2);
    let missing: Vec<_> = told.iter().filter(|k| k.violation == late.id).flat_map(|k| &k.missing).collect();
    assert_eq!(missing.len(), 3);
    assert!(missing.iter().all(|missing| missing.reason.contains("about to end")), "{missing:?}");
}

#[test]
fn a_clip_goes_on_over_a_gap_and_a_new_connection() {
    let stage = Stage::new("", "pre_roll = \"1s\"\npost_roll = \"14s\"", "2026-11-24T12:00:00Z");
    let recording = stage.clips.pattern(H264_PLAIN, "a.mp4");
    let again = stage.clips.path("b.mp4");
    fs::copy(&recording, &again).expect("copied");
    let camera = CameraId::new("lane").expect("an id");
    let options = Options { start: Some(stage.began), ..Options::default() };
    let parts: Vec<Part> = Recording::open(camera, vec![recording, again], options).collect();
    let evidence = stage.start();
    let mut keeper = stage.keeper(&evidence);
    let later = play(&mut keeper, parts, 4.0);
    let raised = stage.violation(1, 3.0, 3.5);
    keeper.told(&stage.look(3.5), &judged(vec![raised.clone()]));
    play_on(&mut keeper, &later);
    let clip = stage.wait_for(&raised, EvidenceRole::Clip);
    assert_eq!((clip.first_s, &clip.shortfalls[..]), (at(2.5), &[][..]));
    assert!(clip.last_s >= at(17.5), "{clip:?}");
    assert_eq!(clip.source.len(), 2);
    assert!(shown(&stage.file(&clip)).len() >= 150);
}

#[test]
fn many_violations_at_once_all_get_their_evidence() {
    let stage = Stage::new("", "pre_roll = \"2s\"\npost_roll = \"2s\"", "2026-11-24T12:00:00Z");
    let recording = stage.clips.pattern(H264, "a.mp4");
    let evidence = stage.start();
    let mut keeper = stage.keeper(&evidence);
    let later = play(&mut keeper, stage.parts(&recording), 5.0);
    let raised: Vec<Violation> = (1..=20).map(|number| stage.violation(number, 2.0, 4.5)).collect();
    keeper.told(&stage.look(4.5), &judged(raised.clone()));
    play_on(&mut keeper, &later);
    for violation in &raised {
        for role in [EvidenceRole::Started, EvidenceRole::Raised, EvidenceRole::Clip] {
            stage.file(&stage.wait_for(violation, role));
        }
    }
    let facts = evidence.facts();
    assert_eq!((facts.stills, facts.clips, facts.missing, facts.refused), (40, 20, 0, 0));
}

#[test]
fn a_clip_ends_in_a_group_that_goes_on_for_long() {
    let stage = Stage::new("", "pre_roll = \"1s\"\npost_roll = \"1s\"", "2026-11-24T12:00:00Z");
    let recording = stage.clips.pattern("-c:v libx264 -g 100 -keyint_min 100 -sc_threshold 0 -bf 3", "a.mp4");
    let evidence = stage.start();
    let mut keeper = stage.keeper(&evidence);
    let later = play(&mut keeper, stage.parts(&recording), 4.0);
    let raised = stage.violation(1, 3.0, 3.5);
    keeper.told(&stage.look(3.5), &judged(vec![raised.clone()]));
    // Its only group is not complete yet.
    let open = play(&mut keeper, later, 5.0);
    assert!(open.len() > 10);
    let clip = stage.wait_for(&raised, EvidenceRole::Clip);
    assert_eq!((clip.first_s, &clip.shortfalls[..]), (at(0.0), &[][..]), "{clip:?}");
    assert!(clip.last_s >= at(4.5) && clip.last_s < at(5.6), "{clip:?}");
    let (clip, original) = (shown(&stage.file(&clip)), frames(&recording));
    assert!(clip.iter().zip(&original).all(|((_, hash), (_, should))| hash == should));
}
