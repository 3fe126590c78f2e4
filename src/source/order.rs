//! What files of one camera are called, and in which order they come where nothing tells when they began.

use std::{
    cmp::Ordering,
    collections::HashMap,
    ffi::OsStr,
    os::unix::ffi::OsStrExt,
    path::{Component, Path, PathBuf},
};

use crate::files::shown;

/// What each of a camera's files is called for people and in records: its name, with as many of its folders before it as
/// tell it from all others, joined by `/`.
pub fn labels(files: &[PathBuf]) -> Vec<String> {
    let parts: Vec<Vec<&OsStr>> = files.iter().map(|path| parts(path)).collect();
    let mut labels: Vec<String> = vec![String::new(); files.len()];
    let mut open: Vec<usize> = (0..files.len()).collect();
    let mut length = 1;
    while !open.is_empty() {
        let tail = |index: usize| {
            let parts = parts.get(index).map_or(&[][..], Vec::as_slice);
            parts.get(parts.len().saturating_sub(length)..).unwrap_or_default()
        };
        // Those that are told already share no tail of this length with one that is not.
        let mut seen: HashMap<&[&OsStr], usize> = HashMap::new();
        for &index in &open {
            *seen.entry(tail(index)).or_default() += 1;
        }
        open.retain(|&index| {
            let whole = parts.get(index).is_none_or(|parts| parts.len() <= length);
            let told = whole || seen.get(tail(index)) == Some(&1);
            if let Some(label) = labels.get_mut(index).filter(|_| told) {
                *label = tail(index).iter().map(|part| shown(part)).collect::<Vec<_>>().join("/");
            }
            !told
        });
        length += 1;
    }
    labels
}

fn parts(path: &Path) -> Vec<&OsStr> {
    let named = path.components().filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir));
    named.map(Component::as_os_str).collect()
}

/// Compares paths part by part, and numbers in them as numbers.
pub(super) fn by_path(a: &Path, b: &Path) -> Ordering {
    // A name comes before what is added to it, whatever its extension: `a.mp4`, `a (2).mp4`.
    let split = |path: &Path| (path.with_extension(""), path.extension().unwrap_or_default().to_owned());
    let ((a_stem, a_kind), (b_stem, b_kind)) = (split(a), split(b));
    let (a_parts, b_parts) = (parts(&a_stem), parts(&b_stem));
    let pairs = a_parts.iter().zip(&b_parts).map(|(a, b)| by_number(a.as_bytes(), b.as_bytes()));
    pairs
        .fold(Ordering::Equal, Ordering::then)
        .then(a_parts.len().cmp(&b_parts.len()))
        .then_with(|| by_number(a_kind.as_bytes(), b_kind.as_bytes()))
        .then_with(|| a.cmp(b))
}

fn by_number(mut a: &[u8], mut b: &[u8]) -> Ordering {
    loop {
        let (number_a, number_b) = (digits(a), digits(b));
        let order = if number_a > 0 && number_b > 0 {
            let (first, second) = (value(a, number_a), value(b, number_b));
            (a, b) = (a.get(number_a..).unwrap_or_default(), b.get(number_b..).unwrap_or_default());
            first.len().cmp(&second.len()).then_with(|| first.cmp(second))
        } else {
            match (a.split_first(), b.split_first()) {
                (Some((first, rest_a)), Some((second, rest_b))) => {
                    (a, b) = (rest_a, rest_b);
                    first.cmp(second)
                }
                (first, second) => return first.is_some().cmp(&second.is_some()),
            }
        };
        if order.is_ne() {
            return order;
        }
    }
}

fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// The number's digits without leading zeros: the longer is the larger.
fn value(text: &[u8], digits: usize) -> &[u8] {
    let number = text.get(..digits).unwrap_or_default();
    let zeros = number.iter().take_while(|digit| **digit == b'0').count();
    number.get(zeros..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(names: &[&str]) -> Vec<PathBuf> {
        names.iter().map(PathBuf::from).collect()
    }

    #[test]
    fn numbers_are_compared_as_numbers() {
        let huge = format!("rec{}.mp4", "9".repeat(80));
        let wanted = paths(&[
            "08/b.mp4",
            "9/a.mp4",
            "10/a.mp4",
            "a.mp4",
            "a (2).mp4",
            "rec1.mp4",
            "rec02.mp4",
            "rec2b.mp4",
            "rec9.mp4",
            "rec10.mp4",
            "rec010b.mp4",
            &huge,
        ]);
        let mut sorted = wanted.clone();
        sorted.reverse();
        sorted.sort_by(|a, b| by_path(a, b));
        assert_eq!(sorted, wanted);
    }

    #[test]
    fn a_label_is_the_shortest_that_tells_a_file_from_the_others() {
        let files = paths(&["/r/08/lane/00.00.mp4", "/r/09/lane/00.00.mp4", "/r/09/lane/00.10.mp4"]);
        assert_eq!(labels(&files), ["08/lane/00.00.mp4", "09/lane/00.00.mp4", "00.10.mp4"]);
        assert_eq!(labels(&paths(&["a.mp4", "x/a.mp4"])), ["a.mp4", "x/a.mp4"]);
        assert_eq!(labels(&paths(&["a.mp4", "a.mp4"])), ["a.mp4", "a.mp4"]);
        assert_eq!(labels(&[PathBuf::from(OsStr::from_bytes(b"r/\xB6.mp4"))]), [r"\xB6.mp4"]);
        assert_eq!(labels(&[]), [""; 0]);
    }

    proptest::proptest! {
        #[test]
        fn the_order_of_paths_is_one(names in proptest::collection::vec("[a0-9./]{1,8}", 3)) {
            let [a, b, c] = &paths(&names.iter().map(String::as_str).collect::<Vec<_>>())[..] else { panic!() };
            proptest::prop_assert_eq!(by_path(a, b), by_path(b, a).reverse());
            if by_path(a, b).is_le() && by_path(b, c).is_le() {
                proptest::prop_assert!(by_path(a, c).is_le());
            }
        }
    }
}
