//! Files are written aside and renamed: whoever reads one sees it whole, or the one before it.
//!
//! If a process is killed before it renames, its partial file stays. The next write of the same file removes it. A process holds a lock on the partial file
//! while it lives: so no other one, not even in another container, removes a file that is still being written.

use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::core::Error;

/// Writes a file whole or not at all.
///
/// Through a symbolic link, its target is written. A file that is there keeps its permissions, and its owner and group where the system lets us;
/// other names of it (hard links) keep what it was. A device or a pipe is written to as it is.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let written = follow(path).and_then(|target| replace(&target, bytes));
    written.map_err(|source| Error::Io { action: "write", path: path.to_path_buf(), source })
}

/// The error with which [`write`] would end, for a file that is written later. A partial file is made and removed.
#[cfg(feature = "train")]
pub(crate) fn check(path: &Path) -> Result<(), Error> {
    let checked = follow(path).and_then(|target| match Replacing::begin(&target)? {
        Replacing::Device(_) => Ok(()),
        Replacing::File { at, .. } => fs::remove_file(at),
    });
    checked.map_err(|source| Error::Io { action: "write", path: path.to_path_buf(), source })
}

/// What a path leads to through symbolic links, which need not be there.
fn follow(path: &Path) -> io::Result<PathBuf> {
    /// As many as Linux follows.
    const MOST: usize = 40;
    let mut path = path.to_path_buf();
    for _ in 0..MOST {
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_symlink() => {
                let target = fs::read_link(&path)?;
                path = path.parent().unwrap_or(Path::new("")).join(target);
            }
            // What is wrong with it is said when it is written.
            _ => return Ok(path),
        }
    }
    Err(io::Error::other("too many symbolic links, or one that leads to itself"))
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let (file, at, before) = match Replacing::begin(path)? {
        Replacing::Device(mut device) => return device.write_all(bytes),
        Replacing::File { file, at, before } => (file, at, before),
    };
    let written = fill(file, bytes, before.as_ref()).and_then(|file| {
        // There, nobody could read a file that is locked.
        if cfg!(windows) {
            file.unlock()?;
        }
        fs::rename(&at, path)
    });
    if written.is_err() {
        // The first error is the one to report.
        let _ = fs::remove_file(&at);
    }
    written
}

/// What bytes go to.
enum Replacing {
    Device(File),
    /// A partial file, where it is, and what is known of the file that it will replace.
    File {
        file: File,
        at: PathBuf,
        before: Option<Metadata>,
    },
}

impl Replacing {
    fn begin(path: &Path) -> io::Result<Self> {
        let before = match fs::metadata(path) {
            Ok(found) if found.is_dir() => {
                let why = "it is a directory: give the name of a file in it";
                return Err(io::Error::new(ErrorKind::IsADirectory, why));
            }
            Ok(found) if !found.is_file() => {
                return Ok(Self::Device(OpenOptions::new().write(true).open(path)?));
            }
            Ok(found) if found.permissions().readonly() => {
                let why = "it is read-only: make it writable, or give another name";
                return Err(io::Error::new(ErrorKind::PermissionDenied, why));
            }
            Ok(found) => {
                // Renaming does not ask whether the file that is replaced may be written; this does.
                OpenOptions::new().write(true).open(path)?;
                Some(found)
            }
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let Some(name) = path.file_name().filter(|_| !ends_in_separator(path)) else {
            let why = "it is no name of a file";
            return Err(io::Error::new(ErrorKind::InvalidInput, why));
        };
        let directory = directory_of(path)?;
        let aside = Aside::new(directory, &name.to_string_lossy());
        aside.remove_left_behind();
        let (file, at) = aside.create(before.as_ref())?;
        Ok(Self::File { file, at, before })
    }
}

/// The directory that a file is to be in, which has to be there.
pub(crate) fn directory_of(path: &Path) -> io::Result<&Path> {
    let directory = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    if directory.is_dir() {
        return Ok(directory);
    }
    let why = format!("there is no directory `{}`", directory.display());
    Err(io::Error::new(ErrorKind::NotFound, why))
}

/// `Path` does not tell `name/` from `name`.
fn ends_in_separator(path: &Path) -> bool {
    path.as_os_str()
        .as_encoded_bytes()
        .last()
        .is_some_and(|&last| std::path::is_separator(char::from(last)))
}

fn fill(mut file: File, bytes: &[u8], before: Option<&Metadata>) -> io::Result<File> {
    file.write_all(bytes)?;
    if let Some(before) = before {
        // The owner first: a change of it takes some permissions away.
        keep_owner(&file, before);
        file.set_permissions(before.permissions())?;
    }
    file.sync_all()?;
    Ok(file)
}

/// Gives the file the owner and group that it had, as far as the system lets us: to replace someone else's file is no error.
#[cfg(unix)]
fn keep_owner(file: &File, before: &Metadata) {
    use std::os::unix::fs::{MetadataExt, fchown};
    if let Ok(now) = file.metadata()
        && (now.uid(), now.gid()) != (before.uid(), before.gid())
        && fchown(file, Some(before.uid()), Some(before.gid())).is_err()
    {
        let _ = fchown(file, None, Some(before.gid()));
    }
}

#[cfg(not(unix))]
fn keep_owner(_: &File, _: &Metadata) {}

/// Names beside a file: `.net.safetensors.0123456789abcdef.partial`.
struct Aside<'a> {
    directory: &'a Path,
    /// `.net.safetensors.`: as much of the name as leaves room for the rest in any file system. Two long names may share it: then a write of one also
    /// removes the partial files that the other left, which nobody needs.
    begin: String,
}

const END: &str = ".partial";

impl<'a> Aside<'a> {
    fn new(directory: &'a Path, name: &str) -> Self {
        /// File systems have names of 255 bytes, encrypting ones of 143.
        const MOST: usize = 100;
        let mut end = name.len().min(MOST);
        while !name.is_char_boundary(end) {
            end -= 1;
        }
        let name = &name[..end];
        Self { directory, begin: format!(".{name}.") }
    }

    /// A new file, locked, that nobody else may read if it is to replace one.
    fn create(&self, before: Option<&Metadata>) -> io::Result<(File, PathBuf)> {
        const TRIES: usize = 100;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        if before.is_some() {
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        }
        #[cfg(not(unix))]
        let _ = before;
        for _ in 0..TRIES {
            // The standard library's own random numbers, others for each state: a process number would be that of a process in another container.
            let number = RandomState::new().hash_one(std::process::id());
            let at = self.directory.join(format!("{}{number:016x}{END}", self.begin));
            let file = match options.open(&at) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
                Err(error) => {
                    let why = format!("no file can be made beside it: {error}");
                    return Err(io::Error::new(error.kind(), why));
                }
                Ok(file) => file,
            };
            match file.try_lock() {
                // Between the two, another write may have taken it for one that was left behind: then it removes it, or has.
                Err(TryLockError::WouldBlock) => continue,
                Ok(()) if !at.exists() => continue,
                // A file system without locks: nothing is removed there.
                Ok(()) | Err(TryLockError::Error(_)) => return Ok((file, at)),
            }
        }
        Err(io::Error::new(ErrorKind::AlreadyExists, "no name is free beside it"))
    }

    /// Removes what nobody is writing any more. Where that cannot be found out, it stays.
    fn remove_left_behind(&self) {
        let Ok(entries) = fs::read_dir(self.directory) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let number = name
                .to_str()
                .and_then(|name| name.strip_prefix(self.begin.as_str())?.strip_suffix(END));
            let is_ours = number.is_some_and(|number| {
                number.len() == 16 && number.bytes().all(|byte| byte.is_ascii_hexdigit())
            }) && entry.file_type().is_ok_and(|kind| kind.is_file());
            if is_ours
                && let Ok(file) = OpenOptions::new().write(true).open(entry.path())
                && file.try_lock().is_ok()
            {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}
