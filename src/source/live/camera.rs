use std::time::Duration;

use super::{Dial, Dialled, Trouble};
use crate::{
    address::Parts,
    config::{Live, RequestHost},
    geometry::PixelAspect,
    libav::{Decoder, Input, LibavError, Limits},
    source::rtsp::{GuardLimits, Guards, Refusal, Relay},
    stop::Stop,
};

/// Connects to a camera by RTSP: libav dials a guard on loopback, and that dials the camera.
pub struct RtspDial {
    live: Live,
    host: String,
    guards: Guards,
    pixel_aspect: Option<PixelAspect>,
}

/// The machine behind an address, by host and port: behind one port of a router another machine may lie than behind the next.
pub fn place(parts: &Parts<'_>) -> String {
    format!("{}:{}", parts.host.to_ascii_lowercase(), parts.port.unwrap_or(554))
}

/// So much of a stream, in its own time, is read to learn what it holds. Its description tells most of it.
const PROBE: Duration = Duration::from_secs(2);

impl RtspDial {
    /// To this camera.
    pub fn new(live: Live, guards: Guards, pixel_aspect: Option<PixelAspect>) -> Self {
        let host = live.address.parts().map_or_else(|| "?".to_owned(), |parts| place(&parts));
        Self { live, host, guards, pixel_aspect }
    }

    fn limits(&self, stop: &Stop) -> Limits {
        Limits {
            open: self.live.open_timeout,
            read: self.live.frame_timeout,
            probe_time: PROBE,
            stop: stop.clone(),
            ..Limits::default()
        }
    }
}

impl Dial for RtspDial {
    fn host(&self) -> &str {
        &self.host
    }

    fn dial(&mut self, stop: &Stop) -> Result<Dialled, Trouble> {
        let relay = match self.live.request_host {
            RequestHost::Guard => {
                let limits = GuardLimits::default();
                let own = |error: crate::source::rtsp::GuardError| Trouble::Own(error.to_string());
                Some(self.guards.relay(&self.live.address, limits).map_err(own)?)
            }
            RequestHost::Camera => None,
        };
        let address = relay.as_ref().map_or(&self.live.address, Relay::address);
        let shown = self.live.address.to_string();
        let opened = Input::open_as(address.as_str(), &shown, &self.limits(stop))
            .and_then(|input| Decoder::new(input.stream()).map(|_| input));
        match opened {
            Ok(mut input) => {
                if let Some(aspect) = self.pixel_aspect {
                    input.set_pixel_aspect(aspect);
                }
                Ok(Dialled { packets: Box::new(input), relay })
            }
            Err(error) => {
                let refusal = relay.as_ref().and_then(Relay::refusal);
                // Without a guard FFmpeg tells less.
                let refusal = refusal.or_else(|| match error {
                    LibavError::Status { code, .. } => Refusal::of(code, false),
                    _ => None,
                });
                Err(refusal.map_or(Trouble::Libav(error), Trouble::Refused))
            }
        }
    }

    fn patience(&self) -> Duration {
        self.live.open_timeout
    }

    fn repeats(&self) -> bool {
        true
    }
}
