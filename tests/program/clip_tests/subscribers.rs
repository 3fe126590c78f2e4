//! Alerts of `firewarden run` as a platform gets them.

use serde_json::{Value, json};

use crate::{
    common::{
        assert_code,
        bench::{Bench, ELEVATOR},
        command, firewarden, lines, stderr, stdout, street,
    },
    subscribers::{SECRET, Subscriber, listening},
};

fn ids(alerts: &[Value]) -> Vec<&Value> {
    alerts.iter().map(|alert| &alert["id"]).collect()
}

#[test]
fn what_the_service_finds_arrives_once_at_each_subscriber() {
    let (hook, address) = listening(&[], SECRET);
    let sinks = format!(
        "playing = \"once\"\n{ELEVATOR}[console]\nlisten = \"127.0.0.1:0\"\n[[sink]]\nname = \"file\"\nkind = \"file\"\n\
         path = \"alerts.jsonl\"\n[[sink]]\nname = \"hook\"\nkind = \"webhook\"\nurl = \"http://{address}/alerts\"\nsecrets = [\"{SECRET}\"]\n"
    );
    let bench = Bench::new().camera("lift", "lift.mp4", &sinks);
    bench.clip("lift.mp4", &format!("{} -c:v libx264 -g 10 -bf 0 -pix_fmt yuv420p", street(6, 10)));
    let config = bench.config("always.onnx").to_string_lossy().into_owned();
    let output = command().args(["run", "--config", &config]).output().expect("the binary starts");
    assert_code(&output, 0);
    let written = lines(&bench.path("alerts.jsonl"));
    assert!(written.iter().any(|alert| alert["type"] == "firewarden.violation.raised"), "{written:?}");

    assert_eq!(ids(&hook.alerts(written.len())), ids(&written));
    let (path, count) = (bench.path("alerts.jsonl"), written.len().to_string());
    let mut file = Subscriber::start("file.py", &[&path.to_string_lossy(), "--count", &count], "");
    assert_eq!(ids(&file.alerts(written.len())), ids(&written));
    assert_eq!(file.end().0, Some(0));
    let listed = firewarden(&["outbox", "list", "--json", "--config", &config]);
    let listed: Value = serde_json::from_str(&stdout(&listed)).expect("JSON");
    for sink in listed["sinks"].as_array().expect("sinks") {
        assert_eq!((&sink["waiting"], &sink["dead_letters"]), (&json!(0), &json!(0)), "{sink}");
    }

    let output = firewarden(&["outbox", "test", "--config", &config, "hook"]);
    assert_code(&output, 0);
    assert_eq!(stdout(&output), "sink hook: webhook, it has taken a sign of life\n");
    hook.says("/sites/s/boxes/");
    let output = firewarden(&["check", "--probe", "--config", &config]);
    assert_code(&output, 0);
    assert!(stdout(&output).contains("sink hook: webhook, it has taken a sign of life\n"));
    assert!(stdout(&output).contains("sink file: file, "), "{}", stdout(&output));
    drop(hook);
    let output = firewarden(&["check", "--probe", "--config", &config]);
    assert_code(&output, 1);
    assert!(stderr(&output).contains("error: sink hook (webhook): "), "{}", stderr(&output));
}
