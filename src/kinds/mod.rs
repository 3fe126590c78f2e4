//! The kinds of violations, a folder for each: its settings, its rule and its words.
//!
//! Settings and words are leaves, which the configuration reads: [`settings`], [`words`], and [`keys`], [`check`],
//! [`still`] and [`wording`], of which they are made. A [`rule()`] stands upon [`crate::rules`], and so does this file.

pub mod check;
mod control_room_unattended;
mod ebike_in_elevator;
mod fire_lane_parking;
pub mod keys;
mod list;
pub mod settings;
pub mod still;
pub mod urgency;
pub mod wording;
pub mod words;

use std::time::Duration;

use crate::rules::{Beginning, Rule};

macro_rules! rules {
    ($($(#[$doc:meta])* $folder:ident $Keys:ident;)*) => {
        /// The rule with these settings, whose camera is looked at `every` so often at least.
        pub fn rule(settings: &settings::Settings, every: Duration, beginning: Beginning) -> Box<dyn Rule> {
            match settings {
                $(settings::Settings::$Keys(keys) => $folder::rule(keys.clone(), every, beginning),)*
            }
        }
    };
}

list::kinds!(rules);
