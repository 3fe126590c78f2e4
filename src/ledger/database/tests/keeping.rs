//! What is kept, and for how long.

use std::time::Duration;

use super::{
    super::pruning::{Left, Limits, prune},
    bench::*,
};
use crate::domain::{
    EvidenceRole,
    Phase::{Ended, Raised},
};

fn limits(budget: u64) -> Limits {
    let day = Duration::from_secs(86_400);
    Limits { budget, keep_sent: 7 * day, keep_violations: 90 * day }
}

/// Prunes all that can go, in a copy, and tells what is left there: alerts, violations, files, rows for sinks.
fn pruned(bench: &Bench, budget: u64, days: i64) -> ([i64; 4], Left) {
    let (mut copy, _) = bench.crash();
    copy.close();
    let mut connection =
        rusqlite::Connection::open(copy.folder.path().join("firewarden.db")).expect("it opens");
    connection.pragma_update(None, "foreign_keys", true).expect("set");
    let left = loop {
        match prune(&mut connection, limits(budget), wall(days * 86_400)).expect("pruned") {
            Left::More => {}
            left => break left,
        }
    };
    let count = |table: &str| {
        connection.query_row(&format!("SELECT COUNT(*) FROM {table}"), [], |row| row.get(0)).expect("counted")
    };
    (["alerts", "violations", "evidence", "outbox"].map(count), left)
}

#[test]
fn what_was_delivered_goes_after_its_time_and_what_was_not_stays() {
    let bench = Bench::new();
    let mut ledger = bench.ledger("post");
    step(&mut ledger, "post", &[(1, Raised), (1, Ended), (2, Raised), (3, Raised), (3, Ended)], 1);
    bench.handle().evidence(kept("post", 1, &[EvidenceRole::Raised]));
    bench.settle();
    bench.clock.advance(Duration::from_secs(2));
    bench.deliver(SINK, &[1, 2, 3]);
    bench.deliver("raised", &[1, 3]);
    const PLENTY: u64 = 1 << 30;
    assert_eq!(pruned(&bench, PLENTY, 6), ([5, 3, 1, 8], Left::Nothing));
    assert_eq!(
        pruned(&bench, PLENTY, 8),
        ([2, 3, 1, 3], Left::Nothing),
        "of the third, nothing was delivered"
    );
    assert_eq!(pruned(&bench, PLENTY, 91), ([2, 2, 0, 3], Left::Nothing), "the second is not over");
}

#[test]
fn over_the_budget_what_was_delivered_goes_and_nothing_else() {
    let bench = Bench::new();
    let mut ledger = bench.ledger("post");
    for n in 0..300 {
        step(&mut ledger, "post", &[(n, Raised)], n.into());
    }
    bench.settle();
    bench.clock.advance(Duration::from_secs(2));
    let all: Vec<u64> = (1..=100).collect();
    bench.deliver(SINK, &all);
    bench.deliver("raised", &all);
    let ([alerts, violations, ..], left) = pruned(&bench, 100_000, 0);
    assert_eq!((alerts, violations, left), (200, 300, Left::TooMuch), "what waits takes more, and stays");
    let whole = bench.handle().facts().bytes;
    let ([alerts, ..], left) = pruned(&bench, whole - 50_000, 0);
    assert_eq!((alerts, left), (200, Left::Nothing), "delivered ones go, and room is given back");
}

#[test]
fn violations_of_a_day_are_those_that_were_there() {
    let bench = Bench::new();
    let mut ledger = bench.ledger("lane");
    step(&mut ledger, "lane", &[(1, Raised)], 86_399);
    step(&mut ledger, "lane", &[(2, Raised)], 86_400);
    step(&mut ledger, "lane", &[(2, Ended)], 200_000);
    step(&mut ledger, "lane", &[(3, crate::domain::Phase::Warned)], 86_401);
    bench.settle();
    let of = |from: i64, to: i64| {
        let known = bench.handle().violations_of_day(wall(from), wall(to)).expect("read");
        known.iter().map(|known| (known.id, known.phase)).collect::<Vec<_>>()
    };
    assert_eq!(of(0, 86_400), [(violation_id("lane", 1), Raised)]);
    // One that goes on is there on the next day, too, and one that was over before is not.
    let both = [(violation_id("lane", 1), Raised), (violation_id("lane", 2), Ended)];
    assert!(both.iter().all(|one| of(86_400, 300_000).contains(one)));
    assert_eq!(of(300_000, 400_000), [(violation_id("lane", 1), Raised)]);
}

#[test]
fn a_day_is_closed_once_and_stays_so() {
    let bench = Bench::new();
    let day = jiff::civil::date(2026, 11, 24);
    assert!(!bench.handle().is_day_closed(day).expect("read"));
    bench.handle().close_day(day);
    until("it is noted", || bench.handle().is_day_closed(day).expect("read"));
    let (bench, _) = bench.reopen();
    assert!(bench.handle().is_day_closed(day).expect("read"));
}
