//! Alerts on their way: how many a second, how late, and in how much memory, to a broker of MQTT, NATS JetStream, a webhook and a
//! file at once, on loopback.
//!
//! `cargo bench --bench delivery -- FOLDER [SECONDS]` prints a table; FOLDER is where the database and the servers' files lie, and
//! SECONDS how long each part takes (60). It starts `mosquitto` and `nats-server` (of `FIREWARDEN_CACHE`, or on the path) itself, and
//! leaves out what it does not find. What is told is the health of 64 cameras.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a benchmark may panic"
)]

use std::{
    env, fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use firewarden::{
    clock::System,
    config::Config,
    deliver::{Dispatcher, Sender},
    domain::{BoxHealth, CameraFact, CameraHealth, CameraId, OfflineReason},
    ledger::database::{Database, Handle, Settings},
    stop::Stop,
};
use jiff::Timestamp;
use rusqlite::Connection;

const CAMERAS: u64 = 64;
const BURST: u64 = 1_000;
const WAITING: u64 = 100_000;
const CALM: u64 = 10;

fn main() {
    // `cargo bench` adds a flag of its own. It and `cargo test --all-targets` run this only to see that it is built.
    let given: Vec<String> = env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let Some(folder) = given.first().map(PathBuf::from) else { return };
    let seconds = given.get(1).map_or(60, |text| text.parse().expect("seconds"));
    fs::create_dir_all(&folder).expect("a folder");
    let peers = Peers::start(&folder);
    println!("| part | what | figure |\n|---|---|---|");
    for (name, part) in
        [("calm", calm as fn(&mut Bench, u64)), ("burst", burst), ("waiting", |bench, _| waiting(bench))]
    {
        let mut bench = Bench::open(&folder.join(name), &peers);
        part(&mut bench, seconds);
        bench.close();
    }
}

/// The servers that it has started.
struct Peers {
    sinks: String,
    children: Vec<Child>,
}

impl Drop for Peers {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Peers {
    fn start(folder: &Path) -> Self {
        let mut peers = Self { sinks: String::new(), children: Vec::new() };
        peers.sinks += "[[sink]]\nname = \"file\"\nkind = \"file\"\npath = \"alerts.jsonl\"\n";
        let port = webhook();
        peers.sinks += &format!(
            "[[sink]]\nname = \"webhook\"\nkind = \"webhook\"\nurl = \"http://127.0.0.1:{port}/\"\n\
             secrets = [\"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"]\n"
        );
        let port = free_port();
        let config = folder.join("mosquitto.conf");
        let text = format!("listener {port} 127.0.0.1\nallow_anonymous true\nmax_inflight_messages 200\n");
        fs::write(&config, text).expect("written");
        if peers.run(Command::new("mosquitto").arg("-c").arg(&config), port) {
            peers.sinks +=
                &format!("[[sink]]\nname = \"mqtt\"\nkind = \"mqtt\"\nurl = \"mqtt://127.0.0.1:{port}\"\n");
        }
        let port = free_port();
        let cached = env::var_os("FIREWARDEN_CACHE")
            .map(|cache| PathBuf::from(cache).join("nats-server/nats-server"))
            .filter(|path| path.is_file());
        let program = cached.unwrap_or_else(|| "nats-server".into());
        let mut server = Command::new(program);
        server.args(["-js", "-a", "127.0.0.1", "-p", &port.to_string(), "-sd"]).arg(folder.join("nats"));
        if peers.run(&mut server, port) {
            make_stream(port);
            peers.sinks +=
                &format!("[[sink]]\nname = \"nats\"\nkind = \"nats\"\nurl = \"nats://127.0.0.1:{port}\"\n");
        }
        peers
    }

    /// Whether it is there and answers.
    fn run(&mut self, server: &mut Command, port: u16) -> bool {
        let Ok(child) = server.stdout(Stdio::null()).stderr(Stdio::null()).spawn() else { return false };
        self.children.push(child);
        let until = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if Instant::now() > until {
                return false;
            }
            thread::sleep(Duration::from_millis(20));
        }
        true
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port()
}

fn make_stream(port: u16) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let client = async_nats::connect(format!("127.0.0.1:{port}")).await.expect("a server");
        let stream = async_nats::jetstream::stream::Config {
            name: "FIREWARDEN".to_owned(),
            subjects: vec!["firewarden.v1.*.*.violation".into(), "firewarden.v1.*.*.health".into()],
            max_bytes: 1 << 30,
            ..Default::default()
        };
        async_nats::jetstream::new(client).get_or_create_stream(stream).await.expect("a stream");
    });
}

/// A server that takes all, on connections that stay.
fn webhook() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || take_all(stream));
        }
    });
    port
}

fn take_all(stream: TcpStream) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut stream = BufReader::new(stream);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).ok().filter(|count| *count > 0)?;
            let line = line.trim().to_ascii_lowercase();
            if let Some(text) = line.strip_prefix("content-length:") {
                length = text.trim().parse().ok()?;
            }
            if line.is_empty() {
                break;
            }
        }
        std::io::copy(&mut (&mut stream).take(length), &mut std::io::sink()).ok()?;
        stream.get_mut().write_all(b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n").ok()?;
    }
}

/// A database, and a dispatcher once it is begun.
struct Bench {
    folder: PathBuf,
    config: Config,
    database: Option<Database>,
    dispatcher: Option<Dispatcher>,
    told: u64,
}

impl Bench {
    fn open(folder: &Path, peers: &Peers) -> Self {
        let _ = fs::remove_dir_all(folder);
        fs::create_dir_all(folder).expect("a folder");
        let camera = |n: u64| {
            format!(
                "[[camera]]\nid = \"c{n}\"\nsource = \"rtsp://127.0.0.1:9/{n}\"\n[[camera.rule]]\nkind = \"control_room_unattended\"\n"
            )
        };
        let cameras: String = (0..CAMERAS).map(camera).collect();
        let text = format!("[site]\nid = \"bench\"\n[box]\nid = \"box\"\n{cameras}{}", peers.sinks);
        let config = Config::parse(&text, folder, &|_| None).expect("sound");
        let settings = Settings {
            directory: config.state.directory.clone(),
            budget: 10 << 30,
            keep_sent: Duration::from_secs(86_400),
            keep_violations: Duration::from_secs(86_400),
            sinks: config.sink_filters(),
            urls: None,
            site: config.site.id.clone(),
            timezone: config.site.timezone.clone(),
            bound: None,
        };
        let (database, _) = Database::open(settings, Arc::new(System)).expect("it opens");
        Self { folder: folder.to_owned(), config, database: Some(database), dispatcher: None, told: 0 }
    }

    fn handle(&self) -> Handle {
        self.database.as_ref().expect("it is open").handle()
    }

    fn deliver(&mut self) {
        let health = |sender: &Sender| BoxHealth {
            site: sender.site.clone(),
            r#box: sender.box_id.clone(),
            version: String::new(),
            since: Timestamp::UNIX_EPOCH,
            cameras: 0,
            cameras_online: 0,
            cameras_offline: [].into(),
            cores: 0,
            memory_bytes: None,
            disk_free_bytes: None,
            alerts_waiting: 0,
            oldest_waiting_s: 0,
            dead_letters: 0,
            uploads_waiting: 0,
        };
        let sender = Sender::of(&self.config);
        let started = Dispatcher::start(self.handle(), &self.config.sinks, &sender, health, Stop::default());
        self.dispatcher = Some(started.expect("it starts"));
    }

    fn tell(&mut self) {
        self.told += 1;
        let number = self.told;
        let health = CameraHealth {
            site: self.config.site.id.clone(),
            camera: CameraId::new(&format!("c{}", number % CAMERAS)).expect("an id"),
            camera_name: "消防车道".to_owned(),
            camera_labels: [].into(),
            since: Timestamp::from_second(i64::try_from(number).expect("few")).expect("a time"),
        };
        self.handle().health(health, CameraFact::Offline(OfflineReason::Stalled));
    }

    /// Tells so many a second, evenly, and how many that came to.
    fn tell_for(&mut self, rate: u64, seconds: u64) -> f64 {
        let began = Instant::now();
        for number in 0..rate * seconds {
            let due = began + Duration::from_secs_f64(number as f64 / rate as f64);
            thread::sleep(due.saturating_duration_since(Instant::now()));
            self.tell();
        }
        (rate * seconds) as f64 / began.elapsed().as_secs_f64()
    }

    /// Waits until every sink has all, and tells how long that took.
    fn drain(&self) -> Duration {
        let (began, handle) = (Instant::now(), self.handle());
        loop {
            let facts = handle.facts();
            if facts.in_memory == 0 && facts.waiting == 0 {
                return began.elapsed();
            }
            assert!(began.elapsed() < Duration::from_secs(600), "it is not drained: {facts:?}");
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn say(&self, what: &str, figure: String) {
        let part = self.folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        println!("| {part} | {what} | {figure} |");
    }

    fn close(mut self) {
        if let Some(dispatcher) = self.dispatcher.take() {
            let left = dispatcher.finish(Duration::from_secs(10));
            assert!(left.is_empty(), "{left:?}");
        }
        self.database.take().expect("it is open").close(Duration::from_secs(10)).expect("all is written");
    }
}

/// From the commit of an alert until it is noted that a sink has it, with ten alerts a second.
fn calm(bench: &mut Bench, seconds: u64) {
    let mut synced = fsyncs(&bench.folder);
    bench.say("fsync in the same folder, median and 99th percentile", percentiles(&mut synced));
    bench.deliver();
    bench.tell_for(CALM, seconds);
    bench.drain();
    let connection = Connection::open(bench.config.state.directory.join("firewarden.db")).expect("it opens");
    for sink in &bench.config.sinks {
        let mut find = connection
            .prepare(
                "SELECT o.delivered - a.made FROM outbox o JOIN alerts a USING (sequence) WHERE o.sink = ?1",
            )
            .expect("a query");
        let rows = find.query_map([sink.name.as_str()], |row| row.get::<_, f64>(0)).expect("rows");
        let mut late: Vec<f64> = rows.map(|row| row.expect("a number") / 1e3).collect();
        bench.say(
            &format!("{}: commit to noted, median and 99th percentile", sink.name),
            percentiles(&mut late),
        );
    }
}

/// A thousand alerts a second from 64 cameras, to all sinks at once.
fn burst(bench: &mut Bench, seconds: u64) {
    bench.deliver();
    let (before, began) = (processor(), Instant::now());
    let rate = bench.tell_for(BURST, seconds);
    let behind = bench.drain();
    let (spent, took) = (processor() - before, began.elapsed());
    bench.say("told a second", format!("{rate:.0}"));
    bench.say("drained after the last", format!("{:.2} s", behind.as_secs_f64()));
    let delivered = BURST * seconds * bench.config.sinks.len() as u64;
    bench.say("delivered a second, to all sinks", format!("{:.0}", delivered as f64 / took.as_secs_f64()));
    bench.say("processor time an alert and sink", format!("{:.0} µs", spent / delivered as f64 * 1e6));
    bench.say("memory at most", format!("{} MB", memory("VmHWM:")));
}

/// A hundred thousand alerts that wait.
fn waiting(bench: &mut Bench) {
    for number in 0..WAITING {
        bench.tell();
        // No more than may wait in memory.
        while number % 1_000 == 0 && bench.handle().facts().in_memory > 10_000 {
            thread::sleep(Duration::from_millis(5));
        }
    }
    while bench.handle().facts().in_memory > 0 {
        thread::sleep(Duration::from_millis(20));
    }
    let before = memory("VmRSS:");
    bench.deliver();
    let (began, handle, mut most) = (Instant::now(), bench.handle(), before);
    let mut left: Vec<String> = bench.config.sinks.iter().map(|sink| sink.name.to_string()).collect();
    while !left.is_empty() {
        thread::sleep(Duration::from_millis(100));
        most = most.max(memory("VmRSS:"));
        let facts = handle.facts();
        left.retain(|name| {
            let waits = facts.sinks.get(name).is_some_and(|depth| depth.waiting > 0);
            if !waits {
                let rate = WAITING as f64 / began.elapsed().as_secs_f64();
                bench.say(
                    &format!("{name}: alerts a second until it has all, beside the others"),
                    format!("{rate:.0}"),
                );
            }
            waits
        });
    }
    bench.say("memory before, and at most meanwhile", format!("{before} MB, {most} MB"));
}

fn fsyncs(folder: &Path) -> Vec<f64> {
    let mut file = fs::File::create(folder.join("fsync")).expect("a file");
    (0..200)
        .map(|_| {
            let began = Instant::now();
            file.write_all(&[7; 4096]).and_then(|()| file.sync_data()).expect("written");
            began.elapsed().as_secs_f64() * 1e3
        })
        .collect()
}

/// Of times in milliseconds.
fn percentiles(times: &mut [f64]) -> String {
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share).round() as usize];
    format!("{:.1} ms, {:.1} ms", at(0.5), at(0.99))
}

/// Processor time of this program so far, in seconds.
fn processor() -> f64 {
    let text = fs::read_to_string("/proc/self/stat").expect("it is there");
    let fields: Vec<&str> = text.rsplit(')').next().expect("fields").split_whitespace().collect();
    let ticks = |index: usize| fields[index].parse::<f64>().expect("a number");
    (ticks(11) + ticks(12)) / 100.0
}

/// A line of `/proc/self/status`, in MB.
fn memory(name: &str) -> u64 {
    let text = fs::read_to_string("/proc/self/status").expect("it is there");
    let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("it is told");
    line.trim().trim_end_matches("kB").trim().parse::<u64>().expect("a number") / 1024
}
