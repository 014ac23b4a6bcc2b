//! Data sets: in memory, from MNIST's IDX files, from CSV; their standardization; and samples that change while they are trained on.
//!
//! ```no_run
//! let mnist = axonal::data::mnist("examples/data/mnist")?;
//! let iris = axonal::data::csv("examples/data/iris.csv").classification::<f32, 4, 3>()?;
//! # Ok::<(), axonal::Error>(())
//! ```
//!
//! Files may be compressed with gzip, as `gzip -d` reads it: one stream or several, zeros behind them. [`csv_from_bytes`],
//! [`idx::dataset_from_bytes`] and their like read what a program holds or downloads. [`Csv`] has a table of what files of
//! tables have in them, and the option for each.

pub mod augment;
#[cfg(feature = "files")]
mod csv;
#[cfg(feature = "files")]
mod csv_stream;
mod dataset;
#[cfg(feature = "files")]
pub mod idx;
#[cfg(feature = "png")]
mod image_folder;
#[cfg(feature = "files")]
mod lines;
#[cfg(feature = "files")]
mod missing;
#[cfg(feature = "files")]
mod raw;
#[cfg(feature = "png")]
mod resize;
#[cfg(feature = "files")]
mod rows;
mod scaling;
mod split;
mod stream;
#[cfg(feature = "files")]
mod table;
#[cfg(all(feature = "files", feature = "serde"))]
mod typed;
mod weights;

pub use crate::core::Class;
#[cfg(feature = "files")]
pub use csv::{Column, Csv, CsvReport, csv, csv_from_bytes};
#[cfg(feature = "files")]
pub use csv_stream::CsvStream;
pub use dataset::Dataset;
#[cfg(feature = "files")]
pub use idx::{Mnist, emnist, mnist};
#[cfg(feature = "png")]
pub use image_folder::{ImageFolder, ImageFolderReport, image_folder};
#[cfg(feature = "files")]
pub use missing::Fill;
#[cfg(feature = "files")]
pub use raw::Table;
pub use scaling::Standardizer;
pub use split::Stratified;
#[cfg(feature = "train")]
pub(crate) use split::stratified_places;
pub use stream::{Batches, SampleStream, ShuffleBuffer};
#[cfg(all(feature = "files", feature = "serde"))]
pub use typed::CsvRows;
#[cfg(feature = "files")]
pub(crate) use {
    csv::listed,
    missing::{Words, is_missing, parse_number},
    raw::{Cells, Found, NamedRows, Values},
    rows::in_order,
    scaling::Moments,
};
