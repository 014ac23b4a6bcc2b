/// The name of a metric. Not written as the reference that it is, which `serde` would take for a part of what it reads.
pub(crate) type Name = &'static str;

/// One number that says how good a network is, with its name and its direction.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Score {
    /// Its name: `accuracy`, say.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::core::serialized::name"))]
    pub metric: Name,
    /// The number.
    #[cfg_attr(feature = "serde", serde(with = "crate::core::serialized::number"))]
    pub value: f64,
    /// Whether a larger number is a better one. Of an error it is a smaller one.
    pub larger_is_better: bool,
}

impl Score {
    /// A number that is the better, the larger it is: an accuracy.
    pub const fn larger(metric: &'static str, value: f64) -> Self {
        Self { metric, value, larger_is_better: true }
    }

    /// A number that is the better, the smaller it is: a loss.
    pub const fn smaller(metric: &'static str, value: f64) -> Self {
        Self { metric, value, larger_is_better: false }
    }

    /// Whether it is better than another score of the same metric. NaN is not, and every number is better than NaN.
    ///
    /// ```
    /// use axonal::evaluation::Score;
    ///
    /// let (half, third) = (Score::smaller("loss", 0.5), Score::smaller("loss", 0.3));
    /// assert!(third.is_better_than(&half) && !half.is_better_than(&third));
    /// ```
    pub fn is_better_than(&self, other: &Self) -> bool {
        if self.larger_is_better {
            self.value > other.value || !self.value.is_nan() && other.value.is_nan()
        } else {
            self.value < other.value || !self.value.is_nan() && other.value.is_nan()
        }
    }
}

/// A name that was read from a file or made of others, as one that the program has: each is kept once, for as long as the program runs.
pub(crate) fn interned(name: &str) -> &'static str {
    use std::collections::BTreeSet;
    use std::sync::{Mutex, PoisonError};

    static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = names.get(name) {
        return known;
    }
    let name: &'static str = Box::leak(name.into());
    names.insert(name);
    name
}
