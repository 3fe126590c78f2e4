use opencv::{
    core::{CV_8UC3, Mat, Point, Rect, Scalar, Vector},
    imgproc::{LINE_8, polylines, rectangle},
    prelude::*,
};

use super::{Mask, VisionError};
use crate::geometry::{BBox, Polygon};

/// What is drawn on a still: shapes only, since OpenCV has no Chinese letters; words go into the report.
#[derive(Debug, Clone)]
pub struct Marks {
    /// What is to be black, beneath everything else.
    pub masks: Vec<Polygon>,
    /// The rule's zone.
    pub zone: Option<Polygon>,
    /// What was found.
    pub boxes: Vec<BBox>,
}

/// Blue for the zone and vermilion for the box, of the palette that colour-blind readers can tell apart (Okabe and
/// Ito, "Color Universal Design", 2008); red, green, blue.
const ZONE: [f64; 3] = [0.0, 114.0, 178.0];
const BOX: [f64; 3] = [213.0, 94.0, 0.0];
const EDGE: [f64; 3] = [255.0, 255.0, 255.0];

/// Blackens what is masked, and draws zone and box onto a picture: red, green, blue, one byte each, in rows without gaps between them. Lines are
/// 1/250 of the longer side wide, on a white edge of half as much, so that they show on any ground and in any size.
///
/// # Errors
/// [`VisionError`] where the size does not fit or OpenCV refuses.
pub fn mark(rgb: &mut [u8], width: usize, height: usize, marks: &Marks) -> Result<(), VisionError> {
    let bytes = rgb.len();
    let wrong = || VisionError::WrongSize { width, height, bytes };
    if width.checked_mul(height).and_then(|pixels| pixels.checked_mul(3)) != Some(bytes) {
        return Err(wrong());
    }
    if !marks.masks.is_empty() {
        Mask::new(&marks.masks, width, height)?.blacken(rgb);
    }
    let (rows, columns) =
        (i32::try_from(height).map_err(|_| wrong())?, i32::try_from(width).map_err(|_| wrong())?);
    let mut picture = Mat::new_rows_cols_with_default(rows, columns, CV_8UC3, Scalar::default())?;
    picture.data_bytes_mut()?.copy_from_slice(rgb);
    let line = (width.max(height) / 250).max(2) as i32;
    for (colours, extra) in [([EDGE, EDGE], (line / 2 * 2).max(2)), ([ZONE, BOX], 0)] {
        let [zone, bbox] = colours.map(|[r, g, b]| Scalar::new(r, g, b, 0.0));
        let at = |x: f32, y: f32| {
            Point::new(
                (x.clamp(0.0, 1.0) * (width - 1) as f32).round() as i32,
                (y.clamp(0.0, 1.0) * (height - 1) as f32).round() as i32,
            )
        };
        if let Some(polygon) = &marks.zone {
            let mut outline: Vector<Vector<Point>> = Vector::new();
            outline.push(polygon.points().iter().map(|p| at(p.x, p.y)).collect());
            polylines(&mut picture, &outline, true, zone, line + extra, LINE_8, 0)?;
        }
        for b in marks.boxes.iter().filter(|b| b.is_valid()) {
            let (corner, opposite) = (at(b.left, b.top), at(b.right, b.bottom));
            let area = Rect::new(corner.x, corner.y, opposite.x - corner.x + 1, opposite.y - corner.y + 1);
            rectangle(&mut picture, area, bbox, line + extra, LINE_8, 0)?;
        }
    }
    rgb.copy_from_slice(picture.data_bytes()?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_the_zone_and_the_box_where_they_are() {
        let (width, height) = (200, 100);
        let mut rgb = vec![0; width * height * 3];
        let marks = Marks {
            masks: Vec::new(),
            zone: Some(Polygon::whole_picture()),
            boxes: vec![BBox::new(0.5, 0.5, 0.75, 1.2)],
        };
        mark(&mut rgb, width, height, &marks).expect("drawn");
        let pixel = |x: usize, y: usize| [0, 1, 2].map(|c| rgb[(y * width + x) * 3 + c]);
        assert_eq!(pixel(0, 40), ZONE.map(|c| c as u8));
        assert_eq!(pixel(120, 50), BOX.map(|c| c as u8));
        assert_eq!(pixel(50, 50), [0, 0, 0]);
    }

    #[test]
    fn what_is_masked_is_black_and_zone_and_box_are_drawn_over_it() {
        let (width, height) = (200, 100);
        let mut rgb = vec![200; width * height * 3];
        let marks = Marks {
            masks: vec![Polygon::whole_picture()],
            zone: None,
            boxes: vec![BBox::new(0.5, 0.5, 0.75, 0.9)],
        };
        mark(&mut rgb, width, height, &marks).expect("drawn");
        let pixel = |x: usize, y: usize| [0, 1, 2].map(|c| rgb[(y * width + x) * 3 + c]);
        assert_eq!(pixel(120, 50), BOX.map(|c| c as u8));
        assert_eq!(pixel(20, 20), [0, 0, 0]);
    }

    #[test]
    fn a_picture_of_another_size_is_refused() {
        let marks = Marks { masks: Vec::new(), zone: None, boxes: Vec::new() };
        assert!(mark(&mut [0; 10], 2, 2, &marks).is_err());
    }
}
