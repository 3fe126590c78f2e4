use crate::domain::{Detection, Track};

/// A vehicle seen at a look.
#[derive(Debug, Clone, Copy)]
pub(super) struct Vehicle<'a> {
    /// What the tracker made of it.
    pub track: &'a Track,
    /// What was found.
    pub detection: &'a Detection,
}
