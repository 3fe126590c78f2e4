//! All sinks, each served at its own pace, and what goes with them: signs of life, and what platforms ask for.

use std::{
    collections::BTreeMap,
    future::Future,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use jiff::{Timestamp, tz::TimeZone};
use tokio::{runtime::Runtime, sync::watch};

use super::{
    About, Beat, DeliveryBoard, Refusal, Requests, Sink as _, SinkFacts,
    answering::Answering,
    dingtalk::DingtalkSink,
    feishu::FeishuSink,
    file::FileSink,
    mqtt::MqttSink,
    nats::NatsSink,
    requests::{self, Asked},
    serving::{self, Means, Wanted},
    webhook::WebhookSink,
    wecom::WecomSink,
};
use crate::{
    config::{Config, Sink, SinkSettings},
    domain::{Alert, BoxHealth, Sequence, SinkName, SiteId},
    ledger::database::Handle,
    pulse::{self, Remedy},
    stop::Stop,
};

/// Whether alerts have come is looked for so often where nobody tells.
const NAP: Duration = Duration::from_millis(100);
/// Whoever waits for alerts is told so often that there are none.
const NEWS: Duration = Duration::from_secs(60);
/// A sign of life is given so often.
const BEAT: Duration = Duration::from_secs(60);
/// How many threads give alerts to sinks. They wait for networks and disks more than they work.
const THREADS: usize = 2;

/// What sinks are told of the box and its files.
#[derive(Debug, Clone)]
pub struct Sender {
    /// The site's id.
    pub site: SiteId,
    /// The site's name, for people.
    pub site_name: String,
    /// The box's id.
    pub box_id: String,
    /// The time zone in which people read times.
    pub zone: TimeZone,
    /// `[evidence] directory`.
    pub evidence: std::path::PathBuf,
}

impl Sender {
    /// As a configuration has it.
    pub fn of(config: &Config) -> Self {
        Self {
            site: config.site.id.clone(),
            site_name: config.site.name.clone(),
            box_id: config.box_id.clone(),
            zone: config.site.timezone.clone(),
            evidence: config.evidence.directory.clone(),
        }
    }

    fn about(&self, name: &SinkName, requests: Requests) -> About {
        let Self { site, site_name, box_id, zone, evidence } = self.clone();
        About { name: name.clone(), site, site_name, box_id, zone, evidence, requests }
    }
}

/// Gives alerts to sinks.
pub struct Dispatcher {
    /// None once it has ended.
    runtime: Option<Runtime>,
    handle: Handle,
    stop: Stop,
    sinks: BTreeMap<SinkName, Served>,
    news: watch::Receiver<u64>,
    changes: watch::Sender<u64>,
    beat: watch::Receiver<Option<Arc<Beat>>>,
    requests: tokio::sync::mpsc::Sender<Asked>,
    sender: watch::Sender<Sender>,
    is_over: Arc<AtomicBool>,
    board: DeliveryBoard,
}

/// A sink that is served.
struct Served {
    /// What it was begun with.
    settings: SinkSettings,
    sender: Sender,
    wanted: watch::Sender<Wanted>,
    facts: Arc<Mutex<SinkFacts>>,
    ended: Receiver<()>,
}

impl Sender {
    fn is_as(&self, other: &Self) -> bool {
        (&self.site, &self.site_name, &self.box_id, &self.evidence)
            == (&other.site, &other.site_name, &other.box_id, &other.evidence)
            && self.zone == other.zone
    }
}

impl Dispatcher {
    /// Begins to serve sinks. `health` tells how the box does that is theirs, for signs of life.
    ///
    /// Once `stop` is set, a sink that fails is not waited for: what it did not take waits for the next start.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn start(
        handle: Handle,
        sinks: &[Sink],
        sender: &Sender,
        health: impl Fn(&Sender) -> BoxHealth + Send + Sync + 'static,
        stop: Stop,
    ) -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("deliver")
            .enable_all()
            .build()?;
        runtime.spawn(pulse::beat("deliver", Remedy::Tell));
        let is_over = Arc::new(AtomicBool::new(false));
        let (tell, news) = watch::channel(0);
        let (of, ends) = (handle.clone(), Arc::clone(&is_over));
        thread::Builder::new().name("deliver news".to_owned()).spawn(move || {
            let _entered = pulse::enter("deliver news", Remedy::Tell);
            let mut known = 0;
            while !ends.load(Ordering::SeqCst) {
                pulse::does("waiting for alerts", NEWS);
                let now = of.changed(known, NAP);
                tell.send_if_modified(|told| std::mem::replace(told, now) != now);
                known = now;
            }
        })?;
        let (changes, _) = watch::channel(0);
        let (requests, asked) = requests::queue();
        let answering = Answering::new(handle.clone(), changes.clone(), asked);
        runtime.spawn(answering.run());
        let (give_beat, beat) = watch::channel(None);
        let (own, of_beats) = watch::channel(sender.clone());
        runtime.spawn(beats(handle.clone(), of_beats, health, give_beat));
        let board = DeliveryBoard::default();
        let mut dispatcher = Self {
            runtime: Some(runtime),
            handle,
            stop,
            sinks: BTreeMap::new(),
            news,
            changes,
            beat,
            requests,
            sender: own,
            is_over,
            board,
        };
        dispatcher.follow(sinks, sender);
        Ok(dispatcher)
    }

    /// Serves the sinks of another configuration. Those that are the same are served on; those that are gone or changed end
    /// once what is under way is over.
    pub fn follow(&mut self, sinks: &[Sink], sender: &Sender) {
        self.sender.send_replace(sender.clone());
        let same = |name: &SinkName, served: &Served| {
            sinks.iter().any(|sink| sink.name == *name && sink.settings == served.settings)
                && served.sender.is_as(sender)
        };
        let gone: Vec<SinkName> = self
            .sinks
            .iter()
            .filter(|(name, served)| !same(name, served))
            .map(|(name, _)| name.clone())
            .collect();
        for name in &gone {
            if let Some(served) = self.sinks.remove(name) {
                // Who takes its place waits until it has ended: two would give the same alerts.
                served.wanted.send_replace(Wanted::Leave);
                self.board.remove(name);
                if sinks.iter().any(|sink| sink.name == *name) {
                    self.begin_after(name, served.ended, sinks, sender);
                }
            }
        }
        for sink in sinks {
            if !self.sinks.contains_key(&sink.name) {
                self.begin(sink, sender, None);
            }
        }
    }

    fn begin_after(&mut self, name: &SinkName, before: Receiver<()>, sinks: &[Sink], sender: &Sender) {
        if let Some(sink) = sinks.iter().find(|sink| sink.name == *name) {
            self.begin(sink, sender, Some(before));
        }
    }

    fn begin(&mut self, sink: &Sink, sender: &Sender, after: Option<Receiver<()>>) {
        let settings = sink.settings.clone();
        self.begin_by(sink, sender, after, move |about, means| serve_as(settings, about, means));
    }

    /// Begins to serve a sink by whatever does.
    fn begin_by<F: Future<Output = ()> + Send + 'static>(
        &mut self,
        sink: &Sink,
        sender: &Sender,
        after: Option<Receiver<()>>,
        serve: impl FnOnce(About, Means) -> F + Send + 'static,
    ) {
        let Some(runtime) = &self.runtime else { return };
        let (wanted, want) = watch::channel(Wanted::Service);
        let facts = Arc::new(Mutex::new(SinkFacts::default()));
        let (end, ended) = mpsc::sync_channel(1);
        let about = sender.about(&sink.name, Requests::new(sink.name.clone(), self.requests.clone()));
        let means = Means {
            name: sink.name.to_string(),
            handle: self.handle.clone(),
            stop: self.stop.clone(),
            wanted: want,
            news: self.news.clone(),
            changes: self.changes.subscribe(),
            beat: self.beat.clone(),
            facts: Arc::clone(&facts),
        };
        runtime.spawn(async move {
            if let Some(before) = after {
                let _ = tokio::task::spawn_blocking(move || before.recv()).await;
            }
            serve(about, means).await;
            drop(end);
        });
        self.board.put(sink.name.clone(), Arc::clone(&facts));
        let served = Served { settings: sink.settings.clone(), sender: sender.clone(), wanted, facts, ended };
        self.sinks.insert(sink.name.clone(), served);
    }

    /// Serves a scripted sink under this name.
    #[cfg(test)]
    fn serve_scripted(&mut self, name: &str, sink: super::scripted::Scripted) {
        let settings = SinkSettings::File(crate::config::AlertFile {
            path: "none".into(),
            rotate: crate::config::ByteSize::megabytes(1),
            files: 1,
        });
        let name = SinkName::new(name).expect("a name");
        let named = Sink { name, filter: crate::config::Filter::default(), settings };
        let sender = self.sender.borrow().clone();
        self.begin_by(&named, &sender, None, move |_, means| serving::serve(sink, means));
    }

    /// How the sinks do.
    pub fn board(&self) -> DeliveryBoard {
        self.board.clone()
    }

    /// Delivers what waits, for no longer than `deadline`, and ends. Told are the sinks that do not have what they should, and
    /// why.
    ///
    /// What is not delivered waits in the database for the next start.
    pub fn finish(mut self, deadline: Duration) -> BTreeMap<SinkName, String> {
        let until = Instant::now().checked_add(deadline);
        for served in self.sinks.values() {
            served.wanted.send_replace(Wanted::Drain);
        }
        let mut left = BTreeMap::new();
        for (name, served) in std::mem::take(&mut self.sinks) {
            let wait = until.map_or(deadline, |until| until.saturating_duration_since(Instant::now()));
            let has_ended = served.ended.recv_timeout(wait) != Err(RecvTimeoutError::Timeout);
            let facts = served.facts.lock().unwrap_or_else(PoisonError::into_inner).clone();
            match facts.failing {
                Some(failing) => drop(left.insert(name, failing.why)),
                None if !has_ended => {
                    left.insert(name, "delivery did not end in time".to_owned());
                }
                None => {}
            }
        }
        left
    }
}

impl Drop for Dispatcher {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        // A disk or a peer that hangs is left to itself.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Does something with a sink of whatever kind, once it is made of its settings.
macro_rules! with_sink {
    ($settings:expr, $about:expr, |$sink:ident| $does:expr) => {
        match $settings {
            SinkSettings::Mqtt(settings) => with_sink!(MqttSink::new(settings, $about), $sink, $does),
            SinkSettings::Nats(settings) => {
                with_sink!(NatsSink::new(settings, $about), $sink, $does)
            }
            SinkSettings::Webhook(settings) => with_sink!(WebhookSink::new(settings, $about), $sink, $does),
            SinkSettings::File(settings) => with_sink!(FileSink::new(settings), $sink, $does),
            SinkSettings::Wecom(settings) => with_sink!(WecomSink::new(settings, $about), $sink, $does),
            SinkSettings::Dingtalk(settings) => with_sink!(DingtalkSink::new(settings, $about), $sink, $does),
            SinkSettings::Feishu(settings) => with_sink!(FeishuSink::new(settings, $about), $sink, $does),
        }
    };
    ($made:expr, $sink:ident, $does:expr) => {{
        let $sink = $made;
        $does
    }};
}

async fn serve_as(settings: SinkSettings, about: About, means: Means) {
    with_sink!(settings, about, |sink| serving::serve(sink, means).await);
}

/// Tries a sink, as it is asked for by hand: whether it can be reached and takes what it is given. It takes half a minute at
/// most.
///
/// # Errors
/// What it answers, or what keeps it from being reached.
pub fn try_sink(sink: &Sink, sender: &Sender, health: &BoxHealth) -> Result<(), Refusal> {
    let none = Sequence { outbox: uuid::Uuid::nil().into(), number: 0 };
    let alert = Alert::heartbeat(health.clone(), Timestamp::now(), none);
    let beat = beat_of(&alert).ok_or_else(|| Refusal::transient("a sign of life cannot be written"))?;
    let about = sender.about(&sink.name, Requests::unheard(sink.name.clone()));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| Refusal::transient(format!("no thread can be had: {error}")))?;
    let settings = sink.settings.clone();
    let answer = runtime.block_on(async move {
        let tried = async {
            match settings {
                // A broker is not to take it for the service.
                SinkSettings::Mqtt(settings) => {
                    let sink = MqttSink::tried(settings, about);
                    let answer = sink.test(&beat).await;
                    sink.close().await;
                    answer
                }
                settings => with_sink!(settings, about, |sink| sink.test(&beat).await),
            }
        };
        let in_time = tokio::time::timeout(Duration::from_secs(30), tried).await;
        in_time.unwrap_or_else(|_| Err(Refusal::transient("it does not answer")))
    });
    runtime.shutdown_background();
    answer
}

/// Makes a sign of life now and each minute.
async fn beats(
    handle: Handle,
    sender: watch::Receiver<Sender>,
    health: impl Fn(&Sender) -> BoxHealth + Send + Sync + 'static,
    give: watch::Sender<Option<Arc<Beat>>>,
) {
    let mut every = tokio::time::interval(BEAT);
    loop {
        every.tick().await;
        let made = tokio::task::block_in_place(|| {
            let last = Sequence { outbox: handle.outbox(), number: handle.last_sequence().unwrap_or(0) };
            beat_of(&Alert::heartbeat(health(&sender.borrow()), Timestamp::now(), last))
        });
        if let Some(beat) = made {
            give.send_replace(Some(Arc::new(beat)));
        }
        if give.is_closed() {
            return;
        }
    }
}

fn beat_of(alert: &Alert) -> Option<Beat> {
    Some(Beat { id: alert.id, body: serde_json::to_string(alert).ok()? })
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
