//! How the learning rate changes from epoch to epoch.

/// The learning rate of each epoch, as a multiple of the optimizer's.
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
        /// What the next epoch has it multiplied by.
        factor: f64,
    },
    /// Half a cosine, from the optimizer's learning rate towards 0 after the last epoch. PyTorch's `CosineAnnealingLR`.
    ///
    /// Source: I. Loshchilov, F. Hutter, [SGDR: stochastic gradient descent with warm restarts](https://arxiv.org/abs/1608.03983) (2016).
    Cosine,
}

impl Schedule {
    /// The factor of an epoch, counted from 0, of so many epochs.
    #[expect(clippy::cast_precision_loss, reason = "counts of epochs")]
    pub fn factor(self, epoch: usize, epochs: usize) -> f64 {
        match self {
            Self::Constant => 1.0,
            Self::Step { epochs, factor } => factor.powf((epoch / epochs.max(1)) as f64),
            Self::Exponential { factor } => factor.powf(epoch as f64),
            Self::Cosine => {
                let part = epoch as f64 / epochs.max(1) as f64;
                0.5 * (1.0 + (core::f64::consts::PI * part).cos())
            }
        }
    }
}
