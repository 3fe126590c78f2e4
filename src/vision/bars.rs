use super::scene::SMALL;
use crate::geometry::BBox;

/// Mean luma of a line of a bar, at most.
const DARK: u32 = 26;
/// And of most of its samples: a line of text may run through a bar.
const DARKEST: u8 = 44;
/// Share of a line's samples that must be so dark.
const MOST: f32 = 0.94;
/// A bar is at least so wide, as a share of the picture's side: less is a lens's dark edge, and nothing is gained by leaving it out.
const LEAST: f32 = 0.04;
/// What is left of the picture is at least so large, as a share of its side.
const LEFT: f32 = 0.4;
/// What is left is so much lighter than what is left out, in luma: a dark place is no bar.
const LIGHTER: u32 = 24;
/// Edges lie on so many steps of the picture's side, rounded towards the bars: pictures of one recording are to have one part.
const STEPS: f32 = 48.0;

/// The part of a picture, given small, within the black bars around it: a recording in other proportions, a monitor that was filmed. None
/// where it has none.
pub(super) fn within(small: &[u8]) -> Option<BBox> {
    let (columns, rows) = SMALL;
    let line = |y: usize| small.get(y * columns..(y + 1) * columns).unwrap_or_default().iter().copied();
    let (top, bottom) = light(rows, |y| is_dark(line(y)))?;
    let column = |x: usize| small.iter().skip(top * columns + x).step_by(columns).take(bottom - top).copied();
    let (left, right) = light(columns, |x| is_dark(column(x)))?;
    let part = BBox::new(
        edge(left as f32 / columns as f32),
        edge(top as f32 / rows as f32),
        1.0 - edge(1.0 - right as f32 / columns as f32),
        1.0 - edge(1.0 - bottom as f32 / rows as f32),
    );
    if part == BBox::WHOLE || part.width() < LEFT || part.height() < LEFT {
        return None;
    }
    let mut sums = [(0_u32, 0_u32); 2];
    for (index, luma) in small.iter().enumerate() {
        let (x, y) = (index % columns, index / columns);
        let inside = (left..right).contains(&x) && (top..bottom).contains(&y);
        if let Some((sum, count)) = sums.get_mut(usize::from(inside)) {
            (*sum, *count) = (*sum + u32::from(*luma), *count + 1);
        }
    }
    let [outside, inside] = sums.map(|(sum, count)| sum / count.max(1));
    (inside >= outside + LIGHTER).then_some(part)
}

/// The lines from the first to the one after the last that is not dark; none where all are.
fn light(count: usize, is_dark: impl Fn(usize) -> bool) -> Option<(usize, usize)> {
    let first = (0..count).find(|line| !is_dark(*line))?;
    let last = (first..count).rfind(|line| !is_dark(*line))?;
    Some((first, last + 1))
}

fn is_dark(line: impl Iterator<Item = u8> + Clone) -> bool {
    let (mut sum, mut count, mut dark) = (0_u32, 0_u32, 0_u32);
    for luma in line {
        (sum, count) = (sum + u32::from(luma), count + 1);
        dark += u32::from(luma <= DARKEST);
    }
    count > 0 && sum <= DARK * count && dark as f32 >= MOST * count as f32
}

/// Where a bar of this share of the side ends.
fn edge(share: f32) -> f32 {
    if share < LEAST { 0.0 } else { (share * STEPS).floor() / STEPS }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture whose samples are light within a part of it.
    fn picture(
        part: [f32; 4],
        light: impl Fn(usize, usize) -> u8,
        dark: impl Fn(usize, usize) -> u8,
    ) -> Vec<u8> {
        let (columns, rows) = SMALL;
        let [left, top, right, bottom] = part;
        let at = |index: usize| (index % columns, index / columns);
        (0..columns * rows)
            .map(at)
            .map(|(x, y)| {
                let (u, v) = ((x as f32 + 0.5) / columns as f32, (y as f32 + 0.5) / rows as f32);
                let inside = (left..right).contains(&u) && (top..bottom).contains(&v);
                if inside { light(x, y) } else { dark(x, y) }
            })
            .collect()
    }

    fn textured(x: usize, y: usize) -> u8 {
        (60 + (x * 7 + y * 13) % 120) as u8
    }

    fn noise(x: usize, y: usize) -> u8 {
        (8 + (x * 31 + y * 17) % 15) as u8
    }

    #[test]
    fn bars_are_found_on_any_side_and_nearly_where_they_end() {
        for part in
            [[0.2, 0.0, 0.8, 1.0], [0.0, 0.13, 1.0, 0.87], [0.1, 0.2, 0.7, 0.75], [0.3, 0.0, 1.0, 1.0]]
        {
            let found: [f32; 4] = within(&picture(part, textured, noise)).expect("it has bars").into();
            for (side, (found, wanted)) in found.into_iter().zip(part).enumerate() {
                let cut = if side < 2 { found - wanted } else { wanted - found };
                assert!((-1.1 / STEPS..=0.01).contains(&cut), "{part:?}: {found} for {wanted}");
            }
        }
    }

    #[test]
    fn what_is_no_bar_is_left() {
        let whole = [0.0, 0.0, 1.0, 1.0];
        assert_eq!(within(&picture(whole, textured, noise)), None);
        assert_eq!(within(&picture(whole, noise, noise)), None, "a dark place");
        let dim = |x: usize, y: usize| (20 + (x + y) % 20) as u8;
        assert_eq!(within(&picture([0.2, 0.0, 0.8, 1.0], dim, noise)), None, "hardly lighter");
        let lit = |x: usize, y: usize| if (x / 20 + y / 20).is_multiple_of(3) { 120 } else { 10 };
        assert_eq!(within(&picture([0.1, 0.1, 0.9, 0.9], textured, lit)), None, "things stand there");
        assert_eq!(within(&picture([0.02, 0.0, 1.0, 1.0], textured, noise)), None, "next to nothing");
        assert_eq!(within(&picture([0.35, 0.35, 0.65, 0.65], textured, noise)), None, "a lamp in the dark");
        assert_eq!(within(&[]), None);
    }

    #[test]
    fn a_line_of_text_in_a_bar_changes_nothing() {
        let text = |x: usize, y: usize| if y == 3 && x.is_multiple_of(20) { 250 } else { noise(x, y) };
        assert!(within(&picture([0.0, 0.15, 1.0, 0.85], textured, text)).is_some());
    }
}
