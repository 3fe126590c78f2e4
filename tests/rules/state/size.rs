//! What is saved of a busy camera is small, and does not grow.

use firewarden::rules::Beginning;

use super::{
    again, begin, bytes,
    scripts::{busy, own},
};
use crate::stage::{elevator, lane, post};
use firewarden::config::RuleConfig;

/// Eight cars, four people and an e-bike, seen by two models.
const MOST: usize = 64_000;

#[test]
fn what_is_saved_of_a_busy_camera_does_not_grow_over_ten_thousand_looks() {
    let elevator = RuleConfig { model: Some(own()), ..elevator() };
    let rules = [lane(60.0), post(2, 60.0), elevator];
    let mut judge = begin(&rules, Beginning::First);
    let mut sizes = Vec::new();
    let (mut raised, mut ended) = (0, 0);
    for (n, happens) in busy(10_000).enumerate() {
        for violation in happens.to(&mut judge).violations {
            match violation.ended {
                Some(_) => ended += 1,
                None => raised += 1,
            }
        }
        if n % 250 == 249 {
            sizes.push(bytes(&judge).len());
            judge = again(&rules, &judge);
        }
    }
    assert!(raised > 100 && ended > 100, "{raised} raised, {ended} ended");
    let most = |sizes: &[usize]| sizes.iter().copied().max().unwrap_or_default();
    let (early, late) = sizes.split_at(sizes.len() / 4);
    assert!(most(&sizes) <= MOST, "{} bytes", most(&sizes));
    assert!(most(late) <= most(early) + most(early) / 10, "{} bytes, then {}", most(early), most(late));
}
