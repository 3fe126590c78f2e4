//! The text format of OpenMetrics 1.0, read as strictly as its specification has it.

use std::collections::BTreeMap;

/// A metric with all its series.
#[derive(Debug, Default)]
struct Family {
    name: String,
    kind: String,
    unit: String,
    help: String,
}

/// Series by their names and labels.
pub fn read(text: &str) -> BTreeMap<String, f64> {
    let lines = text.strip_suffix("# EOF\n").unwrap_or_else(|| panic!("no end: {text}"));
    let (mut series, mut families, mut family) = (BTreeMap::new(), Vec::new(), Family::default());
    for line in lines.lines() {
        if let Some(said) = line.strip_prefix("# ") {
            let mut words = said.splitn(3, ' ');
            let (what, name, rest) = (words.next().unwrap(), words.next().unwrap(), words.next().unwrap());
            assert!(is_name(name) && !rest.is_empty(), "{line}");
            if name != family.name {
                assert!(!families.contains(&name.to_owned()), "{name} is told in two places");
                families.push(name.to_owned());
                family = Family { name: name.to_owned(), ..Family::default() };
            }
            let field = match what {
                "HELP" => &mut family.help,
                "TYPE" => &mut family.kind,
                "UNIT" => &mut family.unit,
                other => panic!("{other}: {line}"),
            };
            assert!(field.is_empty(), "said twice: {line}");
            *field = rest.to_owned();
            continue;
        }
        assert!(!family.kind.is_empty() && family.help.ends_with('.'), "{family:?}: {line}");
        assert!(family.unit.is_empty() || family.name.ends_with(&format!("_{}", family.unit)), "{family:?}");
        let (named, value) = line.rsplit_once(' ').unwrap();
        let (name, labels) = match named.split_once('{') {
            Some((name, labels)) => (name, labels.strip_suffix('}').unwrap()),
            None => (named, ""),
        };
        let ending =
            name.strip_prefix(family.name.as_str()).unwrap_or_else(|| panic!("{line} is of another"));
        let expected = match family.kind.as_str() {
            "gauge" => "",
            "counter" => "_total",
            "info" => "_info",
            other => panic!("{other}"),
        };
        assert_eq!(ending, expected, "{line}");
        for label in labels.split(',').filter(|label| !label.is_empty()) {
            let (name, value) = label.split_once("=\"").unwrap_or_else(|| panic!("{line}"));
            let value = value.strip_suffix('"').unwrap_or_else(|| panic!("{line}"));
            assert!(is_name(name) && !value.contains(['"', '\\', '\n']), "{line}");
        }
        let value: f64 = value.parse().unwrap_or_else(|_| panic!("{line}"));
        assert!(value.is_finite() && (family.kind != "counter" || value >= 0.0), "{line}");
        assert!(series.insert(named.to_owned(), value).is_none(), "{line} is there twice");
    }
    series
}

fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c == '_';
    name.starts_with(plain) && name.chars().all(|c| plain(c) || c.is_ascii_digit())
}
