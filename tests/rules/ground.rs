//! A pinhole camera above level ground, and vehicles that stand on it. Metres; x to the right, y ahead, z up.

/// A camera `height` above the ground that looks ahead and down.
pub struct Camera {
    height: f64,
    down: (f64, f64),
    focal: f64,
}

type Spot = (f64, f64);
/// Length, width and height of a vehicle.
type Size = (f64, f64, f64);

impl Camera {
    /// Looks down by `pitch` and sees `across`, both in degrees, in a picture of 16:9.
    pub fn new(height: f64, pitch: f64, across: f64) -> Self {
        Self { height, down: pitch.to_radians().sin_cos(), focal: 0.5 / (across / 2.0).to_radians().tan() }
    }

    /// How far ahead the picture's middle lies on the ground.
    pub fn middle(&self) -> f64 {
        self.height * self.down.1 / self.down.0
    }

    /// Where in the picture a point is seen; none for what lies behind or right before the camera.
    fn see(&self, (x, y): Spot, z: f64) -> Option<Spot> {
        let (sin, cos) = self.down;
        let ahead = y * cos - (z - self.height) * sin;
        let below = -y * sin - (z - self.height) * cos;
        let seen = (0.5 + self.focal * x / ahead, 0.5 + self.focal * below / ahead * 16.0 / 9.0);
        (ahead >= 0.5).then_some(seen)
    }

    /// The box of a vehicle, as far as it lies in the picture; none where little of it does.
    pub fn bbox(&self, footprint: &Footprint, size: Size) -> Option<[f32; 4]> {
        let corners = footprint.0.iter().flat_map(|corner| [(*corner, 0.0), (*corner, size.2)]);
        let seen: Vec<Spot> = corners.map(|(spot, z)| self.see(spot, z)).collect::<Option<_>>()?;
        let of = |value: fn(&Spot) -> f64| {
            let least = seen.iter().map(value).fold(f64::INFINITY, f64::min);
            (least, seen.iter().map(value).fold(f64::NEG_INFINITY, f64::max))
        };
        let ((left, right), (top, bottom)) = (of(|spot| spot.0), of(|spot| spot.1));
        let cut = [left.max(0.0), top.max(0.0), right.min(1.0), bottom.min(1.0)];
        let (width, height) = (cut[2] - cut[0], cut[3] - cut[1]);
        let enough = width > 0.02 && height > 0.02 && width * height > 0.4 * (right - left) * (bottom - top);
        enough.then_some(cut.map(|edge| edge as f32))
    }
}

/// A straight lane on the ground.
pub struct Lane {
    middle: Spot,
    angle: f64,
    width: f64,
    half_length: f64,
}

impl Lane {
    pub fn new(middle: Spot, angle: f64, width: f64, half_length: f64) -> Self {
        Self { middle, angle, width, half_length }
    }

    /// The spot so far along it and to its side.
    fn at(&self, along: f64, aside: f64) -> Spot {
        let (sin, cos) = self.angle.sin_cos();
        (self.middle.0 + along * cos - aside * sin, self.middle.1 + along * sin + aside * cos)
    }

    /// The lane as somebody draws it: what the picture shows of it. None where that is little.
    pub fn zone(&self, camera: &Camera) -> Option<Vec<[f32; 2]>> {
        let (length, half) = (self.half_length, self.width / 2.0);
        let corners = [(-length, -half), (length, -half), (length, half), (-length, half)];
        let seen: Vec<Spot> =
            corners.into_iter().map(|(a, b)| camera.see(self.at(a, b), 0.0)).collect::<Option<_>>()?;
        let sides: [fn(&Spot) -> f64; 4] = [|s| s.0, |s| 1.0 - s.0, |s| s.1, |s| 1.0 - s.1];
        let zone = sides.into_iter().fold(seen, |zone, side| cut(&zone, side));
        let twice: f64 = (0..zone.len())
            .map(|n| (zone[n], zone[(n + 1) % zone.len()]))
            .map(|(a, b)| a.0 * b.1 - b.0 * a.1)
            .sum();
        let points = zone.iter().map(|(x, y)| [x.clamp(0.0, 1.0) as f32, y.clamp(0.0, 1.0) as f32]).collect();
        (twice.abs() > 0.02).then_some(points)
    }
}

/// The part of a polygon in which `side` is not negative.
fn cut(zone: &[Spot], side: fn(&Spot) -> f64) -> Vec<Spot> {
    let mut kept = Vec::new();
    for (n, b) in zone.iter().enumerate() {
        let a = zone[(n + zone.len() - 1) % zone.len()];
        let (was, is) = (side(&a), side(b));
        if (was < 0.0) != (is < 0.0) {
            let share = was / (was - is);
            kept.push((a.0 + share * (b.0 - a.0), a.1 + share * (b.1 - a.1)));
        }
        if is >= 0.0 {
            kept.push(*b);
        }
    }
    kept
}

/// The four corners of the ground under a vehicle.
pub struct Footprint([Spot; 4]);

impl Footprint {
    /// Turned by `turned` in the lane, `along` of its half length from its middle, and as far to one side (-1 to 1) as the
    /// lane has room; none where it does not fit.
    pub fn within(lane: &Lane, size: Size, along: f64, turned: f64, aside: f64) -> Option<Self> {
        let room = lane.width / 2.0 - reach(size, turned);
        (room > 0.0).then(|| Self::of(lane, size, along, turned, aside * room))
    }

    /// Along the lane or in a bay across it, so far from its edge, to the right where that is negative.
    pub fn beside(lane: &Lane, size: Size, along: f64, across: bool, off: f64) -> Self {
        let turned = if across { std::f64::consts::FRAC_PI_2 } else { 0.0 };
        Self::of(lane, size, along, turned, off + off.signum() * (lane.width / 2.0 + reach(size, turned)))
    }

    fn of(lane: &Lane, (length, width, _): Size, along: f64, turned: f64, aside: f64) -> Self {
        let (sin, cos) = turned.sin_cos();
        Self([(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)].map(|(a, b)| {
            let (ahead, left) = (a * length / 2.0, b * width / 2.0);
            lane.at(along * lane.half_length + ahead * cos - left * sin, aside + ahead * sin + left * cos)
        }))
    }
}

/// How far a vehicle that is turned reaches to either side.
fn reach((length, width, _): Size, turned: f64) -> f64 {
    length / 2.0 * turned.sin().abs() + width / 2.0 * turned.cos().abs()
}
