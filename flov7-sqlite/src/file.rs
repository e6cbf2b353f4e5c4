//! Which file a path means.
//!
//! SQLite's log and our lock go by the file's name, so one file must have one name. A symbolic link is only another way
//! to it and is followed, also where nothing is at its end yet. A hard link is a second name: its log would be another
//! one, and what was committed under the first name would be missing under the second. Such a file is refused.

use std::path::{Path, PathBuf};

use flov7::error::{Error, ErrorKind};

use crate::lock::{self, Owner};

/// How many links in a row are followed: as many as Linux follows.
const LINKS: u32 = 40;

/// The one name of a store: absolute, and through no symbolic link.
///
/// # Errors
/// `NotFound` where its directory is not there; `Invalid` where the path is a directory, names no file or leads from
/// link to link without an end.
pub(crate) fn canonical(path: &Path) -> Result<PathBuf, Error> {
    let mut path = path.to_path_buf();
    for _ in 0..=LINKS {
        if path.is_dir() {
            return Err(invalid(&path, "a store is a file, and this is a directory"));
        }
        if let Ok(known) = path.canonicalize() {
            return Ok(known);
        }
        let Some(name) = path.file_name() else {
            return Err(invalid(&path, "a store needs a file name"));
        };
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let parent = parent
            .canonicalize()
            .map_err(|error| crate::error::io(parent, "the store's directory cannot be opened", error))?;
        let named = parent.join(name);
        // SQLite would make the file where the link leads, and its log beside that.
        match named.read_link() {
            Ok(target) => path = parent.join(target),
            Err(_) => return Ok(named),
        }
    }
    Err(invalid(&path, "the store's path leads from link to link without an end"))
}

fn invalid(path: &Path, message: &str) -> Error {
    Error::new(ErrorKind::Invalid, message).with("file", path.display())
}

/// Refuses a file with several names, unless an executor works under this one: then this is the name that its log has.
///
/// # Errors
/// `Unsupported`; what [`lock::owner`] says where there are several names.
pub(crate) fn one_name(path: &Path) -> Result<(), Error> {
    let names = names(path);
    if names < 2 || lock::owner(path)? != Owner::Nobody {
        return Ok(());
    }
    let message = format!(
        "the store's file has {names} names (hard links), and its log goes by name: what is committed under one is \
         missing under the other; keep one name, or copy the file"
    );
    Err(Error::new(ErrorKind::Unsupported, message).with("file", path.display()))
}

/// How many names the file at `path` has, as far as the system tells; 1 where there is none.
#[cfg(unix)]
fn names(path: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).map_or(1, |file| file.nlink())
}

#[cfg(not(unix))]
fn names(_: &Path) -> u64 {
    // What Windows tells is not in the stable standard library.
    1
}
