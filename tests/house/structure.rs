//! What the code says of itself elsewhere: the direction of flow, and that README, help, samples and code agree.

use std::{collections::BTreeSet, fs, path::Path};

use firewarden::domain::Kind;

use crate::common::{assert_code, clip, command, firewarden, root, stdout};

/// Rooms in the order of the flow. Each may use those before it, never those after it.
const ORDER: [&str; 42] = [
    "address",
    "pulse",
    "geometry",
    "domain",
    "files",
    "at_work",
    "lock",
    "stop",
    "clock",
    "say",
    "telemetry",
    "authorities",
    "libav",
    "duration",
    "words",
    SETTINGS_OF_KINDS,
    "config",
    "catalog",
    "source",
    "decode",
    "vision",
    "detect",
    "track",
    "looks",
    "rules",
    "health",
    "kinds",
    "judge",
    "eval",
    "ledger",
    "results",
    DATABASE,
    "deliver",
    "reactions",
    "evidence",
    "engine",
    "glimpse",
    "report",
    "batch",
    "service",
    "console",
    "cli",
];

/// The part of `kinds` that the configuration may use, which is a leaf: the settings and words, and what they are made of.
const SETTINGS_OF_KINDS: &str = "settings and words of kinds";
/// The modules of that part, in `kinds` itself and in the folder of a kind.
const THEIR_MODULES: [&str; 7] = ["check", "keys", "list", "settings", "still", "wording", "words"];

/// The ledger of live cameras, which keeps lines of the manifest, too. The seam itself lies before the results, which are another
/// ledger.
const DATABASE: &str = "database of the ledger";

/// The room's place in the order; a module is given by its path within the crate.
fn place(module: &[String]) -> Option<usize> {
    let first = module.first()?;
    let of_settings = |name: &String| THEIR_MODULES.contains(&name.as_str());
    let room = if first == "kinds" && module.iter().skip(1).take(2).any(of_settings) {
        SETTINGS_OF_KINDS
    } else if first == "ledger"
        && module.get(1).is_some_and(|name| ["database", "days"].contains(&name.as_str()))
    {
        DATABASE
    } else {
        first
    };
    ORDER.iter().position(|known| *known == room)
}

/// The path within the crate of the module that a file holds.
fn module_of(file: &Path) -> Vec<String> {
    let path = file.strip_prefix(root().join("src")).expect("within src").with_extension("");
    let mut names: Vec<String> = path.iter().map(|name| name.to_string_lossy().into_owned()).collect();
    names.pop_if(|last| last == "mod");
    names
}

fn rust_files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        // A crate of its own uses nothing of this one.
        if entry.is_dir() && !entry.join("Cargo.toml").exists() {
            found.extend(rust_files(&entry));
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            found.push(entry);
        }
    }
    found
}

/// A file's text up to the tests that stand in it.
fn before_tests(text: &str) -> &str {
    let mut modules = text.match_indices("#[cfg(test)]\nmod ");
    let tests = modules.find(|(at, _)| text[*at..].find('{') < text[*at..].find(';'));
    tests.map_or(text, |(at, _)| &text[..at])
}

/// What is written without comments, and without the tests at its end.
fn program(text: &str) -> String {
    before_tests(text)
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The paths within the crate that a module names after `crate::` and `super::`, alone or in braces.
fn used(module: &[String], text: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        tree(&text[at + "crate::".len()..], Vec::new(), &mut found);
    }
    for (at, _) in text.match_indices("super::").filter(|(at, _)| !text[..*at].ends_with("::")) {
        tree(&text[at..], module.to_vec(), &mut found);
    }
    found
}

/// Adds the paths that the tree at the beginning of a text holds, each after `path`, and returns what follows it.
fn tree<'t>(text: &'t str, mut path: Vec<String>, found: &mut Vec<Vec<String>>) -> &'t str {
    let mut rest = text.trim_start();
    loop {
        if let Some(mut inner) = rest.strip_prefix('{') {
            while !inner.starts_with('}') && !inner.is_empty() {
                inner = tree(inner, path.clone(), found);
                inner = inner
                    .trim_start_matches(|c: char| c != '}' && c != ',')
                    .trim_start_matches(',')
                    .trim_start();
            }
            return inner.get(1..).unwrap_or_default();
        }
        let end = rest.find(|c: char| !c.is_alphanumeric() && !"_$".contains(c)).unwrap_or(rest.len());
        match &rest[..end] {
            "" | "self" => {}
            "super" => drop(path.pop()),
            name => path.push(name.to_owned()),
        }
        rest = &rest[end..];
        match rest.strip_prefix("::") {
            Some(after) if end > 0 => rest = after,
            _ => {
                found.push(path);
                return rest;
            }
        }
    }
}

#[test]
fn uses_are_found_in_whatever_way_they_are_written() {
    let module = ["kinds", "lane", "settings"].map(str::to_owned);
    let text = "use super::{rule::Lane, settings::Way as W};\nuse crate::{\n    domain::{self, Kind as K},\n    duration,\n};\n\
                fn f() -> crate::words::Said { super::super::list::kinds!(x); super::$folder::words::WORDS }";
    let found: BTreeSet<String> = used(&module, text).iter().map(|path| path.join(" ")).collect();
    let expected = [
        "domain",
        "domain Kind",
        "duration",
        "kinds lane $folder words WORDS",
        "kinds lane rule Lane",
        "kinds lane settings Way",
        "kinds list kinds",
        "words Said",
    ];
    assert_eq!(found, expected.map(str::to_owned).into());
}

#[test]
fn no_room_uses_one_to_its_right() {
    let mut checked = 0;
    for file in rust_files(&root().join("src")) {
        let module = module_of(&file);
        if ["main", "lib"].contains(&module[0].as_str()) {
            continue;
        }
        let own = place(&module).unwrap_or_else(|| panic!("{} has no place in the order", file.display()));
        let text = fs::read_to_string(&file).expect("readable");
        for path in used(&module, &program(&text)) {
            if let Some(other) = place(&path) {
                let (path, own_room, other_room) = (path.join("::"), ORDER[own], ORDER[other]);
                assert!(
                    other <= own,
                    "{} uses {path}: {other_room} is to the right of {own_room}",
                    file.display()
                );
                checked += 1;
            }
        }
    }
    assert!(checked > 500, "only {checked} uses were found: is the search broken?");
}

/// Whether a text has `name` as a word of its own.
fn names(text: &str, name: &str) -> bool {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| {
        !text[..at].ends_with(part_of_word) && !text[at + name.len()..].starts_with(part_of_word)
    })
}

#[test]
fn kinds_are_named_in_their_folders_and_in_domain_alone() {
    let source = root().join("src");
    let mut kinds = BTreeSet::new();
    for kind in Kind::ALL {
        kinds.extend([kind.name().to_owned(), format!("{kind:?}")]);
        let types = ["settings", "rule"].map(|file| {
            let path = source.join("kinds").join(kind.name()).join(file).with_extension("rs");
            let text =
                fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let name =
                text.lines().find_map(|line| line.strip_prefix("pub struct ")?.split([' ', '<', '(']).next());
            name.unwrap_or_else(|| panic!("{} has no type", path.display())).to_owned()
        });
        kinds.extend(types);
    }
    for file in rust_files(&source) {
        let within = |folder: &str| file.starts_with(source.join(folder));
        // Tests need examples.
        let tests = file.iter().any(|part| {
            ["tests", "tests.rs", "clip_tests", "clip_tests.rs"].iter().any(|known| part == *known)
        });
        if within("kinds") || within("domain") || tests {
            continue;
        }
        let text = fs::read_to_string(&file).expect("readable");
        for name in &kinds {
            assert!(
                !names(before_tests(&text), name),
                "{} names {name}: kinds are named in src/kinds alone",
                file.display()
            );
        }
    }
}

#[test]
fn every_module_has_its_place() {
    let library = fs::read_to_string(root().join("src/lib.rs")).expect("readable");
    let declared: BTreeSet<&str> =
        library.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    assert_eq!(
        declared,
        ORDER.into_iter().filter(|room| ![SETTINGS_OF_KINDS, DATABASE].contains(room)).collect()
    );
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
fn every_test_binary_is_in_a_suite() {
    let makefile = fs::read_to_string(root().join("Makefile")).expect("readable");
    let words: Vec<&str> = makefile.split_whitespace().collect();
    let entries = fs::read_dir(root().join("tests")).expect("a folder").map(|entry| entry.expect("an entry"));
    let binaries =
        entries.map(|entry| entry.path()).filter(|path| path.is_file() || path.join("main.rs").is_file());
    let mut count = 0;
    for path in binaries {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        assert!(
            words.windows(2).any(|pair| pair == ["--test", &*name]),
            "no suite of the Makefile has --test {name}"
        );
        count += 1;
    }
    assert!(count >= 7, "only {count} were found: is the search broken?");
}

/// `make test-fast` leaves out modules of this name, and nothing else makes clips.
#[test]
fn a_test_outside_the_modules_of_clips_makes_none() {
    let folder = tempfile::tempdir().expect("a folder");
    // Threads that run tests are called as these.
    let thread = std::thread::Builder::new().name("source::tests::groups_grow".to_owned());
    let make = move || clip(folder.path(), "clip.png", "-f lavfi -i color=size=16x16 -frames:v 1");
    let words = thread.spawn(make).expect("a thread").join().expect_err("it may make no clips");
    let words = words.downcast::<String>().expect("words");
    assert!(words.contains("it belongs in a module `clip_tests`"), "{words}");
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
    let help: String =
        ["analyze", "eval", "detect", "replay", "report", "check", "verify", "models", "schema"]
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
        let output = command()
            .env("FIREWARDEN_FOOTAGE", "clips")
            .args(["check", "--config"])
            .arg(&path)
            .output()
            .expect("the binary starts");
        assert_code(&output, 0);
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
