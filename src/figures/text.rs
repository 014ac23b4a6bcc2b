//! How wide text is, before any font has drawn it.

/// How wide the letters from the space on are at most, in Roboto and in Arial: hundredths of their size. `roboto/glyphs.py` measured them.
const WIDTHS: [u8; 95] = [
    28, 28, 36, 62, 57, 89, 67, 20, 35, 35, 44, 59, 28, 34, 28, 42, 57, 57, 57, 57, 57, 57, 57, 57,
    57, 57, 28, 28, 59, 59, 59, 56, 102, 67, 67, 73, 73, 67, 62, 78, 73, 28, 56, 67, 56, 88, 73,
    78, 67, 78, 73, 67, 62, 73, 67, 95, 67, 67, 62, 28, 42, 28, 47, 56, 34, 56, 57, 53, 57, 56, 35,
    57, 56, 25, 24, 51, 25, 88, 56, 58, 57, 57, 34, 52, 33, 56, 50, 76, 50, 50, 50, 34, 26, 34, 69,
];

/// What a machine's font may be wider: DejaVu Sans by this much.
const OTHER_FONTS: f64 = 1.08;

/// The width to keep free for a text.
pub(crate) fn width(text: &str, size: f64) -> f64 {
    let of = |letter: char| match letter {
        ' '..='~' => f64::from(WIDTHS[letter as usize - 32]) / 100.0,
        // From here on scripts have letters as wide as high.
        '\u{1100}'.. => 1.0,
        _ => 0.6,
    };
    OTHER_FONTS * size * text.chars().map(of).sum::<f64>()
}

/// The text, or its beginning, an ellipsis and its end where that is all there is room for: long names often differ at their ends.
pub(crate) fn cut(text: &str, size: f64, room: f64) -> String {
    if width(text, size) <= room {
        return text.to_owned();
    }
    let letters: Vec<char> = text.chars().collect();
    let wide = |letter: char| width(letter.encode_utf8(&mut [0; 4]), size);
    let (mut begin, mut end) = (0, letters.len());
    let mut left = room - width("…", size);
    // From both sides in turns.
    while begin < end {
        let at_begin = begin <= letters.len() - end;
        left -= wide(letters[if at_begin { begin } else { end - 1 }]);
        if left < 0.0 {
            break;
        }
        if at_begin { begin += 1 } else { end -= 1 }
    }
    let text = |letters: &[char]| letters.iter().collect::<String>();
    format!("{}…{}", text(&letters[..begin]).trim_end(), text(&letters[end..]).trim_start())
}

/// The text in lines, broken at spaces.
pub(crate) fn wrap(text: &str, size: f64, room: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if width(line, size) + width(" ", size) + width(word, size) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(cut(word, size, room)),
        }
    }
    lines
}

/// The largest width of some texts.
pub(crate) fn widest<'a>(texts: impl IntoIterator<Item = &'a str>, size: f64) -> f64 {
    texts.into_iter().map(|text| width(text, size)).fold(0.0, f64::max)
}
