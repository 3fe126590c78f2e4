/// Puts luma through a curve, in place. Samples are in 256ths; `curve` has what each whole luma becomes, 0 to 255, and the last
/// twice. In between it is a line.
pub fn lift(samples: &mut [u16], curve: &[f32; 257]) {
    for sample in samples {
        let (whole, part) = (usize::from(*sample >> 8), f32::from(*sample & 0xff) / 256.0);
        *sample = (256.0 * (curve[whole] + (curve[whole + 1] - curve[whole]) * part)) as u16;
    }
}
