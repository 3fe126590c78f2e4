//! Headers byte by byte and bit by bit. Whatever they hold, nothing is read beyond their end.

/// Bytes that are taken from the front.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bytes<'a>(pub &'a [u8]);

impl<'a> Bytes<'a> {
    /// The next bytes.
    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// A number of so many bytes, up to 4, the highest first.
    pub(super) fn number(&mut self, bytes: usize) -> Option<usize> {
        let bytes = self.take(bytes)?;
        Some(bytes.iter().fold(0, |number, byte| number << 8 | usize::from(*byte)))
    }

    /// Bytes whose count stands before them.
    pub(super) fn counted(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let count = self.number(bytes)?;
        self.take(count)
    }
}

/// Bits of a unit of H.264 or H.265, without the bytes that keep start codes from appearing in it.
#[derive(Debug)]
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    /// The bit that is next.
    at: usize,
    /// How many zeros came before the byte at hand.
    zeros: usize,
}

impl<'a> Bits<'a> {
    /// Those after so many bytes.
    pub(super) fn after(unit: &'a [u8], bytes: usize) -> Self {
        Self { bytes: unit.get(bytes..).unwrap_or_default(), at: 0, zeros: 0 }
    }

    fn bit(&mut self) -> Option<u32> {
        if self.at.is_multiple_of(8) {
            if self.zeros >= 2 && self.bytes.get(self.at / 8) == Some(&3) {
                (self.at, self.zeros) = (self.at + 8, 0);
            }
            self.zeros = if self.bytes.get(self.at / 8)? == &0 { self.zeros + 1 } else { 0 };
        }
        let byte = self.bytes.get(self.at / 8)?;
        let bit = byte >> (7 - self.at % 8) & 1;
        self.at += 1;
        Some(u32::from(bit))
    }

    /// A number of so many bits, up to 32.
    pub(super) fn number(&mut self, bits: usize) -> Option<u32> {
        (0..bits).try_fold(0, |number, _| Some(number << 1 | self.bit()?))
    }

    /// Passes over bits.
    pub(super) fn skip(&mut self, bits: usize) {
        for _ in 0..bits {
            self.bit();
        }
    }

    /// A number as ITU-T H.264, 9.1, writes it; none above 65,534, since no set has such a number.
    pub(super) fn exp_golomb(&mut self) -> Option<u32> {
        let zeros = (0..16).find_map(|zeros| match self.bit() {
            Some(1) => Some(Some(zeros)),
            Some(_) => None,
            None => Some(None),
        })??;
        Some((1 << zeros) - 1 + self.number(zeros)?)
    }

    /// Passes over so many of those numbers.
    pub(super) fn pass(&mut self, numbers: usize) -> Option<()> {
        (0..numbers).try_for_each(|_| self.exp_golomb().map(|_| ()))
    }

    /// A number that may be negative (9.1.1): 0, 1, -1, 2, -2 and so on.
    pub(super) fn signed(&mut self) -> Option<i32> {
        let number = i32::try_from(self.exp_golomb()?).ok()?;
        Some(if number % 2 == 1 { number / 2 + 1 } else { -(number / 2) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_out_as_they_were_written() {
        let mut bits = Bits::after(&[0xff, 0b1010_0110, 0b0100_0010, 0b1000_0000], 1);
        let read: Vec<_> = (0..5).map(|_| bits.exp_golomb()).collect();
        assert_eq!(read, [Some(0), Some(1), Some(2), Some(3), Some(4)]);
        assert_eq!(bits.exp_golomb(), None);
    }

    #[test]
    fn bytes_against_start_codes_are_left_out() {
        let mut bits = Bits::after(&[0, 0, 3, 1, 0, 0, 3, 0xff], 0);
        assert_eq!(bits.number(24), Some(1));
        assert_eq!(bits.number(24), Some(0xff));
        assert_eq!(bits.number(1), None);
    }

    #[test]
    fn what_is_counted_longer_than_it_is_is_none() {
        let mut rest = Bytes(&[0, 2, 7, 8, 0, 9, 1]);
        assert_eq!(rest.counted(2), Some(&[7, 8][..]));
        assert_eq!(rest.counted(2), None);
    }
}
