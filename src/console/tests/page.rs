//! `docs/metrics.md` says what the program tells.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::{Path, PathBuf},
};

use crate::{
    console::metrics::{Kind, METRICS, Metric},
    domain::AlertType,
};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn page() -> String {
    fs::read_to_string(root().join("docs/metrics.md")).unwrap()
}

/// What stands between the marks of a place.
fn place<'p>(page: &'p str, name: &str) -> &'p str {
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->\n"));
    let rest = page.split_once(&begin).unwrap_or_else(|| panic!("{begin} is not there")).1;
    rest.split_once(&end).unwrap_or_else(|| panic!("{end} is not there")).0
}

/// The rows of a table, each as its cells.
fn rows(table: &str) -> Vec<Vec<String>> {
    let cells = |line: &str| {
        let line = line
            .strip_prefix("| ")
            .and_then(|line| line.strip_suffix(" |"))
            .unwrap_or_else(|| panic!("{line}"));
        // A bar within a cell is written with a stroke before it.
        let cells = line.replace("\\|", "\0");
        cells.split(" | ").map(|cell| cell.replace('\0', "|")).collect()
    };
    table.lines().skip(2).map(cells).collect()
}

/// The table of a place with all that the code knows, and what the page adds in its last column.
fn table(page: &str, name: &str, head: &str, known: Vec<Vec<String>>) -> String {
    let added: BTreeMap<String, String> = rows(place(page, name))
        .into_iter()
        .map(|mut cells| (cells.first().unwrap().clone(), cells.pop().unwrap()))
        .collect();
    let columns = head.matches(" | ").count() + 1;
    let mut table = format!("{head}\n|{}\n", "---|".repeat(columns));
    for cells in known {
        let last = added.get(&cells[0]).map_or("", String::as_str);
        table += &format!("| {} | {last} |\n", cells.join(" | "));
    }
    table
}

fn metric(metric: &Metric) -> Vec<String> {
    let kind = match metric.kind {
        Kind::Gauge => "gauge",
        Kind::Counter => "counter",
        Kind::Info => "info",
    };
    let labels: Vec<String> = metric.of.labels().iter().map(|label| format!("`{label}`")).collect();
    vec![
        format!("`{}`", metric.series()),
        kind.to_owned(),
        metric.unit.unwrap_or_default().replace('_', " "),
        labels.join(", "),
        metric.meaning.to_owned(),
    ]
}

/// Whether a box sends alerts of this type today.
fn is_sent(alert: AlertType) -> bool {
    match alert {
        AlertType::ViolationWarned
        | AlertType::ViolationRaised
        | AlertType::ViolationUpdated
        | AlertType::ViolationEnded
        | AlertType::BoxHeartbeat
        | AlertType::CameraOffline
        | AlertType::CameraOnline
        | AlertType::CameraObstructed
        | AlertType::CameraMoved
        | AlertType::CameraClock
        | AlertType::CameraKeyframes
        | AlertType::CameraRestored => true,
    }
}

#[test]
fn the_page_lists_every_metric_and_every_alert() {
    let page = page();
    let of_metrics = table(
        &page,
        "metrics",
        "| name | type | unit | labels | what it says | when it is odd |",
        METRICS.iter().map(metric).collect(),
    );
    let of_alerts = table(
        &page,
        "alerts",
        "| type | sent today | until then |",
        AlertType::ALL
            .into_iter()
            .map(|alert| {
                let sent = if is_sent(alert) { "yes" } else { "not yet" };
                vec![format!("`{}`", alert.name()), sent.to_owned()]
            })
            .collect(),
    );
    if env::var_os("FIREWARDEN_WRITE_SAMPLES").is_some() {
        let page = page.replace(place(&page, "metrics"), &of_metrics);
        let page = page.replace(place(&page, "alerts"), &of_alerts);
        // At once, as another test reads it meanwhile.
        let written = root().join("docs/metrics.md.new");
        fs::write(&written, page).unwrap();
        fs::rename(written, root().join("docs/metrics.md")).unwrap();
        return;
    }
    for (name, table) in [("metrics", of_metrics), ("alerts", of_alerts)] {
        assert_eq!(place(&page, name), table, "docs/metrics.md: run with FIREWARDEN_WRITE_SAMPLES=1");
        for cells in rows(&table) {
            assert!(!cells.last().unwrap().trim().is_empty(), "{}: what is to be done is not said", cells[0]);
        }
    }
}

#[test]
fn each_metric_has_one_name_and_its_words() {
    let names: BTreeSet<String> = METRICS.iter().map(Metric::series).collect();
    assert_eq!(names.len(), METRICS.len());
    for metric in METRICS {
        let name = metric.name;
        assert!(metric.meaning.ends_with('.') && !metric.meaning.contains(['|', '\n', '\\', '"']), "{name}");
        assert!(name.starts_with("firewarden_") || name.starts_with("process_"), "{name}");
        assert!(!name.ends_with("_total") && !name.ends_with("_info"), "{name}");
    }
}

/// The words of a text that may be names of metrics.
fn named(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| word.starts_with("firewarden_") || word.starts_with("process_"))
}

#[test]
fn rules_and_words_of_the_page_name_metrics_that_there_are() {
    let page = page();
    let metrics: BTreeMap<String, &Metric> = METRICS.iter().map(|metric| (metric.series(), metric)).collect();
    for name in named(&page) {
        assert!(metrics.contains_key(name), "docs/metrics.md names {name}, which is not told");
    }
    let rules = rows(place(&page, "rules"));
    assert!(rules.len() >= 10, "{rules:?}");
    let names: BTreeSet<&String> = rules.iter().map(|rule| &rule[0]).collect();
    assert_eq!(names.len(), rules.len(), "{names:?}");
    for rule in &rules {
        assert!(rule.len() == 4 && rule.iter().all(|cell| !cell.trim().is_empty()), "{rule:?}");
        let expression = rule[1].strip_prefix('`').and_then(|cell| cell.strip_suffix('`')).unwrap();
        for opening in ["()", "{}", "[]"] {
            let count = |index: usize| expression.matches(&opening[index..=index]).count();
            assert_eq!(count(0), count(1), "{expression}");
        }
        // `name{label="value"}`: the label is one of that metric.
        for (at, _) in expression.match_indices('{') {
            let (before, selected) = expression.split_at(at);
            let Some(name) = named(before).last().filter(|name| before.ends_with(name)) else { continue };
            let label = selected[1..].split(['=', '!']).next().unwrap();
            assert!(metrics[name].of.labels().contains(&label), "{name} has no label {label}");
        }
    }
}

/// Facts of a camera's health come to the database by one fact of a step: as long as that is there, the table has to say so.
#[test]
fn what_is_sent_is_made_somewhere() {
    let mut folders: Vec<PathBuf> =
        ["src/service", "src/evidence/live"].map(|folder| root().join(folder)).into();
    let mut calls = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else if fs::read_to_string(&entry).unwrap().contains("Fact::Health(CameraHealth") {
                calls.push(entry);
            }
        }
    }
    assert_eq!(is_sent(AlertType::CameraOffline), !calls.is_empty(), "{calls:?}");
}
