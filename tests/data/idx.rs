use std::fs;
use std::path::Path;

use axonal::Error;
use axonal::data::{idx, mnist};
use proptest::prelude::*;

use crate::{examples, file, gzip, message};

/// An IDX file with these dimensions and bytes.
fn idx_file(dimensions: &[u32], values: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, dimensions.len() as u8];
    bytes.extend(dimensions.iter().flat_map(|dimension| dimension.to_be_bytes()));
    bytes.extend(values);
    bytes
}

fn images_error(content: impl AsRef<[u8]>) -> String {
    let (_directory, path) = file("images", content);
    message(&idx::images::<4>(&path).unwrap_err(), &path)
}

fn labels_error(content: impl AsRef<[u8]>) -> String {
    let (_directory, path) = file("labels", content);
    message(&idx::labels::<3>(&path).unwrap_err(), &path)
}

/// A small MNIST: one training image, one test image.
fn small_mnist(directory: &Path) {
    let images = idx_file(&[1, 28, 28], &[255; 784]);
    let labels = idx_file(&[1], &[7]);
    fs::write(directory.join("train-images-idx3-ubyte"), &images).unwrap();
    fs::write(directory.join("train-labels-idx1-ubyte.gz"), gzip(&labels)).unwrap();
    fs::write(directory.join("t10k-images.idx3-ubyte"), &images).unwrap();
    fs::write(directory.join("t10k-labels.idx1-ubyte.gz"), gzip(&labels)).unwrap();
}

#[test]
fn the_original_mnist() {
    let mnist = mnist(examples().join("mnist")).unwrap();
    assert_eq!(
        mnist.train.class_counts(),
        [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    );
    assert_eq!(mnist.test.class_counts(), [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);

    // The mean and the standard deviation that every MNIST tutorial gives.
    let (mut sum, mut squares) = (0.0, 0.0);
    for image in mnist.train.inputs() {
        for &pixel in image.as_slice() {
            sum += f64::from(pixel);
            squares += f64::from(pixel * pixel);
        }
    }
    let count = 60_000.0 * 784.0;
    let mean = sum / count;
    assert!((mean - 0.13066).abs() < 1e-5);
    assert!(((squares / count - mean * mean).sqrt() - 0.30811).abs() < 1e-5);

    // The first image, a 5, begins in row 5 with these pixels.
    let row: Vec<f32> = [3, 18, 18, 18, 126].map(|byte: u8| f32::from(byte) / 255.0).into();
    assert_eq!(mnist.train.inputs()[0].as_slice()[5 * 28 + 12..][..5], row);
    assert_eq!(mnist.train.targets()[0].index(), 5);
}

#[test]
fn each_spelling_is_found() {
    let directory = tempfile::tempdir().unwrap();
    small_mnist(directory.path());
    let data = mnist(directory.path()).unwrap();
    assert_eq!((data.train.len(), data.test.len()), (1, 1));
    assert_eq!(data.train.inputs()[0][783], 1.0);

    // Of two files the uncompressed one is read.
    fs::write(directory.path().join("train-labels-idx1-ubyte"), idx_file(&[1], &[3])).unwrap();
    assert_eq!(mnist(directory.path()).unwrap().train.targets()[0].index(), 3);
}

#[test]
fn a_missing_file_is_named() {
    let directory = tempfile::tempdir().unwrap();
    small_mnist(directory.path());
    fs::remove_file(directory.path().join("t10k-images.idx3-ubyte")).unwrap();
    let error = mnist(directory.path()).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "`{}` has no file with the MNIST test images: expected `t10k-images-idx3-ubyte`, \
             `t10k-images.idx3-ubyte`, `t10k-images-idx3-ubyte.gz` or `t10k-images.idx3-ubyte.gz`",
            directory.path().display()
        )
    );

    let nowhere = directory.path().join("nowhere");
    let error = mnist(&nowhere).unwrap_err();
    assert!(error.to_string().starts_with("cannot read `"), "{error}");
    assert!(matches!(error, Error::Io { path, .. } if path == nowhere));
    assert!(matches!(idx::images::<4>(&nowhere), Err(Error::Io { .. })));
    assert!(matches!(idx::images::<4>(directory.path()), Err(Error::Io { .. })));
}

#[test]
fn a_label_is_needed_for_each_image() {
    let directory = tempfile::tempdir().unwrap();
    small_mnist(directory.path());
    let labels = directory.path().join("train-labels-idx1-ubyte.gz");
    fs::write(&labels, gzip(idx_file(&[2], &[1, 2]))).unwrap();
    assert_eq!(
        message(&mnist(directory.path()).unwrap_err(), &labels),
        "`train-labels-idx1-ubyte.gz`, number of labels: \
         expected 1, one for each image of `train-images-idx3-ubyte`, found 2"
    );
}

#[test]
fn wrong_magic_numbers() {
    assert_eq!(
        images_error(idx_file(&[4], &[0, 1, 2, 0])),
        "`images`, magic number: expected 0x00000803 (images), found 0x00000801 (labels)"
    );
    assert_eq!(
        labels_error(idx_file(&[1, 2, 2], &[0; 4])),
        "`labels`, magic number: expected 0x00000801 (labels), found 0x00000803 (images)"
    );
    assert_eq!(
        images_error("<!DOCTYPE html>"),
        "`images`, magic number: expected 0x00000803 (images), found 0x3c21444f (text such as HTML)"
    );
    assert_eq!(
        images_error([0, 0, 8]),
        "`images`, magic number: expected 0x00000803 (images), found the end of the file"
    );
    assert_eq!(
        images_error([]),
        "`images`, magic number: expected 0x00000803 (images), found the end of the file"
    );
}

#[test]
fn wrong_sizes() {
    assert_eq!(
        images_error(idx_file(&[1, 2, 3], &[0; 6])),
        "`images`, image size: expected 4 pixels, found 2x3 = 6 pixels"
    );
    assert_eq!(
        images_error([0, 0, 8, 3, 0, 0, 0, 1, 0]),
        "`images`, dimensions: expected 3 of 4 bytes each, found the end of the file"
    );
    assert_eq!(
        images_error(idx_file(&[3, 2, 2], &[0; 11])),
        "`images`, data: expected 12 bytes (3 images of 2x2), found 11 bytes"
    );
    assert_eq!(
        images_error(idx_file(&[3, 2, 2], &[0; 13])),
        "`images`, data: expected 12 bytes (3 images of 2x2), found more bytes after them"
    );
    assert_eq!(
        labels_error(idx_file(&[5], &[0; 3])),
        "`labels`, data: expected 5 bytes (5 labels), found 3 bytes"
    );
}

#[test]
fn a_header_cannot_make_it_allocate() {
    assert_eq!(
        images_error(idx_file(&[u32::MAX, 2, 2], &[0; 4])),
        "`images`, data: expected 17179869180 bytes (4294967295 images of 2x2), found 4 bytes"
    );
    assert_eq!(
        images_error(idx_file(&[u32::MAX; 3], &[0; 4])),
        "`images`, image size: expected 4 pixels, \
         found 4294967295x4294967295 = 18446744065119617025 pixels"
    );
}

#[test]
fn a_label_out_of_range_is_named() {
    assert_eq!(
        labels_error(idx_file(&[4], &[0, 1, 3, 9])),
        "`labels`, label at index 2: expected a class below 3, found 3"
    );
}

#[test]
fn damaged_gzip() {
    let mut whole = gzip(idx_file(&[4], &[0, 1, 2, 0]));
    let truncated = labels_error(&whole[..whole.len() - 5]);
    assert_eq!(truncated, "`labels`, gzip stream: expected an intact one, found a truncated one");
    let checksum = whole.len() - 8;
    whole[checksum] ^= 1;
    let corrupt = labels_error(&whole);
    assert!(
        corrupt.starts_with("`labels`, gzip stream: expected an intact one, found a corrupt one ("),
        "{corrupt}"
    );
}

#[test]
fn images_larger_than_the_stack() {
    const PIXELS: usize = 2048 * 2048;
    let (_directory, path) = file("images", idx_file(&[2, 2048, 2048], &vec![51; 2 * PIXELS]));
    let images = idx::images::<PIXELS>(&path).unwrap();
    assert_eq!((images.len(), images[1][PIXELS - 1]), (2, 0.2));
}

proptest! {
    #[test]
    fn no_file_makes_it_panic(
        magic in 0u8..5,
        content in prop::collection::vec(prop_oneof![0u8..3, any::<u8>()], 0..40),
        compressed: bool,
    ) {
        let content = [&[0, 0, 8, magic][..], &content].concat();
        let (_directory, path) = file("x", if compressed { gzip(content) } else { content });
        let _ = idx::images::<0>(&path);
        let _ = idx::images::<2>(&path);
        let _ = idx::labels::<2>(&path);
    }
}
