use std::{path::Path, time::Duration};

use super::{testing::*, *};

fn open(path: &Path) -> Result<Input, LibavError> {
    Input::open(path.to_str().expect("plain"), &Limits::default())
}

fn error(path: &Path) -> LibavError {
    match open(path) {
        Ok(_) => panic!("{} opened", path.display()),
        Err(error) => error,
    }
}

fn first_frame(path: &Path) -> Frame {
    let mut input = open(path).expect("opens");
    let mut decoder = Decoder::new(input.stream()).expect("a decoder");
    let packet = input.read().expect("reads").expect("a packet");
    decoder.send(&packet).expect("a whole picture");
    decoder.drain();
    decoder.receive().expect("a whole picture").expect("a picture")
}

#[test]
fn what_is_no_recording_is_named() {
    let clips = Clips::new();
    let whole = clips.pattern(H264, "whole.mp4");
    assert!(matches!(error(&clips.path("none.mp4")), LibavError::NotFound { .. }));
    assert!(matches!(error(&clips.bytes(b"", "empty.mp4")), LibavError::Empty { .. }));
    assert!(matches!(error(&clips.bytes(b"no film\n", "text.mp4")), LibavError::NotARecording { .. }));
    assert!(matches!(error(&clips.bytes(b"no film\n", "text.txt")), LibavError::NotARecording { .. }));
    assert!(matches!(error(&clips.cut(&whole, 0.6, "cut.mp4")), LibavError::NotARecording { .. }));
    let audio = clips.ffmpeg("-f lavfi -i sine=duration=1", "audio.m4a");
    assert!(matches!(error(&audio), LibavError::NoVideo { audio: true, .. }));
    assert!(matches!(error(audio.parent().expect("a folder")), LibavError::Io { .. }));
}

#[test]
fn a_codec_that_cannot_be_decoded_is_named() {
    let clips = Clips::new();
    let path = clips.pattern("-c:v mpeg4 -vtag FMP4", "known.avi");
    let bytes = std::fs::read(&path).expect("the clip");
    let text: Vec<u8> = bytes.clone();
    // Another four-character code: one that FFmpeg knows no decoder of.
    let mut text = text;
    for i in 0..text.len().min(4096) - 4 {
        if text[i..].starts_with(b"FMP4") {
            text[i..i + 4].copy_from_slice(b"zzz9");
        }
    }
    match error(&clips.bytes(&text, "unknown.avi")) {
        LibavError::NoDecoder { .. } | LibavError::NotARecording { .. } => {}
        other => panic!("{other}"),
    }
}

#[test]
fn pictures_have_a_bound() {
    let clips = Clips::new();
    let path = clips.pattern(H264_PLAIN, "a.mp4");
    let limits = Limits { max_pixels: 160 * 120 - 1, ..Limits::default() };
    let error = Input::open(path.to_str().expect("plain"), &limits).err();
    assert!(matches!(error, Some(LibavError::PictureTooLarge { width: 160, height: 120, .. })), "{error:?}");
}

#[test]
fn opening_has_a_deadline_and_tells_no_password() {
    // A listener that never answers.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let limits = Limits { open: Duration::from_millis(300), ..Limits::default() };
    let started = std::time::Instant::now();
    let error = Input::open(&format!("rtsp://viewer:s3cret@127.0.0.1:{port}/a"), &limits).err();
    assert!(started.elapsed() < Duration::from_secs(5));
    let Some(error @ LibavError::Deadline { .. }) = error else { panic!("{error:?}") };
    assert!(!error.to_string().contains("s3cret"), "{error}");
}

#[test]
fn a_playlist_does_not_reach_into_the_network() {
    let clips = Clips::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    listener.set_nonblocking(true).expect("a listener");
    let list = format!(
        "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nhttp://127.0.0.1:{port}/a.ts\n#EXT-X-ENDLIST\n"
    );
    assert!(open(&clips.bytes(list.as_bytes(), "list.m3u8")).is_err());
    assert!(listener.accept().is_err(), "someone called");
}

#[test]
fn seeking_goes_to_the_key_frame_before() {
    let clips = Clips::new();
    let mut input = open(&clips.pattern(H264_PLAIN, "a.mp4")).expect("opens");
    input.seek(6_000_000).expect("seeks");
    let packet = input.read().expect("reads").expect("a packet");
    assert!(packet.key);
    assert_eq!(packet.pts, Some(5_000_000));
}

#[test]
fn colours_survive_in_both_ranges_and_matrices() {
    let clips = Clips::new();
    let source = "-f lavfi -i color=c=0xC02040:size=64x64:rate=1:duration=1";
    let h264 = "-c:v libx264 -qp 1 -pix_fmt";
    for (name, how) in [
        (
            "limited.mp4",
            format!("-vf scale=out_color_matrix=bt601:out_range=tv {h264} yuv420p -colorspace smpte170m"),
        ),
        (
            "full.mp4",
            format!("-vf scale=out_color_matrix=bt601:out_range=pc {h264} yuvj420p -colorspace smpte170m"),
        ),
        ("hd.mp4", format!("-vf scale=out_color_matrix=bt709:out_range=tv {h264} yuv444p -colorspace bt709")),
        ("jpeg.avi", "-c:v mjpeg -q:v 1 -pix_fmt yuvj420p".to_owned()),
    ] {
        let frame = first_frame(&clips.ffmpeg(&format!("{source} {how}"), name));
        let mut scaler = Scaler::new();
        let mut out = Vec::new();
        scaler.scale(&frame, 33, 17, Pixels::Rgb, &mut out).expect("scales");
        assert_eq!(out.len(), 33 * 17 * 3);
        for pixel in out.chunks(3) {
            for (is, should) in pixel.iter().zip([0xC0, 0x20, 0x40]) {
                assert!(is.abs_diff(should) <= 4, "{name}: {pixel:?}");
            }
        }
        scaler.scale(&frame, 33, 17, Pixels::Bgr, &mut out).expect("scales");
        for pixel in out.chunks(3) {
            for (is, should) in pixel.iter().zip([0x40, 0x20, 0xC0]) {
                assert!(is.abs_diff(should) <= 4, "{name}: {pixel:?} in BGR");
            }
        }
    }
}

#[test]
fn grey_is_luma_in_full_range() {
    let clips = Clips::new();
    let white = "-f lavfi -i color=c=white:size=64x64:rate=1:duration=1 -c:v libx264 -qp 1 -pix_fmt yuv420p";
    let frame = first_frame(&clips.ffmpeg(white, "white.mp4"));
    let (luma, stride) = frame.luma().expect("a luma plane");
    assert!(luma[stride * 10 + 10].abs_diff(235) <= 1);
    let mut out = Vec::new();
    Scaler::new().scale(&frame, 16, 16, Pixels::Gray, &mut out).expect("scales");
    assert!(out.iter().all(|p| *p >= 253), "{out:?}");
}
