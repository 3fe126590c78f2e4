//! All metrics, in the order in which they are told.

use jiff::Timestamp;

use super::{Kind, Metric, Of, Value};
use crate::{domain::OfflineReason, service::BoxFacts};

const fn gauge(name: &'static str, unit: Option<&'static str>, meaning: &'static str, of: Of) -> Metric {
    Metric { name, unit, kind: Kind::Gauge, meaning, of }
}

const fn counter(name: &'static str, unit: Option<&'static str>, meaning: &'static str, of: Of) -> Metric {
    Metric { name, unit, kind: Kind::Counter, meaning, of }
}

const SECONDS: Option<&str> = Some("seconds");
const BYTES: Option<&str> = Some("bytes");

/// All of them, in the order in which they are told.
pub const METRICS: &[Metric] = &[
    Metric {
        name: "firewarden_build",
        unit: None,
        kind: Kind::Info,
        meaning: "The program's version.",
        of: Of::Version,
    },
    gauge(
        "process_start_time",
        SECONDS,
        "When the program started, in seconds since 1970.",
        Of::Box(|facts| Some(Value::Number(facts.began.as_millisecond() as f64 / 1e3))),
    ),
    gauge(
        "process_resident_memory",
        BYTES,
        "The memory that the program takes.",
        Of::Box(|facts| facts.memory.map(Value::from)),
    ),
    gauge(
        "firewarden_thread_still",
        None,
        "1 while the thread takes longer at something than that may take, else 0; absent where it never did.",
        Of::Thread(|threads| {
            let still = |thread: &String| threads.still.contains_key(thread).into();
            threads.stuck.keys().map(|thread| (thread.as_str(), still(thread))).collect()
        }),
    ),
    counter(
        "firewarden_thread_stuck",
        None,
        "How often the thread has begun to stand still.",
        Of::Thread(|threads| {
            threads.stuck.iter().map(|(thread, count)| (thread.as_str(), (*count).into())).collect()
        }),
    ),
    gauge(
        "firewarden_camera_connected",
        None,
        "1 while pictures come from the camera, else 0.",
        Of::Camera(|camera| Some(camera.is_connected().into())),
    ),
    gauge(
        "firewarden_camera_offline",
        None,
        "1 for the reason why no pictures come, 0 for all others; 0 for all before the first try.",
        Of::Reason(|camera| {
            let why = camera.link.reason;
            OfflineReason::ALL
                .into_iter()
                .map(|reason| (reason.name(), (why == Some(reason)).into()))
                .collect()
        }),
    ),
    gauge(
        "firewarden_camera_reconnects",
        None,
        "How often the camera was connected to again within the last hour.",
        Of::Camera(|camera| Some(camera.reconnects.into())),
    ),
    counter(
        "firewarden_camera_received",
        BYTES,
        "Video that came from the camera.",
        Of::Camera(|camera| Some(camera.link.bytes.into())),
    ),
    gauge(
        "firewarden_camera_receiving",
        Some("bytes_per_second"),
        "The same over the last seconds: its bit rate, in bytes.",
        Of::Camera(|camera| Some(Value::Number(camera.link.bytes_per_s))),
    ),
    counter(
        "firewarden_camera_packets_lost",
        None,
        "Packets that were lost on the way by UDP.",
        Of::Camera(|camera| Some(camera.link.packets_lost.into())),
    ),
    gauge(
        "firewarden_camera_key_frame_interval",
        SECONDS,
        "How far the last key frames lie apart.",
        Of::Camera(|camera| camera.link.keyframes.map(Value::from)),
    ),
    counter(
        "firewarden_camera_looks_wanted",
        None,
        "Looks that were asked for.",
        Of::Camera(|camera| Some(camera.tally.wanted.into())),
    ),
    counter(
        "firewarden_camera_looks_taken",
        None,
        "Looks that were taken and judged.",
        Of::Camera(|camera| Some(camera.tally.taken.into())),
    ),
    counter(
        "firewarden_camera_looks_dropped",
        None,
        "Looks that could not be taken: the box had no time, or no memory to hold the pictures, the video is damaged, a model failed.",
        Of::Reason(|camera| {
            camera.tally.dropped.iter().map(|(reason, count)| (*reason, (*count).into())).collect()
        }),
    ),
    counter(
        "firewarden_camera_decode",
        SECONDS,
        "What decoding took.",
        Of::Camera(|camera| Some(camera.tally.decoding.into())),
    ),
    counter(
        "firewarden_camera_look",
        SECONDS,
        "What looking at pictures took, detection above all.",
        Of::Camera(|camera| Some(camera.tally.looking.into())),
    ),
    counter(
        "firewarden_camera_pictures",
        None,
        "Pictures that were looked at.",
        Of::Camera(|camera| Some(camera.tally.pictures.into())),
    ),
    gauge(
        "firewarden_camera_lag",
        SECONDS,
        "How long after its picture was sent the last look was judged.",
        Of::Camera(|camera| camera.tally.lag.map(Value::from)),
    ),
    gauge(
        "firewarden_camera_longest_lag",
        SECONDS,
        "The longest such time within the last minute; absent where no look was taken in it.",
        Of::Camera(|camera| camera.tally.longest_lag.map(Value::from)),
    ),
    counter(
        "firewarden_camera_violations",
        None,
        "Violations that were raised.",
        Of::Camera(|camera| Some(camera.tally.raised.into())),
    ),
    counter(
        "firewarden_evidence_stills",
        None,
        "Stills that were kept.",
        Of::Works(|works, _| works.evidence.stills.into()),
    ),
    counter(
        "firewarden_evidence_clips",
        None,
        "Clips that were kept.",
        Of::Works(|works, _| works.evidence.clips.into()),
    ),
    counter(
        "firewarden_evidence_missing",
        None,
        "Stills and clips that could not be had.",
        Of::Works(|works, _| works.evidence.missing.into()),
    ),
    counter(
        "firewarden_evidence_refused",
        None,
        "How many of these because too much was waiting.",
        Of::Works(|works, _| works.evidence.refused.into()),
    ),
    gauge(
        "firewarden_evidence_waiting",
        None,
        "Stills that wait to be made.",
        Of::Works(|works, _| works.evidence.waiting.into()),
    ),
    gauge(
        "firewarden_evidence_open_clips",
        None,
        "Clips that are being written.",
        Of::Works(|works, _| works.evidence.open_clips.into()),
    ),
    gauge(
        "firewarden_evidence_first_stills",
        None,
        "Stills of what may become a violation, which are held in memory.",
        Of::Works(|works, _| works.evidence.first_stills.into()),
    ),
    gauge(
        "firewarden_evidence_first_stills",
        BYTES,
        "The memory that these take.",
        Of::Works(|works, _| works.evidence.first_bytes.into()),
    ),
    gauge(
        "firewarden_evidence_size",
        BYTES,
        "What all evidence takes on the disk, as it was last counted.",
        Of::Works(|works, _| works.evidence.bytes.into()),
    ),
    counter(
        "firewarden_evidence_removed",
        None,
        "Files of evidence that were removed for their age or for lack of room.",
        Of::Works(|works, _| works.evidence.removed.into()),
    ),
    counter(
        "firewarden_observations_dropped",
        None,
        "Records that were left out of the looks of the day, as the disk did not follow.",
        Of::Works(|works, _| works.looks_left_out.into()),
    ),
    gauge(
        "firewarden_database_alerts_waiting",
        None,
        "Alerts that a sink does not have yet, counted once for each sink.",
        Of::Works(|works, _| works.database.waiting.into()),
    ),
    gauge(
        "firewarden_database_oldest_alert",
        SECONDS,
        "How long the oldest of these has been waiting; 0 where none is.",
        Of::Works(|works, facts| age(works.database.oldest_waiting, facts)),
    ),
    gauge(
        "firewarden_database_in_memory",
        None,
        "Changes of violations, evidence and health that are in memory only: a loss of power loses them.",
        Of::Works(|works, _| works.database.in_memory.into()),
    ),
    gauge(
        "firewarden_database_failing",
        SECONDS,
        "How long the database has not been written although something was to be; 0 where it can be written.",
        Of::Works(|works, facts| age(works.database.failing_since, facts)),
    ),
    counter(
        "firewarden_database_commits",
        None,
        "Commits to the database.",
        Of::Works(|works, _| works.database.commits.into()),
    ),
    counter(
        "firewarden_database_dropped_updates",
        None,
        "Alerts of type updated that were given up, as too much waited in memory.",
        Of::Works(|works, _| works.database.dropped_updates.into()),
    ),
    counter(
        "firewarden_database_dropped_others",
        None,
        "Whatever else was given up likewise, or could not be written for what it is.",
        Of::Works(|works, _| works.database.dropped_others.into()),
    ),
    gauge(
        "firewarden_database_written_today",
        BYTES,
        "What was written to the database since midnight at the site: flash wears by it.",
        Of::Works(|works, _| works.database.bytes_today.into()),
    ),
    gauge(
        "firewarden_database_size",
        BYTES,
        "How large the database is, without its log.",
        Of::Works(|works, _| works.database.bytes.into()),
    ),
    gauge(
        "firewarden_sink_alerts_waiting",
        None,
        "Alerts that the sink does not have yet. A sink that is configured no more is told as long as something waits for it.",
        Of::Sink(|depth, _| depth.waiting.into()),
    ),
    gauge(
        "firewarden_sink_oldest_alert",
        SECONDS,
        "How long the oldest of these has been waiting; 0 where none is.",
        Of::Sink(|depth, facts| age(depth.oldest, facts)),
    ),
    gauge(
        "firewarden_sink_dead_letters",
        None,
        "Alerts that the sink has refused for good and that lie in the database until somebody lets them wait again, or removes them.",
        Of::Sink(|depth, _| depth.refused.into()),
    ),
    gauge(
        "firewarden_sink_failing",
        SECONDS,
        "How long the sink has taken nothing although it was tried; 0 where it takes what it is given.",
        Of::Served(|sink, facts| age(sink.failing.as_ref().map(|failing| failing.since), facts)),
    ),
    counter(
        "firewarden_sink_delivered",
        None,
        "Alerts that the sink has taken, each as often as it was given.",
        Of::Served(|sink, _| sink.delivered.into()),
    ),
    counter(
        "firewarden_sink_refused",
        None,
        "Alerts that the sink has refused for good.",
        Of::Served(|sink, _| sink.refused.into()),
    ),
    counter(
        "firewarden_sink_unheard",
        None,
        "Alerts that the sink has taken although nobody listened, as MQTT brokers tell.",
        Of::Served(|sink, _| sink.unheard.into()),
    ),
    counter(
        "firewarden_sink_failures",
        None,
        "Tries that came to nothing.",
        Of::Served(|sink, _| sink.failures.into()),
    ),
    gauge(
        "firewarden_uploads_waiting",
        None,
        "Files of evidence that wait to be put where `[evidence] upload` says.",
        Of::Works(|works, _| works.database.uploads.waiting.into()),
    ),
    gauge(
        "firewarden_uploads_waiting",
        BYTES,
        "How much that is.",
        Of::Works(|works, _| works.database.uploads.bytes.into()),
    ),
    gauge(
        "firewarden_uploads_refused",
        None,
        "Files of evidence that can never be put there.",
        Of::Works(|works, _| works.database.uploads.refused.into()),
    ),
    gauge(
        "firewarden_uploads_failing",
        SECONDS,
        "How long no file could be put there although it was tried; 0 where files are put.",
        Of::Works(|works, facts| age(works.uploads.failing.as_ref().map(|failing| failing.since), facts)),
    ),
    gauge(
        "firewarden_uploads_put_off",
        None,
        "Files of evidence that are not taken there although others are; `firewarden outbox list --uploads` says why.",
        Of::Works(|works, _| works.uploads.put_off.into()),
    ),
    counter(
        "firewarden_uploads_put",
        None,
        "Files of evidence that were put there.",
        Of::Works(|works, _| works.uploads.put.into()),
    ),
    gauge(
        "firewarden_reaction_failing",
        SECONDS,
        "How long the reaction has failed; 0 where it worked last. It is named by its number in the configuration and its host or its program.",
        Of::Reaction(|reaction, facts| age(reaction.failing.as_ref().map(|failing| failing.since), facts)),
    ),
    counter(
        "firewarden_reaction_done",
        None,
        "How often the reaction was done.",
        Of::Reaction(|reaction, _| reaction.done.into()),
    ),
    counter(
        "firewarden_reaction_failed",
        None,
        "How often it failed, and was not done.",
        Of::Reaction(|reaction, _| reaction.failed.into()),
    ),
];

/// How long it has been so; 0 where it is not, or the clock was set back meanwhile.
fn age(since: Option<Timestamp>, facts: &BoxFacts) -> Value {
    let seconds = since.map_or(0.0, |since| facts.wall.duration_since(since).as_secs_f64());
    Value::Number(seconds.max(0.0))
}
