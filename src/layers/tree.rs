//! Parameters with names: a network, or a struct of networks.

use core::marker::PhantomData;

use rand::Rng;

use super::Layer;
use super::describe::VisitTensor;
use super::{Description, ParameterPath, Part};
use crate::core::{Parameters, Scalar};

/// Parameters with names, as a tree: a network, a struct of networks with `#[derive(Parameters)]`, or an array of either.
///
/// What can be done with them is in [`Network`](crate::Network) and in [`Networks`](crate::Networks). The derive implements it where each field is such a tree, or
/// a marker (`PhantomData`): a field is a branch of its name, `first.dense1.weight`. Where the crate has another name, the struct says
/// `#[parameters(crate = name, networks)]`.
///
/// `M` says which of these it is; the compiler finds it. Without it, no implementation could be for all networks and another one for structs of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither a network nor a struct of networks",
    note = "a network in a box is `*net`: write `&*net` and `&mut *net`",
    note = "a struct of networks has `#[repr(C)]` and `#[derive(Parameters)]`, and networks in all of its fields; where this crate has another name, it says `#[parameters(crate = name, networks)]`"
)]
pub trait ParameterTree<M>: Parameters {
    /// Calls `visit` with each layer and each of its tensors, in memory order.
    fn describe(path: &ParameterPath<'_>, visit: &mut dyn FnMut(&ParameterPath<'_>, Part));

    /// Random weights by the initializers of the networks, zero biases.
    fn initialize<R: Rng + ?Sized>(&mut self, rng: &mut R);
}

/// It is a network.
#[derive(Clone, Copy, Debug)]
pub struct Whole;

/// It is a struct, whose fields are trees as `M` says.
#[derive(Clone, Copy, Debug)]
pub struct Fields<M>(PhantomData<M>);

/// It is an array of trees.
#[derive(Clone, Copy, Debug)]
pub struct Elements<M>(PhantomData<M>);

#[diagnostic::do_not_recommend]
impl<P: ParameterTree<M>, M, const N: usize> ParameterTree<Elements<M>> for [P; N] {
    fn describe(path: &ParameterPath<'_>, visit: &mut dyn FnMut(&ParameterPath<'_>, Part)) {
        for index in 0..N {
            P::describe(&path.index(index), visit);
        }
    }

    fn initialize<R: Rng + ?Sized>(&mut self, rng: &mut R) {
        for tree in self {
            tree.initialize(rng);
        }
    }
}

/// What has tensors with names: the one bound of all that looks at them, whether they are those of a [`Layer`] or of a [`ParameterTree`].
pub(crate) trait Described {
    /// What has them.
    type Of: Parameters<Scalar = Self::Scalar>;

    /// The scalar of its parameters.
    type Scalar: Scalar;

    /// [`Layer::describe`]
    fn describe(path: &ParameterPath<'_>, visit: &mut dyn FnMut(&ParameterPath<'_>, Part));

    /// The same as a value, for functions that are compiled once.
    fn description() -> Description {
        Description::new(Self::describe, Self::Of::PARAMETERS, core::any::type_name::<Self::Of>)
    }
}

/// The tensors of a layer.
#[derive(Debug)]
pub(crate) struct OfLayer<L>(PhantomData<L>);

impl<L: Layer> Described for OfLayer<L> {
    type Of = L;
    type Scalar = L::Scalar;

    fn describe(path: &ParameterPath<'_>, visit: &mut dyn FnMut(&ParameterPath<'_>, Part)) {
        L::describe(path, visit);
    }
}

/// The tensors of a tree.
#[derive(Debug)]
pub(crate) struct OfTree<P, M>(PhantomData<(P, M)>);

impl<P: ParameterTree<M>, M> Described for OfTree<P, M> {
    type Of = P;
    type Scalar = P::Scalar;

    fn describe(path: &ParameterPath<'_>, visit: &mut dyn FnMut(&ParameterPath<'_>, Part)) {
        P::describe(path, visit);
    }
}

/// [`Description::tensors`]
pub(crate) fn tensors<D: Described>(visit: VisitTensor<'_>) {
    D::description().tensors(visit);
}
