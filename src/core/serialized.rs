//! How numbers, names and times stand in what `serde` writes.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// NaN and infinite numbers are nothing: JSON has none. Nothing is read as NaN.
pub(crate) mod number {
    use super::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
    pub(crate) fn serialize<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        number.is_finite().then_some(*number).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        Ok(Option::deserialize(deserializer)?.unwrap_or(f64::NAN))
    }
}

/// A time in seconds.
pub(crate) mod seconds {
    use serde::de::Error as _;

    use super::{Deserialize, Deserializer, Duration, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(
        time: &Duration,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        time.as_secs_f64().serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Duration, D::Error> {
        Duration::try_from_secs_f64(f64::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// Reads the name of a metric. Each one is kept once for the whole program; it is one of a few, of at most 100 bytes.
pub(crate) fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<&'static str, D::Error> {
    const LONGEST: usize = 100;
    const MOST: usize = 10_000;
    static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let name = String::deserialize(deserializer)?;
    if name.len() > LONGEST {
        let length = name.len();
        return Err(D::Error::custom(format!(
            "expected the name of a metric, of at most {LONGEST} bytes, found one of {length}"
        )));
    }
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(name) = names.get(name.as_str()) {
        return Ok(name);
    }
    if names.len() >= MOST {
        return Err(D::Error::custom(format!("more than {MOST} names of metrics")));
    }
    let name: &'static str = name.leak();
    names.insert(name);
    Ok(name)
}
