//! A learning rate that becomes smaller where a score gets no better.

/// Makes the learning rate smaller when a score has not become better for a while. PyTorch's `ReduceLROnPlateau`, with its values.
///
/// After more than [`patience`](Self::patience) scores in a row that are not better than the best one, the learning rate is multiplied by
/// [`factor`](Self::factor). A score is better if it is so by more than [`min_delta`](Self::min_delta) times the magnitude of the best one; NaN never is.
///
/// What it has seen is a [`PlateauState`], which a loop of one's own asks:
///
/// ```
/// use axonal::training::{Plateau, PlateauState};
///
/// let plateau = Plateau::default().patience(1).factor(0.5);
/// let mut state = PlateauState::default();
/// let losses = [1.0, 0.8, 0.9, 0.9, 0.7];
/// let rates = losses.map(|loss| {
///     let larger_is_better = false;
///     if state.observe(&plateau, loss, larger_is_better) {
///         println!("no better for a while: the learning rate is multiplied by {}", state.factor());
///     }
///     0.01 * state.factor()          // times the factor of a schedule, if there is one: `optimizer.set_learning_rate(…)`
/// });
/// assert_eq!(rates, [0.01, 0.01, 0.01, 0.005, 0.005]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct Plateau {
    factor: f64,
    patience: usize,
    min_delta: f64,
    is_relative: bool,
    cooldown: usize,
    min_factor: f64,
}

impl Default for Plateau {
    /// A tenth after more than 10 scores that are not better by 0.01%.
    fn default() -> Self {
        Self {
            factor: 0.1,
            patience: 10,
            min_delta: 1e-4,
            is_relative: true,
            cooldown: 0,
            min_factor: 0.0,
        }
    }
}

impl Plateau {
    /// Sets what the learning rate is multiplied by: 0.1 by default.
    ///
    /// # Panics
    ///
    /// If it is not from 0 to 1, 1 left out.
    #[track_caller]
    pub fn factor(mut self, factor: f64) -> Self {
        assert!(
            (0.0..1.0).contains(&factor),
            "the factor of a plateau is from 0 to below 1, found {factor}"
        );
        self.factor = factor;
        self
    }

    /// Sets how many scores in a row may be no better: 10 by default. The next one makes the learning rate smaller.
    pub fn patience(mut self, patience: usize) -> Self {
        self.patience = patience;
        self
    }

    /// Sets by how much a score has to be better than the best one, as a multiple of the magnitude of that: 10⁻⁴ by default. PyTorch's `threshold`.
    ///
    /// # Panics
    ///
    /// If it is negative, NaN or infinite.
    #[track_caller]
    pub fn min_delta(mut self, min_delta: f64) -> Self {
        assert!(
            min_delta >= 0.0 && min_delta.is_finite(),
            "the least improvement is a finite number from 0 on, found {min_delta}"
        );
        (self.min_delta, self.is_relative) = (min_delta, true);
        self
    }

    /// Sets by how much a score has to be better than the best one, as a difference. PyTorch's `threshold` with `threshold_mode="abs"`.
    ///
    /// # Panics
    ///
    /// As [`min_delta`](Self::min_delta).
    #[track_caller]
    pub fn min_difference(self, min_difference: f64) -> Self {
        Self { is_relative: false, ..self.min_delta(min_difference) }
    }

    /// Sets for how many scores after each reduction none is counted as no better: 0 by default.
    pub fn cooldown(mut self, cooldown: usize) -> Self {
        self.cooldown = cooldown;
        self
    }

    /// Sets the smallest factor that all reductions together come to: 0 by default. PyTorch's `min_lr`, as a multiple of the optimizer's learning rate.
    ///
    /// # Panics
    ///
    /// If it is not from 0 to 1.
    #[track_caller]
    pub fn min_factor(mut self, min_factor: f64) -> Self {
        assert!(
            (0.0..=1.0).contains(&min_factor),
            "the least factor of a plateau is from 0 to 1, found {min_factor}"
        );
        self.min_factor = min_factor;
        self
    }

    fn is_better(&self, score: f64, best: f64, larger_is_better: bool) -> bool {
        let gain = if larger_is_better { score - best } else { best - score };
        // Of an infinite score, no part is finite.
        let scale = if self.is_relative && best.is_finite() { best.abs() } else { 1.0 };
        gain > self.min_delta * scale
    }
}

/// What a [`Plateau`] has seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlateauState {
    /// The best score.
    pub(crate) best: Option<f64>,
    /// How many scores in a row were no better.
    pub(crate) wait: usize,
    /// How many scores are still not counted.
    pub(crate) cooldown: usize,
    /// What all reductions together come to.
    pub(crate) factor: f64,
}

impl Default for PlateauState {
    /// Nothing yet.
    fn default() -> Self {
        Self { best: None, wait: 0, cooldown: 0, factor: 1.0 }
    }
}

impl PlateauState {
    /// Takes the score of one more epoch, and says whether the learning rate becomes smaller.
    pub fn observe(&mut self, plateau: &Plateau, score: f64, larger_is_better: bool) -> bool {
        let is_better = match self.best {
            None => !score.is_nan(),
            Some(best) => plateau.is_better(score, best, larger_is_better),
        };
        if is_better {
            (self.best, self.wait) = (Some(score), 0);
        } else {
            self.wait += 1;
        }
        if self.cooldown > 0 {
            (self.cooldown, self.wait) = (self.cooldown - 1, 0);
        }
        if self.wait <= plateau.patience {
            return false;
        }
        (self.cooldown, self.wait) = (plateau.cooldown, 0);
        let factor = (self.factor * plateau.factor).max(plateau.min_factor);
        let is_reduced = factor < self.factor;
        self.factor = self.factor.min(factor);
        is_reduced
    }

    /// What all reductions together multiply the learning rate by.
    pub fn factor(&self) -> f64 {
        self.factor
    }
}
