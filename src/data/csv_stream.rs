//! Samples of a CSV file, read one after the other.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use nalgebra::SVector;

use super::csv::{Csv, listed};
use super::missing::{Fill, Words};
use super::rows::Rows;
use crate::core::{Class, Error, Scalar};

/// Files that are larger than the memory.
impl Csv {
    /// The samples of [`classification`](Self::classification), one after the other, for a file that is larger than the memory: a
    /// [`SampleStream`](super::SampleStream).
    ///
    /// What is known only at the end of the file has to be said before: labels that are names, by [`classes`](Self::classes); what takes the place of missing values,
    /// by [`Fill::Constant`]. The words of a column that is [`one_hot`](Self::one_hot) are found in a first pass over the file.
    ///
    /// # Errors
    ///
    /// As `classification`, at once for the header and the description; each sample may be an error of its row.
    pub fn classification_stream<T: Scalar + FromStr, const IN: usize, const CLASSES: usize>(
        &self,
    ) -> Result<CsvStream<'_, T, IN, Class<CLASSES>>, Error> {
        let names = self.classes.clone().map(Words::new);
        if let Some(names) = &names
            && names.texts.len() != CLASSES
        {
            let found = format!("{}: {}", names.texts.len(), listed(&names.texts));
            return Err(self.source().format_error(
                "classes",
                format!("the names of {CLASSES} classes"),
                found,
            ));
        }
        CsvStream::open(self, 1, move |rows: &Rows<'_>| {
            let text = rows.target(0)?;
            let index = match &names {
                Some(names) => names.find(text),
                None => rows.csv().whole_number(text),
            };
            index.and_then(|index| Class::new(index).ok()).ok_or_else(|| {
                let (expected, help) = match &names {
                    Some(names) => (format!("one of {}", listed(&names.texts)), None),
                    None => {
                        let help = "labels that are names are read with `.classes([…])`".to_owned();
                        let is_name = rows.csv().number::<f64>(text).is_none();
                        (format!("a whole number below {CLASSES}"), is_name.then_some(help))
                    }
                };
                rows.cell_error(rows.byte(), &rows.target_column(0), expected, text, help)
            })
        })
    }

    /// The samples of [`regression`](Self::regression), one after the other, as [`classification_stream`](Self::classification_stream) gives them.
    ///
    /// ```
    /// use axonal::data::{SampleStream, csv};
    ///
    /// let file = csv("examples/data/california_housing.csv.gz");
    /// let mut count = 0;
    /// for batch in file.regression_stream::<f32, 8, 1>()?.batches(1000) {
    ///     count += batch?.len();
    /// }
    /// assert_eq!(count, 20_640);
    /// # Ok::<(), axonal::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As `regression`, at once for the header and the description; each sample may be an error of its row.
    pub fn regression_stream<T: Scalar + FromStr, const IN: usize, const OUT: usize>(
        &self,
    ) -> Result<CsvStream<'_, T, IN, SVector<T, OUT>>, Error> {
        CsvStream::open(self, OUT, |rows: &Rows<'_>| {
            let mut numbers = Vec::with_capacity(OUT);
            rows.read_targets(&mut numbers)?;
            Ok(SVector::from_column_slice(&numbers))
        })
    }
}

type Target<'a, Y> = Box<dyn Fn(&Rows<'a>) -> Result<Y, Error> + Send + 'a>;

/// The samples of a CSV file, one after the other: see [`Csv::classification_stream`]. After an error there is no more.
pub struct CsvStream<'a, T, const IN: usize, Y> {
    /// Nothing after an error.
    rows: Option<Rows<'a>>,
    target: Target<'a, Y>,
    numbers: Vec<T>,
    of: PhantomData<fn() -> (T, Y)>,
}

impl<'a, T: Scalar + FromStr, const IN: usize, Y> CsvStream<'a, T, IN, Y> {
    fn open(
        csv: &'a Csv,
        targets: usize,
        target: impl Fn(&Rows<'a>) -> Result<Y, Error> + Send + 'a,
    ) -> Result<Self, Error> {
        if let Some(fill) = csv.fill
            && !matches!(fill, Fill::Constant(_))
        {
            let expected =
                "`Fill::Constant(…)` in a stream: others are known at the end of the file";
            return Err(csv.source().format_error(
                "description",
                expected,
                format!("`Fill::{fill:?}`"),
            ));
        }
        let rows = Rows::open(csv, targets)?;
        rows.expect_inputs(IN)?;
        Ok(Self {
            rows: Some(rows),
            target: Box::new(target),
            numbers: Vec::new(),
            of: PhantomData,
        })
    }

    fn sample(&mut self) -> Result<Option<(SVector<T, IN>, Y)>, Error> {
        let Some(rows) = &mut self.rows else { return Ok(None) };
        if !rows.advance()? {
            return Ok(None);
        }
        self.numbers.clear();
        rows.read_inputs(&mut self.numbers)?;
        if let Some(Fill::Constant(value)) = rows.csv().fill {
            rows.fill_with(&mut self.numbers, value)?;
        }
        Ok(Some((SVector::from_column_slice(&self.numbers), (self.target)(rows)?)))
    }
}

impl<T: Scalar + FromStr, const IN: usize, Y> Iterator for CsvStream<'_, T, IN, Y> {
    type Item = Result<(SVector<T, IN>, Y), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let sample = self.sample().transpose();
        if !matches!(sample, Some(Ok(_))) {
            self.rows = None;
        }
        sample
    }
}

impl<T, const IN: usize, Y> fmt::Debug for CsvStream<'_, T, IN, Y> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("CsvStream").field("inputs", &IN).finish_non_exhaustive()
    }
}
