//! What the outputs of a network mean: numbers in their units, or classes with names.

use std::array;
use std::fmt;

use nalgebra::SVector;

use super::text::{Line, Reader, Writer};
use crate::activations::{Activation, Sigmoid, Softmax, apply};
use crate::core::{Class, Error, Sample, Scalar};
use crate::data::{Cells, Found, Moments, Table, Values, listed, parse_number};

/// What a network is asked for: [`Regression`] or [`Classification`].
///
/// It is learned of a table, with the inputs, by [`Preprocessor::fit`](super::Preprocessor::fit).
pub trait Task: Sized {
    /// What a network is trained with.
    type Target<T: Scalar>;
    /// What a pipeline gives for a row.
    type Prediction;

    #[doc(hidden)]
    fn fit(table: &Table) -> Result<Self, Error>;

    #[doc(hidden)]
    fn targets<T: Scalar>(&self, table: &Table) -> Result<Vec<Self::Target<T>>, Error>;

    #[doc(hidden)]
    fn write(&self, writer: &mut Writer);

    #[doc(hidden)]
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error>;
}

/// A task for outputs of this type.
#[diagnostic::on_unimplemented(
    message = "outputs `{O}` are no answer to the task `{Self}`",
    note = "`Regression<N>` takes a vector of N outputs, `Classification<N>` one of N scores; `Classification<2>` takes one score, too"
)]
pub trait TaskOf<O: Sample>: Task {
    /// What an output of a network with the last activation `A` means.
    #[doc(hidden)]
    fn prediction<A: Activation>(&self, output: &O) -> Result<Self::Prediction, Error>;
}

/// Numbers: `OUT` targets, which a network learns standardized, and predictions in the targets' units.
///
/// A prediction is an array: `let [price] = model.predict(row)?`.
#[derive(Clone, Debug, PartialEq)]
pub struct Regression<const OUT: usize = 1> {
    pub(super) names: [String; OUT],
    pub(super) mean: [f64; OUT],
    pub(super) std: [f64; OUT],
}

impl<const OUT: usize> Regression<OUT> {
    /// The names of the targets.
    pub fn names(&self) -> &[String; OUT] {
        &self.names
    }

    /// What is subtracted from each target before the network sees it: its mean in the training part.
    pub fn mean(&self) -> &[f64; OUT] {
        &self.mean
    }

    /// What it is divided by then: its standard deviation there.
    pub fn std(&self) -> &[f64; OUT] {
        &self.std
    }

    fn check(&self, error: impl Fn(&str, f64) -> Error) -> Result<(), Error> {
        for ((name, mean), std) in self.names.iter().zip(self.mean).zip(self.std) {
            if !mean.is_finite() || !std.is_finite() || std <= 0.0 {
                return Err(error(name, if mean.is_finite() { std } else { mean }));
            }
        }
        Ok(())
    }
}

impl<T: Scalar, const OUT: usize> TaskOf<SVector<T, OUT>> for Regression<OUT> {
    fn prediction<A: Activation>(&self, output: &SVector<T, OUT>) -> Result<[f64; OUT], Error> {
        let numbers = array::from_fn(|i| output[i].as_f64() * self.std[i] + self.mean[i]);
        finite(&numbers)?;
        Ok(numbers)
    }
}

impl<const OUT: usize> Task for Regression<OUT> {
    type Target<T: Scalar> = SVector<T, OUT>;
    type Prediction = [f64; OUT];

    fn fit(table: &Table) -> Result<Self, Error> {
        let targets = table.targets();
        if targets.len() != OUT {
            let names = listed(targets.iter().map(|cells| &cells.name));
            let found = format!("{}: {names}", targets.len());
            return Err(table.error(
                "target columns",
                &format!("{OUT}, one for each output"),
                &found,
            ));
        }
        let mut fitted = Self {
            names: array::from_fn(|i| targets[i].name.clone()),
            mean: [0.0; OUT],
            std: [1.0; OUT],
        };
        for (i, cells) in targets.iter().enumerate() {
            let numbers = numbers(table, cells)?;
            let moments = Moments::of(numbers.chunks_exact(1), 1);
            (fitted.mean[i], fitted.std[i]) = (moments.mean[0], moments.std[0]);
        }
        fitted.check(spread)?;
        Ok(fitted)
    }

    fn targets<T: Scalar>(&self, table: &Table) -> Result<Vec<SVector<T, OUT>>, Error> {
        let mut targets = SVector::<T, OUT>::zeros_vec(table.len());
        for (i, name) in self.names.iter().enumerate() {
            let numbers = numbers(table, target(table, name)?)?;
            for ((target, number), row) in targets.iter_mut().zip(numbers).zip(table.rows()) {
                target[i] = T::of((number - self.mean[i]) / self.std[i]);
                if !target[i].is_finite() {
                    let expected = "a number that is finite when it is standardized";
                    return Err(table.cell_error(*row, self::target(table, name)?, expected));
                }
            }
        }
        Ok(targets)
    }

    fn write(&self, writer: &mut Writer) {
        writer.line("regression", [OUT.to_string()]);
        for ((name, mean), std) in self.names.iter().zip(self.mean).zip(self.std) {
            writer.line("target", [name.clone(), format!("{mean:?}"), format!("{std:?}")]);
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let line = reader.next("regression")?;
        let [count] = line.fields()?;
        if count != OUT.to_string() {
            return Err(line.error(format!("a regression with {OUT} targets"), count));
        }
        let mut read =
            Self { names: array::from_fn(|_| String::new()), mean: [0.0; OUT], std: [1.0; OUT] };
        for i in 0..OUT {
            let line = reader.next("target")?;
            let [name, mean, std] = line.fields()?;
            read.names[i] = name.to_owned();
            (read.mean[i], read.std[i]) = (line.finite(mean)?, line.positive(std)?);
        }
        Ok(read)
    }
}

/// One of `N` classes, by its name, with its probability.
///
/// A network has a score for each class, or, of two, one for the second class. Probabilities are those of the cross-entropies: outputs of a network that
/// ends in `softmax` (`sigmoid`, for one score) are probabilities, and those of any other are scores, of which `softmax` (`sigmoid`) makes them.
#[derive(Clone, Debug, PartialEq)]
pub struct Classification<const N: usize> {
    column: String,
    /// The labels in the files, in the order of the classes.
    labels: Vec<String>,
    /// Whether the labels are whole numbers.
    numbered: bool,
    /// What predictions call the classes.
    names: Vec<String>,
}

impl<const N: usize> Classification<N> {
    /// The names of the classes, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    pub(super) fn set_names(&mut self, names: Vec<String>) {
        assert!(names.len() == N, "{N} classes have {N} names, found {}", names.len());
        self.names = names;
    }

    fn of_probabilities(&self, probabilities: [f64; N]) -> Result<Prediction<N>, Error> {
        finite(&probabilities)?;
        let mut best = 0;
        for (class, probability) in probabilities.iter().enumerate() {
            if *probability > probabilities[best] {
                best = class;
            }
        }
        let index = Class::new(best)?;
        let (class, probability) = (self.names[best].clone(), probabilities[best]);
        Ok(Prediction { class, index, probability, probabilities })
    }
}

/// A class that was predicted. As text, `setosa (98.3 %)`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Prediction<const N: usize> {
    /// The name of the most probable class.
    pub class: String,
    /// The class itself.
    pub index: Class<N>,
    /// Its probability.
    pub probability: f64,
    /// The probability of each class, in order.
    pub probabilities: [f64; N],
}

impl<const N: usize> fmt::Display for Prediction<N> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({:.1} %)", self.class, self.probability * 100.0)
    }
}

impl<T: Scalar, const N: usize> TaskOf<SVector<T, N>> for Classification<N> {
    fn prediction<A: Activation>(&self, output: &SVector<T, N>) -> Result<Prediction<N>, Error> {
        let mut probabilities = *output;
        if !A::DISTRIBUTION {
            apply::<Softmax>(probabilities.as_mut_slice());
        }
        self.of_probabilities(array::from_fn(|class| probabilities[class].as_f64()))
    }
}

impl<T: Scalar> TaskOf<SVector<T, 1>> for Classification<2> {
    fn prediction<A: Activation>(&self, output: &SVector<T, 1>) -> Result<Prediction<2>, Error> {
        let mut second = *output;
        // As in the binary cross-entropy: between probabilities 1/2 decides.
        if (A::THRESHOLD - 0.5).abs() > f64::EPSILON {
            apply::<Sigmoid>(second.as_mut_slice());
        }
        let second = second[0].as_f64();
        self.of_probabilities([1.0 - second, second])
    }
}

impl<const N: usize> Task for Classification<N> {
    type Target<T: Scalar> = Class<N>;
    type Prediction = Prediction<N>;

    fn fit(table: &Table) -> Result<Self, Error> {
        let [cells] = table.targets() else {
            let found = table.targets().len().to_string();
            return Err(table.error("target columns", "one, of the classes", &found));
        };
        let count = |names: &[String]| {
            if names.len() == N {
                return Ok(());
            }
            let expected = format!("the names of {N} classes");
            let found = format!("{}: {}", names.len(), listed(names));
            Err(table.error(&cells.place, &expected, &found))
        };
        let column = cells.name.clone();
        let (labels, numbered) = match &cells.values {
            Values::Numbers(_) => ((0..N).map(|class| class.to_string()).collect(), true),
            Values::Words { given: Some(given), .. } => (given.clone(), false),
            Values::Words { .. } => {
                let mut names: Vec<String> = Vec::new();
                for row in table.rows() {
                    if let Found::Word(word) = cells.at(*row) {
                        names.push(word.to_owned());
                    }
                }
                names.sort_unstable();
                names.dedup();
                (names, false)
            }
        };
        count(&labels)?;
        let fitted = Self { column, names: labels.clone(), labels, numbered };
        fitted.targets::<f32>(table)?;
        Ok(fitted)
    }

    fn targets<T: Scalar>(&self, table: &Table) -> Result<Vec<Class<N>>, Error> {
        let cells = target(table, &self.column)?;
        let class = |row: &usize| {
            let index = match cells.at(*row) {
                Found::Word(word) => self.labels.iter().position(|label| label == word),
                Found::Number(number) if self.numbered => {
                    (0..N).find(|class| *class as f64 == number)
                }
                Found::Number(number) => {
                    // `1` and `1.0` are one label.
                    let is_same = |label: &String| parse_number(label, b'.') == Some(number);
                    self.labels.iter().position(is_same)
                }
                Found::Missing => None,
            };
            index.and_then(|index| Class::new(index).ok()).ok_or_else(|| {
                let expected = match self.numbered {
                    true => format!("a whole number below {N}"),
                    false => format!("one of {}", listed(&self.labels)),
                };
                let help = match (self.numbered, cells.at(*row)) {
                    (true, Found::Number(_)) => {
                        Some("other labels are named in their order by `.classes([…])`")
                    }
                    _ => None,
                };
                table.cell_error_with(*row, cells, &expected, help)
            })
        };
        table.rows().iter().map(class).collect()
    }

    fn write(&self, writer: &mut Writer) {
        let numbered = if self.numbered { "numbers" } else { "words" };
        let column = [self.column.clone(), numbered.to_owned()];
        writer.line("classification", column.into_iter().chain(self.labels.iter().cloned()));
        writer.line("names", self.names.iter().cloned());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let line = reader.next("classification")?;
        let all = |line: &Line, names: &[String]| {
            if names.len() == N {
                return Ok(names.to_vec());
            }
            Err(line.error(format!("{N} classes"), format!("{}: {}", names.len(), listed(names))))
        };
        let [column, kind, labels @ ..] = line.all() else {
            return Err(line.error("a column and its labels", "fewer fields"));
        };
        let numbered = match &**kind {
            "numbers" => true,
            "words" => false,
            other => return Err(line.error("`numbers` or `words`", other)),
        };
        let labels = all(&line, labels)?;
        let line = reader.next("names")?;
        let names = all(&line, line.all())?;
        Ok(Self { column: column.clone(), labels, numbered, names })
    }
}

/// A column of targets of a table.
fn target<'a>(table: &'a Table, name: &str) -> Result<&'a Cells, Error> {
    table.targets().iter().find(|cells| cells.name == name).ok_or_else(|| {
        let found = listed(table.target_columns());
        table.error("target columns", &format!("a column `{name}`"), &found)
    })
}

fn numbers(table: &Table, cells: &Cells) -> Result<Vec<f64>, Error> {
    let number = |row: &usize| match cells.at(*row) {
        Found::Number(number) => Ok(number),
        _ => Err(table.cell_error(*row, cells, "a finite number")),
    };
    table.rows().iter().map(number).collect()
}

/// Where the network's weights are not finite, or far too large, neither are its outputs.
fn finite(numbers: &[f64]) -> Result<(), Error> {
    match numbers.iter().enumerate().find(|(_, number)| !number.is_finite()) {
        None => Ok(()),
        Some((output, found)) => Err(Error::InvalidNumber {
            place: format!("output {output} of the network"),
            expected: "a finite number",
            found: *found,
        }),
    }
}

/// The error for numbers whose squares overflow.
pub(super) fn spread(name: &str, found: f64) -> Error {
    Error::InvalidNumber {
        place: format!("mean and standard deviation of column `{name}`"),
        expected: "finite numbers",
        found,
    }
}
