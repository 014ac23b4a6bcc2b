//! Data sets from CSV files: which columns are what, and what their cells mean.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use nalgebra::SVector;

use super::rows::Rows;
use super::{Class, Dataset};
use crate::formats::source::Source;
use crate::{Error, Scalar};

/// Describes a CSV file to read; [`classification`](Csv::classification) and [`regression`](Csv::regression) read it.
///
/// Unless told otherwise, the file has a header line, commas between its cells, and its target in the last column.
/// A file compressed with gzip is read as it is.
pub fn csv(path: impl AsRef<Path>) -> Csv {
    Csv {
        path: path.as_ref().to_owned(),
        header: true,
        delimiter: b',',
        targets: None,
        ignored: Vec::new(),
        classes: None,
    }
}

/// The description of a CSV file, made by [`csv()`].
///
/// ```
/// use axonal::data::{Class, Dataset, csv};
/// use nalgebra::SVector;
///
/// let iris: Dataset<SVector<f32, 4>, Class<3>> =
///     csv("examples/data/iris.csv").target("label").classification()?;
/// assert_eq!(iris.len(), 150);
///
/// // The target is the last column of the others.
/// let houses = csv("examples/data/california_housing.csv.gz")
///     .ignore("longitude")
///     .ignore("latitude")
///     .regression::<f64, 6, 1>()?;
/// assert_eq!(houses.targets()[0][0], 452_600.0);
/// # Ok::<(), axonal::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Csv {
    pub(super) path: PathBuf,
    pub(super) header: bool,
    pub(super) delimiter: u8,
    pub(super) targets: Option<Vec<Column>>,
    pub(super) ignored: Vec<Column>,
    classes: Option<Vec<String>>,
}

/// A column, by the name in the header or by its position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    /// The column with this name.
    Name(String),
    /// The column at this index, counted from 0.
    Index(usize),
}

impl From<&str> for Column {
    fn from(name: &str) -> Self {
        Self::Name(name.to_owned())
    }
}

impl From<String> for Column {
    fn from(name: String) -> Self {
        Self::Name(name)
    }
}

impl From<usize> for Column {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => write!(f, "column `{name}`"),
            Self::Index(index) => write!(f, "column at index {index}"),
        }
    }
}

impl Csv {
    /// The file has no header line: the first line is data, and columns go by their positions.
    pub fn no_header(mut self) -> Self {
        self.header = false;
        self
    }

    /// The character between two cells, such as `b';'` or `b'\t'`.
    pub fn delimiter(mut self, delimiter: u8) -> Self {
        self.delimiter = delimiter;
        self
    }

    /// The column of the target, by its name or by its position, counted from 0.
    pub fn target(self, column: impl Into<Column>) -> Self {
        self.targets([column])
    }

    /// The columns of the targets, in the order of the network's outputs, for a regression with several.
    pub fn targets(mut self, columns: impl IntoIterator<Item = impl Into<Column>>) -> Self {
        self.targets = Some(columns.into_iter().map(Into::into).collect());
        self
    }

    /// A column that is neither input nor target, such as a row's number.
    pub fn ignore(mut self, column: impl Into<Column>) -> Self {
        self.ignored.push(column.into());
        self
    }

    /// The names of the classes, in order, where the target column holds names.
    ///
    /// Without it the names are taken from the file and sorted. With it the order is yours, it is the same for
    /// several files, and a file may lack a class. It also serves labels such as -1 and 1.
    pub fn classes(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.classes = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// Reads `IN` numbers and a class from each row.
    ///
    /// If the first row's label is a whole number, all must be, and count the classes from 0. Otherwise labels are
    /// names; their alphabetic order numbers the classes (as scikit-learn's `LabelEncoder` does), and there must be
    /// exactly `CLASSES` of them. [`class_names`](Self::class_names) gives the names.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the file cannot be read. [`Error::Format`], which names line and column, if the header lacks a
    /// column, a row has another number of cells, a cell is empty or not a finite number, a label is not one of
    /// `CLASSES`, or there is no row.
    pub fn classification<T: Scalar + FromStr, const IN: usize, const CLASSES: usize>(
        &self,
    ) -> Result<Dataset<SVector<T, IN>, Class<CLASSES>>, Error> {
        let mut rows = Rows::open(self, 1)?;
        rows.expect_inputs(IN)?;
        let (mut inputs, mut labels) = (Vec::new(), Vec::new());
        while rows.advance()? {
            rows.read_inputs(&mut inputs)?;
            labels.push(Label { text: rows.target(0)?.to_owned(), byte: rows.byte() });
        }
        let names = self.names(&labels);
        if let Some(names) = &names
            && names.len() != CLASSES
        {
            return Err(Source::File(&self.path).format_error(
                rows.target_column(0),
                format!("the names of {CLASSES} classes"),
                format!("{}: {}", names.len(), listed(names)),
            ));
        }
        let class = |label: &Label| {
            let index = match &names {
                Some(names) => names.iter().position(|name| *name == label.text),
                None => whole_number(&label.text),
            };
            index.and_then(|index| Class::new(index).ok()).ok_or_else(|| {
                let expected = match &names {
                    Some(names) => format!("one of {}", listed(names)),
                    None => format!("a whole number below {CLASSES}"),
                };
                rows.cell_error(label.byte, &rows.target_column(0), expected, &label.text)
            })
        };
        let targets = labels.iter().map(class).collect::<Result<Vec<_>, _>>()?;
        Dataset::new(samples(&inputs, targets.len()), targets)
    }

    /// Reads `IN` numbers and `OUT` targets from each row; the targets are the last `OUT` columns unless
    /// [`target`](Self::target) or [`targets`](Self::targets) says otherwise.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the file cannot be read. [`Error::Format`], which names line and column, if the header lacks a
    /// column, a row has another number of cells, a cell is empty or not a finite number, or there is no row.
    pub fn regression<T: Scalar + FromStr, const IN: usize, const OUT: usize>(
        &self,
    ) -> Result<Dataset<SVector<T, IN>, SVector<T, OUT>>, Error> {
        let mut rows = Rows::open(self, OUT)?;
        rows.expect_inputs(IN)?;
        let (mut inputs, mut targets, mut count) = (Vec::new(), Vec::new(), 0);
        while rows.advance()? {
            rows.read_inputs(&mut inputs)?;
            rows.read_targets(&mut targets)?;
            count += 1;
        }
        Dataset::new(samples(&inputs, count), samples(&targets, count))
    }

    /// The names of the classes in the target column, in the order of the classes' indices; none if the labels are
    /// whole numbers.
    ///
    /// Reads the file, unless [`classes`](Self::classes) gave the names.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] and [`Error::Format`], as in [`classification`](Self::classification).
    pub fn class_names(&self) -> Result<Vec<String>, Error> {
        if let Some(names) = &self.classes {
            return Ok(names.clone());
        }
        let mut rows = Rows::open(self, 1)?;
        let mut labels = Vec::new();
        while rows.advance()? {
            labels.push(Label { text: rows.target(0)?.to_owned(), byte: rows.byte() });
        }
        Ok(self.names(&labels).unwrap_or_default())
    }

    /// The names of the classes, or `None` if the labels are whole numbers.
    fn names(&self, labels: &[Label]) -> Option<Vec<String>> {
        if self.classes.is_some() {
            return self.classes.clone();
        }
        // One label decides: were it all of them, a single misprint would turn numbers into names.
        let first = labels.first()?;
        if first.text.parse::<f64>().is_ok() {
            return None;
        }
        let names: BTreeSet<&str> = labels.iter().map(|label| label.text.as_str()).collect();
        Some(names.into_iter().map(str::to_owned).collect())
    }
}

struct Label {
    text: String,
    /// Where its row begins in the file.
    byte: u64,
}

/// The index in "2", or in the "2.0" or "2.000e+00" that numerical programs write.
fn whole_number(text: &str) -> Option<usize> {
    if let Ok(index) = text.parse() {
        return Some(index);
    }
    let value: f64 = text.parse().ok()?;
    let whole = value.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&value);
    whole.then_some(value as usize)
}

/// `count` vectors of `N` numbers each.
fn samples<T: Scalar, const N: usize>(numbers: &[T], count: usize) -> Vec<SVector<T, N>> {
    // Zeroed and filled in place, because large vectors by value would pass over the stack.
    let mut samples: Vec<SVector<T, N>> = bytemuck::zeroed_vec(count);
    for (sample, numbers) in samples.iter_mut().zip(numbers.chunks_exact(N.max(1))) {
        sample.as_mut_slice().copy_from_slice(numbers);
    }
    samples
}

/// Names for a message: quoted, and not too many.
pub(super) fn listed(names: impl IntoIterator<Item = impl fmt::Display>) -> String {
    const MOST: usize = 12;
    let mut quoted: Vec<String> =
        names.into_iter().take(MOST + 1).map(|name| format!("`{name}`")).collect();
    if quoted.len() > MOST {
        quoted[MOST] = "…".to_owned();
    }
    if quoted.is_empty() { "none".to_owned() } else { quoted.join(", ") }
}
