//! Another input size for a model: in the file, not in the network.
//!
//! A network without fully connected layers takes any size that its strides divide, but most files fix one. A picture of
//! 16:9 in a square input is nearly half padding, which costs as much as the picture. So the sizes written at the file's
//! input and output are changed. Whether the network really takes them is found out by running it.
//!
//! The file is a protocol buffer (protobuf.dev, "Encoding"; field numbers from ONNX's `onnx.proto`): numbers keep the
//! bytes they have, so nothing else moves.

use std::ops::Range;

// ModelProto, GraphProto, ValueInfoProto, TypeProto, TypeProto.Tensor, TensorShapeProto, Dimension.
const GRAPH: u64 = 7;
const INPUT: u64 = 11;
const OUTPUT: u64 = 12;
const VALUE_INFO: u64 = 13;
const TYPE: u64 = 2;
const TENSOR: u64 = 1;
const SHAPE: u64 = 2;
const DIM: u64 = 1;
const DIM_VALUE: u64 = 1;

/// A tag of one byte whose field number GraphProto does not use: what has it is passed over.
const UNUSED: u8 = (6 << 3) | 2;

/// The file with an input of `height` rows and `width` columns, `cells` of output, and without the sizes in between that
/// it may tell. None where it is laid out otherwise than one input `[1, 3, height, width]` and one output
/// `[1, cells, numbers]` need it, or a number has too few bytes.
pub(super) fn reshape(file: &[u8], width: u32, height: u32, cells: usize) -> Option<Vec<u8>> {
    let graph = field(file, 0..file.len(), GRAPH)?;
    let mut changed = file.to_vec();
    let mut only = |number: u64, values: [Option<u64>; 4]| -> Option<()> {
        let mut all = fields(file, graph.clone()).filter(|f| f.number == number);
        let value = all.next()?.content;
        if all.next().is_some() {
            return None;
        }
        let shape = [TYPE, TENSOR, SHAPE].into_iter().try_fold(value, |within, n| field(file, within, n))?;
        let dims: Vec<_> = fields(file, shape).filter(|f| f.number == DIM).collect();
        for (dim, value) in dims.iter().zip(values) {
            let Some(value) = value else { continue };
            // A size that the file leaves open fits any.
            if let Some(number) = fields(file, dim.content.clone()).find(|f| f.number == DIM_VALUE) {
                put(changed.get_mut(number.content)?, value)?;
            }
        }
        Some(())
    };
    only(INPUT, [None, None, Some(height.into()), Some(width.into())])?;
    only(OUTPUT, [None, Some(cells as u64), None, None])?;
    for told in fields(file, graph).filter(|f| f.number == VALUE_INFO) {
        *changed.get_mut(told.tag)? = UNUSED;
    }
    Some(changed)
}

/// A field of a message: where its tag begins, and where its content lies.
struct Field {
    number: u64,
    tag: usize,
    content: Range<usize>,
}

/// The first field of this number.
fn field(file: &[u8], within: Range<usize>, number: u64) -> Option<Range<usize>> {
    fields(file, within).find(|f| f.number == number).map(|f| f.content)
}

/// The fields of a message, up to the first that makes no sense.
fn fields(file: &[u8], within: Range<usize>) -> impl Iterator<Item = Field> {
    let mut at = within.start;
    std::iter::from_fn(move || {
        let tag = at;
        let (key, from) = (at < within.end).then(|| varint(file, at))??;
        let (from, to) = match key & 7 {
            0 => (from, varint(file, from)?.1),
            1 => (from, from.checked_add(8)?),
            2 => {
                let (length, from) = varint(file, from)?;
                (from, from.checked_add(usize::try_from(length).ok()?)?)
            }
            5 => (from, from.checked_add(4)?),
            _ => return None,
        };
        at = to;
        (to <= within.end).then_some(Field { number: key >> 3, tag, content: from..to })
    })
}

/// A number and where it ends: seven bits a byte, the lowest first.
fn varint(file: &[u8], from: usize) -> Option<(u64, usize)> {
    let mut value = 0;
    for (index, byte) in file.get(from..)?.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f).checked_shl(7 * index as u32)?;
        if byte & 0x80 == 0 {
            return Some((value, from + index + 1));
        }
    }
    None
}

/// Writes a number into the bytes of another; leading zeros are allowed.
fn put(bytes: &mut [u8], mut value: u64) -> Option<()> {
    let (last, before) = bytes.split_last_mut()?;
    for byte in before {
        *byte = (value & 0x7f) as u8 | 0x80;
        value >>= 7;
    }
    *last = u8::try_from(value).ok().filter(|v| v & 0x80 == 0)?;
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(number: u8, content: &[u8]) -> Vec<u8> {
        let length = u8::try_from(content.len()).expect("short");
        [&[number << 3 | 2, length][..], content].concat()
    }

    fn value(dims: &[u64]) -> Vec<u8> {
        let dims: Vec<u8> = dims
            .iter()
            .flat_map(|dim| {
                let number = if *dim < 128 {
                    vec![*dim as u8]
                } else {
                    vec![*dim as u8 & 0x7f | 0x80, (*dim >> 7) as u8]
                };
                message(1, &[&[1 << 3][..], &number].concat())
            })
            .collect();
        [message(1, b"name"), message(2, &message(1, &[&[1 << 3, 1][..], &message(2, &dims)].concat()))]
            .concat()
    }

    fn model(inputs: &[&[u64]], cells: u64) -> Vec<u8> {
        let mut graph: Vec<u8> = inputs.iter().flat_map(|dims| message(11, &value(dims))).collect();
        graph.extend(message(12, &value(&[1, cells, 85])));
        [&[1 << 3, 8][..], &message(7, &graph)].concat()
    }

    #[test]
    fn sizes_change_in_place() {
        let file = model(&[&[1, 3, 416, 416]], 3549);
        let changed = reshape(&file, 416, 256, 2184).expect("reshaped");
        assert_eq!(changed, model(&[&[1, 3, 256, 416]], 2184));
        // A smaller number keeps the bytes of the larger one.
        assert!(reshape(&file, 64, 32, 42).is_some_and(|changed| changed.len() == file.len()));
    }

    #[test]
    fn what_is_laid_out_otherwise_is_left_alone() {
        assert!(reshape(b"no protocol buffer", 416, 256, 2184).is_none());
        assert!(reshape(&[], 416, 256, 2184).is_none());
        assert!(reshape(&model(&[&[1, 3, 416, 416], &[1, 2]], 3549), 416, 256, 2184).is_none());
        assert!(reshape(&model(&[&[1, 3, 416, 416]], 3549), 416, 256, 1 << 20).is_none(), "too few bytes");
        let file = model(&[&[1, 3, 416, 416]], 3549);
        for cut in 0..file.len() {
            let _ = reshape(&file[..cut], 416, 256, 2184);
        }
    }
}
