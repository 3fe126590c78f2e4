use super::settings::EbikeInElevator;
use crate::{
    kinds::words::{Names, Words},
    words::{Pair, Said, classes, lasting, one_of},
};

pub static WORDS: Words<EbikeInElevator> = Words {
    names: Names {
        title: ("电动自行车进入电梯轿厢", "E-bike taken into the elevator"),
        least_time: ("确认时间", "confirm"),
        presence: ("轿厢内电动自行车", "E-bike in the elevator"),
    },
    basis,
    sentences,
};

fn basis(_: &EbikeInElevator) -> Option<Pair> {
    None
}

fn sentences(keys: &EbikeInElevator) -> Vec<Said> {
    let (things, confirm, rearm) = (classes(&keys.classes), lasting(keys.confirm), lasting(keys.rearm));
    vec![(
        format!(
            "在轿厢地面上清晰看到{}累计满 {} 即认定为违规（置信度以 {:.2} 为准，越不清晰所需时间越长）；消失满 {} 视为结束。",
            things.0, confirm.0, keys.confidence, rearm.0
        ),
        format!(
            "{} seen clearly on the elevator's floor for {} in all is a violation (confidence {:.2} is asked for; the less clearly, \
             the longer); gone for {}, it is over.",
            one_of(&things.1),
            confirm.1,
            keys.confidence,
            rearm.1
        ),
    )]
}
