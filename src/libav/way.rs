//! How a stream is reached, and what FFmpeg may open for it.

use std::ffi::CString;

use super::dictionary::Dictionary;

/// How a stream is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// By RTSP, packets within the connection.
    Rtsp,
    /// By HTTP, whatever it holds.
    Http,
    /// By HTTP, in FLV and nothing else.
    Flv {
        /// The host that is asked for, where another machine is dialled in its place.
        host: String,
    },
}

impl Way {
    /// Of an address of which nothing else is known.
    pub(super) fn of(address: &str) -> Self {
        if address.starts_with("http") { Self::Http } else { Self::Rtsp }
    }

    /// Whatever the other side says, nothing else is opened on its word. Sound bends the times of pictures, and is not asked for.
    pub(super) fn set(&self, options: &mut Dictionary) {
        match self {
            Self::Rtsp => {
                options.set(c"protocol_whitelist", c"rtsp,rtp,tcp");
                options.set(c"rtsp_transport", c"tcp");
                options.set(c"allowed_media_types", c"video");
            }
            Self::Http => options.set(c"protocol_whitelist", c"http,tcp"),
            Self::Flv { host } => {
                options.set(c"protocol_whitelist", c"http,tcp");
                options.set(c"format_whitelist", c"flv,live_flv");
                // What the environment says of proxies is not for who is on this machine.
                options.set(c"http_proxy", c"");
                // It goes on without an end, and nothing but its pictures is wanted.
                options.set(c"seekable", c"0");
                options.set(c"icy", c"0");
                options.set(c"user_agent", c"firewarden");
                if let Ok(line) = CString::new(format!("Host: {host}\r\n")) {
                    options.set(c"headers", &line);
                }
            }
        }
    }
}
