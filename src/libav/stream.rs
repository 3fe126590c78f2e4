use std::{fmt, ptr, slice, sync::Arc};

use ffmpeg_sys_next as ffi;

use super::{
    LibavError, PixelAspect, Sets, Turn,
    codec::{self, CodecId, is_of},
    sets::{Syntax, Told},
    turn::Shown,
};

/// What a decoder must know of a stream before a packet. It may change from group to group.
#[derive(Clone)]
pub struct StreamInfo {
    /// Where the stream comes from, without credentials.
    pub address: String,
    /// The codec as FFmpeg names it.
    pub codec: String,
    /// Width in pixels at the start.
    pub width: u32,
    /// Height in pixels at the start.
    pub height: u32,
    /// The container's own unit of time, in seconds: numerator and denominator.
    pub time_base: (i32, i32),
    /// By how many pictures the order of decoding may run ahead of the order of showing.
    pub reorder: usize,
    /// How its pictures are to be turned.
    pub turn: Turn,
    /// The angle by which they are to be turned, in degrees clockwise, where it is no right one: they stay as they are.
    pub tilt: Option<f64>,
    parameters: Arc<Parameters>,
    syntax: Option<Syntax>,
    /// The parameter sets of the header, and those in force.
    header_sets: Arc<Sets>,
    sets: Arc<Sets>,
    /// How the container says that its pictures are to be shown.
    matrix: Option<[i32; 9]>,
    aspect: Aspect,
    pub(super) max_pixels: u64,
}

/// The shape of a stream's pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Aspect {
    /// The container or the configuration says so.
    Stated(PixelAspect),
    /// Each picture says so itself; the first of them like this.
    OfPictures(PixelAspect),
}

/// A ratio as FFmpeg has it: none where it says nothing, square where it makes no sense.
fn aspect(ratio: ffi::AVRational) -> Option<PixelAspect> {
    let sides = u32::try_from(ratio.num).ok().zip(u32::try_from(ratio.den).ok());
    let (across, down) = sides.filter(|(across, down)| *across > 0 && *down > 0)?;
    Some(PixelAspect::new(across, down).unwrap_or(PixelAspect::SQUARE))
}

impl StreamInfo {
    /// Copies the parameters.
    ///
    /// # Safety
    /// `parameters` points to initialised codec parameters that nobody writes to meanwhile.
    pub(super) unsafe fn new(
        address: &str,
        parameters: *const ffi::AVCodecParameters,
        base: ffi::AVRational,
        max_pixels: u64,
    ) -> Result<Self, LibavError> {
        let own = Parameters::new()?;
        // SAFETY: the destination was just made; the source is the caller's promise.
        let (width, height, reorder) = unsafe {
            if ffi::avcodec_parameters_copy(own.0, parameters) < 0 {
                return Err(LibavError::Memory);
            }
            ((*own.0).width, (*own.0).height, (*own.0).video_delay)
        };
        // SAFETY: just made and initialised.
        let own_aspect = unsafe { (*own.0).sample_aspect_ratio };
        let syntax = Syntax::of(own.codec_id(), own.header());
        let sets = Arc::new(syntax.map(|syntax| syntax.header(own.header())).unwrap_or_default());
        Ok(Self {
            address: address.to_owned(),
            codec: own.codec(),
            width: u32::try_from(width).unwrap_or(0),
            height: u32::try_from(height).unwrap_or(0),
            time_base: (base.num, base.den),
            reorder: usize::try_from(reorder).unwrap_or(0),
            turn: Turn::Upright,
            tilt: None,
            parameters: Arc::new(own),
            syntax,
            header_sets: Arc::clone(&sets),
            sets,
            matrix: None,
            aspect: Aspect::OfPictures(aspect(own_aspect).unwrap_or(PixelAspect::SQUARE)),
            max_pixels,
        })
    }

    /// The same stream in a container that says this of how its pictures are to be shown.
    pub(super) fn shown(mut self, matrix: Option<[i32; 9]>, ratio: ffi::AVRational) -> Self {
        self.matrix = matrix;
        if let Some(stated) = aspect(ratio) {
            self.aspect = Aspect::Stated(stated);
        }
        self.turned(matrix.and_then(|matrix| Shown::from_matrix(&matrix)))
    }

    /// The same stream with pixels of this shape, whatever it says itself.
    pub(super) fn with_aspect(&self, aspect: PixelAspect) -> Self {
        Self { aspect: Aspect::Stated(aspect), ..self.clone() }
    }

    /// The same stream with another header.
    pub(super) fn with_header(&self, header: &[u8]) -> Result<Self, LibavError> {
        let parameters = self.parameters.with_header(header)?;
        let syntax = Syntax::of(self.codec_id(), header);
        let own = syntax.map(|syntax| syntax.header(header)).unwrap_or_default();
        let header_sets = Arc::new(own);
        // A header without sets leaves those in force that came with packets.
        let sets = if header_sets.is_empty() { &self.sets } else { &header_sets };
        let (parameters, sets) = (Arc::new(parameters), Arc::clone(sets));
        Ok(Self { parameters, syntax, header_sets, sets, ..self.clone() })
    }

    /// The same stream with other parameter sets in force.
    pub(super) fn with_sets(&self, sets: &Arc<Sets>) -> Self {
        Self { sets: Arc::clone(sets), ..self.clone() }
    }

    /// The same stream with pictures that a packet says are to be shown like this, until another says otherwise; none where
    /// that is so already, or the container says how.
    pub(super) fn with_shown(&self, shown: Option<Shown>) -> Option<Self> {
        if self.matrix.is_some() {
            return None;
        }
        let other = self.clone().turned(Some(shown?));
        ((other.turn, other.tilt) != (self.turn, self.tilt)).then_some(other)
    }

    fn turned(mut self, shown: Option<Shown>) -> Self {
        (self.turn, self.tilt) = match shown {
            None => (Turn::Upright, None),
            Some(Shown::Turned(turn)) => (turn, None),
            Some(Shown::Tilted(angle)) => (Turn::Upright, Some(angle)),
        };
        self
    }

    /// What a packet tells beside its picture, where this is in force before it.
    pub(super) fn told_by(&self, data: &[u8], key: bool) -> Told {
        self.syntax.map(|syntax| syntax.packet(data, key, &self.sets)).unwrap_or_default()
    }

    /// The shape of the pixels of a picture that says this of itself.
    pub(super) fn aspect_of(&self, picture: ffi::AVRational) -> PixelAspect {
        match self.aspect {
            Aspect::Stated(stated) => stated,
            Aspect::OfPictures(_) => aspect(picture).unwrap_or(PixelAspect::SQUARE),
        }
    }

    /// Width and height of its pictures at the start, upright and with square pixels.
    pub fn size(&self) -> (u32, u32) {
        let (Aspect::Stated(aspect) | Aspect::OfPictures(aspect)) = self.aspect;
        let (width, height) = aspect.squared((self.width, self.height), self.max_pixels);
        if self.turn.swaps_sides() { (height, width) } else { (width, height) }
    }

    /// Whether a decoder that has forgotten the pictures of one is like one that is made for the other.
    ///
    /// What H.264 and H.265 keep beside pictures are the parameter sets, which are followed, and so are two streams of
    /// different files alike. Other codecs keep more.
    pub fn same_coding(&self, other: &Self) -> bool {
        let keeps_nothing_else = [CodecId::H264, CodecId::H265, CodecId::VP8, CodecId::VP9, CodecId::AV1]
            .contains(&self.codec_id());
        self.same_sets(&other.sets)
            && (Arc::ptr_eq(&self.parameters, &other.parameters)
                || keeps_nothing_else && self.same_parameters(other))
    }

    /// Whether packets of both can follow each other in one file: codec, size, header, and how they are to be shown.
    pub fn same_file(&self, other: &Self) -> bool {
        self.matrix == other.matrix
            && self.stated_aspect() == other.stated_aspect()
            && (Arc::ptr_eq(&self.parameters, &other.parameters) || self.same_parameters(other))
    }

    fn same_parameters(&self, other: &Self) -> bool {
        let what = |s: &Self| (s.codec_id(), s.width, s.height, s.parameters.format(), s.max_pixels);
        what(self) == what(other) && self.header() == other.header()
    }

    /// Whether these parameter sets are those in force.
    pub fn same_sets(&self, sets: &Arc<Sets>) -> bool {
        Arc::ptr_eq(&self.sets, sets) || self.sets == *sets
    }

    /// The parameter sets in force.
    pub fn sets(&self) -> &Arc<Sets> {
        &self.sets
    }

    /// The parameter sets that who knows the header alone lacks, or has wrong, as they would stand at the beginning of a
    /// packet; empty where they are those in force.
    pub(super) fn owed(&self) -> Vec<u8> {
        match self.syntax {
            Some(syntax) if !self.same_sets(&self.header_sets) => syntax.framed(&self.sets),
            _ => Vec::new(),
        }
    }

    /// The parameter sets of its header.
    pub fn header_sets(&self) -> &Arc<Sets> {
        &self.header_sets
    }

    /// The parameter sets in force, as they stand before a packet that does not bring all of them itself.
    pub(super) fn missing_sets(&self, packet: &[u8]) -> Option<Vec<u8>> {
        let syntax = self.syntax.filter(|syntax| !syntax.brings_all(packet, &self.sets))?;
        Some(syntax.framed(&self.sets))
    }

    /// How the container says that its pictures are to be shown.
    pub(super) fn matrix(&self) -> Option<&[i32; 9]> {
        self.matrix.as_ref()
    }

    /// The shape of pixels, where the container or the configuration says so.
    pub(super) fn stated_aspect(&self) -> Option<PixelAspect> {
        match self.aspect {
            Aspect::Stated(aspect) => Some(aspect),
            Aspect::OfPictures(_) => None,
        }
    }

    /// So many of the container's units of time, in microseconds.
    pub fn in_micros(&self, units: u64) -> Option<i64> {
        let (num, den) = self.time_base;
        super::to_micros(i64::try_from(units).ok()?, ffi::AVRational { num, den })
    }

    /// The pixel format as FFmpeg names it; none where the header does not tell.
    pub fn pixel_format(&self) -> Option<String> {
        codec::pixel_format(self.parameters.format())
    }

    /// The codec's header (`extradata`); empty where the packets hold all.
    pub(super) fn header(&self) -> &[u8] {
        self.parameters.header()
    }

    pub(super) fn codec_tag(&self) -> u32 {
        self.parameters.codec_tag()
    }

    pub(super) fn parameters(&self) -> *const ffi::AVCodecParameters {
        self.parameters.0
    }

    pub(super) fn codec_id(&self) -> CodecId {
        self.parameters.codec_id()
    }
}

impl fmt::Debug for StreamInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StreamInfo({} {} × {})", self.codec, self.width, self.height)
    }
}

/// Owned codec parameters.
struct Parameters(*mut ffi::AVCodecParameters);

// SAFETY: plain data without ties to a thread, never written to once made.
unsafe impl Send for Parameters {}
// SAFETY: as above.
unsafe impl Sync for Parameters {}

impl Parameters {
    fn new() -> Result<Self, LibavError> {
        // SAFETY: no arguments; null where there is no memory.
        let p = unsafe { ffi::avcodec_parameters_alloc() };
        if p.is_null() { Err(LibavError::Memory) } else { Ok(Self(p)) }
    }

    fn header(&self) -> &[u8] {
        // SAFETY: initialised when made; the header, where there is one, is as long as said and lives as long.
        unsafe {
            let p = &*self.0;
            match usize::try_from(p.extradata_size) {
                Ok(size) if !p.extradata.is_null() => slice::from_raw_parts(p.extradata, size),
                _ => &[],
            }
        }
    }

    /// A copy with another header.
    fn with_header(&self, header: &[u8]) -> Result<Self, LibavError> {
        const PADDING: usize = ffi::AV_INPUT_BUFFER_PADDING_SIZE as usize;
        let own = Self::new()?;
        let size = i32::try_from(header.len()).map_err(|_| LibavError::Memory)?;
        // SAFETY: both are initialised, and the copy is ours alone; its old header is freed and replaced by memory of
        // FFmpeg's, as long as the new one and the zeros that must follow it.
        unsafe {
            if ffi::avcodec_parameters_copy(own.0, self.0) < 0 {
                return Err(LibavError::Memory);
            }
            let p = &mut *own.0;
            ffi::av_freep((&raw mut p.extradata).cast());
            p.extradata_size = 0;
            let memory = ffi::av_mallocz(header.len() + PADDING).cast::<u8>();
            if memory.is_null() {
                return Err(LibavError::Memory);
            }
            ptr::copy_nonoverlapping(header.as_ptr(), memory, header.len());
            (p.extradata, p.extradata_size) = (memory, size);
        }
        Ok(own)
    }

    fn codec_id(&self) -> CodecId {
        // SAFETY: initialised when made.
        unsafe { CodecId::of(self.0) }
    }

    fn codec_tag(&self) -> u32 {
        // SAFETY: initialised when made.
        unsafe { (*self.0).codec_tag }
    }

    /// The pixel format's number.
    fn format(&self) -> i32 {
        // SAFETY: initialised when made.
        unsafe { (*self.0).format }
    }

    /// FFmpeg's name of the codec; of one that it does not know, the container's four characters or number.
    fn codec(&self) -> String {
        let id = self.codec_id();
        if id == CodecId::NONE {
            let tag = self.codec_tag();
            if tag == 0 {
                return "a codec that it does not know".to_owned();
            }
            let name = tag.to_le_bytes();
            // Some containers number their codecs.
            if !name.iter().all(u8::is_ascii_graphic) && name.contains(&0) {
                return format!("codec number {tag}");
            }
            return name.iter().flat_map(|b| std::ascii::escape_default(*b)).map(char::from).collect();
        }
        id.name()
    }
}

impl Drop for Parameters {
    fn drop(&mut self) {
        // SAFETY: made by `avcodec_parameters_alloc`, freed once.
        unsafe { ffi::avcodec_parameters_free(&raw mut self.0) };
    }
}

/// Whether a stream is video, and not the picture on a record's cover.
pub(super) fn is_video(stream: *mut ffi::AVStream) -> bool {
    // SAFETY: a stream of an open context.
    unsafe {
        is_of(stream, ffi::AVMediaType::AVMEDIA_TYPE_VIDEO)
            && (*stream).disposition & ffi::AV_DISPOSITION_ATTACHED_PIC == 0
    }
}
