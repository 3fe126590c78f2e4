use std::time::Duration;

use super::{Dial, Dialled, Trouble};
use crate::{
    address::Parts,
    config::{Live, RequestHost, Scheme},
    geometry::PixelAspect,
    libav::{Decoder, Input, LibavError, Limits, Way},
    source::rtsp::{GuardError, GuardLimits, Guards, Refusal, Relay},
    stop::Stop,
};

/// Connects to a camera by RTSP or HTTP: libav dials a guard on loopback, and that dials the camera.
pub struct CameraDial {
    live: Live,
    host: String,
    way: Way,
    guards: Guards,
    pixel_aspect: Option<PixelAspect>,
}

/// The machine behind an address, by host and port: behind one port of a router another machine may lie than behind the next.
pub fn place(parts: &Parts<'_>) -> String {
    let port = parts.port.or_else(|| Some(Scheme::of(parts.scheme)?.port()));
    format!("{}:{}", parts.host.to_ascii_lowercase(), port.unwrap_or_default())
}

/// How libav asks for a stream.
fn way(parts: &Parts<'_>) -> Way {
    match Scheme::of(parts.scheme) {
        Some(Scheme::Http | Scheme::Https) => {
            let port = parts.port.map_or_else(String::new, |port| format!(":{port}"));
            Way::Flv { host: format!("{}{port}", parts.host) }
        }
        Some(Scheme::Rtsp | Scheme::Rtsps) | None => Way::Rtsp,
    }
}

/// So much of a stream, in its own time, is read to learn what it holds. Its description tells most of it.
const PROBE: Duration = Duration::from_secs(2);

impl CameraDial {
    /// To this camera.
    pub fn new(live: Live, guards: Guards, pixel_aspect: Option<PixelAspect>) -> Self {
        let parts = live.address.parts();
        let host = parts.as_ref().map_or_else(|| "?".to_owned(), place);
        let way = parts.as_ref().map_or(Way::Rtsp, way);
        Self { live, host, way, guards, pixel_aspect }
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

    /// What stands before the camera.
    fn relay(&self) -> Result<Option<Relay>, Trouble> {
        match self.live.request_host {
            RequestHost::Guard => {
                let own = |error: GuardError| Trouble::Own(error.to_string());
                self.guards.relay(&self.live, GuardLimits::default()).map(Some).map_err(own)
            }
            RequestHost::Camera => Ok(None),
        }
    }
}

impl Dial for CameraDial {
    fn host(&self) -> &str {
        &self.host
    }

    fn dial(&mut self, stop: &Stop) -> Result<Dialled, Trouble> {
        let relay = self.relay()?;
        let address = relay.as_ref().map_or(&self.live.address, Relay::address);
        let shown = self.live.address.to_string();
        let opened = Input::open_as(address.as_str(), &shown, &self.way, &self.limits(stop))
            .and_then(|input| Decoder::new(input.stream()).map(|_| input));
        match opened {
            Ok(mut input) => {
                if let Some(aspect) = self.pixel_aspect {
                    input.set_pixel_aspect(aspect);
                }
                Ok(Dialled { packets: Box::new(input), relay })
            }
            Err(error) => {
                let refusal = match (relay.as_ref().and_then(Relay::refusal), &error, &self.way) {
                    // Who shows a page closes the connection after it.
                    (None | Some(Refusal::BrokeOff), LibavError::NotARecording { .. }, Way::Flv { .. }) => {
                        Some(Refusal::NotFlv)
                    }
                    // Without a guard FFmpeg tells less.
                    (None, LibavError::Status { code, .. }, _) => Refusal::of(*code, false),
                    (refusal, ..) => refusal,
                };
                Err(refusal.map_or(Trouble::Libav(error), Trouble::Refused))
            }
        }
    }

    fn patience(&self) -> Duration {
        self.live.open_timeout
    }

    fn silence(&self) -> Duration {
        self.live.frame_timeout
    }

    fn repeats(&self) -> bool {
        true
    }
}
