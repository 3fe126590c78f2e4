//! Tests on clips that FFmpeg makes.

mod analyze;
mod evidence;
mod made;
mod naming;
mod report;
mod results;
mod subscribers;
mod verdict;
