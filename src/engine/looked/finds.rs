//! What strands found at one look, and what it is compared with.

use super::{Looked, Own};
use crate::{
    domain::{Change, Detection, Scene},
    engine::eye::{Find, Found, Sight, Way},
    vision::Signature,
};

/// So many traces of what may be there a strand tells of a look.
const MOST_FAINT: usize = 8;

impl Looked {
    /// What strands found in a picture, each in its way, or what stands for it, in their order.
    pub(super) fn found(&self, sight: &mut Sight, ways: &[(usize, Way)]) -> Vec<(usize, Vec<Detection>)> {
        let mut found = Vec::new();
        for Find { strand, way, found: what, .. } in sight.finds.drain(..) {
            if !ways.contains(&(strand, way)) {
                continue;
            }
            match what {
                Found::New(detections) => found.push((strand, detections)),
                Found::Same => found.push((strand, self.standing.get(strand).cloned().unwrap_or_default())),
            }
        }
        found.sort_by_key(|(strand, _)| *strand);
        found
    }

    /// All that strands found, and what they saw a trace of, most confident first.
    pub(super) fn apart(&self, found: Vec<(usize, Vec<Detection>)>) -> (Vec<Detection>, Vec<Detection>) {
        let specs = self.shown.specs();
        let (mut detections, mut faint) = (Vec::new(), Vec::new());
        for (strand, found) in found {
            let sure = specs.get(strand).map_or(0.0, |spec| spec.sure);
            let (told, traces): (Vec<_>, Vec<_>) = found.into_iter().partition(|d| d.confidence >= sure);
            detections.extend(told);
            faint.extend(traces.into_iter().take(MOST_FAINT));
        }
        for list in [&mut detections, &mut faint] {
            list.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
        }
        (detections, faint)
    }

    /// What changed since a strand's own last look, where another has looked since: what its rules are told must not depend
    /// on which others there are.
    pub(super) fn changes(&self, sight: &Sight, ways: &[(usize, Way)]) -> Vec<Change> {
        let own = |(strand, _): &(usize, Way)| {
            let mut scene = Scene { changed: None, changed_in: None, identical: None, ..sight.scene };
            match self.own.get(*strand)? {
                Own::Never if self.signature.is_some() => {}
                Own::Never | Own::Last => return None,
                Own::Before(signature) => sight.signature.compare(signature, &mut scene),
            }
            let (model, Scene { changed, changed_in, identical, .. }) =
                (self.names.get(*strand)?.clone(), scene);
            Some(Change { model, changed, changed_in, identical })
        };
        ways.iter().filter_map(own).collect()
    }

    /// Keeps what the next looks are compared with.
    pub(super) fn remember(&mut self, signature: Signature, ways: &[(usize, Way)]) {
        for (strand, own) in self.own.iter_mut().enumerate() {
            if ways.iter().any(|(looked, _)| *looked == strand) {
                *own = Own::Last;
            } else if let (Own::Last, Some(before)) = (&own, &self.signature) {
                *own = Own::Before(before.clone());
            }
        }
        self.signature = Some(signature);
    }
}
