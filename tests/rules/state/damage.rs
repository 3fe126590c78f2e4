//! Whatever the bytes of a saved state are, they are read or refused, and what is read neither panics nor grows.

use std::{collections::BTreeMap, sync::OnceLock};

use firewarden::{
    domain::{CameraId, Class, Record, SiteId},
    files,
    judge::{Dropped, Judge, Restored, Saved, StateError},
    rules::Beginning,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    begin, bytes, detector, read, restored,
    scripts::{Happens, busy, own},
};
use crate::{
    scene::camera,
    stage::{camera_with, elevator, lane, post, site},
};
use firewarden::config::RuleConfig;

fn rules() -> [RuleConfig; 3] {
    [lane(20.0), post(6, 20.0), RuleConfig { model: Some(own()), ..elevator() }]
}

/// So many looks of a busy camera, and what is saved of it then.
fn saved(looks: u32) -> (Judge, Vec<u8>) {
    let mut judge = begin(&rules(), Beginning::First);
    busy(looks).for_each(|happens| drop(happens.to(&mut judge)));
    let saved = bytes(&judge);
    (judge, saved)
}

fn refused(bytes: &[u8]) -> StateError {
    Saved::read(bytes, &site().id, &camera()).expect_err("it is of no use")
}

/// What was written, with this body, as if it had been written so.
fn written(body: &Value) -> Vec<u8> {
    let body = body.to_string();
    let sha256 = files::sha256(body.as_bytes());
    format!("{{\"version\":2,\"sha256\":\"{sha256}\",\"body\":{body}}}").into_bytes()
}

fn body(bytes: &[u8]) -> Value {
    serde_json::from_slice::<Value>(bytes).expect("JSON")["body"].clone()
}

#[test]
fn what_is_of_no_use_says_why() {
    let (_, saved) = saved(100);
    let text = String::from_utf8(saved.clone()).expect("text");
    let damaged =
        |error: StateError| matches!(&error, StateError::Damaged { camera: of, .. } if *of == camera());
    for bytes in [&b""[..], b"null", b"{}", b"[2]", b"\xff\xfe", &saved[..saved.len() / 2]] {
        assert!(damaged(refused(bytes)), "{bytes:?}");
    }
    let another = text.replacen("\"epoch\":0", "\"epoch\":1", 1);
    assert!(another != text && damaged(refused(another.as_bytes())), "its checksum is another");
    let newer = text.replacen("\"version\":2", "\"version\":3", 1);
    assert_eq!(refused(newer.as_bytes()), StateError::OtherVersion { camera: camera(), version: 3 });
    // Whatever a newer one looks like.
    assert_eq!(
        refused(b"{\"version\":7,\"rest\":[]}"),
        StateError::OtherVersion { camera: camera(), version: 7 }
    );
    let (site, other) = (SiteId::new("other").expect("an id"), CameraId::new("other").expect("an id"));
    for (site, camera) in [(&site, &camera()), (&self::site().id, &other)] {
        let error = Saved::read(&saved, site, camera).expect_err("another's");
        assert!(matches!(error, StateError::OtherCamera { .. }) && error.to_string().contains("begin anew"));
    }
    let mut huge = saved.clone();
    huge.resize(33 << 20, b' ');
    assert!(damaged(refused(&huge)));
}

#[test]
fn a_rule_whose_state_is_damaged_begins_anew_alone() {
    let (judge, saved) = saved(100);
    for (index, watch) in judge.watches().iter().enumerate() {
        for damage in [json!(null), json!({}), json!({ "stopwatch": 7 })] {
            let mut body = body(&saved);
            body["rules"][index]["state"] = damage;
            let (_, Restored { judgement, dropped, .. }) = restored(&rules(), &written(&body));
            assert_eq!(dropped, [Dropped::Damaged { rule: watch.id().clone() }]);
            assert!(judgement.violations.iter().all(|violation| violation.rule == *watch.id()));
        }
    }
}

/// Changes the value under this path.
fn with(body: &Value, path: &str, to: Value) -> Value {
    let mut body = body.clone();
    *body.pointer_mut(path).unwrap_or_else(|| panic!("there is no {path}")) = to;
    body
}

fn thousandfold(list: &Value) -> Value {
    let list = list.as_array().expect("a list");
    assert!(!list.is_empty());
    list.iter().cycle().take(1000 * list.len()).cloned().collect()
}

#[test]
fn what_cannot_have_come_about_is_refused() {
    let (_, saved) = saved(15);
    let body = body(&saved);
    let read = |body: &Value| Saved::read(&written(body), &site().id, &camera());
    assert!(read(&body).is_ok());
    let far = json!(i64::MAX / 2);
    let track = |id: u32| with(&body["trackers"][0]["tracker"]["tracks"][0], "/id", json!(id));
    let many = json!({ "next_id": 1000, "last": null, "tracks": (1..=257).map(track).collect::<Vec<_>>() });
    let ages = json!({ "secs": 1_000_000_000, "nanos": 0 });
    for (path, to) in [
        ("/reach/to/at", json!(i64::MAX)),
        ("/reach/to/at", json!(0)),
        ("/eyesight/moved", far.clone()),
        ("/eyesight/detectors", thousandfold(&body["eyesight"]["detectors"])),
        ("/eyesight/detectors/0/1/stopwatch/last_look", far.clone()),
        ("/eyesight/detectors/0/1/last/at", far.clone()),
        ("/eyesight/detectors/0/1/visibility/usual/sharpness", json!(1e6)),
        ("/trackers", thousandfold(&body["trackers"])),
        ("/trackers/0/tracker/next_id", json!(u64::MAX)),
        ("/trackers/0/tracker/next_id", json!(1)),
        ("/trackers/0/tracker/last", far.clone()),
        ("/trackers/0/tracker", with(&many, "/last", body["trackers"][0]["tracker"]["last"].clone())),
        ("/trackers/0/tracker/tracks/0/bbox", json!([0.9, 0.9, 0.1, 0.1])),
        ("/trackers/0/tracker/tracks/0/last_seen", far.clone()),
        ("/rules", thousandfold(&body["rules"])),
        ("/book/open", json!(vec![&body["book"]["open"][0]; 20_000])),
        ("/book/open/0/told/at/at", far.clone()),
        ("/book/open/0/told/place", json!("x".repeat(1000))),
        ("/book/open/0/told/phase", json!("ended")),
        ("/book/epochs/0/file", json!("x".repeat(10_000))),
    ] {
        assert!(read(&with(&body, path, to)).is_err(), "{path}");
    }
    let stay = &body["rules"][0]["state"]["stays"][0];
    let occupants = &body["rules"][1]["state"]["people"]["occupants"];
    for (rule, path, to) in [
        (0, "last/at", far.clone()),
        (0, "candidates", json!(vec![&body["rules"][0]["candidates"][0]; 33])),
        (0, "counting/last_known", far.clone()),
        (0, "state/stopwatch/last_look", far.clone()),
        (0, "state/stopwatch/reached", far.clone()),
        (0, "state/moved", far.clone()),
        (0, "state/stays", json!(vec![stay; 161])),
        (0, "state/ended", json!(vec![json!({ "stay": stay, "said": 0 }); 33])),
        (0, "state/stays/0/stood", ages.clone()),
        (0, "state/stays/0/started/at", far.clone()),
        (0, "state/stays/0/name", json!("x".repeat(1000))),
        (0, "state/stays/0/first_boxes", json!([])),
        (0, "state/stays/0/shown", json!(u32::MAX)),
        (0, "state/stays/0/close", json!(vec![&stay["close"][0]; 257])),
        (0, "state/stays/0/place", json!([1.0, 1.0, 0.0, 0.0])),
        (1, "state/people/rows", json!(vec![json!({ "extent": [0, 0, 1, 1], "share": 0.5 }); 17])),
        (1, "state/people/apart", json!(vec![json!([1, 1]); 257])),
        (1, "state/people/occupants/seen", thousandfold(&occupants["seen"])),
        (1, "state/people/occupants/seen/0/last_seen", far.clone()),
        (1, "state/people/occupants/seen/0/place", json!([1.0, 1.0, 0.0, 0.0])),
        (
            1,
            "state/people/occupants/lost",
            json!([{ "bbox": [0, 0, 1, 1], "was_proven": true, "first_seen": 0, "last_seen": far }]),
        ),
        (1, "state/state/short/lasted", ages.clone()),
        (1, "state/state/short/since/at", far.clone()),
        (2, "state/last/at", far.clone()),
        (2, "state/furniture/pieces", json!(vec![&body["rules"][2]["state"]["furniture"]["pieces"][0]; 9])),
        (2, "state/rivals/owed", json!([[1, 1e9]])),
        (2, "state/state/present/last_seen/at", far.clone()),
    ] {
        let body = with(&body, &format!("/rules/{rule}/{path}"), to);
        let (_, Restored { dropped, .. }) = restored(&rules(), &written(&body));
        assert!(matches!(dropped[..], [Dropped::Damaged { .. }]), "{rule} {path}: {dropped:?}");
    }
}

#[test]
fn what_no_number_can_tell_is_saved_all_the_same() {
    let mut judge = begin(&rules(), Beginning::First);
    for (at, left) in [(0.0, -3e38), (0.07, -1e38), (0.14, -3e38)] {
        let look = crate::stage::look(at, &[(Class::Car, [left, 0.5, 0.4, 0.7])]);
        judge.take(&Record::Observation(look));
    }
    let (_, Restored { dropped, .. }) = restored(&rules(), &bytes(&judge));
    assert_eq!(dropped, []);
}

#[test]
fn rules_whose_tracks_are_gone_begin_anew() {
    let (_, saved) = saved(100);
    let mut body = body(&saved);
    body["trackers"] = json!([]);
    let (_, Restored { dropped, .. }) = restored(&rules(), &written(&body));
    assert_eq!(dropped.len(), 3, "{dropped:?}");
}

/// Takes what is read, if anything is, and lets the camera go on: it neither panics nor grows.
fn goes_on(bytes: &[u8]) {
    let Ok(saved) = Saved::read(bytes, &site().id, &camera()) else { return };
    let (mut judge, _) = Judge::restore(&site(), &camera_with(rules().to_vec()), &detector(), saved);
    let from = judge.reached().map_or(0, |reached| reached.at.as_micros().clamp(0, i64::MAX / 4));
    for happens in busy(40) {
        let later: Happens = happens.later(from, 1);
        later.to(&mut judge);
        judge.status(jiff::Timestamp::UNIX_EPOCH);
    }
    // What it knows after that is no more than another's, and can be saved and read again.
    let after = self::bytes(&judge);
    assert!(after.len() < 400_000, "{} bytes became {}", bytes.len(), after.len());
    let (_, Restored { dropped, .. }) = restored(&rules(), &after);
    assert_eq!(dropped, []);
    judge.stop();
}

/// A change to a value somewhere in the state: the place by its number among all of them.
#[derive(Debug, Clone)]
enum Change {
    To(Value),
    Thousandfold,
    Gone,
}

fn any_change() -> impl Strategy<Value = Change> {
    let values = vec![
        json!(null),
        json!(-1),
        json!(0),
        json!(1e308),
        json!(-1e39),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(i64::MAX),
        json!(4_000_000_000_u32),
        json!([]),
        json!({}),
        json!(""),
        json!("x".repeat(10_000)),
        json!(true),
        json!({ "secs": u64::MAX, "nanos": 999_999_999 }),
    ];
    prop_oneof![
        6 => prop::sample::select(values).prop_map(Change::To),
        2 => Just(Change::Thousandfold),
        1 => Just(Change::Gone),
    ]
}

/// Changes the value of this number, counted from the outside in; whether there was one.
fn change(value: &mut Value, number: &mut usize, change_to: &Change) -> bool {
    if *number == 0 {
        match change_to {
            Change::To(new) => *value = new.clone(),
            Change::Gone => *value = Value::Null,
            Change::Thousandfold => match value {
                Value::Array(list) if !list.is_empty() => {
                    *list = list.iter().cycle().take(1000 * list.len()).cloned().collect()
                }
                Value::Number(one) => *value = json!(one.as_f64().unwrap_or_default() * 1000.0),
                _ => {}
            },
        }
        return true;
    }
    *number -= 1;
    match value {
        Value::Array(list) => list.iter_mut().any(|value| change(value, number, change_to)),
        Value::Object(keys) => keys.values_mut().any(|value| change(value, number, change_to)),
        _ => false,
    }
}

/// The number of one value of each kind: of several in a list, of the first.
fn numbers(value: &Value, path: &str, next: &mut usize, found: &mut BTreeMap<String, usize>) {
    found.entry(path.to_owned()).or_insert(*next);
    *next += 1;
    match value {
        Value::Array(list) => list.iter().for_each(|value| numbers(value, &format!("{path}[]"), next, found)),
        Value::Object(keys) => {
            keys.iter().for_each(|(key, value)| numbers(value, &format!("{path}.{key}"), next, found));
        }
        _ => {}
    }
}

/// A state as it is written, and as values with the numbers of those that may be changed.
fn sound() -> &'static (Vec<u8>, Value, Vec<usize>) {
    static SOUND: OnceLock<(Vec<u8>, Value, Vec<usize>)> = OnceLock::new();
    SOUND.get_or_init(|| {
        let (_, saved) = saved(100);
        let (body, mut found) = (body(&saved), BTreeMap::new());
        numbers(&body, "", &mut 0, &mut found);
        (saved, body, found.into_values().collect())
    })
}

#[test]
fn what_was_written_anew_is_what_was_written() {
    let (saved, body, _) = sound();
    let anew = written(body);
    // Numbers are written longer, and keys sorted.
    assert_eq!(
        read(&anew).write().expect("plain data").len(),
        read(saved).write().expect("plain data").len()
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let is_damaged = matches!(refused(&bytes), StateError::Damaged { .. });
        prop_assert!(is_damaged);
    }

    #[test]
    fn flipped_bytes_are_refused_and_so_is_what_is_cut(at in 0.0f64..1.0, flip in 1u8..255, cut in any::<bool>()) {
        let mut bytes = sound().0.clone();
        let at = ((at * bytes.len() as f64) as usize).min(bytes.len() - 1);
        if cut { bytes.truncate(at) } else { bytes[at] ^= flip }
        prop_assert!(Saved::read(&bytes, &site().id, &camera()).is_err(), "byte {at}");
    }

    #[test]
    fn absurd_values_are_refused_or_do_no_harm(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any_change()), 1..3),
    ) {
        let (_, body, numbers) = sound();
        let mut body = body.clone();
        for (at, to) in changes {
            change(&mut body, &mut at.get(numbers).clone(), &to);
        }
        goes_on(&written(&body));
    }
}
