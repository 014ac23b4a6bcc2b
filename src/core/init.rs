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
    /// The rows, or the columns if they are fewer, are perpendicular to each other and `gain` long; among all such matrices, each is as likely
    /// ([Saxe et al. 2014](https://arxiv.org/abs/1312.6120)). PyTorch's `orthogonal_`; customary gains are √2 in front of `relu`, 0.01 in front of a policy.
    ///
    /// Of a convolution, a row is all weights of one output channel; of a transposed one, of one input channel.
    Orthogonal {
        /// The length of each row, or column: 1 where a description says `init orthogonal`.
        gain: f64,
    },
}

impl Initializer {
    /// Draws all weights of one tensor. For [`Orthogonal`](Self::Orthogonal) they are a matrix with `fan_in` columns, one behind the other.
    pub fn fill<T: Scalar, R: Rng + ?Sized>(
        self,
        weights: &mut [T],
        fan_in: usize,
        fan_out: usize,
        rng: &mut R,
    ) {
        let mut rng = rng;
        if let Self::Orthogonal { gain } = self {
            // Both are compiled once, and not in the build of every user.
            if size_of::<T>() == size_of::<f32>() {
                return orthogonal_f32(bytemuck::cast_slice_mut(weights), fan_in, gain, &mut rng);
            }
            return orthogonal_f64(bytemuck::cast_slice_mut(weights), fan_in, gain, &mut rng);
        }
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
            Self::Orthogonal { .. } => normal(1.0),
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

fn orthogonal_f32(weights: &mut [f32], columns: usize, gain: f64, rng: &mut dyn Rng) {
    orthogonal(weights, columns, gain, rng);
}

fn orthogonal_f64(weights: &mut [f64], columns: usize, gain: f64, rng: &mut dyn Rng) {
    orthogonal(weights, columns, gain, rng);
}

/// The Q of the QR decomposition of a matrix of normal numbers, with an R whose diagonal is positive: a random orthogonal matrix
/// ([Mezzadri 2007](https://arxiv.org/abs/math-ph/0609050)).
///
/// By Gram and Schmidt's method, each vector twice, so that they are perpendicular to the last bits; in place, because there may be no heap.
fn orthogonal<T: Scalar>(weights: &mut [T], columns: usize, gain: f64, rng: &mut dyn Rng) {
    let rows = weights.len() / columns.max(1);
    let vectors = if rows < columns {
        Vectors { count: rows, len: columns, apart: 1, stride: rows }
    } else {
        Vectors { count: columns, len: rows, apart: rows, stride: 1 }
    };
    let normal = Draw::Normal { mean: 0.0, std: 1.0 };
    for vector in 0..vectors.count {
        let mut squares = 0.0;
        // A vector that is all in the space of those before it is drawn again.
        while squares <= f64::MIN_POSITIVE {
            for at in vectors.elements(vector) {
                weights[at] = T::of(normal.number(rng));
            }
            for _ in 0..2 {
                vectors.make_perpendicular(weights, vector);
            }
            let numbers = vectors.elements(vector).map(|at| weights[at].as_f64());
            squares = numbers.map(|number| number * number).sum();
        }
        let length = num_traits::Float::sqrt(squares);
        for at in vectors.elements(vector) {
            weights[at] = T::of(weights[at].as_f64() / length);
        }
    }
    for weight in weights {
        *weight = T::of(weight.as_f64() * gain);
    }
}

/// The rows or columns of a matrix: `count` vectors of `len` numbers.
#[derive(Clone, Copy)]
struct Vectors {
    count: usize,
    len: usize,
    /// From one vector to the next, and from one number of a vector to the next.
    apart: usize,
    stride: usize,
}

impl Vectors {
    fn elements(self, vector: usize) -> impl Iterator<Item = usize> {
        let Self { len, apart, stride, .. } = self;
        (0..len).map(move |element| vector * apart + element * stride)
    }

    /// Takes away from a vector what it has in common with those before it, of which eight are looked at together: one sum would wait for each of its additions.
    fn make_perpendicular<T: Scalar>(self, weights: &mut [T], vector: usize) {
        let Self { apart, stride, len, .. } = self;
        for first in (0..vector).step_by(8) {
            let others = (vector - first).min(8);
            let mut products = [0.0; 8];
            for element in 0..len {
                let own = weights[vector * apart + element * stride].as_f64();
                for (other, product) in products[..others].iter_mut().enumerate() {
                    *product += own * weights[(first + other) * apart + element * stride].as_f64();
                }
            }
            for element in 0..len {
                let at = vector * apart + element * stride;
                let mut own = weights[at].as_f64();
                for (other, product) in products[..others].iter().enumerate() {
                    own -= product * weights[(first + other) * apart + element * stride].as_f64();
                }
                weights[at] = T::of(own);
            }
        }
    }
}
