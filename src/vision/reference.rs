use std::time::Duration;

use firewarden_pixels::shift;

use super::Signature;
use crate::domain::{MediaTime, Scene};

/// Share of the picture that must have changed since the look before for it to be asked whether all of it has moved. Less
/// than that is never computed with.
const MUCH: f32 = 0.08;
/// Looks and time after which a shifted picture is what the camera shows from then on.
const SETTLED_LOOKS: u32 = 8;
const SETTLED_FOR: Duration = Duration::from_secs(12);

/// The picture of before a shift of the whole, kept until the picture is back or is known to stay where it is.
#[derive(Debug, Default)]
pub struct Reference {
    kept: Option<Kept>,
}

#[derive(Debug)]
struct Kept {
    signature: Signature,
    since: MediaTime,
    looks: u32,
}

impl Reference {
    /// Adds to `scene` by how much the picture of a look at `at` is shifted, where it is; `before` is the signature of the
    /// look before. `scene` must have been compared with that.
    pub fn look(&mut self, now: &Signature, before: Option<&Signature>, at: MediaTime, scene: &mut Scene) {
        let round = |by: (f32, f32)| [(by.0 * 1e4).round() / 1e4, (by.1 * 1e4).round() / 1e4];
        match &mut self.kept {
            Some(kept) => {
                scene.moved = shift(kept.signature.small(), now.small()).map(round);
                kept.looks = kept.looks.saturating_add(1);
                let settled = kept.looks >= SETTLED_LOOKS && at.since(kept.since) >= SETTLED_FOR;
                if scene.moved.is_none() || settled {
                    self.kept = None;
                }
            }
            None => {
                let changed = scene.changed.is_some_and(|share| share >= MUCH);
                let Some(before) = before.filter(|_| changed) else { return };
                scene.moved = shift(before.small(), now.small()).map(round);
                if scene.moved.is_some() {
                    self.kept = Some(Kept { signature: before.clone(), since: at, looks: 1 });
                }
            }
        }
    }
}
