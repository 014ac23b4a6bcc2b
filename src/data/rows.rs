//! The rows of a CSV file whose columns have been sorted into inputs, targets and ignored ones.

use std::io::Read;
use std::str::FromStr;

use csv::{ErrorKind, ReaderBuilder, StringRecord};

use super::csv::{Column, Csv, CsvReport, Delimiter, Header, listed};
use super::lines::{AHEAD, GAP, Limited, Lines};
use super::missing::{Words, fill_numbers, fill_words, is_missing};
use crate::core::{Error, Scalar};
use crate::io::file_kind::quoted;
use crate::io::source::Source;

pub(super) struct Rows<'a> {
    csv: &'a Csv,
    source: Source<'a>,
    reader: csv::Reader<Limited<Lines<'a>>>,
    header: Option<Vec<String>>,
    columns: usize,
    inputs: Vec<Input>,
    targets: Vec<usize>,
    weight: Option<usize>,
    record: StringRecord,
    /// Whether `record` has been read but not yet been handed out.
    pending: bool,
    /// How many rows have been read, with those that were left out.
    count: usize,
    left_out: usize,
    /// How many values are missing in each column.
    missing: Vec<usize>,
}

/// A column of inputs.
struct Input {
    column: usize,
    /// For one of words: these.
    words: Option<Words>,
}

impl Input {
    /// How many inputs it becomes.
    fn width(&self) -> usize {
        self.words.as_ref().map_or(1, |words| words.texts.len())
    }
}

impl<'a> Rows<'a> {
    /// Opens the file and finds the columns of `targets` targets; every other column is an input or ignored.
    ///
    /// The file is read once more before where columns of words are to be found out.
    pub(super) fn open(csv: &'a Csv, targets: usize) -> Result<Self, Error> {
        let mut rows = Self::begin(csv, targets)?;
        if csv.one_hot.is_empty() {
            return Ok(rows);
        }
        let mut open = Vec::new();
        for (input, words) in rows.word_inputs()?.into_iter().zip(&csv.one_hot) {
            let words = &words.1;
            rows.inputs[input].words = Some(Words::new(words.iter().flatten().cloned()));
            if words.is_none() {
                open.push(input);
            }
        }
        if open.is_empty() {
            return Ok(rows);
        }
        let mut all = Self::begin(csv, targets)?;
        let mut found: Vec<Words> = open.iter().map(|_| Words::default()).collect();
        while all.advance()? {
            for (input, words) in open.iter().zip(&mut found) {
                let text = all.cell(all.inputs[*input].column);
                if !all.is_missing(text) {
                    words.add(text);
                }
            }
        }
        for (input, words) in open.into_iter().zip(found) {
            rows.inputs[input].words = Some(Words::new(in_order(csv, words.texts)));
        }
        Ok(rows)
    }

    /// The places among the inputs of the columns of words, as they were described.
    pub(super) fn word_inputs(&self) -> Result<Vec<usize>, Error> {
        let place = |column: &Column| {
            let index = self.find(column)?;
            self.inputs.iter().position(|input| input.column == index).ok_or_else(|| {
                let found = format!("a target or an ignored one: {column}");
                self.source.format_error("one-hot columns", "columns of inputs", found)
            })
        };
        self.csv.one_hot.iter().map(|(column, _)| place(column)).collect()
    }

    /// Opens the file without a look at its words.
    pub(super) fn begin(csv: &'a Csv, targets: usize) -> Result<Self, Error> {
        let mut rows = Self::without_roles(csv)?;
        rows.choose_columns(targets)?;
        Ok(rows)
    }

    /// Opens the file, all of whose columns that are not ignored are inputs.
    #[cfg(feature = "serde")]
    pub(super) fn without_targets(csv: &'a Csv) -> Result<Self, Error> {
        let mut rows = Self::without_roles(csv)?;
        let ignored: Vec<usize> =
            csv.ignored.iter().map(|column| rows.find(column)).collect::<Result<_, _>>()?;
        let all = (0..rows.columns).filter(|column| !ignored.contains(column));
        rows.inputs = all.map(|column| Input { column, words: None }).collect();
        Ok(rows)
    }

    fn without_roles(csv: &'a Csv) -> Result<Self, Error> {
        let source = csv.source();
        let lines = Lines::open(csv, source)?;
        let reader = ReaderBuilder::new()
            .delimiter(match csv.delimiter {
                Delimiter::Byte(byte) => byte,
                Delimiter::Whitespace => GAP,
            })
            .has_headers(false)
            // Rows of unequal lengths are reported here, where more is known about them.
            .flexible(true)
            .buffer_capacity(AHEAD)
            .from_reader(Limited::new(lines, csv.limit));
        let mut rows = Self {
            csv,
            source,
            reader,
            header: None,
            columns: 0,
            inputs: Vec::new(),
            targets: Vec::new(),
            weight: None,
            record: StringRecord::new(),
            pending: false,
            count: 0,
            left_out: 0,
            missing: Vec::new(),
        };
        let has_header = csv.header != Header::None;
        if !rows.read()? {
            let expected = if has_header { "a header line" } else { "at least one row" };
            return Err(source.format_error("line 1", expected, "an empty file"));
        }
        // A cell takes more memory than its text where it has none: kilobytes as gzip are millions of commas.
        let most = (csv.limit / 16).max(4096);
        if rows.record.len() as u64 > most {
            let expected = format!("rows of at most {most} cells (a sixteenth of `.row_limit(…)`)");
            return Err(source.format_error(rows.line(), expected, rows.record.len().to_string()));
        }
        if has_header {
            rows.header = Some(rows.record.iter().map(|cell| cell.trim().to_owned()).collect());
        }
        // Also without a header, to find an empty file here rather than after the columns were found wanting.
        rows.pending = if has_header { rows.read()? } else { true };
        rows.columns = rows.header.as_ref().map_or(rows.record.len(), Vec::len);
        if let Some(header) = &mut rows.header {
            if csv.row_names && header.len() + 1 == rows.record.len() {
                header.insert(0, "row name".to_owned());
                rows.columns += 1;
            }
            rows.check_header()?;
        }
        if !rows.pending {
            let found = format!("none{}", advice(rows.layout_advice()));
            return Err(source.format_error("below the header", "at least one row", found));
        }
        rows.missing = vec![0; rows.columns];
        Ok(rows)
    }

    /// A row of data that is taken for a header is lost without a word: iris has 149 flowers then.
    fn check_header(&self) -> Result<(), Error> {
        let Some(header) = &self.header else { return Ok(()) };
        if self.csv.header == Header::Given {
            return Ok(());
        }
        let number = |text: &&String| -> Option<f64> {
            text.parse().ok().filter(|x: &f64| x.is_finite()).or_else(|| self.csv.number(text))
        };
        let numbers: Vec<&String> = header.iter().filter(|text| number(text).is_some()).collect();
        // pandas numbers columns that were given no names. Of other names some may be numbers, such as years.
        let numbered = numbers.iter().enumerate().all(|(i, cell)| **cell == i.to_string());
        let whole = |text: &&String| number(text).is_some_and(|x| x.fract() == 0.0);
        if numbered || numbers.len() * 2 <= header.len() && numbers.iter().all(whole) {
            return Ok(());
        }
        let among = if numbers.len() < header.len() { " among them" } else { "" };
        Err(self.source.format_error(
            "header",
            "the columns' names (or `.no_header()`; if these are the names, `.has_header(true)`)",
            format!("numbers{among}: {}", listed(numbers)),
        ))
    }

    fn choose_columns(&mut self, targets: usize) -> Result<(), Error> {
        let csv = self.csv;
        let find = |columns: &[Column]| -> Result<Vec<usize>, Error> {
            columns.iter().map(|column| self.find(column)).collect()
        };
        let mut ignored = find(&csv.ignored)?;
        if csv.row_names {
            ignored.push(0);
        }
        let weight = csv.weight.as_ref().map(|column| self.find(column)).transpose()?;
        ignored.extend(weight);
        let mut rest: Vec<usize> = (0..self.columns).filter(|i| !ignored.contains(i)).collect();
        let chosen = match &csv.targets {
            Some(columns) => find(columns)?,
            None => rest.split_off(rest.len().saturating_sub(targets)),
        };
        let names = || listed(chosen.iter().map(|&i| self.name(i)));
        if chosen.len() != targets {
            let expected = format!("{targets}, one for each output");
            let found = format!("{}: {}{}", chosen.len(), names(), advice(self.layout_advice()));
            return Err(self.source.format_error("target columns", expected, found));
        }
        let doubtful =
            |(i, column): (usize, &usize)| ignored.contains(column) || chosen[..i].contains(column);
        if chosen.iter().enumerate().any(doubtful) {
            let expected = "different ones that are not ignored";
            return Err(self.source.format_error("target columns", expected, names()));
        }
        rest.retain(|i| !chosen.contains(i));
        self.inputs = rest.into_iter().map(|column| Input { column, words: None }).collect();
        (self.targets, self.weight) = (chosen, weight);
        Ok(())
    }

    /// The names of the columns, if the file has them.
    pub(super) fn header(&self) -> Option<&[String]> {
        self.header.as_deref()
    }

    pub(super) fn find(&self, column: &Column) -> Result<usize, Error> {
        let index = match (column, &self.header) {
            (Column::Index(index), _) => (*index < self.columns).then_some(*index),
            (Column::Name(name), Some(header)) => {
                let mut same = header.iter().enumerate().filter(|(_, cell)| *cell == name);
                match (same.next(), same.next()) {
                    (Some((index, _)), None) => Some(index),
                    (_, None) => None,
                    (_, Some(_)) => {
                        let expected = format!("one {column}");
                        return Err(self.source.format_error("header", expected, "several"));
                    }
                }
            }
            (Column::Name(_), None) => None,
        };
        index.ok_or_else(|| {
            let (place, found) = match &self.header {
                Some(header) => ("header", format!("{} columns: {}", self.columns, listed(header))),
                None => ("line 1", format!("{} columns and no header", self.columns)),
            };
            let found = format!("{found}{}", advice(self.layout_advice()));
            self.source.format_error(place, format!("a {column}"), found)
        })
    }

    /// Checks the number of inputs.
    pub(super) fn expect_inputs(&self, expected: usize) -> Result<(), Error> {
        let found: usize = self.inputs.iter().map(Input::width).sum();
        if found == expected {
            return Ok(());
        }
        let place = if self.header.is_some() { "header" } else { "line 1" };
        let targets = self.targets.len();
        let ignored = self.columns - self.inputs.len() - targets;
        let but = match ignored {
            0 => format!("besides {targets} for the target"),
            _ => format!("besides {targets} for the target and {ignored} ignored"),
        };
        let words = || {
            let word =
                |input: &&Input| input.words.is_none() && self.is_word(self.cell(input.column));
            let column = self.inputs.iter().find(word)?.column;
            (found < expected).then(|| format!("words become inputs by {}", self.one_hot(column)))
        };
        Err(self.source.format_error(
            place,
            format!("{expected} input columns {but}"),
            format!(
                "{found}: {}{}",
                listed(self.input_names()),
                advice(self.layout_advice().or_else(words))
            ),
        ))
    }

    /// The error for a file all of whose columns are something else.
    pub(super) fn no_inputs(&self) -> Error {
        let place = if self.header.is_some() { "header" } else { "line 1" };
        let all = listed((0..self.columns).map(|column| self.name(column)));
        let found = format!("none in {}: {all}{}", self.columns, advice(self.layout_advice()));
        self.source.format_error(place, "at least one column of inputs", found)
    }

    pub(super) fn input_names(&self) -> Vec<String> {
        let names = |input: &Input| -> Vec<String> {
            let name = self.name(input.column);
            match &input.words {
                None => vec![name],
                Some(words) => words.texts.iter().map(|word| format!("{name}_{word}")).collect(),
            }
        };
        self.inputs.iter().flat_map(names).collect()
    }

    /// Goes on to the next row that is not left out; false at the end of the file.
    pub(super) fn advance(&mut self) -> Result<bool, Error> {
        loop {
            if !std::mem::take(&mut self.pending) && !self.read()? {
                return Ok(false);
            }
            if self.record.len() != self.columns {
                // A line of nothing but spaces.
                if self.record.len() == 1 && self.cell(0).is_empty() {
                    continue;
                }
                let expected = format!("{} cells", self.columns);
                let found = format!("{}{}", self.record.len(), advice(self.length_advice()));
                return Err(self.source.format_error(self.line(), expected, found));
            }
            self.count += 1;
            if !self.csv.drop && self.csv.fill.is_none() {
                return Ok(true);
            }
            let mut missing = false;
            for input in &self.inputs {
                if self.is_missing(self.cell(input.column)) {
                    self.missing[input.column] += 1;
                    missing |= self.csv.fill.is_none();
                }
            }
            for target in &self.targets {
                if self.is_missing(self.cell(*target)) {
                    self.missing[*target] += 1;
                    missing = true;
                }
            }
            if !(missing && self.csv.drop) {
                return Ok(true);
            }
            self.left_out += 1;
        }
    }

    fn read(&mut self) -> Result<bool, Error> {
        let position = self.reader.position().byte();
        self.reader.get_mut().row_begins(position);
        self.reader.read_record(&mut self.record).map_err(|error| {
            let line = || format!("line {}", line_at(self.csv, position));
            match error.into_kind() {
                ErrorKind::Io(source) => match self.source.read_error(source) {
                    // A row that is too long, of which the reader does not know the line.
                    Error::Format { path, place, expected, found } if place.is_empty() => {
                        Error::Format { path, place: line(), expected, found }
                    }
                    error => error,
                },
                ErrorKind::Utf8 { err, .. } => {
                    let found = format!("{err} (`iconv -f latin1 -t utf8` converts Latin-1)");
                    self.source.format_error(line(), "UTF-8 text", found)
                }
                // The other kinds concern serde, seeking, and lengths that are not checked there.
                other => {
                    self.source.format_error(line(), "comma-separated values", format!("{other:?}"))
                }
            }
        })
    }

    /// The columns of the inputs.
    pub(super) fn input_columns(&self) -> impl Iterator<Item = usize> {
        self.inputs.iter().map(|input| input.column)
    }

    /// The columns of the targets.
    pub(super) fn target_columns(&self) -> &[usize] {
        &self.targets
    }

    /// The text of a column in the current row.
    pub(super) fn cell(&self, column: usize) -> &str {
        self.record.get(column).unwrap_or_default().trim()
    }

    #[cfg(feature = "serde")]
    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    pub(super) fn csv(&self) -> &'a Csv {
        self.csv
    }

    /// The error for the whole of the current row.
    #[cfg(feature = "serde")]
    pub(super) fn line_error(&self, expected: String, found: String) -> Error {
        self.source.format_error(self.line(), expected, found)
    }

    /// Where the current row begins: bytes from the beginning of the text.
    pub(super) fn byte(&self) -> u64 {
        self.record.position().map_or(0, csv::Position::byte)
    }

    fn line(&self) -> String {
        format!("line {}", line_at(self.csv, self.byte()))
    }

    /// The text of the current row's target, which must not be missing.
    pub(super) fn target(&self, target: usize) -> Result<&str, Error> {
        let text = self.cell(self.targets[target]);
        let counts = self.csv.missing.is_some() || self.csv.drop || self.csv.fill.is_some();
        if text.is_empty() || counts && self.is_missing(text) {
            return Err(self.cell_error(
                self.byte(),
                &self.target_column(target),
                "a label".into(),
                text,
                Some("`.drop_missing()` leaves out rows with missing values".into()),
            ));
        }
        Ok(text)
    }

    /// Appends the current row's inputs; a missing one that is to be filled in becomes NaN.
    pub(super) fn read_inputs<T: Scalar + FromStr>(
        &self,
        numbers: &mut Vec<T>,
    ) -> Result<(), Error> {
        for input in &self.inputs {
            let text = self.cell(input.column);
            if self.csv.fill.is_some() && self.is_missing(text) {
                numbers.extend((0..input.width()).map(|_| T::nan()));
                continue;
            }
            let Some(words) = &input.words else {
                numbers.push(self.number(input.column)?);
                continue;
            };
            let Some(word) = words.find(text) else {
                let expected = format!("one of {}", listed(&words.texts));
                let missing = self.is_missing(text).then(|| self.missing_advice());
                let column = self.name_column(input.column);
                return Err(self.cell_error(self.byte(), &column, expected, text, missing));
            };
            numbers.extend(
                (0..words.texts.len()).map(|i| if i == word { T::one() } else { T::zero() }),
            );
        }
        Ok(())
    }

    /// Replaces missing numbers among the inputs of the current row. A word has no constant that could take its place.
    pub(super) fn fill_with<T: Scalar>(&self, numbers: &mut [T], value: f64) -> Result<(), Error> {
        let mut rest = numbers;
        for input in &self.inputs {
            let (here, behind) = std::mem::take(&mut rest).split_at_mut(input.width());
            rest = behind;
            if here.iter().all(|number| number.is_finite()) {
                continue;
            }
            match &input.words {
                None => here.fill(T::of(value)),
                Some(words) => {
                    return Err(self.here(input.column, format!("one of {}", listed(&words.texts))));
                }
            }
        }
        Ok(())
    }

    /// Appends the current row's targets.
    pub(super) fn read_targets<T: Scalar + FromStr>(
        &self,
        numbers: &mut Vec<T>,
    ) -> Result<(), Error> {
        self.targets.iter().try_for_each(|column| {
            numbers.push(self.number(*column)?);
            Ok(())
        })
    }

    /// The current row's weight.
    pub(super) fn weight<T: Scalar + FromStr>(&self) -> Result<T, Error> {
        let Some(column) = self.weight else {
            let expected = "a column of weights (`.weight(…)`)";
            return Err(self.source.format_error("description", expected, "none"));
        };
        let text = self.cell(column);
        let weight = self.csv.number(text).filter(|weight: &T| *weight >= T::zero());
        weight.ok_or_else(|| {
            let expected = "a finite weight of at least 0".to_owned();
            self.cell_error(self.byte(), &self.name_column(column), expected, text, None)
        })
    }

    /// The number of a column in the current row.
    pub(super) fn number<T: Scalar + FromStr>(&self, column: usize) -> Result<T, Error> {
        let text = self.cell(column);
        let said = self.csv.missing.is_some() && self.is_missing(text);
        let number = if said { None } else { self.csv.number(text) };
        number.ok_or_else(|| {
            let advice = self.number_advice(column, text);
            let place = self.name_column(column);
            self.cell_error(self.byte(), &place, "a finite number".into(), text, advice)
        })
    }

    /// Fills in the missing inputs of all rows.
    pub(super) fn finish<T: Scalar>(&self, numbers: &mut [T]) -> Result<(), Error> {
        let lacking = || {
            let column = |column: &usize| self.missing[*column];
            let most = (0..self.columns).max_by_key(column)?;
            Some(format!("{} lacks {} values", self.name_column(most), self.missing[most]))
        };
        if self.count == self.left_out {
            let found = format!("none of {}{}", self.count, advice(lacking()));
            return Err(self.source.format_error(
                "rows",
                "one at least without a missing value",
                found,
            ));
        }
        let Some(fill) = self.csv.fill else { return Ok(()) };
        let width: usize = self.inputs.iter().map(Input::width).sum();
        if width == 0 {
            return Ok(());
        }
        let mut start = 0;
        for input in &self.inputs {
            let filled = match &input.words {
                _ if self.missing[input.column] == 0 => true,
                None => fill_numbers(numbers, width, start, fill),
                Some(words) => fill_words(numbers, width, start, words.texts.len()),
            };
            if !filled {
                let place = self.name_column(input.column);
                let expected = "one value at least, to fill in the missing ones";
                return Err(self.source.format_error(place, expected, "none"));
            }
            start += input.width();
        }
        Ok(())
    }

    pub(super) fn report(&self, rows: usize) -> CsvReport {
        let lacking = (0..self.columns).filter(|column| self.missing[*column] > 0);
        let missing = lacking.map(|column| (self.name_column(column), self.missing[column]));
        CsvReport { rows, left_out: self.left_out, missing: missing.collect() }
    }

    pub(super) fn is_missing(&self, text: &str) -> bool {
        is_missing(text, self.csv.missing.as_deref())
    }

    /// Whether a text is neither a number nor a missing value.
    fn is_word(&self, text: &str) -> bool {
        text.parse::<f64>().is_err()
            && self.csv.number::<f64>(text).is_none()
            && !self.is_missing(text)
            && text.contains(char::is_alphabetic)
    }

    pub(super) fn missing_advice(&self) -> String {
        "`.drop_missing()` leaves out rows with missing values, `.fill_missing(Fill::Mean)` fills them in".to_owned()
    }

    /// What may help where a cell is no number.
    fn number_advice(&self, column: usize, text: &str) -> Option<String> {
        let target = self.targets.contains(&column);
        if self.is_missing(text) {
            let drop = "`.drop_missing()` leaves out rows with missing values".to_owned();
            return Some(if target { drop } else { self.missing_advice() });
        }
        let is_number = |text: &str| text.trim().replace(',', ".").parse::<f64>().is_ok();
        // Between semicolons 1,234 has decimals; between commas, where it needs quotes, it has thousands.
        let decimals = self.csv.decimal == b'.' && self.csv.delimiter != Delimiter::Byte(b',');
        let thousands = self.columns > 1 && has_thousands(text, char::from(self.csv.decimal));
        if thousands && !(decimals && is_number(text)) {
            return Some("separators of thousands are not read: write `1234`".to_owned());
        }
        if self.csv.decimal == b'.' && text.contains(',') && is_number(text) {
            return Some("numbers with decimal commas are read with `.decimal(b',')`".to_owned());
        }
        let all_numbers = |delimiter: char| {
            text.contains(delimiter)
                && text.split(delimiter).all(|part| part.is_empty() || is_number(part))
        };
        let mut others = self.other_delimiters();
        if let Some(delimiter) = others.find(|c| all_numbers(*c)) {
            return Some(self.delimiter_advice(delimiter));
        }
        if self.columns == 1 && text.contains([' ', '\t']) && text.split_whitespace().all(is_number)
        {
            return Some(
                "cells between runs of white space are read with `.whitespace()`".to_owned(),
            );
        }
        if self.count == 1 && self.is_word(text) {
            if self.header.is_none() {
                return Some("if line 1 is a header, without `.no_header()`".to_owned());
            }
            if !target {
                return Some(format!("words become inputs by {}", self.one_hot(column)));
            }
        }
        None
    }

    /// What could be between cells instead.
    fn other_delimiters(&self) -> impl Iterator<Item = char> {
        let taken = [self.csv.delimiter, Delimiter::Byte(self.csv.decimal)];
        let other = move |c: &char| !taken.contains(&Delimiter::Byte(*c as u8));
        [';', '\t', '|', ','].into_iter().filter(other)
    }

    fn delimiter_advice(&self, delimiter: char) -> String {
        format!(
            "cells between `{0}` are read with `.delimiter(b'{0}')`",
            delimiter.escape_default()
        )
    }

    fn one_hot(&self, column: usize) -> String {
        match &self.header {
            Some(header) => format!("`.one_hot({:?})`", header[column]),
            None => format!("`.one_hot({column})`"),
        }
    }

    /// Advice, from the first lines of the file, where its columns are not those that were asked for.
    fn layout_advice(&self) -> Option<String> {
        let first = self
            .header
            .as_ref()
            .map_or_else(|| self.cell(0), |header| header.first().map_or("", |cell| cell));
        if self.csv.comment.is_none()
            && let Some(mark) = first.chars().next().filter(|c| matches!(c, '#' | '%'))
        {
            return Some(format!(
                "lines that begin with `{mark}` are left out with `.comment(b'{mark}')`"
            ));
        }
        if first.starts_with("sep=") && self.header.is_some() {
            return Some("Excel's first line is left out with `.skip_lines(1)`".to_owned());
        }
        let whitespace = "cells between runs of white space are read with `.whitespace()`";
        let space = self.csv.delimiter == Delimiter::Byte(b' ');
        if space && self.record.iter().any(str::is_empty) {
            return Some(whitespace.to_owned());
        }
        if self.columns == 1 {
            let delimiter = self.other_delimiters().find(|c| first.contains(*c));
            // Names of columns may have spaces in them; numbers have not.
            let mut words = first.split('\t').next().unwrap_or_default().split_whitespace();
            if delimiter == Some('\t')
                && words.clone().count() > 1
                && words.all(|word| self.csv.number::<f64>(word).is_some())
            {
                return Some(whitespace.to_owned());
            }
            if let Some(delimiter) = delimiter {
                return Some(self.delimiter_advice(delimiter));
            }
            // A title has words in it too; a table has as many cells in the next line.
            let cells = |text: &str| text.split_whitespace().count();
            if self.csv.delimiter != Delimiter::Whitespace
                && cells(first) > 1
                && self.record.len() == 1
                && (self.header.is_none() || cells(self.cell(0)) == cells(first))
            {
                return Some(whitespace.to_owned());
            }
        }
        let nameless = |index: Option<usize>| {
            let name =
                self.header.as_ref().zip(index).and_then(|(header, index)| header.get(index));
            name.is_some_and(|name| name.is_empty())
        };
        if self.columns > 1 && nameless(Some(0)) && !self.csv.row_names {
            return Some("a first column without a name, the names of rows or their numbers, is left out with `.row_names()`".to_owned());
        }
        if self.columns > 1 && nameless(self.columns.checked_sub(1)) {
            let last = self.columns - 1;
            return Some(format!(
                "a last column without a name is left out with `.ignore({last})`"
            ));
        }
        if self.header.is_some() && self.pending { self.header_advice() } else { None }
    }

    /// What may help where the header and the row below it do not fit together.
    fn header_advice(&self) -> Option<String> {
        let found = self.record.len();
        if found == self.columns + 1 && self.cell(self.columns).is_empty() {
            return Some(format!(
                "if rows end in a delimiter, which the header lacks: `.skip_lines(1).no_header().ignore({})`",
                self.columns
            ));
        }
        if found == self.columns + 1 && self.columns > 1 {
            return Some(
                "names of rows, which the header lacks, are left out with `.row_names()`"
                    .to_owned(),
            );
        }
        let line = line_at(self.csv, self.byte());
        (found > self.columns).then(|| {
            format!("if the table begins in line {line}: `.skip_lines({})`", line.saturating_sub(1))
        })
    }

    /// What may help where a row has another number of cells than the first.
    fn length_advice(&self) -> Option<String> {
        if self.record.iter().any(|cell| cell.contains(['\n', '\r'])) {
            return Some("is a quote left open?".to_owned());
        }
        let mark = self.cell(0).chars().next().filter(|c| matches!(c, '#' | '%'));
        if self.csv.comment.is_none()
            && let Some(mark) = mark
        {
            return Some(format!(
                "lines that begin with `{mark}` are left out with `.comment(b'{mark}')`"
            ));
        }
        let first_row = self.count == 0 && self.header.is_some();
        if first_row { self.layout_advice().or_else(|| self.header_advice()) } else { None }
    }

    /// What may help where a row is none like the others, which are fine.
    pub(super) fn first_row_advice(&self, first: bool) -> Option<String> {
        let header = first && self.header.is_none();
        header.then(|| "if line 1 is a header, without `.no_header()`".to_owned())
    }

    /// The error for a cell of the current row.
    pub(super) fn here(&self, column: usize, expected: String) -> Error {
        self.cell_error(self.byte(), &self.name_column(column), expected, self.cell(column), None)
    }

    /// How messages call the column of a target.
    pub(super) fn target_column(&self, target: usize) -> String {
        self.name_column(self.targets[target])
    }

    /// How messages call a column.
    pub(super) fn name_column(&self, index: usize) -> String {
        match &self.header {
            Some(_) => format!("column {}", quoted(&self.name(index))),
            None => Column::Index(index).to_string(),
        }
    }

    /// The name of a column; without a header, its position.
    pub(super) fn name(&self, index: usize) -> String {
        let name = self.header.as_ref().and_then(|header| header.get(index));
        name.map_or_else(|| index.to_string(), Clone::clone)
    }

    /// The error for a cell of the row that begins at `byte`.
    pub(super) fn cell_error(
        &self,
        byte: u64,
        column: &str,
        expected: String,
        text: &str,
        help: Option<String>,
    ) -> Error {
        let place = format!("line {}, {column}", line_at(self.csv, byte));
        let found = if text.is_empty() { "an empty cell".to_owned() } else { quoted(text) };
        self.source.format_error(place, expected, format!("{found}{}", advice(help)))
    }
}

/// Words of a column in the order of their inputs: alphabetic, and numbers by their value.
pub(crate) fn in_order(csv: &Csv, mut words: Vec<String>) -> Vec<String> {
    words.sort();
    let number = |word: &String| csv.number::<f64>(word);
    if words.iter().all(|word| number(word).is_some()) {
        words
            .sort_by(|a, b| number(a).partial_cmp(&number(b)).unwrap_or(std::cmp::Ordering::Equal));
    }
    words
}

/// Whether a text is a number whose thousands are set apart: by points, commas, apostrophes or spaces.
fn has_thousands(text: &str, decimal: char) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, decimals) = text.split_once(decimal).unwrap_or((text, ""));
    let Some(separator) = whole.chars().find(|c| !c.is_ascii_digit()) else { return false };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let mut groups = whole.split(separator);
    let first = groups.next().unwrap_or_default();
    matches!(separator, '.' | ',' | '\'' | '’' | ' ' | '\u{a0}' | '\u{2009}' | '\u{202f}')
        && (1..=3).contains(&first.len())
        && digits(first)
        && groups.all(|group| group.len() == 3 && digits(group))
        && digits(decimals)
}

/// In parentheses, behind what was found.
fn advice(text: Option<String>) -> String {
    text.map_or_else(String::new, |text| format!(" ({text})"))
}

/// The number of the line, counted from 1, on which the row that begins at `byte` stands.
///
/// The reader's own count is off after blank lines and after "\r\n": it takes them for the beginning of the next row.
/// Reading the file again costs nothing that matters, since it happens once, for a message.
pub(super) fn line_at(csv: &Csv, byte: u64) -> u64 {
    let Ok(lines) = Lines::open(csv, csv.source()) else { return 0 };
    let (mut line, mut after_return) = (1, false);
    for (position, content) in (0..).zip(std::io::BufReader::new(lines).bytes()) {
        let Ok(content) = content else { break };
        let second = std::mem::replace(&mut after_return, content == b'\r') && content == b'\n';
        match content {
            b'\r' | b'\n' => line += u64::from(!second),
            _ if position < byte => {}
            _ => break,
        }
    }
    line
}
