//! How the learning rate changes from epoch to epoch.

/// The learning rate of each epoch, as a multiple of the optimizer's.
///
/// Where [`Trainer::fit`](super::Trainer::fit) goes on, epochs are counted on.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Schedule {
    /// The same in every epoch.
    #[default]
    Constant,
    /// Multiplied by `factor` after every `epochs` epochs. PyTorch's `StepLR`.
    Step {
        /// How many epochs have the same learning rate.
        epochs: usize,
        /// What the next ones have it multiplied by.
        factor: f64,
    },
    /// Multiplied by `factor` after every epoch. PyTorch's `ExponentialLR`.
    Exponential {
        /// The learning rate is multiplied by this from one epoch to the next.
        factor: f64,
    },
    /// Half a cosine, from the optimizer's learning rate towards 0 after the last epoch. PyTorch's `CosineAnnealingLR`.
    ///
    /// A call of `fit` that goes on takes a cosine over all epochs, those before it too, from its place on that cosine down to 0. For several calls that are to be one, see
    /// [`CosineOver`](Self::CosineOver).
    ///
    /// Source: I. Loshchilov, F. Hutter, [SGDR: stochastic gradient descent with warm restarts](https://arxiv.org/abs/1608.03983) (2016).
    Cosine,
    /// As [`Cosine`](Self::Cosine), over this many epochs, whatever a call of `fit` is told; 0 after them. PyTorch's `CosineAnnealingLR(T_max)`.
    CosineOver {
        /// After how many epochs it is 0.
        epochs: usize,
    },
}

impl Schedule {
    /// What only a programmer can get wrong.
    #[track_caller]
    pub(super) fn check(self) {
        let (factor, epochs) = match self {
            Self::Constant | Self::Cosine => return,
            Self::Step { epochs, factor } => (factor, epochs),
            Self::Exponential { factor } => (factor, 1),
            Self::CosineOver { epochs } => (1.0, epochs),
        };
        assert!(
            factor >= 0.0 && factor.is_finite(),
            "a schedule's factor is a finite number from 0 on, found {factor}"
        );
        assert!(epochs > 0, "a schedule takes one epoch at least, found `epochs: 0`");
    }

    /// The factor of an epoch, counted from 0, of a training of `epochs` epochs.
    ///
    /// # Panics
    ///
    /// If a factor is negative, NaN or infinite, or a number of epochs 0.
    #[track_caller]
    #[expect(clippy::cast_precision_loss, reason = "counts of epochs")]
    pub fn factor(self, epoch: usize, epochs: usize) -> f64 {
        self.check();
        assert!(epochs > 0, "a schedule takes one epoch at least, found 0");
        match self {
            Self::Constant => 1.0,
            Self::Step { epochs, factor } => factor.powf((epoch / epochs) as f64),
            Self::Exponential { factor } => factor.powf(epoch as f64),
            Self::Cosine => half_cosine(epoch, epochs),
            Self::CosineOver { epochs } => half_cosine(epoch.min(epochs), epochs),
        }
    }
}

/// From 1 at epoch 0 to 0 at the last one.
#[expect(clippy::cast_precision_loss, reason = "counts of epochs")]
fn half_cosine(epoch: usize, epochs: usize) -> f64 {
    let part = epoch as f64 / epochs as f64;
    0.5 * (1.0 + (core::f64::consts::PI * part).cos())
}
