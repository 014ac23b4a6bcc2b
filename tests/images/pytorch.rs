//! Layers against PyTorch: fixtures/images.py.

use std::path::{Path, PathBuf};

use axonal::activations::{Identity, Softmax};
use axonal::layers::{
    Activate, AvgPool, Batch, BatchNorm, Context, Conv, ConvTranspose, End, Flatten, GlobalAvgPool,
    GradientSink, LayerNorm, MaxPool, NoBias, PRelu, Pad, ParameterPath as Name, Part, Upsample,
    Window,
};
use axonal::prelude::*;
use axonal::{Differentiable, Layer, Sample, Simd};
use rand::Rng;
use safetensors::SafeTensors;

use crate::common::on_each_instruction_set;
use crate::passes::{Training, assert_close, infer, wide};

type Pixels<const C: usize, const H: usize, const W: usize> = Image<C, H, W, f64>;

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// The tensors of one case.
struct Case {
    bytes: Vec<u8>,
    name: &'static str,
}

impl Case {
    fn new(name: &'static str) -> Self {
        Self { bytes: std::fs::read(path("images.safetensors")).unwrap(), name }
    }

    fn find(&self, key: &str) -> Option<(Vec<usize>, Vec<f64>)> {
        let file = SafeTensors::deserialize(&self.bytes).unwrap();
        let tensor = file.tensor(&format!("{}.{key}", self.name)).ok()?;
        let numbers = tensor.data().chunks_exact(8);
        let numbers = numbers.map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap()));
        Some((tensor.shape().to_vec(), numbers.collect()))
    }

    fn numbers(&self, key: &str) -> Vec<f64> {
        self.find(key).unwrap_or_else(|| panic!("no {key} of {}", self.name)).1
    }

    fn samples<X: Sample<Scalar = f64>>(&self, key: &str) -> Vec<X> {
        let numbers = self.numbers(key);
        assert_eq!(numbers.len() % X::LEN, 0);
        let samples = numbers.chunks_exact(X::LEN).map(|numbers| {
            let mut sample = X::zeroed();
            sample.as_mut_slice().copy_from_slice(numbers);
            sample
        });
        samples.collect()
    }

    /// Parameters of a layer in memory order: weights of four dimensions are columns of output channels.
    fn parameters(&self, suffix: &str) -> Vec<f64> {
        let mut all = Vec::new();
        for key in ["weight", "bias"] {
            let Some((shape, numbers)) = self.find(&format!("{key}{suffix}")) else { continue };
            if shape.len() == 4 {
                let columns = numbers.len() / shape[0];
                for column in 0..columns {
                    all.extend((0..shape[0]).map(|row| numbers[row * columns + column]));
                }
            } else {
                all.extend(numbers);
            }
        }
        all
    }
}

/// A pass of training, on each instruction set. `statistics` are not learned; they are the last of the layer.
fn check_training<L>(name: &'static str, statistics: usize) -> (Case, Box<L>)
where
    L: Differentiable + Layer<Scalar = f64>,
{
    let case = Case::new(name);
    let parameters = case.parameters("");
    assert_eq!(parameters.len() + statistics, L::PARAMETERS, "{name}");
    let mut layer = L::zeros();
    Parameters::as_mut_slice(&mut *layer)[..parameters.len()].copy_from_slice(&parameters);
    let output_gradient = case.samples("output_gradient");
    on_each_instruction_set(|set| {
        let trained = Training {
            layer: &*layer,
            context: Context::training(1),
            inputs: &case.samples("input"),
            output_gradient: &output_gradient,
            end: End::Outputs,
            onto: None,
            wants_input_gradient: true,
        }
        .run();
        let what = |part: &str| format!("{part} of {name} on {set}");
        assert_close(&wide(&trained.outputs), &case.numbers("output"), 1e-12, &what("outputs"));
        let inputs = wide(&trained.input_gradient);
        assert_close(&inputs, &case.numbers("input_gradient"), 1e-12, &what("inputs"));
        let (gradient, rest) = trained.gradient.split_at(parameters.len());
        assert_close(gradient, &case.parameters("_gradient"), 1e-12, &what("parameters"));
        if statistics > 0 {
            // A step subtracts them, here from zeros; PyTorch's variance was 1.
            let moved: Vec<f64> = rest.iter().map(|difference| -difference).collect();
            let mut expected = case.numbers("running_mean");
            expected.extend(case.numbers("running_var").iter().map(|variance| variance - 0.9));
            assert_close(&moved, &expected, 1e-12, &what("statistics"));
        }
    });
    (case, layer)
}

/// A layer that does the same in training and in inference.
fn check<L>(name: &'static str)
where
    L: Differentiable + Layer<Scalar = f64>,
{
    let (case, layer) = check_training::<L>(name, 0);
    let outputs = infer(&*layer, &case.samples("input"));
    assert_close(&wide(&outputs), &case.numbers("inference"), 1e-12, name);
}

#[test]
fn convolutions() {
    check::<Conv<f64, 4, 18, Pixels<3, 7, 6>, Pixels<4, 4, 8>, Window<3, 2, 2, 1, 1, 2, 1, 2, 1, 2>>>(
        "conv",
    );
    type Same = Window<3, 3, 1, 1, 1, 1, 1, 1, 1, 1, 2>;
    check::<Conv<f64, 6, 18, Pixels<4, 5, 5>, Pixels<6, 5, 5>, Same>>("conv_grouped");
    type Depthwise = Window<3, 3, 2, 2, 1, 1, 1, 1, 1, 1, 3>;
    check::<Conv<f64, 6, 9, Pixels<3, 7, 7>, Pixels<6, 4, 4>, Depthwise, Identity, NoBias<f64>>>(
        "conv_depthwise",
    );
}

#[test]
fn transposed_convolutions() {
    type Plain = Window<4, 3, 2, 1, 1, 0, 1, 0>;
    check::<
        ConvTranspose<
            f64,
            3,
            24,
            Pixels<3, 4, 5>,
            Pixels<2, 8, 7>,
            Plain,
            Identity,
            SVector<f64, 2>,
        >,
    >("conv_transpose");
    type Grouped = Window<3, 3, 2, 2, 1, 1, 1, 1, 1, 1, 2>;
    check::<
        ConvTranspose<
            f64,
            4,
            27,
            Pixels<4, 3, 4>,
            Pixels<6, 5, 7>,
            Grouped,
            Identity,
            SVector<f64, 6>,
        >,
    >("conv_transpose_grouped");
}

#[test]
fn pools() {
    type Padded = Window<3, 2, 2, 2, 1, 1, 1, 1>;
    check::<MaxPool<f64, Pixels<2, 7, 6>, Pixels<2, 4, 4>, Padded>>("maxpool");
    check::<MaxPool<f64, Pixels<2, 7, 9>, Pixels<2, 3, 4>, Window<2, 2, 2, 2>>>("maxpool_floor");
    check::<AvgPool<f64, Pixels<2, 7, 6>, Pixels<2, 4, 4>, Padded>>("avgpool");
    check::<GlobalAvgPool<f64, Pixels<4, 3, 5>, 4>>("global_avgpool");
}

#[test]
fn shapes() {
    check::<Upsample<f64, Pixels<2, 3, 4>, Pixels<2, 6, 12>, 2, 3>>("upsample");
    check::<Pad<f64, Pixels<2, 3, 4>, Pixels<2, 7, 7>, 1, 2>>("pad");
    check::<Flatten<f64, Pixels<2, 3, 4>, 24>>("flatten");
    check::<Activate<f64, Pixels<3, 2, 4>, Softmax>>("softmax");
}

#[test]
fn layer_normalization() {
    check::<LayerNorm<f64, Pixels<2, 3, 4>, 24>>("layernorm");
    check::<LayerNorm<f64, SVector<f64, 7>, 7>>("layernorm_vector");
}

#[test]
fn rectifiers_with_slopes() {
    check::<PRelu<f64, Pixels<3, 4, 5>, 3>>("prelu");
    check::<PRelu<f64, SVector<f64, 7>, 7>>("prelu_vector");
}

/// In training, the running statistics are not read; in inference, they are those of PyTorch after one step.
#[test]
fn batch_normalization() {
    fn check<I: Sample<Scalar = f64>, const CHANNELS: usize>(name: &'static str) {
        let (case, mut layer) = check_training::<BatchNorm<f64, I, CHANNELS>>(name, 2 * CHANNELS);
        layer.running_mean.copy_from_slice(&case.numbers("running_mean"));
        layer.running_var.copy_from_slice(&case.numbers("running_var"));
        let outputs = infer(&*layer, &case.samples("input"));
        assert_close(&wide(&outputs), &case.numbers("inference"), 1e-12, name);
    }
    check::<Pixels<3, 4, 5>, 3>("batchnorm");
    check::<SVector<f64, 7>, 7>("batchnorm_vector");
}

/// A network of one layer.
#[repr(C)]
#[derive(Parameters)]
#[parameters(scalar = f64)]
struct Single {
    layer: BatchNorm<f64, SVector<f64, 7>, 7>,
}

impl Layer for Single {
    type Input = SVector<f64, 7>;
    type Output = SVector<f64, 7>;
    type Activation = Identity;
    const MULTIPLY_ADDS: usize = 0;

    fn infer_one<S: Simd>(&self, simd: S, input: &Self::Input, output: &mut Self::Output) {
        self.layer.infer_one(simd, input, output);
    }

    fn infer<S: Simd>(&self, simd: S, inputs: &[Self::Input], outputs: &mut [Self::Output]) {
        self.layer.infer(simd, inputs, outputs);
    }

    fn initialize<R: Rng + ?Sized>(&mut self, rng: &mut R) {
        self.layer.initialize(rng);
    }

    fn describe(path: &Name<'_>, visit: &mut dyn FnMut(&Name<'_>, Part)) {
        BatchNorm::<f64, SVector<f64, 7>, 7>::describe(&path.field("layer"), visit);
    }
}

impl Differentiable for Single {
    const WHOLE_BATCH: bool = BatchNorm::<f64, SVector<f64, 7>, 7>::WHOLE_BATCH;

    fn trace_len(samples: usize) -> usize {
        BatchNorm::<f64, SVector<f64, 7>, 7>::trace_len(samples)
    }

    fn forward_pass(
        &self,
        context: Context,
        inputs: &[Self::Input],
        outputs: &mut [Self::Output],
        trace: &mut [f64],
        end: End,
    ) {
        self.layer.forward_pass(context, inputs, outputs, trace, end);
    }

    fn backward_pass(
        batch: Batch<'_, Self>,
        gradient: &mut [Self::Output],
        end: End,
        sink: GradientSink<'_, f64>,
    ) {
        let Batch { inputs, outputs, trace, input_gradient } = batch;
        let batch = Batch { inputs, outputs, trace, input_gradient };
        BatchNorm::<f64, SVector<f64, 7>, 7>::backward_pass(batch, gradient, end, sink);
    }
}

impl Network for Single {
    const NAME: &'static str = "Single";
}

/// One step moves the running statistics as PyTorch's first one, whatever the learning rate; a gradient or a loss alone does not.
#[test]
fn running_statistics() {
    let case = Case::new("batchnorm_vector");
    let inputs: Vec<SVector<f64, 7>> = case.samples("input");
    let mut net = Single::random(&mut StdRng::seed_from_u64(1));
    let start = net.layer.running_mean;
    net.gradient(&inputs, &inputs, &MeanSquaredError);
    net.loss(&inputs, &inputs, &MeanSquaredError);
    assert_eq!(net.layer.running_mean, start);
    let (weight, gradient) =
        (net.layer.weight, net.gradient(&inputs, &inputs, &MeanSquaredError).1);
    net.train_step(&inputs, &inputs, &MeanSquaredError, &mut Sgd::new(0.5));
    let mean = net.layer.running_mean.as_slice();
    assert_close(mean, &case.numbers("running_mean"), 1e-12, "running mean");
    let variance = net.layer.running_var.as_slice();
    assert_close(variance, &case.numbers("running_var"), 1e-12, "running variance");
    assert!((net.layer.weight - (weight - gradient.layer.weight * 0.5)).norm() < 1e-12);
}

/// The network of the file image_stack.safetensors.
#[repr(C)]
#[derive(Parameters)]
#[parameters(scalar = f64)]
struct Stack {
    conv1:
        Conv<f64, 4, 6, Pixels<2, 5, 5>, Pixels<4, 3, 4>, Window<3, 2, 1, 1, 0, 0, 0, 0, 1, 1, 2>>,
    batchnorm1: BatchNorm<f64, Pixels<4, 3, 4>, 4>,
    layernorm1: LayerNorm<f64, Pixels<4, 3, 4>, 48>,
}

impl Layer for Stack {
    type Input = Pixels<2, 5, 5>;
    type Output = Pixels<4, 3, 4>;
    type Activation = Identity;
    const MULTIPLY_ADDS: usize = 0;

    fn infer_one<S: Simd>(&self, simd: S, input: &Self::Input, output: &mut Self::Output) {
        let (mut convolved, mut normalized) = Default::default();
        self.conv1.infer_one(simd, input, &mut convolved);
        self.batchnorm1.infer_one(simd, &convolved, &mut normalized);
        self.layernorm1.infer_one(simd, &normalized, output);
    }

    fn infer<S: Simd>(&self, simd: S, inputs: &[Self::Input], outputs: &mut [Self::Output]) {
        for (input, output) in inputs.iter().zip(outputs) {
            self.infer_one(simd, input, output);
        }
    }

    fn initialize<R: Rng + ?Sized>(&mut self, rng: &mut R) {
        self.conv1.initialize(rng);
        self.batchnorm1.initialize(rng);
        self.layernorm1.initialize(rng);
    }

    fn describe(path: &Name<'_>, visit: &mut dyn FnMut(&Name<'_>, Part)) {
        Conv::<
            f64,
            4,
            6,
            Pixels<2, 5, 5>,
            Pixels<4, 3, 4>,
            Window<3, 2, 1, 1, 0, 0, 0, 0, 1, 1, 2>,
        >::describe(&path.field("conv1"), visit);
        BatchNorm::<f64, Pixels<4, 3, 4>, 4>::describe(&path.field("batchnorm1"), visit);
        LayerNorm::<f64, Pixels<4, 3, 4>, 48>::describe(&path.field("layernorm1"), visit);
    }
}

impl Network for Stack {
    const NAME: &'static str = "Stack";
}

/// PyTorch's file is read, and written again with the same names, shapes and numbers.
#[test]
fn files() {
    let fixture = path("image_stack.safetensors");
    let net = Stack::load(&fixture).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let copy = directory.path().join("copy.safetensors");
    net.save(&copy).unwrap();
    let (theirs, ours) = (std::fs::read(&fixture).unwrap(), std::fs::read(&copy).unwrap());
    let theirs = SafeTensors::deserialize(&theirs).unwrap();
    let ours = SafeTensors::deserialize(&ours).unwrap();
    assert_eq!(ours.len(), 8);
    for (name, tensor) in ours.iter() {
        let expected = theirs.tensor(name).unwrap();
        assert_eq!(tensor.shape(), expected.shape(), "{name}");
        assert_eq!(tensor.data(), expected.data(), "{name}");
    }
    assert_eq!(ours.tensor("conv1.weight").unwrap().shape(), [4, 1, 3, 2]);
    assert_eq!(ours.tensor("layernorm1.weight").unwrap().shape(), [4, 3, 4]);
    // The second number of the file is the first channel's in the second column of its window.
    let numbers = ours.tensor("conv1.weight").unwrap().data()[8..16].try_into().unwrap();
    assert_eq!(f64::from_le_bytes(numbers), net.conv1.weight[(0, 1)]);
    let numbers = ours.tensor("layernorm1.bias").unwrap().data()[8..16].try_into().unwrap();
    assert_eq!(f64::from_le_bytes(numbers), net.layernorm1.bias[1]);
}
