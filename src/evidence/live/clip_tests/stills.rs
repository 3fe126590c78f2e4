use super::*;
use crate::{
    domain::MissingCause,
    evidence::{self, Again, Seen},
    kinds::settings::Settings as KindSettings,
    stop::Stop,
};

/// What the same recording gives, file by file, when it is analysed.
fn of_recording(
    stage: &Stage,
    recording: &Path,
    violation: &Violation,
    seen: &[f64],
) -> Vec<(EvidenceRole, String)> {
    let camera = &stage.config.cameras[0];
    let options = Options { start: Some(stage.began), ..Options::default() };
    let again = Again {
        recording: Recording::open(camera.id.clone(), vec![recording.to_owned()], options),
        trail: None,
        failed: BTreeSet::new(),
        stop: Stop::default(),
    };
    let Record::Observation(look) = stage.look(0.0) else { panic!("a look") };
    let seen: Seen = seen.iter().map(|seconds| (at(*seconds), look.detections.clone())).collect();
    let folder = stage.clips.path("analysed");
    let mut violations = [violation.clone()];
    let made = evidence::collect(&stage.config, camera, again, &mut violations, &seen, &folder, |_| {});
    assert!(made.errors.is_empty(), "{made:?}");
    made.entries.into_iter().map(|entry| (entry.role, entry.sha256)).collect()
}

#[test]
fn what_is_kept_is_what_the_recording_gives() {
    for codec in
        [H264, "-c:v mpeg4 -g 30 -bf 2", "-c:v libx265 -x265-params log-level=error:keyint=25:bframes=3"]
    {
        let stage = Stage::new("", "pre_roll = \"1s\"\npost_roll = \"2s\"", "2026-11-24T12:00:00Z");
        let recording = stage.clips.pattern(codec, "a.mp4");
        let evidence = stage.start();
        let mut keeper = stage.keeper(&evidence);
        let raised = stage.violation(1, 1.0, 4.0);
        let later = play(&mut keeper, stage.parts(&recording), 1.2);
        keeper.told(&stage.look(1.0), &stage.candidate(&raised, CandidatePhase::Began));
        let later = play(&mut keeper, later, 4.3);
        keeper.told(&stage.look(4.0), &judged(vec![raised.clone()]));
        stage.wait_for(&raised, EvidenceRole::Raised);
        let later = play(&mut keeper, later, 8.3);
        let ended = stage.ended(&raised, 8.0);
        keeper.told(&stage.look(8.0), &judged(vec![ended.clone()]));
        play_on(&mut keeper, &later);
        let expected = of_recording(&stage, &recording, &ended, &[1.0, 4.0, 8.0]);
        assert_eq!(expected.len(), 4);
        for (role, sha256) in expected {
            let entry = stage.wait_for(&raised, role);
            assert_eq!(entry.sha256, sha256, "{role} of {codec}");
            stage.file(&entry);
            assert!(entry.name.starts_with("evidence/2026-11-24/lane_fire_lane_parking_20261124T120004Z_"));
            assert!(entry.shortfalls.is_empty() && entry.source.is_empty(), "{entry:?}");
        }
        drop(keeper);
        assert!(evidence.finish(LONG));
    }
}

#[test]
fn moments_of_a_group_that_goes_on_are_what_the_recording_gives() {
    for codec in ["-c:v libx264 -g 250 -bf 0", "-c:v libx264 -g 250 -bf 2", "-c:v mpeg4 -g 250"] {
        let stage = Stage::new("", "", "2026-11-24T12:00:00Z");
        let recording = stage.clips.pattern(codec, "a.mp4");
        let evidence = stage.start();
        let mut keeper = stage.keeper(&evidence);
        let one = stage.violation(1, 1.0, 1.6);
        let later = play(&mut keeper, stage.parts(&recording), 1.2);
        keeper.told(&stage.look(1.0), &judged(vec![stage.warned(&one)]));
        stage.wait_for(&one, EvidenceRole::Started);
        // Its second still goes on from the first; a still of a moment before does not.
        let later = play(&mut keeper, later, 1.8);
        keeper.told(&stage.look(1.3), &judged(Vec::new()));
        keeper.told(&stage.look(1.6), &judged(vec![one.clone()]));
        stage.wait_for(&one, EvidenceRole::Raised);
        let other = stage.violation(2, 1.3, 2.0);
        let later = play(&mut keeper, later, 2.2);
        keeper.told(&stage.look(2.0), &judged(vec![other.clone()]));
        stage.wait_for(&other, EvidenceRole::Raised);
        play_on(&mut keeper, &later);
        for violation in [&one, &other] {
            let expected = of_recording(&stage, &recording, violation, &[1.0, 1.3, 1.6, 2.0]);
            let stills = expected.into_iter().filter(|(role, _)| *role != EvidenceRole::Clip);
            for (role, sha256) in stills {
                let entry = stage.wait_for(violation, role);
                assert_eq!(entry.sha256, sha256, "{role} of {} of {codec}", violation.id);
            }
        }
        drop(keeper);
        assert!(evidence.finish(LONG));
    }
}

#[test]
fn the_first_still_is_there_by_the_time_that_something_short_is_told() {
    let mut stage = Stage::new("", "", "2026-11-24T12:00:00Z");
    let KindSettings::FireLaneParking(keys) = &mut stage.config.cameras[0].rules[0].settings else {
        panic!("a lane")
    };
    keys.dwell = Duration::from_secs(2);
    let recording = stage.clips.pattern(H264, "a.mp4");
    let evidence = stage.start();
    let mut keeper = stage.keeper(&evidence);
    play(&mut keeper, stage.parts(&recording), 3.0);
    let (short, later) = (stage.violation(1, 2.0, 4.0), stage.violation(2, 2.4, 4.4));
    keeper.told(&stage.look(2.0), &stage.candidate(&short, CandidatePhase::Began));
    keeper.told(&stage.look(2.4), &stage.candidate(&later, CandidatePhase::Began));
    assert_eq!(evidence.facts().first_bytes, 0);
    keeper.told(&stage.look(2.9), &judged(Vec::new()));
    assert_eq!(evidence.facts().first_bytes, 0, "half of its time");
    keeper.told(&stage.look(3.0), &judged(Vec::new()));
    until("the first still", || evidence.facts().first_bytes > 0);
    drop(keeper);
    assert!(evidence.finish(LONG));
}

#[test]
fn stills_are_told_before_the_clip_is_complete() {
    let stage = Stage::new("", "", "2026-11-24T12:00:00Z");
    let recording = stage.clips.pattern(H264, "a.mp4");
    let evidence = stage.start();
    let mut keeper = stage.keeper(&evidence);
    play(&mut keeper, stage.parts(&recording), 6.0);
    let raised = stage.violation(1, 5.0, 5.5);
    keeper.told(&stage.look(5.5), &judged(vec![raised.clone()]));
    stage.wait_for(&raised, EvidenceRole::Raised);
    let told = stage.wait("the first still", |told| !told.is_empty());
    let roles: Vec<_> = told[0].entries.iter().map(|entry| entry.role).collect();
    assert_eq!(roles, [EvidenceRole::Raised, EvidenceRole::Started]);
    assert_eq!(evidence.facts().open_clips, 1);
}

#[test]
fn a_moment_that_nobody_held_is_told_as_missing() {
    let stage = Stage::new("", "", "2026-11-24T12:00:00Z");
    let recording = stage.clips.ffmpeg(
        "-f lavfi -i testsrc2=size=64x48:rate=10:duration=60 -pix_fmt yuv420p -c:v libx264 -g 10 -bf 0",
        "a.mp4",
    );
    let evidence = stage.start();
    let mut keeper = stage.keeper(&evidence);
    let parts = stage.parts(&recording);
    parts.iter().for_each(|part| keeper.part(part));
    // It began before the camera was watched, or long ago and nobody said so.
    let mut unseen = stage.violation(1, 2.0, 55.0);
    unseen.started.media_s = MediaTime::from_secs_f64(-3.0);
    let passed = stage.violation(2, 2.0, 55.0);
    let gone = stage.violation(3, 1.0, 2.0);
    keeper.judged(&judged(vec![unseen.clone(), passed.clone(), gone.clone()]));
    for (violation, missing, why) in [
        (unseen, vec![EvidenceRole::Started], "before the first picture"),
        (passed, vec![EvidenceRole::Started], "further back than the pictures"),
        (gone, vec![EvidenceRole::Raised, EvidenceRole::Started], "further back than the pictures"),
    ] {
        let is_it = |kept: &&Kept| {
            kept.violation == violation.id && kept.missing.iter().any(|m| m.role != EvidenceRole::Clip)
        };
        let told = stage.wait("stills", |told| told.iter().any(|kept| is_it(&kept)));
        let kept = told.iter().find(is_it).expect("just seen");
        let roles: Vec<_> = kept.missing.iter().map(|missing| missing.role).collect();
        assert_eq!(roles, missing, "{kept:?}");
        assert!(
            kept.missing.iter().all(|m| m.cause == MissingCause::NotFound && m.reason.contains(why)),
            "{kept:?}"
        );
    }
}

#[test]
fn candidates_that_are_given_up_leave_nothing() {
    let stage = Stage::new("", "", "2026-11-24T12:00:00Z");
    let recording = stage.clips.pattern(H264, "a.mp4");
    let evidence = stage.start();
    let mut keeper = stage.keeper(&evidence);
    play(&mut keeper, stage.parts(&recording), 3.0);
    let violation = stage.violation(1, 2.5, 60.0);
    let passing = stage.violation(2, 2.5, 60.0);
    keeper.told(&stage.look(2.5), &stage.candidate(&violation, CandidatePhase::Began));
    keeper.judged(&stage.candidate(&passing, CandidatePhase::Began));
    assert_eq!(evidence.facts().first_stills, 2);
    // What is over soon costs no picture.
    keeper.judged(&stage.candidate(&passing, CandidatePhase::GivenUp));
    keeper.told(&stage.look(7.4), &judged(Vec::new()));
    assert_eq!((evidence.facts().first_stills, evidence.facts().first_bytes), (1, 0));
    keeper.told(&stage.look(7.6), &judged(Vec::new()));
    until("the first still", || evidence.facts().first_bytes > 0);
    keeper.judged(&stage.candidate(&violation, CandidatePhase::GivenUp));
    assert_eq!((evidence.facts().first_stills, evidence.facts().first_bytes), (0, 0));
    assert!(evidence.finish(LONG));
    assert!(!stage.root.exists());
}

#[test]
fn who_is_warned_gets_the_first_still_at_once_and_only_once() {
    let stage = Stage::new("", "", "2026-11-24T12:00:00Z");
    let recording = stage.clips.pattern(H264, "a.mp4");
    let evidence = stage.start();
    let mut keeper = stage.keeper(&evidence);
    let later = play(&mut keeper, stage.parts(&recording), 2.0);
    let raised = stage.violation(1, 1.5, 6.0);
    keeper.told(&stage.look(1.5), &stage.candidate(&raised, CandidatePhase::Began));
    keeper.judged(&judged(vec![stage.warned(&raised)]));
    let first = stage.wait_for(&raised, EvidenceRole::Started);
    assert!(first.name.contains("_20261124T120001Z_"), "{}", first.name);
    play(&mut keeper, later, 6.2);
    keeper.told(&stage.look(6.0), &judged(vec![raised.clone()]));
    stage.wait_for(&raised, EvidenceRole::Raised);
    drop(keeper);
    assert!(evidence.finish(LONG));
    let told = stage.wait("all", |_| true);
    let roles: Vec<_> = told.iter().flat_map(|kept| &kept.entries).map(|entry| entry.role).collect();
    assert_eq!(roles, [EvidenceRole::Started, EvidenceRole::Raised, EvidenceRole::Clip]);
}

#[test]
fn an_end_that_was_withdrawn_has_a_still_of_its_own() {
    let stage = Stage::new("", "", "2026-11-24T12:00:00Z");
    let recording = stage.clips.pattern(H264, "a.mp4");
    let evidence = stage.start();
    let mut keeper = stage.keeper(&evidence);
    let raised = stage.violation(1, 1.0, 2.0);
    let later = play(&mut keeper, stage.parts(&recording), 5.0);
    keeper.judged(&judged(vec![stage.ended(&raised, 4.0)]));
    let first = stage.wait_for(&raised, EvidenceRole::Ended);
    play_on(&mut keeper, &later);
    keeper.judged(&judged(vec![Violation { phase: Phase::Updated, ..raised.clone() }]));
    keeper.judged(&judged(vec![stage.ended(&raised, 8.0)]));
    stage.wait("the second end", |told| told.len() == 2);
    let second = stage.wait_for(&raised, EvidenceRole::Ended);
    assert!(first.name.ends_with("_ended.jpg") && second.name.ends_with("_2_ended.jpg"), "{second:?}");
    assert_ne!(stage.file(&first), stage.file(&second));
}
