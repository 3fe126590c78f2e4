//! The tracker and the rules against scenes by script, and the recorded observations made of such scenes.

mod control_room;
mod detectors;
mod elevator;
mod fire_lane;
mod invariants;
mod live;
mod people;
mod samples;
mod scene;
mod stage;
mod state;
mod vehicles;
