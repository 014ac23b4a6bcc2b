//! L-BFGS, for all samples at once.

mod line_search;
mod report;

use core::fmt;
use core::ops::{ControlFlow, Range};
use std::collections::VecDeque;

use num_traits::Zero;

use crate::core::{Error, Parameters, Scalar};
use crate::kernels::covariance;
#[cfg(doc)]
use crate::layers::Differentiable;
use crate::layers::{Context, Described, Kind, Layer, OfLayer, OfTree, ParameterTree, tensors};
#[cfg(doc)]
use crate::losses::Loss;
use crate::messages::{AsNetwork, Backpropagation, Behind, LossOf, SizeOf, Through, documented};
use crate::simd::vectorized;
use line_search::{Point, strong_wolfe};
pub use report::{LbfgsIteration, LbfgsReport, LbfgsStop};

/// L-BFGS: a quasi-Newton method, for small networks and data that are taken whole. PyTorch's `LBFGS` with `line_search_fn="strong_wolfe"`.
///
/// Of the last steps **s** and the changes **y** of the gradient along them it makes an estimate of the curvature, and so a direction; a line search finds how far to
/// go. There is no learning rate to choose, and near a minimum it converges far beyond what [`Adam`](crate::optimizers::Adam) does: to fit a
/// function or a law to some hundred or thousand samples, it is the method to try first. It needs the loss of *all* samples at every point, and memory for 2
/// × [`history_size`](Self::history_size) numbers a parameter. So it is no [`Optimizer`](crate::optimizers::Optimizer), which sees a batch at a time.
///
/// ```
/// use axonal::prelude::*;
///
/// network! { struct Curve<input 1 => dense 8 tanh => dense 1>; }
///
/// let data: Dataset<SVector<f64, 1>, SVector<f64, 1>> =
///     (0..50).map(|i| f64::from(i) / 10.0).map(|x| ([x].into(), [x.sin()].into())).collect();
/// let mut net = Curve::<f64>::random(&mut StdRng::seed_from_u64(1));
/// let report =
///     Lbfgs::new().max_iterations(500).minimize(&mut *net, data.inputs(), data.targets(), &MeanSquaredError)?;
/// assert!(report.loss() < 1e-4, "{report}");
/// assert_eq!(report.loss(), net.loss(data.inputs(), data.targets(), &MeanSquaredError));
/// # Ok::<(), axonal::Error>(())
/// ```
///
/// # What is minimized
///
/// [`net.loss(inputs, targets, &loss)`](crate::Network::loss), as a function of the weights: a pass of inference. A search needs a function that is the same at
/// every call, so there is no `dropout`, and a `batchnorm` normalizes by its running statistics, which stay as they are. A loss of one's own, with a penalty
/// say, goes to [`minimize_with`](Self::minimize_with); so do layers that are to be kept (their part of the gradient is filled with 0, `gradient.eyes.as_mut_slice().fill(0.0)`) and structs of several networks.
///
/// # When it ends
///
/// [`LbfgsStop`] says why. The network has the best weights that were met. In `f32` the loss itself has an error of about 1e-7, and a search ends where it can no longer
/// see an improvement; `f64` gets further.
///
/// Defaults are PyTorch's: history of 100 steps, largest gradient 1e-7, smallest change 1e-9; but 200 iterations, as in scikit-learn (20 in PyTorch). Three things are not as
/// in PyTorch: a line search ends after 25 points; where it finds nothing, the history is forgotten and it is tried once more, along the gradient; and the lower end of its bracket
/// is always a point that gains enough, as in Nocedal and Wright's book.
///
/// Source: D. Liu, J. Nocedal, [On the limited memory BFGS method for large scale optimization](https://doi.org/10.1007/BF01589116) (1989).
#[must_use = "it does nothing until `minimize`"]
pub struct Lbfgs<'a> {
    settings: Settings,
    watch: Option<Watch<'a>>,
}

type Watch<'a> = Box<dyn FnMut(&LbfgsIteration) -> ControlFlow<()> + 'a>;

#[derive(Clone, Copy, Debug)]
struct Settings {
    first_step: f64,
    max_iterations: usize,
    max_evaluations: Option<usize>,
    tolerance_gradient: f64,
    tolerance_change: f64,
    history_size: usize,
}

/// Settings alone.
impl fmt::Debug for Lbfgs<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Lbfgs").field(&self.settings).finish()
    }
}

impl Default for Lbfgs<'_> {
    fn default() -> Self {
        Self::new()
    }
}

/// A tolerance, checked where it is set.
#[track_caller]
fn tolerance(name: &str, value: f64) -> f64 {
    assert!(
        value >= 0.0 && value.is_finite(),
        "{name} is a finite number from 0 on, found {value}"
    );
    value
}

impl<'a> Lbfgs<'a> {
    /// With the defaults.
    pub fn new() -> Self {
        let settings = Settings {
            first_step: 1.0,
            max_iterations: 200,
            max_evaluations: None,
            tolerance_gradient: 1e-7,
            tolerance_change: 1e-9,
            history_size: 100,
        };
        Self { settings, watch: None }
    }

    /// Sets how many steps there are at most.
    pub fn max_iterations(mut self, iterations: usize) -> Self {
        self.settings.max_iterations = iterations;
        self
    }

    /// Sets how often the loss and its gradient are computed at most; 5/4 of the iterations by default. A search that has begun goes on to its end if that is near.
    pub fn max_evaluations(mut self, evaluations: usize) -> Self {
        self.settings.max_evaluations = Some(evaluations);
        self
    }

    /// Sets the gradient at which it has converged: the largest magnitude in it. PyTorch's `tolerance_grad`.
    ///
    /// # Panics
    ///
    /// If it is negative, NaN or infinite.
    #[track_caller]
    pub fn tolerance_gradient(mut self, tolerance: f64) -> Self {
        self.settings.tolerance_gradient = self::tolerance("a tolerance", tolerance);
        self
    }

    /// Sets the change at which it has converged: that of the loss by a step, and that of each parameter.
    ///
    /// # Panics
    ///
    /// If it is negative, NaN or infinite.
    #[track_caller]
    pub fn tolerance_change(mut self, tolerance: f64) -> Self {
        self.settings.tolerance_change = self::tolerance("a tolerance", tolerance);
        self
    }

    /// Sets how many steps it remembers. More of them give better directions, for two numbers a parameter each.
    ///
    /// # Panics
    ///
    /// If it is 0.
    #[track_caller]
    pub fn history_size(mut self, steps: usize) -> Self {
        assert!(steps > 0, "a history has one step at least, found `history_size(0)`");
        self.settings.history_size = steps;
        self
    }

    /// Sets the step that a search tries first, as a factor of the direction; 1 by default, which is nearly always right. PyTorch's `lr`.
    ///
    /// # Panics
    ///
    /// If it is not a finite number above 0.
    #[track_caller]
    pub fn first_step(mut self, step: f64) -> Self {
        let is_good = step > 0.0 && step.is_finite();
        assert!(is_good, "a first step is a finite number above 0, found {step}");
        self.settings.first_step = step;
        self
    }

    /// Calls a function after each iteration: to show how far it is, to write it down, or to stop.
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// use axonal::prelude::*;
    /// use axonal::training::LbfgsStop;
    ///
    /// network! { struct Line<input 1 => dense 1>; }
    ///
    /// let mut net = Line::<f64>::zeros();
    /// let (inputs, targets) = ([[1.0].into(), [2.0].into()], [[3.0].into(), [5.0].into()]);
    /// let mut losses = Vec::new();
    /// let report = Lbfgs::new()
    ///     .on_iteration(|iteration| {
    ///         losses.push(iteration.loss);
    ///         if iteration.loss < 1e-3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    ///     })
    ///     .minimize(&mut *net, &inputs, &targets, &MeanSquaredError)?;
    /// assert_eq!(report.stop, LbfgsStop::Callback);
    /// assert_eq!(report.losses[1..], losses);
    /// # Ok::<(), axonal::Error>(())
    /// ```
    pub fn on_iteration(
        mut self,
        watch: impl FnMut(&LbfgsIteration) -> ControlFlow<()> + 'a,
    ) -> Self {
        self.watch = Some(Box::new(watch));
        self
    }

    documented! {
    /// Minimizes the loss of a network on some samples, all of them at once.
    ///
    /// # Errors
    ///
    /// [`Error::Empty`] if there are no samples, and [`Error::InvalidNumber`] if the loss or its gradient is NaN or infinite at the weights that are given, which then
    /// stay. Later, points without a finite loss are steps that are too long.
    ///
    /// # Panics
    ///
    /// If there are not as many targets as inputs.
    pub fn minimize<N, Y, L, B, M>(&mut self, net: &mut B, inputs: &[N::Input], targets: &[Y], loss: &L) -> Result<LbfgsReport, Error>
    where {
        B: AsNetwork<M, Network = N>,
        N: Layer,
        Backpropagation: Through<N, Is: Copy>,
        Y: Sync,
        L: LossOf<N, Y, Size: SizeOf<N, Is: Copy> + Behind<N, N::Activation, L, Is: Copy>>,
    }
    documented as <N, Y, L>(&mut self, net: &mut N, inputs: &[N::Input], targets: &[Y], loss: &L)
    where {
        N: Differentiable,
        Y: Sync,
        L: Loss<N::Output, Y, N::Activation>,
    }
    {
        if inputs.is_empty() {
            return Err(Error::Empty { what: "the training data" });
        }
        self.of::<OfLayer<N>>(net.as_network_mut(), |net, gradient| {
            let context = Some(Context::INFERENCE);
            <Backpropagation as Through<N>>::gradient(net, context, inputs, targets, loss, gradient)
        })
    }
    }

    /// Minimizes a function of one's own of a network, or of a struct of networks: it gives the loss, and overwrites the gradient, at the parameters that it is given. It must
    /// give the same for the same parameters.
    ///
    /// Running statistics stay as they are, whatever the gradient has there. If the function panics, the network is as it was.
    ///
    /// ```
    /// use axonal::layers::Context;
    /// use axonal::prelude::*;
    ///
    /// network! { struct Net<input 2 => dense 6 tanh => dense 1>; }
    ///
    /// let inputs = [[0.0, 1.0], [1.0, 0.5], [-1.0, 0.3]].map(SVector::from);
    /// let targets = [[0.5], [1.0], [-0.2]].map(SVector::from);
    /// let mut net = Net::<f64>::random(&mut StdRng::seed_from_u64(1));
    /// // Ridge regression: a penalty λ |w|² / 2.
    /// let penalty = 0.01;
    /// let report = Lbfgs::new().minimize_with(&mut *net, |net: &Net<f64>, gradient: &mut Net<f64>| {
    ///     let loss = net.gradient_with(Context::INFERENCE, &inputs, &targets, &MeanSquaredError, gradient);
    ///     gradient.add_scaled(penalty, net);
    ///     loss + penalty / 2.0 * net.dot(net)
    /// })?;
    /// assert!(report.converged());
    /// # Ok::<(), axonal::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::InvalidNumber`], as [`minimize`](Self::minimize).
    pub fn minimize_with<N, M>(
        &mut self,
        net: &mut N,
        objective: impl FnMut(&N, &mut N) -> N::Scalar,
    ) -> Result<LbfgsReport, Error>
    where
        N: ParameterTree<M>,
    {
        self.of::<OfTree<N, M>>(net, objective)
    }

    fn of<D: Described>(
        &mut self,
        net: &mut D::Of,
        mut objective: impl FnMut(&D::Of, &mut D::Of) -> D::Scalar,
    ) -> Result<LbfgsReport, Error> {
        let mut statistics = Vec::new();
        tensors::<D>(&mut |_, kind, shape, start| {
            if kind == Kind::Statistic {
                statistics.push(start..start + shape.iter().product::<usize>());
            }
        });
        // Points are tried in a network of their own: where the objective panics, the one that was given is as it was.
        let (mut tried, mut gradient) = (D::Of::zeros(), D::Of::zeros());
        let mut weights = net.as_slice().to_vec();
        let result = minimize(
            &self.settings,
            self.watch.as_mut(),
            &mut weights,
            &mut |weights: &[D::Scalar], to: &mut [D::Scalar]| {
                tried.as_mut_slice().copy_from_slice(weights);
                let loss = objective(&tried, &mut gradient).as_f64();
                to.copy_from_slice(gradient.as_slice());
                for range in &statistics {
                    to[Range::clone(range)].fill(D::Scalar::zero());
                }
                loss
            },
        );
        net.as_mut_slice().copy_from_slice(&weights);
        result
    }
}

/// The last steps, and the estimate of the curvature that they make.
struct Memory<T> {
    steps: VecDeque<Remembered<T>>,
    /// What stands for the inverse of the curvature before any step: that along the last one.
    scale: f64,
}

struct Remembered<T> {
    /// **s**
    step: Vec<T>,
    /// **y**
    change: Vec<T>,
    /// 1 / (**s** · **y**)
    factor: f64,
}

impl<T: Scalar> Memory<T> {
    /// Takes a step in, unless the curvature along it is nothing or negative.
    fn push(&mut self, most: usize, step: Vec<T>, change: Vec<T>) {
        let curvature = dot(&change, &step);
        if curvature > 1e-10 {
            if self.steps.len() == most {
                self.steps.pop_front();
            }
            self.scale = curvature / dot(&change, &change);
            self.steps.push_back(Remembered { step, change, factor: 1.0 / curvature });
        }
    }

    /// −H **g**, with the estimate H of the inverse of the curvature: the two loops of Nocedal and Wright's algorithm 7.4.
    fn direction(&self, gradient: &[T]) -> Vec<T> {
        let mut direction: Vec<T> = gradient.iter().map(|g| -*g).collect();
        let mut shares = Vec::with_capacity(self.steps.len());
        for Remembered { step, change, factor } in self.steps.iter().rev() {
            let share = dot(step, &direction) * factor;
            add_scaled(&mut direction, T::of(-share), change);
            shares.push(share);
        }
        if !self.steps.is_empty() {
            let scale = T::of(self.scale);
            direction.iter_mut().for_each(|number| *number *= scale);
        }
        for (Remembered { step, change, factor }, share) in
            self.steps.iter().zip(shares.into_iter().rev())
        {
            let back = dot(change, &direction) * factor;
            add_scaled(&mut direction, T::of(share - back), step);
        }
        direction
    }
}

/// Minimizes a function of some numbers, which are the best point at the end. One function for all networks.
fn minimize<T: Scalar>(
    settings: &Settings,
    mut watch: Option<&mut Watch<'_>>,
    weights: &mut [T],
    evaluate: &mut dyn FnMut(&[T], &mut [T]) -> f64,
) -> Result<LbfgsReport, Error> {
    let most = settings.max_evaluations.unwrap_or(settings.max_iterations.saturating_mul(5) / 4);
    let tolerance = settings.tolerance_change;
    let mut gradient = vec![T::zero(); weights.len()];
    let mut loss = evaluate(weights, &mut gradient);
    for (place, number) in [
        ("the loss before the first iteration", loss),
        ("the gradient before the first iteration", largest(&gradient)),
    ] {
        if !number.is_finite() {
            let (place, expected) = (place.to_owned(), "a finite number");
            return Err(Error::InvalidNumber { place, expected, found: number });
        }
    }
    let (mut losses, mut evaluations) = (vec![loss], 1);
    let mut memory = Memory { steps: VecDeque::new(), scale: 1.0 };
    let mut trial = weights.to_vec();
    let stop = loop {
        if largest(&gradient) <= settings.tolerance_gradient {
            break LbfgsStop::Gradient;
        }
        let number = losses.len();
        if number > settings.max_iterations {
            break LbfgsStop::Iterations;
        }
        if evaluations >= most && number > 1 {
            break LbfgsStop::Evaluations;
        }
        let direction = memory.direction(&gradient);
        let slope = dot(&gradient, &direction);
        if slope > -tolerance {
            break LbfgsStop::Change;
        }
        // Nothing is known of the scale before the first step.
        let scale = if memory.steps.is_empty() {
            gradient.iter().map(|g| g.as_f64().abs()).sum::<f64>().recip().min(1.0)
        } else {
            1.0
        };
        let size = largest(&direction);
        let start = Point { t: 0.0, loss, slope, gradient: gradient.clone() };
        let room = most.saturating_sub(evaluations);
        let first = scale * settings.first_step;
        let searched = strong_wolfe(start, first, [size, tolerance], room, |t| {
            trial.copy_from_slice(weights);
            add_scaled(&mut trial, T::of(t), &direction);
            let mut gradient = vec![T::zero(); trial.len()];
            let loss = evaluate(&trial, &mut gradient);
            let slope = dot(&gradient, &direction);
            let is_finite = loss.is_finite() && largest(&gradient).is_finite();
            Point { t, loss: if is_finite { loss } else { f64::INFINITY }, slope, gradient }
        });
        evaluations += searched.evaluations;
        let point = searched.best;
        if point.t == 0.0 {
            if memory.steps.is_empty() {
                break LbfgsStop::LineSearch;
            }
            memory.steps.clear();
            continue;
        }
        add_scaled(weights, T::of(point.t), &direction);
        let change = losses[losses.len() - 1] - point.loss;
        let mut step = direction;
        step.iter_mut().for_each(|number| *number *= T::of(point.t));
        let moved = largest(&step);
        let mut difference = point.gradient.clone();
        add_scaled(&mut difference, -T::one(), &gradient);
        memory.push(settings.history_size, step, difference);
        (loss, gradient) = (point.loss, point.gradient);
        losses.push(loss);
        if let Some(watch) = &mut watch {
            let iteration = LbfgsIteration {
                number,
                loss,
                gradient: largest(&gradient),
                step: point.t,
                evaluations,
            };
            if watch(&iteration).is_break() {
                break LbfgsStop::Callback;
            }
        }
        if largest(&gradient) > settings.tolerance_gradient
            && (moved <= tolerance || change.abs() < tolerance)
        {
            break LbfgsStop::Change;
        }
    };
    Ok(LbfgsReport { losses, evaluations, gradient: largest(&gradient), stop })
}

/// The largest magnitude; NaN, if there is one.
fn largest<T: Scalar>(numbers: &[T]) -> f64 {
    numbers.iter().fold(0.0, |most: f64, number| {
        let size = number.as_f64().abs();
        if size <= most || most.is_nan() { most } else { size }
    })
}

/// Σ aᵢ bᵢ: a block in the numbers' own type, the sum of blocks in `f64`.
fn dot<T: Scalar>(a: &[T], b: &[T]) -> f64 {
    let mut sum = 0.0;
    add_products(&mut sum, a, b);
    sum
}

vectorized! {
    fn add_products[T: Scalar](simd, sum: &mut f64, a: &[T], b: &[T]) {
        for (a, b) in a.chunks(1024).zip(b.chunks(1024)) {
            *sum += covariance(simd, a, b, T::zero()).as_f64();
        }
    }
}

vectorized! {
    /// `to += factor · values`
    fn add_scaled[T: Scalar](to: &mut [T], factor: T, values: &[T]) {
        for (to, value) in to.iter_mut().zip(values) {
            *to += factor * *value;
        }
    }
}
