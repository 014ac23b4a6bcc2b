//! What validation measures follows the loss: every loss with every kind of target behind every last activation.

use axonal::activations::LastActivation;
use axonal::evaluation::{Meter, Score};
use axonal::losses::Loss;
use axonal::prelude::*;
use axonal::shapes::vector;
use axonal::training::{Epoch, History};

/// Which of three answers is yes, of four samples.
const YES: [[bool; 3]; 4] =
    [[true, false, false], [false, true, true], [true, true, false], [false, false, true]];
/// The classes of four samples.
const CLASSES: [usize; 4] = [0, 1, 2, 1];

/// Scores that say so, those that say it of all samples but the last one, and those that are all wrong.
fn ideal<const N: usize>(yes: impl Fn(usize, usize) -> bool) -> [Vec<SVector<f32, N>>; 3] {
    let score = |right: bool| if right { 3.0 } else { -3.0 };
    let of = |is_right: fn(usize) -> bool| -> Vec<SVector<f32, N>> {
        let sample = |i| SVector::from_fn(|k, _| score(yes(i, k) == is_right(i)));
        (0..4).map(sample).collect()
    };
    [of(|_| true), of(|i| i != 3), of(|_| false)]
}

fn by_class() -> [Vec<SVector<f32, 3>>; 3] {
    ideal(|i, k| CLASSES[i] == k)
}

fn answers<const N: usize>() -> [Vec<SVector<f32, N>>; 3] {
    ideal(|i, k| YES[i][k])
}

fn pictures<const C: usize>(of: [Vec<SVector<f32, C>>; 3]) -> [Vec<Image<C, 1, 1>>; 3] {
    of.map(|of| of.iter().map(picture).collect())
}

/// Answers as numbers.
fn numbers<const N: usize>(no: f32, yes: f32) -> Vec<SVector<f32, N>> {
    YES.map(|answers| SVector::from_fn(|k, _| if answers[k] { yes } else { no })).to_vec()
}

fn probabilities() -> Vec<SVector<f32, 3>> {
    CLASSES.map(|class| SVector::from_fn(|k, _| if k == class { 0.9 } else { 0.05 })).to_vec()
}

fn class<const N: usize>(index: usize) -> Class<N> {
    Class::new(index).unwrap()
}

fn picture<const C: usize>(numbers: &SVector<f32, C>) -> Image<C, 1, 1> {
    Image::from_slice(numbers.as_slice()).unwrap()
}

/// The epochs of wrong, perfect and nearly perfect outputs: the second is the best.
fn check(row: &str, metric: &str, perfect: f64, [good, nearly, bad]: [Epoch; 3]) {
    let [right, most, wrong] =
        [&good, &nearly, &bad].map(|epoch| epoch.validation.clone().unwrap());
    for validation in [&right, &most, &wrong] {
        assert_eq!(validation.metric, metric, "{row}");
    }
    approx::assert_relative_eq!(right.score, perfect, epsilon = 1e-6);
    assert!(right.is_better_than(&most), "{row}: {right:?} {most:?}");
    assert!(most.is_better_than(&wrong), "{row}: {most:?} {wrong:?}");
    let history = History { epochs: vec![bad, good, nearly], ..History::default() };
    assert_eq!(history.best(), Some(&history.epochs[1]), "{row}");
    assert!(history.to_string().contains(metric), "{row}");

    // NaN is not the best, wherever it stands.
    for epoch in [0, 2] {
        let mut history = history.clone();
        history.epochs[epoch].validation.as_mut().unwrap().score = f64::NAN;
        assert_eq!(history.best(), Some(&history.epochs[1]), "{row}");
    }
}

/// Validates a network whose outputs are an activation of its inputs.
macro_rules! row {
    ($net:ident, $inputs:expr, $loss:expr, $targets:expr, $metric:expr, $perfect:expr) => {{
        let row = format!(
            "{} behind {}, targets {}",
            stringify!($loss),
            stringify!($net),
            stringify!($targets)
        );
        let targets = $targets;
        let epochs = $inputs.map(|inputs| {
            let data = Dataset::new(inputs, targets.clone()).unwrap();
            let mut rng = StdRng::seed_from_u64(1);
            let mut net = $net::random(&mut rng);
            let mut trainer = Trainer::new($loss, Sgd::new(0.1)).validate_on(&data);
            trainer.fit(&mut *net, &data, &mut rng).unwrap().epochs.remove(0)
        });
        check(&row, $metric, $perfect, epochs);
    }};
}

/// The rows of any last activation.
macro_rules! of_any {
    ($activation:ident) => {
        network! { struct Three<input 3 => $activation>; }
        network! { struct Picture<input 3x1x1 => $activation>; }
        let classes = || CLASSES.map(class::<3>).to_vec();
        // The targets of a regression: what the best inputs give.
        let net = Three::zeros();
        let regression =
            || answers::<3>()[0].iter().map(|x| net.forward(x)).collect::<Vec<SVector<f32, 3>>>();
        let images = || {
            let net = Picture::zeros();
            pictures(answers())[0].iter().map(|x| net.forward(x)).collect::<Vec<Image<3, 1, 1>>>()
        };

        row!(Three, by_class(), CrossEntropy, classes(), "accuracy", 1.0);
        row!(Three, by_class(), CrossEntropy, probabilities(), "accuracy", 1.0);
        row!(Three, by_class(), Hinge, classes(), "accuracy", 1.0);
        row!(Three, answers::<3>(), MeanSquaredError, regression(), "R²", 1.0);
        row!(Three, answers::<3>(), MeanAbsoluteError, regression(), "R²", 1.0);
        row!(Three, answers::<3>(), Huber, regression(), "R²", 1.0);
        row!(Three, answers::<3>(), Huber::new(0.1), regression(), "R²", 1.0);
        row!(Picture, pictures(answers()), MeanSquaredError, images(), "R²", 1.0);
        row!(Picture, pictures(answers()), MeanAbsoluteError, images(), "R²", 1.0);
        row!(Picture, pictures(answers()), Huber, images(), "R²", 1.0);
        let pixels = || CLASSES.map(|index| [[class::<3>(index)]]).to_vec();
        let soft = || probabilities().iter().map(picture).collect::<Vec<_>>();
        row!(Picture, pictures(by_class()), CrossEntropy, pixels(), "accuracy", 1.0);
        row!(Picture, pictures(by_class()), CrossEntropy, soft(), "accuracy", 1.0);
    };
}

/// The rows of an activation that looks at each number alone.
macro_rules! of_elementwise {
    ($($activation:ident),*) => {
        $({
            of_any!($activation);
            network! { struct One<input 1 => $activation>; }
            network! { struct Mask<input 1x1x1 => $activation>; }
            let bools = || YES.map(|answers| answers[0]).to_vec();
            let classes = || YES.map(|answers| Class::from(answers[0])).to_vec();
            let mask = || YES.map(|answers| [[answers[0]]]).to_vec();
            let mask_of_classes = || YES.map(|answers| [[Class::from(answers[0])]]).to_vec();
            let zeros_and_ones = || numbers::<3>(0.0, 1.0).iter().map(picture).collect::<Vec<_>>();
            let signs = || numbers::<3>(-1.0, 1.0).iter().map(picture).collect::<Vec<_>>();
            row!(Three, answers::<3>(), BinaryCrossEntropy, numbers::<3>(0.0, 1.0), "accuracy", 1.0);
            row!(Three, answers::<3>(), BinaryCrossEntropy, numbers::<3>(0.1, 0.9), "accuracy", 1.0);
            row!(One, answers::<1>(), BinaryCrossEntropy, numbers::<1>(0.0, 1.0), "accuracy", 1.0);
            row!(One, answers::<1>(), BinaryCrossEntropy, bools(), "accuracy", 1.0);
            row!(One, answers::<1>(), BinaryCrossEntropy, classes(), "accuracy", 1.0);
            row!(Three, answers::<3>(), Hinge, numbers::<3>(-1.0, 1.0), "accuracy", 1.0);
            row!(One, answers::<1>(), Hinge, numbers::<1>(-1.0, 1.0), "accuracy", 1.0);
            row!(One, answers::<1>(), Hinge, classes(), "accuracy", 1.0);
            row!(Picture, pictures(answers()), Hinge, signs(), "accuracy", 1.0);
            row!(Picture, pictures(answers()), BinaryCrossEntropy, zeros_and_ones(), "accuracy", 1.0);
            row!(Mask, pictures(answers()), BinaryCrossEntropy, mask(), "accuracy", 1.0);
            row!(Mask, pictures(answers()), BinaryCrossEntropy, mask_of_classes(), "accuracy", 1.0);
        })*
    };
}

#[test]
fn the_metric_follows_the_loss() {
    of_elementwise!(identity, sigmoid, hard_sigmoid, tanh, relu);
}

#[test]
fn the_metric_follows_the_loss_behind_softmax() {
    of_any!(softmax);
}

/// Layers that pass probabilities on do not hide them: they are decided at 1/2.
#[test]
fn the_threshold_is_that_of_the_activation_before_layers_that_pass_numbers_on() {
    network! {
        struct Same<input 3 => sigmoid => identity>;
        struct Shaped<input 3 => sigmoid => reshape 3x1x1 => flatten>;
        struct Flat<input 3x1x1 => sigmoid => flatten>;
        struct Pooled<input 3x1x1 => sigmoid => maxpool 1x1 => flatten>;
    }
    let labels = || numbers::<3>(0.0, 1.0);
    row!(Same, answers::<3>(), BinaryCrossEntropy, labels(), "accuracy", 1.0);
    row!(Shaped, answers::<3>(), BinaryCrossEntropy, labels(), "accuracy", 1.0);
    row!(Flat, pictures(answers()), BinaryCrossEntropy, labels(), "accuracy", 1.0);
    row!(Pooled, pictures(answers()), BinaryCrossEntropy, labels(), "accuracy", 1.0);
    let data = Dataset::new(pictures(answers::<3>())[0].clone(), labels()).unwrap();
    assert_eq!(Evaluation::by(&*Flat::zeros(), &data, &BinaryCrossEntropy).accuracy(), 1.0);
}

network! {
    struct Quantiles<input 2 => dense 4 silu => dense 3>;
    struct Digits<input 2 => dense 3>;
}

/// A loss of one's own for targets that have no metric: three quantiles of one number.
struct Pinball;

impl<A: LastActivation> Loss<SVector<f32, 3>, SVector<f32, 1>, A> for Pinball {
    type Size = vector<3>;

    fn evaluate(
        &self,
        scores: &mut [SVector<f32, 3>],
        targets: &[SVector<f32, 1>],
        scale: f32,
    ) -> f64 {
        let mut sum = 0.0;
        for (scores, target) in scores.iter_mut().zip(targets) {
            for (score, q) in scores.iter_mut().zip([0.1_f32, 0.5, 0.9]) {
                let distance = target[0] - *score;
                let slope = if distance > 0.0 { q } else { q - 1.0 };
                sum += f64::from(slope * distance) / 3.0;
                *score = -slope / 3.0 * scale;
            }
        }
        sum
    }
}

#[test]
fn validation_needs_no_more_than_the_loss() {
    let data = super::curve(40);
    let mut rng = StdRng::seed_from_u64(1);
    let mut net = Quantiles::random(&mut rng);
    let mut trainer = Trainer::new(Pinball, Adam::new(0.01)).epochs(12).validate_on(&data);
    let history = trainer.fit(&mut *net, &data, &mut rng).unwrap();
    let losses: Vec<f64> = history
        .epochs
        .iter()
        .map(|epoch| {
            let validation = epoch.validation.as_ref().unwrap();
            assert_eq!((validation.metric, validation.score), ("loss", validation.loss));
            assert!(!validation.larger_is_better);
            validation.loss
        })
        .collect();
    let best = history.best().unwrap().validation.as_ref().unwrap().loss;
    assert_eq!(best, losses.iter().copied().fold(f64::INFINITY, f64::min));
    assert!(best < losses[0]);
    // The loss is not said twice.
    let line = history.last().unwrap().to_string();
    assert_eq!(line.matches("loss").count(), 2, "{line}");
}

/// A cross-entropy of one's own, with the metric of ours, or with one of one's own.
struct Halved {
    counts_wrong: bool,
}

/// The number of wrong classes.
#[derive(Default)]
struct Wrong(f64);

impl Meter<SVector<f32, 3>, Class<3>> for Wrong {
    fn record(&mut self, outputs: &[SVector<f32, 3>], targets: &[Class<3>]) {
        let wrong = outputs.iter().zip(targets).filter(|(o, target)| o.imax() != target.index());
        self.0 += wrong.count() as f64;
    }

    fn score(&self) -> Score {
        Score::smaller("wrong", self.0)
    }
}

impl<A: LastActivation> Loss<SVector<f32, 3>, Class<3>, A> for Halved {
    type Size = vector<3>;

    fn evaluate(&self, scores: &mut [SVector<f32, 3>], targets: &[Class<3>], scale: f32) -> f64 {
        0.5 * Loss::<_, _, A>::evaluate(&CrossEntropy, scores, targets, 0.5 * scale)
    }

    fn meter(&self) -> Option<Box<dyn Meter<SVector<f32, 3>, Class<3>>>> {
        if self.counts_wrong {
            Some(Box::new(Wrong::default()))
        } else {
            Loss::<_, _, A>::meter(&CrossEntropy)
        }
    }
}

#[test]
fn a_loss_of_ones_own_says_what_is_measured() {
    // More than the samples of one pass of the evaluation.
    let inputs = (0..3000).map(|i| SVector::from([(i as f32).sin(), (i as f32 * 0.7).cos()]));
    let target =
        |x: &SVector<f32, 2>| class(if x[0] > 0.5 { 0 } else { 1 + usize::from(x[1] > 0.0) });
    let data: Dataset<SVector<f32, 2>, Class<3>> = inputs.map(|x| (x, target(&x))).collect();
    let run = |counts_wrong| {
        let mut rng = StdRng::seed_from_u64(1);
        let mut net = Digits::random(&mut rng);
        let mut trainer =
            Trainer::new(Halved { counts_wrong }, Adam::new(0.01)).epochs(3).validate_on(&data);
        let history = trainer.fit(&mut *net, &data, &mut rng).unwrap();
        let accuracy = Evaluation::of(&*net, &data).accuracy();
        (history.last().unwrap().validation.clone().unwrap(), accuracy)
    };
    let (validation, accuracy) = run(false);
    assert_eq!((validation.metric, validation.score), ("accuracy", accuracy));
    assert!(validation.larger_is_better);
    let (validation, accuracy) = run(true);
    assert_eq!(
        (validation.metric, validation.score),
        ("wrong", (3000.0 * (1.0 - accuracy)).round())
    );
    assert!(!validation.larger_is_better && (0.5..1.0).contains(&accuracy));
}

/// R² of one sample is not defined, and of equal targets it is 0 in every epoch: the loss has to do.
#[test]
fn validation_on_one_sample_or_on_equal_targets() {
    let inputs = super::curve(20).inputs().to_vec();
    let equal = Dataset::new(inputs, vec![SVector::from([0.3]); 20]).unwrap();
    for data in [super::curve(1), equal] {
        let mut rng = StdRng::seed_from_u64(1);
        let mut net = super::Line::random(&mut rng);
        let mut trainer =
            Trainer::new(MeanSquaredError, Sgd::new(0.05)).epochs(5).validate_on(&data);
        let history = trainer.fit(&mut *net, &data, &mut rng).unwrap();
        assert_eq!(history.best().unwrap().number, 5);
        assert_eq!(history.best().unwrap().validation.as_ref().unwrap().metric, "loss");
    }
}
