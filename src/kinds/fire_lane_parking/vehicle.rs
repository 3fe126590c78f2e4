use crate::domain::{Detection, Track};

/// A vehicle seen at a look.
#[derive(Debug, Clone, Copy)]
pub(super) struct Vehicle<'a> {
    pub track: &'a Track,
    pub detection: &'a Detection,
}
