//! What a save does to the file that is there, to links, and to what a process left behind that was killed.
#![cfg(all(feature = "train", feature = "files"))]

use std::fs;
use std::path::Path;

use axonal::prelude::*;

network! { struct Net<input 3 => dense 2>; }

fn net() -> Box<Net> {
    Net::random(&mut StdRng::seed_from_u64(1))
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The message of a save that fails, with the directory left out.
fn message(path: &Path, directory: &Path) -> String {
    let error = net().save(path).unwrap_err();
    assert!(matches!(error, axonal::Error::Io { action: "write", .. }));
    error.to_string().replace(&format!("{}/", directory.display()), "")
}

#[test]
fn names_as_long_as_a_file_system_has() {
    let directory = tempfile::tempdir().unwrap();
    for length in [1, 99, 100, 101, 143, 230, 255] {
        let path = directory.path().join("n".repeat(length));
        net().save(&path).unwrap();
        net().save(&path).unwrap();
        assert_eq!(Net::load(&path).unwrap(), net());
    }
    // Of two bytes each: cut within a letter, it would be no name.
    for name in ["é".repeat(127), format!("n{}", "é".repeat(127))] {
        let path = directory.path().join(name);
        net().save(&path).unwrap();
        assert_eq!(Net::load(&path).unwrap(), net());
    }
    assert_eq!(names(directory.path()).len(), 9);
}

#[test]
fn what_was_left_behind_is_removed() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    let path = here.join("net.safetensors");
    let left = ".net.safetensors.0123456789abcdef.partial";
    let others = [
        ".net.safetensors.0123456789abcdef.partial.txt",
        ".net.safetensors.0123456789abcde.partial",
        ".net.safetensors.0123456789abcdeg.partial",
        ".other.safetensors.0123456789abcdef.partial",
        "net.safetensors.0123456789abcdef.partial",
    ];
    for name in others.iter().chain([&left]) {
        fs::write(here.join(name), "half of a netw").unwrap();
    }
    net().save(&path).unwrap();
    let mut expected: Vec<String> = others.map(str::to_owned).to_vec();
    expected.push("net.safetensors".to_owned());
    expected.sort();
    assert_eq!(names(here), expected);
    assert_eq!(Net::load(&path).unwrap(), net());
}

#[test]
fn what_another_process_is_writing_stays() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("net.safetensors");
    let aside = directory.path().join(".net.safetensors.0123456789abcdef.partial");
    let file = fs::File::create(&aside).unwrap();
    file.lock().unwrap();
    net().save(&path).unwrap();
    assert!(aside.exists());
    drop(file);
    net().save(&path).unwrap();
    assert_eq!(names(directory.path()), ["net.safetensors"]);
}

#[test]
fn many_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("net.safetensors");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..50).for_each(|_| net().save(&path).unwrap()));
        }
        scope.spawn(|| {
            while !path.exists() {}
            (0..50).for_each(|_| assert_eq!(Net::load(&path).unwrap(), net()));
        });
    });
    assert_eq!(names(directory.path()), ["net.safetensors"]);
}

#[test]
fn where_no_file_can_be() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    fs::create_dir(here.join("models")).unwrap();
    fs::write(here.join("file"), "").unwrap();
    for name in ["models", "models/", "models/."] {
        assert_eq!(
            message(&here.join(name), here),
            format!("cannot write `{name}`: it is a directory: give the name of a file in it")
        );
    }
    assert_eq!(
        message(&here.join("missing/net"), here),
        "cannot write `missing/net`: there is no directory `missing`"
    );
    assert_eq!(
        message(&here.join("missing/"), here),
        "cannot write `missing/`: it is no name of a file"
    );
    // The system's words.
    assert!(message(&here.join("file/net"), here).starts_with("cannot write `file/net`: "));
    assert!(net().save("").is_err());
    assert_eq!(names(here), ["file", "models"]);
}

#[test]
fn a_file_that_is_read_only_stays() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    let path = here.join("net");
    fs::write(&path, "precious").unwrap();
    let mut permissions = fs::metadata(&path).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&path, permissions).unwrap();
    assert_eq!(
        message(&path, here),
        "cannot write `net`: it is read-only: make it writable, or give another name"
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    assert_eq!(names(here), ["net"]);
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn permissions_stay_as_they_were() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("net");
        // A new one has those that any new file has.
        fs::write(directory.path().join("any"), "").unwrap();
        net().save(&path).unwrap();
        assert_eq!(mode(&path), mode(&directory.path().join("any")));
        for expected in [0o600, 0o640, 0o644, 0o664, 0o666, 0o700, 0o200, 0o2755] {
            fs::set_permissions(&path, fs::Permissions::from_mode(expected)).unwrap();
            net().save(&path).unwrap();
            assert_eq!(mode(&path), expected);
        }
    }

    #[test]
    fn the_owner_stays_where_we_may() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("net");
        net().save(&path).unwrap();
        // Only the superuser can give a file away.
        if std::os::unix::fs::chown(&path, Some(12345), Some(54321)).is_ok() {
            net().save(&path).unwrap();
            let found = fs::metadata(&path).unwrap();
            assert_eq!((found.uid(), found.gid()), (12345, 54321));
        }
    }

    #[test]
    fn through_symbolic_links() {
        let directory = tempfile::tempdir().unwrap();
        let here = directory.path();
        fs::create_dir(here.join("store")).unwrap();
        fs::write(here.join("store/net"), "old").unwrap();
        symlink("store/net", here.join("link")).unwrap();
        symlink(here.join("link"), here.join("link to link")).unwrap();
        // To where nothing is yet.
        symlink("store/new", here.join("dangling")).unwrap();
        symlink("store", here.join("directory")).unwrap();
        for (link, target) in [
            ("link", "store/net"),
            ("link to link", "store/net"),
            ("dangling", "store/new"),
            ("directory/net", "store/net"),
        ] {
            let _ = fs::remove_file(here.join(target));
            for _ in 0..2 {
                net().save(here.join(link)).unwrap();
                assert_eq!(Net::load(here.join(target)).unwrap(), net(), "{link}");
            }
        }
        for link in ["link", "link to link", "dangling", "directory"] {
            assert!(fs::symlink_metadata(here.join(link)).unwrap().is_symlink(), "{link}");
        }
        assert_eq!(names(&here.join("store")), ["net", "new"]);
        assert_eq!(names(here), ["dangling", "directory", "link", "link to link", "store"]);

        symlink("loop", here.join("loop")).unwrap();
        assert_eq!(
            message(&here.join("loop"), here),
            "cannot write `loop`: too many symbolic links, or one that leads to itself"
        );
        symlink("store", here.join("to a directory")).unwrap();
        assert!(message(&here.join("to a directory"), here).contains("it is a directory"));
    }

    #[test]
    fn what_is_no_file_is_not_replaced_by_one() {
        use std::os::unix::fs::FileTypeExt;
        // For all of its kind: a test of `/dev/null` that fails leaves a machine without one.
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("socket");
        let _socket = std::os::unix::net::UnixListener::bind(&path).unwrap();
        assert!(net().save(&path).is_err());
        assert!(fs::metadata(&path).unwrap().file_type().is_socket());
        assert_eq!(names(directory.path()), ["socket"]);
    }

    #[test]
    fn a_process_that_is_killed() {
        // The test runs itself again, in a process that saves until it is killed.
        const DIRECTORY: &str = "AXONAL_SAVES_UNTIL_KILLED_IN";
        if let Some(directory) = std::env::var_os(DIRECTORY) {
            let path = Path::new(&directory).join("net");
            loop {
                net().save(&path).unwrap();
            }
        }
        let directory = tempfile::tempdir().unwrap();
        let here = directory.path();
        for round in 0..5 {
            let mut child = std::process::Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "saving::unix::a_process_that_is_killed"])
                .env(DIRECTORY, here)
                .stdout(std::process::Stdio::null())
                .spawn()
                .unwrap();
            while !here.join("net").exists() && child.try_wait().unwrap().is_none() {}
            std::thread::sleep(std::time::Duration::from_millis(7 * round));
            child.kill().unwrap();
            child.wait().unwrap();
            assert_eq!(Net::load(here.join("net")).unwrap(), net());
            assert!(names(here).len() <= 2, "{:?}", names(here));
            net().save(here.join("net")).unwrap();
            assert_eq!(names(here), ["net"]);
        }
    }
}
