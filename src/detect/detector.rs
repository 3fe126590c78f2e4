use std::sync::Arc;

use ort::{session::Session, value::TensorRef};

use super::{
    DetectError, Detector, Letterbox, OnnxModel, Runtime, View,
    heads::{Candidate, Shape},
    letterbox::{input_size, part_size},
    nms::{suppress, without_doubtful_ebikes},
    second_look,
    sizes::{Size, Verdict},
    tensor::Tensor,
};
use crate::{
    domain::{Class, Detection, MediaTime},
    geometry::BBox,
    vision::Picture,
};

/// As many input sizes are kept ready: cameras differ little in the shape of their pictures, and of each there are the
/// whole, three quarters and a half.
const SIZES: usize = 6;

/// Sessions of a model, with the buffers that it reuses from look to look.
///
/// A picture is given to a network of its own proportions, where the model takes any size: padding then costs nothing. A
/// model that takes only the size it was made for is run at that.
pub struct OnnxDetector {
    model: Arc<OnnxModel>,
    runtime: Runtime,
    /// The one used last comes first.
    fitted: Vec<Fitted>,
    candidates: Vec<Candidate>,
}

/// A session for one size of input.
struct Fitted {
    session: Session,
    shape: Shape,
    tensor: Tensor,
}

impl OnnxModel {
    /// Makes a detector that runs on the thread which uses it.
    pub fn detector(self: &Arc<Self>, runtime: &Runtime) -> OnnxDetector {
        OnnxDetector {
            model: self.clone(),
            runtime: runtime.clone(),
            fitted: Vec::new(),
            candidates: Vec::new(),
        }
    }
}

/// Columns and rows of a part of a picture, in its pixels.
fn pixels(picture: &Picture<'_>, part: &BBox) -> (u32, u32) {
    let side = |share: f32, side: usize| ((share * side as f32).round() as u32).max(1);
    (side(part.width(), picture.width()), side(part.height(), picture.height()))
}

impl OnnxDetector {
    /// The input that a part of a picture is given, which is shown as large as in `within`; their sides are in pixels.
    fn size(&self, part: (u32, u32), within: (u32, u32)) -> Size {
        let stride = self.model.head.stride();
        let input = input_size(within, self.model.input, stride);
        if part == within { input } else { part_size(part, within, input, stride) }
    }

    /// Looks, and leaves what was found with at least this confidence among the candidates, in pixels of the letterboxed picture.
    fn look(&mut self, picture: &Picture<'_>, view: &View, least: f32) -> Result<Letterbox, DetectError> {
        let (width, height) = pixels(picture, &view.region);
        let size = self.size((width, height), pixels(picture, &view.within));
        let mut fitted = self.fitted(size)?;
        let fit = Letterbox::fit(width, height, fitted.shape.width, fitted.shape.height);
        fitted.tensor.fill(picture, &view.region, fit, self.model.head);
        self.candidates.clear();
        fitted.run(&self.model, least, &mut self.candidates)?;
        self.fitted.insert(0, fitted);
        self.fitted.truncate(SIZES);
        Ok(fit)
    }

    /// A session for this size of input, or for the model's own where the model does not take it.
    fn fitted(&mut self, size: Size) -> Result<Fitted, DetectError> {
        let own = self.model.input;
        if let Some(ready) = self.ready(size) {
            return Ok(ready);
        }
        if size == own {
            return self.model.session(&self.runtime, own).map(Fitted::new);
        }
        match self.model.takes(&self.runtime, size)? {
            Verdict::Takes(Some(tried)) => Ok(Fitted::new(tried)),
            Verdict::Takes(None) => self.model.session(&self.runtime, size).map(Fitted::new),
            Verdict::Refuses => self.fitted(own),
        }
    }

    /// One that is kept.
    fn ready(&mut self, size: Size) -> Option<Fitted> {
        let place = self.fitted.iter().position(|f| (f.shape.width, f.shape.height) == size)?;
        Some(self.fitted.remove(place))
    }
}

impl Fitted {
    fn new((session, shape): (Session, Shape)) -> Self {
        Self { session, shape, tensor: Tensor::default() }
    }

    fn run(
        &mut self,
        model: &OnnxModel,
        least: f32,
        candidates: &mut Vec<Candidate>,
    ) -> Result<(), DetectError> {
        let refused = |reason: String| DetectError::Failed { path: model.path.clone(), reason };
        let failed =
            |error: ort::Error| refused(error.to_string().lines().next().unwrap_or_default().to_owned());
        let shape = [1, 3, self.shape.height as usize, self.shape.width as usize];
        let tensor = TensorRef::from_array_view((shape, self.tensor.values())).map_err(failed)?;
        let outputs = self.session.run(ort::inputs![tensor]).map_err(failed)?;
        let output = outputs.values().next().ok_or_else(|| refused("nothing came out".to_owned()))?;
        let (_, numbers) = output.try_extract_tensor::<f32>().map_err(failed)?;
        let (cells, per_cell) = model.head.output(&self.shape);
        if numbers.len() != cells * per_cell {
            return Err(refused(format!("{} numbers came out, not {cells} × {per_cell}", numbers.len())));
        }
        model.head.read(numbers, &self.shape, least, candidates);
        Ok(())
    }
}

impl OnnxDetector {
    /// The confidence from which on detections of a class are told.
    fn least(&self, class: Class) -> f32 {
        let faint = self.model.faint.filter(|_| class.is_two_wheeler());
        faint.unwrap_or(self.model.confidence)
    }

    /// What one look finds: with at least the confidence from which on that is told, or `least` where it is of the class `once_more`.
    fn found(
        &mut self,
        picture: &Picture<'_>,
        view: &View,
        once_more: Option<(Class, f32)>,
    ) -> Result<Vec<Detection>, DetectError> {
        let least = self.model.faint.unwrap_or(self.model.confidence);
        let fit = self.look(picture, view, once_more.map_or(least, |(_, once_more)| once_more.min(least)))?;
        let region = &view.region;
        let (across, down) = (region.width(), region.height());
        let x = |edge: f32| rounded(region.left + across * edge / fit.width as f32, 1e4);
        let y = |edge: f32| rounded(region.top + down * edge / fit.height as f32, 1e4);
        let model = &self.model;
        let detections = self.candidates.iter().filter_map(|candidate| {
            let class = *model.classes.get(&candidate.output)?;
            if candidate.confidence < self.least(class) && once_more.is_none_or(|(again, _)| again != class) {
                return None;
            }
            let [left, top, right, bottom] = candidate.bbox;
            let bbox = BBox::new(x(left), y(top), x(right), y(bottom));
            let confidence = rounded(candidate.confidence, 1e3);
            Some(Detection { class, confidence, bbox, appearance: None, model: model.own.clone() })
        });
        Ok(suppress(detections.collect()))
    }

    /// Looks again, closer, at what of this class was found, and keeps what both looks together are sure of.
    fn look_again(
        &mut self,
        picture: &Picture<'_>,
        view: &View,
        class: Class,
        found: &mut Vec<Detection>,
    ) -> Result<(), DetectError> {
        let doubted = |d: &&Detection| d.class == class && d.confidence >= second_look::FROM;
        let closer = |d: &Detection| second_look::closer(&d.bbox, view);
        let places = found.iter().enumerate().filter(|(_, d)| doubted(d));
        let mut open: Vec<(usize, View)> = places.filter_map(|(n, d)| Some((n, closer(d)?))).collect();
        for _ in 0..second_look::MOST {
            let Some((first, closer)) = open.first().copied() else { break };
            let seen = self.found(picture, &closer, Some((class, second_look::LEAST)))?;
            open.retain(|(n, _)| {
                let Some(one) = found.get_mut(*n) else { return false };
                let shown = *n == first || one.bbox.share_within(&closer.region) >= 1.0;
                if shown {
                    one.confidence = rounded(second_look::after(one, &seen), 1e3);
                }
                !shown
            });
        }
        found.retain(|d| d.confidence >= self.least(d.class));
        found.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
        Ok(())
    }
}

impl Detector for OnnxDetector {
    fn detect(
        &mut self,
        picture: &Picture<'_>,
        view: &View,
        _at: MediaTime,
    ) -> Result<Vec<Detection>, DetectError> {
        let once_more = self.model.second_look.map(|class| (class, second_look::FROM));
        let mut found = self.found(picture, view, once_more)?;
        if let Some((class, _)) = once_more {
            self.look_again(picture, view, class, &mut found)?;
        }
        Ok(without_doubtful_ebikes(found))
    }

    fn rows(&self, picture: &Picture<'_>, whole: &BBox) -> f32 {
        let (width, height) = pixels(picture, whole);
        let (columns, rows) = self.size((width, height), (width, height));
        Letterbox::fit(width, height, columns, rows).height as f32 / whole.height()
    }
}

/// Detections are rounded where they are made, so that rules see what is written and a replay sees the same.
fn rounded(value: f32, steps: f32) -> f32 {
    (value * steps).round() / steps
}

#[cfg(test)]
#[allow(dead_code, reason = "other tests use the rest of it")]
#[path = "../../tests/common/onnx.rs"]
mod onnx;

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{catalog::Catalog, detect::heads, libav::YuvBuffer};

    /// The sizes for which two workers have sessions once both have looked at a picture that is wider than high.
    fn sizes(file: Vec<u8>, head: &str, input: Size) -> [Vec<Size>; 2] {
        let runtime = Runtime::load(Path::new("none")).expect("ONNX Runtime (`make setup` brings it)");
        let head = heads::find(head).expect("a head");
        let model = Arc::new(OnnxModel::new(Path::new("a.onnx"), file, head, input, None, [], 0.3));
        let pixels = vec![0; 128 * 64 * 3];
        let buffer = YuvBuffer::from_rgb(&pixels, 128, 64).expect("the size fits");
        let picture = Picture::new(buffer.yuv().expect("a picture"));
        [0, 1].map(|_| {
            let mut worker = model.detector(&runtime);
            worker.detect(&picture, &View::WHOLE, MediaTime::ZERO).expect("looks");
            worker.fitted.iter().map(|fitted| (fitted.shape.width, fitted.shape.height)).collect()
        })
    }

    #[test]
    fn traces_of_two_wheelers_alone_are_told_and_only_where_a_rule_adds_them_up() {
        let runtime = Runtime::load(Path::new("none")).expect("ONNX Runtime (`make setup` brings it)");
        let box_at = |left: f32| [left, 8.0, left + 12.0, 40.0];
        let found = |class, confidence, left| onnx::Found { class, confidence, bbox: box_at(left) };
        // A person, an e-bike and a bicycle, each seen well and hardly.
        let seen = [
            found(0, 0.9, 0.0),
            found(1, 0.6, 14.0),
            found(2, 0.05, 28.0),
            found(0, 0.05, 42.0),
            found(1, 0.03, 46.0),
            found(1, 0.01, 2.0),
        ];
        let classes = [(0, Class::Person), (1, Class::Ebike), (2, Class::Bicycle)];
        let head = heads::find("yolox").expect("a head");
        let file = onnx::yolox(&seen);
        let pixels = vec![0; 64 * 64 * 3];
        let buffer = YuvBuffer::from_rgb(&pixels, 64, 64).expect("the size fits");
        let told = |faint: Option<f32>| -> Vec<(Class, f32)> {
            let model = OnnxModel::new(Path::new("a.onnx"), file.clone(), head, (64, 64), None, classes, 0.3);
            let model = Arc::new(model.telling_from(faint));
            let picture = Picture::new(buffer.yuv().expect("a picture"));
            let found = model.detector(&runtime).detect(&picture, &View::WHOLE, MediaTime::ZERO);
            found.expect("looks").into_iter().map(|d| (d.class, d.confidence)).collect()
        };
        let well = vec![(Class::Person, 0.9), (Class::Ebike, 0.6)];
        assert_eq!(told(None), well);
        assert_eq!(told(Some(0.5)), well, "what is asked for is less");
        let traces = [(Class::Bicycle, 0.05), (Class::Ebike, 0.03)];
        assert_eq!(told(Some(0.02)), [well, traces.to_vec()].concat());
    }

    #[test]
    fn workers_see_a_picture_in_one_size_whether_or_not_the_model_takes_another() {
        // What it finds has the shape that belongs to 64 × 64, whatever it is given.
        assert_eq!(sizes(onnx::yolox(&[]), "yolox", (64, 64)), [[(64, 64)], [(64, 64)]]);
        let catalog = Catalog::load().expect("sound");
        let nano = catalog.model(catalog.default_model()).expect("listed");
        let file = nano.item.built_in().expect("part of the program").to_vec();
        let [first, second] = sizes(file, &nano.head, (nano.input.width, nano.input.height));
        assert_eq!(first, second);
        assert!(matches!(first[..], [(width, height)] if width > height), "{first:?}");
    }
}
