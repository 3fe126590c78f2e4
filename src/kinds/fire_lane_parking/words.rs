use super::settings::FireLaneParking;
use crate::{
    kinds::words::{Names, Words},
    words::{Pair, Said, classes, lasting, one_of},
};

pub static WORDS: Words<FireLaneParking> = Words {
    names: Names {
        title: ("车辆占用消防车通道", "Vehicle parked in the fire lane"),
        least_time: ("允许停留时间", "dwell"),
        presence: ("停留车辆", "Vehicles standing"),
    },
    basis,
    sentences,
};

fn basis(_: &FireLaneParking) -> Option<Pair> {
    Some((
        "依据：《中华人民共和国消防法》第二十八条。",
        "Basis: Fire Protection Law of the People's Republic of China, article 28.",
    ))
}

fn sentences(keys: &FireLaneParking) -> Vec<Said> {
    let (things, dwell, hidden) = (classes(&keys.classes), lasting(keys.dwell), lasting(keys.occlusion));
    let mut said = vec![(
        format!(
            "监控区域内的{}停留满 {} 即认定为违规；被遮挡不超过 {} 视为仍在停留。",
            things.0, dwell.0, hidden.0
        ),
        format!(
            "{} that stands in the zone for {} is a violation; hidden for no more than {}, it still counts as standing.",
            one_of(&things.1),
            dwell.1,
            hidden.1
        ),
    )];
    said.extend(keys.warn_after.map(lasting).map(|after| {
        (
            format!("停留满 {} 的预警不列入本报告。", after.0),
            format!("Warnings, due after {}, are not in this report.", after.1),
        )
    }));
    said
}
