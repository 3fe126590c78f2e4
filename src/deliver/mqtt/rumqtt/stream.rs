//! The bytes of a broker, as the crate can read them.

use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

const CONNACK: u8 = 0x20;
const DISCONNECT: u8 = 0xE0;

/// A stream on which the length of properties is written where a broker has left it out, as it may after a reason code: the crate
/// takes such a DISCONNECT for none, and why Mosquitto ended a connection would not be known. So is a CONNACK of MQTT 3.1.1.
#[derive(Debug)]
pub(super) struct Completed<S> {
    stream: S,
    at: At,
    /// What is yet to be read.
    ready: VecDeque<u8>,
}

/// Where in a packet.
#[derive(Debug)]
enum At {
    /// Its first byte and its length.
    Header(Vec<u8>),
    /// What follows, of which so much is left; then perhaps the length of properties.
    Body { left: usize, add: Add },
    /// In what is no packet.
    Nowhere,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Add {
    Nothing,
    NoProperties,
}

impl<S> Completed<S> {
    pub fn new(stream: S) -> Self {
        Self { stream, at: At::Header(Vec::new()), ready: VecDeque::new() }
    }

    fn take(&mut self, byte: u8) {
        match &mut self.at {
            At::Nowhere => self.ready.push_back(byte),
            At::Body { left, add } => {
                self.ready.push_back(byte);
                *left -= 1;
                if *left == 0 {
                    self.ready.extend((*add == Add::NoProperties).then_some(0));
                    self.at = At::Header(Vec::new());
                }
            }
            At::Header(header) => {
                header.push(byte);
                let is_more = header.len() == 1 || byte & 0x80 != 0;
                if is_more && header.len() < 5 {
                    return;
                }
                let digits = header.iter().skip(1).rev();
                let length = digits.fold(0, |length, digit| length << 7 | usize::from(digit & 0x7F));
                let add = match **header {
                    [DISCONNECT, 1] | [CONNACK, 2] => Add::NoProperties,
                    _ => Add::Nothing,
                };
                if let (Add::NoProperties, Some(length)) = (add, header.last_mut()) {
                    *length += 1;
                }
                self.ready.extend(header.iter());
                self.at = match length {
                    _ if is_more => At::Nowhere,
                    0 => At::Header(Vec::new()),
                    left => At::Body { left, add },
                };
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Completed<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while this.ready.is_empty() {
            let mut bytes = [0; 2_048];
            let mut read = ReadBuf::new(&mut bytes);
            ready!(Pin::new(&mut this.stream).poll_read(context, &mut read))?;
            if read.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            for byte in read.filled() {
                this.take(*byte);
            }
        }
        let number = this.ready.len().min(to.remaining());
        for byte in this.ready.drain(..number) {
            to.put_slice(&[byte]);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Completed<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(bytes: &[u8]) -> Vec<u8> {
        let mut completed = Completed::new(());
        for byte in bytes {
            completed.take(*byte);
        }
        completed.ready.into()
    }

    #[test]
    fn what_was_left_out_is_added_and_nothing_else_is_changed() {
        assert_eq!(completed(&[0xE0, 1, 0x8E, 0xD0, 0]), [0xE0, 2, 0x8E, 0, 0xD0, 0]);
        assert_eq!(completed(&[0x20, 2, 0, 1]), [0x20, 3, 0, 1, 0]);
        let long = [&[0x30, 0x81, 0x01][..], &[0xE0; 129]].concat();
        for bytes in [
            &[0xE0, 2, 0x8E, 0, 0x20, 3, 0, 0, 0, 0xD0, 0, 0xE0, 0][..],
            &[0x40, 3, 0, 1, 0x87, 0x40, 2, 0, 2],
            &long,
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            &[0xFF; 64],
        ] {
            assert_eq!(completed(bytes), bytes);
        }
    }
}
