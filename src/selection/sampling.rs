//! Configurations that are drawn at random.

use core::ops::Range;

use rand::distr::uniform::{SampleRange, SampleUniform};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Draws `count` configurations for a random search, each made by `draw`. scikit-learn's `ParameterSampler`.
///
/// More of them begin with the same ones.
///
/// ```
/// use axonal::selection::sample_configs;
///
/// #[derive(Clone, Debug, PartialEq)]
/// struct Settings {
///     learning_rate: f64,
///     momentum: f64,
///     batch_size: usize,
///     epochs: usize,
/// }
///
/// let settings = sample_configs(20, 7, |draw| Settings {
///     learning_rate: draw.log_uniform(1e-4..1e-1),
///     momentum: draw.uniform(0.0..0.99),
///     batch_size: draw.choice([16, 32, 64]),
///     epochs: draw.uniform(5..=20),
/// });
/// assert_eq!(settings.len(), 20);
/// assert!(settings.iter().all(|of| (1e-4..1e-1).contains(&of.learning_rate)));
/// ```
///
/// Source: J. Bergstra, Y. Bengio, [Random search for hyper-parameter optimization](https://www.jmlr.org/papers/v13/bergstra12a.html) (2012), which finds better ones than
/// a grid of as many.
pub fn sample_configs<C>(count: usize, seed: u64, mut draw: impl FnMut(&mut Draw) -> C) -> Vec<C> {
    let mut random = Draw(StdRng::seed_from_u64(seed));
    (0..count).map(|_| draw(&mut random)).collect()
}

/// Draws the settings of a configuration. See [`sample_configs`].
#[derive(Debug)]
pub struct Draw(StdRng);

impl Draw {
    /// A number of a range, each as likely as any other: `0.0..0.9`, `1..=8`.
    ///
    /// # Panics
    ///
    /// If the range is empty.
    #[track_caller]
    pub fn uniform<T: SampleUniform>(&mut self, range: impl SampleRange<T>) -> T {
        self.0.random_range(range)
    }

    /// A number whose logarithm is [`uniform`](Self::uniform): from 10⁻⁴ to 10⁻³ is as likely as from 10⁻³ to 10⁻². For learning rates and weight decays.
    /// It has three digits, so that it can be read in a table and written down.
    ///
    /// # Panics
    ///
    /// If the range is empty, does not begin above 0, or is not finite.
    #[track_caller]
    pub fn log_uniform(&mut self, range: Range<f64>) -> f64 {
        let Range { start, end } = range;
        assert!(
            0.0 < start && start < end && end.is_finite(),
            "a logarithmic range is from a number above 0 to a larger one, found {start:?}..{end:?}"
        );
        let number = self.0.random_range(start.ln()..end.ln()).exp();
        // A text of a number is one.
        let short = format!("{number:.2e}").parse().unwrap_or(number);
        if (start..end).contains(&short) { short } else { number.clamp(start, end.next_down()) }
    }

    /// One of several values, each as likely as any other.
    ///
    /// # Panics
    ///
    /// If there is none.
    #[track_caller]
    pub fn choice<T>(&mut self, values: impl IntoIterator<Item = T>) -> T {
        let mut values: Vec<T> = values.into_iter().collect();
        assert!(!values.is_empty(), "a choice takes one value at least, found none");
        values.swap_remove(self.0.random_range(0..values.len()))
    }
}
