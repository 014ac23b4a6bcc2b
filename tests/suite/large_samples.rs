//! Samples of megabytes, in a debug build, on a thread with the stack that threads have, 2 MiB: what the library does with them has room.
//!
//! A stack that overflows ends the process; what was being done is the name of the thread that the message shows.
#![cfg(all(feature = "train", feature = "files"))]

use axonal::data::Standardizer;
use axonal::data::augment::{Flip, Shift};
use axonal::evaluation::RegressionMetrics;
use axonal::prelude::*;

const LONG: usize = 1_000_000;

type Photo = Image<3, 224, 224>;
type Large = Image<3, 512, 512>;
type Spectrum = SVector<f32, LONG>;

network! {
    struct ClassesOfPhotos<input 3x224x224 => avgpool 16x16 => flatten => dense 2>;
    struct ClassesOfLarge<input 3x512x512 => maxpool 64x64 => flatten => dense 2>;
    struct ClassesOfSpectra<input 1000000 => relu => dense 2>;
    struct PhotosAgain<input 3x224x224 => batchnorm => residual { relu } project { sigmoid } => dropout 0.5>;
    struct LargeAgain<input 3x512x512 => batchnorm => residual { relu } project { leaky_relu }>;
    struct SpectraAgain<input 1000000 => batchnorm tanh => layernorm>;
    struct PhotosSoftmax<input 3x224x224 => softmax>;
    struct LargeSoftmax<input 3x512x512 => softmax>;
    struct SpectraSoftmax<input 1000000 => dropout 0.5 => softmax>;
    struct SpectraSigmoid<input 1000000 => sigmoid>;
}

fn rng() -> StdRng {
    StdRng::seed_from_u64(1)
}

fn on_a_default_stack<X: Sample>(name: &str, work: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(2 * 1024 * 1024);
    thread.name(format!("{name}, {}", X::SHAPE)).spawn(work).unwrap().join().unwrap();
}

/// Samples of two classes, each filled with a number of its own.
fn samples<X: Sample<Scalar = f32>>() -> Dataset<X, Class<2>> {
    let fill = |index, sample: &mut X| {
        sample.as_mut_slice().fill(0.25 * index as f32);
        Class::new(index % 2)
    };
    Dataset::try_from_fn(3, fill).unwrap()
}

fn first_numbers<X: Sample<Scalar = f32>, Y>(data: &Dataset<X, Y>) -> Vec<f32> {
    data.inputs().iter().map(|sample| sample.as_slice()[0]).collect()
}

fn data_sets<X: Sample<Scalar = f32>>() {
    on_a_default_stack::<X>("made on the heap", || {
        let mut sample = X::boxed_zeros();
        sample.as_mut_slice()[X::LEN - 1] = 1.0;
        assert!(X::zeros_vec(2)[1] != *sample);
    });
    on_a_default_stack::<X>("shuffled", || {
        let mut data = samples::<X>();
        data.shuffle(&mut rng());
        let mut numbers = first_numbers(&data);
        numbers.sort_by(f32::total_cmp);
        assert_eq!(numbers, [0.0, 0.25, 0.5]);
        assert_eq!(data.inputs()[0].as_slice()[0], data.inputs()[0].as_slice()[X::LEN - 1]);
    });
    on_a_default_stack::<X>("split", || {
        let (first, rest) = samples::<X>().split(0.67).unwrap();
        assert_eq!((first_numbers(&first), first_numbers(&rest)), (vec![0.0, 0.25], vec![0.5]));
    });
    on_a_default_stack::<X>("split by class", || {
        let (first, rest) = samples::<X>().split_stratified(0.5).unwrap();
        assert_eq!((first.class_counts(), rest.class_counts()), (vec![1, 1], vec![1, 0]));
        assert_eq!(first_numbers(&rest), [0.5]);
    });
    on_a_default_stack::<X>("filtered", || {
        let mut data = samples::<X>();
        data.retain(|sample, class| sample.as_slice()[0] > 0.0 && class.index() == 0);
        assert_eq!(first_numbers(&data), [0.5]);
    });
    on_a_default_stack::<X>("mapped", || {
        let data = samples::<X>().map_inputs_into(|input, output: &mut X| {
            output.as_mut_slice().copy_from_slice(input.as_slice());
            output.as_mut_slice()[0] += 1.0;
        });
        assert_eq!(first_numbers(&data), [1.0, 1.25, 1.5]);
        let data = data.map_targets(|class| class.index());
        assert_eq!(data.targets(), [0, 1, 0]);
        assert_eq!(data.batches(2).len(), 2);
        assert_eq!(first_numbers(&data.select([2, 0])), [1.5, 1.0]);
        drop(data.into_parts());
    });
    on_a_default_stack::<X>("cloned", || {
        assert_eq!(first_numbers(&samples::<X>().clone()), [0.0, 0.25, 0.5]);
    });
    on_a_default_stack::<X>("measured", || {
        let data = samples::<X>();
        let mut metrics = RegressionMetrics::new();
        metrics.record(&data.inputs()[2], &data.inputs()[1]);
        assert_eq!(metrics.mse(), 0.0625);
    });
}

#[test]
fn data_sets_of_large_samples_have_room() {
    data_sets::<Photo>();
    data_sets::<Large>();
    data_sets::<Spectrum>();
    on_a_default_stack::<Spectrum>("standardized", || {
        let mut data = samples::<Spectrum>();
        let standardizer = Standardizer::fit(data.inputs()).unwrap();
        standardizer.transform(data.inputs_mut());
        assert!(first_numbers(&data).iter().sum::<f32>().abs() < 1e-6);
    });
    on_a_default_stack::<Large>("reshaped", || {
        let data = samples::<Large>().reshape_inputs::<SVector<f32, { 3 * 512 * 512 }>>();
        assert_eq!(first_numbers(&data), [0.0, 0.25, 0.5]);
    });
    on_a_default_stack::<Large>("filled", || {
        let mut image = Large::boxed_zeros();
        image.copy_from_pixels(&[255; 3 * 512 * 512]).unwrap();
        image.copy_from_bytes(&[0; 3 * 512 * 512]).unwrap();
        assert_eq!(image.to_pixels()[0], 0);
        let numbers = vec![1.0; 3 * 512 * 512];
        image.copy_from_slice(&numbers).unwrap();
        assert_eq!(image[(2, 511, 511)], 1.0);
    });
}

/// A classifier of each sample: trained with augmentation, validated, evaluated.
macro_rules! classifies {
    ($name:ident: $net:ident of $sample:ty, $augmentation:expr) => {
        #[test]
        fn $name() {
            on_a_default_stack::<$sample>("classified", || {
                let data = samples::<$sample>();
                let mut net = $net::random(&mut rng());
                let trainer = Trainer::new(CrossEntropy, Adam::default()).validate_on(&data);
                let mut trainer = trainer.augment($augmentation);
                trainer.fit(&mut *net, &data, &mut rng()).unwrap();
                assert!((0.0..=1.0).contains(&Evaluation::of(&*net, &data).accuracy()));
            });
        }
    };
}

classifies! { photos_are_classified: ClassesOfPhotos of Photo, (Shift::new(2), Flip::default()) }
classifies! { large_images_are_classified: ClassesOfLarge of Large, Flip::default() }
classifies! { spectra_are_classified: ClassesOfSpectra of Spectrum, |spectrum: &mut Spectrum, _: &mut dyn rand::Rng| spectrum[0] = 1.0 }

/// A network whose outputs are samples of the same size: each loss, each way through it.
macro_rules! gives_again {
    ($name:ident: [$($net:ident)+] of $sample:ty, $losses:tt) => {
        #[test]
        fn $name() {
            $(
                on_a_default_stack::<$sample>(stringify!($net), || {
                    let (data, _) = samples::<$sample>().split(0.67).unwrap();
                    let mut targets = <$sample>::zeros_vec(data.len());
                    targets.copy_from_slice(data.inputs());
                    let data = Dataset::new(data.into_parts().0, targets).unwrap();
                    let mut net = $net::random(&mut rng());
                    let mut output = <$sample>::boxed_zeros();
                    net.forward_into(&data.inputs()[0], &mut output);
                    let mut outputs = <$sample>::zeros_vec(2);
                    net.forward_batch(data.inputs(), &mut outputs);
                    assert!(*output == outputs[0]);
                    gives_again!(@losses net, data, $losses);
                });
            )+
        }
    };
    (@losses $net:ident, $data:ident, [$($loss:expr),+]) => {$(
        // A step, a loss and a measurement.
        let mut trainer = Trainer::new($loss, Sgd::new(0.0)).validate_on(&$data);
        let history = trainer.fit(&mut $net, &$data, &mut rng()).unwrap();
        assert!(history.epochs[0].loss.is_finite());
    )+};
}

gives_again! { photos_again: [PhotosAgain PhotosSoftmax] of Photo, [MeanSquaredError] }
gives_again! { large_images_again: [LargeAgain LargeSoftmax] of Large, [MeanAbsoluteError] }
gives_again! { spectra_again: [SpectraAgain SpectraSoftmax] of Spectrum, [CrossEntropy] }
gives_again! { spectra_of_probabilities: [SpectraSigmoid] of Spectrum, [BinaryCrossEntropy] }

#[test]
fn an_output_of_half_a_megabyte_is_a_value() {
    on_a_default_stack::<Photo>("forward", || {
        let net = PhotosSoftmax::zeros();
        assert_eq!(net.forward(&Photo::boxed_zeros())[(0, 0, 0)], 1.0 / 3.0);
    });
}
