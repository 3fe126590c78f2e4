use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What one measurement says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seems {
    Wrong,
    Right,
    /// Neither: what is wrong stays so, and what is right.
    Between,
}

/// What is to be told, and since when it has been so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Begun(Timestamp),
    Over(Timestamp),
}

/// Something that is wrong once it was measured so several times in a row, and right again likewise.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Lasting {
    /// Since when it is wrong, as was told.
    told: Option<Timestamp>,
    #[serde(skip)]
    run: Option<Run>,
}

/// Measurements in a row that say other than was told.
#[derive(Debug, Clone, Copy)]
struct Run {
    since: Timestamp,
    count: u32,
}

impl Lasting {
    /// So was it told last.
    pub fn set(&mut self, told: Option<Timestamp>) {
        self.told = told;
    }

    /// Takes in a measurement; so many in a row tell.
    pub fn take(&mut self, seems: Seems, wall: Timestamp, enough: u32) -> Option<Change> {
        let other = if self.told.is_none() { Seems::Wrong } else { Seems::Right };
        if seems != other {
            self.run = None;
            return None;
        }
        let run = self.run.get_or_insert(Run { since: wall, count: 0 });
        run.count = run.count.saturating_add(1);
        if run.count < enough {
            return None;
        }
        let since = run.since;
        self.run = None;
        match self.told.take() {
            Some(_) => Some(Change::Over(since)),
            None => {
                self.told = Some(since);
                Some(Change::Begun(since))
            }
        }
    }

    /// What is measured next is not in a row with what was before.
    pub fn interrupt(&mut self) {
        self.run = None;
    }
}
