//! Outbox and dispatcher as a model: whatever is told, answered, lost and broken off, in whatever order, every alert arrives, in
//! its order, or lies among the dead letters.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use uuid::Uuid;

use super::{
    super::{
        Pace, Refusal,
        scripted::{Peer, Policy},
    },
    *,
};
use crate::{
    domain::{CameraFact, CameraHealth, CameraId, OfflineReason},
    ledger::database::tests::bench::{Bench, SINK},
};

const CAMERAS: usize = 4;

#[derive(Debug, Clone)]
enum Act {
    /// So many alerts come of a camera.
    Tell(usize, usize),
    /// The sink does this from now on.
    Answer(Policy),
    /// The sink never takes what comes of a camera, or takes it again.
    Spoil(usize),
    Accept(usize),
    /// So many answers are waited for, where any come.
    Pause,
    /// The power fails.
    Crash,
    /// The program ends and begins again.
    Restart,
    /// The platform asks for these again.
    Again(u64, u64),
}

fn act() -> impl Strategy<Value = Act> {
    let policy = prop_oneof![
        3 => Just(Policy::Take),
        1 => Just(Policy::LoseAnswer),
        1 => Just(Policy::Refuse),
        1 => Just(Policy::Hang),
    ];
    prop_oneof![
        6 => (0..CAMERAS, 1..6usize).prop_map(|(camera, count)| Act::Tell(camera, count)),
        4 => policy.prop_map(Act::Answer),
        1 => (0..CAMERAS).prop_map(Act::Spoil),
        1 => (0..CAMERAS).prop_map(Act::Accept),
        3 => Just(Act::Pause),
        1 => Just(Act::Crash),
        1 => Just(Act::Restart),
        1 => (0..20u64, 0..20u64).prop_map(|(from, more)| Act::Again(from, from + more)),
    ]
}

/// What the script made happen, which is what must arrive.
#[derive(Default)]
struct Script {
    told: u64,
    /// The moments at which each camera was told offline, in their order, as far as that is on the disk.
    kept: BTreeMap<usize, Vec<i64>>,
}

impl Script {
    fn tell(&mut self, handle: &Handle, camera: usize) {
        self.told += 1;
        let since = i64::try_from(self.told).expect("few");
        let health = CameraHealth {
            site: SiteId::new("lf-027").expect("an id"),
            camera: id(camera),
            camera_name: "门".to_owned(),
            camera_labels: [].into(),
            since: Timestamp::from_second(since).expect("a time"),
        };
        handle.health(health, CameraFact::Offline(OfflineReason::Stalled));
        self.kept.entry(camera).or_default().push(since);
    }
}

fn id(camera: usize) -> CameraId {
    CameraId::new(&format!("camera-{camera}")).expect("an id")
}

fn begin(bench: &Bench, peer: &Peer, stop: &Stop) -> Dispatcher {
    let mut dispatcher =
        Dispatcher::start(bench.handle(), &[], &super::tests::sender(), super::tests::health, stop.clone())
            .expect("it starts");
    dispatcher.serve_scripted(SINK, peer.sink(Pace::CameraByCamera));
    dispatcher
}

fn written(handle: &Handle) {
    super::tests::until("all is written down", || handle.facts().in_memory == 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 0, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_every_alert_arrives_in_its_order(acts in prop::collection::vec(act(), 1..30)) {
        let mut bench = Bench::new();
        let peer = Peer::new(Policy::Take);
        let mut script = Script::default();
        let mut stop = Stop::default();
        let mut dispatcher = begin(&bench, &peer, &stop);
        for act in acts {
            match act {
                Act::Tell(camera, count) => {
                    for _ in 0..count {
                        script.tell(&bench.handle(), camera);
                    }
                    written(&bench.handle());
                }
                Act::Answer(policy) => peer.set(policy),
                Act::Spoil(camera) => peer.refuse(id(camera).as_str(), Refusal::permanent("it is malformed")),
                Act::Accept(camera) => peer.accept(id(camera).as_str()),
                Act::Pause => thread::sleep(Duration::from_millis(3)),
                Act::Crash => {
                    let (other, _) = bench.crash();
                    drop(dispatcher);
                    bench = other;
                    stop = Stop::default();
                    dispatcher = begin(&bench, &peer, &stop);
                }
                Act::Restart => {
                    stop.set(crate::stop::Signal::Terminate);
                    let _ = dispatcher.finish(Duration::from_millis(50));
                    stop = Stop::default();
                    dispatcher = begin(&bench, &peer, &stop);
                }
                Act::Again(from, to) => {
                    let handle = bench.handle();
                    handle.again(SINK, handle.outbox(), from..=to, 1_000).expect("written");
                }
            }
        }
        // At last all goes well.
        peer.set(Policy::Take);
        for camera in 0..CAMERAS {
            peer.accept(id(camera).as_str());
        }
        let handle = bench.handle();
        drop(dispatcher);
        let dispatcher = begin(&bench, &peer, &stop);
        let waits = || handle.facts().sinks.get(SINK).map_or(0, |depth| depth.waiting);
        super::tests::until("nothing waits", || waits() == 0);
        prop_assert!(dispatcher.finish(super::tests::PATIENCE).is_empty());

        let dead = handle.facts().sinks.get(SINK).map_or(0, |depth| depth.refused);
        let mut first: BTreeMap<Uuid, String> = BTreeMap::new();
        let mut seen: BTreeMap<usize, Vec<i64>> = BTreeMap::new();
        for queued in peer.had() {
            match first.get(&queued.id) {
                Some(body) => prop_assert_eq!(body, &queued.body, "a repeat is the same"),
                None => {
                    let alert = queued.alert().expect("an alert");
                    let camera = (0..CAMERAS).find(|camera| id(*camera) == queued.camera).expect("one of them");
                    seen.entry(camera).or_default().push(alert.time.as_second());
                    first.insert(queued.id, queued.body);
                }
            }
        }
        let mut missing = 0;
        for (camera, told) in &script.kept {
            let seen = seen.remove(camera).unwrap_or_default();
            prop_assert!(seen.is_sorted(), "of one camera, alerts come in their order: {:?}", seen);
            let seen: BTreeSet<i64> = seen.into_iter().collect();
            missing += told.iter().filter(|time| !seen.contains(time)).count() as u64;
            prop_assert!(seen.iter().all(|time| told.contains(time)), "what arrives was told");
        }
        prop_assert!(missing <= dead, "{} did not arrive, and {} are dead letters", missing, dead);
    }
}
