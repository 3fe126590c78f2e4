//! What was made happen, which is the oracle, and what came of it on the other side.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use jiff::Timestamp;
use serde_json::Value;

/// What a script told: of each camera, since when it is offline, each another moment, in order.
#[derive(Debug, Clone, Default)]
pub struct Script {
    told: BTreeMap<String, Vec<Timestamp>>,
    /// What may have been told: the program was killed before it said that it is written down.
    perhaps: BTreeSet<(String, Timestamp)>,
    /// What nobody is to have: it is refused for good.
    dead: BTreeSet<(String, Timestamp)>,
    count: i64,
}

/// What it came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    pub expected: usize,
    /// How many of those came.
    pub delivered: usize,
    /// How often one came that was there.
    pub repeated: usize,
    pub lost: usize,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { expected, delivered, repeated, lost } = self;
        write!(f, "{expected} expected, {delivered} delivered, {repeated} repeated, {lost} lost")
    }
}

impl Script {
    /// The next moment, which no other has.
    pub fn next(&mut self, camera: &str) -> Timestamp {
        self.count += 1;
        let moment = Timestamp::from_second(1_780_000_000 + self.count).expect("a time");
        self.told.entry(camera.to_owned()).or_default().push(moment);
        moment
    }

    /// The moments of another script are passed over.
    pub fn skip(&mut self, moments: i64) {
        self.count += moments;
    }

    /// Whether an alert is one that was told.
    pub fn knows(&self, text: &str) -> bool {
        let (camera, moment) = key(&read(text));
        self.told.get(&camera).is_some_and(|told| told.contains(&moment))
    }

    /// What was told last so often of a camera is not known to be written down.
    pub fn is_doubtful(&mut self, camera: &str, moment: Timestamp) {
        self.perhaps.insert((camera.to_owned(), moment));
    }

    /// Nobody is to have this one.
    pub fn is_refused(&mut self, camera: &str, moment: Timestamp) {
        self.dead.insert((camera.to_owned(), moment));
    }

    /// How many are to come for certain.
    pub fn expected(&self) -> usize {
        self.told.values().map(Vec::len).sum::<usize>() - self.perhaps.len() - self.dead.len()
    }

    /// How many of those that are to come for certain have come.
    pub fn arrived(&self, received: &[String]) -> usize {
        let came: BTreeSet<(String, Timestamp)> = received.iter().map(|text| key(&read(text))).collect();
        came.iter().filter(|key| !self.perhaps.contains(key) && !self.dead.contains(key)).count()
    }

    /// Asserts that all came, in order by camera, repeats as they were, and nothing else did. What a subscriber calls late is so, and
    /// nothing else is.
    pub fn check(&self, received: &[String]) -> Report {
        let mut first: BTreeMap<(String, Timestamp), (String, Value)> = BTreeMap::new();
        let mut by_camera: BTreeMap<String, Vec<(Timestamp, u64, bool)>> = BTreeMap::new();
        let mut boxes = BTreeSet::new();
        let mut repeated = 0;
        for text in received {
            let mut alert = read(text);
            let key = key(&alert);
            let is_late = alert.as_object_mut().and_then(|alert| alert.remove("late")).is_some();
            let id = alert["id"].as_str().expect("an id").to_owned();
            if let Some((known, as_first)) = first.get(&key) {
                assert_eq!(known, &id, "it was told twice: {text}");
                assert_eq!(*as_first, alert, "a repeat is what came first");
                repeated += 1;
                continue;
            }
            boxes.insert(alert["outboxid"].to_string());
            by_camera.entry(key.0.clone()).or_default().push((key.1, sequence(&alert), is_late));
            first.insert(key, (id, alert));
        }
        assert!(boxes.len() <= 1, "one outbox: {boxes:?}");
        let mut report = Report { repeated, expected: self.expected(), ..Report::default() };
        for (camera, told) in &self.told {
            let came = by_camera.remove(camera).unwrap_or_default();
            let mut last = None;
            for (moment, sequence, is_late) in &came {
                let is_next = last.is_none_or(|(before, number)| (before < moment) && number < sequence);
                assert_eq!(is_next, !is_late, "{camera}, in its order: {came:?}");
                last = if is_next { Some((moment, sequence)) } else { last };
            }
            let came: BTreeSet<Timestamp> = came.into_iter().map(|(moment, ..)| moment).collect();
            for moment in told {
                let key = (camera.clone(), *moment);
                let is_there = came.contains(moment);
                assert!(
                    !(is_there && self.dead.contains(&key)),
                    "{camera}, {moment}: it was refused, and is there"
                );
                let is_certain = !self.perhaps.contains(&key) && !self.dead.contains(&key);
                report.delivered += usize::from(is_there && is_certain);
                report.lost += usize::from(!is_there && is_certain);
            }
            let strange: Vec<&Timestamp> = came.iter().filter(|moment| !told.contains(moment)).collect();
            assert!(strange.is_empty(), "{camera}: nobody told {strange:?}");
        }
        assert!(by_camera.is_empty(), "nobody told of {by_camera:?}");
        assert_eq!(report.lost, 0, "{report}");
        report
    }
}

/// An alert as it came.
pub fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Its number in its outbox.
pub fn sequence(alert: &Value) -> u64 {
    alert["sequence"].as_str().expect("a sequence").parse().expect("a number")
}

fn key(alert: &Value) -> (String, Timestamp) {
    let of = |name: &str| alert["data"][name].as_str().unwrap_or_else(|| panic!("{alert}"));
    (of("camera").to_owned(), of("since").parse().expect("a time"))
}
