//! Data sets, their files, their scaling, and the evaluation of predictions, through the public API.
#![cfg(feature = "std")]

/// nalgebra's `vector!`, which is behind a feature that the crate does not need.
macro_rules! vector {
    ($($value:expr),* $(,)?) => { nalgebra::SVector::from([$($value),*]) };
}

mod augment;
mod csv;
mod csv_as_it_is;
mod dataset;
mod evaluation;
mod idx;
mod scaling;

use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

/// The data sets that the examples read.
fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/data")
}

/// A directory with one file.
fn file(name: &str, content: impl AsRef<[u8]>) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(name);
    fs::write(&path, content).unwrap();
    (directory, path)
}

fn gzip(content: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content.as_ref()).unwrap();
    encoder.finish().unwrap()
}

/// The message without the directory, which is another one in every run.
fn message(error: &axonal::Error, path: &Path) -> String {
    let directory = format!("{}/", path.parent().unwrap().display());
    error.to_string().replace(&directory, "")
}

/// scikit-learn's values, made by tests/fixtures/evaluation.py.
fn reference() -> HashMap<&'static str, Vec<f64>> {
    let line = |line: &'static str| {
        let mut words = line.split(' ');
        (words.next().unwrap(), words.map(|word| word.parse().unwrap()).collect())
    };
    include_str!("../../fixtures/evaluation.txt").lines().map(line).collect()
}
