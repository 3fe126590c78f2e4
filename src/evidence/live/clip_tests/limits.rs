use super::*;
use crate::{
    domain::MissingCause,
    results::{DAY_MANIFEST, Shortfall},
};

#[test]
fn a_clip_says_that_too_little_memory_was_given_for_it() {
    let mut stage = Stage::new("", "pre_roll = \"6s\"\npost_roll = \"1s\"", "2026-11-24T12:00:00Z");
    let recording = stage.clips.pattern("-c:v libx264 -g 5 -keyint_min 5 -sc_threshold 0 -bf 0", "a.mp4");
    let parts = stage.parts(&recording);
    let sizes: Vec<usize> = parts
        .iter()
        .filter_map(|part| if let Part::Gop(gop) = part { Some(gop.bytes()) } else { None })
        .collect();
    stage.ring = sizes.iter().max().expect("groups") * 3;
    let evidence = stage.start();
    let mut keeper = stage.keeper(&evidence);
    let later = play(&mut keeper, parts, 8.0);
    let raised = stage.violation(1, 7.0, 7.9);
    keeper.told(&stage.look(7.9), &judged(vec![raised.clone()]));
    for part in &later {
        keeper.part(part);
        // They are not to come faster than they are written.
        until("room", || evidence.facts().open_clips < 2);
    }
    let clip = stage.wait_for(&raised, EvidenceRole::Clip);
    let Some(Shortfall::BeginsLate { by }) = clip.shortfalls.first() else { panic!("{clip:?}") };
    assert!(*by >= Duration::from_secs(4) && *by < Duration::from_secs(6), "{clip:?}");
    stage.file(&stage.wait_for(&raised, EvidenceRole::Raised));
}

#[test]
fn what_cannot_be_written_is_told_and_watching_goes_on() {
    let mut stage = Stage::new("", "", "2026-11-24T12:00:00Z");
    // A file lies where the folder would be.
    stage.root = stage.clips.bytes(b"", "a file");
    stage.config.evidence.directory = stage.root.join("evidence");
    let recording = stage.clips.pattern(H264, "a.mp4");
    let evidence = stage.start();
    let mut keeper = stage.keeper(&evidence);
    let later = play(&mut keeper, stage.parts(&recording), 4.0);
    let raised = stage.violation(1, 3.0, 3.5);
    keeper.told(&stage.look(3.5), &judged(vec![raised]));
    play_on(&mut keeper, &later);
    let told =
        stage.wait("three files", |told| told.iter().map(|kept| kept.missing.len()).sum::<usize>() == 3);
    let missing: Vec<_> = told.iter().flat_map(|kept| &kept.missing).collect();
    assert!(missing.iter().all(|missing| missing.cause == MissingCause::NotWritten), "{missing:?}");
    let folder = stage.config.evidence.directory.display().to_string();
    assert!(missing.iter().all(|missing| !missing.reason.contains(&folder)), "{missing:?}");
    assert!(evidence.finish(LONG));
}

#[test]
fn what_finds_no_room_among_what_waits_is_told() {
    let stage = Stage::new("", "", "2026-11-24T12:00:00Z");
    let recording = stage.clips.pattern(H264, "a.mp4");
    let evidence = stage.start();
    let mut keeper = stage.keeper(&evidence);
    play(&mut keeper, stage.parts(&recording), 4.0);
    let raised: Vec<Violation> = (0..2000).map(|number| stage.violation(number, 3.0, 3.5)).collect();
    let raised =
        raised.into_iter().map(|v| Violation { ended: Some(stage.moment(3.6)), phase: Phase::Ended, ..v });
    keeper.judged(&judged(raised.collect()));
    let told = stage.wait("all", |told| told.len() == 2000);
    let busy =
        told.iter().flat_map(|kept| &kept.missing).filter(|m| m.cause == MissingCause::NotMade).count();
    assert!(busy > 0, "a thread made 2000 pictures faster than they could be asked for");
    assert_eq!(evidence.facts().refused, busy as u64);
    assert_eq!(evidence.facts().stills + busy as u64, 2000);
}

#[test]
fn stills_that_wait_hold_no_more_than_the_camera_may() {
    let mut stage = Stage::new("", "", "2026-11-24T12:00:00Z");
    let recording = stage.clips.pattern("-c:v libx264 -g 5 -keyint_min 5 -sc_threshold 0 -bf 0", "a.mp4");
    let parts = stage.parts(&recording);
    let sizes =
        parts.iter().filter_map(|part| if let Part::Gop(gop) = part { Some(gop.bytes()) } else { None });
    stage.ring = sizes.max().expect("groups") * 6;
    let evidence = stage.start();
    let mut keeper = stage.keeper(&evidence);
    play(&mut keeper, parts, 3.0);
    // The thread that makes stills waits for whoever is told of the first one.
    let closed = stage.gate.lock().expect("sound");
    let all: Vec<Violation> = (1..=50).map(|number| stage.violation(number, 2.6, 2.8)).collect();
    keeper.judged(&judged(all.clone()));
    drop(closed);
    for violation in &all {
        stage.wait(&format!("stills of {}", violation.id), |told| {
            let own = told.iter().filter(|kept| kept.violation == violation.id);
            let roles = own.flat_map(|kept| {
                let made = kept.entries.iter().map(|entry| entry.role);
                made.chain(kept.missing.iter().map(|missing| missing.role))
            });
            roles.filter(|role| *role != EvidenceRole::Clip).count() == 2
        });
    }
    drop(keeper);
    assert!(evidence.finish(LONG));
    let told = stage.wait("all", |_| true);
    let missing: Vec<_> =
        told.iter().flat_map(|kept| &kept.missing).filter(|m| m.role != EvidenceRole::Clip).collect();
    assert!(
        !missing.is_empty() && missing.iter().all(|missing| missing.cause == MissingCause::NotMade),
        "{missing:?}"
    );
    assert!(stills(&told) > 0, "some found room");
}

/// How many stills were made.
fn stills(told: &[Kept]) -> usize {
    told.iter().flat_map(|kept| &kept.entries).filter(|entry| entry.role != EvidenceRole::Clip).count()
}

#[test]
fn clips_that_are_written_too_slowly_end_early_and_nobody_waits() {
    let mut stage = Stage::new("", "pre_roll = \"1s\"\npost_roll = \"1s\"", "2026-11-24T12:00:00Z");
    let recording = stage.clips.pattern("-c:v libx264 -g 5 -keyint_min 5 -sc_threshold 0 -bf 0", "a.mp4");
    let parts = stage.parts(&recording);
    let sizes =
        parts.iter().filter_map(|part| if let Part::Gop(gop) = part { Some(gop.bytes()) } else { None });
    stage.ring = sizes.max().expect("groups") * 4;
    let evidence = stage.start();
    let mut keeper = stage.keeper(&evidence);
    let later = play(&mut keeper, parts, 3.0);
    let closed = stage.gate.lock().expect("sound");
    let short = stage.violation(1, 2.5, 2.6);
    keeper.judged(&judged(vec![short.clone()]));
    let later = play(&mut keeper, later, 4.2);
    // The thread that writes clips waits for whoever is told of the first one.
    until("the first clip", || {
        stage.root.join("2026-11-24").join(DAY_MANIFEST).exists() && {
            fs::read_to_string(stage.root.join("2026-11-24").join(DAY_MANIFEST))
                .expect("a list")
                .contains("_clip.mp4")
        }
    });
    let slow = stage.violation(2, 4.0, 4.1);
    stage.config.evidence.post_roll = Duration::from_secs(5);
    keeper.judged(&judged(vec![slow.clone()]));
    let long = Violation { raised: Some(stage.moment(6.0)), ..stage.violation(3, 4.0, 6.0) };
    keeper.judged(&judged(vec![long.clone()]));
    play_on(&mut keeper, &later);
    assert!(evidence.facts().refused > 0);
    drop(closed);
    let clip = stage.wait_for(&long, EvidenceRole::Clip);
    assert!(matches!(clip.shortfalls.last(), Some(Shortfall::EndsEarly { .. })), "{clip:?}");
    stage.file(&clip);
}

#[test]
fn the_end_of_the_program_is_not_waited_for_longer_than_it_may_take() {
    let stage = Stage::new("", "", "2026-11-24T12:00:00Z");
    let recording = stage.clips.pattern(H264, "a.mp4");
    let evidence = stage.start();
    let mut keeper = stage.keeper(&evidence);
    play(&mut keeper, stage.parts(&recording), 4.0);
    let closed = stage.gate.lock().expect("sound");
    keeper.judged(&judged(vec![stage.violation(1, 3.0, 3.5)]));
    assert!(!evidence.finish(Duration::from_millis(10)));
    drop(closed);
}

#[test]
fn what_cannot_be_listed_gets_no_name() {
    let stage = Stage::new("", "", "2026-11-24T12:00:00Z");
    let recording = stage.clips.pattern(H264, "a.mp4");
    let day = stage.root.join("2026-11-24");
    fs::create_dir_all(day.join(DAY_MANIFEST)).expect("a folder where the list would be");
    let evidence = stage.start();
    let mut keeper = stage.keeper(&evidence);
    let later = play(&mut keeper, stage.parts(&recording), 4.0);
    keeper.judged(&judged(vec![stage.violation(1, 3.0, 3.5)]));
    play_on(&mut keeper, &later);
    assert!(evidence.finish(LONG));
    let told = stage.wait("all", |_| true);
    let missing: Vec<_> = told.iter().flat_map(|kept| &kept.missing).collect();
    assert_eq!(missing.len(), 3);
    assert!(missing.iter().all(|missing| missing.cause == MissingCause::NotWritten), "{missing:?}");
    assert_eq!(fs::read_dir(&day).expect("a folder").count(), 1);
}

#[test]
fn looks_from_another_stream_find_the_nearest_picture() {
    let substream = "substream = \"rtsp://10.2.0.31/stream2\"";
    for (camera, off, is_there) in [("", 0.03, false), (substream, 0.03, true), (substream, 0.6, true)] {
        let stage = Stage::new(camera, "", "2026-11-24T12:00:00Z");
        let recording = stage.clips.pattern(H264, "a.mp4");
        let evidence = stage.start();
        let mut keeper = stage.keeper(&evidence);
        let parts = stage.parts(&recording);
        parts.iter().for_each(|part| keeper.part(part));
        // The last picture ends at 10 s.
        let late = stage.violation(1, 5.0, if off > 0.5 { 9.9 + off } else { 8.0 + off });
        keeper.judged(&judged(vec![late.clone()]));
        let of_raised = |kept: &Kept| {
            let missing = kept.missing.iter().map(|missing| (missing.role, false));
            let there = kept.entries.iter().map(|entry| (entry.role, true));
            missing.chain(there).find(|(role, _)| *role == EvidenceRole::Raised).map(|(_, is_there)| is_there)
        };
        let told = stage.wait("a still", |told| told.iter().any(|kept| of_raised(kept).is_some()));
        assert_eq!(told.iter().find_map(of_raised), Some(is_there), "{camera} {off}: {told:?}");
    }
}

#[test]
fn an_error_of_the_program_costs_one_file_and_not_those_that_follow() {
    let stage = Stage::new("", "", "2026-11-24T12:00:00Z");
    let recording = stage.clips.pattern(H264, "a.mp4");
    let evidence = stage.start();
    let mut keeper = stage.keeper(&evidence);
    play(&mut keeper, stage.parts(&recording), 5.0);
    stage.fails.store(true, Relaxed);
    let ended = |number| stage.ended(&stage.violation(number, 1.0, 2.0), 3.0);
    keeper.judged(&judged(vec![ended(1)]));
    until("the error", || !stage.fails.load(Relaxed));
    keeper.judged(&judged(vec![ended(2)]));
    stage.file(&stage.wait_for(&ended(2), EvidenceRole::Ended));
    drop(keeper);
    assert!(evidence.finish(LONG));
}
