//! What `docs/platform.md` promises to whoever writes the platform's side.

use ureq::http::HeaderMap;

use super::{
    Refusal,
    http::Answer,
    requests::{Asked, Request, Requests, queue},
};
use crate::domain::{Finding, SinkName};

const PAGE: &str = include_str!("../../docs/platform.md");

/// The example that stands after a mark.
fn example(mark: &str) -> &'static str {
    let after = PAGE.split_once(&format!("<!-- {mark} -->\n```json\n")).map(|(_, after)| after);
    after.and_then(|after| after.split_once("\n```")).map(|(text, _)| text).expect("an example")
}

#[test]
fn a_box_understands_what_the_page_shows() {
    let (to, mut from) = queue();
    let requests = Requests::new(SinkName::new("platform").expect("a name"), to);
    requests.resend(example("resend").as_bytes());
    drop(requests.verdict(example("verdict").as_bytes()));
    let Ok(Asked { request: Request::Resend(resend), .. }) = from.try_recv() else { panic!("a resend") };
    assert_eq!((resend.from, resend.to), (1_204, 1_207));
    let Ok(Asked { request: Request::Verdict(verdict), .. }) = from.try_recv() else { panic!("a verdict") };
    assert_eq!((verdict.verdict, verdict.by.as_str()), (Finding::False, "wang"));
}

#[test]
fn a_status_is_as_the_page_shows_it() {
    let status: serde_json::Value = serde_json::from_str(example("status")).expect("JSON");
    let keys: Vec<&str> = status.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!((keys, status["online"] == true), (vec!["online", "since", "version"], true));
}

/// The codes that a cell names: `401`, `403` or `500`–`599`.
fn codes(cell: &str) -> Vec<u16> {
    let numbers = |text: &str| -> Vec<u16> { text.split('`').filter_map(|part| part.parse().ok()).collect() };
    let of = |part: &str| match numbers(part)[..] {
        [from, to] => (from..=to).collect(),
        _ => numbers(part),
    };
    cell.split(',').flat_map(of).collect()
}

#[test]
fn answers_mean_what_the_page_says() {
    let table = PAGE.split_once("<!-- http -->").and_then(|(_, after)| after.split_once("<!-- /http -->"));
    let (table, _) = table.expect("a table");
    let mut seen = 0;
    for row in table.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        for status in codes(cells[1]) {
            let judged = Answer { status, headers: HeaderMap::new(), body: Vec::new() }.judged();
            let words = match judged {
                Ok(()) => "delivered",
                Err(Refusal::Permanent { .. }) => "a dead letter",
                Err(Refusal::Transient { .. }) => "the queue is held",
            };
            assert!(cells[2].starts_with(words), "{status}: {words}, and the page says {}", cells[2]);
            seen += 1;
        }
    }
    assert_eq!(seen, 100 + 4 + 100 + 2 + 2 + 3 + 100);
}
