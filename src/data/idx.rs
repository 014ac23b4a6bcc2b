//! IDX, the file format of MNIST, Fashion-MNIST, KMNIST and EMNIST.
//!
//! A file is a magic number, one length for each dimension (32 bits each, most significant byte first), and then one
//! byte for each value, row by row. Files are read plain or compressed with gzip; the content decides which, not the name.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use nalgebra::SVector;

use super::source::{format_error, open, read_error};
use super::{Class, Dataset};
use crate::Error;

/// MNIST: 28x28 grey pixels from 0 (background) to 1, and the digit they show.
#[derive(Clone, Debug, PartialEq)]
pub struct Mnist {
    /// The training part; 60,000 samples in the original.
    pub train: Dataset<SVector<f32, 784>, Class<10>>,
    /// The test part; 10,000 samples in the original.
    pub test: Dataset<SVector<f32, 784>, Class<10>>,
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
    let directory = directory.as_ref();
    // A wrong directory is a mistake of its own, not four missing files.
    fs::read_dir(directory).map_err(|source| Error::Io {
        action: "read",
        path: directory.to_owned(),
        source,
    })?;
    let train_images = find(directory, "MNIST training images", "train-images", "idx3-ubyte")?;
    let train_labels = find(directory, "MNIST training labels", "train-labels", "idx1-ubyte")?;
    let test_images = find(directory, "MNIST test images", "t10k-images", "idx3-ubyte")?;
    let test_labels = find(directory, "MNIST test labels", "t10k-labels", "idx1-ubyte")?;
    Ok(Mnist {
        train: dataset(train_images, train_labels)?,
        test: dataset(test_images, test_labels)?,
    })
}

/// Reads a file of images and the file of their labels.
///
/// ```no_run
/// use axonal::data::{Class, Dataset, idx};
/// use nalgebra::SVector;
///
/// // EMNIST's letters count from 1.
/// let letters: Dataset<SVector<f32, 784>, Class<27>> = idx::dataset(
///     "emnist-letters-train-images-idx3-ubyte.gz",
///     "emnist-letters-train-labels-idx1-ubyte.gz",
/// )?;
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
    let (images_path, labels_path) = (images_path.as_ref(), labels_path.as_ref());
    // The labels first: they are small, and often the file that is wrong.
    let labels = labels(labels_path)?;
    let images = images(images_path)?;
    if images.len() != labels.len() {
        return Err(format_error(
            labels_path,
            "number of labels",
            format!("{}, one for each image of `{}`", images.len(), images_path.display()),
            labels.len().to_string(),
        ));
    }
    Dataset::new(images, labels)
}

/// Reads images of `PIXELS` pixels each, row by row, divided by 255.
///
/// # Errors
///
/// [`Error::Io`] if the file cannot be read; [`Error::Format`] if it is not an IDX file of images of that size, is
/// truncated, has bytes to spare, or is damaged gzip.
pub fn images<const PIXELS: usize>(
    path: impl AsRef<Path>,
) -> Result<Vec<SVector<f32, PIXELS>>, Error> {
    let path = path.as_ref();
    let mut file = IdxFile::open(path, IMAGES)?;
    let [count, rows, columns] = file.dimensions()?;
    let pixels = u64::from(rows) * u64::from(columns);
    if pixels != PIXELS as u64 {
        return Err(format_error(
            path,
            "image size",
            format!("{PIXELS} pixels"),
            format!("{rows}x{columns} = {pixels} pixels"),
        ));
    }
    let bytes = file.values(
        u64::from(count).saturating_mul(pixels),
        format!("{count} images of {rows}x{columns}"),
    )?;

    // Allocated only now, so that a header alone cannot ask for more memory than the file's content deserves;
    // zeroed and filled in place, because large vectors by value would pass over the stack.
    let mut images: Vec<SVector<f32, PIXELS>> = bytemuck::zeroed_vec(bytes.len() / PIXELS.max(1));
    for (image, bytes) in images.iter_mut().zip(bytes.chunks_exact(PIXELS.max(1))) {
        for (pixel, &byte) in image.as_mut_slice().iter_mut().zip(bytes) {
            *pixel = f32::from(byte) / 255.0;
        }
    }
    Ok(images)
}

/// Reads labels, which must be below `CLASSES`.
///
/// # Errors
///
/// [`Error::Io`] if the file cannot be read; [`Error::Format`] if it is not an IDX file of labels, has a label that is
/// out of range, is truncated, has bytes to spare, or is damaged gzip.
pub fn labels<const CLASSES: usize>(path: impl AsRef<Path>) -> Result<Vec<Class<CLASSES>>, Error> {
    let path = path.as_ref();
    let mut file = IdxFile::open(path, LABELS)?;
    let [count] = file.dimensions()?;
    let bytes = file.values(u64::from(count), format!("{count} labels"))?;
    let class = |(index, &byte): (usize, &u8)| {
        Class::new(usize::from(byte)).map_err(|_| {
            format_error(
                path,
                format!("label at index {index}"),
                format!("a class below {CLASSES}"),
                byte.to_string(),
            )
        })
    };
    bytes.iter().enumerate().map(class).collect()
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

/// What a file holds, by its magic number: two zero bytes, 8 for unsigned bytes, the number of dimensions.
#[derive(Clone, Copy)]
struct Kind {
    name: &'static str,
    magic: u32,
}

const IMAGES: Kind = Kind { name: "images", magic: 0x0803 };
const LABELS: Kind = Kind { name: "labels", magic: 0x0801 };

/// A file whose magic number has been read and found right.
struct IdxFile<'a> {
    path: &'a Path,
    reader: Box<dyn Read>,
}

impl<'a> IdxFile<'a> {
    fn open(path: &'a Path, kind: Kind) -> Result<Self, Error> {
        let mut file = Self { path, reader: open(path)? };
        let expected = || format!("0x{:08x} ({})", kind.magic, kind.name);
        let bytes: [u8; 4] = file.array("magic number", expected)?;
        let magic = u32::from_be_bytes(bytes);
        if magic == kind.magic {
            return Ok(file);
        }
        let hint = match magic {
            _ if magic == IMAGES.magic => " (images)",
            _ if magic == LABELS.magic => " (labels)",
            // What a download leaves when the server answers with a page.
            _ if bytes[0] == b'<' => " (text such as HTML)",
            _ => "",
        };
        Err(format_error(path, "magic number", expected(), format!("0x{magic:08x}{hint}")))
    }

    fn dimensions<const D: usize>(&mut self) -> Result<[u32; D], Error> {
        let mut dimensions = [0; D];
        for dimension in &mut dimensions {
            let bytes = self.array("dimensions", || format!("{D} of 4 bytes each"))?;
            *dimension = u32::from_be_bytes(bytes);
        }
        Ok(dimensions)
    }

    /// The rest of the file, which must be `count` bytes.
    fn values(&mut self, count: u64, description: String) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        // One byte more than expected is enough to know that there are too many.
        self.read(count.saturating_add(1), &mut bytes)?;
        let found = bytes.len() as u64;
        if found == count {
            return Ok(bytes);
        }
        let found =
            if found < count { format!("{found} bytes") } else { "more bytes after them".into() };
        Err(format_error(self.path, "data", format!("{count} bytes ({description})"), found))
    }

    fn array(&mut self, place: &str, expected: impl Fn() -> String) -> Result<[u8; 4], Error> {
        let mut bytes = Vec::new();
        self.read(4, &mut bytes)?;
        <[u8; 4]>::try_from(bytes.as_slice())
            .map_err(|_| format_error(self.path, place, expected(), "the end of the file"))
    }

    /// Reads up to `limit` bytes.
    fn read(&mut self, limit: u64, bytes: &mut Vec<u8>) -> Result<(), Error> {
        match self.reader.by_ref().take(limit).read_to_end(bytes) {
            Ok(_) => Ok(()),
            Err(source) => Err(read_error(self.path, source)),
        }
    }
}
