//! What a forward pass is for.

/// Whether a forward pass trains, and where its randomness comes from.
///
/// Dropout and batch statistics are for training alone; a pass of inference has neither, whatever was called before.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    training: bool,
    seed: u64,
}

impl Context {
    /// A pass that only measures.
    pub const INFERENCE: Self = Self { training: false, seed: 0 };

    /// A pass of training. The same seed gives the same pass.
    #[must_use]
    pub fn training(seed: u64) -> Self {
        Self { training: true, seed }
    }

    /// Whether the pass trains.
    #[inline(always)]
    #[must_use]
    pub fn is_training(self) -> bool {
        self.training
    }

    /// The context of a layer of the network, by its place; each has random numbers of its own.
    #[inline(always)]
    #[must_use]
    pub fn layer(self, index: usize) -> Self {
        Self { seed: self.random(index as u64), ..self }
    }

    /// The context of the samples from `first` on, where a batch is taken in pieces: each piece has random numbers of its own, which are not those that it
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
