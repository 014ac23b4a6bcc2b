//! Images in folders whose names are the classes.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use super::Dataset;
use super::csv::listed;
use super::resize::resize;
use crate::core::{Class, Error, Image};
use crate::formats::png::{Pixels, describe_size};

/// Describes a folder with a folder of PNG images for each class, as torchvision's `ImageFolder` takes it; [`classification`](ImageFolder::classification) reads it.
/// With the feature `png`.
pub fn image_folder(path: impl AsRef<Path>) -> ImageFolder {
    ImageFolder { path: path.as_ref().to_owned(), resize: false, convert: false }
}

/// The description of a folder of images, made by [`image_folder`].
///
/// * The folders in it are the classes, in alphabetic order. A folder in one of them belongs to its class.
/// * Images are files that end in `.png`. Images of other formats (`.jpg` and their like) are errors, so that none is left out unseen; all other files are left
///   out, and [`report`](Self::report) has their names.
/// * Files and folders whose names begin with a full stop are hidden: they are no classes, and not looked at.
/// * Each image has the size and the number of channels that are asked for, or else is an error, unless [`resize`](Self::resize) or
///   [`convert`](Self::convert) makes it so.
///
/// ```
/// # let directory = tempfile::tempdir().unwrap();
/// # let path = directory.path();
/// use axonal::data::image_folder;
/// use axonal::prelude::*;
///
/// # for (name, number) in [("cats", 0.0), ("dogs", 1.0)] {
/// #     std::fs::create_dir(path.join(name)).unwrap();
/// #     Image::<1, 4, 4>::from([[[number; 4]; 4]]).write_png(path.join(name).join("1.png"))?;
/// # }
/// let folder = image_folder(path).resize();
/// let data: Dataset<Image<1, 2, 2>, Class<2>> = folder.classification()?;
/// assert_eq!(folder.class_names()?, ["cats", "dogs"]);
/// assert_eq!((data.inputs()[1][(0, 1, 1)], data.targets()[1].index()), (1.0, 1));
/// # Ok::<(), axonal::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ImageFolder {
    path: PathBuf,
    resize: bool,
    convert: bool,
}

/// What is in a folder of images, from [`ImageFolder::report`]. As text, it is one line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImageFolderReport {
    /// The classes, and how many images each has.
    pub classes: Vec<(String, usize)>,
    /// The files that are left out: those that are not hidden, and no images.
    pub left_out: Vec<PathBuf>,
}

impl fmt::Display for ImageFolderReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (class, count) in &self.classes {
            write!(formatter, "{class} {count}, ")?;
        }
        write!(formatter, "{} other files left out", self.left_out.len())
    }
}

/// What a folder holds.
#[derive(Default)]
struct Found {
    images: Vec<PathBuf>,
    others: Vec<PathBuf>,
}

impl ImageFolder {
    /// Images of other sizes are resized: as Pillow's `resize` with `BILINEAR` and torchvision's `Resize` with `antialias=True` do it, without regard to the ratio
    /// of height and width.
    #[must_use]
    pub fn resize(mut self) -> Self {
        self.resize = true;
        self
    }

    /// Images of other channels are converted, as Pillow's `convert` does it: grey becomes colours that are equal, colours become 0.299 red + 0.587 green +
    /// 0.114 blue; opacity is dropped, and where there is none, it is 1.
    #[must_use]
    pub fn convert(mut self) -> Self {
        self.convert = true;
        self
    }

    /// The names of the classes: of the folders, in alphabetic order.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the folder cannot be read; [`Error::Format`] if there is no folder in it, or an image that is in none of them.
    pub fn class_names(&self) -> Result<Vec<String>, Error> {
        Ok(self.folders()?.0.iter().map(|folder| name(folder)).collect())
    }

    /// How many images each class has, and which files are left out.
    ///
    /// # Errors
    ///
    /// As [`classification`](Self::classification), but no image is read.
    pub fn report(&self) -> Result<ImageFolderReport, Error> {
        let (folders, mut left_out) = self.folders()?;
        let mut classes = Vec::new();
        for folder in folders {
            let found = images(&folder)?;
            classes.push((name(&folder), found.images.len()));
            left_out.extend(found.others);
        }
        Ok(ImageFolderReport { classes, left_out })
    }

    /// Reads all images of `N` classes. Black is 0, white is 1.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if a folder or file cannot be read. [`Error::Format`], which names the file or folder, if there are not `N` classes, a class has no
    /// image, an image is not PNG, is damaged, or has another size or number of channels.
    pub fn classification<const C: usize, const H: usize, const W: usize, const N: usize>(
        &self,
    ) -> Result<Dataset<Image<C, H, W>, Class<N>>, Error> {
        let (folders, _) = self.folders()?;
        if folders.len() != N {
            let names = listed(folders.iter().map(|folder| name(folder)));
            let found = format!("{}: {names}", folders.len());
            return Err(error(
                &self.path,
                "folders",
                format!("one for each of {N} classes"),
                found,
            ));
        }
        let mut files = Vec::new();
        for (class, folder) in folders.iter().enumerate() {
            let class = Class::new(class)?;
            files.extend(images(folder)?.images.into_iter().map(|path| (path, class)));
        }
        Dataset::try_from_fn(files.len(), |index, image: &mut Image<C, H, W>| {
            let (path, class) = &files[index];
            self.read(path, image)?;
            Ok(*class)
        })
    }

    fn read<const C: usize, const H: usize, const W: usize>(
        &self,
        path: &Path,
        image: &mut Image<C, H, W>,
    ) -> Result<(), Error> {
        let check = |channels, rows, columns| {
            let size = self.resize || (rows, columns) == (H, W);
            let convertible = (1..=4).contains(&C);
            let color = channels == C || self.convert && convertible;
            if size && color {
                return Ok(());
            }
            let found = describe_size(channels, rows, columns);
            let help = match (size, color) {
                (_, false) if !convertible => "",
                (false, true) => " (`.resize()` makes it so)",
                (true, _) => " (`.convert()` makes it so)",
                (false, false) => " (`.resize().convert()` makes it so)",
            };
            Err(error(path, "image", describe_size(C, H, W), found + help))
        };
        let Pixels { channels, rows, columns, bytes } = Pixels::read(path, check)?;
        if (channels, rows, columns) == (C, H, W) {
            return image.copy_from_pixels(&bytes);
        }
        let plane = |channel: usize| -> Vec<f32> {
            let bytes = bytes.iter().skip(channel).step_by(channels);
            bytes.map(|byte| f32::from(*byte) / 255.0).collect()
        };
        for (channel, target) in image.as_mut_slice().chunks_exact_mut((H * W).max(1)).enumerate() {
            let opacity = |channels: usize| channels.is_multiple_of(2);
            let plane = match (channels, C) {
                _ if channels == C => plane(channel),
                // Of what has no opacity.
                _ if opacity(C) && channel == C - 1 && !opacity(channels) => {
                    vec![1.0; rows * columns]
                }
                _ if opacity(C) && channel == C - 1 => plane(channels - 1),
                (3.., 1 | 2) => {
                    let (mut grey, green, blue) = (plane(0), plane(1), plane(2));
                    for (red, (green, blue)) in grey.iter_mut().zip(green.iter().zip(&blue)) {
                        *red = 0.299 * *red + 0.587 * green + 0.114 * blue;
                    }
                    grey
                }
                (1 | 2, _) => plane(0),
                _ => plane(channel),
            };
            if (rows, columns) == (H, W) {
                target.copy_from_slice(&plane);
            } else {
                target.copy_from_slice(&resize(&plane, (rows, columns), (H, W)));
            }
        }
        Ok(())
    }

    /// The folders of the classes, and the other files beside them.
    fn folders(&self) -> Result<(Vec<PathBuf>, Vec<PathBuf>), Error> {
        let (folders, files) = entries(&self.path)?;
        if let Some(file) = files.iter().find(|file| extension(file) == "png") {
            let expected = "images in folders, one for each class";
            return Err(error(file, "place", expected, "an image beside these folders"));
        }
        if folders.is_empty() {
            let expected = "folders, one for each class";
            return Err(error(&self.path, "folders", expected, "none"));
        }
        Ok((folders, files))
    }
}

/// The images of a class: those of its folder, then those of the folders in it.
fn images(folder: &Path) -> Result<Found, Error> {
    let mut found = Found::default();
    walk(folder, &mut found)?;
    if found.images.is_empty() {
        return Err(error(folder, "files", "PNG images, one at least", "none"));
    }
    Ok(found)
}

fn walk(folder: &Path, found: &mut Found) -> Result<(), Error> {
    const OTHER_IMAGES: [&str; 10] =
        ["jpg", "jpeg", "bmp", "gif", "webp", "tif", "tiff", "ppm", "pgm", "avif"];
    let (folders, files) = entries(folder)?;
    for file in files {
        match &*extension(&file) {
            "png" => found.images.push(file),
            other if OTHER_IMAGES.contains(&other) => {
                return Err(error(&file, "format", "a PNG image", format!("a file `.{other}`")));
            }
            _ => found.others.push(file),
        }
    }
    folders.iter().try_for_each(|folder| walk(folder, found))
}

/// The folders and the files in a folder that are not hidden, each in alphabetic order.
fn entries(folder: &Path) -> Result<(Vec<PathBuf>, Vec<PathBuf>), Error> {
    let failed = |path: &Path, source| Error::Io { action: "read", path: path.to_owned(), source };
    let (mut folders, mut files) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(folder).map_err(|source| failed(folder, source))? {
        let path = entry.map_err(|source| failed(folder, source))?.path();
        if name(&path).starts_with('.') {
            continue;
        }
        // Links are followed.
        let metadata = fs::metadata(&path).map_err(|source| failed(&path, source))?;
        if metadata.is_dir() { folders.push(path) } else { files.push(path) }
    }
    folders.sort_unstable();
    files.sort_unstable();
    Ok((folders, files))
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// In small letters.
fn extension(path: &Path) -> String {
    path.extension().unwrap_or_default().to_string_lossy().to_lowercase()
}

fn error(path: &Path, place: &str, expected: impl Into<String>, found: impl Into<String>) -> Error {
    let (path, place) = (path.to_owned(), place.to_owned());
    Error::Format { path, place, expected: expected.into(), found: found.into() }
}
