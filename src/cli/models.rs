//! `firewarden models`: what the catalogue lists, and bringing it here.

use std::io::{self, Write};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde::Serialize;

use super::Status;
use crate::{
    catalog::{Catalog, Item, ModelEntry, Place, Presence, Shelf, Source, Store},
    say::say,
};

/// List, fetch and verify the models and the sample footage of the catalogue
#[derive(Debug, Args)]
pub struct ModelsArgs {
    #[command(subcommand)]
    command: ModelsCommand,
}

#[derive(Debug, Subcommand)]
enum ModelsCommand {
    /// Print what the catalogue lists and which of it is here
    List(ListArgs),
    /// Fetch models, or with --footage sample clips, and print their paths
    ///
    /// A file is taken from the first source that has it: the program itself (the project's own models), the folder
    /// FIREWARDEN_MIRROR (none where that is not set), its public address, a Debian package. Its SHA-256 is compared before it is kept; a file
    /// that is here and whole is not fetched again. Files are kept in FIREWARDEN_CACHE (default: ~/.cache/firewarden),
    /// folders models/ and footage/.
    #[command(
        after_help = "Examples:\n  firewarden models pull\n  firewarden models pull nanodet-plus-m\n  \
                            firewarden models pull --footage vtest\n  firewarden models pull --footage --all"
    )]
    Pull(PullArgs),
    /// Hash again what is here, models and footage; exit with 1 where a file is not the one listed
    Verify,
}

#[derive(Debug, Args)]
struct ListArgs {
    /// One JSON array instead of a table
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct PullArgs {
    /// Names from the catalogue; without any, the default model
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Everything on the list
    #[arg(long, conflicts_with = "names")]
    all: bool,
    /// The names are those of sample clips, not of models
    #[arg(long)]
    footage: bool,
}

/// Runs the command.
///
/// # Errors
/// An unknown name (`CatalogError::Unknown`, the caller's mistake); a file that no source has, that is not the one listed,
/// or that cannot be written; standard output that cannot be written.
pub fn run(args: &ModelsArgs) -> anyhow::Result<Status> {
    let catalog = Catalog::load()?;
    let store = Store::from_env()?;
    let out = &mut io::stdout().lock();
    match &args.command {
        ModelsCommand::List(list) => self::list(&catalog, &store, list.json, out),
        ModelsCommand::Pull(wanted) => pull(&catalog, &store, wanted, out),
        ModelsCommand::Verify => verify(&catalog, &store, out),
    }?;
    Ok(Status::Done)
}

/// One entry as printed.
#[derive(Debug, Serialize)]
struct Row<'a> {
    kind: Shelf,
    name: &'a str,
    title: &'a str,
    /// Of the file that is here, or of the first source.
    bytes: u64,
    licence: &'a str,
    origin: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    head: Option<String>,
    default: bool,
    present: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    path: String,
}

impl<'a> Row<'a> {
    fn new(
        item: &'a Item,
        model: Option<&ModelEntry>,
        catalog: &Catalog,
        store: &Store,
    ) -> anyhow::Result<Self> {
        let (present, sha256) = match store.check(item)? {
            Presence::Absent => ("no", None),
            Presence::Verified { sha256 } => ("yes", Some(sha256)),
            Presence::Wrong { found } => ("damaged", Some(found)),
        };
        let known = item.sources.iter().find(|source| Some(&source.sha256) == sha256.as_ref());
        Ok(Row {
            kind: item.shelf,
            name: &item.name,
            title: &item.title,
            bytes: known.or(item.sources.first()).map_or(0, |source| source.bytes),
            licence: &item.licence,
            origin: &item.origin,
            head: model.map(|m| m.head.to_string()),
            default: model.is_some() && item.name == catalog.default_model(),
            present,
            sha256,
            path: store.path(item).display().to_string(),
        })
    }
}

fn list(catalog: &Catalog, store: &Store, json: bool, out: &mut dyn Write) -> anyhow::Result<()> {
    let models = catalog.models().iter().map(|m| Row::new(&m.item, Some(m), catalog, store));
    let footage = catalog.footage().iter().map(|f| Row::new(&f.item, None, catalog, store));
    let rows = models.chain(footage).collect::<anyhow::Result<Vec<_>>>()?;
    if json {
        serde_json::to_writer_pretty(&mut *out, &rows)?;
        writeln!(out)?;
        return Ok(());
    }
    let cells = |row: &Row| {
        [
            row.name.to_owned() + if row.default { " (default)" } else { "" },
            row.kind.to_string(),
            megabytes(row.bytes),
            row.licence.to_owned(),
            row.head.clone().unwrap_or_else(|| "-".to_owned()),
            row.present.to_owned(),
        ]
    };
    let head = ["name", "kind", "size", "licence", "head", "here"].map(str::to_owned);
    let lines: Vec<[String; 6]> = std::iter::once(head).chain(rows.iter().map(cells)).collect();
    let mut widths = [0; 6];
    for line in &lines {
        widths.iter_mut().zip(line).for_each(|(width, cell)| *width = (*width).max(cell.len()));
    }
    for line in &lines {
        let padded: Vec<String> =
            line.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        writeln!(out, "{}", padded.join("  ").trim_end())?;
    }
    Ok(())
}

fn pull(catalog: &Catalog, store: &Store, wanted: &PullArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let items: Vec<&Item> = match (wanted.footage, wanted.all) {
        (false, true) => catalog.models().iter().map(AsRef::as_ref).collect(),
        (true, true) => catalog.footage().iter().map(AsRef::as_ref).collect(),
        (true, false) if wanted.names.is_empty() => bail!("--footage: which clips? Name some, or say --all"),
        (true, false) => {
            wanted.names.iter().map(|n| Ok(&catalog.clip(n)?.item)).collect::<anyhow::Result<_>>()?
        }
        (false, false) if wanted.names.is_empty() => vec![&catalog.model(catalog.default_model())?.item],
        (false, false) => wanted.names.iter().map(|n| model(catalog, n)).collect::<anyhow::Result<_>>()?,
    };
    let mut missing = Vec::new();
    for item in &items {
        match store.fetch(item, |source| announce(item, source, store)) {
            Ok(fetched) => {
                match &fetched.from {
                    Some(origin) => say(format_args!("{}: from {origin}, verified", item.name)),
                    None => say(format_args!("{}: already here, verified", item.name)),
                }
                writeln!(out, "{}", fetched.path.display())?;
            }
            Err(error) => {
                say(format_args!("{error}"));
                missing.push(item.name.as_str());
            }
        }
    }
    if !missing.is_empty() {
        bail!("{} of {} could not be had: {}", missing.len(), items.len(), missing.join(", "));
    }
    Ok(())
}

/// A model by name; where a clip has that name, the error says how clips are fetched.
fn model<'a>(catalog: &'a Catalog, name: &str) -> anyhow::Result<&'a Item> {
    let found = catalog.model(name).map(|model| &model.item);
    match catalog.clip(name) {
        Ok(_) => {
            found.with_context(|| format!("{name} is a clip: `firewarden models pull --footage {name}`"))
        }
        Err(_) => Ok(found?),
    }
}

/// Says what may take a while, before it does. A mirror is at hand.
fn announce(item: &Item, source: &Source, store: &Store) {
    let (origin, size) = (store.origin(source), megabytes(source.bytes));
    match source.place {
        Place::BuiltIn(_) | Place::Mirror(_) => {}
        Place::Url(_) => {
            say(format_args!("{}: fetching {size} from {origin} (seconds to a minute)", item.name))
        }
        Place::Debian { .. } => {
            say(format_args!("{}: downloading {origin} (about 100 MB, up to some minutes)", item.name));
        }
    }
}

fn verify(catalog: &Catalog, store: &Store, out: &mut dyn Write) -> anyhow::Result<()> {
    let models = catalog.models().iter().map(AsRef::<Item>::as_ref);
    let (mut here, mut wrong) = (0, Vec::new());
    for item in models.chain(catalog.footage().iter().map(AsRef::as_ref)) {
        let path = store.path(item);
        match store.check(item).with_context(|| item.name.clone())? {
            Presence::Absent => continue,
            Presence::Verified { sha256 } => writeln!(out, "ok     {sha256}  {}", path.display())?,
            Presence::Wrong { found } => {
                writeln!(out, "WRONG  {found}  {}", path.display())?;
                let mut listed: Vec<&str> =
                    item.sources.iter().map(|source| source.sha256.as_str()).collect();
                listed.dedup();
                say(format_args!("{}: expected {}", item.name, listed.join(" or ")));
                wrong.push(item.name.as_str());
            }
        }
        here += 1;
    }
    if here == 0 {
        say(format_args!("nothing to verify in {}; `firewarden models pull` fetches", store.cache.display()));
    }
    if !wrong.is_empty() {
        bail!(
            "not what the catalogue lists: {}; `firewarden models pull` fetches them anew",
            wrong.join(", ")
        );
    }
    Ok(())
}

fn megabytes(bytes: u64) -> String {
    format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// An empty store whose mirror has the right size of nothing: every file in it is another than the one listed.
    fn store() -> (tempfile::TempDir, Store) {
        let root = tempfile::tempdir().unwrap();
        let mirror = root.path().join("mirror");
        fs::create_dir_all(mirror.join("models")).unwrap();
        fs::write(mirror.join("models/yolox_nano_416.onnx"), "no model").unwrap();
        let store = Store { cache: root.path().join("cache"), mirror: Some(mirror) };
        (root, store)
    }

    fn wanted(names: &[&str], footage: bool) -> PullArgs {
        PullArgs { names: names.iter().map(|&name| name.to_owned()).collect(), all: false, footage }
    }

    #[test]
    fn the_table_and_the_json_name_every_entry() {
        let (_root, store) = store();
        let catalog = Catalog::load().unwrap();
        let (mut table, mut json) = (Vec::new(), Vec::new());
        list(&catalog, &store, false, &mut table).unwrap();
        list(&catalog, &store, true, &mut json).unwrap();
        let table = String::from_utf8(table).unwrap();
        let rows: Vec<serde_json::Value> = serde_json::from_slice(&json).unwrap();
        assert_eq!(rows.len(), catalog.models().len() + catalog.footage().len());
        assert_eq!(table.lines().count(), rows.len() + 1);
        for (row, line) in rows.iter().zip(table.lines().skip(1)) {
            assert!(line.starts_with(row["name"].as_str().unwrap()) && line.ends_with("  no"), "{line}");
            assert_eq!(row["present"], "no");
        }
        assert_eq!(rows[0]["head"], "nanodet-plus");
        assert_eq!(rows[0]["default"], true);
    }

    #[test]
    fn verify_fails_where_one_file_is_wrong_and_names_it() {
        let (_root, store) = store();
        let catalog = Catalog::load().unwrap();
        verify(&catalog, &store, &mut Vec::new()).unwrap();

        let path = store.path(catalog.clip("vtest").unwrap());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "no clip").unwrap();
        let mut out = Vec::new();
        let message = verify(&catalog, &store, &mut out).unwrap_err().to_string();
        assert!(message.contains("vtest"), "{message}");
        assert!(String::from_utf8(out).unwrap().starts_with("WRONG  "));
    }

    #[test]
    fn pull_prints_paths_only_of_what_was_had() {
        let (_root, store) = store();
        let catalog = Catalog::load().unwrap();
        let mut out = Vec::new();
        // The mirror has another file under its name.
        let message =
            pull(&catalog, &store, &wanted(&["yolox-nano"], false), &mut out).unwrap_err().to_string();
        assert_eq!(message, "1 of 1 could not be had: yolox-nano");
        let message =
            pull(&catalog, &store, &wanted(&["road-moving-cars"], true), &mut out).unwrap_err().to_string();
        assert_eq!(message, "1 of 1 could not be had: road-moving-cars");
        assert!(out.is_empty());
        // Without a name the default model, which is part of the program.
        pull(&catalog, &store, &wanted(&[], false), &mut out).unwrap();
        assert!(String::from_utf8(out).unwrap().ends_with("firewarden-nano.onnx\n"));
    }

    #[test]
    fn pull_refuses_names_of_the_other_list_and_no_names_of_clips() {
        let (_root, store) = store();
        let catalog = Catalog::load().unwrap();
        let message = |args| pull(&catalog, &store, &args, &mut Vec::new()).unwrap_err().to_string();
        assert!(message(wanted(&["vtest"], false)).contains("--footage"));
        assert!(message(wanted(&["yolox-nano"], true)).contains("no footage is called"));
        assert!(message(wanted(&[], true)).contains("--all"));
    }
}
