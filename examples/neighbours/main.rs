//! The same data through a k-nearest-neighbours classifier (k = 3, of the crate `smartcore`) and through a network:
//! close in accuracy; in prediction time the neighbours fall far behind where there are many of them, as in MNIST.
//!
//! What is printed is what was measured: on how many samples, and how sure an accuracy on so few is.
//!
//! `cargo run --release --example neighbours`

use std::path::Path;
use std::time::{Duration, Instant};

use axonal::data;
use axonal::prelude::*;
use smartcore::algorithm::neighbour::KNNAlgorithmName;
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::metrics::distance::euclidian::Euclidian;
use smartcore::neighbors::knn_classifier::{KNNClassifier, KNNClassifierParameters};

network! {
    /// Four measures of a flower in, one score a species out.
    struct Flowers<input 4 => dense 16 tanh => dense 3>;

    /// 28x28 grey pixels in, one score a digit out.
    struct Digits<input 784 => dense 128 sigmoid => dense 10>;
}

/// Accuracy, and the time to predict all samples.
struct Result {
    accuracy: f64,
    time: Duration,
}

type Labelled<const N: usize, const C: usize> = Dataset<SVector<f32, N>, Class<C>>;

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data");
    let mut rng = StdRng::seed_from_u64(7);

    let mut iris: Labelled<4, 3> = data::csv(directory.join("iris.csv")).classification()?;
    iris.shuffle(&mut rng);
    let (train, test) = iris.split_stratified(0.67)?;
    let (train, test) = standardized(train, test)?;
    let mut net = Flowers::random(&mut rng);
    Trainer::new(CrossEntropy, Adam::new(0.01)).epochs(200).fit(&mut *net, &train, &mut rng)?;
    report("iris", test.len(), &neighbours(&train, &test)?, &network(&*net, &test));

    let mnist = data::mnist(directory.join("mnist"))?;
    let mut net = Digits::random(&mut rng);
    Trainer::new(CrossEntropy, Adam::new(2e-3))
        .epochs(10)
        .schedule(Schedule::Cosine)
        .progress_bar()
        .fit(&mut *net, &mnist.train, &mut rng)?;
    // A prediction looks at all 60,000 neighbours: 250 of the test images, drawn at random, have to do.
    let mut test = mnist.test;
    test.shuffle(&mut rng);
    let (some, _) = test.split(0.025)?;
    report("MNIST", some.len(), &neighbours(&mnist.train, &some)?, &network(&*net, &some));
    Ok(())
}

/// Both sets with the mean and deviation of the training set taken out.
fn standardized<const N: usize, const C: usize>(
    train: Labelled<N, C>,
    test: Labelled<N, C>,
) -> std::result::Result<(Labelled<N, C>, Labelled<N, C>), axonal::Error> {
    let scaler = data::Standardizer::fit(train.inputs())?;
    let scale = |mut data: Labelled<N, C>| {
        scaler.transform(data.inputs_mut());
        data
    };
    Ok((scale(train), scale(test)))
}

fn neighbours<const N: usize, const C: usize>(
    train: &Labelled<N, C>,
    test: &Labelled<N, C>,
) -> std::result::Result<Result, Box<dyn std::error::Error>> {
    let matrix = |data: &Labelled<N, C>| {
        let values = data.inputs().iter().flat_map(|input| input.iter().copied()).collect();
        DenseMatrix::new(data.len(), N, values, false)
    };
    let labels = |data: &Labelled<N, C>| -> Vec<usize> {
        data.targets().iter().map(|class| class.index()).collect()
    };
    let parameters = KNNClassifierParameters::default()
        .with_k(3)
        .with_algorithm(KNNAlgorithmName::LinearSearch)
        .with_distance(Euclidian::new());
    let classifier = KNNClassifier::fit(&matrix(train)?, &labels(train), parameters)?;
    let inputs = matrix(test)?;
    let start = Instant::now();
    let predicted = classifier.predict(&inputs)?;
    let time = start.elapsed();
    let right = predicted.iter().zip(labels(test)).filter(|(a, b)| **a == *b).count();
    Ok(Result { accuracy: right as f64 / test.len() as f64, time })
}

fn network<N, const I: usize, const C: usize>(net: &N, test: &Labelled<I, C>) -> Result
where
    N: Network<Scalar = f32, Input = SVector<f32, I>, Output = SVector<f32, C>>,
{
    let start = Instant::now();
    let accuracy = Evaluation::of(net, test).accuracy();
    let time = start.elapsed();
    Result { accuracy, time }
}

fn report(name: &str, samples: usize, neighbours: &Result, network: &Result) {
    println!("{name}: {samples} test samples");
    println!("{:<9}{:>20} {:>20}", "", "3 neighbours", "network");
    // The standard error of a share.
    let percent = |Result { accuracy, .. }: &Result| {
        let error = (accuracy * (1.0 - accuracy) / samples as f64).sqrt();
        format!("{:.1}% ± {:.1}%", 100.0 * accuracy, 100.0 * error)
    };
    println!("accuracy {:>20} {:>20}", percent(neighbours), percent(network));
    let time = |result: &Result| format!("{:.2?}", result.time);
    println!("time     {:>20} {:>20}\n", time(neighbours), time(network));
}
