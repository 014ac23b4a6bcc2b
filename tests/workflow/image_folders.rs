//! Images in folders whose names are the classes.

use std::fs;
use std::path::Path;

use axonal::data::image_folder;
use axonal::prelude::*;
use tempfile::TempDir;

fn grey<const H: usize, const W: usize>(path: &Path, number: f32) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    Image::<1, H, W>::from([[[number; W]; H]]).write_png(path).unwrap();
}

fn animals() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    grey::<2, 3>(&path.join("dogs/b.PNG"), 1.0);
    grey::<2, 3>(&path.join("cats/z.png"), 0.0);
    grey::<2, 3>(&path.join("dogs/a.png"), 0.6);
    grey::<2, 3>(&path.join("dogs/large/c.png"), 0.8);
    grey::<2, 3>(&path.join(".ipynb_checkpoints/x.png"), 0.2);
    fs::write(path.join("cats/.hidden.jpg"), "").unwrap();
    fs::write(path.join("cats/notes.txt"), "").unwrap();
    fs::write(path.join("README"), "").unwrap();
    directory
}

#[test]
fn folders_are_classes_in_alphabetic_order() {
    let directory = animals();
    let folder = image_folder(directory.path());
    assert_eq!(folder.class_names().unwrap(), ["cats", "dogs"]);
    let data: Dataset<Image<1, 2, 3>, Class<2>> = folder.classification().unwrap();
    let first: Vec<f32> = data.inputs().iter().map(|image| image[(0, 0, 0)]).collect();
    assert_eq!(first, [0.0, 0.6, 1.0, 0.8]);
    assert_eq!(data.class_counts(), [1, 3]);
    let report = folder.report().unwrap();
    assert_eq!(report.to_string(), "cats 1, dogs 3, 2 other files left out");
    assert!(report.left_out[0].ends_with("README") && report.left_out[1].ends_with("notes.txt"));
}

#[test]
fn folders_that_do_not_fit_are_told() {
    let directory = animals();
    let path = directory.path();
    let folder = image_folder(path);
    let message = |result: Result<Dataset<Image<1, 2, 3>, Class<2>>, axonal::Error>| {
        let message = result.unwrap_err().to_string();
        message.replace(&path.display().to_string(), "…").replace('\\', "/")
    };
    let three = folder.classification::<1, 2, 3, 3>().unwrap_err().to_string();
    assert!(
        three.ends_with("folders: expected one for each of 3 classes, found 2: `cats`, `dogs`"),
        "{three}"
    );
    let size = folder.classification::<3, 4, 3, 2>().unwrap_err().to_string();
    assert!(
        size.ends_with(
            "z.png`, image: expected 3 channels of 4x3 pixels, found 1 channel of 2x3 pixels \
             (`.resize().convert()` makes it so)"
        ),
        "{size}"
    );
    fs::write(path.join("dogs/broken.png"), "no image").unwrap();
    assert_eq!(
        message(folder.classification()),
        "`…/dogs/broken.png`, image: expected a PNG image, found text, which begins with `no image`"
    );
    fs::rename(path.join("dogs/broken.png"), path.join("dogs/broken.JPG")).unwrap();
    assert_eq!(
        message(folder.classification()),
        "`…/dogs/broken.JPG`, format: expected a PNG image, found a file `.jpg`"
    );
    fs::remove_file(path.join("dogs/broken.JPG")).unwrap();
    fs::create_dir(path.join("eels")).unwrap();
    assert!(
        folder
            .report()
            .unwrap_err()
            .to_string()
            .ends_with("files: expected PNG images, one at least, found none")
    );
    fs::remove_dir(path.join("eels")).unwrap();
    grey::<2, 3>(&path.join("lost.png"), 0.0);
    assert_eq!(
        message(folder.classification()),
        "`…/lost.png`, place: expected images in folders, one for each class, found an image beside these folders"
    );
    let empty = tempfile::tempdir().unwrap();
    let error = image_folder(empty.path()).class_names().unwrap_err().to_string();
    assert!(
        error.ends_with("folders: expected folders, one for each class, found none"),
        "{error}"
    );
    assert!(matches!(image_folder("no such folder").report(), Err(axonal::Error::Io { .. })));
}

#[test]
fn sizes_and_colours_are_changed_if_asked() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    grey::<4, 2>(&path.join("a/grey.png"), 0.2);
    fs::create_dir(path.join("b")).unwrap();
    let colours = Image::<3, 2, 2>::from([[[1.0; 2]; 2], [[0.4; 2]; 2], [[0.0; 2]; 2]]);
    colours.write_png(path.join("b/colours.png")).unwrap();
    let opaque =
        Image::<4, 2, 2>::from([[[0.2; 2]; 2], [[0.4; 2]; 2], [[0.6; 2]; 2], [[0.8; 2]; 2]]);
    opaque.write_png(path.join("b/opaque.png")).unwrap();
    let folder = image_folder(path);
    assert!(folder.clone().resize().classification::<3, 2, 2, 2>().is_err());
    assert!(folder.clone().convert().classification::<3, 2, 2, 2>().is_err());
    let folder = folder.resize().convert();
    let first = |numbers: &[f32]| -> Vec<f32> {
        numbers.iter().step_by(4).map(|number| (number * 1000.0).round() / 1000.0).collect()
    };
    let data = folder.classification::<3, 2, 2, 2>().unwrap();
    let all: Vec<_> = data.inputs().iter().map(|image| first(image.as_slice())).collect();
    assert_eq!(all, [[0.2, 0.2, 0.2], [1.0, 0.4, 0.0], [0.2, 0.4, 0.6]]);
    let data = folder.classification::<1, 2, 2, 2>().unwrap();
    let all: Vec<_> = data.inputs().iter().map(|image| first(image.as_slice())).collect();
    assert_eq!(all, [[0.2], [0.534], [0.363]]);
    let data = folder.classification::<4, 2, 2, 2>().unwrap();
    let all: Vec<_> = data.inputs().iter().map(|image| first(image.as_slice())).collect();
    assert_eq!(all, [[0.2, 0.2, 0.2, 1.0], [1.0, 0.4, 0.0, 1.0], [0.2, 0.4, 0.6, 0.8]]);
    let data = folder.classification::<2, 2, 2, 2>().unwrap();
    let all: Vec<_> = data.inputs().iter().map(|image| first(image.as_slice())).collect();
    assert_eq!(all, [[0.2, 1.0], [0.534, 1.0], [0.363, 0.8]]);
}
