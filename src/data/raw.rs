//! A table whose columns have been read, but not yet turned into inputs: what a pipeline is fitted to.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use rand::Rng;

use super::Dataset;
use super::csv::{Column, Csv, listed};
use super::missing::Words;
use super::rows::{Rows, line_at};
use crate::core::Error;
use crate::io::file_kind::quoted;

/// The rows of a CSV file as they are: numbers, words, missing values. From [`Csv::table`].
///
/// It is cut into parts before anything is learned of it, so that means, standard deviations, words and the values that are filled in are those of
/// the training part alone: a [`Preprocessor`](crate::pipeline::Preprocessor) learns them. The parts share the cells.
///
/// ```
/// use axonal::data::csv_from_bytes;
/// use rand::{SeedableRng, rngs::StdRng};
///
/// let table = csv_from_bytes("town,rooms,price\nUlm,3,200\nBonn,4,310\nUlm,2,150\n").one_hot("town").table()?;
/// assert_eq!((table.len(), table.input_columns(), table.target_columns()), (3, vec!["town", "rooms"], vec!["price"]));
/// let (train, test) = table.split_shuffled(0.67, &mut StdRng::seed_from_u64(7))?;
/// assert_eq!((train.len(), test.len()), (2, 1));
/// # Ok::<(), axonal::Error>(())
/// ```
#[derive(Clone)]
pub struct Table {
    content: Arc<Content>,
    /// The places of the rows in the content.
    rows: Vec<usize>,
}

struct Content {
    csv: Csv,
    /// Where each row begins in the file.
    bytes: Vec<u64>,
    inputs: Vec<Cells>,
    targets: Vec<Cells>,
    weights: Option<Vec<f64>>,
}

/// The cells of a column.
pub(crate) struct Cells {
    pub(crate) name: String,
    /// How messages call it.
    pub(crate) place: String,
    pub(crate) values: Values,
}

pub(crate) enum Values {
    /// A missing one is NaN.
    Numbers(Vec<f64>),
    /// `rows` has places in `texts`, [`MISSING_WORD`] where a word is missing. `given` are those of the description.
    Words { texts: Vec<String>, rows: Vec<u32>, given: Option<Vec<String>> },
}

/// What a row has in a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Found<'a> {
    Missing,
    Number(f64),
    Word(&'a str),
}

const MISSING_WORD: u32 = u32::MAX;

impl Cells {
    pub(crate) fn at(&self, row: usize) -> Found<'_> {
        match &self.values {
            Values::Numbers(numbers) if numbers[row].is_nan() => Found::Missing,
            Values::Numbers(numbers) => Found::Number(numbers[row]),
            Values::Words { rows, .. } if rows[row] == MISSING_WORD => Found::Missing,
            Values::Words { texts, rows, .. } => Found::Word(&texts[rows[row] as usize]),
        }
    }
}

impl Csv {
    /// Reads the rows as they are: to be cut into parts, and prepared by a [`Preprocessor`](crate::pipeline::Preprocessor) that was fitted to one of them.
    ///
    /// Of missing inputs, [`fill_missing`](Self::fill_missing) says what takes their place, but nothing does so yet.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the file cannot be read. [`Error::Format`], which names line and column, if the header lacks a
    /// column, no column is an input, a row has another number of cells, a cell of numbers is not a finite one, a value is missing and is neither to be left out nor filled in,
    /// or there is no row.
    pub fn table(&self) -> Result<Table, Error> {
        let mut rows = Rows::begin(self, self.target_count())?;
        let word_inputs = rows.word_inputs()?;
        let columns: Vec<usize> = rows.input_columns().collect();
        let target_columns = rows.target_columns().to_vec();
        if columns.is_empty() {
            return Err(rows.no_inputs());
        }
        let mut inputs: Vec<Reader> =
            columns.iter().map(|column| Reader::new(&rows, *column)).collect();
        for (input, (_, given)) in word_inputs.into_iter().zip(&self.one_hot) {
            inputs[input].words = Some(Words::default());
            inputs[input].given.clone_from(given);
        }
        let mut targets: Vec<Reader> =
            target_columns.iter().map(|column| Reader::new(&rows, *column)).collect();
        let mut weights = self.weight.is_some().then(Vec::new);
        let mut bytes = Vec::new();
        while rows.advance()? {
            for input in &mut inputs {
                let text = rows.cell(input.column);
                if rows.is_missing(text) && self.fill.is_some() {
                    input.push_missing();
                } else if input.words.is_some() && rows.is_missing(text) && !input.is_given(text) {
                    let advice = Some(rows.missing_advice());
                    return Err(rows.cell_error(
                        rows.byte(),
                        &input.place,
                        "a word".into(),
                        text,
                        advice,
                    ));
                } else {
                    input.push(&rows)?;
                }
            }
            for (target, reader) in targets.iter_mut().enumerate() {
                let text = rows.target(target)?;
                // As in `classification`, the first label decides.
                if bytes.is_empty()
                    && (self.classes.is_some() || self.number::<f64>(text).is_none())
                {
                    reader.words = Some(Words::default());
                    reader.given.clone_from(&self.classes);
                }
                reader.push(&rows)?;
            }
            if let Some(weights) = &mut weights {
                weights.push(rows.weight()?);
            }
            bytes.push(rows.byte());
        }
        rows.finish::<f64>(&mut [])?;
        let finish = |readers: Vec<Reader>| readers.into_iter().map(Reader::finish).collect();
        let (inputs, targets) = (finish(inputs), finish(targets));
        let rows = (0..bytes.len()).collect();
        Ok(Table {
            content: Arc::new(Content { csv: self.clone(), bytes, inputs, targets, weights }),
            rows,
        })
    }
}

/// A column that is being read.
struct Reader {
    column: usize,
    name: String,
    place: String,
    words: Option<Words>,
    given: Option<Vec<String>>,
    word_rows: Vec<u32>,
    numbers: Vec<f64>,
}

impl Reader {
    fn new(rows: &Rows<'_>, column: usize) -> Self {
        Self {
            column,
            name: rows.name(column),
            place: rows.name_column(column),
            words: None,
            given: None,
            word_rows: Vec::new(),
            numbers: Vec::new(),
        }
    }

    fn push(&mut self, rows: &Rows<'_>) -> Result<(), Error> {
        match &mut self.words {
            Some(words) => self.word_rows.push(words.add(rows.cell(self.column)) as u32),
            None => self.numbers.push(rows.number(self.column)?),
        }
        Ok(())
    }

    /// Whether a text is one of the words of the description.
    fn is_given(&self, text: &str) -> bool {
        self.given.iter().flatten().any(|word| word == text)
    }

    fn push_missing(&mut self) {
        match &self.words {
            Some(_) => self.word_rows.push(MISSING_WORD),
            None => self.numbers.push(f64::NAN),
        }
    }

    fn finish(self) -> Cells {
        let values = match self.words {
            Some(words) => {
                Values::Words { texts: words.texts, rows: self.word_rows, given: self.given }
            }
            None => Values::Numbers(self.numbers),
        };
        Cells { name: self.name, place: self.place, values }
    }
}

impl Table {
    /// The number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The names of the columns of inputs, in the order of the file.
    pub fn input_columns(&self) -> Vec<&str> {
        self.content.inputs.iter().map(|cells| &*cells.name).collect()
    }

    /// The names of the columns of targets.
    pub fn target_columns(&self) -> Vec<&str> {
        self.content.targets.iter().map(|cells| &*cells.name).collect()
    }

    /// The numbers of a column, in the order of the rows; a missing one is NaN.
    ///
    /// # Errors
    ///
    /// [`Error::Format`] if there is no such column of inputs or targets, or it holds words.
    pub fn numbers(&self, column: &str) -> Result<Vec<f64>, Error> {
        let cells = self.column(column)?;
        match &cells.values {
            Values::Numbers(numbers) => Ok(self.rows.iter().map(|row| numbers[*row]).collect()),
            Values::Words { .. } => Err(self.error(&cells.place, "numbers", "words")),
        }
    }

    /// The words of a column, in the order of the rows; a missing one is empty. A column of numbers has none: [`numbers`](Self::numbers).
    ///
    /// # Errors
    ///
    /// [`Error::Format`] if there is no such column of inputs or targets, or it holds numbers.
    pub fn words(&self, column: &str) -> Result<Vec<&str>, Error> {
        let cells = self.column(column)?;
        let word = |row: &usize| match cells.at(*row) {
            Found::Word(word) => word,
            _ => "",
        };
        match &cells.values {
            Values::Words { .. } => Ok(self.rows.iter().map(word).collect()),
            Values::Numbers(_) => Err(self.error(&cells.place, "words", "numbers")),
        }
    }

    /// The rows at these places, in this order.
    ///
    /// # Panics
    ///
    /// If there is no row at one of the places.
    #[track_caller]
    #[must_use]
    pub fn select(&self, places: impl IntoIterator<Item = usize>) -> Self {
        let mut rows = Vec::new();
        for place in places {
            assert!(place < self.len(), "there is no row {place} among {}", self.len());
            rows.push(self.rows[place]);
        }
        Self { content: Arc::clone(&self.content), rows }
    }

    /// As [`Dataset::split`]: the first rows and the rest.
    ///
    /// # Errors
    ///
    /// [`Error::FractionOutOfRange`] if `fraction` is not from 0 to 1.
    pub fn split(self, fraction: f64) -> Result<(Self, Self), Error> {
        let (first, rest) = self.places().split(fraction)?;
        Ok((self.part(first), self.part(rest)))
    }

    /// As [`Dataset::split_three`]: in order.
    ///
    /// # Errors
    ///
    /// [`Error::FractionOutOfRange`] if a fraction is not from 0 to 1; [`Error::InvalidNumber`] if their sum is not 1.
    pub fn split_three(self, fractions: [f64; 3]) -> Result<(Self, Self, Self), Error> {
        let (first, second, third) = self.places().split_three(fractions)?;
        Ok((self.part(first), self.part(second), self.part(third)))
    }

    /// As [`Dataset::split_shuffled`]: drawn at random.
    ///
    /// # Errors
    ///
    /// As [`split`](Self::split).
    pub fn split_shuffled<R: Rng + ?Sized>(
        self,
        fraction: f64,
        rng: &mut R,
    ) -> Result<(Self, Self), Error> {
        let (first, rest) = self.places().split_shuffled(fraction, rng)?;
        Ok((self.part(first), self.part(rest)))
    }

    /// As [`Dataset::split_three_shuffled`]: drawn at random.
    ///
    /// # Errors
    ///
    /// As [`split_three`](Self::split_three).
    pub fn split_three_shuffled<R: Rng + ?Sized>(
        self,
        fractions: [f64; 3],
        rng: &mut R,
    ) -> Result<(Self, Self, Self), Error> {
        let (first, second, third) = self.places().split_three_shuffled(fractions, rng)?;
        Ok((self.part(first), self.part(second), self.part(third)))
    }

    /// As [`Dataset::split_stratified_shuffled`]: drawn at random from each class of the first target.
    ///
    /// Of numbers with more than 100 different values, each tenth of them is a class.
    ///
    /// # Errors
    ///
    /// As [`split`](Self::split).
    pub fn split_stratified_shuffled<R: Rng + ?Sized>(
        self,
        fraction: f64,
        rng: &mut R,
    ) -> Result<(Self, Self), Error> {
        let (first, rest) = self.strata().split_stratified_by(fraction, |stratum| *stratum, rng)?;
        Ok((self.part(first), self.part(rest)))
    }

    /// As [`Dataset::split_three_stratified`], with the classes of [`split_stratified_shuffled`](Self::split_stratified_shuffled).
    ///
    /// # Errors
    ///
    /// As [`split_three`](Self::split_three).
    pub fn split_three_stratified<R: Rng + ?Sized>(
        self,
        fractions: [f64; 3],
        rng: &mut R,
    ) -> Result<(Self, Self, Self), Error> {
        let strata = self.strata();
        let (first, second, third) =
            strata.split_three_stratified_by(fractions, |stratum| *stratum, rng)?;
        Ok((self.part(first), self.part(second), self.part(third)))
    }

    fn places(&self) -> Dataset<usize, ()> {
        self.rows.iter().map(|row| (*row, ())).collect()
    }

    /// The places of the rows with their strata.
    fn strata(&self) -> Dataset<usize, usize> {
        const LABELS: usize = 100;
        const TENTHS: usize = 10;
        let Some(target) = self.content.targets.first() else {
            return self.places().map_targets(|()| 0);
        };
        let numbers = match &target.values {
            Values::Words { rows, .. } => {
                return self.rows.iter().map(|row| (*row, rows[*row] as usize)).collect();
            }
            Values::Numbers(numbers) => numbers,
        };
        let mut sorted: Vec<f64> = self.rows.iter().map(|row| numbers[*row]).collect();
        sorted.sort_by(f64::total_cmp);
        let mut bounds = sorted.clone();
        bounds.dedup();
        if bounds.len() > LABELS {
            bounds = (1..TENTHS).map(|tenth| sorted[tenth * sorted.len() / TENTHS]).collect();
        }
        let stratum = |row: &usize| bounds.partition_point(|bound| *bound <= numbers[*row]);
        self.rows.iter().map(|row| (*row, stratum(row))).collect()
    }

    fn part<Y>(&self, rows: Dataset<usize, Y>) -> Self {
        Self { content: Arc::clone(&self.content), rows: rows.into_parts().0 }
    }

    fn column(&self, name: &str) -> Result<&Cells, Error> {
        let mut columns = self.content.inputs.iter().chain(&self.content.targets);
        columns.find(|cells| cells.name == name).ok_or_else(|| {
            let names: BTreeSet<_> =
                self.input_columns().into_iter().chain(self.target_columns()).collect();
            let expected = format!("a {}", Column::from(name));
            self.error("table", &expected, &listed(names))
        })
    }

    pub(crate) fn inputs(&self) -> &[Cells] {
        &self.content.inputs
    }

    pub(crate) fn targets(&self) -> &[Cells] {
        &self.content.targets
    }

    /// The weights of the rows, in their order.
    pub(crate) fn weights(&self) -> Result<Vec<f64>, Error> {
        let weights = self.content.weights.as_ref().ok_or_else(|| {
            self.error("description", "a column of weights (`.weight(…)`)", "none")
        })?;
        Ok(self.rows.iter().map(|row| weights[*row]).collect())
    }

    /// Where the rows are in the columns.
    pub(crate) fn rows(&self) -> &[usize] {
        &self.rows
    }

    pub(crate) fn csv(&self) -> &Csv {
        &self.content.csv
    }

    /// The error for the whole file.
    pub(crate) fn error(&self, place: &str, expected: &str, found: &str) -> Error {
        self.content.csv.source().format_error(place, expected, found)
    }

    /// The error for a cell.
    pub(crate) fn cell_error(&self, row: usize, cells: &Cells, expected: &str) -> Error {
        self.cell_error_with(row, cells, expected, None)
    }

    /// The error for a cell, and what may help.
    pub(crate) fn cell_error_with(
        &self,
        row: usize,
        cells: &Cells,
        expected: &str,
        help: Option<&str>,
    ) -> Error {
        let line = line_at(&self.content.csv, self.content.bytes[row]);
        let found = match cells.at(row) {
            Found::Missing => "a missing value".to_owned(),
            Found::Number(number) => number.to_string(),
            Found::Word(word) => quoted(word),
        };
        let found = found + &help.map(|help| format!(" ({help})")).unwrap_or_default();
        self.error(&format!("line {line}, {}", cells.place), expected, &found)
    }
}

/// The texts of some columns of a file, row by row: of a file that need not have anything else.
pub(crate) struct NamedRows<'a> {
    rows: Rows<'a>,
    columns: Vec<usize>,
}

impl<'a> NamedRows<'a> {
    /// The columns by their names; in a file without a header, all columns in order.
    ///
    /// `csv` is a description [without roles](Csv::without_roles).
    pub(crate) fn open<'n>(
        csv: &'a Csv,
        names: impl ExactSizeIterator<Item = &'n str>,
    ) -> Result<Self, Error> {
        let rows = Rows::begin(csv, 0)?;
        let columns = if rows.header().is_some() {
            names.map(|name| rows.find(&Column::from(name))).collect::<Result<_, _>>()?
        } else {
            let columns: Vec<usize> = rows.input_columns().collect();
            if columns.len() != names.len() {
                let expected = format!("{} columns: {}", names.len(), listed(names));
                return Err(csv.source().format_error(
                    "line 1",
                    expected,
                    columns.len().to_string(),
                ));
            }
            columns
        };
        Ok(Self { rows, columns })
    }

    /// Goes on to the next row; false at the end of the file.
    pub(crate) fn advance(&mut self) -> Result<bool, Error> {
        self.rows.advance()
    }

    /// The text in one of the columns.
    pub(crate) fn text(&self, column: usize) -> &str {
        self.rows.cell(self.columns[column])
    }

    /// The error for one of the columns.
    pub(crate) fn error(&self, column: usize, expected: String) -> Error {
        self.rows.here(self.columns[column], expected)
    }
}

/// Sizes only.
impl fmt::Debug for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = formatter.debug_struct("Table");
        table.field("len", &self.len()).field("inputs", &self.input_columns());
        table.field("targets", &self.target_columns()).finish_non_exhaustive()
    }
}
