//! What was told as warned about or raised is told as ended, once.

use std::{collections::BTreeMap, time::Duration};

use firewarden::{
    config::RuleConfig,
    domain::{Class, Detection, Gap, GapReason, MediaTime, Phase, Record, Violation, When},
    geometry::BBox,
    judge::{Judge, Judgement},
    kinds::settings::{ControlRoomUnattended, FireLaneParking, Settings},
};
use proptest::prelude::*;
use uuid::Uuid;

use crate::{
    invariants::{any_steps, records},
    scene::{camera, thumbnail, wall},
    stage::{control_room, during, elevator, fire_lane, judge, look, rule},
};

/// How far what is told under one id has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    Warned,
    Raised,
    Over { raised: bool },
}

/// Whether an end may be withdrawn: a vehicle that was not seen for a while had not left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ends {
    ForGood,
    MayBeWithdrawn,
}

/// Somebody who is told by a camera's judge, and knows only that.
struct Listener {
    judge: Judge,
    lives: BTreeMap<Uuid, Life>,
    /// Phases in the order told.
    told: Vec<Phase>,
    ends: Ends,
}

impl Listener {
    fn new(config: RuleConfig, ends: Ends) -> Self {
        Self { judge: judge(vec![config]), lives: BTreeMap::new(), told: Vec::new(), ends }
    }

    fn take(&mut self, record: &Record) -> Result<(), String> {
        let judgement = self.judge.take(record);
        self.hear(&judgement)
    }

    fn tick(&mut self, at: f64) -> Result<(), String> {
        let at = MediaTime::from_secs_f64(at);
        let judgement = self.judge.tick(When { at, wall: wall(at), epoch: 0 });
        self.hear(&judgement)
    }

    fn hear(&mut self, judgement: &Judgement) -> Result<(), String> {
        judgement.violations.iter().try_for_each(|violation| self.note(violation))
    }

    fn note(&mut self, violation: &Violation) -> Result<(), String> {
        self.told.push(violation.phase);
        let life = self.lives.get(&violation.id).copied();
        let next = match (violation.phase, life) {
            (Phase::Warned, None) => Life::Warned,
            (Phase::Raised, None | Some(Life::Warned)) | (Phase::Updated, Some(Life::Raised)) => Life::Raised,
            (Phase::Ended, Some(Life::Warned)) => Life::Over { raised: false },
            (Phase::Ended, Some(Life::Raised)) => Life::Over { raised: true },
            (Phase::Updated, Some(Life::Over { raised })) if self.ends == Ends::MayBeWithdrawn => {
                if raised {
                    Life::Raised
                } else {
                    Life::Warned
                }
            }
            (phase, life) => return Err(format!("{phase:?} of what is {life:?}: {violation:?}")),
        };
        self.lives.insert(violation.id, next);
        let raised = matches!(next, Life::Raised | Life::Over { raised: true });
        let over = matches!(next, Life::Over { .. });
        if violation.raised.is_some() != raised || violation.ended.is_some() != over {
            return Err(format!("{next:?} has other times: {violation:?}"));
        }
        Ok(())
    }

    fn all_are_over(&self) -> Result<(), String> {
        let open: Vec<_> = self.lives.iter().filter(|(_, life)| !matches!(life, Life::Over { .. })).collect();
        if open.is_empty() { Ok(()) } else { Err(format!("open out of hours: {open:?}")) }
    }

    /// The recording is over: what is raised is told as open, and what was only warned about as ended.
    fn stop(mut self) -> Result<Vec<Phase>, String> {
        let judgement = self.judge.stop();
        for violation in &judgement.violations {
            if violation.last_seen.is_none() {
                self.note(violation)?;
            } else if self.lives.remove(&violation.id) != Some(Life::Raised) {
                return Err(format!("was not open: {violation:?}"));
            }
        }
        self.all_are_over()?;
        Ok(self.told)
    }
}

/// What the camera sees for a while.
#[derive(Debug, Clone)]
enum View {
    Nothing,
    /// A car of this look in this place.
    Car(u8, u8),
    Person,
    Dark,
    /// The picture is shifted, with that car in its place.
    Shifted(u8, u8),
    /// Nobody can look; whether that is told with ticks meanwhile.
    Outage(bool),
    /// Time passes without a look or a gap.
    Ticks,
}

const PLACES: [[f32; 4]; 3] = [[0.1, 0.6, 0.3, 0.8], [0.45, 0.6, 0.65, 0.8], [0.75, 0.6, 0.95, 0.8]];

fn views() -> impl Strategy<Value = Vec<(View, u16)>> {
    let car = (0u8..3, 0u8..3);
    let view = prop_oneof![
        3 => Just(View::Nothing),
        8 => car.clone().prop_map(|(place, look)| View::Car(place, look)),
        3 => Just(View::Person),
        1 => Just(View::Dark),
        1 => car.prop_map(|(place, look)| View::Shifted(place, look)),
        1 => any::<bool>().prop_map(View::Outage),
        1 => Just(View::Ticks),
    ];
    prop::collection::vec((view, 1u16..30), 1..14)
}

fn seen(view: &View, at: f64) -> Record {
    let mut look = look(at, &[]);
    match view {
        View::Car(place, pattern) | View::Shifted(place, pattern) => {
            let bbox = BBox::from(PLACES[usize::from(*place)]);
            let appearance = Some(thumbnail(u64::from(*pattern) + 1, at));
            look.detections.push(Detection {
                class: Class::Car,
                confidence: 0.9,
                bbox,
                appearance,
                model: None,
            });
        }
        View::Person => {
            look.detections.push(Detection {
                class: Class::Person,
                confidence: 0.9,
                bbox: BBox::new(0.4, 0.4, 0.5, 0.8),
                appearance: None,
                model: None,
            });
        }
        View::Dark => (look.scene.brightness, look.scene.contrast) = (0.05, 0.01),
        View::Nothing | View::Outage(_) | View::Ticks => {}
    }
    if let View::Shifted(..) = view {
        look.scene.moved = Some([0.05, 0.0]);
    }
    Record::Observation(look)
}

/// Plays what the camera sees, a look each second.
fn play(config: RuleConfig, views: &[(View, u16)]) -> Result<Vec<Phase>, String> {
    let schedule = config.schedule.clone();
    let zone = jiff::tz::TimeZone::get("Asia/Shanghai").expect("a known zone");
    let mut listener = Listener::new(config, Ends::MayBeWithdrawn);
    let mut now = 0.0;
    for (view, seconds) in views {
        let until = now + f64::from(*seconds);
        let gap = |to: Option<f64>| {
            let (from, to) = (MediaTime::from_secs_f64(now), to.map(MediaTime::from_secs_f64));
            Record::Gap(Gap { camera: camera(), epoch: 0, from, to, reason: GapReason::Offline })
        };
        if let View::Outage(_) = view {
            listener.take(&gap(None))?;
        }
        for second in 1..=*seconds {
            let at = now + f64::from(second);
            match view {
                View::Outage(false) => continue,
                View::Outage(true) | View::Ticks => listener.tick(at)?,
                view => listener.take(&seen(view, at))?,
            }
            if !schedule.holds(wall(MediaTime::from_secs_f64(at)), &zone) {
                listener.all_are_over()?;
            }
        }
        if let View::Outage(_) = view {
            listener.take(&gap(Some(until)))?;
        }
        now = until;
    }
    listener.stop()
}

fn warned_lane() -> RuleConfig {
    let (warn_after, update_every) = (Some(Duration::from_secs(5)), Some(Duration::from_secs(4)));
    let occlusion = Duration::from_secs(3);
    rule(Settings::FireLaneParking(FireLaneParking {
        warn_after,
        update_every,
        occlusion,
        ..fire_lane(12.0)
    }))
}

fn warned_post() -> RuleConfig {
    let (warn_after, update_every) = (Some(Duration::from_secs(5)), Some(Duration::from_secs(4)));
    let post = ControlRoomUnattended { warn_after, update_every, ..control_room(1, 12.0) };
    rule(Settings::ControlRoomUnattended(post))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_was_told_is_told_as_ended_unless_it_is_open_at_the_end(views in views()) {
        for config in [warned_lane(), warned_post(), elevator()] {
            for config in [config.clone(), during(config, "08:00-08:02")] {
                let played = play(config, &views);
                prop_assert!(played.is_ok(), "{}", played.err().unwrap_or_default());
            }
        }
    }

    #[test]
    fn without_appearances_an_end_is_for_good(steps in any_steps()) {
        let records = records(steps);
        for config in [warned_lane(), warned_post(), elevator()] {
            let mut listener = Listener::new(config, Ends::ForGood);
            let heard = records.iter().try_for_each(|record| listener.take(record));
            prop_assert!(heard.is_ok(), "{}", heard.err().unwrap_or_default());
            let stopped = listener.stop();
            prop_assert!(stopped.is_ok(), "{}", stopped.err().unwrap_or_default());
        }
    }
}

fn told(config: RuleConfig, views: &[(View, u16)]) -> Vec<Phase> {
    play(config, views).expect("each end is told once")
}

#[test]
fn what_was_only_warned_about_ends() {
    use Phase::{Ended, Raised, Updated, Warned};
    let (car, other) = (View::Car(0, 0), View::Car(0, 1));
    let gone = (View::Nothing, 10);
    let lane = |views: &[(View, u16)]| told(warned_lane(), views);
    // It drives off.
    assert_eq!(lane(&[(car.clone(), 9), gone.clone()]), [Warned, Ended]);
    // The recording stops, or the camera is taken away.
    assert_eq!(lane(&[(car.clone(), 9)]), [Warned, Ended]);
    // Nobody could look when it left.
    assert_eq!(lane(&[(car.clone(), 9), (View::Outage(true), 20), gone.clone()]), [Warned, Ended]);
    // The camera does not come back.
    assert_eq!(lane(&[(car.clone(), 9), (View::Outage(true), 29)]), [Warned, Ended]);
    // Another takes its place while nobody can look.
    let replaced = [(car.clone(), 9), (View::Outage(true), 20), (other, 9), gone.clone()];
    assert_eq!(lane(&replaced), [Warned, Ended, Warned, Ended]);
    // Its hours are over: at a look, and at a tick while nobody can look.
    let hours = || during(warned_lane(), "08:00-08:01");
    let late = |view: View| vec![(View::Nothing, 29), (View::Nothing, 22), (car.clone(), 8), (view, 3)];
    assert_eq!(told(hours(), &late(car.clone())), [Warned, Ended]);
    assert_eq!(told(hours(), &late(View::Outage(true))), [Warned, Ended]);
    // It had not left: the end is withdrawn, and what it stood before counts.
    let back = [(car.clone(), 9), (View::Nothing, 6), (car.clone(), 9), gone.clone()];
    let told_of_it = lane(&back);
    assert_eq!((&told_of_it[..4], told_of_it.last()), (&[Warned, Ended, Updated, Raised][..], Some(&Ended)));

    let short = (View::Nothing, 9);
    let manned = (View::Person, 10);
    let post = |views: &[(View, u16)]| told(warned_post(), views);
    assert_eq!(post(&[manned.clone(), short.clone(), manned.clone()]), [Warned, Ended]);
    assert_eq!(post(&[manned.clone(), short.clone()]), [Warned, Ended]);
    assert_eq!(post(&[short.clone(), (View::Outage(true), 20), manned.clone()]), [Warned, Ended]);
    assert_eq!(post(&[short.clone(), (View::Outage(true), 29)]), [Warned, Ended]);
    let hours = || during(warned_post(), "08:00-08:01");
    let late = |view: View| vec![(View::Person, 29), (View::Person, 22), (View::Nothing, 8), (view, 3)];
    assert_eq!(told(hours(), &late(View::Nothing)), [Warned, Ended]);
    assert_eq!(told(hours(), &late(View::Outage(true))), [Warned, Ended]);
}

#[test]
fn an_end_that_nobody_saw_is_told_as_unknown() {
    for (config, view) in [(warned_lane(), View::Car(0, 0)), (warned_post(), View::Nothing)] {
        let mut judge = judge(vec![config]);
        for second in 0..9 {
            judge.take(&seen(&view, f64::from(second)));
        }
        let [ended] = judge.stop().violations.try_into().expect("one");
        assert_eq!((ended.phase, ended.raised, ended.ended_unknown), (Phase::Ended, None, true));
        assert_eq!(ended.ended.map(|moment| moment.media_s), Some(MediaTime::from_secs_f64(8.0)));
    }
}
