//! The model is more than the network: a [`Pipeline`] takes raw rows, and gives numbers in their units or classes by their names.
//!
//! What was done to the training data has to be done to every row that a network sees later: the same means and standard deviations, the same order of columns,
//! the same words for the same inputs; and what comes out has to be turned back. A [`Preprocessor`] learns all that from the training part of a
//! [`Table`], and a [`Pipeline`] is one with a network, in one file. The page [pipeline](crate::guide::pipeline) has whole programs.
//!
//! ```
//! # let directory = tempfile::tempdir().unwrap();
//! # let path = directory.path().join("iris.axonal");
//! use axonal::data::csv;
//! use axonal::pipeline::{Classification, Pipeline, Preprocessor};
//! use axonal::prelude::*;
//!
//! network! { pub struct Iris<input 4 => dense 16 relu => dense 3>; }
//!
//! let mut rng = StdRng::seed_from_u64(7);
//! let table = csv("examples/data/iris.csv").table()?;
//! let (train, test) = table.split_stratified_shuffled(0.8, &mut rng)?;
//! let preprocessor = Preprocessor::<Classification<3>>::fit(&train)?
//!     .class_names(["setosa", "versicolor", "virginica"]);
//!
//! let mut net = Iris::random(&mut rng);
//! let data = preprocessor.dataset(&train)?;
//! Trainer::new(CrossEntropy, Adam::new(0.01)).epochs(20).fit(&mut *net, &data, &mut rng)?;
//! Pipeline::new(preprocessor, net)?.save(&path)?;
//!
//! // In another program: the type of the network, and the file.
//! let model = Pipeline::<Iris, Classification<3>>::load(&path)?;
//! let flower = [
//!     ("petal length (cm)", 1.4),
//!     ("petal width (cm)", 0.2),
//!     ("sepal length (cm)", 5.1),
//!     ("sepal width (cm)", 3.5),
//! ];
//! let prediction = model.predict(flower)?;
//! assert_eq!(prediction.class, "setosa");
//! assert!(prediction.probability > 0.8);
//! # assert_eq!(model.predict_table(&test)?.len(), 30);
//! # Ok::<(), axonal::Error>(())
//! ```

mod cell;
mod preprocessor;
mod task;
mod text;

use std::fmt;
use std::path::Path;

pub use cell::Cell;
pub use preprocessor::Preprocessor;
pub use task::{Classification, Prediction, Regression, Task, TaskOf};

use flate2::Crc;

use crate::core::{Error, Parameters, Sample};
use crate::data::{Csv, NamedRows, Table, listed};
use crate::formats::safetensors::{File, Writing, fill_from, open, read};
use crate::io::atomic;
use crate::io::file_kind::quoted;
use crate::layers::{Layer, OfLayer};
use crate::network::Network;
use crate::summary::Summary;
use text::{KEY, Reader, Writer};

/// A network with what stands before and behind it: raw rows in, numbers in their units or classes by name out.
///
/// `K` is [`Regression`] or [`Classification`]. See the [module](self) for an example.
///
/// # The file
///
/// It is a safetensors file of the network's weights, as [`Network::save`] writes it: `N::load` reads it, and so do PyTorch and NumPy. The rest is a text of its
/// `__metadata__`, under the key `axonal.pipeline`: columns with their means, standard deviations, words and fills; targets or classes; and the layers
/// of the network, so that one with other activations is refused.
pub struct Pipeline<N, K> {
    preprocessor: Preprocessor<K>,
    net: Box<N>,
}

impl<N, K> Pipeline<N, K>
where
    N: Network,
    K: TaskOf<N::Output>,
{
    /// Of a preprocessor and the network that was trained with its data.
    ///
    /// # Errors
    ///
    /// [`Error::Format`] if the columns do not become as many inputs as the network has.
    pub fn new(preprocessor: Preprocessor<K>, net: Box<N>) -> Result<Self, Error> {
        match preprocessor.misfit::<N::Input>() {
            None => Ok(Self { preprocessor, net }),
            Some(found) => Err(Error::Format {
                path: Path::new("preprocessor").to_owned(),
                place: "inputs".to_owned(),
                expected: format!("{} for `{}`", N::INPUT, N::NAME),
                found,
            }),
        }
    }

    /// The network.
    pub fn net(&self) -> &N {
        &self.net
    }

    /// What prepares rows for it.
    pub fn preprocessor(&self) -> &Preprocessor<K> {
        &self.preprocessor
    }

    /// Both.
    pub fn into_parts(self) -> (Preprocessor<K>, Box<N>) {
        (self.preprocessor, self.net)
    }

    /// The columns of a raw row, in order.
    pub fn columns(&self) -> impl ExactSizeIterator<Item = &str> {
        self.preprocessor.columns()
    }

    /// The prediction for one row: a cell for each column, by the column's name, in any order.
    ///
    /// A cell is a text as in a file, a number, or `None`; of several kinds in one row, each is a [`Cell`].
    ///
    /// # Errors
    ///
    /// [`Error::Format`], which names the column, if one is not there, is there twice or is none of [`columns`](Self::columns), a cell is no number, is a word that was not in the
    /// training part, or is missing where nothing was filled in.
    pub fn predict<'c, S: AsRef<str>, C: Into<Cell<'c>>>(
        &self,
        row: impl IntoIterator<Item = (S, C)>,
    ) -> Result<K::Prediction, Error> {
        let names: Vec<&str> = self.columns().collect();
        let mut cells: Vec<Option<Cell<'c>>> = vec![None; names.len()];
        for (name, cell) in row {
            let name = name.as_ref();
            let Some(place) = names.iter().position(|column| *column == name) else {
                let expected = format!("one of the columns {}", listed(&names));
                return Err(of_row("columns", expected, quoted(name)));
            };
            if cells[place].replace(cell.into()).is_some() {
                return Err(of_row(&column(name), "one cell", "two"));
            }
        }
        let absent = names.iter().zip(&cells).find(|(_, cell)| cell.is_none());
        if let Some((name, _)) = absent {
            return Err(of_row(&column(name), "a cell", "none"));
        }
        self.of_cells(cells.into_iter().flatten())
    }

    /// The prediction for one row: its cells in the order of [`columns`](Self::columns).
    ///
    /// # Errors
    ///
    /// [`Error::Format`] if there are not as many cells as columns, or one is not as [`predict`](Self::predict) demands.
    pub fn predict_cells<'c, C: Into<Cell<'c>>>(
        &self,
        cells: impl IntoIterator<Item = C>,
    ) -> Result<K::Prediction, Error> {
        let cells: Vec<Cell<'c>> = cells.into_iter().map(Into::into).collect();
        let columns = self.columns().len();
        if cells.len() != columns {
            let expected = format!("{columns} cells: {}", listed(self.columns()));
            return Err(of_row("cells", expected, cells.len().to_string()));
        }
        self.of_cells(cells.into_iter())
    }

    /// The predictions for the rows of a CSV file, in order. Columns are found by their names, and there may be others; a file
    /// [without a header](Csv::no_header) has these columns in their order and no other.
    ///
    /// Of the description, how the file is written counts, and not what its columns are.
    ///
    /// ```
    /// # use axonal::data::{csv, csv_from_bytes};
    /// # use axonal::pipeline::{Pipeline, Preprocessor, Regression};
    /// # use axonal::prelude::*;
    /// # network! { struct Line<input 1 => dense 1>; }
    /// # let table = csv_from_bytes("x,y\n0,0\n2,2\n").table()?;
    /// # let mut net = Line::zeros();
    /// # net.dense1.weight[0] = 1.0;
    /// # let model = Pipeline::new(Preprocessor::<Regression>::fit(&table)?, net)?;
    /// let rows = csv_from_bytes("name;x\nfirst;0,5\nsecond;4\n").delimiter(b';').decimal(b',');
    /// assert_eq!(model.predict_csv(&rows)?, [[0.5], [4.0]]);
    /// # Ok::<(), axonal::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the file cannot be read. [`Error::Format`], which names line and column, if a column or a row is not as [`predict`](Self::predict) demands.
    pub fn predict_csv(&self, csv: &Csv) -> Result<Vec<K::Prediction>, Error> {
        const PIECE: usize = 1024;
        let csv = csv.without_roles();
        let columns = self.columns().len();
        let mut rows = NamedRows::open(&csv, self.columns())?;
        let mut predictions = Vec::new();
        let mut inputs = N::Input::zeros_vec(PIECE);
        loop {
            let mut count = 0;
            while count < PIECE && rows.advance()? {
                let cells = (0..columns).map(|column| Cell::Text(rows.text(column)));
                let input = inputs[count].as_mut_slice();
                self.preprocessor
                    .prepare(cells, csv.missing.as_deref(), Some(csv.decimal), input)
                    .map_err(|(column, expected)| rows.error(column, expected))?;
                count += 1;
            }
            predictions.extend(self.predict_inputs(&inputs[..count])?);
            if count < PIECE {
                return Ok(predictions);
            }
        }
    }

    /// The predictions for the rows of a table, such as a test part, in order.
    ///
    /// # Errors
    ///
    /// As [`Preprocessor::dataset`].
    pub fn predict_table(&self, table: &Table) -> Result<Vec<K::Prediction>, Error> {
        self.predict_inputs(&self.preprocessor.inputs(table)?)
    }

    /// The predictions for inputs that are prepared already: those of [`Preprocessor::dataset`].
    ///
    /// # Errors
    ///
    /// [`Error::InvalidNumber`] if an output of the network is NaN or infinite.
    pub fn predict_inputs(&self, inputs: &[N::Input]) -> Result<Vec<K::Prediction>, Error> {
        let mut outputs = N::Output::zeros_vec(inputs.len());
        self.net.forward_batch(inputs, &mut outputs);
        let task = self.preprocessor.task();
        outputs.iter().map(|output| task.prediction::<N::Activation>(output)).collect()
    }

    fn of_cells<'c>(
        &self,
        cells: impl Iterator<Item = Cell<'c>> + Clone,
    ) -> Result<K::Prediction, Error> {
        let mut input = N::Input::boxed_zeros();
        let prepared = self.preprocessor.prepare(cells.clone(), None, None, input.as_mut_slice());
        prepared.map_err(|(place, expected)| {
            let found = match cells.clone().nth(place) {
                Some(Cell::Text(text)) if !text.trim().is_empty() => {
                    format!("{}{}", quoted(text), self.preprocessor.decimal_advice(place, text))
                }
                Some(Cell::Number(number)) if !number.is_nan() => match number {
                    number if number.abs() < 1e16 => number.to_string(),
                    number => format!("{number:e}"),
                },
                _ => "a missing value".to_owned(),
            };
            of_row(&column(self.columns().nth(place).unwrap_or_default()), expected, found)
        })?;
        self.preprocessor.task().prediction::<N::Activation>(&self.net.forward(&input))
    }

    /// Writes the pipeline to a file.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the file cannot be written; then a file that was there before is as it was.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        atomic::write(path.as_ref(), &self.to_bytes())
    }

    /// Reads a pipeline from a file that [`save`](Self::save) wrote: predictions are the same to the bit.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the file cannot be read; [`Error::Format`] and [`Error::Tensor`] if it is no pipeline, one of another network or another task, or damaged: they say where,
    /// what was expected and what was found.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Error> {
        Self::read(path.as_ref(), &read(path.as_ref())?)
    }

    /// The bytes of the file that [`save`](Self::save) writes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.line("version", [VERSION.to_owned()]);
        for layer in layers::<N>() {
            writer.line("layer", layer);
        }
        self.preprocessor.write(&mut writer);
        let file = || Writing::new().parameters::<OfLayer<N>>(self.net.as_slice(), "");
        let weights = file().finish();
        let weights = File::read(&weights).unwrap_or_else(|_| unreachable!("it was just written"));
        let sum = checksum(&writer.text, weights);
        writer.line(CHECKSUM, [sum]);
        file().metadata(KEY, writer.text).finish()
    }

    /// [`load`](Self::load) from the content of a file: what `include_bytes!` or a download gives. Messages call it `bytes`.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load).
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        Self::read(Path::new("bytes"), bytes)
    }

    fn read(path: &Path, bytes: &[u8]) -> Result<Self, Error> {
        let file = open(path, bytes)?;
        let Some(text) = file.metadata(KEY) else {
            return Err(Error::Format {
                path: path.to_owned(),
                place: "`__metadata__`".to_owned(),
                expected: format!("a pipeline, under `{KEY}`"),
                found: "weights alone (`Network::load` reads them)".to_owned(),
            });
        };
        let text: String = text.chars().collect();
        let mut reader = Reader::new(path, &text);
        let line = reader.next("version")?;
        let [version] = line.fields()?;
        if version != VERSION {
            return Err(line.error(format!("version {VERSION}"), quoted(version)));
        }
        for expected in layers::<N>() {
            let line = reader.next("layer")?;
            if line.all() != expected {
                let expected = format!("{} in `{}`", written(&expected), N::NAME);
                return Err(line.error(expected, written(line.all())));
            }
        }
        let preprocessor = Preprocessor::read(&mut reader)?;
        let summed = reader.read();
        let line = reader.next(CHECKSUM)?;
        let ([found], expected) = (line.fields()?, checksum(summed, file));
        if found != expected {
            let found = format!("{found}: the file is damaged, or was changed");
            return Err(line.error(format!("the checksum {expected}"), found));
        }
        reader.end()?;
        if let Some(found) = preprocessor.misfit::<N::Input>() {
            let (place, expected) =
                ("inputs".to_owned(), format!("{} for `{}`", N::INPUT, N::NAME));
            return Err(Error::Format { path: path.to_owned(), place, expected, found });
        }
        let mut net: Box<N> = Parameters::zeros();
        fill_from::<OfLayer<N>>(net.as_mut_slice(), file, path, "", &format!("`{}`", N::NAME))?;
        Ok(Self { preprocessor, net })
    }
}

/// Of the text in a file.
const VERSION: &str = "1";

/// The word of the last line.
const CHECKSUM: &str = "checksum";

/// Of the text before it, and of the tensors: the sum of their CRC-32, so that the order of tensors, which other programs choose, does not count.
fn checksum(text: &str, file: File<'_>) -> String {
    let of = |parts: [&[u8]; 2]| {
        let mut crc = Crc::new();
        parts.into_iter().for_each(|part| crc.update(part));
        crc.sum()
    };
    let tensors = file.tensors().map(|tensor| {
        let name: String = tensor.name.chars().collect();
        of([name.as_bytes(), tensor.bytes])
    });
    format!("{:08x}", tensors.fold(of([text.as_bytes(), &[]]), u32::wrapping_add))
}

/// The layers of a network: name, description, output of each.
fn layers<N: Layer>() -> impl Iterator<Item = [String; 3]> {
    let rows = Summary::of::<N>("").rows.into_iter();
    rows.map(|row| [row.name, row.layer, row.output.to_string()])
}

/// A layer in a message.
fn written(layer: &[String]) -> String {
    match layer {
        [name, layer, output] => quoted(&format!("{name}: {layer} => {output}")),
        other => format!("{} fields", other.len()),
    }
}

fn column(name: &str) -> String {
    format!("column {}", quoted(name))
}

/// The error for a row that a program gives.
fn of_row(place: &str, expected: impl Into<String>, found: impl Into<String>) -> Error {
    let (place, expected, found) = (place.to_owned(), expected.into(), found.into());
    Error::Format { path: Path::new("row").to_owned(), place, expected, found }
}

impl<N, K: fmt::Debug> fmt::Debug for Pipeline<N, K>
where
    N: Network,
{
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut pipeline = formatter.debug_struct("Pipeline");
        pipeline.field("network", &N::NAME).field("preprocessor", &self.preprocessor);
        pipeline.finish_non_exhaustive()
    }
}

impl<N: Parameters, K: Clone> Clone for Pipeline<N, K> {
    fn clone(&self) -> Self {
        let mut net: Box<N> = Parameters::zeros();
        net.as_mut_slice().copy_from_slice(self.net.as_slice());
        Self { preprocessor: self.preprocessor.clone(), net }
    }
}
