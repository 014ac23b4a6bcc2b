//! [`Trainable`]: a network with a loss and targets, the one bound of functions for any of them. (`layers/differentiable.rs` is the trait of a layer,
//! `training/backpropagation.rs` what both lead to: gradients and steps.)

use crate::layers::{Differentiable, Layer};
use crate::messages::{Behind, Compared, LossOf, SizeOf};
use crate::network::Network;

/// A network that can be trained with the loss `L` on targets `Y`: the one bound of a function for any network, or any loss, or both.
///
/// It is implemented for all of them. In such a function, `net.loss`, `net.gradient`, `net.train_step` and
/// [`Trainer::fit`](crate::training::Trainer::fit) work as they do with types that are known; `fit` copies targets, so of a type parameter it asks `Y: Copy`.
///
/// ```
/// use axonal::prelude::*;
/// use axonal::Trainable;
///
/// network! {
///     struct Small<input 2 => dense 4 tanh => dense 1>;
///     struct Large<input 2 => dense 32 tanh => dense 1>;
/// }
///
/// /// Any network with these inputs and outputs.
/// fn trained<N>(data: &Dataset<SVector<f32, 2>, SVector<f32, 1>>) -> Result<f64, axonal::Error>
/// where
///     N: Trainable<MeanSquaredError, SVector<f32, 1>>,
///     N: Network<Scalar = f32, Input = SVector<f32, 2>>,
/// {
///     let mut rng = StdRng::seed_from_u64(1);
///     let mut net = N::random(&mut rng);
///     let history = Trainer::new(MeanSquaredError, Adam::new(0.01)).epochs(2).fit(&mut *net, data, &mut rng)?;
///     Ok(history.last().map_or(f64::NAN, |epoch| epoch.loss))
/// }
///
/// /// Any loss of a network that is known.
/// fn learn<L>(net: &mut Small, inputs: &[SVector<f32, 2>], targets: &[SVector<f32, 1>], loss: &L) -> f32
/// where
///     Small: Trainable<L, SVector<f32, 1>>,
/// {
///     net.train_step(inputs, targets, loss, &mut Sgd::new(0.1))
/// }
///
/// /// Any network, any loss, any targets.
/// fn is_better<N, L, Y>(net: &N, other: &N, inputs: &[N::Input], targets: &[Y], loss: &L) -> bool
/// where
///     N: Trainable<L, Y>,
/// {
///     net.loss(inputs, targets, loss) < other.loss(inputs, targets, loss)
/// }
///
/// let data: Dataset<SVector<f32, 2>, SVector<f32, 1>> =
///     (0..50).map(|i| i as f32).map(|i| ([i.sin(), i.cos()].into(), [(2.0 * i).sin()].into())).collect();
/// assert!(trained::<Small>(&data)?.is_finite() && trained::<Large>(&data)?.is_finite());
///
/// let (mut net, other) = (Small::random(&mut StdRng::seed_from_u64(2)), Small::zeros());
/// learn(&mut net, data.inputs(), data.targets(), &Huber);
/// is_better(&*net, &*other, data.inputs(), data.targets(), &MeanAbsoluteError);
/// # Ok::<(), axonal::Error>(())
/// ```
#[diagnostic::on_unimplemented(message = "`{Self}` cannot be trained with `{L}` on targets `{Y}`")]
pub trait Trainable<L, Y>: Network + Differentiable + Compared<L, Y> {}

#[diagnostic::do_not_recommend]
impl<N, L, Y> Trainable<L, Y> for N
where
    N: Network + Differentiable,
    Y: Sync,
    L: LossOf<N, Y, Size: SizeOf<N, Is: Copy> + Behind<N, <N as Layer>::Activation, L, Is: Copy>>,
{
}
