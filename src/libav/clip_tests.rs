use std::{
    io::{Read, Write},
    path::Path,
    time::Duration,
};

use super::{testing::*, *};
use crate::stop::{Signal, Stop};

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

/// Codecs that no FFmpeg of this generation decodes, by the four characters in the container.
#[test]
fn a_codec_that_cannot_be_decoded_is_named() {
    let clips = Clips::new();
    for (codec, file, known, other, name) in [
        (H264_PLAIN, "a.mp4", b"avc1", b"zzz1", "zzz1"),
        ("-c:v mpeg4 -vtag FMP4", "a.avi", b"FMP4", b"zzz9", "zzz9"),
    ] {
        let mut bytes = std::fs::read(clips.pattern(codec, file)).expect("the clip");
        for i in 0..bytes.len() - 4 {
            if bytes[i..].starts_with(known) {
                bytes[i..i + 4].copy_from_slice(other);
            }
        }
        match error(&clips.bytes(&bytes, file)) {
            LibavError::NoDecoder { codec, .. } => assert_eq!(codec, name),
            other => panic!("{file}: {other}"),
        }
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
    let error = Input::open(&format!("rtsp://viewer:s3cret@127.0.0.1:{port}/a"), &limits).err();
    let Some(error @ LibavError::Deadline { .. }) = error else { panic!("{error:?}") };
    assert!(!error.to_string().contains("s3cret"), "{error}");
}

/// Serves the first bytes of a file that is said to have `length`, keeps the connection, and answers to no other.
fn half_a_file(listener: &std::net::TcpListener, bytes: &[u8], length: usize) -> std::net::TcpStream {
    let (mut caller, _) = listener.accept().expect("a caller");
    let mut asked = [0; 4096];
    let _ = caller.read(&mut asked).expect("a request");
    let head = format!("HTTP/1.1 200 OK\r\nAccept-Ranges: bytes\r\nContent-Length: {length}\r\n\r\n");
    caller.write_all(head.as_bytes()).expect("sent");
    caller.write_all(bytes).expect("sent");
    caller
}

fn stopped(error: Option<LibavError>, while_doing: &str) {
    let Some(LibavError::Stopped { doing, .. }) = error else { panic!("{while_doing}: {error:?}") };
    assert_eq!(doing, while_doing);
}

#[test]
fn what_waits_for_an_answer_gives_up_once_it_is_to_stop() {
    let clips = Clips::new();
    let whole = std::fs::read(clips.pattern(H264_PLAIN, "a.mkv")).expect("the clip");
    for doing in ["opening", "reading", "seeking"] {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let stop = Stop::default();
        let limits = Limits { stop: stop.clone(), ..Limits::default() };
        let (told, tell) = std::sync::mpsc::channel();
        let opener = std::thread::spawn(move || {
            let mut input = match Input::open(&format!("http://127.0.0.1:{port}/a.mkv"), &limits) {
                Ok(input) => input,
                Err(error) => return Some(error),
            };
            told.send(()).expect("somebody waits for it");
            if doing == "seeking" {
                return input.seek(0).and_then(|()| input.seek(9_000_000)).err();
            }
            loop {
                match input.read() {
                    Ok(Some(_)) => {}
                    Ok(None) => return None,
                    Err(error) => return Some(error),
                }
            }
        });
        let share = if doing == "opening" { 20 } else { whole.len() * 2 / 3 };
        let _kept = half_a_file(&listener, &whole[..share], whole.len() * 100);
        if doing != "opening" {
            tell.recv().expect("opened");
        }
        stop.set(Signal::Interrupt);
        stopped(opener.join().expect("no panic"), doing);
    }
}

#[test]
fn nothing_is_opened_once_it_is_to_stop() {
    let clips = Clips::new();
    let stop = Stop::default();
    let limits = Limits { stop: stop.clone(), ..Limits::default() };
    let path = clips.pattern(H264_PLAIN, "a.mp4");
    let mut input = Input::open_file(&path, &limits).expect("opens");
    stop.set(Signal::Interrupt);
    stopped(input.read().err(), "reading");
    stopped(input.seek(0).err(), "seeking");
    stopped(Input::open_file(&path, &limits).err(), "opening");
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
        (
            "full-hd.mp4",
            format!("-vf scale=out_color_matrix=bt709:out_range=pc {h264} yuvj420p -colorspace bt709"),
        ),
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
        let rgb = out.clone();
        scaler.scale(&frame, 33, 17, Pixels::Bgr, &mut out).expect("scales");
        // The two go through different code, each with its own rounding.
        let same = |a: u8, b: u8| a.abs_diff(b) <= 2;
        let swapped = |(a, b): (&[u8], &[u8])| same(a[0], b[2]) && same(a[1], b[1]) && same(a[2], b[0]);
        assert!(rgb.chunks(3).zip(out.chunks(3)).all(swapped), "{name}: {:?} {:?}", &rgb[..3], &out[..3]);
        let mut scaler = Scaler::new();
        for again in 0..3 {
            scaler.scale(&frame, 33, 17, Pixels::Rgb, &mut out).expect("scales");
            assert_eq!(out, rgb, "{name}, scaled {again} times before");
        }
    }
}

#[test]
fn grey_is_luma_in_full_range() {
    let clips = Clips::new();
    let white = "-f lavfi -i color=c=white:size=64x64:rate=1:duration=1 -c:v libx264 -qp 1 -pix_fmt yuv420p";
    let frame = first_frame(&clips.ffmpeg(white, "white.mp4"));
    let luma = frame.yuv().expect("planes").luma;
    assert!(luma.row(10)[10].abs_diff(235) <= 1);
    let mut out = Vec::new();
    Scaler::new().scale(&frame, 16, 16, Pixels::Gray, &mut out).expect("scales");
    assert!(out.iter().all(|p| *p >= 253), "{out:?}");
}

#[test]
fn a_scaler_that_is_used_for_other_sizes_keeps_its_colours_right() {
    let clips = Clips::new();
    let red = "-f lavfi -i color=c=0xC02040:size=64x64:rate=1:duration=1 -vf scale=out_color_matrix=bt709:out_range=tv \
               -c:v libx264 -qp 1 -pix_fmt yuv420p -colorspace bt709";
    let frame = first_frame(&clips.ffmpeg(red, "red.mp4"));
    let mut scaler = Scaler::new();
    let mut out = Vec::new();
    for side in [64, 32, 64, 48, 32, 16, 64] {
        scaler.scale(&frame, side, side, Pixels::Rgb, &mut out).expect("scales");
        let right =
            out.iter().zip([0xC0, 0x20, 0x40]).all(|(is, should): (&u8, u8)| is.abs_diff(should) <= 4);
        assert!(right, "{side}: {:?}", &out[..3]);
    }
}

#[test]
fn a_full_disk_is_told() {
    let clips = Clips::new();
    let path = clips.pattern(H264_PLAIN, "a.mp4");
    for container in [Container::Mp4, Container::Matroska] {
        let mut input = open(&path).expect("opens");
        let copy = || {
            let mut muxer = Muxer::create(Path::new("/dev/full"), input.stream(), container)?;
            while let Some(packet) = input.read()? {
                muxer.write(&packet)?;
            }
            muxer.finish()
        };
        let Err(LibavError::Unwritable { address, detail }) = { copy }() else { panic!("{container:?}") };
        assert_eq!((&*address, &*detail), ("/dev/full", "No space left on device"));
    }
}

#[test]
fn a_muxer_that_is_given_up_leaves_a_file_that_is_closed() {
    let clips = Clips::new();
    let input = open(&clips.pattern(H264_PLAIN, "a.mp4")).expect("opens");
    let path = clips.path("given_up.mp4");
    assert_eq!(Container::for_stream(input.stream()), Container::Mp4);
    drop(Muxer::create(&path, input.stream(), Container::Mp4).expect("a file"));
    assert!(path.exists());
    let nowhere = clips.path("no/such/folder.mp4");
    let error = Muxer::create(&nowhere, input.stream(), Container::Mp4).err();
    assert!(matches!(error, Some(LibavError::Unwritable { .. })), "{error:?}");
}

#[test]
fn matroska_holds_reordered_pictures_from_0_on() {
    let clips = Clips::new();
    let mut input = open(&clips.pattern(H264, "a.ts")).expect("opens");
    let packets: Vec<Packet> = std::iter::from_fn(|| input.read().expect("reads")).collect();
    let first = packets[0].pts.expect("a time");
    let path = clips.path("copy.mkv");
    let mut muxer = Muxer::create(&path, input.stream(), Container::Matroska).expect("a file");
    for mut packet in packets.clone() {
        (packet.pts, packet.dts) = (packet.pts.map(|t| t - first), packet.dts.map(|t| t - first));
        muxer.write(&packet).expect("a packet");
    }
    muxer.finish().expect("a file");
    let mut copy = open(&path).expect("opens");
    let copied = std::iter::from_fn(|| copy.read().expect("reads")).map(|p| p.pts);
    assert!(copied.eq(packets.iter().map(|p| p.pts.map(|t| t - first))));
}

/// A tag of FLV video (Adobe's specification, E.4.1).
fn flv_tag(content: &[u8]) -> Vec<u8> {
    let size = u32::try_from(content.len()).expect("small");
    let head = [&[9], &size.to_be_bytes()[1..], &[0; 7], content].concat();
    [head.as_slice(), &(size + 11).to_be_bytes()].concat()
}

#[test]
fn a_codec_that_others_added_to_flv_is_named_with_a_way_out() {
    let clips = Clips::new();
    let script = [&[18, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0], [0, 0, 0, 14].as_slice()].concat();
    for (first, name, way) in [
        ([0x1c, 0, 0, 0, 0], "H.265 (codec 12)", "recorder"),
        ([0x90, b'h', b'v', b'c', b'1'], "H.265 (hvc1)", "FFmpeg 6.1"),
        ([0x90, b'a', b'v', b'0', b'1'], "AV1 (av01)", "FFmpeg 6.1"),
    ] {
        let mut file = b"FLV\x01\x01\0\0\0\x09\0\0\0\0".to_vec();
        file.extend(&script);
        (0..40).for_each(|_| file.extend(flv_tag(&[first.as_slice(), &[7; 300]].concat())));
        let error = error(&clips.bytes(&file, "a.flv"));
        let told = error.to_string();
        assert!(
            matches!(error, LibavError::InFlv { .. }) && told.contains(name) && told.contains(way),
            "{told}"
        );
    }
    let mut file = b"FLV\x01\x01\0\0\0\x09\0\0\0\0".to_vec();
    (0..40).for_each(|_| file.extend(flv_tag(&[0x1d; 300])));
    let told = error(&clips.bytes(&file, "b.flv")).to_string();
    assert!(told.contains("codec number 13"), "{told}");
}

#[test]
fn where_sound_ends_is_known_at_the_end_of_the_pictures() {
    let clips = Clips::new();
    let plain = clips.pattern(H264, "plain.mkv");
    for name in ["long.mkv", "long.flv"] {
        let how =
            format!("-i {} -f lavfi -i sine=duration=25 -c:v copy -c:a aac -map 0 -map 1", plain.display());
        let mut input = open(&clips.ffmpeg(&how, name)).expect("opens");
        assert!(!input.tells_own_length(), "{name}");
        while input.read().expect("reads").is_some() {}
        let end = input.others_end().expect("sound");
        assert!((24_900_000..25_300_000).contains(&end), "{name}: {end}");
    }
    let mut input = open(&plain).expect("opens");
    while input.read().expect("reads").is_some() {}
    assert_eq!(input.others_end(), None);
}
