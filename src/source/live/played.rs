use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{Dial, Dialled, Trouble};
use crate::{
    clock::Clock,
    geometry::PixelAspect,
    libav::{Decoder, Input, LibavError, Limits, Packet, StreamInfo},
    source::packets::{Claims, Packets},
    stop::Stop,
};

/// Plays recordings as a camera would send them: each packet comes when it is due. For trials.
pub struct PlayedDial {
    files: Vec<PathBuf>,
    next: usize,
    repeats: bool,
    clock: Arc<dyn Clock>,
    pixel_aspect: Option<PixelAspect>,
}

impl PlayedDial {
    /// Plays these files one after the other: in a loop, or once.
    pub fn new(
        files: Vec<PathBuf>,
        repeats: bool,
        clock: Arc<dyn Clock>,
        pixel_aspect: Option<PixelAspect>,
    ) -> Self {
        Self { files, next: 0, repeats, clock, pixel_aspect }
    }
}

impl Dial for PlayedDial {
    fn host(&self) -> &str {
        ""
    }

    fn dial(&mut self, stop: &Stop) -> Result<Dialled, Trouble> {
        let file = self.files.get(self.next).ok_or(Trouble::Ended)?;
        self.next = (self.next + 1) % self.files.len().max(1);
        let limits = Limits { stop: stop.clone(), ..Limits::default() };
        let opened =
            Input::open_file(file, &limits).and_then(|input| Decoder::new(input.stream()).map(|_| input));
        let mut input = opened.map_err(Trouble::Libav)?;
        if let Some(aspect) = self.pixel_aspect {
            input.set_pixel_aspect(aspect);
        }
        let (clock, stop) = (Arc::clone(&self.clock), stop.clone());
        Ok(Dialled { packets: Box::new(Paced { input, clock, stop, began: None }), relay: None })
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(30)
    }

    fn repeats(&self) -> bool {
        // The next file follows, too.
        self.repeats || self.next != 0
    }
}

/// A recording whose packets come when they are due.
struct Paced {
    input: Input,
    clock: Arc<dyn Clock>,
    stop: Stop,
    /// The time of the first packet, and when it came.
    began: Option<(i64, Instant)>,
}

impl Packets for Paced {
    fn stream(&self) -> &Arc<StreamInfo> {
        self.input.stream()
    }

    fn claims(&self) -> Claims {
        Packets::claims(&self.input)
    }

    fn read(&mut self) -> Result<Option<Packet>, LibavError> {
        let packet = self.input.read()?;
        let time = packet.as_ref().and_then(|packet| packet.dts.or(packet.pts));
        if let Some(time) = time {
            let now = self.clock.monotonic();
            let (first, began) = *self.began.get_or_insert((time, now));
            let after = Duration::from_micros(u64::try_from(time.saturating_sub(first)).unwrap_or(0));
            if let Some(wait) = began.checked_add(after).and_then(|due| due.checked_duration_since(now)) {
                self.clock.sleep(wait, &self.stop);
            }
        }
        Ok(packet)
    }

    fn other_pictures(&self) -> u64 {
        0
    }

    fn others_end(&mut self) -> Option<i64> {
        None
    }

    fn is_stopped(&self) -> bool {
        self.stop.is_set()
    }
}
