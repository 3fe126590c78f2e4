//! Decoders that are used again.

use std::sync::Arc;

use crate::libav::{Decoder, LibavError, StreamInfo};

/// Decoders that one worker keeps: a site's cameras are of few kinds.
const KEPT: usize = 4;

/// Decoders that have forgotten what they decoded, but for the parameter sets that their streams have in force.
#[derive(Default)]
pub(super) struct Kept(
    /// The one used last comes first.
    Vec<(Arc<StreamInfo>, Decoder)>,
);

impl Kept {
    /// Keeps a decoder that served `stream`, unless no flush would make it as it was.
    pub(super) fn keep(&mut self, stream: &Arc<StreamInfo>, mut decoder: Decoder) {
        if decoder.is_altered() {
            return;
        }
        decoder.flush();
        self.0.insert(0, (Arc::clone(stream), decoder));
        self.0.truncate(KEPT);
    }

    /// A decoder that has seen nothing of the stream, or has forgotten it.
    pub(super) fn decoder(&mut self, stream: &Arc<StreamInfo>) -> Result<Decoder, LibavError> {
        let same =
            |kept: &(Arc<StreamInfo>, Decoder)| Arc::ptr_eq(&kept.0, stream) || kept.0.same_coding(stream);
        match self.0.iter().position(same) {
            Some(place) => {
                let (_, mut decoder) = self.0.remove(place);
                decoder.serve(stream);
                Ok(decoder)
            }
            None => Decoder::new(stream),
        }
    }
}

/// A decoder for a group that is decoded once more: the same, where it can be made to forget what it saw of the group.
pub(super) fn anew(
    mut decoder: Decoder,
    stream: &StreamInfo,
    for_people: bool,
) -> Result<Decoder, LibavError> {
    if decoder.is_altered() {
        decoder = Decoder::new(stream)?;
        decoder.smooth_only_references(!for_people);
    } else {
        decoder.flush();
    }
    Ok(decoder)
}
