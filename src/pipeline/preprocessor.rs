//! From raw rows to a network's inputs, as it was learned of a training part.

use super::Cell;
use super::task::{Classification, Regression, Task, spread};
use super::text::{Reader, Writer};
use crate::core::{Error, Sample, Scalar};
use crate::data::{
    Cells, Dataset, Found, Moments, Table, Values, Words, in_order, is_missing, listed,
    parse_number,
};

/// What is done to each column of a raw row before a network sees it, and to targets: learned of the training part, applied to every row.
///
/// * A column of numbers is standardized: (x − mean) / std, with the mean and the population's standard deviation of the training part. A missing number is
///   filled in first, as [`Csv::fill_missing`](crate::data::Csv::fill_missing) says.
/// * A column of words ([`Csv::one_hot`](crate::data::Csv::one_hot)) becomes an input for each word of the training part, 1 for the row's own word and 0 for
///   the others, not standardized. A word that was not there is an error, unless [`ignore_unknown_words`](Self::ignore_unknown_words).
/// * Targets are numbers, standardized too ([`Regression`]), or classes ([`Classification`]).
///
/// scikit-learn's `ColumnTransformer` of `SimpleImputer`, `StandardScaler` and `OneHotEncoder`, with a `TransformedTargetRegressor` or a `LabelEncoder`.
/// With a network it is a [`Pipeline`](super::Pipeline).
///
/// ```
/// use axonal::data::{Fill, csv_from_bytes};
/// use axonal::pipeline::{Preprocessor, Regression};
/// use axonal::prelude::*;
///
/// let table = csv_from_bytes("town,rooms,price\nUlm,3,200\nBonn,5,310\nUlm,,150\n")
///     .one_hot("town")
///     .fill_missing(Fill::Mean)
///     .table()?;
/// let preprocessor = Preprocessor::<Regression>::fit(&table)?;
/// assert_eq!(preprocessor.input_names(), ["town_Bonn", "town_Ulm", "rooms"]);
/// let data: Dataset<SVector<f32, 3>, SVector<f32, 1>> = preprocessor.dataset(&table)?;
/// assert_eq!(data.inputs()[2].as_slice(), [0.0, 1.0, 0.0]);
/// # Ok::<(), axonal::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Preprocessor<K> {
    inputs: Vec<Column>,
    pub(super) task: K,
    decimal: u8,
    missing: Option<Vec<String>>,
    ignores_unknown: bool,
}

/// What is done to a column.
#[derive(Clone, Debug)]
enum Column {
    Number { name: String, mean: f64, std: f64, fill: Option<f64> },
    Words { name: String, words: Words, fill: Option<usize> },
}

impl Column {
    fn name(&self) -> &str {
        match self {
            Self::Number { name, .. } | Self::Words { name, .. } => name,
        }
    }

    /// How many inputs it becomes.
    fn width(&self) -> usize {
        match self {
            Self::Number { .. } => 1,
            Self::Words { words, .. } => words.texts.len(),
        }
    }

    fn fit(table: &Table, cells: &Cells) -> Result<Self, Error> {
        let name = cells.name.clone();
        let fill = table.csv().fill;
        let lacking = || {
            let expected = "one value at least, to fill in the missing ones";
            table.error(&cells.place, expected, "none")
        };
        match &cells.values {
            Values::Numbers(numbers) => {
                let mut numbers: Vec<f64> = table.rows().iter().map(|row| numbers[*row]).collect();
                let mut known: Vec<f64> = numbers.iter().copied().filter(|x| !x.is_nan()).collect();
                let fill = match fill {
                    None => None,
                    Some(fill) if known.is_empty() && fill.needs_values() => return Err(lacking()),
                    Some(fill) => Some(fill.value(&mut known)),
                };
                if let Some(fill) = fill {
                    numbers.iter_mut().filter(|x| x.is_nan()).for_each(|x| *x = fill);
                }
                let moments = Moments::of(numbers.chunks_exact(1), 1);
                let (mean, std) = (moments.mean[0], moments.std[0]);
                if !mean.is_finite() || !std.is_finite() {
                    return Err(spread(&name, std));
                }
                Ok(Self::Number { name, mean, std, fill })
            }
            Values::Words { texts, rows, given } => {
                let mut counts = vec![0_usize; texts.len()];
                for row in table.rows() {
                    if let Some(count) = counts.get_mut(rows[*row] as usize) {
                        *count += 1;
                    }
                }
                let words = given.clone().unwrap_or_else(|| {
                    let texts = texts.iter().zip(&counts).filter(|(_, count)| **count > 0);
                    in_order(table.csv(), texts.map(|(text, _)| text.clone()).collect())
                });
                let words = Words::new(words);
                let fill = match fill {
                    None => None,
                    Some(_) => {
                        let count = |word: &String| {
                            texts
                                .iter()
                                .position(|text| text == word)
                                .map_or(0, |text| counts[text])
                        };
                        let counts: Vec<usize> = words.texts.iter().map(count).collect();
                        // Of several, the first.
                        let most = counts.iter().enumerate().rev().max_by_key(|(_, count)| **count);
                        Some(most.ok_or_else(lacking)?.0)
                    }
                };
                Ok(Self::Words { name, words, fill })
            }
        }
    }

    /// Writes the inputs that a cell becomes; if it cannot, it says what it expected.
    fn prepare<T: Scalar>(
        &self,
        found: Found<'_>,
        ignores_unknown: bool,
        inputs: &mut [T],
    ) -> Result<(), String> {
        match self {
            Self::Number { mean, std, fill, .. } => {
                let number = match found {
                    Found::Number(number) => Some(number),
                    Found::Missing => *fill,
                    Found::Word(_) => None,
                };
                if number.is_none() && matches!(found, Found::Missing) {
                    return Err("a finite number (missing ones are filled in if the training file is read with `.fill_missing(…)`)".to_owned());
                }
                let Some(number) = number.filter(|number| number.is_finite()) else {
                    return Err("a finite number".to_owned());
                };
                inputs[0] = T::of((number - mean) / std);
                if inputs[0].is_finite() {
                    return Ok(());
                }
                Err("a number that is finite when it is standardized".to_owned())
            }
            Self::Words { words, fill, .. } => {
                let word = match found {
                    Found::Word(word) => words.find(word),
                    Found::Missing => *fill,
                    Found::Number(_) => None,
                };
                inputs.fill(T::zero());
                match word {
                    Some(word) => inputs[word] = T::one(),
                    None if ignores_unknown && matches!(found, Found::Word(_)) => {}
                    None => return Err(format!("one of {}", listed(&words.texts))),
                }
                Ok(())
            }
        }
    }
}

impl<K: Task> Preprocessor<K> {
    /// Learns of a table: the training part alone, so that nothing of the test data is known beforehand.
    ///
    /// # Errors
    ///
    /// [`Error::Empty`] if the table has no row. [`Error::Format`] if two columns have one name, there are not as many targets or classes as `K` has, a target is no
    /// number or no class, or a column has no value to fill in. [`Error::InvalidNumber`] if numbers are so large that their squares are not finite.
    pub fn fit(table: &Table) -> Result<Self, Error> {
        if table.is_empty() {
            return Err(Error::Empty { what: "the table to fit a preprocessor to" });
        }
        let csv = table.csv();
        let inputs = table.inputs().iter().map(|cells| Column::fit(table, cells));
        let fitted = Self {
            inputs: inputs.collect::<Result<_, _>>()?,
            task: K::fit(table)?,
            decimal: csv.decimal,
            missing: csv.missing.clone(),
            ignores_unknown: false,
        };
        match fitted.twice() {
            Some(name) => {
                let expected = "columns of different names";
                Err(table.error("header", expected, &format!("two columns `{name}`")))
            }
            None => Ok(fitted),
        }
    }

    /// A word that was not in the training part becomes zeros in all inputs of its column: scikit-learn's `handle_unknown="ignore"`.
    #[must_use]
    pub fn ignore_unknown_words(mut self) -> Self {
        self.ignores_unknown = true;
        self
    }

    /// Numbers of inputs stay as they are.
    #[must_use]
    pub fn without_scaling(mut self) -> Self {
        for column in &mut self.inputs {
            if let Column::Number { mean, std, .. } = column {
                (*mean, *std) = (0.0, 1.0);
            }
        }
        self
    }

    /// The columns of a raw row, in order.
    pub fn columns(&self) -> impl ExactSizeIterator<Item = &str> {
        self.inputs.iter().map(Column::name)
    }

    /// The names of the inputs that they become: those of the columns, and for a column of words `column_word`.
    pub fn input_names(&self) -> Vec<String> {
        let names = |column: &Column| match column {
            Column::Number { name, .. } => vec![name.clone()],
            Column::Words { name, words, .. } => {
                words.texts.iter().map(|word| format!("{name}_{word}")).collect()
            }
        };
        self.inputs.iter().flat_map(names).collect()
    }

    /// What outputs mean.
    pub fn task(&self) -> &K {
        &self.task
    }

    /// The inputs and targets of a table, to train or to measure a network with.
    ///
    /// # Errors
    ///
    /// [`Error::Format`] if the columns do not become as many inputs as an `X` has numbers, the table lacks a column, or a cell cannot be prepared: it is a
    /// word that was not in the training part, say. The error names the line.
    pub fn dataset<X: Sample>(
        &self,
        table: &Table,
    ) -> Result<Dataset<X, K::Target<X::Scalar>>, Error> {
        Dataset::new(self.inputs(table)?, K::targets(&self.task, table)?)
    }

    /// [`dataset`](Self::dataset) with the weight of each row beside its target: from the column that [`Csv::weight`](crate::data::Csv::weight) names.
    ///
    /// # Errors
    ///
    /// As [`dataset`](Self::dataset); and if no column of weights was named.
    #[expect(clippy::type_complexity, reason = "a data set whose targets have weights")]
    pub fn weighted_dataset<X: Sample>(
        &self,
        table: &Table,
    ) -> Result<Dataset<X, (K::Target<X::Scalar>, X::Scalar)>, Error> {
        let weights = table.weights()?.into_iter().map(X::Scalar::of).collect();
        self.dataset(table)?.with_weights(weights)
    }

    /// The inputs of a table alone.
    pub(super) fn inputs<X: Sample>(&self, table: &Table) -> Result<Vec<X>, Error> {
        if let Some(found) = self.misfit::<X>() {
            return Err(table.error("input columns", &format!("{} inputs", X::LEN), &found));
        }
        let mut inputs = X::zeros_vec(table.len());
        let mut start = 0;
        for column in &self.inputs {
            let cells = table.inputs().iter().find(|cells| cells.name == column.name());
            let cells = cells.ok_or_else(|| {
                let expected = format!("a column `{}`", column.name());
                table.error("input columns", &expected, &listed(table.input_columns()))
            })?;
            let end = start + column.width();
            for (row, input) in table.rows().iter().zip(&mut inputs) {
                let places = &mut input.as_mut_slice()[start..end];
                // A column of numbers here may be one of words there.
                let text;
                let found = match (cells.at(*row), column) {
                    (Found::Number(number), Column::Words { words, .. }) => {
                        text = self.word_of(words, number);
                        Found::Word(&text)
                    }
                    (found, _) => found,
                };
                let prepared = column.prepare(found, self.ignores_unknown, places);
                prepared.map_err(|expected| table.cell_error(*row, cells, &expected))?;
            }
            start = end;
        }
        Ok(inputs)
    }

    /// The names of the inputs, where an `X` takes another number of them.
    pub(super) fn misfit<X: Sample>(&self) -> Option<String> {
        let names = self.input_names();
        (names.len() != X::LEN).then(|| format!("{}: {}", names.len(), listed(names)))
    }

    /// The cells of a row into an input; the error is for the column at a place.
    pub(super) fn prepare<'a, T: Scalar>(
        &self,
        cells: impl Iterator<Item = Cell<'a>>,
        missing: Option<&[String]>,
        decimal: Option<u8>,
        inputs: &mut [T],
    ) -> Result<(), (usize, String)> {
        let mut rest = inputs;
        let missing = missing.or(self.missing.as_deref());
        for (place, (column, cell)) in self.inputs.iter().zip(cells).enumerate() {
            let (here, behind) = std::mem::take(&mut rest).split_at_mut(column.width());
            rest = behind;
            let number;
            let found = match (column, cell) {
                (_, Cell::Missing) => Found::Missing,
                (_, Cell::Number(number)) if number.is_nan() => Found::Missing,
                (Column::Number { .. }, Cell::Number(number)) => Found::Number(number),
                (Column::Number { .. }, Cell::Text(text)) => {
                    let text = text.trim();
                    match parse_number(text, decimal.unwrap_or(self.decimal)) {
                        _ if is_missing(text, missing) => Found::Missing,
                        Some(number) => Found::Number(number),
                        None => Found::Word(text),
                    }
                }
                (Column::Words { words, .. }, Cell::Number(value)) => {
                    number = self.word_of(words, value);
                    Found::Word(&number)
                }
                (Column::Words { words, fill, .. }, Cell::Text(text)) => {
                    let text = text.trim();
                    let is_word = fill.is_none() && words.find(text).is_some();
                    if !is_word && is_missing(text, missing) {
                        Found::Missing
                    } else {
                        Found::Word(text)
                    }
                }
            };
            column
                .prepare(found, self.ignores_unknown, here)
                .map_err(|expected| (place, expected))?;
        }
        Ok(())
    }

    /// The word that a number is: of `1.0` and `1`, that of the training part.
    fn word_of(&self, words: &Words, number: f64) -> String {
        let text = number.to_string();
        let is_same = |word: &&String| parse_number::<f64>(word, self.decimal) == Some(number);
        match words.find(&text) {
            Some(_) => text,
            None => words.texts.iter().find(is_same).cloned().unwrap_or(text),
        }
    }

    /// What may help where a text is no number: its decimal character is that of the file that was learned of.
    pub(super) fn decimal_advice(&self, column: usize, text: &str) -> String {
        let is_number = |text| {
            matches!(self.inputs.get(column), Some(Column::Number { .. }))
                && parse_number::<f64>(text, self.decimal).is_none()
        };
        let mut others = [b'.', b','].into_iter().filter(|mark| *mark != self.decimal);
        let other = others.find_map(|mark| parse_number::<f64>(text.trim(), mark));
        match other.filter(|_| is_number(text.trim())) {
            None => String::new(),
            Some(number) => format!(
                " (texts have `{}` before their decimals, as the training file has; a number is given as it is: `{number:?}`)",
                char::from(self.decimal)
            ),
        }
    }

    /// A name that two columns have.
    fn twice(&self) -> Option<&str> {
        let mut names: Vec<&str> = self.columns().collect();
        names.sort_unstable();
        names.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0])
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.line("decimal", [char::from(self.decimal).to_string()]);
        if let Some(missing) = &self.missing {
            writer.line("missing", missing.iter().cloned());
        }
        if self.ignores_unknown {
            writer.line("ignore unknown words", []);
        }
        for column in &self.inputs {
            match column {
                Column::Number { name, mean, std, fill } => {
                    let fill = fill.map_or(String::new(), |fill| format!("{fill:?}"));
                    writer.line(
                        "number",
                        [name.clone(), format!("{mean:?}"), format!("{std:?}"), fill],
                    );
                }
                Column::Words { name, words, fill } => {
                    let fill = fill.map_or(String::new(), |fill| fill.to_string());
                    let first = [name.clone(), fill].into_iter();
                    writer.line("words", first.chain(words.texts.iter().cloned()));
                }
            }
        }
        self.task.write(writer);
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let line = reader.next("decimal")?;
        let [decimal] = line.fields()?;
        let &[decimal] = decimal.as_bytes() else {
            return Err(line.error("one ASCII character", decimal));
        };
        let missing = match reader.is_at("missing") {
            true => Some(reader.next("missing")?.all().to_vec()),
            false => None,
        };
        let ignores_unknown = reader.is_at("ignore unknown words");
        if ignores_unknown {
            reader.next("ignore unknown words")?;
        }
        let mut inputs = Vec::new();
        loop {
            if reader.is_at("number") {
                let line = reader.next("number")?;
                let [name, mean, std, fill] = line.fields()?;
                let fill = if fill.is_empty() { None } else { Some(line.finite(fill)?) };
                let (name, mean, std) = (name.to_owned(), line.finite(mean)?, line.positive(std)?);
                inputs.push(Column::Number { name, mean, std, fill });
            } else if reader.is_at("words") {
                let line = reader.next("words")?;
                let [name, fill, texts @ ..] = line.all() else {
                    return Err(line.error("a column and its words", "fewer fields"));
                };
                let words = Words::new(texts.iter().cloned());
                if words.texts.len() != texts.len() {
                    return Err(line.error("different words", "a word twice"));
                }
                let fill = match fill.parse::<usize>() {
                    _ if fill.is_empty() => None,
                    Ok(word) if word < texts.len() => Some(word),
                    _ => {
                        return Err(
                            line.error(format!("a place among {} words", texts.len()), fill)
                        );
                    }
                };
                inputs.push(Column::Words { name: name.clone(), words, fill });
            } else {
                break;
            }
        }
        let task = K::read(reader)?;
        let read = Self { inputs, task, decimal, missing, ignores_unknown };
        match read.twice() {
            Some(name) => {
                Err(line.error("columns of different names", format!("two columns `{name}`")))
            }
            None => Ok(read),
        }
    }
}

impl<const OUT: usize> Preprocessor<Regression<OUT>> {
    /// Targets stay as they are: for a network that ends in `sigmoid` or `softplus`, whose outputs are in the targets' range.
    #[must_use]
    pub fn without_target_scaling(mut self) -> Self {
        (self.task.mean, self.task.std) = ([0.0; OUT], [1.0; OUT]);
        self
    }
}

impl<const N: usize> Preprocessor<Classification<N>> {
    /// What predictions call the classes, in their order: where the labels in the file are numbers.
    ///
    /// # Panics
    ///
    /// If there are not as many names as classes.
    #[must_use]
    pub fn class_names(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.task.set_names(names.into_iter().map(Into::into).collect());
        self
    }
}
