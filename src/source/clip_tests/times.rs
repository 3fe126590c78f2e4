//! Times that are damaged, stand still or come seldom, and what a container says of its length.

use super::*;

#[test]
fn a_damaged_last_time_takes_nothing_from_the_next_file() {
    let clips = Clips::new();
    let whole = clips.pattern(H264_PLAIN, "whole.ts");
    let next = clips.path("lane_20240131_100010.ts");
    std::fs::copy(&whole, &next).expect("a copy");
    for run in [1, 2, 5] {
        let mut bytes = std::fs::read(&whole).expect("the clip");
        (100 - run..100).for_each(|n| late_by(&mut bytes, n, 3600));
        let first = clips.bytes(&bytes, "lane_20240131_100000.ts");
        let told = read(vec![first, next.clone()]);
        assert_eq!(seconds(&told.gops).len(), 8, "{run}: {:?}", seconds(&told.gops));
        assert_eq!(tenths(&told.gops), (0..200).collect::<Vec<_>>(), "{run}");
        assert!(told.gaps.is_empty() && told.notices.is_empty(), "{run}: {:?} {:?}", told.gaps, told.notices);
        assert_eq!(told.epochs[1].from.as_secs_f64(), 10.0);
    }
    // The same in MP4, where the picture before is said to last an hour.
    let mp4 = clips.pattern(H264_PLAIN, "whole.mp4");
    let late = "setts=ts=TS+if(eq(N\\,99)\\,3600/TB\\,0)";
    let first =
        clips.ffmpeg(&format!("-i {} -c copy -bsf:v {late}", mp4.display()), "lane_20240131_100000.mp4");
    let mut told = vec![read(vec![first.clone(), next.clone()])];
    std::fs::remove_file(&first).expect("a clip");
    let first =
        clips.ffmpeg(&format!("-i {} -c copy -bsf:v {late}", mp4.display()), "lane_20240131_100000.mkv");
    told.push(read(vec![first, next]));
    for told in told {
        assert_eq!(tenths(&told.gops), (0..200).collect::<Vec<_>>(), "{:?}", told.notices);
        assert_eq!((told.gaps.len(), told.failed.len()), (0, 0), "{:?}", told.failed);
    }
}

#[test]
fn with_b_pictures_damaged_times_move_nothing_either() {
    let clips = Clips::new();
    let whole = clips.pattern(H264, "whole.mkv");
    let right = read(vec![whole.clone()]);
    let damaged = |how: &str| {
        let args = format!("-i {} -c copy -bsf:v setts={how}", whole.display());
        read(vec![clips.ffmpeg(&args, "damaged.mp4")])
    };
    for how in ["ts=TS+if(eq(N\\,99)\\,3600/TB\\,0)", "pts=PTS+if(eq(N\\,99)\\,3600/TB\\,0)"] {
        let told = damaged(how);
        assert!(told.gaps.is_empty(), "{how}: {:?}", told.gaps);
        let (end, wanted) = (told.gops.last().map(|g| g.end), right.gops.last().map(|g| g.end));
        let off = end.zip(wanted).map(|(a, b)| a.as_secs_f64() - b.as_secs_f64());
        assert!(off.is_some_and(|off| off.abs() < 0.5), "{how}: {off:?}");
        assert_eq!(told.gops.iter().map(|g| g.packets.len()).sum::<usize>(), 100);
    }
}

#[test]
fn damaged_times_in_a_row_move_nothing() {
    let clips = Clips::new();
    let whole = clips.pattern(H264_PLAIN, "whole.ts");
    for (run, at) in [(2, 30), (3, 49), (5, 50), (8, 70), (1, 0), (2, 0), (5, 0)] {
        let mut bytes = std::fs::read(&whole).expect("the clip");
        (at..at + run).for_each(|n| late_by(&mut bytes, n, 3600));
        let told = read(vec![clips.bytes(&bytes, "late.ts")]);
        assert!(
            told.gaps.is_empty() && told.notices.is_empty(),
            "{run} at {at}: {:?} {:?}",
            told.gaps,
            told.notices
        );
        assert_eq!(tenths(&told.gops), (0..100).collect::<Vec<_>>(), "{run} at {at}");
        assert_eq!(told.gops.len(), 4, "{run} at {at}");
    }
}

#[test]
fn pictures_that_share_one_time_are_counted_at_the_rate_that_is_claimed() {
    let clips = Clips::new();
    let standing = "setts=ts=0";
    let a_second = "setts=ts=floor(TS*TB)/TB";
    for (codec, name, how) in [
        (H264_PLAIN, "a.ts", standing),
        (H264, "b.ts", standing),
        (H264_PLAIN, "c.flv", standing),
        (H264_PLAIN, "d.ts", a_second),
        (H264_PLAIN, "e.flv", a_second),
        (H264_PLAIN, "f.mkv", a_second),
        (H264, "g.ts", a_second),
    ] {
        let whole = clips.pattern(codec, &format!("whole-{name}"));
        let told = read(vec![clips.ffmpeg(&format!("-i {} -c copy -bsf:v {how}", whole.display()), name)]);
        assert_eq!(told.notices, [Noticed::TimesCounted(10.0)], "{name}");
        let times = tenths(&told.gops);
        assert_eq!(times.len(), 100, "{name}");
        for (i, t) in (0..).zip(&times) {
            // With B pictures the two times of a packet may lie in two seconds.
            let off = if name == "g.ts" { 10 } else { 3 };
            assert!((t - i).abs() <= off, "{name}: {times:?}");
        }
        assert!(told.gaps.is_empty(), "{name}: {:?}", told.gaps);
    }
}

#[test]
fn an_index_without_times_is_counted() {
    let clips = Clips::new();
    for codec in [H264_PLAIN, H264] {
        let mut bytes = std::fs::read(clips.pattern(codec, "whole.mp4")).expect("the clip");
        // Every sample lasts for nothing (ISO/IEC 14496-12, 8.6.1.2).
        let at = bytes.windows(4).position(|w| w == b"stts").expect("a table") + 4;
        let entries = u32::from_be_bytes(bytes[at + 4..at + 8].try_into().expect("four")) as usize;
        (0..entries).for_each(|i| bytes[at + 12 + 8 * i..at + 16 + 8 * i].fill(0));
        let told = read(vec![clips.bytes(&bytes, "zero.mp4")]);
        assert_eq!(told.notices, [Noticed::TimesCounted(10.0)], "{codec}");
        assert_eq!(tenths(&told.gops).len(), 100);
        let end = told.gops.last().map(|g| g.end.as_secs_f64());
        assert!(end.is_some_and(|end| (9.5..10.5).contains(&end)), "{codec}: {:?}", seconds(&told.gops));
    }
}

#[test]
fn a_camera_that_lowers_its_rate_is_seen_all_the_time_in_every_container() {
    let clips = Clips::new();
    // Six pictures 5 s apart, then ten a second.
    let slow = "-f lavfi -i testsrc2=size=160x120:rate=10:duration=10 -vf \
                settb=1/1000,setpts=if(lt(N\\,6)\\,N*5\\,30+(N-6)/10)/TB -vsync passthrough -pix_fmt yuv420p";
    let mp4 = clips.ffmpeg(&format!("{slow} {H264_PLAIN} -video_track_timescale 1000"), "a.mp4");
    let right = read(vec![mp4.clone()]);
    assert!(right.gaps.is_empty() && right.notices.is_empty(), "{:?} {:?}", right.gaps, right.notices);
    assert!((right.gops.last().expect("a group").end.as_secs_f64() - 39.4).abs() < 0.01);
    for name in ["a.mkv", "a.ts", "a.flv"] {
        let told = read(vec![clips.ffmpeg(&format!("-i {} -c copy", mp4.display()), name)]);
        assert!(
            told.gaps.is_empty() && told.notices.is_empty(),
            "{name}: {:?} {:?}",
            told.gaps,
            told.notices
        );
        assert_eq!(tenths(&told.gops), tenths(&right.gops), "{name}");
    }
}

#[test]
fn many_holes_are_told() {
    let clips = Clips::new();
    let holes = "-f lavfi -i testsrc2=size=160x120:rate=10:duration=10 -vf \
                 settb=1/1000,setpts=(N/10+floor(N/25)*20)/TB -vsync passthrough -pix_fmt yuv420p";
    let told =
        read(vec![clips.ffmpeg(&format!("{holes} {H264_PLAIN} -video_track_timescale 1000"), "a.mp4")]);
    assert_eq!(told.gaps.len(), 3);
    let [Noticed::ManyHoles { count: 3, time }] = told.notices[..] else { panic!("{:?}", told.notices) };
    assert!((57.0..=60.0).contains(&time.as_secs_f64()), "{time:?}");
}

#[test]
fn what_an_edit_list_hides_comes_before_the_time_of_the_name() {
    let clips = Clips::new();
    let long = "-c:v libx264 -g 100 -keyint_min 100 -sc_threshold 0 -bf 0";
    let whole = clips.pattern(long, "whole.mp4");
    let cut = clips.ffmpeg(&format!("-ss 6 -i {} -c copy", whole.display()), "lane_20240131_100000.mp4");
    let told = read(vec![cut.clone()]);
    let [epoch] = &told.epochs[..] else { panic!("{:?}", told.epochs) };
    assert_eq!(told.notices, [Noticed::HiddenPictures(std::time::Duration::from_secs(6))]);
    assert_eq!((epoch.wall, epoch.from), (time("2024-01-31T09:59:54Z"), MediaTime::ZERO));
    assert_eq!(epoch.zero.map(MediaTime::as_secs_f64), Some(6.0));
    assert_eq!(tenths(&told.gops), (0..100).collect::<Vec<_>>());
    // The file before shows what is hidden here.
    let before = clips.pattern(long, "lane_20240131_095950.mp4");
    let told = read(vec![before, cut]);
    assert_eq!(told.epochs[1].zero.map(MediaTime::as_secs_f64), Some(10.0));
    assert_eq!((told.epochs[1].from.as_secs_f64(), told.gaps.len()), (4.0, 0));
}

#[test]
fn where_sound_begins_first_the_file_begins_with_it() {
    let clips = Clips::new();
    let plain = clips.pattern(H264_PLAIN, "plain.mp4");
    for name in ["a.mkv", "a.ts", "a.flv"] {
        let how = format!(
            "-f lavfi -i sine=duration=20 -itsoffset 10 -i {} -c:v copy -c:a aac -map 1 -map 0",
            plain.display()
        );
        let told = read(vec![clips.ffmpeg(&how, name)]);
        let [gap] = &told.gaps[..] else { panic!("{name}: {:?}", told.gaps) };
        assert!((gap.to.expect("an end").as_secs_f64() - 10.0).abs() < 0.1, "{name}: {gap:?}");
        assert!(matches!(told.notices[..], [Noticed::PicturesBegin(_)]), "{name}: {:?}", told.notices);
        assert_eq!((told.epochs[0].from, told.failed.len()), (MediaTime::ZERO, 0), "{name}");
    }
}

#[test]
fn an_mp4_whose_track_begins_late_begins_with_its_first_picture() {
    let clips = Clips::new();
    let late =
        clips.ffmpeg(&format!("{PATTERN} {H264_PLAIN} -output_ts_offset 5"), "lane_20240131_100000.mp4");
    let next =
        clips.ffmpeg(&format!("{PATTERN} {H264_PLAIN} -output_ts_offset 15"), "lane_20240131_100010.mp4");
    let told = read(vec![late, next]);
    assert_eq!(tenths(&told.gops), (0..200).collect::<Vec<_>>());
    assert!(told.gaps.is_empty() && told.notices.is_empty(), "{:?} {:?}", told.gaps, told.notices);
    assert_eq!(told.epochs[0].wall, time("2024-01-31T10:00:00Z"));
}

#[test]
fn times_that_stand_still_from_a_damaged_one_on_take_nothing_from_the_next_file() {
    let clips = Clips::new();
    let whole = clips.pattern(H264_PLAIN, "whole.mp4");
    // No writer lets time go back: all packets from the damaged ones on are a tick apart.
    let late = "setts=ts=TS+if(between(N\\,50\\,51)\\,(N-49)*3600/TB\\,0)";
    for format in ["mkv", "ts", "flv", "mp4"] {
        let name = format!("lane_20240131_100000.{format}");
        let first = clips.ffmpeg(&format!("-i {} -c copy -bsf:v {late}", whole.display()), &name);
        let next = clips.path("lane_20240131_100010.mp4");
        std::fs::copy(&whole, &next).expect("a copy");
        let told = read(vec![first.clone(), next]);
        assert_eq!(tenths(&told.gops), (0..200).collect::<Vec<_>>(), "{format}: {:?}", told.notices);
        assert!(told.gaps.is_empty() && told.epochs.len() == 2, "{format}: {:?}", told.gaps);
        std::fs::remove_file(first).expect("a clip");
    }
}

#[test]
fn an_avi_whose_writer_could_not_go_back_to_its_header_is_not_cut_off() {
    let clips = Clips::new();
    let whole = clips.pattern("-c:v mpeg4 -g 25 -sc_threshold 1000000000", "whole.avi");
    let mut bytes = std::fs::read(whole).expect("a clip");
    let header = bytes.windows(4).position(|w| w == b"strh").expect("a stream's header") + 8;
    bytes[header + 32..header + 36].copy_from_slice(&(1_u32 << 30).to_le_bytes());
    let told = read(vec![clips.bytes(&bytes, "streamed.avi")]);
    assert!(told.failed.is_empty() && tenths(&told.gops).len() == 100, "{:?}", told.failed);
}

#[test]
fn sound_that_goes_on_is_no_reason_to_call_a_recording_cut_off() {
    let clips = Clips::new();
    let plain = clips.pattern(H264, "plain.mp4");
    for name in ["a.mkv", "a.flv", "a.mp4", "a.ts", "a.avi"] {
        let how = format!(
            "-i {} -f lavfi -i sine=duration=30 -c:v copy -c:a mp2 -ar 44100 -map 0 -map 1",
            plain.display()
        );
        let how = if name.ends_with("flv") { how.replace("mp2", "aac") } else { how };
        let whole = clips.ffmpeg(&how, name);
        assert_eq!(read(vec![whole.clone()]).failed, [], "{name}");
        if ["a.ts", "a.mp4", "a.avi"].contains(&name) {
            continue;
        }
        let cut = clips.cut(&whole, 0.4, &format!("cut-{name}"));
        assert!(matches!(read(vec![cut]).failed[..], [SourceError::CutOff { .. }]), "{name}");
    }
}

#[test]
fn pictures_that_begin_late_are_no_reason_to_call_a_recording_cut_off() {
    let clips = Clips::new();
    let plain = clips.pattern(H264, "plain.mp4");
    for name in ["a.mkv", "a.flv"] {
        let late = clips.ffmpeg(&format!("-itsoffset 10 -i {} -c copy -copyts", plain.display()), name);
        let told = read(vec![late]);
        assert_eq!(
            (told.failed.len(), told.gaps.len(), told.notices.len()),
            (0, 0, 0),
            "{name}: {:?}",
            told.failed
        );
    }
}

#[test]
fn an_avi_that_was_cut_off_is_told_by_the_pictures_it_says_to_hold() {
    let clips = Clips::new();
    for (codec, share) in
        [("-c:v msmpeg4 -g 25", 0.5), ("-c:v mpeg4 -g 25", 0.7), (H264_PLAIN, 0.3), ("-c:v mjpeg", 0.6)]
    {
        let whole = clips.pattern(codec, "whole.avi");
        assert_eq!(read(vec![whole.clone()]).failed, [], "{codec}");
        let told = read(vec![clips.cut(&whole, share, "cut.avi")]);
        assert!(
            matches!(told.failed[..], [SourceError::CutOff { claimed, .. }] if claimed.as_secs_f64() == 10.0),
            "{codec}: {:?}",
            told.failed
        );
    }
}

#[test]
fn without_an_index_no_other_picture_is_taken_for_a_key_frame() {
    let clips = Clips::new();
    for codec in ["msmpeg4", "msmpeg4v2", "wmv1", "wmv2", "h263 -s 176x144"] {
        let whole = clips.pattern(&format!("-c:v {codec} -g 25 -sc_threshold 1000000000"), "whole.avi");
        let told = read(vec![clips.cut(&whole, 0.98, "cut.avi")]);
        assert_eq!(told.gops.len(), 4, "{codec}: {:?}", seconds(&told.gops));
    }
}

#[test]
fn a_second_video_is_told() {
    let clips = Clips::new();
    let a = clips.pattern(H264, "a.mp4");
    let cover = clips.ffmpeg("-f lavfi -i testsrc2=size=64x48:rate=1:duration=1 -frames:v 1", "cover.jpg");
    for name in ["two.mp4", "two.mkv", "two.ts"] {
        let two = clips.ffmpeg(&format!("-i {0} -i {0} -map 0 -map 1 -c copy", a.display()), name);
        let told = read(vec![two]);
        assert_eq!((&told.notices[..], told.failed.len()), (&[Noticed::OtherVideo][..], 0), "{name}");
    }
    let with_cover = format!(
        "-i {} -i {} -map 0 -map 1 -c copy -disposition:v:1 attached_pic",
        a.display(),
        cover.display()
    );
    assert_eq!(read(vec![clips.ffmpeg(&with_cover, "cover.mp4")]).notices, []);
    let thumbnails = format!("-i {0} -i {0} -map 0 -map 1 -c:v:0 copy -c:v:1 mjpeg -r:v:1 1", a.display());
    assert_eq!(read(vec![clips.ffmpeg(&thumbnails, "thumbnails.mkv")]).notices, []);
}

#[test]
fn a_rate_that_nothing_tells_is_assumed_or_given() {
    let clips = Clips::new();
    let vui = clips.pattern(H264_PLAIN, "told.h264");
    let untold = clips
        .ffmpeg(&format!("-i {} -c copy -bsf:v h264_metadata=delete_filler=1", vui.display()), "again.h264");
    assert_eq!(read(vec![untold]).notices, [Noticed::TimesRebuilt]);
    let raw = clips.pattern("-c:v mjpeg -pix_fmt yuvj420p -f mjpeg", "raw.mjpeg");
    let told = read(vec![raw.clone()]);
    assert_eq!(told.notices, [Noticed::RateAssumed]);
    assert_eq!(told.gops.last().expect("a group").end.as_secs_f64(), 4.0);
    let options = Options { rate: Some(10.0), ..Options::default() };
    for (path, notice) in [(raw, true), (vui, true), (clips.pattern(H264, "own.mp4"), false)] {
        let name = path.display().to_string();
        let told = read_with(vec![path], options.clone());
        assert_eq!(told.notices, if notice { vec![Noticed::TimesRebuilt] } else { vec![] }, "{name}");
        assert_eq!(told.gops.last().expect("a group").end.as_secs_f64(), 10.0, "{name}");
    }
    let five = Options { rate: Some(5.0), ..Options::default() };
    let mp4 = read_with(vec![clips.path("own.mp4")], five.clone());
    assert_eq!(mp4.gops.last().expect("a group").end.as_secs_f64(), 10.0);
    let raw = read_with(vec![clips.path("told.h264")], five);
    assert_eq!(raw.gops.last().expect("a group").end.as_secs_f64(), 20.0);
}

#[test]
fn notices_of_a_file_are_bounded_and_counted() {
    let clips = Clips::new();
    // Twelve times the same two seconds.
    let a = clips.pattern(&format!("{H264_PLAIN} -t 2"), "a.ts");
    let told = read(vec![clips.join(&[a.as_path(); 12], "back.ts")]);
    let count = told.notices.iter().filter(|n| **n == Noticed::TimesGoBack).count();
    let more = Noticed::More(Box::new(Noticed::TimesGoBack), 6);
    assert_eq!((count, told.notices.last()), (5, Some(&more)), "{:?}", told.notices);
    assert_eq!(tenths(&told.gops), (0..240).collect::<Vec<_>>());
}
