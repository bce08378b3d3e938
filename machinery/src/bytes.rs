//! What codecs do most of the time: look for the few bytes that mean something, and copy the others.

/// Copies bytes of the same number. Short ones, as most are, without a call.
#[inline(always)]
pub(crate) fn copy(to: &mut [u8], from: &[u8]) {
    if from.len() > 16 {
        return to.copy_from_slice(from);
    }
    // Both halves may overlap.
    if let (Some(first), Some(last)) = (from.first_chunk::<8>(), from.last_chunk::<8>()) {
        let end = to.len() - 8;
        to[..8].copy_from_slice(first);
        to[end..].copy_from_slice(last);
    } else if let (Some(first), Some(last)) = (from.first_chunk::<4>(), from.last_chunk::<4>()) {
        let end = to.len() - 4;
        to[..4].copy_from_slice(first);
        to[end..].copy_from_slice(last);
    } else {
        for (to, from) in to.iter_mut().zip(from) {
            *to = *from;
        }
    }
}

/// A set of bytes to look for.
pub(crate) trait Special {
    /// One bit per byte of the block, the lowest for the first: whether it is in the set.
    fn block(block: Block) -> u32;
    fn byte(byte: u8) -> bool;
}

/// Length of the bytes up to the first that is in the set.
#[inline(always)]
pub(crate) fn run<S: Special>(bytes: &[u8]) -> usize {
    let (blocks, rest) = bytes.as_chunks::<16>();
    for (i, block) in blocks.iter().enumerate() {
        let hits = S::block(Block::new(block));
        if hits != 0 {
            return i * 16 + hits.trailing_zeros() as usize;
        }
    }
    let start = bytes.len() - rest.len();
    if let (Some(first), Some(last)) = (rest.first_chunk::<8>(), rest.last_chunk::<8>()) {
        // The two halves overlap; what both have is found in the first.
        let hits = S::block(Block::halves(u64::from_le_bytes(*first), u64::from_le_bytes(*last)));
        return start
            + match hits.trailing_zeros() as usize {
                at @ 0..8 => at,
                at @ 8..16 => rest.len() + at - 16,
                _ => rest.len(),
            };
    }
    start + rest.iter().position(|byte| S::byte(*byte)).unwrap_or(rest.len())
}

/// The bytes as text if they are ASCII, which is quicker to see than that they are UTF-8.
#[inline(always)]
pub(crate) fn ascii(bytes: &[u8]) -> Option<&str> {
    let is_ascii = if bytes.len() < 64 { run::<NotAscii>(bytes) == bytes.len() } else { bytes.is_ascii() };
    if !is_ascii {
        return None;
    }
    // SAFETY: ASCII is UTF-8.
    #[allow(unsafe_code)]
    Some(unsafe { std::str::from_utf8_unchecked(bytes) })
}

struct NotAscii;

impl Special for NotAscii {
    #[inline(always)]
    fn block(block: Block) -> u32 {
        block.bits()
    }

    #[inline(always)]
    fn byte(byte: u8) -> bool {
        byte >= 0x80
    }
}

#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
pub(crate) use sse2::Block;

/// With the processor's own instructions.
#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
#[allow(unsafe_code)]
mod sse2 {
    // SAFETY of all blocks: the instructions are there, or this module is not.
    use std::arch::x86_64::*;

    /// Sixteen bytes, compared at once: the results have all bits set where it holds.
    #[derive(Clone, Copy)]
    pub(crate) struct Block(__m128i);

    impl Block {
        #[inline(always)]
        pub fn new(bytes: &[u8; 16]) -> Block {
            let value = u128::from_le_bytes(*bytes);
            Block::halves(value as u64, (value >> 64) as u64)
        }

        #[inline(always)]
        pub fn halves(first: u64, last: u64) -> Block {
            Block(unsafe { _mm_set_epi64x(last as i64, first as i64) })
        }

        #[inline(always)]
        pub fn is(self, byte: u8) -> Block {
            Block(unsafe { _mm_cmpeq_epi8(self.0, _mm_set1_epi8(byte as i8)) })
        }

        /// Whether it is either of two bytes that differ in the bit.
        #[inline(always)]
        pub fn is_either(self, byte: u8, bit: u8) -> Block {
            Block(unsafe { _mm_and_si128(self.0, _mm_set1_epi8(!bit as i8)) }).is(byte & !bit)
        }

        #[inline(always)]
        pub fn at_most(self, byte: u8) -> Block {
            Block(unsafe { _mm_cmpeq_epi8(_mm_min_epu8(self.0, _mm_set1_epi8(byte as i8)), self.0) })
        }

        #[inline(always)]
        pub fn or(self, other: Block) -> Block {
            Block(unsafe { _mm_or_si128(self.0, other.0) })
        }

        /// The highest bit of each byte, the lowest for the first byte.
        #[inline(always)]
        pub fn bits(self) -> u32 {
            unsafe { _mm_movemask_epi8(self.0) as u32 }
        }
    }
}

#[cfg(not(all(target_arch = "x86_64", target_feature = "sse2")))]
pub(crate) use portable::Block;

/// In loops that compilers make vector code of.
#[cfg(not(all(target_arch = "x86_64", target_feature = "sse2")))]
mod portable {
    /// Sixteen bytes, compared one by one: the results have all bits set where it holds.
    #[derive(Clone, Copy)]
    pub(crate) struct Block([u8; 16]);

    impl Block {
        pub fn new(bytes: &[u8; 16]) -> Block {
            Block(*bytes)
        }

        pub fn halves(first: u64, last: u64) -> Block {
            Block((u128::from(last) << 64 | u128::from(first)).to_le_bytes())
        }

        pub fn is(self, byte: u8) -> Block {
            self.holds(|b| b == byte)
        }

        /// Whether it is either of two bytes that differ in the bit.
        pub fn is_either(self, byte: u8, bit: u8) -> Block {
            self.holds(|b| b & !bit == byte & !bit)
        }

        pub fn at_most(self, byte: u8) -> Block {
            self.holds(|b| b <= byte)
        }

        pub fn or(self, other: Block) -> Block {
            Block(std::array::from_fn(|i| self.0[i] | other.0[i]))
        }

        /// The highest bit of each byte, the lowest for the first byte.
        pub fn bits(self) -> u32 {
            self.0.iter().enumerate().map(|(i, b)| u32::from(b >> 7) << i).sum()
        }

        fn holds(self, test: impl Fn(u8) -> bool) -> Block {
            Block(self.0.map(|b| if test(b) { 0xff } else { 0 }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Quotes;

    impl Special for Quotes {
        fn block(block: Block) -> u32 {
            block.is(b'a').or(block.is_either(b'<', b'<' ^ b'>')).or(block.at_most(b' ')).bits()
        }

        fn byte(byte: u8) -> bool {
            matches!(byte, b'a' | b'<' | b'>' | 0..=b' ')
        }
    }

    #[test]
    fn runs_end_at_the_first_special_byte() {
        for len in 0..70 {
            let plain = vec![0xe2; len];
            assert_eq!(run::<Quotes>(&plain), len);
            for at in 0..len {
                for special in *b"a<> \0" {
                    let mut bytes = plain.clone();
                    bytes[at] = special;
                    bytes[(at + 3).min(len - 1)] = special;
                    assert_eq!(run::<Quotes>(&bytes), at, "{special} at {at} of {len}");
                }
            }
        }
    }

    #[test]
    fn copies() {
        for len in 0..40 {
            let from: Vec<u8> = (0..len).collect();
            let mut to = vec![0xff; from.len()];
            copy(&mut to, &from);
            assert_eq!(to, from);
        }
    }
}
