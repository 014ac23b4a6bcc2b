//! Lists of configurations and of networks.

/// All combinations of settings, as a `Vec` of a struct of one's own: the last field changes first. scikit-learn's `ParameterGrid`.
///
/// Each field has a list of values (anything that can be iterated over), of which each combination has a clone.
///
/// ```
/// #[derive(Clone, Debug, PartialEq)]
/// struct Settings {
///     learning_rate: f64,
///     batch_size: usize,
/// }
///
/// let settings = axonal::grid!(Settings { learning_rate: [0.1, 0.01], batch_size: (4..=6).map(|k| 1 << k) });
/// assert_eq!(settings.len(), 6);
/// assert_eq!(settings[1], Settings { learning_rate: 0.1, batch_size: 32 });
/// ```
///
/// For other lists, such as those of which one setting depends on another, `flat_map` does; for random ones, there is
/// [`sample_configs`](crate::selection::sample_configs).
#[macro_export]
macro_rules! grid {
    ($($config:ident)::+ { $($field:ident : $values:expr),+ $(,)? }) => {{
        let mut configs = ::std::vec::Vec::new();
        // All lists are there before the first name of a field is: a list may use a variable with such a name.
        match ($(::std::vec::Vec::from_iter($values),)+) {
            ($($field,)+) => $crate::grid!(@nested configs [$($config)::+] [$($field)+] $($field)+),
        }
        configs
    }};
    (@nested $configs:ident [$($config:tt)+] [$($field:ident)+]) => {
        $configs.push($($config)+ { $($field: ::core::clone::Clone::clone($field)),+ })
    };
    (@nested $configs:ident $config:tt $fields:tt $first:ident $($rest:ident)*) => {
        for $first in &$first {
            $crate::grid!(@nested $configs $config $fields $($rest)*);
        }
    };
}

/// A search over shapes: a block for all combinations of sizes, which are constants in it. Gives a `Vec` of [`Variant`](crate::selection::Variant)s.
///
/// Sizes of a network are types, so each combination is a network of its own; what the block gives is of one type for all of them: a function or a closure that
/// captures nothing, as a pointer.
///
/// ```
/// use axonal::prelude::*;
/// use axonal::selection::{CrossValidation, Fold, StratifiedKFold};
///
/// type Flower = SVector<f32, 4>;
///
/// let shapes = axonal::variants! { HIDDEN in [2, 8], LAST in [4, 8] => {
///     network! { struct Net<input 4 => dense HIDDEN tanh => dense LAST relu => dense 3>; }
///     |learning_rate: f64, fold: &Fold<Flower, Class<3>>| {
///         let mut rng = fold.rng();
///         let mut net = Net::random(&mut rng);
///         Trainer::new(CrossEntropy, Adam::new(learning_rate)).epochs(3).fit(&mut *net, &fold.train, &mut rng)?;
///         Ok(Evaluation::of(&*net, &fold.test).score())
///     }
/// }};
/// assert_eq!((shapes.len(), &*shapes[1].name), (4, "HIDDEN = 2, LAST = 8"));
///
/// let iris = axonal::data::csv("examples/data/iris.csv").classification::<f32, 4, 3>()?;
/// let folds = StratifiedKFold::new(3).shuffle(7);
/// let search = CrossValidation::new(folds).search(&iris, shapes, |shape, fold| shape(0.05, fold))?;
/// println!("{search}");
/// # Ok::<(), axonal::Error>(())
/// ```
///
/// A variant can be a setting of a [`grid!`](crate::grid). A generic function serves as well as a closure: `train::<Net>`, with
/// [`Trainable`](crate::Trainable) as its bound.
///
/// Each combination is compiled as a network of its own: a dozen of them take as long as a dozen of programs' networks.
#[macro_export]
macro_rules! variants {
    ($($name:ident in [$($size:expr),+ $(,)?]),+ $(,)? => $block:block) => {
        $crate::variants!(@cross [[]] [$($name [$($size),+])+] $block)
    };
    // Each of the combinations so far, with each size of the next name: `[[[] (H 16)] (G 8)]`.
    (@cross $combined:tt [$name:ident $sizes:tt $($rest:tt)*] $block:block) => {
        $crate::variants!(@combine [] $combined $name $sizes [$($rest)*] $block)
    };
    (@combine [$($new:tt)*] [$of:tt $($more:tt)*] $name:ident [$($size:expr),+] $rest:tt $block:block) => {
        $crate::variants!(@combine [$($new)* $([$of ($name $size)])+] [$($more)*] $name [$($size),+] $rest $block)
    };
    (@combine $new:tt [] $name:ident $sizes:tt $rest:tt $block:block) => {
        $crate::variants!(@cross $new $rest $block)
    };
    (@cross [$($combined:tt)+] [] $block:block) => {{
        // In an array, functions of several types are pointers of one; those that come of calls, not of blocks, which the compiler asks for the type of the first.
        let values = [$((|| {
            $crate::variants!(@constants $combined);
            $block
        })()),+];
        let sizes: &[&[(&str, usize)]] = &[$(&$crate::variants!(@sizes $combined)),+];
        $crate::selection::Variant::list(sizes, values)
    }};
    (@constants []) => {};
    (@constants [$of:tt ($name:ident $size:expr)]) => {
        $crate::variants!(@constants $of);
        #[allow(dead_code, reason = "a size that the block does not use")]
        const $name: usize = $size;
    };
    (@sizes [] $($size:tt)+) => { [$($size),+] };
    (@sizes [$of:tt ($name:ident $size:expr)] $($more:tt)*) => {
        $crate::variants!(@sizes $of (stringify!($name), $size) $($more)*)
    };
}
