use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{News, OFFLINE_AFTER, ONLINE_AFTER, Pictures};
use crate::domain::{CameraFact, OfflineReason, When};

/// Whether pictures are away. A camera that comes back for a moment again and again is away all the time.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Away {
    /// Since when it is offline, as was told.
    told: Option<Timestamp>,
    /// Since when pictures have not come for long enough.
    #[serde(skip)]
    from: Option<When>,
    /// Since when they come, without a break.
    #[serde(skip)]
    back: Option<When>,
}

impl Away {
    /// So was it told last.
    pub fn set(&mut self, told: Option<Timestamp>) {
        self.told = told;
    }

    pub fn take(&mut self, now: When, pictures: Pictures) -> Option<News> {
        match pictures {
            Pictures::Come => {
                let back = *self.back.get_or_insert(now);
                if now.at.since(back.at) < ONLINE_AFTER {
                    return None;
                }
                self.from = None;
                self.told.take().map(|_| News { since: back.wall, fact: CameraFact::Online })
            }
            Pictures::Away(reason) => {
                self.back = None;
                let from = *self.from.get_or_insert(now);
                let reason = reason.filter(|_| now.at.since(from.at) >= OFFLINE_AFTER)?;
                self.begin(from.wall, reason)
            }
        }
    }

    pub fn set_aside(&mut self, now: When) -> Option<News> {
        self.back = None;
        self.begin(now.wall, OfflineReason::Undecodable)
    }

    /// Told once; of another reason meanwhile nothing is.
    fn begin(&mut self, since: Timestamp, reason: OfflineReason) -> Option<News> {
        if self.told.is_some() {
            return None;
        }
        self.told = Some(since);
        Some(News { since, fact: CameraFact::Offline(reason) })
    }
}
