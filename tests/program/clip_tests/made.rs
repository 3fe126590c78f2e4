//! Clips that tests share: each is made once, and belongs to nobody.

use std::fs;

use crate::common::clip;

/// The time at which it is made stands in the file.
const NOW: &str =
    "-f lavfi -i testsrc2=size=16x16:rate=5:duration=1 -c:v libx264 -metadata creation_time=now";

#[test]
fn a_clip_is_made_once_and_each_test_has_its_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = clip(folder.path(), "first.mkv", NOW);
    let bytes = fs::read(&first).expect("the clip");
    fs::write(&first, "changed").expect("written");
    let second = clip(folder.path(), "second.mkv", NOW);
    assert!(fs::read(second).expect("the clip") == bytes, "it was made anew, or is the one that was changed");
}

#[test]
fn a_clip_made_of_other_clips_is_made_of_those_that_are_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let one =
        clip(folder.path(), "one.mkv", "-f lavfi -i testsrc2=size=16x16:rate=5:duration=1 -c:v libx264");
    let copy = format!("-i {} -c copy", one.display());
    let before = fs::read(clip(folder.path(), "a.mp4", &copy)).expect("the clip");
    clip(folder.path(), "one.mkv", "-f lavfi -i testsrc2=size=16x16:rate=5:duration=2 -c:v libx264");
    let after = fs::read(clip(folder.path(), "b.mp4", &copy)).expect("the clip");
    assert!(after.len() > before.len(), "{} and {} bytes", before.len(), after.len());
}

#[test]
#[should_panic(expected = "No such filter: 'nosuch'")]
fn what_ffmpeg_says_of_a_clip_that_it_cannot_make_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    clip(folder.path(), "clip.mkv", "-f lavfi -i nosuch");
}
