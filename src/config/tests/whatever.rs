//! Every key of the sample, with a value of a wrong type and with an absurd one.

use toml::Value;

use super::*;

/// The sample with what it shows in comments, and secrets in place.
fn sample() -> Value {
    let shown = |line: &str| {
        line.strip_prefix("# ").is_some_and(|rest| {
            let plain = |text: &str| {
                text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_.".contains(c))
            };
            let table = rest.strip_prefix("[[").and_then(|rest| rest.strip_suffix("]]"));
            table.is_some_and(plain) || rest.split_once(" = ").is_some_and(|(key, _)| plain(key))
        })
    };
    let text = include_str!("../../../samples/firewarden.toml");
    let lines = text.lines().map(|line| if shown(line) { &line[2..] } else { line });
    let text = lines.collect::<Vec<_>>().join("\n");
    let creds = "BEGIN NATS USER JWT s3cret BEGIN USER NKEY SEED s3cret";
    let text = text
        .replace("${file:secrets/nats.creds}", creds)
        .replace("${file:secrets/desk}", "whsec_czNjcmV0czNjcmV0czNjcmV0czNjcmV0");
    let mut text = text.as_str();
    let mut whole = String::new();
    while let Some((before, rest)) = text.split_once("${file:") {
        whole += before;
        whole += "s3cret";
        text = rest.split_once('}').map_or("", |(_, after)| after);
    }
    toml::from_str(&(whole + text)).expect("the sample is TOML")
}

fn check(value: &Value) -> Result<Config, Vec<Fault>> {
    let text = toml::to_string(value).expect("TOML");
    Config::parse(&text, Path::new("/etc/firewarden"), &|_| None)
}

/// One step into a value.
#[derive(Debug, Clone, PartialEq)]
enum Step {
    Key(String),
    Index(usize),
}

/// Every place in a value that holds no table or list, as steps.
fn leaves(value: &Value, path: &[Step], found: &mut Vec<Vec<Step>>) {
    let then = |step: Step| [path, &[step]].concat();
    match value {
        Value::Table(table) => {
            table.iter().for_each(|(key, inner)| leaves(inner, &then(Step::Key(key.clone())), found));
        }
        Value::Array(items) if !items.is_empty() => {
            items
                .iter()
                .enumerate()
                .for_each(|(index, inner)| leaves(inner, &then(Step::Index(index)), found));
        }
        _ => found.push(path.to_vec()),
    }
}

fn at<'v>(value: &'v mut Value, path: &[Step]) -> &'v mut Value {
    path.iter().fold(value, |value, step| match step {
        Step::Key(key) => value.get_mut(key).expect("a key"),
        Step::Index(index) => value.get_mut(index).expect("an item"),
    })
}

/// The last key on the way: the one that a fault is to name.
fn key(path: &[Step]) -> &str {
    let keys = path.iter().filter_map(|step| match step {
        Step::Key(key) => Some(key.as_str()),
        Step::Index(_) => None,
    });
    let keys: Vec<&str> = keys.collect();
    // What a label is called is the user's.
    match keys[..] {
        [.., "labels", _] => "labels",
        [.., "classes", _] => "classes",
        [.., last] => last,
        [] => "",
    }
}

#[test]
fn the_sample_is_sound_with_secrets_in_place() {
    let config = check(&sample()).unwrap_or_else(|faults| panic!("{faults:#?}"));
    let shown = format!("{config:?} {}", serde_json::to_string(&config.resolved()).expect("JSON"));
    assert!(!shown.contains("s3cret") && !shown.contains("czNjcmV0"), "{shown}");
}

#[test]
fn each_key_with_another_type_or_an_absurd_value_is_named_and_no_secret_told() {
    let sound = sample();
    let mut places = Vec::new();
    leaves(&sound, &[], &mut places);
    assert!(places.len() > 120, "{}", places.len());
    let long = "x".repeat(70_000);
    for path in places {
        let was = at(&mut sound.clone(), &path).clone();
        let others: Vec<Value> = match was {
            // The number is what a secret might be, and is not to be repeated.
            Value::String(_) => vec![
                Value::Integer(5_771_077),
                Value::Boolean(true),
                Value::Array(Vec::new()),
                Value::Table(toml::Table::new()),
                Value::String(long.clone()),
                Value::String("a\u{1}b".to_owned()),
            ],
            Value::Boolean(_) => vec![Value::Integer(1), Value::String("yes".to_owned())],
            Value::Integer(_) | Value::Float(_) => vec![
                Value::String("two".to_owned()),
                Value::Boolean(true),
                Value::Integer(i64::MAX),
                Value::Integer(-1),
                Value::Float(f64::NAN),
                Value::Float(f64::INFINITY),
            ],
            other => panic!("{path:?}: {other:?}"),
        };
        for other in others {
            let mut changed = sound.clone();
            *at(&mut changed, &path) = other.clone();
            let shown = other.to_string().chars().take(40).collect::<String>();
            let found = match check(&changed) {
                Ok(_) => panic!("{path:?} = {shown} is taken"),
                Err(found) => found,
            };
            let named = found.iter().any(|fault| fault.key.split(['.', '[']).any(|part| part == key(&path)));
            assert!(named, "{path:?} = {shown}: {found:?}");
            let told = format!("{found:?}");
            assert!(!told.contains("s3cret") && !told.contains("czNjcmV0"), "{path:?} = {shown}: {told}");
            let is_secret = ["password", "secret", "secrets", "credentials", "command"].contains(&key(&path));
            assert!(!(is_secret && told.contains("5771077")), "{path:?} = {shown}: {told}");
            assert!(told.len() < 4_000, "{path:?} = {shown}: {} bytes are told", told.len());
        }
    }
}
