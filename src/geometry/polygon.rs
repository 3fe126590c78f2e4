use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{BBox, Point};

/// Why a list of points is no zone.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum PolygonError {
    /// Fewer than three points enclose nothing.
    #[error("a zone needs at least three points, this one has {0}")]
    TooFewPoints(usize),
    /// A coordinate outside the picture, or not a number.
    #[error("point {index} is ({x}, {y}): both must be fractions of the picture, from 0 to 1")]
    OutsidePicture {
        /// Which point, counted from 1.
        index: usize,
        /// As written.
        x: f32,
        /// As written.
        y: f32,
    },
    /// Two edges that are not neighbours meet.
    #[error("edge {first} crosses edge {second}: list the points in order around the zone")]
    CrossesItself {
        /// The edge from point `first` to the next one, counted from 1.
        first: usize,
        /// Likewise.
        second: usize,
    },
    /// All points on one line.
    #[error("the points enclose no area")]
    NoArea,
}

/// A simple polygon (no edge crosses another) in fractions of the picture, written as `[[x, y], …]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Vec<[f32; 2]>", into = "Vec<[f32; 2]>")]
#[schemars(extend("minItems" = 3, "items" = {
    "type": "array",
    "minItems": 2,
    "maxItems": 2,
    "items": { "type": "number", "minimum": 0, "maximum": 1 }
}))]
pub struct Polygon(Vec<Point>);

impl Polygon {
    /// Checks and keeps the points; the first may be said again as the last.
    ///
    /// # Errors
    /// [`PolygonError`] for fewer than three points, coordinates outside 0..1, crossing edges or no area.
    pub fn new(mut points: Vec<Point>) -> Result<Self, PolygonError> {
        // Other programs close their rings by saying the first point again.
        if points.len() > 3 && points.first() == points.last() {
            points.pop();
        }
        if points.len() < 3 {
            return Err(PolygonError::TooFewPoints(points.len()));
        }
        for (i, p) in points.iter().enumerate() {
            if !((0.0..=1.0).contains(&p.x) && (0.0..=1.0).contains(&p.y)) {
                return Err(PolygonError::OutsidePicture { index: i + 1, x: p.x, y: p.y });
            }
        }
        if let Some((first, second)) = crossing(&points) {
            return Err(PolygonError::CrossesItself { first: first + 1, second: second + 1 });
        }
        if signed_area(&points).abs() < 1e-6 {
            return Err(PolygonError::NoArea);
        }
        Ok(Self(points))
    }

    /// The whole picture.
    pub fn whole_picture() -> Self {
        Self(vec![Point::new(0.0, 0.0), Point::new(1.0, 0.0), Point::new(1.0, 1.0), Point::new(0.0, 1.0)])
    }

    /// The smallest box around it.
    pub fn bounds(&self) -> BBox {
        let empty = BBox::new(1.0, 1.0, 0.0, 0.0);
        self.0.iter().fold(empty, |b, p| b.union(&BBox::new(p.x, p.y, p.x, p.y)))
    }

    /// The points in the order given.
    pub fn points(&self) -> &[Point] {
        &self.0
    }

    /// Whether `p` lies in the polygon or on its edge. A point that lies outside the picture is first brought to
    /// its nearest edge: a vehicle cut off by the picture's edge stands at that edge.
    ///
    /// Even-odd ray casting (Shimrat, "Algorithm 112: Position of point relative to polygon", CACM 5(8), 1962),
    /// edges counted as inside.
    pub fn contains(&self, p: Point) -> bool {
        if !(p.x.is_finite() && p.y.is_finite()) {
            return false;
        }
        let p = Point::new(p.x.clamp(0.0, 1.0), p.y.clamp(0.0, 1.0));
        let mut inside = false;
        for (a, b) in self.edges() {
            if on_segment(a, b, p) {
                return true;
            }
            if (a.y > p.y) != (b.y > p.y) {
                let x = f64::from(a.x) + f64::from(p.y - a.y) * f64::from(b.x - a.x) / f64::from(b.y - a.y);
                if f64::from(p.x) < x {
                    inside = !inside;
                }
            }
        }
        inside
    }

    /// Share of `bbox` that lies in the polygon, 0 to 1; 0 where the box has no area.
    ///
    /// The polygon is cut off along one edge of the box after the other (Sutherland and Hodgman, "Reentrant polygon
    /// clipping", CACM 17(1), 1974). What that leaves of a concave one may hang together along an edge of the box, which
    /// has no area.
    pub fn share_of(&self, bbox: &BBox) -> f32 {
        let area = f64::from(bbox.area());
        if !(area > 0.0 && area.is_finite()) {
            return 0.0;
        }
        let right_of = cut(self.0.clone(), |p| p.x - bbox.left);
        let left_of = cut(right_of, |p| bbox.right - p.x);
        let below = cut(left_of, |p| p.y - bbox.top);
        let within = cut(below, |p| bbox.bottom - p.y);
        (signed_area(&within).abs() / area).min(1.0) as f32
    }

    fn edges(&self) -> impl Iterator<Item = (Point, Point)> + '_ {
        edges(&self.0)
    }
}

/// The part of a polygon in which `side` is not negative. `side` falls evenly along any line.
fn cut(points: Vec<Point>, side: impl Fn(Point) -> f32) -> Vec<Point> {
    let pieces = edges(&points).flat_map(|(a, b)| {
        let (was, is) = (side(a), side(b));
        let crossing = ((was < 0.0) != (is < 0.0)).then(|| {
            let share = was / (was - is);
            Point::new(a.x + share * (b.x - a.x), a.y + share * (b.y - a.y))
        });
        crossing.into_iter().chain((is >= 0.0).then_some(b))
    });
    pieces.collect()
}

/// From each point to the next one, and from the last to the first.
fn edges(points: &[Point]) -> impl Iterator<Item = (Point, Point)> + '_ {
    points.iter().copied().zip(points.iter().copied().cycle().skip(1))
}

fn signed_area(points: &[Point]) -> f64 {
    edges(points).map(|(a, b)| f64::from(a.x) * f64::from(b.y) - f64::from(b.x) * f64::from(a.y)).sum::<f64>()
        / 2.0
}

/// Twice the signed area of the triangle a, b, c: which side of the line a–b the point c lies on.
fn side(a: Point, b: Point, c: Point) -> f64 {
    f64::from(b.x - a.x) * f64::from(c.y - a.y) - f64::from(b.y - a.y) * f64::from(c.x - a.x)
}

fn on_segment(a: Point, b: Point, p: Point) -> bool {
    side(a, b, p).abs() < 1e-9
        && p.x >= a.x.min(b.x)
        && p.x <= a.x.max(b.x)
        && p.y >= a.y.min(b.y)
        && p.y <= a.y.max(b.y)
}

fn segments_meet(a: Point, b: Point, c: Point, d: Point) -> bool {
    let (s1, s2, s3, s4) = (side(a, b, c), side(a, b, d), side(c, d, a), side(c, d, b));
    ((s1 > 0.0) != (s2 > 0.0) && (s3 > 0.0) != (s4 > 0.0) && s1 != 0.0 && s2 != 0.0 && s3 != 0.0 && s4 != 0.0)
        || on_segment(a, b, c)
        || on_segment(a, b, d)
        || on_segment(c, d, a)
        || on_segment(c, d, b)
}

/// The first two edges, not neighbours, that meet.
fn crossing(points: &[Point]) -> Option<(usize, usize)> {
    let n = points.len();
    for (i, (a, b)) in edges(points).enumerate() {
        for (j, (c, d)) in edges(points).enumerate().skip(i + 1) {
            let neighbours = j == i + 1 || (i == 0 && j == n - 1);
            if !neighbours && segments_meet(a, b, c, d) {
                return Some((i, j));
            }
        }
    }
    None
}

impl TryFrom<Vec<[f32; 2]>> for Polygon {
    type Error = PolygonError;

    fn try_from(points: Vec<[f32; 2]>) -> Result<Self, PolygonError> {
        Self::new(points.into_iter().map(|[x, y]| Point::new(x, y)).collect())
    }
}

impl From<Polygon> for Vec<[f32; 2]> {
    fn from(polygon: Polygon) -> Self {
        polygon.0.into_iter().map(|p| [p.x, p.y]).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn polygon(points: &[[f32; 2]]) -> Result<Polygon, PolygonError> {
        Polygon::try_from(points.to_vec())
    }

    #[test]
    fn says_what_is_wrong_with_a_zone() {
        assert_eq!(polygon(&[[0.0, 0.0], [1.0, 1.0]]), Err(PolygonError::TooFewPoints(2)));
        assert_eq!(
            polygon(&[[0.0, 0.0], [1.2, 0.0], [1.0, 1.0]]),
            Err(PolygonError::OutsidePicture { index: 2, x: 1.2, y: 0.0 })
        );
        assert!(matches!(
            polygon(&[[0.0, 0.0], [f32::NAN, 0.0], [1.0, 1.0]]),
            Err(PolygonError::OutsidePicture { index: 2, .. })
        ));
        assert_eq!(
            polygon(&[[0.0, 0.0], [1.0, 1.0], [1.0, 0.0], [0.0, 1.0]]),
            Err(PolygonError::CrossesItself { first: 1, second: 3 })
        );
        assert_eq!(polygon(&[[0.1, 0.1], [0.2, 0.2], [0.3, 0.3]]), Err(PolygonError::NoArea));
    }

    #[test]
    fn a_ring_may_be_closed() {
        let open = [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9]];
        assert_eq!(polygon(&[&open[..], &open[..1]].concat()), polygon(&open));
        assert_eq!(polygon(&[open[0], open[1], open[0]]), Err(PolygonError::NoArea));
    }

    #[test]
    fn a_concave_zone_leaves_its_notch_out() {
        let l_shape = polygon(&[[0.0, 0.0], [0.6, 0.0], [0.6, 0.3], [0.3, 0.3], [0.3, 0.6], [0.0, 0.6]])
            .expect("simple");
        assert!(l_shape.contains(Point::new(0.1, 0.5)));
        assert!(!l_shape.contains(Point::new(0.5, 0.5)));
    }

    #[test]
    fn what_the_picture_cuts_off_stands_at_its_edge() {
        assert!(Polygon::whole_picture().contains(Point::new(0.99, 1.03)));
        assert!(!Polygon::whole_picture().contains(Point::new(f32::NAN, 0.5)));
    }

    proptest! {
        #[test]
        fn never_panics_and_keeps_its_points(points in prop::collection::vec(prop::array::uniform2(-0.2f32..1.2), 0..9)) {
            if let Ok(made) = Polygon::try_from(points.clone()) {
                for p in made.points() {
                    prop_assert!(made.contains(*p));
                }
                prop_assert_eq!(Vec::from(made), points);
            }
        }

        #[test]
        fn the_share_of_a_box_is_the_share_of_its_points(
            points in prop::collection::vec(prop::array::uniform2(0.0f32..1.0), 3..7),
            (x, y, w, h) in (-0.1f32..1.0, -0.1f32..1.0, 0.02f32..0.6, 0.02f32..0.6),
        ) {
            let bbox = BBox::new(x, y, (x + w).min(1.0), (y + h).min(1.0)).clipped();
            if let Ok(zone) = Polygon::try_from(points) && bbox.area() > 1e-4 {
                let at = |n: u16, from: f32, to: f32| from + (f32::from(n) + 0.5) / 60.0 * (to - from);
                let spots = (0..60).flat_map(|n| (0..60).map(move |m| (n, m)));
                let within = spots
                    .filter(|(n, m)| {
                        zone.contains(Point::new(at(*n, bbox.left, bbox.right), at(*m, bbox.top, bbox.bottom)))
                    })
                    .count();
                let share = zone.share_of(&bbox);
                prop_assert!((share - within as f32 / 3600.0).abs() < 0.05, "{share}, {within} of 3600");
            }
        }

        #[test]
        fn a_rectangle_agrees_with_comparison(x in 0.0f32..1.0, y in 0.0f32..1.0) {
            let zone = polygon(&[[0.25, 0.25], [0.75, 0.25], [0.75, 0.75], [0.25, 0.75]]).expect("a square");
            let inside = (0.25..=0.75).contains(&x) && (0.25..=0.75).contains(&y);
            prop_assert_eq!(zone.contains(Point::new(x, y)), inside);
        }
    }
}
