//! Layers run by themselves, on one instruction set, forwards and backwards.

use axonal::layers::{Batch, Context, End, GradientSink};
use axonal::prelude::*;
use axonal::simd::dispatch;
use axonal::{Differentiable, Layer, Sample, Scalar, Simd, WithSimd};
use rand::RngExt;

pub(crate) fn zero<X: Sample>() -> X {
    X::zeroed()
}

/// A layer with parameters from -1 to 1.
pub(crate) fn random_layer<L: Layer>(rng: &mut StdRng) -> Box<L> {
    let mut layer = L::zeros();
    for number in Parameters::as_mut_slice(&mut *layer) {
        *number = L::Scalar::of(rng.random_range(-1.0..1.0));
    }
    layer
}

pub(crate) fn wide<X: Sample>(samples: &[X]) -> Vec<f64> {
    samples.iter().flat_map(|sample| sample.as_slice().iter().map(|value| value.as_f64())).collect()
}

/// A pass of training through one layer.
pub(crate) struct Training<'a, L: Layer> {
    pub(crate) layer: &'a L,
    pub(crate) context: Context,
    pub(crate) inputs: &'a [L::Input],
    /// That of the outputs, or of the scores if they are the `end`.
    pub(crate) output_gradient: &'a [L::Output],
    pub(crate) end: End,
    /// What the gradient is added to, if to anything.
    pub(crate) onto: Option<L::Scalar>,
    pub(crate) wants_input_gradient: bool,
}

pub(crate) struct Trained<L: Layer> {
    pub(crate) outputs: Vec<L::Output>,
    pub(crate) input_gradient: Vec<L::Input>,
    pub(crate) gradient: Vec<L::Scalar>,
}

impl<L: Differentiable> Training<'_, L> {
    pub(crate) fn run(self) -> Trained<L> {
        let Self { layer, context, inputs, output_gradient, end, .. } = self;
        let nan = L::Scalar::of(f64::NAN);
        // Memory that was used before.
        let mut trace = vec![nan; L::trace_len(inputs.len())];
        let mut outputs = vec![zero::<L::Output>(); inputs.len()];
        let mut input_gradient = vec![zero::<L::Input>(); inputs.len()];
        outputs.iter_mut().for_each(|output| output.as_mut_slice().fill(nan));
        input_gradient.iter_mut().for_each(|input| input.as_mut_slice().fill(nan));
        let mut gradient = vec![self.onto.unwrap_or(nan); L::PARAMETERS];
        let parameters = Parameters::as_slice(layer);
        let sink = GradientSink::gradient(parameters, &mut gradient, self.onto.is_some());
        layer.forward_pass(context, inputs, &mut outputs, &mut trace, end);
        let batch = Batch {
            inputs,
            outputs: if end == End::Outputs { &outputs } else { &[] },
            trace: &mut trace,
            input_gradient: self.wants_input_gradient.then_some(&mut input_gradient[..]),
        };
        L::backward_pass(batch, &mut output_gradient.to_vec(), end, sink);
        Trained { outputs, input_gradient, gradient }
    }
}

/// A pass of inference.
pub(crate) struct Inference<'a, L: Layer> {
    pub(crate) layer: &'a L,
    pub(crate) inputs: &'a [L::Input],
    pub(crate) one_by_one: bool,
}

impl<L: Layer> WithSimd for Inference<'_, L> {
    type Output = Vec<L::Output>;

    fn with_simd<S: Simd>(self, simd: S) -> Vec<L::Output> {
        let mut outputs = vec![zero::<L::Output>(); self.inputs.len()];
        for output in &mut outputs {
            output.as_mut_slice().fill(L::Scalar::of(f64::NAN));
        }
        if self.one_by_one {
            for (input, output) in self.inputs.iter().zip(&mut outputs) {
                self.layer.infer_one(simd, input, output);
            }
        } else {
            self.layer.infer(simd, self.inputs, &mut outputs);
        }
        outputs
    }
}

pub(crate) fn infer<L: Layer>(layer: &L, inputs: &[L::Input]) -> Vec<L::Output> {
    let outputs = dispatch(Inference { layer, inputs, one_by_one: false });
    let one_by_one = dispatch(Inference { layer, inputs, one_by_one: true });
    assert_close(&wide(&outputs), &wide(&one_by_one), 1e-6, "one by one");
    outputs
}

/// As near as the largest of the numbers allows.
pub(crate) fn assert_close(values: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(values.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(1e-3_f64, |largest, value| largest.max(value.abs()));
    for (index, (value, expected)) in values.iter().zip(expected).enumerate() {
        assert!(
            (value - expected).abs() <= tolerance * largest,
            "{what}, number {index}: {value}, expected {expected}"
        );
    }
}
