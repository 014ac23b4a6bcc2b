//! Samples that come one after the other, and rows of a type of one's own.

use axonal::Error;
use axonal::data::{Fill, SampleStream, csv, csv_from_bytes, idx};
use axonal::prelude::*;

fn rng(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

fn numbers(count: i32) -> impl Iterator<Item = Result<(i32, i32), Error>> {
    (0..count).map(|i| Ok((i, -i)))
}

#[test]
fn a_stream_has_the_samples_of_the_data_set() {
    let iris = csv("examples/data/iris.csv");
    let data = iris.classification::<f32, 4, 3>().unwrap();
    let stream = iris.classification_stream::<f32, 4, 3>().unwrap();
    assert_eq!(stream.collect::<Result<Dataset<_, _>, _>>().unwrap(), data);
    let houses = csv("examples/data/california_housing.csv.gz").fill_missing(Fill::Constant(1.5));
    let data = houses.regression::<f64, 8, 1>().unwrap();
    let stream = houses.regression_stream::<f64, 8, 1>().unwrap();
    assert_eq!(stream.collect::<Result<Dataset<_, _>, _>>().unwrap(), data);
    let words = csv_from_bytes("sex;length;age\nM;0,5;old\nF;;young\nM;0,7;\nM;0,1;young\n")
        .delimiter(b';')
        .decimal(b',')
        .one_hot("sex")
        .classes(["young", "old"])
        .fill_missing(Fill::Constant(-1.0))
        .drop_missing();
    let data = words.classification::<f32, 3, 2>().unwrap();
    let stream = words.classification_stream::<f32, 3, 2>().unwrap();
    assert_eq!(stream.collect::<Result<Dataset<_, _>, _>>().unwrap(), data);
    assert_eq!(data.inputs()[1].as_slice(), [1.0, 0.0, -1.0]);
}

#[test]
fn batches_hold_every_sample_once() {
    for (count, size) in [(0, 3), (1, 3), (3, 3), (7, 3), (7, 1), (7, usize::MAX)] {
        let batches: Vec<Dataset<i32, i32>> =
            numbers(count).batches(size).collect::<Result<_, _>>().unwrap();
        let all: Vec<i32> = batches.iter().flat_map(|batch| batch.inputs().to_vec()).collect();
        assert_eq!(all, (0..count).collect::<Vec<_>>());
        assert!(batches.iter().all(|batch| !batch.is_empty() && batch.len() <= size));
        assert_eq!(batches.len(), (count as usize).div_ceil(size));
    }
}

#[test]
fn a_buffer_shuffles_by_its_seed() {
    let order = |count, buffer, seed| -> Vec<i32> {
        numbers(count).shuffle(buffer, rng(seed)).map(|sample| sample.unwrap().0).collect()
    };
    for (count, buffer) in [(0, 5), (1, 5), (5, 5), (100, 1), (100, 7), (100, 1000)] {
        let mut all = order(count, buffer, 1);
        assert_eq!(all, order(count, buffer, 1));
        assert!(all.iter().enumerate().all(|(place, i)| *i < (place + buffer) as i32));
        all.sort_unstable();
        assert_eq!(all, (0..count).collect::<Vec<_>>());
    }
    assert!(order(100, 7, 1) != order(100, 7, 2));
    assert_eq!(order(100, 1, 1), (0..100).collect::<Vec<_>>());
    // With a buffer of all samples, every order is as likely.
    let mut first = [0; 4];
    for seed in 0..4000 {
        first[order(4, 10, seed)[0] as usize] += 1;
    }
    assert!(first.iter().all(|count| (900..1100).contains(count)), "{first:?}");
}

#[test]
fn an_error_ends_a_stream() {
    let file = csv_from_bytes("a,y\n1,0\n2,1\nx,0\n4,1\n");
    let mut batches = file.classification_stream::<f32, 1, 2>().unwrap().batches(2);
    assert_eq!(batches.next().unwrap().unwrap().len(), 2);
    let message = "`bytes`, line 4, column `a`: expected a finite number, found `x`";
    assert_eq!(batches.next().unwrap().unwrap_err().to_string(), message);
    assert!(batches.next().is_none());
    let mut shuffled = file.classification_stream::<f32, 1, 2>().unwrap().shuffle(10, rng(1));
    assert_eq!(shuffled.next().unwrap().unwrap_err().to_string(), message);
}

#[test]
fn what_is_known_at_the_end_alone_has_to_be_said() {
    let names = csv_from_bytes("a,y\n1,no\n2,yes\n");
    let error = names.classification_stream::<f32, 1, 2>().unwrap().next().unwrap().unwrap_err();
    assert_eq!(
        error.to_string(),
        "`bytes`, line 2, column `y`: expected a whole number below 2, \
         found `no` (labels that are names are read with `.classes([…])`)"
    );
    let error = names.classes(["no"]).classification_stream::<f32, 1, 2>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "`bytes`, classes: expected the names of 2 classes, found 1: `no`"
    );
    let holes = csv_from_bytes("a,y\n,0\n2,1\n");
    let error =
        holes.clone().fill_missing(Fill::Mean).regression_stream::<f32, 1, 1>().unwrap_err();
    assert!(error.to_string().ends_with("found `Fill::Mean`"), "{error}");
    let filled = holes.fill_missing(Fill::Constant(7.0));
    let first = filled.regression_stream::<f32, 1, 1>().unwrap().next().unwrap().unwrap();
    assert_eq!(first.0[0], 7.0);
    let words = csv_from_bytes("a,y\n,0\nb,1\n").one_hot("a").fill_missing(Fill::Constant(7.0));
    let error = words.regression_stream::<f32, 1, 1>().unwrap().next().unwrap().unwrap_err();
    assert!(error.to_string().contains("column `a`: expected one of `b`"), "{error}");
}

#[test]
fn images_are_streamed() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = directory.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let mut images = vec![0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 2];
    images.extend((0..12).map(|i| i * 20));
    let labels = write("labels", &[0, 0, 8, 1, 0, 0, 0, 3, 2, 0, 1]);
    let whole = write("images", &images);
    let data: Dataset<SVector<f32, 4>, Class<3>> = idx::dataset(&whole, &labels).unwrap();
    let stream = idx::stream::<4, 3>(&whole, &labels).unwrap();
    assert_eq!(stream.collect::<Result<Dataset<_, _>, _>>().unwrap(), data);

    let short = write("short", &images[..images.len() - 1]);
    let results: Vec<_> = idx::stream::<4, 3>(&short, &labels).unwrap().collect();
    assert_eq!(results.len(), 3);
    let error = results[2].as_ref().unwrap_err().to_string();
    assert!(error.ends_with("data: expected 3 images of 2x2, found 2 of them"), "{error}");
    images.push(0);
    let long = write("long", &images);
    let last = idx::stream::<4, 3>(&long, &labels).unwrap().last().unwrap();
    assert!(last.unwrap_err().to_string().ends_with("found more bytes after them"));
    assert!(idx::stream::<5, 3>(&long, &labels).is_err());
    let two = write("two", &[0, 0, 8, 1, 0, 0, 0, 2, 2, 0]);
    assert!(idx::stream::<4, 3>(&whole, &two).is_err());
}

#[cfg(feature = "serde")]
mod rows {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    struct House {
        town: String,
        rooms: Option<u8>,
        price: f64,
    }

    fn house(town: &str, rooms: Option<u8>, price: f64) -> House {
        House { town: town.to_owned(), rooms, price }
    }

    #[test]
    fn columns_become_fields_by_their_names() {
        let file = csv_from_bytes("price,id,town,rooms\n1.5,1, Ulm ,3\n2e3,2,\"Bad, Ems\",\n");
        let rows: Vec<House> = file.rows().unwrap().collect::<Result<_, _>>().unwrap();
        assert_eq!(rows, [house("Ulm", Some(3), 1.5), house("Bad, Ems", None, 2000.0)]);
        let german = csv_from_bytes("# Bonn\ntown;rooms;price\nUlm;?;1,5\nBonn;2;-2,5e3\n")
            .comment(b'#')
            .delimiter(b';')
            .decimal(b',')
            .missing_values(["?"]);
        let rows: Vec<House> = german.rows().unwrap().collect::<Result<_, _>>().unwrap();
        assert_eq!(rows, [house("Ulm", None, 1.5), house("Bonn", Some(2), -2500.0)]);
        assert_eq!(german.drop_missing().rows::<House>().unwrap().count(), 1);
        let plain = csv_from_bytes("Ulm 3 1.5\n").whitespace().no_header();
        let rows: Vec<House> = plain.rows().unwrap().collect::<Result<_, _>>().unwrap();
        assert_eq!(rows, [house("Ulm", Some(3), 1.5)]);
        let tuples: Vec<(String, f32, f64)> =
            plain.rows().unwrap().collect::<Result<_, _>>().unwrap();
        assert_eq!(tuples, [("Ulm".to_owned(), 3.0, 1.5)]);
    }

    #[test]
    fn rows_that_do_not_fit_are_told_where_and_why() {
        for (file, message) in [
            (
                "town,rooms,price\nUlm,3,1\n\nUlm,three,1\n",
                "line 4, column `rooms`: expected a whole number that its type can hold, found `three`",
            ),
            (
                "town,rooms,price\nUlm,300,1\n",
                "line 2, column `rooms`: expected a whole number that its type can hold, found `300`",
            ),
            (
                "town,rooms,price\nUlm,3,\n",
                "line 2, column `price`: expected a number, found an empty cell",
            ),
            (
                "town,rooms\nUlm,3\n",
                "line 2: expected a row that is a `House`, \
                 found missing field `price` among the columns `town`, `rooms`",
            ),
            ("town,rooms,price\nUlm,3\n", "line 2: expected 3 cells, found 2"),
        ] {
            let file = csv_from_bytes(file);
            let mut rows = file.rows::<House>().unwrap();
            let error = rows.find_map(Result::err).unwrap().to_string();
            assert_eq!(error, format!("`bytes`, {message}"));
            assert!(rows.next().is_none());
        }
        let german =
            csv_from_bytes("town;rooms;price\nUlm;3;1.234\n").delimiter(b';').decimal(b',');
        assert_eq!(
            german.rows::<House>().unwrap().next().unwrap().unwrap_err().to_string(),
            "`bytes`, line 2, column `price`: expected numbers with the decimal `,`, found `1.234`"
        );
        let file = csv_from_bytes("town,rooms,price\nUlm,3,1\n");
        let data = Dataset::from_rows(file.rows().unwrap(), |house: House| {
            Ok((house.price, Class::<2>::new(house.rooms.unwrap_or(0).into())?))
        });
        assert!(matches!(data, Err(Error::ClassOutOfRange { class: 3, classes: 2 })));
    }
}

#[test]
fn a_long_file_is_read_through() {
    let mut text = String::from("a,b,y\n");
    for i in 0..200_000 {
        text.push_str(&format!("{},{},{}\n", i % 7, i % 11, i % 2));
    }
    let file = csv_from_bytes(text);
    let mut count = 0;
    for batch in
        file.classification_stream::<f32, 2, 2>().unwrap().shuffle(1000, rng(1)).batches(64)
    {
        count += batch.unwrap().len();
    }
    assert_eq!(count, 200_000);
}
