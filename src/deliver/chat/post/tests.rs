use serde_json::json;
use ureq::http::HeaderMap;

use super::*;
use crate::deliver::chat::{Reading, Stills};

const NOW: &str = "2026-11-24T12:58:29Z";

struct Robot {
    hook: Hook,
    secret: Option<Secret>,
}

impl Platform for Robot {
    const CODES: &'static [&'static str] = &["code", "other"];
    const TEXTS: &'static [&'static str] = &["msg"];
    const LONGEST: usize = 100;
    const READING: Reading = Reading::Mentions;
    const SHUT: Duration = Duration::from_secs(90);
    const STILLS: Stills = Stills::NotTaken;

    fn hook(&self) -> &Hook {
        &self.hook
    }

    fn secret(&self) -> Option<&Secret> {
        self.secret.as_ref()
    }

    fn text(&self, _: &str, _: Timestamp) -> Result<Request, Refusal> {
        Err(Refusal::permanent("not here"))
    }

    fn meaning(code: i64, _: &str) -> Meaning {
        match code {
            1 => Meaning::TooOften,
            2 => Meaning::Signature,
            3 => Meaning::Message,
            _ => Meaning::Other,
        }
    }
}

fn robot(secret: Option<&str>) -> Robot {
    let hook = json!("https://open.example/bot/v2/hook/h00kh00kh00k?access_token=t0kent0ken&x=1");
    Robot { hook: serde_json::from_value(hook).expect("a text"), secret: secret.map(Secret::from) }
}

fn answer(status: u16, headers: &[(&'static str, &str)], body: &str) -> Answer {
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| (header::HeaderName::from_static(name), value.parse().expect("a value")))
        .collect();
    Answer { status, headers, body: body.as_bytes().to_vec() }
}

fn told(answer: &Answer) -> Result<(), Refusal> {
    judge(&robot(Some("s3cret")), answer, NOW.parse().expect("a time"))
}

#[test]
fn only_a_code_of_success_is_one() {
    assert_eq!(told(&answer(200, &[], r#"{"code":0}"#)), Ok(()));
    assert_eq!(told(&answer(200, &[], r#"{"other":0}"#)), Ok(()));
    for (status, body) in [
        (200, ""),
        (200, "<html>please sign in</html>"),
        (200, "{}"),
        (200, "[0]"),
        (200, r#"{"code":"0"}"#),
        (200, r#"{"code":null}"#),
        (200, r#"{"code":-1,"msg":"busy"}"#),
        (200, r#"{"code":0,"other":7}"#),
        (500, r#"{"code":0}"#),
        (302, ""),
        (404, "{}"),
    ] {
        let refusal = told(&answer(status, &[], body)).expect_err("refused");
        assert!(matches!(refusal, Refusal::Transient { after: None, .. }), "{status} {body}: {refusal:?}");
    }
}

#[test]
fn a_code_counts_whatever_the_status_is() {
    for status in [200, 400, 403, 500] {
        let refused = told(&answer(status, &[], r#"{"code":3,"msg":"bad\nbody"}"#));
        assert!(
            matches!(refused, Err(Refusal::Permanent { why }) if why.ends_with("(code 3: bad\\u{a}body)"))
        );
    }
    assert!(matches!(told(&answer(413, &[], "")), Err(Refusal::Permanent { .. })));
}

#[test]
fn what_came_too_often_is_not_tried_for_as_long_as_the_platform_shuts() {
    let after = |answer: &Answer| match told(answer) {
        Err(Refusal::Transient { after, .. }) => after.map(|after| after.as_secs()),
        other => panic!("{other:?}"),
    };
    assert_eq!(after(&answer(200, &[], r#"{"code":1,"msg":"too many"}"#)), Some(90));
    assert_eq!(after(&answer(429, &[], "")), Some(90));
    assert_eq!(after(&answer(429, &[("retry-after", "120")], "{}")), Some(120));
    assert_eq!(after(&answer(429, &[("retry-after", "1")], r#"{"code":1}"#)), Some(90));
}

#[test]
fn a_wrong_clock_is_told_with_how_wrong_it_is() {
    let body = r#"{"code":2,"msg":"sign not match"}"#;
    let why =
        |date: &[(&'static str, &str)]| told(&answer(200, date, body)).expect_err("refused").to_string();
    let ahead = why(&[("date", "Tue, 24 Nov 2026 10:58:29 GMT")]);
    assert!(ahead.contains("this box's clock is 2 h ahead of the robot's: set it"), "{ahead}");
    assert!(ahead.contains("code 2: sign not match"), "{ahead}");
    let behind = why(&[("date", "Tue, 24 Nov 2026 14:00:00 GMT")]);
    assert!(behind.contains("1 h 1 min 31 s behind"), "{behind}");
    let right = why(&[("date", "Tue, 24 Nov 2026 12:58:31 GMT")]);
    assert!(right.contains("clock is right, so that `secret` is not this robot's"), "{right}");
    for none in [why(&[]), why(&[("date", "today")])] {
        assert!(none.contains("clock may be wrong, it shows 2026-11-24T12:58:29Z"), "{none}");
    }
    let unsigned = judge(&robot(None), &answer(200, &[], body), NOW.parse().expect("a time"));
    assert!(unsigned.expect_err("refused").to_string().contains("copy its secret"));
}

#[test]
fn what_lets_into_the_group_is_never_repeated() {
    for status in [200, 400, 404, 500] {
        for body in [
            "no h00kh00kh00k here, t0kent0ken, s3cret",
            r#"{"code":9,"msg":"no h00kh00kh00k here, t0kent0ken, s3cret"}"#,
            r#"{"code":3,"msg":"no h00kh00kh00k here, t0kent0ken, s3cret"}"#,
        ] {
            let why = told(&answer(status, &[], body)).expect_err("refused").to_string();
            assert!(why.contains("no … here, …, …"), "{why}");
        }
    }
}

#[test]
fn a_long_text_is_not_repeated_whole() {
    let body = json!({ "code": 9, "msg": "长".repeat(10_000) }).to_string();
    let why = told(&answer(200, &[], &body)).expect_err("refused").to_string();
    assert!(why.chars().count() < 300, "{why}");
}
