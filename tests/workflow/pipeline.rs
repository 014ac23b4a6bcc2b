//! Raw rows in, numbers in their units or classes by name out, in one file.

use std::collections::HashMap;

use axonal::Error;
use axonal::data::{Csv, Fill, Standardizer, Table, csv, csv_from_bytes};
use axonal::pipeline::{Cell, Classification, Pipeline, Preprocessor, Regression};
use axonal::prelude::*;
use rand::RngExt;

network! {
    struct Houses<input 5 => dense 8 tanh => dense 1>;
    struct OtherHouses<input 5 => dense 8 relu => dense 1>;
    struct WiderHouses<input 5 => dense 9 tanh => dense 1>;
    struct Scores<input 4 => dense 6 relu => dense 3>;
    struct Softmaxed<input 4 => dense 6 relu => dense 3 softmax>;
    struct Answer<input 30 => dense 1>;
    struct Sigmoided<input 30 => dense 1 sigmoid>;
    struct Line<input 1 => dense 1>;
    struct Pair<input 1 => dense 2>;
    struct Pair1<input 2 => dense 1>;
}

const HOUSES: &str = "\
town,rooms,heating,built,price
Ulm,3,gas,1950,200000
Bonn,5,oil,,310000
Ulm,,gas,1990,150000
Köln,4,?,2010,420000
Bonn,2,oil,1970,180000
";

fn houses() -> Csv {
    csv_from_bytes(HOUSES)
        .one_hot_of("town", ["Ulm", "Bonn", "Köln"])
        .ignore("heating")
        .fill_missing(Fill::Mean)
}

fn rng() -> StdRng {
    StdRng::seed_from_u64(7)
}

fn trained_houses() -> (Pipeline<Houses, Regression>, Table) {
    let table = houses().table().unwrap();
    let preprocessor = Preprocessor::<Regression>::fit(&table).unwrap();
    let data = preprocessor.dataset(&table).unwrap();
    let mut net = Houses::random(&mut rng());
    Trainer::new(MeanSquaredError, Adam::new(0.02))
        .epochs(200)
        .fit(&mut *net, &data, &mut rng())
        .unwrap();
    (Pipeline::new(preprocessor, net).unwrap(), table)
}

#[test]
fn predictions_are_in_the_units_of_the_file() {
    let (model, table) = trained_houses();
    let predictions = model.predict_table(&table).unwrap();
    let prices = table.numbers("price").unwrap();
    for ([prediction], price) in predictions.iter().zip(&prices) {
        assert!((prediction - price).abs() < 20_000.0, "{prediction} is no {price}");
    }
    // By name in any order, by place, from a file: the same, and the same bits where the batch is as large.
    let near = |[a]: [f64; 1], [b]: [f64; 1]| (a - b).abs() < 0.1;
    let named = [("rooms", Cell::from(3)), ("built", "1950".into()), ("town", " Ulm ".into())];
    let first = model.predict(named).unwrap();
    assert!(near(first, predictions[0]));
    assert_eq!(model.predict(HashMap::from(named)).unwrap(), first);
    assert_eq!(model.predict_cells(["Ulm", "3", "1950"]).unwrap(), first);
    assert_eq!(model.predict_csv(&csv_from_bytes(HOUSES)).unwrap(), predictions);
    let german = "Baujahr;built;rooms;town\n0;1950;3,0;Ulm\n0;?;5;Bonn\n";
    let german = csv_from_bytes(german).delimiter(b';').decimal(b',');
    let two = model.predict_csv(&german).unwrap();
    assert!(two.len() == 2 && near(two[0], first) && near(two[1], predictions[1]));
    let plain = csv_from_bytes("Ulm,3,1950\n").no_header();
    assert!(near(model.predict_csv(&plain).unwrap()[0], first));
    // A missing value is filled in as in the training part, however it is said.
    for missing in [Cell::Missing, Cell::from(f64::NAN), "".into(), "NA".into(), None::<f64>.into()]
    {
        let row = ["Bonn".into(), Cell::from(5), missing];
        assert!(near(model.predict_cells(row).unwrap(), predictions[1]));
    }
}

#[test]
fn what_is_learned_is_that_of_the_training_part() {
    let table = csv_from_bytes("x,word,y\n1,a,1\n3,a,3\n1000,b,7\n,a,2\n")
        .one_hot("word")
        .fill_missing(Fill::Mean)
        .table()
        .unwrap();
    let train = table.select([0, 1, 3]);
    let preprocessor = Preprocessor::<Regression>::fit(&train).unwrap();
    assert_eq!(preprocessor.input_names(), ["x", "word_a"]);
    assert_eq!(
        (preprocessor.task().mean(), preprocessor.task().std()),
        (&[2.0], &[(2.0_f64 / 3.0).sqrt()])
    );
    let data: Dataset<SVector<f64, 2>, SVector<f64, 1>> = preprocessor.dataset(&train).unwrap();
    // The mean of 1 and 3 takes the missing place, before the standard deviation is taken: as scikit-learn's pipeline does it.
    let std = (2.0_f64 / 3.0).sqrt();
    let expected = [[-1.0 / std, 1.0], [1.0 / std, 1.0], [0.0, 1.0]].map(SVector::from);
    assert_eq!(data.inputs(), expected);
    let error = preprocessor.dataset::<SVector<f64, 2>>(&table).unwrap_err();
    assert_eq!(error.to_string(), "`bytes`, line 4, column `word`: expected one of `a`, found `b`");
    let lenient = preprocessor.ignore_unknown_words();
    let data = lenient.dataset::<SVector<f64, 2>>(&table).unwrap();
    assert_eq!(data.inputs()[2][1], 0.0);
}

#[test]
fn scaling_can_be_left_out() {
    let table = csv_from_bytes("x,y\n1,10\n3,30\n").table().unwrap();
    let preprocessor =
        Preprocessor::<Regression>::fit(&table).unwrap().without_scaling().without_target_scaling();
    let data: Dataset<SVector<f32, 1>, SVector<f32, 1>> = preprocessor.dataset(&table).unwrap();
    assert_eq!((data.inputs()[1][0], data.targets()[1][0]), (3.0, 30.0));
}

#[test]
fn a_constant_column_and_a_single_row_are_fine() {
    let table = csv_from_bytes("x,y\n5,10\n").table().unwrap();
    let preprocessor = Preprocessor::<Regression>::fit(&table).unwrap();
    let mut net = Line::zeros();
    net.dense1.weight[0] = 1.0;
    let model = Pipeline::new(preprocessor, net).unwrap();
    assert_eq!(model.predict([("x", 7.5)]).unwrap(), [12.5]);
    let error = Preprocessor::<Regression>::fit(&table.select([])).unwrap_err();
    assert!(matches!(error, Error::Empty { .. }), "{error}");
}

/// The probabilities that a network of scores, or one that ends in them, gives.
#[test]
fn probabilities_are_those_of_the_last_activation() {
    let table = csv("examples/data/iris.csv").table().unwrap();
    let preprocessor = Preprocessor::<Classification<3>>::fit(&table).unwrap().class_names([
        "setosa",
        "versicolor",
        "virginica",
    ]);
    let scores = Scores::random(&mut rng());
    let mut softmaxed = Softmaxed::zeros();
    softmaxed.as_mut_slice().copy_from_slice(scores.as_slice());
    let scores = Pipeline::new(preprocessor.clone(), scores).unwrap();
    let softmaxed = Pipeline::new(preprocessor, softmaxed).unwrap();
    let (a, b) = (scores.predict_table(&table).unwrap(), softmaxed.predict_table(&table).unwrap());
    for (a, b) in a.iter().zip(&b) {
        assert_eq!(a.class, b.class);
        assert!((a.probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-6);
        assert!((a.probability - b.probability).abs() < 1e-6);
        assert_eq!(a.probability, a.probabilities[a.index.index()]);
        assert!(["setosa", "versicolor", "virginica"][a.index.index()] == a.class);
    }
    let text = a[0].to_string();
    assert!(text.starts_with(&a[0].class) && text.ends_with(" %)"), "{text}");

    let table = csv("examples/data/breast_cancer.csv").table().unwrap();
    let preprocessor = Preprocessor::<Classification<2>>::fit(&table).unwrap();
    let score = Answer::random(&mut rng());
    let mut sigmoided = Sigmoided::zeros();
    sigmoided.as_mut_slice().copy_from_slice(score.as_slice());
    let data: Dataset<SVector<f32, 30>, Class<2>> = preprocessor.dataset(&table).unwrap();
    let accuracy = Evaluation::of(&*score, &data).accuracy();
    let score = Pipeline::new(preprocessor.clone(), score).unwrap();
    let sigmoided = Pipeline::new(preprocessor, sigmoided).unwrap();
    let (a, b) = (score.predict_table(&table).unwrap(), sigmoided.predict_table(&table).unwrap());
    let mut right = 0;
    for ((a, b), target) in a.iter().zip(&b).zip(data.targets()) {
        assert_eq!(a.class, b.class);
        assert!((a.probability - b.probability).abs() < 1e-6 && a.probability >= 0.5);
        right += usize::from(a.index == *target);
    }
    // The class is that which an evaluation decides for.
    assert!((accuracy - right as f64 / 569.0).abs() < 1e-12);
}

#[test]
fn labels_are_words_or_whole_numbers() {
    let table = csv_from_bytes("x,y\n1,no\n2,yes\n3,no\n").table().unwrap();
    let words = Preprocessor::<Classification<2>>::fit(&table).unwrap();
    assert_eq!(words.task().names(), ["no", "yes"]);
    let data = words.dataset::<SVector<f32, 1>>(&table).unwrap();
    assert_eq!(data.targets().iter().map(|class| class.index()).collect::<Vec<_>>(), [0, 1, 0]);
    let error = Preprocessor::<Classification<3>>::fit(&table).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`bytes`, column `y`: expected the names of 3 classes, found 2: `no`, `yes`"
    );
    let given = csv_from_bytes("x,y\n1,1\n2,-1\n").classes(["-1", "1"]).table().unwrap();
    let given = Preprocessor::<Classification<2>>::fit(&given).unwrap();
    assert_eq!(given.task().names(), ["-1", "1"]);
    let error =
        Preprocessor::<Classification<2>>::fit(&csv_from_bytes("x,y\n1,0\n2,2\n").table().unwrap());
    assert_eq!(
        error.unwrap_err().to_string(),
        "`bytes`, line 3, column `y`: expected a whole number below 2, found 2 \
         (other labels are named in their order by `.classes([…])`)"
    );
    let error = Preprocessor::<Regression>::fit(&table).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`bytes`, line 2, column `y`: expected a finite number, found `no`"
    );
}

/// A number is the word with its value, whatever wrote it.
#[test]
fn numbers_are_words_by_their_value() {
    let zip = |file: &str| csv_from_bytes(file).one_hot("zip").table().unwrap();
    let table = zip("zip,y\n1.0,0\n2.0,1\n");
    let model =
        Pipeline::new(Preprocessor::<Regression>::fit(&table).unwrap(), Pair1::random(&mut rng()));
    let model = model.unwrap();
    assert_eq!(model.predict([("zip", 2.0)]).unwrap(), model.predict([("zip", "2.0")]).unwrap());
    assert!(model.predict([("zip", 3.0)]).unwrap_err().to_string().ends_with("found 3"));
    let numbers = csv_from_bytes("zip,y\n2,1\n1,0\n").table().unwrap();
    let inputs = model.preprocessor().dataset::<SVector<f32, 2>>(&numbers).unwrap();
    assert_eq!(inputs.inputs()[0].as_slice(), [0.0, 1.0]);
    let labels = csv_from_bytes("x,y\n1,3.0\n2,4.0\n").classes(["3.0", "4.0"]).table().unwrap();
    let labels = Preprocessor::<Classification<2>>::fit(&labels).unwrap();
    let others = csv_from_bytes("x,y\n1,4\n").table().unwrap();
    assert_eq!(labels.dataset::<SVector<f32, 1>>(&others).unwrap().targets()[0].index(), 1);
}

#[test]
fn a_loaded_pipeline_predicts_the_same_bits() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("houses.axonal");
    let (model, table) = trained_houses();
    model.save(&path).unwrap();
    let loaded = Pipeline::<Houses, Regression>::load(&path).unwrap();
    assert_eq!(loaded.predict_table(&table).unwrap(), model.predict_table(&table).unwrap());
    assert_eq!(loaded.to_bytes(), model.to_bytes());
    assert!(loaded.columns().eq(["town", "rooms", "built"]));
    // It is a file of weights, too.
    assert_eq!(*Houses::load(&path).unwrap(), *model.net());
    let foreign = std::fs::read(&path).unwrap();
    let foreign = safetensors::SafeTensors::deserialize(&foreign).unwrap();
    assert_eq!(foreign.tensor("dense1.weight").unwrap().shape(), [8, 5]);

    let table = csv_from_bytes("a\\b\t;\"x\ny\"\t;label\n1;2;ja\tja\n2;NA;nein\\n\n3;-;\"\"\"\"\n")
        .delimiter(b';')
        .missing_values(["NA", "-"])
        .fill_missing(Fill::Constant(0.1))
        .table()
        .unwrap();
    let preprocessor =
        Preprocessor::<Classification<3>>::fit(&table).unwrap().ignore_unknown_words();
    network! { struct Names<input 2 => dense 3>; }
    let model = Pipeline::new(preprocessor, Names::random(&mut rng())).unwrap();
    let loaded = Pipeline::<Names, Classification<3>>::from_bytes(&model.to_bytes()).unwrap();
    assert_eq!(loaded.predict_table(&table).unwrap(), model.predict_table(&table).unwrap());
    assert!(loaded.columns().eq(model.columns()));
    assert_eq!(loaded.preprocessor().task(), model.preprocessor().task());
    assert_eq!(
        loaded.predict_cells(["1", "-"]).unwrap(),
        model.predict_cells([Cell::Number(1.0), Cell::Missing]).unwrap()
    );
}

#[test]
fn rows_that_do_not_fit_are_told_where_and_why() {
    let commas =
        csv_from_bytes("x;y\n1,5;1\n2,5;2\n").delimiter(b';').decimal(b',').table().unwrap();
    let commas = Preprocessor::<Regression>::fit(&commas).unwrap();
    let commas = Pipeline::new(commas, Line::zeros()).unwrap();
    assert_eq!(
        commas.predict([("x", "30.5")]).unwrap_err().to_string(),
        "`row`, column `x`: expected a finite number, found `30.5` (texts have `,` before their decimals, \
         as the training file has; a number is given as it is: `30.5`)"
    );
    assert_eq!(commas.predict([("x", "30,5")]).unwrap(), commas.predict([("x", 30.5)]).unwrap());
    assert_eq!(
        commas.predict([("x", 1e300)]).unwrap_err().to_string(),
        "`row`, column `x`: expected a number that is finite when it is standardized, found 1e300"
    );

    let (model, _) = trained_houses();
    let row = |town, rooms, built| [("town", town), ("rooms", rooms), ("built", built)];
    for (row, message) in [
        (
            row("Berlin", "3", "1950"),
            "`row`, column `town`: expected one of `Ulm`, `Bonn`, `Köln`, found `Berlin`",
        ),
        (
            row("Ulm", "three", "1950"),
            "`row`, column `rooms`: expected a finite number, found `three`",
        ),
        (
            row("Ulm", "3,5", "1950"),
            "`row`, column `rooms`: expected a finite number, found `3,5` (texts have `.` before their decimals, \
             as the training file has; a number is given as it is: `3.5`)",
        ),
        (row("Ulm", "inf", "1950"), "`row`, column `rooms`: expected a finite number, found `inf`"),
        (
            row("Ulm", "3", "1e300"),
            "`row`, column `built`: expected a number that is finite when it is standardized, found `1e300`",
        ),
        (
            [("town", "Ulm"), ("room", "3"), ("built", "1950")],
            "`row`, columns: expected one of the columns `town`, `rooms`, `built`, found `room`",
        ),
        (
            [("town", "Ulm"), ("town", "Ulm"), ("built", "1950")],
            "`row`, column `town`: expected one cell, found two",
        ),
    ] {
        assert_eq!(model.predict(row).unwrap_err().to_string(), message);
    }
    assert_eq!(
        model.predict([("town", "Ulm"), ("built", "1950")]).unwrap_err().to_string(),
        "`row`, column `rooms`: expected a cell, found none"
    );
    assert_eq!(
        model.predict_cells(["Ulm"]).unwrap_err().to_string(),
        "`row`, cells: expected 3 cells: `town`, `rooms`, `built`, found 1"
    );
    for (file, message) in [
        (
            "town,rooms,built\nUlm,3,1950\nUlm,3,old\n",
            "`bytes`, line 3, column `built`: expected a finite number, found `old`",
        ),
        (
            "town,rooms\nUlm,3\n",
            "`bytes`, header: expected a column `built`, found 2 columns: `town`, `rooms`",
        ),
    ] {
        assert_eq!(model.predict_csv(&csv_from_bytes(file)).unwrap_err().to_string(), message);
    }
    let plain = csv_from_bytes("Ulm,3\n").no_header();
    assert_eq!(
        model.predict_csv(&plain).unwrap_err().to_string(),
        "`bytes`, line 1: expected 3 columns: `town`, `rooms`, `built`, found 2"
    );
    // Without a fill, a missing value is an error.
    let table = csv_from_bytes("x,y\n1,10\n3,30\n").table().unwrap();
    let model =
        Pipeline::new(Preprocessor::<Regression>::fit(&table).unwrap(), Line::zeros()).unwrap();
    assert_eq!(
        model.predict([("x", "")]).unwrap_err().to_string(),
        "`row`, column `x`: expected a finite number (missing ones are filled in if the training file is read with \
         `.fill_missing(…)`), found a missing value"
    );
    let mut net = Line::zeros();
    net.dense1.bias[0] = f32::NAN;
    let model = Pipeline::new(Preprocessor::<Regression>::fit(&table).unwrap(), net).unwrap();
    let error = model.predict([("x", 1.0)]).unwrap_err();
    assert_eq!(error.to_string(), "output 0 of the network: expected a finite number, found NaN");
}

#[test]
fn tables_and_networks_that_do_not_fit_are_errors() {
    let table = houses().table().unwrap();
    let preprocessor = Preprocessor::<Regression>::fit(&table).unwrap();
    let error = preprocessor.dataset::<SVector<f32, 4>>(&table).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`bytes`, input columns: expected 4 inputs, \
         found 5: `town_Ulm`, `town_Bonn`, `town_Köln`, `rooms`, `built`"
    );
    let error = Pipeline::new(preprocessor, Line::zeros()).unwrap_err();
    assert!(
        error.to_string().starts_with("`preprocessor`, inputs: expected 1 for `Line`, found 5: "),
        "{error}"
    );
    let error = Preprocessor::<Regression<2>>::fit(&table).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`bytes`, target columns: expected 2, one for each output, found 1: `price`"
    );
    let twice = csv_from_bytes("x,x,y\n1,2,3\n").table().unwrap();
    let error = Preprocessor::<Regression>::fit(&twice).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`bytes`, header: expected columns of different names, found two columns `x`"
    );
    let error = csv_from_bytes("a;b;y\n1;2;3\n").table().unwrap_err();
    assert_eq!(
        error.to_string(),
        "`bytes`, header: expected at least one column of inputs, found none in 1: `a;b;y` \
         (cells between `;` are read with `.delimiter(b';')`)"
    );
    let huge = csv_from_bytes("x,y\n1e300,1\n-1e300,2\n").table().unwrap();
    let error = Preprocessor::<Regression>::fit(&huge).unwrap_err();
    assert!(matches!(error, Error::InvalidNumber { .. }), "{error}");
    let nothing = csv_from_bytes("x,z,y\n1,,1\n2,,2\n").fill_missing(Fill::Median).table().unwrap();
    let error = Preprocessor::<Regression>::fit(&nothing).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`bytes`, column `z`: expected one value at least, to fill in the missing ones, found none"
    );
}

#[test]
fn files_of_something_else_are_refused() {
    let (model, _) = trained_houses();
    let bytes = model.to_bytes();
    let error = Pipeline::<OtherHouses, Regression>::from_bytes(&bytes).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`bytes`, `axonal.pipeline` of `__metadata__`, line 2: expected `dense1: dense relu => 8` in `OtherHouses`, \
         found `dense1: dense tanh => 8`"
    );
    let error = Pipeline::<WiderHouses, Regression>::from_bytes(&bytes).unwrap_err();
    assert!(error.to_string().contains("expected `dense1: dense tanh => 9`"), "{error}");
    let error = Pipeline::<Pair, Classification<2>>::from_bytes(&bytes).unwrap_err();
    assert!(error.to_string().contains("in `Pair`, found"), "{error}");
    let error = Pipeline::<Houses, Regression>::from_bytes(&model.net().to_bytes()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`bytes`, `__metadata__`: expected a pipeline, under `axonal.pipeline`, \
         found weights alone (`Network::load` reads them)"
    );
    let error = Pipeline::<Houses, Regression>::from_bytes(b"x,y\n1,2\n").unwrap_err();
    assert!(error.to_string().contains("expected a safetensors file"), "{error}");
    let error = Pipeline::<Houses, Regression>::load("no such file").unwrap_err();
    assert!(matches!(error, Error::Io { .. }), "{error}");
}

/// Of a file with changes in it, nothing panics: it is refused, unless it says the same in other letters.
#[test]
fn damaged_files_are_refused() {
    let (model, _) = trained_houses();
    let bytes = model.to_bytes();
    let header = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let mut rng = rng();
    let (mut refused, mut same) = (0, 0);
    for change in 0..1000 {
        let mut damaged = bytes.clone();
        match change % 4 {
            0 => damaged.truncate(rng.random_range(0..bytes.len())),
            1 => {
                let (a, b) = (rng.random_range(0..header), rng.random_range(0..header));
                damaged.drain(a.min(b)..a.max(b));
            }
            // Another letter of the header, or another bit anywhere.
            2 => damaged[rng.random_range(8..header)] = rng.random_range(b' '..=b'~'),
            _ => damaged[rng.random_range(0..bytes.len())] ^= 1 << rng.random_range(0..8),
        }
        match Pipeline::<Houses, Regression>::from_bytes(&damaged) {
            Ok(read) => {
                assert_eq!(read.to_bytes(), bytes);
                same += 1;
            }
            Err(error) => {
                refused += 1;
                assert!(error.to_string().starts_with("`bytes`, "), "{error}");
            }
        }
    }
    assert!(refused > 950, "{refused} refused, {same} the same");
    for place in header..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[place] ^= 1;
        let error = Pipeline::<Houses, Regression>::from_bytes(&damaged).unwrap_err().to_string();
        assert!(error.contains("expected the checksum"), "{error}");
        assert!(error.ends_with(": the file is damaged, or was changed"), "{error}");
    }
}

#[test]
fn tables_are_cut_into_parts() {
    let table = csv("examples/data/breast_cancer.csv").table().unwrap();
    let ones = |part: &Table| part.numbers("label").unwrap().iter().sum::<f64>();
    let all = ones(&table);
    let (train, test) = table.clone().split_stratified_shuffled(0.8, &mut rng()).unwrap();
    assert_eq!((train.len() + test.len(), ones(&train) + ones(&test)), (569, all));
    assert!((ones(&train) - 0.8 * all).abs() <= 1.0);
    let parts = table.clone().split_three_stratified([0.6, 0.2, 0.2], &mut rng()).unwrap();
    assert_eq!(parts.0.len() + parts.1.len() + parts.2.len(), 569);
    assert!((ones(&parts.1) - 0.2 * all).abs() <= 2.0);
    assert_eq!(
        table.clone().split(0.5).unwrap().0.numbers("label").unwrap(),
        table.numbers("label").unwrap()[..285]
    );
    assert_eq!(table.clone().split_three_shuffled([0.5, 0.5, 0.0], &mut rng()).unwrap().2.len(), 0);
    assert!(table.clone().split_shuffled(1.5, &mut rng()).is_err());
    // Numbers by their tenths.
    let houses = csv("examples/data/diabetes.csv").table().unwrap();
    let mean =
        |part: &Table| part.numbers("target").unwrap().iter().sum::<f64>() / part.len() as f64;
    let (train, test) = houses.clone().split_stratified_shuffled(0.8, &mut rng()).unwrap();
    assert!((mean(&train) - mean(&test)).abs() < 6.0, "{} {}", mean(&train), mean(&test));
    assert!(test.len().abs_diff(88) <= 5);
    assert!(houses.numbers("nothing").is_err() && houses.words("target").is_err());
}

#[test]
fn a_standardizer_is_saved() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("standardizer");
    let samples = [[1.0_f64, -3.5, 7.0], [2.0, 0.1, 7.0], [2.5, 1e-3, 7.0]].map(SVector::from);
    let fitted = Standardizer::fit(&samples).unwrap();
    fitted.save(&path).unwrap();
    assert_eq!(Standardizer::<f64, 3>::load(&path).unwrap(), fitted);
    let single = Standardizer::<f32, 3>::load(&path).unwrap();
    assert_eq!(single.mean()[1], fitted.mean()[1] as f32);
    let error = Standardizer::<f64, 4>::load(&path).unwrap_err().to_string();
    assert!(error.ends_with("tensor `mean`: expected F64 [4], found F64 [3]"), "{error}");
    Houses::zeros().save(&path).unwrap();
    let error = Standardizer::<f64, 4>::load(&path).unwrap_err().to_string();
    assert!(
        error.ends_with("tensor `mean`: expected F64 [4], found no tensor of this name"),
        "{error}"
    );
}
