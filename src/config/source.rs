//! Where a camera's pictures come from.

use std::{
    fmt,
    path::{Path, PathBuf},
    time::Duration,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::tls::Tls;
use crate::{address::Address, duration, files};

/// How long a live camera may take to its first key frame, where nothing else is said.
pub const OPEN_TIMEOUT: Duration = Duration::from_secs(30);
/// How long it may take from one picture to the next, likewise.
pub const FRAME_TIMEOUT: Duration = Duration::from_secs(10);

/// Where a camera's pictures come from. It may hold a password: `Display`, `Debug` and `Serialize` show it without.
///
/// A recording is written as in the configuration, without the folder: what is read back is taken from where one is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub enum SourceAddress {
    /// A file or a glob of files.
    Recording {
        /// The configuration's folder, from which a relative one is taken. It is no part of the pattern.
        folder: PathBuf,
        /// As it is written.
        written: String,
    },
    /// A live camera.
    Live(Live),
}

/// A live camera's address, and how it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    /// Its address, such as `rtsp://…`: evidence is of this stream.
    pub address: Address,
    /// A smaller stream of the same pictures, which is looked at in its place.
    pub substream: Option<Address>,
    /// How RTSP carries its packets.
    pub transport: Transport,
    /// How long it may take to its first key frame.
    pub open_timeout: Duration,
    /// How long it may take from one picture to the next.
    pub frame_timeout: Duration,
    /// Whose certificate it shows; none for one that the authorities of the system vouch for.
    pub tls: Option<Tls>,
    /// Which machine requests name.
    pub request_host: RequestHost,
}

impl Live {
    /// A camera at this address of which nothing else is said.
    pub fn new(address: String) -> Self {
        Self {
            address: address.into(),
            substream: None,
            transport: Transport::default(),
            open_timeout: OPEN_TIMEOUT,
            frame_timeout: FRAME_TIMEOUT,
            tls: None,
            request_host: RequestHost::default(),
        }
    }
}

/// By what a live camera is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// `rtsp://`.
    Rtsp,
    /// `rtsps://`: RTSP within TLS.
    Rtsps,
    /// `http://`: video in FLV, as media servers and recorders send it.
    Http,
    /// `https://`: the same within TLS.
    Https,
}

impl Scheme {
    /// All that there are.
    pub const ALL: [Self; 4] = [Self::Rtsp, Self::Rtsps, Self::Http, Self::Https];

    /// As addresses begin.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rtsp => "rtsp",
            Self::Rtsps => "rtsps",
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// The scheme of this name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scheme| scheme.name() == name)
    }

    /// The port where an address names none.
    pub fn port(self) -> u16 {
        match self {
            Self::Rtsp => 554,
            Self::Rtsps => 322,
            Self::Http => 80,
            Self::Https => 443,
        }
    }

    /// Whether a certificate is shown.
    pub fn is_secure(self) -> bool {
        matches!(self, Self::Rtsps | Self::Https)
    }

    /// Whether it is RTSP, be it within TLS.
    pub fn is_rtsp(self) -> bool {
        matches!(self, Self::Rtsp | Self::Rtsps)
    }
}

/// Which machine the requests to a camera name as the one that is asked. The guard passes bytes on as they are, so that they name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RequestHost {
    /// The guard on loopback, which bounds what the camera sends.
    #[default]
    Guard,
    /// The camera, for one that answers nobody else: it is dialled without the guard.
    Camera,
}

/// How RTSP carries packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// Within the connection: nothing is lost on the way.
    #[default]
    Tcp,
    /// Beside it.
    Udp,
}

/// Whether a source is the address of a live camera; anything else is a file or a glob of files.
pub(super) fn is_address(written: &str) -> bool {
    written.contains("://")
}

impl SourceAddress {
    /// A source of which nothing else is said. A relative recording is taken from `folder`.
    pub fn new(written: String, folder: &Path) -> Self {
        if is_address(&written) {
            Self::Live(Live::new(written))
        } else {
            Self::Recording { folder: folder.to_owned(), written }
        }
    }

    /// Without what may not be shown, and without the folder.
    pub(super) fn redacted(&self) -> Self {
        match self {
            Self::Recording { written, .. } => {
                Self::Recording { folder: PathBuf::new(), written: written.clone() }
            }
            Self::Live(live) => Self::Live(Live {
                address: live.address.redacted(),
                substream: live.substream.as_ref().map(Address::redacted),
                ..live.clone()
            }),
        }
    }
}

impl fmt::Display for SourceAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recording { folder, written } => {
                f.write_str(&files::shown(folder.join(written).as_os_str()))
            }
            Self::Live(live) => fmt::Display::fmt(&live.address, f),
        }
    }
}

impl fmt::Debug for SourceAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recording { .. } => fmt::Display::fmt(self, f),
            Self::Live(live) => fmt::Debug::fmt(live, f),
        }
    }
}

/// A source as it is written among the keys of a camera.
#[derive(Serialize, Deserialize)]
struct Written {
    source: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    substream: Option<Address>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    transport: Option<Transport>,
    #[serde(with = "duration::optional", default, skip_serializing_if = "Option::is_none")]
    open_timeout: Option<Duration>,
    #[serde(with = "duration::optional", default, skip_serializing_if = "Option::is_none")]
    frame_timeout: Option<Duration>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tls: Option<Tls>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_host: Option<RequestHost>,
}

impl From<SourceAddress> for Written {
    fn from(source: SourceAddress) -> Self {
        match source {
            SourceAddress::Recording { written: source, .. } => Self {
                source,
                substream: None,
                transport: None,
                open_timeout: None,
                frame_timeout: None,
                tls: None,
                request_host: None,
            },
            SourceAddress::Live(live) => Self {
                source: live.address.to_string(),
                substream: live.substream,
                transport: Some(live.transport),
                open_timeout: Some(live.open_timeout),
                frame_timeout: Some(live.frame_timeout),
                tls: live.tls,
                request_host: Some(live.request_host),
            },
        }
    }
}

impl From<Written> for SourceAddress {
    fn from(written: Written) -> Self {
        match Self::new(written.source, Path::new("")) {
            Self::Live(live) => Self::Live(Live {
                substream: written.substream,
                transport: written.transport.unwrap_or(live.transport),
                open_timeout: written.open_timeout.unwrap_or(live.open_timeout),
                frame_timeout: written.frame_timeout.unwrap_or(live.frame_timeout),
                tls: written.tls,
                request_host: written.request_host.unwrap_or(live.request_host),
                address: live.address,
            }),
            recording => recording,
        }
    }
}
