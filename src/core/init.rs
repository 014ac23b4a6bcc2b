//! Initial weights.

use rand::{Rng, RngExt};

use crate::core::Scalar;

/// How the weights of a layer are drawn at first. Biases start at zero.
///
/// In a description: `dense 128 relu init he_normal`. Without a word, the layer's activation chooses:
/// [`HeNormal`](Self::HeNormal) for the family of `relu`, [`LecunNormal`](Self::LecunNormal) for `selu`,
/// [`GlorotUniform`](Self::GlorotUniform) for the others.
///
/// `fan_in` and `fan_out` are the numbers of inputs and outputs of a neuron's layer.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Initializer {
    /// All zero. A hidden layer that starts so never learns: its neurons stay equal.
    Zeros,
    /// Uniform between two bounds.
    Uniform {
        /// The lower bound.
        low: f64,
        /// The upper bound.
        high: f64,
    },
    /// Normal.
    Normal {
        /// The mean.
        mean: f64,
        /// The standard deviation.
        std: f64,
    },
    /// Uniform in ±√(6 / (fan_in + fan_out)) ([Glorot and Bengio 2010](https://proceedings.mlr.press/v9/glorot10a.html)).
    GlorotUniform,
    /// Normal with standard deviation √(2 / (fan_in + fan_out)) ([Glorot and Bengio 2010](https://proceedings.mlr.press/v9/glorot10a.html)).
    GlorotNormal,
    /// Uniform in ±√(6 / fan_in) ([He et al. 2015](https://arxiv.org/abs/1502.01852)).
    HeUniform,
    /// Normal with standard deviation √(2 / fan_in) ([He et al. 2015](https://arxiv.org/abs/1502.01852)).
    HeNormal,
    /// Uniform in ±√(3 / fan_in) ([LeCun et al. 1998](http://yann.lecun.com/exdb/publis/pdf/lecun-98b.pdf)).
    LecunUniform,
    /// Normal with standard deviation √(1 / fan_in) ([LeCun et al. 1998](http://yann.lecun.com/exdb/publis/pdf/lecun-98b.pdf)).
    LecunNormal,
}

impl Initializer {
    /// Draws all weights of one tensor.
    pub fn fill<T: Scalar, R: Rng + ?Sized>(
        self,
        weights: &mut [T],
        fan_in: usize,
        fan_out: usize,
        rng: &mut R,
    ) {
        let mut rng = rng;
        let draw = self.draw(fan_in, fan_out);
        for weight in weights {
            *weight = T::of(draw.number(&mut rng));
        }
    }

    fn draw(self, fan_in: usize, fan_out: usize) -> Draw {
        #[expect(clippy::cast_precision_loss, reason = "layer sizes are far below 2^52")]
        let (inputs, both) = (fan_in as f64, (fan_in + fan_out) as f64);
        let sqrt = num_traits::Float::sqrt;
        let symmetric = |bound: f64| Draw::Uniform { low: -bound, high: bound };
        let normal = |std| Draw::Normal { mean: 0.0, std };
        match self {
            Self::Zeros => Draw::Zero,
            Self::Uniform { low, high } => Draw::Uniform { low, high },
            Self::Normal { mean, std } => Draw::Normal { mean, std },
            Self::GlorotUniform => symmetric(sqrt(6.0 / both)),
            Self::GlorotNormal => normal(sqrt(2.0 / both)),
            Self::HeUniform => symmetric(sqrt(6.0 / inputs)),
            Self::HeNormal => normal(sqrt(2.0 / inputs)),
            Self::LecunUniform => symmetric(sqrt(3.0 / inputs)),
            Self::LecunNormal => normal(sqrt(1.0 / inputs)),
        }
    }
}

/// What a weight is drawn from.
#[derive(Clone, Copy)]
enum Draw {
    Zero,
    Uniform { low: f64, high: f64 },
    Normal { mean: f64, std: f64 },
}

impl Draw {
    /// One weight. For any generator: compiled for each, distributions would be a good part of what a network adds to a build.
    fn number(self, rng: &mut dyn Rng) -> f64 {
        match self {
            Self::Zero => 0.0,
            Self::Uniform { low, high } => low + (high - low) * rng.random::<f64>(),
            Self::Normal { mean, std } => {
                mean + std * rng.sample::<f64, _>(rand_distr::StandardNormal)
            }
        }
    }
}
