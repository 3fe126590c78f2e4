//! Cameras by RTSP, and by HTTP in FLV. Before FFmpeg, which speaks both, stands a guard of the project's own.
//!
//! ```text
//!  camera ◄──────► relay ◄───────────► FFmpeg, in the same process
//!          dialled         127.0.0.1, one connection
//! ```
//!
//! FFmpeg's client follows redirects to anywhere, takes descriptions of any size, takes for the size of a picture what comes, waits
//! for an answer that comes byte by byte for as long as it comes, and does not tell its caller why a camera refused. A [`Relay`] is
//! dialled by FFmpeg instead of the camera, dials the camera, and passes bytes on unchanged:
//!
//! - Heads, bodies and pictures are bounded ([`GuardLimits`]), and so is how fast they come. A head is passed on when it is there as a
//!   whole and was judged; so is a packet. What waits towards FFmpeg is one of these and what two sockets hold: no more is read before
//!   that was written, so the camera has to wait.
//! - To connect and to answer has a deadline each. Silence between pictures has none here: the source has.
//! - `rtsps://` is RTSP within TLS, which FFmpeg would not verify: the relay does ([`Tls`](crate::config::Tls)), and speaks to nobody
//!   whose certificate is not believed.
//! - Where packets are to come by UDP, it asks for them, takes them from the camera alone, puts them in order, and passes them on
//!   within the connection. Where some are lost, it marks the pictures that lack them ([`is_marked`]).
//! - By HTTP it passes one request, which names the camera as its host, and what answers it ([`Refusal`] but for a status of success).
//!   To ask once more with a password FFmpeg dials anew.
//! - An answer that points elsewhere cuts the connection before FFmpeg sees it.
//! - What the camera refused is remembered ([`Refusal`]), and what it says of its clock ([`SenderReport`]).
//! - Blank lines between messages, and what is neither message nor packet while pictures come, are not passed on: FFmpeg would lose the
//!   thread by them.
//!
//! FFmpeg names the relay in its requests, in the first line as in the digest of the password, so cameras find that the two agree.
//! A camera that checks whether the host in a request is its own must be dialled without a relay. Then all of this is lost for it, and
//! what is left is the deadline by which FFmpeg is interrupted.

mod beside;
mod conversation;
mod datagrams;
mod dial;
mod distrust;
mod exchange;
mod guard;
mod interleaved;
mod limits;
mod loss;
mod message;
mod order;
mod own;
mod pieces;
mod rate;
mod refusal;
mod relay;
mod report;
mod shared;
mod sockets;
mod talk;
#[cfg(test)]
mod tests;
mod transport;
mod trust;

pub use distrust::{Distrust, NoTls, Wrong};
pub use guard::{GuardError, Guards, Relay};
pub use limits::GuardLimits;
pub use loss::is_marked;
pub use refusal::{Bounded, Refusal};
pub use report::SenderReport;
