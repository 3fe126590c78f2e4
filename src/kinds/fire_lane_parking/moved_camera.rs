use std::time::Duration;

use super::stay::Stay;
use crate::domain::{MediaTime, When};

/// For how long after a camera was moved a vehicle that stands in the picture may have stood there before.
pub(crate) const KNOWN_FOR: Duration = Duration::from_secs(30);

/// The camera was moved at `since`: what stood before and is not seen in its place did not leave. It goes on where a
/// vehicle that looks like it was found meanwhile, and is unknown otherwise. What else was found since then may have
/// stood there before, outside the zone as it was drawn: it is never reported.
pub(crate) fn camera_moved(stays: &mut Vec<Stay>, since: MediaTime) {
    let (mut before, after): (Vec<Stay>, Vec<Stay>) =
        std::mem::take(stays).into_iter().partition(|stay| stay.started.at < since);
    before.retain(|stay| !stay.is_absent() || stay.has_settled());
    for stay in before.iter_mut().filter(|stay| stay.is_absent()) {
        stay.set_adrift();
    }
    for mut found in after {
        let now = found.last_seen;
        if !(found.has_settled() && go_on_as(&mut before, &found, now)) {
            found.bar();
            before.push(found);
        }
    }
    *stays = before;
}

/// Lets the stay go on that was adrift and now is `found`, which has just begun. Whether there is one.
pub(crate) fn go_on_as(stays: &mut [Stay], found: &Stay, now: When) -> bool {
    let adrift = stays.iter_mut().filter_map(|stay| Some((stay.found_as(found)?, stay)));
    let Some((_, stay)) = adrift.max_by(|a, b| a.0.total_cmp(&b.0)) else { return false };
    stay.move_to(found, now);
    true
}
