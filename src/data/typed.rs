//! Rows of a CSV file as values of a type of one's own.

use std::any::type_name;
use std::fmt;
use std::marker::PhantomData;

use csv::{DeserializeErrorKind, ErrorKind, StringRecord};
use serde::de::DeserializeOwned;

use super::csv::{Csv, listed};
use super::missing::parse_number;
use super::rows::Rows;
use crate::core::Error;

impl Csv {
    /// The rows as values of a type that derives serde's `Deserialize`: columns become fields by their names, and without a header by their order
    /// (feature `serde`).
    ///
    /// Files are read as they are for other uses: delimiters, comments, decimal commas. Cells are without white space at their ends. What a column is for
    /// (targets, one-hot) does not matter; rows in which a column that is not [ignored](Self::ignore) lacks a value are left out by
    /// [`drop_missing`](Self::drop_missing). An empty cell is `None`, and so is one of [`missing_values`](Self::missing_values) if these are given.
    ///
    /// ```
    /// use axonal::data::csv;
    /// use axonal::prelude::*;
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize)]
    /// struct Flower {
    ///     #[serde(rename = "petal length (cm)")]
    ///     length: f32,
    ///     #[serde(rename = "petal width (cm)")]
    ///     width: f32,
    ///     label: usize,
    /// }
    ///
    /// let file = csv("examples/data/iris.csv");
    /// let data = Dataset::from_rows(file.rows()?, |flower: Flower| {
    ///     let area = flower.length * flower.width;
    ///     Ok((SVector::from([flower.length, flower.width, area]), Class::<3>::new(flower.label)?))
    /// })?;
    /// assert_eq!(data.class_counts(), [50, 50, 50]);
    /// # Ok::<(), axonal::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the file cannot be read, [`Error::Format`] if it has no row, or no header where there should be one. Each row is read when it is asked for, and
    /// may be an error with its line and column.
    pub fn rows<R: DeserializeOwned>(&self) -> Result<CsvRows<'_, R>, Error> {
        let rows = Rows::without_targets(self)?;
        let header = rows.header().map(StringRecord::from);
        Ok(CsvRows { rows, header, failed: false, of: PhantomData })
    }
}

/// The rows of a CSV file, one after the other, from [`Csv::rows`]. After an error there is no more.
pub struct CsvRows<'a, R> {
    rows: Rows<'a>,
    header: Option<StringRecord>,
    failed: bool,
    of: PhantomData<fn() -> R>,
}

impl<R: DeserializeOwned> Iterator for CsvRows<'_, R> {
    type Item = Result<R, Error>;

    fn next(&mut self) -> Option<Result<R, Error>> {
        if self.failed {
            return None;
        }
        let row = match self.rows.advance() {
            Ok(false) => return None,
            Ok(true) => self.row(),
            Err(error) => Err(error),
        };
        self.failed = row.is_err();
        Some(row)
    }
}

impl<R: DeserializeOwned> CsvRows<'_, R> {
    fn row(&self) -> Result<R, Error> {
        let csv = self.rows.csv();
        let mut record = StringRecord::new();
        for column in 0..self.rows.columns() {
            let text = self.rows.cell(column);
            let is_missing = csv.missing.is_some() && self.rows.is_missing(text);
            if csv.decimal == b'.' || is_missing {
                record.push_field(if is_missing { "" } else { text });
                continue;
            }
            // A point would be taken for that of the decimals.
            if text.contains('.') && text.parse::<f64>().is_ok() {
                let expected = format!("numbers with the decimal `{}`", char::from(csv.decimal));
                return Err(self.rows.here(column, expected));
            }
            match parse_number::<f64>(text, csv.decimal) {
                Some(_) => record.push_field(&text.replace(char::from(csv.decimal), ".")),
                None => record.push_field(text),
            }
        }
        record.deserialize(self.header.as_ref()).map_err(|error| self.error(error))
    }

    fn error(&self, error: csv::Error) -> Error {
        use DeserializeErrorKind::{
            InvalidUtf8, Message, ParseBool, ParseFloat, ParseInt, UnexpectedEndOfRow, Unsupported,
        };
        let whole = |found: String| {
            let name = type_name::<R>().rsplit("::").next().unwrap_or_default();
            self.rows.line_error(format!("a row that is a `{name}`"), found)
        };
        let ErrorKind::Deserialize { err, .. } = error.kind() else {
            return whole(error.to_string());
        };
        let expected = match err.kind() {
            Message(message) => {
                let header = self.header.as_ref().filter(|_| message.starts_with("missing field"));
                let columns = header.map(|header| format!(" among the columns {}", listed(header)));
                return whole(format!("{message}{}", columns.unwrap_or_default()));
            }
            Unsupported(what) => return whole(format!("a type that no row has: {what}")),
            UnexpectedEndOfRow => {
                return whole(format!("the end of it, after {} cells", self.rows.columns()));
            }
            ParseBool(_) => "`true` or `false`",
            ParseInt(_) => "a whole number that its type can hold",
            ParseFloat(_) => "a number",
            InvalidUtf8(_) => "UTF-8",
        };
        match err.field().and_then(|field| usize::try_from(field).ok()) {
            Some(column) if column < self.rows.columns() => self.rows.here(column, expected.into()),
            _ => whole(err.to_string()),
        }
    }
}

impl<R> fmt::Debug for CsvRows<'_, R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("CsvRows").field("header", &self.header).finish_non_exhaustive()
    }
}
