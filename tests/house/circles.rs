//! No circles of imports between files: what two files need of each other stands in a third, or they are one idea.
//!
//! A file imports another where it names something that stands there: in a `use`, or with its path in place. A name that a
//! `mod.rs` passes on with `pub use` belongs to the file that defines it, so that neither passing a name on nor fetching it
//! from there is an import of the `mod.rs`.
//!
//! Not counted is what a file takes from the modules that it lies in: a folder's `mod.rs` may declare what its files share, such
//! as an error, and call them too. Neither are comments, nor what is compiled for tests alone.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// A module's path below the crate: empty for `lib.rs`, `["engine", "eye"]` for `src/engine/eye.rs`.
type Module = Vec<String>;

/// What the files name, and which names they fetch from where.
struct Sources(BTreeMap<Module, Source>);

struct Source {
    /// Without comments, tests and `use` items.
    code: String,
    imports: Vec<Import>,
}

/// One leaf of a `use` item.
struct Import {
    /// As it is called here.
    alias: String,
    path: Vec<String>,
    passed_on: bool,
}

impl Sources {
    fn read(folder: &Path) -> Self {
        let mut paths = Vec::new();
        gather(folder, &mut paths);
        let modules = paths.into_iter().filter_map(|path| {
            let module = module(path.strip_prefix(folder).ok()?)?;
            Some((module, Source::of(&fs::read_to_string(path).expect("readable"))))
        });
        Self(modules.collect())
    }

    /// The files that a file imports, each with a name for which it does.
    fn imported(&self, from: &Module) -> BTreeMap<Module, String> {
        let source = &self.0[from];
        let children =
            self.0.keys().filter(|module| module.split_last().is_some_and(|(_, above)| above == from));
        let first: Vec<&str> = ["crate", "super", "self"]
            .into_iter()
            .chain(children.filter_map(|module| module.last().map(String::as_str)))
            .collect();
        let mut paths = paths_in(&source.code, &first);
        for import in &source.imports {
            let Some(absolute) = self.absolute(from, &import.path) else { continue };
            if self.0.contains_key(&absolute) {
                // A module as a whole: what is taken from it stands in the code.
                let taken = paths_in(&source.code, &[import.alias.as_str()]);
                paths.extend(taken.into_iter().map(|path| [&import.path, &path[1..]].concat()));
            } else if !import.passed_on || mentions(&source.code, &import.alias) {
                paths.push(import.path.clone());
            }
        }
        let mut found = BTreeMap::new();
        for path in paths {
            if let Some((module, name)) = self.definition(from, &path, 0)
                && !from.starts_with(&module)
            {
                found.entry(module).or_insert(name);
            }
        }
        found
    }

    /// Which file defines what a path in a file names. None for other crates.
    fn definition(&self, from: &Module, path: &[String], depth: usize) -> Option<(Module, String)> {
        assert!(depth < 10, "{path:?} in {from:?} is passed on in a circle");
        let mut module = Module::new();
        let absolute = self.absolute(from, path)?;
        let mut rest = absolute.iter();
        for name in rest.by_ref() {
            let below = [module.as_slice(), std::slice::from_ref(name)].concat();
            if self.0.contains_key(&below) {
                module = below;
                continue;
            }
            let passed = self.0[&module].imports.iter().find(|import| import.alias == *name);
            return match passed {
                Some(import) => {
                    let further = import.path.iter().chain(rest).cloned().collect::<Vec<_>>();
                    self.definition(&module, &further, depth + 1)
                }
                None => Some((module, name.clone())),
            };
        }
        None
    }

    /// A path from the crate on. None where it begins in another crate.
    fn absolute(&self, from: &Module, path: &[String]) -> Option<Module> {
        let mut base = from.clone();
        let mut rest = path;
        match rest.first()?.as_str() {
            "crate" => base.clear(),
            "self" => {}
            "super" => {
                base.pop()?;
                while rest.get(1).is_some_and(|name| name == "super") {
                    base.pop()?;
                    rest = &rest[1..];
                }
            }
            child => {
                let below = [base.as_slice(), &[child.to_owned()]].concat();
                return self.0.contains_key(&below).then(|| [&base, path].concat());
            }
        }
        base.extend_from_slice(&rest[1..]);
        Some(base)
    }
}

impl Source {
    fn of(text: &str) -> Self {
        let lines = without_tests(text).lines().map(|line| line.split("//").next().unwrap_or_default());
        let text = lines.collect::<Vec<_>>().join("\n");
        let (mut code, mut imports) = (String::new(), Vec::new());
        let mut rest = text.as_str();
        while let Some(place) = next_use(rest) {
            let (before, item) = rest.split_at(place);
            let (item, after) = item.split_once(';').expect("an item ends");
            let (visible, tree) = item.split_once("use ").expect("it is a use");
            leaves(tree, &[], visible.contains("pub"), &mut imports);
            code += before;
            rest = after;
        }
        code += rest;
        Self { code, imports }
    }
}

/// A file's text up to the tests that stand in it.
fn without_tests(text: &str) -> &str {
    let tests = text.match_indices("#[cfg(test)]\nmod ").find(|(at, _)| {
        let item = &text[*at..];
        item.find('{') < item.find(';')
    });
    tests.map_or(text, |(at, _)| &text[..at])
}

/// Where the next `use` item begins, in whatever block.
fn next_use(text: &str) -> Option<usize> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim_start();
        let item = trimmed.strip_prefix("pub").map_or(trimmed, |rest| {
            rest.strip_prefix('(')
                .and_then(|inner| Some(inner.split_once(')')?.1))
                .unwrap_or(rest)
                .trim_start()
        });
        if item.starts_with("use ") {
            return Some(start);
        }
        start += line.len();
    }
    None
}

/// Every leaf of a `use` tree.
fn leaves(tree: &str, before: &[String], passed_on: bool, found: &mut Vec<Import>) {
    let tree = tree.trim();
    if let Some((path, group)) = tree.split_once('{') {
        let path: Vec<String> = before.iter().cloned().chain(names(path)).collect();
        let inner = group.rsplit_once('}').expect("braces are closed").0;
        let mut depth = 0;
        let each = inner.split(|c: char| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            c == ',' && depth == 0
        });
        each.filter(|leaf| !leaf.trim().is_empty()).for_each(|leaf| leaves(leaf, &path, passed_on, found));
        return;
    }
    let (path, alias) =
        tree.split_once(" as ").map_or((tree, None), |(path, alias)| (path, Some(alias.trim())));
    let mut path: Vec<String> = before.iter().cloned().chain(names(path)).collect();
    // `{self, …}` is the module itself.
    if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
        path.pop();
    }
    let alias = alias.map_or_else(|| path.last().cloned().unwrap_or_default(), str::to_owned);
    found.push(Import { alias, path, passed_on });
}

fn names(path: &str) -> impl Iterator<Item = String> {
    path.split("::").map(|name| name.trim().to_owned()).filter(|name| !name.is_empty())
}

/// Paths in code that begin with one of these words.
fn paths_in(code: &str, first: &[&str]) -> Vec<Vec<String>> {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let mut found = Vec::new();
    for (place, _) in code.match_indices("::") {
        let start = code[..place].rfind(|c| !word(c)).map_or(0, |at| at + 1);
        if code[..start].ends_with("::") || !first.contains(&&code[start..place]) {
            continue;
        }
        let end = code[start..].find(|c| !word(c) && c != ':').map_or(code.len(), |at| start + at);
        found.push(names(&code[start..end]).collect());
    }
    found
}

/// Whether a name stands in code as a word.
fn mentions(code: &str, name: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(name)
        .any(|(at, _)| !code[..at].ends_with(word) && !code[at + name.len()..].starts_with(word))
}

fn gather(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        // A crate of its own has names of its own.
        if entry.is_dir() && !entry.join("Cargo.toml").exists() {
            gather(&entry, found);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            found.push(entry);
        }
    }
}

/// The module that a file is; none for the program's and those of tests.
fn module(path: &Path) -> Option<Module> {
    let mut names: Module =
        path.with_extension("").iter().map(|name| name.to_string_lossy().into_owned()).collect();
    match names.last()?.as_str() {
        "main" | "tests" | "clip_tests" | "testing" => return None,
        "mod" | "lib" => names.truncate(names.len() - 1),
        _ => {}
    }
    Some(names)
}

/// The files that reach each other, with what leads from each to the next ones; a line for each circle, or several that hang
/// together.
fn circles(sources: &Sources) -> Vec<String> {
    let edges: BTreeMap<&Module, BTreeMap<Module, String>> =
        sources.0.keys().map(|module| (module, sources.imported(module))).collect();
    let reach = |from: &Module| {
        let (mut seen, mut left) = (BTreeSet::new(), vec![from.clone()]);
        while let Some(next) = left.pop() {
            left.extend(edges[&next].keys().filter(|other| seen.insert((*other).clone())).cloned());
        }
        seen
    };
    let reached: BTreeMap<&Module, BTreeSet<Module>> =
        edges.keys().map(|module| (*module, reach(module))).collect();
    let mut told: BTreeSet<&Module> = BTreeSet::new();
    let mut found = Vec::new();
    for module in edges.keys().filter(|module| reached[*module].contains(**module)) {
        if told.contains(module) {
            continue;
        }
        let together = |other: &Module| reached[*module].contains(other) && reached[other].contains(*module);
        let mut arrows = Vec::new();
        for from in edges.keys().filter(|from| together(from)) {
            told.insert(from);
            let into = edges[*from].iter().filter(|(to, _)| together(to));
            arrows.extend(into.map(|(to, name)| format!("{} -> {} ({name})", from.join("/"), to.join("/"))));
        }
        found.push(arrows.join(", "));
    }
    found
}

#[test]
fn no_two_files_import_each_other() {
    let sources = Sources::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let found = circles(&sources);
    let imports: usize = sources.0.keys().map(|module| sources.imported(module).len()).sum();
    assert!(imports > 300, "only {imports} imports were found: is the search broken?");
    assert!(found.is_empty(), "{} circles of imports:\n{}", found.len(), found.join("\n"));
}
