use std::{
    collections::VecDeque,
    ffi::OsString,
    fs::{self, Metadata},
    io,
    os::unix::fs::MetadataExt,
    path::{Component, Path, PathBuf},
};

use rustix::fs::Access;
use thiserror::Error;

use crate::files::{self, shown};

/// So many links may lead to a program, as in Linux itself.
const MOST_LINKS: u32 = 40;
/// The bits of a mode by which group and others may write.
const WRITABLE: u32 = 0o022;

/// Why a program is not run: somebody else than root could put another in its place.
#[derive(Debug, Error)]
pub(super) enum Untrusted {
    #[error("{path} cannot be looked at: {why}")]
    Unseen { path: String, why: String },
    #[error("{0} is not a file")]
    NoFile(String),
    #[error("this user may not execute {0}: `chmod a+x {0}`")]
    NotExecutable(String),
    #[error("{path} is not root's but of user {uid}, who could change what is run: {way}")]
    Owner { path: String, uid: u32, way: String },
    #[error("others than root may write {path} (mode {mode:04o}), and could change what is run: {way}")]
    Writable { path: String, mode: u32, way: String },
}

/// What a part of a path is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Folder,
    Link,
    File,
}

/// Where a program really lies. It, each folder above it and each link on the way are root's, and nobody else may write them.
///
/// Each is looked at after the one that it lies in: nobody but root can put another in its place afterwards.
///
/// # Errors
/// [`Untrusted`] where that is not so.
pub(super) fn resolved(program: &Path) -> Result<PathBuf, Untrusted> {
    let root = PathBuf::from("/");
    check(&root, &look(&root)?, Part::Folder)?;
    walk(root, program)
}

/// The same of a program that this user may execute, too. Before it is run that is not asked: the system then says so itself.
pub(super) fn runnable(program: &Path) -> Result<PathBuf, Untrusted> {
    let program = resolved(program)?;
    match rustix::fs::access(&program, Access::EXEC_OK) {
        Ok(()) => Ok(program),
        Err(_) => Err(Untrusted::NotExecutable(shown(program.as_os_str()))),
    }
}

/// The same from a folder on that is not looked at.
fn walk(from: PathBuf, program: &Path) -> Result<PathBuf, Untrusted> {
    let mut at = from;
    let mut rest: VecDeque<OsString> = names(program.strip_prefix(&at).unwrap_or(program)).collect();
    let mut links = 0;
    while let Some(name) = rest.pop_front() {
        if name == ".." {
            at.pop();
            continue;
        }
        let next = at.join(&name);
        let about = look(&next)?;
        if about.is_symlink() {
            check(&next, &about, Part::Link)?;
            links += 1;
            let to = fs::read_link(&next).map_err(|error| unseen(&next, &error))?;
            if links > MOST_LINKS {
                return Err(unseen(&next, &io::Error::other("too many links lead to it")));
            }
            if to.is_absolute() {
                at = PathBuf::from("/");
            }
            names(&to).rev().for_each(|name| rest.push_front(name));
            continue;
        }
        let part = if about.is_dir() { Part::Folder } else { Part::File };
        check(&next, &about, part)?;
        at = next;
    }
    if look(&at)?.is_file() { Ok(at) } else { Err(Untrusted::NoFile(shown(at.as_os_str()))) }
}

fn names(path: &Path) -> impl DoubleEndedIterator<Item = OsString> {
    let name = |part: Component<'_>| match part {
        Component::Normal(_) | Component::ParentDir => Some(part.as_os_str().to_owned()),
        Component::Prefix(_) | Component::RootDir | Component::CurDir => None,
    };
    path.components().filter_map(name)
}

fn look(path: &Path) -> Result<Metadata, Untrusted> {
    fs::symlink_metadata(path).map_err(|error| unseen(path, &error))
}

fn unseen(path: &Path, error: &io::Error) -> Untrusted {
    let why = match error.kind() {
        io::ErrorKind::NotFound => "it is not there".to_owned(),
        io::ErrorKind::PermissionDenied => error.to_string(),
        _ => files::reason(error),
    };
    Untrusted::Unseen { path: shown(path.as_os_str()), why }
}

fn check(path: &Path, about: &Metadata, part: Part) -> Result<(), Untrusted> {
    judge(path, about.uid(), about.mode() & 0o7777, part)
}

fn judge(path: &Path, uid: u32, mode: u32, part: Part) -> Result<(), Untrusted> {
    let path = shown(path.as_os_str());
    let way = |command: &str| match part {
        Part::File => format!("`{command} {path}`"),
        Part::Link => "name the program itself in `command`".to_owned(),
        Part::Folder => {
            "lay the program into a folder that only root may write, such as /etc/firewarden/reactions"
                .to_owned()
        }
    };
    if uid != 0 {
        let way = way("chown root:root");
        return Err(Untrusted::Owner { path, uid, way });
    }
    // A link has no rights of its own.
    if part != Part::Link && mode & WRITABLE != 0 {
        let way = way("chmod go-w");
        return Err(Untrusted::Writable { path, mode, way });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::{
        fs::Permissions,
        os::unix::fs::{PermissionsExt, chown, symlink},
    };

    use super::*;

    #[test]
    fn root_alone_may_own_and_write() {
        let judged = |uid, mode, part| {
            judge(Path::new("/x/siren"), uid, mode, part).map_err(|error| error.to_string())
        };
        for (mode, part) in
            [(0o755, Part::File), (0o500, Part::File), (0o755, Part::Folder), (0o777, Part::Link)]
        {
            assert_eq!(judged(0, mode, part), Ok(()), "{mode:o} {part:?}");
            assert!(judged(1000, mode, part).expect_err("not root's").contains("user 1000"));
        }
        for mode in [0o775, 0o757, 0o722, 0o4777] {
            let why = judged(0, mode, Part::File).expect_err("writable");
            assert!(why.contains("`chmod go-w /x/siren`") && why.contains(&format!("{mode:04o}")), "{why}");
            let why = judged(0, mode, Part::Folder).expect_err("writable");
            assert!(why.contains("/etc/firewarden/reactions") && !why.contains("chmod"), "{why}");
        }
        // A folder for everybody, such as /tmp: there others may not remove it, but they may make another in its place first.
        assert!(judged(0, 0o1777, Part::Folder).is_err());
    }

    #[test]
    fn what_the_system_comes_with_is_root_s() {
        let shell = resolved(Path::new("/bin/sh")).expect("trusted");
        assert!(shell.is_absolute() && !shell.is_symlink(), "{shell:?}");
        assert_eq!(shell, fs::canonicalize("/bin/sh").expect("there"));
        assert_eq!(resolved(Path::new("/bin/../bin/./sh")).expect("trusted"), shell);
    }

    #[test]
    fn one_that_nobody_may_execute_is_told() {
        assert!(runnable(Path::new("/bin/sh")).is_ok());
        let why = runnable(Path::new("/etc/passwd")).expect_err("no program").to_string();
        assert!(why.contains("`chmod a+x /etc/passwd`"), "{why}");
    }

    #[test]
    fn what_is_no_program_is_told() {
        let why = |path: &str| resolved(Path::new(path)).expect_err("none").to_string();
        assert!(why("/etc/firewarden-no-such/siren").contains("not there"));
        assert!(why("/usr/bin").contains("not a file"));
        assert!(why("/dev/null").contains("may write") || why("/dev/null").contains("not a file"));
        assert!(why("/etc/passwd/siren").contains("/etc/passwd"));
    }

    /// In a temporary folder, from it on. Only root can make what is root's.
    #[test]
    fn every_part_of_the_way_counts() {
        let folder = tempfile::tempdir().expect("a folder");
        let (inner, program) = (folder.path().join("inner"), folder.path().join("inner/siren"));
        fs::create_dir(&inner).expect("made");
        fs::write(&program, "#!/bin/sh\n").expect("written");
        let mode = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).expect("set");
        let found = |path: &Path| walk(folder.path().to_owned(), path).map_err(|error| error.to_string());
        mode(&inner, 0o755);
        mode(&program, 0o755);
        if !rustix::process::geteuid().is_root() {
            assert!(found(&program).expect_err("not root's").contains("not root's"));
            return;
        }
        assert_eq!(found(&program), Ok(program.clone()));

        mode(&program, 0o775);
        assert!(found(&program).expect_err("writable").contains("`chmod go-w"));
        mode(&program, 0o755);
        mode(&inner, 0o777);
        assert!(found(&program).expect_err("writable").contains("inner (mode 0777)"));
        mode(&inner, 0o755);
        chown(&program, Some(65_534), None).expect("given away");
        assert!(found(&program).expect_err("somebody else's").contains("`chown root:root"));
        chown(&program, Some(0), None).expect("taken back");
        chown(&inner, Some(65_534), None).expect("given away");
        assert!(found(&program).expect_err("somebody else's").contains("inner is not root's"));
        chown(&inner, Some(0), None).expect("taken back");

        let link = folder.path().join("link");
        symlink("inner/../inner/siren", &link).expect("made");
        assert_eq!(found(&link), Ok(program.clone()));
        mode(&inner, 0o777);
        assert!(found(&link).expect_err("writable").contains("inner (mode 0777)"));
        mode(&inner, 0o755);
        std::os::unix::fs::lchown(&link, Some(65_534), None).expect("given away");
        assert!(found(&link).expect_err("somebody else's").contains("link is not root's"));
        symlink("round", folder.path().join("round")).expect("made");
        assert!(found(&folder.path().join("round")).expect_err("no end").contains("too many links"));
        // A link with an absolute path is followed from the top, where the temporary folder is everybody's.
        symlink(&program, folder.path().join("far")).expect("made");
        assert_eq!(found(&folder.path().join("far")).is_ok(), resolved(&program).is_ok());
    }
}
