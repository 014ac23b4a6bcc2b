//! `docs/errors.md`: each error is produced, and its message is the one of the page.

use std::fs;
use std::path::Path;

use axonal::data::Standardizer;
use axonal::prelude::*;
use axonal::{Error, Image};

const PAGE: &str = include_str!("../../docs/errors.md");

network! {
    struct Digits<input 784 => dense 128 sigmoid => dense 10>;
    struct Small<input 784 => dense 32 sigmoid => dense 10>;
    struct Line<input 1 => dense 1>;
}

/// An error as the page has it: without the directory of the test, and without what the system says.
#[track_caller]
fn documented(error: &Error, directory: &Path) {
    let text = error.to_string().replace(&format!("{}/", directory.display()), "data/");
    let text = text.replace(&directory.display().to_string(), "data");
    assert!(PAGE.contains(&format!("\n{text}\n")), "not in docs/errors.md: {text}");
}

#[test]
fn every_error_is_on_the_page() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();

    let error = Digits::load(here.join("digits.safetensors")).unwrap_err();
    assert!(matches!(error, Error::Io { action: "read", .. }));
    documented(&error, here);

    let error = axonal::data::mnist(here).unwrap_err();
    assert!(matches!(error, Error::FileNotFound { .. }));
    documented(&error, here);

    fs::write(here.join("iris.csv"), "length,width,class\n5.1,3.5,0\n4.9,wide,0\n").unwrap();
    let error = axonal::data::csv(here.join("iris.csv")).classification::<f32, 2, 3>().unwrap_err();
    assert!(matches!(error, Error::Format { .. }));
    documented(&error, here);

    Small::zeros().save(here.join("small.safetensors")).unwrap();
    let error = Digits::load(here.join("small.safetensors")).unwrap_err();
    assert!(matches!(error, Error::Tensor { .. }));
    documented(&error, here);

    let error = Digits::from_bytes(&Small::zeros().to_bytes()).unwrap_err();
    assert!(matches!(error, Error::Weights(_)));
    documented(&error, here);

    let error = Image::<3, 32, 32>::from_slice(&[0.0; 3000]).unwrap_err();
    assert!(matches!(error, Error::SampleLength { expected: 3072, found: 3000, .. }));
    documented(&error, here);

    let error = Class::<10>::new(10).unwrap_err();
    assert!(matches!(error, Error::ClassOutOfRange { class: 10, classes: 10 }));
    documented(&error, here);

    let error = Dataset::new(vec![1.0, 2.0, 3.0], vec![true, false]).unwrap_err();
    assert!(matches!(error, Error::LengthMismatch { inputs: 3, targets: 2 }));
    documented(&error, here);

    let data: Dataset<i32, bool> = [(1, true), (2, false)].into_iter().collect();
    let error = data.split(80.0).unwrap_err();
    assert!(matches!(error, Error::FractionOutOfRange { .. }));
    documented(&error, here);

    let inputs = [SVector::from([1.0, f64::NAN]), SVector::from([2.0, 3.0])];
    let error = Standardizer::fit(&inputs).unwrap_err();
    assert!(matches!(error, Error::InvalidNumber { .. }));
    documented(&error, here);

    let mut rng = StdRng::seed_from_u64(1);
    let mut net = Line::random(&mut rng);
    let none: Dataset<SVector<f32, 1>, SVector<f32, 1>> = Dataset::new(vec![], vec![]).unwrap();
    let error =
        Trainer::new(MeanSquaredError, Sgd::new(0.1)).fit(&mut *net, &none, &mut rng).unwrap_err();
    assert!(matches!(error, Error::Empty { .. }));
    documented(&error, here);

    documented(&Error::other("the battery is low"), here);

    let samples = vec![SVector::from([f32::NAN])];
    let data = Dataset::new(samples.clone(), samples).unwrap();
    let error =
        Trainer::new(MeanSquaredError, Sgd::new(0.1)).fit(&mut *net, &data, &mut rng).unwrap_err();
    assert!(matches!(error, Error::Diverged { epoch: 1, step: 1, .. }));
    documented(&error, here);

    let good = Dataset::new(vec![SVector::from([1.0])], vec![SVector::from([1.0])]).unwrap();
    let mut trainer = Trainer::new(MeanSquaredError, Sgd::new(0.1)).validate_on(&data);
    let error = trainer.fit(&mut *net, &good, &mut rng).unwrap_err();
    assert!(matches!(error, Error::DivergedInValidation { epoch: 1, .. }));
    documented(&error, here);
}

/// The messages of the compiler on the page are those of `tests/ui`, which the compiler is asked for.
#[test]
fn every_compile_error_is_one_of_the_tests() {
    let mut known = String::new();
    for group in fs::read_dir("tests/ui").unwrap() {
        for file in fs::read_dir(group.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "stderr") {
                known += &fs::read_to_string(path).unwrap().replace("axonal::prelude::", "");
            }
        }
    }
    let known: Vec<&str> = known.lines().collect();
    let mut count = 0;
    for line in PAGE.lines().filter(|line| line.starts_with("error")) {
        assert!(known.contains(&line), "not in tests/ui: {line}");
        count += 1;
    }
    assert!(count >= 20, "{count} mistakes");
}
