use super::settings::ControlRoomUnattended;
use crate::{
    kinds::words::{Names, Words},
    words::{Pair, Said, lasting},
};

pub static WORDS: Words<ControlRoomUnattended> = Words {
    names: Names {
        title: ("消防控制室值班人员离岗（在岗人数不足）", "Fire control room left or understaffed"),
        least_time: ("允许离岗时间", "grace"),
        presence: ("在岗人数", "People at the post"),
    },
    basis,
    sentences,
};

fn basis(keys: &ControlRoomUnattended) -> Option<Pair> {
    Some(if keys.required < 2 {
        (
            "注意：GB 25506-2010《消防控制室通用技术要求》4.2.1 规定每班不应少于 2 人，本规则的要求低于该标准。",
            "Note: GB 25506-2010, 4.2.1, asks for no fewer than two people per shift; this rule asks for fewer.",
        )
    } else {
        (
            "依据：GB 25506-2010《消防控制室通用技术要求》4.2.1，每班不应少于 2 人。",
            "Basis: GB 25506-2010, 4.2.1: no fewer than two people per shift.",
        )
    })
}

fn sentences(keys: &ControlRoomUnattended) -> Vec<Said> {
    let (required, grace) = (keys.required, lasting(keys.grace));
    let mut said = vec![(
        format!("值班区域应有 {required} 人在岗；不足 {required} 人持续满 {} 即认定为离岗。", grace.0),
        format!(
            "{required} {} required at the post; fewer for {} is a violation.",
            if required == 1 { "person is" } else { "people are" },
            grace.1
        ),
    )];
    said.extend(keys.warn_after.map(lasting).map(|after| {
        (
            format!("人数不足满 {} 的预警不列入本报告。", after.0),
            format!("Warnings, due after {}, are not in this report.", after.1),
        )
    }));
    said
}
