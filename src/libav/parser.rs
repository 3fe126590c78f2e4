use std::ptr;

use ffmpeg_sys_next as ffi;

use super::{LibavError, Packet, StreamInfo, codec::CodecId};

/// What a packet's header says of its place in the order of showing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureKind {
    /// It has this number in the order of showing, comparable within a group of pictures (H.264, H.265).
    Numbered(i32),
    /// It is shown before the reference picture that was decoded last (a B picture).
    Between,
    /// It is a reference for others: shown when the next reference is decoded, at the latest.
    Reference,
}

/// Reads picture headers without decoding, for containers that say too little about time. Packets are to be whole
/// pictures, in the order of decoding.
pub struct Parser {
    parser: *mut ffi::AVCodecParserContext,
    context: *mut ffi::AVCodecContext,
    numbered: bool,
}

// SAFETY: neither context has ties to a thread.
unsafe impl Send for Parser {}

impl Parser {
    /// A parser for the stream's codec; none where FFmpeg has none.
    ///
    /// # Errors
    /// [`LibavError::Memory`].
    pub fn new(stream: &StreamInfo) -> Result<Option<Self>, LibavError> {
        let id = stream.codec_id();
        // SAFETY: takes a value; null where there is no parser.
        let parser = unsafe { ffi::av_parser_init(id.number()) };
        if parser.is_null() {
            return Ok(None);
        }
        // SAFETY: null is allowed for the codec; null comes back where there is no memory.
        let context = unsafe { ffi::avcodec_alloc_context3(ptr::null()) };
        let numbered = [CodecId::H264, CodecId::H265].contains(&id);
        let own = Self { parser, context, numbered };
        // SAFETY: the context, where there is one, is ours; the parameters live as long as the stream; the parser
        // is live.
        unsafe {
            if context.is_null() || ffi::avcodec_parameters_to_context(context, stream.parameters()) < 0 {
                return Err(LibavError::Memory);
            }
            (*parser).flags |= ffi::PARSER_FLAG_COMPLETE_FRAMES;
        }
        Ok(Some(own))
    }

    /// Reads a packet's header.
    ///
    /// # Errors
    /// [`LibavError::Memory`].
    pub fn parse(&mut self, packet: &Packet) -> Result<PictureKind, LibavError> {
        // A reference of our own: packet data is padded as parsers need it.
        let raw = packet.to_raw()?;
        let (mut out, mut size) = (ptr::null_mut(), 0);
        // SAFETY: both contexts are live; data and size are those of a live, padded packet; what comes out points
        // into it and is not used.
        let (kind, number) = unsafe {
            let none = ffi::AV_NOPTS_VALUE;
            let p = &*raw.0;
            ffi::av_parser_parse2(
                self.parser,
                self.context,
                &raw mut out,
                &raw mut size,
                p.data,
                p.size,
                none,
                none,
                -1,
            );
            ((*self.parser).pict_type, (*self.parser).output_picture_number)
        };
        Ok(if self.numbered {
            PictureKind::Numbered(number)
        } else if kind == ffi::AVPictureType::AV_PICTURE_TYPE_B as i32 {
            PictureKind::Between
        } else {
            PictureKind::Reference
        })
    }
}

impl Drop for Parser {
    fn drop(&mut self) {
        // SAFETY: both were made by their libraries, or are null, which is allowed; each is freed once.
        unsafe {
            ffi::av_parser_close(self.parser);
            ffi::avcodec_free_context(&raw mut self.context);
        }
    }
}
