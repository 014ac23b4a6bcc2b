//! Pictures, as SVG or PNG: curves, heat maps, bars, and what other parts of the crate draw with them.
//!
//! What can be drawn has a method that gives a [`Figure`], as [`Network::diagram`](crate::Network::diagram) and [`History::figure`](crate::training::History::figure). A figure is saved by its name's
//! extension: [`save`](Figure::save). For what is one's own there are [`Plot`], [`HeatMap`] and [`Bars`].
//!
//! ```
//! use axonal::figures::Plot;
//!
//! let figure = Plot::new("x", "y").line("x²", (0..=20).map(|x| f64::from(x) / 10.0).map(|x| (x, x * x))).figure();
//! assert!(figure.to_svg().starts_with("<svg"));
//! ```
//!
//! Colours are those of Okabe and Ito, which people who see no red or no green tell apart. The same data give the same bytes.
//! NaN and infinite values leave gaps.

mod bars;
pub(crate) mod drawing;
mod heat_map;
mod plot;
#[cfg(feature = "figures-png")]
mod png;
mod scale;
mod series;
pub(crate) mod style;
mod svg;
pub(crate) mod text;

#[cfg(feature = "files")]
use std::path::Path;

#[cfg(feature = "files")]
use crate::core::Error;
#[cfg(feature = "files")]
use crate::io::atomic;

pub use bars::Bars;
use drawing::{Drawing, Mark};
pub use heat_map::HeatMap;
pub use plot::Plot;

/// A picture, which can be saved.
///
/// ```
/// # let directory = tempfile::tempdir().unwrap();
/// # let path = directory.path().join("losses.svg");
/// use axonal::figures::Plot;
///
/// let loss = |losses: [f64; 3]| Plot::new("epoch", "loss").line("training", (1..).map(f64::from).zip(losses)).figure();
/// let both = loss([2.3, 1.1, 0.7]).beside(loss([2.3, 0.9, 0.4]));
/// # #[cfg(feature = "files")]
/// both.save(&path)?;
/// # Ok::<(), axonal::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    width: f64,
    height: f64,
    title: String,
    marks: Vec<Mark>,
}

impl Figure {
    /// A picture of a size in pixels; `title` is what programs that read pages aloud say of it.
    pub(crate) fn new([width, height]: [f64; 2], title: &str, drawing: Drawing) -> Self {
        let [width, height] = [width, height].map(|length| length.ceil().max(1.0));
        Self { width, height, title: title.to_owned(), marks: drawing.marks }
    }

    /// Its width in pixels of 1/96 inch.
    pub fn width(&self) -> f64 {
        self.width
    }

    /// Its height in pixels of 1/96 inch.
    pub fn height(&self) -> f64 {
        self.height
    }

    /// Two pictures as one, this one on the left.
    #[must_use]
    pub fn beside(self, other: Self) -> Self {
        let size = [self.width + other.width, self.height.max(other.height)];
        let at = [self.width, 0.0];
        self.and(other, size, at)
    }

    /// Two pictures as one, this one on top.
    #[must_use]
    pub fn above(self, other: Self) -> Self {
        let size = [self.width.max(other.width), self.height + other.height];
        let at = [0.0, self.height];
        self.and(other, size, at)
    }

    fn and(self, other: Self, size: [f64; 2], at: [f64; 2]) -> Self {
        let titles = [self.title.as_str(), other.title.as_str()];
        let titles: Vec<_> = titles.into_iter().filter(|title| !title.is_empty()).collect();
        let title = titles.join(", ");
        let mut drawing = Drawing { marks: self.marks };
        drawing.group(at, Drawing { marks: other.marks });
        Self::new(size, &title, drawing)
    }

    /// The text of an SVG file.
    pub fn to_svg(&self) -> String {
        svg::write([self.width, self.height], &self.title, &self.marks, svg::write_text)
    }

    /// The bytes of a PNG file, two pixels for each of the picture's; of a large picture fewer, at most 4096 in a direction. With the feature `figures-png`.
    ///
    /// Letters are Roboto's, from this crate: no font has to be installed. It has those of the languages that are written in Latin, Greek and Cyrillic letters;
    /// another letter is an empty box, and stands in the [SVG](Self::to_svg).
    ///
    /// # Errors
    ///
    /// If there is no memory for the picture.
    #[cfg(feature = "figures-png")]
    pub fn to_png_bytes(&self) -> Result<Vec<u8>, Error> {
        let svg = svg::write([self.width, self.height], &self.title, &self.marks, png::write_text);
        png::render(&svg).map_err(|found| Error::Format {
            path: "picture".into(),
            place: "PNG".to_owned(),
            expected: "a picture that can be drawn".to_owned(),
            found,
        })
    }

    /// Writes the picture to a file, whole or not at all: `.svg`, or, with the feature `figures-png`, `.png`. With the feature `files`.
    ///
    /// # Errors
    ///
    /// If the name ends in something else, or the file cannot be written.
    #[cfg(feature = "files")]
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let path = path.as_ref();
        let extension = path.extension().unwrap_or_default().to_string_lossy();
        match extension.to_ascii_lowercase().as_str() {
            "svg" => atomic::write(path, self.to_svg().as_bytes()),
            #[cfg(feature = "figures-png")]
            "png" => atomic::write(path, &self.to_png_bytes()?),
            other => {
                let expected = match other {
                    "png" => "`.svg` (`.png` needs the feature `figures-png` of axonal)",
                    _ if cfg!(feature = "figures-png") => "`.svg` or `.png`",
                    _ => "`.svg`, or `.png` with the feature `figures-png` of axonal",
                };
                let found = match other {
                    "" => "a name without one".to_owned(),
                    _ => format!("`.{extension}`"),
                };
                Err(Error::Format {
                    path: path.to_path_buf(),
                    place: "extension".to_owned(),
                    expected: expected.to_owned(),
                    found,
                })
            }
        }
    }
}
