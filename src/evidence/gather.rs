use std::{collections::BTreeMap, path::Path, thread};

use crossbeam::channel;

use super::{
    Entry, EvidenceError, Piece,
    clip::{Clip, Cut},
    cutter::Cutter,
    plan::{self, Seen, moments},
    still::{self, Album, Shot},
};
use crate::{
    config::{Camera, Config},
    domain::{EvidenceFile, EvidenceRole, MediaTime, MissingEvidence, Moment, Violation},
    source::{Part, Recording},
};

/// What was made, in the order in which it was wanted.
type Made<T> = Vec<Result<T, EvidenceError>>;

/// So many threads make stills' files: a JPEG takes longer than finding its frame.
const DEVELOPERS: usize = 2;

/// So many decoded pictures wait for them, at most; of 4K each is 24 MB.
const WAITING: usize = 2;

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
    recording: Recording,
    violations: &mut [Violation],
    seen: &Seen,
    folder: &Path,
    reached: impl FnMut(MediaTime),
) -> Collected {
    let shots = plan::shots(config, camera, violations, seen);
    let cuts: Vec<Cut> = violations.iter().map(|violation| plan::cut(&config.evidence, violation)).collect();
    let (stills, clips) = read(recording, &shots, cuts, folder, reached);
    let (mut stills, mut clips) = (stills.into_iter(), clips.into_iter());
    let mut collected = Collected::default();
    for violation in violations {
        let moments: Vec<(EvidenceRole, Moment)> =
            moments(violation).map(|(role, moment)| (role, moment.clone())).collect();
        for (role, moment) in moments {
            let Some(still) = stills.next() else { break };
            let entry = still.map(|file| still_entry(file, violation, &moment));
            collected.note(folder, violation, role, entry);
        }
        if let Some(clip) = clips.next() {
            let entry = clip.map(|clip| clip_entry(clip, violation));
            collected.note(folder, violation, EvidenceRole::Clip, entry);
        }
    }
    collected
}

/// Reads the recording; one thread decodes and copies, others make the stills' files.
fn read(
    recording: Recording,
    shots: &[Shot],
    cuts: Vec<Cut>,
    folder: &Path,
    mut reached: impl FnMut(MediaTime),
) -> (Made<EvidenceFile>, Made<Clip>) {
    let (taken, pictures) = channel::bounded(WAITING);
    let (mut album, mut cutter) = (Album::new(shots, taken), Cutter::new(cuts, folder));
    let (taken, mut files) = thread::scope(|scope| {
        let developers: Vec<_> =
            (0..DEVELOPERS).map(|_| scope.spawn(|| still::develop(&pictures, shots, folder))).collect();
        for part in recording {
            if album.done() && cutter.done() {
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
    let stills = taken.into_iter().zip(shots).enumerate().map(|(index, (taken, shot))| {
        let lost = || Err(EvidenceError::NotFound(shot.name.clone()));
        taken.and_then(|()| files.remove(&index).unwrap_or_else(lost))
    });
    (stills.collect(), cutter.finish())
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

fn still_entry(file: EvidenceFile, violation: &Violation, moment: &Moment) -> Entry {
    let place = moment.file.clone().zip(moment.file_s);
    Entry {
        name: file.name,
        role: file.role,
        violation: violation.id,
        sha256: file.sha256,
        bytes: file.bytes,
        first_s: moment.media_s,
        last_s: moment.media_s,
        source: place.into_iter().map(|(file, at)| Piece { file, from_s: at, to_s: at }).collect(),
        shortfalls: Vec::new(),
        coding: None,
    }
}

fn clip_entry(clip: Clip, violation: &Violation) -> Entry {
    let Clip { file, first, last, pieces, shortfalls, coding } = clip;
    Entry {
        name: file.name,
        role: file.role,
        violation: violation.id,
        sha256: file.sha256,
        bytes: file.bytes,
        first_s: first,
        last_s: last,
        source: pieces,
        shortfalls,
        coding,
    }
}
