//! How the learning rate changes in the course of a training.

use core::f64::consts::PI;
use core::fmt;
use std::sync::Arc;

/// The learning rate in the course of a training, as a multiple of the optimizer's own.
///
/// A schedule is asked once an epoch, and [by step](Self::by_step) before each step. Where [`Trainer::fit`](super::Trainer::fit) goes on, epochs are counted on.
///
/// ```
/// use axonal::prelude::*;
///
/// // Five epochs of warm-up, then a cosine by step over the epochs that are left.
/// let schedule = Schedule::Cosine.by_step().warm_up(5.0);
/// let trainer = Trainer::new(CrossEntropy, Adam::<f32>::default()).epochs(50).schedule(schedule);
///
/// // Parts of others: the rate of epochs 30 and 60 is a tenth of that before, and never below a thousandth of the first.
/// let steps = Schedule::MultiStep { epochs: vec![30, 60], factor: 0.1 }.down_to(1e-3);
/// assert!((steps.factor(45.0, 90) - 0.1009).abs() < 1e-12);
/// ```
///
/// # A loop of one's own
///
/// ```
/// use axonal::prelude::*;
///
/// network! { struct Net<input 1 => dense 1>; }
///
/// let data: Dataset<SVector<f32, 1>, SVector<f32, 1>> =
///     (0..64).map(|i| i as f32 / 64.0).map(|x| ([x].into(), [2.0 * x].into())).collect();
/// let mut net = Net::random(&mut StdRng::seed_from_u64(1));
/// let mut optimizer = Sgd::new(0.5);
/// let (schedule, base) = (Schedule::one_cycle(), 0.5);
/// let (epochs, steps) = (20, data.batches(16).len());
/// for epoch in 0..epochs {
///     for (step, (inputs, targets)) in data.batches(16).enumerate() {
///         let position = epoch as f64 + step as f64 / steps as f64;
///         Optimizer::<f32>::set_learning_rate(&mut optimizer, base * schedule.factor(position, epochs));
///         net.train_step(inputs, targets, &MeanSquaredError, &mut optimizer);
///     }
/// }
/// assert!(net.loss(data.inputs(), data.targets(), &MeanSquaredError) < 1e-3);
/// ```
///
/// A learning rate that follows a score is a [`Plateau`](super::Plateau).
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Schedule {
    /// The same in every epoch.
    #[default]
    Constant,
    /// Multiplied by `factor` after every `epochs` epochs: factor^⌊t / epochs⌋ in epoch t. PyTorch's `StepLR`.
    Step {
        /// How many epochs have the same learning rate.
        epochs: usize,
        /// What the next ones have it multiplied by.
        factor: f64,
    },
    /// Multiplied by `factor` at each of these epochs, counted from 0: factor^(how many of them are ≤ t). PyTorch's `MultiStepLR`.
    MultiStep {
        /// The epochs from which on it is another one.
        epochs: Vec<usize>,
        /// What it is multiplied by at each of them.
        factor: f64,
    },
    /// Multiplied by `factor` after every epoch: factor^t. PyTorch's `ExponentialLR`.
    Exponential {
        /// The learning rate is multiplied by this from one epoch to the next.
        factor: f64,
    },
    /// (1 − t/T)^power in epoch t of T: to 0 after the last epoch, in a line with a power of 1. PyTorch's `PolynomialLR`, with `total_iters` the epochs of the training.
    Polynomial {
        /// The power.
        power: f64,
    },
    /// Half a cosine, from the optimizer's learning rate towards 0 after the last epoch: (1 + cos(π t/T)) / 2 in epoch t of T. PyTorch's `CosineAnnealingLR`.
    ///
    /// A call of `fit` that goes on takes a cosine over all epochs, those before it too, from its place on that cosine down to 0. For several calls that are to be one, see
    /// [`over`](Self::over).
    ///
    /// Source: I. Loshchilov, F. Hutter, [SGDR: stochastic gradient descent with warm restarts](https://arxiv.org/abs/1608.03983) (2016).
    Cosine,
    /// [`Cosine`](Self::Cosine) [over](Self::over) this many epochs, whatever a call of `fit` is told; 0 after them. PyTorch's `CosineAnnealingLR(T_max)`.
    CosineOver {
        /// After how many epochs it is 0.
        epochs: usize,
    },
    /// Half a cosine over `epochs` epochs, then from the start again: each next cosine is `multiple` times as long as the one before. PyTorch's
    /// `CosineAnnealingWarmRestarts(T_0, T_mult)`.
    ///
    /// Source: the same as that of [`Cosine`](Self::Cosine).
    CosineRestarts {
        /// How many epochs the first cosine takes.
        epochs: usize,
        /// How much longer each next one is: 1 for all of one length.
        multiple: usize,
    },
    /// Up to the optimizer's learning rate, which is the largest one here, and down to nearly 0; always by step. PyTorch's `OneCycleLR`, whose values
    /// [`Schedule::one_cycle`] has.
    ///
    /// From 1/`div_factor` by half a cosine up to 1 after the fraction `pct_start` of the training, then by half a cosine down to
    /// 1/(`div_factor` · `final_div_factor`) at its end: a + (b − a)(1 − cos(π u)) / 2, u being the part of the way from a to b. PyTorch is at 1 one step before, and at the end in
    /// the last step, not after it. The momentum does not change (`cycle_momentum=False`).
    ///
    /// Source: L. N. Smith, N. Topin, [Super-convergence: very fast training of neural networks using large learning rates](https://arxiv.org/abs/1708.07120) (2017).
    OneCycle {
        /// For which part of the training it rises.
        pct_start: f64,
        /// How many times smaller the first learning rate is than the largest.
        div_factor: f64,
        /// How many times smaller the last learning rate is than the first.
        final_div_factor: f64,
    },
    /// See [`Schedule::warm_up_from`].
    WarmUp {
        /// For how many epochs it rises.
        epochs: f64,
        /// The first factor.
        from: f64,
        /// The schedule of the epochs after it.
        then: Box<Schedule>,
    },
    /// See [`Schedule::down_to`].
    DownTo {
        /// What 0 becomes.
        least: f64,
        /// The schedule between there and 1.
        of: Box<Schedule>,
    },
    /// See [`Schedule::over`].
    Over {
        /// How many epochs it is for.
        epochs: usize,
        /// The schedule.
        of: Box<Schedule>,
    },
    /// See [`Schedule::by_step`].
    ByStep(Box<Schedule>),
    /// See [`Schedule::from_fn`].
    Function(ScheduleFunction),
}

impl Schedule {
    /// [`Schedule::OneCycle`] with PyTorch's values: up for the first 30% of the training, from 1/25, and down to 1/250,000.
    pub fn one_cycle() -> Self {
        Self::OneCycle { pct_start: 0.3, div_factor: 25.0, final_div_factor: 1e4 }
    }

    /// A function of one's own: `factor(position, epochs)`, both counted in epochs, is the multiple of the optimizer's learning rate.
    ///
    /// The position is a whole number, the epoch counted from 0, unless the schedule is [by step](Self::by_step). PyTorch's `LambdaLR`.
    ///
    /// ```
    /// use axonal::training::Schedule;
    ///
    /// let inverse = Schedule::from_fn(|position, _epochs| 1.0 / (1.0 + 0.5 * position));
    /// assert_eq!([0.0, 2.0, 2.9].map(|position| inverse.factor(position, 10)), [1.0, 0.5, 0.5]);
    /// assert_eq!(inverse.by_step().factor(2.5, 10), 1.0 / 2.25);
    /// ```
    pub fn from_fn(factor: impl Fn(f64, f64) -> f64 + Send + Sync + 'static) -> Self {
        Self::Function(ScheduleFunction(Arc::new(factor)))
    }

    /// Asks before each step, not once an epoch: a cosine then goes down in as many steps as the training takes.
    ///
    /// [`OneCycle`](Self::OneCycle) and the rise of [`warm_up`](Self::warm_up) are always so.
    pub fn by_step(self) -> Self {
        match self {
            Self::ByStep(_) | Self::OneCycle { .. } => self,
            Self::WarmUp { epochs, from, then } => {
                Self::WarmUp { epochs, from, then: Box::new(then.by_step()) }
            }
            Self::DownTo { least, of } => Self::DownTo { least, of: Box::new(of.by_step()) },
            Self::Over { epochs, of } => Self::Over { epochs, of: Box::new(of.by_step()) },
            _ => Self::ByStep(Box::new(self)),
        }
    }

    /// Begins with `epochs` epochs in which the learning rate rises from a third in a line, by step, to where the schedule begins. See [`warm_up_from`](Self::warm_up_from).
    ///
    /// # Panics
    ///
    /// If `epochs` is negative, NaN or infinite.
    #[track_caller]
    pub fn warm_up(self, epochs: f64) -> Self {
        self.warm_up_from(1.0 / 3.0, epochs)
    }

    /// Begins with `epochs` epochs in which the factor rises in a line, by step, from `from` towards 1: from + (1 − from) t/epochs.
    ///
    /// `epochs` may be a part of one: 0.5. The schedule's own epochs are counted from the end of the warm-up, and what it does over a training, as
    /// [`Cosine`](Self::Cosine), it does over those that are left. PyTorch's `SequentialLR` of a `LinearLR(start_factor=from)` and this one.
    ///
    /// From 0, the first step does nothing.
    ///
    /// # Panics
    ///
    /// If `from` or `epochs` is negative, NaN or infinite.
    #[track_caller]
    pub fn warm_up_from(self, from: f64, epochs: f64) -> Self {
        let schedule = Self::WarmUp { epochs, from, then: Box::new(self) };
        schedule.check();
        schedule
    }

    /// What would be 0 is `least`, and 1 stays 1: least + (1 − least) · factor. PyTorch's `eta_min`, as a multiple of the learning rate.
    ///
    /// # Panics
    ///
    /// If `least` is not from 0 to 1.
    #[track_caller]
    pub fn down_to(self, least: f64) -> Self {
        let schedule = Self::DownTo { least, of: Box::new(self) };
        schedule.check();
        schedule
    }

    /// A schedule of a training of this many epochs, whatever a call of `fit` is told; after them it stays where it ends. So several calls of `fit`
    /// are one.
    ///
    /// # Panics
    ///
    /// If `epochs` is 0.
    #[track_caller]
    pub fn over(self, epochs: usize) -> Self {
        let schedule = Self::Over { epochs, of: Box::new(self) };
        schedule.check();
        schedule
    }

    /// Whether it is to be asked before each step, and not once an epoch alone.
    pub fn is_by_step(&self) -> bool {
        match self {
            Self::ByStep(_) | Self::OneCycle { .. } | Self::WarmUp { .. } => true,
            Self::DownTo { of, .. } | Self::Over { of, .. } => of.is_by_step(),
            _ => false,
        }
    }

    /// Whether it means another thing where the training has more epochs. Of a function that is not known.
    pub(super) fn goes_by_total(&self) -> bool {
        match self {
            Self::Polynomial { .. } | Self::Cosine | Self::OneCycle { .. } => true,
            Self::Constant
            | Self::Step { .. }
            | Self::MultiStep { .. }
            | Self::Exponential { .. }
            | Self::CosineOver { .. }
            | Self::CosineRestarts { .. }
            | Self::Over { .. }
            | Self::Function(_) => false,
            Self::WarmUp { then: of, .. } | Self::DownTo { of, .. } | Self::ByStep(of) => {
                of.goes_by_total()
            }
        }
    }

    /// What only a programmer can get wrong.
    #[track_caller]
    pub(super) fn check(&self) {
        match self {
            Self::Constant | Self::Cosine | Self::Function(_) => {}
            Self::Step { epochs, factor } => {
                check_factor(*factor);
                check_epochs(*epochs);
            }
            Self::MultiStep { factor, .. } | Self::Exponential { factor } => check_factor(*factor),
            Self::Polynomial { power } => assert!(
                *power >= 0.0 && power.is_finite(),
                "a schedule's power is a finite number from 0 on, found {power}"
            ),
            Self::CosineOver { epochs } => check_epochs(*epochs),
            Self::CosineRestarts { epochs, multiple } => {
                check_epochs(*epochs);
                assert!(
                    *multiple > 0,
                    "each cosine is as long as the one before or a multiple of it, found `multiple: 0`"
                );
            }
            Self::OneCycle { pct_start, div_factor, final_div_factor } => {
                assert!(
                    (0.0..=1.0).contains(pct_start),
                    "one cycle rises for a part of the training, from 0 to 1, found `pct_start: {pct_start}`"
                );
                for (name, factor) in
                    [("div_factor", div_factor), ("final_div_factor", final_div_factor)]
                {
                    assert!(
                        *factor > 0.0 && factor.is_finite(),
                        "what a learning rate is divided by is a finite number above 0, found `{name}: {factor}`"
                    );
                }
            }
            Self::WarmUp { epochs, from, then } => {
                check_factor(*from);
                assert!(
                    *epochs >= 0.0 && epochs.is_finite(),
                    "a warm-up takes a finite number of epochs from 0 on, found {epochs}"
                );
                then.check();
            }
            Self::DownTo { least, of } => {
                assert!(
                    (0.0..=1.0).contains(least),
                    "the least factor of a schedule is from 0 to 1, found {least}"
                );
                of.check();
            }
            Self::Over { epochs, of } => {
                check_epochs(*epochs);
                of.check();
            }
            Self::ByStep(of) => of.check(),
        }
    }

    /// The factor at a position of a training of `epochs` epochs. Positions are counted in epochs from 0: 2.5 is the middle of the third.
    ///
    /// A schedule that is not [by step](Self::is_by_step) has one factor for each epoch: at 2.5 that at 2.
    ///
    /// # Panics
    ///
    /// If a setting is out of its range (a negative factor, a number of epochs that is 0), the position is negative, NaN or infinite, or a function of one's
    /// own gives what is no factor.
    #[track_caller]
    pub fn factor(&self, position: f64, epochs: usize) -> f64 {
        self.check();
        check_epochs(epochs);
        assert!(
            position >= 0.0 && position.is_finite(),
            "a position in a training is a finite number from 0 on, found {position}"
        );
        let factor = self.at(position, as_f64(epochs), false);
        check_factor(factor);
        factor
    }

    /// The factor, of a training whose number of epochs may be no whole one.
    fn at(&self, position: f64, epochs: f64, by_step: bool) -> f64 {
        let t = if by_step { position } else { position.floor() };
        match self {
            Self::Constant => 1.0,
            Self::Step { epochs, factor } => factor.powf((t / as_f64(*epochs)).floor()),
            Self::MultiStep { epochs, factor } => {
                let passed = epochs.iter().filter(|epoch| as_f64(**epoch) <= t).count();
                factor.powf(as_f64(passed))
            }
            Self::Exponential { factor } => factor.powf(t),
            Self::Polynomial { power } => (1.0 - part(t, epochs)).powf(*power),
            Self::Cosine => half_cosine(t, epochs),
            Self::CosineOver { epochs } => half_cosine(t, as_f64(*epochs)),
            Self::CosineRestarts { epochs, multiple } => {
                let (t, epochs) = since_restart(t, as_f64(*epochs), as_f64(*multiple));
                half_cosine(t, epochs)
            }
            Self::OneCycle { pct_start, div_factor, final_div_factor } => {
                let (start, peak) = (1.0 / div_factor, pct_start * epochs);
                let end = start / final_div_factor;
                if position < peak {
                    1.0 + (start - 1.0) * half_cosine(position, peak)
                } else {
                    end + (1.0 - end) * half_cosine(position - peak, epochs - peak)
                }
            }
            Self::WarmUp { epochs: rising, from, then } => {
                if position < *rising {
                    from + (1.0 - from) * (position / rising)
                } else {
                    then.at(position - rising, (epochs - rising).max(0.0), by_step)
                }
            }
            Self::DownTo { least, of } => least + (1.0 - least) * of.at(position, epochs, by_step),
            Self::Over { epochs, of } => {
                let epochs = as_f64(*epochs);
                of.at(position.min(epochs), epochs, by_step)
            }
            Self::ByStep(of) => of.at(position, epochs, true),
            Self::Function(ScheduleFunction(factor)) => factor(t, epochs),
        }
    }
}

/// A schedule of one's own: what [`Schedule::from_fn`] keeps. It is equal to its clones alone.
#[derive(Clone)]
pub struct ScheduleFunction(Arc<dyn Fn(f64, f64) -> f64 + Send + Sync>);

impl PartialEq for ScheduleFunction {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for ScheduleFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fn(position, epochs)")
    }
}

#[track_caller]
fn check_factor(factor: f64) {
    assert!(
        factor >= 0.0 && factor.is_finite(),
        "a schedule's factor is a finite number from 0 on, found {factor}"
    );
}

#[track_caller]
fn check_epochs(epochs: usize) {
    assert!(epochs > 0, "a schedule takes one epoch at least, found `epochs: 0`");
}

#[expect(clippy::cast_precision_loss, reason = "counts of epochs")]
fn as_f64(count: usize) -> f64 {
    count as f64
}

/// How much of a way is done: 1 at its end and after it.
fn part(t: f64, epochs: f64) -> f64 {
    if t < epochs { t / epochs } else { 1.0 }
}

/// From 1 at the start to 0 at the end.
fn half_cosine(t: f64, epochs: f64) -> f64 {
    0.5 * (1.0 + (PI * part(t, epochs)).cos())
}

/// How far it is from the last restart, and how long this cosine is.
fn since_restart(t: f64, epochs: f64, multiple: f64) -> (f64, f64) {
    if multiple == 1.0 {
        return (t % epochs, epochs);
    }
    let (mut t, mut epochs) = (t, epochs);
    while t >= epochs {
        t -= epochs;
        epochs *= multiple;
    }
    (t, epochs)
}
