use super::*;
use crate::{domain::MissingCause, results::Shortfall};

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
