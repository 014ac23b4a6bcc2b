//! What an optimizer keeps between steps.

use std::any::TypeId;
use std::fmt;

#[cfg(doc)]
use super::Optimizer;
use super::arguments::rate;
use super::moments::Moments;
use super::settings::{Settings, Tensors, place};
use crate::core::{Parameters, Scalar};
use crate::layers::{Context, Described, OfTree, ParameterTree};
use crate::memory::zeros;

/// What a [`Trainer`](crate::training::Trainer) did with an optimizer.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Run {
    /// How many epochs.
    pub(crate) epochs: usize,
    /// A fingerprint of the weights that it left, unless there was a step since.
    pub(crate) left: Option<u64>,
}

/// What an optimizer keeps between steps: its moments, and the memory that a step needs.
#[derive(Clone)]
pub struct State<T = f32> {
    pub(super) learning_rate: f64,
    pub(crate) steps: u64,
    pub(crate) seed: u64,
    pub(crate) run: Run,
    pub(crate) moments: Moments<T>,
    /// The type of the network that it steps.
    network: Option<TypeId>,
    pub(crate) tensors: Tensors,
    pub(crate) gradient: Vec<T>,
    pub(crate) memory: Vec<T>,
}

/// Settings and names: the moments are as many numbers as the network has.
impl<T> fmt::Debug for State<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("State")
            .field("learning_rate", &self.learning_rate)
            .field("steps", &self.steps)
            .field("seed", &self.seed)
            .field("moments", &self.moments.names)
            .finish_non_exhaustive()
    }
}

impl<T: Scalar> State<T> {
    /// That of an optimizer with a learning rate, before its first step.
    ///
    /// # Panics
    ///
    /// If the learning rate is negative, NaN or infinite.
    #[must_use]
    #[track_caller]
    pub fn new(learning_rate: f64) -> Self {
        Self::with(rate::<T>("a learning rate", learning_rate))
    }

    fn with(learning_rate: f64) -> Self {
        Self {
            learning_rate,
            steps: 0,
            seed: 0,
            run: Run::default(),
            moments: Moments::NONE,
            network: None,
            tensors: Tensors::default(),
            gradient: Vec::new(),
            memory: Vec::new(),
        }
    }

    /// Gives it to a step.
    pub(super) fn lend(&mut self) -> Self {
        let learning_rate = self.learning_rate;
        core::mem::replace(self, Self::with(learning_rate))
    }

    /// [`Optimizer::learning_rate`]
    pub fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    /// [`Optimizer::set_learning_rate`]
    ///
    /// # Panics
    ///
    /// If it is negative, NaN or infinite.
    #[track_caller]
    pub fn set_learning_rate(&mut self, learning_rate: f64) {
        self.learning_rate = rate::<T>("a learning rate", learning_rate);
    }

    /// One of the [moments](Optimizer::moments), for all parameters of the network in memory order, as its `as_slice` has them; none before the first step
    /// (or [`Optimizer::prepare`]), and of another name.
    ///
    /// ```
    /// use axonal::prelude::*;
    ///
    /// network! { struct Line<input 1 => dense 1>; }
    ///
    /// let (mut net, mut optimizer) = (Line::zeros(), Adam::new(0.01));
    /// net.train_step(&[[1.0].into()], &[[-0.5].into()], &MeanSquaredError, &mut optimizer);
    /// // 1 − β₁ of the gradient, which is 1 for the weight and for the bias.
    /// assert_eq!(optimizer.state().moment("exp_avg"), Some(&[0.1, 0.1][..]));
    /// assert_eq!(optimizer.state().moment("momentum_buffer"), None);
    /// ```
    pub fn moment(&self, name: &str) -> Option<&[T]> {
        self.moments.get(name)
    }

    /// One of the moments, to be changed. Those of running statistics and of frozen parts are there, and no step looks at them.
    pub fn moment_mut(&mut self, name: &str) -> Option<&mut [T]> {
        self.moments.get_mut(name)
    }

    /// Sets one of the moments, for all parameters of the network in memory order.
    ///
    /// ```
    /// use axonal::prelude::*;
    ///
    /// network! { struct Line<input 1 => dense 1>; }
    ///
    /// let (mut net, mut optimizer) = (Line::zeros(), Sgd::new(0.5).momentum(0.5));
    /// optimizer.prepare(&*net);
    /// optimizer.state_mut().set_moment("momentum_buffer", &[2.0, 4.0]);
    /// optimizer.apply(&mut *net, &Line::zeros());
    /// assert_eq!(net.as_slice(), [-0.5, -1.0]);
    /// ```
    ///
    /// # Panics
    ///
    /// If there is none of this name, which may be because there was no step yet ([`Optimizer::prepare`] makes them), or if there are not as many numbers as
    /// parameters.
    #[track_caller]
    pub fn set_moment(&mut self, name: &str, numbers: &[T]) {
        let names = self.moments.names;
        let Some(moment) = self.moments.get_mut(name) else {
            panic!(
                "there is no moment `{name}` to set: an optimizer has those that it names, from its first step or `prepare` on; this one has {names:?}"
            );
        };
        let (expected, found) = (moment.len(), numbers.len());
        assert!(
            expected == found,
            "a moment has a number for each of the network's {expected} parameters, found {found}"
        );
        moment.copy_from_slice(numbers);
    }

    /// How many steps were taken.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Sets how many steps were taken: on it depend corrections such as Adam's, and the numbers that [`dropout`](Self::set_seed) draws.
    pub fn set_steps(&mut self, steps: u64) {
        self.steps = steps;
    }

    /// The seed of training's random numbers.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Sets the seed of training's random numbers, such as dropout's; 0 by default.
    /// A [`Trainer`](crate::training::Trainer) draws it from the generator that it is given.
    pub fn set_seed(&mut self, seed: u64) {
        self.seed = seed;
    }

    /// [`Optimizer::reset`]
    pub fn reset(&mut self) {
        self.steps = 0;
        self.run = Run::default();
        self.moments.clear();
    }

    /// Makes the moments at the first step.
    pub(crate) fn prepare<D: Described<Scalar = T>>(&mut self, moments: &'static [&'static str]) {
        self.belong_to::<D>();
        self.moments.prepare(moments, D::Of::PARAMETERS);
    }

    /// That it is the state of no other network.
    pub(super) fn check_network<D: Described<Scalar = T>>(&self) {
        assert!(
            self.network.is_none_or(|network| network == TypeId::of::<D::Of>()),
            "an optimizer belongs to the network that it stepped first: `{}` is of another type",
            core::any::type_name::<D::Of>()
        );
    }

    pub(super) fn belong_to<D: Described<Scalar = T>>(&mut self) {
        self.check_network::<D>();
        self.network = Some(TypeId::of::<D::Of>());
        if self.tensors.is_empty() {
            self.tensors = Tensors::of::<D>();
        }
    }

    /// How a part of the network is moved.
    pub(super) fn settings<N, P, M>(
        &mut self,
        net: &N,
        part: &P,
    ) -> impl Iterator<Item = &mut Settings>
    where
        N: ParameterTree<M, Scalar = T>,
        P: Parameters<Scalar = T>,
    {
        self.belong_to::<OfTree<N, M>>();
        self.tensors.settings(place(net, part))
    }
}

impl<T: Scalar> State<T> {
    /// Sets the gradient of all that is frozen to zero.
    pub(crate) fn clear_frozen(&self, gradient: &mut [T]) {
        // Before the first step, nothing is known of any tensor, unless a setting was made.
        if self.tensors.is_empty() {
            return;
        }
        let mut at = 0;
        for range in self.tensors.learn(0..gradient.len()) {
            gradient[at..range.start].fill(T::zero());
            at = range.end;
        }
        gradient[at..].fill(T::zero());
    }

    /// Makes room for a step. It is kept for the next one.
    pub(crate) fn reserve(&mut self, memory: usize, gradient: usize) {
        if self.memory.len() < memory {
            self.memory = zeros(memory);
        }
        if self.gradient.len() < gradient {
            self.gradient = zeros(gradient);
        }
    }

    /// [`Optimizer::context`]
    pub(crate) fn context(&self) -> Context {
        Context::training(Context::training(self.seed).random(self.steps))
    }
}
