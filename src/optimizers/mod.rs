//! Optimizers: definitions and defaults are PyTorch's.
//!
//! | | |
//! |---|---|
//! | `state`, `moments` | what an optimizer keeps between steps |
//! | `update` | what it sees of a tensor in a step |
//! | `step` | a step over all tensors of a network, whose gradient comes block by block or is there as a whole |
//! | `settings` | what is frozen, and what else is set for parts of a network |
//! | `saving` | the state in a safetensors file |
//! | `arguments` | settings that all have, checked where they are set |

mod adadelta;
mod adagrad;
mod adam;
mod arguments;
mod lion;
mod moments;
mod nadam;
mod radam;
mod rmsprop;
mod saving;
mod settings;
mod sgd;
mod state;
mod step;
mod update;

pub use crate::kernels::update::Rule;
pub use adadelta::Adadelta;
pub use adagrad::AdaGrad;
pub use adam::{Adam, AdamW};
pub use lion::Lion;
pub use nadam::NAdam;
pub use radam::RAdam;
pub use rmsprop::RmsProp;
#[cfg(feature = "files")]
pub(crate) use saving::{read_state, write_state};
pub(crate) use settings::{Tensor, Tensors};
pub use sgd::Sgd;
pub use state::State;
pub(crate) use step::{Along, Lent, Stepping, apply_described, left_finite};
pub use update::Update;

use crate::core::{Parameters, Scalar};
use crate::layers::{Context, OfTree, ParameterTree};
use arguments::rate;

/// A rule that moves parameters along their gradient.
///
/// An optimizer belongs to the network that it steps first: its moments are made then, one number a parameter. With a network of another type it panics.
/// Another network of the same type, such as that of the next fold of a cross-validation, would begin with the moments and the number of steps of the
/// one before: give it an optimizer of its own, or [`reset`](Self::reset) this one. A [`Trainer`](crate::training::Trainer) does so itself.
///
/// # Chosen at run time
///
/// `Box<dyn Optimizer<f32>>` is an optimizer too, in [`train_step`](crate::Network::train_step) and in a [`Trainer`](crate::training::Trainer);
/// so is `&mut dyn Optimizer<f32>`. For networks, see [`Infer`](crate::Infer).
///
/// ```
/// use axonal::prelude::*;
///
/// fn named(name: &str, learning_rate: f64) -> Option<Box<dyn Optimizer<f32>>> {
///     Some(match name {
///         "sgd" => Box::new(Sgd::new(learning_rate).momentum(0.9)),
///         "adam" => Box::new(Adam::new(learning_rate)),
///         _ => return None,
///     })
/// }
///
/// network! { struct Net<input 2 => dense 4 tanh => dense 1>; }
///
/// let mut rng = StdRng::seed_from_u64(1);
/// let mut net = Net::random(&mut rng);
/// let mut optimizer = named("adam", 0.01).expect("a name that is known");
/// let (inputs, targets) = ([[1.0, 2.0].into()], [[0.5].into()]);
/// net.train_step(&inputs, &targets, &MeanSquaredError, &mut optimizer);
///
/// let data = Dataset::new(inputs.to_vec(), targets.to_vec())?;
/// Trainer::new(MeanSquaredError, optimizer).fit(&mut *net, &data, &mut rng)?;
/// # Ok::<(), axonal::Error>(())
/// ```
///
/// # Layers that learn in another way
///
/// [`freeze`](Self::freeze), [`scale_learning_rate`](Self::scale_learning_rate) and [`set_weight_decay`](Self::set_weight_decay) are for
/// a part of the network, which a function of it names by its fields: a tensor, a layer, a network inside the network, or all of it.
/// A label that is not there does not compile.
///
/// ```
/// use axonal::prelude::*;
///
/// network! {
///     struct Encoder<input 8 => dense 6 tanh>;
///     struct Judge<input 8 => Encoder => hidden: dense 4 tanh => head: dense 1 sigmoid>;
/// }
///
/// let mut net = Judge::random(&mut StdRng::seed_from_u64(1));
/// let start = net.clone();
/// let mut optimizer = AdamW::new(0.01);
/// optimizer
///     .freeze(&*net, |net| &net.encoder1)
///     .scale_learning_rate(&*net, |net| &net.hidden, 0.1)
///     .set_weight_decay(&*net, |net| &net.head.weight, 0.2);
/// net.train_step(&[SVector::repeat(0.5)], &[true], &BinaryCrossEntropy, &mut optimizer);
/// assert_eq!(net.encoder1, start.encoder1);
/// assert_ne!(net.hidden, start.hidden);
///
/// // Later, all of it, in small steps.
/// optimizer.unfreeze(&*net, |net| net).set_learning_rate(1e-4);
/// ```
///
/// Settings can be made and changed at any time; a later one of the same kind takes the place of an earlier one.
///
/// # Of one's own
///
/// The page [optimizers](crate::guide::optimizers) writes three: names of moments, a field for the [`State`], and a [`Rule`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an optimizer of a network of `{T}`",
    note = "an optimizer keeps numbers of the network's own type: `Adam<f64>` for a network of `f64`"
)]
pub trait Optimizer<T: Scalar>: Sync {
    /// The names of what it keeps for each parameter, as in PyTorch's `optimizer.state`: `["exp_avg", "exp_avg_sq"]`.
    /// The numbers are zero before the first step.
    fn moments(&self) -> &'static [&'static str];

    /// Its name, by which a checkpoint knows it: that of its type, `Adam`.
    fn name(&self) -> &'static str {
        let name = core::any::type_name::<Self>();
        let path = name.split('<').next().unwrap_or(name);
        path.rsplit("::").next().unwrap_or(path)
    }

    /// What it keeps between steps.
    fn state(&self) -> &State<T>;

    /// What it keeps between steps.
    fn state_mut(&mut self) -> &mut State<T>;

    /// Numbers that PyTorch keeps with the moments, one of each parameter's tensor, and that follow here from the settings and the number of steps:
    /// `mu_product` of [`NAdam`]. They are [saved](Self::state_to_bytes) for PyTorch; what a file has is not looked at.
    fn scalars(&self) -> Vec<(&'static str, f64)> {
        Vec::new()
    }

    /// The step size.
    fn learning_rate(&self) -> f64 {
        self.state().learning_rate()
    }

    /// Changes the step size, for the steps to come.
    ///
    /// # Panics
    ///
    /// If it is negative, NaN or infinite.
    #[track_caller]
    fn set_learning_rate(&mut self, learning_rate: f64) {
        self.state_mut().set_learning_rate(learning_rate);
    }

    /// Moves the parameters of one tensor.
    ///
    /// All that it needs is in `tensor`, or only some of a tensor's parameters: a gradient is handed over in blocks. During a step the [state](Self::state) is
    /// lent to the step, and there is one without moments in its place. If this panics, the optimizer has its state again, the step does not count, and the
    /// tensors that were moved before are moved.
    fn update(&self, tensor: Update<'_, T>);

    /// Takes a step along a gradient, as [`train_step`](crate::Network::train_step) does along its own: that of
    /// [`gradient_with`](crate::Network::gradient_with), clipped, summed over several batches, averaged over processes.
    /// The page [loops](crate::guide::loops) has one of each.
    ///
    /// Running statistics take part: a step subtracts their gradient as it is, see [`Network::gradient`](crate::Network::gradient).
    /// Parts that are [frozen](Self::freeze) stay as they are, and their gradient is not looked at.
    ///
    /// It says whether the step was taken and left finite numbers. Where the gradient holds NaN or infinity, no step is taken: the weights, the moments
    /// and the number of steps are as before. Where a step makes a weight or a moment NaN or infinite, it has been taken; that is looked for after the first
    /// step, and after every 64th from there on.
    ///
    /// ```
    /// use axonal::prelude::*;
    ///
    /// network! { struct Net<input 2 => dense 4 tanh => dropout 0.2 => dense 1>; }
    ///
    /// let mut net = Net::random(&mut StdRng::seed_from_u64(1));
    /// let mut same = net.clone();
    /// let (inputs, targets) = ([[1.0, 2.0].into(), [3.0, -2.0].into()], [[1.0].into(), [1e4].into()]);
    /// let (mut optimizer, mut own) = (Adam::new(0.01), Adam::new(0.01));
    ///
    /// let mut gradient = Net::zeros();
    /// let context = own.context();
    /// let loss = same.gradient_with(context, &inputs, &targets, &MeanSquaredError, &mut gradient);
    /// own.apply(&mut *same, &gradient);
    ///
    /// // The same bits.
    /// assert_eq!(loss, net.train_step(&inputs, &targets, &MeanSquaredError, &mut optimizer));
    /// assert_eq!(net, same);
    /// ```
    ///
    /// # Panics
    ///
    /// If the optimizer belongs to another network.
    fn apply<N, M>(&mut self, net: &mut N, gradient: &N) -> bool
    where
        Self: Sized,
        N: ParameterTree<M, Scalar = T>,
    {
        step::apply::<T, Self, N, M>(self, net, gradient)
    }

    /// The context of the next step: a pass of training, with a seed made of [`State::set_seed`]'s and of the number of steps taken. With it,
    /// [`gradient_with`](crate::Network::gradient_with) drops what [`train_step`](crate::Network::train_step) would drop.
    fn context(&self) -> Context {
        self.state().context()
    }

    /// Makes the [moments](State::moment) of a network, as zeros, as the first step does: to [set](State::set_moment) them before it.
    ///
    /// # Panics
    ///
    /// If the optimizer belongs to another network.
    fn prepare<N, M>(&mut self, net: &N)
    where
        Self: Sized,
        N: ParameterTree<M, Scalar = T>,
    {
        let _ = net;
        let moments = self.moments();
        self.state_mut().prepare::<OfTree<N, M>>(moments);
    }

    /// Writes the state as a [safetensors](https://github.com/huggingface/safetensors) file: with the network's own file
    /// ([`Network::save`](crate::Network::save)), what a training needs to go on. See [`state_to_bytes`](Self::state_to_bytes) for what is in it.
    ///
    /// The file is written whole or not at all, as a network's is.
    ///
    /// ```no_run
    /// # use axonal::prelude::*;
    /// # network! { struct Net<input 2 => dense 4 tanh => dense 1>; }
    /// # let (net, mut optimizer) = (Net::random(&mut StdRng::seed_from_u64(1)), Adam::new(0.01));
    /// net.save("net.safetensors")?;
    /// optimizer.save_state(&*net, "adam.safetensors")?;
    /// // Later, or in another program.
    /// let net = Net::load("net.safetensors")?;
    /// let mut optimizer = Adam::default();
    /// optimizer.load_state(&*net, "adam.safetensors")?;
    /// # Ok::<(), axonal::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the file cannot be written, is read-only, or is a directory; then a file that was there before is as it was.
    ///
    /// # Panics
    ///
    /// If the optimizer belongs to another network.
    #[cfg(feature = "files")]
    fn save_state<N, M>(
        &self,
        net: &N,
        path: impl AsRef<std::path::Path>,
    ) -> Result<(), crate::Error>
    where
        Self: Sized,
        N: ParameterTree<M, Scalar = T>,
    {
        let _ = net;
        saving::save::<OfTree<N, M>, Self>(self, path.as_ref())
    }

    /// Reads the state that [`save_state`](Self::save_state) wrote, or PyTorch: see [`load_state_bytes`](Self::load_state_bytes).
    ///
    /// # Errors
    ///
    /// If the file cannot be read, is no safetensors file, or is not the state of an optimizer with the same moments of the same network: the error names the
    /// tensor, what was expected, and what was found. Then the optimizer is as it was.
    ///
    /// # Panics
    ///
    /// If the optimizer belongs to another network.
    #[cfg(feature = "files")]
    fn load_state<N, M>(
        &mut self,
        net: &N,
        path: impl AsRef<std::path::Path>,
    ) -> Result<(), crate::Error>
    where
        Self: Sized,
        N: ParameterTree<M, Scalar = T>,
    {
        let _ = net;
        saving::load::<OfTree<N, M>, Self>(self, path.as_ref())
    }

    /// The state as the bytes of a safetensors file: what [`save_state`](Self::save_state) writes.
    ///
    /// The names are PyTorch's, those of `get_optimizer_state_dict` with `flatten_optimizer_state_dict=True`: `state.dense1.weight.exp_avg`, of the shape and orientation of
    /// the weight; `state.dense1.weight.step`, an `F32` that is the number of steps. Running statistics have no state. In `__metadata__` are `steps`, `seed`
    /// ([`State::set_seed`]) and `learning_rate`, exactly. Before the first step the moments are zeros.
    ///
    /// Not in it, because the program says them: the other settings of the optimizer, and those of parts of the network
    /// ([frozen](Self::freeze) ones).
    ///
    /// ```
    /// use axonal::prelude::*;
    ///
    /// network! { struct Net<input 2 => dense 4 tanh => dropout 0.2 => dense 1>; }
    ///
    /// let (inputs, targets) = ([[1.0, 2.0].into(), [3.0, -2.0].into()], [[1.0].into(), [-1.0].into()]);
    /// let mut net = Net::random(&mut StdRng::seed_from_u64(1));
    /// let mut optimizer = Adam::new(0.01);
    /// optimizer.state_mut().set_seed(7);
    /// net.train_step(&inputs, &targets, &MeanSquaredError, &mut optimizer);
    /// let (weights, state) = (net.to_bytes(), optimizer.state_to_bytes(&*net));
    ///
    /// let mut same = Net::from_bytes(&weights)?;
    /// let mut other = Adam::default();
    /// other.load_state_bytes(&*same, &state)?;
    ///
    /// // One more step of each: the same bits.
    /// net.train_step(&inputs, &targets, &MeanSquaredError, &mut optimizer);
    /// same.train_step(&inputs, &targets, &MeanSquaredError, &mut other);
    /// assert_eq!(net, same);
    /// # Ok::<(), axonal::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If the optimizer belongs to another network.
    fn state_to_bytes<N, M>(&self, net: &N) -> Vec<u8>
    where
        Self: Sized,
        N: ParameterTree<M, Scalar = T>,
    {
        let _ = net;
        saving::to_bytes::<OfTree<N, M>, Self>(self)
    }

    /// Reads the state from the bytes of a safetensors file: those of [`state_to_bytes`](Self::state_to_bytes), or PyTorch's.
    ///
    /// * The moments may be `F16`, `BF16`, `F32` or `F64`, as weights may.
    /// * The learning rate comes with the state, as it does in PyTorch; [`set_learning_rate`](Self::set_learning_rate) changes it afterwards.
    /// * Where the file has no `__metadata__`, as PyTorch's have none, the steps are those that stand beside the moments; the seed and the learning rate stay as they were.
    ///   Where it says nothing of steps, as PyTorch's `SGD` does, they are counted from 1.
    /// * Tensors whose names do not begin with `state.` are not looked at: PyTorch's `param_groups`.
    ///
    /// # Errors
    ///
    /// [`Error::OptimizerState`](crate::Error::OptimizerState) if they are no safetensors file, or not the state of an optimizer with the same moments of the same network: the
    /// message names the tensor, what was expected, and what was found. Then the optimizer is as it was.
    ///
    /// # Panics
    ///
    /// If the optimizer belongs to another network.
    fn load_state_bytes<N, M>(&mut self, net: &N, bytes: &[u8]) -> Result<(), crate::Error>
    where
        Self: Sized,
        N: ParameterTree<M, Scalar = T>,
    {
        let _ = net;
        saving::load_bytes::<OfTree<N, M>, Self>(self, bytes)
    }

    /// Forgets all steps, for another network of the same type: the moments are zero again, and steps are counted from 1.
    /// What was set for parts of the network stays.
    fn reset(&mut self) {
        self.state_mut().reset();
    }

    /// Keeps a part of the network as it is, to the bit, with its moments and its running statistics, until it is
    /// [unfrozen](Self::unfreeze). The others learn through it.
    ///
    /// A `dropout` in it goes on, and a `batchnorm` in it still takes the mean and variance of each batch while training, as in PyTorch.
    ///
    /// # Panics
    ///
    /// If the optimizer belongs to another network, or the part is no part of this one.
    fn freeze<N, P, M>(&mut self, net: &N, part: impl Fn(&N) -> &P) -> &mut Self
    where
        Self: Sized,
        N: ParameterTree<M, Scalar = T>,
        P: Parameters<Scalar = T>,
    {
        for settings in self.state_mut().settings::<N, P, M>(net, part(net)) {
            settings.frozen = true;
        }
        self
    }

    /// Lets a part of the network learn again, with the moments that it had.
    ///
    /// # Panics
    ///
    /// As [`freeze`](Self::freeze).
    fn unfreeze<N, P, M>(&mut self, net: &N, part: impl Fn(&N) -> &P) -> &mut Self
    where
        Self: Sized,
        N: ParameterTree<M, Scalar = T>,
        P: Parameters<Scalar = T>,
    {
        for settings in self.state_mut().settings::<N, P, M>(net, part(net)) {
            settings.frozen = false;
        }
        self
    }

    /// Multiplies the learning rate by `factor`, whatever it is or becomes, for a part of the network.
    ///
    /// # Panics
    ///
    /// As [`freeze`](Self::freeze), or if the factor is negative, NaN or infinite.
    #[track_caller]
    fn scale_learning_rate<N, P, M>(
        &mut self,
        net: &N,
        part: impl Fn(&N) -> &P,
        factor: f64,
    ) -> &mut Self
    where
        Self: Sized,
        N: ParameterTree<M, Scalar = T>,
        P: Parameters<Scalar = T>,
    {
        let factor = rate::<T>("a factor of the learning rate", factor);
        for settings in self.state_mut().settings::<N, P, M>(net, part(net)) {
            settings.learning_rate_factor = factor;
        }
        self
    }

    /// Sets the weight decay of a part of the network, in the place of the optimizer's own.
    ///
    /// An optimizer that lets weights alone decay (`decay_weights_only`) does so here too: biases in the part do not decay.
    ///
    /// # Panics
    ///
    /// As [`freeze`](Self::freeze), or if the rate is negative, NaN or infinite.
    #[track_caller]
    fn set_weight_decay<N, P, M>(
        &mut self,
        net: &N,
        part: impl Fn(&N) -> &P,
        rate: f64,
    ) -> &mut Self
    where
        Self: Sized,
        N: ParameterTree<M, Scalar = T>,
        P: Parameters<Scalar = T>,
    {
        let rate = self::rate::<T>("a weight decay", rate);
        for settings in self.state_mut().settings::<N, P, M>(net, part(net)) {
            settings.weight_decay = Some(rate);
        }
        self
    }
}

/// What points to an optimizer is one, whether its type is known or not.
macro_rules! pointers {
    ($($pointer:ty),+) => {$(
        #[diagnostic::do_not_recommend]
        impl<T: Scalar, O: Optimizer<T> + ?Sized> Optimizer<T> for $pointer {
            fn name(&self) -> &'static str {
                (**self).name()
            }

            fn moments(&self) -> &'static [&'static str] {
                (**self).moments()
            }

            fn state(&self) -> &State<T> {
                (**self).state()
            }

            fn state_mut(&mut self) -> &mut State<T> {
                (**self).state_mut()
            }

            fn scalars(&self) -> Vec<(&'static str, f64)> {
                (**self).scalars()
            }

            fn learning_rate(&self) -> f64 {
                (**self).learning_rate()
            }

            #[track_caller]
            fn set_learning_rate(&mut self, learning_rate: f64) {
                (**self).set_learning_rate(learning_rate);
            }

            fn update(&self, tensor: Update<'_, T>) {
                (**self).update(tensor);
            }
        }
    )+};
}

pointers!(Box<O>, &mut O);
