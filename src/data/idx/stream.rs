//! Images one by one, for files that are larger than the memory.

use std::path::Path;
use std::vec;

use nalgebra::SVector;

use super::{IMAGES, IdxFile, label_count, read_labels};
use crate::core::{Class, Error};
use crate::io::source::Source;

/// Images of `PIXELS` pixels and their labels, one after the other: [`dataset`](super::dataset) for files whose images have no room in memory. The labels, which
/// take little, are read at once.
///
/// A [`SampleStream`](crate::data::SampleStream) shuffles them through a buffer, and gives batches.
///
/// ```no_run
/// use axonal::data::{SampleStream, idx};
/// use axonal::prelude::*;
///
/// let (images, labels) = ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz");
/// for batch in idx::stream::<784, 10>(images, labels)?.shuffle(10_000, StdRng::seed_from_u64(7)).batches(32) {
///     let batch: Dataset<SVector<f32, 784>, Class<10>> = batch?;
/// }
/// # Ok::<(), axonal::Error>(())
/// ```
///
/// # Errors
///
/// As [`dataset`](super::dataset); a file that is too short, or too long, shows at its end.
pub fn stream<'a, const PIXELS: usize, const CLASSES: usize>(
    images: &'a (impl AsRef<Path> + ?Sized),
    labels: &'a (impl AsRef<Path> + ?Sized),
) -> Result<IdxStream<'a, PIXELS, CLASSES>, Error> {
    let images = Source::File(images.as_ref());
    let labels_source = Source::File(labels.as_ref());
    let labels = read_labels(labels_source)?;
    let mut file = IdxFile::open(images, IMAGES)?;
    let (count, size) = file.image_count(PIXELS)?;
    if count as usize != labels.len() {
        return Err(label_count(labels_source, images, count as usize, labels.len()));
    }
    let description = format!("{count} images of {size}");
    let labels = labels.into_iter();
    Ok(IdxStream { file, description, labels, bytes: Vec::new(), index: 0 })
}

/// Images and their labels, one after the other: see [`stream`]. After an error there is no more.
pub struct IdxStream<'a, const PIXELS: usize, const CLASSES: usize> {
    file: IdxFile<'a>,
    description: String,
    labels: vec::IntoIter<Class<CLASSES>>,
    bytes: Vec<u8>,
    index: usize,
}

impl<const PIXELS: usize, const CLASSES: usize> IdxStream<'_, PIXELS, CLASSES> {
    fn image(&mut self) -> Result<SVector<f32, PIXELS>, Error> {
        let length = PIXELS * self.file.number.size();
        let wrong = |file: &IdxFile<'_>, found: String| {
            let expected = self.description.clone();
            file.source.format_error("data", expected, found)
        };
        self.bytes.clear();
        self.file.read(length as u64, &mut self.bytes)?;
        if self.bytes.len() < length {
            return Err(wrong(&self.file, format!("{} of them", self.index)));
        }
        let mut image = SVector::<f32, PIXELS>::zeros();
        self.file.fill(image.as_mut_slice(), &self.bytes, self.index)?;
        self.index += 1;
        if self.labels.len() == 0 {
            self.bytes.clear();
            self.file.read(1, &mut self.bytes)?;
            if !self.bytes.is_empty() {
                return Err(wrong(&self.file, "more bytes after them".to_owned()));
            }
        }
        Ok(image)
    }
}

impl<const PIXELS: usize, const CLASSES: usize> Iterator for IdxStream<'_, PIXELS, CLASSES> {
    type Item = Result<(SVector<f32, PIXELS>, Class<CLASSES>), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let label = self.labels.next()?;
        let image = self.image();
        if image.is_err() {
            self.labels = Vec::new().into_iter();
        }
        Some(image.map(|image| (image, label)))
    }
}

impl<const PIXELS: usize, const CLASSES: usize> std::fmt::Debug for IdxStream<'_, PIXELS, CLASSES> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut stream = formatter.debug_struct("IdxStream");
        stream.field("read", &self.index).field("left", &self.labels.len()).finish_non_exhaustive()
    }
}
