//! What a forward pass is for.

/// Whether a forward pass trains, and where its randomness comes from.
///
/// Dropout and batch statistics are for training alone; a pass of inference has neither, whatever was called before.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    mode: Mode,
    seed: u64,
    keeps_statistics: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Inference,
    Training,
    Tangents,
}

impl Context {
    /// A pass that only measures.
    pub const INFERENCE: Self = Self::of(Mode::Inference, 0);

    /// A pass of inference over a point and tangents, for layers with [`Differentiable::TANGENTS`](super::Differentiable::TANGENTS).
    pub(crate) const TANGENTS: Self = Self::of(Mode::Tangents, 0);

    /// A pass of training. The same seed gives the same pass.
    #[must_use]
    pub fn training(seed: u64) -> Self {
        Self::of(Mode::Training, seed)
    }

    const fn of(mode: Mode, seed: u64) -> Self {
        Self { mode, seed, keeps_statistics: false }
    }

    /// The same pass, in whose gradient running statistics are zeros: a step along it does not move them.
    ///
    /// ```
    /// use axonal::layers::Context;
    /// use axonal::prelude::*;
    ///
    /// network! { struct Net<input 1 => batchnorm => dense 1>; }
    ///
    /// let net = Net::random(&mut StdRng::seed_from_u64(1));
    /// let (inputs, targets) = ([[1.0].into(), [3.0].into()], [[0.5].into(), [-0.5].into()]);
    /// let mut gradient = Net::zeros();
    /// let context = Context::training(0);
    /// net.gradient_with(context, &inputs, &targets, &MeanSquaredError, &mut gradient);
    /// // A tenth of the way to the mean of the batch, with the other sign.
    /// assert_eq!(gradient.batchnorm1.running_mean[0], -0.2);
    /// net.gradient_with(context.without_statistics(), &inputs, &targets, &MeanSquaredError, &mut gradient);
    /// assert_eq!(gradient.batchnorm1.running_mean[0], 0.0);
    /// ```
    #[must_use]
    pub const fn without_statistics(self) -> Self {
        Self { keeps_statistics: true, ..self }
    }

    /// Whether running statistics stay as they are: not in a pass of training, unless it is [without them](Self::without_statistics).
    #[inline(always)]
    #[must_use]
    pub fn keeps_statistics(self) -> bool {
        self.keeps_statistics || !self.is_training()
    }

    /// Whether the pass trains.
    #[inline(always)]
    #[must_use]
    pub fn is_training(self) -> bool {
        self.mode == Mode::Training
    }

    /// Whether the first sample is a point **x**, and the others are tangents **t** at it: of each, the output is the Jacobian at **x** times **t**.
    #[inline(always)]
    #[must_use]
    pub fn is_tangents(self) -> bool {
        self.mode == Mode::Tangents
    }

    /// The context of a layer of the network, by its place; each has random numbers of its own.
    #[inline(always)]
    #[must_use]
    pub fn layer(self, index: usize) -> Self {
        Self { seed: self.random(index as u64), ..self }
    }

    /// The context of the samples from `first` on, where a batch, or that of one layer, is taken in pieces: each piece has random numbers of its own, which are not those that it
    /// would have as a part of one large batch.
    #[inline(always)]
    #[must_use]
    pub fn samples_from(self, first: usize) -> Self {
        // The samples of the first piece, and a batch in one piece, have the seed itself.
        if first == 0 { self } else { self.layer(first) }
    }

    /// 64 random bits, the same for the same seed and index: SplitMix64, which needs no state.
    ///
    /// Source: G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
    #[inline(always)]
    #[must_use]
    pub fn random(self, index: u64) -> u64 {
        let mut bits =
            self.seed.wrapping_add(index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }
}
