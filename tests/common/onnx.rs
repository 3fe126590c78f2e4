//! A model made by hand, so that the whole program is tested without a download: it finds the same boxes in every
//! picture. ONNX is protobuf (onnx.proto3); only the few fields that are needed are written.

/// A box that the model finds: class 0, 1 or 2, confidence, and left, top, right, bottom in pixels of its 64 × 64 input.
pub struct Found {
    pub class: usize,
    pub confidence: f32,
    pub bbox: [f32; 4],
}

/// Side of the model's input in pixels.
pub const SIDE: usize = 64;

/// Cells of YOLOX's grids of strides 8, 16 and 32, and numbers per cell for three classes.
pub const CELLS: usize = 64 + 16 + 4;
const NUMBERS: usize = 8;

/// A model with YOLOX's input and output that always finds `found`.
pub fn yolox(found: &[Found]) -> Vec<u8> {
    let mut output = vec![0.0_f32; CELLS * NUMBERS];
    for (index, found) in found.iter().enumerate() {
        // Cell `index` of the grid of stride 8 lies at (index % 8, index / 8).
        let (column, row) = ((index % 8) as f32, (index / 8) as f32);
        let [left, top, right, bottom] = found.bbox;
        let cell = &mut output[index * NUMBERS..(index + 1) * NUMBERS];
        cell[0] = (left + right) / 2.0 / 8.0 - column;
        cell[1] = (top + bottom) / 2.0 / 8.0 - row;
        cell[2] = ((right - left) / 8.0).ln();
        cell[3] = ((bottom - top) / 8.0).ln();
        cell[4] = 1.0;
        cell[5 + found.class] = found.confidence;
    }
    model(&[1, 3, SIDE, SIDE], &[1, CELLS, NUMBERS], &output)
}

/// A model whose output is `values`, whatever it is given.
pub fn model(input: &[usize], output: &[usize], values: &[f32]) -> Vec<u8> {
    let raw: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let mut tensor = Vec::new();
    for size in output {
        varint_field(&mut tensor, 1, *size as u64);
    }
    varint_field(&mut tensor, 2, 1);
    bytes_field(&mut tensor, 8, b"boxes");
    bytes_field(&mut tensor, 9, &raw);

    let mut node = Vec::new();
    bytes_field(&mut node, 1, b"boxes");
    bytes_field(&mut node, 2, b"output");
    bytes_field(&mut node, 4, b"Identity");

    let mut graph = Vec::new();
    bytes_field(&mut graph, 1, &node);
    bytes_field(&mut graph, 2, b"always");
    bytes_field(&mut graph, 5, &tensor);
    bytes_field(&mut graph, 11, &value_info("images", input));
    bytes_field(&mut graph, 12, &value_info("output", output));

    let mut opset = Vec::new();
    varint_field(&mut opset, 2, 13);
    let mut model = Vec::new();
    varint_field(&mut model, 1, 8);
    bytes_field(&mut model, 7, &graph);
    bytes_field(&mut model, 8, &opset);
    model
}

fn value_info(name: &str, sizes: &[usize]) -> Vec<u8> {
    let mut shape = Vec::new();
    for size in sizes {
        let mut dimension = Vec::new();
        varint_field(&mut dimension, 1, *size as u64);
        bytes_field(&mut shape, 1, &dimension);
    }
    let mut tensor = Vec::new();
    varint_field(&mut tensor, 1, 1);
    bytes_field(&mut tensor, 2, &shape);
    let mut kind = Vec::new();
    bytes_field(&mut kind, 1, &tensor);
    let mut info = Vec::new();
    bytes_field(&mut info, 1, name.as_bytes());
    bytes_field(&mut info, 2, &kind);
    info
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn varint_field(out: &mut Vec<u8>, field: u64, value: u64) {
    varint(out, field << 3);
    varint(out, value);
}

fn bytes_field(out: &mut Vec<u8>, field: u64, bytes: &[u8]) {
    varint(out, field << 3 | 2);
    varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}
