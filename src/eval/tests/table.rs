use std::collections::BTreeMap;

use super::{all_of, camera, spell, violation, watched};
use crate::{
    domain::Kind,
    eval::{compare, table},
};

#[test]
fn columns_are_aligned_and_lists_follow() {
    let spells = [
        spell(2, "lane-3", Kind::FireLaneParking, 100.0, Some(400.0)),
        spell(3, "lane-3", Kind::FireLaneParking, 1000.0, None),
        spell(14, "hall", Kind::FireLaneParking, 5.0, Some(10.5)),
    ];
    let mut live = violation(3, "lane-3", Kind::FireLaneParking, (600.0, 660.0, Some(700.0)));
    live.started.file = None;
    live.started.file_s = None;
    let violations = [
        violation(1, "lane-3", Kind::FireLaneParking, (101.0, 161.0, Some(300.0))),
        violation(2, "lane-3", Kind::FireLaneParking, (500.0, 560.0, Some(550.0))),
        live,
    ];
    let analysed = BTreeMap::from([(camera("lane-3"), all_of(1800))]);
    let expected = r"
                                                                               false             camera  false alarms  start error, s  raised after, s
kind               spells  found  missed  recall  violations  right  repeats  alarms  precision   hours      per hour  median / worst   median / worst
fire_lane_parking       3      1       2    0.33           3      1        0       2       0.33   0.500          4.00       1.0 / 1.0      61.0 / 61.0
ebike_in_elevator       0      0       0       -           0      0        0       0          -       -             -               -                -
total                   3      1       2    0.33           3      1        0       2       0.33   0.500          4.00       1.0 / 1.0      61.0 / 61.0

missed spells:
  line 3   lane-3  fire_lane_parking  1000.0 s to the end
  line 14  hall    fire_lane_parking  5.0 s to 10.5 s

false alarms:
  lane-3  fire_lane_parking  500.0 s  a.mp4 500.0 s  00000000-0000-0000-0000-000000000002
  lane-3  fire_lane_parking  600.0 s                 00000000-0000-0000-0000-000000000003
";
    let text = table(&compare(&spells, &violations, &analysed, &watched()));
    assert_eq!(format!("\n{text}"), expected);
}

#[test]
fn what_is_not_there_is_said() {
    let text = table(&compare(&[], &[], &BTreeMap::new(), &watched()));
    assert!(text.ends_with("\nmissed spells: none\n\nfalse alarms: none\n"), "{text}");
    let total = text.lines().find(|line| line.starts_with("total")).expect("a total");
    let cells: Vec<&str> = total.split_whitespace().collect();
    assert_eq!(cells, ["total", "0", "0", "0", "-", "0", "0", "0", "0", "-", "-", "-", "-", "-"]);
}
