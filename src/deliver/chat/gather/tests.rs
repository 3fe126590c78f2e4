use std::collections::BTreeMap;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;

const TIMING: Timing = Timing { window: Duration::from_secs(30), burst: 5, every: Duration::from_secs(4) };

fn place(sequence: u64) -> Place {
    Place { outbox: Uuid::from_u128(7).into(), sequence }
}

fn transient(after: u64) -> Refusal {
    let after = (after > 0).then(|| Duration::from_secs(after));
    Refusal::Transient { why: "not now".to_owned(), after }
}

fn permanent() -> Refusal {
    Refusal::permanent("never")
}

struct Stage {
    gather: Gather<u64>,
    now: Instant,
}

impl Stage {
    fn new() -> Self {
        let now = Instant::now();
        Self { gather: Gather::new(TIMING, now), now }
    }

    fn add(&mut self, sequence: u64, urgency: Urgency) {
        self.gather.add(place(sequence), urgency, sequence, self.now).expect("taken");
    }

    fn begin(&mut self) -> Option<Vec<u64>> {
        Some(self.gather.begin(self.now)?.into_iter().copied().collect())
    }

    fn end(&mut self, result: Result<(), Refusal>) -> Vec<(u64, Result<(), Refusal>)> {
        self.gather.end(result, self.now)
    }

    fn pass(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }
}

use Urgency::{Collected, Urgent};

#[test]
fn what_is_urgent_goes_at_once_with_what_waits_before_it() {
    let mut stage = Stage::new();
    stage.add(1, Collected);
    stage.add(2, Collected);
    assert_eq!(stage.begin(), None);
    stage.add(3, Urgent);
    stage.add(4, Collected);
    assert_eq!(stage.begin(), Some(vec![1, 2, 3]));
    assert_eq!(stage.begin(), None, "one message at a time");
    assert_eq!(stage.gather.due(stage.now), None);
    assert_eq!(stage.end(Ok(())), [(1, Ok(())), (2, Ok(())), (3, Ok(()))]);
    assert_eq!(stage.begin(), None);
}

#[test]
fn at_the_end_what_was_collected_goes_at_once_and_nothing_is_kept_for_what_is_urgent() {
    let mut stage = Stage::new();
    stage.add(1, Collected);
    assert_eq!(stage.begin(), None);
    stage.gather.hurry();
    for sequence in 1..=5 {
        assert_eq!(stage.gather.due(stage.now), Some(stage.now));
        assert_eq!(stage.begin(), Some(vec![sequence]), "its token is the last that is kept");
        stage.end(Ok(()));
        stage.add(sequence + 1, Collected);
    }
    assert_eq!(stage.begin(), None, "robots take no more");
}

#[test]
fn the_rest_is_collected_for_half_a_minute_from_the_first() {
    let mut stage = Stage::new();
    let first = stage.now;
    stage.add(1, Collected);
    stage.pass(20);
    stage.add(2, Collected);
    assert_eq!(stage.gather.due(stage.now), Some(first + TIMING.window));
    stage.pass(9);
    assert_eq!(stage.begin(), None);
    stage.pass(1);
    assert_eq!(stage.begin(), Some(vec![1, 2]));
}

#[test]
fn what_is_urgent_does_not_wait_with_a_digest_for_a_token() {
    let mut stage = Stage::new();
    for sequence in 1..=4 {
        stage.add(sequence, Urgent);
        assert!(stage.begin().is_some());
        stage.end(Ok(()));
    }
    stage.add(5, Collected);
    // Tokens come while it is collected: they are used up by what is urgent.
    stage.pass(30);
    for sequence in 6..=9 {
        stage.add(sequence, Urgent);
        assert!(stage.begin().is_some());
        stage.end(Ok(()));
    }
    stage.add(10, Collected);
    stage.pass(30);
    for _ in 0..3 {
        assert!(stage.gather.spare(stage.now), "of five, stills leave two");
    }
    assert!(!stage.gather.spare(stage.now));
    assert_eq!(stage.begin(), Some(vec![10]));
    stage.end(Ok(()));
    stage.add(11, Collected);
    stage.pass(0);
    stage.gather.waiting[0].since -= TIMING.window;
    assert_eq!(stage.begin(), None, "one token is left, for what is urgent");
    assert!(stage.gather.due(stage.now).is_some_and(|due| due > stage.now));
    stage.add(12, Urgent);
    assert_eq!(stage.begin(), Some(vec![11, 12]));
}

#[test]
fn a_hundred_urgent_ones_are_twenty_messages_in_a_minute_and_none_is_left() {
    let mut stage = Stage::new();
    let (mut messages, mut alerts) = (Vec::new(), 0);
    for tenth in 0..900 {
        if tenth % 3 == 0 && tenth < 300 {
            stage.add(tenth, Urgent);
        }
        if let Some(batch) = stage.begin() {
            alerts += batch.len();
            messages.push(tenth);
            stage.end(Ok(()));
        }
        stage.now += Duration::from_millis(100);
    }
    assert_eq!(alerts, 100);
    let most = (0..900_u64).map(|from| messages.iter().filter(|at| (from..from + 600).contains(at)).count());
    assert!(most.max() <= Some(20) && messages.len() > 5, "{messages:?}");
}

#[test]
fn after_too_many_nothing_is_taken_for_a_minute() {
    let mut stage = Stage::new();
    stage.add(1, Urgent);
    assert!(stage.begin().is_some());
    stage.add(2, Collected);
    let refused = stage.end(Err(transient(60)));
    assert_eq!(refused, [(1, Err(transient(60))), (2, Err(transient(60)))]);
    stage.pass(59);
    let (_, refusal) = stage.gather.add(place(1), Urgent, 1, stage.now).expect_err("not yet");
    assert_eq!(refusal, transient(1));
    stage.pass(1);
    stage.add(1, Urgent);
    assert_eq!(stage.begin(), Some(vec![1]));
}

#[test]
fn nothing_overtakes_what_was_refused() {
    let mut stage = Stage::new();
    stage.add(1, Urgent);
    assert!(stage.begin().is_some());
    stage.end(Err(transient(0)));
    // It was given before the refusal was heard of.
    assert_eq!(stage.gather.add(place(2), Urgent, 2, stage.now), Err((2, transient(0))));
    stage.add(1, Urgent);
    stage.add(2, Urgent);
    assert_eq!(stage.begin(), Some(vec![1, 2]));
    stage.end(Err(transient(0)));
    // The first may never come again, as somebody has purged it.
    stage.pass(1);
    stage.add(2, Urgent);
    assert_eq!(stage.begin(), Some(vec![2]));
}

#[test]
fn the_one_that_is_refused_for_good_is_found_and_the_others_are_sent() {
    for bad in 1..=7 {
        let mut stage = Stage::new();
        for sequence in 1..=7 {
            stage.add(sequence, Urgent);
        }
        let (mut answers, mut requests) = (BTreeMap::new(), 0);
        while answers.len() < 7 {
            stage.pass(4);
            let batch = stage.begin().expect("a message");
            requests += 1;
            let result = if batch.contains(&bad) { Err(permanent()) } else { Ok(()) };
            for (sequence, answer) in stage.end(result) {
                assert_eq!(answers.insert(sequence, answer.clone()), None);
                assert_eq!(answer.is_err(), sequence == bad);
            }
        }
        assert!(requests <= 7, "{requests}");
        assert!(stage.gather.narrowing.is_none() || bad != 7);
    }
}

#[test]
fn who_no_longer_waits_is_not_told() {
    let mut stage = Stage::new();
    for sequence in [1, 3, 2] {
        stage.add(sequence, Urgent);
    }
    stage.gather.forget(|sequence| *sequence == 1);
    assert_eq!(stage.begin(), Some(vec![2, 3]), "in the order of their places");
}

#[derive(Debug, Clone)]
enum Happens {
    Comes { camera: u8, is_urgent: bool },
    Passes(u16),
    Taken,
    Refused,
    NotNow(u8),
    StillRefused(u8),
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        6 => (0..4_u8, any::<bool>()).prop_map(|(camera, is_urgent)| Happens::Comes { camera, is_urgent }),
        4 => (0..40_000_u16).prop_map(Happens::Passes),
        4 => Just(Happens::Taken),
        1 => Just(Happens::Refused),
        2 => (0..90_u8).prop_map(Happens::NotNow),
        1 => (1..90_u8).prop_map(Happens::StillRefused),
    ]
}

/// Whoever gives alerts: each until it is answered for good, from the first on after a refusal.
#[derive(Default)]
struct Giver {
    /// By sequence: camera, urgency.
    alerts: Vec<(u8, Urgency)>,
    /// What waits to be given, again or for the first time.
    outside: std::collections::BTreeSet<u64>,
    /// What was given and is not answered.
    inside: std::collections::BTreeSet<u64>,
    taken: Vec<u64>,
    refused: Vec<u64>,
}

impl Giver {
    fn give(&mut self, gather: &mut Gather<u64>, now: Instant) -> Result<(), TestCaseError> {
        // It waits for the answers of what it has given where one of them was a refusal.
        if !self.inside.is_empty() && self.outside.first() < self.inside.first() {
            return Ok(());
        }
        while let Some(sequence) = self.outside.pop_first() {
            let urgency = self.alerts[usize::try_from(sequence).expect("few")].1;
            prop_assert!(self.inside.insert(sequence));
            if let Err((item, refusal)) = gather.add(place(sequence), urgency, sequence, now) {
                let is_transient = matches!(refusal, Refusal::Transient { .. });
                prop_assert!(item == sequence && is_transient);
                self.inside.remove(&sequence);
                self.outside.insert(sequence);
                break;
            }
        }
        Ok(())
    }

    fn answered(&mut self, answers: Vec<(u64, Result<(), Refusal>)>) -> Result<(), TestCaseError> {
        for (sequence, answer) in answers {
            prop_assert!(self.inside.remove(&sequence), "{sequence} is answered once");
            match answer {
                Ok(()) => self.taken.push(sequence),
                Err(Refusal::Permanent { .. }) => self.refused.push(sequence),
                Err(Refusal::Transient { .. }) => prop_assert!(self.outside.insert(sequence)),
            }
        }
        Ok(())
    }
}

proptest! {
    #[test]
    fn each_is_answered_once_and_each_cameras_are_sent_in_order(all in prop::collection::vec(happens(), 1..120)) {
        let mut now = Instant::now();
        let mut gather = Gather::new(TIMING, now);
        let mut giver = Giver::default();
        let mut on_its_way: Option<Vec<u64>> = None;
        let ends = std::iter::repeat_with(|| [Happens::Passes(40_000), Happens::Taken]).take(200).flatten();
        for what in all.into_iter().chain(ends) {
            let result = match what {
                Happens::Comes { camera, is_urgent } => {
                    giver.outside.insert(giver.alerts.len() as u64);
                    giver.alerts.push((camera, if is_urgent { Urgent } else { Collected }));
                    None
                }
                Happens::Passes(ms) => {
                    now += Duration::from_millis(ms.into());
                    None
                }
                Happens::Taken => Some(Ok(())),
                Happens::Refused => Some(Err(permanent())),
                Happens::NotNow(after) => Some(Err(transient(after.into()))),
                Happens::StillRefused(after) => {
                    giver.answered(gather.hold(&transient(after.into()), now))?;
                    None
                }
            };
            if let (Some(result), Some(sent)) = (result, &on_its_way) {
                let answers = gather.end(result, now);
                prop_assert!(answers.is_empty() || answers.len() >= sent.len());
                giver.answered(answers)?;
                on_its_way = None;
            }
            giver.give(&mut gather, now)?;
            if let Some(batch) = gather.begin(now) {
                prop_assert!(on_its_way.is_none() && !batch.is_empty());
                on_its_way = Some(batch.into_iter().copied().collect());
            }
        }
        prop_assert!(giver.inside.is_empty() && giver.outside.is_empty(), "nothing is left");
        prop_assert_eq!(giver.taken.len() + giver.refused.len(), giver.alerts.len());
        for camera in 0..4 {
            let of = |sequence: &&u64| giver.alerts[usize::try_from(**sequence).expect("few")].0 == camera;
            let sent: Vec<u64> = giver.taken.iter().filter(of).copied().collect();
            prop_assert!(sent.is_sorted_by(|a, b| a < b), "{sent:?}");
        }
    }
}
