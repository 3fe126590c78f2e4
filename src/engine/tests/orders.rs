use proptest::{collection::vec, prelude::*};

use super::script::{Group, Script, TWO_RULES, camera, drive};
use crate::engine::WhenFull;

fn groups() -> impl Strategy<Value = Vec<Group>> {
    let one = (1u32..40, 0u8..6, 0u8..8, 0u8..8).prop_map(|(pictures, continued, hole, begins)| Group {
        pictures,
        continued: continued == 0,
        hole: if hole == 0 { 4 } else { 0 },
        begins: begins == 0,
    });
    vec(one, 1..9)
}

prop_compose! {
    pub fn script()(
        groups in groups(),
        step in prop::sample::select(vec![40_000i64, 100_000, 500_000, 1_000_000, 3_000_000]),
        damaged in prop::collection::btree_set(0u32..200, 0..12),
        failing in prop::collection::btree_set(0u32..200, 0..6),
        car in 0u32..60,
        ebike in 0u32..60,
    ) -> Script {
        Script { groups, step, damaged, failing, car, ebike, grows: false, broken: None, sized: None }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn every_order_of_answers_tells_the_same(script in script(), order in vec(any::<u8>(), 1..60), window in 1usize..6) {
        let straight = drive(camera(WhenFull::Block, 1, TWO_RULES), script.parts(), &script, |_| 0);
        let mut choices = order.iter().cycle();
        let choose = |most: usize| choices.next().map_or(0, |choice| usize::from(*choice) % most);
        let other = drive(camera(WhenFull::Block, window, TWO_RULES), script.parts(), &script, choose);
        prop_assert_eq!(straight, other);
    }

    #[test]
    fn a_group_that_grows_tells_the_same_as_one_that_is_there_at_once(script in script(), order in vec(any::<u8>(), 1..60)) {
        // At pictures that cannot be decoded or looked at, workers are asked once more.
        let script = Script { damaged: [].into(), failing: [].into(), ..script };
        let at_once = drive(camera(WhenFull::Block, 3, TWO_RULES), script.parts(), &script, |_| 0);
        let script = Script { grows: true, ..script };
        let mut choices = order.iter().cycle();
        let choose = |most: usize| choices.next().map_or(0, |choice| usize::from(*choice) % most);
        let growing = drive(camera(WhenFull::Block, 3, TWO_RULES), script.parts(), &script, choose);
        prop_assert_eq!(at_once, growing);
    }
}
