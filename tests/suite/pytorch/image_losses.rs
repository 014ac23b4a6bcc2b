//! Values and gradients of the losses that images have, and of those of probabilities.

use approx::assert_relative_eq;
use axonal::activations::{HardSigmoid, Identity, Probabilities, Sigmoid, Softmax};
use axonal::losses::Loss;
use axonal::prelude::*;

use super::{lines, parse};

const SAMPLES: usize = 2;

/// The numbers of a case, as images of `C` channels, and its targets.
struct Case<const C: usize> {
    numbers: Vec<Image<C, 3, 5, f64>>,
    targets: Vec<f64>,
    loss: f64,
    gradient: Vec<f64>,
}

impl<const C: usize> Case<C> {
    fn new(name: &str) -> Self {
        let line = lines(include_str!("../../fixtures/image_losses.txt"))
            .find(|line| line[0] == name)
            .unwrap_or_else(|| panic!("the fixture has no `{name}`"));
        assert_eq!(line[1..5], ["2", &C.to_string(), "3", "5"]);
        let all = parse(&line[5..]);
        let count = SAMPLES * C * 15;
        let (numbers, rest) = all.split_at(count);
        let (rest, gradient) = rest.split_at(rest.len() - count);
        let (loss, targets) = rest.split_last().unwrap();
        Self {
            numbers: images(numbers),
            targets: targets.to_vec(),
            loss: *loss,
            gradient: gradient.to_vec(),
        }
    }

    fn images(&self) -> Vec<Image<C, 3, 5, f64>> {
        images(&self.targets)
    }

    /// Something for each pixel of each image.
    fn pixels<Y>(&self, of: impl Fn(usize) -> Y) -> Vec<[[Y; 5]; 3]> {
        assert_eq!(self.targets.len(), SAMPLES * 15);
        let target = |sample: usize, row: usize, column: usize| {
            of(self.targets[(sample * 3 + row) * 5 + column] as usize)
        };
        let image = |sample| {
            std::array::from_fn(|row| std::array::from_fn(|column| target(sample, row, column)))
        };
        (0..SAMPLES).map(image).collect()
    }

    /// The loss behind the activation `A`, which is given the numbers of the case.
    fn check<A, Y, L: Loss<Image<C, 3, 5, f64>, Y, A>>(&self, loss: &L, targets: &[Y]) {
        let mut numbers = self.numbers.clone();
        let sum = loss.evaluate(&mut numbers, targets, 1.0 / SAMPLES as f64);
        assert_relative_eq!(sum / SAMPLES as f64, self.loss, max_relative = 1e-13);
        let gradient = numbers.iter().flat_map(|image| image.as_slice());
        for (number, expected) in gradient.zip(&self.gradient) {
            // PyTorch divides by a number of `f32` where a probability is certain.
            let allowed = if expected.abs() > 1e6 { 1e-8 } else { 1e-12 };
            assert_relative_eq!(number, expected, max_relative = allowed, epsilon = 1e-16);
        }
    }
}

fn images<const C: usize>(numbers: &[f64]) -> Vec<Image<C, 3, 5, f64>> {
    let image = |numbers: &[f64]| {
        let mut image = Image::default();
        image.as_mut_slice().copy_from_slice(numbers);
        image
    };
    numbers.chunks(C * 15).map(image).collect()
}

#[test]
fn a_class_a_pixel() {
    for name in ["cross_entropy", "cross_entropy_large"] {
        let case = Case::<4>::new(name);
        let classes = case.pixels(|class| Class::<4>::new(class).unwrap());
        case.check::<Identity, _, _>(&CrossEntropy, &classes);
        case.check::<Softmax, _, _>(&CrossEntropy, &classes);
    }
    let case = Case::<4>::new("classes_of_probabilities");
    let classes = case.pixels(|class| Class::<4>::new(class).unwrap());
    case.check::<Probabilities<Softmax>, _, _>(&CrossEntropy, &classes);
}

#[test]
fn shares_of_classes_for_each_pixel() {
    for name in ["cross_entropy_soft", "cross_entropy_unnormalized"] {
        let case = Case::<4>::new(name);
        case.check::<Identity, _, _>(&CrossEntropy, &case.images());
        case.check::<Softmax, _, _>(&CrossEntropy, &case.images());
    }
}

#[test]
fn masks() {
    for name in ["binary", "binary_large"] {
        let case = Case::<4>::new(name);
        case.check::<Identity, _, _>(&BinaryCrossEntropy, &case.images());
        case.check::<Sigmoid, _, _>(&BinaryCrossEntropy, &case.images());
    }
    let case = Case::<1>::new("mask");
    case.check::<Identity, _, _>(&BinaryCrossEntropy, &case.images());
    case.check::<Identity, _, _>(&BinaryCrossEntropy, &case.pixels(|answer| answer == 1));
    let classes = case.pixels(|answer| Class::from(answer == 1));
    case.check::<Sigmoid, _, _>(&BinaryCrossEntropy, &classes);
}

#[test]
fn probabilities() {
    let case = Case::<4>::new("probabilities");
    case.check::<Probabilities<Sigmoid>, _, _>(&BinaryCrossEntropy, &case.images());
    let case = Case::<1>::new("mask_of_probabilities");
    let answers = case.pixels(|answer| answer == 1);
    case.check::<Probabilities<HardSigmoid>, _, _>(&BinaryCrossEntropy, &answers);
}
