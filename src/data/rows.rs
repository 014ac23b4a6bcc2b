//! The rows of a CSV file whose columns have been sorted into inputs, targets and ignored ones.

use std::io::Read;
use std::str::FromStr;

use csv::{ErrorKind, ReaderBuilder, StringRecord, Trim};

use super::table::{Column, Csv, listed};
use crate::formats::source::Source;
use crate::{Error, Scalar};

pub(super) struct Rows<'a> {
    source: Source<'a>,
    reader: csv::Reader<Box<dyn Read + 'a>>,
    header: Option<StringRecord>,
    columns: usize,
    inputs: Vec<usize>,
    targets: Vec<usize>,
    record: StringRecord,
    /// Whether `record` has been read but not yet been handed out.
    pending: bool,
}

impl<'a> Rows<'a> {
    /// Opens the file and finds the columns of `targets` targets; every other column is an input or ignored.
    pub(super) fn open(csv: &'a Csv, targets: usize) -> Result<Self, Error> {
        let source = Source::File(&csv.path);
        let content = source.open()?;
        if let Some(found) = content.is_no_table() {
            return Err(source.format_error("beginning", "a table", found));
        }
        let reader = ReaderBuilder::new()
            .delimiter(csv.delimiter)
            .has_headers(false)
            // Rows of unequal lengths are reported here, where more is known about them.
            .flexible(true)
            .trim(Trim::All)
            .from_reader(Box::new(content.reader) as Box<dyn Read>);
        let mut rows = Self {
            source,
            reader,
            header: None,
            columns: 0,
            inputs: Vec::new(),
            targets: Vec::new(),
            record: StringRecord::new(),
            pending: false,
        };
        if !rows.read()? {
            let expected = if csv.header { "a header line" } else { "at least one row" };
            return Err(source.format_error("line 1", expected, "an empty file"));
        }
        if csv.header {
            rows.take_header()?;
        }
        // Also without a header, to find an empty file here rather than after the columns were found wanting.
        rows.pending = if csv.header { rows.read()? } else { true };
        if !rows.pending {
            return Err(source.format_error("below the header", "at least one row", "none"));
        }
        rows.choose_columns(csv, targets)?;
        Ok(rows)
    }

    /// The current record becomes the header.
    fn take_header(&mut self) -> Result<(), Error> {
        let header = std::mem::take(&mut self.record);
        self.columns = header.len();
        // pandas numbers columns that were given no names; any other numbers are a first row of data, which would be
        // lost without a word.
        let all_numbers = header.iter().all(|cell| cell.parse::<f64>().is_ok());
        let numbered = header.iter().enumerate().all(|(i, cell)| cell == i.to_string());
        if all_numbers && !numbered {
            return Err(self.source.format_error(
                "header",
                "the columns' names (or `.no_header()`)",
                format!("numbers: {}", listed(&header)),
            ));
        }
        self.header = Some(header);
        Ok(())
    }

    fn choose_columns(&mut self, csv: &Csv, targets: usize) -> Result<(), Error> {
        self.columns = self.header.as_ref().unwrap_or(&self.record).len();
        let find = |columns: &[Column]| -> Result<Vec<usize>, Error> {
            columns.iter().map(|column| self.find(column)).collect()
        };
        let ignored = find(&csv.ignored)?;
        let mut rest: Vec<usize> = (0..self.columns).filter(|i| !ignored.contains(i)).collect();
        let chosen = match &csv.targets {
            Some(columns) => find(columns)?,
            None => rest.split_off(rest.len().saturating_sub(targets)),
        };
        let names = || listed(chosen.iter().map(|&i| self.name(i)));
        if chosen.len() != targets {
            let expected = format!("{targets}, one for each output");
            let found = format!("{}: {}", chosen.len(), names());
            return Err(self.source.format_error("target columns", expected, found));
        }
        let doubtful =
            |(i, column): (usize, &usize)| ignored.contains(column) || chosen[..i].contains(column);
        if chosen.iter().enumerate().any(doubtful) {
            let expected = "different ones that are not ignored";
            return Err(self.source.format_error("target columns", expected, names()));
        }
        rest.retain(|i| !chosen.contains(i));
        self.inputs = rest;
        self.targets = chosen;
        Ok(())
    }

    fn find(&self, column: &Column) -> Result<usize, Error> {
        let index = match (column, &self.header) {
            (Column::Index(index), _) => (*index < self.columns).then_some(*index),
            (Column::Name(name), Some(header)) => {
                let mut same = header.iter().enumerate().filter(|(_, cell)| cell == name);
                match (same.next(), same.next()) {
                    (Some((index, _)), None) => Some(index),
                    (_, None) => None,
                    (_, Some(_)) => {
                        let expected = format!("one column `{name}`");
                        return Err(self.source.format_error("header", expected, "several"));
                    }
                }
            }
            (Column::Name(_), None) => None,
        };
        index.ok_or_else(|| match &self.header {
            Some(header) => {
                let found = format!("{} columns: {}", self.columns, listed(header));
                self.source.format_error("header", format!("a {column}"), found)
            }
            None => {
                let found = format!("{} columns and no header", self.columns);
                self.source.format_error("line 1", format!("a {column}"), found)
            }
        })
    }

    /// Checks the number of input columns.
    pub(super) fn expect_inputs(&self, expected: usize) -> Result<(), Error> {
        let found = self.inputs.len();
        if found == expected {
            return Ok(());
        }
        let place = if self.header.is_some() { "header" } else { "line 1" };
        let targets = self.targets.len();
        let ignored = self.columns - found - targets;
        let but = match ignored {
            0 => format!("besides {targets} for the target"),
            _ => format!("besides {targets} for the target and {ignored} ignored"),
        };
        let names = listed(self.inputs.iter().map(|&i| self.name(i)));
        Err(self.source.format_error(
            place,
            format!("{expected} input columns {but}"),
            format!("{found}: {names}"),
        ))
    }

    /// Goes on to the next row; false at the end of the file.
    pub(super) fn advance(&mut self) -> Result<bool, Error> {
        if !std::mem::take(&mut self.pending) && !self.read()? {
            return Ok(false);
        }
        if self.record.len() != self.columns {
            let place = format!("line {}", line_at(self.source, self.byte()));
            let expected = format!("{} cells", self.columns);
            return Err(self.source.format_error(place, expected, self.record.len().to_string()));
        }
        Ok(true)
    }

    fn read(&mut self) -> Result<bool, Error> {
        let position = self.reader.position().byte();
        self.reader.read_record(&mut self.record).map_err(|error| match error.into_kind() {
            ErrorKind::Io(source) => self.source.read_error(source),
            ErrorKind::Utf8 { err, .. } => {
                let place = format!("line {}", line_at(self.source, position));
                self.source.format_error(place, "UTF-8 text", err.to_string())
            }
            // The other kinds concern serde, seeking, and lengths that are not checked there.
            other => {
                let place = format!("line {}", line_at(self.source, position));
                self.source.format_error(place, "comma-separated values", format!("{other:?}"))
            }
        })
    }

    /// Where the current row begins in the file.
    pub(super) fn byte(&self) -> u64 {
        self.record.position().map_or(0, csv::Position::byte)
    }

    /// The text of the current row's target, which must not be empty.
    pub(super) fn target(&self, target: usize) -> Result<&str, Error> {
        let text = self.record.get(self.targets[target]).unwrap_or_default();
        if text.is_empty() {
            return Err(self.cell_error(
                self.byte(),
                &self.target_column(target),
                "a label".into(),
                text,
            ));
        }
        Ok(text)
    }

    /// Appends the current row's inputs.
    pub(super) fn read_inputs<T: Scalar + FromStr>(
        &self,
        numbers: &mut Vec<T>,
    ) -> Result<(), Error> {
        self.read_numbers(&self.inputs, numbers)
    }

    /// Appends the current row's targets.
    pub(super) fn read_targets<T: Scalar + FromStr>(
        &self,
        numbers: &mut Vec<T>,
    ) -> Result<(), Error> {
        self.read_numbers(&self.targets, numbers)
    }

    fn read_numbers<T: Scalar + FromStr>(
        &self,
        columns: &[usize],
        numbers: &mut Vec<T>,
    ) -> Result<(), Error> {
        for &column in columns {
            let text = self.record.get(column).unwrap_or_default();
            match text.parse::<T>() {
                // What overflows its type is read as infinity, and "nan" as NaN.
                Ok(number) if number.is_finite() => numbers.push(number),
                _ => {
                    let place = self.name_column(column);
                    return Err(self.cell_error(
                        self.byte(),
                        &place,
                        "a finite number".into(),
                        text,
                    ));
                }
            }
        }
        Ok(())
    }

    /// How messages call the column of a target.
    pub(super) fn target_column(&self, target: usize) -> String {
        self.name_column(self.targets[target])
    }

    fn name_column(&self, index: usize) -> String {
        match &self.header {
            Some(_) => format!("column `{}`", self.name(index)),
            None => Column::Index(index).to_string(),
        }
    }

    fn name(&self, index: usize) -> String {
        let name = self.header.as_ref().and_then(|header| header.get(index));
        name.map_or_else(|| index.to_string(), str::to_owned)
    }

    /// The error for a cell of the row that begins at `byte`.
    pub(super) fn cell_error(
        &self,
        byte: u64,
        column: &str,
        expected: String,
        text: &str,
    ) -> Error {
        let place = format!("line {}, {column}", line_at(self.source, byte));
        let found = if text.is_empty() { "an empty cell".to_owned() } else { format!("`{text}`") };
        self.source.format_error(place, expected, found)
    }
}

/// The number of the line, counted from 1, on which the row that begins at `byte` stands.
///
/// The reader's own count is off after blank lines and after "\r\n": it takes them for the beginning of the next row.
/// Reading the file again costs nothing that matters, since it happens once, for a message.
fn line_at(source: Source<'_>, byte: u64) -> u64 {
    let Ok(content) = source.open() else { return 0 };
    let mut line = 1;
    for (position, content) in (0..).zip(content.reader.bytes()) {
        match content {
            Ok(b'\n') => line += 1,
            Ok(b'\r') => {}
            Ok(_) if position < byte => {}
            Ok(_) | Err(_) => break,
        }
    }
    line
}
