//! What all pictures have in common: colours and sizes of letters.

/// A colour, red, green and blue in a byte each, and how much it covers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Color {
    pub(super) rgb: u32,
    pub(super) opacity: f64,
}

impl Color {
    pub(crate) const WHITE: Self = Self::new(0xff_ff_ff);
    /// Of text.
    pub(crate) const INK: Self = Self::new(0x22_22_22);
    /// Of what explains: axes, notes.
    pub(crate) const GREY: Self = Self::new(0x77_77_77);
    /// Of lines behind the data.
    pub(crate) const GRID: Self = Self::new(0xe6_e6_e6);

    pub(crate) const fn new(rgb: u32) -> Self {
        Self { rgb, opacity: 1.0 }
    }

    pub(crate) const fn with_opacity(self, opacity: f64) -> Self {
        Self { opacity, ..self }
    }

    /// The colour `share` of the way to another.
    pub(crate) fn toward(self, to: Self, share: f64) -> Self {
        let share = share.clamp(0.0, 1.0);
        let mix = |shift: u32| {
            let channel = |rgb: u32| f64::from(rgb >> shift & 0xff);
            let mixed = channel(self.rgb) * (1.0 - share) + channel(to.rgb) * share;
            // From 0 to 255.
            (mixed.round() as u32) << shift
        };
        Self { rgb: mix(16) | mix(8) | mix(0), opacity: self.opacity }
    }

    /// Whether white letters are read better on it than black ones.
    pub(crate) fn is_dark(self) -> bool {
        let channel = |shift: u32| f64::from(self.rgb >> shift & 0xff);
        0.299 * channel(16) + 0.587 * channel(8) + 0.114 * channel(0) < 140.0
    }
}

/// Colours that people who see no red or no green tell apart, the ones with most contrast to white first.
///
/// Source: M. Okabe, K. Ito, "Color universal design" (2008).
pub(crate) const PALETTE: [Color; 7] = [
    Color::new(0x00_72_b2),
    Color::new(0xd5_5e_00),
    Color::new(0x00_9e_73),
    Color::new(0xcc_79_a7),
    Color::new(0xe6_9f_00),
    Color::new(0x56_b4_e9),
    Color::new(0x55_55_55),
];

/// The colour of the series with this number.
pub(crate) fn color(series: usize) -> Color {
    PALETTE[series % PALETTE.len()]
}

/// The size of letters in titles, of axes and their names, and beside ticks, in pixels.
pub(crate) const TITLE: f64 = 13.0;
pub(crate) const NAME: f64 = 12.0;
pub(crate) const SMALL: f64 = 11.0;
