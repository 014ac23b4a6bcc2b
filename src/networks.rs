//! What can be done with the parameters of a network, or of several in a struct: as one vector, and as a file.

use crate::layers::{Elements, Fields, OfTree, ParameterTree};

#[cfg(feature = "alloc")]
use {
    alloc::{boxed::Box, vec::Vec},
    rand::Rng,
};

/// The methods that [`Network`](crate::Network) and [`Networks`] have in common. Not in a trait of their own: one that both have would have to be imported
/// beside them, and one that is imported with them would make each call ambiguous.
macro_rules! of_parameters {
    ($of:ty, $initialize:expr, $name:expr) => {
        /// New random weights, by the initializers of the descriptions; biases are zero.
        #[cfg(feature = "alloc")]
        fn random<R: Rng + ?Sized>(rng: &mut R) -> Box<Self> {
            let mut net = Self::zeros();
            $initialize(&mut *net, rng);
            net
        }

        /// The Euclidean norm: the square root of the sum of the squares of all parameters, but for running statistics
        /// ([`Kind::Statistic`](crate::layers::Kind::Statistic)). NaN where one of them is.
        fn norm(&self) -> Self::Scalar {
            $crate::vector::norm::<$of>(self.as_slice())
        }

        /// The inner product of two models as vectors, running statistics left out: Σ aᵢ bᵢ. Of two gradients, how far they agree.
        ///
        /// Summed in blocks, of which the sum is one of `f64`, as [`norm`](Self::norm) is.
        fn dot(&self, other: &Self) -> Self::Scalar {
            $crate::vector::dot::<$of>(self.as_slice(), other.as_slice())
        }

        /// Multiplies all numbers by `factor`, running statistics too: the mean of several gradients is their sum, scaled.
        fn scale(&mut self, factor: Self::Scalar) {
            $crate::vector::scale(self.as_mut_slice(), factor);
        }

        /// Adds `factor` times another network, running statistics too: gradients of several batches are summed so.
        fn add_scaled(&mut self, factor: Self::Scalar, other: &Self) {
            $crate::vector::add_scaled(self.as_mut_slice(), factor, other.as_slice());
        }

        /// Moves all numbers towards another model, running statistics too: a + t (b − a). Polyak averaging of the target networks of reinforcement
        /// learning with t = 0.005, an exponential moving average of weights with t = 1 − decay. With t = 0 nothing changes; with t = 1 it is the other, to the bit.
        fn lerp(&mut self, other: &Self, t: Self::Scalar) {
            $crate::vector::lerp(self.as_mut_slice(), other.as_slice(), t);
        }

        /// Sets all numbers to `value`, running statistics too: `fill(0.0)` begins a sum of gradients.
        fn fill(&mut self, value: Self::Scalar) {
            self.as_mut_slice().fill(value);
        }

        /// Scales a gradient down to the [`norm`](Self::norm) `max`, if it is longer, and gives back the norm that it had. PyTorch's `clip_grad_norm_`.
        ///
        /// Running statistics stay as they are. So does a gradient that holds NaN or infinity, whose norm is NaN or infinite:
        /// [`Optimizer::apply`](crate::optimizers::Optimizer::apply) does not step along it.
        ///
        /// # Panics
        ///
        /// If `max` is negative or NaN.
        fn clip_norm(&mut self, max: Self::Scalar) -> Self::Scalar {
            $crate::vector::clip_norm::<$of>(self.as_mut_slice(), max)
        }

        /// Limits each number of a gradient to −`max` … `max`, and gives back the largest magnitude that there was, NaN where there is one. PyTorch's
        /// `clip_grad_value_`.
        ///
        /// Running statistics stay as they are, and so does NaN.
        ///
        /// # Panics
        ///
        /// If `max` is negative or NaN.
        fn clip_value(&mut self, max: Self::Scalar) -> Self::Scalar {
            $crate::vector::clip_value::<$of>(self.as_mut_slice(), max)
        }

        /// Writes the parameters as a [safetensors](https://github.com/huggingface/safetensors) file, with PyTorch's names and orientation:
        /// `dense1.weight` of shape `[outputs, inputs]`, `dense1.bias`.
        ///
        /// The file is written aside, as `.name.….partial` in the same directory, and renamed: it is there whole, or as it was. A file that is replaced keeps its permissions, and a
        /// symbolic link leads to the new one; other names of a file (hard links) keep the old one. What a process that was killed left behind, the next save of the same file removes.
        ///
        /// # Errors
        ///
        /// If the file cannot be written, is read-only, or is a directory; then a file that was there before is as it was.
        #[cfg(feature = "files")]
        fn save(&self, path: impl AsRef<std::path::Path>) -> Result<(), $crate::Error> {
            $crate::formats::safetensors::save::<$of>(self.as_slice(), path.as_ref(), "")
        }

        /// Reads the parameters from a safetensors file, as [`save`](Self::save) or PyTorch wrote it.
        ///
        /// The numbers may be `F16`, `BF16`, `F32` or `F64`, whatever the network's are: each becomes the nearest of the network's, which for the first two is the same number.
        ///
        /// # Errors
        ///
        /// If the file cannot be read, is no safetensors file, or lacks a tensor, has one too many, or one of another shape,
        /// or of integers, or with a number that the network's type cannot hold: the error names the tensor, what was expected, and what was found.
        ///
        /// For a part of a file, or of a network, see [`Transfer`](crate::Transfer).
        #[cfg(feature = "files")]
        fn load(path: impl AsRef<std::path::Path>) -> Result<Box<Self>, $crate::Error> {
            let mut model = Self::zeros();
            let name = $name;
            let numbers = model.as_mut_slice();
            $crate::formats::safetensors::load::<$of>(numbers, path.as_ref(), name)?;
            Ok(model)
        }

        /// The parameters as the bytes of a safetensors file: what [`save`](Self::save) writes.
        #[cfg(feature = "alloc")]
        fn to_bytes(&self) -> Vec<u8> {
            $crate::formats::safetensors::to_bytes::<$of>(self.as_slice(), "")
        }

        /// The network whose parameters are in the bytes of a safetensors file, as [`load`](Self::load) reads them: the bytes of
        /// [`to_bytes`](Self::to_bytes), of `include_bytes!`, or from a server. See [`guide::bytes`](crate::guide::bytes).
        ///
        /// ```
        /// use axonal::prelude::*;
        ///
        /// network! { struct Net<input 2 => dense 3 tanh => dense 1>; }
        ///
        /// let net = Net::random(&mut StdRng::seed_from_u64(1));
        /// let bytes: Vec<u8> = net.to_bytes();
        /// assert_eq!(Net::from_bytes(&bytes)?, net);
        /// # Ok::<(), axonal::Error>(())
        /// ```
        ///
        /// # Errors
        ///
        /// Those of [`load_bytes`](Self::load_bytes).
        #[cfg(feature = "alloc")]
        fn from_bytes(bytes: &[u8]) -> Result<Box<Self>, $crate::Error> {
            let mut net = Self::zeros();
            net.load_bytes(bytes)?;
            Ok(net)
        }

        /// Reads the parameters from the bytes of a safetensors file into a network that is there. Without an allocator, too:
        /// [`guide::bytes`](crate::guide::bytes) shows how a microcontroller gets its weights.
        ///
        /// Nothing is asked of where the bytes are in memory.
        ///
        /// # Errors
        ///
        /// [`Error::Weights`](crate::Error::Weights) if they are no safetensors file, or lack a tensor, have one too many, or one of another
        /// shape, or of numbers that are not read: the message names the tensor, what was expected, and what was found. Then the parameters are as they were.
        fn load_bytes(&mut self, bytes: &[u8]) -> Result<(), $crate::Error> {
            $crate::formats::safetensors::load_bytes::<$of>(self.as_mut_slice(), bytes)
                .map_err($crate::Error::Weights)
        }
    };
}
pub(crate) use of_parameters;

/// Several networks in a struct with `#[derive(Parameters)]`, or in an array: their parameters as one vector, and as a file.
///
/// A struct is one whose fields are networks, or structs or arrays of them. It has what a [`Network`](crate::Network) has of these methods, and an optimizer takes a
/// step along a gradient of it ([`Optimizer::apply`](crate::optimizers::Optimizer::apply)). Its tensors are called after the fields: `first.dense1.weight`.
/// Under another name of this crate, the struct says `#[parameters(crate = name, networks)]`.
///
/// * A copy is `copy.lerp(&online, 1.0)`, into memory that is there. `Debug` and `PartialEq` can be derived; `Clone` cannot, because a clone would pass through the stack.
/// * A part of a file is read by the network that it is for, [`online.first.load_from(path, "first")`](crate::Transfer).
/// * Numbers beside the networks, such as the temperature of soft actor-critic, have a network of their own: of `input 1 => dense 1 no_bias` the
///   weight `dense1.weight[0]` is one.
///
/// ```
/// use axonal::prelude::*;
///
/// network! { struct Critic<input 4 => dense 16 relu => dense 1>; }
///
/// /// Two critics, of which the smaller value counts.
/// #[repr(C)]
/// #[derive(Parameters)]
/// #[parameters(scalar = f32)]
/// struct Twins {
///     first: Critic,
///     second: Critic,
/// }
///
/// let mut rng = StdRng::seed_from_u64(1);
/// let mut online: Box<Twins> = Twins::random(&mut rng);
/// let mut average: Box<Twins> = Twins::zeros();
/// average.lerp(&online, 1.0);
///
/// // A step of both along a gradient of both.
/// let mut gradient = Twins::zeros();
/// let (inputs, targets) = ([SVector::from([0.1, -0.5, 0.3, 1.0])], [[0.7].into()]);
/// online.first.gradient_into(&inputs, &targets, &MeanSquaredError, &mut gradient.first);
/// online.second.gradient_into(&inputs, &targets, &MeanSquaredError, &mut gradient.second);
/// let norm: f32 = gradient.clip_norm(1.0);
/// Adam::new(1e-3).apply(&mut *online, &gradient);
///
/// // Polyak averaging: a step of 0.5% to the networks that learn.
/// average.lerp(&online, 0.005);
///
/// let bytes = online.to_bytes();
/// assert!(Twins::from_bytes(&bytes)?.as_slice() == online.as_slice());
/// # Ok::<(), axonal::Error>(())
/// ```
pub trait Networks<M>: ParameterTree<M> {
    of_parameters!(OfTree<Self, M>, ParameterTree::<M>::initialize, name_of::<Self>());
}

#[diagnostic::do_not_recommend]
impl<P: ParameterTree<Fields<M>>, M> Networks<Fields<M>> for P {}

#[diagnostic::do_not_recommend]
impl<P: ParameterTree<Elements<M>>, M> Networks<Elements<M>> for P {}

/// The name of a type without its path, for messages.
#[cfg(feature = "files")]
fn name_of<P>() -> &'static str {
    let name = core::any::type_name::<P>();
    let path = name.split('<').next().unwrap_or(name);
    &name[path.rfind("::").map_or(0, |at| at + 2)..]
}
