//! The description of a CSV file: how it is written, and which columns are what.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use super::missing::{Fill, parse_number};
use crate::core::Scalar;
use crate::io::file_kind::quoted;
use crate::io::source::Source;

/// Describes a CSV file to read; [`classification`](Csv::classification) and [`regression`](Csv::regression) read it.
///
/// By default, the file has a header line, commas between its cells, and its target in the last column.
/// A file compressed with gzip is read as it is.
pub fn csv(path: impl AsRef<Path>) -> Csv {
    Csv::new(Place::File(path.as_ref().to_owned()))
}

/// [`csv()`] for the content of a file: what `include_bytes!`, a text or a download gives. Messages call it `bytes`.
///
/// ```
/// use axonal::data::csv_from_bytes;
///
/// let data = csv_from_bytes("a,b,class\n1,2,0\n3,4,1\n").classification::<f32, 2, 2>()?;
/// assert_eq!(data.len(), 2);
/// # Ok::<(), axonal::Error>(())
/// ```
pub fn csv_from_bytes(bytes: impl AsRef<[u8]>) -> Csv {
    Csv::new(Place::Bytes(bytes.as_ref().into()))
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
///
/// # Files as people have them
///
/// | the file has | here | in pandas |
/// |---|---|---|
/// | no header, or one of numbers | [`no_header`](Self::no_header), [`has_header`](Self::has_header) | `header=None`, `header=0` |
/// | semicolons, tabs between cells | [`delimiter`](Self::delimiter) | `sep=";"` |
/// | runs of white space between cells | [`whitespace`](Self::whitespace) | `sep=r"\s+"` |
/// | decimal commas | [`decimal`](Self::decimal) | `decimal=","` |
/// | comments, lines above the table | [`comment`](Self::comment), [`skip_lines`](Self::skip_lines) | `comment="#"`, `skiprows=3` |
/// | names of rows without a name in the header, as R writes | [`row_names`](Self::row_names) | `index_col=0` |
/// | missing values | [`drop_missing`](Self::drop_missing), [`fill_missing`](Self::fill_missing), [`missing_values`](Self::missing_values) | `dropna`, `fillna`, `na_values` |
/// | words | [`one_hot`](Self::one_hot), [`one_hot_of`](Self::one_hot_of) | `get_dummies` |
/// | labels such as -1 and 1 | [`classes`](Self::classes) | |
/// | weights of samples | [`weight`](Self::weight) | |
///
/// ```
/// use axonal::data::{Fill, csv_from_bytes};
///
/// let table = csv_from_bytes("# measured by hand\nsex;length;rings\nM;0,5;15\nF;?;9\nM;0,7;\n")
///     .comment(b'#')
///     .delimiter(b';')
///     .decimal(b',')
///     .one_hot("sex")
///     .fill_missing(Fill::Mean)
///     .drop_missing();
/// assert_eq!(table.input_names()?, ["sex_F", "sex_M", "length"]);
/// assert_eq!(
///     table.report()?.to_string(),
///     "2 rows; 1 left out; missing: column `length` 1, column `rings` 1",
/// );
/// let data = table.regression::<f64, 3, 1>()?;
/// assert_eq!(data.inputs()[1].as_slice(), [1.0, 0.0, 0.5]);
/// # Ok::<(), axonal::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Csv {
    place: Place,
    pub(super) header: Header,
    pub(super) delimiter: Delimiter,
    pub(crate) decimal: u8,
    pub(super) comment: Option<u8>,
    pub(super) skip: usize,
    pub(super) row_names: bool,
    pub(super) limit: u64,
    pub(crate) missing: Option<Vec<String>>,
    pub(super) drop: bool,
    pub(crate) fill: Option<Fill>,
    pub(super) one_hot: Vec<(Column, Option<Vec<String>>)>,
    pub(super) targets: Option<Vec<Column>>,
    pub(super) ignored: Vec<Column>,
    pub(super) weight: Option<Column>,
    pub(super) classes: Option<Vec<String>>,
}

#[derive(Clone)]
enum Place {
    File(PathBuf),
    Bytes(Arc<[u8]>),
}

/// Not the content, which may fill the screen.
impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.fmt(f),
            Self::Bytes(bytes) => write!(f, "{} bytes", bytes.len()),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Header {
    /// One that consists of numbers is taken for a row of data.
    Likely,
    Given,
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delimiter {
    Byte(u8),
    Whitespace,
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
            Self::Name(name) => write!(f, "column {}", quoted(name)),
            Self::Index(index) => write!(f, "column at index {index}"),
        }
    }
}

/// What reading a file does with its rows, from [`Csv::report`]. As text, it is one line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CsvReport {
    /// How many rows become samples.
    pub rows: usize,
    /// How many rows are left out, since a value is missing: see [`Csv::drop_missing`].
    pub left_out: usize,
    /// The columns of inputs and targets that lack values, and how many, over all rows: those that are left out too.
    pub missing: Vec<(String, usize)>,
}

impl fmt::Display for CsvReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = if self.rows == 1 { "" } else { "s" };
        write!(f, "{} row{s}; {} left out; missing: ", self.rows, self.left_out)?;
        for (i, (column, count)) in self.missing.iter().enumerate() {
            write!(f, "{}{column} {count}", if i == 0 { "" } else { ", " })?;
        }
        if self.missing.is_empty() { f.write_str("none") } else { Ok(()) }
    }
}

impl Csv {
    fn new(place: Place) -> Self {
        Self {
            place,
            header: Header::Likely,
            delimiter: Delimiter::Byte(b','),
            decimal: b'.',
            comment: None,
            skip: 0,
            row_names: false,
            limit: 1 << 24,
            missing: None,
            drop: false,
            fill: None,
            one_hot: Vec::new(),
            targets: None,
            ignored: Vec::new(),
            weight: None,
            classes: None,
        }
    }

    /// The same file, of whose columns nothing is said, and of which no row is left out.
    pub(crate) fn without_roles(&self) -> Self {
        let (targets, ignored) = (Some(Vec::new()), Vec::new());
        Self {
            targets,
            ignored,
            one_hot: Vec::new(),
            weight: None,
            classes: None,
            drop: false,
            fill: None,
            ..self.clone()
        }
    }

    pub(crate) fn source(&self) -> Source<'_> {
        match &self.place {
            Place::File(path) => Source::File(path),
            Place::Bytes(bytes) => Source::Bytes(bytes),
        }
    }

    /// The file has no header line: the first line is data, and columns go by their positions.
    pub fn no_header(self) -> Self {
        self.has_header(false)
    }

    /// Whether the first line is a header.
    ///
    /// Without this it is taken for one, but a line of which more than half is numbers, or one with a fraction among them,
    /// is an error: it is a row of data more often than a header. With `true` it is a header also if the columns' names are
    /// numbers, such as wavelengths. (Columns that are numbered from 0, as pandas does, have names.)
    pub fn has_header(mut self, header: bool) -> Self {
        self.header = if header { Header::Given } else { Header::None };
        self
    }

    /// The character between two cells, such as `b';'` or `b'\t'`. For columns that are aligned with spaces:
    /// [`whitespace`](Self::whitespace).
    ///
    /// # Panics
    ///
    /// If it is a quote, the end of a line or not ASCII.
    pub fn delimiter(mut self, delimiter: u8) -> Self {
        check_mark("delimiter", delimiter);
        self.delimiter = Delimiter::Byte(delimiter);
        self
    }

    /// Cells are separated by white space: by each run of spaces and tabs. White space at the ends of a line is nothing.
    pub fn whitespace(mut self) -> Self {
        self.delimiter = Delimiter::Whitespace;
        self
    }

    /// The character before a number's decimals where it is not a point: `b','`.
    ///
    /// A number with a point is an error then, since it could be a separator of thousands.
    ///
    /// # Panics
    ///
    /// If it can be another part of a number, is a quote, the end of a line or not ASCII.
    pub fn decimal(mut self, decimal: u8) -> Self {
        check_mark("decimal", decimal);
        assert!(
            !decimal.is_ascii_alphanumeric() && !matches!(decimal, b'+' | b'-'),
            "`decimal(b'{}')`: that is a part of numbers already; expected one such as `b','`",
            decimal.escape_ascii()
        );
        self.decimal = decimal;
        self
    }

    /// Lines that begin with this character are comments, which are left out: `b'#'`. Elsewhere in a line it means nothing.
    ///
    /// # Panics
    ///
    /// If it is a quote, the end of a line or not ASCII.
    pub fn comment(mut self, comment: u8) -> Self {
        check_mark("comment", comment);
        self.comment = Some(comment);
        self
    }

    /// The first `lines` lines of the file, such as a title, are not a part of the table.
    pub fn skip_lines(mut self, lines: usize) -> Self {
        self.skip = lines;
        self
    }

    /// The first column holds names of rows, which are neither input nor target; the header may lack a name for it, as R's
    /// `write.table` writes it. Positions of columns count it.
    pub fn row_names(mut self) -> Self {
        self.row_names = true;
        self
    }

    /// The longest row that is read, in bytes; without this, 16 MiB. A sixteenth of it is the largest number of columns.
    ///
    /// A row is held in memory whole, and a compressed file of kilobytes can hold one of gigabytes: by accident too, where
    /// a quote is left open.
    pub fn row_limit(mut self, bytes: u64) -> Self {
        self.limit = bytes;
        self
    }

    /// The texts that stand for a missing value, in place of the usual ones. An empty cell always does.
    ///
    /// The usual ones are what pandas takes for one (`NA`, `N/A`, `NaN`, `nan`, `null`, `NULL`, `None` and others), and
    /// `?`. They count for inputs and targets, in [`drop_missing`](Self::drop_missing) and
    /// [`fill_missing`](Self::fill_missing); without these two, a missing value is an error that names them, and a label
    /// such as `NA` is a name.
    pub fn missing_values(mut self, texts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.missing = Some(texts.into_iter().map(Into::into).collect());
        self
    }

    /// Leaves out rows in which an input or a target is missing: [`report`](Self::report) says how many.
    ///
    /// With [`fill_missing`](Self::fill_missing) too, only those in which a target is.
    pub fn drop_missing(mut self) -> Self {
        self.drop = true;
        self
    }

    /// Fills in missing inputs: with the mean, the median, the most frequent value of their column, or a constant.
    ///
    /// In columns of words ([`one_hot`](Self::one_hot)), which have no mean, it is always the most frequent word. A missing
    /// target is not filled in: it is an error, unless [`drop_missing`](Self::drop_missing) leaves its row out.
    ///
    /// # Panics
    ///
    /// If a constant is not finite.
    pub fn fill_missing(mut self, fill: Fill) -> Self {
        if let Fill::Constant(value) = fill {
            assert!(value.is_finite(), "`Fill::Constant({value})`: expected a finite number");
        }
        self.fill = Some(fill);
        self
    }

    /// A column of words: each of the words becomes an input, which is 1 in the rows that have it and 0 in the others.
    ///
    /// The words are those of the file, in alphabetic order (numbers by their value), and stand where the column stands.
    /// Two files need not have the same words: with [`one_hot_of`](Self::one_hot_of) the words are given.
    /// [`input_names`](Self::input_names) tells which input is which.
    pub fn one_hot(mut self, column: impl Into<Column>) -> Self {
        self.one_hot.push((column.into(), None));
        self
    }

    /// A column of words as [`one_hot`](Self::one_hot), with these words in this order. Another word is an error.
    pub fn one_hot_of(
        mut self,
        column: impl Into<Column>,
        words: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let words = words.into_iter().map(Into::into).collect();
        self.one_hot.push((column.into(), Some(words)));
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

    /// The column of the weights of samples, which is no input: a finite number of at least 0 in each row.
    ///
    /// [`classification_weighted`](Self::classification_weighted) and [`regression_weighted`](Self::regression_weighted) give it beside the target, for losses
    /// that are [`weighted`](crate::losses::Weighted).
    pub fn weight(mut self, column: impl Into<Column>) -> Self {
        self.weight = Some(column.into());
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

    /// A finite number, with the decimal character of the file.
    pub(super) fn number<T: Scalar + FromStr>(&self, text: &str) -> Option<T> {
        parse_number(text, self.decimal)
    }
}

fn check_mark(what: &str, byte: u8) {
    assert!(
        byte.is_ascii() && !matches!(byte, b'"' | b'\r' | b'\n'),
        "`{what}(b'{}')`: expected an ASCII character that is no quote and no end of a line",
        byte.escape_ascii()
    );
}

/// Names for a message: quoted, and not too many.
pub(crate) fn listed(names: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    const MOST: usize = 12;
    let mut shown: Vec<String> =
        names.into_iter().take(MOST + 1).map(|name| quoted(name.as_ref())).collect();
    if shown.len() > MOST {
        shown[MOST] = "…".to_owned();
    }
    if shown.is_empty() { "none".to_owned() } else { shown.join(", ") }
}
