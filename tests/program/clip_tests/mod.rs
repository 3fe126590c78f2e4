//! Tests on clips that FFmpeg makes.

mod analyze;
mod evidence;
mod health;
mod made;
mod naming;
mod report;
mod results;
mod subscribers;
mod verdict;
