//! The fully connected layer.

use core::fmt;
use core::marker::PhantomData;
use core::slice;

use nalgebra::{SMatrix, SVector};
use pulp::{Simd, WithSimd};
use rand::Rng;

use super::activate::Activated;
use super::macros::by_fields;
use super::normalized::Scaled;
use super::{Kind, Layer, LayerPlan, ParameterPath, Part};
use crate::activations::{Activation, Identity, Relu, Step, apply_on};
use crate::core::Initializer;
use crate::core::{Parameters, Scalar};
use crate::core::{flat, flat_mut};
use crate::kernels::{
    DensePlan, Gemm, Gemv, Init, MatrixMut, PostOps, add, dense_plan, gemv_inline,
};
use crate::simd::{InstructionSet, Isa, Registers};

/// A fully connected layer, `dense 128 sigmoid` in a description: **y** = f(W **x** + **b**).
///
/// PyTorch's `nn.Linear`, Keras's `Dense`, with the activation f inside.
///
/// # Shapes
///
/// | | |
/// |---|---|
/// | input **x** | vector of `IN` |
/// | output **y** | vector of `OUT` |
/// | `weight` W | `OUT` x `IN`; in files as in PyTorch, `[OUT, IN]` |
/// | `bias` **b** | vector of `OUT`; [`NoBias`] with the option `no_bias` |
///
/// # Initial weights
///
/// By the activation ([`Initializer`]), or `init he_normal` and the like in the description; the bias is zero.
#[repr(C)]
#[derive(Parameters)]
pub struct Dense<T, const IN: usize, const OUT: usize, A = Identity, B = SVector<T, OUT>> {
    /// One row a neuron.
    pub weight: SMatrix<T, OUT, IN>,
    /// One number a neuron.
    pub bias: B,
    activation: PhantomData<A>,
}

/// In the place of a bias: there is none.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Parameters)]
pub struct NoBias<T>(PhantomData<T>);

/// The bias of a layer: a vector, or [`NoBias`].
pub trait Bias<T: Scalar>: Parameters<Scalar = T> + fmt::Debug + PartialEq {}

impl<T: Scalar, const N: usize> Bias<T> for SVector<T, N> {}
impl<T: Scalar> Bias<T> for NoBias<T> {}

impl<T: Scalar, const IN: usize, const OUT: usize, A: Activation, B: Bias<T>>
    Dense<T, IN, OUT, A, B>
{
    /// Draws new weights with an initializer of one's own choice, and sets the bias to zero.
    pub fn initialize_with<R: Rng + ?Sized>(&mut self, initializer: Initializer, rng: &mut R) {
        initializer.fill(self.weight.as_mut_slice(), IN, OUT, rng);
        self.bias.as_mut_slice().fill(T::zero());
    }

    /// W **x** + **b** for a batch.
    #[inline(always)]
    fn gemm<'a>(
        &'a self,
        inputs: &'a [SVector<T, IN>],
        scores: &'a mut [SVector<T, OUT>],
    ) -> Gemm<'a, T, false> {
        let bias = self.bias.as_slice();
        Gemm {
            a: self.weight.as_slice(),
            a_stride: OUT,
            b: flat(inputs),
            b_stride: IN,
            c: MatrixMut::whole(flat_mut(scores), OUT),
            k: IN,
            init: if bias.is_empty() { Init::Zero } else { Init::Column(bias) },
        }
    }

    /// W **x** + **b** for one sample.
    #[inline(always)]
    fn gemv<'a>(
        &'a self,
        input: &'a SVector<T, IN>,
        scores: &'a mut SVector<T, OUT>,
    ) -> Gemv<'a, T> {
        Gemv {
            a: self.weight.as_slice(),
            a_stride: OUT,
            x: input.as_slice(),
            init: self.bias.as_slice(),
            y: scores.as_mut_slice(),
        }
    }

    /// What its products run.
    fn plan(samples: usize, set: InstructionSet) -> LayerPlan {
        dense_plan([OUT, IN, samples], Registers::on::<T>(set))
    }

    /// f in place.
    #[inline(always)]
    fn activated(scores: &mut [SVector<T, OUT>]) -> Activated<'_, T, A> {
        Activated { scores: flat_mut(scores), width: OUT, activation: PhantomData }
    }
}

/// A layer of any type, and its tensors.
fn describe(
    path: &ParameterPath<'_>,
    visit: &mut dyn FnMut(&ParameterPath<'_>, Part),
    layer: [Part; 2],
    shape: &'static [usize; 2],
    has_bias: bool,
) {
    for part in layer {
        visit(path, part);
    }
    visit(&path.field("weight"), Part::tensor(Kind::Weight, shape));
    if has_bias {
        visit(&path.field("bias"), Part::tensor(Kind::Bias, &shape[..1]));
    }
}

/// One sample through a small layer.
struct InLine<'a, T, const IN: usize, const OUT: usize, A, B> {
    layer: &'a Dense<T, IN, OUT, A, B>,
    input: &'a SVector<T, IN>,
    output: &'a mut SVector<T, OUT>,
}

impl<T: Scalar, const IN: usize, const OUT: usize, A: Activation, B: Bias<T>> WithSimd
    for InLine<'_, T, IN, OUT, A, B>
{
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { layer, input, output } = self;
        gemv_inline::<A, T, S>(simd, layer.gemv(input, output));
        A::sample(simd, output.as_mut_slice());
    }
}

#[diagnostic::do_not_recommend]
impl<T: Scalar, const IN: usize, const OUT: usize, A: Activation, B: Bias<T>> Layer
    for Dense<T, IN, OUT, A, B>
{
    type Input = SVector<T, IN>;
    type Output = SVector<T, OUT>;
    type Activation = A;

    const MULTIPLY_ADDS: usize = IN * OUT;

    #[inline(always)]
    fn infer_one<S: Simd>(&self, simd: S, input: &Self::Input, output: &mut Self::Output) {
        if DensePlan::one(OUT, IN) == DensePlan::GemvInline {
            let pass = InLine { layer: self, input, output };
            // Without optimization, each layer in line has room of its own on the stack: a few are more than there is.
            if cfg!(debug_assertions) { simd.vectorize(pass) } else { pass.with_simd(simd) }
        } else {
            T::gemv(Isa::of(simd), self.gemv(input, output));
            simd.vectorize(Self::activated(slice::from_mut(output)));
        }
    }

    #[inline(always)]
    fn infer<S: Simd>(&self, simd: S, inputs: &[Self::Input], outputs: &mut [Self::Output]) {
        T::gemm(Isa::of(simd), self.gemm(inputs, outputs));
        simd.vectorize(Self::activated(outputs));
    }

    fn initialize<R: Rng + ?Sized>(&mut self, rng: &mut R) {
        self.initialize_with(A::INITIALIZER, rng);
    }

    fn describe(path: &ParameterPath<'_>, visit: &mut dyn FnMut(&ParameterPath<'_>, Part)) {
        let layer = [Part::layer::<Self>("dense"), Part::Kernels(Self::plan)];
        describe(path, visit, layer, &[OUT, IN], B::PARAMETERS > 0);
    }
}

/// f(post(s)) of the sums of some samples, in place.
struct ScaledSums<'a, T, const OUT: usize, A> {
    sums: &'a mut [SVector<T, OUT>],
    post: PostOps<'a, T>,
    activation: PhantomData<A>,
}

impl<T: Scalar, const OUT: usize, A: Activation> WithSimd for ScaledSums<'_, T, OUT, A> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { sums, post: PostOps { scale, shift, addend, relu }, .. } = self;
        for (index, sample) in sums.iter_mut().enumerate() {
            let sums = sample.as_mut_slice();
            for (y, (scale, shift)) in sums.iter_mut().zip(scale.iter().zip(shift)) {
                *y = *y * *scale + *shift;
            }
            if !addend.is_empty() {
                add(sums, &addend[index * OUT..(index + 1) * OUT]);
            }
            if relu {
                apply_on::<Relu, T, S>(simd, sums);
            }
            apply_on::<A, T, S>(simd, sums);
        }
    }
}

impl<T: Scalar, const IN: usize, const OUT: usize, B: Bias<T>> Scaled
    for Dense<T, IN, OUT, Identity, B>
{
    fn bias(&self) -> &[T] {
        self.bias.as_slice()
    }

    #[inline(always)]
    fn infer_one_scaled<A: Activation, S: Simd>(
        &self,
        simd: S,
        input: &Self::Input,
        output: &mut Self::Output,
        post: PostOps<'_, T>,
    ) {
        let sums = Gemv { init: &[], ..self.gemv(input, output) };
        if DensePlan::one(OUT, IN) == DensePlan::GemvInline {
            gemv_inline::<Identity, T, S>(simd, sums);
        } else {
            T::gemv(Isa::of(simd), sums);
        }
        let (sums, activation) = (slice::from_mut(output), PhantomData::<A>);
        simd.vectorize(ScaledSums { sums, post, activation });
    }

    #[inline(always)]
    fn infer_scaled<A: Activation, S: Simd>(
        &self,
        simd: S,
        inputs: &[Self::Input],
        sums: &mut [Self::Output],
        post: PostOps<'_, T>,
    ) {
        T::gemm(Isa::of(simd), Gemm { init: Init::Zero, ..self.gemm(inputs, sums) });
        let activation = PhantomData::<A>;
        simd.vectorize(ScaledSums { sums, post, activation });
    }
}

impl<T: Scalar, const IN: usize, const OUT: usize, B: Bias<T>> Dense<T, IN, OUT, Step, B> {
    /// One round of the perceptron rule over all samples, and the number of wrong outputs it met; 0 says that it has learned them all.
    ///
    /// For each sample in turn, with y = step(W **x** + **b**) and the target t, both 0 or 1:
    /// W += rate (t − y) **x**ᵀ, **b** += rate (t − y). It ends where the classes can be separated by a plane (AND, OR),
    /// and never where they cannot (XOR).
    ///
    /// Source: F. Rosenblatt, "The perceptron: a probabilistic model for information storage and organization in the brain",
    /// Psychological Review 65 (1958).
    ///
    /// # Panics
    ///
    /// If there are not as many targets as inputs.
    pub fn perceptron_step(
        &mut self,
        inputs: &[SVector<T, IN>],
        targets: &[SVector<T, OUT>],
        rate: T,
    ) -> usize {
        let counts = (inputs.len(), targets.len());
        assert!(
            counts.0 == counts.1,
            "a step takes as many targets as inputs, found {} inputs and {} targets",
            counts.0,
            counts.1
        );
        let mut wrong = 0;
        for (input, target) in inputs.iter().zip(targets) {
            let mut output = SVector::zeros();
            self.infer_one(pulp::Scalar::new(), input, &mut output);
            for neuron in 0..OUT {
                let error = target[neuron] - output[neuron];
                if error == T::zero() {
                    continue;
                }
                wrong += 1;
                for (index, value) in input.iter().enumerate() {
                    self.weight[(neuron, index)] += rate * error * *value;
                }
                if let Some(bias) = self.bias.as_mut_slice().get_mut(neuron) {
                    *bias += rate * error;
                }
            }
        }
        wrong
    }
}

by_fields!(
    [T: Scalar, const IN: usize, const OUT: usize, A: Activation, B: Bias<T>]
    Dense<T, IN, OUT, A, B>, "Dense" { weight, bias }
);

#[cfg(feature = "train")]
mod training {
    use super::*;
    use crate::activations::ActivationGradient;
    use crate::kernels::{GemmTransposedA, splits_k};
    use crate::layers::activate::Derivative;
    use crate::layers::weight_gradient::WeightGradient;
    use crate::layers::{Batch, Context, Differentiable, End, GradientSink};

    #[diagnostic::do_not_recommend]
    impl<T: Scalar, const IN: usize, const OUT: usize, A: ActivationGradient, B: Bias<T>>
        Differentiable for Dense<T, IN, OUT, A, B>
    {
        const TANGENTS: bool = true;

        fn trace_len(samples: usize) -> usize {
            samples * (Self::KEPT + Self::PARTIAL)
        }

        #[inline(never)]
        fn forward_pass(
            &self,
            context: Context,
            inputs: &[Self::Input],
            outputs: &mut [Self::Output],
            trace: &mut [T],
            end: End,
        ) {
            if context.is_tangents() {
                T::shared_gemm(Gemm { init: Init::Zero, ..self.gemm(inputs, outputs) });
                return tangents::<T, A>(self.bias.as_slice(), flat_mut(outputs), OUT, trace);
            }
            let (kept, partial) = trace.split_at_mut(inputs.len() * Self::KEPT);
            match DensePlan::training(OUT, IN, inputs.len()) {
                DensePlan::GemvInline | DensePlan::Gemv => {
                    T::gemv(Isa::current(), self.gemv(&inputs[0], &mut outputs[0]));
                }
                DensePlan::GemvSplitK => {
                    T::gemv_split_k(self.gemv(&inputs[0], &mut outputs[0]), partial);
                }
                DensePlan::Gemm => T::shared_gemm(self.gemm(inputs, outputs)),
                DensePlan::GemmSplitK => T::gemm_split_k(self.gemm(inputs, outputs), partial),
            }
            if end == End::Outputs {
                if Self::KEPT > 0 {
                    kept.copy_from_slice(flat(outputs));
                }
                Self::activated(outputs).run();
            }
        }

        #[inline(never)]
        fn backward_pass(
            batch: Batch<'_, Self>,
            gradient: &mut [Self::Output],
            end: End,
            sink: GradientSink<'_, T>,
        ) {
            if end == End::Outputs {
                Derivative::<T, A> {
                    scores: &batch.trace[..batch.inputs.len() * Self::KEPT],
                    outputs: flat(batch.outputs),
                    gradient: flat_mut(gradient),
                    width: OUT,
                    activation: PhantomData,
                }
                .run();
            }
            Backward {
                inputs: flat(batch.inputs),
                input_gradient: batch.input_gradient.map(flat_mut),
                score_gradient: flat(gradient),
                sizes: [IN, OUT],
                sink,
            }
            .run();
        }
    }

    /// The trace of a batch: the scores if the derivative of the activation needs them, then room for the sums of a half of the inputs, where it [splits them](splits_k).
    impl<T: Scalar, const IN: usize, const OUT: usize, A: ActivationGradient, B: Bias<T>>
        Dense<T, IN, OUT, A, B>
    {
        const KEPT: usize = if A::NEEDS_SCORES { OUT } else { 0 };
        const PARTIAL: usize = if splits_k(OUT, IN) { OUT } else { 0 };
    }

    /// From W **x** and W **t** of each tangent to f(W **x** + **b**) and f′ ⊙ W **t**: one function for layers of all sizes.
    #[inline(never)]
    fn tangents<T: Scalar, A: ActivationGradient>(
        bias: &[T],
        outputs: &mut [T],
        width: usize,
        room: &mut [T],
    ) {
        if outputs.is_empty() {
            return;
        }
        let (point, tangents) = outputs.split_at_mut(width);
        for (score, bias) in point.iter_mut().zip(bias) {
            *score += *bias;
        }
        let scores: &mut [T] = if A::NEEDS_SCORES { &mut room[..width] } else { &mut [] };
        if A::NEEDS_SCORES {
            scores.copy_from_slice(point);
        }
        Activated::<T, A> { scores: &mut *point, width, activation: PhantomData }.run();
        for gradient in tangents.chunks_exact_mut(width) {
            // A derivative is a diagonal matrix, or that of `softmax`: symmetric, so that forward and backward are the same.
            Derivative::<T, A> { scores, outputs: point, gradient, width, activation: PhantomData }
                .run();
        }
    }

    /// The backward pass of a layer up to its scores: one function for layers of all sizes.
    struct Backward<'a, T> {
        inputs: &'a [T],
        input_gradient: Option<&'a mut [T]>,
        score_gradient: &'a [T],
        /// Of an input and of an output.
        sizes: [usize; 2],
        /// Of the weight, and the bias if there is one.
        sink: GradientSink<'a, T>,
    }

    impl<T: Scalar> Backward<'_, T> {
        #[inline(never)]
        fn run(self) {
            let Self { inputs, input_gradient, score_gradient, sizes: [input, output], sink } =
                self;
            let (weights, samples) = (input * output, inputs.len() / input);
            if let Some(input_gradient) = input_gradient {
                let weights = &sink.parameters()[..weights];
                let input_gradient = MatrixMut::whole(input_gradient, input);
                let product = GemmTransposedA::new(weights, score_gradient, input_gradient, output);
                T::shared_gemm_transposed_a(product);
            }
            let (weight, mut bias) = sink.split_at(weights);
            WeightGradient {
                score_gradient,
                inputs,
                samples,
                outputs: output,
                stride: input,
                sink: weight,
            }
            .compute();
            if !bias.parameters().is_empty() {
                let mut block = bias.block(0..output);
                let (gradient, accumulate) = block.room();
                T::sums_of_planes(gradient, score_gradient, 1, accumulate);
                block.finish();
            }
        }
    }
}
