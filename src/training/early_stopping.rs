//! When to stop because a score gets no better.

/// When training ends because it does not improve any more: [`Trainer::early_stopping`](super::Trainer::early_stopping).
///
/// After an epoch whose [monitored](super::Trainer::monitor) score is better than the best one by more than `min_delta`, waiting begins anew; after `patience` epochs in a row without
/// one, training ends. Keras's `EarlyStopping(patience, min_delta, start_from_epoch)`.
///
/// ```
/// use axonal::training::EarlyStopping;
///
/// let patient = EarlyStopping::new(10).min_delta(1e-3).from_epoch(20);
/// assert_eq!(EarlyStopping::from(10), EarlyStopping::new(10));
/// # _ = patient;
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct EarlyStopping {
    pub(super) patience: usize,
    pub(super) min_delta: f64,
    pub(super) from_epoch: usize,
}

impl EarlyStopping {
    /// After so many epochs in a row without improvement.
    ///
    /// # Panics
    ///
    /// If it is 0.
    #[track_caller]
    pub fn new(patience: usize) -> Self {
        assert!(patience > 0, "early stopping waits for one epoch at least, found a patience of 0");
        Self { patience, min_delta: 0.0, from_epoch: 1 }
    }

    /// An improvement by this or less is none. In the units of the score, 0 by default.
    ///
    /// # Panics
    ///
    /// If it is negative, NaN or infinite.
    #[track_caller]
    pub fn min_delta(mut self, min_delta: f64) -> Self {
        assert!(
            min_delta >= 0.0 && min_delta.is_finite(),
            "`min_delta` is a finite number from 0 on, found {min_delta}"
        );
        self.min_delta = min_delta;
        self
    }

    /// Epochs before the one of this number are not waited in: a warm-up, in which scores jump. 1 by default.
    pub fn from_epoch(mut self, epoch: usize) -> Self {
        self.from_epoch = epoch;
        self
    }
}

impl From<usize> for EarlyStopping {
    #[track_caller]
    fn from(patience: usize) -> Self {
        Self::new(patience)
    }
}
