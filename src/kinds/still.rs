//! What is boxed on the stills of a violation, as far as several kinds agree in it.

use crate::{
    domain::{Detection, EvidenceRole, Violation},
    geometry::BBox,
};

/// A still of a violation, and what was found at the look that it shows.
pub struct Still<'a> {
    /// The violation.
    pub violation: &'a Violation,
    /// Which of its moments is shown.
    pub role: EvidenceRole,
    /// What the rule's detector found then.
    pub found: &'a [Detection],
}

impl Still<'_> {
    /// What may be the thing that the violation is about, by its class.
    pub fn alike(&self) -> impl Iterator<Item = &Detection> {
        let class = self.violation.class;
        self.found.iter().filter(move |found| class.is_some_and(|class| class.may_be(found.class)))
    }

    /// The box of the one thing that the violation is about: what `began` says of where it was when it began, given where
    /// it was raised; and nothing once it is over.
    pub fn one_thing(&self, began: impl FnOnce(BBox) -> Option<BBox>) -> Vec<BBox> {
        let Some(raised) = self.violation.bbox else { return Vec::new() };
        let shown = match self.role {
            EvidenceRole::Started => began(raised),
            EvidenceRole::Raised | EvidenceRole::Clip => Some(raised),
            EvidenceRole::Ended => None,
        };
        shown.into_iter().collect()
    }
}
