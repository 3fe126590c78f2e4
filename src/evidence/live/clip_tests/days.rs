use super::*;
use crate::{
    evidence::live::days::Days,
    files::sha256,
    results::{DAY_MANIFEST, DayIs, Handling, REMOVED, SUMS, Stored, StoredError, VIOLATIONS, Wrong, verify},
};

/// Two seconds before midnight in Shanghai.
const EVE: &str = "2026-11-24T15:59:58Z";

/// Waits until all of a violation's evidence was told.
fn complete(stage: &Stage, violation: &Violation) -> [Entry; 3] {
    [EvidenceRole::Started, EvidenceRole::Raised, EvidenceRole::Clip]
        .map(|role| stage.wait_for(violation, role))
}

fn lines(path: &Path) -> usize {
    fs::read_to_string(path).unwrap_or_default().lines().count()
}

/// A violation with all of its evidence, raised three seconds after the stage began.
fn one(stage: &Stage, evidence: &Evidence, number: u128, raised: f64) -> (Keeper, Violation, Vec<Part>) {
    let recording = stage.clips.pattern(H264, "a.mp4");
    let mut keeper = stage.keeper(evidence);
    let later = play(&mut keeper, stage.parts(&recording), raised + 0.5);
    let violation = stage.violation(number, 0.5, raised);
    stage.violations.lock().expect("sound").push(violation.clone());
    keeper.told(&stage.look(raised), &judged(vec![violation.clone()]));
    (keeper, violation, later)
}

#[test]
fn a_day_is_closed_after_the_sites_midnight_and_again_when_something_comes_later() {
    let stage = Stage::new("", "pre_roll = \"1s\"\npost_roll = \"1s\"", EVE);
    let evidence = stage.start();
    let (mut keeper, violation, later) = one(&stage, &evidence, 1, 1.0);
    play_on(&mut keeper, &later);
    let [.., clip] = complete(&stage, &violation);
    assert!(clip.name.starts_with("evidence/2026-11-24/"), "{}", clip.name);
    let day = stage.root.join("2026-11-24");
    assert!(!day.join(SUMS).exists());
    stage.clock.advance(Duration::from_secs(15));
    until("the end of the day", || day.join(SUMS).exists());
    let verified = verify(&day).expect("a day");
    assert_eq!((verified.problems, verified.sound, verified.day), (vec![], 6, Some(DayIs::Closed)));
    let stored = Stored::read(&day).expect("a day");
    assert_eq!((stored.violations.len(), stored.entries.len()), (1, 3));
    assert_eq!(stored.violations[0].evidence.len(), 3);
    let outcome = fs::read_to_string(day.join("outcome.json")).expect("an outcome");
    assert!(outcome.contains("10.2.0.31") && !outcome.contains("secret"), "{outcome}");
    // It ends after midnight.
    let ended = stage.ended(&violation, 8.0);
    *stage.violations.lock().expect("sound") = vec![ended.clone()];
    keeper.judged(&judged(vec![ended.clone()]));
    let still = stage.wait_for(&ended, EvidenceRole::Ended);
    assert!(still.name.starts_with("evidence/2026-11-24/"), "{}", still.name);
    assert!(!day.join(SUMS).exists());
    stage.clock.advance(Duration::from_secs(15));
    until("the end of the day", || day.join(SUMS).exists());
    assert_eq!(verify(&day).expect("a day").problems, []);
    let stored = Stored::read(&day).expect("a day");
    assert_eq!((stored.violations[0].phase, stored.violations[0].evidence.len()), (Phase::Ended, 4));
    assert!(!stage.root.join("2026-11-25").exists());
}

#[test]
fn what_goes_on_over_midnight_is_one_of_both_days() {
    let stage = Stage::new("", "pre_roll = \"1s\"\npost_roll = \"1s\"", EVE);
    let evidence = stage.start();
    // The first is raised before midnight, the second after it.
    let (mut keeper, goes_on, later) = one(&stage, &evidence, 1, 1.0);
    let later = play(&mut keeper, later, 6.5);
    let next = stage.violation(2, 5.0, 6.0);
    stage.violations.lock().expect("sound").push(next.clone());
    keeper.told(&stage.look(6.0), &judged(vec![next.clone()]));
    play_on(&mut keeper, &later);
    complete(&stage, &goes_on);
    complete(&stage, &next);
    stage.clock.advance(Duration::from_secs(86_400 + 60));
    let ids = |day: &str| {
        let day = stage.root.join(day);
        until("the end of the day", || day.join(SUMS).exists());
        assert_eq!(verify(&day).expect("a day").problems, []);
        let stored = Stored::read(&day).expect("a day");
        stored.violations.iter().map(|known| (known.id, known.evidence.len())).collect::<Vec<_>>()
    };
    assert_eq!(ids("2026-11-24"), [(goes_on.id, 3)]);
    assert_eq!(ids("2026-11-25"), [(goes_on.id, 0), (next.id, 3)]);
}

#[test]
fn a_day_that_goes_on_can_be_read() {
    let stage = Stage::new("", "pre_roll = \"1s\"\npost_roll = \"1s\"", "2026-11-24T12:00:00Z");
    let evidence = stage.start();
    let (mut keeper, violation, later) = one(&stage, &evidence, 1, 1.0);
    play_on(&mut keeper, &later);
    complete(&stage, &violation);
    let day = stage.root.join("2026-11-24");
    let error = Stored::read(&day).expect_err("nothing was exported yet");
    assert!(matches!(error, StoredError::NotYet(_)), "{error}");
    stage.clock.advance(Duration::from_secs(70));
    until("the first export", || day.join(VIOLATIONS).exists() && day.join("outcome.json").exists());
    let verified = verify(&day).expect("a day");
    assert_eq!((verified.problems, verified.sound, verified.day), (vec![], 3, Some(DayIs::Open)));
    let stored = Stored::read(&day).expect("a day");
    assert_eq!((stored.violations.len(), stored.entries.len(), stored.day), (1, 3, Some(DayIs::Open)));
    fs::write(day.join(&stored.entries[0].name), b"other").expect("written");
    let verified = verify(&day).expect("a day");
    assert!(matches!(verified.problems[..], [ref problem] if problem.what == Wrong::Changed));
    assert!(matches!(Stored::read(&day), Err(StoredError::Changed(_))));
}

#[test]
fn strangers_see_nothing() {
    use std::os::unix::fs::PermissionsExt;
    let stage = Stage::new("", "pre_roll = \"1s\"\npost_roll = \"1s\"", EVE);
    let evidence = stage.start();
    let (mut keeper, violation, later) = one(&stage, &evidence, 1, 1.0);
    play_on(&mut keeper, &later);
    complete(&stage, &violation);
    stage.clock.advance(Duration::from_secs(15));
    let day = stage.root.join("2026-11-24");
    until("the end of the day", || day.join(SUMS).exists());
    let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!((mode(&stage.root), mode(&day)), (0o750, 0o750));
    for file in fs::read_dir(&day).expect("a folder") {
        let path = file.expect("a file").path();
        assert_eq!(mode(&path), 0o640, "{}", path.display());
    }
}

#[test]
fn a_run_that_lost_its_power_is_put_right() {
    let stage = Stage::new("", "pre_roll = \"1s\"\npost_roll = \"1s\"", "2026-11-24T12:00:00Z");
    let evidence = stage.start();
    let (mut keeper, violation, later) = one(&stage, &evidence, 1, 1.0);
    play_on(&mut keeper, &later);
    let [started, raised, clip] = complete(&stage, &violation).map(|entry| stage.file(&entry));
    drop(keeper);
    assert!(evidence.finish(LONG));
    let day = stage.root.join("2026-11-24");
    let list = day.join(DAY_MANIFEST);
    // One was listed and not named yet, one is lost, a third was never listed, and a line is half there.
    fs::rename(&started, day.join(".firewarden-abc")).expect("renamed");
    fs::remove_file(&clip).expect("removed");
    fs::write(day.join(".firewarden-def"), b"half a clip").expect("written");
    let text = fs::read_to_string(&list).expect("a list");
    fs::write(&list, text.clone() + &text[..40]).expect("written");
    let evidence = stage.start();
    assert!(started.exists() && raised.exists() && !day.join(".firewarden-def").exists());
    assert_eq!((lines(&list), lines(&day.join(REMOVED))), (3, 1));
    let verified = verify(&day).expect("a day");
    assert_eq!((verified.problems, verified.sound, verified.removed), (vec![], 2, 1));
    let left = evidence.unclosed();
    let names: Vec<_> = left.iter().flat_map(|kept| &kept.entries).map(|entry| stage.file(entry)).collect();
    assert!(left.len() == 1 && names.contains(&started) && names.contains(&raised), "{left:?}");
    // The day goes on.
    let (keeper, second, _) = one(&stage, &evidence, 2, 2.0);
    stage.wait_for(&second, EvidenceRole::Raised);
    drop(keeper);
    assert!(evidence.finish(LONG));
    assert_eq!(lines(&list), 6);
    assert_eq!(verify(&day).expect("a day").problems, []);
    // A box that was off over midnight closes it when it is back.
    stage.clock.advance(Duration::from_secs(86_400));
    let evidence = stage.start();
    stage.clock.advance(Duration::from_secs(15));
    until("the end of the day", || day.join(SUMS).exists());
    let verified = verify(&day).expect("a day");
    assert_eq!((verified.problems, verified.day), (vec![], Some(DayIs::Closed)));
    let missing = &Stored::read(&day).expect("a day").violations[0].missing;
    assert!(missing.is_empty() || missing[0].role == EvidenceRole::Clip, "{missing:?}");
    assert!(evidence.finish(LONG));
}

/// Files of these days, a thousand bytes each.
fn filled(stage: &Stage, days: &[(&str, usize)]) -> Vec<String> {
    let clock: Arc<Manual> = Arc::clone(&stage.clock);
    let kept = Days::new(&stage.root, stage.config.site.timezone.clone(), clock);
    let mut names = Vec::new();
    for (day, count) in days {
        let day = day.parse().expect("a day");
        for number in 0..*count {
            let bytes = vec![number as u8; 1000];
            let name = format!("lane_{number}_raised.jpg");
            names.push(Days::name(day, &name));
            let entry = Entry {
                name,
                role: EvidenceRole::Raised,
                violation: Uuid::from_u128(number as u128),
                sha256: sha256(&bytes),
                bytes: 1000,
                first_s: MediaTime::ZERO,
                last_s: MediaTime::ZERO,
                source: Vec::new(),
                shortfalls: Vec::new(),
                coding: None,
                handling: Handling::AsRecorded,
            };
            kept.keep(day, &entry, &bytes).expect("kept");
        }
    }
    names
}

fn there(stage: &Stage, names: &[String]) -> Vec<bool> {
    names
        .iter()
        .map(|name| stage.root.join(name.strip_prefix("evidence/").expect("below")).exists())
        .collect()
}

#[test]
fn evidence_that_is_older_than_it_may_be_goes_but_for_what_is_needed() {
    let stage = Stage::new("", "keep = \"2d\"", "2026-11-24T12:00:00Z");
    let names = filled(&stage, &[("2026-11-20", 2), ("2026-11-21", 2), ("2026-11-22", 2), ("2026-11-24", 1)]);
    stage.needed.lock().expect("sound").insert(names[2].clone());
    let evidence = stage.start();
    until("the sweep", || evidence.facts().removed == 3);
    assert_eq!(there(&stage, &names), [false, false, true, false, true, true, true]);
    assert!(!stage.root.join("2026-11-20").exists());
    assert_eq!(verify(&stage.root.join("2026-11-21")).expect("a day").problems, []);
    // Once it is delivered it goes with the next sweep.
    stage.needed.lock().expect("sound").clear();
    stage.clock.advance(Duration::from_secs(3601));
    until("the next sweep", || !stage.root.join("2026-11-21").exists());
}

#[test]
fn the_oldest_evidence_goes_where_all_takes_too_much_and_lists_hold() {
    let mut stage = Stage::new("", "", "2026-11-24T12:00:00Z");
    let names = filled(&stage, &[("2026-11-20", 5), ("2026-11-23", 5)]);
    // The days are closed first.
    let evidence = stage.start();
    stage.clock.advance(Duration::from_secs(15));
    let days = ["2026-11-20", "2026-11-23"].map(|day| stage.root.join(day));
    until("the ends of the days", || days.iter().all(|day| day.join(SUMS).exists()));
    assert!(evidence.finish(LONG));
    let total: u64 = days.iter().map(|day| size(day)).sum();
    stage.config.evidence.budget.0 = total - 5500;
    stage.needed.lock().expect("sound").insert(names[1].clone());
    let evidence = stage.start();
    until("the sweep", || evidence.facts().removed == 6);
    let expected = [false, true, false, false, false, false, false, true, true, true];
    assert_eq!(there(&stage, &names), expected);
    for (day, sound, removed) in [(&days[0], 4, 4), (&days[1], 6, 2)] {
        let verified = verify(day).expect("a day");
        assert_eq!((verified.problems, verified.sound, verified.removed), (vec![], sound, removed));
        assert_eq!(verified.day, Some(DayIs::Closed));
        Stored::read(day).expect("it can be read");
    }
}

#[test]
fn a_clock_that_is_set_wrong_removes_nothing() {
    let stage = Stage::new("", "keep = \"2d\"", "2026-11-24T12:00:00Z");
    let names = filled(&stage, &[("2026-11-23", 1)]);
    let evidence = stage.start();
    until("the first sweep", || evidence.facts().bytes > 0);
    stage.clock.set("2036-01-01T00:00:00Z".parse().expect("a time"));
    stage.clock.advance(Duration::from_secs(3601));
    // The day is closed before.
    until("the end of the day", || stage.root.join("2026-11-23").join(SUMS).exists());
    until("the next sweep", || evidence.facts().bytes == size(&stage.root.join("2026-11-23")));
    assert_eq!(there(&stage, &names), [true]);
}

/// What a day's files take.
fn size(folder: &Path) -> u64 {
    fs::read_dir(folder)
        .expect("a folder")
        .map(|file| file.expect("a file").metadata().expect("one").len())
        .sum()
}

#[test]
fn a_first_still_lies_in_the_day_of_the_warning_and_in_that_of_the_violation() {
    let stage = Stage::new("", "pre_roll = \"1s\"\npost_roll = \"1s\"", EVE);
    let recording = stage.clips.pattern(H264, "a.mp4");
    let evidence = stage.start();
    let mut keeper = stage.keeper(&evidence);
    let later = play(&mut keeper, stage.parts(&recording), 1.0);
    let raised = stage.violation(1, 0.5, 4.0);
    keeper.told(&stage.look(0.5), &stage.candidate(&raised, CandidatePhase::Began));
    keeper.judged(&judged(vec![stage.warned(&raised)]));
    let first = stage.wait_for(&raised, EvidenceRole::Started);
    play(&mut keeper, later, 4.5);
    keeper.judged(&judged(vec![raised.clone()]));
    stage.wait_for(&raised, EvidenceRole::Raised);
    let second = stage.wait_for(&raised, EvidenceRole::Started);
    assert!(
        first.name.starts_with("evidence/2026-11-24/") && second.name.starts_with("evidence/2026-11-25/")
    );
    assert_eq!(first.sha256, second.sha256);
    stage.file(&first);
    stage.file(&second);
}

#[test]
fn a_first_still_that_a_run_before_has_written_is_not_missed() {
    let stage = Stage::new("", "", "2026-11-24T12:00:00Z");
    let recording = stage.clips.pattern(H264, "a.mp4");
    let raised = stage.violation(1, 0.5, 8.0);
    let parts = stage.parts(&recording);
    let evidence = stage.start();
    let mut keeper = stage.keeper(&evidence);
    let later = play(&mut keeper, parts, 3.0);
    keeper.judged(&judged(vec![stage.warned(&raised)]));
    stage.wait_for(&raised, EvidenceRole::Started);
    drop(keeper);
    assert!(evidence.finish(LONG));
    let evidence = stage.start();
    let mut keeper = stage.keeper(&evidence);
    play_on(&mut keeper, &later);
    keeper.judged(&judged(vec![raised.clone()]));
    drop(keeper);
    assert!(evidence.finish(LONG));
    let told = stage.wait("all", |_| true);
    assert!(told.iter().all(|kept| kept.missing.is_empty()), "{told:?}");
    assert_eq!(told.iter().flat_map(|kept| &kept.entries).count(), 3);
}
