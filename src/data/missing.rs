//! Cells without a value: which texts mean that, and the value that takes their place.

use std::collections::HashMap;
use std::str::FromStr;

use crate::core::Scalar;

/// The texts that mean a missing value unless [`Csv::missing_values`](super::Csv::missing_values) says otherwise: an empty cell,
/// pandas's, and the `?` of the UCI repository.
const MISSING: [&str; 20] = [
    "", "?", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
    "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null",
];

/// Whether a text means a missing value: an empty one, one of those that are given, or else one of [`MISSING`].
pub(crate) fn is_missing(text: &str, texts: Option<&[String]>) -> bool {
    match texts {
        _ if text.is_empty() => true,
        Some(texts) => texts.iter().any(|missing| missing == text),
        // Most cells are numbers.
        None => !text.starts_with(|c: char| c.is_ascii_digit()) && MISSING.contains(&text),
    }
}

/// A finite number, with a file's decimal character.
pub(crate) fn parse_number<T: Scalar + FromStr>(text: &str, decimal: u8) -> Option<T> {
    let number = if decimal == b'.' {
        text.parse::<T>().ok()?
    } else if text.contains('.') {
        return None;
    } else {
        text.replace(char::from(decimal), ".").parse::<T>().ok()?
    };
    // What overflows its type is read as infinity, and "nan" as NaN.
    number.is_finite().then_some(number)
}

/// The value that takes the place of a missing input: scikit-learn's `SimpleImputer` and its `strategy`.
///
/// The statistics are those of the column in the file that is read, over the rows that are kept. Where a part of the file
/// is split off as test data, they have thus seen the test data.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Fill {
    /// The mean of the column's other values.
    Mean,
    /// The median of the column's other values: of an even number, the mean of the two in the middle.
    Median,
    /// The most frequent of the column's other values; of several, the smallest.
    MostFrequent,
    /// This number.
    Constant(f64),
}

impl Fill {
    /// Whether there must be a value to fill in.
    pub(crate) fn needs_values(self) -> bool {
        !matches!(self, Self::Constant(_))
    }

    /// The number for a column with these values, of which there is one at least.
    pub(crate) fn value<T: Scalar>(self, values: &mut [f64]) -> T {
        let count = values.len();
        let value = match self {
            Self::Mean => match values.iter().sum::<f64>() / count as f64 {
                mean if mean.is_finite() => mean,
                // The sum of finite numbers may not be one.
                _ => values.iter().map(|value| value / count as f64).sum(),
            },
            Self::Median => {
                values.sort_by(f64::total_cmp);
                values[(count - 1) / 2] / 2.0 + values[count / 2] / 2.0
            }
            Self::MostFrequent => {
                values.sort_by(f64::total_cmp);
                let runs = values.chunk_by(|a, b| a == b);
                // The last of several is taken: from behind, it is the smallest.
                let longest = runs.rev().max_by_key(|run| run.len());
                longest.map_or(f64::NAN, |run| run[0])
            }
            Self::Constant(value) => value,
        };
        T::of(value)
    }
}

/// Replaces the NaNs in the column at `start` of rows of `width` numbers; false if there is no value to take it from.
pub(super) fn fill_numbers<T: Scalar>(
    numbers: &mut [T],
    width: usize,
    start: usize,
    fill: Fill,
) -> bool {
    let column = |row: &[T]| row[start];
    if numbers.chunks_exact(width).all(|row| column(row).is_finite()) {
        return true;
    }
    let known = numbers.chunks_exact(width).map(column).filter(|value| value.is_finite());
    let mut known: Vec<f64> = known.map(Scalar::as_f64).collect();
    if known.is_empty() && fill.needs_values() {
        return false;
    }
    let value = fill.value::<T>(&mut known);
    for row in numbers.chunks_exact_mut(width) {
        if !row[start].is_finite() {
            row[start] = value;
        }
    }
    true
}

/// Replaces the NaNs in one-hot columns with the most frequent word; false if there is none.
pub(super) fn fill_words<T: Scalar>(
    numbers: &mut [T],
    width: usize,
    start: usize,
    words: usize,
) -> bool {
    let mut counts = vec![0_usize; words];
    let mut missing = false;
    for row in numbers.chunks_exact(width) {
        match row[start..start + words].iter().position(|value| value.is_one()) {
            Some(word) => counts[word] += 1,
            None => missing = true,
        }
    }
    // Of several, the first.
    let Some((most, count)) = counts.iter().enumerate().rev().max_by_key(|(_, count)| **count)
    else {
        return !missing;
    };
    if missing && *count == 0 {
        return false;
    }
    for row in numbers.chunks_exact_mut(width) {
        let slots = &mut row[start..start + words];
        if slots.iter().any(|value| !value.is_finite()) {
            slots.fill(T::zero());
            slots[most] = T::one();
        }
    }
    true
}

/// Texts with a number each, in the order in which they came first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Words {
    pub(crate) texts: Vec<String>,
    index: HashMap<String, usize>,
}

impl Words {
    pub(crate) fn new(texts: impl IntoIterator<Item = String>) -> Self {
        let mut words = Self::default();
        for text in texts {
            words.add(&text);
        }
        words
    }

    /// The text's number, which is a new one if the text is new.
    pub(crate) fn add(&mut self, text: &str) -> usize {
        if let Some(index) = self.index.get(text) {
            return *index;
        }
        self.texts.push(text.to_owned());
        self.index.insert(text.to_owned(), self.texts.len() - 1);
        self.texts.len() - 1
    }

    pub(crate) fn find(&self, text: &str) -> Option<usize> {
        self.index.get(text).copied()
    }
}
