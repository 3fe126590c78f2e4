//! A NATS server that knows its users by the tokens of an operator: a box enters by a `.creds` file.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, sync::Arc};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use firewarden::clock::System;
use jiff::Timestamp;
use nkeys::KeyPair;
use serde_json::{Value, json};

use crate::{
    brokers::Kind,
    nats,
    process::{Process, free_port},
    station::{Station, platform},
    subscriber::Subscriber,
};

/// A token: `by` vouches for whom `of` is the key. It holds until then, in seconds of Unix, or for ever.
fn token(by: &KeyPair, of: &KeyPair, until: Option<i64>, what: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let mut claims = json!({
        "jti": format!("{:x}", fastrand::u128(..)), "iat": 1_700_000_000, "iss": by.public_key(), "sub": of.public_key(),
        "name": "test", "nats": what,
    });
    if let Some(until) = until {
        claims["exp"] = until.into();
    }
    let signed = format!("{}.{}", part(&json!({ "typ": "JWT", "alg": "ed25519-nkey" })), part(&claims));
    let signature = by.sign(signed.as_bytes()).expect("a key that signs");
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// Who keeps the users of a server.
struct Operator {
    operator: KeyPair,
    account: KeyPair,
    system: KeyPair,
}

impl Operator {
    fn new() -> Self {
        let (operator, account) = (KeyPair::new_operator(), KeyPair::new_account());
        Self { operator, account, system: KeyPair::new_account() }
    }

    /// What a server says that believes this operator.
    fn config(&self, folder: &Path) -> String {
        let own = token(&self.operator, &self.operator, None, &json!({ "type": "operator", "version": 2 }));
        let limits = json!({
            "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": true, "conn": -1, "leaf": -1,
        });
        let mut with_streams = limits.clone();
        for limit in ["mem_storage", "disk_storage", "streams", "consumer"] {
            with_streams[limit] = json!(-1);
        }
        let account = |of: &KeyPair, limits: &Value| {
            let what = json!({ "type": "account", "version": 2, "limits": limits });
            format!("{}: {}", of.public_key(), token(&self.operator, of, None, &what))
        };
        format!(
            "operator: {own}\nsystem_account: {}\nresolver: MEMORY\nresolver_preload: {{\n{}\n{}\n}}\njetstream {{ store_dir: \"{}\" }}\n",
            self.system.public_key(),
            account(&self.account, &with_streams),
            account(&self.system, &limits),
            folder.join("store").display()
        )
    }

    /// The credentials of a user who may publish these subjects, as operators' tools write them.
    fn credentials(&self, until: Option<i64>, publish: &[&str]) -> String {
        let user = KeyPair::new_user();
        let what = json!({
            "type": "user", "version": 2, "subs": -1, "data": -1, "payload": -1, "pub": { "allow": publish }, "sub": {},
        });
        format!(
            "-----BEGIN NATS USER JWT-----\n{}\n------END NATS USER JWT------\n\n\
             ************************* IMPORTANT *************************\n\
             NKEY Seed printed below can be used to sign and prove identity.\n\n\
             -----BEGIN USER NKEY SEED-----\n{}\n------END USER NKEY SEED------\n",
            token(&self.account, &user, until, &what),
            user.seed().expect("a seed")
        )
    }
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).expect("written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("its owner's alone");
}

/// The box's token has ended, then it is a stranger's, then it may not publish, then it is good. All that is told waits for that.
pub fn credentials() {
    let folder = tempfile::tempdir().expect("a folder");
    let port = free_port();
    let operator = Operator::new();
    let config = format!("listen: \"127.0.0.1:{port}\"\n{}", operator.config(folder.path()));
    let path = |name: &str| folder.path().join(name);
    write(&path("nats.conf"), &config);
    let program = nats::program().expect("it is here");
    let arguments = ["-c", &path("nats.conf").display().to_string()];
    let mut server = Process::start(&program, &arguments, &path("log"));
    server.listens(port);
    write(&path("platform.creds"), &operator.credentials(None, &[">"]));
    let of_platform = ["--credentials", &path("platform.creds").display().to_string()];
    Subscriber::make_stream(port, &of_platform, "");
    let subscriber = Subscriber::start(Kind::Nats, port, &of_platform);

    let of_box = path("box.creds");
    let sink = platform(&format!(
        "kind = \"nats\"\nurl = \"nats://127.0.0.1:{port}\"\ncredentials = \"${{file:{}}}\"\n",
        of_box.display()
    ));
    let now = Timestamp::now().as_second();
    let own = ["firewarden.v1.test.*.health", "firewarden.v1.test.box.heartbeat"];
    let mut station: Option<Station> = None;
    for (credentials, words) in [
        (operator.credentials(Some(now - 3_600), &own), "ended at"),
        (Operator::new().credentials(None, &own), "check the user"),
        (operator.credentials(None, &["firewarden.v1.test.forged.health"]), "may not publish as"),
    ] {
        write(&of_box, &credentials);
        let station = match &mut station {
            None => station.insert(Station::start_with(&sink, Arc::new(System))),
            Some(station) => {
                station.follow(&sink);
                station
            }
        };
        station.tell(1);
        let why = station.fails(&[words]);
        let secret = |line: &&str| line.len() > 40 && !line.contains(' ');
        for secret in credentials.lines().filter(secret) {
            assert!(!why.contains(secret), "{why}");
        }
    }
    let mut station = station.expect("it runs");
    assert_eq!(subscriber.printed(), Vec::<String>::new());
    write(&of_box, &operator.credentials(Some(now + 3_600), &own));
    station.follow(&sink);
    station.tell(1);
    station.arrives(|| subscriber.printed());
    station.end();
}
