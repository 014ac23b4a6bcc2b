//! What layers without parameters have in common.

/// The traits of a layer whose outputs depend on its inputs alone.
///
/// It has the functions `run(simd, inputs, outputs)` and, for training, `pull_back(simd, inputs, output_gradient, input_gradient)`.
macro_rules! weightless {
    (
        [$($generics:tt)*] $layer:ty, $input:ty => $output:ty,
        $name:literal, $multiply_adds:expr, |$formatter:ident| $describe:expr
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
                path: &$crate::layers::Path<'_>,
                visit: &mut dyn FnMut(&$crate::layers::Path<'_>, $crate::layers::Part),
            ) {
                visit(
                    path,
                    $crate::layers::Part::Layer {
                        word: $name,
                        activation: |$formatter| $describe,
                        output: <$output as $crate::Sample>::SHAPE,
                        parameters: 0,
                    },
                );
            }
        }

        #[cfg(feature = "std")]
        #[diagnostic::do_not_recommend]
        impl<$($generics)*> $crate::Differentiable for $layer {
            fn trace_len(_samples: usize) -> usize {
                0
            }

            #[inline(always)]
            fn scores<S: ::pulp::Simd>(
                &self,
                simd: S,
                _context: $crate::layers::Context,
                inputs: &[Self::Input],
                scores: &mut [Self::Output],
                _trace: &mut [T],
            ) {
                Self::run(simd, inputs, scores);
            }

            #[inline(always)]
            fn activations<S: ::pulp::Simd>(
                &self,
                simd: S,
                _context: $crate::layers::Context,
                inputs: &[Self::Input],
                outputs: &mut [Self::Output],
                _trace: &mut [T],
            ) {
                Self::run(simd, inputs, outputs);
            }

            #[inline(always)]
            fn backward_scores<S: ::pulp::Simd>(
                simd: S,
                batch: $crate::layers::Batch<'_, Self>,
                score_gradient: &[Self::Output],
                _sink: $crate::layers::GradientSink<'_, T>,
            ) {
                if let Some(input_gradient) = batch.input_gradient {
                    Self::pull_back(simd, batch.inputs, score_gradient, input_gradient);
                }
            }

            #[inline(always)]
            fn backward<S: ::pulp::Simd>(
                simd: S,
                batch: $crate::layers::Batch<'_, Self>,
                _outputs: &[Self::Output],
                output_gradient: &mut [Self::Output],
                sink: $crate::layers::GradientSink<'_, T>,
            ) {
                Self::backward_scores(simd, batch, output_gradient, sink);
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

pub(super) use weightless;
