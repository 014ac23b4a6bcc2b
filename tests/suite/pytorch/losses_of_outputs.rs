//! Values and gradients of losses of given outputs, of 6 numbers a sample.

use approx::assert_relative_eq;
use axonal::Sample;
use axonal::losses::{OutputLoss, gradient, value};
use axonal::prelude::*;

use super::{lines, parse};

type Outputs = SVector<f64, 6>;
type Picture = Image<3, 1, 2, f64>;

struct Case {
    scores: Vec<f64>,
    width: usize,
    targets: Vec<f64>,
    loss: f64,
    gradient: Vec<f64>,
}

impl Case {
    fn new(name: &str) -> Self {
        let line = lines(include_str!("../../fixtures/losses.txt"))
            .find(|line| line[0] == name)
            .unwrap_or_else(|| panic!("the fixture has no `{name}`"));
        let [samples, width, target_width] =
            [1, 2, 3].map(|index| line[index].parse::<usize>().unwrap());
        assert_eq!(width, 6);
        let numbers = parse(&line[4..]);
        let (scores, rest) = numbers.split_at(samples * width);
        let (targets, rest) = rest.split_at(samples * target_width);
        let (loss, gradient) = rest.split_first().unwrap();
        assert_eq!(gradient.len(), samples * width);
        Self {
            scores: scores.to_vec(),
            width: target_width,
            targets: targets.to_vec(),
            loss: *loss,
            gradient: gradient.to_vec(),
        }
    }

    fn rows<Y>(&self, row: impl Fn(&[f64]) -> Y) -> Vec<Y> {
        self.targets.chunks(self.width).map(row).collect()
    }

    /// Samples and targets with the loss.
    fn check<O, Y, L>(&self, name: &str, targets: &[Y], loss: &L)
    where
        O: Sample<Scalar = f64>,
        L: OutputLoss<O, Y>,
    {
        let mut outputs = O::zeros_vec(targets.len());
        for (output, scores) in outputs.iter_mut().zip(self.scores.chunks(6)) {
            output.as_mut_slice().copy_from_slice(scores);
        }
        let mut gradients = O::zeros_vec(targets.len());
        let mean = value(loss, &outputs, targets);
        assert_eq!(gradient(loss, &outputs, targets, &mut gradients), mean, "{name}");
        assert!(
            (mean - self.loss).abs() <= 1e-13 * (1.0 + self.loss.abs()),
            "{name}: {mean}, {}",
            self.loss
        );
        let found = gradients.iter().flat_map(|gradient| gradient.as_slice());
        for (found, expected) in found.zip(&self.gradient) {
            assert_relative_eq!(*found, *expected, max_relative = 1e-11, epsilon = 1e-15);
        }
    }
}

fn numbers<const N: usize>(row: &[f64]) -> SVector<f64, N> {
    SVector::from_column_slice(row)
}

fn picture(row: &[f64]) -> Picture {
    Picture::from_slice(row).unwrap()
}

fn class<const N: usize>(row: &[f64]) -> Class<N> {
    class_of(row[0])
}

fn class_of<const N: usize>(number: f64) -> Class<N> {
    Class::new(number as usize).unwrap()
}

fn pixels(row: &[f64]) -> [[Class<3>; 2]; 1] {
    [[class_of(row[0]), class_of(row[1])]]
}

fn with_weight(row: &[f64]) -> (Outputs, f64) {
    (numbers(&row[..6]), row[6])
}

macro_rules! losses {
    ($($name:ident: $loss:expr, $output:ty, $row:expr, $($suffix:literal),+;)+) => {$(
        #[test]
        fn $name() {
            for suffix in [$($suffix),+] {
                let name = format!("{}{suffix}", stringify!($name));
                let case = Case::new(&name);
                case.check::<$output, _, _>(&name, &case.rows($row), &$loss);
            }
        }
    )+};
}

losses! {
    poisson: PoissonNll, Outputs, numbers::<6>, "";
    poisson_rates: PoissonNll.rates(), Outputs, numbers::<6>, "";
    gaussian: GaussianNll, Outputs, numbers::<3>, "";
    gaussian_full: GaussianNll.full(), Outputs, numbers::<3>, "";
    kullback_leibler: KullbackLeibler, Outputs, numbers::<6>, "", "_large";
    kullback_leibler_pixels: KullbackLeibler, Picture, picture, "", "_large";
    cosine: CosineSimilarity, Outputs, numbers::<6>, "", "_large";
    quantile: Quantile::new(0.9), Outputs, numbers::<6>, "", "_large";
    log_cosh: LogCosh, Outputs, numbers::<6>, "", "_large";
    focal: Focal, Outputs, numbers::<6>, "", "_large";
    focal_alpha: Focal.gamma(1.5).alpha(0.25), Outputs, numbers::<6>, "", "_large";
    focal_classes: Focal, Outputs, class::<6>, "", "_large";
    focal_pixels: Focal, Picture, pixels, "", "_large";
    smoothed_classes: CrossEntropy.label_smoothing(0.1), Outputs, class::<6>, "", "_large";
    smoothed_soft: CrossEntropy.label_smoothing(0.1), Outputs, numbers::<6>, "", "_large";
    smoothed_pixels: CrossEntropy.label_smoothing(0.1), Picture, pixels, "", "_large";
    smoothed_answers: BinaryCrossEntropy.label_smoothing(0.1), Outputs, numbers::<6>, "", "_large";
    triplet: Triplet::new(1.5), Outputs, class::<3>, "", "_large";
    contrastive: Contrastive::new(5.0), Outputs, class::<3>, "", "_large";
    weighted_mse: MeanSquaredError.weighted(), Outputs, with_weight, "", "_large";
    weighted_soft: CrossEntropy.weighted(), Outputs, with_weight, "", "_large";
    sum: MeanSquaredError.plus(MeanAbsoluteError.scaled(0.5)), Outputs, numbers::<6>, "", "_large";
}
