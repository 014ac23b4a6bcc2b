//! Files are written aside and renamed: whoever reads one sees it whole, or the one before it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::Error;

/// Writes a file whole or not at all.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let aside = aside(path);
    let written = File::create(&aside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    let renamed = written.and_then(|()| fs::rename(&aside, path));
    renamed.map_err(|source| {
        // It may not even have been made; the first error is the one to report.
        let _ = fs::remove_file(&aside);
        io_error(path, source)
    })
}

/// A name beside the file that no other process and no other thread uses.
fn aside(path: &Path) -> PathBuf {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}-{count}.partial", std::process::id()));
    path.with_file_name(name)
}

fn io_error(path: &Path, source: io::Error) -> Error {
    Error::Io { action: "write", path: path.to_path_buf(), source }
}
