//! What the code says of itself elsewhere: the direction of flow, and that README, help, samples and code agree.

mod common;

use std::{collections::BTreeSet, fs, path::Path};

use common::{firewarden, root, stdout};

/// Modules in the order of the flow. Each may use those before it, never those after it.
const ORDER: [&str; 23] = [
    "geometry",
    "domain",
    "files",
    "stop",
    "clock",
    "telemetry",
    "libav",
    "config",
    "catalog",
    "source",
    "decode",
    "vision",
    "detect",
    "track",
    "looks",
    "rules",
    "kinds",
    "judge",
    "evidence",
    "engine",
    "eval",
    "report",
    "cli",
];

fn rust_files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            found.extend(rust_files(&entry));
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            found.push(entry);
        }
    }
    found
}

/// The modules that a text names after `crate::`, in braces or alone.
fn used(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for after in text.split("crate::").skip(1) {
        let group = after.strip_prefix('{').and_then(|inner| {
            let mut depth = 1;
            let end = inner.char_indices().find(|(_, c)| {
                depth += match c {
                    '{' => 1,
                    '}' => -1,
                    _ => 0,
                };
                depth == 0
            });
            end.map(|(end, _)| &inner[..end])
        });
        let word = |text: &str| {
            text.trim().chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect::<String>()
        };
        match group {
            Some(group) => {
                let mut depth = 0;
                let outer: String = group
                    .chars()
                    .filter(|c| {
                        match c {
                            '{' => depth += 1,
                            '}' => depth -= 1,
                            _ => {}
                        }
                        depth == 0
                    })
                    .collect();
                names.extend(outer.split(',').map(word));
            }
            None => {
                names.insert(word(after));
            }
        }
    }
    names
}

#[test]
fn no_module_uses_one_to_its_right() {
    let source = root().join("src");
    let mut checked = 0;
    for (place, module) in ORDER.iter().enumerate() {
        let folder = source.join(module);
        let files =
            if folder.is_dir() { rust_files(&folder) } else { vec![source.join(format!("{module}.rs"))] };
        for file in files {
            let text = fs::read_to_string(&file).expect("readable");
            for name in used(&text) {
                if let Some(other) = ORDER.iter().position(|known| *known == name) {
                    assert!(other <= place, "{} uses {name}, which is to its right", file.display());
                    checked += 1;
                }
            }
        }
    }
    assert!(checked > 50, "only {checked} uses were found: is the search broken?");
}

#[test]
fn every_module_has_its_place() {
    let library = fs::read_to_string(root().join("src/lib.rs")).expect("readable");
    let declared: BTreeSet<&str> =
        library.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    assert_eq!(declared, ORDER.into_iter().collect());
}

#[test]
fn unsafe_code_is_in_libav_alone() {
    for file in rust_files(&root().join("src")) {
        let text = fs::read_to_string(&file).expect("readable");
        let has = text.lines().any(|line| {
            !line.trim_start().starts_with("//")
                && line.replace("unsafe_code", "").replace("unsafe-inline", "").contains("unsafe")
        });
        assert!(!has || file.starts_with(root().join("src/libav")), "{} has unsafe code", file.display());
    }
}

#[test]
fn both_readmes_name_every_command_and_nothing_else() {
    let help = stdout(&firewarden(&["--help"]));
    let commands: BTreeSet<String> = help
        .lines()
        .skip_while(|line| !line.starts_with("Commands:"))
        .skip(1)
        .take_while(|line| line.starts_with("  "))
        // A description that goes on in the next line is indented further.
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
        .filter(|command| command != "help")
        .collect();
    assert!(commands.len() >= 5, "{commands:?}");
    for readme in ["README.md", "README.zh-CN.md"] {
        let text = fs::read_to_string(root().join(readme)).expect("a README");
        let named: BTreeSet<String> = text
            .lines()
            .filter_map(|line| {
                line.strip_prefix("| `firewarden ")?.split(['`', ' ']).next().map(str::to_owned)
            })
            .collect();
        assert_eq!(named, commands, "{readme}");
    }
}

#[test]
fn every_option_that_a_readme_shows_exists() {
    let help: String = ["analyze", "eval", "detect", "replay", "check", "verify", "models", "schema"]
        .into_iter()
        .map(|command| stdout(&firewarden(&[command, "--help"])))
        .collect();
    for readme in ["README.md", "README.zh-CN.md"] {
        let text = fs::read_to_string(root().join(readme)).expect("a README");
        for line in text.lines().filter(|line| line.contains("firewarden ")) {
            for option in line.split([' ', '`', '[', ']', '|']).filter(|word| word.starts_with("--")) {
                assert!(help.contains(option), "{readme} shows {option}, which no command has");
            }
        }
    }
}

#[test]
fn the_samples_are_well_formed() {
    for sample in ["firewarden.toml", "demo/fire-lane.toml", "demo/control-room.toml"] {
        let path = root().join("samples").join(sample);
        let output = common::command()
            .env("FIREWARDEN_FOOTAGE", "clips")
            .args(["check", "--config"])
            .arg(&path)
            .output()
            .expect("the binary starts");
        common::assert_code(&output, 0);
    }
}

#[test]
fn the_readme_s_configuration_is_well_formed() {
    for readme in ["README.md", "README.zh-CN.md"] {
        let text = fs::read_to_string(root().join(readme)).expect("a README");
        let blocks: Vec<&str> =
            text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
        assert!(!blocks.is_empty(), "{readme} shows no configuration");
        for block in blocks {
            let config = firewarden::config::Config::parse(block, Path::new("."), &|_| Some("x".to_owned()));
            assert!(config.is_ok(), "{readme}: {:?}", config.err());
        }
    }
}
