//! Macros that implement traits for layers: `parameter_free!` all that a layer without parameters needs, `by_fields!` `Debug` and `PartialEq` of one with parameters.

/// The traits of a layer whose outputs depend on its inputs alone.
///
/// It has the functions `run(simd, inputs, outputs)` and, for training, `pull_back(simd, inputs, output_gradient, input_gradient)`.
macro_rules! parameter_free {
    (
        [$($generics:tt)*] $layer:ty, $input:ty => $output:ty,
        $name:literal, $multiply_adds:expr, |$formatter:ident| $describe:expr
        $(, kernels: $kernels:expr)?
        ; linear: $linear:literal
    ) => {
        #[diagnostic::do_not_recommend]
        impl<$($generics)*> $crate::Layer for $layer {
            type Input = $input;
            type Output = $output;
            type Activation = $crate::activations::Identity;

            const MULTIPLY_ADDS: usize = $multiply_adds;

            #[inline(always)]
            fn infer_one<S: ::pulp::Simd>(
                &self,
                simd: S,
                input: &Self::Input,
                output: &mut Self::Output,
            ) {
                Self::run(simd, ::core::slice::from_ref(input), ::core::slice::from_mut(output));
            }

            #[inline(always)]
            fn infer<S: ::pulp::Simd>(
                &self,
                simd: S,
                inputs: &[Self::Input],
                outputs: &mut [Self::Output],
            ) {
                Self::run(simd, inputs, outputs);
            }

            fn initialize<R: ::rand::Rng + ?Sized>(&mut self, _rng: &mut R) {}

            fn describe(
                path: &$crate::layers::ParameterPath<'_>,
                visit: &mut dyn FnMut(&$crate::layers::ParameterPath<'_>, $crate::layers::Part),
            ) {
                visit(
                    path,
                    $crate::layers::Part::Layer {
                        word: $name,
                        activation: |$formatter| $describe,
                        output: <$output as $crate::Sample>::SHAPE,
                        parameters: 0,
                        multiply_adds: <Self as $crate::Layer>::MULTIPLY_ADDS,
                    },
                );
                $(visit(path, $crate::layers::Part::Kernels($kernels));)?
            }
        }

        #[cfg(feature = "train")]
        #[diagnostic::do_not_recommend]
        impl<$($generics)*> $crate::Differentiable for $layer {
            const TANGENTS: bool = $linear;

            fn backward_pass(
                batch: $crate::layers::Batch<'_, Self>,
                gradient: &mut [Self::Output],
                _end: $crate::layers::End,
                _sink: $crate::layers::GradientSink<'_, T>,
            ) {
                $crate::simd::vectorized! {
                    fn pull_back[$($generics)*](
                        simd,
                        _layer: ::core::marker::PhantomData<$layer>,
                        inputs: &[$input],
                        gradient: &[$output],
                        input_gradient: &mut [$input],
                    ) {
                        <$layer>::pull_back(simd, inputs, gradient, input_gradient);
                    }
                }
                if let Some(input_gradient) = batch.input_gradient {
                    let layer = ::core::marker::PhantomData::<Self>;
                    pull_back(layer, batch.inputs, gradient, input_gradient);
                }
            }
        }

        impl<$($generics)*> ::core::fmt::Debug for $layer {
            fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                formatter.write_str($name)
            }
        }

        impl<$($generics)*> PartialEq for $layer {
            fn eq(&self, _other: &Self) -> bool {
                true
            }
        }
    };
}

/// `Debug` and `PartialEq` of a layer by its fields. Derived, they would ask the same of its activation and window.
macro_rules! by_fields {
    ([$($generics:tt)*] $layer:ty, $name:literal { $($field:ident),+ }) => {
        impl<$($generics)*> ::core::fmt::Debug for $layer {
            fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                formatter.debug_struct($name)$(.field(stringify!($field), &self.$field))+.finish()
            }
        }

        impl<$($generics)*> PartialEq for $layer {
            fn eq(&self, other: &Self) -> bool {
                [$(self.$field == other.$field),+].into_iter().all(|is_equal| is_equal)
            }
        }
    };
}

pub(super) use by_fields;
pub(super) use parameter_free;
