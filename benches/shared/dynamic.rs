//! A dense network with dynamic shapes, by hand in nalgebra: `DMatrix`, every buffer allocated once.
//!
//! What a Rust programmer writes who does without a library of neural networks, and knows nalgebra well.

// Each program uses its own part of this file.
#![allow(dead_code, unreachable_pub)]

use nalgebra::{DMatrix, DMatrixView, DVector, Dyn, RealField};

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    Identity,
    Sigmoid,
    Tanh,
    Relu,
}

pub struct Layer<T> {
    pub weight: DMatrix<T>,
    pub bias: DVector<T>,
    pub weight_gradient: DMatrix<T>,
    pub bias_gradient: DVector<T>,
    activation: Activation,
    output: DMatrix<T>,
    delta: DMatrix<T>,
}

pub struct Network<T> {
    pub layers: Vec<Layer<T>>,
}

fn of<T: RealField>(value: f64) -> T {
    nalgebra::convert(value)
}

impl<T: RealField + Copy> Layer<T> {
    fn activate(&mut self) {
        match self.activation {
            Activation::Identity => {}
            Activation::Sigmoid => {
                self.output.apply(|x| *x = T::one() / (T::one() + (-*x).exp()));
            }
            Activation::Tanh => self.output.apply(|x| *x = x.tanh()),
            Activation::Relu => self.output.apply(|x| *x = x.max(T::zero())),
        }
    }

    /// From the gradient of the outputs to that of the scores.
    fn derive(&mut self) {
        let delta = &mut self.delta;
        match self.activation {
            Activation::Identity => {}
            Activation::Sigmoid => {
                delta.zip_apply(&self.output, |d, y| *d *= y * (T::one() - y));
            }
            Activation::Tanh => delta.zip_apply(&self.output, |d, y| *d *= T::one() - y * y),
            Activation::Relu => delta.zip_apply(&self.output, |d, y| {
                if y <= T::zero() {
                    *d = T::zero();
                }
            }),
        }
    }
}

impl<T: RealField + Copy> Network<T> {
    /// Layers from their widths and activations, with buffers for `batch` samples, and weights (row after row) and biases
    /// from two functions of the layer's number, counted from 1.
    pub fn new(
        widths: &[usize],
        activations: &[Activation],
        batch: usize,
        weights: impl Fn(u32, usize, usize) -> Vec<f64>,
        bias: impl Fn(u32, usize) -> Vec<f64>,
    ) -> Self {
        let layers = (1..)
            .zip(widths.windows(2))
            .zip(activations)
            .map(|((number, pair), activation)| {
                let (inputs, outputs) = (pair[0], pair[1]);
                let values = weights(number, outputs, inputs).into_iter().map(of);
                Layer {
                    weight: DMatrix::from_row_iterator(outputs, inputs, values),
                    bias: DVector::from_iterator(
                        outputs,
                        bias(number, outputs).into_iter().map(of),
                    ),
                    weight_gradient: DMatrix::zeros(outputs, inputs),
                    bias_gradient: DVector::zeros(outputs),
                    activation: *activation,
                    output: DMatrix::zeros(outputs, batch),
                    delta: DMatrix::zeros(outputs, batch),
                }
            })
            .collect();
        Self { layers }
    }

    /// The outputs for inputs of one column a sample.
    pub fn forward(&mut self, input: &DMatrix<T>) -> &DMatrix<T> {
        for number in 0..self.layers.len() {
            let (before, after) = self.layers.split_at_mut(number);
            let layer = &mut after[0];
            let input = before.last().map_or(input, |before| &before.output);
            for mut column in layer.output.column_iter_mut() {
                column.copy_from(&layer.bias);
            }
            if input.ncols() == 1 {
                let input = input.column(0);
                layer.output.column_mut(0).gemv(T::one(), &layer.weight, &input, T::one());
            } else {
                layer.output.gemm(T::one(), &layer.weight, input, T::one());
            }
            layer.activate();
        }
        &self.layers.last().expect("a layer").output
    }

    /// The mean cross-entropy, and its gradient in the layers.
    pub fn cross_entropy_gradient(&mut self, input: &DMatrix<T>, classes: &[usize]) -> T {
        self.forward(input);
        let last = self.layers.last_mut().expect("a layer");
        let scale = T::one() / of(classes.len() as f64);
        let mut loss = T::zero();
        last.delta.copy_from(&last.output);
        for (mut column, class) in last.delta.column_iter_mut().zip(classes) {
            let largest = column.max();
            let score = column[*class] - largest;
            column.apply(|x| *x = (*x - largest).exp());
            let sum = column.sum();
            loss += sum.ln() - score;
            column *= scale / sum;
            column[*class] -= scale;
        }
        self.backward(input);
        loss * scale
    }

    /// The mean squared error, and its gradient in the layers.
    pub fn squared_error_gradient(&mut self, input: &DMatrix<T>, targets: &DMatrix<T>) -> T {
        self.forward(input);
        let last = self.layers.last_mut().expect("a layer");
        let scale = T::one() / of(targets.len() as f64);
        last.delta.copy_from(&last.output);
        last.delta -= targets;
        let loss = last.delta.norm_squared() * scale;
        last.delta *= scale * of(2.0);
        self.backward(input);
        loss
    }

    fn backward(&mut self, input: &DMatrix<T>) {
        for number in (0..self.layers.len()).rev() {
            let (before, after) = self.layers.split_at_mut(number);
            let layer = &mut after[0];
            layer.derive();
            let input = before.last().map_or(input, |before| &before.output);
            if input.ncols() == 1 {
                let (delta, input) = (layer.delta.column(0), input.column(0));
                layer.weight_gradient.ger(T::one(), &delta, &input, T::zero());
            } else {
                layer.weight_gradient.gemm(T::one(), &layer.delta, &transposed(input), T::zero());
            }
            layer.bias_gradient.fill(T::zero());
            for column in layer.delta.column_iter() {
                layer.bias_gradient += column;
            }
            if let Some(before) = before.last_mut() {
                let samples = layer.delta.ncols();
                if samples == 1 {
                    let delta = layer.delta.column(0);
                    let mut output = before.delta.column_mut(0);
                    output.gemv_tr(T::one(), &layer.weight, &delta, T::zero());
                } else if layer.weight.nrows().min(layer.weight.ncols()).min(samples) > SMALL {
                    let weight = transposed(&layer.weight);
                    before.delta.gemm(T::one(), &weight, &layer.delta, T::zero());
                } else {
                    before.delta.gemm_tr(T::one(), &layer.weight, &layer.delta, T::zero());
                }
            }
        }
    }

    /// Walks over parameters and their gradients.
    pub fn parameters(&mut self) -> impl Iterator<Item = (&mut [T], &[T])> {
        self.layers.iter_mut().flat_map(|layer| {
            [
                (layer.weight.as_mut_slice(), layer.weight_gradient.as_slice()),
                (layer.bias.as_mut_slice(), layer.bias_gradient.as_slice()),
            ]
        })
    }
}

/// Up to this size `gemm` takes loops of its own, which write out of bounds where rows have a stride in nalgebra 0.35 (its issue 1616).
const SMALL: usize = 5;

/// The transpose as a view with its strides exchanged: nothing is copied, and `gemm` hands it to `matrixmultiply` as it is
/// (`gemm_tr` is a loop, and `transpose` a copy).
fn transposed<T: RealField>(matrix: &DMatrix<T>) -> DMatrixView<'_, T, Dyn, Dyn> {
    let (rows, columns) = matrix.shape();
    DMatrixView::from_slice_with_strides_generic(
        matrix.as_slice(),
        Dyn(columns),
        Dyn(rows),
        Dyn(rows),
        Dyn(1),
    )
}

/// Plain gradient descent.
pub fn sgd_step<T: RealField + Copy>(net: &mut Network<T>, rate: f64) {
    let rate = of::<T>(rate);
    for (parameters, gradient) in net.parameters() {
        for (parameter, slope) in parameters.iter_mut().zip(gradient) {
            *parameter -= rate * *slope;
        }
    }
}

/// PyTorch's Adam, without weight decay.
pub struct Adam<T> {
    rate: f64,
    step: i32,
    moments: Vec<(Vec<T>, Vec<T>)>,
}

impl<T: RealField + Copy> Adam<T> {
    pub fn new(net: &mut Network<T>, rate: f64) -> Self {
        let zeros = |slice: &[T]| vec![T::zero(); slice.len()];
        let moments = net.parameters().map(|(_, slope)| (zeros(slope), zeros(slope))).collect();
        Self { rate, step: 0, moments }
    }

    pub fn step(&mut self, net: &mut Network<T>) {
        self.step += 1;
        let (beta1, beta2) = (0.9_f64, 0.999_f64);
        let root = (1.0 - beta2.powi(self.step)).sqrt();
        let rate = of::<T>(self.rate * root / (1.0 - beta1.powi(self.step)));
        let epsilon = of::<T>(1e-8 * root);
        let (keep1, rest1) = (of::<T>(beta1), of::<T>(1.0 - beta1));
        let (keep2, rest2) = (of::<T>(beta2), of::<T>(1.0 - beta2));
        for ((parameters, gradient), (first, second)) in net.parameters().zip(&mut self.moments) {
            let moments = first.iter_mut().zip(second);
            for ((w, g), (m, v)) in parameters.iter_mut().zip(gradient).zip(moments) {
                *m = keep1 * *m + rest1 * *g;
                *v = keep2 * *v + rest2 * *g * *g;
                *w -= rate * *m / (v.sqrt() + epsilon);
            }
        }
    }
}
