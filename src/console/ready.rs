use crate::service::{BoxFacts, Stage};

/// Why the box cannot do its work, in words and without addresses; nothing where it can. A camera that was tried and cannot be
/// reached is no reason: the others are watched.
pub(super) fn reasons(facts: &BoxFacts) -> Vec<String> {
    let works = match &facts.stage {
        Stage::Loading => return vec!["models are not loaded yet".to_owned()],
        Stage::Ending => return vec!["the program is ending".to_owned()],
        Stage::Watching(works) => works,
    };
    let mut reasons = Vec::new();
    if let Some(since) = works.database.failing_since {
        let waiting = works.database.in_memory;
        reasons.push(format!(
            "the database cannot be written since {since:.0}; {waiting} changes wait in memory: see what the log says of it"
        ));
    }
    let still = facts.threads.still.iter();
    reasons.extend(still.map(|(thread, what)| format!("thread {thread} stands still: it is {what}")));
    let untried = facts.cameras.iter().filter(|camera| !camera.is_tried());
    reasons.extend(untried.map(|camera| format!("camera {} has not been tried yet", camera.camera)));
    reasons
}
