//! A folder with everything that an analysis needs, but for footage.

use std::path::PathBuf;

use serde_json::Value;

use super::{clip, command, lines, onnx};

/// A folder with a model that always sees a car in the middle, an e-bike below it, and somebody beside them.
pub struct Bench {
    folder: tempfile::TempDir,
    cameras: String,
}

impl Bench {
    pub fn new() -> Self {
        let bench = Self { folder: tempfile::tempdir().expect("a folder"), cameras: String::new() };
        let found = [
            onnx::Found { class: 0, confidence: 0.9, bbox: [16.0, 12.0, 48.0, 36.0] },
            onnx::Found { class: 1, confidence: 0.8, bbox: [24.0, 34.0, 40.0, 46.0] },
            onnx::Found { class: 2, confidence: 0.7, bbox: [52.0, 10.0, 60.0, 46.0] },
        ];
        bench.write("always.onnx", &onnx::yolox(&found));
        bench
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).expect("written");
        path
    }

    pub fn camera(mut self, id: &str, source: &str, rules: &str) -> Self {
        self.cameras += &format!("[[camera]]\nid = \"{id}\"\nsource = \"{source}\"\n{rules}\n");
        self
    }

    pub fn clip(&self, name: &str, args: &str) -> PathBuf {
        clip(self.folder.path(), name, args)
    }

    pub fn config(&self, model: &str) -> PathBuf {
        let detector = format!(
            "[site]\nid = \"s\"\ntimezone = \"Asia/Shanghai\"\n[detector]\nmodel = \"{}\"\nhead = \"yolox\"\n\
             classes = {{ car = [0], ebike = [1], person = [2] }}\ninput = [64, 64]\n",
            self.path(model).display()
        );
        // One model serves all rules.
        let kind = "kind = \"ebike_in_elevator\"\n";
        let cameras =
            self.cameras.replace(kind, &format!("{kind}model = \"{}\"\n", self.path(model).display()));
        self.write("firewarden.toml", (detector + &cameras).as_bytes())
    }

    pub fn run(&self, out: &str, more: &[&str]) -> std::process::Output {
        command()
            .args(["analyze", "--config"])
            .arg(self.config("always.onnx"))
            .arg("--out")
            .arg(self.path(out))
            .args(more)
            .output()
            .expect("the binary starts")
    }

    /// Starts an analysis and does not wait for it.
    pub fn start(&self, out: &str, more: &[&str]) -> std::process::Child {
        let mut run = command();
        run.args(["analyze", "--config"]).arg(self.config("always.onnx")).arg("--out").arg(self.path(out));
        run.args(more).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        run.spawn().expect("the binary starts")
    }

    /// Waits until there is something of this name, which a run that was started makes.
    pub fn appears(&self, name: &str) {
        self.waits_for(name, |path| path.exists());
    }

    /// The same with a whole line in it: between the two a run may be killed, too.
    pub fn has_a_line(&self, name: &str) {
        self.waits_for(name, |path| std::fs::read(path).is_ok_and(|bytes| bytes.contains(&b'\n')));
    }

    fn waits_for(&self, name: &str, is_so: impl Fn(&std::path::Path) -> bool) {
        let began = std::time::Instant::now();
        while !is_so(&self.path(name)) {
            assert!(began.elapsed() < std::time::Duration::from_secs(120), "{name} does not appear");
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
    }

    pub fn violations(&self, out: &str) -> Vec<Value> {
        lines(&self.path(out).join("violations.jsonl"))
    }
}

/// A rule for the car that is always seen.
pub const PARKING: &str =
    "[[camera.rule]]\nkind = \"fire_lane_parking\"\nzone = [[0,0],[1,0],[1,1],[0,1]]\ndwell = \"5s\"\n";
/// A rule for the e-bike.
pub const ELEVATOR: &str = "[[camera.rule]]\nkind = \"ebike_in_elevator\"\n";
