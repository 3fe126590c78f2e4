use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
    thread,
};

use crossbeam::channel::{self, Receiver};

use super::{
    EvidenceError,
    clip::{Clip, Cut},
    cutter::Cutter,
    plan::{self, Seen, moments},
    still::{self, Album, Shot, Taken},
};
use crate::{
    config::{Camera, Config},
    domain::{EvidenceFile, EvidenceRole, MediaTime, MissingEvidence, Moment, Violation},
    geometry::Polygon,
    results::Entry,
    source::{Part, Recording, SourceError, Trail},
    stop::Stop,
};

/// What was made, in the order in which it was wanted.
type Made<T> = Vec<Result<T, EvidenceError>>;

/// So many threads make stills' files: a JPEG takes longer than finding its frame.
const DEVELOPERS: usize = 2;

/// So many decoded pictures wait for them, at most; of 4K each is 24 MB.
const WAITING: usize = 2;

/// Makes files of pictures as they come, each with the number of its shot.
type Develop<'d> = dyn Fn(&Receiver<Taken>) -> Vec<(usize, Result<EvidenceFile, EvidenceError>)> + Sync + 'd;

/// The recordings of a camera as they are read once more.
pub struct Again {
    /// The recordings.
    pub recording: Recording,
    /// Where its files lie, as was noted the first time; none to read all of them.
    pub trail: Option<Trail>,
    /// What could not be read of them the first time: whatever else cannot be read now is told.
    pub failed: BTreeSet<String>,
    /// It may be set meanwhile: then what is not made yet is not.
    pub stop: Stop,
}

/// What came of the evidence of one camera.
#[derive(Debug, Default)]
pub struct Collected {
    /// The files, with where they come from.
    pub entries: Vec<Entry>,
    /// Why the others are missing.
    pub errors: Vec<EvidenceError>,
}

/// Takes the stills and cuts the clips of a camera's violations from its recording, which is read once more, up to
/// the last of them. Files go below `folder`; each violation is told which it has, and which are missing. `seen` is
/// what was found at the moments shown; `reached` is told how far it has come.
pub fn collect(
    config: &Config,
    camera: &Camera,
    again: Again,
    violations: &mut [Violation],
    seen: &Seen,
    folder: &Path,
    reached: impl FnMut(MediaTime),
) -> Collected {
    let shots = plan::shots(config, camera, violations, seen);
    let cuts: Vec<Cut> = violations.iter().map(|violation| plan::cut(&config.evidence, violation)).collect();
    let develop = |pictures: &Receiver<Taken>| still::develop(pictures, &shots, folder);
    let cuts = Cuts { cuts, masks: &camera.mask, folder };
    let (stills, clips) = read(again, &shots, cuts, &develop, reached);
    let (mut stills, mut clips) = (stills.into_iter(), clips.into_iter());
    let mut collected = Collected::default();
    for violation in violations {
        let moments: Vec<(EvidenceRole, Moment)> =
            moments(violation).map(|(role, moment)| (role, moment.clone())).collect();
        for (role, moment) in moments {
            let Some(still) = stills.next() else { break };
            let entry = still.map(|file| still::entry(file, violation.id, &moment, &camera.mask));
            collected.note(folder, violation, role, entry);
        }
        if let Some(clip) = clips.next() {
            let entry = clip.map(|clip| clip.entry(violation.id));
            collected.note(folder, violation, EvidenceRole::Clip, entry);
        }
    }
    collected
}

/// Clips that are wanted.
struct Cuts<'c> {
    cuts: Vec<Cut>,
    /// What is to be black in them.
    masks: &'c [Polygon],
    /// Where they go.
    folder: &'c Path,
}

/// Reads the recording; one thread decodes and copies, others make the stills' files.
fn read(
    again: Again,
    shots: &[Shot],
    Cuts { cuts, masks, folder }: Cuts<'_>,
    develop: &Develop<'_>,
    mut reached: impl FnMut(MediaTime),
) -> (Made<EvidenceFile>, Made<Clip>) {
    let Again { recording, trail, failed, stop } = again;
    let spells: Vec<_> = shots
        .iter()
        .map(|shot| (shot.at, shot.at))
        .chain(cuts.iter().map(|cut| (cut.from, cut.to)))
        .collect();
    let recording = match &trail {
        Some(trail) => recording.within(&spells, trail),
        None => recording,
    };
    let stems: Vec<String> = cuts.iter().map(|cut| cut.stem.clone()).collect();
    let (taken, pictures) = channel::bounded(WAITING);
    let (mut album, mut cutter) = (Album::new(shots, taken), Cutter::new(cuts, folder).masked(masks));
    let mut broken: Option<Arc<SourceError>> = None;
    let (taken, mut files) = thread::scope(|scope| {
        // The threads alone hold the pictures' way: where all of them are gone, nobody waits for them.
        let developers: Vec<_> = (0..DEVELOPERS)
            .map(|_| {
                let pictures = pictures.clone();
                scope.spawn(move || develop(&pictures))
            })
            .collect();
        drop(pictures);
        for part in recording {
            if album.done() && cutter.done() {
                break;
            }
            // What could be read the first time lies elsewhere in time now, or is not what was looked at.
            if let Part::Failed { error, .. } = &part
                && !failed.contains(&error.to_string())
            {
                broken = Some(Arc::new(error.clone()));
                break;
            }
            cutter.take(&part);
            if let Part::Gop(gop) = &part {
                album.take(gop);
                reached(gop.end);
            }
        }
        let taken = album.finish();
        let files: BTreeMap<_, _> =
            developers.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect();
        (taken, files)
    });
    let why = |error: EvidenceError, name: &str| match (error, &broken) {
        (EvidenceError::NotFound(_), Some(error)) => {
            EvidenceError::Source { name: name.to_owned(), error: Arc::clone(error) }
        }
        (EvidenceError::NotFound(_), None) if stop.is_set() => EvidenceError::Stopped(name.to_owned()),
        (error, _) => error,
    };
    let stills = taken.into_iter().zip(shots).enumerate().map(|(index, (taken, shot))| {
        let lost = || Err(EvidenceError::Lost(shot.name.clone()));
        taken.map_err(|error| why(error, &shot.name)).and_then(|()| files.remove(&index).unwrap_or_else(lost))
    });
    let stills = stills.collect();
    let clips = cutter.finish().into_iter().zip(&stems);
    (stills, clips.map(|(clip, stem)| clip.map_err(|error| why(error, stem))).collect())
}

impl Collected {
    /// Notes a file, or why it is missing, here and in the violation.
    fn note(
        &mut self,
        folder: &Path,
        violation: &mut Violation,
        role: EvidenceRole,
        made: Result<Entry, EvidenceError>,
    ) {
        match made {
            Ok(entry) => {
                let Entry { name, sha256, bytes, .. } = entry.clone();
                violation.evidence.push(EvidenceFile { name, role, sha256, bytes, url: None });
                self.entries.push(entry);
            }
            Err(error) => {
                // Where the folder lies matters neither to who is told nor to whether two results are the same.
                let reason = error.to_string().replace(&format!("{}/", folder.display()), "");
                violation.missing.push(MissingEvidence { role, cause: error.cause(), reason });
                self.errors.push(error);
            }
        }
    }
}

#[cfg(test)]
mod clip_tests {
    use super::*;
    use crate::{domain::CameraId, evidence::Caption, libav::testing::*, source::Options, vision::Marks};

    fn again(files: Vec<std::path::PathBuf>) -> Again {
        let camera = CameraId::new("lane").expect("an id");
        let recording = Recording::open(camera, files, Options::default());
        Again { recording, trail: None, failed: BTreeSet::new(), stop: Stop::default() }
    }

    fn plain(cuts: Vec<Cut>, folder: &Path) -> Cuts<'_> {
        Cuts { cuts, masks: &[], folder }
    }

    fn shot(seconds: f64) -> Shot {
        let camera = CameraId::new("lane").expect("an id");
        let rule = crate::domain::RuleId::new(&camera, crate::domain::Kind::FireLaneParking, None);
        Shot {
            at: MediaTime::from_secs_f64(seconds),
            role: EvidenceRole::Raised,
            name: format!("evidence/{seconds}.jpg"),
            marks: Marks { masks: Vec::new(), zone: None, boxes: Vec::new() },
            caption: Caption {
                camera_name: String::new(),
                rule,
                violation: uuid::Uuid::nil(),
                role: EvidenceRole::Raised,
                wall: jiff::Timestamp::UNIX_EPOCH,
                wall_origin: crate::domain::WallOrigin::FileName,
                zone: jiff::tz::TimeZone::UTC,
            },
        }
    }

    fn cut(from: f64, to: f64) -> Cut {
        let at = MediaTime::from_secs_f64;
        Cut { from: at(from), at: at(from), to: at(to), stem: format!("evidence/{from}") }
    }

    #[test]
    fn a_recording_that_is_gone_when_it_is_read_again_is_told_so_for_stills_and_clips() {
        let clips = Clips::new();
        let first = clips.pattern(H264, "20260131_100000.mp4");
        let gone = clips.path("20260131_100010.mp4");
        let folder = clips.path("result");
        let shots = [shot(5.0), shot(15.0)];
        let develop = |pictures: &Receiver<Taken>| still::develop(pictures, &shots, &folder);
        let cuts = vec![cut(2.0, 4.0), cut(14.0, 16.0)];
        let (stills, cut) = read(again(vec![first, gone]), &shots, plain(cuts, &folder), &develop, |_| {});
        let causes = |made: &dyn Fn(usize) -> Option<crate::domain::MissingCause>| [made(0), made(1)];
        let unreadable = Some(crate::domain::MissingCause::Unreadable);
        let still = causes(&|at| stills[at].as_ref().err().map(EvidenceError::cause));
        assert_eq!(still, [None, unreadable], "{stills:?}");
        let clip = causes(&|at| cut[at].as_ref().err().map(EvidenceError::cause));
        assert_eq!(clip, [None, unreadable], "{cut:?}");
        let said = stills[1].as_ref().expect_err("gone").to_string();
        assert!(said.contains("20260131_100010.mp4") && said.contains("evidence/15"), "{said}");
    }

    #[test]
    fn what_could_not_be_read_the_first_time_either_changes_nothing() {
        let clips = Clips::new();
        let first = clips.pattern(H264, "20260131_100000.mp4");
        let last = clips.path("20260131_100020.mp4");
        std::fs::copy(&first, &last).expect("copied");
        let files = vec![first, clips.path("20260131_100010.mp4"), last];
        let camera = CameraId::new("lane").expect("an id");
        let parts = Recording::open(camera, files.clone(), Options::default());
        let failed = parts
            .filter_map(
                |part| if let Part::Failed { error, .. } = part { Some(error.to_string()) } else { None },
            )
            .collect();
        let folder = clips.path("result");
        let shots = [shot(25.0)];
        let develop = |pictures: &Receiver<Taken>| still::develop(pictures, &shots, &folder);
        let (stills, _) =
            read(Again { failed, ..again(files) }, &shots, plain(Vec::new(), &folder), &develop, |_| {});
        assert!(stills[0].is_ok(), "{stills:?}");
    }

    #[test]
    fn nobody_waits_for_developers_that_are_gone() {
        let clips = Clips::new();
        let recording = clips.pattern(H264, "a.mp4");
        let shots: Vec<Shot> = (1..8).map(|second| shot(f64::from(second))).collect();
        let gone = |_: &Receiver<Taken>| -> Vec<(usize, Result<EvidenceFile, EvidenceError>)> {
            panic!("as a picture that no JPEG can be made of would")
        };
        let (stills, _) =
            read(again(vec![recording]), &shots, plain(Vec::new(), &clips.path("result")), &gone, |_| {});
        assert_eq!(stills.len(), 7);
        assert!(stills.iter().all(|still| matches!(still, Err(EvidenceError::Lost(_)))), "{stills:?}");
    }

    #[test]
    fn what_is_not_made_when_it_is_stopped_is_told_so() {
        let clips = Clips::new();
        let recording = clips.pattern(H264, "a.mp4");
        let stop = Stop::default();
        stop.set(crate::stop::Signal::Interrupt);
        let camera = CameraId::new("lane").expect("an id");
        let options = Options { stop: stop.clone(), ..Options::default() };
        let recording = Recording::open(camera, vec![recording], options);
        let again = Again { recording, trail: None, failed: BTreeSet::new(), stop };
        let shots = [shot(1.0)];
        let develop = |pictures: &Receiver<Taken>| still::develop(pictures, &shots, &clips.path("result"));
        let (stills, _) = read(again, &shots, plain(Vec::new(), &clips.path("result")), &develop, |_| {});
        assert!(matches!(stills[0], Err(EvidenceError::Stopped(_))), "{stills:?}");
    }
}
