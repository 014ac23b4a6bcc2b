//! What a search over configurations came to.

use core::cmp::Ordering;
use core::fmt;
use core::ops::Deref;

use super::CrossValidated;
use super::report::write_table;

/// What a search came to: a trial for each configuration. Displays as a table of up to three scores, the best configuration first, as its `Debug` shows it.
#[derive(Debug)]
pub struct Search<C> {
    /// The trials, in the order of the configurations.
    pub trials: Vec<Trial<C>>,
}

/// One configuration, and what it came to.
#[derive(Debug)]
#[non_exhaustive]
pub struct Trial<C> {
    /// The configuration.
    pub config: C,
    /// Its folds.
    pub report: CrossValidated,
}

impl<C> Search<C> {
    /// The trials from the best to the worst mean of the first score; where it is the same, in their order. Those that failed come last, after those whose mean
    /// is NaN.
    pub fn ranked(&self) -> Vec<&Trial<C>> {
        let mut ranked: Vec<_> =
            self.trials.iter().map(|trial| (trial.report.score(), trial)).collect();
        ranked.sort_by(|(a, _), (b, _)| match (a, b) {
            (Some(a), Some(b)) => {
                let (a, b) = (a.score(), b.score());
                match (a.is_better_than(&b), b.is_better_than(&a)) {
                    (true, false) => Ordering::Less,
                    (false, true) => Ordering::Greater,
                    _ => Ordering::Equal,
                }
            }
            (a, b) => b.is_some().cmp(&a.is_some()),
        });
        ranked.into_iter().map(|(_, trial)| trial).collect()
    }

    /// The trial with the best mean of the first score, the first one if there are several; none if all failed or have no mean that is a number.
    pub fn best(&self) -> Option<&Trial<C>> {
        let best = self.ranked().into_iter().next()?;
        best.report.score().filter(|score| !score.mean.is_nan()).map(|_| best)
    }
}

impl<C: fmt::Debug> fmt::Display for Search<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ranked = self.ranked();
        let names: Vec<&str> = ranked
            .first()
            .map(|trial| trial.report.scores().iter().take(3).map(|score| score.metric).collect())
            .unwrap_or_default();
        let mut rows = vec![vec!["rank".to_owned()]];
        rows[0].extend(names.iter().map(|name| (*name).to_owned()));
        rows[0].push("configuration".to_owned());
        let mut failed = Vec::new();
        for (rank, trial) in ranked.into_iter().enumerate() {
            let scores = trial.report.scores();
            let config = format!("{:?}", trial.config);
            if let Some(reason) = trial.report.failure() {
                failed.push(format!("{config} failed {reason}"));
                continue;
            }
            let mut row = vec![(rank + 1).to_string()];
            row.extend(names.iter().map(|name| {
                let score = scores.iter().find(|score| score.metric == *name);
                score.map_or_else(String::new, ToString::to_string)
            }));
            row.push(config);
            rows.push(row);
        }
        write_table(f, &rows)?;
        failed.iter().try_for_each(|line| write!(f, "\n{line}"))
    }
}

/// One of several things of one type, with the sizes that it was made for: what [`variants!`](crate::variants) makes. Its `Debug` is its name.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Variant<T> {
    /// The sizes: `H = 16, G = 8`.
    pub name: String,
    /// What was made for them.
    pub value: T,
}

impl<T> Variant<T> {
    /// Of [`variants!`](crate::variants): the sizes and the value of each.
    #[doc(hidden)]
    pub fn list<const N: usize>(sizes: &[&[(&str, usize)]], values: [T; N]) -> Vec<Self> {
        let name = |sizes: &[(&str, usize)]| {
            let sizes: Vec<_> =
                sizes.iter().map(|(name, size)| format!("{name} = {size}")).collect();
            sizes.join(", ")
        };
        sizes.iter().zip(values).map(|(sizes, value)| Self { name: name(sizes), value }).collect()
    }
}

impl<T> Deref for Variant<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> fmt::Debug for Variant<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
