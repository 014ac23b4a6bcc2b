//! Images of another size.

/// A plane of `rows` x `columns` numbers as one of `to` rows and columns: Pillow's `resize` with `BILINEAR`, torchvision's `Resize` with `antialias=True`.
///
/// Each new pixel is the mean of the old ones under a triangle that reaches as far as the next pixel, old or new, whichever is further away; columns
/// first, then rows.
pub(super) fn resize(
    plane: &[f32],
    (rows, columns): (usize, usize),
    to: (usize, usize),
) -> Vec<f32> {
    let across = weights(columns, to.1);
    let mut wide = Vec::with_capacity(rows * to.1);
    for row in plane.chunks_exact(columns.max(1)) {
        wide.extend(across.iter().map(|(first, weights)| -> f32 {
            weights.iter().zip(&row[*first..]).map(|(weight, pixel)| weight * pixel).sum()
        }));
    }
    let mut resized = Vec::with_capacity(to.0 * to.1);
    for (first, weights) in weights(rows, to.0) {
        for column in 0..to.1 {
            let pixels = wide[first * to.1 + column..].iter().step_by(to.1);
            resized.push(weights.iter().zip(pixels).map(|(weight, pixel)| weight * pixel).sum());
        }
    }
    resized
}

/// For each of `to` pixels, the first of `from` pixels that it is made of, and their weights.
fn weights(from: usize, to: usize) -> Vec<(usize, Vec<f32>)> {
    let scale = from as f64 / to as f64;
    let reach = scale.max(1.0);
    let of = |pixel: usize| {
        let center = (pixel as f64 + 0.5) * scale;
        let first = (center - reach + 0.5).floor().max(0.0) as usize;
        let end = ((center + reach + 0.5).floor() as usize).min(from);
        let triangle = |old: usize| (1.0 - ((old as f64 + 0.5 - center) / reach).abs()).max(0.0);
        let sum: f64 = (first..end).map(triangle).sum();
        (first, (first..end).map(|old| (triangle(old) / sum) as f32).collect())
    };
    (0..to).map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::resize;

    /// The numbers of Pillow 13: see `tests/fixtures/resize.py`.
    #[test]
    fn as_pillow_does_it() {
        let fixture = include_str!("../../tests/fixtures/resize.txt");
        let mut lines = fixture.lines().filter(|line| !line.starts_with('#'));
        let mut count = 0;
        while let (Some(sizes), Some(before), Some(after)) =
            (lines.next(), lines.next(), lines.next())
        {
            let numbers = |line: &str| -> Vec<f32> {
                line.split(' ').map(|number| number.parse().unwrap()).collect()
            };
            let sizes: Vec<usize> = sizes.split(' ').map(|size| size.parse().unwrap()).collect();
            let resized = resize(&numbers(before), (sizes[0], sizes[1]), (sizes[2], sizes[3]));
            let expected = numbers(after);
            assert_eq!(resized.len(), expected.len());
            for (found, expected) in resized.iter().zip(&expected) {
                assert!((found - expected).abs() < 1e-5, "{sizes:?}: {found} is no {expected}");
            }
            count += 1;
        }
        assert_eq!(count, 7);
    }
}
