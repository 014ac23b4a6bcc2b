//! Inference through a layer *outlined*, the opposite of inlined: as a function of its own, which finds the instruction set itself.
//!
//! One sample of a small network goes through one function with all layers in it, compiled for each instruction set: nothing is faster. Of a deep one, that
//! function would take the compiler minutes. There each layer is called through a function of its own,
//! which all layers of one type share: what a network adds is the calls, compiled once.

use core::marker::PhantomData;

use pulp::{Scalar as Baseline, Simd, WithSimd};

use super::Layer;
use super::normalized::Addition;
use crate::simd::dispatch;

/// The passes through a layer `L`, each a function.
#[derive(Debug)]
pub struct Outlined<L>(PhantomData<L>);

impl<L: Layer> Outlined<L> {
    /// [`Layer::infer_one`].
    #[inline(never)]
    pub fn infer_one(layer: &L, input: &L::Input, output: &mut L::Output) {
        infer::<L, _>(InferOne { layer, input, output });
    }

    /// [`Layer::infer`].
    #[inline(never)]
    pub fn infer(layer: &L, inputs: &[L::Input], outputs: &mut [L::Output]) {
        infer::<L, _>(Infer { layer, inputs, outputs });
    }

    /// [`Layer::infer_one_in`].
    #[inline(never)]
    pub fn infer_one_in(
        layer: &L,
        input: &L::Input,
        output: &mut L::Output,
        room: &mut [L::Scalar],
    ) {
        infer::<L, _>(InferOneIn { layer, input, output, room });
    }

    /// [`Layer::infer_in`].
    #[inline(never)]
    pub fn infer_in(
        layer: &L,
        inputs: &[L::Input],
        outputs: &mut [L::Output],
        room: &mut [L::Scalar],
    ) {
        infer::<L, _>(InferIn { layer, inputs, outputs, room });
    }

    /// [`Layer::infer_one_onto_in`].
    #[inline(never)]
    pub fn infer_one_onto_in(
        layer: &L,
        input: &L::Input,
        output: &mut L::Output,
        addition: Addition<'_, L::Output>,
        room: &mut [L::Scalar],
    ) {
        infer::<L, _>(InferOneOntoIn { layer, input, output, addition, room });
    }

    /// [`Layer::infer_onto_in`].
    #[inline(never)]
    pub fn infer_onto_in(
        layer: &L,
        inputs: &[L::Input],
        outputs: &mut [L::Output],
        addition: Addition<'_, L::Output>,
        room: &mut [L::Scalar],
    ) {
        infer::<L, _>(InferOntoIn { layer, inputs, outputs, addition, room });
    }
}

/// A pass of inference through a layer or a network, on the machine's instruction set, unless it finds that itself.
#[inline(always)]
pub(crate) fn infer<L: Layer, P: WithSimd<Output = ()>>(pass: P) {
    if L::OUTLINED { Baseline.vectorize(pass) } else { dispatch(pass) }
}

/// The passes of inference through `layer`: a method, and its arguments in their order.
macro_rules! passes {
    ($($name:ident: $method:ident { $($field:ident: $type:ty),* })+) => {$(
        pub(crate) struct $name<'a, L: Layer> {
            pub(crate) layer: &'a L,
            $(pub(crate) $field: $type,)*
        }

        impl<L: Layer> WithSimd for $name<'_, L> {
            type Output = ();

            #[inline(always)]
            fn with_simd<S: Simd>(self, simd: S) {
                self.layer.$method(simd, $(self.$field),*);
            }
        }
    )+};
}

passes! {
    InferOne: infer_one { input: &'a L::Input, output: &'a mut L::Output }
    Infer: infer { inputs: &'a [L::Input], outputs: &'a mut [L::Output] }
    InferOneIn: infer_one_in {
        input: &'a L::Input, output: &'a mut L::Output, room: &'a mut [L::Scalar]
    }
    InferIn: infer_in {
        inputs: &'a [L::Input], outputs: &'a mut [L::Output], room: &'a mut [L::Scalar]
    }
    InferOneOntoIn: infer_one_onto_in {
        input: &'a L::Input, output: &'a mut L::Output, addition: Addition<'a, L::Output>,
        room: &'a mut [L::Scalar]
    }
    InferOntoIn: infer_onto_in {
        inputs: &'a [L::Input], outputs: &'a mut [L::Output], addition: Addition<'a, L::Output>,
        room: &'a mut [L::Scalar]
    }
}
