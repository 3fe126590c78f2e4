//! The camera under every order of answers, every window, and groups given at once or while they grow: it tells the same.

mod fairness;
mod orders;
mod overload;
mod restart;
mod room;
mod script;
mod sizes;
mod strands;
