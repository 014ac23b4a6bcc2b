//! What a file is that is not what it should be: for messages.

/// What bytes are the beginning of, in words that stand behind "found"; nothing if it is none of the files that people give by mistake.
///
/// Ask only when the file is not what it should be: the beginning of a good one can look like another's.
///
/// ```text
/// found a pointer of Git LFS: `git lfs pull` fetches the file itself
/// ```
pub(crate) fn kind(bytes: &[u8]) -> Option<&'static str> {
    const BEGINNINGS: [(&[u8], &str); 16] = [
        (
            b"version https://git-lfs.github.com/",
            "a pointer of Git LFS: `git lfs pull` fetches the file itself",
        ),
        (b"PK\x03\x04", "a zip archive, which is what `torch.save` and `np.savez` write too"),
        (b"PK\x05\x06", "an empty zip archive"),
        (b"\x89HDF\r\n\x1a\n", "an HDF5 file, which is what Keras writes as `.h5`"),
        (b"\x1f\x8b", "a gzip stream"),
        (b"BZh", "a bzip2 stream"),
        (b"\xfd7zXZ\0", "an xz stream"),
        (b"\x28\xb5\x2f\xfd", "a Zstandard stream"),
        (b"\x93NUMPY", "an array of NumPy"),
        (b"\x89PNG\r\n\x1a\n", "a PNG image"),
        (b"\xff\xd8\xff", "a JPEG image"),
        (b"GGUF", "a GGUF file"),
        (b"PAR1", "a Parquet file"),
        (b"%PDF-", "a PDF document"),
        (b"SQLite format 3\0", "an SQLite database"),
        (b"\0\0\x08", "an IDX file, as MNIST's are"),
    ];
    if bytes.is_empty() {
        return Some("an empty file");
    }
    if let Some((_, kind)) = BEGINNINGS.iter().find(|(start, _)| bytes.starts_with(start)) {
        return Some(kind);
    }
    // A pickle of the protocols 2 to 5 says which at its beginning, and ends in a full stop: `torch.save` before version 1.6 wrote several.
    if let [0x80, 2..=5, b'}' | b'c' | b']' | b'(' | 0x8a | 0x95, ..] = bytes {
        return Some("a pickle of Python, which is what old versions of `torch.save` write");
    }
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    let is = |start: &[u8]| {
        text.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start))
    };
    // What a download leaves when the server answers with a page.
    if is(b"<!doctype html") || is(b"<html") || is(b"<head") {
        return Some("a page of HTML, which is what a server sends in the place of a file");
    }
    if is(b"<?xml") {
        return Some("a text of XML");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::kind;

    #[test]
    fn files_that_people_give_by_mistake() {
        let beginnings: [(&[u8], &str); 9] = [
            (
                b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a",
                "a pointer of Git LFS",
            ),
            (b"PK\x03\x04\0\0\x08\x08", "a zip archive"),
            (b"\x89HDF\r\n\x1a\n\0", "an HDF5 file"),
            (b"\x1f\x8b\x08\0", "a gzip stream"),
            (b"\xef\xbb\xbf \r\n<!DOCTYPE html>", "a page of HTML"),
            (b"<HTML>", "a page of HTML"),
            (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", "a pickle"),
            (b"\x93NUMPY\x01\0v\0{'descr'", "an array of NumPy"),
            (b"", "an empty file"),
        ];
        for (bytes, expected) in beginnings {
            let found = kind(bytes).unwrap_or_default();
            assert!(found.starts_with(expected), "{bytes:?}: {found}");
        }
    }

    #[test]
    fn anything_else_is_not_named() {
        for bytes in [&b"a,b\n1,2\n"[..], b"<", b"P", b"\x80", b"\x80\x02", &[0xff; 64], b"{}"] {
            assert_eq!(kind(bytes), None, "{bytes:?}");
        }
    }
}
