use std::fs;
use std::path::Path;

use axonal::Error;
use axonal::data::{emnist, idx, mnist};
use proptest::prelude::*;

use super::{examples, file, gzip, message};

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
        images_error([0, 0, 8]),
        "`images`, magic number: expected 0x00000803 (images), found the end of the file"
    );
    assert_eq!(
        images_error([]),
        "`images`, magic number: expected 0x00000803 (images), found the end of the file"
    );
    // Labels that are no whole numbers, and more dimensions than a label has.
    assert_eq!(
        labels_error([0, 0, 0x0d, 1, 0, 0, 0, 0]),
        "`labels`, magic number: expected 0x00000801 (labels), \
         found 0x00000d01 (1-dimensional numbers)"
    );
    assert_eq!(
        labels_error([0, 0, 0x0c, 2, 0, 0, 0, 0]),
        "`labels`, magic number: expected 0x00000801 (labels), \
         found 0x00000c02 (2-dimensional numbers)"
    );
}

#[test]
fn a_file_that_is_something_else_is_called_by_its_name() {
    for (content, found) in [
        (
            &b"<!DOCTYPE html>\n<html>"[..],
            "a page of HTML, which is what a server sends in the place of a file",
        ),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n",
            "a pointer of Git LFS (`git lfs pull` fetches the file itself)",
        ),
        (b"404: Not Found", "text, which begins with `404: Not Found`"),
        (b"PK\x03\x04\x14\0\0\0\x08\0", "a zip archive (unpack it first)"),
        (b"\x89HDF\r\n\x1a\n", "an HDF5 file, as Keras and h5py write"),
        (b"\x01\x02\x03\x04\x05", "something else, which begins with the bytes 01 02 03 04 05"),
    ] {
        let expected =
            format!("`images`, magic number: expected 0x00000803 (images), found {found}");
        assert_eq!(images_error(content), expected);
        assert_eq!(images_error(gzip(content)), expected);
    }
}

#[test]
fn numbers_of_other_types() {
    let images = |code: u8, values: &[u8]| {
        let bytes = [&[0, 0, code, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1], values].concat();
        idx::images_from_bytes::<2>(&bytes).map(|images| [images[0][0], images[0][1]])
    };
    assert_eq!(images(0x08, &[255, 51]).unwrap(), [1.0, 0.2]);
    assert_eq!(images(0x09, &[255, 51]).unwrap(), [-1.0, 51.0]);
    assert_eq!(images(0x0b, &[255, 254, 1, 2]).unwrap(), [-2.0, 258.0]);
    let numbers = [0.5_f32, -1e30].map(f32::to_be_bytes).concat();
    assert_eq!(images(0x0d, &numbers).unwrap(), [0.5, -1e30]);
    let numbers = [0.1_f64, -7.0].map(f64::to_be_bytes).concat();
    assert_eq!(images(0x0e, &numbers).unwrap(), [0.1, -7.0]);
    let numbers = [0.1_f64, -1e39].map(f64::to_be_bytes).concat();
    assert_eq!(
        images(0x0e, &numbers).unwrap_err().to_string(),
        "`bytes`, image 0, pixel 1: expected a finite number, \
         found -1000000000000000000000000000000000000000"
    );
    assert_eq!(
        images(0x0b, &[0; 3]).unwrap_err().to_string(),
        "`bytes`, data: expected 4 bytes (1 images of 2x1), found 3 bytes"
    );

    // QMNIST and others have labels of 32 bits.
    let labels = |values: [i32; 2]| {
        let bytes = [&[0, 0, 0x0c, 1, 0, 0, 0, 2][..], &values.map(i32::to_be_bytes).concat()];
        idx::labels_from_bytes::<300>(&bytes.concat())
    };
    assert_eq!(labels([299, 0]).unwrap()[0].index(), 299);
    assert_eq!(
        labels([0, -1]).unwrap_err().to_string(),
        "`bytes`, label at index 1: expected a class below 300, found -1"
    );

    // Images with channels, and rows of numbers.
    let colour = [0, 0, 8, 4, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 51, 255];
    assert_eq!(idx::images_from_bytes::<3>(&colour).unwrap()[0].as_slice(), [0.0, 0.2, 1.0]);
    let row = [0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 255];
    assert_eq!(idx::images_from_bytes::<2>(&row).unwrap()[0].as_slice(), [0.0, 1.0]);
}

#[test]
fn bytes_are_read_as_files_are() {
    let (images, labels) =
        (idx_file(&[2, 2, 2], &[0, 51, 102, 255, 1, 2, 3, 4]), idx_file(&[2], &[1, 0]));
    let (_directory, images_path) = file("images", &images);
    let (_directory, labels_path) = file("labels", &labels);
    let expected = idx::dataset::<4, 2>(images_path, labels_path).unwrap();
    assert_eq!(idx::dataset_from_bytes(&images, &labels).unwrap(), expected);
    assert_eq!(idx::dataset_from_bytes(&gzip(&images), &gzip(&labels)).unwrap(), expected);
    assert_eq!(
        idx::dataset_from_bytes::<4, 2>(&images, &idx_file(&[1], &[0])).unwrap_err().to_string(),
        "`bytes`, number of labels: expected 2, one for each image of `bytes`, found 1"
    );
}

#[test]
fn emnist_is_put_upright() {
    // A bar in columns 10 to 17 of row 14, column by column as in EMNIST's files.
    let mut bar = vec![0; 784];
    (10..18).for_each(|column| bar[column * 28 + 14] = 255);
    let directory = tempfile::tempdir().unwrap();
    for part in ["train", "test"] {
        let path = |what| directory.path().join(format!("emnist-letters-{part}-{what}-ubyte.gz"));
        fs::write(path("images-idx3"), gzip(idx_file(&[1, 28, 28], &bar))).unwrap();
        fs::write(path("labels-idx1"), gzip(idx_file(&[1], &[26]))).unwrap();
    }
    let letters = emnist::<27>(directory.path(), "letters").unwrap();
    for part in [letters.train, letters.test] {
        assert_eq!(part.targets()[0].index(), 26);
        let upright = |pixel| pixel / 28 == 14 && (10..18).contains(&(pixel % 28));
        for (pixel, value) in part.inputs()[0].iter().enumerate() {
            assert_eq!(*value, if upright(pixel) { 1.0 } else { 0.0 });
        }
    }
    let error = emnist::<10>(directory.path(), "digits").unwrap_err().to_string();
    assert!(
        error.contains(
            "the EMNIST training images: expected `emnist-digits-train-images-idx3-ubyte`"
        ),
        "{error}"
    );
}

#[test]
fn gzip_as_gzip_reads_it() {
    let whole = idx_file(&[4], &[0, 1, 2, 0]);
    let labels = |bytes: &[u8]| idx::labels_from_bytes::<3>(bytes).map(|labels| labels.len());
    // Two streams, one in the middle of the header; empty ones; zeros that fill a block of a tape.
    let parts = [gzip(&whole[..6]), gzip([]), gzip(&whole[6..])].concat();
    assert_eq!(labels(&parts).unwrap(), 4);
    assert_eq!(labels(&[&parts[..], &[0; 700]].concat()).unwrap(), 4);
    // What `gzip -d` warns of.
    for garbage in [&b"\n"[..], b"\0\0x", b"PK"] {
        assert_eq!(
            labels(&[&parts[..], garbage].concat()).unwrap_err().to_string(),
            "`bytes`, gzip stream: expected its end, or another stream, \
             found other bytes after it (`gzip -dc` writes what stands before them)"
        );
    }
    for end in [1, 2, 9] {
        assert_eq!(
            labels(&[&parts[..], &gzip([7])[..end]].concat()).unwrap_err().to_string(),
            "`bytes`, gzip stream: expected an intact one, found a truncated one"
        );
    }
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
        number in prop_oneof![Just(8u8), 7u8..16],
    ) {
        let content = [&[0, 0, number, magic][..], &content].concat();
        let (_directory, path) = file("x", if compressed { gzip(content) } else { content });
        let _ = idx::images::<0>(&path);
        let _ = idx::images::<2>(&path);
        let _ = idx::labels::<2>(&path);
    }
}
