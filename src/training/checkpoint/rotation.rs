//! Checkpoints that are kept beside the last one.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// `run.ckpt` becomes `run.epoch-3.ckpt`.
pub(super) fn of_epoch(path: &Path, epoch: usize) -> PathBuf {
    with(path, &format!("epoch-{epoch}"))
}

/// `run.ckpt` becomes `run.best.ckpt`.
pub(super) fn of_best(path: &Path) -> PathBuf {
    with(path, "best")
}

fn with(path: &Path, word: &str) -> PathBuf {
    let mut name: OsString = path.file_stem().unwrap_or_default().to_owned();
    name.push(".");
    name.push(word);
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

/// Removes those of epochs up to this one, but for the last `keep`. Later ones are another training's.
pub(super) fn remove_old(path: &Path, epoch: usize, keep: usize) {
    let directory = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let Ok(entries) = fs::read_dir(directory) else { return };
    let number = |name: &OsString| {
        let name = name.to_str()?;
        let (begin, end) = name.split_once(".epoch-")?;
        let digits: String = end.chars().take_while(char::is_ascii_digit).collect();
        let epoch = digits.parse().ok()?;
        let expected = of_epoch(path, epoch);
        (!begin.is_empty() && expected.file_name()? == name).then_some(epoch)
    };
    let mut epochs: Vec<usize> = entries
        .flatten()
        .filter_map(|entry| number(&entry.file_name()))
        .filter(|n| *n <= epoch)
        .collect();
    epochs.sort_unstable();
    let old = epochs.len().saturating_sub(keep);
    for epoch in &epochs[..old] {
        // One that cannot be removed is no reason to end a training.
        let _ = fs::remove_file(of_epoch(path, *epoch));
    }
}
