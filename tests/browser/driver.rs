//! A real browser, by the WebDriver protocol (W3C, WebDriver): JSON over HTTP to a ChromeDriver of our own.

use std::{
    io::{BufRead, BufReader},
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

/// Whether this machine has what a browser test needs.
pub fn installed() -> bool {
    let there = |program: &str| {
        Command::new(program)
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|s| s.success())
    };
    there("chromedriver") && there("chromium")
}

/// A browser with one page.
pub struct Browser {
    driver: Child,
    /// Held open, for the driver stops where it cannot write.
    _said: BufReader<ChildStdout>,
    session: String,
    profile: tempfile::TempDir,
}

impl Browser {
    /// Starts one whose page is so many pixels wide, as a phone or a screen has it.
    pub fn new(width: u32, height: u32) -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver starts");
        let (port, said) = port(&mut driver);
        let profile = tempfile::tempdir().expect("a folder");
        let arguments = [
            "--headless=new".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--no-first-run".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            "--hide-scrollbars".to_owned(),
            "--force-color-profile=srgb".to_owned(),
            format!("--user-data-dir={}", profile.path().display()),
        ];
        let metrics = json!({ "width": width, "height": height, "pixelRatio": 1.0, "touch": false });
        let options = json!({
            "binary": "/usr/bin/chromium",
            "args": arguments,
            "mobileEmulation": { "deviceMetrics": metrics },
        });
        let wanted = json!({ "capabilities": { "alwaysMatch": { "goog:chromeOptions": options } } });
        let root = format!("http://127.0.0.1:{port}/session");
        let answer = send(&root, &wanted);
        let id = answer["sessionId"].as_str().expect("a session").to_owned();
        Self { driver, _said: said, session: format!("{root}/{id}"), profile }
    }

    fn post(&self, path: &str, body: Value) -> Value {
        send(&format!("{}/{path}", self.session), &body)
    }

    /// Opens an address, and waits for it to be loaded.
    pub fn open(&self, address: &str) {
        self.post("url", json!({ "url": address }));
    }

    /// Runs a script in the page and returns what it returns.
    pub fn run(&self, script: &str) -> Value {
        self.post("execute/sync", json!({ "script": script, "args": [] }))
    }

    /// Clicks what a CSS selector finds.
    pub fn click(&self, selector: &str) {
        let found = self.post("element", json!({ "using": "css selector", "value": selector }));
        let id = found.as_object().and_then(|found| found.values().next()).expect("an element");
        self.post(&format!("element/{}/click", id.as_str().expect("an id")), json!({}));
    }

    /// The page in its whole length, as a PNG.
    pub fn picture(&self) -> Vec<u8> {
        let whole = json!({ "cmd": "Page.captureScreenshot", "params": { "captureBeyondViewport": true, "format": "png" } });
        let answer = self.post("goog/cdp/execute", whole);
        STANDARD.decode(answer["data"].as_str().expect("a picture")).expect("base64")
    }

    /// The page as printed on A4, as the page itself wants it, as a PDF.
    pub fn print(&self) -> Vec<u8> {
        let options = json!({ "cmd": "Page.printToPDF", "params": { "preferCSSPageSize": true, "printBackground": true } });
        let answer = self.post("goog/cdp/execute", options);
        STANDARD.decode(answer["data"].as_str().expect("a document")).expect("base64")
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let agent = agent();
        let _ = agent.delete(&self.session).call();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
        let _ = std::fs::remove_dir_all(self.profile.path());
    }
}

/// The port that a driver says it listens on.
fn port(driver: &mut Child) -> (u16, BufReader<ChildStdout>) {
    let mut said = BufReader::new(driver.stdout.take().expect("its output"));
    let mut line = String::new();
    while said.read_line(&mut line).is_ok_and(|length| length > 0) {
        let after = line.split("successfully on port ").nth(1);
        if let Some(port) = after.and_then(|rest| rest.trim_end().trim_end_matches('.').parse().ok()) {
            return (port, said);
        }
        line.clear();
    }
    panic!("chromedriver names no port");
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(120)))
        .build()
        .into()
}

fn send(url: &str, body: &Value) -> Value {
    let mut response = agent()
        .post(url)
        .content_type("application/json")
        .send(&body.to_string())
        .expect("the driver answers");
    let status = response.status();
    let answer = response.body_mut().with_config().limit(256 << 20).read_to_string().expect("an answer");
    let answer: Value = serde_json::from_str(&answer).expect("JSON");
    assert!(status.is_success(), "{url}: {answer}");
    answer["value"].clone()
}
