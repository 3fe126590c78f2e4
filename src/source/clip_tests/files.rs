//! Several files of one camera: where each lies.

use super::*;

#[test]
fn a_bad_file_does_not_stop_the_next() {
    let clips = Clips::new();
    let bad = clips.bytes(b"nothing of the kind", "a.mp4");
    let good = clips.pattern(H264, "b.mp4");
    let told = read(vec![good, bad, clips.path("missing.mp4")]);
    assert_eq!(told.gops.len(), 4);
    assert!(matches!(
        &told.failed[..],
        [
            SourceError::Open { error: LibavError::NotARecording { .. }, .. },
            SourceError::Open { error: LibavError::NotFound { .. }, .. }
        ]
    ));
}

#[test]
fn files_lie_where_their_names_say() {
    let clips = Clips::new();
    let a = clips.pattern(H264, "lane_20240131_100000.mp4");
    let copy = |name: &str| {
        std::fs::copy(&a, clips.path(name)).expect("a copy");
        clips.path(name)
    };
    // One second after the end of the first; then a hole; then one that begins 4 s before the end of the last.
    let b = copy("lane_20240131_100011.mp4");
    let c = copy("lane_20240131_100100.mp4");
    let d = copy("lane_20240131_100106.mp4");
    let short = clips.ffmpeg(&format!("-i {} -c copy -t 2", a.display()), "lane_20240131_100102.mp4");
    let told = read(vec![d, c, b, a.clone(), short]);
    let from: Vec<f64> = told.epochs.iter().map(|e| e.from.as_secs_f64()).collect();
    assert_eq!(from, [0.0, 11.0, 60.0, 66.0]);
    assert!(told.epochs.iter().all(|e| e.wall_origin == WallOrigin::FileName));
    assert_eq!(told.epochs[3].wall, time("2024-01-31T10:01:06Z"));
    let [gap] = &told.gaps[..] else { panic!("{:?}", told.gaps) };
    assert_eq!((gap.from.as_secs_f64(), gap.to.map(MediaTime::as_secs_f64)), (21.0, Some(60.0)));
    assert_eq!(gap.reason, GapReason::Offline);
    assert!(told.notices.contains(&Noticed::Covered), "{:?}", told.notices);
    assert!(
        told.notices.contains(&Noticed::Overlap(std::time::Duration::from_secs(4))),
        "{:?}",
        told.notices
    );
    // The group of the last file that lies across the end of the one before is looked at from there on.
    let last: Vec<_> = told.gops.iter().filter(|g| g.epoch == 3).cloned().collect();
    assert_eq!(seconds(&last), [(70.0, 71.0), (71.0, 73.5), (73.5, 76.0)]);
    assert_eq!(last[0].first().as_secs_f64(), 68.5);
    assert_eq!(last[1].wall(last[1].start), time("2024-01-31T10:01:11Z"));
}

#[test]
fn a_start_that_is_given_counts_before_all_else() {
    let clips = Clips::new();
    let named = clips.pattern(H264, "20240131_100000.mp4");
    let start = time("2020-01-01T00:00:00Z");
    let told = read_with(vec![named], Options { start: Some(start), ..Options::default() });
    assert_eq!((told.epochs[0].wall, told.epochs[0].wall_origin), (start, WallOrigin::Given));
}

#[test]
fn a_start_that_is_given_is_that_of_the_first_file_that_can_be_read() {
    let clips = Clips::new();
    let bad = clips.bytes(b"nothing of the kind", "a.mp4");
    let good = clips.pattern(H264, "b.mp4");
    let start = time("2020-01-01T00:00:00Z");
    let told = read_with(vec![bad, good], Options { start: Some(start), ..Options::default() });
    assert_eq!((told.failed.len(), told.epochs.len()), (1, 1));
    assert_eq!((told.epochs[0].wall, told.epochs[0].wall_origin), (start, WallOrigin::Given));
}

#[test]
fn a_hole_where_the_file_before_went_on_is_a_gap_from_its_end() {
    let clips = Clips::new();
    let first = clips.pattern(H264_PLAIN, "lane_20240131_100000.ts");
    // Begins at the fifth second; of its ten seconds five are missing after two and a half.
    let a = clips.ffmpeg(&format!("-i {} -c copy -t 2.5", first.display()), "a.ts");
    let b = clips.ffmpeg(&format!("-ss 2.5 -i {} -c copy -output_ts_offset 60", first.display()), "b.ts");
    let second = clips.join(&[&a, &b], "lane_20240131_100005.ts");
    let told = read(vec![first, second]);
    let [gap] = &told.gaps[..] else { panic!("{:?}", told.gaps) };
    assert_eq!(gap.from.as_secs_f64(), 10.0);
    assert!(gap.to.is_some_and(|to| to.as_secs_f64() > 60.0), "{gap:?}");
    assert_eq!(gap.epoch, 1);
}

#[test]
fn where_a_file_breaks_off_and_nothing_tells_when_the_next_began_is_a_gap() {
    let clips = Clips::new();
    let whole = clips.pattern(H264, "0.mkv");
    let cut = clips.cut(&whole, 0.6, "a.mkv");
    let unread = clips.bytes(b"nothing of the kind", "b.mkv");
    let last = clips.pattern(H264, "c.mkv");
    for files in [vec![cut, last.clone()], vec![whole, unread, last]] {
        let told = read(files);
        let [gap] = &told.gaps[..] else { panic!("{:?}", told.gaps) };
        assert_eq!((gap.reason, gap.to), (GapReason::Damaged, Some(gap.from)));
        assert_eq!(told.failed.len(), 1);
    }
}

#[test]
fn a_file_without_a_start_does_not_decide_the_order_of_others() {
    let clips = Clips::new();
    let later = clips.pattern(H264, "alarm-20240131_100500.mp4");
    let sooner = clips.pattern(H264, "lane3-20240131_100000.mp4");
    let unread = clips.bytes(b"still being written", "now.mp4");
    let told = read(vec![unread, sooner, later]);
    let walls: Vec<_> = told.epochs.iter().map(|epoch| epoch.wall).collect();
    assert_eq!(walls, [time("2024-01-31T10:00:00Z"), time("2024-01-31T10:05:00Z")]);
    assert_eq!((told.gops.len(), told.failed.len()), (8, 1));
}

#[test]
fn a_start_comes_from_metadata_or_from_the_file_itself() {
    let clips = Clips::new();
    let made = clips.pattern(&format!("{H264} -metadata creation_time=2023-05-06T07:08:09Z"), "made.mp4");
    let told = read(vec![made]);
    assert_eq!(told.epochs[0].wall, time("2023-05-06T07:08:09Z"));
    assert_eq!(told.epochs[0].wall_origin, WallOrigin::Metadata);
    let plain = clips.pattern(H264, "plain.mp4");
    let modified = std::fs::metadata(&plain).and_then(|m| m.modified()).expect("a time");
    let again = clips.pattern(H264, "plain2.mp4");
    let told = read(vec![again, plain]);
    assert_eq!(told.epochs[0].wall_origin, WallOrigin::Modified);
    assert_eq!(told.epochs[0].file.as_deref(), Some("plain.mp4"));
    let ends = told.epochs[0].wall + jiff::SignedDuration::from_secs(10);
    let off = ends.duration_since(Timestamp::try_from(modified).expect("a time"));
    assert!(off.unsigned_abs() < std::time::Duration::from_millis(500), "{off:?}");
    assert_eq!(told.epochs[1].from.as_secs_f64(), 10.0, "guesses follow without a hole");
    assert!(told.gaps.is_empty());
}
