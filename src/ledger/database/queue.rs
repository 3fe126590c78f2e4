//! What waits in memory to be written down.

use std::{
    collections::{BTreeMap, VecDeque},
    ops::RangeInclusive,
    sync::{Arc, mpsc::SyncSender},
    time::Instant,
};

use jiff::civil::Date;

use super::{
    DatabaseError,
    kept::{Changed, Item},
};
use crate::{
    domain::{CameraId, OutboxId, Phase, Verdict},
    judge::Saved,
    ledger::days::DayOutcome,
};

/// So many things wait at most, and then older ones go.
pub(super) const BOUND: usize = 100_000;
/// Where one must go, so many go at once as a share of the bound: to look for them takes time.
const SHARE: usize = 100;

/// What waits.
#[derive(Debug, Default)]
pub(super) struct Queue {
    items: VecDeque<Item>,
    /// The newest of each camera.
    states: BTreeMap<CameraId, Arc<Saved>>,
    /// The newest of each camera, whether or not it was written down.
    latest: BTreeMap<CameraId, Arc<Saved>>,
    orders: Vec<Order>,
    days: Vec<Date>,
    /// The newest of each camera and day.
    outcomes: BTreeMap<(CameraId, Date), DayOutcome>,
    /// The newest of each camera, whether or not it was written down.
    latest_outcomes: BTreeMap<CameraId, DayOutcome>,
    /// What was taken and is being written.
    taken: usize,
    pub ending: Ending,
}

/// Whether more is to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Ending {
    /// It is.
    #[default]
    No,
    /// What waits is to be written until then.
    Until(Instant),
    /// Nothing is written any more.
    Over,
}

/// Something that others decide, and wait for until it is written down.
#[derive(Debug)]
pub(super) struct Order {
    pub mark: Mark,
    /// Told how many rows it concerned once that is written down, or why it cannot be.
    pub done: SyncSender<Result<u64, DatabaseError>>,
}

/// What is decided. An outbox is named where numbers are counted in it: a database that was begun meanwhile has others under
/// them.
#[derive(Debug)]
pub(super) enum Mark {
    /// A sink has these alerts.
    Delivered { sink: String, outbox: OutboxId, sequences: Vec<u64> },
    /// A sink will never take this one.
    Refused { sink: String, outbox: OutboxId, sequence: u64, why: String },
    /// A sink is to have these again, which it had before: so many of them at most, the first.
    Again { sink: String, outbox: OutboxId, sequences: RangeInclusive<u64>, most: u64 },
    /// What somebody found of a violation.
    Verdict(Verdict),
    /// A file lies where it was to be put.
    Uploaded { name: String },
    /// A file is not taken there now.
    UploadPutOff { name: String, why: String },
    /// A file can never be put there.
    NotUploaded { name: String, why: String },
}

/// What is written in one commit.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub items: VecDeque<Item>,
    pub states: BTreeMap<CameraId, Arc<Saved>>,
    pub orders: Vec<Order>,
    pub days: Vec<Date>,
    pub outcomes: BTreeMap<(CameraId, Date), DayOutcome>,
}

impl Batch {
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
            && self.states.is_empty()
            && self.orders.is_empty()
            && self.days.is_empty()
            && self.outcomes.is_empty()
    }
}

/// How much had to be given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Dropped {
    /// Of what tells more about something that was told.
    pub updates: u64,
    /// Of all else.
    pub others: u64,
}

impl Queue {
    /// Takes what one step led to, as a whole. What must be given up for it is told.
    pub fn push(
        &mut self,
        items: impl IntoIterator<Item = Item>,
        state: Option<(CameraId, Arc<Saved>)>,
        bound: usize,
    ) -> Dropped {
        self.items.extend(items);
        if let Some((camera, state)) = state {
            self.latest.insert(camera.clone(), Arc::clone(&state));
            self.states.insert(camera, state);
        }
        self.keep(bound)
    }

    pub fn order(&mut self, order: Order) {
        self.orders.push(order);
    }

    pub fn close_day(&mut self, day: Date) {
        self.days.push(day);
    }

    /// Takes a camera's day at a glance.
    pub fn outcome(&mut self, day: DayOutcome) {
        self.latest_outcomes.insert(day.camera.clone(), day.clone());
        self.outcomes.insert((day.camera.clone(), day.day), day);
    }

    /// What became of a camera on a day, where that is the newest that is known of it.
    pub fn latest_outcome(&self, camera: &CameraId, day: Date) -> Option<DayOutcome> {
        self.latest_outcomes.get(camera).filter(|known| known.day == day).cloned()
    }

    /// The newest state of a camera that this program has made.
    pub fn latest(&self, camera: &CameraId) -> Option<Arc<Saved>> {
        self.latest.get(camera).cloned()
    }

    /// Whether something waits that is not to wait.
    pub fn is_urgent(&self) -> bool {
        !(self.items.is_empty() && self.orders.is_empty() && self.days.is_empty())
    }

    /// Whether the state of any camera waits.
    pub fn has_states(&self) -> bool {
        !(self.states.is_empty() && self.outcomes.is_empty())
    }

    /// How many changes wait, and of how many cameras the state.
    pub fn waiting(&self) -> (usize, usize) {
        (self.items.len() + self.taken, self.states.len())
    }

    /// What waits of violations and files.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.items.iter()
    }

    /// All that waits, to be written.
    pub fn take(&mut self) -> Batch {
        self.taken = self.items.len();
        Batch {
            items: std::mem::take(&mut self.items),
            states: std::mem::take(&mut self.states),
            orders: std::mem::take(&mut self.orders),
            days: std::mem::take(&mut self.days),
            outcomes: std::mem::take(&mut self.outcomes),
        }
    }

    /// What others wait for, to be given back.
    pub fn take_orders(&mut self) -> Vec<Order> {
        std::mem::take(&mut self.orders)
    }

    /// What was taken is written.
    pub fn written(&mut self) {
        self.taken = 0;
    }

    /// What was taken could not be written, and is to be before what came since.
    pub fn put_back(&mut self, batch: Batch, bound: usize) -> Dropped {
        let Batch { mut items, states, orders, mut days, outcomes } = batch;
        self.taken = 0;
        items.append(&mut self.items);
        self.items = items;
        for (camera, state) in states {
            self.states.entry(camera).or_insert(state);
        }
        for (of, day) in outcomes {
            self.outcomes.entry(of).or_insert(day);
        }
        days.append(&mut self.days);
        self.days = days;
        self.orders.extend(orders);
        self.keep(bound)
    }

    /// A database that holds nothing is to get all that is known.
    pub fn write_all(&mut self) {
        for (camera, state) in &self.latest {
            self.states.entry(camera.clone()).or_insert_with(|| Arc::clone(state));
        }
    }

    /// Gives up the oldest where too much waits: first what only tells more, then what else is least missed, and that a
    /// violation was raised or is over last of all.
    fn keep(&mut self, bound: usize) -> Dropped {
        let mut dropped = Dropped::default();
        if self.items.len() <= bound {
            return dropped;
        }
        let mut surplus = (self.items.len() - bound).max(bound / SHARE);
        for rank in Rank::ALL {
            self.items.retain(|item| {
                let goes = surplus > 0 && Rank::of(item) == rank;
                if goes {
                    surplus -= 1;
                    *(if rank == Rank::Update { &mut dropped.updates } else { &mut dropped.others }) += 1;
                }
                !goes
            });
            // Of what is missed more, no more goes than must.
            surplus = surplus.min(self.items.len().saturating_sub(bound));
        }
        dropped
    }
}

/// How much something would be missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rank {
    Update,
    Warning,
    Health,
    Evidence,
    Pair,
}

impl Rank {
    const ALL: [Self; 5] = [Self::Update, Self::Warning, Self::Health, Self::Evidence, Self::Pair];

    fn of(item: &Item) -> Self {
        match item {
            Item::Changed(Changed { violation, .. }) => match violation.phase {
                Phase::Updated => Self::Update,
                Phase::Warned => Self::Warning,
                Phase::Raised | Phase::Ended => Self::Pair,
            },
            Item::Health(..) => Self::Health,
            Item::Evidence(..) => Self::Evidence,
        }
    }
}
