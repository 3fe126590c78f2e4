//! Opening: from an address to an [`Input`], or to the reason why not.

use std::{
    collections::VecDeque, ffi::CString, fs, io, iter, os::unix::ffi::OsStrExt, path::Path, ptr, slice,
    sync::Arc, time::Duration,
};

use ffmpeg_sys_next as ffi;

use super::{
    Input, LibavError, Limits, MICROS, StreamInfo,
    about::{UNTOLD, text},
    codec::{CodecId, is_of},
    deadline::Deadline,
    dictionary::Dictionary,
    flv, init,
    input::About,
    stream::is_video,
    unpack::Unpack,
    way::Way,
};
use crate::{address::redact, files};

/// What is opened.
enum Place<'a> {
    File(&'a Path),
    /// Its address, how it is shown, and how it is reached.
    Stream(&'a str, &'a str, &'a Way),
}

impl Place<'_> {
    /// The file's path.
    fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Stream(..) => None,
        }
    }
}

/// Formats that make pictures of any text file.
const NO_RECORDINGS: [&str; 6] = ["tty", "bin", "xbin", "adf", "idf", "rawvideo"];

/// Codecs of single pictures: beside other video these are thumbnails.
const SINGLE: [CodecId; 6] = {
    use ffi::AVCodecID::*;
    [
        CodecId::known(AV_CODEC_ID_MJPEG),
        CodecId::known(AV_CODEC_ID_PNG),
        CodecId::known(AV_CODEC_ID_BMP),
        CodecId::known(AV_CODEC_ID_GIF),
        CodecId::known(AV_CODEC_ID_WEBP),
        CodecId::known(AV_CODEC_ID_TIFF),
    ]
};

/// How much of a file is read, in bytes and in its own time, where less did not tell what it holds.
const PATIENT: (i64, Duration) = (64 << 20, Duration::from_secs(30));

impl Input {
    /// Opens a file (a path) or a stream (an address with `://`) and learns what its video is.
    ///
    /// Edit lists of MP4 files are not followed: every picture they hold is footage.
    ///
    /// # Errors
    /// [`LibavError`], naming the address without its credentials.
    pub fn open(address: &str, limits: &Limits) -> Result<Self, LibavError> {
        if address.contains("://") {
            return Self::open_within(&Place::Stream(address, &redact(address), &Way::of(address)), limits);
        }
        Self::open_file(Path::new(address), limits)
    }

    /// Opens a stream that errors are to name otherwise than by the address at which it is opened, as something stands before it.
    ///
    /// # Errors
    /// [`LibavError`], naming `shown`.
    pub fn open_as(address: &str, shown: &str, way: &Way, limits: &Limits) -> Result<Self, LibavError> {
        Self::open_within(&Place::Stream(address, shown, way), limits)
    }

    /// Opens a file, whatever bytes its name is made of, and learns what its video is; else as [`open`](Self::open).
    ///
    /// # Errors
    /// [`LibavError`], naming the path as [`files::shown`] does.
    pub fn open_file(path: &Path, limits: &Limits) -> Result<Self, LibavError> {
        match Self::open_within(&Place::File(path), limits) {
            // A file that was cut off in the middle of a long group tells what it holds at its first key frame.
            Err(LibavError::NoPicture { .. }) => {
                let (probe_bytes, probe_time) =
                    (limits.probe_bytes.max(PATIENT.0), limits.probe_time.max(PATIENT.1));
                Self::open_within(&Place::File(path), &Limits { probe_bytes, probe_time, ..limits.clone() })
            }
            opened => opened,
        }
    }

    fn open_within(place: &Place<'_>, limits: &Limits) -> Result<Self, LibavError> {
        init();
        let (clean, url) = match place {
            Place::Stream(address, shown, _) => ((*shown).to_owned(), address.as_bytes().to_owned()),
            Place::File(path) => {
                check_file(path)?;
                // Else a file named `a:b` would be taken for protocol `a`.
                (files::shown(path.as_os_str()), [b"file:", path.as_os_str().as_bytes()].concat())
            }
        };
        let url = CString::new(url).map_err(|_| LibavError::NotFound { address: clean.clone() })?;
        let deadline = Deadline::new(&limits.stop);
        deadline.begin(limits.open);

        // SAFETY: no arguments; null where there is no memory.
        let mut context = unsafe { ffi::avformat_alloc_context() };
        if context.is_null() {
            return Err(LibavError::Memory);
        }
        // SAFETY: the context was just made; the deadline is shared and outlives it.
        unsafe {
            let c = &mut *context;
            c.interrupt_callback = deadline.callback();
            c.probesize = limits.probe_bytes;
            c.max_analyze_duration = i64::try_from(limits.probe_time.as_micros()).unwrap_or(i64::MAX);
            if let Place::Stream(..) = place {
                // To count pictures for their rate would take two seconds, in which nobody looks.
                c.fps_probe_size = 0;
            }
        }
        let mut options = Dictionary::default();
        match place {
            Place::Stream(.., way) => way.set(&mut options),
            // A file may be a playlist; it is not to reach into the network.
            Place::File(_) => options.set(c"protocol_whitelist", c"file,crypto"),
        }
        options.set(c"ignore_editlist", c"1");
        // What raw streams are said to hold where nothing tells: to be known again.
        options.set(c"framerate", UNTOLD.0);
        // SAFETY: context, address and options are live; on failure the context is freed and set to null.
        let code = unsafe {
            ffi::avformat_open_input(&raw mut context, url.as_ptr(), ptr::null(), &raw mut options.0)
        };
        let none = empty_stream(&clean)?;
        let mut input = Self {
            context,
            deadline,
            unpack: None,
            index: -1,
            reached: None,
            elsewhere: None,
            other_pictures: 0,
            base: MICROS,
            stream: Arc::clone(&none),
            current: none,
            address: clean,
            limits: limits.clone(),
            about: About::default(),
            ready: VecDeque::new(),
            given_up: false,
        };
        if code < 0 {
            return Err(match place {
                // What it was taken for is none of what it may be.
                Place::Stream(_, _, Way::Flv { .. }) if code == ffi::AVERROR(ffi::EINVAL) => {
                    LibavError::NotARecording { address: input.address.clone(), detail: "no FLV".to_owned() }
                }
                _ => input.not_opened(code),
            });
        }
        input.probe()?;
        input.choose(place)?;
        Ok(input)
    }

    fn not_opened(&self, code: i32) -> LibavError {
        match self.failed(code, "opening", self.limits.open) {
            given_up @ (LibavError::Deadline { .. } | LibavError::Stopped { .. }) => given_up,
            _ => LibavError::opening(code, &self.address),
        }
    }

    /// Reads the beginning, to learn what the streams hold.
    fn probe(&mut self) -> Result<(), LibavError> {
        // SAFETY: the context is open; its format is static and has a name.
        self.about.format = unsafe { text((*(*self.context).iformat).name) };
        if NO_RECORDINGS.contains(&self.about.format.as_str()) {
            let detail = "plain text or raw bytes".to_owned();
            return Err(LibavError::NotARecording { address: self.address.clone(), detail });
        }
        // Probing decodes some pictures, within the same bound as later. One thread, for it has only a few.
        let pixels = CString::new(self.limits.max_pixels.to_string()).unwrap_or_default();
        let mut options: Vec<Dictionary> = iter::repeat_with(|| {
            let mut o = Dictionary::default();
            o.set(c"max_pixels", &pixels);
            o.set(c"threads", c"1");
            o
        })
        .take(self.streams().len())
        .collect();
        // SAFETY: the context is open; there is one dictionary per stream, each a single pointer.
        let code = unsafe {
            ffi::avformat_find_stream_info(
                self.context,
                if options.is_empty() { ptr::null_mut() } else { options.as_mut_ptr().cast() },
            )
        };
        // Where it was made to give up, FFmpeg takes what it has for all that there is.
        if code < 0 || self.is_stopped() { Err(self.not_opened(code)) } else { Ok(()) }
    }

    /// Picks the video stream, leaves out the others, and checks what is known of it.
    fn choose(&mut self, place: &Place<'_>) -> Result<(), LibavError> {
        // SAFETY: the context is open; no decoder is asked for.
        let index = unsafe {
            let video = ffi::AVMediaType::AVMEDIA_TYPE_VIDEO;
            ffi::av_find_best_stream(self.context, video, -1, -1, ptr::null_mut(), 0)
        };
        let streams = self.streams();
        // SAFETY: streams of an open context.
        let audio = streams.iter().any(|&s| unsafe { is_of(s, ffi::AVMediaType::AVMEDIA_TYPE_AUDIO) });
        let chosen = usize::try_from(index).ok().and_then(|i| streams.get(i)).copied();
        // SAFETY: as above. The picture on a record's cover is no video.
        let chosen = chosen.filter(|&s| unsafe { (*s).disposition } & ffi::AV_DISPOSITION_ATTACHED_PIC == 0);
        let Some(chosen) = chosen else {
            return Err(LibavError::NoVideo { address: self.address.clone(), audio });
        };
        // Of other video the times are wanted: they tell where the recording goes on in it.
        for &stream in streams.iter().filter(|&&s| s != chosen && !is_video(s)) {
            // SAFETY: a live stream; nobody reads meanwhile.
            unsafe { (*stream).discard = ffi::AVDiscard::AVDISCARD_ALL };
        }
        self.about.others =
            (0..).zip(streams).filter(|(_, s)| shows_more(**s, chosen)).map(|(i, _)| i).collect();
        self.index = index;
        // SAFETY: a live stream of an open context.
        unsafe {
            self.base = (*chosen).time_base;
            let parameters = (*chosen).codecpar;
            self.check(&*parameters)?;
            let mut parameters: *const ffi::AVCodecParameters = parameters;
            if CodecId::of(parameters) == CodecId::MPEG4 {
                self.unpack = Unpack::new(parameters, self.base)?;
            }
            if let Some(unpack) = &self.unpack {
                parameters = (*unpack.0).par_out;
            }
            let info = StreamInfo::new(&self.address, parameters, self.base, self.limits.max_pixels)?;
            let info = info.shown(matrix(chosen), (*chosen).sample_aspect_ratio);
            self.stream = Arc::new(info);
            self.current = Arc::clone(&self.stream);
            self.describe(&*chosen, place.file());
        }
        if self.stream.codec_id().decoder().is_null() {
            let (address, codec) = (self.address.clone(), self.stream.codec.clone());
            let in_flv = match place {
                _ if !flv::is(&self.about.format) => None,
                Place::File(path) => flv::unknown(path),
                Place::Stream(..) => Some(flv::of_tag(self.stream.codec_tag())),
            };
            return Err(match in_flv {
                Some((codec, way)) => LibavError::InFlv { address, codec, way },
                None => LibavError::NoDecoder { address, codec },
            });
        }
        if self.stream.width == 0 || self.stream.height == 0 {
            let codec = self.stream.codec.clone();
            return Err(LibavError::NoPicture { address: self.address.clone(), codec });
        }
        Ok(())
    }

    fn check(&self, parameters: &ffi::AVCodecParameters) -> Result<(), LibavError> {
        let address = || self.address.clone();
        let side = |n: i32| u32::try_from(n).unwrap_or(0);
        let (width, height) = (side(parameters.width), side(parameters.height));
        let max_pixels = self.limits.max_pixels;
        if u64::from(width) * u64::from(height) > max_pixels {
            return Err(LibavError::PictureTooLarge { address: address(), width, height, max_pixels });
        }
        let bytes = u64::try_from(parameters.extradata_size).unwrap_or(0);
        if bytes > self.limits.max_header {
            let max = self.limits.max_header;
            return Err(LibavError::TooLarge { address: address(), what: "a stream header", bytes, max });
        }
        Ok(())
    }

    pub(super) fn streams(&self) -> &[*mut ffi::AVStream] {
        // SAFETY: an open context has `nb_streams` streams; the array is null where there are none.
        unsafe {
            let c = &*self.context;
            if c.streams.is_null() { &[] } else { slice::from_raw_parts(c.streams, c.nb_streams as usize) }
        }
    }
}

/// How a stream's pictures are to be shown: the nine numbers of its matrix, where it has one.
fn matrix(stream: *const ffi::AVStream) -> Option<[i32; 9]> {
    let mut size = 0;
    // SAFETY: a live stream; its side data, where there is any of this kind, is as long as said, and is read as bytes.
    unsafe {
        let kind = ffi::AVPacketSideDataType::AV_PKT_DATA_DISPLAYMATRIX;
        let data = ffi::av_stream_get_side_data(stream, kind, &raw mut size);
        let whole = !data.is_null() && size >= size_of::<[i32; 9]>();
        whole.then(|| data.cast::<[i32; 9]>().read_unaligned())
    }
}

/// Whether a stream is video that shows something of its own beside the one that is `chosen`.
fn shows_more(stream: *mut ffi::AVStream, chosen: *mut ffi::AVStream) -> bool {
    let still = ffi::AV_DISPOSITION_TIMED_THUMBNAILS | ffi::AV_DISPOSITION_STILL_IMAGE;
    // SAFETY: every stream of an open context has parameters.
    let (codec, other, disposition) =
        unsafe { (CodecId::of((*stream).codecpar), CodecId::of((*chosen).codecpar), (*stream).disposition) };
    stream != chosen
        && is_video(stream)
        && disposition & still == 0
        && (codec == other || !SINGLE.contains(&codec))
}

/// What FFmpeg would say less plainly, or would wait for.
fn check_file(path: &Path) -> Result<(), LibavError> {
    let address = files::shown(path.as_os_str());
    if let Some(what) = files::special(path) {
        return Err(LibavError::Io { address, detail: format!("is {what}, not a file") });
    }
    match fs::metadata(path) {
        Ok(m) if m.is_dir() => Err(LibavError::Io { address, detail: "is a folder, not a file".to_owned() }),
        Ok(m) if m.is_file() && m.len() == 0 => Err(LibavError::Empty { address }),
        Ok(_) => Ok(()),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Err(LibavError::NotFound { address }),
        Err(e) => Err(LibavError::Io { address, detail: e.to_string() }),
    }
}

/// Stands in until the stream is known.
pub(super) fn empty_stream(address: &str) -> Result<Arc<StreamInfo>, LibavError> {
    // SAFETY: allocates, and frees what it allocated; the copy is made in between.
    unsafe {
        let mut none = ffi::avcodec_parameters_alloc();
        if none.is_null() {
            return Err(LibavError::Memory);
        }
        let stream = StreamInfo::new(address, none, MICROS, 0);
        ffi::avcodec_parameters_free(&raw mut none);
        stream.map(Arc::new)
    }
}
