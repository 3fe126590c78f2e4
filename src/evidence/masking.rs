//! Clips of which parts are black: decoded, blackened and encoded anew, with the times of the recording.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    geometry::Polygon,
    libav::{Container, Decoder, Encoder, Frame, LibavError, Muxer, Packet, StreamInfo, Upright},
    vision::Mask,
};

/// So many pictures may be on their way through the decoder.
const MOST_DELAYED: usize = 256;

/// A clip while it is encoded anew. Pictures are as they are to be shown: upright and with square pixels.
pub(super) struct Masking {
    path: PathBuf,
    stream: Arc<StreamInfo>,
    masks: Arc<[Polygon]>,
    decoder: Decoder,
    upright: Upright,
    /// How long pictures are shown that have not come out yet, by their times.
    durations: BTreeMap<i64, i64>,
    out: Option<Encoded>,
}

/// What there is once a first picture came out.
struct Encoded {
    encoder: Encoder,
    mask: Mask,
    muxer: Muxer,
}

impl Masking {
    /// For packets of `stream`; the file is written from the first picture on.
    pub(super) fn new(
        path: &Path,
        stream: &Arc<StreamInfo>,
        masks: &Arc<[Polygon]>,
    ) -> Result<Self, LibavError> {
        Ok(Self {
            path: path.to_owned(),
            decoder: Decoder::new(stream)?,
            stream: Arc::clone(stream),
            masks: Arc::clone(masks),
            upright: Upright::default(),
            durations: BTreeMap::new(),
            out: None,
        })
    }

    /// Takes the next packet of a group of `stream`; its times are microseconds from the file's beginning.
    pub(super) fn write(&mut self, packet: &Packet, stream: &Arc<StreamInfo>) -> Result<(), LibavError> {
        if stream.turn != self.stream.turn {
            // Those that are still in the decoder are to be turned as before: masks lie on the upright picture.
            self.decoder.drain();
            self.receive()?;
            self.decoder.flush();
            self.stream = Arc::clone(stream);
        }
        if let Some(pts) = packet.pts {
            self.durations.insert(pts, packet.duration);
        }
        while self.durations.len() > MOST_DELAYED {
            self.durations.pop_first();
        }
        let sent = self.decoder.send(packet);
        self.receive()?;
        sent
    }

    /// Encodes what has come out of the decoder. What is damaged is passed over.
    fn receive(&mut self) -> Result<(), LibavError> {
        loop {
            match self.decoder.receive() {
                Ok(Some(frame)) => self.encode(&frame)?,
                Ok(None) => return Ok(()),
                Err(LibavError::Damaged { .. }) => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn encode(&mut self, frame: &Frame) -> Result<(), LibavError> {
        let turned = self.upright.of(frame, &self.stream)?;
        let frame = turned.as_ref().unwrap_or(frame);
        let out = match &mut self.out {
            Some(out) => out,
            none => {
                let encoder = Encoder::new(frame, &self.stream)?;
                let (width, height) = encoder.size();
                // What cannot be blackened is not shown.
                let mask = Mask::new(&self.masks, width as usize, height as usize);
                let mask =
                    mask.map_err(|_| LibavError::Scale { width, height, format: frame.pixel_format() })?;
                let muxer = Muxer::create(&self.path, encoder.stream(), Container::Mp4)?;
                none.insert(Encoded { encoder, mask, muxer })
            }
        };
        let packets = out.encoder.encode(frame, out.mask.rows())?;
        out.write(packets, &mut self.durations)
    }

    /// Completes the file, and tells what is in it.
    pub(super) fn finish(mut self) -> Result<StreamInfo, LibavError> {
        self.decoder.drain();
        self.receive()?;
        let Some(mut out) = self.out.take() else {
            let detail = "not one picture of the clip could be decoded".to_owned();
            return Err(LibavError::Damaged { address: self.stream.address.clone(), detail });
        };
        let packets = out.encoder.finish()?;
        out.write(packets, &mut self.durations)?;
        let stream = StreamInfo::clone(out.encoder.stream());
        out.muxer.finish()?;
        Ok(stream)
    }
}

impl Encoded {
    fn write(&mut self, packets: Vec<Packet>, durations: &mut BTreeMap<i64, i64>) -> Result<(), LibavError> {
        for mut packet in packets {
            let pts = packet.pts.unwrap_or(0);
            // MPEG-4 rounds times.
            if let Some((&key, &duration)) = durations.range(..=pts + 50).next_back() {
                packet.duration = duration;
                durations.retain(|time, _| *time > key);
            }
            packet.dts = Some(packet.dts.map_or(pts, |dts| dts.min(pts)));
            self.muxer.write(&packet)?;
        }
        Ok(())
    }
}
