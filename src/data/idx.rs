//! IDX, the file format of MNIST, Fashion-MNIST, KMNIST and EMNIST.
//!
//! A file is a magic number, one length for each dimension (32 bits each, most significant byte first), and then the
//! values, row by row: bytes in these sets, other numbers in some. Files are read plain or compressed with gzip; the
//! content decides which, not the name.
//!
//! # EMNIST's images lie on their side
//!
//! EMNIST's files hold each image column by column. Read as they are, its digits are MNIST's mirrored and turned, and a
//! network that was trained on one is at chance on the other. [`emnist`](fn@emnist) reads them upright; images that were
//! read with [`dataset`] or [`images`] are put upright by [`Image::transpose_mut`](crate::Image::transpose_mut).

mod stream;

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use nalgebra::SVector;

use super::Dataset;
use crate::core::Class;
use crate::core::{Error, Image};
use crate::io::file_kind::describe;
use crate::io::source::{Content, Source};

pub use stream::{IdxStream, stream};

/// MNIST, or a set of its form: 28x28 grey pixels from 0 (background) to 1, and the digit or letter that they show.
#[derive(Clone, Debug, PartialEq)]
pub struct Mnist<const CLASSES: usize = 10> {
    /// The training part; 60,000 samples in the original.
    pub train: Dataset<SVector<f32, 784>, Class<CLASSES>>,
    /// The test part; 10,000 samples in the original.
    pub test: Dataset<SVector<f32, 784>, Class<CLASSES>>,
}

/// Reads MNIST, or a set of the same form such as Fashion-MNIST or KMNIST, from the four files in `directory`.
///
/// They are `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and
/// `t10k-labels-idx1-ubyte`; each may also end in `.gz`, or be spelled with a dot as in `train-images.idx3-ubyte`.
/// Of several the uncompressed one is read. Pixels are divided by 255, as torchvision's `ToTensor` does.
///
/// ```no_run
/// let mnist = axonal::data::mnist("examples/data/mnist")?;
/// assert_eq!((mnist.train.len(), mnist.test.len()), (60_000, 10_000));
/// # Ok::<(), axonal::Error>(())
/// ```
///
/// # Errors
///
/// [`Error::FileNotFound`] if a file is missing, [`Error::Io`] if one cannot be read, and [`Error::Format`] if one is
/// not what it should be.
pub fn mnist(directory: impl AsRef<Path>) -> Result<Mnist, Error> {
    four_files(
        directory.as_ref(),
        [
            ("MNIST training images", "train-images"),
            ("MNIST training labels", "train-labels"),
            ("MNIST test images", "t10k-images"),
            ("MNIST test labels", "t10k-labels"),
        ],
    )
}

/// Reads a part of EMNIST, upright as MNIST's images, from its four files in `directory`.
///
/// They are `emnist-PART-train-images-idx3-ubyte` and so on, each perhaps with `.gz`. The parts and their classes:
/// `"digits"` and `"mnist"` 10, `"balanced"` and `"bymerge"` 47, `"byclass"` 62, and `"letters"` 27, since its labels
/// count from 1. Pixels are divided by 255. The files hold each image column by column: it is transposed here.
///
/// ```no_run
/// let letters = axonal::data::emnist::<27>("data/emnist", "letters")?;
/// assert_eq!((letters.train.len(), letters.test.len()), (124_800, 20_800));
/// # Ok::<(), axonal::Error>(())
/// ```
///
/// # Errors
///
/// As [`mnist`].
pub fn emnist<const CLASSES: usize>(
    directory: impl AsRef<Path>,
    part: &str,
) -> Result<Mnist<CLASSES>, Error> {
    let mut emnist = four_files(
        directory.as_ref(),
        [
            ("EMNIST training images", &format!("emnist-{part}-train-images")),
            ("EMNIST training labels", &format!("emnist-{part}-train-labels")),
            ("EMNIST test images", &format!("emnist-{part}-test-images")),
            ("EMNIST test labels", &format!("emnist-{part}-test-labels")),
        ],
    )?;
    for part in [&mut emnist.train, &mut emnist.test] {
        for image in bytemuck::cast_slice_mut::<_, Image<1, 28, 28>>(part.inputs_mut()) {
            image.transpose_mut();
        }
    }
    Ok(emnist)
}

/// The files of the training images, training labels, test images and test labels: what each is, and how its name begins.
fn four_files<const CLASSES: usize>(
    directory: &Path,
    files: [(&'static str, &str); 4],
) -> Result<Mnist<CLASSES>, Error> {
    // A wrong directory is a mistake of its own, not four missing files.
    fs::read_dir(directory).map_err(|source| Error::Io {
        action: "read",
        path: directory.to_owned(),
        source,
    })?;
    let [train_images, train_labels, test_images, test_labels] = files;
    let path = |(what, stem), kind: Kind| find(directory, what, stem, kind.suffix);
    // All are looked for before the first is read.
    let (train_images, train_labels) = (path(train_images, IMAGES)?, path(train_labels, LABELS)?);
    let (test_images, test_labels) = (path(test_images, IMAGES)?, path(test_labels, LABELS)?);
    Ok(Mnist {
        train: dataset(train_images, train_labels)?,
        test: dataset(test_images, test_labels)?,
    })
}

/// Reads a file of images and the file of their labels.
///
/// ```no_run
/// use axonal::Image;
/// use axonal::data::{Class, Dataset, idx};
/// use nalgebra::SVector;
///
/// // EMNIST's letters count from 1, and lie on their side.
/// let letters: Dataset<SVector<f32, 784>, Class<27>> = idx::dataset(
///     "emnist-letters-train-images-idx3-ubyte.gz",
///     "emnist-letters-train-labels-idx1-ubyte.gz",
/// )?;
/// let mut letters: Dataset<Image<1, 28, 28>, Class<27>> = letters.reshape_inputs();
/// letters.inputs_mut().iter_mut().for_each(Image::transpose_mut);
/// # Ok::<(), axonal::Error>(())
/// ```
///
/// # Errors
///
/// Those of [`images`] and [`labels`], and [`Error::Format`] if there are not as many labels as images.
pub fn dataset<const PIXELS: usize, const CLASSES: usize>(
    images_path: impl AsRef<Path>,
    labels_path: impl AsRef<Path>,
) -> Result<Dataset<SVector<f32, PIXELS>, Class<CLASSES>>, Error> {
    read_dataset(Source::File(images_path.as_ref()), Source::File(labels_path.as_ref()))
}

/// [`dataset`] from the files' content: what `include_bytes!` or a download gives.
///
/// # Errors
///
/// As [`dataset`]; the content is called `bytes`.
pub fn dataset_from_bytes<const PIXELS: usize, const CLASSES: usize>(
    images: &[u8],
    labels: &[u8],
) -> Result<Dataset<SVector<f32, PIXELS>, Class<CLASSES>>, Error> {
    read_dataset(Source::Bytes(images), Source::Bytes(labels))
}

fn read_dataset<const PIXELS: usize, const CLASSES: usize>(
    images_source: Source<'_>,
    labels_source: Source<'_>,
) -> Result<Dataset<SVector<f32, PIXELS>, Class<CLASSES>>, Error> {
    // The labels first: they are small, and often the file that is wrong.
    let labels = read_labels(labels_source)?;
    let images = read_images(images_source)?;
    if images.len() != labels.len() {
        return Err(label_count(labels_source, images_source, images.len(), labels.len()));
    }
    Dataset::new(images, labels)
}

/// The error where there are not as many labels as images.
fn label_count(labels: Source<'_>, images: Source<'_>, expected: usize, found: usize) -> Error {
    let expected = format!("{expected}, one for each image of `{}`", images.path().display());
    labels.format_error("number of labels", expected, found.to_string())
}

/// Reads images of `PIXELS` pixels each, row by row.
///
/// The first dimension counts the images; the product of the others is the number of pixels. Unsigned bytes are divided
/// by 255; numbers of the format's other types (signed bytes, 16 and 32 bits, `f32`, `f64`) are as they are in the file.
///
/// # Errors
///
/// [`Error::Io`] if the file cannot be read; [`Error::Format`] if it is not an IDX file of images of that size, holds a
/// number that `f32` cannot, is truncated, has bytes to spare, or is damaged gzip.
pub fn images<const PIXELS: usize>(
    path: impl AsRef<Path>,
) -> Result<Vec<SVector<f32, PIXELS>>, Error> {
    read_images(Source::File(path.as_ref()))
}

/// [`images`] from the file's content.
///
/// ```
/// use axonal::data::idx;
///
/// let bytes = [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 2, 0, 51, 102, 255];
/// let images = idx::images_from_bytes::<4>(&bytes)?;
/// assert_eq!(images[0].as_slice(), [0.0, 0.2, 0.4, 1.0]);
/// # Ok::<(), axonal::Error>(())
/// ```
///
/// # Errors
///
/// As [`images`]; the content is called `bytes`.
pub fn images_from_bytes<const PIXELS: usize>(
    bytes: &[u8],
) -> Result<Vec<SVector<f32, PIXELS>>, Error> {
    read_images(Source::Bytes(bytes))
}

fn read_images<const PIXELS: usize>(
    source: Source<'_>,
) -> Result<Vec<SVector<f32, PIXELS>>, Error> {
    let mut file = IdxFile::open(source, IMAGES)?;
    let (count, size) = file.image_count(PIXELS)?;
    let bytes = file.values(
        u64::from(count).saturating_mul(PIXELS as u64),
        format!("{count} images of {size}"),
    )?;

    // Allocated only now, so that a header alone cannot ask for more memory than the file's content deserves;
    // zeroed and filled in place, because large vectors by value would pass over the stack.
    let mut images: Vec<SVector<f32, PIXELS>> =
        bytemuck::zeroed_vec(if PIXELS == 0 { 0 } else { count as usize });
    let size = PIXELS * file.number.size();
    for (index, (image, bytes)) in
        images.iter_mut().zip(bytes.chunks_exact(size.max(1))).enumerate()
    {
        file.fill(image.as_mut_slice(), bytes, index)?;
    }
    Ok(images)
}

/// Reads labels, which must be below `CLASSES`: bytes, or the format's other whole numbers.
///
/// # Errors
///
/// [`Error::Io`] if the file cannot be read; [`Error::Format`] if it is not an IDX file of labels, has a label that is
/// out of range, is truncated, has bytes to spare, or is damaged gzip.
pub fn labels<const CLASSES: usize>(path: impl AsRef<Path>) -> Result<Vec<Class<CLASSES>>, Error> {
    read_labels(Source::File(path.as_ref()))
}

/// [`labels`] from the file's content.
///
/// # Errors
///
/// As [`labels`]; the content is called `bytes`.
pub fn labels_from_bytes<const CLASSES: usize>(bytes: &[u8]) -> Result<Vec<Class<CLASSES>>, Error> {
    read_labels(Source::Bytes(bytes))
}

fn read_labels<const CLASSES: usize>(source: Source<'_>) -> Result<Vec<Class<CLASSES>>, Error> {
    let mut file = IdxFile::open(source, LABELS)?;
    let count = product(&file.dimensions()?);
    let bytes = file.values(count, format!("{count} labels"))?;
    let number = file.number;
    let class = |(index, value): (usize, &[u8])| {
        let value = number.read(value);
        let class =
            (0..CLASSES).contains(&(value as usize)) && value.fract() == 0.0 && value >= 0.0;
        if class {
            Class::new(value as usize)
        } else {
            Err(source.format_error(
                format!("label at index {index}"),
                format!("a class below {CLASSES}"),
                value.to_string(),
            ))
        }
    };
    bytes.chunks_exact(number.size()).enumerate().map(class).collect()
}

fn find(directory: &Path, what: &'static str, stem: &str, kind: &str) -> Result<PathBuf, Error> {
    let names = [
        format!("{stem}-{kind}"),
        format!("{stem}.{kind}"),
        format!("{stem}-{kind}.gz"),
        format!("{stem}.{kind}.gz"),
    ];
    match names.iter().map(|name| directory.join(name)).find(|path| path.is_file()) {
        Some(path) => Ok(path),
        None => {
            Err(Error::FileNotFound { what, directory: directory.to_owned(), names: names.into() })
        }
    }
}

/// What is read from a file.
#[derive(Clone, Copy)]
struct Kind {
    name: &'static str,
    /// The magic number in the well-known sets.
    magic: u32,
    /// How names of files end there.
    suffix: &'static str,
}

const IMAGES: Kind = Kind { name: "images", magic: 0x0803, suffix: "idx3-ubyte" };
const LABELS: Kind = Kind { name: "labels", magic: 0x0801, suffix: "idx1-ubyte" };

/// What a value is: the third byte of the magic number.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Number {
    U8 = 0x08,
    I8 = 0x09,
    I16 = 0x0b,
    I32 = 0x0c,
    F32 = 0x0d,
    F64 = 0x0e,
}

impl Number {
    fn of(code: u8) -> Option<Self> {
        let all = [Self::U8, Self::I8, Self::I16, Self::I32, Self::F32, Self::F64];
        all.into_iter().find(|number| *number as u8 == code)
    }

    fn size(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::I16 => 2,
            Self::I32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    /// The value of `size` bytes, which `f64` holds exactly whatever it is.
    fn read(self, bytes: &[u8]) -> f64 {
        match (self, bytes) {
            (Self::U8, &[byte]) => f64::from(byte),
            (Self::I8, &[byte]) => f64::from(byte.cast_signed()),
            (Self::I16, &[a, b]) => f64::from(i16::from_be_bytes([a, b])),
            (Self::I32, &[a, b, c, d]) => f64::from(i32::from_be_bytes([a, b, c, d])),
            (Self::F32, &[a, b, c, d]) => f64::from(f32::from_be_bytes([a, b, c, d])),
            (Self::F64, &[a, b, c, d, e, f, g, h]) => f64::from_be_bytes([a, b, c, d, e, f, g, h]),
            _ => f64::NAN,
        }
    }
}

/// A file whose magic number has been read and found right: two zero bytes, the type of the values, the number of dimensions.
struct IdxFile<'a> {
    source: Source<'a>,
    content: Content<'a>,
    number: Number,
    dimensions: u8,
}

impl<'a> IdxFile<'a> {
    fn open(source: Source<'a>, kind: Kind) -> Result<Self, Error> {
        let mut content = source.open()?;
        let wrong = |found: String| {
            let expected = format!("0x{:08x} ({})", kind.magic, kind.name);
            source.format_error("magic number", expected, found)
        };
        let &[a, b, code, dimensions] =
            content.beginning.first_chunk().ok_or_else(|| match &content.beginning[..] {
                [] => wrong("the end of the file".to_owned()),
                [0, ..] => wrong("the end of the file".to_owned()),
                beginning => wrong(describe(beginning)),
            })?;
        let number = Number::of(code)
            .filter(|_| [a, b] == [0, 0])
            .ok_or_else(|| wrong(describe(&content.beginning)))?;
        let labels = dimensions == 1 && !matches!(number, Number::F32 | Number::F64);
        if if kind.magic == LABELS.magic { labels } else { (2..=4).contains(&dimensions) } {
            content.reader.consume(4);
            return Ok(Self { source, content, number, dimensions });
        }
        let magic = u32::from_be_bytes([a, b, code, dimensions]);
        let hint = match magic {
            _ if magic == IMAGES.magic => "images".to_owned(),
            _ if magic == LABELS.magic => "labels".to_owned(),
            _ => format!("{dimensions}-dimensional numbers"),
        };
        Err(wrong(format!("0x{magic:08x} ({hint})")))
    }

    fn dimensions(&mut self) -> Result<Vec<u32>, Error> {
        let mut bytes = Vec::new();
        let length = 4 * usize::from(self.dimensions);
        self.read(length as u64, &mut bytes)?;
        if bytes.len() < length {
            let expected = format!("{} of 4 bytes each", self.dimensions);
            return Err(self.source.format_error("dimensions", expected, "the end of the file"));
        }
        Ok(bytes.as_chunks().0.iter().map(|bytes| u32::from_be_bytes(*bytes)).collect())
    }

    /// How many images there are, and their size in words: of `pixels` pixels each.
    fn image_count(&mut self, pixels: usize) -> Result<(u32, String), Error> {
        let dimensions = self.dimensions()?;
        let (count, size) = dimensions.split_first().unwrap_or((&0, &[]));
        let found = product(size);
        if found == pixels as u64 {
            return Ok((*count, times(size)));
        }
        let found = format!("{} = {found} pixels", times(size));
        Err(self.source.format_error("image size", format!("{pixels} pixels"), found))
    }

    /// The pixels of an image from their bytes.
    fn fill(&self, pixels: &mut [f32], bytes: &[u8], image: usize) -> Result<(), Error> {
        if self.number == Number::U8 {
            pixels
                .iter_mut()
                .zip(bytes)
                .for_each(|(pixel, byte)| *pixel = f32::from(*byte) / 255.0);
            return Ok(());
        }
        let values = bytes.chunks_exact(self.number.size());
        for (index, (pixel, value)) in pixels.iter_mut().zip(values).enumerate() {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "what is too large becomes infinite"
            )]
            let narrow = self.number.read(value) as f32;
            if !narrow.is_finite() {
                return Err(self.source.format_error(
                    format!("image {image}, pixel {index}"),
                    "a finite number",
                    self.number.read(value).to_string(),
                ));
            }
            *pixel = narrow;
        }
        Ok(())
    }

    /// The bytes of the rest of the file, which must be `count` values.
    fn values(&mut self, count: u64, description: String) -> Result<Vec<u8>, Error> {
        let length = count.saturating_mul(self.number.size() as u64);
        let mut bytes = Vec::new();
        // One byte more than expected is enough to know that there are too many.
        self.read(length.saturating_add(1), &mut bytes)?;
        let found = bytes.len() as u64;
        if found == length {
            return Ok(bytes);
        }
        let found =
            if found < length { format!("{found} bytes") } else { "more bytes after them".into() };
        Err(self.source.format_error("data", format!("{length} bytes ({description})"), found))
    }

    /// Reads up to `limit` bytes.
    fn read(&mut self, limit: u64, bytes: &mut Vec<u8>) -> Result<(), Error> {
        let read = self.content.reader.by_ref().take(limit).read_to_end(bytes);
        read.map_err(|source| self.source.read_error(source)).map(drop)
    }
}

fn product(dimensions: &[u32]) -> u64 {
    dimensions.iter().fold(1, |product: u64, n| product.saturating_mul(u64::from(*n)))
}

/// `28x28`
fn times(dimensions: &[u32]) -> String {
    dimensions.iter().map(u32::to_string).collect::<Vec<_>>().join("x")
}
