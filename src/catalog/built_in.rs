//! The project's own models, which are part of the program: without a network and without a mirror there still is a model.

/// Name and bytes of each file.
const FILES: [(&str, &[u8]); 2] = [
    ("firewarden-nano.onnx", include_bytes!("../../models/firewarden-nano.onnx")),
    ("firewarden-lift.onnx", include_bytes!("../../models/firewarden-lift.onnx")),
];

/// The file of this name, if the program has it.
pub(super) fn find(name: &str) -> Option<&'static [u8]> {
    FILES.iter().find(|(known, _)| *known == name).map(|(_, bytes)| *bytes)
}
