//! Data sets from CSV files: what the cells of a table mean.

use std::str::FromStr;

use nalgebra::SVector;

use super::Dataset;
use super::csv::{Csv, CsvReport, listed};
use super::missing::Words;
use super::rows::Rows;
use crate::core::Class;
use crate::core::{Error, Scalar};

/// What a table is read as.
impl Csv {
    /// Reads `IN` numbers and a class from each row.
    ///
    /// If the first row's label is a number, all must be whole ones, and count the classes from 0. Otherwise labels are
    /// names (`inf` and `nan` too); their alphabetic order numbers the classes (as scikit-learn's `LabelEncoder` does),
    /// and there must be exactly `CLASSES` of them. [`class_names`](Self::class_names) gives the names.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the file cannot be read. [`Error::Format`], which names line and column, if the header lacks a
    /// column, a row has another number of cells, a cell is empty or not a finite number, a label is none of the classes,
    /// or there is no row.
    pub fn classification<T: Scalar + FromStr, const IN: usize, const CLASSES: usize>(
        &self,
    ) -> Result<Dataset<SVector<T, IN>, Class<CLASSES>>, Error> {
        self.classes_and(|_| Ok(()))
    }

    /// [`classification`](Self::classification) with the weight of each sample beside its class, from the column that [`weight`](Self::weight) names.
    ///
    /// ```
    /// use axonal::data::csv_from_bytes;
    /// use axonal::prelude::*;
    ///
    /// let data: Dataset<SVector<f32, 2>, (Class<2>, f32)> =
    ///     csv_from_bytes("a,b,w,class\n1,2,0.5,0\n3,4,2,1\n").weight("w").classification_weighted()?;
    /// assert_eq!(data.targets()[1], (Class::new(1)?, 2.0));
    ///
    /// network! { struct Net<input 2 => dense 2>; }
    ///
    /// let mut rng = StdRng::seed_from_u64(7);
    /// let mut net = Net::random(&mut rng);
    /// Trainer::new(CrossEntropy.weighted(), Adam::default()).fit(&mut *net, &data, &mut rng)?;
    /// # Ok::<(), axonal::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`classification`](Self::classification); and if no column of weights was named, or one of them is missing, negative, NaN or infinite.
    pub fn classification_weighted<T: Scalar + FromStr, const IN: usize, const CLASSES: usize>(
        &self,
    ) -> Result<Dataset<SVector<T, IN>, (Class<CLASSES>, T)>, Error> {
        let mut weights = Vec::new();
        let data = self.classes_and(|rows| {
            weights.push(rows.weight()?);
            Ok(())
        })?;
        data.with_weights(weights)
    }

    /// `take` is called with each row that is kept.
    fn classes_and<T: Scalar + FromStr, const IN: usize, const CLASSES: usize>(
        &self,
        mut take: impl FnMut(&Rows<'_>) -> Result<(), Error>,
    ) -> Result<Dataset<SVector<T, IN>, Class<CLASSES>>, Error> {
        let mut rows = Rows::open(self, 1)?;
        rows.expect_inputs(IN)?;
        let (mut inputs, mut labels) = (Vec::new(), Labels::default());
        while rows.advance()? {
            rows.read_inputs(&mut inputs)?;
            labels.push(rows.target(0)?, rows.byte());
            take(&rows)?;
        }
        rows.finish(&mut inputs)?;
        let names = self.names(&labels).map(Words::new);
        if let Some(Words { texts, .. }) = &names
            && texts.len() != CLASSES
        {
            return Err(self.source().format_error(
                rows.target_column(0),
                format!("the names of {CLASSES} classes"),
                format!("{}: {}", texts.len(), listed(texts)),
            ));
        }
        let class = |(text, byte): (&String, &u64)| {
            let index = match &names {
                Some(names) => names.find(text),
                None => self.whole_number(text),
            };
            index.and_then(|index| Class::new(index).ok()).ok_or_else(|| {
                let expected = match &names {
                    Some(names) => format!("one of {}", listed(&names.texts)),
                    None => format!("a whole number below {CLASSES}"),
                };
                let first = labels.bytes.first() == Some(byte) && labels.bytes.len() > CLASSES;
                let help = rows.first_row_advice(first).or_else(|| match names {
                    Some(_) => None,
                    None => self.name_classes(&labels, CLASSES),
                });
                rows.cell_error(*byte, &rows.target_column(0), expected, text, help)
            })
        };
        let classes = labels.words.texts.iter().zip(&labels.bytes).map(class);
        let classes = classes.collect::<Result<Vec<_>, _>>()?;
        let targets: Vec<_> = labels.rows.iter().map(|label| classes[*label]).collect();
        Dataset::new(samples(inputs, targets.len()), targets)
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
        self.numbers_and(|_| Ok(()))
    }

    /// [`regression`](Self::regression) with the weight of each sample beside its targets, from the column that [`weight`](Self::weight) names.
    ///
    /// # Errors
    ///
    /// As [`regression`](Self::regression); and if no column of weights was named, or one of them is missing, negative, NaN or infinite.
    #[expect(clippy::type_complexity, reason = "a data set whose targets have weights")]
    pub fn regression_weighted<T: Scalar + FromStr, const IN: usize, const OUT: usize>(
        &self,
    ) -> Result<Dataset<SVector<T, IN>, (SVector<T, OUT>, T)>, Error> {
        let mut weights = Vec::new();
        let data = self.numbers_and(|rows| {
            weights.push(rows.weight()?);
            Ok(())
        })?;
        data.with_weights(weights)
    }

    /// `take` is called with each row that is kept.
    fn numbers_and<T: Scalar + FromStr, const IN: usize, const OUT: usize>(
        &self,
        mut take: impl FnMut(&Rows<'_>) -> Result<(), Error>,
    ) -> Result<Dataset<SVector<T, IN>, SVector<T, OUT>>, Error> {
        let mut rows = Rows::open(self, OUT)?;
        rows.expect_inputs(IN)?;
        let (mut inputs, mut targets, mut count) = (Vec::new(), Vec::new(), 0);
        while rows.advance()? {
            rows.read_inputs(&mut inputs)?;
            rows.read_targets(&mut targets)?;
            take(&rows)?;
            count += 1;
        }
        rows.finish(&mut inputs)?;
        Dataset::new(samples(inputs, count), samples(targets, count))
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
        let mut labels = Labels::default();
        while rows.advance()? {
            labels.push(rows.target(0)?, rows.byte());
        }
        Ok(self.names(&labels).unwrap_or_default())
    }

    /// The names of the inputs, in order: those of the columns (without a header, their positions), and for a column of
    /// words `column_word`, as scikit-learn's `get_feature_names_out` names them.
    ///
    /// Reads the file. Without [`target`](Self::target) or [`targets`](Self::targets), one target is taken to be in the last
    /// column.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] and [`Error::Format`], as in [`classification`](Self::classification).
    pub fn input_names(&self) -> Result<Vec<String>, Error> {
        Ok(Rows::open(self, self.target_count())?.input_names())
    }

    /// How many rows become samples, how many are left out, and how many values are missing in which column.
    ///
    /// Reads the file. Without [`target`](Self::target) or [`targets`](Self::targets), one target is taken to be in the last
    /// column.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] and [`Error::Format`], as in [`classification`](Self::classification).
    pub fn report(&self) -> Result<CsvReport, Error> {
        let mut rows = Rows::open(self, self.target_count())?;
        let mut count = 0;
        while rows.advance()? {
            count += 1;
        }
        Ok(rows.report(count))
    }

    pub(super) fn target_count(&self) -> usize {
        self.targets.as_ref().map_or(1, Vec::len)
    }

    /// The names of the classes, or `None` if the labels are whole numbers.
    fn names(&self, labels: &Labels) -> Option<Vec<String>> {
        if self.classes.is_some() {
            return self.classes.clone();
        }
        // One label decides: were it all of them, a single misprint would turn numbers into names.
        let first = labels.words.texts.first()?;
        if self.number::<f64>(first).is_some() {
            return None;
        }
        let mut names = labels.words.texts.clone();
        names.sort();
        Some(names)
    }

    /// What names classes whose labels are whole numbers, but do not count from 0.
    fn name_classes(&self, labels: &Labels, classes: usize) -> Option<String> {
        const MOST: usize = 12;
        let texts = &labels.words.texts;
        let number = |text: &String| self.number::<f64>(text).filter(|x| x.fract() == 0.0);
        let mut numbers: Vec<(f64, &String)> =
            texts.iter().map(|text| Some((number(text)?, text))).collect::<Option<_>>()?;
        numbers.sort_by(|a, b| a.0.total_cmp(&b.0));
        if texts.len() > classes {
            return Some(format!("the file has {} different labels", texts.len()));
        }
        if texts.len() < classes {
            return None;
        }
        let mut names: Vec<String> =
            numbers.iter().take(MOST).map(|(_, text)| format!("{text:?}")).collect();
        if numbers.len() > MOST {
            names.push("…".to_owned());
        }
        Some(format!("`.classes([{}])` names them in order", names.join(", ")))
    }

    /// The index in "2", or in the "2.0" or "2.000e+00" that numerical programs write.
    pub(super) fn whole_number(&self, text: &str) -> Option<usize> {
        if let Ok(index) = text.parse() {
            return Some(index);
        }
        let value: f64 = self.number(text)?;
        let whole = value.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&value);
        whole.then_some(value as usize)
    }
}

/// The labels of all rows, each text kept once: they are few, and rows are many.
#[derive(Default)]
struct Labels {
    words: Words,
    /// Where the row of each text's first appearance begins.
    bytes: Vec<u64>,
    rows: Vec<usize>,
}

impl Labels {
    fn push(&mut self, text: &str, byte: u64) {
        let label = self.words.add(text);
        if label == self.bytes.len() {
            self.bytes.push(byte);
        }
        self.rows.push(label);
    }
}

/// `count` vectors of `N` numbers each, without a copy where the memory can be taken as it is.
fn samples<T: Scalar, const N: usize>(numbers: Vec<T>, count: usize) -> Vec<SVector<T, N>> {
    if N == 0 {
        return bytemuck::zeroed_vec(count);
    }
    bytemuck::allocation::cast_slice_box(numbers.into_boxed_slice()).into_vec()
}
