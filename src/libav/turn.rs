//! How pictures are to be turned to stand upright.

/// A turn clockwise, of a picture that is mirrored first (left becomes right) where that is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Turn {
    /// None: it stands upright.
    #[default]
    Upright,
    /// By 90°.
    Right,
    /// By 180°.
    Half,
    /// By 270°.
    Left,
    /// Mirrored.
    Mirrored,
    /// Mirrored, then by 90°.
    MirroredRight,
    /// Mirrored, then by 180°: upside down.
    MirroredHalf,
    /// Mirrored, then by 270°.
    MirroredLeft,
}

/// What a stream says of how its pictures are to be shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Shown {
    /// Turned by right angles.
    Turned(Turn),
    /// Turned by another angle, in degrees clockwise.
    Tilted(f64),
}

/// An angle this near to a right one, in degrees, is a right one that was rounded.
const ROUNDING: f64 = 1.0;

impl Turn {
    fn new(mirrored: bool, quarters: i64) -> Self {
        match (mirrored, quarters.rem_euclid(4)) {
            (false, 0) => Self::Upright,
            (false, 1) => Self::Right,
            (false, 2) => Self::Half,
            (false, _) => Self::Left,
            (true, 0) => Self::Mirrored,
            (true, 1) => Self::MirroredRight,
            (true, 2) => Self::MirroredHalf,
            (true, _) => Self::MirroredLeft,
        }
    }

    /// Whether width becomes height.
    pub fn swaps_sides(self) -> bool {
        matches!(self, Self::Right | Self::Left | Self::MirroredRight | Self::MirroredLeft)
    }

    /// Whether columns of the stored picture are read from the right, and rows from below.
    fn backwards(self) -> (bool, bool) {
        match self {
            Self::Upright | Self::MirroredLeft => (false, false),
            Self::Right | Self::MirroredHalf => (false, true),
            Self::Left | Self::Mirrored => (true, false),
            Self::Half | Self::MirroredRight => (true, true),
        }
    }

    /// Turns `width` × `height` samples, in `rows` of which each is as long, into `out`, whose rows lie `stride` apart.
    pub(super) fn plane<'a>(
        self,
        (width, height): (usize, usize),
        row: impl Fn(usize) -> &'a [u8],
        out: &mut [u8],
        stride: usize,
    ) {
        /// Samples of a square that stays in the processor's cache while it is turned on its side.
        const TILE: usize = 32;
        let (from_right, from_below) = self.backwards();
        let row = |y: usize| row(if from_below { height - 1 - y } else { y });
        if !self.swaps_sides() {
            for (y, out) in out.chunks_mut(stride.max(1)).take(height).enumerate() {
                let samples = out.iter_mut().zip(row(y));
                if from_right {
                    out.iter_mut().zip(row(y).iter().rev()).for_each(|(out, sample)| *out = *sample);
                } else {
                    samples.for_each(|(out, sample)| *out = *sample);
                }
            }
            return;
        }
        for (band, out) in out.chunks_mut(TILE * stride.max(1)).enumerate().take(width.div_ceil(TILE)) {
            for tile in (0..height).step_by(TILE) {
                for y in tile..(tile + TILE).min(height) {
                    let row = row(y);
                    for (x, out) in (band * TILE..width).zip(out.chunks_mut(stride.max(1))) {
                        let x = if from_right { width - 1 - x } else { x };
                        if let (Some(out), Some(sample)) = (out.get_mut(y), row.get(x)) {
                            *out = *sample;
                        }
                    }
                }
            }
        }
    }
}

impl Shown {
    /// From the matrix of ISO/IEC 14496-12, 6.2.2, as containers give it; none where it says nothing that makes sense.
    pub(super) fn from_matrix(matrix: &[i32; 9]) -> Option<Self> {
        let [a, b, _, c, d, ..] = matrix.map(f64::from);
        // Where a step to the right and a step down are shown to lead.
        let (right, down) = (a.hypot(b), c.hypot(d));
        if right <= 0.0 || down <= 0.0 {
            return None;
        }
        let mirrored = a * d - b * c < 0.0;
        let sign = if mirrored { -1.0 } else { 1.0 };
        // Mirrored first, what led to the right leads to the left.
        let angle = (sign * b).atan2(sign * a).to_degrees();
        let quarters = (angle / 90.0).round();
        // The step down must lead a right angle further.
        let square = (a * c + b * d).abs() / (right * down) < ROUNDING.to_radians().sin();
        if !square || (angle - quarters * 90.0).abs() > ROUNDING {
            return Some(Self::Tilted(angle.rem_euclid(360.0)));
        }
        Some(Self::Turned(Turn::new(mirrored, quarters as i64)))
    }

    /// From a message in the stream: whether left and right, and above and below are changed, and then by how much the
    /// picture is turned against the clock, in 65,536ths.
    pub(super) fn from_message((across, down): (bool, bool), against: u32) -> Self {
        let (mirrored, half) = (across != down, i64::from(down) * 2);
        let angle = -f64::from(against) * 360.0 / 65_536.0;
        let quarters = (angle / 90.0).round();
        if (angle - quarters * 90.0).abs() > ROUNDING {
            return Self::Tilted(angle.rem_euclid(360.0));
        }
        Self::Turned(Turn::new(mirrored, quarters as i64 + half))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: i32 = 1 << 16;

    fn matrix(a: i32, b: i32, c: i32, d: i32) -> Option<Shown> {
        Shown::from_matrix(&[a, b, 0, c, d, 0, 0, 0, 1 << 30])
    }

    #[test]
    fn matrices_turn_by_right_angles() {
        let turned = |turn| Some(Shown::Turned(turn));
        assert_eq!(matrix(ONE, 0, 0, ONE), turned(Turn::Upright));
        assert_eq!(matrix(0, ONE, -ONE, 0), turned(Turn::Right));
        assert_eq!(matrix(-ONE, 0, 0, -ONE), turned(Turn::Half));
        assert_eq!(matrix(0, -ONE, ONE, 0), turned(Turn::Left));
        assert_eq!(matrix(-ONE, 0, 0, ONE), turned(Turn::Mirrored));
        assert_eq!(matrix(ONE, 0, 0, -ONE), turned(Turn::MirroredHalf));
        assert_eq!(matrix(0, ONE, ONE, 0), turned(Turn::MirroredLeft));
        assert_eq!(matrix(0, -ONE, -ONE, 0), turned(Turn::MirroredRight));
        // Scaled, and a cosine that was not quite 0.
        assert_eq!(matrix(3, 2 * ONE, -ONE, 2), turned(Turn::Right));
    }

    #[test]
    fn other_angles_are_told_and_nonsense_is_not() {
        let (sin, cos) = 17f64.to_radians().sin_cos();
        let [sin, cos] = [sin, cos].map(|x| (x * f64::from(ONE)) as i32);
        let Some(Shown::Tilted(angle)) = matrix(cos, sin, -sin, cos) else { panic!("an angle") };
        assert!((angle - 17.0).abs() < 0.01, "{angle}");
        // Sheared.
        assert!(matches!(matrix(ONE, 0, ONE, ONE), Some(Shown::Tilted(_))));
        assert_eq!(matrix(0, 0, 0, 0), None);
        assert_eq!(matrix(ONE, 0, 0, 0), None);
        assert!(matrix(i32::MIN, i32::MIN, i32::MAX, i32::MIN).is_some());
    }

    #[test]
    fn messages_flip_first() {
        let turned = |turn| Shown::Turned(turn);
        assert_eq!(Shown::from_message((false, false), 0), turned(Turn::Upright));
        assert_eq!(Shown::from_message((false, false), 0x4000), turned(Turn::Left));
        assert_eq!(Shown::from_message((false, false), 0xc000), turned(Turn::Right));
        assert_eq!(Shown::from_message((true, false), 0), turned(Turn::Mirrored));
        assert_eq!(Shown::from_message((false, true), 0), turned(Turn::MirroredHalf));
        assert_eq!(Shown::from_message((true, true), 0), turned(Turn::Half));
        assert!(matches!(Shown::from_message((false, false), 3000), Shown::Tilted(_)));
    }

    #[test]
    fn a_plane_is_turned_as_its_name_says() {
        // 1 2 3
        // 4 5 6
        let rows = [[1, 2, 3], [4, 5, 6]];
        for (turn, wanted) in [
            (Turn::Upright, [1, 2, 3, 4, 5, 6]),
            (Turn::Right, [4, 1, 5, 2, 6, 3]),
            (Turn::Half, [6, 5, 4, 3, 2, 1]),
            (Turn::Left, [3, 6, 2, 5, 1, 4]),
            (Turn::Mirrored, [3, 2, 1, 6, 5, 4]),
            (Turn::MirroredRight, [6, 3, 5, 2, 4, 1]),
            (Turn::MirroredHalf, [4, 5, 6, 1, 2, 3]),
            (Turn::MirroredLeft, [1, 4, 2, 5, 3, 6]),
        ] {
            let width = if turn.swaps_sides() { 2 } else { 3 };
            // One sample lies between rows.
            let mut out = vec![9; (width + 1) * (6 / width)];
            turn.plane((3, 2), |y| &rows[y], &mut out, width + 1);
            let seen: Vec<u8> = out.chunks(width + 1).flat_map(|row| row[..width].to_vec()).collect();
            assert_eq!(seen, wanted, "{turn:?}");
        }
    }

    #[test]
    fn large_planes_are_turned_whole() {
        let (width, height) = (77, 45);
        let rows: Vec<Vec<u8>> =
            (0..height).map(|y| (0..width).map(|x| (x * 7 + y * 13) as u8).collect()).collect();
        let mut out = vec![0; 48 * width];
        Turn::Right.plane((width, height), |y| &rows[y], &mut out, 48);
        for (y, row) in out.chunks(48).enumerate() {
            for (x, sample) in row[..height].iter().enumerate() {
                assert_eq!(*sample, rows[height - 1 - x][y], "{x} {y}");
            }
        }
    }
}
